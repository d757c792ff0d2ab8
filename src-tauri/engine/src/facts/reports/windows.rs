//! Windows: those still to be asked for, and those that were, with what came or why nothing did.

use crate::db::{Connection, DbResult, OptionalExtension, Transaction, params};
use crate::domain::klaviyo::ReportKind;
use crate::domain::report::plan::Window;

/// What became of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowOutcome {
    /// Its days.
    pub window: Window,
    /// The time zone its days are of.
    pub zone: String,
    /// The metric that conversions were counted by; None where none are.
    pub metric: Option<String>,
    /// It was read; else it failed.
    pub done: bool,
    /// Rows that came.
    pub rows: i64,
    /// Why there are none.
    pub reason: Option<String>,
    /// At, unix seconds.
    pub fetched_at: i64,
}

/// Replaces what a kind still has to ask for.
///
/// # Errors
/// The write failed.
pub fn set_plan(transaction: &Transaction<'_>, kind: ReportKind, windows: &[(Window, i64)]) -> DbResult<()> {
    clear_plan(transaction, kind)?;
    let mut insert = transaction.prepare_cached(
        "INSERT INTO report_plan (kind, first_day, last_day, place) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for (window, place) in windows {
        insert.execute(params![kind.as_str(), window.first, window.last, place])?;
    }
    Ok(())
}

/// A kind has nothing to ask for any more; how many windows that was.
///
/// # Errors
/// The write failed.
pub fn clear_plan(transaction: &Transaction<'_>, kind: ReportKind) -> DbResult<usize> {
    Ok(transaction.prepare_cached("DELETE FROM report_plan WHERE kind = ?1")?.execute([kind.as_str()])?)
}

/// The window of a kind that is worth the most, and its place.
///
/// # Errors
/// The read failed.
pub fn find_next(connection: &Connection, kind: ReportKind) -> DbResult<Option<(Window, i64)>> {
    Ok(connection
        .prepare_cached(
            "SELECT first_day, last_day, place FROM report_plan WHERE kind = ?1 ORDER BY place LIMIT 1",
        )?
        .query_row([kind.as_str()], |row| Ok((Window { first: row.get(0)?, last: row.get(1)? }, row.get(2)?)))
        .optional()?)
}

/// How many windows a kind still has to ask for.
///
/// # Errors
/// The read failed.
pub fn count_planned(connection: &Connection, kind: ReportKind) -> DbResult<i64> {
    if !super::has_tables(connection)? {
        return Ok(0);
    }
    Ok(connection
        .prepare_cached("SELECT count(*) FROM report_plan WHERE kind = ?1")?
        .query_row([kind.as_str()], |row| row.get(0))?)
}

/// Takes a window off the plan; whether it was on it.
///
/// # Errors
/// The write failed.
pub fn take_planned(transaction: &Transaction<'_>, kind: ReportKind, window: Window) -> DbResult<bool> {
    let taken = transaction
        .prepare_cached("DELETE FROM report_plan WHERE kind = ?1 AND first_day = ?2 AND last_day = ?3")?
        .execute(params![kind.as_str(), window.first, window.last])?;
    Ok(taken > 0)
}

/// Writes what became of a window. One that was read takes the place of all those within it, and of any that share a day with it
/// and were read by another metric or zone: their numbers are gone there.
///
/// # Errors
/// The write failed.
pub fn set_outcome(transaction: &Transaction<'_>, kind: ReportKind, of: &WindowOutcome) -> DbResult<()> {
    let Window { first, last } = of.window;
    if of.done {
        transaction
            .prepare_cached(
                "DELETE FROM report_window WHERE kind = ?1 AND first_day >= ?2 AND last_day <= ?3",
            )?
            .execute(params![kind.as_str(), first, last])?;
        transaction
            .prepare_cached(
                "DELETE FROM report_window WHERE kind = ?1 AND first_day <= ?3 AND last_day >= ?2
                   AND (zone <> ?4 OR metric IS NOT ?5)",
            )?
            .execute(params![kind.as_str(), first, last, of.zone, of.metric])?;
    }
    transaction
        .prepare_cached(
            "INSERT INTO report_window (kind, first_day, last_day, zone, metric, state, rows, reason, fetched_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (kind, first_day, last_day) DO UPDATE SET zone = excluded.zone, metric = excluded.metric,
               state = excluded.state, rows = excluded.rows, reason = excluded.reason, fetched_at = excluded.fetched_at",
        )?
        .execute(params![
            kind.as_str(),
            first,
            last,
            of.zone,
            of.metric,
            if of.done { "done" } else { "failed" },
            of.rows,
            of.reason,
            of.fetched_at
        ])?;
    Ok(())
}

/// Reads what became of the windows of a kind that touch some days, by their first day.
///
/// # Errors
/// The read failed.
pub fn list_outcomes(
    connection: &Connection,
    kind: ReportKind,
    days: Window,
) -> DbResult<Vec<WindowOutcome>> {
    if !super::has_tables(connection)? {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare_cached(
        "SELECT first_day, last_day, zone, metric, state, rows, reason, fetched_at FROM report_window
         WHERE kind = ?1 AND last_day >= ?2 AND first_day <= ?3 ORDER BY first_day, last_day",
    )?;
    let outcomes = statement.query_map(params![kind.as_str(), days.first, days.last], |row| {
        let state: String = row.get(4)?;
        Ok(WindowOutcome {
            window: Window { first: row.get(0)?, last: row.get(1)? },
            zone: row.get(2)?,
            metric: row.get(3)?,
            done: state == "done",
            rows: row.get(5)?,
            reason: row.get(6)?,
            fetched_at: row.get(7)?,
        })
    })?;
    Ok(outcomes.collect::<Result<_, _>>()?)
}
