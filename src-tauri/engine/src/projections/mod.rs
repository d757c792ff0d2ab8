//! Projections: a pure function of all facts and the settings revision, kept in disposable tables.
//!
//! In: facts. Out: nodes (the newest state of each Stripe object), preorders, people, roll-ups,
//! purchases, wallets, findings. Any order,
//! duplication or batching of facts makes the same projections; `rebuild` makes them anew. Written by this
//! room alone.

pub mod components;
pub mod credits;
pub mod event_check;
mod event_verdict;
mod evidence;
pub mod findings;
pub mod fold;
pub mod identity;
pub mod ingest;
pub mod local;
pub mod nodes;
pub mod object;
pub mod offer;
mod payments;
pub mod people;
pub mod precedence;
pub mod preorder;
mod preorder_rows;
pub mod purchase_rows;
pub mod rebuild;
pub mod rollups;
pub mod sales;
pub mod schema;
mod shapes;
pub mod shop;
mod shop_replay;
pub mod shop_tables;
pub mod shop_words;
pub mod wallets;
