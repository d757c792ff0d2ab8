//! What a kind, or one thing of it, came to day by day, for charts. A day that is not known says so, and why.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{ReportRate, days_of, plus, rates};
use crate::db::{Connection, DbResult};
use crate::domain::day::{Day, day_of, format_day};
use crate::domain::klaviyo::ReportKind;
use crate::domain::report::statistics;
use crate::facts::klaviyo::find_klaviyo;
use crate::facts::reports::statistics::list_days;
use crate::facts::reports::terms::{Terms, metric_of};
use crate::facts::reports::windows::list_outcomes;

/// Which series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct ReportSeriesArgs {
    /// The kind.
    pub kind: ReportKind,
    /// The id of one campaign, flow, segment or form; left out, all together.
    #[serde(default)]
    #[ts(optional)]
    pub entity: Option<String>,
    /// The first day, YYYY-MM-DD; default 29 days before the last.
    #[serde(default)]
    #[ts(optional)]
    pub from: Option<String>,
    /// The last day; default today, in the account's time zone.
    #[serde(default)]
    #[ts(optional)]
    pub to: Option<String>,
}

/// One day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReportDay {
    /// The day, YYYY-MM-DD.
    pub day: String,
    /// It was read, by the metric and time zone in force.
    pub known: bool,
    /// Read at, unix seconds.
    pub read_at: Option<i64>,
    /// Why there is nothing: `not_read`, `no_activity`, or why it failed.
    pub reason: Option<String>,
    /// What was counted, by Klaviyo's name.
    pub statistics: BTreeMap<String, i64>,
    /// Revenue, minor units; null where orders are not synced.
    pub value_minor: Option<i64>,
    /// Rates that follow.
    pub rates: Vec<ReportRate>,
}

/// A series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReportSeries {
    /// The kind.
    pub kind: ReportKind,
    /// The account's currency.
    pub currency: Option<String>,
    /// The time zone of the days.
    pub time_zone: Option<String>,
    /// Each day, oldest first.
    pub days: Vec<ReportDay>,
}

#[derive(Clone, Default)]
struct Known {
    done: bool,
    at: Option<i64>,
    reason: Option<String>,
}

/// Reads a series.
///
/// # Errors
/// The read failed.
pub fn series(connection: &Connection, args: &ReportSeriesArgs, now: i64) -> DbResult<ReportSeries> {
    let (kind, names) = (args.kind, statistics(args.kind));
    let of = find_klaviyo(connection)?;
    let terms = of.as_ref().map(Terms::of);
    let today = day_of(now, terms.as_ref().map_or(chrono_tz::Tz::UTC, |terms| terms.zone));
    let window = days_of(args.from.as_deref(), args.to.as_deref(), today);
    let mut known: BTreeMap<Day, Known> = BTreeMap::new();
    if let (Some(of), Some(terms)) = (&of, &terms) {
        let metric = metric_of(of, kind);
        for outcome in list_outcomes(connection, kind, window)? {
            let fits = outcome.zone == terms.zone_name && outcome.metric == metric;
            for day in outcome.window.first.max(window.first)..=outcome.window.last.min(window.last) {
                let slot = known.entry(day).or_default();
                // What was read holds over what failed; of two readings the later one.
                let newer = slot.at.is_none_or(|at| at <= outcome.fetched_at);
                if fits && (outcome.done, newer) >= (slot.done, true) {
                    let (done, at) = (outcome.done, Some(outcome.fetched_at));
                    *slot = Known { done, at, reason: outcome.reason.clone() };
                }
            }
        }
    }
    let mut sums: BTreeMap<Day, (Vec<Option<i64>>, Option<i64>)> = BTreeMap::new();
    list_days(connection, kind, window, args.entity.as_deref(), |row| {
        let (counts, value) = sums.entry(row.day).or_insert_with(|| (vec![None; names.len()], None));
        for (sum, more) in counts.iter_mut().zip(&row.counts) {
            *sum = plus(*sum, *more);
        }
        *value = plus(*value, row.value_minor);
        Ok(())
    })?;
    let days = (window.first..=window.last).map(|day| {
        let told = known.get(&day).cloned().unwrap_or_default();
        // What is stored of a day that is not known was counted otherwise.
        let sum = sums.remove(&day).filter(|_| told.done);
        let (counts, value_minor) = sum.unwrap_or_else(|| (vec![None; names.len()], None));
        let nothing = counts.iter().all(Option::is_none);
        let reason = match (told.done, told.at) {
            (false, None) => Some("not_read".to_owned()),
            (true, _) if nothing => Some("no_activity".to_owned()),
            (true, _) => None,
            (false, Some(_)) => told.reason,
        };
        ReportDay {
            day: format_day(day),
            known: told.done,
            read_at: told.at,
            reason,
            rates: rates(names, &counts),
            statistics: names
                .iter()
                .zip(&counts)
                .filter_map(|(name, count)| Some(((*name).to_owned(), (*count)?)))
                .collect(),
            value_minor,
        }
    });
    Ok(ReportSeries {
        kind,
        days: days.collect(),
        currency: terms.as_ref().map(|terms| terms.currency.clone()),
        time_zone: terms.map(|terms| terms.zone_name),
    })
}
