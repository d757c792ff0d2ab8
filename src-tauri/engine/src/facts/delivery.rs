//! What Stripe last said of an event's delivery. Kept apart from the event, which never changes.

use crate::db::{DbResult, Transaction, params};

/// Notes that an event has endpoints that did not take it yet.
///
/// # Errors
/// The write failed.
pub fn upsert_pending(
    transaction: &Transaction<'_>,
    event_id: &str,
    created: i64,
    pending: i64,
    seen_at: i64,
) -> DbResult<()> {
    transaction
        .prepare_cached(
            "INSERT INTO stripe_delivery (event_id, created, pending, seen_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (event_id) DO UPDATE SET pending = excluded.pending, seen_at = excluded.seen_at, resolved_at = NULL
             WHERE excluded.seen_at >= seen_at",
        )?
        .execute(params![event_id, created, pending, seen_at])?;
    Ok(())
}

/// Notes that events last seen before a finished walk of the undelivered list have left it.
///
/// # Errors
/// The write failed.
pub fn resolve_unseen(transaction: &Transaction<'_>, walk_started_at: i64, now: i64) -> DbResult<usize> {
    Ok(transaction
        .prepare_cached("UPDATE stripe_delivery SET resolved_at = ?2, pending = 0 WHERE resolved_at IS NULL AND seen_at < ?1")?
        .execute(params![walk_started_at, now])?)
}
