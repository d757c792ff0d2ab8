//! The export of findings: all that stand now, in the order of triage.

use std::io::Write;

use super::places::Wanted;
use super::{FindingRow, rows};
use crate::db::{Connection, DbResult};
use crate::domain::finding::FindingState;
use crate::domain::money::decimal;
use crate::projections::findings::RULES;
use crate::projections::schema::require_current;
use crate::queries::export::{ExportFormat, Sink, instant, number};

/// Findings read at a time.
const CHUNK: usize = 500;

/// Writes every finding that stands at an instant, open ones first; says how many. JSONL lines are [`FindingRow`].
///
/// # Errors
/// Stale projections; a failed read; a failed write.
pub fn export_findings(
    connection: &Connection,
    now: i64,
    format: ExportFormat,
    out: &mut dyn Write,
) -> DbResult<i64> {
    require_current(connection)?;
    let mut sink = Sink::new(format, out, &COLUMNS)?;
    for state in [FindingState::Open, FindingState::Snoozed, FindingState::Dismissed, FindingState::Resolved]
    {
        let wanted = Wanted { rules: RULES.to_vec(), state, now, test: None };
        let mut after = None;
        loop {
            let places = wanted.walk(connection, after.as_ref(), CHUNK)?;
            let ids: Vec<String> = places.iter().map(|place| place.id.clone()).collect();
            for row in rows::read(connection, &ids, now)? {
                match format {
                    ExportFormat::Jsonl => sink.document(&row)?,
                    ExportFormat::Csv => sink.row(&cells(&row)?)?,
                }
            }
            after = places.into_iter().nth(CHUNK - 1);
            if after.is_none() {
                break;
            }
        }
    }
    sink.finish()
}

const COLUMNS: [&str; 19] = [
    "id",
    "rule",
    "severity",
    "state",
    "subject",
    "order_id",
    "email",
    "name",
    "color",
    "amount",
    "currency",
    "opened_at",
    "first_seen_at",
    "deadline_at",
    "snoozed_until",
    "note",
    "by",
    "said_at",
    "evidence",
];

fn cells(row: &FindingRow) -> DbResult<[String; 19]> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let currency = text(&row.currency);
    let amount = row.amount_minor.map(|minor| decimal(minor, &currency)).unwrap_or_else(|| number(None));
    let evidence = serde_json::to_string(&row.evidence)
        .map_err(|error| crate::db::DbError::Corrupt(error.to_string()))?;
    Ok([
        row.id.clone(),
        row.rule.clone(),
        row.severity.as_str().to_owned(),
        row.state.as_str().to_owned(),
        row.subject.clone(),
        text(&row.order_id),
        text(&row.email),
        text(&row.name),
        text(&row.color),
        amount,
        currency,
        instant(Some(row.opens_at)),
        instant(Some(row.first_seen)),
        instant(row.deadline_at),
        instant(row.snoozed_until),
        text(&row.note),
        text(&row.by),
        instant(row.at),
        evidence,
    ])
}
