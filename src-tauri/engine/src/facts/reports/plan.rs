//! Which windows a sync of a kind would ask for, by what the mirror knows.

use std::collections::BTreeSet;

use chrono_tz::Tz;

use super::entities::list_entities;
use super::windows::list_outcomes;
use crate::db::{Connection, DbResult};
use crate::domain::day::{Day, day_of};
use crate::domain::klaviyo::ReportKind;
use crate::domain::report::ReportSettings;
use crate::domain::report::plan::{Covered, Range, SEGMENTS_SINCE, Window, needed, windows};

/// What a plan is drawn by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanTerms {
    /// The kind.
    pub kind: ReportKind,
    /// The metric that conversions are counted by; None where none are.
    pub metric: Option<String>,
    /// The name of the account's time zone.
    pub zone_name: String,
    /// The zone.
    pub zone: Tz,
}

/// Windows that were never read by these terms, or read while they could still change, each with its place. None at all where the
/// account has nothing of the kind.
///
/// # Errors
/// The read failed.
pub fn draw_plan(
    connection: &Connection,
    terms: &PlanTerms,
    settings: &ReportSettings,
    now: i64,
) -> DbResult<Vec<(Window, i64)>> {
    let seen = list_entities(connection, terms.kind)?;
    if seen.is_empty() {
        return Ok(Vec::new());
    }
    let today = day_of(now, terms.zone);
    // What was made first bounds the history; where nothing says when it was made, the settings alone do.
    let first = seen.iter().filter_map(|one| one.created_at.into_iter().chain(one.sent_at).min()).min();
    let oldest = today - i64::from(settings.history_days);
    let floor = first.map_or(oldest, |at| day_of(at, terms.zone).max(oldest));
    let floor = if terms.kind == ReportKind::Segments { floor.max(SEGMENTS_SINCE) } else { floor };
    let look_back = i64::from(settings.look_back_days);
    let range = Range { floor: floor.min(today), today, look_back };
    let days = Window { first: range.floor, last: today };
    let covered: Vec<Covered> = list_outcomes(connection, terms.kind, days)?
        .into_iter()
        .filter(|outcome| outcome.done && outcome.zone == terms.zone_name && outcome.metric == terms.metric)
        .map(|outcome| Covered {
            window: outcome.window,
            // A clock that was set back since must not make a reading one of the future.
            on: day_of(outcome.fetched_at, terms.zone).min(today),
        })
        .collect();
    let sent_on: BTreeSet<Day> =
        seen.iter().filter_map(|one| one.sent_at).map(|at| day_of(at, terms.zone)).collect();
    Ok(windows(terms.kind, &needed(&covered, range), &sent_on, today))
}
