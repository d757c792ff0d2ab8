//! Actions and bulk runs as shown.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::bulk::{BulkRow, BulkView};
use super::plan::ActionPlan;
use super::rows::{ActionState, from_json, to_json};
use super::step::{self, Step};
use crate::db::{Connection, DbError, DbResult, Row};
use crate::domain::action::ActionKind;

/// One step as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ActionStepView {
    /// `waiting`, `intended`, `done`, `failed`, `unknown`.
    pub state: String,
    /// The path that was written to; null for a read or a local fact.
    pub path: Option<String>,
    /// The object it made, changed or found.
    pub object: Option<String>,
    /// Stripe's request id.
    pub request_id: Option<String>,
}

/// A confirmed action as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ActionView {
    /// Its id.
    pub id: String,
    /// The plan that was confirmed.
    pub plan: ActionPlan,
    /// The bulk run it belongs to.
    pub bulk: Option<String>,
    /// Who confirmed it.
    pub operator: String,
    /// When, unix seconds.
    #[ts(type = "number")]
    pub confirmed_at: i64,
    /// Where it stands.
    pub state: ActionState,
    /// Whether the objects read as they should afterwards; null while that was not looked at.
    pub verified: Option<bool>,
    /// When it ended, unix seconds.
    #[ts(type = "number | null")]
    pub ended_at: Option<i64>,
    /// Why it failed, waits, or is in doubt: a code.
    pub error_code: Option<String>,
    /// The same in words.
    pub error: Option<String>,
    /// The payment link it made.
    pub link: Option<String>,
    /// Its steps.
    pub steps: Vec<ActionStepView>,
}

const VIEW: &str = "
    SELECT seq, id, plan, bulk, operator, confirmed_at, state, verified, ended_at, error_code, error, result FROM action";

fn read_view(connection: &Connection, row: &Row<'_>) -> DbResult<ActionView> {
    let steps = step::list(connection, row.get(0)?)?;
    Ok(ActionView {
        id: row.get(1)?,
        plan: from_json(&row.get::<_, String>(2)?)?,
        bulk: row.get(3)?,
        operator: row.get(4)?,
        confirmed_at: row.get(5)?,
        state: ActionState::parse(&row.get::<_, String>(6)?)?,
        verified: row.get(7)?,
        ended_at: row.get(8)?,
        error_code: row.get(9)?,
        error: row.get(10)?,
        link: row.get(11)?,
        steps: steps.into_iter().map(step_view).collect(),
    })
}

fn step_view(step: Step) -> ActionStepView {
    ActionStepView {
        state: step.state.as_str().to_owned(),
        path: step.sent.map(|sent| sent.post.path),
        object: step.object,
        request_id: step.request_id,
    }
}

/// An action as shown; None where there is none of that id.
///
/// # Errors
/// The read failed.
pub fn view(connection: &Connection, id: &str) -> DbResult<Option<ActionView>> {
    let mut statement = connection.prepare_cached(&format!("{VIEW} WHERE id = ?1"))?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(|row| read_view(connection, row)).transpose()
}

/// Lists the actions about an order or any of its objects, newest first, 100 at most.
///
/// # Errors
/// The read failed.
pub fn list_of_order(connection: &Connection, subjects: &[String]) -> DbResult<Vec<ActionView>> {
    let wanted = to_json(&subjects)?;
    let mut statement = connection.prepare_cached(&format!(
        "{VIEW} WHERE seq IN (SELECT a.action FROM json_each(?1) j JOIN action_subject a ON a.subject = j.value)
         ORDER BY seq DESC LIMIT 100"
    ))?;
    let mut rows = statement.query([wanted])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read_view(connection, row)?);
    }
    Ok(found)
}

/// A bulk run as shown; None where there is none of that id.
///
/// # Errors
/// The read failed.
pub fn find_bulk(connection: &Connection, id: &str) -> DbResult<Option<BulkView>> {
    let mut statement = connection
        .prepare_cached("SELECT id, kind, operator, confirmed_at, paused FROM bulk WHERE id = ?1")?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(|row| read_bulk(connection, row)).transpose()
}

/// Lists bulk runs, newest first, 50 at most.
///
/// # Errors
/// The read failed.
pub fn list_bulk(connection: &Connection) -> DbResult<Vec<BulkView>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, kind, operator, confirmed_at, paused FROM bulk ORDER BY confirmed_at DESC, id LIMIT 50",
    )?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read_bulk(connection, row)?);
    }
    Ok(found)
}

fn read_bulk(connection: &Connection, row: &Row<'_>) -> DbResult<BulkView> {
    let id: String = row.get(0)?;
    let kind: String = row.get(1)?;
    let mut view = BulkView {
        action: ActionKind::parse(&kind).ok_or_else(|| DbError::Corrupt(format!("bulk {kind}")))?,
        operator: row.get(2)?,
        confirmed_at: row.get(3)?,
        paused: row.get(4)?,
        ..BulkView::empty(&id)
    };
    let mut counts = connection.prepare_cached(
        "SELECT state, verified IS NOT 1, count(*) FROM action WHERE bulk = ?1 GROUP BY 1, 2",
    )?;
    let mut rows = counts.query([&id])?;
    while let Some(row) = rows.next()? {
        view.count(ActionState::parse(&row.get::<_, String>(0)?)?, row.get(1)?, row.get(2)?);
    }
    let mut failures = connection.prepare_cached(
        "SELECT order_id, id, error_code, error FROM action
         WHERE bulk = ?1 AND state IN ('failed', 'unknown') ORDER BY seq LIMIT 1000",
    )?;
    let mut rows = failures.query([&id])?;
    while let Some(row) = rows.next()? {
        view.failures.push(BulkRow {
            order_id: row.get(0)?,
            id: row.get(1)?,
            code: row.get(2)?,
            message: row.get(3)?,
        });
    }
    Ok(view)
}
