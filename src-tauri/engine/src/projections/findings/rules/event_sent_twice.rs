//! Klaviyo has an event of an order more than once: whoever is mailed by it was mailed twice.

use super::super::{ON, Rule, told};
use crate::db::{DbResult, Transaction};
use crate::domain::finding::Severity;
use crate::domain::klaviyo::{EventVerdict, OrderEvent};

/// An event that is there twice.
pub static RULE: Rule = Rule {
    name: "event_sent_twice",
    severity: Severity::Info,
    fixes: &[],
    threshold_s: 0,
    bounds_s: ON,
    closes_after_s: None,
    of_order: None,
};

/// Call when orders were held against Klaviyo: makes the findings of it what was seen.
///
/// # Errors
/// The write failed.
pub fn keep(transaction: &Transaction<'_>) -> DbResult<()> {
    told::keep(transaction, (&RULE, "k:event_sent_twice"), EventVerdict::Double, &OrderEvent::ALL)
}
