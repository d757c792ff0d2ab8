//! Where the sync stands: small JSON documents by name, and a log of what went wrong or was done unasked.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::db::{Connection, DbError, DbResult, OptionalExtension, Transaction, params};

/// State document: every event Stripe made up to here is stored (server seconds).
pub const WATERMARK: &str = "watermark";

/// The state document that names the permission a kind lacks.
pub fn missing_state(kind: &str) -> String {
    format!("missing:{kind}")
}

/// Log rows kept.
const LOG_ROWS: i64 = 500;

/// Reads a state document; None when it was never written or no longer fits its type.
///
/// # Errors
/// The read failed.
pub fn find_state<T: DeserializeOwned>(connection: &Connection, name: &str) -> DbResult<Option<T>> {
    let text: Option<String> = connection
        .prepare_cached("SELECT value FROM sync_state WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Writes a state document.
///
/// # Errors
/// The write failed.
pub fn set_state<T: Serialize>(transaction: &Transaction<'_>, name: &str, value: &T) -> DbResult<()> {
    let text = serde_json::to_string(value).map_err(|error| DbError::Corrupt(error.to_string()))?;
    transaction
        .prepare_cached("INSERT INTO sync_state (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value")?
        .execute(params![name, text])?;
    Ok(())
}

/// Removes a state document.
///
/// # Errors
/// The write failed.
pub fn clear_state(transaction: &Transaction<'_>, name: &str) -> DbResult<()> {
    transaction.prepare_cached("DELETE FROM sync_state WHERE name = ?1")?.execute([name])?;
    Ok(())
}

/// Adds to a counter kept as a state document.
///
/// # Errors
/// The write failed.
pub fn add_to_counter(transaction: &Transaction<'_>, name: &str, by: i64) -> DbResult<()> {
    if by != 0 {
        let before: i64 = find_state(transaction, name)?.unwrap_or(0);
        set_state(transaction, name, &(before + by))?;
    }
    Ok(())
}

/// Whether a log row is an error or a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Something failed.
    Error,
    /// Something was done unasked.
    Notice,
}

impl Level {
    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Notice => "notice",
        }
    }
}

/// Appends to the sync log and drops its oldest rows. Repeats of the newest row only move its time.
///
/// # Errors
/// The write failed.
pub fn append_log(
    transaction: &Transaction<'_>,
    at: i64,
    level: Level,
    code: &str,
    message: &str,
    request_id: Option<&str>,
) -> DbResult<()> {
    let repeated = transaction
        .prepare_cached(
            "UPDATE sync_log SET at = ?1, request_id = ?5 WHERE seq = (SELECT max(seq) FROM sync_log)
             AND level = ?2 AND code = ?3 AND message = ?4",
        )?
        .execute(params![at, level.as_str(), code, message, request_id])?;
    if repeated == 0 {
        transaction
            .prepare_cached(
                "INSERT INTO sync_log (at, level, code, message, request_id) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![at, level.as_str(), code, message, request_id])?;
        transaction
            .prepare_cached("DELETE FROM sync_log WHERE seq <= (SELECT max(seq) FROM sync_log) - ?1")?
            .execute([LOG_ROWS])?;
    }
    Ok(())
}
