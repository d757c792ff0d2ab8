//! Money came in, and a session or the shop's own row does not know it.

use super::super::case::{Case, is_complete_unpaid, shown};
use super::super::{Found, MINUTE, ON, Rule};
use crate::domain::action::ActionKind;
use crate::domain::finding::{Evidence, Severity};
use crate::projections::preorder::{charge_paid, is};
use crate::projections::shop_words::knows_paid;

/// Paid but not completed.
pub static RULE: Rule = Rule {
    name: "paid_not_completed",
    severity: Severity::Critical,
    fixes: &[ActionKind::Refetch, ActionKind::ResendEvent, ActionKind::SendEvent],
    threshold_s: 10 * MINUTE,
    bounds_s: ON,
    closes_after_s: None,
    of_order: Some(find),
};

fn find(case: &Case<'_>) -> Vec<Found> {
    let mut evidence = Vec::new();
    for session in &case.parts.sessions {
        let waits = is(session.state.status.as_ref(), &["open"]) || is_complete_unpaid(session);
        let Some(intent) = session.links.intent.filter(|_| waits) else { continue };
        let took = case.charges_of(intent).find(|charge| case.took_money(charge));
        let charged = case.charges_of(intent).any(charge_paid);
        let succeeded = case
            .intent_of(session)
            .filter(|intent| !charged && is(intent.state.status.as_ref(), &["succeeded"]));
        if let Some(paid) = took.or(succeeded) {
            evidence.push(shown("session", session));
            evidence.push(shown(if took.is_some() { "charge" } else { "intent" }, paid));
        }
    }
    if case.kept() {
        let unknowing = case.shop.iter().filter(|status| !knows_paid(status));
        evidence.extend(unknowing.map(|status| Evidence::named("shop_status").text(Some(status))));
    }
    if evidence.is_empty() {
        return Vec::new();
    }
    vec![Found::new(&case.order.id, case.paid_at(), evidence)]
}
