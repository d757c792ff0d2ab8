//! Actions: planned, confirmed, done once, verified, audited; refused when they should be.

mod audit;
mod bulk;
pub mod desk;
mod desks;
mod each;
mod refused;
