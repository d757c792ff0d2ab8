//! Events: accepted, processed once for each unique id of a profile and metric, and what follows from them.

use super::account::Account;
use super::profiles::Given;
use super::truth::Mail;
use serde_json::{Map, Value, json};

/// Where an event came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SentBy {
    /// Somebody with a key.
    Api,
    /// The shop's own site.
    Shop,
}

/// An event that was accepted, and may still be on its way.
#[derive(Debug, Clone)]
pub(crate) struct Submitted {
    pub metric: String,
    pub person: Given,
    /// What the event's profile says about the person.
    pub attributes: Map<String, Value>,
    pub properties: Map<String, Value>,
    pub time: i64,
    pub value: Option<f64>,
    pub currency: Option<String>,
    pub unique_id: Option<String>,
    pub backfill: bool,
    pub by: SentBy,
    pub received_at: i64,
}

impl Submitted {
    /// What tells it from others of its profile and metric: the second it happened in, where it names nothing itself.
    pub(crate) fn key(&self) -> String {
        self.unique_id.clone().unwrap_or_else(|| self.time.to_string())
    }
}

/// An event that is there.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub id: String,
    pub uuid: String,
    pub metric: usize,
    pub profile: usize,
    pub time: i64,
    pub properties: Map<String, Value>,
    pub value: Option<f64>,
    pub currency: Option<String>,
    pub unique_id: String,
    pub backfill: bool,
    pub by: SentBy,
    pub received_at: i64,
    pub processed_at: i64,
}

impl Event {
    /// Its properties with what Klaviyo adds to them.
    pub(crate) fn shown_properties(&self) -> Map<String, Value> {
        let mut all = self.properties.clone();
        all.insert("$event_id".to_owned(), json!(self.unique_id));
        if let Some(value) = self.value {
            all.insert("$value".to_owned(), json!(value));
        }
        if let Some(currency) = &self.currency {
            all.insert("$currency_code".to_owned(), json!(currency));
        }
        all
    }
}

impl Account {
    /// Processes an accepted event: the person is made or changed, the metric is there from its first event on, and of
    /// events with one unique id only the first is kept.
    pub(super) fn process(&mut self, submitted: Submitted) {
        let profile = self.upsert(&submitted.person, &submitted.attributes);
        let metric = self.metric_named(&submitted.metric);
        let key = submitted.key();
        if !self.known.insert((profile, metric, key.clone())) {
            self.repeated.push(submitted);
            return;
        }
        let (id, uuid) = (self.mint("", 11), crate::ids::uuid(&mut self.rng));
        let place = self.events.len();
        self.events.push(Event {
            id: id.clone(),
            uuid,
            metric,
            profile,
            time: submitted.time,
            properties: submitted.properties,
            value: submitted.value,
            currency: submitted.currency,
            unique_id: key,
            backfill: submitted.backfill,
            by: submitted.by,
            received_at: submitted.received_at,
            processed_at: self.now,
        });
        self.by_profile.entry(profile).or_default().push(place);
        let person = &mut self.profiles[profile];
        person.last_event_at = person.last_event_at.max(Some(submitted.time));
        if !submitted.backfill {
            self.start_flows(place);
        }
    }

    /// Every live flow of the event's metric sends one mail, unless its profile may not be mailed.
    fn start_flows(&mut self, event: usize) {
        let event = &self.events[event];
        let metric = &self.metrics[event.metric].name;
        let person = &self.profiles[event.profile];
        for flow in self.flows.iter().filter(|flow| flow.live && flow.metrics.iter().any(|m| m == metric)) {
            self.mails.push(Mail {
                at: self.now,
                flow: flow.name.clone(),
                metric: metric.clone(),
                event: event.id.clone(),
                profile: person.id.clone(),
                email: person.email.clone().unwrap_or_default(),
                sent: person.email.is_some() && person.consent.can_receive(),
                by: event.by,
            });
        }
    }

    /// Whether an event with this unique id of a person and metric is there or on its way.
    pub(crate) fn is_repeated(&self, submitted: &Submitted) -> bool {
        let key = submitted.key();
        let on_its_way = self.pending.values().any(|other| {
            other.metric == submitted.metric && other.person == submitted.person && other.key() == key
        });
        let metric = self.metrics.iter().position(|m| m.name == submitted.metric && m.is_sent());
        let there = self.find_profile(&submitted.person).zip(metric);
        on_its_way || there.is_some_and(|(profile, metric)| self.known.contains(&(profile, metric, key)))
    }
}
