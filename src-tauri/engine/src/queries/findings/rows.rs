//! Findings as rows of a table, read by id.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::candidates::candidates;
use crate::db::{Connection, DbError, DbResult, OptionalExtension, Row};
use crate::domain::action::ActionKind;
use crate::domain::finding::{Evidence, FindingState, Severity};
use crate::projections::findings::find_rule;
use crate::projections::findings::rows::{COLUMNS, read_finding};
use crate::projections::findings::words::Said;

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct FindingRow {
    /// `rule:subject`.
    pub id: String,
    /// Its rule.
    pub rule: String,
    /// How much it matters.
    pub severity: Severity,
    /// Where it stands.
    pub state: FindingState,
    /// What it is about: a Stripe id, an order's id, a preorderId, an owner, an action.
    pub subject: String,
    /// The order it is about, where there is one.
    pub order_id: Option<String>,
    /// Normalised e-mail of the order, or the owner's.
    pub email: Option<String>,
    /// The customer's name.
    pub name: Option<String>,
    /// Colour of the order.
    pub color: Option<String>,
    /// Amount of the order in minor units.
    pub amount_minor: Option<i64>,
    /// Its currency.
    pub currency: Option<String>,
    /// When it was first seen open here, unix seconds; when it opened, where nobody looked yet.
    pub first_seen: i64,
    /// When it opened by the facts, unix seconds.
    pub opens_at: i64,
    /// Until when something can be done, unix seconds.
    pub deadline_at: Option<i64>,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// Actions that may cure it.
    pub fixes: Vec<ActionKind>,
    /// Until when it is put off, unix seconds.
    pub snoozed_until: Option<i64>,
    /// What an operator wrote beside it.
    pub note: Option<String>,
    /// Who said so.
    pub by: Option<String>,
    /// When, unix seconds; of one that is gone, when that was seen.
    pub at: Option<i64>,
}

/// Reads findings by id, in that order; one that is gone is left out.
///
/// # Errors
/// The read failed, or a stored text no longer fits.
pub(super) fn read(connection: &Connection, ids: &[String], now: i64) -> DbResult<Vec<FindingRow>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS}, f.deadline_at, f.evidence, f.scope, s.first_seen, w.said, w.operator, w.at
         FROM finding f LEFT JOIN finding_seen s ON s.id = f.id LEFT JOIN finding_word w ON w.id = f.word WHERE f.id = ?1"
    ))?;
    let mut found = Vec::new();
    for id in ids {
        let row = statement.query_row([id], |row| Ok(read_row(row, now))).optional()?;
        let Some((mut row, order)) = row.transpose()? else { continue };
        if let Some(order) = order {
            fill_order(connection, order, &mut row)?;
            if row.rule == "orphan_payment" {
                row.evidence.extend(candidates(connection, order)?);
            }
        }
        found.push(row);
    }
    Ok(found)
}

fn read_row(row: &Row<'_>, now: i64) -> DbResult<(FindingRow, Option<i64>)> {
    let finding = read_finding(row)?;
    let rule = find_rule(finding.rule).ok_or_else(|| DbError::Corrupt(format!("rule {}", finding.rule)))?;
    let (evidence, scope): (String, String) = (row.get(9)?, row.get(10)?);
    let said: Option<String> = row.get(12)?;
    let damaged = |error: serde_json::Error| DbError::Corrupt(format!("finding {}: {error}", finding.id));
    let said: Option<Said> = said.map(|said| serde_json::from_str(&said)).transpose().map_err(damaged)?;
    let state = finding.stands(now).unwrap_or(finding.said);
    let owner = scope.strip_prefix("e:").map(str::to_owned);
    let email = owner.or_else(|| finding.subject.contains('@').then(|| finding.subject.clone()));
    let shown = FindingRow {
        rule: rule.name.to_owned(),
        severity: rule.severity,
        state,
        order_id: None,
        email: email.filter(|_| rule.name != "funnel_fall"),
        name: None,
        color: None,
        amount_minor: None,
        currency: None,
        first_seen: row.get::<_, Option<i64>>(11)?.unwrap_or(finding.opens_at),
        opens_at: finding.opens_at,
        deadline_at: row.get(8)?,
        evidence: serde_json::from_str(&evidence).map_err(damaged)?,
        fixes: rule.fixes.to_vec(),
        snoozed_until: said.as_ref().and_then(|said| said.until).filter(|_| state == FindingState::Snoozed),
        note: said.and_then(|said| said.note),
        by: row.get(13)?,
        at: row.get(14)?,
        id: finding.id,
        subject: finding.subject,
    };
    Ok((shown, finding.preorder))
}

/// Fills in what the order says.
pub(super) fn fill_order(connection: &Connection, order: i64, to: &mut FindingRow) -> DbResult<()> {
    let mut statement = connection
        .prepare_cached("SELECT id, email, name, color, amount, currency FROM preorder WHERE key = ?1")?;
    let mut rows = statement.query([order])?;
    if let Some(row) = rows.next()? {
        to.order_id = row.get(0)?;
        to.email = row.get::<_, Option<String>>(1)?.or(to.email.take());
        to.name = row.get(2)?;
        to.color = row.get(3)?;
        to.amount_minor = row.get(4)?;
        to.currency = row.get(5)?;
    }
    Ok(())
}
