//! Ids and words by number.

use crate::db::{Connection, DbResult, OptionalExtension, Transaction, params};
use crate::domain::kind::Kind;

/// Number of a Stripe id.
pub type Key = i64;

/// Finds or gives the number of a Stripe id. The kind is kept from the first naming that knew it.
///
/// # Errors
/// The write failed.
pub fn intern_id(transaction: &Transaction<'_>, id: &str, kind: Kind) -> DbResult<Key> {
    let found: Option<(Key, i64)> = transaction
        .prepare_cached("SELECT key, kind FROM stripe_id WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match found {
        Some((key, 0)) if kind != Kind::Other => {
            transaction
                .prepare_cached("UPDATE stripe_id SET kind = ?2 WHERE key = ?1")?
                .execute(params![key, kind as u8])?;
            Ok(key)
        }
        Some((key, _)) => Ok(key),
        None => {
            transaction
                .prepare_cached("INSERT INTO stripe_id (id, kind) VALUES (?1, ?2)")?
                .execute(params![id, kind as u8])?;
            Ok(transaction.last_insert_rowid())
        }
    }
}

/// The number of a Stripe id, if it was ever seen.
///
/// # Errors
/// The read failed.
pub fn find_key(connection: &Connection, id: &str) -> DbResult<Option<Key>> {
    Ok(connection
        .prepare_cached("SELECT key FROM stripe_id WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?)
}

/// The id behind a number.
///
/// # Errors
/// There is no such number.
pub fn get_id(connection: &Connection, key: Key) -> DbResult<String> {
    Ok(connection
        .prepare_cached("SELECT id FROM stripe_id WHERE key = ?1")?
        .query_row([key], |row| row.get(0))?)
}

/// Finds or gives the number of a word (an event type, an API version).
///
/// # Errors
/// The write failed.
pub fn intern_word(transaction: &Transaction<'_>, word: &str) -> DbResult<i64> {
    let found: Option<i64> = transaction
        .prepare_cached("SELECT key FROM stripe_word WHERE word = ?1")?
        .query_row([word], |row| row.get(0))
        .optional()?;
    if let Some(key) = found {
        return Ok(key);
    }
    transaction.prepare_cached("INSERT INTO stripe_word (word) VALUES (?1)")?.execute([word])?;
    Ok(transaction.last_insert_rowid())
}
