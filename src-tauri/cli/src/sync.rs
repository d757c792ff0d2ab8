//! Sync: once from start to end, or until a signal.

use std::sync::Arc;
use std::time::Duration;

use foredeck_engine::api::SUPPORT;
use foredeck_engine::api::types::{NoArgs, SyncNowArgs};
use foredeck_engine::engine::{OpenStore, SyncOutcome};
use foredeck_engine::error::Problem;
use foredeck_engine::http::Stats;
use foredeck_engine::queries::health::{Freshness, Health, SyncState};
use foredeck_engine::tasks::lease::Lease;
use tokio::sync::broadcast::Receiver;

use crate::deck::Deck;
use crate::figures::state_word;
use crate::line::SyncLine;
use crate::plain::{maybe_instant, plain};
use crate::print::{self, Format, Outcome, Progress};

/// Changes that come within this time are one line.
const TOGETHER: Duration = Duration::from_millis(250);
/// How often the mirror is looked at for what another process stored.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Syncs once, or until stopped.
pub async fn run(deck: &Deck, line: &SyncLine) -> Outcome {
    if line.full {
        deck.permit(SUPPORT, "sync --full")?;
    }
    let store = deck.store().await?;
    let outcome =
        if line.watch { watch(deck, &store, line.full).await? } else { once(&store, line.full).await? };
    deck.format.reply(&outcome, show)?;
    say_what_is_missing(deck).await
}

async fn once(store: &Arc<OpenStore>, full: bool) -> Outcome<SyncOutcome> {
    let progress = Progress::start();
    tokio::select! {
        outcome = store.sync_once(full, |freshness| progress.show(&progress_words(freshness))) => Ok(outcome?),
        () = stopped() => {
            let hint = "Run it again: it goes on where it stopped.";
            Err(Problem::new("INTERRUPTED", "the sync was stopped before its end", hint).into())
        }
    }
}

fn progress_words(freshness: &Freshness) -> String {
    let Some(progress) = &freshness.progress else {
        return freshness.error_message.clone().unwrap_or_default();
    };
    let total = progress.total.map(|total| format!(" of {total}")).unwrap_or_default();
    format!("{} {}: {}{total}", progress.task, progress.phase, progress.done)
}

/// Ctrl-C, or what a supervisor sends.
async fn stopped() {
    #[cfg(unix)]
    {
        let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
        if let Ok(mut terminate) = terminate {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _without_signals_for_ever = tokio::signal::ctrl_c().await;
}

/// Where the mirror stands.
#[derive(Debug, Clone)]
struct Look {
    events: i64,
    objects: i64,
    freshness: Freshness,
}

impl Look {
    /// Whether there is something to say. That another poll found nothing is not.
    fn differs(&self, other: &Self) -> bool {
        let told =
            |look: &Self| (look.events, look.objects, look.freshness.state, progress_words(&look.freshness));
        told(self) != told(other)
    }
}

async fn look(store: &OpenStore) -> Outcome<Look> {
    let (events, objects) = store.counts().await?;
    Ok(Look { events, objects, freshness: store.freshness().await? })
}

async fn watch(deck: &Deck, store: &Arc<OpenStore>, full: bool) -> Outcome<SyncOutcome> {
    let stopped = stopped();
    tokio::pin!(stopped);
    if is_held_elsewhere(store)? {
        print::note("another process syncs this store: following it");
    } else {
        // No key, or one of the other mode, will not mend itself.
        store.stripe().await?;
    }
    if full {
        let _asked: Freshness = deck.ask("sync_now", &SyncNowArgs { full }).await?;
    }
    let began = deck.engine.clock().monotonic();
    let first = look(store).await?;
    let mut last = first.clone();
    let mut stats = Stats::default();
    let mut changes = deck.engine.announcer().listen();
    store.start_sync();
    loop {
        tokio::select! {
            () = &mut stopped => break,
            () = changed(&mut changes) => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        stats = store.stats().unwrap_or(stats);
        let now = look(store).await?;
        if now.differs(&last) {
            say(deck, store, &last, &now)?;
            last = now;
        }
    }
    stats = store.stats().unwrap_or(stats);
    store.stop_sync().await;
    let end = look(store).await?;
    let took = deck.engine.clock().monotonic().saturating_sub(began);
    Ok(SyncOutcome {
        events: end.events - first.events,
        objects: end.objects - first.objects,
        requests: stats.requests,
        throttled: stats.throttled,
        duration_ms: i64::try_from(took.as_millis()).unwrap_or(i64::MAX),
    })
}

fn is_held_elsewhere(store: &OpenStore) -> Outcome<bool> {
    let taken = Lease::try_take(store.db().path()).map_err(|error| {
        let message = format!("the lease of this store cannot be taken: {error}");
        Problem::new("DATA_FOLDER", message, "Check the data folder's permissions.")
    })?;
    Ok(taken.is_none())
}

/// Waits for a change, and a moment longer for those that come with it.
async fn changed(changes: &mut Receiver<foredeck_engine::topic::Announcement>) {
    if let Err(tokio::sync::broadcast::error::RecvError::Closed) = changes.recv().await {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(TOGETHER).await;
    while changes.try_recv().is_ok() {}
}

/// A line for a change: on stdout, or beside the one document of --json.
fn say(deck: &Deck, store: &OpenStore, last: &Look, now: &Look) -> Outcome {
    let zone = store.zone();
    let at = maybe_instant(Some(deck.engine.clock().now()), zone);
    let mut text = format!("{at}  {}", state_word(&now.freshness));
    if now.events > last.events || now.objects > last.objects {
        text += &format!("  +{} events +{} objects", now.events - last.events, now.objects - last.objects);
    }
    let progress = progress_words(&now.freshness);
    if !progress.is_empty() {
        text += &format!("  {}", plain(&progress));
    }
    if now.freshness.state != SyncState::Idle {
        text += &format!("  complete up to {}", maybe_instant(now.freshness.complete_up_to, zone));
    }
    if deck.format == Format::Json {
        print::note(&text);
        return Ok(());
    }
    print::line(&text)
}

fn show(outcome: &SyncOutcome) -> String {
    let SyncOutcome { events, objects, requests, throttled, duration_ms } = outcome;
    let seconds = format!("{}.{} s", duration_ms / 1_000, duration_ms % 1_000 / 100);
    format!(
        "{events} events and {objects} objects new, {requests} requests ({throttled} throttled), {seconds}"
    )
}

/// What the key may not read is not an error: the rest is synced, and this says what is not.
async fn say_what_is_missing(deck: &Deck) -> Outcome {
    let health: Health = deck.ask("health", &NoArgs {}).await?;
    for kind in &health.kinds {
        if let Some(permission) = &kind.missing_permission {
            print::note(&format!("not synced: {} (the key lacks {permission})", kind.kind));
        }
    }
    Ok(())
}
