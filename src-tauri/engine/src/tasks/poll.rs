//! One poll: new events and new sessions, as far back as is due.

use super::context::{Context, Intake, TaskError};
use super::walk::{Stream, Walk, Walked, resume, walk};
use crate::db::{DbResult, Transaction};
use crate::facts::state::{find_state, set_state};
use crate::http::Priority;
use crate::stripe::StripeError;

pub use crate::facts::state::{WATERMARK, missing_state};

/// State document: every session created up to here is stored (server seconds).
pub const SESSION_WATERMARK: &str = "session_watermark";

/// State document: nobody polled since this watermark for longer than Stripe keeps events; healing is due.
pub const AWAY_FROM: &str = "away_from";

/// Events younger than this may still be on their way into Stripe's list.
const SETTLING_S: i64 = 60;
/// How far below the watermark every poll reads again.
const OVERLAP_S: i64 = 90;
const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;
/// Stripe keeps events for 30 days.
pub const RETENTION_S: i64 = 30 * DAY;
/// Away for longer than this, events may be gone.
pub const AWAY_S: i64 = 29 * DAY;

/// A reach: how far back is read, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Its name, in state documents and in Health.
    pub name: &'static str,
    /// Seconds back.
    pub back_s: i64,
    /// Seconds between.
    pub every_s: i64,
}

/// Read beside the polls.
pub const MINUTELY: Reach = Reach { name: "10m", back_s: 10 * MINUTE, every_s: MINUTE };
/// Read at low priority.
pub const HOURLY: Reach = Reach { name: "24h", back_s: DAY, every_s: HOUR };
/// Read at low priority.
pub const DAILY: Reach = Reach { name: "30d", back_s: RETENTION_S, every_s: DAY };

/// The state document that says when a reach last ended (server seconds).
pub fn reach_state(name: &str) -> String {
    format!("reach:{name}")
}

/// The counter of events a reach found that polls had missed.
pub fn found_counter(name: &str) -> String {
    format!("recount_found:{name}")
}

/// What a poll did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Polled {
    /// Events newly stored.
    pub new_events: i64,
    /// Session snapshots taken in.
    pub objects: i64,
    /// Server time of the walk's first page.
    pub head_at: i64,
}

/// Polls once, back to the watermark. What the key may not read is skipped and named in `missing:{kind}`.
///
/// # Errors
/// Stripe or the mirror failed; what was read is kept.
pub async fn poll_once(context: &Context) -> Result<Polled, TaskError> {
    let now = context.server_now();
    let events = poll_stream(context, Stream::Events, "poll_events", WATERMARK, now);
    let events = permitted(context, "event", events).await?;
    let sessions = poll_stream(context, Stream::Sessions, "poll_sessions", SESSION_WATERMARK, now);
    let sessions = permitted(context, "checkout.session", sessions).await?;
    context
        .db
        .write(move |transaction| {
            if let Some(events) = events {
                raise(transaction, WATERMARK, events.head_at - SETTLING_S)?;
            }
            if let Some(sessions) = sessions {
                raise(transaction, SESSION_WATERMARK, sessions.head_at - SETTLING_S)?;
            }
            Ok(())
        })
        .await?;
    Ok(Polled {
        new_events: events.map_or(0, |walked| walked.new_events),
        objects: sessions.map_or(0, |walked| walked.objects),
        head_at: events.or(sessions).map_or(now, |walked| walked.head_at),
    })
}

/// Reads the last ten minutes again when that is due, beside the polls: in a launch it takes many pages, and
/// new events do not wait for them.
///
/// # Errors
/// As [`poll_once`]; the walk is resumed by the next call.
pub async fn reach_once(context: &Context) -> Result<(), TaskError> {
    let now = context.server_now();
    let last = context.db.read(|connection| find_state(connection, &reach_state(MINUTELY.name))).await?;
    if !is_due(now, last.unwrap_or(0), MINUTELY.every_s) {
        return Ok(());
    }
    let events = reach_stream(context, Stream::Events, "reach_events", WATERMARK, now);
    permitted(context, "event", events).await?;
    let sessions = reach_stream(context, Stream::Sessions, "reach_sessions", SESSION_WATERMARK, now);
    permitted(context, "checkout.session", sessions).await?;
    context
        .db
        .write(move |transaction| set_state(transaction, &reach_state(MINUTELY.name), &now))
        .await
        .map_err(TaskError::from)
}

async fn reach_stream(
    context: &Context,
    stream: Stream,
    name: &'static str,
    mark: &'static str,
    now: i64,
) -> Result<Walked, TaskError> {
    let watermark: Option<i64> = context.db.read(|connection| find_state(connection, mark)).await?;
    let counted = watermark.filter(|_| stream == Stream::Events);
    let fresh = Walk {
        stream,
        floor: now - MINUTELY.back_s,
        cursor: None,
        head_at: None,
        expected_from: watermark.unwrap_or(now) - OVERLAP_S,
        counter: counted.map(|_| found_counter(MINUTELY.name)),
    };
    walk(context, name, fresh, Priority::Low, Intake::Live).await
}

/// Whether something last done at `last` is due again. A clock that went back makes it due.
pub fn is_due(now: i64, last: i64, every_s: i64) -> bool {
    now - last >= every_s || last > now + MINUTE
}

/// Moves a watermark on. A step longer than Stripe keeps events is noted in the same transaction: what changed
/// in between may never show up as an event.
fn raise(transaction: &Transaction<'_>, name: &str, to: i64) -> DbResult<()> {
    let before: Option<i64> = find_state(transaction, name)?;
    if let Some(before) = before.filter(|before| to - before > AWAY_S)
        && find_state::<i64>(transaction, AWAY_FROM)?.is_none_or(|noted| before < noted)
    {
        set_state(transaction, AWAY_FROM, &before)?;
    }
    if before.is_none_or(|before| before < to) { set_state(transaction, name, &to) } else { Ok(()) }
}

async fn poll_stream(
    context: &Context,
    stream: Stream,
    name: &'static str,
    mark: &'static str,
    now: i64,
) -> Result<Walked, TaskError> {
    let watermark: Option<i64> = context.db.read(|connection| find_state(connection, mark)).await?;
    // A walk that was cut short and is finished now counts as any other: a process that never lives long enough
    // for a second walk still gets on.
    let resumed = resume(context, name, stream, Priority::Normal, Intake::Live).await?;
    let proven = resumed.map(|walked| walked.head_at - SETTLING_S);
    if let Some(to) = proven {
        context.db.write(move |transaction| raise(transaction, mark, to)).await?;
    }
    let from = watermark.max(proven).unwrap_or(now - MINUTELY.back_s) - OVERLAP_S;
    let fresh = Walk {
        stream,
        floor: from.max(now - RETENTION_S).max(0),
        cursor: None,
        head_at: None,
        expected_from: from,
        counter: None,
    };
    let walked = walk(context, name, fresh, Priority::Normal, Intake::Live).await?;
    Ok(resumed.map_or(walked, |resumed| walked.with(resumed)))
}

/// Runs a step; a missing permission is noted by kind and becomes None.
///
/// # Errors
/// Anything else that went wrong.
pub async fn permitted<T>(
    context: &Context,
    kind: &'static str,
    step: impl Future<Output = Result<T, TaskError>>,
) -> Result<Option<T>, TaskError> {
    let (value, missing) = match step.await {
        Ok(value) => (Some(value), None),
        Err(TaskError::Stripe(StripeError::PermissionMissing { permission, .. })) => (None, Some(permission)),
        Err(error) => return Err(error),
    };
    let name = missing_state(kind);
    let known: Option<String> = {
        let name = name.clone();
        context.db.read(move |connection| find_state(connection, &name)).await?
    };
    if known != missing {
        context
            .db
            .write(move |transaction| match missing {
                Some(permission) => set_state(transaction, &name, &permission),
                None => crate::facts::state::clear_state(transaction, &name),
            })
            .await?;
    }
    Ok(value)
}

/// Walks a longer reach of events at low priority.
///
/// # Errors
/// Stripe or the mirror failed; the walk is resumed by the next call.
pub async fn recount(context: &Context, reach: Reach, walk_name: &'static str) -> Result<Walked, TaskError> {
    let now = context.server_now();
    let first = {
        let name = reach_state(reach.name);
        context.db.read(move |connection| find_state::<i64>(connection, &name)).await?.is_none()
    };
    let fresh = Walk {
        stream: Stream::Events,
        floor: now - reach.back_s,
        cursor: None,
        head_at: None,
        expected_from: now - MINUTELY.back_s,
        counter: (!first).then(|| found_counter(reach.name)),
    };
    let walked = walk(context, walk_name, fresh, Priority::Low, Intake::Live).await?;
    let name = reach_state(reach.name);
    context.db.write(move |transaction| set_state(transaction, &name, &walked.head_at)).await?;
    Ok(walked)
}
