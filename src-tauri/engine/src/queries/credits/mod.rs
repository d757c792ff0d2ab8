//! Credits: purchases, wallets, the plan table, and what does not add up between Stripe, the shop's rows and the wallets.

pub mod catalogue;
pub mod export;
pub mod payment;
pub mod plans;
pub mod purchases;
pub mod reconcile;
mod rules;
pub mod status;
pub mod wallets;
