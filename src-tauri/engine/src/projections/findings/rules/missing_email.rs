//! Somebody paid, or tried to, and nobody knows how to reach them.

use super::super::case::{Case, made};
use super::super::{Found, MINUTE, ON, Rule};
use crate::domain::action::ActionKind;
use crate::domain::finding::Severity;
use crate::projections::preorder::Step;

/// A missing e-mail.
pub static RULE: Rule = Rule {
    name: "missing_email",
    severity: Severity::Critical,
    fixes: &[ActionKind::ChangeDetails],
    threshold_s: 10 * MINUTE,
    bounds_s: ON,
    closes_after_s: None,
    of_order: Some(find),
};

fn find(case: &Case<'_>) -> Vec<Found> {
    let tried = case.order.reached >= Step::PaymentAttempted && (case.unpaid() || case.kept());
    if !tried || case.order.email.is_some() {
        return Vec::new();
    }
    let at = if case.unpaid() { attempted_at(case) } else { case.paid_at() };
    vec![Found::new(&case.order.id, at, Vec::new())]
}

/// When a payment was first tried: the oldest intent or charge, else the completion of a session.
fn attempted_at(case: &Case<'_>) -> i64 {
    let parts = case.parts;
    let pressed = parts.intents.iter().chain(&parts.charges).map(|node| made(node)).min();
    let completed = || parts.sessions.iter().filter_map(|session| session.entered_at).min();
    let opened = || parts.sessions.iter().map(|session| made(session)).min();
    pressed.or_else(completed).or_else(opened).unwrap_or(case.order.started_at)
}
