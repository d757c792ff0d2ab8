//! What writes really did: one entry for each that changed something, none for a replay or a refusal.

use crate::objects::Kind;
use crate::world::World;
use serde::Serialize;

/// A write that took effect, whatever its client heard of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Effect {
    /// World time.
    pub at: i64,
    /// `POST` or `DELETE`.
    pub method: String,
    /// For example `/v1/refunds`.
    pub path: String,
    /// Its parameters, in order of arrival.
    pub params: Vec<(String, String)>,
    /// The idempotency key it came with, if any.
    pub idempotency_key: Option<String>,
    /// `req_…`
    pub request_id: String,
    /// The object that it made or changed: the id in its answer.
    pub object: String,
}

impl Effect {
    /// The value of a parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The object that a write is about, as it was before it.
pub(super) struct Before {
    id: Option<String>,
    bytes: Option<Vec<u8>>,
    events: usize,
}

impl Before {
    pub(super) fn of(world: &World, segments: &[&str]) -> Before {
        let id = segments.iter().find(|s| Kind::of_id(s).is_some()).map(|id| (*id).to_owned());
        let bytes = id.as_deref().and_then(|id| world.bytes(id));
        Before { id, bytes, events: world.events().len() }
    }

    /// Whether a write that was accepted changed anything: sent again an event always, made an object, or left the one it
    /// was about other than it was.
    pub(super) fn changed(&self, world: &World) -> bool {
        match &self.id {
            None => true,
            Some(id) => world.bytes(id) != self.bytes || world.events().len() != self.events,
        }
    }
}

/// The id in an answer.
pub(super) fn object_in(answer: &[u8]) -> String {
    crate::json::parse(answer)["id"].as_str().unwrap_or_default().to_owned()
}
