//! A step of the funnel is suddenly far below its own recent hours.
//!
//! One hour is held against the six before it, by what was started and what was paid in each. Nights and quiet shops do not
//! count: only a step that every one of those hours had often enough can fall.

use super::super::rows::{self, Row};
use super::super::terms::Terms;
use super::super::{DAY, Found, HOUR, Rule};
use crate::db::{Connection, DbResult, Transaction, params};
use crate::domain::finding::{Evidence, Severity};

/// A sudden fall of a funnel step.
pub static RULE: Rule = Rule {
    name: "funnel_fall",
    severity: Severity::Critical,
    fixes: &[],
    threshold_s: 0,
    bounds_s: (0, 12 * HOUR),
    closes_after_s: Some(DAY),
    of_order: None,
};

/// Hours that one is held against.
const HOURS: i64 = 6;
/// Each of them had at least so many.
const LEAST: i64 = 20;
/// A fall is to less than one part in so many of the weakest of them.
const PART: i64 = 4;
const SCOPE: &str = "h:funnel";

/// Looks at every full hour of the last day that ended by `until`, up to which the mirror is known to be complete; says
/// whether something changed.
///
/// # Errors
/// The write failed.
pub fn keep(transaction: &Transaction<'_>, until: i64) -> DbResult<()> {
    let terms = Terms::read(transaction)?;
    let mut found = Vec::new();
    if terms.is_on(&RULE) {
        let last = until - until.rem_euclid(HOUR);
        for end in (0..DAY / HOUR).map(|back| last - back * HOUR) {
            for (step, column) in [("started", "started_at"), ("paid", "paid_at")] {
                found.extend(fall(transaction, step, column, end)?);
            }
        }
    }
    let rows = found.into_iter().map(|found| Row::new(&RULE, found, SCOPE.to_owned())).collect();
    rows::replace(transaction, &terms, SCOPE, rows)
}

fn fall(connection: &Connection, step: &str, column: &str, end: i64) -> DbResult<Option<Found>> {
    let index = if column == "paid_at" { "preorder_paid" } else { "preorder_started" };
    let sql =
        format!("SELECT count(*) FROM preorder INDEXED BY {index} WHERE {column} >= ?1 AND {column} < ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut count =
        |end: i64| -> DbResult<i64> { Ok(statement.query_row(params![end - HOUR, end], |row| row.get(0))?) };
    let now = count(end)?;
    let mut weakest = i64::MAX;
    for back in 1..=HOURS {
        weakest = weakest.min(count(end - back * HOUR)?);
        if weakest < LEAST || now.saturating_mul(PART) >= weakest {
            return Ok(None);
        }
    }
    let evidence = vec![
        Evidence::named("step").text(Some(step)).at(Some(end - HOUR)),
        Evidence::named("count").text(Some(&now.to_string())),
        Evidence::named("weakest_before").text(Some(&weakest.to_string())),
    ];
    Ok(Some(Found::new(&format!("{step}@{end}"), end, evidence)))
}
