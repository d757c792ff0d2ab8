//! Events that no webhook endpoint could have been sent: those in spans of time in which nobody took their type.
//!
//! Spans are few, and what lies in one is counted by the index of (type, created); nothing walks the event log.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::endpoints::Endpoint;
use super::webhooks::TypeCount;
use crate::db::{Connection, DbResult, OptionalExtension, params, rusqlite};
use crate::domain::webhook::MONEY_TYPES;

/// Events shown.
const MOST_SHOWN: usize = 50;

/// An event waits for an endpoint, or did: then there was one, whatever the looks say.
const WAS_SENT: &str = "EXISTS (SELECT 1 FROM stripe_delivery d WHERE d.event_id = e.id)";

/// Finds them as far as the endpoints were looked at: events younger than `until` are not judged yet.
///
/// # Errors
/// The read failed.
pub(super) fn never_deliverable(
    connection: &Connection,
    endpoints: &[Endpoint],
    until: i64,
) -> DbResult<NeverDeliverable> {
    let mut found = NeverDeliverable::default();
    for event_type in MONEY_TYPES {
        let Some(number) = find_word(connection, event_type)? else { continue };
        let mut of_type = TypeCount { r#type: event_type.to_owned(), count: 0, oldest_at: i64::MAX };
        for span in spans_without(endpoints, event_type, until) {
            let count = count(connection, number, span)?;
            if count == 0 {
                continue;
            }
            of_type.count += count;
            of_type.oldest_at = of_type.oldest_at.min(oldest(connection, number, span)?);
            found.events.extend(newest(connection, number, event_type, span)?);
        }
        if of_type.count > 0 {
            found.total += of_type.count;
            found.by_type.push(of_type);
        }
    }
    found.events.sort_by(|one, other| (other.created_at, &other.id).cmp(&(one.created_at, &one.id)));
    found.events.truncate(MOST_SHOWN);
    for event in &mut found.events {
        event.reason = reason(endpoints, &event.r#type, event.created_at);
        event.unsure = endpoints.iter().any(|one| one.is_unsure(&event.r#type, event.created_at));
    }
    Ok(found)
}

/// Spans `[from, to)` before `until` in which no endpoint took a type, oldest first.
fn spans_without(endpoints: &[Endpoint], event_type: &str, until: i64) -> Vec<(i64, i64)> {
    let mut taken: Vec<(i64, i64)> = endpoints.iter().flat_map(|one| one.spans_taking(event_type)).collect();
    taken.sort_unstable();
    // An event that does not say when it was made is stored as of 0, and nothing can be said of it.
    let mut from = 1;
    let mut spans = Vec::new();
    for (begin, end) in taken {
        if begin.min(until) > from {
            spans.push((from, begin.min(until)));
        }
        from = from.max(end);
    }
    if from < until {
        spans.push((from, until));
    }
    spans
}

fn reason(endpoints: &[Endpoint], event_type: &str, at: i64) -> NeverReason {
    let there: Vec<_> =
        endpoints.iter().filter_map(|one| one.at(at)).filter(|state| !state.connect).collect();
    if there.is_empty() {
        NeverReason::NoEndpoint
    } else if there.iter().any(|state| state.subscribes(event_type)) {
        NeverReason::OnlyDisabled
    } else {
        NeverReason::NotSubscribed
    }
}

/// The number of an event type; None where no event of it was ever stored.
///
/// # Errors
/// The read failed.
pub(super) fn find_word(connection: &Connection, word: &str) -> DbResult<Option<i64>> {
    Ok(connection
        .prepare_cached("SELECT key FROM stripe_word WHERE word = ?1")?
        .query_row([word], |row| row.get(0))
        .optional()?)
}

fn count(connection: &Connection, event_type: i64, (from, to): (i64, i64)) -> DbResult<i64> {
    let all: i64 = connection
        .prepare_cached(
            "SELECT count(*) FROM stripe_event e INDEXED BY stripe_event_type
             WHERE e.type = ?1 AND e.created >= ?2 AND e.created < ?3",
        )?
        .query_row(params![event_type, from, to], |row| row.get(0))?;
    if all == 0 {
        return Ok(0);
    }
    let sent: i64 = connection
        .prepare_cached(
            "SELECT count(*) FROM stripe_delivery d INDEXED BY stripe_delivery_created
             CROSS JOIN stripe_event e ON e.id = d.event_id
             WHERE d.created >= ?2 AND d.created < ?3 AND e.type = ?1 AND e.created >= ?2 AND e.created < ?3",
        )?
        .query_row(params![event_type, from, to], |row| row.get(0))?;
    Ok(all - sent)
}

fn oldest(connection: &Connection, event_type: i64, (from, to): (i64, i64)) -> DbResult<i64> {
    let sql = format!(
        "SELECT e.created FROM stripe_event e INDEXED BY stripe_event_type
         WHERE e.type = ?1 AND e.created >= ?2 AND e.created < ?3 AND NOT {WAS_SENT} ORDER BY e.created LIMIT 1"
    );
    Ok(connection.prepare_cached(&sql)?.query_row(params![event_type, from, to], |row| row.get(0))?)
}

fn newest(
    connection: &Connection,
    number: i64,
    event_type: &str,
    (from, to): (i64, i64),
) -> DbResult<Vec<NeverDelivered>> {
    let sql = format!(
        "SELECT e.id, e.created, p.id FROM stripe_event e INDEXED BY stripe_event_type
         LEFT JOIN node n ON n.key = e.object LEFT JOIN preorder p ON p.key = n.preorder
         WHERE e.type = ?1 AND e.created >= ?2 AND e.created < ?3 AND NOT {WAS_SENT}
         ORDER BY e.created DESC LIMIT ?4"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let most = i64::try_from(MOST_SHOWN).unwrap_or(i64::MAX);
    let found = statement
        .query_map(params![number, from, to, most], |row| {
            Ok(NeverDelivered {
                id: row.get(0)?,
                r#type: event_type.to_owned(),
                created_at: row.get(1)?,
                order: row.get(2)?,
                reason: NeverReason::NoEndpoint,
                unsure: false,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found)
}

/// Says why an event could not have been delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum NeverReason {
    /// No endpoint existed.
    NoEndpoint,
    /// None of those there were took this type then.
    NotSubscribed,
    /// Those that took it were disabled.
    OnlyDisabled,
}

/// An event that no endpoint could have been sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct NeverDelivered {
    /// Its id.
    pub id: String,
    /// Its type.
    pub r#type: String,
    /// When it was made, unix seconds.
    pub created_at: i64,
    /// The order it speaks of.
    pub order: Option<String>,
    /// Why.
    pub reason: NeverReason,
    /// Made between two looks at an endpoint, the later of which showed that it takes the type: it may have been sent.
    pub unsure: bool,
}

/// Events that no endpoint could have been sent: of the types that payments are fulfilled by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct NeverDeliverable {
    /// How many.
    pub total: i64,
    /// By type.
    pub by_type: Vec<TypeCount>,
    /// The newest of them, 50 at most.
    pub events: Vec<NeverDelivered>,
}
