//! The audit as pages, and as an export with its head.

use std::io::Write;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::export::{ExportFormat, Sink, instant};
use super::rows::limit_of;
use crate::db::{Connection, DbResult, Row, params};

/// Asks for a page of the audit, newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(export)]
pub struct AuditPageArgs {
    /// Only rows of this action or bulk run.
    pub action: Option<String>,
    /// Only rows of this operator.
    pub operator: Option<String>,
    /// Rows a page, 1 to 500; default 100.
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[ts(type = "number | null")]
    pub before: Option<i64>,
}

/// One row of the audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AuditRow {
    /// Its number.
    #[ts(type = "number")]
    pub seq: i64,
    /// Unix seconds.
    #[ts(type = "number")]
    pub at: i64,
    /// Who.
    pub operator: String,
    /// The action or bulk run it belongs to.
    pub action: Option<String>,
    /// What was done, by the action's kind.
    pub kind: Option<String>,
    /// The order it is about.
    pub order_id: Option<String>,
    /// What happened.
    pub event: String,
    /// The rest, JSON as it was chained.
    pub body: String,
    /// The row's hash, hexadecimal.
    pub hash: String,
}

/// A page of the audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AuditPage {
    /// Its rows, newest first.
    pub rows: Vec<AuditRow>,
    /// What to ask the next page with.
    #[ts(type = "number | null")]
    pub next: Option<i64>,
}

const SELECT: &str = "
    SELECT u.seq, u.at, u.operator, u.action, coalesce(a.kind, b.kind), a.order_id, u.event, u.body, lower(hex(u.hash))
    FROM audit u LEFT JOIN action a ON a.id = u.action LEFT JOIN bulk b ON b.id = u.action";

fn read(row: &Row<'_>) -> crate::db::rusqlite::Result<AuditRow> {
    Ok(AuditRow {
        seq: row.get(0)?,
        at: row.get(1)?,
        operator: row.get(2)?,
        action: row.get(3)?,
        kind: row.get(4)?,
        order_id: row.get(5)?,
        event: row.get(6)?,
        body: row.get(7)?,
        hash: row.get(8)?,
    })
}

/// Reads a page.
///
/// # Errors
/// A limit out of range; a failed read.
pub fn page(connection: &Connection, args: &AuditPageArgs) -> DbResult<AuditPage> {
    let limit = limit_of(args.limit, 100, 500)?;
    let mut statement = connection.prepare_cached(&format!(
        "{SELECT} WHERE u.seq < ?1 AND (?2 IS NULL OR u.action = ?2) AND (?3 IS NULL OR u.operator = ?3)
         ORDER BY u.seq DESC LIMIT ?4"
    ))?;
    let asked =
        params![args.before.unwrap_or(i64::MAX), args.action, args.operator, super::rows::at_most(limit + 1)];
    let mut rows: Vec<AuditRow> = statement.query_map(asked, read)?.collect::<Result<_, _>>()?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| row.seq);
    Ok(AuditPage { rows, next })
}

const COLUMNS: [&str; 9] = ["row", "at", "operator", "action", "kind", "order_id", "event", "body", "hash"];

/// Writes the whole audit, oldest first; says how many rows. Each row has its hash, the last one's is the head.
///
/// # Errors
/// A failed read or write.
pub fn export_audit(connection: &Connection, format: ExportFormat, out: &mut dyn Write) -> DbResult<i64> {
    let mut statement = connection.prepare(&format!("{SELECT} ORDER BY u.seq"))?;
    let mut rows = statement.query([])?;
    let mut sink = Sink::new(format, out, &COLUMNS)?;
    while let Some(row) = rows.next()? {
        let row = read(row)?;
        match format {
            ExportFormat::Jsonl => sink.document(&row)?,
            ExportFormat::Csv => sink.row(&[
                row.seq.to_string(),
                instant(Some(row.at)),
                row.operator,
                row.action.unwrap_or_default(),
                row.kind.unwrap_or_default(),
                row.order_id.unwrap_or_default(),
                row.event,
                row.body,
                row.hash,
            ])?,
        }
    }
    sink.finish()
}
