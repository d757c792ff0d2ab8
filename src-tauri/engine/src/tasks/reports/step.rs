//! One step: names are listed and windows planned, or one page of one window is asked for and stored.

use chrono::{DateTime, Timelike};

use super::end::{Verdict, end, is_still, open_record, reason_of, verdict};
use super::{Pages, ReportDesk, Terms, What, Work, metric_of};
use crate::db::{DbResult, Transaction};
use crate::domain::day::day_of;
use crate::domain::klaviyo::{ReportKind, ReportSyncState};
use crate::domain::money::exponent;
use crate::domain::report::plan::Window;
use crate::error::Problem;
use crate::facts::klaviyo::{KlaviyoConnection, Trouble};
use crate::facts::reports::calls::append_call;
use crate::facts::reports::entities::{ReportEntity, keep_entities};
use crate::facts::reports::plan::draw_plan;
use crate::facts::reports::records::{ReportRecord, set_record, settle_asked};
use crate::facts::reports::statistics::{DayRow, replace_days};
use crate::facts::reports::windows::{
    WindowOutcome, count_planned, list_outcomes, set_outcome, set_plan, take_planned,
};
use crate::klaviyo::{Klaviyo, KlaviyoError, ListedEntity, ReportRequest, ReportRow, report_endpoint};

/// Pages of one window that are read at most.
const MOST_PAGES: usize = 40;
/// Windows in a row that fail before the sync is given up.
const MOST_FAILED: i64 = 3;

impl ReportDesk {
    /// Does one step. What Klaviyo refused is written down, and returned for the connection's own state.
    ///
    /// # Errors
    /// The mirror failed.
    pub async fn run(
        &self,
        client: &Klaviyo,
        of: &KlaviyoConnection,
        work: &Work,
    ) -> DbResult<Option<KlaviyoError>> {
        let kind = work.record.kind;
        match work.what {
            What::Plan => {
                self.begin(of, kind).await?;
                match client.report_entities(kind).await {
                    Ok(listed) => self.plan(of, kind, listed).await.map(|()| None),
                    Err(error) => self.failed(of, kind, &error).await.map(|()| Some(error)),
                }
            }
            What::Window(window) => self.ask(client, of, kind, window).await,
        }
    }

    /// From here on it runs.
    async fn begin(&self, of: &KlaviyoConnection, kind: ReportKind) -> DbResult<()> {
        let (now, of) = (self.clock.now(), of.clone());
        self.db
            .write_durable(move |transaction| {
                let Some(record) = open_record(transaction, &of, kind)? else { return Ok(()) };
                let started_at = record.started_at.or(Some(now));
                let record = ReportRecord { started_at, ..running(record, now) };
                set_record(transaction, &record)
            })
            .await?;
        self.tell(false);
        Ok(())
    }

    async fn plan(
        &self,
        of: &KlaviyoConnection,
        kind: ReportKind,
        listed: Vec<ListedEntity>,
    ) -> DbResult<()> {
        let (now, terms, of) = (self.clock.now(), Terms::of(of), of.clone());
        let settings = self.settings.clone();
        self.memory.pages.lock().expect("no panic while held").remove(&kind);
        let ended = self
            .db
            .write_durable(move |transaction| {
                let Some(record) = open_record(transaction, &of, kind)? else { return Ok(None) };
                if !is_still(transaction, &of)? {
                    return Ok(None);
                }
                let seen: Vec<ReportEntity> = listed.into_iter().map(kept).collect();
                keep_entities(transaction, kind, &seen, now)?;
                let today = day_of(now, terms.zone);
                let planned = draw_plan(transaction, &terms.for_plan(&of, kind), &settings, now)?;
                set_plan(transaction, kind, &planned)?;
                let first = planned.iter().map(|(window, _)| window.first).min();
                let record = ReportRecord {
                    planned_at: Some(now),
                    days: first.map(|first| (first, today)),
                    windows: (i64::try_from(planned.len()).unwrap_or(i64::MAX), 0, 0),
                    rows: 0,
                    tries: 0,
                    ..running(record, now)
                };
                set_record(transaction, &record)?;
                if !planned.is_empty() {
                    return Ok(None);
                }
                let ended = end(transaction, record, None, now)?;
                let told = ReportRecord { trouble: Some(nothing_there()), ..ended };
                set_record(transaction, &told)?;
                settle_asked(transaction, &of.account.public_id, now)?;
                Ok(Some(told))
            })
            .await?;
        match ended {
            Some(record) => self.tell_end(&record),
            None => self.tell(true),
        }
        Ok(())
    }

    /// Asks for one page of a window: one call, written down before it is made.
    async fn ask(
        &self,
        client: &Klaviyo,
        of: &KlaviyoConnection,
        kind: ReportKind,
        window: Window,
    ) -> DbResult<Option<KlaviyoError>> {
        let (now, terms) = (self.clock.now(), Terms::of(of));
        let local = DateTime::from_timestamp(now, 0).unwrap_or_default().with_timezone(&terms.zone);
        let ends_today = window.last >= day_of(now, terms.zone);
        let request = ReportRequest {
            kind,
            window,
            until_hour: ends_today.then(|| local.hour()),
            metric: metric_of(of, kind),
            with_value: !of.metric.do_not_order_sync,
        };
        let of_now = of.clone();
        self.db
            .write_durable(move |transaction| {
                append_call(transaction, report_endpoint(kind).name, now)?;
                let Some(record) = open_record(transaction, &of_now, kind)? else { return Ok(()) };
                set_record(transaction, &running(record, now))
            })
            .await?;
        self.tell(false);
        let (mut rows, cursor, count) = self.pages_so_far(kind, window);
        let told = client.report(&request, cursor.as_deref()).await;
        let page = match told {
            Ok(page) => page,
            Err(error) => return self.refused(of, (kind, window), error).await.map(Some),
        };
        rows.extend(page.rows);
        if let Some(next) = page.next {
            // A cursor that leads nowhere else, or to no end, would spend the whole day.
            if cursor.as_deref() == Some(next.as_str()) || count + 1 >= MOST_PAGES {
                let error = KlaviyoError::Unexpected;
                return self.refused(of, (kind, window), error).await.map(Some);
            }
            let pages = Pages { window, rows, cursor: next, count: count + 1 };
            self.memory.pages.lock().expect("no panic while held").insert(kind, pages);
            return Ok(None);
        }
        self.store_window(of, (kind, window), &terms, rows, now).await.map(|()| None)
    }

    /// What came of a window before this page.
    fn pages_so_far(&self, kind: ReportKind, window: Window) -> (Vec<ReportRow>, Option<String>, usize) {
        let pages = self.memory.pages.lock().expect("no panic while held").remove(&kind);
        match pages.filter(|pages| pages.window == window) {
            Some(pages) => (pages.rows, Some(pages.cursor), pages.count),
            None => (Vec::new(), None, 0),
        }
    }

    async fn store_window(
        &self,
        of: &KlaviyoConnection,
        (kind, window): (ReportKind, Window),
        terms: &Terms,
        rows: Vec<ReportRow>,
        asked_at: i64,
    ) -> DbResult<()> {
        let (now, of, terms) = (self.clock.now(), of.clone(), terms.clone());
        let stored = self
            .db
            .write_durable(move |transaction| {
                let Some(record) = open_record(transaction, &of, kind)? else { return Ok(None) };
                // Cancelled, disconnected or counted otherwise meanwhile: it is not what was asked for any more.
                if !is_still(transaction, &of)? || !take_planned(transaction, kind, window)? {
                    return Ok(None);
                }
                let money = (!of.metric.do_not_order_sync).then_some(terms.currency.as_str());
                let rows: Vec<DayRow> = rows.into_iter().map(|row| day_row(row, money)).collect();
                let kept = replace_days(transaction, kind, window, &rows)?;
                let outcome = WindowOutcome {
                    window,
                    zone: terms.zone_name,
                    metric: metric_of(&of, kind),
                    done: true,
                    rows: kept,
                    reason: (kept == 0).then(|| "no_activity".to_owned()),
                    // As it was when it was asked for, not when it came.
                    fetched_at: asked_at,
                };
                set_outcome(transaction, kind, &outcome)?;
                let (all, done, failed) = record.windows;
                let record = ReportRecord {
                    windows: (all, done + 1, failed),
                    rows: record.rows + kept,
                    tries: 0,
                    ..running(record, now)
                };
                set_record(transaction, &record)?;
                ended_if_done(transaction, &of, record, now)
            })
            .await?;
        match stored {
            Some(record) => self.tell_end(&record),
            None => self.tell(false),
        }
        Ok(())
    }

    /// Writes down that a window was refused, and what that means for its sync.
    async fn refused(
        &self,
        of: &KlaviyoConnection,
        (kind, window): (ReportKind, Window),
        error: KlaviyoError,
    ) -> DbResult<KlaviyoError> {
        let (now, terms) = (self.clock.now(), Terms::of(of));
        let meant = verdict(&error, now);
        if !matches!(meant, Verdict::WaitUntil(_) | Verdict::Retry) {
            let outcome = WindowOutcome {
                window,
                zone: terms.zone_name,
                metric: metric_of(of, kind),
                done: false,
                rows: 0,
                reason: Some(reason_of(&error).to_owned()),
                fetched_at: now,
            };
            let (of_now, alone) = (of.clone(), meant == Verdict::Window);
            let trouble = Trouble::from(&Problem::from(error.clone()));
            let ended = self
                .db
                .write_durable(move |transaction| {
                    let Some(record) = open_record(transaction, &of_now, kind)? else { return Ok(None) };
                    if !is_still(transaction, &of_now)? || !take_planned(transaction, kind, window)? {
                        return Ok(None);
                    }
                    // What an earlier reading of the window brought still stands.
                    let before = list_outcomes(transaction, kind, window)?;
                    if !before.iter().any(|before| before.window == window && before.done) {
                        set_outcome(transaction, kind, &outcome)?;
                    }
                    let (all, done, failed) = record.windows;
                    let record = ReportRecord {
                        windows: (all, done, failed + 1),
                        trouble: Some(trouble.clone()),
                        touched_at: Some(now),
                        ..record
                    };
                    set_record(transaction, &record)?;
                    if alone && (failed + 1 >= MOST_FAILED && done == 0 || failed + 1 >= 4 * MOST_FAILED) {
                        let record = end(transaction, record, Some(trouble), now)?;
                        settle_asked(transaction, &of_now.account.public_id, now)?;
                        return Ok(Some(record));
                    }
                    if alone { ended_if_done(transaction, &of_now, record, now) } else { Ok(None) }
                })
                .await?;
            if let Some(record) = ended {
                self.tell_end(&record);
            }
        }
        if meant != Verdict::Window {
            self.failed(of, kind, &error).await?;
        }
        Ok(error)
    }
}

fn ended_if_done(
    transaction: &Transaction<'_>,
    of: &KlaviyoConnection,
    record: ReportRecord,
    now: i64,
) -> DbResult<Option<ReportRecord>> {
    if count_planned(transaction, record.kind)? > 0 {
        return Ok(None);
    }
    let ended = end(transaction, record, None, now)?;
    settle_asked(transaction, &of.account.public_id, now)?;
    Ok(Some(ended))
}

/// The record of a sync that goes on now.
fn running(record: ReportRecord, now: i64) -> ReportRecord {
    // What a window was refused for stays told until the end.
    let trouble = record.trouble.filter(|_| record.windows.2 > 0 && record.state == ReportSyncState::Queued);
    ReportRecord {
        state: ReportSyncState::Queued,
        touched_at: Some(now),
        until: None,
        trouble,
        public_id: record.public_id,
        ..record
    }
}

fn nothing_there() -> Trouble {
    Trouble {
        code: "REPORTS_NOTHING_THERE".to_owned(),
        message: "the Klaviyo account has nothing of this kind".to_owned(),
        hint: "Nothing needs to be done.".to_owned(),
    }
}

fn kept(listed: ListedEntity) -> ReportEntity {
    let ListedEntity { id, name, status, channel, archived, created_at, sent_at } = listed;
    ReportEntity { id, name, status, channel, archived, created_at, sent_at }
}

/// A row as it is stored: whole numbers, and money in minor units where it was asked for.
fn day_row(row: ReportRow, currency: Option<&str>) -> DayRow {
    #[allow(clippy::cast_possible_truncation, reason = "counts and money of a shop's day fit")]
    let whole = |number: f64| number.round() as i64;
    let minor = |currency: &str| {
        let units = 10_f64.powi(i32::try_from(exponent(currency)).unwrap_or(2));
        row.value.map(|value| whole(value * units))
    };
    DayRow {
        value_minor: currency.and_then(minor),
        counts: row.counts.into_iter().map(|count| count.map(whole)).collect(),
        day: row.day,
        entity: row.entity,
        message: row.message,
        channel: row.channel,
    }
}
