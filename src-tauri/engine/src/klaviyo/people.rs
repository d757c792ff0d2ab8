//! What is known of many people at once, and every event of a metric.

use std::time::Duration;

use serde_json::Value;

use super::document::text;
use super::endpoints::{EVENTS, PROFILES};
use super::pages::{EventPages, Pages};
use super::{Klaviyo, KlaviyoError, Resource};
use crate::http::encode_segment;

/// Addresses that one request names at most; each of up to 254 characters, so that the URL stays short.
pub const PEOPLE_AT_ONCE: usize = 25;
/// Events of one request.
const PAGE: usize = 1_000;
/// How soon a name that no metric had is looked for again.
const NAMES_KEPT: Duration = Duration::from_secs(4);
/// Pages of people of one request; each address has one profile.
const PEOPLE_PAGES: usize = 3;

/// A person with their wishes.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenPerson {
    /// Their profile.
    pub id: String,
    /// Their address, as Klaviyo writes it.
    pub email: String,
    /// `SUBSCRIBED`, `UNSUBSCRIBED`, `NEVER_SUBSCRIBED`, where it is told.
    pub consent: Option<String>,
    /// Klaviyo mails them nothing: bounced, complained, suppressed by hand.
    pub suppressed: bool,
    /// Their own properties.
    pub properties: Value,
}

impl Klaviyo {
    /// Finds the people of up to [`PEOPLE_AT_ONCE`] addresses; those without a profile are left out.
    ///
    /// # Errors
    /// Klaviyo refused, or could not be asked.
    pub async fn find_people(&self, emails: &[String]) -> Result<Vec<SeenPerson>, KlaviyoError> {
        let quoted: Vec<String> = emails
            .iter()
            .map(|email| format!("\"{}\"", email.replace('\\', "\\\\").replace('"', "\\\"")))
            .collect();
        let filter = format!("any(email,[{}])", quoted.join(","));
        let query = format!(
            "filter={}&additional-fields%5Bprofile%5D=subscriptions&page%5Bsize%5D=100",
            encode_segment(&filter)
        );
        let listed = self.list(&PROFILES, query, PEOPLE_PAGES).await?;
        Ok(listed.rows.iter().filter_map(person).collect())
    }

    /// Names and ids of the metrics that have one of these names; several have, where several integrations use it.
    ///
    /// # Errors
    /// Klaviyo refused, or could not be asked.
    pub async fn metric_ids(&self, names: &[&str]) -> Result<Vec<(String, String)>, KlaviyoError> {
        let mut kept = self.names.lock().await;
        let now = self.clock.monotonic();
        let knows =
            |all: &[(String, String)]| names.iter().all(|name| all.iter().any(|(known, _)| known == name));
        // A metric is there from its first event on: what is missing is asked for again, and not at once.
        let fresh = kept.as_ref().is_some_and(|(at, all)| knows(all) || *at + NAMES_KEPT > now);
        if !fresh {
            let listed = self.metrics().await?;
            *kept = Some((now, listed.rows.into_iter().map(|metric| (metric.name, metric.id)).collect()));
        }
        let all = kept.as_ref().map(|(_, all)| all.as_slice()).unwrap_or_default();
        Ok(all.iter().filter(|(name, _)| names.contains(&name.as_str())).cloned().collect())
    }

    /// Every event of a metric from an instant on, newest first, a page at a time.
    pub fn events_since(&self, metric: &str, since: i64) -> EventPages<'_> {
        let at = chrono::DateTime::from_timestamp(since, 0).unwrap_or_default();
        let filter = format!(
            "equals(metric_id,\"{}\"),greater-or-equal(datetime,{})",
            metric.replace('\\', "\\\\").replace('"', "\\\""),
            at.format("%Y-%m-%dT%H:%M:%SZ")
        );
        let query = format!("filter={}&sort=-datetime&page%5Bsize%5D={PAGE}", encode_segment(&filter));
        EventPages(Pages::new(self, &EVENTS, query))
    }
}

fn person(row: &Resource) -> Option<SeenPerson> {
    let marketing = &row.attribute("subscriptions")["email"]["marketing"];
    let suppression = marketing["suppression"].as_array().is_some_and(|all| !all.is_empty());
    Some(SeenPerson {
        id: row.id().to_owned(),
        email: row.text("email")?,
        consent: text(&marketing["consent"]),
        suppressed: suppression,
        properties: row.attribute("properties").clone(),
    })
}
