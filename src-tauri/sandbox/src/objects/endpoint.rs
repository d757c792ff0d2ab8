//! Webhook endpoints. Deliveries to them are simulated: nothing leaves this process.

use crate::json::{Json, Metadata};
use serde::{Deserialize, Serialize};

/// How the shop's server behind a webhook endpoint behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Takes every delivery a few seconds after the event.
    Healthy,
    /// Takes a delivery this many seconds after the event.
    Slow(i64),
    /// Refuses every delivery, until told otherwise.
    Failing,
}

#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub id: String,
    pub created: i64,
    pub url: String,
    pub enabled: bool,
    pub enabled_events: Vec<String>,
    pub description: Option<String>,
    pub api_version: Option<String>,
    pub metadata: Metadata,
    pub secret: String,
    pub health: Health,
}

impl Endpoint {
    /// Whether an event of this type goes to this endpoint.
    pub(crate) fn takes(&self, event_type: &str) -> bool {
        self.enabled && self.enabled_events.iter().any(|t| t == "*" || t == event_type)
    }

    pub(crate) fn write(&self, j: &mut Json, livemode: bool) {
        self.write_with(j, livemode, false);
    }

    /// Writes the endpoint; only the answer to its creation carries the secret.
    pub(crate) fn write_with(&self, j: &mut Json, livemode: bool, secret: bool) {
        j.object(|j| {
            j.text("id", &self.id);
            j.text("object", "webhook_endpoint");
            j.opt("api_version", self.api_version.as_deref());
            j.null(&["application"]);
            j.int("created", self.created);
            j.opt("description", self.description.as_deref());
            j.key("enabled_events");
            j.array(&self.enabled_events, |j, name| j.string(name));
            j.flag("livemode", livemode);
            j.metadata(&self.metadata);
            if secret {
                j.text("secret", &self.secret);
            }
            j.text("status", if self.enabled { "enabled" } else { "disabled" });
            j.text("url", &self.url);
        });
    }
}
