//! The shop's own rows as facts: batches of them, appended, and taken out of force by batch.

use crate::db::{Connection, DbResult, OptionalExtension, Row, Transaction, params};
use crate::domain::shop::ShopKind;

/// How far a batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchState {
    /// Its rows are being stored; none is in force.
    Loading,
    /// It is in force; its projections are being made.
    Applying,
    /// It is in force.
    Loaded,
    /// It is in force no more; its projections are being undone.
    Removing,
    /// It is in force no more.
    Removed,
}

impl BatchState {
    const ALL: [Self; 5] = [Self::Loading, Self::Applying, Self::Loaded, Self::Removing, Self::Removed];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::Applying => "applying",
            Self::Loaded => "loaded",
            Self::Removing => "removing",
            Self::Removed => "removed",
        }
    }

    /// Whether its rows are facts that hold.
    pub const fn is_in_force(self) -> bool {
        matches!(self, Self::Applying | Self::Loaded)
    }
}

/// One batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Its number: a higher one is newer.
    pub batch: i64,
    /// Made at, unix seconds.
    pub made_at: i64,
    /// The kind of its rows.
    pub kind: ShopKind,
    /// The name of the file, without its folder.
    pub file_name: String,
    /// Which field came from which column, as JSON.
    pub mapping: String,
    /// Taken out of force at.
    pub removed_at: Option<i64>,
    /// How far it is.
    pub state: BatchState,
    /// Rows it holds.
    pub rows: i64,
}

impl Batch {
    fn read(row: &Row<'_>) -> crate::db::rusqlite::Result<Self> {
        let (kind, state): (String, String) = (row.get("kind")?, row.get("state")?);
        Ok(Self {
            batch: row.get("batch")?,
            made_at: row.get("made_at")?,
            kind: ShopKind::parse(&kind).unwrap_or(ShopKind::Purchases),
            file_name: row.get("file_name")?,
            mapping: row.get("mapping")?,
            removed_at: row.get("removed_at")?,
            state: BatchState::ALL
                .into_iter()
                .find(|known| known.as_str() == state)
                .unwrap_or(BatchState::Loaded),
            rows: row.get("rows")?,
        })
    }
}

/// One row as it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRow {
    /// The line of the file it stood on.
    pub line: i64,
    /// What makes it the same row in another file.
    pub row_key: String,
    /// Its fields in their normal form, as JSON.
    pub body: String,
}

/// What is known of a file when its batch begins.
#[derive(Debug, Clone)]
pub struct Source {
    /// The kind of row.
    pub kind: ShopKind,
    /// The name of the file, without its folder.
    pub file_name: String,
    /// A digest of its bytes.
    pub file_digest: String,
    /// Which field came from which column, as JSON.
    pub mapping: String,
}

/// Begins a batch that is in no force yet; its number comes back.
///
/// # Errors
/// The write failed.
pub fn begin_batch(transaction: &Transaction<'_>, made_at: i64, source: &Source) -> DbResult<i64> {
    transaction.execute(
        "INSERT INTO import_batch (made_at, kind, file_name, file_digest, mapping, state) VALUES (?1, ?2, ?3, ?4, ?5, 'loading')",
        params![made_at, source.kind.as_str(), source.file_name, source.file_digest, source.mapping],
    )?;
    Ok(transaction.last_insert_rowid())
}

/// Appends a row to a batch.
///
/// # Errors
/// The write failed.
pub fn append_row(transaction: &Transaction<'_>, batch: i64, row: &ImportRow) -> DbResult<()> {
    transaction
        .prepare_cached("INSERT INTO import_row (batch, line, row_key, body) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![batch, row.line, row.row_key, row.body])?;
    Ok(())
}

/// Says how far a batch is.
///
/// # Errors
/// The write failed.
pub fn set_state(transaction: &Transaction<'_>, batch: i64, state: BatchState) -> DbResult<()> {
    transaction
        .execute("UPDATE import_batch SET state = ?2 WHERE batch = ?1", params![batch, state.as_str()])?;
    Ok(())
}

/// Puts a batch of so many rows into force: from here on it is a fact.
///
/// # Errors
/// The write failed.
pub fn put_in_force(transaction: &Transaction<'_>, batch: i64, rows: i64) -> DbResult<()> {
    transaction.execute("UPDATE import_batch SET rows = ?2 WHERE batch = ?1", params![batch, rows])?;
    set_state(transaction, batch, BatchState::Applying)
}

/// Takes a batch out of force. Its rows are kept.
///
/// # Errors
/// The write failed.
pub fn take_out_of_force(transaction: &Transaction<'_>, batch: i64, at: i64) -> DbResult<()> {
    transaction.execute("UPDATE import_batch SET removed_at = ?2 WHERE batch = ?1", params![batch, at])?;
    set_state(transaction, batch, BatchState::Removing)
}

/// Deletes some rows of a batch that never came into force, and with the last one the batch; says whether it is gone.
///
/// # Errors
/// The write failed.
pub fn discard(transaction: &Transaction<'_>, batch: i64, limit: i64) -> DbResult<bool> {
    let deleted = transaction.execute(
        "DELETE FROM import_row WHERE batch = ?1 AND line <= (
           SELECT max(line) FROM (SELECT line FROM import_row WHERE batch = ?1 ORDER BY line LIMIT ?2))",
        params![batch, limit],
    )?;
    if i64::try_from(deleted).unwrap_or(limit) >= limit {
        return Ok(false);
    }
    transaction.execute("DELETE FROM import_batch WHERE batch = ?1 AND state = 'loading'", [batch])?;
    Ok(true)
}

/// Every batch, oldest first.
///
/// # Errors
/// The read failed.
pub fn list_batches(connection: &Connection) -> DbResult<Vec<Batch>> {
    let mut statement = connection.prepare_cached("SELECT * FROM import_batch ORDER BY batch")?;
    let batches = statement.query_map([], Batch::read)?.collect::<Result<_, _>>()?;
    Ok(batches)
}

/// A batch by its number.
///
/// # Errors
/// The read failed.
pub fn find_batch(connection: &Connection, batch: i64) -> DbResult<Option<Batch>> {
    Ok(connection
        .prepare_cached("SELECT * FROM import_batch WHERE batch = ?1")?
        .query_row([batch], Batch::read)
        .optional()?)
}

/// The mapping of the newest file of a kind.
///
/// # Errors
/// The read failed.
pub fn last_mapping(connection: &Connection, kind: ShopKind) -> DbResult<Option<String>> {
    Ok(connection
        .prepare_cached(
            "SELECT mapping FROM import_batch WHERE kind = ?1 AND state <> 'loading' ORDER BY batch DESC LIMIT 1",
        )?
        .query_row([kind.as_str()], |row| row.get(0))
        .optional()?)
}

/// The next rows of a batch, in the file's order.
///
/// # Errors
/// The read failed.
pub fn list_rows(connection: &Connection, batch: i64, after: i64, limit: i64) -> DbResult<Vec<ImportRow>> {
    let mut statement = connection.prepare_cached(
        "SELECT line, row_key, body FROM import_row WHERE batch = ?1 AND line > ?2 ORDER BY line LIMIT ?3",
    )?;
    let rows = statement
        .query_map(params![batch, after, limit], |row| {
            Ok(ImportRow { line: row.get(0)?, row_key: row.get(1)?, body: row.get(2)? })
        })?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Whether a stored row has this content.
///
/// # Errors
/// The read failed.
pub fn is_body(connection: &Connection, (batch, line): (i64, i64), body: &str) -> DbResult<bool> {
    let same = connection
        .prepare_cached("SELECT body = ?3 FROM import_row WHERE batch = ?1 AND line = ?2")?
        .query_row(params![batch, line, body], |row| row.get(0))
        .optional()?;
    Ok(same.unwrap_or(false))
}

/// Keeps that a file of a kind was read whole now, whether anything in it was new or not.
///
/// # Errors
/// The write failed.
pub fn note_reading(transaction: &Transaction<'_>, kind: ShopKind, now: i64) -> DbResult<()> {
    transaction
        .prepare_cached(
            "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )?
        .execute(params![reading_of(kind), now.to_string()])?;
    Ok(())
}

/// Forgets when a file of a kind was last read: what is in force is older than that now.
///
/// # Errors
/// The write failed.
pub fn forget_reading(transaction: &Transaction<'_>, kind: ShopKind) -> DbResult<()> {
    transaction.prepare_cached("DELETE FROM meta WHERE name = ?1")?.execute([reading_of(kind)])?;
    Ok(())
}

/// When the rows of a kind that are in force were last read from a file, unix seconds.
///
/// # Errors
/// The read failed.
pub fn last_reading(connection: &Connection, kind: ShopKind) -> DbResult<Option<i64>> {
    let batch: Option<i64> = connection
        .prepare_cached("SELECT max(made_at) FROM import_batch WHERE kind = ?1 AND removed_at IS NULL")?
        .query_row([kind.as_str()], |row| row.get(0))?;
    let noted: Option<String> = connection
        .prepare_cached("SELECT value FROM meta WHERE name = ?1")?
        .query_row([reading_of(kind)], |row| row.get(0))
        .optional()?;
    Ok(batch.max(noted.and_then(|at| at.parse().ok())))
}

fn reading_of(kind: ShopKind) -> String {
    format!("imported_at:{}", kind.as_str())
}
