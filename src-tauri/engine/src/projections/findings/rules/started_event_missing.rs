//! It was started, and Klaviyo was never told: no reminder goes out.

use super::super::{HOUR, ON, Rule, told};
use crate::db::{DbResult, Transaction};
use crate::domain::action::ActionKind;
use crate::domain::finding::Severity;
use crate::domain::klaviyo::{EventVerdict, OrderEvent};

/// An order was started without its started event.
pub static RULE: Rule = Rule {
    name: "started_event_missing",
    severity: Severity::Info,
    fixes: &[ActionKind::SendEvent],
    threshold_s: HOUR,
    bounds_s: ON,
    closes_after_s: None,
    of_order: None,
};

/// Call when orders were held against Klaviyo: makes the findings of it what was seen.
///
/// # Errors
/// The write failed.
pub fn keep(transaction: &Transaction<'_>) -> DbResult<()> {
    told::keep(transaction, (&RULE, "k:started_event_missing"), EventVerdict::Missing, &[OrderEvent::Started])
}
