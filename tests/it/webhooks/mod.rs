//! Webhook health: who is told of a payment, who is told twice, what did not arrive, and what never could.

mod facts;
mod findings;
mod hand;
mod looks;
mod migration;
