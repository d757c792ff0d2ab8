//! A checkout that somebody tried to pay is about to expire.

use super::super::case::{Case, earlier, is_declined, needs_action, shown};
use super::super::{BACK, Found, HOUR, Rule};
use crate::domain::action::ActionKind;
use crate::domain::finding::Severity;

/// A session about to expire after an attempt to pay.
pub static RULE: Rule = Rule {
    name: "expires_after_attempt",
    severity: Severity::Warning,
    fixes: &[ActionKind::NewLink],
    threshold_s: -2 * HOUR,
    bounds_s: BACK,
    closes_after_s: None,
    of_order: Some(find),
};

fn find(case: &Case<'_>) -> Vec<Found> {
    if !case.unpaid() {
        return Vec::new();
    }
    let tried = case.open_sessions().filter(|session| {
        case.intent_of(session).is_some_and(|intent| is_declined(intent) || needs_action(intent))
    });
    let first = tried.filter_map(|session| Some((session.state.expires_at?, session))).reduce(earlier);
    let found = first.map(|(at, session)| {
        let intent = case.intent_of(session).map(|intent| shown("intent", intent));
        let evidence = std::iter::once(shown("session", session)).chain(intent).collect();
        Found { deadline_at: Some(at), ..Found::new(&case.order.id, at, evidence) }
    });
    found.into_iter().collect()
}
