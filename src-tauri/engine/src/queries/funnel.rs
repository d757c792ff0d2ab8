//! The funnel: preorders by the day they started, and how far they came.

use std::collections::HashMap;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::rows::{check_span, day_of_text};
use crate::db::{Connection, DbError, DbResult, Row, rusqlite};
use crate::domain::day::{Day, day_of, format_day};
use crate::projections::rollups::dim;
use crate::projections::schema::require_current;

/// Days a funnel can span.
const MOST_DAYS: i64 = 3_700;
/// Days of a funnel when nothing is said.
const USUAL_DAYS: i64 = 30;

/// Reads the funnel of a span of days from the daily roll-ups.
///
/// # Errors
/// [`DbError::Invalid`] for a bad day or a span of more than 3,700 days; stale projections; a failed read.
pub fn funnel(connection: &Connection, args: &FunnelArgs, zone: Tz, now: i64) -> DbResult<Funnel> {
    require_current(connection)?;
    let (from, to) = span(args, zone, now)?;
    let rows = if args.by == FunnelBy::Day {
        by_day(connection, from, to)?
    } else {
        by_value(connection, args.by, from, to)?
    };
    let mut total = FunnelCounts::default();
    for row in &rows {
        total.add(row.counts);
    }
    Ok(Funnel { by: args.by, from: format_day(from), to: format_day(to), rows, total })
}

fn span(args: &FunnelArgs, zone: Tz, now: i64) -> DbResult<(Day, Day)> {
    let to = args.to.as_deref().map(|text| day_of_text("to", text)).transpose()?;
    let to = to.unwrap_or_else(|| day_of(now, zone));
    let from = args.from.as_deref().map(|text| day_of_text("from", text)).transpose()?;
    let from = from.unwrap_or(to - USUAL_DAYS + 1);
    check_span(&format_day(from), &format_day(to), from <= to)?;
    let days = to - from + 1;
    if days > MOST_DAYS {
        return Err(DbError::Invalid(format!("the span has {days} days; ask for {MOST_DAYS} at most")));
    }
    Ok((from, to))
}

fn by_day(connection: &Connection, from: Day, to: Day) -> DbResult<Vec<FunnelRow>> {
    let mut statement = connection.prepare_cached(
        "SELECT day, started, opened, attempted, paid, kept FROM rollup WHERE dim = 0 AND day BETWEEN ?1 AND ?2",
    )?;
    let counts: HashMap<Day, FunnelCounts> = statement
        .query_map([from, to], |row| Ok((row.get(0)?, FunnelCounts::read(row)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let row = |day: Day| FunnelRow {
        key: Some(format_day(day)),
        counts: counts.get(&day).copied().unwrap_or_default(),
    };
    Ok((from..=to).map(row).collect())
}

fn by_value(connection: &Connection, by: FunnelBy, from: Day, to: Day) -> DbResult<Vec<FunnelRow>> {
    let dimension = match by {
        FunnelBy::Day => dim::ALL,
        FunnelBy::Color => dim::COLOR,
        FunnelBy::Locale => dim::LOCALE,
        FunnelBy::Source => dim::SOURCE,
    };
    let mut statement = connection.prepare_cached(
        "SELECT nullif(value, ''), sum(started), sum(opened), sum(attempted), sum(paid), sum(kept)
         FROM rollup WHERE dim = ?1 AND day BETWEEN ?2 AND ?3
         GROUP BY value ORDER BY sum(started) DESC, value",
    )?;
    let rows = statement
        .query_map([dimension, from, to], |row| {
            Ok(FunnelRow { key: row.get(0)?, counts: FunnelCounts::read(row)? })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(rows)
}

/// Adds up a span of days.
///
/// # Errors
/// The read failed.
pub(super) fn sum(connection: &Connection, from: Day, to: Day) -> DbResult<FunnelCounts> {
    let sql = "SELECT 0, coalesce(sum(started), 0), coalesce(sum(opened), 0), coalesce(sum(attempted), 0),
        coalesce(sum(paid), 0), coalesce(sum(kept), 0) FROM rollup WHERE dim = 0 AND day BETWEEN ?1 AND ?2";
    Ok(connection.prepare_cached(sql)?.query_row([from, to], FunnelCounts::read)?)
}

impl FunnelCounts {
    /// Reads columns 1 to 5.
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            started: row.get(1)?,
            checkout_opened: row.get(2)?,
            payment_attempted: row.get(3)?,
            paid: row.get(4)?,
            kept: row.get(5)?,
        })
    }

    fn add(&mut self, other: Self) {
        self.started += other.started;
        self.checkout_opened += other.checkout_opened;
        self.payment_attempted += other.payment_attempted;
        self.paid += other.paid;
        self.kept += other.kept;
    }
}

/// Names the dimension whose values are the rows of a funnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum FunnelBy {
    /// One row a day, in the store's time zone.
    #[default]
    Day,
    /// One row a colour.
    Color,
    /// One row a locale.
    Locale,
    /// One row a source.
    Source,
}

/// Asks for the funnel of a span of days, both ends included.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(export)]
pub struct FunnelArgs {
    /// First day, `YYYY-MM-DD` in the store's time zone; default 29 days before `to`.
    #[ts(optional)]
    pub from: Option<String>,
    /// Last day, `YYYY-MM-DD`; default today.
    #[ts(optional)]
    pub to: Option<String>,
    /// What a row stands for.
    #[ts(optional, as = "Option<FunnelBy>")]
    pub by: FunnelBy,
}

/// Counts preorders that reached each step. Reaching a step means having passed those before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct FunnelCounts {
    /// Preorders that started.
    pub started: i64,
    /// Of those, with a checkout opened.
    pub checkout_opened: i64,
    /// Of those, with a payment attempted.
    pub payment_attempted: i64,
    /// Of those, paid.
    pub paid: i64,
    /// Of those, neither wholly refunded nor lost to a dispute.
    pub kept: i64,
}

/// One row of the funnel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct FunnelRow {
    /// The day or the dimension's value; null where it is unknown.
    pub key: Option<String>,
    /// The counts of this row.
    #[serde(flatten)]
    pub counts: FunnelCounts,
}

/// The funnel of a span of days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Funnel {
    /// What a row stands for.
    pub by: FunnelBy,
    /// First day, included.
    pub from: String,
    /// Last day, included.
    pub to: String,
    /// By day: ascending, with empty days. Else: most started first.
    pub rows: Vec<FunnelRow>,
    /// The sum of all rows.
    pub total: FunnelCounts,
}
