//! The batches of the shop's own rows.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::db::{Connection, DbResult};
use crate::domain::shop::ShopKind;
use crate::facts::imports::{BatchState, list_batches};
use crate::projections::schema::require_current;
use crate::projections::shop::count_in_force;

/// One batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ImportBatch {
    /// Its number: a higher one is newer.
    pub batch: i64,
    /// Made at, unix seconds.
    pub made_at: i64,
    /// The kind of its rows.
    pub kind: ShopKind,
    /// The name of the file, without its folder.
    pub file_name: String,
    /// Rows it holds: those that were new or changed when it was loaded.
    pub rows: i64,
    /// Of these, rows that no newer batch says otherwise.
    pub in_force: i64,
    /// Taken out of force at.
    pub removed_at: Option<i64>,
}

/// Every batch that ever came into force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ImportList {
    /// Newest first.
    pub batches: Vec<ImportBatch>,
}

/// Lists the batches, newest first.
///
/// # Errors
/// The read failed.
pub fn list(connection: &Connection) -> DbResult<ImportList> {
    require_current(connection)?;
    let mut batches = Vec::new();
    for batch in list_batches(connection)?.into_iter().rev() {
        if batch.state == BatchState::Loading {
            continue;
        }
        batches.push(ImportBatch {
            in_force: count_in_force(connection, batch.batch)?,
            batch: batch.batch,
            made_at: batch.made_at,
            kind: batch.kind,
            file_name: batch.file_name,
            rows: batch.rows,
            removed_at: batch.removed_at,
        });
    }
    Ok(ImportList { batches })
}
