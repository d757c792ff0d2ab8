//! Settings of a store, every revision kept.

use std::sync::RwLock;

use crate::db::{Connection, Db, DbError, DbResult, OptionalExtension, Transaction, params};
use crate::domain::settings::Settings;

/// The settings of an open mirror. Whoever asks gets those in force: another process may have set them a moment ago.
pub struct InForce {
    db: Db,
    last: RwLock<(i64, Settings)>,
}

impl InForce {
    /// Reads them for the first time.
    ///
    /// # Errors
    /// The read failed, or the stored text no longer fits.
    pub fn open(db: &Db) -> DbResult<Self> {
        let last = db.read_now(get_settings)?;
        Ok(Self { db: db.clone(), last: RwLock::new(last) })
    }

    /// The settings, with their revision. Where nobody set others, that is one look at the end of an index; a mirror that cannot be
    /// read leaves those that were read last.
    pub fn get(&self) -> (i64, Settings) {
        let last = self.last.read().expect("no panic while held").clone();
        match self.db.read_now(|connection| find_others(connection, last.0)) {
            Ok(None) => last,
            Ok(Some(newer)) => {
                self.last.write().expect("no panic while held").clone_from(&newer);
                newer
            }
            Err(error) => {
                tracing::warn!(%error, "settings cannot be read: those read last stay in force");
                last
            }
        }
    }

    /// The settings alone.
    pub fn settings(&self) -> Settings {
        self.get().1
    }
}

/// Reads the newest settings, unless they are of this revision.
fn find_others(connection: &Connection, revision: i64) -> DbResult<Option<(i64, Settings)>> {
    let newest: Option<i64> = connection
        .prepare_cached("SELECT max(revision) FROM settings_revision")?
        .query_row([], |row| row.get(0))?;
    if newest.unwrap_or_default() == revision { Ok(None) } else { get_settings(connection).map(Some) }
}

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
