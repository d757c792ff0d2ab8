//! Calls of report endpoints in the last 24 hours: written before they are made, so that a crash spends none twice.

use std::collections::BTreeMap;

use crate::db::{Connection, DbResult, Transaction, params};
use crate::domain::report::budget::{Budget, DAY, weigh};

/// State document: a refusal showed that the day's number is shared.
pub const SHARED: &str = "report_day_shared";

/// Calls of each endpoint, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calls {
    by_endpoint: BTreeMap<String, Vec<i64>>,
    all: Vec<i64>,
}

impl Calls {
    /// The instants of an endpoint's calls.
    pub fn of(&self, endpoint: &str) -> &[i64] {
        self.by_endpoint.get(endpoint).map_or(&[], Vec::as_slice)
    }

    /// Calls of all endpoints.
    pub fn all(&self) -> &[i64] {
        &self.all
    }

    /// What an endpoint has left.
    pub fn budget(&self, endpoint: &str, shared: bool, now: i64) -> Budget {
        weigh(self.of(endpoint), shared.then_some(self.all.as_slice()), now)
    }
}

/// Reads the calls that still count.
///
/// # Errors
/// The read failed.
pub fn read_calls(connection: &Connection, now: i64) -> DbResult<Calls> {
    let mut calls = Calls::default();
    if !super::has_tables(connection)? {
        return Ok(calls);
    }
    let mut statement = connection
        .prepare_cached("SELECT endpoint, min(at, ?1) FROM report_call WHERE at > ?1 - ?2 ORDER BY 2, seq")?;
    let mut rows = statement.query(params![now, DAY + 1])?;
    while let Some(row) = rows.next()? {
        let at: i64 = row.get(1)?;
        calls.by_endpoint.entry(row.get(0)?).or_default().push(at);
        calls.all.push(at);
    }
    Ok(calls)
}

/// Writes down a call that is about to be made. A clock that was set back makes calls of the future calls of now.
///
/// # Errors
/// The write failed.
pub fn append_call(transaction: &Transaction<'_>, endpoint: &str, now: i64) -> DbResult<()> {
    transaction.prepare_cached("UPDATE report_call SET at = ?1 WHERE at > ?1")?.execute([now])?;
    transaction.prepare_cached("DELETE FROM report_call WHERE at <= ?1 - ?2")?.execute([now, DAY + 60])?;
    transaction
        .prepare_cached("INSERT INTO report_call (endpoint, at) VALUES (?1, ?2)")?
        .execute(params![endpoint, now])?;
    Ok(())
}
