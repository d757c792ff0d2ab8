//! Credits: the plan table, purchases, wallets, the finalize look-up, and reconciliation on shops with planted faults.

pub mod books;
mod plans;
mod reconciliation;
mod unchanged;
