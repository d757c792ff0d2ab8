//! Refetch: single objects asked for again, because two snapshots differ, line items lack, or healing wants it.

use super::context::{Context, TaskError};
use crate::db::{Connection, DbResult, Transaction, params};
use crate::domain::kind::Kind;
use crate::facts::names::Key;
use crate::http::Priority;
use crate::projections::ingest::{Terms, store_tombstone};
use crate::stripe::StripeError;

/// Objects fetched by one call.
const BATCH: i64 = 20;
/// Attempts before an object is given up until something new is heard of it.
const MAX_ATTEMPTS: i64 = 6;

struct Due {
    key: Key,
    id: String,
    kind: Kind,
    reason: String,
    attempts: i64,
}

fn list_due(connection: &Connection, now: i64) -> DbResult<Vec<Due>> {
    let mut statement = connection.prepare_cached(
        "SELECT r.object, s.id, s.kind, r.reason, r.attempts FROM refetch r JOIN stripe_id s ON s.key = r.object
         WHERE r.due_at <= ?1 ORDER BY r.due_at LIMIT ?2",
    )?;
    let due = statement
        .query_map(params![now, BATCH], |row| {
            Ok(Due {
                key: row.get(0)?,
                id: row.get(1)?,
                kind: Kind::from_stored(row.get(2)?),
                reason: row.get(3)?,
                attempts: row.get(4)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(due)
}

/// When the next object is due, local unix seconds.
///
/// # Errors
/// The read failed.
pub fn find_next_due(connection: &Connection) -> DbResult<Option<i64>> {
    Ok(connection.query_row("SELECT min(due_at) FROM refetch", [], |row| row.get(0))?)
}

/// Fetches what is due; says how many objects it asked for.
///
/// # Errors
/// Stripe or the mirror failed; what is left stays due.
pub async fn fetch_due(context: &Context) -> Result<usize, TaskError> {
    let now = context.clock.now();
    let due = context.db.read(move |connection| list_due(connection, now)).await?;
    for object in &due {
        fetch(context, object).await?;
    }
    Ok(due.len())
}

async fn fetch(context: &Context, due: &Due) -> Result<(), TaskError> {
    let key = due.key;
    if due.kind == Kind::Other
        || due.kind == Kind::Local
        || (due.reason == "line_items" && listed_since(context, key).await?)
    {
        return Ok(context.db.write(move |transaction| forget(transaction, key)).await?);
    }
    let asked_at = context.server_now();
    match context.stripe.retrieve(due.kind, &due.id, Priority::Low).await {
        Ok((raw, as_of)) => {
            context
                .take_object(due.kind, raw, as_of, Box::new(move |transaction| forget(transaction, key)))
                .await?;
            Ok(())
        }
        Err(StripeError::NotFound { .. }) => {
            let terms = context.terms(super::context::Intake::Live);
            let may_vanish = matches!(due.kind, Kind::Customer | Kind::Product | Kind::Price);
            Ok(context
                .db
                .write(move |transaction| gone(transaction, key, asked_at, may_vanish, &terms))
                .await?)
        }
        Err(StripeError::PermissionMissing { .. } | StripeError::Refused { .. }) => {
            Ok(context.db.write(move |transaction| forget(transaction, key)).await?)
        }
        Err(error) => {
            let (attempts, now) = (due.attempts + 1, context.clock.now());
            context.db.write(move |transaction| postpone(transaction, key, attempts, now)).await?;
            Err(error.into())
        }
    }
}

async fn listed_since(context: &Context, key: Key) -> DbResult<bool> {
    context
        .db
        .read(move |connection| {
            Ok(connection.query_row(
                "SELECT EXISTS (SELECT 1 FROM stripe_snapshot WHERE object = ?1)",
                [key],
                |row| row.get(0),
            )?)
        })
        .await
}

fn gone(
    transaction: &Transaction<'_>,
    key: Key,
    as_of: i64,
    may_vanish: bool,
    terms: &Terms,
) -> DbResult<()> {
    if may_vanish {
        store_tombstone(transaction, key, as_of, terms)?;
    }
    forget(transaction, key)
}

fn forget(transaction: &Transaction<'_>, key: Key) -> DbResult<()> {
    transaction.prepare_cached("DELETE FROM refetch WHERE object = ?1")?.execute([key])?;
    Ok(())
}

fn postpone(transaction: &Transaction<'_>, key: Key, attempts: i64, now: i64) -> DbResult<()> {
    if attempts >= MAX_ATTEMPTS {
        return forget(transaction, key);
    }
    let pause = 15_i64.saturating_mul(1 << attempts.clamp(0, 10));
    transaction
        .prepare_cached("UPDATE refetch SET attempts = ?2, due_at = ?3 WHERE object = ?1")?
        .execute(params![key, attempts, now + pause])?;
    Ok(())
}
