//! Orders as table rows, read by number.

use super::preorders::PreorderRow;
use crate::db::{Connection, DbError, DbResult, OptionalExtension, Row, rusqlite};
use crate::domain::status::PreorderStatus;

/// The columns [`read_row`] expects, of `preorder p` with its session's and intent's ids.
pub(super) const SELECT: &str = "
    SELECT p.id, p.status, p.email, p.name, p.color, p.locale, p.source, p.amount, p.currency, p.refunded,
           p.started_at, p.paid_at, s.id, i.id, p.matched_by, p.unsettled, p.conflict
    FROM preorder p LEFT JOIN stripe_id s ON s.key = p.session LEFT JOIN stripe_id i ON i.key = p.intent";

/// Reads a row selected by [`SELECT`].
pub(super) fn read_row(row: &Row<'_>) -> DbResult<PreorderRow> {
    let status: String = row.get(1)?;
    Ok(PreorderRow {
        id: row.get(0)?,
        status: PreorderStatus::parse(&status).ok_or_else(|| DbError::Corrupt(format!("status {status}")))?,
        email: row.get(2)?,
        name: row.get(3)?,
        color: row.get(4)?,
        locale: row.get(5)?,
        source: row.get(6)?,
        amount_minor: row.get(7)?,
        currency: row.get(8)?,
        refunded_minor: row.get(9)?,
        started_at: row.get(10)?,
        paid_at: row.get(11)?,
        session_id: row.get(12)?,
        payment_intent_id: row.get(13)?,
        matched_by: row.get(14)?,
        unsettled: row.get(15)?,
        conflict: row.get(16)?,
    })
}

/// Reads the order of a number; None once it is gone.
///
/// # Errors
/// The read failed.
pub fn find_row(connection: &Connection, key: i64) -> DbResult<Option<PreorderRow>> {
    connection
        .prepare_cached(&format!("{SELECT} WHERE p.key = ?1"))?
        .query_row([key], |row| Ok(read_row(row)))
        .optional()?
        .transpose()
}

/// Reads the orders of these numbers, in their order; one that is gone is left out.
pub(super) fn list_rows(
    connection: &Connection,
    keys: impl Iterator<Item = i64>,
) -> DbResult<Vec<PreorderRow>> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE p.key = ?1"))?;
    let mut found = Vec::new();
    for key in keys {
        let row = statement.query_row([key], |row| Ok(read_row(row))).optional()?;
        found.extend(row.transpose()?);
    }
    Ok(found)
}

/// Lists the first column of a query as numbers.
pub(super) fn list_numbers(
    connection: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
) -> DbResult<Vec<i64>> {
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map(values, |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(found)
}

/// A number of rows as SQLite takes it.
pub(super) fn at_most(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// Checks a page's limit.
///
/// # Errors
/// [`DbError::Invalid`] outside of 1 to `most`.
pub(super) fn limit_of(limit: Option<u32>, usual: u32, most: u32) -> DbResult<usize> {
    let limit = limit.unwrap_or(usual);
    if limit == 0 || limit > most {
        return Err(DbError::Invalid(format!("`limit` is {limit}; it must be between 1 and {most}")));
    }
    Ok(limit as usize)
}

/// Reads a day such as `2026-03-29`.
///
/// # Errors
/// [`DbError::Invalid`] that names the argument.
pub(super) fn day_of_text(name: &str, text: &str) -> DbResult<crate::domain::day::Day> {
    let plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    plain.then(|| crate::domain::day::parse_day(text)).flatten().ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        DbError::Invalid(format!("`{name}` is `{shown}`; it must be a day such as 2026-03-29"))
    })
}

/// Says that two days are a span.
///
/// # Errors
/// [`DbError::Invalid`] when the first is after the last.
pub(super) fn check_span(from: &str, to: &str, in_order: bool) -> DbResult<()> {
    if in_order {
        return Ok(());
    }
    Err(DbError::Invalid(format!("`from` ({from}) is after `to` ({to}); swap them")))
}
