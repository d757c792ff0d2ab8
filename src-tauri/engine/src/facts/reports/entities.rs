//! Campaigns, flows, segments and forms by their names.

use crate::db::{Connection, DbResult, Transaction, params};
use crate::domain::klaviyo::ReportKind;

/// A campaign, flow, segment or form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportEntity {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Klaviyo's word for its state.
    pub status: Option<String>,
    /// `email`, `sms` or `mobile_push`; None where the list does not say.
    pub channel: Option<String>,
    /// It was archived.
    pub archived: bool,
    /// Made at, unix seconds.
    pub created_at: Option<i64>,
    /// A campaign was, or is to be, sent at.
    pub sent_at: Option<i64>,
}

/// Writes entities as they were seen at an instant. Those that are gone stay: reports still speak of them.
///
/// # Errors
/// The write failed.
pub fn keep_entities(
    transaction: &Transaction<'_>,
    kind: ReportKind,
    seen: &[ReportEntity],
    now: i64,
) -> DbResult<()> {
    let mut insert = transaction.prepare_cached(
        "INSERT OR REPLACE INTO report_entity (kind, id, name, status, channel, archived, created_at, sent_at, seen_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    for one in seen {
        insert.execute(params![
            kind.as_str(),
            one.id,
            one.name,
            one.status,
            one.channel,
            one.archived,
            one.created_at,
            one.sent_at,
            now
        ])?;
    }
    Ok(())
}

/// Reads the entities of a kind.
///
/// # Errors
/// The read failed.
pub fn list_entities(connection: &Connection, kind: ReportKind) -> DbResult<Vec<ReportEntity>> {
    if !super::has_tables(connection)? {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare_cached(
        "SELECT id, name, status, channel, archived, created_at, sent_at FROM report_entity WHERE kind = ?1 ORDER BY id",
    )?;
    let all = statement.query_map([kind.as_str()], |row| {
        Ok(ReportEntity {
            id: row.get(0)?,
            name: row.get(1)?,
            status: row.get(2)?,
            channel: row.get(3)?,
            archived: row.get(4)?,
            created_at: row.get(5)?,
            sent_at: row.get(6)?,
        })
    })?;
    Ok(all.collect::<Result<_, _>>()?)
}
