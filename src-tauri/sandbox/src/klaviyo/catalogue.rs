//! What an account has from the start: metrics of its integrations, custom metrics, flows, lists, segments.

use super::account::Account;
use super::activity::{Counted, Reported};
use serde_json::{Value, json};

/// Names under which a shop's own site or its console tell that a preorder was started.
pub const STARTED: [&str; 2] = ["Preorder Started", "Rolitt Preorder Started"];
/// Names under which they tell that it was paid.
pub const SUCCESS: [&str; 2] = ["Preorder Success", "Rolitt Preorder Success"];

/// An integration: id, key, name, category. Ids and keys are the same for every account.
type Integration = (&'static str, &'static str, &'static str, &'static str);
const OWN: Integration = ("0rG4eQ", "klaviyo", "Klaviyo", "Internal");
const SHOPIFY: Integration = ("0eMvjm", "shopify", "Shopify", "eCommerce");
const API: Integration = ("7FtS4J", "api", "API", "API");

/// Names repeat: Klaviyo's own clicks, and those that somebody sends.
const STANDING: [(&str, Integration); 14] = [
    ("Received Email", OWN),
    ("Opened Email", OWN),
    ("Clicked Email", OWN),
    ("Bounced Email", OWN),
    ("Unsubscribed", OWN),
    ("Subscribed to List", OWN),
    ("Checkout Started", SHOPIFY),
    ("Placed Order", SHOPIFY),
    ("Ordered Product", SHOPIFY),
    ("Fulfilled Order", SHOPIFY),
    ("Refunded Order", SHOPIFY),
    ("Placed Order", API),
    ("Clicked Email", API),
    ("Active on Site", API),
];

#[derive(Debug, Clone)]
pub(crate) struct Metric {
    pub id: String,
    pub name: String,
    pub created: i64,
    integration: Integration,
}

impl Metric {
    /// Whether it is one of those whose events are sent with a private key.
    pub(crate) fn is_sent(&self) -> bool {
        self.integration.1 == API.1
    }

    pub(crate) fn integration(&self) -> Value {
        let (id, key, name, category) = self.integration;
        json!({ "object": "integration", "id": id, "key": key, "name": name, "category": category })
    }
}

#[derive(Debug, Clone)]
pub(crate) struct CustomMetric {
    pub id: String,
    pub name: &'static str,
    pub created: i64,
    pub of: String,
}

/// What sends mail when an event of a metric comes.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    pub name: String,
    pub metrics: Vec<String>,
    pub live: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct NamedList {
    pub id: String,
    pub name: String,
    pub created: i64,
    pub members: Vec<usize>,
}

/// Who belongs to a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Belongs {
    /// Started a preorder and has no success event.
    Abandoned,
    /// Has a success event.
    Successful,
    /// May be mailed.
    Mailable,
}

#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub id: String,
    pub name: &'static str,
    pub created: i64,
    pub belongs: Belongs,
}

impl Account {
    /// Everything that is there before anybody asks.
    pub(super) fn found(&mut self) {
        for (name, integration) in STANDING {
            self.new_metric(name, integration, self.created);
        }
        for n in 1..=self.config.more_metrics {
            self.new_metric(&format!("Practice metric {n}"), API, self.created + i64::from(n));
        }
        let placed_order = self.metrics.iter().find(|m| m.name == "Placed Order").map(|m| m.id.clone());
        for name in ["Repeat purchases", "Large orders"] {
            let (a, b) = (self.next_word(), self.next_word());
            self.custom_metrics.push(CustomMetric {
                id: format!("{a:016x}{b:016x}"),
                name,
                created: self.created,
                of: placed_order.clone().unwrap_or_default(),
            });
        }
        self.mapped = vec![("revenue", placed_order), ("started_checkout", None), ("refunded_sales", None)];
        self.flows = vec![
            flow("Preorder reminders", &STARTED),
            flow("Preorder thanks", &SUCCESS),
            Flow { live: false, ..flow("Preorder survey", &SUCCESS) },
        ];
        for name in ["Newsletter", "Launch day", "Workshop friends"] {
            let id = self.mint("", 6);
            let (name, created) = (name.to_owned(), self.created);
            self.lists.push(NamedList { id, name, created, members: Vec::new() });
        }
        for (name, belongs) in [
            ("Preorder abandoned", Belongs::Abandoned),
            ("Preorder successful", Belongs::Successful),
            ("Can be mailed", Belongs::Mailable),
        ] {
            let id = self.mint("", 6);
            self.segments.push(Segment { id, name, created: self.created, belongs });
        }
    }

    /// Everything of a kind that reports are about.
    pub(crate) fn counted(&self, reported: Reported) -> Vec<Counted> {
        if reported != Reported::Segments {
            return self.activity.things(reported, self.now);
        }
        let counted = |segment: &Segment| Counted {
            id: segment.id.clone(),
            name: segment.name.to_owned(),
            message: String::new(),
            channel: "",
            created: segment.created,
            status: "active",
            archived: false,
            sent_at: None,
        };
        self.segments.iter().map(counted).collect()
    }

    fn next_word(&mut self) -> u64 {
        rand::Rng::random(&mut self.rng)
    }

    fn new_metric(&mut self, name: &str, integration: Integration, created: i64) -> usize {
        let id = self.mint("", 6);
        self.metrics.push(Metric { id, name: name.to_owned(), created, integration });
        self.metrics.len() - 1
    }

    /// The metric that an event sent with a private key belongs to; its first event makes it.
    pub(super) fn metric_named(&mut self, name: &str) -> usize {
        match self.metrics.iter().position(|m| m.name == name && m.is_sent()) {
            Some(place) => place,
            None => self.new_metric(name, API, self.now),
        }
    }

    /// The profiles of a segment, as of now.
    pub(crate) fn members_of(&self, segment: &Segment) -> Vec<usize> {
        let has = |profile: usize, names: &[&str]| {
            self.by_profile.get(&profile).is_some_and(|events| {
                events.iter().any(|&e| names.contains(&self.metrics[self.events[e].metric].name.as_str()))
            })
        };
        (0..self.profiles.len())
            .filter(|&profile| match segment.belongs {
                Belongs::Abandoned => has(profile, &STARTED) && !has(profile, &SUCCESS),
                Belongs::Successful => has(profile, &SUCCESS),
                Belongs::Mailable => self.profiles[profile].consent.can_receive(),
            })
            .collect()
    }
}

fn flow(name: &str, metrics: &[&str]) -> Flow {
    Flow { name: name.to_owned(), metrics: metrics.iter().map(|&m| m.to_owned()).collect(), live: true }
}
