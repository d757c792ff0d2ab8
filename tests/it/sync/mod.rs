//! The sync against the sandbox over real HTTP: what Stripe told is in the mirror, whatever goes wrong.

mod away;
mod delivery;
pub mod desk;
mod first;
mod late;
mod lease;
mod settings;
mod troubles;
