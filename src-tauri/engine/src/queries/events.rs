//! The event log as stored.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::cursor;
use super::rows::{at_most, limit_of, list_numbers};
use crate::db::{Connection, DbError, DbResult, Row, rusqlite, types::Value};
use crate::facts::names::find_key;

/// Event types a prefix may stand for.
const MOST_TYPES: usize = 500;

/// Reads one page of events by (created, number), newest first.
///
/// An object's events are found by its index. A type is looked for along the index of `created`: a rare type
/// costs a walk over the events between its own, a type that never came costs nothing.
///
/// # Errors
/// [`DbError::Invalid`] for a bad limit, type or cursor; a failed read.
pub fn page(connection: &Connection, args: &EventPageArgs) -> DbResult<EventPage> {
    let limit = limit_of(args.limit, 100, 500)?;
    let list = format!("events {:?} {:?}", args.r#type, args.object);
    let after: Option<(i64, i64)> =
        args.after.as_deref().map(|text| cursor::decode(&list, text)).transpose()?;
    let nothing = EventPage { rows: Vec::new(), next: None };
    let object = match args.object.as_deref().map(|id| find_key(connection, id)).transpose()? {
        Some(None) => return Ok(nothing),
        object => object.flatten(),
    };
    let types = args.r#type.as_deref().map(|text| list_types(connection, text)).transpose()?;
    if types.as_ref().is_some_and(Vec::is_empty) {
        return Ok(nothing);
    }
    let (sql, values) = statement(object, types.as_deref(), after, limit + 1);
    let mut found = connection
        .prepare_cached(&sql)?
        .query_map(rusqlite::params_from_iter(values), read)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = match found.last() {
        Some((seq, last)) if more => Some(cursor::encode(&list, &(last.created_at, seq))?),
        _ => None,
    };
    Ok(EventPage { rows: found.into_iter().map(|(_, row)| row).collect(), next })
}

fn list_types(connection: &Connection, text: &str) -> DbResult<Vec<i64>> {
    let Some(prefix) = text.strip_suffix('*') else {
        return list_numbers(connection, "SELECT key FROM stripe_word WHERE word = ?1", [text]);
    };
    if prefix.contains('*') {
        return Err(DbError::Invalid(format!(
            "`type` is `{text:.80}`; a `*` can only be its last character"
        )));
    }
    list_numbers(
        connection,
        "SELECT key FROM stripe_word WHERE word >= ?1 AND word < ?1 || char(1114111) LIMIT ?2",
        rusqlite::params![prefix, at_most(MOST_TYPES)],
    )
}

pub(super) fn statement(
    object: Option<i64>,
    types: Option<&[i64]>,
    after: Option<(i64, i64)>,
    limit: usize,
) -> (String, Vec<Value>) {
    let index = if object.is_some() { "stripe_event_object" } else { "stripe_event_created" };
    let mut sql = format!(
        "SELECT e.seq, e.id, w.word, e.created, o.id, v.word, e.stored_at, d.pending
         FROM stripe_event e INDEXED BY {index} CROSS JOIN stripe_word w ON w.key = e.type
         LEFT JOIN stripe_id o ON o.key = e.object LEFT JOIN stripe_word v ON v.key = e.api_version
         LEFT JOIN stripe_delivery d ON d.event_id = e.id WHERE true"
    );
    let mut values = Vec::new();
    if let Some(object) = object {
        sql.push_str(" AND e.object = ?");
        values.push(Value::Integer(object));
    }
    if let Some(types) = types {
        let numbers: Vec<String> = types.iter().map(i64::to_string).collect();
        sql.push_str(&format!(" AND +e.type IN ({})", numbers.join(", ")));
    }
    if let Some((created, seq)) = after {
        sql.push_str(" AND (e.created, e.seq) < (?, ?)");
        values.extend([Value::Integer(created), Value::Integer(seq)]);
    }
    sql.push_str(" ORDER BY e.created DESC, e.seq DESC LIMIT ?");
    values.push(Value::Integer(at_most(limit)));
    (sql, values)
}

fn read(row: &Row<'_>) -> rusqlite::Result<(i64, EventRow)> {
    Ok((
        row.get(0)?,
        EventRow {
            id: row.get(1)?,
            r#type: row.get(2)?,
            created_at: row.get(3)?,
            object_id: row.get(4)?,
            api_version: row.get(5)?,
            stored_at: row.get(6)?,
            pending_webhooks: row.get(7)?,
        },
    ))
}

/// Asks for one page of events, newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(export)]
pub struct EventPageArgs {
    /// Only this type; a trailing `*` is a prefix.
    #[ts(optional)]
    pub r#type: Option<String>,
    /// Only events about this object.
    #[ts(optional)]
    pub object: Option<String>,
    /// Rows a page, 1 to 500; default 100.
    #[ts(optional)]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[ts(optional)]
    pub after: Option<String>,
}

/// One stored event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct EventRow {
    /// Event id.
    pub id: String,
    /// Type.
    pub r#type: String,
    /// Created at Stripe, unix seconds.
    pub created_at: i64,
    /// The object it is about.
    pub object_id: Option<String>,
    /// The API version it was born with.
    pub api_version: Option<String>,
    /// First stored here, unix seconds.
    pub stored_at: i64,
    /// Endpoints that have not taken it, as last seen.
    pub pending_webhooks: Option<i64>,
}

/// One page of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct EventPage {
    /// The rows.
    pub rows: Vec<EventRow>,
    /// The cursor of the next page.
    pub next: Option<String>,
}
