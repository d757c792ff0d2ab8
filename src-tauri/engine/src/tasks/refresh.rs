//! What people ask the sync for: everything again, or the objects of an order they look at.

use crate::db::{Db, DbResult, params};
use crate::facts::names::find_key;
use crate::facts::state::set_state;
use crate::projections::ingest::ask_again;

/// State document: a person asked for everything to be listed again.
pub const FULL_ASKED: &str = "full_asked_at";
/// An object on screen is fetched again when its newest snapshot is older than this.
const STALE_S: i64 = 60;

/// Asks for everything to be listed again; the process that polls does it.
///
/// # Errors
/// The write failed.
pub async fn ask_for_full(db: &Db, now: i64) -> DbResult<()> {
    db.write(move |transaction| set_state(transaction, FULL_ASKED, &now)).await
}

/// Asks for objects to be fetched again where their newest snapshot is a minute old.
///
/// # Errors
/// The write failed.
pub async fn ask_for_objects(db: &Db, ids: Vec<String>, now: i64) -> DbResult<()> {
    db.write(move |transaction| {
        for id in &ids {
            let Some(key) = find_key(transaction, id)? else { continue };
            let stale: bool = transaction
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM node WHERE key = ?1 AND as_of < ?2 AND kind <> 9)",
                )?
                .query_row(params![key, now - STALE_S], |row| row.get(0))?;
            if stale {
                ask_again(transaction, key, now, "on_screen")?;
            }
        }
        Ok(())
    })
    .await
}

/// The run a person asked for, unless it was begun since.
///
/// # Errors
/// The read failed.
pub async fn find_asked(db: &Db) -> DbResult<bool> {
    db.read(|connection| Ok(crate::facts::state::find_state::<i64>(connection, FULL_ASKED)?.is_some())).await
}

/// Notes that the run was begun.
///
/// # Errors
/// The write failed.
pub async fn asked_was_begun(db: &Db) -> DbResult<()> {
    db.write(|transaction| crate::facts::state::clear_state(transaction, FULL_ASKED)).await
}
