//! One open store: its mirror, its settings, its key, and its sync while it runs.

mod actions;
mod audiences;
mod bulk;
mod credits;
mod draft;
mod guard;
mod imports;
mod keys;
mod klaviyo;
mod mirror;
mod reports;
mod settings;
mod sync;

pub use credits::Adjust;
pub use klaviyo::{Fill, MetricSet};
pub use mirror::Verified;
pub use reports::ReportStep;
pub use settings::SettingsSet;

use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::audit::Audit;
use crate::clock::SharedClock;
use crate::db::Db;
use crate::domain::settings::Settings;
use crate::domain::store::{KeySource, STRIPE_URL, StoreRecord, StoreView};
use crate::error::Problem;
use crate::facts::codec::Codec;
use crate::facts::settings::InForce;
use crate::http::Paces;
use crate::projections::rebuild;
use crate::secrets::{Kept, Secrets};
use crate::tasks::account;
use crate::tasks::context::Context;
use crate::tasks::import;
use crate::tasks::poller::Signals;
use crate::tasks::replay;
use crate::tasks::reports::Memory;
use crate::tasks::status::Status;
use crate::topic::Announcer;

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
    settings: Arc<InForce>,
    /// The revision of the settings that was announced last.
    settings_told: AtomicI64,
    status: Arc<Status>,
    signals: Arc<Signals>,
    wiring: Wiring,
    running: Mutex<Option<Running>>,
    audit: tokio::sync::OnceCell<Audit>,
    klaviyo: Arc<klaviyo::Door>,
    report_memory: Arc<Memory>,
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
    pub(super) async fn assemble(
        record: Option<StoreRecord>,
        db: Db,
        wiring: Wiring,
    ) -> Result<Self, Problem> {
        let codec = db.read(Codec::load).await?;
        let settings = Arc::new(InForce::open(&db)?);
        let public_id = match &record {
            Some(record) => record.public_id.clone(),
            None => format!(
                "file-{:08x}",
                xxhash_rust::xxh3::xxh3_64(db.path().to_string_lossy().as_bytes()) >> 32
            ),
        };
        let klaviyo = Arc::new(klaviyo::Door {
            store: public_id.clone(),
            db: db.clone(),
            secrets: Arc::clone(&wiring.secrets),
            clock: Arc::clone(&wiring.clock),
            announcer: wiring.announcer.clone(),
            // Whoever opened the engine with a rate of their own is taken at their word.
            paces: wiring.max_per_s.is_none().then(|| Paces::new(crate::klaviyo::pace_of)),
            kept: tokio::sync::Mutex::default(),
            whose: std::sync::Mutex::default(),
            turns: Arc::default(),
        });
        let store = Self {
            public_id,
            record,
            db,
            codec,
            settings_told: AtomicI64::new(settings.get().0),
            settings,
            status: Arc::default(),
            signals: Arc::default(),
            wiring,
            running: Mutex::default(),
            audit: tokio::sync::OnceCell::new(),
            klaviyo,
            report_memory: Arc::default(),
        };
        // A new mirror gets its empty tables at once; stale ones are made anew before anything reads them.
        if !store.db.is_read_only() {
            store.make_tables().await?;
            // What a killed import left is ended now; where it cannot be, the next import says why.
            if let Err(error) = import::sweep(&store.db).await {
                tracing::warn!(store = store.public_id, %error, "an import that was cut short waits");
            }
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

    /// Settings in force, whichever process set them.
    pub fn settings(&self) -> Settings {
        self.settings.settings()
    }

    /// Settings in force, with their revision.
    pub fn settings_in_force(&self) -> (i64, Settings) {
        self.settings.get()
    }

    /// The time zone its days are counted in.
    pub fn zone(&self) -> chrono_tz::Tz {
        self.settings().zone()
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
            Problem::new(
                "READ_ONLY",
                "an opened mirror file is for reading only",
                "Make a store to sync with Stripe.",
            )
        })
    }
}
