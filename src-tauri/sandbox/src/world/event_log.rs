//! The event log: what was said, with the snapshot of that instant, and when each event becomes visible.

use super::deliveries::Delivery;
use super::shelf::Key;
use super::versions::{self, VersionMix};
use super::{DeliveryState, Due, World};
use crate::json::{self, Json};
use crate::objects::Kind;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashMap;

/// How long Stripe lists events.
pub(crate) const RETENTION_S: i64 = 30 * 86_400;

/// How many new events show up late, and by how much at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Lateness {
    /// Share of events, 0 to 1.
    pub share: f64,
    /// World seconds.
    pub max_s: i64,
}

/// The API request that made something happen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// `req_…`
    pub request_id: Option<String>,
    /// The caller's idempotency key.
    pub idempotency_key: Option<String>,
}

/// One event.
#[derive(Debug, Clone)]
pub struct Event {
    /// `evt_…`
    pub id: String,
    /// World second in which it happened.
    pub created: i64,
    /// World second from which lists and retrieves show it.
    pub visible_at: i64,
    /// For example `charge.succeeded`.
    pub type_: String,
    /// The API version in whose shape it is rendered; `None` is left out of the JSON.
    pub api_version: Option<String>,
    /// Id of the object it is about.
    pub object_id: String,
    /// The request that caused it.
    pub request: Origin,
    request_as_text: bool,
    snapshot: Box<[u8]>,
    previous: Option<Box<[u8]>>,
    pub(super) deliveries: Vec<Delivery>,
    livemode: bool,
}

impl Event {
    /// How many webhook endpoints did not take it yet.
    pub fn pending_webhooks(&self) -> usize {
        self.deliveries.iter().filter(|d| d.state != DeliveryState::Delivered).count()
    }

    /// The event as the API serves it now.
    pub fn json(&self) -> Value {
        let mut j = Json::with_capacity(self.snapshot.len() + 512);
        self.write(&mut j);
        json::parse(&j.into_bytes())
    }

    pub(crate) fn write(&self, j: &mut Json) {
        j.object(|j| {
            j.text("id", &self.id);
            j.text("object", "event");
            if let Some(version) = &self.api_version {
                j.text("api_version", version);
            }
            j.int("created", self.created);
            j.nest("data", |j| {
                j.key("object");
                j.bytes(&self.snapshot);
                if let Some(previous) = &self.previous {
                    j.key("previous_attributes");
                    j.bytes(previous);
                }
            });
            j.flag("livemode", self.livemode);
            j.int("pending_webhooks", self.pending_webhooks() as i64);
            if self.request_as_text {
                j.opt("request", self.request.request_id.as_deref());
            } else {
                j.nest("request", |j| {
                    j.opt("id", self.request.request_id.as_deref());
                    j.opt("idempotency_key", self.request.idempotency_key.as_deref());
                });
            }
            j.text("type", &self.type_);
        });
    }
}

pub(crate) struct EventLog {
    events: Vec<Event>,
    keys: Vec<Key>,
    by_id: HashMap<String, Key>,
    next: u64,
    ids: ChaCha8Rng,
    chance: ChaCha8Rng,
    pub(super) lateness: Lateness,
    pub(super) versions: VersionMix,
}

impl EventLog {
    pub(super) fn new(ids: ChaCha8Rng, chance: ChaCha8Rng) -> EventLog {
        EventLog {
            events: Vec::new(),
            keys: Vec::new(),
            by_id: HashMap::new(),
            next: 0,
            ids,
            chance,
            lateness: Lateness::default(),
            versions: VersionMix::default(),
        }
    }

    pub(super) fn all(&self) -> &[Event] {
        &self.events
    }

    pub(crate) fn at(&self, position: usize) -> &Event {
        &self.events[position]
    }

    pub(crate) fn position(&self, key: Key) -> usize {
        self.keys.partition_point(|other| *other < key)
    }

    pub(crate) fn key_of(&self, id: &str) -> Option<Key> {
        self.by_id.get(id).copied()
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Event> {
        let at = self.position(self.key_of(id)?);
        self.events.get(at)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Event> {
        let at = self.position(self.key_of(id)?);
        self.events.get_mut(at)
    }

    fn append(&mut self, event: Event) {
        let key = (event.created, self.next);
        self.next += 1;
        self.by_id.insert(event.id.clone(), key);
        let at = self.position(key);
        self.keys.insert(at, key);
        self.events.insert(at, event);
    }
}

impl World {
    /// New events show up late as told.
    pub fn set_lateness(&mut self, lateness: Lateness) {
        self.log.lateness = lateness;
    }

    /// New events are rendered in the shapes of these API versions.
    pub fn set_versions(&mut self, versions: VersionMix) {
        self.log.versions = versions;
    }

    /// Makes an event visible only from `visible_at` on.
    pub fn delay_event(&mut self, id: &str, visible_at: i64) {
        if let Some(event) = self.log.get_mut(id) {
            event.visible_at = visible_at;
        }
    }

    pub(crate) fn log(&self) -> &EventLog {
        &self.log
    }

    pub(super) fn log_mut(&mut self) -> &mut EventLog {
        &mut self.log
    }

    /// Whether the API shows an event now: it has become visible and has not aged out.
    pub(crate) fn shows(&self, event: &Event) -> bool {
        event.visible_at <= self.now && !self.aged_out(event)
    }

    pub(crate) fn aged_out(&self, event: &Event) -> bool {
        event.created < self.now - RETENTION_S
    }

    /// The object as the API shows it now, to be compared with after a change.
    pub(crate) fn before(&self, id: &str) -> Vec<u8> {
        self.bytes(id).unwrap_or_else(|| b"{}".to_vec())
    }

    /// Says that something happened to an object. Returns the event's id.
    pub(super) fn emit(&mut self, type_: &str, id: &str) -> String {
        let bytes = self.before(id);
        self.emit_snapshot(type_, id, bytes, None)
    }

    /// Says that an object changed, and what it was before.
    pub(super) fn emit_updated(&mut self, type_: &str, id: &str, before: &[u8]) -> String {
        let bytes = self.before(id);
        let previous = json::previous_attributes(&json::parse(before), &json::parse(&bytes));
        self.emit_snapshot(type_, id, bytes, Some(previous))
    }

    /// Says that an object changed, if it did.
    pub(crate) fn emit_if_changed(&mut self, type_: &str, id: &str, before: &[u8]) {
        if self.before(id) != before {
            self.emit_updated(type_, id, before);
        }
    }

    /// Says something with a snapshot that is no longer, or not exactly, the object of now.
    pub(super) fn emit_snapshot(
        &mut self,
        type_: &str,
        id: &str,
        bytes: Vec<u8>,
        previous: Option<Value>,
    ) -> String {
        let log = &mut self.log;
        let by_stripe = type_ == "charge.updated";
        let payment = matches!(Kind::of_id(id), Some(Kind::Intent | Kind::Charge | Kind::Refund));
        let event_id = crate::ids::tail(&mut log.ids, if payment { "evt_3" } else { "evt_1" }, 23);
        let late = log.chance.random_bool(log.lateness.share.clamp(0.0, 1.0));
        let late_s = if late { log.chance.random_range(1..=log.lateness.max_s.max(1)) } else { 0 };
        let shape = log.versions.pick(&mut log.chance);
        let request = match (&self.origin, payment) {
            (Some(origin), _) => origin.clone(),
            (None, true) if !by_stripe => Origin {
                request_id: Some(crate::ids::tail(&mut log.ids, "req_", 14)),
                idempotency_key: Some(crate::ids::uuid(&mut log.ids)),
            },
            (None, _) => Origin::default(),
        };
        let snapshot = match shape.is_current() {
            true => bytes,
            false => versions::reshape(self, &shape, &bytes),
        };
        let targets = self.delivery_targets(type_);
        let event = Event {
            id: event_id.clone(),
            created: self.now,
            visible_at: self.now + late_s,
            type_: type_.to_owned(),
            api_version: shape.version().map(str::to_owned),
            object_id: id.to_owned(),
            request,
            request_as_text: shape.request_is_text(),
            snapshot: snapshot.into(),
            previous: previous.map(|p| p.to_string().into_bytes().into()),
            deliveries: targets.iter().map(|(endpoint, _)| Delivery::new(endpoint)).collect(),
            livemode: self.livemode,
        };
        self.log.append(event);
        for (endpoint, after_s) in targets {
            self.later(after_s, Due::Delivery { event: event_id.clone(), endpoint, attempt: 1 });
        }
        event_id
    }
}
