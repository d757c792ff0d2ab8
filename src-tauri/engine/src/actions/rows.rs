//! Plans and actions as durable rows: kept, confirmed, found when due.

use serde::{Deserialize, Serialize};
use serde_json::json;
use ts_rs::TS;

use super::bulk::BulkPlan;
use super::guard::{Weight, admit, cap_row};
use super::plan::ActionPlan;
use super::plans::Drawn;
use super::step::{self, StepState};
use crate::audit::{Audit, Entry};
use crate::db::{Connection, DbError, DbResult, OptionalExtension, Transaction, params};
use crate::domain::action::ActionRequest;
use crate::error::Problem;

/// Plans that are not confirmed within this time are forgotten, seconds.
const KEPT_S: i64 = 86_400;

/// Where an action stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ActionState {
    /// Confirmed, and waiting for its turn.
    Queued,
    /// Under way: a request was sent or may have been, or an answer is waited for.
    Running,
    /// Done.
    Succeeded,
    /// Refused, or the world had changed: what was not done yet will not be.
    Failed,
    /// What became of it cannot be found out.
    Unknown,
}

impl ActionState {
    /// The word as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// Whether nothing more will be done.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Unknown)
    }

    pub(super) fn parse(text: &str) -> DbResult<Self> {
        [Self::Queued, Self::Running, Self::Succeeded, Self::Failed, Self::Unknown]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| DbError::Corrupt(format!("action {text}")))
    }
}

/// An action as it is run.
pub(super) struct ActionRow {
    pub seq: i64,
    pub id: String,
    pub operator: String,
    pub request: ActionRequest,
    pub plan: ActionPlan,
    pub program: String,
    pub state: ActionState,
}

/// Keeps a plan until it is confirmed; forgets those of yesterday.
///
/// # Errors
/// The write failed.
pub fn keep_plan(transaction: &Transaction<'_>, plan: &ActionPlan, operator: &str) -> DbResult<()> {
    keep(transaction, (&plan.id, &plan.hash, false), plan.made_at, operator, &to_json(plan)?)
}

fn keep(
    transaction: &Transaction<'_>,
    (id, hash, bulk): (&str, &str, bool),
    now: i64,
    operator: &str,
    body: &str,
) -> DbResult<()> {
    transaction.execute("DELETE FROM action_plan WHERE made_at < ?1", [now - KEPT_S])?;
    transaction
        .prepare_cached(
            "INSERT INTO action_plan (id, made_at, operator, hash, bulk, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![id, now, operator, hash, bulk, body])?;
    Ok(())
}

/// Finds a kept plan.
///
/// # Errors
/// The read failed.
pub fn find_plan(connection: &Connection, id: &str) -> DbResult<Option<ActionPlan>> {
    find_kept(connection, id, false)
}

fn find_kept<T: serde::de::DeserializeOwned>(
    connection: &Connection,
    id: &str,
    bulk: bool,
) -> DbResult<Option<T>> {
    let body: Option<String> = connection
        .prepare_cached("SELECT body FROM action_plan WHERE id = ?1 AND bulk = ?2")?
        .query_row(params![id, bulk], |row| row.get(0))
        .optional()?;
    body.map(|body| from_json(&body)).transpose()
}

/// Confirms a drawn plan: weighs it, and commits the action with its requests. Says why not, where not.
///
/// # Errors
/// The write failed.
pub fn confirm(
    transaction: &Transaction<'_>,
    audit: &Audit,
    drawn: &Drawn,
    (doer, live): (&super::Doer, bool),
    (now, zone): (i64, chrono_tz::Tz),
    typed: Option<i64>,
) -> DbResult<Result<String, Problem>> {
    let weight = Weight { plan: &drawn.plan, doer, live, now, zone, typed };
    if let Some(problem) = admit(transaction, &weight)? {
        return Ok(Err(problem));
    }
    insert(transaction, drawn, doer, now, None)?;
    let id = action_id(&drawn.plan.id);
    audit.append(
        transaction,
        &Entry {
            at: now,
            operator: &doer.name,
            action: Some(&id),
            event: "confirmed",
            body: &json!({"plan": drawn.plan, "level": doer.level}),
        },
    )?;
    transaction.execute("DELETE FROM action_plan WHERE id = ?1", [&drawn.plan.id])?;
    Ok(Ok(id))
}

/// Forgets a plan that was not confirmed and will not be.
///
/// # Errors
/// The write failed.
pub fn forget_plan(transaction: &Transaction<'_>, id: &str) -> DbResult<()> {
    transaction.prepare_cached("DELETE FROM action_plan WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// Confirms many drawn plans as one: all are weighed, then all are committed, or none.
///
/// # Errors
/// The write failed.
pub fn confirm_bulk(
    transaction: &Transaction<'_>,
    audit: &Audit,
    bulk: &BulkPlan,
    drawn: &[Drawn],
    (doer, live): (&super::Doer, bool),
    (now, zone): (i64, chrono_tz::Tz),
    typed: Option<i64>,
) -> DbResult<Result<(), Problem>> {
    if bulk.confirm_amount && bulk.only_total().is_none() {
        return Ok(Err(Problem::new(
            "SEVERAL_CURRENCIES",
            "real money of several currencies moves: there is no one amount to type",
            "Plan one currency at a time.",
        )));
    }
    transaction.execute_batch("SAVEPOINT bulk")?;
    for (index, one) in drawn.iter().enumerate() {
        // The amount is typed once, for all of them.
        let plan = ActionPlan { confirm_amount: bulk.confirm_amount && index == 0, ..one.plan.clone() };
        let whole = plan.money.as_ref().map(|money| money.amount_minor);
        let typed = if typed.is_some() && typed == bulk.only_total() { whole } else { None };
        let weight = Weight { plan: &plan, doer, live, now, zone, typed };
        if let Some(problem) = admit(transaction, &weight)? {
            transaction.execute_batch("ROLLBACK TO bulk; RELEASE bulk")?;
            return Ok(Err(problem));
        }
        insert(transaction, one, doer, now, Some(&bulk.id))?;
    }
    transaction.execute_batch("RELEASE bulk")?;
    transaction.execute(
        "INSERT INTO bulk (id, kind, operator, confirmed_at, plan, paused) VALUES (?1, ?2, ?3, ?4, ?5, 0)",
        params![bulk.id, bulk.action.as_str(), doer.name, now, to_json(bulk)?],
    )?;
    let ids: Vec<String> = drawn.iter().map(|one| action_id(&one.plan.id)).collect();
    audit.append(
        transaction,
        &Entry {
            at: now,
            operator: &doer.name,
            action: Some(&bulk.id),
            event: "confirmed",
            body: &json!({"action": bulk.action, "hash": bulk.hash, "count": bulk.count, "money": bulk.money, "actions": ids}),
        },
    )?;
    transaction.execute("DELETE FROM action_plan WHERE id = ?1", [&bulk.id])?;
    Ok(Ok(()))
}

/// The id of the action that a plan becomes.
pub(super) fn action_id(plan: &str) -> String {
    format!("act_{}", plan.trim_start_matches("pln_"))
}

fn insert(
    transaction: &Transaction<'_>,
    drawn: &Drawn,
    doer: &super::Doer,
    now: i64,
    bulk: Option<&str>,
) -> DbResult<()> {
    let plan = &drawn.plan;
    let (money, currency, mails) = cap_row(plan);
    transaction
        .prepare_cached(
            "INSERT INTO action (id, bulk, kind, operator, level, confirmed_at, order_id, request, hash, plan, program, state,
               due_at, money, currency, mails)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 'queued', ?6, ?12, ?13, ?14)",
        )?
        .execute(params![
            action_id(&plan.id),
            bulk,
            plan.action.as_str(),
            doer.name,
            doer.level,
            now,
            plan.order_id,
            to_json(&plan.request)?,
            plan.hash,
            to_json(plan)?,
            to_json(&drawn.program)?,
            money,
            currency,
            mails
        ])?;
    let seq = transaction.last_insert_rowid();
    step::make(transaction, seq, drawn.program.moves.len())?;
    for subject in plan.order_id.iter().chain(&drawn.subjects) {
        transaction
            .prepare_cached("INSERT OR IGNORE INTO action_subject (subject, action) VALUES (?1, ?2)")?
            .execute(params![subject, seq])?;
    }
    Ok(())
}

/// Whether there is nothing to wait for: the action is over and was verified, failed, or waits for a later attempt.
///
/// # Errors
/// The read failed.
pub fn is_settled(connection: &Connection, id: &str, now: i64) -> DbResult<bool> {
    let due: Option<Option<i64>> = connection
        .prepare_cached("SELECT due_at FROM action WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    Ok(due.flatten().is_none_or(|due| due > now))
}

/// Keeps a plan for many orders until it is confirmed.
///
/// # Errors
/// The write failed.
pub fn keep_bulk_plan(transaction: &Transaction<'_>, plan: &BulkPlan, operator: &str) -> DbResult<()> {
    keep(transaction, (&plan.id, &plan.hash, true), plan.made_at, operator, &to_json(plan)?)
}

/// Finds a kept plan for many orders.
///
/// # Errors
/// The read failed.
pub fn find_bulk_plan(connection: &Connection, id: &str) -> DbResult<Option<BulkPlan>> {
    find_kept(connection, id, true)
}

const DUE: &str = "
    SELECT seq FROM action WHERE due_at <= ?1 AND (bulk IS NULL OR bulk NOT IN (SELECT id FROM bulk WHERE paused = 1))
    ORDER BY bulk IS NOT NULL, kind = 'send_event', due_at, seq LIMIT 1";

/// The next action to be run: what someone waits for before bulk runs.
pub(super) fn next_due(connection: &Connection, now: i64) -> DbResult<Option<i64>> {
    Ok(connection.prepare_cached(DUE)?.query_row([now], |row| row.get(0)).optional()?)
}

pub(super) fn find_seq(connection: &Connection, id: &str) -> DbResult<Option<i64>> {
    Ok(connection
        .prepare_cached("SELECT seq FROM action WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?)
}

pub(super) fn get(connection: &Connection, seq: i64) -> DbResult<ActionRow> {
    let mut statement = connection
        .prepare_cached("SELECT id, operator, request, plan, program, state FROM action WHERE seq = ?1")?;
    let mut rows = statement.query([seq])?;
    let row = rows.next()?.ok_or_else(|| DbError::Corrupt(format!("action {seq}")))?;
    Ok(ActionRow {
        seq,
        id: row.get(0)?,
        operator: row.get(1)?,
        request: from_json(&row.get::<_, String>(2)?)?,
        plan: from_json(&row.get::<_, String>(3)?)?,
        program: row.get(4)?,
        state: ActionState::parse(&row.get::<_, String>(5)?)?,
    })
}

/// Pauses a bulk run or lets it go on; says whether there is one of that id.
///
/// # Errors
/// The write failed.
pub fn pause_bulk(
    transaction: &Transaction<'_>,
    audit: &Audit,
    (id, paused): (&str, bool),
    operator: &str,
    now: i64,
) -> DbResult<bool> {
    let changed =
        transaction.execute("UPDATE bulk SET paused = ?2 WHERE id = ?1", params![id, i64::from(paused)])?;
    if changed > 0 {
        let event = if paused { "paused" } else { "resumed" };
        audit.append(transaction, &Entry { at: now, operator, action: Some(id), event, body: &json!({}) })?;
    }
    Ok(changed > 0)
}

pub(super) fn to_json<T: Serialize>(value: &T) -> DbResult<String> {
    serde_json::to_string(value).map_err(|error| DbError::Corrupt(error.to_string()))
}

pub(super) fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> DbResult<T> {
    serde_json::from_str(text).map_err(|error| DbError::Corrupt(format!("action: {error}")))
}

impl StepState {
    pub(super) const fn is_over(self) -> bool {
        matches!(self, Self::Done)
    }
}
