//! The loops: when polls and background work run, how fast, and how they wait when something is wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::backfill;
use super::context::{Context, Intake, TaskError};
use super::poll::{DAILY, HOURLY, Polled, is_due, permitted, poll_once, reach_once, reach_state, recount};
use super::walk::{Stream, Walk, walk};
use super::{delivery, findings, healing, refetch, replay, webhooks};
use crate::db::DbResult;
use crate::facts::state::{Level, find_state, set_state};
use crate::http::{HttpError, Priority};
use crate::queries::health::{Progress, SyncState};
use crate::stripe::StripeError;
use crate::topic::{Alert, Topic};

/// Longest pause between polls after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// State document: when all open sessions were last listed.
const OPEN_SESSIONS_AT: &str = "open_sessions_at";
/// State document: when the last 30 days' sessions and intents were last listed.
const MONTH_AT: &str = "month_listed_at";
/// How often the last minutes are looked at for being due.
const REACH_PAUSE: Duration = Duration::from_secs(5);
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// Says what the loops should mind.
#[derive(Debug, Default)]
pub struct Signals {
    wake: Notify,
    wake_steward: Notify,
    wake_desk: Notify,
    wake_reports: Notify,
    in_front: AtomicBool,
    asked: AtomicBool,
}

impl Signals {
    /// Polls at once.
    pub fn sync_now(&self) {
        self.asked.store(true, Ordering::Relaxed);
        self.wake.notify_one();
        self.wake_steward.notify_one();
    }

    /// Looks at once for background work that is due.
    pub fn wake_steward(&self) {
        self.wake_steward.notify_one();
    }

    /// Looks at once for actions that are due.
    pub fn wake_desk(&self) {
        self.wake_desk.notify_one();
    }

    /// Resolves when the desk was woken.
    pub async fn desk_woken(&self) {
        self.wake_desk.notified().await;
    }

    /// Looks at once for reports that are due.
    pub fn wake_reports(&self) {
        self.wake_reports.notify_one();
    }

    /// Resolves when reports were woken.
    pub async fn reports_woken(&self) {
        self.wake_reports.notified().await;
    }

    /// The window came to the front or left it.
    pub fn set_in_front(&self, front: bool) {
        let was = self.in_front.swap(front, Ordering::Relaxed);
        if front && !was {
            self.wake.notify_one();
        }
    }
}

/// Polls until cancelled.
pub async fn run_poller(context: Context, signals: Arc<Signals>, stop: CancellationToken) {
    let mut failures = 0_u32;
    loop {
        let began = context.clock.monotonic();
        let outcome = tokio::select! {
            () = stop.cancelled() => return,
            outcome = poll_once(&context) => outcome,
        };
        let took = context.clock.monotonic().saturating_sub(began);
        let pause = after_poll(&context, &signals, outcome, took, &mut failures).await;
        tokio::select! {
            () = stop.cancelled() => return,
            () = signals.wake.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Reads the last minutes again beside the polls, until cancelled. What is wrong with Stripe the polls say.
pub async fn run_reacher(context: Context, stop: CancellationToken) {
    loop {
        let outcome = tokio::select! {
            () = stop.cancelled() => return,
            outcome = reach_once(&context) => outcome,
        };
        if let Err(error) = outcome {
            tracing::debug!(%error, "the last minutes were not read again");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(REACH_PAUSE) => {}
        }
    }
}

async fn after_poll(
    context: &Context,
    signals: &Signals,
    outcome: Result<Polled, TaskError>,
    took: Duration,
    failures: &mut u32,
) -> Duration {
    let pause = match outcome {
        Ok(_) => {
            *failures = 0;
            let state = state_by_listing(context).await;
            context.status.succeeded(state, context.clock.now());
            let settings = context.settings();
            let seconds = if signals.in_front.load(Ordering::Relaxed) {
                settings.poll_front_s
            } else {
                settings.poll_back_s
            };
            pause_within(Duration::from_secs(u64::from(seconds.clamp(1, 3_600))), took)
        }
        Err(error) => {
            *failures += 1;
            note_failure(context, &error).await;
            pause_after(&error, *failures)
        }
    };
    context.status.set(|now| {
        now.next_poll_at = Some(context.clock.now() + i64::try_from(pause.as_secs()).unwrap_or(0))
    });
    if let Err(error) = context.publish_status().await {
        tracing::error!(%error, "the sync status could not be saved");
    }
    pause
}

/// The pace is from poll to poll: what a poll took is no longer waited for. A slow one still leaves others a breath.
fn pause_within(pace: Duration, took: Duration) -> Duration {
    pace.saturating_sub(took).max(pace / 5)
}

async fn state_by_listing(context: &Context) -> SyncState {
    state_of(context.db.read(backfill::find_run).await.ok().flatten().as_ref())
}

/// What a poll that succeeded is worth: nothing is live before everything was listed once, however far the poll came.
fn state_of(listing: Option<&backfill::Run>) -> SyncState {
    match listing {
        None => SyncState::Backfill,
        Some(run) if run.finished_at.is_some() => SyncState::Live,
        Some(run) => match run.reason {
            backfill::Reason::First => SyncState::Backfill,
            backfill::Reason::Away => SyncState::Healing,
            // Listed over a mirror that was whole, but for kinds that each page names.
            backfill::Reason::Asked | backfill::Reason::Permitted => SyncState::Live,
        },
    }
}

/// The pause after a failed poll: what the server asked for, else doubling from the ordinary pace.
fn pause_after(error: &TaskError, failures: u32) -> Duration {
    let doubled = Duration::from_secs(5)
        .saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1).min(8)))
        .min(LONGEST_PAUSE);
    match error {
        TaskError::Stripe(StripeError::Http(
            HttpError::Throttled { wait_s, .. } | HttpError::HeldBack { wait_s, .. },
        )) => Duration::from_secs(*wait_s).max(doubled),
        TaskError::Stripe(StripeError::KeyRejected { .. }) => LONGEST_PAUSE,
        _ => doubled,
    }
}

async fn note_failure(context: &Context, error: &TaskError) {
    match error {
        TaskError::Stripe(error) => {
            let was = context.status.get().error_code;
            context.status.failed(error);
            let (_, code) = super::status::verdict(error);
            if was.as_deref() != Some(code) && context.settings().notify {
                let store = context.store.clone();
                context.announcer.alert(Alert::SyncFailed { store, code: code.to_owned() });
            }
            let request_id = error.request_id().map(str::to_owned);
            if let Err(failed) = context.log(Level::Error, code, error.to_string(), request_id).await {
                tracing::error!(%failed, "an error could not be logged in the mirror");
            }
        }
        TaskError::Db(error) => {
            tracing::error!(%error, "the mirror failed");
            context.status.set(|now| {
                now.state = SyncState::StripeError;
                now.error_code = Some("MIRROR_FAILED".to_owned());
                now.error_message = Some(error.to_string());
                now.error_hint =
                    Some("Check the disk's space and permissions; nothing stored is lost.".to_owned());
            });
        }
    }
}

/// Does background work until cancelled: replay, endpoints, backfill, recounts, refetches, delivery.
pub async fn run_steward(context: Context, signals: Arc<Signals>, stop: CancellationToken) {
    let mut failures = 0_u32;
    loop {
        if signals.asked.swap(false, Ordering::Relaxed) {
            webhooks::make_due(&context);
        }
        let outcome = tokio::select! {
            () = stop.cancelled() => return,
            outcome = steward_once(&context) => outcome,
        };
        let pause = match outcome {
            Ok(next) => {
                failures = 0;
                next
            }
            Err(error) => {
                failures += 1;
                note_failure(&context, &error).await;
                pause_after(&error, failures)
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = signals.wake_steward.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Does whatever background work is due; says when to look again.
///
/// # Errors
/// Stripe or the mirror failed; everything is resumed by the next call.
pub async fn steward_once(context: &Context) -> Result<Duration, TaskError> {
    replay_if_due(context).await?;
    // Before a first copy of the account, which takes hours: one request, and all of Webhooks rests on it.
    webhooks::look_if_due(context).await?;
    if let Some(run) = healing::begin_if_needed(context).await? {
        backfill::advance(context, &run).await?;
        // The next poll would say so too; a person waits for it.
        let listed = state_by_listing(context).await;
        context.status.set(|now| {
            if matches!(now.state, SyncState::Backfill | SyncState::Healing) {
                now.state = listed;
            }
        });
        context.announcer.announce(Some(&context.store), Topic::Sync);
    }
    if let Some(run) = context.db.read(backfill::find_run).await? {
        healing::follow_up(context, &run).await?;
    }
    backfill::fold_all(context).await?;
    permitted(context, "event", recounts(context)).await?;
    permitted(context, "checkout.session", relists(context)).await?;
    if is_due(context.server_now(), delivery::last_walk(context).await?, delivery::EVERY_S) {
        permitted(context, "event", delivery::walk_undelivered(context)).await?;
    }
    let fetched = refetch::fetch_due(context).await?;
    if fetched > 0 {
        return Ok(Duration::ZERO);
    }
    findings::look(context).await?;
    let next = context.db.read(refetch::find_next_due).await?;
    let wait = next.map_or(15, |due| (due - context.clock.now()).clamp(1, 15));
    Ok(Duration::from_secs(u64::try_from(wait).unwrap_or(15)))
}

async fn replay_if_due(context: &Context) -> DbResult<()> {
    let status = Arc::clone(&context.status);
    let show = move |step: crate::projections::rebuild::Progress| {
        let progress = Progress {
            task: "rebuild".to_owned(),
            phase: "facts".to_owned(),
            done: step.done,
            total: Some(step.total),
        };
        status.progress((!step.finished).then_some(progress));
    };
    if replay::replay_if_due(&context.db, context.clock.now(), show).await? {
        context.log(Level::Notice, "rebuilt", String::new(), None).await?;
    }
    Ok(())
}

async fn recounts(context: &Context) -> Result<(), TaskError> {
    for (reach, name) in [(DAILY, "recount_30d"), (HOURLY, "recount_24h")] {
        let state = reach_state(reach.name);
        let last = context
            .db
            .read(move |connection| Ok(find_state::<i64>(connection, &state)?.unwrap_or(0)))
            .await?;
        if is_due(context.server_now(), last, reach.every_s) {
            recount(context, reach, name).await?;
        }
    }
    Ok(())
}

async fn relists(context: &Context) -> Result<(), TaskError> {
    if take_turn(context, OPEN_SESSIONS_AT, HOUR).await? {
        relist(context, Stream::OpenSessions, "open_sessions", 0).await?;
        end_turn(context, OPEN_SESSIONS_AT).await?;
    }
    if take_turn(context, MONTH_AT, DAY).await? {
        let floor = context.server_now() - 30 * DAY;
        relist(context, Stream::Sessions, "month_sessions", floor).await?;
        permitted(context, "payment_intent", relist(context, Stream::Intents, "month_intents", floor))
            .await?;
        end_turn(context, MONTH_AT).await?;
    }
    Ok(())
}

async fn relist(context: &Context, stream: Stream, name: &'static str, floor: i64) -> Result<(), TaskError> {
    let fresh = Walk { stream, floor, cursor: None, head_at: None, expected_from: 0, counter: None };
    walk(context, name, fresh, Priority::Low, Intake::Live).await?;
    Ok(())
}

/// Whether a turn is due. The first is due one period after the backfill, which has listed everything.
async fn take_turn(context: &Context, name: &'static str, every_s: i64) -> DbResult<bool> {
    let (last, run) = context
        .db
        .read(move |connection| Ok((find_state::<i64>(connection, name)?, backfill::find_run(connection)?)))
        .await?;
    let since = last.or_else(|| run.map(|run| run.started_at)).unwrap_or(0);
    Ok(is_due(context.server_now(), since, every_s))
}

async fn end_turn(context: &Context, name: &'static str) -> DbResult<()> {
    let now = context.server_now();
    context.db.write(move |transaction| set_state(transaction, name, &now)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_live_before_everything_was_listed() {
        let mut run = backfill::Run {
            run: 1,
            reason: backfill::Reason::First,
            started_at: 10,
            finished_at: None,
            from_watermark: None,
            followed_up: false,
        };
        assert_eq!(state_of(None), SyncState::Backfill, "the first poll may end before the listing begins");
        assert_eq!(state_of(Some(&run)), SyncState::Backfill);
        run.reason = backfill::Reason::Away;
        assert_eq!(state_of(Some(&run)), SyncState::Healing);
        run.reason = backfill::Reason::Asked;
        assert_eq!(state_of(Some(&run)), SyncState::Live);
        run.reason = backfill::Reason::First;
        run.finished_at = Some(20);
        assert_eq!(state_of(Some(&run)), SyncState::Live);
    }
}
