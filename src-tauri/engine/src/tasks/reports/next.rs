//! What is next: requests are taken up, what is due is queued, and of all open syncs the window is chosen that is worth the most.

use super::ReportDesk;
use crate::db::{Connection, DbResult, Transaction};
use crate::domain::klaviyo::{ReportKind, ReportSyncState};
use crate::domain::report::endpoint_name;
use crate::domain::report::plan::Window;
use crate::facts::klaviyo::{KlaviyoConnection, Trouble, list_waits};
use crate::facts::reports::calls::{Calls, SHARED, read_calls};
use crate::facts::reports::due::{OFF, next_due};
use crate::facts::reports::records::{
    Asked, ReportRecord, find_record, list_asked, list_records, set_record, settle_asked, start_asked,
};
use crate::facts::reports::windows::{clear_plan, find_next};
use crate::facts::state::find_state;

/// The code of a sync that waits for the day's number of reports.
pub const BUDGET: &str = "REPORTS_BUDGET";
/// A longer wait than this is told as one, with until when.
const WORTH_TELLING_S: i64 = 120;

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// One step.
    Work(Box<Work>),
    /// Nothing before this instant.
    Wait(i64),
    /// Nothing is open; the next sync is due then, if ever.
    Idle(Option<i64>),
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// The sync that it is of.
    pub record: ReportRecord,
    /// What is done.
    pub what: What,
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Lists what there is, and plans windows.
    Plan,
    /// Asks for a window.
    Window(Window),
}

/// Everything that the choice rests on.
struct Ground {
    asked: Vec<Asked>,
    records: Vec<ReportRecord>,
    calls: Calls,
    shared: bool,
    /// Until when Klaviyo asked not to be asked for a kind.
    waits: Vec<(ReportKind, i64)>,
    heads: Vec<(ReportKind, Window, i64)>,
}

impl Ground {
    fn read(connection: &Connection, of: &KlaviyoConnection, shared: bool, now: i64) -> DbResult<Self> {
        let told = list_waits(connection)?;
        let holds = |kind: ReportKind| {
            let (told_at, until) = told.get(endpoint_name(kind))?;
            (*told_at <= now && now < *until).then_some((kind, *until))
        };
        let mut heads = Vec::new();
        for kind in ReportKind::ALL {
            heads.extend(find_next(connection, kind)?.map(|(window, place)| (kind, window, place)));
        }
        Ok(Self {
            asked: list_asked(connection)?,
            records: list_records(connection, &of.account.public_id)?,
            calls: read_calls(connection, now)?,
            shared: shared || find_state::<bool>(connection, SHARED)?.unwrap_or_default(),
            waits: ReportKind::ALL.into_iter().filter_map(holds).collect(),
            heads,
        })
    }

    fn record(&self, kind: ReportKind) -> Option<&ReportRecord> {
        self.records.iter().find(|record| record.kind == kind)
    }

    /// When an open sync can go on, and with what.
    fn turn(&self, record: &ReportRecord, now: i64) -> (i64, What, i64) {
        let until = record.until.filter(|_| record.state == ReportSyncState::Waiting).unwrap_or(now);
        let head = self.heads.iter().find(|(kind, ..)| *kind == record.kind);
        let (Some(_), Some((_, window, place))) = (record.planned_at, head) else {
            return (until, What::Plan, -1);
        };
        let wait = self.waits.iter().find(|(kind, _)| *kind == record.kind).map_or(now, |(_, until)| *until);
        let budget = self.calls.budget(endpoint_name(record.kind), self.shared, now);
        // What the budget allows is known better now than when it was written down.
        let for_budget = record.trouble.as_ref().is_some_and(|trouble| trouble.code == BUDGET);
        let until = if for_budget { now } else { until };
        (until.max(wait).max(budget.next_at), What::Window(*window), *place)
    }
}

/// Whether a sync waits after a failure, and not for a limit.
fn is_retry(record: &ReportRecord) -> bool {
    record.tries > 0
}

impl ReportDesk {
    /// Takes up what was asked for and what is due, then says what is next.
    ///
    /// # Errors
    /// The mirror failed.
    pub async fn next(&self, connection: &KlaviyoConnection) -> DbResult<Next> {
        let now = self.clock.now();
        let (desk, of) = (self.clone(), connection.clone());
        let ground =
            self.db.read(move |file| Ground::read(file, &of, desk.settings.shared_budget, now)).await?;
        if self.take_up(connection, &ground, now).await? {
            let (desk, of) = (self.clone(), connection.clone());
            let ground =
                self.db.read(move |file| Ground::read(file, &of, desk.settings.shared_budget, now)).await?;
            self.tell(true);
            return self.choose(connection, &ground, now).await;
        }
        self.choose(connection, &ground, now).await
    }

    /// Opens what was asked for, and what is due; whether there was any.
    async fn take_up(&self, of: &KlaviyoConnection, ground: &Ground, now: i64) -> DbResult<bool> {
        let mut wanted: Vec<(ReportKind, String)> = Vec::new();
        let asked: Vec<Asked> =
            ground.asked.iter().filter(|asked| asked.started_at.is_none()).cloned().collect();
        for one in &asked {
            wanted.extend(one.kinds.iter().map(|kind| (*kind, one.reason.clone())));
        }
        for kind in ReportKind::ALL {
            let due = next_due(ground.record(kind), self.settings.pace(kind), of.connected_at, now);
            let named = wanted.iter().any(|(other, _)| *other == kind);
            if due.is_some_and(|due| due <= now) && !named {
                wanted.push((kind, "due".to_owned()));
            }
        }
        // What was switched off meanwhile is not gone on with, unless somebody asked for it.
        let stopped: Vec<ReportKind> = ground
            .records
            .iter()
            .filter(|record| {
                record.is_open() && record.reason != "asked" && !self.settings.pace(record.kind).on
            })
            .map(|record| record.kind)
            .collect();
        if wanted.is_empty() && stopped.is_empty() && asked.is_empty() {
            return Ok(false);
        }
        let (settings, public_id) = (self.settings.clone(), of.account.public_id.clone());
        self.db
            .write_durable(move |transaction| {
                for kind in stopped {
                    if let Some(record) = find_record(transaction, &public_id, kind)? {
                        skip(transaction, record, now)?;
                    }
                }
                for (kind, reason) in wanted {
                    let on = settings.pace(kind).on || reason == "asked";
                    open(transaction, &public_id, (kind, &reason), on, now)?;
                }
                for one in asked {
                    start_asked(transaction, one.seq, now)?;
                }
                settle_asked(transaction, &public_id, now)
            })
            .await?;
        Ok(true)
    }

    async fn choose(&self, of: &KlaviyoConnection, ground: &Ground, now: i64) -> DbResult<Next> {
        let mut turns: Vec<(i64, What, i64, &ReportRecord)> = Vec::new();
        for record in ground.records.iter().filter(|record| record.is_open()) {
            let (at, what, place) = ground.turn(record, now);
            turns.push((at, what, place, record));
        }
        let ready = turns.iter().filter(|(at, ..)| *at <= now).min_by_key(|(_, _, place, _)| *place);
        if let Some((_, what, _, record)) = ready {
            return Ok(Next::Work(Box::new(Work { record: (*record).clone(), what: *what })));
        }
        let due = ReportKind::ALL
            .into_iter()
            .filter_map(|kind| next_due(ground.record(kind), self.settings.pace(kind), of.connected_at, now))
            .min();
        let Some(first) = turns.iter().map(|(at, ..)| *at).min() else { return Ok(Next::Idle(due)) };
        self.write_waits(&turns, now).await?;
        Ok(Next::Wait(due.map_or(first, |due| due.min(first))))
    }

    /// Long waits are written down, so that they are seen and outlive the process.
    async fn write_waits(&self, turns: &[(i64, What, i64, &ReportRecord)], now: i64) -> DbResult<()> {
        let long: Vec<ReportRecord> = turns
            .iter()
            .filter(|(at, _, _, record)| *at > now + WORTH_TELLING_S && !is_retry(record))
            .filter(|(at, _, _, record)| {
                record.state != ReportSyncState::Waiting || record.until.is_none_or(|until| until != *at)
            })
            .map(|(at, _, _, record)| ReportRecord {
                state: ReportSyncState::Waiting,
                until: Some(*at),
                trouble: Some(Trouble {
                    code: BUDGET.to_owned(),
                    message: "Klaviyo's daily number of reports is used up".to_owned(),
                    hint: "Wait: it goes on by itself.".to_owned(),
                }),
                ..(*record).clone()
            })
            .collect();
        if long.is_empty() {
            return Ok(());
        }
        self.db
            .write_durable(move |transaction| {
                for record in long {
                    // Cancelled meanwhile: nothing is brought back.
                    let there = find_record(transaction, &record.public_id, record.kind)?;
                    if there.is_some_and(|there| there.is_open()) {
                        set_record(transaction, &record)?;
                    }
                }
                Ok(())
            })
            .await?;
        self.tell(true);
        Ok(())
    }
}

/// Opens the sync of a kind. One that is open goes on; under another metric it begins anew.
fn open(
    transaction: &Transaction<'_>,
    public_id: &str,
    (kind, reason): (ReportKind, &str),
    on: bool,
    now: i64,
) -> DbResult<()> {
    let before = find_record(transaction, public_id, kind)?;
    let goes_on = before.as_ref().is_some_and(ReportRecord::is_open) && reason != "metric_changed";
    if goes_on {
        // Asked for by somebody, it does not wait for a failure to pass.
        let record = before.filter(|_| reason == "asked");
        return match record {
            Some(record) => set_record(
                transaction,
                &ReportRecord {
                    state: ReportSyncState::Queued,
                    reason: reason.to_owned(),
                    until: None,
                    tries: 0,
                    trouble: None,
                    ..record
                },
            ),
            None => Ok(()),
        };
    }
    clear_plan(transaction, kind)?;
    let succeeded_at = before.and_then(|record| record.succeeded_at);
    let record = ReportRecord { succeeded_at, ..ReportRecord::new(public_id, kind, reason, now) };
    if on { set_record(transaction, &record) } else { skip(transaction, record, now) }
}

fn skip(transaction: &Transaction<'_>, record: ReportRecord, now: i64) -> DbResult<()> {
    clear_plan(transaction, record.kind)?;
    let trouble = Trouble {
        code: OFF.to_owned(),
        message: "syncing this kind of report is switched off".to_owned(),
        hint: "Switch it on in Settings, or ask for it now.".to_owned(),
    };
    let state = ReportSyncState::Skipped;
    let record = ReportRecord { state, ended_at: Some(now), until: None, trouble: Some(trouble), ..record };
    set_record(transaction, &record)
}
