//! Everything that is read: the account, its metrics and lists, and what is known of a person.

use serde_json::Value;

use super::document::text;
use super::endpoints::{ACCOUNTS, CUSTOM_METRICS, EVENTS, LISTS, MAPPED_METRICS, METRICS, PROFILES, SEGMENT};
use super::pages::Listed;
use super::{Klaviyo, KlaviyoError, Resource};
use crate::domain::klaviyo::{KlaviyoAccount, KlaviyoIntegration, KlaviyoList, KlaviyoLists, KlaviyoMetric};
use crate::http::encode_segment;

/// Pages of metrics that are read at most, 200 each.
const METRIC_PAGES: usize = 25;
/// Pages of lists that are counted at most, 10 each.
const LIST_PAGES: usize = 30;
/// Lists shown as samples.
const SAMPLES: usize = 5;
/// Pages of one person's events of one metric that are read at most.
const EVENT_PAGES: usize = 10;

/// An event as it is there.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenEvent {
    /// Its id.
    pub id: String,
    /// Its metric.
    pub metric: Option<String>,
    /// Its profile.
    pub profile: Option<String>,
    /// When it happened, unix seconds.
    pub at: Option<i64>,
    /// Its properties, `$value` and `$event_id` among them.
    pub properties: Value,
}

impl SeenEvent {
    pub(super) fn read(row: &Resource) -> Self {
        Self {
            id: row.id().to_owned(),
            metric: row.related("metric"),
            profile: row.related("profile"),
            at: row.attribute("timestamp").as_i64(),
            properties: row.attribute("event_properties").clone(),
        }
    }
}

/// A profile as it is there.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenProfile {
    /// Its id.
    pub id: String,
    /// Its e-mail.
    pub email: Option<String>,
    /// Its own properties.
    pub properties: Value,
}

/// A segment as it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenSegment {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Profiles in it, by Klaviyo's own count; None where it does not say.
    pub count: Option<i64>,
    /// Klaviyo is still working it out: the count is that of before.
    pub is_processing: bool,
}

impl Klaviyo {
    /// The account of the key.
    ///
    /// # Errors
    /// Klaviyo refused, or could not be asked.
    pub async fn account(&self) -> Result<KlaviyoAccount, KlaviyoError> {
        let page = self.get(&ACCOUNTS, String::new()).await?;
        let account = page.data.first().ok_or(KlaviyoError::Unexpected)?;
        let contact = account.attribute("contact_information");
        let public_id = account.text("public_api_key").unwrap_or_else(|| account.id().to_owned());
        Ok(KlaviyoAccount {
            name: text(&contact["organization_name"]).unwrap_or_else(|| public_id.clone()),
            public_id,
            time_zone: account.text("timezone"),
            currency: account.text("preferred_currency"),
            test_account: account.attribute("test_account").as_bool().unwrap_or_default(),
        })
    }

    /// Metrics of integrations.
    ///
    /// # Errors
    /// Klaviyo refused, or could not be asked.
    pub async fn metrics(&self) -> Result<Listed<KlaviyoMetric>, KlaviyoError> {
        let listed = self.list(&METRICS, String::new(), METRIC_PAGES).await?;
        let rows = listed.rows.iter().map(|row| metric(row, false)).collect();
        Ok(Listed { rows, complete: listed.complete })
    }

    /// Metrics defined over other metrics. They have no integration, and their list no pages.
    ///
    /// # Errors
    /// Klaviyo refused, or could not be asked.
    pub async fn custom_metrics(&self) -> Result<Vec<KlaviyoMetric>, KlaviyoError> {
        let page = self.get(&CUSTOM_METRICS, String::new()).await?;
        Ok(page.data.iter().map(|row| metric(row, true)).collect())
    }

    /// The metric or custom metric that the account counts its revenue by.
    ///
    /// # Errors
    /// Klaviyo refused, or could not be asked.
    pub async fn mapped_revenue(&self) -> Result<Option<String>, KlaviyoError> {
        let page = self.get(&MAPPED_METRICS, String::new()).await?;
        let revenue = page.data.iter().find(|row| row.id() == "revenue");
        Ok(revenue.and_then(|row| row.related("metric").or_else(|| row.related("custom-metric"))))
    }

    /// How many lists there are, and the first of them.
    ///
    /// # Errors
    /// Klaviyo refused, or could not be asked.
    pub async fn lists(&self) -> Result<KlaviyoLists, KlaviyoError> {
        let listed = self.list(&LISTS, String::new(), LIST_PAGES).await?;
        let name = |row: &Resource| row.text("name").unwrap_or_default();
        let sample = |row: &Resource| KlaviyoList { id: row.id().to_owned(), name: name(row) };
        Ok(KlaviyoLists {
            count: i64::try_from(listed.rows.len()).unwrap_or(i64::MAX),
            complete: listed.complete,
            samples: listed.rows.iter().take(SAMPLES).map(sample).collect(),
        })
    }

    /// What is there of one person and one metric, newest first.
    ///
    /// # Errors
    /// Klaviyo refused, or could not be asked.
    pub async fn events_of(&self, metric: &str, profile: &str) -> Result<Listed<SeenEvent>, KlaviyoError> {
        let filter = format!("{},{}", equals("metric_id", metric), equals("profile_id", profile));
        let query = format!("filter={}&sort=-datetime", encode_segment(&filter));
        let listed = self.list(&EVENTS, query, EVENT_PAGES).await?;
        Ok(Listed { rows: listed.rows.iter().map(SeenEvent::read).collect(), complete: listed.complete })
    }

    /// The profile with an e-mail.
    ///
    /// # Errors
    /// Klaviyo refused, or could not be asked.
    pub async fn find_profile(&self, email: &str) -> Result<Option<SeenProfile>, KlaviyoError> {
        let query = format!("filter={}", encode_segment(&equals("email", email)));
        let page = self.get(&PROFILES, query).await?;
        Ok(page.data.first().map(|row| SeenProfile {
            id: row.id().to_owned(),
            email: row.text("email"),
            properties: row.attribute("properties").clone(),
        }))
    }

    /// A segment with its count.
    ///
    /// # Errors
    /// Klaviyo has no such segment, refused, or could not be asked.
    pub async fn segment(&self, id: &str) -> Result<SeenSegment, KlaviyoError> {
        let query = "additional-fields%5Bsegment%5D=profile_count&fields%5Bsegment%5D=name%2Cprofile_count%2Cis_processing";
        let page = self.get_one(&SEGMENT, id, query.to_owned()).await?;
        let segment = page.data.first().ok_or(KlaviyoError::Unexpected)?;
        Ok(SeenSegment {
            id: segment.id().to_owned(),
            name: segment.text("name").unwrap_or_default(),
            count: segment.attribute("profile_count").as_i64(),
            is_processing: segment.attribute("is_processing").as_bool().unwrap_or_default(),
        })
    }
}

fn metric(row: &Resource, custom: bool) -> KlaviyoMetric {
    let from = row.attribute("integration");
    let integration = from.is_object().then(|| KlaviyoIntegration {
        id: text(&from["id"]),
        key: text(&from["key"]),
        name: text(&from["name"]),
        category: text(&from["category"]),
    });
    KlaviyoMetric::new(row.id().to_owned(), row.text("name").unwrap_or_default(), integration, custom)
}

/// A condition of a filter; nothing in the value ends the quotes around it.
fn equals(field: &str, value: &str) -> String {
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
    format!("equals({field},\"{escaped}\")")
}

#[cfg(test)]
mod tests {
    use super::equals;

    #[test]
    fn a_value_stays_in_its_quotes() {
        assert_eq!(equals("email", "a\"),any(x\\"), r#"equals(email,"a\"),any(x\\")"#);
    }
}
