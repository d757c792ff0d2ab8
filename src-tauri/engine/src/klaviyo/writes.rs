//! What is sent: one event, one profile. Only actions call this.
//!
//! One event at a time: a bulk job that repeats a unique id is refused whole (developers.klaviyo.com, events overview).

use serde_json::{Map, Number, Value, json};

use super::endpoints::{CREATE_EVENT, IMPORT_PROFILE};
use super::{Klaviyo, KlaviyoError, Page};
use crate::domain::action::ActionId;
use crate::domain::money::decimal;

/// An event to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// The metric's name; made with its first event.
    pub metric: String,
    /// Whose it is.
    pub email: String,
    /// When it happened, unix seconds.
    pub at: i64,
    /// What it is worth: minor units and currency.
    pub value: Option<(i64, String)>,
    /// Of one unique id of a person and metric Klaviyo keeps the first alone.
    pub unique_id: String,
    /// Recorded, and no flow starts: nobody is mailed.
    pub backfill: bool,
    /// Properties of the event.
    pub properties: Map<String, Value>,
    /// Properties of the person, changed with it.
    pub profile_properties: Map<String, Value>,
}

impl NewEvent {
    /// The document that is sent.
    pub fn document(&self) -> Value {
        let time = chrono::DateTime::from_timestamp(self.at, 0).unwrap_or_default();
        let mut attributes = json!({
            "properties": self.properties,
            "time": time.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "unique_id": self.unique_id,
            "backfill": self.backfill,
            "metric": {"data": {"type": "metric", "attributes": {"name": self.metric}}},
            "profile": {"data": {"type": "profile", "attributes": person(&self.email, &self.profile_properties)}},
        });
        if let Some((minor, currency)) = &self.value {
            // Major units, as Klaviyo counts: 9.99, and 500 of a currency without decimals.
            let major = decimal(*minor, currency).parse::<f64>().ok().and_then(Number::from_f64);
            attributes["value"] = major.map_or(Value::Null, Value::Number);
            attributes["value_currency"] = currency.to_uppercase().into();
        }
        json!({"data": {"type": "event", "attributes": attributes}})
    }
}

/// The document of an event with other properties of the person.
pub fn with_person(document: &Value, properties: &Map<String, Value>) -> Value {
    let mut document = document.clone();
    let of = &mut document["data"]["attributes"]["profile"]["data"]["attributes"];
    let email = of["email"].as_str().unwrap_or_default().to_owned();
    *of = person(&email, properties);
    document
}

/// A profile to be made, or changed where there is one of that e-mail.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileChange {
    /// Whose it is.
    pub email: String,
    /// Properties to set; null clears one, and those left out stay.
    pub properties: Map<String, Value>,
}

impl ProfileChange {
    /// The document that is sent.
    pub fn document(&self) -> Value {
        json!({"data": {"type": "profile", "attributes": person(&self.email, &self.properties)}})
    }
}

fn person(email: &str, properties: &Map<String, Value>) -> Value {
    let mut attributes = json!({"email": email});
    if !properties.is_empty() {
        attributes["properties"] = Value::Object(properties.clone());
    }
    attributes
}

/// What became of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Its id.
    pub id: String,
    /// It was not there before.
    pub made: bool,
}

impl Klaviyo {
    /// Sends the document of an event ([`NewEvent::document`]). That Klaviyo took it does not say that it is there: what is there
    /// is read back.
    ///
    /// # Errors
    /// Klaviyo refused, or could not be asked.
    pub async fn send_event(&self, _by: &ActionId, event: &Value) -> Result<(), KlaviyoError> {
        // The unique id makes one of however many come.
        let told = !event["data"]["attributes"]["unique_id"].as_str().unwrap_or_default().is_empty();
        self.post(&CREATE_EVENT, event, told).await.map(drop)
    }

    /// Makes or changes a profile, by its document ([`ProfileChange::document`]).
    ///
    /// # Errors
    /// Klaviyo refused, or could not be asked.
    pub async fn import_profile(&self, _by: &ActionId, change: &Value) -> Result<Imported, KlaviyoError> {
        let answer = self.post(&IMPORT_PROFILE, change, true).await?;
        let page = Page::read(&answer)?;
        let profile = page.data.first().ok_or(KlaviyoError::Unexpected)?;
        Ok(Imported { id: profile.id().to_owned(), made: answer.status == 201 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_written_as_the_specification_has_it() {
        let event = NewEvent {
            metric: "Preorder Started".to_owned(),
            email: "ann@example.com".to_owned(),
            at: 1_772_366_400,
            value: Some((129_900, "eur".to_owned())),
            unique_id: "pre_1:started".to_owned(),
            backfill: true,
            properties: Map::from_iter([("color".to_owned(), json!("blue"))]),
            profile_properties: Map::from_iter([("yoyo_color".to_owned(), json!("blue"))]),
        };
        let wanted = json!({"data": {"type": "event", "attributes": {
            "properties": {"color": "blue"},
            "time": "2026-03-01T12:00:00Z",
            "value": 1299.0,
            "value_currency": "EUR",
            "unique_id": "pre_1:started",
            "backfill": true,
            "metric": {"data": {"type": "metric", "attributes": {"name": "Preorder Started"}}},
            "profile": {"data": {"type": "profile", "attributes": {
                "email": "ann@example.com", "properties": {"yoyo_color": "blue"}}}},
        }}});
        assert_eq!(event.document(), wanted);
        let of = |minor: i64, currency: &str| {
            let value = Some((minor, currency.to_owned()));
            NewEvent { value, ..event.clone() }.document()["data"]["attributes"]["value"].as_f64()
        };
        assert_eq!(
            (of(999, "usd"), of(500, "jpy"), of(1_234, "kwd")),
            (Some(9.99), Some(500.0), Some(1.234))
        );
        let free = NewEvent { value: None, profile_properties: Map::new(), ..event.clone() };
        let document = free.document();
        assert_eq!(
            with_person(&document, &event.profile_properties),
            NewEvent { value: None, ..event.clone() }.document()
        );
        assert_eq!(with_person(&NewEvent { value: None, ..event }.document(), &Map::new()), document);
        assert_eq!(document["data"]["attributes"].get("value"), None);
        assert_eq!(
            document["data"]["attributes"]["profile"]["data"]["attributes"],
            json!({"email": "ann@example.com"})
        );
    }
}
