//! Everything that POST and PATCH do.

use super::answer::{Asked, Denial};
use super::ask::Ask;
use super::reads::subscriptions;
use super::render;
use crate::klaviyo::account::{Account, read_instant};
use crate::klaviyo::events::{SentBy, Submitted};
use crate::klaviyo::profiles::Given;
use serde_json::{Map, Value, json};

/// Status and body of an accepted write; no body is an empty answer.
pub(super) type Done = (u16, Option<Value>);

/// The first revision that knows `backfill`; before it the word says nothing, and flows start.
const BACKFILL_SINCE: &str = "2026-04-15";
/// Since this revision an event may be older than the year 2000.
const OLDER_SINCE: &str = "2026-07-15";
const YEAR_1990: i64 = 631_152_000;
const YEAR_2000: i64 = 946_684_800;
const MOST_PROPERTIES: usize = 400;
const MOST_IN_BULK: usize = 1_000;

/// Applies a write.
pub(super) fn write(account: &mut Account, ask: &Ask<'_>) -> Asked<Done> {
    match (ask.route.method, ask.segments.as_slice()) {
        ("POST", ["events"]) => {
            let data = ask.data("event")?;
            let attributes = object(&data, "attributes", "/data/attributes")?;
            let person = person(attributes, "/data/attributes/profile")?;
            let event = event(account, ask, attributes, &person, false, "/data/attributes")?;
            account.submit(event);
            Ok((202, None))
        }
        ("POST", ["event-bulk-create-jobs"]) => bulk(account, ask),
        ("POST", ["profiles"]) => create_profile(account, ask),
        ("POST", ["profile-import"]) => import_profile(account, ask),
        ("PATCH", ["profiles", _]) => patch_profile(account, ask),
        _ => Err(Denial::no_such_page()),
    }
}

fn object<'a>(within: &'a Map<String, Value>, name: &str, pointer: &str) -> Asked<&'a Map<String, Value>> {
    within
        .get(name)
        .and_then(Value::as_object)
        .ok_or_else(|| Denial::invalid(format!("'{name}' is a required field.")).at(pointer))
}

/// A person as a body names them, and what it says about them.
#[derive(Debug, Clone)]
struct Person {
    given: Given,
    attributes: Map<String, Value>,
}

fn person(attributes: &Map<String, Value>, pointer: &str) -> Asked<Person> {
    let profile = object(attributes, "profile", pointer)?;
    let data = object(profile, "data", &format!("{pointer}/data"))?;
    who(data, &format!("{pointer}/data"))
}

fn who(data: &Map<String, Value>, pointer: &str) -> Asked<Person> {
    let empty = Map::new();
    let attributes = data.get("attributes").and_then(Value::as_object).unwrap_or(&empty).clone();
    let text = |name: &str| {
        attributes.get(name).and_then(Value::as_str).filter(|t| !t.is_empty()).map(str::to_owned)
    };
    let given = Given {
        id: data.get("id").and_then(Value::as_str).map(str::to_owned),
        email: text("email"),
        phone_number: text("phone_number"),
        external_id: text("external_id"),
    };
    if let Some(email) = &given.email
        && !is_email(email)
    {
        return Err(Denial::invalid("Invalid email address").at(&format!("{pointer}/attributes/email")));
    }
    Ok(Person { given, attributes })
}

fn is_email(text: &str) -> bool {
    let parts = text.trim().split_once('@');
    parts.is_some_and(|(local, host)| !local.is_empty() && host.contains('.') && !text.trim().contains(' '))
}

impl Person {
    /// Refuses somebody whom nothing names.
    fn named(self, pointer: &str) -> Asked<Person> {
        let Given { id, email, phone_number, external_id } = &self.given;
        if [id, email, phone_number, external_id].iter().all(|one| one.is_none()) {
            let detail =
                "One of the following identifiers is required: id, email, phone_number, external_id.";
            return Err(Denial::invalid(detail).at(pointer));
        }
        Ok(self)
    }
}

fn event(
    account: &Account,
    ask: &Ask<'_>,
    attributes: &Map<String, Value>,
    person: &Person,
    backfill: bool,
    pointer: &str,
) -> Asked<Submitted> {
    let wrong =
        |field: &str, detail: &str| Denial::invalid(detail.to_owned()).at(&format!("{pointer}/{field}"));
    let person = person.clone().named(&format!("{pointer}/profile/data/attributes"))?;
    let metric = attributes
        .get("metric")
        .and_then(|metric| metric["data"]["attributes"]["name"].as_str())
        .filter(|name| !name.is_empty() && name.chars().count() < 128)
        .ok_or_else(|| {
            wrong("metric/data/attributes/name", "A metric name of less than 128 characters is required.")
        })?;
    let properties = object(attributes, "properties", &format!("{pointer}/properties"))?;
    if properties.len() > MOST_PROPERTIES {
        return Err(wrong("properties", "An event can have at most 400 properties."));
    }
    let time = match attributes.get("time") {
        None | Some(Value::Null) => account.now,
        Some(time) => time
            .as_str()
            .and_then(read_instant)
            .ok_or_else(|| wrong("time", "Invalid time: an ISO 8601 datetime is required."))?,
    };
    let earliest = if ask.revision.as_str() < OLDER_SINCE { YEAR_2000 } else { YEAR_1990 };
    if time < earliest || time > account.now + 366 * 86_400 {
        return Err(wrong("time", "The time is too far in the past or in the future."));
    }
    let value = match attributes.get("value") {
        None | Some(Value::Null) => None,
        Some(value) => Some(value.as_f64().ok_or_else(|| wrong("value", "A valid number is required."))?),
    };
    let text = |name: &str| match attributes.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            value.as_str().map(|v| Some(v.to_owned())).ok_or_else(|| wrong(name, "Not a valid string."))
        }
    };
    let currency = text("value_currency")?;
    if currency.as_ref().is_some_and(|c| c.len() != 3 || !c.bytes().all(|b| b.is_ascii_alphabetic())) {
        return Err(wrong("value_currency", "An ISO 4217 currency code is required."));
    }
    let own = attributes.get("backfill").and_then(Value::as_bool).unwrap_or(backfill);
    Ok(Submitted {
        metric: metric.to_owned(),
        person: person.given,
        attributes: person.attributes,
        properties: properties.clone(),
        time,
        value,
        currency: currency.map(|c| c.to_ascii_uppercase()),
        unique_id: text("unique_id")?,
        backfill: own && ask.revision.as_str() >= BACKFILL_SINCE,
        by: SentBy::Api,
        received_at: account.now,
    })
}

/// All of them, or none: one that is there already, or twice in the job, makes the whole request fail.
fn bulk(account: &mut Account, ask: &Ask<'_>) -> Asked<Done> {
    let data = ask.data("event-bulk-create-job")?;
    let pointer = "/data/attributes/events-bulk-create";
    let attributes = object(&data, "attributes", "/data/attributes")?;
    let groups = attributes.get("events-bulk-create").and_then(|bulk| bulk["data"].as_array());
    let groups =
        groups.ok_or_else(|| Denial::invalid("'events-bulk-create' is a required field.").at(pointer))?;
    let mut all: Vec<Submitted> = Vec::new();
    for (n, group) in groups.iter().enumerate() {
        let pointer = format!("{pointer}/data/{n}/attributes");
        let group = group["attributes"].as_object();
        let group = group.ok_or_else(|| Denial::invalid("'attributes' is a required field.").at(&pointer))?;
        let person = person(group, &format!("{pointer}/profile"))?;
        let backfill = group.get("backfill").and_then(Value::as_bool).unwrap_or(false);
        let events = group.get("events").and_then(|events| events["data"].as_array());
        for one in events.into_iter().flatten() {
            let own = one["attributes"].as_object();
            let own = own.ok_or_else(|| Denial::invalid("'attributes' is a required field.").at(&pointer))?;
            all.push(event(account, ask, own, &person, backfill, &pointer)?);
        }
    }
    if all.is_empty() || all.len() > MOST_IN_BULK {
        return Err(Denial::invalid("Between 1 and 1000 events are required.").at(pointer));
    }
    for (n, one) in all.iter().enumerate() {
        let same = |other: &Submitted| {
            other.metric == one.metric && other.person == one.person && other.key() == one.key()
        };
        if account.is_repeated(one) || all[..n].iter().any(same) {
            let detail = format!("An event with unique_id '{}' was already recorded.", one.key());
            return Err(Denial::invalid(detail).at(pointer));
        }
    }
    all.into_iter().for_each(|one| account.submit(one));
    Ok((202, None))
}

fn create_profile(account: &mut Account, ask: &Ask<'_>) -> Asked<Done> {
    let person = who(&ask.data("profile")?, "/data")?.named("/data/attributes")?;
    if let Some(place) = account.find_profile(&person.given) {
        return Err(Denial::duplicate(&account.profiles[place].id));
    }
    let place = account.upsert(&person.given, &person.attributes);
    Ok((201, Some(shown(account, place, ask))))
}

/// Makes or changes a profile. Identifiers of two different people are a conflict.
fn import_profile(account: &mut Account, ask: &Ask<'_>) -> Asked<Done> {
    let data = ask.data("profile")?;
    let person = who(&data, "/data")?.named("/data/attributes")?;
    if let Some(id) = &person.given.id
        && !account.by_profile_id.contains_key(id)
    {
        return Err(Denial::not_found("profile", id));
    }
    let known = account.find_profile(&person.given);
    conflict(account, known, &person.given)?;
    let place = account.upsert(&person.given, &person.attributes);
    unset(account, place, &data);
    Ok((if known.is_some() { 200 } else { 201 }, Some(shown(account, place, ask))))
}

fn patch_profile(account: &mut Account, ask: &Ask<'_>) -> Asked<Done> {
    let data = ask.data("profile")?;
    let id = ask.id();
    if data.get("id").and_then(Value::as_str) != Some(id) {
        return Err(
            Denial::invalid("The id of the resource does not match the id of the path.").at("/data/id")
        );
    }
    let place = *account.by_profile_id.get(id).ok_or_else(|| Denial::not_found("profile", id))?;
    let person = who(&data, "/data")?;
    conflict(account, Some(place), &person.given)?;
    account.change_profile(place, &person.attributes);
    unset(account, place, &data);
    Ok((200, Some(shown(account, place, ask))))
}

fn conflict(account: &Account, own: Option<usize>, given: &Given) -> Asked<()> {
    let by_email = given
        .email
        .clone()
        .and_then(|email| account.find_profile(&Given { email: Some(email), ..Given::default() }));
    let by_other = [(given.external_id.as_deref(), None), (None, given.phone_number.as_deref())]
        .into_iter()
        .filter_map(|(external, phone)| account.profile_with(external, phone));
    match by_email.into_iter().chain(by_other).find(|place| own.is_some_and(|own| own != *place)) {
        Some(place) => Err(Denial::duplicate(&account.profiles[place].id)),
        None => Ok(()),
    }
}

/// `meta.patch_properties.unset` takes properties away.
fn unset(account: &mut Account, place: usize, data: &Map<String, Value>) {
    let unset = data.get("meta").map(|meta| meta["patch_properties"]["unset"].clone()).unwrap_or_default();
    let names: Vec<String> = match unset {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let gone: Map<String, Value> = names.into_iter().map(|name| (name, Value::Null)).collect();
    account.change_profile(place, &Map::from_iter([("properties".to_owned(), Value::Object(gone))]));
}

fn shown(account: &Account, place: usize, ask: &Ask<'_>) -> Value {
    json!({ "data": render::profile(&account.profiles[place], subscriptions(ask), ask.base) })
}
