//! What the shop's report server is told: durable, in order, with what it answered.

use crate::db::{Connection, DbResult, OptionalExtension, Row, Transaction, params};
use crate::facts::klaviyo::Trouble;

/// How far a trigger is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TriggerState {
    /// Not answered yet; it goes out, or goes out again.
    Queued,
    /// The server took it.
    Accepted,
    /// The server refused it, or was never reached.
    Failed,
    /// It was sent, and no answer ever came: it may have been heard.
    Unknown,
}

impl TriggerState {
    /// The word as it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Accepted => "accepted",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    fn parse(word: &str) -> Self {
        match word {
            "queued" => Self::Queued,
            "accepted" => Self::Accepted,
            "failed" => Self::Failed,
            _ => Self::Unknown,
        }
    }
}

/// One trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Its number.
    pub seq: i64,
    /// The request for a sync that it is of.
    pub sync: Option<i64>,
    /// Why.
    pub reason: String,
    /// The bytes that are sent, the same each time.
    pub body: String,
    /// The key that makes one of however many come.
    pub idempotency_key: String,
    /// How far it is.
    pub state: TriggerState,
    /// Times it was sent.
    pub attempts: i64,
    /// Of these, those without an answer: they may have been heard.
    pub unanswered: i64,
    /// Asked for at, unix seconds.
    pub queued_at: i64,
    /// It goes out at.
    pub next_at: i64,
    /// Sent last at.
    pub sent_at: Option<i64>,
    /// Its end.
    pub ended_at: Option<i64>,
    /// What was answered last.
    pub http_status: Option<i64>,
    /// Why it is not accepted: code and message.
    pub trouble: Option<(String, String)>,
}

impl Trigger {
    fn read(row: &Row<'_>) -> crate::db::rusqlite::Result<Self> {
        let state: String = row.get("state")?;
        let (code, message): (Option<String>, Option<String>) = (row.get("code")?, row.get("message")?);
        Ok(Self {
            seq: row.get("seq")?,
            sync: row.get("sync")?,
            reason: row.get("reason")?,
            body: row.get("body")?,
            idempotency_key: row.get("idempotency_key")?,
            state: TriggerState::parse(&state),
            attempts: row.get("attempts")?,
            unanswered: row.get("unanswered")?,
            queued_at: row.get("queued_at")?,
            next_at: row.get("next_at")?,
            sent_at: row.get("sent_at")?,
            ended_at: row.get("ended_at")?,
            http_status: row.get("http_status")?,
            trouble: code.map(|code| (code, message.unwrap_or_default())),
        })
    }
}

/// Queues a trigger.
///
/// # Errors
/// The write failed.
pub fn queue_trigger(
    transaction: &Transaction<'_>,
    (sync, reason): (Option<i64>, &str),
    body: &str,
    idempotency_key: &str,
    now: i64,
) -> DbResult<()> {
    transaction
        .prepare_cached(
            "INSERT INTO report_trigger (sync, reason, body, idempotency_key, state, queued_at, next_at)
             VALUES (?1, ?2, ?3, ?4, 'queued', ?5, ?5)",
        )?
        .execute(params![sync, reason, body, idempotency_key, now])?;
    Ok(())
}

/// The trigger that goes out next; None where none waits.
///
/// # Errors
/// The read failed.
pub fn find_due(connection: &Connection) -> DbResult<Option<Trigger>> {
    Ok(connection
        .prepare_cached("SELECT * FROM report_trigger WHERE state = 'queued' ORDER BY next_at, seq LIMIT 1")?
        .query_row([], Trigger::read)
        .optional()?)
}

/// A trigger is about to be sent: from here on it may have been heard. False where it was called off meanwhile, and is not to be sent.
///
/// # Errors
/// The write failed.
pub fn note_sent(transaction: &Transaction<'_>, seq: i64, now: i64) -> DbResult<bool> {
    let changed = transaction
        .prepare_cached(
            "UPDATE report_trigger SET attempts = attempts + 1, unanswered = unanswered + 1, sent_at = ?2
             WHERE seq = ?1 AND state = 'queued'",
        )?
        .execute(params![seq, now])?;
    Ok(changed == 1)
}

/// Writes what an attempt came to; whether it did. `answered` takes back that it may have been heard without our knowing. Of one
/// that was called off meanwhile only that the server took it is news.
///
/// # Errors
/// The write failed.
pub fn set_outcome(
    transaction: &Transaction<'_>,
    seq: i64,
    (state, answered): (TriggerState, bool),
    (now, next_at): (i64, i64),
    (status, trouble): (Option<i64>, Option<&Trouble>),
) -> DbResult<bool> {
    let ended = (state != TriggerState::Queued).then_some(now);
    let changed = transaction
        .prepare_cached(
            "UPDATE report_trigger SET state = ?2, unanswered = max(unanswered - ?3, 0), next_at = ?4, ended_at = ?5,
               http_status = ?6, code = ?7, message = ?8
             WHERE seq = ?1 AND (state = 'queued' OR ?2 = 'accepted')",
        )?
        .execute(params![
            seq,
            state.as_str(),
            i64::from(answered),
            next_at,
            ended,
            status,
            trouble.map(|trouble| &trouble.code),
            trouble.map(|trouble| &trouble.message)
        ])?;
    Ok(changed == 1)
}

/// Calls off what waits; how many that was.
///
/// # Errors
/// The write failed.
pub fn cancel_triggers(transaction: &Transaction<'_>, now: i64, why: &Trouble) -> DbResult<usize> {
    Ok(transaction
        .prepare_cached(
            "UPDATE report_trigger SET state = CASE WHEN unanswered > 0 THEN 'unknown' ELSE 'failed' END, ended_at = ?1,
               code = ?2, message = ?3 WHERE state = 'queued'",
        )?
        .execute(params![now, why.code, why.message])?)
}

/// Reads the newest triggers.
///
/// # Errors
/// The read failed.
pub fn list_triggers(connection: &Connection, most: i64) -> DbResult<Vec<Trigger>> {
    if !super::has_tables(connection)? {
        return Ok(Vec::new());
    }
    let mut statement =
        connection.prepare_cached("SELECT * FROM report_trigger ORDER BY seq DESC LIMIT ?1")?;
    let all = statement.query_map([most], Trigger::read)?;
    Ok(all.collect::<Result<_, _>>()?)
}
