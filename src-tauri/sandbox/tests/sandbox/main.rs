//! The sandbox, asked over real HTTP and told stories directly.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

mod aims;
mod backoffice;
mod client;
mod credits;
mod events;
mod faults;
mod idempotency;
mod keys;
mod klaviyo;
mod ledger;
mod lists;
mod rules;
mod scale;
mod shops;
mod stuck;
mod writes;
