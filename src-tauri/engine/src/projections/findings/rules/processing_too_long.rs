//! Somebody pressed "pay" and nothing came of it.

use super::super::case::{Case, earlier, is_declined, made, needs_action, shown};
use super::super::{Found, HOUR, ON, Rule};
use crate::domain::action::ActionKind;
use crate::domain::finding::Severity;
use crate::projections::nodes::Node;
use crate::projections::preorder::is;

/// Processing for too long.
pub static RULE: Rule = Rule {
    name: "processing_too_long",
    severity: Severity::Warning,
    fixes: &[ActionKind::Refetch, ActionKind::NewLink, ActionKind::ExpireSession],
    threshold_s: HOUR,
    bounds_s: ON,
    closes_after_s: None,
    of_order: Some(find),
};

fn find(case: &Case<'_>) -> Vec<Found> {
    if !case.unpaid() {
        return Vec::new();
    }
    let pressed = case.open_sessions().filter_map(|session| {
        let intent = case.intent_of(session)?;
        let other = is_declined(intent)
            || needs_action(intent)
            || is(intent.state.status.as_ref(), &["requires_capture", "succeeded", "canceled"]);
        (!other && was_pressed(session, intent)).then_some(intent)
    });
    let alone = case.parts.intents.iter().copied().filter(|intent| {
        is(intent.state.status.as_ref(), &["processing"]) && case.sessions_of(intent.key).next().is_none()
    });
    let oldest = pressed.chain(alone).map(|intent| (made(intent), intent)).reduce(earlier);
    let found = oldest.map(|(at, intent)| Found::new(&case.order.id, at, vec![shown("intent", intent)]));
    found.into_iter().collect()
}

/// Before 2022-08-01 Stripe made an intent together with its session: that one was not pressed for.
fn was_pressed(session: &Node, intent: &Node) -> bool {
    intent.state.attempted || intent.state.created > session.state.created
}
