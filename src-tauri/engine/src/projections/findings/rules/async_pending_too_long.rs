//! A bank debit or transfer is on its way for longer than such things take.

use super::super::case::{Case, earlier, is_complete_unpaid, made, shown};
use super::super::{DAY, Found, ON, Rule};
use crate::domain::action::ActionKind;
use crate::domain::finding::Severity;
use crate::projections::preorder::is;

/// An asynchronous payment pending for too long.
pub static RULE: Rule = Rule {
    name: "async_pending_too_long",
    severity: Severity::Warning,
    fixes: &[ActionKind::Refetch],
    threshold_s: 7 * DAY,
    bounds_s: ON,
    closes_after_s: None,
    of_order: Some(find),
};

fn find(case: &Case<'_>) -> Vec<Found> {
    let pending = case.parts.sessions.iter().copied().filter_map(|session| {
        let intent = case.intent_of(session)?;
        let waits = is_complete_unpaid(session) && is(intent.state.status.as_ref(), &["processing"]);
        waits.then(|| (session.entered_at.unwrap_or(made(intent)), session))
    });
    let oldest = pending.reduce(earlier);
    let found = oldest.map(|(at, session)| {
        let intent = case.intent_of(session).map(|intent| shown("intent", intent));
        let evidence = std::iter::once(shown("session", session)).chain(intent).collect();
        Found::new(&case.order.id, at, evidence)
    });
    found.into_iter().collect()
}
