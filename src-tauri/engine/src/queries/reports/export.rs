//! The export of what reports told: a row for each day, thing and message.

use std::collections::BTreeMap;
use std::io::Write;

use serde::Serialize;

use super::known_days;
use crate::db::{Connection, DbResult};
use crate::domain::day::format_day;
use crate::domain::klaviyo::ReportKind;
use crate::domain::money::decimal;
use crate::domain::report::plan::Window;
use crate::domain::report::statistics;
use crate::facts::klaviyo::find_klaviyo;
use crate::facts::reports::entities::list_entities;
use crate::facts::reports::statistics::list_days;
use crate::facts::reports::terms::Terms;
use crate::queries::export::{ExportFormat, Sink, number};

/// One row as exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Exported<'a> {
    day: String,
    kind: &'a str,
    id: String,
    name: String,
    message: String,
    channel: String,
    statistics: BTreeMap<&'a str, i64>,
    value_minor: Option<i64>,
    currency: Option<&'a str>,
}

/// Writes everything of a kind, oldest day first; says how many rows. Days without activity have none, nor those that were not read
/// by the metric and time zone in force.
///
/// # Errors
/// A failed read; a failed write.
pub fn export_reports(
    connection: &Connection,
    kind: ReportKind,
    format: ExportFormat,
    out: &mut dyn Write,
) -> DbResult<i64> {
    let names = statistics(kind);
    let of = find_klaviyo(connection)?;
    let currency = of.as_ref().map(|of| Terms::of(of).currency);
    let known: BTreeMap<String, String> =
        list_entities(connection, kind)?.into_iter().map(|one| (one.id, one.name)).collect();
    let mut columns = vec!["day", "kind", "id", "name", "message", "channel"];
    columns.extend(names);
    columns.extend(["conversion_value", "conversion_value_minor", "currency"]);
    let mut sink = Sink::new(format, out, &columns)?;
    let ever = Window { first: i64::MIN / 4, last: i64::MAX / 4 };
    let days_known = known_days(connection, of.as_ref(), kind, ever)?;
    list_days(connection, kind, ever, None, |row| {
        if !days_known.contains(&row.day) {
            return Ok(());
        }
        let name = known.get(&row.entity).cloned().unwrap_or_default();
        let currency = currency.as_deref().filter(|_| row.value_minor.is_some());
        match format {
            ExportFormat::Jsonl => sink.document(&Exported {
                day: format_day(row.day),
                kind: kind.as_str(),
                statistics: names
                    .iter()
                    .copied()
                    .zip(&row.counts)
                    .filter_map(|(n, c)| Some((n, (*c)?)))
                    .collect(),
                id: row.entity,
                name,
                message: row.message,
                channel: row.channel,
                value_minor: row.value_minor,
                currency,
            }),
            ExportFormat::Csv => {
                let mut cells = vec![
                    format_day(row.day),
                    kind.as_str().to_owned(),
                    row.entity,
                    name,
                    row.message,
                    row.channel,
                ];
                cells.extend(row.counts.iter().map(|count| number(*count)));
                let major = row.value_minor.zip(currency).map(|(minor, currency)| decimal(minor, currency));
                cells.extend([
                    major.unwrap_or_default(),
                    number(row.value_minor),
                    currency.unwrap_or_default().to_owned(),
                ]);
                sink.row(&cells)
            }
        }
    })?;
    sink.finish()
}
