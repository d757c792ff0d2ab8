//! Exports: every preorder, customer or event, written row by row. Memory does not grow with the mirror.

use std::io::Write;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::preorders::PreorderRow;
use super::rows::{SELECT, read_row};
use crate::db::{Connection, DbError, DbResult};
use crate::domain::money::decimal;
use crate::facts::codec::Unpackers;
use crate::projections::schema::require_current;

/// Names the format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ExportFormat {
    /// Comma-separated, UTF-8, formulas neutralised.
    Csv,
    /// One JSON document a line.
    Jsonl,
}

/// Writes every preorder, oldest first; says how many. JSONL lines are [`PreorderRow`]; CSV has their fields,
/// and `amount` and `refunded` as decimals beside the minor units.
///
/// # Errors
/// Stale projections, a failed read; [`DbError::DiskFull`] or [`DbError::Invalid`] when writing fails.
pub fn export_preorders(connection: &Connection, format: ExportFormat, out: &mut dyn Write) -> DbResult<i64> {
    require_current(connection)?;
    let mut statement = connection.prepare(&format!("{SELECT} ORDER BY p.started_at, p.key"))?;
    let mut rows = statement.query([])?;
    let mut sink = Sink::new(format, out, &PREORDER_COLUMNS)?;
    while let Some(row) = rows.next()? {
        let order = read_row(row)?;
        match format {
            ExportFormat::Jsonl => sink.document(&order)?,
            ExportFormat::Csv => sink.row(&preorder_cells(&order))?,
        }
    }
    sink.finish()
}

const PREORDER_COLUMNS: [&str; 19] = [
    "id",
    "status",
    "email",
    "name",
    "color",
    "locale",
    "source",
    "amount",
    "currency",
    "amount_minor",
    "refunded",
    "refunded_minor",
    "started_at",
    "paid_at",
    "session_id",
    "payment_intent_id",
    "matched_by",
    "unsettled",
    "conflict",
];

fn preorder_cells(order: &PreorderRow) -> [String; 19] {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let currency = text(&order.currency);
    [
        order.id.clone(),
        order.status.as_str().to_owned(),
        text(&order.email),
        text(&order.name),
        text(&order.color),
        text(&order.locale),
        text(&order.source),
        order.amount_minor.map(|minor| decimal(minor, &currency)).unwrap_or_default(),
        currency.clone(),
        number(order.amount_minor),
        decimal(order.refunded_minor, &currency),
        order.refunded_minor.to_string(),
        instant(Some(order.started_at)),
        instant(order.paid_at),
        text(&order.session_id),
        text(&order.payment_intent_id),
        order.matched_by.clone(),
        order.unsettled.to_string(),
        order.conflict.to_string(),
    ]
}

/// One person as exported: everyone whose e-mail is on an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerRow {
    /// Normalised e-mail.
    pub email: String,
    /// Name of the newest order that carries one.
    pub name: Option<String>,
    /// Orders.
    pub preorders: i64,
    /// Orders paid.
    pub paid: i64,
    /// First order started, unix seconds.
    pub first_at: i64,
    /// Last order started, unix seconds.
    pub last_at: i64,
}

/// Writes every customer by e-mail; says how many. JSONL lines are [`CustomerRow`].
///
/// # Errors
/// As [`export_preorders`].
pub fn export_customers(connection: &Connection, format: ExportFormat, out: &mut dyn Write) -> DbResult<i64> {
    require_current(connection)?;
    let mut statement = connection
        .prepare("SELECT email, name, preorders, paid, first_at, last_at FROM person ORDER BY email")?;
    let mut rows = statement.query([])?;
    let mut sink = Sink::new(format, out, &["email", "name", "preorders", "paid", "first_at", "last_at"])?;
    while let Some(row) = rows.next()? {
        let person = CustomerRow {
            email: row.get(0)?,
            name: row.get(1)?,
            preorders: row.get(2)?,
            paid: row.get(3)?,
            first_at: row.get(4)?,
            last_at: row.get(5)?,
        };
        match format {
            ExportFormat::Jsonl => sink.document(&person)?,
            ExportFormat::Csv => sink.row(&[
                person.email,
                person.name.unwrap_or_default(),
                person.preorders.to_string(),
                person.paid.to_string(),
                instant(Some(person.first_at)),
                instant(Some(person.last_at)),
            ])?,
        }
    }
    sink.finish()
}

/// Writes every event in the order they were stored; says how many.
///
/// JSONL lines are the stored bytes. Stripe prints its JSON over many lines: then the line breaks, which can
/// only stand between tokens (inside a JSON string they are written `\n`), are left out, and every other byte
/// stays as it came.
///
/// # Errors
/// A failed read, a damaged body; [`DbError::DiskFull`] or [`DbError::Invalid`] when writing fails.
pub fn export_events(connection: &Connection, format: ExportFormat, out: &mut dyn Write) -> DbResult<i64> {
    let mut statement = connection.prepare(
        "SELECT e.id, w.word, e.created, o.id, v.word, e.dictionary, e.body
         FROM stripe_event e JOIN stripe_word w ON w.key = e.type
         LEFT JOIN stripe_id o ON o.key = e.object LEFT JOIN stripe_word v ON v.key = e.api_version ORDER BY e.seq",
    )?;
    let mut rows = statement.query([])?;
    let mut unpackers = Unpackers::default();
    let mut sink = Sink::new(format, out, &["id", "type", "created_at", "object_id", "api_version", "json"])?;
    while let Some(row) = rows.next()? {
        let dictionary: i64 = row.get(5)?;
        let mut bytes = unpackers.unpack(connection, dictionary, &row.get::<_, Vec<u8>>(6)?)?;
        match format {
            ExportFormat::Jsonl => {
                bytes.retain(|byte| !matches!(byte, b'\n' | b'\r'));
                sink.line(&bytes)?;
            }
            ExportFormat::Csv => sink.row(&[
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                instant(Some(row.get(2)?)),
                row.get::<_, Option<String>>(3)?.unwrap_or_default(),
                row.get::<_, Option<String>>(4)?.unwrap_or_default(),
                String::from_utf8_lossy(&bytes).into_owned(),
            ])?,
        }
    }
    sink.finish()
}

/// Where rows go.
pub(in crate::queries) enum Sink<'a> {
    Csv(Box<csv::Writer<&'a mut dyn Write>>, i64),
    Lines(&'a mut dyn Write, i64),
}

impl<'a> Sink<'a> {
    pub(in crate::queries) fn new(
        format: ExportFormat,
        out: &'a mut dyn Write,
        columns: &[&str],
    ) -> DbResult<Self> {
        if format == ExportFormat::Jsonl {
            return Ok(Self::Lines(out, 0));
        }
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        writer.write_record(columns).map_err(|error| failed_csv(&error))?;
        Ok(Self::Csv(Box::new(writer), 0))
    }

    pub(in crate::queries) fn row(&mut self, cells: &[String]) -> DbResult<()> {
        let Self::Csv(writer, rows) = self else { return Ok(()) };
        *rows += 1;
        writer
            .write_record(cells.iter().map(|cell| harmless(cell).into_owned()))
            .map_err(|error| failed_csv(&error))
    }

    pub(in crate::queries) fn document(&mut self, document: &impl Serialize) -> DbResult<()> {
        let bytes = serde_json::to_vec(document).map_err(|error| DbError::Corrupt(error.to_string()))?;
        self.line(&bytes)
    }

    fn line(&mut self, bytes: &[u8]) -> DbResult<()> {
        let Self::Lines(out, rows) = self else { return Ok(()) };
        *rows += 1;
        out.write_all(bytes).and_then(|()| out.write_all(b"\n")).map_err(|error| failed(&error))
    }

    pub(in crate::queries) fn finish(self) -> DbResult<i64> {
        match self {
            Self::Csv(mut writer, rows) => writer.flush().map_err(|error| failed(&error)).map(|()| rows),
            Self::Lines(out, rows) => out.flush().map_err(|error| failed(&error)).map(|()| rows),
        }
    }
}

/// A cell that a spreadsheet would run as a formula gets an apostrophe before it
/// (owasp.org, CSV injection). Numbers, also negative ones, stay numbers.
fn harmless(cell: &str) -> std::borrow::Cow<'_, str> {
    let suspicious = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let is_number = cell.strip_prefix('-').is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_digit()) && rest.chars().all(|c| c.is_ascii_digit() || c == '.')
    });
    if suspicious && !is_number { format!("'{cell}").into() } else { cell.into() }
}

pub(super) fn number(value: Option<i64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// An instant as RFC 3339 in UTC.
pub(super) fn instant(value: Option<i64>) -> String {
    let time = value.and_then(|value| chrono::DateTime::from_timestamp(value, 0));
    time.map(|time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default()
}

fn failed(error: &std::io::Error) -> DbError {
    match error.kind() {
        std::io::ErrorKind::StorageFull => DbError::DiskFull,
        _ => DbError::Invalid(format!("the export cannot be written: {error}")),
    }
}

fn failed_csv(error: &csv::Error) -> DbError {
    match error.kind() {
        csv::ErrorKind::Io(error) => failed(error),
        _ => DbError::Invalid(format!("the export cannot be written: {error}")),
    }
}
