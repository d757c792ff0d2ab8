//! One order in memory, and what its rules ask of it.

use serde_json::{Map, Value};

use super::super::newest::Object;

pub fn word<'a>(object: &'a Object, name: &str) -> &'a str {
    object.fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

pub fn int(object: &Object, name: &str) -> Option<i64> {
    object.fields.get(name).and_then(Value::as_i64)
}

pub fn made(object: &Object) -> i64 {
    int(object, "created").unwrap_or(object.as_of)
}

pub fn is(object: &Object, words: &[&str]) -> bool {
    words.contains(&word(object, "status"))
}

pub fn captured(charge: &Object) -> bool {
    is(charge, &["succeeded"]) && word(charge, "sub_status") == "captured"
}

pub const UNDER_WAY: [&str; 3] = ["processing", "requires_action", "requires_capture"];

/// One order with its objects, those that are deleted left out.
pub struct Order<'a> {
    pub id: &'a str,
    pub row: &'a Map<String, Value>,
    pub all: &'a [&'a Object],
    pub sessions: Vec<&'a Object>,
    pub intents: Vec<&'a Object>,
    pub charges: Vec<&'a Object>,
    pub refunds: Vec<&'a Object>,
    pub disputes: Vec<&'a Object>,
    pub locals: usize,
    pub operator_linked: bool,
}

impl<'a> Order<'a> {
    pub fn reached(&self) -> i64 {
        self.row["reached"].as_i64().unwrap()
    }

    pub fn unpaid(&self) -> bool {
        self.reached() < 4
    }

    pub fn kept(&self) -> bool {
        self.reached() == 5
    }

    pub fn paid_at(&self) -> i64 {
        self.row.get("paid_at").unwrap_or(&self.row["started_at"]).as_i64().unwrap()
    }

    pub fn has(&self, name: &str) -> bool {
        self.row.contains_key(name)
    }

    pub fn intent_of(&self, session: &Object) -> Option<&'a Object> {
        self.intents.iter().find(|intent| intent.id == word(session, "intent")).copied()
    }

    pub fn charges_of(&self, intent: &str) -> Vec<&'a Object> {
        self.charges.iter().filter(|charge| word(charge, "intent") == intent).copied().collect()
    }

    /// Took money of which not all went back.
    pub fn took(&self, charge: &Object) -> bool {
        let mine = |refund: &&&Object| match word(refund, "charge") {
            "" => !word(refund, "intent").is_empty() && word(refund, "intent") == word(charge, "intent"),
            id => id == charge.id,
        };
        let done = self.refunds.iter().filter(mine).filter(|refund| is(refund, &["succeeded"]));
        let sum: i64 = done.map(|refund| int(refund, "amount").unwrap_or_default()).sum();
        let returned = sum.max(int(charge, "amount_part").unwrap_or_default());
        captured(charge) && returned < int(charge, "amount").unwrap_or(1).max(1)
    }

    pub fn is_under_way(&self) -> bool {
        let pending = |charge: &&&Object| {
            let canceled = self
                .intents
                .iter()
                .any(|intent| intent.id == word(charge, "intent") && is(intent, &["canceled"]));
            let held = is(charge, &["succeeded"])
                && word(charge, "sub_status") == "uncaptured"
                && int(charge, "amount_part").unwrap_or_default() <= 0;
            (held || is(charge, &["pending"])) && !canceled
        };
        self.intents.iter().any(|intent| is(intent, &UNDER_WAY))
            || self.charges.iter().any(|charge| pending(&charge))
    }
}

pub fn attempted(object: &Object) -> bool {
    object.fields.get("attempted").is_some_and(|value| value == true)
}

pub fn declined(intent: &Object) -> bool {
    let ended = is(intent, &UNDER_WAY) || is(intent, &["succeeded"]);
    let gave_up = attempted(intent) && is(intent, &["requires_payment_method"]);
    !ended && (word(intent, "sub_status") == "declined" || gave_up)
}
