//! The verdict on one order's event, and on what the person's profile says of the order.

use super::event_check::{CheckTerms, Told};
use crate::db::{Connection, DbResult};
use crate::domain::klaviyo::{EventVerdict, OrderEvent};
use crate::domain::money::{exponent, parse_decimal};
use crate::facts::klaviyo_events::{ChoiceState, Seen, list_choices};
use crate::facts::klaviyo_people::Person;

/// How long an event that was sent may take to be seen before it is called missing.
const SENT_S: i64 = 3_600;

/// What is to be said of an order's event by what was seen of it, and the detail that says why.
///
/// # Errors
/// The read failed.
pub(super) fn judge(
    connection: &Connection,
    terms: &CheckTerms,
    (kind, order, happened_at): (OrderEvent, &Told, i64),
    person: Option<&Person>,
    events: &[&Seen],
) -> DbResult<(EventVerdict, Option<String>)> {
    let Some(event) = events.first() else {
        let chosen = list_choices(connection, &terms.account, kind, &order.ids)?;
        let under_way = chosen.iter().any(|one| {
            one.state == ChoiceState::Confirmed
                || (one.state == ChoiceState::Sent && one.sent_at.is_some_and(|at| at + SENT_S > terms.now))
        });
        // Not missing by what was seen before it came due, nor while their profile may be another than is known.
        let due_at = happened_at + i64::from(terms.settings.missing_after_min) * 60;
        let waits = due_at > terms.looked_at || person.is_none_or(|person| person.is_unsure_of(due_at));
        let verdict = if under_way {
            EventVerdict::Sent
        } else if waits {
            EventVerdict::Waiting
        } else {
            EventVerdict::Missing
        };
        return Ok((verdict, None));
    };
    if events.len() > 1 {
        let all: Vec<&str> = events.iter().map(|one| one.event_id.as_str()).collect();
        return Ok((EventVerdict::Double, Some(all.join(" "))));
    }
    if let Some(said) = wrong_value(order, event) {
        return Ok((EventVerdict::WrongValue, Some(said)));
    }
    if let (Some(said), Some(color)) = (&event.color, &order.color)
        && said.trim().to_lowercase() != color.trim().to_lowercase()
    {
        return Ok((EventVerdict::WrongColor, Some(said.clone())));
    }
    if event.metric != terms.settings.name_of(kind) {
        return Ok((EventVerdict::WrongName, Some(event.metric.clone())));
    }
    Ok((EventVerdict::Present, None))
}

/// What the event says where it is not what the order says. An event without a value says nothing wrong.
fn wrong_value(order: &Told, event: &Seen) -> Option<String> {
    let (said, amount, currency) = (event.value.as_deref()?, order.amount?, order.currency.as_deref()?);
    let in_currency = event.currency.as_deref().unwrap_or(currency);
    let same = in_currency == currency && minor_of(said, currency) == Some(amount);
    (!same).then(|| format!("{said} {}", in_currency.to_uppercase()))
}

/// A value as Klaviyo writes it, in minor units; None where it is none of the currency's.
fn minor_of(said: &str, currency: &str) -> Option<i64> {
    let value: f64 = said.parse().ok()?;
    let shown = format!("{value:.digits$}", digits = exponent(currency) as usize);
    let rounded: f64 = shown.parse().ok()?;
    if (rounded - value).abs() > 1e-6 { None } else { parse_decimal(&shown, currency) }
}

/// Names of profile properties that say something else than the person's newest order, by comma.
pub(super) fn drifted(terms: &CheckTerms, order: &Told, person: &Person) -> String {
    let said: serde_json::Value = serde_json::from_str(&person.properties).unwrap_or_default();
    let status = if order.paid_at.is_some() { "paid" } else { "preordering" };
    let wanted = [
        (&terms.settings.color_property, order.color.as_deref()),
        (&terms.settings.status_property, Some(status)),
    ];
    let differs = |(name, wanted): &(&String, Option<&str>)| {
        let there = said[name.as_str()].as_str().map(|text| text.trim().to_lowercase());
        wanted.zip(there).is_some_and(|(wanted, there)| wanted.trim().to_lowercase() != there)
    };
    let names: Vec<&str> = wanted.iter().filter(|one| differs(one)).map(|(name, _)| name.as_str()).collect();
    names.join(",")
}
