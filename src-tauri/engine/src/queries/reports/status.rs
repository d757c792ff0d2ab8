//! How report syncs stand: kind by kind, with what the next costs of the day's budget; and what the report server was told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::db::{Connection, DbResult};
use crate::domain::day::format_day;
use crate::domain::klaviyo::{ReportKind, ReportSyncState};
use crate::domain::report::plan::Window;
use crate::domain::report::{ReportEngine, ReportSettings, endpoint_name};
use crate::domain::store::KeySource;
use crate::facts::klaviyo::{KlaviyoConnection, find_klaviyo};
use crate::facts::reports::calls::{Calls, SHARED, read_calls};
use crate::facts::reports::due::next_due;
use crate::facts::reports::plan::draw_plan;
use crate::facts::reports::records::{ReportRecord, list_records};
use crate::facts::reports::terms::{Terms, metric_of};
use crate::facts::reports::triggers::list_triggers;
use crate::facts::reports::windows::{count_planned, list_outcomes};
use crate::facts::state::find_state;

/// Triggers that are shown.
const TRIGGERS: i64 = 20;
const EVER: Window = Window { first: i64::MIN / 4, last: i64::MAX / 4 };

/// How the syncs of one kind stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReportKindView {
    /// The kind.
    pub kind: ReportKind,
    /// Where the newest sync stands; null where there never was one.
    pub state: Option<ReportSyncState>,
    /// Why it was asked for: `connected`, `metric_changed`, `due` or `asked`.
    pub reason: Option<String>,
    /// Whether it is synced by itself.
    pub on: bool,
    /// Hours from sync to sync.
    pub every_h: u32,
    /// When the newest sync was asked for, unix seconds.
    pub queued_at: Option<i64>,
    /// When it began.
    pub started_at: Option<i64>,
    /// When it ended.
    pub ended_at: Option<i64>,
    /// When the last one succeeded.
    pub last_at: Option<i64>,
    /// When the next is due; null while one is open, or where it is switched off.
    pub next_at: Option<i64>,
    /// Until when it waits.
    pub until: Option<i64>,
    /// The first day the newest sync is about.
    pub first_day: Option<String>,
    /// The last.
    pub last_day: Option<String>,
    /// Rows the newest sync stored.
    pub rows: i64,
    /// Windows of it that were read.
    pub windows_done: i64,
    /// Windows of it that failed.
    pub windows_failed: i64,
    /// Windows that are left.
    pub windows_left: i64,
    /// Why it waits, failed, was skipped, or found nothing: a code of the api.
    pub code: Option<String>,
    /// The same in a sentence.
    pub message: Option<String>,
    /// What to do.
    pub hint: Option<String>,
    /// Klaviyo's endpoint.
    pub endpoint: String,
    /// Calls of it that are left of the last 24 hours.
    pub calls_left: i64,
    /// Calls of it in the last 24 hours.
    pub calls_used: i64,
    /// The next call may be made at, unix seconds.
    pub next_call_at: i64,
    /// Calls that what is left would take now, or a sync that was asked for now.
    pub cost: i64,
    /// Of these, what today's budget still gives.
    pub cost_today: i64,
    /// When the rest may begin, unix seconds; null where today's budget gives all.
    pub rest_at: Option<i64>,
    /// Days that are known by the terms in force.
    pub days_known: i64,
    /// Why windows have nothing, and how many of them.
    pub reasons: Vec<ReportReason>,
}

/// Why windows have nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReportReason {
    /// `no_activity`, `metric_not_reportable`, `metric_not_found`, `scope_missing`, `not_found`, `key_rejected` or `refused`.
    pub reason: String,
    /// How many windows.
    pub windows: i64,
}

/// What the report server was told once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReportTriggerView {
    /// Its number.
    pub seq: i64,
    /// Why: `connected`, `metric_changed` or `asked`.
    pub reason: String,
    /// `queued`, `accepted`, `failed` or `unknown`.
    pub state: String,
    /// Times it was sent.
    pub attempts: i64,
    /// Of these, those without an answer, which may have been heard.
    pub unanswered: i64,
    /// Asked for at, unix seconds.
    pub queued_at: i64,
    /// It goes out again at; null once it ended.
    pub next_at: Option<i64>,
    /// Its end.
    pub ended_at: Option<i64>,
    /// What was answered last.
    pub http_status: Option<i64>,
    /// Why it is not accepted: a code of the api.
    pub code: Option<String>,
    /// The same in a sentence.
    pub message: Option<String>,
}

/// The shop's report server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReportServerView {
    /// Its base URL.
    pub url: String,
    /// Why it cannot be called; null where it can.
    pub problem: Option<String>,
    /// Where its key comes from.
    pub key_source: KeySource,
    /// The header that carries the key.
    pub key_header: String,
    /// What it was told, newest first.
    pub triggers: Vec<ReportTriggerView>,
}

/// Everything on report syncs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReportsView {
    /// Who syncs.
    pub engine: ReportEngine,
    /// Whether the store is connected to Klaviyo.
    pub connected: bool,
    /// The time zone that days are counted in.
    pub time_zone: Option<String>,
    /// The name of the metric that conversions are counted by.
    pub metric_name: Option<String>,
    /// Revenue is not synced.
    pub do_not_order_sync: Option<bool>,
    /// Each kind.
    pub kinds: Vec<ReportKindView>,
    /// The day's number of calls is one for all kinds: by the setting, or because Klaviyo showed it.
    pub shared_budget: bool,
    /// The shop's report server.
    pub server: ReportServerView,
}

/// The report server as it is at hand now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAtHand {
    /// Its base URL.
    pub url: String,
    /// Why it cannot be called.
    pub problem: Option<String>,
    /// Where its key comes from.
    pub key_source: KeySource,
}

/// What the view of a kind rests on.
struct Ground<'a> {
    connection: &'a Connection,
    of: &'a KlaviyoConnection,
    settings: &'a ReportSettings,
    calls: Calls,
    shared: bool,
    now: i64,
}

/// Says how report syncs stand.
///
/// # Errors
/// The read failed.
pub fn view(
    connection: &Connection,
    settings: &ReportSettings,
    server: ServerAtHand,
    now: i64,
) -> DbResult<ReportsView> {
    let triggers = list_triggers(connection, TRIGGERS)?.into_iter();
    let triggers = triggers
        .map(|trigger| ReportTriggerView {
            seq: trigger.seq,
            state: trigger.state.as_str().to_owned(),
            attempts: trigger.attempts,
            unanswered: trigger.unanswered,
            queued_at: trigger.queued_at,
            next_at: trigger.ended_at.is_none().then_some(trigger.next_at),
            ended_at: trigger.ended_at,
            http_status: trigger.http_status,
            code: trigger.trouble.as_ref().map(|(code, _)| code.clone()),
            message: trigger.trouble.map(|(_, message)| message),
            reason: trigger.reason,
        })
        .collect();
    let ServerAtHand { url, problem, key_source } = server;
    let key_header = settings.server_key_header.clone();
    let server = ReportServerView { url, problem, key_source, key_header, triggers };
    let shared = settings.shared_budget || find_state::<bool>(connection, SHARED)?.unwrap_or_default();
    let mut view = ReportsView {
        engine: settings.engine,
        connected: false,
        time_zone: None,
        metric_name: None,
        do_not_order_sync: None,
        kinds: Vec::new(),
        shared_budget: shared,
        server,
    };
    let Some(of) = find_klaviyo(connection)? else { return Ok(view) };
    let records = list_records(connection, &of.account.public_id)?;
    let ground = Ground { connection, of: &of, settings, calls: read_calls(connection, now)?, shared, now };
    for kind in ReportKind::ALL {
        let record = records.iter().find(|record| record.kind == kind);
        let next_at = next_due(record, settings.pace(kind), of.connected_at, now);
        let next_at = next_at.filter(|_| settings.engine == ReportEngine::Local);
        view.kinds.push(ground.kind(kind, record, next_at)?);
    }
    view.connected = true;
    view.time_zone = Some(Terms::of(&of).zone_name);
    view.metric_name = Some(of.metric.name.clone());
    view.do_not_order_sync = Some(of.metric.do_not_order_sync);
    Ok(view)
}

impl Ground<'_> {
    fn kind(
        &self,
        kind: ReportKind,
        record: Option<&ReportRecord>,
        next_at: Option<i64>,
    ) -> DbResult<ReportKindView> {
        let (now, pace) = (self.now, self.settings.pace(kind));
        let endpoint = endpoint_name(kind);
        let budget = self.calls.budget(endpoint, self.shared, now);
        let whole = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let windows_left = count_planned(self.connection, kind)?;
        let planned = record.is_some_and(|record| record.is_open() && record.planned_at.is_some());
        let terms = Terms::of(self.of).for_plan(self.of, kind);
        let cost = match planned {
            true => windows_left,
            false => whole(draw_plan(self.connection, &terms, self.settings, now)?.len()),
        };
        let outcomes = list_outcomes(self.connection, kind, EVER)?;
        let mut reasons: BTreeMap<&str, i64> = BTreeMap::new();
        for reason in outcomes.iter().filter_map(|outcome| outcome.reason.as_deref()) {
            *reasons.entry(reason).or_default() += 1;
        }
        let metric = metric_of(self.of, kind);
        let known = outcomes
            .iter()
            .filter(|outcome| outcome.done && outcome.zone == terms.zone_name && outcome.metric == metric);
        let days_known = count_days(known.map(|outcome| outcome.window));
        let trouble = record.and_then(|record| record.trouble.as_ref());
        let days = record.and_then(|record| record.days);
        let of = |pick: fn(&ReportRecord) -> Option<i64>| record.and_then(pick);
        let (_, windows_done, windows_failed) = record.map_or((0, 0, 0), |record| record.windows);
        Ok(ReportKindView {
            kind,
            state: record.map(|record| record.shown(now)),
            reason: record.map(|record| record.reason.clone()),
            on: pace.on,
            every_h: pace.every_h,
            queued_at: record.map(|record| record.queued_at),
            started_at: of(|record| record.started_at),
            ended_at: of(|record| record.ended_at),
            last_at: of(|record| record.succeeded_at),
            next_at,
            until: of(|record| record.until).filter(|until| *until > now),
            first_day: days.map(|days| format_day(days.0)),
            last_day: days.map(|days| format_day(days.1)),
            rows: record.map_or(0, |record| record.rows),
            windows_done,
            windows_failed,
            windows_left,
            code: trouble.map(|trouble| trouble.code.clone()),
            message: trouble.map(|trouble| trouble.message.clone()),
            hint: trouble.map(|trouble| trouble.hint.clone()),
            endpoint: endpoint.to_owned(),
            calls_left: whole(budget.left),
            calls_used: whole(budget.used),
            next_call_at: budget.next_at,
            cost,
            cost_today: cost.min(whole(budget.left)),
            rest_at: (cost > whole(budget.left)).then_some(budget.frees_at),
            days_known,
            reasons: reasons
                .into_iter()
                .map(|(reason, windows)| ReportReason { reason: reason.to_owned(), windows })
                .collect(),
        })
    }
}

/// How many days some windows hold, each counted once; they come by their first day.
fn count_days(windows: impl Iterator<Item = Window>) -> i64 {
    let (mut count, mut up_to) = (0, i64::MIN);
    for window in windows {
        let first = window.first.max(up_to.saturating_add(1));
        count += (window.last - first + 1).max(0);
        up_to = up_to.max(window.last);
    }
    count
}
