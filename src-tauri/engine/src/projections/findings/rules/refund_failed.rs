//! Money was to go back and did not.

use super::super::case::{Case, made, shown};
use super::super::{Found, ON, Rule};
use crate::domain::action::ActionKind;
use crate::domain::finding::Severity;
use crate::projections::preorder::is;

/// A refund that failed. Payments of credits count too.
pub static RULE: Rule = Rule {
    name: "refund_failed",
    severity: Severity::Critical,
    fixes: &[ActionKind::Refund, ActionKind::Refetch],
    threshold_s: 0,
    bounds_s: ON,
    closes_after_s: None,
    of_order: Some(find),
};

fn find(case: &Case<'_>) -> Vec<Found> {
    let refunds = &case.parts.refunds;
    let parent = |refund: &crate::projections::nodes::Node| refund.links.charge.or(refund.links.intent);
    let mut found = Vec::new();
    for (place, refund) in refunds.iter().enumerate() {
        // They are sorted: the newest of a charge is the one that no other follows.
        let follows = refunds[place + 1..].iter().any(|later| parent(later) == parent(refund));
        if follows || !is(refund.state.status.as_ref(), &["failed", "canceled"]) {
            continue;
        }
        // Stripe tells of a refund that failed; one that was canceled has no event of its own, so its creation counts.
        let failed = is(refund.state.status.as_ref(), &["failed"]);
        let told = case.reversal(refund.key).filter(|_| failed).and_then(|reversal| reversal.undone_at);
        found.push(Found::new(&refund.id, told.unwrap_or(made(refund)), vec![shown("refund", refund)]));
    }
    found
}
