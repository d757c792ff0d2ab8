//! Somebody paid, and no order of the shop belongs to it. Which it may be is looked for when it is asked.

use super::super::case::{Case, shown};
use super::super::{Found, MINUTE, ON, Rule};
use crate::domain::action::ActionKind;
use crate::domain::finding::Severity;
use crate::facts::local::CORRECTION;
use crate::projections::nodes::Node;
use crate::projections::preorder::{charge_paid, is};

/// A payment without an order.
pub static RULE: Rule = Rule {
    name: "orphan_payment",
    severity: Severity::Warning,
    fixes: &[ActionKind::LinkPayment, ActionKind::Refund, ActionKind::Refetch],
    threshold_s: 10 * MINUTE,
    bounds_s: ON,
    closes_after_s: None,
    of_order: Some(find),
};

fn find(case: &Case<'_>) -> Vec<Found> {
    let parts = case.parts;
    // A correction is linked to what it corrects, and makes no order of it.
    let corrected = |node: &&Node| is(node.state.detail.as_ref(), &[CORRECTION]);
    let taken = parts.locals.iter().any(|node| !corrected(node));
    let linked = case.group.operator_linked && !parts.locals.iter().any(corrected);
    let known = !parts.sessions.is_empty() || taken || linked || case.group.preorder_id.is_some();
    if known || !case.kept() || case.group.nodes.iter().any(|node| node.state.preorder_id.is_some()) {
        return Vec::new();
    }
    let intent = parts.intents.iter().find(|node| is(node.state.status.as_ref(), &["succeeded"]));
    let charge = parts.charges.iter().find(|node| charge_paid(node));
    let evidence: Vec<_> = [("intent", intent), ("charge", charge)]
        .into_iter()
        .filter_map(|(name, node)| Some(shown(name, node?)))
        .collect();
    let Some(subject) = intent.or(charge) else { return Vec::new() };
    vec![Found::new(&subject.id, case.paid_at(), evidence)]
}
