//! The mirror held against the shop's own books.

use std::collections::BTreeMap;

use foredeck_engine::facts::events::is_stored;
use foredeck_sandbox::LedgerOrder;
use serde_json::{Value, json};

use crate::desk::Desk;
use crate::mirror::Mirror;

/// Fails unless every event of the shop is stored and every order is as the ledger says.
#[track_caller]
pub fn assert_true(desk: &Desk, mirror: &Mirror<'_>) {
    let missing = missing_events(desk, mirror);
    assert!(
        missing.is_empty(),
        "{} events are missing, such as {:?}",
        missing.len(),
        &missing[..3.min(missing.len())]
    );
    let exported = mirror.run(["export", "preorders", "--format", "jsonl"]).ok().out;
    let rows = exported.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let told: BTreeMap<String, Value> = rows.map(|row| (text(&row["id"]), of_row(&row))).collect();
    let truth: BTreeMap<String, Value> =
        desk.world.ledger().orders.iter().map(|order| (order.id.clone(), of_ledger(order))).collect();
    let wrong: Vec<String> = truth
        .iter()
        .filter(|(id, truth)| told.get(*id) != Some(truth))
        .map(|(id, truth)| format!("{id}\n  ledger {truth}\n  mirror {:?}", told.get(id)))
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {} differ:\n{}",
        wrong.len(),
        truth.len(),
        wrong[..wrong.len().min(5)].join("\n")
    );
    assert_eq!(told.len(), truth.len(), "orders that the shop does not know");
}

/// Stripe keeps events for thirty days.
const RETENTION_S: i64 = 30 * 86_400;

/// Ids of events that the shop still tells and the mirror has not.
pub fn missing_events(desk: &Desk, mirror: &Mirror<'_>) -> Vec<String> {
    let ids: Vec<String> = desk.world.with_world(|world| {
        let oldest = world.now() - RETENTION_S;
        let told = world.events().iter().filter(|event| event.created >= oldest);
        told.map(|event| event.id.clone()).collect()
    });
    mirror.read(|connection| {
        let mut missing = Vec::new();
        for id in ids {
            if !is_stored(connection, &id)? {
                missing.push(id);
            }
        }
        Ok(missing)
    })
}

fn of_row(row: &Value) -> Value {
    json!([
        row["status"],
        row["email"],
        row["color"],
        row["amount_minor"],
        row["currency"],
        row["started_at"]
    ])
}

fn of_ledger(order: &LedgerOrder) -> Value {
    let trimmed = |text: &Option<String>| {
        text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let email = trimmed(&order.email).map(|email| email.to_lowercase());
    json!([order.status, email, trimmed(&order.color), order.amount_minor, order.currency, order.started_at])
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
