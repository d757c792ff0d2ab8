//! Findings: each rule with its near-misses, what operators say, what time alone does, and whole shops of stuck orders.

mod beside;
mod leads;
mod looks;
mod people;
mod rules;
mod sold;
mod stuck;
mod time;
mod words;

use foredeck_engine::domain::finding::FindingState;
use foredeck_engine::queries::findings::page::page;
use foredeck_engine::queries::findings::{FindingPageArgs, FindingRow};
use serde_json::{Value, json};

use super::shop::{NOON, Shop, with};

pub const HOUR: i64 = 3_600;
pub const MINUTE: i64 = 60;

/// Everything that stands so at an instant.
pub fn all(shop: &Shop, state: FindingState, now: i64) -> Vec<FindingRow> {
    let args = FindingPageArgs { state, limit: Some(500), ..FindingPageArgs::default() };
    shop.read(|connection| page(connection, &args, now)).rows
}

/// Open findings at an instant, by id.
pub fn open(shop: &Shop, now: i64) -> Vec<String> {
    let mut ids: Vec<String> = all(shop, FindingState::Open, now).into_iter().map(|row| row.id).collect();
    ids.sort();
    ids
}

/// The subjects of one rule's open findings at an instant.
pub fn of(shop: &Shop, rule: &str, now: i64) -> Vec<String> {
    let mut found: Vec<String> = all(shop, FindingState::Open, now)
        .into_iter()
        .filter(|row| row.rule == rule)
        .map(|row| row.subject)
        .collect();
    found.sort();
    found
}

/// Fails unless a rule's finding of this subject opens at an instant, to the second.
#[track_caller]
pub fn opens(shop: &Shop, rule: &str, subject: &str, at: i64) {
    assert!(!of(shop, rule, at - 1).contains(&subject.to_owned()), "{rule} opens too early");
    assert!(of(shop, rule, at).contains(&subject.to_owned()), "{rule}: {:?}", open(shop, at));
}

/// What a healthy checkout carries.
pub fn whole(preorder_id: &str, email: &str) -> Value {
    json!({"metadata": {"preorderId": preorder_id, "color": "moss", "email": email},
        "collected_information": {"shipping_details": {"address": {"line1": "1 Quay", "city": "Kiel", "postal_code": "24103"}}},
        "expires_at": NOON + 86_400})
}

/// A healthy checkout that was paid through an intent.
pub fn paid(preorder_id: &str, email: &str, intent: &str) -> Value {
    with(
        whole(preorder_id, email),
        json!({"status": "complete", "payment_status": "paid", "payment_intent": intent}),
    )
}
