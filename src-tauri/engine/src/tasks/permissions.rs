//! Kinds the key could not read when they were due: asked for again, and listed as soon as it may.
//!
//! A better key starts the sync anew, so that it is tried at once; rights given to the same key are noticed within
//! the hour.

use std::sync::atomic::Ordering;

use super::backfill::{self, Reason, Run, listed_state};
use super::context::{Context, TaskError};
use super::poll::{is_due, missing_state};
use crate::db::{Connection, DbResult};
use crate::domain::kind::Kind;
use crate::facts::state::find_state;
use crate::http::Priority;
use crate::stripe::StripeError;

/// How often a key is tried again.
const EVERY_S: i64 = 3_600;

/// Starts a run over the kinds that were left out and may be read now.
///
/// # Errors
/// Stripe or the mirror failed.
pub async fn begin_permitted(
    context: &Context,
    now: i64,
    watermark: Option<i64>,
) -> Result<Option<Run>, TaskError> {
    if !is_due(now, context.permissions_asked_at.load(Ordering::Relaxed), EVERY_S) {
        return Ok(None);
    }
    let mut permitted = Vec::new();
    for kind in context.db.read(left_out).await? {
        match context.stripe.list(kind, None, None, None, Priority::Low).await {
            Ok(_) => permitted.push(kind),
            Err(StripeError::PermissionMissing { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    context.permissions_asked_at.store(now, Ordering::Relaxed);
    if permitted.is_empty() {
        return Ok(None);
    }
    Ok(Some(backfill::begin_kinds(context, Reason::Permitted, now, watermark, permitted).await?))
}

fn left_out(connection: &Connection) -> DbResult<Vec<Kind>> {
    let mut found = Vec::new();
    for kind in Kind::FOLDED {
        let listed: Option<i64> = find_state(connection, &listed_state(kind))?;
        let missing: Option<String> = find_state(connection, &missing_state(kind.as_str()))?;
        if listed.is_none() || missing.is_some() {
            found.push(kind);
        }
    }
    Ok(found)
}
