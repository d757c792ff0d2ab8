//! The sandbox, asked over real HTTP and told stories directly.

mod client;
mod events;
mod faults;
mod idempotency;
mod keys;
mod ledger;
mod lists;
mod scale;
mod shops;
mod writes;
