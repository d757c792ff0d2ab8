//! What Klaviyo's reports said, by day, and how their syncs stand.

pub mod calls;
pub mod due;
pub mod entities;
pub mod plan;
pub mod records;
pub mod statistics;
pub mod terms;
pub mod triggers;
pub mod windows;

use crate::db::{Connection, DbResult, Transaction};

/// Every table of reports, to be cleared with the connection. Calls stay: Klaviyo's day does not begin anew with it.
const TABLES: [&str; 8] = [
    "report_record",
    "report_plan",
    "report_window",
    "report_entity",
    "report_message_day",
    "report_segment_day",
    "report_form_day",
    "report_trigger",
];
/// Those of them that hold what was counted.
const COUNTED: [&str; 3] = ["report_message_day", "report_segment_day", "report_form_day"];

/// Whether the file has these tables: one opened for reading may be of before.
///
/// # Errors
/// The read failed.
pub fn has_tables(connection: &Connection) -> DbResult<bool> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'report_record'")?
        .exists([])?)
}

/// Clears everything of reports.
///
/// # Errors
/// The write failed.
pub fn clear_reports(transaction: &Transaction<'_>) -> DbResult<()> {
    for table in TABLES {
        transaction.execute(&format!("DELETE FROM {table}"), [])?;
    }
    Ok(())
}

/// How many rows there are of what was counted.
///
/// # Errors
/// The read failed.
pub fn count_rows(connection: &Connection) -> DbResult<i64> {
    if !has_tables(connection)? {
        return Ok(0);
    }
    let mut count = 0;
    for table in COUNTED {
        count +=
            connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0))?;
    }
    Ok(count)
}
