//! Steps: where each move of an action stands, as rows.

use serde_json::Value;

use super::rows::from_json;
use crate::db::{Connection, DbError, DbResult, Transaction, params};
use crate::stripe::Post;

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StepState {
    /// Nothing was done.
    Waiting,
    /// Its request is committed, and may have been sent.
    Intended,
    /// It is done.
    Done,
    /// It was refused.
    Failed,
    /// What became of it cannot be found out.
    Unknown,
}

impl StepState {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Intended => "intended",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    fn parse(text: &str) -> DbResult<Self> {
        [Self::Waiting, Self::Intended, Self::Done, Self::Failed, Self::Unknown]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| DbError::Corrupt(format!("step {text}")))
    }
}

/// One step.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub state: StepState,
    /// How often another key was taken.
    pub attempt: i64,
    /// What was committed before it was sent.
    pub sent: Option<Sent>,
    /// The object it made, changed or found.
    pub object: Option<String>,
    /// Stripe's request id.
    pub request_id: Option<String>,
}

impl Step {
    /// Whether what is committed says this.
    pub(super) fn says(&self, document: &Value) -> DbResult<bool> {
        let Some(sent) = &self.sent else { return Ok(false) };
        let said: Value = from_json(&sent.post.body)?;
        Ok(said == *document)
    }
}

/// A request as committed.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub post: Post,
    pub key: String,
    /// Server seconds.
    pub at: i64,
}

/// Lists the steps of an action, in their order.
pub(super) fn list(connection: &Connection, action: i64) -> DbResult<Vec<Step>> {
    let mut statement = connection.prepare_cached(
        "SELECT state, attempt, path, body, key, intended_at, object, request_id FROM action_step
         WHERE action = ?1 ORDER BY step",
    )?;
    let mut rows = statement.query([action])?;
    let mut steps = Vec::new();
    while let Some(row) = rows.next()? {
        let path: Option<String> = row.get(2)?;
        let sent = match path {
            Some(path) => {
                Some(Sent { post: Post { path, body: row.get(3)? }, key: row.get(4)?, at: row.get(5)? })
            }
            None => None,
        };
        steps.push(Step {
            state: StepState::parse(&row.get::<_, String>(0)?)?,
            attempt: row.get(1)?,
            sent,
            object: row.get(6)?,
            request_id: row.get(7)?,
        });
    }
    Ok(steps)
}

/// Makes the steps of a new action.
pub(super) fn make(transaction: &Transaction<'_>, action: i64, count: usize) -> DbResult<()> {
    for step in 0..count {
        transaction
            .prepare_cached(
                "INSERT INTO action_step (action, step, attempt, state) VALUES (?1, ?2, 0, 'waiting')",
            )?
            .execute(params![action, number(step)])?;
    }
    Ok(())
}

/// Commits what is about to be sent.
pub(super) fn intend(
    transaction: &Transaction<'_>,
    (action, step): (i64, usize),
    attempt: i64,
    sent: &Sent,
) -> DbResult<()> {
    transaction
        .prepare_cached(
            "UPDATE action_step SET state = 'intended', attempt = ?3, path = ?4, body = ?5, key = ?6, intended_at = ?7
             WHERE action = ?1 AND step = ?2",
        )?
        .execute(params![action, number(step), attempt, sent.post.path, sent.post.body, sent.key, sent.at])?;
    Ok(())
}

/// Notes how a step ended.
pub(super) fn end(
    transaction: &Transaction<'_>,
    (action, step): (i64, usize),
    state: StepState,
    object: Option<&str>,
    request_id: Option<&str>,
) -> DbResult<()> {
    transaction
        .prepare_cached(
            "UPDATE action_step SET state = ?3, object = coalesce(?4, object), request_id = coalesce(?5, request_id)
             WHERE action = ?1 AND step = ?2",
        )?
        .execute(params![action, number(step), state.as_str(), object, request_id])?;
    Ok(())
}

fn number(step: usize) -> i64 {
    i64::try_from(step).unwrap_or(i64::MAX)
}

/// Bytes as hexadecimal text.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
