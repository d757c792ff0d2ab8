//! What became of findings: when each was first seen open, and that it is gone. Noted by whoever looks; kept for good.

use crate::db::{Connection, DbResult, OptionalExtension, Transaction, params};
use crate::domain::finding::FindingState;

/// What was noted of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its id.
    pub id: String,
    /// Its rule.
    pub rule: String,
    /// What it is about.
    pub subject: String,
    /// The order it is about.
    pub order_id: Option<String>,
    /// When it was first seen open, unix seconds.
    pub first_seen: i64,
    /// When it was seen to be gone, unix seconds.
    pub gone_at: Option<i64>,
    /// Where it stood when it was last looked at.
    pub state: FindingState,
}

/// What was noted of a finding; None where it was never open while somebody looked.
///
/// # Errors
/// The read failed.
pub fn find_seen(connection: &Connection, id: &str) -> DbResult<Option<Seen>> {
    Ok(connection
        .prepare_cached(
            "SELECT id, rule, subject, order_id, first_seen, gone_at, state FROM finding_seen WHERE id = ?1",
        )?
        .query_row([id], |row| {
            let state: String = row.get(6)?;
            Ok(Seen {
                id: row.get(0)?,
                rule: row.get(1)?,
                subject: row.get(2)?,
                order_id: row.get(3)?,
                first_seen: row.get(4)?,
                gone_at: row.get(5)?,
                state: FindingState::parse(&state).unwrap_or(FindingState::Open),
            })
        })
        .optional()?)
}

/// Notes what became of a finding. When it was first seen never changes.
///
/// # Errors
/// The write failed.
pub fn note_seen(transaction: &Transaction<'_>, seen: &Seen) -> DbResult<()> {
    transaction
        .prepare_cached(
            "INSERT INTO finding_seen (id, rule, subject, order_id, first_seen, gone_at, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (id) DO UPDATE SET order_id = coalesce(excluded.order_id, order_id), gone_at = excluded.gone_at,
               state = excluded.state",
        )?
        .execute(params![
            seen.id,
            seen.rule,
            seen.subject,
            seen.order_id,
            seen.first_seen,
            seen.gone_at,
            seen.state.as_str()
        ])?;
    Ok(())
}
