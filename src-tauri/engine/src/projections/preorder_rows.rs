//! Orders as rows.

use super::preorder::{Preorder, Step};
use super::rollups::facet_of;
use crate::db::{Connection, DbError, DbResult, OptionalExtension, Row, Transaction, rusqlite};
use crate::domain::status::PreorderStatus;

pub(super) const COLUMNS: &str = "id, status, email, name, color, locale, source, user_id, amount, currency, refunded, started_at,
    paid_at, session, intent, matched_by, reached, unsettled, conflict, borrows_email, goods, sessions, opened, findings, lead_at";

pub(super) fn find_order(connection: &Connection, key: i64) -> DbResult<Option<Preorder>> {
    let found = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM preorder WHERE key = ?1"))?
        .query_row([key], |row| Ok(read_order(row)))
        .optional()?;
    found.transpose()
}

/// Reads a projected order from the columns of this room's table.
///
/// # Errors
/// A stored word is not one of ours.
pub(super) fn read_order(row: &Row<'_>) -> DbResult<Preorder> {
    let status: String = row.get(1)?;
    let matched: String = row.get(15)?;
    let rules = [
        "preorder_id",
        "operator_link",
        "recovered_from",
        "session",
        "payment_intent",
        "charge",
        "local_intent",
    ];
    let reached: i64 = row.get(16)?;
    let steps = [Step::Started, Step::CheckoutOpened, Step::PaymentAttempted, Step::Paid, Step::Kept];
    Ok(Preorder {
        id: row.get(0)?,
        status: PreorderStatus::parse(&status).ok_or_else(|| DbError::Corrupt(format!("status {status}")))?,
        email: row.get(2)?,
        name: row.get(3)?,
        color: row.get(4)?,
        locale: row.get(5)?,
        source: row.get(6)?,
        user_id: row.get(7)?,
        amount: row.get(8)?,
        currency: row.get(9)?,
        refunded: row.get(10)?,
        started_at: row.get(11)?,
        paid_at: row.get(12)?,
        session: row.get(13)?,
        intent: row.get(14)?,
        matched_by: rules
            .into_iter()
            .find(|rule| **rule == matched)
            .ok_or_else(|| DbError::Corrupt(format!("rule {matched}")))?,
        reached: steps
            .into_iter()
            .find(|step| *step as i64 == reached)
            .ok_or_else(|| DbError::Corrupt(format!("step {reached}")))?,
        unsettled: row.get(17)?,
        conflict: row.get(18)?,
        borrows_email: row.get(19)?,
        goods: row.get(20)?,
        sessions: row.get(21)?,
        opened: row.get(22)?,
        findings: row.get(23)?,
        lead_at: row.get(24)?,
    })
}

pub(super) fn insert_order(transaction: &Transaction<'_>, order: &Preorder) -> DbResult<i64> {
    let sql = format!(
        "INSERT INTO preorder ({COLUMNS}, facet) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
           ?21, ?22, ?23, ?24, ?25, ?26)"
    );
    bind(&mut *transaction.prepare_cached(&sql)?, order, None)?;
    Ok(transaction.last_insert_rowid())
}

pub(super) fn update_order(transaction: &Transaction<'_>, key: i64, order: &Preorder) -> DbResult<()> {
    let sql = "UPDATE preorder SET id = ?1, status = ?2, email = ?3, name = ?4, color = ?5, locale = ?6, source = ?7, user_id = ?8,
        amount = ?9, currency = ?10, refunded = ?11, started_at = ?12, paid_at = ?13, session = ?14, intent = ?15, matched_by = ?16,
        reached = ?17, unsettled = ?18, conflict = ?19, borrows_email = ?20, goods = ?21, sessions = ?22, opened = ?23, findings = ?24,
        lead_at = ?25, facet = ?26 WHERE key = ?27";
    bind(&mut *transaction.prepare_cached(sql)?, order, Some(key))
}

fn bind(statement: &mut rusqlite::Statement<'_>, order: &Preorder, key: Option<i64>) -> DbResult<()> {
    let status = order.status.as_str();
    let reached = order.reached as u8;
    let facet = facet_of(order);
    let values: [&dyn rusqlite::ToSql; 26] = [
        &order.id,
        &status,
        &order.email,
        &order.name,
        &order.color,
        &order.locale,
        &order.source,
        &order.user_id,
        &order.amount,
        &order.currency,
        &order.refunded,
        &order.started_at,
        &order.paid_at,
        &order.session,
        &order.intent,
        &order.matched_by,
        &reached,
        &order.unsettled,
        &order.conflict,
        &order.borrows_email,
        &order.goods,
        &order.sessions,
        &order.opened,
        &order.findings,
        &order.lead_at,
        &facet,
    ];
    for (index, value) in values.into_iter().enumerate() {
        statement.raw_bind_parameter(index + 1, value)?;
    }
    if let Some(key) = key {
        statement.raw_bind_parameter(27, key)?;
    }
    statement.raw_execute()?;
    Ok(())
}
