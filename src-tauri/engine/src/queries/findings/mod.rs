//! Findings for screens: the list, one order's, the counts, the rules, and where everything stands at an instant.
//!
//! Nothing here looks at orders that nothing was found of: what is open is a piece of an index for each rule.

mod candidates;
pub mod counts;
pub mod export;
pub mod page;
mod places;
mod rows;
pub mod rules;

pub use page::{FindingPage, FindingPageArgs};
pub use rows::FindingRow;

use super::rows::list_numbers;
use crate::db::{Connection, DbResult};
use crate::projections::findings::rows::{COLUMNS, Finding, read_finding};

/// Everything found of one order that stands at an instant, dismissed and resolved ones too; the worst first.
///
/// # Errors
/// The read failed.
pub(super) fn of_order(connection: &Connection, order: i64, now: i64) -> DbResult<Vec<FindingRow>> {
    let mut found = list_of_orders(connection, &[order])?;
    found.retain(|finding| finding.stands(now).is_some());
    found.sort_by_key(places::Place::of);
    let ids: Vec<String> = found.into_iter().map(|finding| finding.id).collect();
    rows::read(connection, &ids, now)
}

/// Finds a finding by id, open or not; None once it is gone.
///
/// # Errors
/// The read failed.
pub fn find(connection: &Connection, id: &str, now: i64) -> DbResult<Option<FindingRow>> {
    Ok(rows::read(connection, &[id.to_owned()], now)?.pop())
}

/// What is kept of findings of these orders, open or not.
fn list_of_orders(connection: &Connection, orders: &[i64]) -> DbResult<Vec<Finding>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM finding f INDEXED BY finding_preorder WHERE f.preorder = ?1
         UNION SELECT {COLUMNS} FROM node n CROSS JOIN finding f INDEXED BY finding_object ON f.object = n.key
         WHERE n.preorder = ?1"
    ))?;
    let mut found = Vec::new();
    for order in orders {
        let mut rows = statement.query([order])?;
        while let Some(row) = rows.next()? {
            found.push(read_finding(row)?);
        }
    }
    Ok(found)
}

/// The orders that an id leads to, by number.
fn orders_named(connection: &Connection, id: &str) -> DbResult<Vec<i64>> {
    let found = super::resolve::resolve(connection, super::resolve::tidy_text(id)?, 100)?;
    Ok(found.into_iter().map(|(key, _)| key).collect())
}

/// The orders of an e-mail, by number.
fn orders_of(connection: &Connection, email: &str) -> DbResult<Vec<i64>> {
    list_numbers(connection, "SELECT key FROM preorder INDEXED BY preorder_email WHERE email = ?1", [email])
}
