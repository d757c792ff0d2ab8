//! Payments on their way: stuck, declined, asked for proof or held. And who left without one.

use super::super::components::age;
use super::super::newest::Object;
use super::order::{Order, attempted, captured, declined, int, is, made, word};
use super::{DAY, Finding, HOUR, finding};
use foredeck_engine::domain::kind::Kind;

pub fn failure(order: &Order<'_>) -> Option<i64> {
    if !order.unpaid() || order.is_under_way() {
        return None;
    }
    let known = |charge: &&&Object| order.intents.iter().any(|intent| intent.id == word(charge, "intent"));
    let tried = order.intents.iter().filter(|intent| attempted(intent));
    let newest =
        tried.chain(order.charges.iter().filter(|charge| !known(charge))).max_by_key(|object| age(object))?;
    if newest.kind == Kind::Charge {
        return is(newest, &["failed"]).then(|| newest.failed_at.max(Some(made(newest))).unwrap());
    }
    if !declined(newest) {
        return None;
    }
    let charges = order.charges_of(&newest.id);
    let sessions = order.sessions.iter().filter(|session| word(session, "intent") == newest.id);
    let told = charges.iter().chain(sessions).chain([newest]).filter_map(|object| object.failed_at);
    let last = charges.iter().rfind(|charge| is(charge, &["failed"])).map(|charge| made(charge));
    Some(told.chain(last).max().unwrap_or(made(newest)))
}

pub fn paying(order: &Order<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let open = |session: &&&Object| is(session, &["open"]);
    let complete_unpaid =
        |session: &Object| is(session, &["complete"]) && word(session, "sub_status") == "unpaid";
    let stuck = order.sessions.iter().any(|session| {
        let intent = word(session, "intent");
        let charges = order.charges_of(intent);
        let took = charges.iter().any(|charge| order.took(charge));
        let charged = charges.iter().any(|charge| captured(charge));
        let succeeded = order.intent_of(session).is_some_and(|intent| is(intent, &["succeeded"]));
        (is(session, &["open"]) || complete_unpaid(session))
            && !intent.is_empty()
            && (took || (!charged && succeeded))
    });
    if stuck {
        found.push(finding("paid_not_completed", order.id, order.paid_at()));
    }
    if order.unpaid() {
        let pressed = order.sessions.iter().filter(open).filter_map(|session| {
            let intent = order.intent_of(session)?;
            let pressed = attempted(intent) || int(intent, "created") > int(session, "created");
            let other = declined(intent)
                || is(intent, &["requires_action", "requires_capture", "succeeded", "canceled"]);
            (pressed && !other).then(|| made(intent))
        });
        let alone = order.intents.iter().filter(|intent| {
            is(intent, &["processing"])
                && !order.sessions.iter().any(|session| word(session, "intent") == intent.id)
        });
        let oldest = pressed.chain(alone.map(|intent| made(intent))).min();
        found.extend(oldest.map(|at| finding("processing_too_long", order.id, at)));
        let tried = order.sessions.iter().filter(open).filter(|session| {
            order
                .intent_of(session)
                .is_some_and(|intent| declined(intent) || is(intent, &["requires_action"]))
        });
        let first = tried.filter_map(|session| int(session, "expires_at")).min();
        found.extend(
            first.map(|at| Finding {
                deadline_at: Some(at),
                ..finding("expires_after_attempt", order.id, at)
            }),
        );
        let asked = order.intents.iter().filter(|intent| is(intent, &["requires_action"]));
        let since = asked.map(|intent| intent.entered_at.unwrap_or(made(intent))).min();
        found.extend(since.map(|at| finding("requires_action_stale", order.id, at)));
    }
    found.extend(failure(order).map(|at| finding("payment_failed", order.id, at)));
    let pending = order.sessions.iter().filter_map(|session| {
        let intent = order.intent_of(session)?;
        let waits = complete_unpaid(session) && is(intent, &["processing"]);
        waits.then(|| session.entered_at.unwrap_or(made(intent)))
    });
    found.extend(pending.min().map(|at| finding("async_pending_too_long", order.id, at)));
    for intent in order.intents.iter().filter(|intent| is(intent, &["requires_capture"])) {
        let charges = order.charges_of(&intent.id);
        let charge = charges.last();
        let ends = charge.and_then(|charge| int(charge, "expires_at"));
        let at = ends.unwrap_or_else(|| charge.map_or(made(intent), |charge| made(charge)) + 7 * DAY);
        found.push(Finding { deadline_at: Some(at), ..finding("authorisation_lapsing", &intent.id, at) });
    }
    found
}

pub fn lead_at(order: &Order<'_>) -> Option<i64> {
    if !order.unpaid() || !order.has("email") || order.sessions.is_empty() {
        return None;
    }
    if let Some(failed) = failure(order) {
        return Some(failed + 30 * DAY);
    }
    if order.is_under_way() || order.sessions.iter().any(|session| is(session, &["complete"])) {
        return None;
    }
    match order.sessions.iter().filter(|session| is(session, &["open"])).map(|session| made(session)).max() {
        Some(opened) => (order.reached() < 3).then_some(opened + HOUR),
        None => order.row["started_at"].as_i64(),
    }
}
