//! One open store: its mirror, its settings, and its sync while it runs.

use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::clock::SharedClock;
use crate::db::Db;
use crate::domain::day::parse_zone;
use crate::domain::settings::Settings;
use crate::domain::store::{KeySource, Mode, STRIPE_URL, StoreRecord, StoreView};
use crate::error::Problem;
use crate::facts::codec::Codec;
use crate::facts::settings::{append_settings, get_settings};
use crate::http::Stats;
use crate::projections::rebuild;
use crate::queries::health::{Freshness, SyncState};
use crate::secrets::{Kept, Secrets, StripeKey};
use crate::stripe::Stripe;
use crate::tasks::account::{self, Verdict};
use crate::tasks::context::{Context, TaskError};
use crate::tasks::lease::Lease;
use crate::tasks::poller::{Signals, run_poller, run_steward, steward_once};
use crate::tasks::status::{STATUS, Status, StoredStatus};
use crate::tasks::{backfill, poll, replay};
use crate::topic::{Announcer, Topic};

/// How often a process without the lease looks whether it is free.
const LEASE_EVERY: Duration = Duration::from_secs(3);
/// A stored status older than this is not the running holder's.
const STATUS_FRESH_S: i64 = 400;

/// What an open store shares with its engine.
pub(super) struct Wiring {
    pub(super) secrets: Arc<Secrets>,
    pub(super) clock: SharedClock,
    pub(super) announcer: Announcer,
    pub(super) max_per_s: Option<u32>,
}

/// One open store.
pub struct OpenStore {
    public_id: String,
    record: Option<StoreRecord>,
    db: Db,
    codec: Codec,
    settings: Arc<RwLock<Settings>>,
    status: Arc<Status>,
    signals: Arc<Signals>,
    wiring: Wiring,
    running: Mutex<Option<Running>>,
}

struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
    context: Option<Context>,
}

/// What setting a key did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyOutcome {
    /// Where it went.
    pub kept: Kept,
    /// The account, where Stripe told it.
    pub account: Option<String>,
}

/// What one sync from start to end did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct SyncOutcome {
    /// Events newly stored.
    pub events: i64,
    /// Object snapshots taken in.
    pub objects: i64,
    /// Requests sent.
    pub requests: i64,
    /// Answers 429.
    pub throttled: i64,
    /// How long it took.
    pub duration_ms: i64,
}

impl OpenStore {
    pub(super) async fn assemble(record: Option<StoreRecord>, db: Db, wiring: Wiring) -> Result<Self, Problem> {
        let (codec, settings) = db.read(|connection| Ok((Codec::load(connection)?, get_settings(connection)?.1))).await?;
        let public_id = match &record {
            Some(record) => record.public_id.clone(),
            None => format!("file-{:08x}", xxhash_rust::xxh3::xxh3_64(db.path().to_string_lossy().as_bytes()) >> 32),
        };
        let store = Self {
            public_id,
            record,
            db,
            codec,
            settings: Arc::new(RwLock::new(settings)),
            status: Arc::default(),
            signals: Arc::default(),
            wiring,
            running: Mutex::default(),
        };
        // A new mirror gets its empty tables at once; stale ones are made anew before anything reads them.
        if !store.db.is_read_only() {
            store.make_tables().await?;
        }
        Ok(store)
    }

    async fn make_tables(&self) -> Result<(), Problem> {
        let empty = self
            .db
            .read(|connection| {
                let facts: i64 = connection.query_row(
                    "SELECT EXISTS (SELECT 1 FROM stripe_event) OR EXISTS (SELECT 1 FROM stripe_snapshot) OR EXISTS (SELECT 1 FROM local_fact)",
                    [],
                    |row| row.get(0),
                )?;
                Ok(facts == 0 && rebuild::is_due(connection)?)
            })
            .await?;
        if empty {
            replay::replay_if_due(&self.db, self.wiring.clock.now(), |_| {}).await?;
        }
        Ok(())
    }

    /// Its public id; `file-...` for an opened file.
    pub fn public_id(&self) -> &str {
        &self.public_id
    }

    /// Its record; None for an opened file.
    pub fn record(&self) -> Option<&StoreRecord> {
        self.record.as_ref()
    }

    /// Its mirror.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// The clock.
    pub fn clock(&self) -> &SharedClock {
        &self.wiring.clock
    }

    /// What its loops listen to.
    pub fn signals(&self) -> &Signals {
        &self.signals
    }

    /// Settings in force.
    pub fn settings(&self) -> Settings {
        self.settings.read().expect("no panic while held").clone()
    }

    /// The time zone its days are counted in.
    pub fn zone(&self) -> chrono_tz::Tz {
        parse_zone(&self.settings().time_zone).unwrap_or(chrono_tz::Tz::UTC)
    }

    /// Keeps new settings; what they change in the projections is made anew.
    ///
    /// # Errors
    /// A value is out of range, or the mirror cannot be written.
    pub async fn set_settings(&self, settings: Settings) -> Result<Settings, Problem> {
        check_settings(&settings)?;
        let before = self.settings();
        let now = self.wiring.clock.now();
        let renamed = before.metadata != settings.metadata;
        let moved = before.time_zone != settings.time_zone;
        let kept = settings.clone();
        self.db
            .write_durable(move |transaction| {
                let revision = append_settings(transaction, now, &kept)?;
                if renamed {
                    rebuild::begin(transaction, revision)?;
                } else if moved && crate::projections::schema::find_version(transaction)?.is_some() {
                    let zone = parse_zone(&kept.time_zone).unwrap_or(chrono_tz::Tz::UTC);
                    rebuild::rebuild_rollups(transaction, zone, revision)?;
                }
                Ok(())
            })
            .await?;
        *self.settings.write().expect("no panic while held") = settings.clone();
        if renamed {
            replay::replay_if_due(&self.db, now, |_| {}).await?;
        }
        self.wiring.announcer.announce(Some(&self.public_id), Topic::Settings);
        self.wiring.announcer.announce(Some(&self.public_id), Topic::Preorders);
        self.signals.sync_now();
        Ok(settings)
    }

    /// As people see it.
    pub async fn view(&self) -> Result<StoreView, Problem> {
        let account_id = self.db.read(account::find_account).await?;
        let key = match &self.record {
            Some(record) => {
                let (secrets, record) = (Arc::clone(&self.wiring.secrets), record.clone());
                tokio::task::spawn_blocking(move || secrets.find_stripe_key(&record)).await.ok().flatten()
            }
            None => None,
        };
        let url = self.record.as_ref().map(|record| record.stripe_url.clone());
        let name = self.record.as_ref().map_or_else(
            || self.db.path().file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            |record| record.name.clone(),
        );
        Ok(StoreView {
            public_id: self.public_id.clone(),
            name,
            mode: self.record.as_ref().map(|record| record.mode),
            is_stripe: url.as_deref() == Some(STRIPE_URL),
            stripe_url: url,
            account_id,
            key_source: key.as_ref().map_or(KeySource::None, |(_, source)| *source),
            key_prefix: key.as_ref().map(|(key, _)| key.prefix()),
            key_restricted: key.as_ref().is_some_and(|(key, _)| key.is_restricted()),
            read_only: self.db.is_read_only(),
            time_zone: self.settings().time_zone,
            mirror_path: self.db.path().display().to_string(),
        })
    }

    fn own_record(&self) -> Result<&StoreRecord, Problem> {
        self.record.as_ref().ok_or_else(|| {
            Problem::new("READ_ONLY", "an opened mirror file is for reading only", "Make a store to sync with Stripe.")
        })
    }

    async fn stored_key(&self) -> Result<StripeKey, Problem> {
        let record = self.own_record()?.clone();
        let secrets = Arc::clone(&self.wiring.secrets);
        let found = tokio::task::spawn_blocking(move || secrets.find_stripe_key(&record)).await.ok().flatten();
        let (key, _) = found.ok_or_else(|| {
            Problem::new("NO_KEY", "no Stripe key is at hand for this store", "Set a key in Settings, or give FOREDECK_STRIPE_KEY.")
        })?;
        Ok(key)
    }

    fn check_mode(&self, key: &StripeKey) -> Result<(), Problem> {
        let mode = self.own_record()?.mode;
        if key.mode() == mode {
            return Ok(());
        }
        let (is, wants) = if mode == Mode::Live { ("live", "a live key") } else { ("test", "a test key") };
        Err(Problem::new(
            "KEY_MODE",
            format!("this is a {is} store, and the key is not {wants}"),
            format!("Use {wants}, or make another store for this one."),
        ))
    }

    fn client(&self, key: &StripeKey) -> Result<Stripe, Problem> {
        let record = self.own_record()?;
        let most = self.wiring.max_per_s.or(self.settings().max_requests_per_s);
        Ok(Stripe::new(&record.stripe_url, key, most, Arc::clone(&self.wiring.clock))?)
    }

    /// Keeps a key unseen by Stripe, for a store that is made without a network.
    ///
    /// # Errors
    /// The key is of the other mode.
    pub async fn keep_key_unchecked(&self, key: StripeKey) -> Result<Kept, Problem> {
        self.check_mode(&key)?;
        let record = self.own_record()?.clone();
        let secrets = Arc::clone(&self.wiring.secrets);
        let kept = tokio::task::spawn_blocking(move || secrets.keep_stripe_key(&record, &key)).await;
        kept.map_err(|_| Problem::new("INTERNAL", "the keychain call ended badly", "Try again."))
    }

    /// Checks a key against Stripe and the mirror, and keeps it only then.
    ///
    /// # Errors
    /// The key is of the other mode or another account, Stripe refuses it, or Stripe cannot be asked.
    pub async fn set_key(self: &Arc<Self>, key: StripeKey) -> Result<KeyOutcome, Problem> {
        self.check_mode(&key)?;
        let account = match account::judge(&self.client(&key)?, &self.db).await? {
            Verdict::Other => return Err(other_account()),
            Verdict::Same { account } => account,
        };
        if let Some(account) = account.clone() {
            account::adopt(&self.db, account).await?;
        }
        let was_running = self.stop_sync().await;
        let kept = self.keep_key_unchecked(key).await?;
        if was_running {
            self.start_sync();
        }
        self.wiring.announcer.announce(Some(&self.public_id), Topic::Stores);
        Ok(KeyOutcome { kept, account })
    }

    /// Forgets the key and stops syncing.
    ///
    /// # Errors
    /// It is an opened file.
    pub async fn forget_key(&self) -> Result<(), Problem> {
        let record = self.own_record()?.clone();
        self.stop_sync().await;
        let secrets = Arc::clone(&self.wiring.secrets);
        let _done = tokio::task::spawn_blocking(move || secrets.forget_stripe_key(&record)).await;
        self.status.set(|now| now.state = SyncState::NoKey);
        self.wiring.announcer.announce(Some(&self.public_id), Topic::Stores);
        Ok(())
    }

    /// A client with the stored key, for checks a person asks for.
    ///
    /// # Errors
    /// No key, or the wrong one.
    pub async fn stripe(&self) -> Result<Stripe, Problem> {
        let key = self.stored_key().await?;
        self.check_mode(&key)?;
        self.client(&key)
    }

    async fn context(&self) -> Result<Context, Problem> {
        Ok(Context {
            store: self.public_id.clone(),
            db: self.db.clone(),
            stripe: Arc::new(self.stripe().await?),
            codec: self.codec.clone(),
            clock: Arc::clone(&self.wiring.clock),
            settings: Arc::clone(&self.settings),
            announcer: self.wiring.announcer.clone(),
            status: Arc::clone(&self.status),
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
                    crate::facts::state::find_state::<StoredStatus>(connection, STATUS)?.unwrap_or_default(),
                    crate::facts::state::find_state::<i64>(connection, poll::WATERMARK)?,
                ))
            })
            .await?;
        let mut status = stored;
        if self.db.is_read_only() {
            status.freshness = Freshness { state: SyncState::ReadOnly, last_success_at: status.freshness.last_success_at, ..Freshness::default() };
        } else if self.holds_lease() || self.status.get().state == SyncState::NoKey {
            status.freshness = self.status.get();
        } else if self.is_running() && status.at + STATUS_FRESH_S > self.wiring.clock.now() {
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
        self.running.lock().expect("no panic while held").as_ref().is_some_and(|running| running.context.is_some())
    }

    fn is_running(&self) -> bool {
        self.running.lock().expect("no panic while held").is_some()
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
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LEASE_EVERY) => {}
            }
        }
    }

    fn show_problem(&self, problem: &Problem) {
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
        let steward = run_steward(context, Arc::clone(&self.signals), stop.clone());
        tokio::join!(poller, steward);
        drop(lease);
        Ok(())
    }

    fn take_lease(&self) -> Result<Lease, Problem> {
        let path = self.db.path();
        let taken = Lease::try_take(path).map_err(|error| {
            Problem::new("DATA_FOLDER", format!("the lease of this store cannot be taken: {error}"), "Check the data folder's permissions.")
        })?;
        taken.ok_or_else(|| {
            Problem::new("STORE_BUSY", "another process of Foredeck syncs this store", "Read on: its changes show here; or stop it first.")
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

    async fn counts(&self) -> Result<(i64, i64), Problem> {
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
}

fn other_account() -> Problem {
    Problem::new(
        "OTHER_ACCOUNT",
        "this key belongs to another Stripe account than the store",
        "Use a key of the store's account, or make a new store for this one.",
    )
}

fn check_settings(settings: &Settings) -> Result<(), Problem> {
    let bad = |message: String, hint: &str| Err(Problem::new("BAD_SETTING", message, hint));
    if parse_zone(&settings.time_zone).is_none() {
        return bad(format!("{:?} is not a time zone", settings.time_zone), "Give an IANA name such as Europe/Berlin.");
    }
    if !(2..=3_600).contains(&settings.poll_front_s) || !(5..=3_600).contains(&settings.poll_back_s) {
        return bad("the pace is out of range".to_owned(), "Give 2 to 3600 seconds in front and 5 to 3600 behind.");
    }
    if settings.max_requests_per_s.is_some_and(|most| !(1..=100).contains(&most)) {
        return bad("the requests a second are out of range".to_owned(), "Give 1 to 100, or none for the default.");
    }
    if !(1..=10_080).contains(&settings.undelivered_after_min) {
        return bad("the waiting time for deliveries is out of range".to_owned(), "Give 1 minute to 7 days.");
    }
    let names = &settings.metadata;
    let lists = [&names.preorder_id, &names.user_id, &names.email, &names.color, &names.locale, &names.source];
    let usable = |name: &String| !name.is_empty() && name.len() <= 40 && !name.contains(['[', ']']);
    if lists.iter().any(|list| list.len() > 10 || !list.iter().all(usable)) {
        return bad("a metadata name is unusable".to_owned(), "Give at most ten names of 1 to 40 characters without brackets.");
    }
    Ok(())
}
