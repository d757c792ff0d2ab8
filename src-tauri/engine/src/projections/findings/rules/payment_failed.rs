//! The last attempt to pay was declined, and nothing is under way.

use super::super::case::{Case, is_declined, made, shown};
use super::super::{DAY, Found, HOUR, ON, Rule};
use crate::domain::action::ActionKind;
use crate::domain::finding::{Evidence, Severity};
use crate::projections::components::age;
use crate::projections::nodes::Node;
use crate::projections::preorder::is;

/// A payment failed.
pub static RULE: Rule = Rule {
    name: "payment_failed",
    severity: Severity::Warning,
    fixes: &[ActionKind::NewLink, ActionKind::Refetch],
    threshold_s: HOUR,
    bounds_s: (ON.0, 29 * DAY),
    closes_after_s: Some(30 * DAY),
    of_order: Some(find),
};

/// A payment that failed.
pub(in super::super) struct Failure<'a> {
    /// Unix seconds.
    pub at: i64,
    /// The intent, or a charge without one.
    pub attempt: &'a Node,
    /// Stripe's code, where it gave one.
    pub code: Option<&'a str>,
}

fn find(case: &Case<'_>) -> Vec<Found> {
    let found = failure(case).map(|failure| {
        let kind = if failure.attempt.id.starts_with("pi_") { "intent" } else { "charge" };
        let attempt = shown(kind, failure.attempt);
        let code = Evidence::named("decline_code").text(failure.code).at(Some(failure.at));
        Found::new(&case.order.id, failure.at, vec![attempt, code])
    });
    found.into_iter().collect()
}

/// The newest attempt of an unpaid order, where it was declined and nothing is under way.
pub(in super::super) fn failure<'a>(case: &Case<'a>) -> Option<Failure<'a>> {
    if !case.unpaid() || case.is_under_way() {
        return None;
    }
    let intents = case.parts.intents.iter().copied().filter(|node| node.state.attempted);
    let known = |charge: &&Node| {
        charge.links.intent.is_some_and(|key| case.parts.intents.iter().any(|intent| intent.key == key))
    };
    let alone = case.parts.charges.iter().copied().filter(|charge| !known(charge));
    let newest = intents.chain(alone).max_by(|one, other| age(one).cmp(&age(other)))?;
    if is(newest.state.status.as_ref(), &["failed"]) {
        let at = newest.failed_at.max(Some(made(newest)))?;
        return Some(Failure { at, attempt: newest, code: newest.state.detail.as_deref() });
    }
    if !is_declined(newest) {
        return None;
    }
    let failed = |charge: &&Node| is(charge.state.status.as_ref(), &["failed"]);
    let last = case.charges_of(newest.key).filter(failed).last();
    let told =
        case.charges_of(newest.key).chain(case.sessions_of(newest.key)).filter_map(|node| node.failed_at);
    let at = told.chain(newest.failed_at).chain(last.map(made)).max().unwrap_or_else(|| made(newest));
    let declined = is(newest.state.sub_status.as_ref(), &["declined"]);
    let own = newest.state.detail.as_deref().filter(|_| declined);
    let code = own.or_else(|| last.and_then(|charge| charge.state.detail.as_deref()));
    Some(Failure { at, attempt: newest, code })
}
