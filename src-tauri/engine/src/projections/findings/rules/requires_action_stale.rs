//! A payment waits for its buyer to prove who they are, and they do not come back.

use super::super::case::{Case, earlier, made, needs_action, shown};
use super::super::{Found, HOUR, ON, Rule};
use crate::domain::action::ActionKind;
use crate::domain::finding::Severity;

/// `requires_action` gone stale.
pub static RULE: Rule = Rule {
    name: "requires_action_stale",
    severity: Severity::Warning,
    fixes: &[ActionKind::Refetch, ActionKind::NewLink],
    threshold_s: HOUR,
    bounds_s: ON,
    closes_after_s: None,
    of_order: Some(find),
};

fn find(case: &Case<'_>) -> Vec<Found> {
    if !case.unpaid() {
        return Vec::new();
    }
    let waiting = case.parts.intents.iter().copied().filter(|intent| needs_action(intent));
    let oldest = waiting.map(|intent| (intent.entered_at.unwrap_or(made(intent)), intent)).reduce(earlier);
    let found = oldest.map(|(at, intent)| Found::new(&case.order.id, at, vec![shown("intent", intent)]));
    found.into_iter().collect()
}
