//! The mirror behind Foredeck: what Stripe told us, folded into preorders, and the typed operations over it.
//!
//! No Tauri, no printing, no interface text. Rooms import downwards only; `tests/tidy.rs` holds the rule.

pub mod actions;
pub mod api;
pub mod audit;
pub mod clock;
pub mod db;
pub mod domain;
pub mod engine;
pub mod error;
pub mod facts;
pub mod http;
pub mod klaviyo;
pub mod operators;
pub mod projections;
pub mod queries;
pub mod registry;
pub mod report_server;
pub mod secrets;
pub mod shop_files;
pub mod stripe;
pub mod tasks;
pub mod topic;
