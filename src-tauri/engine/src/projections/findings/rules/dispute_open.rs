//! A buyer disputes a payment, and the bank waits for an answer or decides.

use super::super::case::{Case, made, shown};
use super::super::{Found, ON, Rule};
use crate::domain::action::ActionKind;
use crate::domain::finding::{Evidence, Severity};
use crate::projections::preorder::is;

/// An open dispute. Payments of credits count too.
pub static RULE: Rule = Rule {
    name: "dispute_open",
    severity: Severity::Critical,
    fixes: &[ActionKind::Annotate, ActionKind::Refetch],
    threshold_s: 0,
    bounds_s: ON,
    closes_after_s: None,
    of_order: Some(find),
};

fn find(case: &Case<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for dispute in &case.parts.disputes {
        let status = dispute.state.status.as_ref();
        let waits = is(status, &["needs_response", "warning_needs_response"]);
        if !waits && !is(status, &["under_review", "warning_under_review"]) {
            continue;
        }
        let reason = Evidence::named("reason").text(dispute.state.detail.as_deref());
        found.push(Found {
            deadline_at: dispute.state.expires_at.filter(|_| waits),
            ..Found::new(&dispute.id, made(dispute), vec![shown("dispute", dispute), reason])
        });
    }
    found
}
