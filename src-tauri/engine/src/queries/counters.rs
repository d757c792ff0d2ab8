//! Counters and logs that Health and the overview show, each read by an index of its own.

use super::health::{NamedCount, Notice, SyncError, UndeliveredEvent};
use crate::db::{Connection, DbResult, rusqlite};
use crate::facts::state::{Level, find_state};

/// Undelivered events listed.
const MOST_UNDELIVERED: i64 = 100;
/// Log rows shown of each level.
const MOST_LOGGED: i64 = 20;

/// Event ids seen with other bytes.
///
/// # Errors
/// The read failed.
pub(super) fn count_event_conflicts(connection: &Connection) -> DbResult<i64> {
    Ok(find_state(connection, "event_conflicts")?.unwrap_or(0))
}

pub(super) fn counters(connection: &Connection, prefix: &str) -> DbResult<Vec<NamedCount>> {
    let mut statement = connection.prepare_cached(
        "SELECT substr(name, length(?1) + 1), CAST(value AS INTEGER) FROM sync_state
         WHERE name >= ?1 AND name < ?1 || char(1114111) ORDER BY 2 DESC, 1",
    )?;
    let found = statement
        .query_map([prefix], |row| Ok(NamedCount { name: row.get(0)?, count: row.get(1)? }))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found)
}

/// Objects waiting to be fetched again.
///
/// # Errors
/// The read failed.
pub(super) fn count_unsettled(connection: &Connection) -> DbResult<i64> {
    let sql = "SELECT count(*) FROM node INDEXED BY node_unsettled WHERE unsettled = 1";
    Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

pub(super) fn undelivered(connection: &Connection, overdue: i64) -> DbResult<Vec<UndeliveredEvent>> {
    let mut statement = connection.prepare_cached(
        "SELECT d.event_id, coalesce(w.word, ''), d.created, d.pending, p.id
         FROM stripe_delivery d INDEXED BY stripe_delivery_open
         LEFT JOIN stripe_event e ON e.id = d.event_id LEFT JOIN stripe_word w ON w.key = e.type
         LEFT JOIN node n ON n.key = e.object LEFT JOIN preorder p ON p.key = n.preorder
         WHERE d.resolved_at IS NULL AND d.created <= ?1 ORDER BY d.created, d.event_id LIMIT ?2",
    )?;
    let found = statement
        .query_map([overdue, MOST_UNDELIVERED], |row| {
            Ok(UndeliveredEvent {
                event_id: row.get(0)?,
                event_type: row.get(1)?,
                created_at: row.get(2)?,
                pending_webhooks: row.get(3)?,
                preorder_id: row.get(4)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found)
}

/// Events made at or before an instant that Stripe has not delivered.
///
/// # Errors
/// The read failed.
pub(super) fn count_undelivered(connection: &Connection, overdue: i64) -> DbResult<i64> {
    let sql = "SELECT count(*) FROM stripe_delivery INDEXED BY stripe_delivery_open WHERE resolved_at IS NULL AND created <= ?1";
    Ok(connection.prepare_cached(sql)?.query_row([overdue], |row| row.get(0))?)
}

type Logged = (i64, String, String, Option<String>);

fn logged(connection: &Connection, level: Level) -> DbResult<Vec<Logged>> {
    let mut statement = connection.prepare_cached(
        "SELECT at, code, message, request_id FROM sync_log WHERE level = ?1 ORDER BY seq DESC LIMIT ?2",
    )?;
    let found = statement
        .query_map(rusqlite::params![level.as_str(), MOST_LOGGED], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found)
}

pub(super) fn errors(connection: &Connection) -> DbResult<Vec<SyncError>> {
    let rows = logged(connection, Level::Error)?.into_iter();
    Ok(rows.map(|(at, code, message, request_id)| SyncError { at, code, message, request_id }).collect())
}

pub(super) fn notices(connection: &Connection) -> DbResult<Vec<Notice>> {
    let rows = logged(connection, Level::Notice)?.into_iter();
    Ok(rows.map(|(at, code, detail, _)| Notice { at, code, detail }).collect())
}

pub(super) fn file_bytes(connection: &Connection) -> DbResult<i64> {
    let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
    let size: i64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    Ok(pages * size)
}
