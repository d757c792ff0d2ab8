//! The newest state of each object, by DESIGN.md's total order: as_of; deletion; retrieve and answer over list
//! over event; `*.created` lowest, a final status highest; previous_attributes; hash.

use std::collections::BTreeMap;

use foredeck_engine::domain::kind::Kind;
use foredeck_engine::domain::settings::MetadataNames;
use foredeck_engine::facts::local::INTENT;
use foredeck_engine::facts::snapshots::Origin;
use foredeck_engine::projections::{object::read_object, precedence};
use serde_json::Value;

use super::read::{Fields, fields, preorder_id};
use crate::it::properties::facts::Fact;
use crate::it::properties::history::kind_of;

/// One object with its newest state.
pub struct Object {
    pub id: String,
    pub kind: Kind,
    pub as_of: i64,
    pub unsettled: bool,
    pub proof_at: Option<i64>,
    /// First seen waiting for its buyer, or completed.
    pub entered_at: Option<i64>,
    /// Last said to have failed.
    pub failed_at: Option<i64>,
    pub fields: Fields,
    /// Every preorderId it ever carried.
    pub carried: Vec<Value>,
}

struct Snapshot<'a> {
    as_of: i64,
    rank: u8,
    class: u8,
    fields: Fields,
    object: &'a Value,
    previous: Option<&'a Value>,
    event_type: Option<&'a str>,
}

pub fn newest(facts: &[Fact]) -> BTreeMap<String, Object> {
    let mut objects = BTreeMap::new();
    let ids: std::collections::BTreeSet<&str> =
        facts.iter().filter_map(|fact| Some(fact.about()?.0)).collect();
    for id in ids {
        let Some(kind) = kind_of(id) else { continue };
        let snapshots: Vec<Snapshot<'_>> = facts
            .iter()
            .filter(|fact| fact.about().is_some_and(|(about, _)| about == id))
            .map(|fact| snapshot(kind, fact))
            .collect();
        objects.insert(id.to_owned(), object(id, kind, &snapshots));
    }
    for (number, local) in facts
        .iter()
        .filter_map(|fact| if let Fact::Local(local) = fact { Some(local) } else { None })
        .enumerate()
    {
        if local.kind == INTENT {
            let said: Value = serde_json::from_str(&local.body).unwrap();
            let id = format!("local_{}", number + 1);
            let mut fields = Fields::from([("created", local.made_at.into())]);
            for name in ["color", "amount", "currency"] {
                fields.insert(name, said[name].clone());
            }
            fields.insert("email", said["email"].as_str().unwrap().to_lowercase().into());
            fields.extend(preorder_id(&Value::from(local.subject.clone())).map(|id| ("preorder_id", id)));
            let object = Object {
                id: id.clone(),
                kind: Kind::Local,
                as_of: local.made_at,
                unsettled: false,
                proof_at: None,
                entered_at: None,
                failed_at: None,
                carried: Vec::new(),
                fields,
            };
            objects.insert(id, object);
        }
    }
    objects
}

const NOTHING: Value = Value::Null;

fn snapshot(kind: Kind, fact: &Fact) -> Snapshot<'_> {
    let (fields, as_of, rank, object, previous, event_type) = match fact {
        Fact::Event { type_, created, object, previous, .. } => {
            (fields(kind, object, Some(type_)), *created, 1, object, previous.as_ref(), Some(type_.as_str()))
        }
        Fact::Seen { origin, as_of, object, .. } => {
            let rank = if *origin == Origin::List { 2 } else { 3 };
            (fields(kind, object, None), *as_of, rank, object, None, None)
        }
        Fact::Gone { as_of, .. } => {
            (Fields::from([("deleted", true.into())]), *as_of, 3, &NOTHING, None, None)
        }
        Fact::Local(_) => unreachable!("it is about no object of Stripe's"),
    };
    let rank = if fields.contains_key("deleted") { 9 } else { rank };
    let finals: &[&str] = match kind {
        Kind::Session => &["complete", "expired"],
        Kind::Intent => &["succeeded", "canceled"],
        Kind::Charge => &["succeeded", "failed"],
        Kind::Refund => &["succeeded", "failed", "canceled"],
        Kind::Dispute => &["won", "lost", "warning_closed"],
        _ => &[],
    };
    let class = match event_type {
        Some(type_) if type_.ends_with(".created") => 0,
        _ if fields.get("status").is_some_and(|status| finals.contains(&status.as_str().unwrap())) => 2,
        _ => 1,
    };
    Snapshot { as_of, rank, class, fields, object, previous, event_type }
}

fn object(id: &str, kind: Kind, snapshots: &[Snapshot<'_>]) -> Object {
    let as_of = snapshots.iter().map(|snapshot| snapshot.as_of).max().unwrap();
    let rivals: Vec<&Snapshot<'_>> = snapshots.iter().filter(|snapshot| snapshot.as_of == as_of).collect();
    let place = |snapshot: &Snapshot<'_>| (snapshot.rank, snapshot.class);
    let top = rivals.iter().map(|rival| place(rival)).max().unwrap();
    let best: Vec<&Snapshot<'_>> = rivals.iter().copied().filter(|rival| place(rival) == top).collect();
    let is_last =
        |rival: &Snapshot<'_>, among: &[&Snapshot<'_>]| !among.iter().any(|other| came_after(other, rival));
    let last: Vec<&Snapshot<'_>> = best.iter().copied().filter(|rival| is_last(rival, &best)).collect();
    let pool = if last.is_empty() { best.clone() } else { last };
    // The hash that decides what nothing else decides is the engine's own affair.
    let winner = pool.into_iter().max_by_key(|rival| hash(kind, rival)).unwrap();
    let known_last = best.iter().any(|rival| rival.fields == winner.fields && is_last(rival, &rivals));
    Object {
        id: id.to_owned(),
        kind,
        as_of,
        unsettled: !(known_last && all_lead_to(winner, &rivals)),
        proof_at: snapshots
            .iter()
            .filter(|snapshot| proves_payment(snapshot))
            .map(|snapshot| snapshot.as_of)
            .min(),
        entered_at: snapshots.iter().filter(|one| entered(kind, one)).map(|one| one.as_of).min(),
        failed_at: snapshots.iter().filter(|one| failed(one)).map(|one| one.as_of).max(),
        fields: winner.fields.clone(),
        carried: snapshots
            .iter()
            .filter_map(|snapshot| snapshot.fields.get("preorder_id").cloned())
            .collect(),
    }
}

/// Whether every other state of the second is the same, is a `*.created` event, or came before one that does.
fn all_lead_to(winner: &Snapshot<'_>, rivals: &[&Snapshot<'_>]) -> bool {
    let is_first = |rival: &Snapshot<'_>| rival.rank == 1 && rival.class == 0;
    let mut older: Vec<&Snapshot<'_>> = Vec::new();
    let mut open: Vec<&Snapshot<'_>> = Vec::new();
    for rival in rivals {
        let known = rival.fields == winner.fields || (is_first(rival) && !is_first(winner));
        if known { older.push(rival) } else { open.push(rival) }
    }
    while let Some(at) = open.iter().position(|rival| older.iter().any(|later| came_after(later, rival))) {
        older.push(open.remove(at));
    }
    open.is_empty()
}

/// Whether an event says by its previous_attributes that it came after such a state.
fn came_after(later: &Snapshot<'_>, earlier: &Snapshot<'_>) -> bool {
    fn held(before: &Value, object: &Value) -> bool {
        match (before, object) {
            (Value::Object(before), Value::Object(_)) => {
                before.iter().all(|(name, value)| held(value, &object[name.as_str()]))
            }
            _ => before == object,
        }
    }
    let Some(Value::Object(previous)) = later.previous else { return false };
    let says_something = !previous.is_empty() && earlier.object.is_object();
    says_something && later.fields != earlier.fields && held(later.previous.unwrap(), earlier.object)
}

fn entered(kind: Kind, snapshot: &Snapshot<'_>) -> bool {
    let waits = snapshot.fields.get("status").is_some_and(|status| status == "requires_action");
    match kind {
        Kind::Intent => waits,
        Kind::Session => snapshot.event_type == Some("checkout.session.completed"),
        _ => false,
    }
}

fn failed(snapshot: &Snapshot<'_>) -> bool {
    let types = ["payment_intent.payment_failed", "charge.failed", "checkout.session.async_payment_failed"];
    snapshot.event_type.is_some_and(|type_| types.contains(&type_))
}

fn proves_payment(snapshot: &Snapshot<'_>) -> bool {
    let is = |name: &str, word: &str| snapshot.fields.get(name).is_some_and(|value| value == word);
    match snapshot.event_type {
        Some("payment_intent.succeeded" | "checkout.session.async_payment_succeeded") => true,
        Some("checkout.session.completed") => {
            is("sub_status", "paid") || is("sub_status", "no_payment_required")
        }
        Some("charge.succeeded" | "charge.captured") => {
            is("status", "succeeded") && is("sub_status", "captured")
        }
        _ => false,
    }
}

fn hash(kind: Kind, snapshot: &Snapshot<'_>) -> i64 {
    let read = read_object(&snapshot.object.to_string(), snapshot.event_type, &MetadataNames::default());
    read.map_or(0, |read| {
        assert_eq!(read.kind, kind);
        precedence::digest(&read.state)
    })
}
