//! A paid order does not say where it is sent to.

use super::super::case::Case;
use super::super::{Found, MINUTE, ON, Rule};
use crate::domain::action::ActionKind;
use crate::domain::finding::Severity;

/// A missing shipping address.
pub static RULE: Rule = Rule {
    name: "missing_address",
    severity: Severity::Warning,
    fixes: &[ActionKind::ChangeDetails],
    threshold_s: 10 * MINUTE,
    bounds_s: ON,
    closes_after_s: None,
    of_order: Some(find),
};

fn find(case: &Case<'_>) -> Vec<Found> {
    let parts = case.parts;
    let known = [&parts.sessions, &parts.intents, &parts.charges]
        .into_iter()
        .flatten()
        .any(|node| node.state.address);
    if !case.kept() || known {
        return Vec::new();
    }
    vec![Found::new(&case.order.id, case.paid_at(), Vec::new())]
}
