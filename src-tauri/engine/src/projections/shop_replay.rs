//! The shop's own rows in a rebuild: every batch in force, oldest first, some rows a step.

use super::rebuild::{mark, set_mark};
use super::shop::{Rule, make, missing, prepare, put_rows};
use crate::db::{DbResult, OptionalExtension, Transaction, params};
use crate::domain::shop::ShopKind;
use crate::facts::imports::{find_batch, list_rows};

/// Rows taken in one step for each other fact that a step may take.
const ROWS_FOR_EACH: i64 = 10;
/// The mark of a batch whose rows are all in.
const DONE: i64 = -1;

/// Takes the next rows in; true once there are no more and every index is made.
pub(super) fn step(transaction: &Transaction<'_>, limit: i64) -> DbResult<bool> {
    let (batch, line) = (mark(transaction, "shop_batch")?, mark(transaction, "shop_line")?);
    let open = batch > 0 && line != DONE;
    let next: Option<i64> = transaction
        .prepare_cached(
            "SELECT min(batch) FROM import_batch WHERE state IN ('applying', 'loaded') AND (batch > ?1 OR (batch = ?1 AND ?2))",
        )?
        .query_row(params![batch, open], |row| row.get(0))
        .optional()?
        .flatten();
    let Some(found) = next.map(|next| find_batch(transaction, next)).transpose()?.flatten() else {
        return make_one_index(transaction);
    };
    let after = if found.batch == batch { line } else { 0 };
    if found.batch != batch {
        prepare(transaction, found.kind, found.rows)?;
    }
    let limit = limit.saturating_mul(ROWS_FOR_EACH);
    let rows = list_rows(transaction, found.batch, after, limit)?;
    let full = i64::try_from(rows.len()).unwrap_or(limit) >= limit;
    let last = rows.last().map_or(DONE, |row| row.line);
    let put = put_rows(transaction, found.kind, found.batch, rows, Rule::Newest);
    match put {
        // Uses are told as far as they can be: a damaged row of them keeps nothing else from being made.
        Err(error) if found.kind == ShopKind::UsageDaily => {
            tracing::warn!(batch = found.batch, %error, "uses could not be taken in");
        }
        other => drop(other?),
    }
    set_mark(transaction, "shop_batch", found.batch)?;
    set_mark(transaction, "shop_line", if full { last } else { DONE })?;
    Ok(false)
}

fn make_one_index(transaction: &Transaction<'_>) -> DbResult<bool> {
    for kind in ShopKind::ALL {
        if let Some(index) = missing(transaction, kind)?.first() {
            make(transaction, index)?;
            return Ok(false);
        }
    }
    Ok(true)
}
