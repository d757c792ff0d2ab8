//! The overview: today, the last seven days, money, what needs attention, and how fresh it all is.

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::counters::{count_event_conflicts, count_undelivered, count_unsettled};
use super::findings::counts::{self, SeverityCount};
use super::funnel::{self, FunnelCounts};
use super::health::{Freshness, SyncFacts};
use super::preorders::{self, PreorderPageArgs, PreorderRow};
use super::webhooks;
use crate::db::{Connection, DbResult, rusqlite};
use crate::domain::day::{Day, day_of, format_day};
use crate::domain::finding::Severity;
use crate::domain::status::PreorderStatus;
use crate::facts::settings::get_settings;
use crate::projections::schema::require_current;

/// Newest preorders shown.
const LATEST: u32 = 10;
/// A clock this wrong makes days and "undelivered" wrong, seconds.
const SKEW_S: i64 = 300;

/// Reads the overview from roll-ups and counters; `sync` is what the running sync knows.
///
/// # Errors
/// Stale projections; a failed read.
pub fn overview(connection: &Connection, zone: Tz, now: i64, sync: &SyncFacts) -> DbResult<Overview> {
    require_current(connection)?;
    let today = day_of(now, zone);
    let by_status = by_status(connection)?;
    let stuck = counts::counts(connection, now)?.severities;
    let args = PreorderPageArgs { limit: Some(LATEST), ..PreorderPageArgs::default() };
    Ok(Overview {
        as_of: now,
        time_zone: zone.name().to_owned(),
        today: span(connection, today, today)?,
        yesterday: span(connection, today - 1, today - 1)?,
        last_7_days: span(connection, today - 6, today)?,
        previous_7_days: span(connection, today - 13, today - 7)?,
        attention: attention(connection, now, sync, (&by_status, &stuck))?,
        stuck,
        by_status,
        latest: preorders::page(connection, &args, zone)?.rows,
        freshness: sync.freshness.clone(),
    })
}

fn span(connection: &Connection, from: Day, to: Day) -> DbResult<OverviewSpan> {
    let mut statement = connection.prepare_cached(
        "SELECT currency, sum(paid), sum(refunded), sum(orders) FROM revenue WHERE day BETWEEN ?1 AND ?2
         GROUP BY currency ORDER BY sum(orders) DESC, currency",
    )?;
    let revenue = statement
        .query_map([from, to], |row| {
            Ok(Revenue {
                currency: row.get(0)?,
                paid_minor: row.get(1)?,
                refunded_minor: row.get(2)?,
                orders: row.get(3)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(OverviewSpan {
        from: format_day(from),
        to: format_day(to),
        funnel: funnel::sum(connection, from, to)?,
        revenue,
    })
}

fn by_status(connection: &Connection) -> DbResult<Vec<StatusCount>> {
    let mut statement =
        connection.prepare_cached("SELECT coalesce(max(count), 0) FROM status_count WHERE status = ?1")?;
    let mut found = Vec::new();
    for status in PreorderStatus::ALL {
        let count: i64 = statement.query_row([status.as_str()], |row| row.get(0))?;
        if count > 0 {
            found.push(StatusCount { status, count });
        }
    }
    Ok(found)
}

/// What a person should look at, in this order: what makes figures wrong, then what costs money, then oddities.
fn attention(
    connection: &Connection,
    now: i64,
    sync: &SyncFacts,
    (by_status, stuck): (&[StatusCount], &[SeverityCount]),
) -> DbResult<Vec<Attention>> {
    let (_, settings) = get_settings(connection)?;
    let overdue = now - i64::from(settings.undelivered_after_min) * 60;
    let of_status =
        |status: PreorderStatus| by_status.iter().find(|row| row.status == status).map_or(0, |row| row.count);
    let count =
        |sql: &str| -> DbResult<i64> { Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?) };
    let open_disputes = count(
        "SELECT count(*) FROM node INDEXED BY node_dispute WHERE kind = 5 AND deleted = 0 AND status IN
         ('needs_response', 'under_review', 'warning_needs_response', 'warning_under_review')",
    )?;
    let conflicting = count("SELECT count(*) FROM preorder INDEXED BY preorder_conflict WHERE conflict = 1")?;
    let found =
        |severity: Severity| stuck.iter().find(|row| row.severity == severity).map_or(0, |row| row.count);
    let gaps: usize = sync.kinds.iter().map(|kind| kind.gaps.len()).sum();
    let missing = sync.kinds.iter().filter(|kind| kind.missing_permission.is_some()).count();
    let (overlapping, disabled) = webhooks::count_problems(connection)?;
    let skew = sync.clock_skew_s.map_or(0, i64::abs);
    let found = [
        ("clock_skew", if skew > SKEW_S { skew } else { 0 }),
        ("missing_permissions", whole(missing)),
        ("gaps", whole(gaps)),
        ("stuck_critical", found(Severity::Critical)),
        ("stuck_warning", found(Severity::Warning)),
        ("webhook_overlaps", overlapping),
        ("disabled_endpoints", disabled),
        ("open_disputes", open_disputes),
        ("undelivered_events", count_undelivered(connection, overdue)?),
        ("conflicting_ids", conflicting),
        ("failed_payments", of_status(PreorderStatus::Failed)),
        ("unsettled_objects", count_unsettled(connection)?),
        ("event_conflicts", count_event_conflicts(connection)?),
    ];
    let real = found.into_iter().filter(|(_, count)| *count > 0);
    Ok(real.map(|(kind, count)| Attention { kind: kind.to_owned(), count }).collect())
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Money of one currency over a span of days, counted on the day of payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Revenue {
    /// Lower-case ISO 4217 code.
    pub currency: String,
    /// Paid, in minor units.
    pub paid_minor: i64,
    /// Of that, refunded since.
    pub refunded_minor: i64,
    /// Orders paid.
    pub orders: i64,
}

/// What happened in a span of days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OverviewSpan {
    /// First day, included.
    pub from: String,
    /// Last day, included.
    pub to: String,
    /// Preorders started in the span, and how far they came.
    pub funnel: FunnelCounts,
    /// Money paid in the span, a row a currency.
    pub revenue: Vec<Revenue>,
}

/// Something a person should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Attention {
    /// `undelivered_events`, `gaps`, `missing_permissions`, `conflicting_ids`, `unsettled_objects`, `open_disputes`, `failed_payments`, `event_conflicts`, `clock_skew`, `webhook_overlaps`, `disabled_endpoints`, `stuck_critical`, `stuck_warning`.
    pub kind: String,
    /// How many; of `clock_skew`, the seconds; of `webhook_overlaps`, endpoints.
    pub count: i64,
}

/// The overview of a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Overview {
    /// When it was read, unix seconds.
    pub as_of: i64,
    /// The store's time zone, IANA.
    pub time_zone: String,
    /// Today so far.
    pub today: OverviewSpan,
    /// Yesterday, whole.
    pub yesterday: OverviewSpan,
    /// Today and the six days before.
    pub last_7_days: OverviewSpan,
    /// The seven days before those.
    pub previous_7_days: OverviewSpan,
    /// Preorders by status, all time: `{status, count}` in the status order, without those of none.
    pub by_status: Vec<StatusCount>,
    /// Open findings by severity, the worst first.
    pub stuck: Vec<SeverityCount>,
    /// What needs attention, worst first; empty when nothing does.
    pub attention: Vec<Attention>,
    /// The newest preorders.
    pub latest: Vec<PreorderRow>,
    /// How fresh the mirror is.
    pub freshness: Freshness,
}

/// How many preorders have a status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct StatusCount {
    /// The status.
    pub status: crate::domain::status::PreorderStatus,
    /// How many.
    pub count: i64,
}
