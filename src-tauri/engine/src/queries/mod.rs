//! Reads the mirror for one screen at a time.
//!
//! In: a read connection and typed arguments. Out: plain serialisable replies, exported to
//! TypeScript. Deliberately absent: writes, network, interface text (codes only).

pub mod audiences;
pub mod audit;
mod counters;
pub mod credits;
mod cursor;
mod endpoints;
pub mod events;
pub mod export;
mod filter;
pub mod findings;
pub mod funnel;
pub mod health;
pub mod imports;
pub mod klaviyo;
pub mod klaviyo_events;
pub mod leads;
pub mod overview;
mod people_text;
pub mod plan;
pub mod preorders;
pub mod reports;
mod resolve;
mod rows;
pub mod search;
pub mod sheet;
mod sheet_parts;
mod stored_json;
mod timeline;
pub mod undeliverable;
mod walk;
#[cfg(test)]
mod walk_plans;
pub mod webhooks;
