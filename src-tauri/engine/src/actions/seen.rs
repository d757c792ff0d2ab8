//! What Klaviyo shows, as it is kept: events, and the people they are of.

use super::tell::OUR_MARK;
use crate::domain::email::normalize;
use crate::domain::klaviyo::OrderEvent;
use crate::domain::settings::Settings;
use crate::facts::klaviyo_events::Seen;
use crate::facts::klaviyo_people::Person;
use crate::klaviyo::{SeenEvent, SeenPerson};

/// An event as it is kept; None for one without profile or time.
pub fn seen_of(event: &SeenEvent, kind: OrderEvent, metric: &str, settings: &Settings) -> Option<Seen> {
    let properties = &event.properties;
    let text = |name: &str| {
        properties[name].as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let first = |names: &[String]| names.iter().find_map(|name| text(name));
    let value = &properties["$value"];
    let value = value.as_f64().map(|_| value.to_string()).or_else(|| text("$value"));
    Some(Seen {
        event_id: event.id.clone(),
        kind,
        metric: metric.to_owned(),
        profile_id: event.profile.clone()?,
        at: event.at?,
        unique_id: text("$event_id"),
        label: text("preorder_id").or_else(|| first(&settings.metadata.preorder_id)),
        value,
        currency: text("$currency_code").map(|code| code.to_lowercase()),
        color: first(&settings.metadata.color),
        ours: text(OUR_MARK).is_some(),
    })
}

/// The people of these addresses as they are kept, those without a profile among them.
pub fn people_of(emails: &[String], found: &[SeenPerson], now: i64) -> Vec<Person> {
    let person = |email: &String| {
        let one = found.iter().find(|one| normalize(&one.email).as_ref() == Some(email));
        Person {
            email: email.clone(),
            profile_id: one.map(|one| one.id.clone()),
            subscription: one.and_then(|one| one.consent.as_ref()).map(|word| word.to_lowercase()),
            suppressed: one.is_some_and(|one| one.suppressed),
            properties: one.map_or_else(|| "{}".to_owned(), |one| one.properties.to_string()),
            seen_at: now,
        }
    };
    emails.iter().map(person).collect()
}
