//! A checkout does not carry what the shop needs to find its order again.

use super::super::case::{Case, made, shown};
use super::super::{Found, MINUTE, ON, Rule};
use crate::domain::action::ActionKind;
use crate::domain::finding::{Evidence, Severity};

/// The metadata contract broken.
pub static RULE: Rule = Rule {
    name: "metadata_broken",
    severity: Severity::Warning,
    fixes: &[ActionKind::LinkPayment],
    threshold_s: MINUTE,
    bounds_s: ON,
    closes_after_s: None,
    of_order: Some(find),
};

fn find(case: &Case<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for session in &case.parts.sessions {
        let own = session.state.preorder_id.as_deref();
        let mut evidence = Vec::new();
        if own.is_none() {
            evidence.push(Evidence::named("no_preorder_id").id(&session.id));
        }
        if case.user_ids && session.state.user_id.is_none() {
            evidence.push(Evidence::named("no_user_id").id(&session.id));
        }
        // Objects that carry different ones are not one order: the intent may lie in another.
        let intent = session.links.intent.and_then(|key| case.near(key)).filter(|node| !node.state.deleted);
        let other = intent.and_then(|intent| Some((intent, intent.state.preorder_id.as_deref()?)));
        if let (Some(own), Some((intent, other))) = (own, other)
            && own != other
        {
            evidence.push(Evidence::named("different_preorder_ids").id(&intent.id).text(Some(other)));
        }
        if !evidence.is_empty() {
            evidence.insert(0, shown("session", session));
            found.push(Found::new(&session.id, made(session), evidence));
        }
    }
    found
}
