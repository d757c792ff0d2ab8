//! What things came to, by day. The days of a window are replaced whole, so that nothing is ever summed twice.

use crate::db::types::Value;
use crate::db::{Connection, DbResult, Transaction, params, rusqlite};
use crate::domain::day::Day;
use crate::domain::klaviyo::ReportKind;
use crate::domain::report::plan::Window;
use crate::domain::report::statistics;

/// What one thing came to on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayRow {
    /// The day.
    pub day: Day,
    /// The campaign, flow, segment or form.
    pub entity: String,
    /// The message; empty for segments and forms.
    pub message: String,
    /// The channel; empty for segments and forms.
    pub channel: String,
    /// What was counted, in the order of [`statistics`]; None for what was not told.
    pub counts: Vec<Option<i64>>,
    /// Money, minor units; None where it was not asked for.
    pub value_minor: Option<i64>,
}

impl DayRow {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.counts.iter().all(|count| count.unwrap_or(0) == 0) && self.value_minor.unwrap_or(0) == 0
    }
}

const fn table(kind: ReportKind) -> &'static str {
    match kind {
        ReportKind::Campaigns | ReportKind::Flows => "report_message_day",
        ReportKind::Segments => "report_segment_day",
        ReportKind::Forms => "report_form_day",
    }
}

const fn is_by_message(kind: ReportKind) -> bool {
    matches!(kind, ReportKind::Campaigns | ReportKind::Flows)
}

/// Replaces the days of a window; says how many rows were kept. Rows without anything are not.
///
/// # Errors
/// The write failed.
pub fn replace_days(
    transaction: &Transaction<'_>,
    kind: ReportKind,
    window: Window,
    rows: &[DayRow],
) -> DbResult<i64> {
    let (name, by_message) = (table(kind), is_by_message(kind));
    let own = if by_message { format!("kind = '{}' AND ", kind.as_str()) } else { String::new() };
    transaction
        .prepare_cached(&format!("DELETE FROM {name} WHERE {own}day BETWEEN ?1 AND ?2"))?
        .execute(params![window.first, window.last])?;
    let mut columns = vec!["day", "entity"];
    if by_message {
        columns.extend(["kind", "message", "channel", "conversion_value_minor"]);
    }
    columns.extend(statistics(kind));
    let places = vec!["?"; columns.len()].join(", ");
    // One thing may come in several rows, where Klaviyo splits it further than we do: they are summed by their key.
    let mut insert = transaction.prepare_cached(&format!(
        "INSERT INTO {name} ({}) VALUES ({places}) ON CONFLICT DO UPDATE SET {}",
        columns.join(", "),
        summed(kind, by_message)
    ))?;
    let mut kept = 0;
    for row in rows.iter().filter(|row| !row.is_empty()) {
        let mut values = vec![Value::from(row.day), Value::from(row.entity.clone())];
        if by_message {
            values.extend([
                Value::from(kind.as_str().to_owned()),
                Value::from(row.message.clone()),
                Value::from(row.channel.clone()),
                row.value_minor.map_or(Value::Null, Value::from),
            ]);
        }
        values.extend(row.counts.iter().map(|count| count.map_or(Value::Null, Value::from)));
        insert.execute(rusqlite::params_from_iter(values))?;
        kept += 1;
    }
    Ok(kept)
}

fn summed(kind: ReportKind, by_message: bool) -> String {
    let mut parts: Vec<String> =
        statistics(kind).iter().map(|name| format!("{name} = {name} + excluded.{name}")).collect();
    if by_message {
        parts.push(
            "conversion_value_minor = conversion_value_minor + excluded.conversion_value_minor".to_owned(),
        );
    }
    parts.join(", ")
}

/// Reads what was counted of a kind between two days, by day, entity, message and channel; of one entity where it is named.
///
/// # Errors
/// The read failed.
pub fn list_days(
    connection: &Connection,
    kind: ReportKind,
    window: Window,
    entity: Option<&str>,
    mut each: impl FnMut(DayRow) -> DbResult<()>,
) -> DbResult<()> {
    if !super::has_tables(connection)? {
        return Ok(());
    }
    let (name, by_message) = (table(kind), is_by_message(kind));
    let names = statistics(kind);
    let beside = if by_message { "message, channel, conversion_value_minor" } else { "'', '', NULL" };
    let own = if by_message { format!("kind = '{}' AND ", kind.as_str()) } else { String::new() };
    let order = if by_message { ", message, channel" } else { "" };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT day, entity, {beside}, {} FROM {name}
         WHERE {own}day BETWEEN ?1 AND ?2 AND (?3 IS NULL OR entity = ?3) ORDER BY day, entity{order}",
        names.join(", ")
    ))?;
    let mut rows = statement.query(params![window.first, window.last, entity])?;
    while let Some(row) = rows.next()? {
        let counts = (0..names.len()).map(|place| row.get(5 + place)).collect::<Result<_, _>>()?;
        each(DayRow {
            day: row.get(0)?,
            entity: row.get(1)?,
            message: row.get(2)?,
            channel: row.get(3)?,
            value_minor: row.get(4)?,
            counts,
        })?;
    }
    Ok(())
}
