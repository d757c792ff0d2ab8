//! Money is held, not taken, and the hold is about to end.

use super::super::case::{Case, made, shown};
use super::super::{BACK, DAY, Found, Rule};
use crate::domain::action::ActionKind;
use crate::domain::finding::Severity;
use crate::projections::preorder::is;

/// How long a hold lasts where its charge does not say.
const HOLD_S: i64 = 7 * DAY;

/// An authorisation about to lapse.
pub static RULE: Rule = Rule {
    name: "authorisation_lapsing",
    severity: Severity::Critical,
    fixes: &[ActionKind::Capture, ActionKind::CancelAuthorisation],
    threshold_s: -2 * DAY,
    bounds_s: BACK,
    closes_after_s: None,
    of_order: Some(find),
};

fn find(case: &Case<'_>) -> Vec<Found> {
    let held = case.parts.intents.iter().filter(|node| is(node.state.status.as_ref(), &["requires_capture"]));
    let found = held.map(|intent| {
        let charge = case.charges_of(intent.key).last();
        let ends = charge.and_then(|charge| charge.state.expires_at);
        let at = ends.unwrap_or_else(|| made(charge.unwrap_or(intent)) + HOLD_S);
        let charge = charge.map(|charge| shown("charge", charge));
        let evidence = std::iter::once(shown("intent", intent)).chain(charge).collect();
        Found { deadline_at: Some(at), ..Found::new(&intent.id, at, evidence) }
    });
    found.collect()
}
