//! Webhook endpoints as they are and as they were, computed from the looks at them.
//!
//! What a look showed holds until a look that shows otherwise. Before the first look an endpoint is taken to have been
//! enabled, with the types it had then, since Stripe made it: nothing says otherwise.

use crate::db::{Connection, DbResult};
use crate::domain::webhook::EndpointWire;
use crate::facts::endpoints::{EndpointRuns, Run, list_newest, list_runs};

/// What an endpoint was in one run of looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    pub url: String,
    pub enabled: bool,
    pub api_version: Option<String>,
    pub created_at: Option<i64>,
    pub types: Vec<String>,
    /// It hears of other accounts, not of this one.
    pub connect: bool,
}

impl State {
    fn read(body: &[u8]) -> Self {
        let wire: EndpointWire<'_> = serde_json::from_slice(body).unwrap_or_default();
        let mut types: Vec<String> = wire.enabled_events.0.iter().filter_map(|one| one.owned()).collect();
        types.sort();
        types.dedup();
        Self {
            url: wire.url.owned().unwrap_or_default(),
            enabled: wire.status.get() != Some("disabled"),
            api_version: wire.api_version.owned(),
            created_at: wire.created.0.filter(|created| *created > 0),
            types,
            connect: wire.application.get().is_some(),
        }
    }

    pub fn takes_all(&self) -> bool {
        self.types.iter().any(|one| one == "*")
    }

    /// Whether it asks for a type, disabled or not.
    pub fn subscribes(&self, event_type: &str) -> bool {
        self.types.iter().any(|one| one == "*" || one == event_type)
    }

    /// Whether it is sent this account's events of a type.
    pub fn takes(&self, event_type: &str) -> bool {
        self.enabled && !self.connect && self.subscribes(event_type)
    }
}

/// What was seen of an endpoint in one run of looks; None once it was deleted.
#[derive(Debug, Clone)]
struct Look {
    first_at: i64,
    last_at: i64,
    state: Option<State>,
}

/// An endpoint with its past.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    id: String,
    looks: Vec<Look>,
}

impl Endpoint {
    fn of(known: EndpointRuns) -> Self {
        let look = |run: Run| Look {
            first_at: run.first_at,
            last_at: run.last_at,
            state: run.body.as_deref().map(State::read),
        };
        Self { id: known.id, looks: known.runs.into_iter().map(look).collect() }
    }

    /// When Stripe made it; one that does not say is taken to have been there ever since.
    fn created_at(&self) -> i64 {
        let told = self.looks.iter().rev().find_map(|look| look.state.as_ref()?.created_at);
        told.unwrap_or(i64::MIN)
    }

    /// Spans `[from, to)` in which it was sent events of a type.
    pub fn spans_taking(&self, event_type: &str) -> Vec<(i64, i64)> {
        let created = self.created_at();
        let mut spans = Vec::new();
        for (index, look) in self.looks.iter().enumerate() {
            let Some(state) = &look.state else { continue };
            let until = self.looks.get(index + 1).map_or(i64::MAX, |next| next.first_at);
            if index == 0 && !state.connect && state.subscribes(event_type) {
                spans.push((created, look.first_at));
            }
            if state.takes(event_type) {
                spans.push((look.first_at.max(created), until));
            }
        }
        spans.retain(|(from, to)| from < to);
        spans
    }

    /// What it was at an instant; None before it was made and after it was deleted.
    pub fn at(&self, instant: i64) -> Option<State> {
        if instant < self.created_at() {
            return None;
        }
        match self.looks.iter().rfind(|look| look.first_at <= instant) {
            Some(look) => look.state.clone(),
            None => {
                let first = self.looks.first()?.state.clone()?;
                Some(State { enabled: true, ..first })
            }
        }
    }

    /// Whether an instant lies between a look that showed no delivery of a type and one that showed it.
    pub fn is_unsure(&self, event_type: &str, instant: i64) -> bool {
        self.looks.windows(2).any(|pair| {
            let takes = |look: &Look| look.state.as_ref().is_some_and(|state| state.takes(event_type));
            pair[0].last_at < instant && instant < pair[1].first_at && !takes(&pair[0]) && takes(&pair[1])
        })
    }
}

/// Every endpoint ever seen, with its past.
///
/// # Errors
/// The read failed.
pub(super) fn list_with_past(connection: &Connection) -> DbResult<Vec<Endpoint>> {
    Ok(list_runs(connection)?.into_iter().map(Endpoint::of).collect())
}

/// Endpoints there are now, with their newest look alone, oldest endpoint first.
///
/// # Errors
/// The read failed.
pub(super) fn list_now(connection: &Connection) -> DbResult<Vec<(String, State)>> {
    let newest = list_newest(connection)?.into_iter().map(Endpoint::of);
    let mut found: Vec<(String, State)> =
        newest.filter_map(|mut one| Some((one.id, one.looks.pop()?.state?))).collect();
    found.sort_by(|(one_id, one), (other_id, other)| {
        (one.created_at, one_id).cmp(&(other.created_at, other_id))
    });
    Ok(found)
}
