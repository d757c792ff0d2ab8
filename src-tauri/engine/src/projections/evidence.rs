//! What is kept of facts beside an object's newest state: the events that prove a payment, and whether a refund or dispute
//! ever took money back. What a session sells is in `sales`.
//!
//! Each is the same whatever order the facts arrive in.

use super::offer::{Offer, proof_of};
use super::sales;
use crate::db::{Connection, DbResult, OptionalExtension, Transaction, params};
use crate::domain::kind::Kind;
use crate::facts::names::Key;
use crate::facts::snapshots::Origin;

pub(super) const TABLES: [&str; 2] = ["proof", "reversal"];

pub(super) const SQL: &str = "
-- Events that say their object was paid.
CREATE TABLE proof (node INTEGER NOT NULL, event INTEGER NOT NULL, PRIMARY KEY (node, event)) STRICT, WITHOUT ROWID;

-- Refunds that ever succeeded and disputes that were ever lost, and those that ever failed or were won. The times
-- are the first event's; null where only lists told.
CREATE TABLE reversal (
  node INTEGER PRIMARY KEY, counted INTEGER NOT NULL, counted_at INTEGER, undone INTEGER NOT NULL, undone_at INTEGER
) STRICT;
";

/// Whether a refund or dispute ever took money back, and ever gave it again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reversal {
    pub counted: bool,
    pub counted_at: Option<i64>,
    pub undone: bool,
    pub undone_at: Option<i64>,
}

/// Notes what an offered snapshot proves; says whether that was new.
///
/// # Errors
/// The write failed.
pub(super) fn note(transaction: &Transaction<'_>, offered: &Offer<'_>) -> DbResult<bool> {
    let mut new = false;
    if let Some(sale) = &offered.read.sale {
        new |= sales::note(transaction, offered.key, offered.as_of, sale)?;
    }
    if proof_of(offered).is_some() {
        let added = transaction
            .prepare_cached("INSERT OR IGNORE INTO proof (node, event) VALUES (?1, ?2)")?
            .execute([offered.key, offered.source_seq])?;
        new |= added > 0;
    }
    if matches!(offered.read.kind, Kind::Refund | Kind::Dispute) {
        new |= note_reversal(transaction, offered)?;
    }
    Ok(new)
}

fn note_reversal(transaction: &Transaction<'_>, offered: &Offer<'_>) -> DbResult<bool> {
    let status = offered.read.state.status.as_deref().unwrap_or_default();
    let (counts, undoes) = match offered.read.kind {
        Kind::Refund => (status == "succeeded", matches!(status, "failed" | "canceled")),
        _ => (status == "lost", matches!(status, "won" | "warning_closed")),
    };
    if !counts && !undoes {
        return Ok(false);
    }
    let at = (offered.origin == Origin::Event).then_some(offered.as_of);
    let held = find_reversal(transaction, offered.key)?.unwrap_or_default();
    let first = |held: Option<i64>, applies: bool| match (held, at.filter(|_| applies)) {
        (Some(held), Some(at)) => Some(held.min(at)),
        (held, at) => held.or(at),
    };
    let now = Reversal {
        counted: held.counted || counts,
        counted_at: first(held.counted_at, counts),
        undone: held.undone || undoes,
        undone_at: first(held.undone_at, undoes),
    };
    if now == held {
        return Ok(false);
    }
    transaction
        .prepare_cached(
            "INSERT INTO reversal (node, counted, counted_at, undone, undone_at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (node) DO UPDATE SET counted = ?2, counted_at = ?3, undone = ?4, undone_at = ?5",
        )?
        .execute(params![offered.key, now.counted, now.counted_at, now.undone, now.undone_at])?;
    Ok(true)
}

/// What was ever said of a refund or dispute; None where it never came to an end.
pub(super) fn find_reversal(connection: &Connection, node: Key) -> DbResult<Option<Reversal>> {
    Ok(connection
        .prepare_cached("SELECT counted, counted_at, undone, undone_at FROM reversal WHERE node = ?1")?
        .query_row([node], |row| {
            Ok(Reversal {
                counted: row.get(0)?,
                counted_at: row.get(1)?,
                undone: row.get(2)?,
                undone_at: row.get(3)?,
            })
        })
        .optional()?)
}

/// The first event, by (created, id), that proves one of these objects was paid.
pub(super) fn first_proof(connection: &Connection, nodes: &[Key]) -> DbResult<Option<i64>> {
    let mut statement = connection.prepare_cached(
        "SELECT e.created, e.id, e.seq FROM proof p CROSS JOIN stripe_event e ON e.seq = p.event WHERE p.node = ?1",
    )?;
    let mut first: Option<(i64, String, i64)> = None;
    for node in nodes {
        let mut rows = statement.query([node])?;
        while let Some(row) = rows.next()? {
            let found = (row.get(0)?, row.get(1)?, row.get(2)?);
            if first.as_ref().is_none_or(|first| found < *first) {
                first = Some(found);
            }
        }
    }
    Ok(first.map(|(_, _, seq)| seq))
}
