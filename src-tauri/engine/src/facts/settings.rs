//! Settings of a store, every revision kept.

use crate::db::{Connection, DbError, DbResult, OptionalExtension, Transaction, params};
use crate::domain::settings::Settings;

/// Reads the newest settings and their revision; defaults and 0 when none were set.
///
/// # Errors
/// The read failed, or the stored text no longer fits.
pub fn get_settings(connection: &Connection) -> DbResult<(i64, Settings)> {
    let found: Option<(i64, String)> = connection
        .prepare_cached("SELECT revision, body FROM settings_revision ORDER BY revision DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((revision, body)) = found else { return Ok((0, Settings::default())) };
    let settings =
        serde_json::from_str(&body).map_err(|error| DbError::Corrupt(format!("settings: {error}")))?;
    Ok((revision, settings))
}

/// Appends a revision.
///
/// # Errors
/// The write failed.
pub fn append_settings(transaction: &Transaction<'_>, now: i64, settings: &Settings) -> DbResult<i64> {
    let body = serde_json::to_string(settings).map_err(|error| DbError::Corrupt(error.to_string()))?;
    transaction
        .prepare_cached("INSERT INTO settings_revision (set_at, body) VALUES (?1, ?2)")?
        .execute(params![now, body])?;
    Ok(transaction.last_insert_rowid())
}
