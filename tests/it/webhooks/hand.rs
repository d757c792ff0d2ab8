//! Looks at endpoints made by hand in a mirror file.

use foredeck_engine::db::DbResult;
use foredeck_engine::facts::endpoints::{FIRST_READ_AT, READ_AT, append_look, list_present};
use foredeck_engine::facts::state::{find_state, set_state};
use foredeck_engine::queries::webhooks::{Webhooks, webhooks};
use serde_json::{Value, json};

use crate::it::shop::{DAY, NOON, Shop, event, session};

pub const COMPLETED: &str = "checkout.session.completed";
pub const LATER: &str = "checkout.session.async_payment_succeeded";

/// An enabled endpoint that Stripe made a year ago.
pub fn endpoint(id: &str, path: &str, types: &[&str]) -> Value {
    json!({"id": id, "object": "webhook_endpoint", "api_version": "2025-03-31.basil", "application": null,
        "created": NOON - 365 * DAY, "enabled_events": types, "livemode": false, "metadata": {},
        "status": "enabled", "url": format!("https://shop.example.com{path}")})
}

/// Takes in a list of endpoints as of an instant: what the list lacks is gone.
pub fn look(shop: &Shop, at: i64, endpoints: &[Value]) {
    let found: Vec<(String, String)> =
        endpoints.iter().map(|one| (one["id"].as_str().unwrap().to_owned(), one.to_string())).collect();
    shop.write(move |transaction| -> DbResult<()> {
        for (id, body) in &found {
            append_look(transaction, id, Some(body), at)?;
        }
        for id in list_present(transaction)? {
            if !found.iter().any(|(listed, _)| *listed == id) {
                append_look(transaction, &id, None, at)?;
            }
        }
        let first: i64 = find_state(transaction, FIRST_READ_AT)?.unwrap_or(at);
        let last: i64 = find_state(transaction, READ_AT)?.unwrap_or(at);
        set_state(transaction, FIRST_READ_AT, &first.min(at))?;
        set_state(transaction, READ_AT, &last.max(at))
    });
}

/// Takes in the completed checkout of an order of its own.
pub fn paid(shop: &Shop, event_id: &str, at: i64) {
    let of = session(
        &format!("cs_{event_id}"),
        at - 60,
        json!({"status": "complete", "payment_status": "paid", "metadata": {"preorderId": format!("pre_{event_id}")}}),
    );
    shop.events(&[event(event_id, COMPLETED, at, &of)]);
}

pub fn read(shop: &Shop, now: i64) -> Webhooks {
    shop.read(|connection| webhooks(connection, now))
}

/// The events that could never be delivered, oldest first, with the reason as its word and whether that is unsure.
pub fn never(shop: &Shop, now: i64) -> Vec<(String, String, bool)> {
    let found = read(shop, now).never_deliverable;
    assert_eq!(found.total, i64::try_from(found.events.len()).unwrap());
    assert_eq!(found.total, found.by_type.iter().map(|one| one.count).sum::<i64>());
    let word = |event: &foredeck_engine::queries::undeliverable::NeverDelivered| {
        let word = serde_json::to_value(event.reason).unwrap().as_str().unwrap().to_owned();
        (event.id.clone(), word, event.unsure)
    };
    found.events.iter().rev().map(word).collect()
}

pub fn said(id: &str, reason: &str) -> (String, String, bool) {
    (id.to_owned(), reason.to_owned(), false)
}
