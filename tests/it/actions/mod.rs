//! Actions: planned, confirmed, done once, verified, audited; refused when they should be.

mod again;
mod audit;
mod bulk;
pub mod desk;
mod desks;
mod each;
mod exact;
mod refused;
