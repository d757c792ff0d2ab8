//! How a sync goes on after a failure, and how it ends.

use super::ReportDesk;
use crate::db::{DbResult, Transaction};
use crate::domain::klaviyo::{ReportKind, ReportSyncState};
use crate::domain::report::budget::looks_shared;
use crate::domain::report::endpoint_name;
use crate::error::Problem;
use crate::facts::klaviyo::{KlaviyoConnection, Trouble, find_klaviyo};
use crate::facts::reports::calls::{SHARED, read_calls};
use crate::facts::reports::due::CANCELLED;
use crate::facts::reports::records::{ReportRecord, find_record, list_records, set_record, settle_asked};
use crate::facts::reports::windows::{clear_plan, count_planned};
use crate::facts::state::set_state;
use crate::klaviyo::KlaviyoError;

/// Failures in a row after which a sync is given up until it is due again.
const MOST_TRIES: i64 = 8;
/// Windows from which on a sync counts as long.
const LONG_WINDOWS: i64 = 10;
/// Longest pause after a failure.
const LONGEST_PAUSE_S: i64 = 3_600;

/// What a failure means for a sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It waits until then; nothing is wrong.
    WaitUntil(i64),
    /// It may pass: tried again after a pause.
    Retry,
    /// This window alone has failed.
    Window,
    /// Every kind that is counted by the metric has failed.
    Metric,
    /// This kind has failed.
    Kind,
    /// Everything has failed.
    All,
}

pub(super) fn verdict(error: &KlaviyoError, now: i64) -> Verdict {
    match error {
        KlaviyoError::Throttled { until, .. } => Verdict::WaitUntil(until.unwrap_or(now + 60).max(now + 1)),
        KlaviyoError::Http(_) | KlaviyoError::Blocked { .. } | KlaviyoError::Unexpected => Verdict::Retry,
        KlaviyoError::KeyRejected | KlaviyoError::KeyMalformed | KlaviyoError::RevisionRetired => {
            Verdict::All
        }
        KlaviyoError::MetricNotFound { .. } | KlaviyoError::MetricNotReportable => Verdict::Metric,
        KlaviyoError::ScopeMissing { .. } => Verdict::Kind,
        _ => Verdict::Window,
    }
}

/// Why a window has nothing, in one word.
pub(super) fn reason_of(error: &KlaviyoError) -> &'static str {
    match error {
        KlaviyoError::MetricNotFound { .. } => "metric_not_found",
        KlaviyoError::MetricNotReportable => "metric_not_reportable",
        KlaviyoError::ScopeMissing { .. } => "scope_missing",
        KlaviyoError::NotFound { .. } => "not_found",
        KlaviyoError::KeyRejected | KlaviyoError::KeyMalformed => "key_rejected",
        _ => "refused",
    }
}

impl ReportDesk {
    /// Every open sync waits a while: there is no key, or it cannot be read.
    ///
    /// # Errors
    /// The mirror failed.
    pub async fn put_off(&self, of: &KlaviyoConnection, problem: &Problem) -> DbResult<()> {
        let (now, public_id, trouble) =
            (self.clock.now(), of.account.public_id.clone(), Trouble::from(problem));
        let desk = self.clone();
        self.db
            .write_durable(move |transaction| {
                for record in list_records(transaction, &public_id)? {
                    if record.is_open() {
                        desk.retry(transaction, record, trouble.clone(), now)?;
                    }
                }
                settle_asked(transaction, &public_id, now)
            })
            .await?;
        self.tell(true);
        Ok(())
    }

    /// Writes down what a failure means for a sync.
    pub(super) async fn failed(
        &self,
        of: &KlaviyoConnection,
        kind: ReportKind,
        error: &KlaviyoError,
    ) -> DbResult<()> {
        let now = self.clock.now();
        let (verdict, trouble) = (verdict(error, now), Trouble::from(&Problem::from(error.clone())));
        let (desk, of, told) = (self.clone(), of.clone(), trouble.clone());
        let ended = self
            .db
            .write_durable(move |transaction| {
                if !is_still(transaction, &of)? {
                    return Ok(Vec::new());
                }
                let mut ended = Vec::new();
                for record in list_records(transaction, &of.account.public_id)? {
                    let meant = match verdict {
                        Verdict::All => true,
                        Verdict::Metric => ReportKind::BY_METRIC.contains(&record.kind),
                        _ => record.kind == kind,
                    };
                    if !record.is_open() || !meant {
                        continue;
                    }
                    let after = match verdict {
                        Verdict::WaitUntil(until) => {
                            desk.wait(transaction, record, (until, now), told.clone())?
                        }
                        Verdict::Retry => desk.retry(transaction, record, told.clone(), now)?,
                        _ => end(transaction, record, Some(told.clone()), now)?,
                    };
                    ended.push(after);
                }
                settle_asked(transaction, &of.account.public_id, now)?;
                Ok(ended)
            })
            .await?;
        for record in ended.iter().filter(|record| !record.is_open()) {
            self.alert(record.kind.as_str(), record.state.as_str(), Some(&trouble));
        }
        self.tell(true);
        Ok(())
    }

    fn wait(
        &self,
        transaction: &Transaction<'_>,
        record: ReportRecord,
        (until, now): (i64, i64),
        trouble: Trouble,
    ) -> DbResult<ReportRecord> {
        let calls = read_calls(transaction, now)?;
        let own = calls.of(endpoint_name(record.kind)).len();
        if looks_shared(own, calls.all().len(), until - now) {
            set_state(transaction, SHARED, &true)?;
        }
        let record = ReportRecord {
            state: ReportSyncState::Waiting,
            until: Some(until),
            touched_at: Some(now),
            trouble: Some(trouble),
            ..record
        };
        set_record(transaction, &record)?;
        Ok(record)
    }

    fn retry(
        &self,
        transaction: &Transaction<'_>,
        record: ReportRecord,
        trouble: Trouble,
        now: i64,
    ) -> DbResult<ReportRecord> {
        let tries = record.tries + 1;
        if tries > MOST_TRIES {
            return end(transaction, record, Some(trouble), now);
        }
        let doubled = 60_i64.saturating_mul(1 << tries.clamp(1, 10).saturating_sub(1));
        let record = ReportRecord {
            state: ReportSyncState::Waiting,
            until: Some(now + doubled.min(LONGEST_PAUSE_S)),
            tries,
            touched_at: Some(now),
            trouble: Some(trouble),
            ..record
        };
        set_record(transaction, &record)?;
        Ok(record)
    }

    /// Ends the syncs of these kinds; what was done stays. How many were open.
    ///
    /// # Errors
    /// The mirror failed.
    pub async fn cancel(&self, of: &KlaviyoConnection, kinds: &[ReportKind]) -> DbResult<usize> {
        let (now, public_id, kinds) = (self.clock.now(), of.account.public_id.clone(), kinds.to_vec());
        let count = self
            .db
            .write_durable(move |transaction| {
                let mut count = 0;
                for record in list_records(transaction, &public_id)? {
                    if record.is_open() && kinds.contains(&record.kind) {
                        let trouble = Trouble {
                            code: CANCELLED.to_owned(),
                            message: "somebody cancelled this report sync".to_owned(),
                            hint: "Ask for it again when it is wanted.".to_owned(),
                        };
                        end(transaction, record, Some(trouble), now)?;
                        count += 1;
                    }
                }
                settle_asked(transaction, &public_id, now)?;
                Ok(count)
            })
            .await?;
        self.tell(true);
        Ok(count)
    }

    /// Tells people of an end, where it took long or something is wrong.
    pub(super) fn tell_end(&self, record: &ReportRecord) {
        self.tell(true);
        if record.state != ReportSyncState::Succeeded || record.windows.0 > LONG_WINDOWS {
            self.alert(record.kind.as_str(), record.state.as_str(), record.trouble.as_ref());
        }
    }
}

/// Ends a sync: all of it is done, some of it, or nothing.
pub(super) fn end(
    transaction: &Transaction<'_>,
    record: ReportRecord,
    trouble: Option<Trouble>,
    now: i64,
) -> DbResult<ReportRecord> {
    let left = count_planned(transaction, record.kind)?;
    clear_plan(transaction, record.kind)?;
    let (_, done, failed) = record.windows;
    let cancelled = trouble.as_ref().is_some_and(|trouble| trouble.code == CANCELLED);
    let state = match (done > 0, failed > 0 || left > 0 || trouble.is_some()) {
        (_, false) => ReportSyncState::Succeeded,
        (true, true) => ReportSyncState::Partial,
        (false, true) if cancelled => ReportSyncState::Skipped,
        (false, true) => ReportSyncState::Failed,
    };
    let succeeded_at = if state == ReportSyncState::Succeeded { Some(now) } else { record.succeeded_at };
    // The last failure of a window is what is told, where nothing else is wrong.
    let trouble = trouble.or(if failed > 0 { record.trouble.clone() } else { None });
    let record = ReportRecord { state, ended_at: Some(now), until: None, succeeded_at, trouble, ..record };
    set_record(transaction, &record)?;
    Ok(record)
}

/// Whether the connection is the one that a step began with: same account, same connecting, same days, same metric.
pub(super) fn is_still(transaction: &Transaction<'_>, of: &KlaviyoConnection) -> DbResult<bool> {
    Ok(find_klaviyo(transaction)?.is_some_and(|there| {
        there.connected_at == of.connected_at
            && there.account.public_id == of.account.public_id
            && there.account.time_zone == of.account.time_zone
            && there.metric.id == of.metric.id
    }))
}

/// The record of a kind, while it is open.
pub(super) fn open_record(
    transaction: &Transaction<'_>,
    of: &KlaviyoConnection,
    kind: ReportKind,
) -> DbResult<Option<ReportRecord>> {
    Ok(find_record(transaction, &of.account.public_id, kind)?.filter(ReportRecord::is_open))
}
