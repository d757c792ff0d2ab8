//! Healing: after an absence longer than Stripe keeps events, everything is listed again, by itself, and said.

use super::backfill::{self, Reason, Run};
use super::context::{Context, TaskError};
use super::poll::{AWAY_FROM, RETENTION_S, WATERMARK};
use super::{permissions, refresh};
use crate::db::{DbResult, Transaction, params};
use crate::domain::kind::Kind;
use crate::facts::state::{Level, append_log, clear_state, find_state, set_state};
use crate::queries::health::Gap;

/// State document: spans whose events are gone for good.
pub const GAPS: &str = "event_gaps";

/// Starts a backfill when the mirror is new or was away too long; the run under way comes back.
///
/// # Errors
/// The mirror failed.
pub async fn begin_if_needed(context: &Context) -> Result<Option<Run>, TaskError> {
    let (run, watermark, away_from) = context
        .db
        .read(|connection| {
            Ok((
                backfill::find_run(connection)?,
                find_state::<i64>(connection, WATERMARK)?,
                find_state::<i64>(connection, AWAY_FROM)?,
            ))
        })
        .await?;
    if let Some(run) = run.clone().filter(|run| run.finished_at.is_none()) {
        return Ok(Some(run));
    }
    // Asking Stripe once tells its time before anything is decided by it.
    let now = stripe_time(context).await?;
    if run.is_none() {
        return Ok(Some(backfill::begin(context, Reason::First, now, watermark).await?));
    }
    if let Some(from) = away_from {
        return Ok(Some(begin_away(context, from, now).await?));
    }
    if refresh::find_asked(&context.db).await? {
        let begun = backfill::begin(context, Reason::Asked, now, watermark).await?;
        refresh::asked_was_begun(&context.db).await?;
        return Ok(Some(begun));
    }
    permissions::begin_permitted(context, now, watermark).await
}

async fn begin_away(context: &Context, from: i64, now: i64) -> Result<Run, TaskError> {
    let begun = backfill::begin(context, Reason::Away, now, Some(from)).await?;
    let (at, days) = (context.clock.now(), (now - from) / 86_400);
    context
        .db
        .write(move |transaction| {
            let mut gaps: Vec<Gap> = find_state(transaction, GAPS)?.unwrap_or_default();
            let gap = Gap { from, to: now - RETENTION_S, reason: "away_too_long".to_owned() };
            if gap.to > gap.from && !gaps.contains(&gap) {
                gaps.push(gap);
                set_state(transaction, GAPS, &gaps)?;
            }
            append_log(transaction, at, Level::Notice, "away_relisted", &days.to_string(), None)?;
            clear_state(transaction, AWAY_FROM)
        })
        .await?;
    Ok(begun)
}

async fn stripe_time(context: &Context) -> Result<i64, TaskError> {
    if let Some(now) = context.stripe.http().server_now() {
        return Ok(now);
    }
    let query = crate::stripe::SessionQuery { from: None, to: None, after: None, open: true };
    match context.stripe.list_sessions(&query, crate::http::Priority::Normal).await {
        Ok(_) | Err(crate::stripe::StripeError::PermissionMissing { .. }) => Ok(context.server_now()),
        Err(error) => Err(error.into()),
    }
}

/// After a run: what it did not list again is asked for one by one. Deleted objects become tombstones.
///
/// # Errors
/// The mirror failed.
pub async fn follow_up(context: &Context, run: &Run) -> DbResult<()> {
    if run.followed_up || run.finished_at.is_none() {
        return Ok(());
    }
    let mut done = run.clone();
    done.followed_up = true;
    let now = context.clock.now();
    context
        .db
        .write(move |transaction| {
            if matches!(done.reason, Reason::Away | Reason::Asked) {
                ask_for_missing(transaction, done.started_at, now)?;
            }
            set_state(transaction, backfill::BACKFILL, &done)
        })
        .await
}

fn ask_for_missing(transaction: &Transaction<'_>, started_at: i64, now: i64) -> DbResult<()> {
    // Twice the span of a second: as_of is a lower bound of the instant a page was read.
    let before = started_at - 2;
    for kind in [Kind::Customer, Kind::Product, Kind::Price] {
        transaction
            .prepare_cached(
                "INSERT OR IGNORE INTO refetch (object, due_at, reason, attempts)
                 SELECT key, ?3, 'missing', 0 FROM node WHERE kind = ?1 AND deleted = 0 AND as_of < ?2",
            )?
            .execute(params![kind as u8, before, now])?;
    }
    transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO refetch (object, due_at, reason, attempts)
             SELECT key, ?2, 'healing', 0 FROM node WHERE as_of < ?1 AND
               ((kind = 5 AND status IN ('needs_response', 'under_review', 'warning_needs_response', 'warning_under_review'))
                OR (kind = 2 AND status = 'requires_capture'))",
        )?
        .execute(params![before, now])?;
    Ok(())
}
