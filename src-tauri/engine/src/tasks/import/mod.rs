//! Imports: a file of the shop's own rows, checked, stored as a batch and put into force whole; and taken out again.
//!
//! A file is read once, in a thread of its own. Rows that are new or changed are stored while the batch is in no force;
//! one write then makes it a fact, and its projections follow in steps. What is killed before that write never
//! was; what is killed after it goes on when the store is opened next, or before the next import.

mod apply;
mod check;
mod load;

use std::path::PathBuf;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub use apply::{remove, sweep};
pub use check::preview;
pub use load::run;

use super::lease::Lease;
use crate::db::{Db, DbError};
use crate::domain::shop::ShopKind;
use crate::shop_files::{FileError, Saved};

/// A file to be imported.
#[derive(Debug, Clone)]
pub struct ImportJob {
    /// The kind of its rows.
    pub kind: ShopKind,
    /// The file.
    pub path: PathBuf,
    /// Columns by field, over what is guessed.
    pub map: Saved,
    /// Only say what would be done.
    pub dry_run: bool,
    /// Load the good rows where there are bad ones.
    pub accept_bad: bool,
    /// The zone of times that name none.
    pub zone: Tz,
    /// Now, unix seconds.
    pub now: i64,
}

/// Why an import or a removal was not done.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The mirror.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Someone else imports.
    #[error("another import into this store is under way")]
    Busy,
    /// There is no such batch in force.
    #[error("there is no batch {0} in force")]
    NoBatch(i64),
    /// The lock beside the mirror cannot be made.
    #[error("the right to import cannot be taken: {0}")]
    Lock(std::io::Error),
}

/// One bad row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RowError {
    /// The line of the file it begins on.
    pub line: i64,
    /// The column to blame, where one is.
    pub column: Option<String>,
    /// Stable, upper snake case.
    pub code: String,
    /// What is wrong.
    pub message: String,
}

/// What an import did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ImportReport {
    /// The batch that was made; null when nothing was loaded.
    pub batch: Option<i64>,
    /// Rows in the file.
    pub rows: i64,
    /// Rows that nothing in force is like.
    pub new: i64,
    /// Rows that say something else than what is in force.
    pub changed: i64,
    /// Rows that say what is in force.
    pub same: i64,
    /// Rows that cannot be taken.
    pub bad: i64,
    /// Rows that came into force.
    pub loaded: i64,
    /// The first bad rows, 200 at most.
    pub errors: Vec<RowError>,
}

/// What taking a batch out of force did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RemovalReport {
    /// The batch.
    pub batch: i64,
    /// Rows of it that were in force.
    pub removed: i64,
    /// Of these, rows of which an older batch is in force again.
    pub restored: i64,
}

/// One field of a kind and its column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MappedField {
    /// The field.
    pub field: String,
    /// Its column; null when it has none.
    pub column: Option<String>,
    /// The file cannot do without it.
    pub required: bool,
    /// Nobody said so: the header looks like it.
    pub guessed: bool,
}

/// What a file looks like before it is imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ImportPreview {
    /// `csv` or `jsonl`.
    pub format: String,
    /// What it is written in.
    pub encoding: String,
    /// What stands between fields; null for JSONL.
    pub delimiter: Option<String>,
    /// Its columns.
    pub columns: Vec<String>,
    /// Every field of the kind and its column.
    pub map: Vec<MappedField>,
    /// The first rows, a text a column.
    pub sample: Vec<Vec<String>>,
    /// Why it could not be imported as it is, a sentence each.
    pub problems: Vec<String>,
}

/// Takes the right to import: one at a time, whatever process asks.
fn take_turn(db: &Db) -> Result<Lease, ImportError> {
    if db.is_read_only() {
        return Err(DbError::ReadOnly.into());
    }
    Lease::try_take_for_import(db.path()).map_err(ImportError::Lock)?.ok_or(ImportError::Busy)
}

/// Runs what reads files on the blocking pool.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, DbError> {
    tokio::task::spawn_blocking(work).await.map_err(|_panicked| DbError::Stopped)
}
