//! The sync of a store: started and stopped, run once, and asked how it is.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::keys::other_account;
use super::{LEASE_EVERY, OpenStore, Running, STATUS_FRESH_S, SyncOutcome};
use crate::error::Problem;
use crate::facts::state::find_state;
use crate::http::Stats;
use crate::queries::health::{Freshness, SyncFacts, SyncState};
use crate::tasks::account;
use crate::tasks::completeness;
use crate::tasks::context::{Context, TaskError};
use crate::tasks::desk::run_desk;
use crate::tasks::lease::Lease;
use crate::tasks::poller::{run_poller, run_reacher, run_steward, steward_once};
use crate::tasks::status::{STATUS, StoredStatus};
use crate::tasks::{backfill, poll};
use crate::topic::Topic;

impl OpenStore {
    pub(super) async fn context(&self) -> Result<Context, Problem> {
        Ok(Context {
            store: self.public_id.clone(),
            db: self.db.clone(),
            stripe: Arc::new(self.stripe().await?),
            codec: self.codec.clone(),
            clock: Arc::clone(&self.wiring.clock),
            settings: Arc::clone(&self.settings),
            announcer: self.wiring.announcer.clone(),
            status: Arc::clone(&self.status),
            permissions_asked_at: Arc::default(),
            endpoints_asked_at: Arc::default(),
        })
    }

    /// How fresh the mirror is: as this process knows it, else as the one that polls has said.
    ///
    /// # Errors
    /// The mirror cannot be read.
    pub async fn freshness(&self) -> Result<Freshness, Problem> {
        Ok(self.stored_status().await?.freshness)
    }

    /// The status with the limiter's numbers, own or as stored by the process that polls.
    ///
    /// # Errors
    /// The mirror cannot be read.
    pub async fn stored_status(&self) -> Result<StoredStatus, Problem> {
        let (stored, watermark) = self
            .db
            .read(|connection| {
                Ok((
                    find_state::<StoredStatus>(connection, STATUS)?.unwrap_or_default(),
                    find_state::<i64>(connection, poll::WATERMARK)?,
                ))
            })
            .await?;
        let mut status = stored;
        if self.db.is_read_only() {
            status.freshness = Freshness {
                state: SyncState::ReadOnly,
                last_success_at: status.freshness.last_success_at,
                ..Freshness::default()
            };
        } else if self.holds_lease() || self.status.get().state == SyncState::NoKey {
            status.freshness = self.status.get();
        } else if self.status.get().state == SyncState::FollowingOther
            && status.at + STATUS_FRESH_S > self.wiring.clock.now()
        {
            // The lease was tried and is another's; a status that is merely young may be that of a process long gone.
            status.freshness.state = SyncState::FollowingOther;
        } else {
            let last = status.freshness.last_success_at;
            status.freshness = Freshness { last_success_at: last, ..self.status.get() };
        }
        status.freshness.complete_up_to = watermark;
        Ok(status)
    }

    /// Whether this process polls.
    pub fn holds_lease(&self) -> bool {
        self.running
            .lock()
            .expect("no panic while held")
            .as_ref()
            .is_some_and(|running| running.context.is_some())
    }

    /// The transport's numbers, while this process polls.
    pub fn stats(&self) -> Option<Stats> {
        let running = self.running.lock().expect("no panic while held");
        Some(running.as_ref()?.context.as_ref()?.stripe.http().stats())
    }

    /// Starts syncing in the background; waits for key and lease as long as it takes. Starting twice is starting once.
    pub fn start_sync(self: &Arc<Self>) {
        let mut running = self.running.lock().expect("no panic while held");
        if running.is_some() || self.db.is_read_only() {
            return;
        }
        let stop = CancellationToken::new();
        let task = tokio::spawn(Arc::clone(self).keep_synced(stop.clone()));
        *running = Some(Running { stop, task, context: None });
    }

    async fn keep_synced(self: Arc<Self>, stop: CancellationToken) {
        loop {
            let outcome = tokio::select! {
                () = stop.cancelled() => return,
                outcome = self.sync_while_possible(&stop) => outcome,
            };
            if let Err(problem) = outcome {
                self.show_problem(&problem);
            }
            // Whoever only follows another process shows what that one set.
            self.look_for_settings();
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LEASE_EVERY) => {}
            }
        }
    }

    pub(super) fn show_problem(&self, problem: &Problem) {
        let state = match problem.code {
            "NO_KEY" => SyncState::NoKey,
            "KEY_MODE" | "OTHER_ACCOUNT" | "KEY_REJECTED" | "LIVE_KEY_ELSEWHERE" => SyncState::KeyRejected,
            "STORE_BUSY" => SyncState::FollowingOther,
            "OFFLINE" | "TIMEOUT" | "HELD_BACK" | "TLS_REFUSED" => SyncState::Offline,
            "THROTTLED" => SyncState::Throttled,
            _ => SyncState::StripeError,
        };
        let was = self.status.get();
        self.status.set(|now| {
            now.state = state;
            now.error_code = Some(problem.code.to_owned());
            now.error_message = Some(problem.message.clone());
            now.error_hint = Some(problem.hint.clone());
        });
        if self.status.get() != was {
            self.wiring.announcer.announce(Some(&self.public_id), Topic::Sync);
        }
    }

    async fn sync_while_possible(&self, stop: &CancellationToken) -> Result<(), Problem> {
        let lease = self.take_lease()?;
        let context = self.context().await?;
        if !account::check_before_polling(&context).await? {
            return Err(other_account());
        }
        if let Some(running) = self.running.lock().expect("no panic while held").as_mut() {
            running.context = Some(context.clone());
        }
        let poller = run_poller(context.clone(), Arc::clone(&self.signals), stop.clone());
        let reacher = run_reacher(context.clone(), stop.clone());
        let desk = run_desk(self.desk(&context).await?, Arc::clone(&self.signals), stop.clone());
        let steward = run_steward(context, Arc::clone(&self.signals), stop.clone());
        let told = self.keep_told(stop.clone());
        let reports = self.run_reports(stop.clone());
        tokio::join!(poller, reacher, steward, desk, told, reports);
        drop(lease);
        Ok(())
    }

    pub(super) fn take_lease(&self) -> Result<Lease, Problem> {
        let path = self.db.path();
        let taken = Lease::try_take(path).map_err(|error| {
            Problem::new(
                "DATA_FOLDER",
                format!("the lease of this store cannot be taken: {error}"),
                "Check the data folder's permissions.",
            )
        })?;
        taken.ok_or_else(|| {
            Problem::new(
                "STORE_BUSY",
                "another process of Foredeck syncs this store",
                "Read on: its changes show here; or stop it first.",
            )
        })
    }

    /// Stops syncing, within seconds; says whether it ran.
    pub async fn stop_sync(&self) -> bool {
        let running = self.running.lock().expect("no panic while held").take();
        let Some(Running { stop, task, .. }) = running else { return false };
        stop.cancel();
        let _timed_out = tokio::time::timeout(Duration::from_secs(5), task).await;
        true
    }

    /// Syncs once, from here to the end: backfill where one is due (or asked for), a poll, and everything that waits.
    ///
    /// # Errors
    /// No key, another process syncs, or Stripe or the mirror failed.
    pub async fn sync_once(&self, full: bool, progress: impl Fn(&Freshness)) -> Result<SyncOutcome, Problem> {
        let _lease = self.take_lease()?;
        let context = self.context().await?;
        let started = self.wiring.clock.monotonic();
        if !account::check_before_polling(&context).await? {
            return Err(other_account());
        }
        let before = self.counts().await?;
        if full {
            backfill::begin(&context, backfill::Reason::Asked, context.server_now(), None).await?;
        }
        let work = async {
            poll::poll_once(&context).await?;
            poll::reach_once(&context).await?;
            while steward_once(&context).await? == Duration::ZERO {}
            Ok::<(), TaskError>(())
        };
        tokio::pin!(work);
        let outcome = loop {
            tokio::select! {
                outcome = &mut work => break outcome,
                () = tokio::time::sleep(Duration::from_millis(500)) => progress(&self.status.get()),
            }
        };
        if let Err(error) = outcome {
            if let TaskError::Stripe(error) = &error {
                self.status.failed(error);
                context.publish_status().await?;
            }
            return Err(error.into());
        }
        if let Err(problem) = self.tell_once().await {
            tracing::warn!(store = self.public_id, code = problem.code, "Klaviyo was not looked at");
        }
        // What was confirmed and never finished is finished by whoever syncs next.
        self.run_due_actions(&context).await?;
        self.status.succeeded(SyncState::Idle, self.wiring.clock.now());
        context.publish_status().await?;
        let after = self.counts().await?;
        let stats = context.stripe.http().stats();
        let took = self.wiring.clock.monotonic().saturating_sub(started);
        Ok(SyncOutcome {
            events: after.0 - before.0,
            objects: after.1 - before.1,
            requests: stats.requests,
            throttled: stats.throttled,
            duration_ms: i64::try_from(took.as_millis()).unwrap_or(i64::MAX),
        })
    }

    /// Events and object snapshots stored so far.
    ///
    /// # Errors
    /// The mirror cannot be read.
    pub async fn counts(&self) -> Result<(i64, i64), Problem> {
        Ok(self
            .db
            .read(|connection| {
                Ok(connection.query_row(
                    "SELECT (SELECT coalesce(max(seq), 0) FROM stripe_event), (SELECT coalesce(max(seq), 0) FROM stripe_snapshot)",
                    [],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )?)
            })
            .await?)
    }

    /// What the sync knows of itself, for Health and Overview.
    ///
    /// # Errors
    /// The mirror cannot be read.
    pub async fn sync_facts(&self) -> Result<SyncFacts, Problem> {
        let status = self.stored_status().await?;
        let (watermark, kinds) = self.db.read(completeness::read).await?;
        Ok(SyncFacts {
            freshness: status.freshness,
            watermark,
            kinds,
            limiter: status.limiter,
            clock_skew_s: status.clock_skew_s,
            holds_lease: self.holds_lease(),
        })
    }
}
