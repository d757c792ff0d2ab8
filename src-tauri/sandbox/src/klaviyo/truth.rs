//! What is true of the account, apart from what it serves: events that really exist, and mails that went out.

use super::account::Account;
use super::events::{SentBy, Submitted};
use serde::Serialize;
use serde_json::{Map, Value};

/// A mail that a flow sent, or would have sent to somebody who may be mailed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mail {
    /// World time.
    pub at: i64,
    /// The flow's name.
    pub flow: String,
    /// The metric whose event started it.
    pub metric: String,
    /// That event.
    pub event: String,
    /// To whom: the profile.
    pub profile: String,
    /// To whom: the address.
    pub email: String,
    /// Whether it went out; not to somebody who unsubscribed or is suppressed.
    pub sent: bool,
    /// Who sent the event.
    pub by: SentBy,
}

/// An event that exists.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrueEvent {
    /// Its id; empty for one that was never processed.
    pub id: String,
    /// The metric's name.
    pub metric: String,
    /// The profile's e-mail now, in lower case.
    pub email: String,
    /// When it happened, unix seconds.
    pub time: i64,
    /// Major units.
    pub value: Option<f64>,
    /// Upper case.
    pub currency: Option<String>,
    /// What it was told from others by.
    pub unique_id: String,
    /// Whether flows left it alone.
    pub backfill: bool,
    /// Who sent it.
    pub by: SentBy,
    /// World time at which it was accepted.
    pub received_at: i64,
    /// World time at which it was processed; 0 for one that was not.
    pub processed_at: i64,
    /// Its properties as they were sent.
    pub properties: Map<String, Value>,
}

/// Everything that is true of the account.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct KlaviyoTruth {
    /// Events that exist, in the order in which they were processed.
    pub events: Vec<TrueEvent>,
    /// Events that were accepted and are on their way.
    pub on_their_way: Vec<TrueEvent>,
    /// Events that were accepted and dropped because their unique id was there already.
    pub repeated: Vec<TrueEvent>,
    /// Events that were accepted and will never be there.
    pub lost: Vec<TrueEvent>,
    /// Mails of flows, in order.
    pub mails: Vec<Mail>,
}

impl KlaviyoTruth {
    /// The events of an address under any of these names.
    pub fn events_of(&self, email: &str, metrics: &[&str]) -> Vec<&TrueEvent> {
        let email = super::profiles::plain(email);
        self.events.iter().filter(|e| e.email == email && metrics.contains(&e.metric.as_str())).collect()
    }

    /// Mails that really went to an address.
    pub fn mails_to(&self, email: &str) -> Vec<&Mail> {
        let email = super::profiles::plain(email);
        self.mails.iter().filter(|mail| mail.sent && mail.email == email).collect()
    }
}

impl Account {
    pub(crate) fn truth(&self) -> KlaviyoTruth {
        let there = self.events.iter().map(|e| TrueEvent {
            id: e.id.clone(),
            metric: self.metrics[e.metric].name.clone(),
            email: self.profiles[e.profile].email.clone().unwrap_or_default(),
            time: e.time,
            value: e.value,
            currency: e.currency.clone(),
            unique_id: e.unique_id.clone(),
            backfill: e.backfill,
            by: e.by,
            received_at: e.received_at,
            processed_at: e.processed_at,
            properties: e.properties.clone(),
        });
        // What the shop has yet to send is nothing yet.
        let on_their_way = self.pending.values().filter(|s| s.received_at <= self.now);
        KlaviyoTruth {
            events: there.collect(),
            on_their_way: on_their_way.map(|s| self.unprocessed(s)).collect(),
            repeated: self.repeated.iter().map(|s| self.unprocessed(s)).collect(),
            lost: self.lost.iter().map(|s| self.unprocessed(s)).collect(),
            mails: self.mails.clone(),
        }
    }

    fn unprocessed(&self, submitted: &Submitted) -> TrueEvent {
        let known = self.find_profile(&submitted.person).and_then(|place| self.profiles[place].email.clone());
        let given = submitted.person.email.as_deref().map(super::profiles::plain);
        TrueEvent {
            id: String::new(),
            metric: submitted.metric.clone(),
            email: known.or(given).unwrap_or_default(),
            time: submitted.time,
            value: submitted.value,
            currency: submitted.currency.clone(),
            unique_id: submitted.key(),
            backfill: submitted.backfill,
            by: submitted.by,
            received_at: submitted.received_at,
            processed_at: 0,
            properties: submitted.properties.clone(),
        }
    }
}
