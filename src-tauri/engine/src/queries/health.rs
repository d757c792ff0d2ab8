//! Sync health: what is complete, what is missing, and why.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::counters::{
    count_event_conflicts, count_undelivered, count_unsettled, counters, errors, file_bytes, notices,
    undelivered,
};
use crate::db::{Connection, DbResult, OptionalExtension};
use crate::domain::kind::Kind;
use crate::facts::settings::get_settings;
use crate::facts::state::find_state;
use crate::projections::fold::count_dirty;
use crate::projections::schema::require_current;

/// What only the running sync knows. The default is a mirror that nothing polls.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SyncFacts {
    /// How fresh the mirror is.
    pub freshness: Freshness,
    /// The event walk's watermark, unix seconds.
    pub watermark: Option<i64>,
    /// Completeness by kind; kinds left out are shown with nothing known.
    pub kinds: Vec<KindSync>,
    /// The limiter.
    pub limiter: LimiterHealth,
    /// Local clock minus Stripe's, seconds.
    pub clock_skew_s: Option<i64>,
    /// Whether this process polls.
    pub holds_lease: bool,
}

/// Completeness of one kind as the sync knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KindSync {
    /// As [`KindHealth::kind`].
    pub kind: String,
    /// Complete up to here, unix seconds.
    pub complete_up_to: Option<i64>,
    /// What is missing.
    pub gaps: Vec<Gap>,
    /// The permission the key lacks.
    pub missing_permission: Option<String>,
}

/// Reads everything the Health page shows: counts from tables, the rest from the sync.
///
/// Recounts are the state documents `reach:NAME` (when it last ended) and `recount_found:NAME`.
///
/// # Errors
/// Stale projections; a failed read.
pub fn health(connection: &Connection, now: i64, sync: &SyncFacts) -> DbResult<Health> {
    require_current(connection)?;
    let (_, settings) = get_settings(connection)?;
    let overdue = now - i64::from(settings.undelivered_after_min) * 60;
    Ok(Health {
        freshness: sync.freshness.clone(),
        watermark: sync.watermark,
        kinds: kinds(connection, &sync.kinds)?,
        recounts: recounts(connection)?,
        event_conflicts: count_event_conflicts(connection)?,
        skipped_types: counters(connection, "skipped:")?,
        unreadable: counters(connection, "unreadable:")?,
        unsettled: count_unsettled(connection)?,
        unfolded: count_dirty(connection)?,
        undelivered: undelivered(connection, overdue)?,
        undelivered_total: count_undelivered(connection, overdue)?,
        limiter: sync.limiter.clone(),
        clock_skew_s: sync.clock_skew_s,
        errors: errors(connection)?,
        file_bytes: file_bytes(connection)?,
        holds_lease: sync.holds_lease,
        notices: notices(connection)?,
    })
}

fn kinds(connection: &Connection, known: &[KindSync]) -> DbResult<Vec<KindHealth>> {
    // Events are never removed and numbered without gaps.
    let events: i64 =
        connection.query_row("SELECT coalesce(max(seq), 0) FROM stripe_event", [], |row| row.get(0))?;
    let mut found = vec![("event", events)];
    let mut statement = connection.prepare_cached("SELECT count FROM kind_count WHERE kind = ?1")?;
    for kind in Kind::FOLDED {
        let count: Option<i64> = statement.query_row([kind as u8], |row| row.get(0)).optional()?;
        found.push((kind.as_str(), count.unwrap_or(0)));
    }
    let row = |(kind, count): (&str, i64)| {
        let sync = known.iter().find(|known| known.kind == kind).cloned().unwrap_or_default();
        KindHealth {
            kind: kind.to_owned(),
            count,
            complete_up_to: sync.complete_up_to,
            gaps: sync.gaps,
            missing_permission: sync.missing_permission,
        }
    };
    Ok(found.into_iter().map(row).collect())
}

fn recounts(connection: &Connection) -> DbResult<Vec<Recount>> {
    let read = |reach: &str| -> DbResult<Recount> {
        Ok(Recount {
            reach: reach.to_owned(),
            last_at: find_state(connection, &format!("reach:{reach}"))?,
            found: find_state(connection, &format!("recount_found:{reach}"))?.unwrap_or(0),
        })
    };
    ["10m", "24h", "30d"].into_iter().map(read).collect()
}

/// Says what the sync is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum SyncState {
    /// Nothing polls this mirror now.
    #[default]
    Idle,
    /// The first copy of the account is running.
    Backfill,
    /// Polls succeed.
    Live,
    /// After a long absence everything is listed again.
    Healing,
    /// Stripe slows us down.
    Throttled,
    /// Stripe cannot be reached.
    Offline,
    /// Stripe answers with server errors.
    StripeError,
    /// No key is at hand.
    NoKey,
    /// Stripe refuses the key.
    KeyRejected,
    /// The mirror was opened read-only.
    ReadOnly,
    /// Another process holds the lease and polls.
    FollowingOther,
}

/// How fresh the mirror is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Freshness {
    /// What the sync is doing.
    pub state: SyncState,
    /// Everything Stripe made up to here is in the mirror (unix seconds); null before the first walk ended.
    pub complete_up_to: Option<i64>,
    /// Last successful answer, unix seconds.
    pub last_success_at: Option<i64>,
    /// Next poll, unix seconds; null when none is planned.
    pub next_poll_at: Option<i64>,
    /// The last error's code; null when the last poll succeeded.
    pub error_code: Option<String>,
    /// The last error's message.
    pub error_message: Option<String>,
    /// What a person can do about it.
    pub error_hint: Option<String>,
    /// A running task's progress.
    pub progress: Option<Progress>,
}

/// Progress of a task.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Progress {
    /// `backfill`, `healing`, `poll`, `rebuild`, `recount`.
    pub task: String,
    /// The kind or step it is at.
    pub phase: String,
    /// Done so far.
    pub done: i64,
    /// Out of; null where unknown.
    pub total: Option<i64>,
}

/// A span of time whose objects may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Gap {
    /// From, unix seconds, included.
    pub from: i64,
    /// To, unix seconds, excluded.
    pub to: i64,
    /// `not_listed_yet`, `away_too_long`, `walk_unfinished`.
    pub reason: String,
}

/// Completeness of one kind of object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct KindHealth {
    /// `event`, `checkout.session`, `payment_intent`, `charge`, `refund`, `dispute`, `customer`, `product`, `price`.
    pub kind: String,
    /// How many are in the mirror.
    pub count: i64,
    /// Complete up to here, unix seconds; null while unknown.
    pub complete_up_to: Option<i64>,
    /// What is missing.
    pub gaps: Vec<Gap>,
    /// The permission the key lacks, in Stripe's words (for example `rak_charge_read`).
    pub missing_permission: Option<String>,
}

/// What a recount of older events found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Recount {
    /// `10m`, `24h`, `30d`.
    pub reach: String,
    /// When it last ended, unix seconds.
    pub last_at: Option<i64>,
    /// Events it found that the ordinary poll had not seen, all time.
    pub found: i64,
}

/// A thing counted by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct NamedCount {
    /// The name.
    pub name: String,
    /// How many.
    pub count: i64,
}

/// An error the sync met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SyncError {
    /// When, unix seconds.
    pub at: i64,
    /// Stable code.
    pub code: String,
    /// What could not be done to which thing.
    pub message: String,
    /// Stripe's request id, where there was an answer.
    pub request_id: Option<String>,
}

/// The limiter's numbers since the process started.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct LimiterHealth {
    /// Requests a second allowed.
    pub max_per_s: f64,
    /// Requests sent.
    pub requests: i64,
    /// Answers 429.
    pub throttled: i64,
    /// Requests tried again.
    pub retries: i64,
    /// Whether the breaker holds requests back now.
    pub breaker_open: bool,
}

/// An event Stripe has not delivered to every endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct UndeliveredEvent {
    /// The event's id.
    pub event_id: String,
    /// Its type.
    pub event_type: String,
    /// When it was made, unix seconds.
    pub created_at: i64,
    /// Endpoints that have not taken it.
    pub pending_webhooks: i64,
    /// The order it speaks of.
    pub preorder_id: Option<String>,
}

/// Everything the Health page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Health {
    /// How fresh the mirror is.
    pub freshness: Freshness,
    /// The event walk's watermark, unix seconds.
    pub watermark: Option<i64>,
    /// A row a kind.
    pub kinds: Vec<KindHealth>,
    /// A row a reach.
    pub recounts: Vec<Recount>,
    /// The same event id seen with other bytes.
    pub event_conflicts: i64,
    /// Events stored but not folded, by type.
    pub skipped_types: Vec<NamedCount>,
    /// Events of a folded type whose object could not be read, by reason.
    pub unreadable: Vec<NamedCount>,
    /// Objects waiting to be fetched again.
    pub unsettled: i64,
    /// Facts stored but not folded yet.
    pub unfolded: i64,
    /// Events not delivered after the waiting time, oldest first, 100 at most.
    pub undelivered: Vec<UndeliveredEvent>,
    /// How many there are in all.
    pub undelivered_total: i64,
    /// The limiter.
    pub limiter: LimiterHealth,
    /// Local clock minus Stripe's, seconds; null before the first answer.
    pub clock_skew_s: Option<i64>,
    /// The last errors, newest first, 20 at most.
    pub errors: Vec<SyncError>,
    /// Size of the mirror file in bytes.
    pub file_bytes: i64,
    /// Whether this process polls (holds the lease).
    pub holds_lease: bool,
    /// Spoken notices such as `away_relisted`, newest first: `{code, at, detail}`.
    pub notices: Vec<Notice>,
}

/// Something the sync did by itself that the operator should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Notice {
    /// When, unix seconds.
    pub at: i64,
    /// `away_relisted`, `cursor_lost`, `rebuilt`, `recount_found`.
    pub code: String,
    /// Numbers or names that belong to it.
    pub detail: String,
}
