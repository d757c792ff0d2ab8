//! Facts of a history, as they would reach the mirror.

use foredeck_engine::domain::kind::Kind;
use foredeck_engine::facts::snapshots::Origin;
use serde_json::Value;

use super::chance::Chance;

#[derive(Debug, Clone)]
pub enum Fact {
    /// An event as served.
    Event { type_: String, created: i64, object: Value, previous: Option<Value>, raw: String },
    /// An object as a list, a retrieve or the answer to a write showed it.
    Seen { kind: Kind, id: String, origin: Origin, as_of: i64, object: Value, raw: String },
    /// An object Stripe no longer knows.
    Gone { kind: Kind, id: String, as_of: i64 },
    /// Something an operator did.
    Local(Local),
}

#[derive(Debug, Clone)]
pub struct Local {
    pub made_at: i64,
    pub kind: &'static str,
    pub subject: String,
    pub object: Option<String>,
    pub body: String,
}

impl Fact {
    pub fn of_event(event: &foredeck_sandbox::world::Event) -> Self {
        let json = event.json();
        Self::Event {
            type_: event.type_.clone(),
            created: event.created,
            object: json["data"]["object"].clone(),
            previous: json["data"].get("previous_attributes").cloned(),
            raw: json.to_string(),
        }
    }

    /// The object it speaks of, and when.
    pub fn about(&self) -> Option<(&str, i64)> {
        match self {
            Self::Event { object, created, .. } => Some((object["id"].as_str()?, *created)),
            Self::Seen { id, as_of, .. } | Self::Gone { id, as_of, .. } => Some((id, *as_of)),
            Self::Local(_) => None,
        }
    }
}

/// The same facts in another order, some of them told twice. What operators did keeps its order: they did
/// it at one desk, one thing after the other.
pub fn shuffled(facts: &[Fact], chance: &mut Chance) -> Vec<Fact> {
    let mut all: Vec<Fact> = facts.to_vec();
    for fact in facts {
        if !matches!(fact, Fact::Local(_)) && chance.percent(15) {
            all.push(told_again(fact));
        }
    }
    chance.shuffle(&mut all);
    let mut locals = facts.iter().filter(|fact| matches!(fact, Fact::Local(_))).cloned();
    for fact in all.iter_mut().filter(|fact| matches!(fact, Fact::Local(_))) {
        *fact = locals.next().unwrap();
    }
    all
}

/// An event told again may have been delivered to fewer endpoints meanwhile.
fn told_again(fact: &Fact) -> Fact {
    let mut again = fact.clone();
    if let Fact::Event { raw, .. } = &mut again {
        *raw = raw.replace("\"pending_webhooks\":0", "\"pending_webhooks\":2");
    }
    again
}
