//! Facts: what Stripe, operators, imports and Klaviyo told us, appended and never changed.
//!
//! In: bytes as they came. Out: numbered rows that projections are folded from. Deliberately absent:
//! what a fact means for an order.

pub mod codec;
pub mod delivery;
pub mod endpoints;
pub mod events;
pub mod imports;
pub mod klaviyo;
pub mod klaviyo_events;
pub mod klaviyo_people;
pub mod local;
pub mod names;
pub mod reports;
pub mod seen;
pub mod settings;
pub mod snapshots;
pub mod state;
