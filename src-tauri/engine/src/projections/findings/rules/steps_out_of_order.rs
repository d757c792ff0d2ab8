//! A checkout was opened after the order was paid, or a payment came before any checkout.

use super::super::case::{Case, made, shown};
use super::super::{Found, MINUTE, ON, Rule};
use crate::domain::action::ActionKind;
use crate::domain::finding::{Evidence, Severity};

/// Steps out of order.
pub static RULE: Rule = Rule {
    name: "steps_out_of_order",
    severity: Severity::Warning,
    fixes: &[ActionKind::ExpireSession, ActionKind::Refund],
    threshold_s: MINUTE,
    bounds_s: ON,
    closes_after_s: None,
    of_order: Some(find),
};

fn find(case: &Case<'_>) -> Vec<Found> {
    if !case.kept() {
        return Vec::new();
    }
    let Some(paid_at) = case.order.paid_at else { return Vec::new() };
    let late =
        case.parts.sessions.iter().find(|session| session.state.created.is_some_and(|at| at > paid_at));
    let found = late.map(|session| {
        let paid = Evidence::named("paid").at(Some(paid_at));
        Found::new(&case.order.id, made(session), vec![shown("session", session), paid])
    });
    found.into_iter().collect()
}
