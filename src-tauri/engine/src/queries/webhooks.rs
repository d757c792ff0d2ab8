//! Webhook health: who is told of a payment, who is told twice, what did not arrive, and what never could.
//!
//! Everything comes from the mirror: looks at the endpoints, the event log, and what Stripe said of deliveries.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::counters::count_undelivered;
use super::endpoints::{State, list_now, list_with_past};
use super::undeliverable::{NeverDeliverable, find_word, never_deliverable};
use crate::db::{Connection, DbResult, rusqlite};
use crate::domain::kind::Kind;
use crate::domain::webhook::{LESSER_TYPES, MONEY_TYPES, is_always_needed};
use crate::facts::endpoints::{FIRST_READ_AT, READ_AT};
use crate::facts::settings::get_settings;
use crate::facts::state::find_state;
use crate::projections::schema::require_current;

/// Undelivered events that are grouped, oldest first.
const MOST_GROUPED: i64 = 2_000;
/// Orders shown with undelivered events.
const MOST_ORDERS: usize = 50;
/// Events shown of one order.
const MOST_OF_ORDER: usize = 10;

/// Reads everything the Webhooks section shows.
///
/// # Errors
/// Stale projections; a failed read.
pub fn webhooks(connection: &Connection, now: i64) -> DbResult<Webhooks> {
    require_current(connection)?;
    let (_, settings) = get_settings(connection)?;
    let overdue = now - i64::from(settings.undelivered_after_min) * 60;
    let as_of: Option<i64> = find_state(connection, READ_AT)?;
    // A file of before the first look has neither looks nor the indexes they are found by.
    let there = if as_of.is_some() { list_now(connection)? } else { Vec::new() };
    let needed = needed_types(connection)?;
    let never = match as_of {
        Some(as_of) => never_deliverable(connection, &list_with_past(connection)?, as_of)?,
        None => NeverDeliverable::default(),
    };
    let own = there.iter().any(|(_, state)| !state.connect);
    let nobody_takes = |name: &&&'static str| !there.iter().any(|(_, state)| state.takes(name));
    let unsubscribed: Vec<String> =
        needed.iter().filter(nobody_takes).filter(|_| own).map(|name| (*name).to_owned()).collect();
    Ok(Webhooks {
        as_of,
        looked_since: find_state(connection, FIRST_READ_AT)?,
        missing_permission: find_state(connection, &format!("missing:{}", Kind::Endpoint.as_str()))?,
        endpoints: there.iter().map(|(id, state)| row(id, state, &there, &needed)).collect(),
        overlaps: overlaps(&there),
        unsubscribed,
        undelivered: undelivered(connection, overdue)?,
        never_deliverable: never,
    })
}

/// What the overview counts: `(endpoints that share a payment's events, disabled ones that nobody stands in for)`.
///
/// # Errors
/// The read failed.
pub(super) fn count_problems(connection: &Connection) -> DbResult<(i64, i64)> {
    if find_state::<i64>(connection, READ_AT)?.is_none() {
        return Ok((0, 0));
    }
    let there = list_now(connection)?;
    let count =
        |is: &dyn Fn(&State) -> bool| -> i64 { there.iter().map(|(_, state)| i64::from(is(state))).sum() };
    Ok((count(&|state| overlaps_any(state, &there)), count(&|state| is_missed(state, &there))))
}

/// The types this account's orders need: three always, the others where an event of them was ever seen.
fn needed_types(connection: &Connection) -> DbResult<Vec<&'static str>> {
    let mut needed = Vec::new();
    for name in MONEY_TYPES.into_iter().chain(LESSER_TYPES) {
        if is_always_needed(name) || find_word(connection, name)?.is_some() {
            needed.push(name);
        }
    }
    Ok(needed)
}

fn row(id: &str, state: &State, there: &[(String, State)], needed: &[&'static str]) -> Endpoint {
    let missing = |name: &&&'static str| !state.subscribes(name);
    let nobody = |name: &&'static str| !there.iter().any(|(_, other)| other.takes(name));
    let starving = needed.iter().filter(missing).any(|name| MONEY_TYPES.contains(name) && nobody(name));
    let problems = [
        (overlaps_any(state, there), EndpointProblem::Overlap),
        (is_missed(state, there), EndpointProblem::Disabled),
        (state.enabled && !state.connect && starving, EndpointProblem::Unsubscribed),
    ];
    Endpoint {
        id: id.to_owned(),
        path: path_of(&state.url).to_owned(),
        url: state.url.clone(),
        status: if state.enabled { "enabled" } else { "disabled" }.to_owned(),
        api_version: state.api_version.clone(),
        created_at: state.created_at,
        enabled_events: state.types.clone(),
        takes_all: state.takes_all(),
        connect: state.connect,
        unsubscribed_from: needed.iter().filter(missing).map(|name| (*name).to_owned()).collect(),
        problems: problems.into_iter().filter(|(is, _)| *is).map(|(_, problem)| problem).collect(),
    }
}

/// Another endpoint takes the events this one fulfils payments by.
fn overlaps_any(state: &State, there: &[(String, State)]) -> bool {
    let takers = |name: &str| there.iter().filter(|(_, other)| other.takes(name)).count();
    MONEY_TYPES.iter().any(|name| state.takes(name) && takers(name) > 1)
}

/// It is disabled, and nobody takes the payments it asked for. One that another stands in for is no problem: that is
/// how an overlap is cured.
fn is_missed(state: &State, there: &[(String, State)]) -> bool {
    let nobody = |name: &str| !there.iter().any(|(_, other)| other.takes(name));
    !state.enabled && !state.connect && MONEY_TYPES.iter().any(|name| state.subscribes(name) && nobody(name))
}

fn overlaps(there: &[(String, State)]) -> Vec<Overlap> {
    let of = |event_type: &'static str| Overlap {
        event_type: event_type.to_owned(),
        endpoints: there
            .iter()
            .filter(|(_, state)| state.takes(event_type))
            .map(|(id, state)| OverlappingEndpoint {
                id: id.clone(),
                url: state.url.clone(),
                path: path_of(&state.url).to_owned(),
            })
            .collect(),
        leads_to: LeadsTo::CreditsGrantedTwice,
    };
    MONEY_TYPES.into_iter().map(of).filter(|overlap| overlap.endpoints.len() > 1).collect()
}

/// The path of an address, without host, query and fragment.
fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find(['/', '?', '#']).map_or("", |at| &rest[at..]);
    let path = &path[..path.find(['?', '#']).unwrap_or(path.len())];
    if path.is_empty() { "/" } else { path }
}

fn undelivered(connection: &Connection, overdue: i64) -> DbResult<UndeliveredGroups> {
    let mut statement = connection.prepare_cached(
        "SELECT d.event_id, coalesce(w.word, ''), d.created, d.pending, p.id
         FROM stripe_delivery d INDEXED BY stripe_delivery_open
         LEFT JOIN stripe_event e ON e.id = d.event_id LEFT JOIN stripe_word w ON w.key = e.type
         LEFT JOIN node n ON n.key = e.object LEFT JOIN preorder p ON p.key = n.preorder
         WHERE d.resolved_at IS NULL AND d.created <= ?1 ORDER BY d.created, d.event_id LIMIT ?2",
    )?;
    let mut rows = statement.query([overdue, MOST_GROUPED])?;
    let mut by_type: BTreeMap<String, TypeCount> = BTreeMap::new();
    let mut by_order: Vec<OrderUndelivered> = Vec::new();
    let mut places: BTreeMap<Option<String>, usize> = BTreeMap::new();
    let mut grouped = 0;
    while let Some(row) = rows.next()? {
        let (event, order) = read_waiting(row)?;
        grouped += 1;
        let of_type = by_type.entry(event.r#type.clone()).or_insert_with(|| TypeCount {
            r#type: event.r#type.clone(),
            count: 0,
            oldest_at: event.created_at,
        });
        of_type.count += 1;
        let place = *places.entry(order.clone()).or_insert_with(|| {
            by_order.push(OrderUndelivered { order, count: 0, events: Vec::new() });
            by_order.len() - 1
        });
        by_order[place].count += 1;
        if by_order[place].events.len() < MOST_OF_ORDER {
            by_order[place].events.push(event);
        }
    }
    let mut by_type: Vec<TypeCount> = by_type.into_values().collect();
    by_type.sort_by(|one, other| (other.count, &one.r#type).cmp(&(one.count, &other.r#type)));
    // Orders first, oldest event first; what belongs to none comes last.
    by_order.sort_by_key(|group| group.order.is_none());
    let orders = i64::try_from(by_order.iter().filter(|group| group.order.is_some()).count()).unwrap_or(0);
    by_order.truncate(MOST_ORDERS);
    Ok(UndeliveredGroups {
        total: count_undelivered(connection, overdue)?,
        grouped,
        orders,
        by_type,
        by_order,
    })
}

fn read_waiting(row: &rusqlite::Row<'_>) -> rusqlite::Result<(WaitingEvent, Option<String>)> {
    let event =
        WaitingEvent { id: row.get(0)?, r#type: row.get(1)?, created_at: row.get(2)?, pending: row.get(3)? };
    Ok((event, row.get(4)?))
}

/// What is wrong with an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum EndpointProblem {
    /// Another one takes the same payments.
    Overlap,
    /// It is disabled and nobody stands in for it.
    Disabled,
    /// Nobody takes an event payments are fulfilled by, and this one could.
    Unsubscribed,
}

/// What an overlap leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum LeadsTo {
    /// Each endpoint grants the payment's credits.
    CreditsGrantedTwice,
}

/// A webhook endpoint of the account as last seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, rename = "WebhookEndpoint")]
pub struct Endpoint {
    /// Its id.
    pub id: String,
    /// Where Stripe posts to.
    pub url: String,
    /// The path of that.
    pub path: String,
    /// `enabled` or `disabled`.
    pub status: String,
    /// The API version of its deliveries; null for the account's own.
    pub api_version: Option<String>,
    /// Created at Stripe, unix seconds.
    pub created_at: Option<i64>,
    /// Types it takes, sorted; `*` for every one.
    pub enabled_events: Vec<String>,
    /// It takes every type.
    pub takes_all: bool,
    /// It hears of connected accounts and not of this one.
    pub connect: bool,
    /// Types the account's orders need that it does not ask for.
    pub unsubscribed_from: Vec<String>,
    /// What is wrong with it.
    pub problems: Vec<EndpointProblem>,
}

/// An endpoint of an overlap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OverlappingEndpoint {
    /// Its id.
    pub id: String,
    /// Where Stripe posts to.
    pub url: String,
    /// The path of that.
    pub path: String,
}

/// Several enabled endpoints take the event a payment is fulfilled by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Overlap {
    /// The event's type.
    pub event_type: String,
    /// Who takes it, oldest first.
    pub endpoints: Vec<OverlappingEndpoint>,
    /// What that leads to.
    pub leads_to: LeadsTo,
}

/// Events of a type, counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TypeCount {
    /// The type.
    pub r#type: String,
    /// How many.
    pub count: i64,
    /// The oldest of them, unix seconds.
    pub oldest_at: i64,
}

/// An event that waits for an endpoint to take it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct WaitingEvent {
    /// Its id.
    pub id: String,
    /// Its type; empty where the event is not stored.
    pub r#type: String,
    /// When it was made, unix seconds.
    pub created_at: i64,
    /// Endpoints that have not taken it.
    pub pending: i64,
}

/// Undelivered events of one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OrderUndelivered {
    /// The order; null for events of none.
    pub order: Option<String>,
    /// How many.
    pub count: i64,
    /// The oldest of them, 10 at most.
    pub events: Vec<WaitingEvent>,
}

/// Events not delivered after the waiting time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct UndeliveredGroups {
    /// How many.
    pub total: i64,
    /// How many of them, the oldest, are counted in the groups.
    pub grouped: i64,
    /// How many orders those belong to.
    pub orders: i64,
    /// By type, most first.
    pub by_type: Vec<TypeCount>,
    /// By order, oldest first, 50 at most.
    pub by_order: Vec<OrderUndelivered>,
}

/// Webhook health of a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Webhooks {
    /// When the endpoints were last looked at, unix seconds; null when they never were.
    pub as_of: Option<i64>,
    /// When they were first: one that was deleted before is not known.
    pub looked_since: Option<i64>,
    /// The permission the key lacks to look at them, in Stripe's words.
    pub missing_permission: Option<String>,
    /// The endpoints there are, oldest first.
    pub endpoints: Vec<Endpoint>,
    /// Payments that are told to several.
    pub overlaps: Vec<Overlap>,
    /// Types the account's orders need that no enabled endpoint takes; empty where there is no endpoint.
    pub unsubscribed: Vec<String>,
    /// Events that did not arrive.
    pub undelivered: UndeliveredGroups,
    /// Events that never could.
    pub never_deliverable: NeverDeliverable,
}

#[cfg(test)]
mod tests {
    use super::path_of;

    #[test]
    fn a_path_is_what_stands_between_host_and_query() {
        let of = [
            ("https://shop.example.com/api/stripe/webhook?token=1#x", "/api/stripe/webhook"),
            ("https://shop.example.com", "/"),
            ("https://shop.example.com?x=/y", "/"),
            ("not an address", "/"),
            ("", "/"),
        ];
        for (url, path) in of {
            assert_eq!(path_of(url), path, "{url}");
        }
    }
}
