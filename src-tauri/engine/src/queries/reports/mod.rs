//! The Reports pages: how the syncs stand, what things came to over some days, and day by day.

mod export;
mod page;
mod series;
mod status;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::db::{Connection, DbResult};
use crate::domain::day::{Day, parse_day};
use crate::domain::klaviyo::ReportKind;
use crate::domain::report::plan::Window;
use crate::facts::klaviyo::KlaviyoConnection;
use crate::facts::reports::terms::{Terms, metric_of};
use crate::facts::reports::windows::list_outcomes;

pub use export::export_reports;
pub use page::{ReportPage, ReportPageArgs, ReportTotals, page};
pub use series::{ReportDay, ReportSeries, ReportSeriesArgs, series};
pub use status::{
    ReportKindView, ReportReason, ReportServerView, ReportTriggerView, ReportsView, ServerAtHand, view,
};

/// Days that are shown where none are named.
const USUAL_DAYS: i64 = 30;
/// Days that are shown at most.
const MOST_DAYS: i64 = 3_700;

/// A rate that follows from counts, as a share of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReportRate {
    /// Klaviyo's name of it.
    pub name: String,
    /// The share; null where there is nothing to share.
    pub share: Option<f64>,
}

/// The days between two that are named, both included; the last thirty where none are.
fn days_of(from: Option<&str>, to: Option<&str>, today: Day) -> Window {
    let last = to.and_then(parse_day).unwrap_or(today);
    let first = from.and_then(parse_day).unwrap_or(last - USUAL_DAYS + 1);
    Window { first: first.clamp(last - MOST_DAYS, last), last }
}

/// Days that were read by the metric and time zone in force. What is stored of others was counted otherwise, and is not shown.
fn known_days(
    connection: &Connection,
    of: Option<&KlaviyoConnection>,
    kind: ReportKind,
    window: Window,
) -> DbResult<BTreeSet<Day>> {
    let Some(of) = of else { return Ok(BTreeSet::new()) };
    let (terms, metric) = (Terms::of(of), metric_of(of, kind));
    let mut days = BTreeSet::new();
    for outcome in list_outcomes(connection, kind, window)? {
        if outcome.done && outcome.zone == terms.zone_name && outcome.metric == metric {
            days.extend(outcome.window.first.max(window.first)..=outcome.window.last.min(window.last));
        }
    }
    Ok(days)
}

/// The rates of a kind: name, what is counted, of what.
const RATES: [(&str, &str, &str); 7] = [
    ("delivery_rate", "delivered", "recipients"),
    ("open_rate", "opens_unique", "delivered"),
    ("click_rate", "clicks_unique", "delivered"),
    ("click_to_open_rate", "clicks_unique", "opens_unique"),
    ("conversion_rate", "conversion_uniques", "delivered"),
    ("unsubscribe_rate", "unsubscribes", "delivered"),
    ("submit_rate", "submits", "viewed_form"),
];

/// Rates of counts, which stand in the order of `names`.
fn rates(names: &[&str], counts: &[Option<i64>]) -> Vec<ReportRate> {
    let count = |name: &str| names.iter().position(|own| *own == name).and_then(|place| counts[place]);
    RATES
        .iter()
        .filter(|(_, part, whole)| names.contains(part) && names.contains(whole))
        .map(|(name, part, whole)| {
            let share = match (count(part), count(whole)) {
                (Some(part), Some(whole)) if whole > 0 => Some(part as f64 / whole as f64),
                _ => None,
            };
            ReportRate { name: (*name).to_owned(), share }
        })
        .collect()
}

/// Adds counts of another day: sums, but of a level the later day holds.
fn add(names: &[&str], sums: &mut [Option<i64>], more: &[Option<i64>]) {
    for ((name, sum), more) in names.iter().zip(sums).zip(more) {
        *sum = match (*sum, *more) {
            (before, None) => before,
            (Some(before), Some(more)) if !crate::domain::report::is_level(name) => Some(before + more),
            (_, more) => more,
        };
    }
}

/// Two sums as one; what was not told adds nothing.
fn plus(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one + other),
        (one, other) => one.or(other),
    }
}
