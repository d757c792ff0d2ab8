//! What each campaign, flow, segment or form came to over some days.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{ReportRate, add, days_of, known_days, plus, rates};
use crate::db::{Connection, DbError, DbResult};
use crate::domain::day::{day_of, format_day};
use crate::domain::klaviyo::ReportKind;
use crate::domain::report::statistics;
use crate::facts::klaviyo::find_klaviyo;
use crate::facts::reports::entities::{ReportEntity, list_entities};
use crate::facts::reports::statistics::list_days;
use crate::facts::reports::terms::Terms;

/// Rows a page without saying so.
const USUAL_ROWS: u32 = 100;

/// Which page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct ReportPageArgs {
    /// The kind.
    pub kind: ReportKind,
    /// The first day, YYYY-MM-DD; default 29 days before the last. Campaigns are counted on the day they were sent.
    #[serde(default)]
    #[ts(optional)]
    pub from: Option<String>,
    /// The last day; default today, in the account's time zone.
    #[serde(default)]
    #[ts(optional)]
    pub to: Option<String>,
    /// A statistic's name, `value`, `name` or `sent_at`; default the first statistic.
    #[serde(default)]
    #[ts(optional)]
    pub sort: Option<String>,
    /// Smallest first.
    #[serde(default)]
    #[ts(optional)]
    pub ascending: Option<bool>,
    /// Rows a page, 1 to 500; default 100.
    #[serde(default)]
    #[ts(optional)]
    pub limit: Option<u32>,
    /// Rows that are left out before it.
    #[serde(default)]
    #[ts(optional)]
    pub offset: Option<u32>,
}

/// What one thing, or all of them, came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReportTotals {
    /// Its id; empty for all of them.
    pub id: String,
    /// Its name, or its id where the list does not have it.
    pub name: String,
    /// Klaviyo's word for its state.
    pub status: Option<String>,
    /// Channels it was sent by.
    pub channels: Vec<String>,
    /// It was archived.
    pub archived: bool,
    /// A campaign was, or is to be, sent at, unix seconds.
    pub sent_at: Option<i64>,
    /// What was counted, by Klaviyo's name. Unique counts are sums of days; of members the last day's is told.
    pub statistics: BTreeMap<String, i64>,
    /// Revenue, minor units; null where orders are not synced.
    pub value_minor: Option<i64>,
    /// Rates that follow.
    pub rates: Vec<ReportRate>,
}

/// One page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReportPage {
    /// The kind.
    pub kind: ReportKind,
    /// The first day.
    pub from: String,
    /// The last day.
    pub to: String,
    /// Days of these in all.
    pub days: i64,
    /// Days of these that are known; what is counted is of those alone.
    pub days_known: i64,
    /// The account's currency.
    pub currency: Option<String>,
    /// The statistics there are, in order.
    pub columns: Vec<String>,
    /// What each came to.
    pub rows: Vec<ReportTotals>,
    /// All rows together, of other pages too.
    pub total: ReportTotals,
    /// Rows in all.
    pub count: i64,
}

#[derive(Default)]
struct Sum {
    channels: BTreeSet<String>,
    counts: Vec<Option<i64>>,
    value_minor: Option<i64>,
}

/// Reads a page.
///
/// # Errors
/// The sort is none, or the read failed.
pub fn page(connection: &Connection, args: &ReportPageArgs, now: i64) -> DbResult<ReportPage> {
    let (kind, names) = (args.kind, statistics(args.kind));
    let of = find_klaviyo(connection)?;
    let terms = of.as_ref().map(Terms::of);
    let today = day_of(now, terms.as_ref().map_or(chrono_tz::Tz::UTC, |terms| terms.zone));
    let window = days_of(args.from.as_deref(), args.to.as_deref(), today);
    let days_known = known_days(connection, of.as_ref(), kind, window)?;
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    list_days(connection, kind, window, None, |row| {
        if !days_known.contains(&row.day) {
            return Ok(());
        }
        let sum = sums
            .entry(row.entity)
            .or_insert_with(|| Sum { counts: vec![None; names.len()], ..Sum::default() });
        add(names, &mut sum.counts, &row.counts);
        sum.value_minor = plus(sum.value_minor, row.value_minor);
        if !row.channel.is_empty() {
            sum.channels.insert(row.channel);
        }
        Ok(())
    })?;
    let known: BTreeMap<String, ReportEntity> =
        list_entities(connection, kind)?.into_iter().map(|one| (one.id.clone(), one)).collect();
    let mut all = vec![None; names.len()];
    let mut value = None;
    let mut rows: Vec<ReportTotals> = Vec::new();
    for (id, sum) in sums {
        for (all, more) in all.iter_mut().zip(&sum.counts) {
            *all = plus(*all, *more);
        }
        value = plus(value, sum.value_minor);
        rows.push(totals(names, id.clone(), known.get(&id), sum));
    }
    sort(&mut rows, names, args)?;
    let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let limit = args.limit.unwrap_or(USUAL_ROWS).clamp(1, 500) as usize;
    let rows = rows.into_iter().skip(args.offset.unwrap_or(0) as usize).take(limit).collect();
    let total = totals(names, String::new(), None, Sum { counts: all, value_minor: value, ..Sum::default() });
    Ok(ReportPage {
        kind,
        from: format_day(window.first),
        to: format_day(window.last),
        days: window.last - window.first + 1,
        days_known: i64::try_from(days_known.len()).unwrap_or(i64::MAX),
        currency: terms.map(|terms| terms.currency),
        columns: names.iter().map(|name| (*name).to_owned()).collect(),
        rows,
        total,
        count,
    })
}

fn totals(names: &[&str], id: String, entity: Option<&ReportEntity>, sum: Sum) -> ReportTotals {
    let told = names.iter().zip(&sum.counts);
    ReportTotals {
        name: entity.map_or_else(|| id.clone(), |entity| entity.name.clone()),
        status: entity.and_then(|entity| entity.status.clone()),
        channels: sum.channels.into_iter().collect(),
        archived: entity.is_some_and(|entity| entity.archived),
        sent_at: entity.and_then(|entity| entity.sent_at),
        statistics: told.filter_map(|(name, count)| Some(((*name).to_owned(), (*count)?))).collect(),
        value_minor: sum.value_minor,
        rates: rates(names, &sum.counts),
        id,
    }
}

fn sort(rows: &mut [ReportTotals], names: &[&str], args: &ReportPageArgs) -> DbResult<()> {
    let by = args.sort.as_deref().unwrap_or(names[0]);
    if !names.contains(&by) && !["value", "name", "sent_at"].contains(&by) {
        let shown: String = by.chars().take(60).collect();
        return Err(DbError::Invalid(format!("there is no column {shown:?} to sort reports by")));
    }
    let number = |row: &ReportTotals| match by {
        "value" => row.value_minor,
        "sent_at" => row.sent_at,
        name => row.statistics.get(name).copied(),
    };
    match by {
        "name" => rows.sort_by(|a, b| (a.name.to_lowercase(), &a.id).cmp(&(b.name.to_lowercase(), &b.id))),
        _ => rows.sort_by(|a, b| (number(b), &a.id).cmp(&(number(a), &b.id))),
    }
    // Names begin with the first, numbers with the greatest.
    let reversed = args.ascending.is_some_and(|ascending| ascending != (by == "name"));
    if reversed {
        rows.reverse();
    }
    Ok(())
}
