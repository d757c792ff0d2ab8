//! A paid order does not say which colour.

use super::super::case::Case;
use super::super::{Found, MINUTE, ON, Rule};
use crate::domain::action::ActionKind;
use crate::domain::finding::Severity;

/// A missing colour.
pub static RULE: Rule = Rule {
    name: "missing_color",
    severity: Severity::Warning,
    fixes: &[ActionKind::ChangeDetails],
    threshold_s: 10 * MINUTE,
    bounds_s: ON,
    closes_after_s: None,
    of_order: Some(find),
};

fn find(case: &Case<'_>) -> Vec<Found> {
    if !case.kept() || case.order.color.is_some() {
        return Vec::new();
    }
    vec![Found::new(&case.order.id, case.paid_at(), Vec::new())]
}
