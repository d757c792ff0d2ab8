//! The words of the product as types: ids, money, statuses, days.
//!
//! Pure values and pure rules. Deliberately absent: databases, clocks, networks.

pub mod action;
pub mod audience;
pub mod customer_list;
pub mod day;
pub mod email;
pub mod finding;
pub mod ids;
pub mod kind;
pub mod klaviyo;
pub mod money;
pub mod operator;
pub mod plan;
pub mod purchase;
pub mod report;
pub mod settings;
pub mod shop;
pub mod status;
pub mod store;
pub mod webhook;
pub mod wire;
