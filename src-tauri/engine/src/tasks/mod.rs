//! Tasks: what runs by itself while a store is open. Polls, backfill, healing, recounts, refetches.
//!
//! In: Stripe's answers. Out: facts in the mirror, and a status anyone may read. Timers live in `poller`;
//! every step is a function that can be called by itself. Deliberately absent: writes to Stripe.

pub mod account;
pub mod backfill;
pub mod completeness;
pub mod context;
pub mod delivery;
pub mod desk;
pub mod findings;
pub mod healing;
pub mod import;
pub mod klaviyo;
pub mod lease;
pub mod permissions;
pub mod poll;
pub mod poller;
pub mod refetch;
pub mod refresh;
pub mod replay;
pub mod reports;
pub mod status;
pub mod walk;
pub mod webhooks;
