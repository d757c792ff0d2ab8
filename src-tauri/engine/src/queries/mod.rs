//! Reads the mirror for one screen at a time.
//!
//! In: a read connection and typed arguments. Out: plain serialisable replies, exported to
//! TypeScript. Deliberately absent: writes, network, interface text (codes only).

pub mod events;
pub mod funnel;
pub mod health;
pub mod overview;
pub mod preorders;
pub mod search;
pub mod sheet;
