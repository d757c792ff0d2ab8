//! The engine: every store of a data folder, opened on demand, synced while someone wants it synced.
//!
//! Wires the rooms together and holds no rule of its own.

mod store;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::clock::{SharedClock, SystemClock};
use crate::db::{Db, DbError};
use crate::domain::klaviyo::KLAVIYO_URL;
use crate::domain::operator::{Level, Operator, VIEWER};
use crate::domain::store::{Mode, StoreRecord};
use crate::error::Problem;
use crate::http::check_base_url;
use crate::operators::Operators;
use crate::queries::audit::export_audit;
use crate::queries::export::ExportFormat;
use crate::registry::{Registry, RegistryError};
use crate::secrets::{Keychain, Secrets};
use crate::topic::{Announcer, Topic};
pub use store::{
    Adjust, Fill, KeyOutcome, MetricSet, OpenStore, ReportStep, SettingsSet, SyncOutcome, Verified,
};

/// How an engine is opened.
pub struct Options {
    /// The data folder.
    pub data_dir: PathBuf,
    /// The keychain, or none.
    pub keychain: Keychain,
    /// The clock.
    pub clock: SharedClock,
    /// Requests a second at most, over the store's setting.
    pub max_per_s: Option<u32>,
}

impl Options {
    /// The usual ones for a data folder: the system's clock and keychain (unless `FOREDECK_KEYCHAIN=off`).
    pub fn new(data_dir: PathBuf) -> Self {
        let off = std::env::var("FOREDECK_KEYCHAIN").is_ok_and(|value| value == "off");
        let keychain = if off { Keychain::Off } else { Keychain::System };
        Self { data_dir, keychain, clock: Arc::new(SystemClock::default()), max_per_s: None }
    }
}

/// Every store of a data folder. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    registry: Registry,
    operators: Operators,
    secrets: Arc<Secrets>,
    clock: SharedClock,
    announcer: Announcer,
    max_per_s: Option<u32>,
    open: Mutex<HashMap<String, Arc<OpenStore>>>,
}

impl Engine {
    /// Opens a data folder. Needs no network, no keychain and no store.
    ///
    /// # Errors
    /// The path is taken by something that is not a folder.
    pub fn open(options: Options) -> Result<Self, Problem> {
        let registry = Registry::open(&options.data_dir)?;
        let operators = Operators::new(&options.data_dir, Arc::clone(&options.clock));
        Ok(Self {
            inner: Arc::new(Inner {
                registry,
                operators,
                secrets: Arc::new(Secrets::new(options.keychain)),
                clock: options.clock,
                announcer: Announcer::default(),
                max_per_s: options.max_per_s,
                open: Mutex::default(),
            }),
        })
    }

    /// The store registry.
    pub fn registry(&self) -> &Registry {
        &self.inner.registry
    }

    /// The operators, and who of them is at the desk.
    pub fn operators(&self) -> &Operators {
        &self.inner.operators
    }

    /// Who is at the desk in this process.
    ///
    /// # Errors
    /// It is locked, or the roster cannot be read.
    pub fn operator(&self) -> Result<Operator, Problem> {
        self.permit(VIEWER, "")
    }

    /// Who is at the desk, if they may do something of this level. `api` asks it before each write.
    ///
    /// # Errors
    /// It is locked, the role is too low, or the roster cannot be read.
    pub fn permit(&self, level: Level, what: &str) -> Result<Operator, Problem> {
        Ok(self.inner.operators.permit(level, what)?)
    }

    /// Keys.
    pub fn secrets(&self) -> &Arc<Secrets> {
        &self.inner.secrets
    }

    /// The clock.
    pub fn clock(&self) -> &SharedClock {
        &self.inner.clock
    }

    /// Where changes are announced.
    pub fn announcer(&self) -> &Announcer {
        &self.inner.announcer
    }

    /// Makes a store. Needs no network.
    ///
    /// # Errors
    /// The name or the base URL is refused, or the folder cannot be written.
    pub async fn add_store(
        &self,
        name: &str,
        mode: Mode,
        stripe_url: &str,
        time_zone: Option<&str>,
    ) -> Result<Arc<OpenStore>, Problem> {
        let url = check_base_url(stripe_url)?;
        let zone = time_zone.map_or_else(machine_zone, str::to_owned);
        if crate::domain::day::parse_zone(&zone).is_none() {
            return Err(Problem::new(
                "BAD_TIME_ZONE",
                format!("{zone:?} is not a time zone"),
                "Give an IANA name such as Europe/Berlin.",
            ));
        }
        let record = self.inner.registry.add(name, mode, &url, self.inner.clock.now())?;
        let store = self.store(&record.public_id).await?;
        store
            .change_settings(
                None,
                move |mut settings| {
                    settings.time_zone = zone;
                    settings
                },
                None,
            )
            .await?;
        self.inner.announcer.announce(None, Topic::Stores);
        Ok(store)
    }

    /// Opens a store by public id or name; the open one when it is open already.
    ///
    /// # Errors
    /// There is no such store, or its mirror cannot be opened.
    pub async fn store(&self, id_or_name: &str) -> Result<Arc<OpenStore>, Problem> {
        if let Some(open) = self.find_open(id_or_name) {
            return Ok(open);
        }
        let record = self.inner.registry.get(id_or_name)?;
        if let Some(open) = self.find_open(&record.public_id) {
            return Ok(open);
        }
        let path = self.inner.registry.mirror_path(&record);
        let db = match Db::open(&path) {
            // What cannot be written can be read all the same; each write says that it cannot be.
            Err(DbError::ReadOnly) => Db::open_read_only(&path)?,
            opened => opened?,
        };
        let store = Arc::new(self.assemble(Some(record.clone()), db).await?);
        Ok(Arc::clone(
            self.inner.open.lock().expect("no panic while held").entry(record.public_id).or_insert(store),
        ))
    }

    fn find_open(&self, id: &str) -> Option<Arc<OpenStore>> {
        self.inner.open.lock().expect("no panic while held").get(id).cloned()
    }

    /// Opens any mirror file for reading: no key, no network, no writes. Its id starts with `file-`.
    ///
    /// # Errors
    /// The file is not a mirror, is newer, or cannot be read.
    pub async fn open_file(&self, path: &Path) -> Result<Arc<OpenStore>, Problem> {
        let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let db = Db::open_read_only(&path)?;
        let store = Arc::new(self.assemble(None, db).await?);
        let id = store.public_id().to_owned();
        self.inner.open.lock().expect("no panic while held").insert(id, Arc::clone(&store));
        self.inner.announcer.announce(None, Topic::Stores);
        Ok(store)
    }

    async fn assemble(&self, record: Option<StoreRecord>, db: Db) -> Result<OpenStore, Problem> {
        OpenStore::assemble(
            record,
            db,
            store::Wiring {
                secrets: Arc::clone(&self.inner.secrets),
                clock: Arc::clone(&self.inner.clock),
                announcer: self.inner.announcer.clone(),
                max_per_s: self.inner.max_per_s,
            },
        )
        .await
    }

    /// Every file opened for reading.
    pub fn files_open(&self) -> Vec<Arc<OpenStore>> {
        let open = self.inner.open.lock().expect("no panic while held");
        let mut files: Vec<_> = open.values().filter(|store| store.record().is_none()).cloned().collect();
        files.sort_by(|a, b| a.public_id().cmp(b.public_id()));
        files
    }

    /// Closes a file opened for reading.
    pub fn close_file(&self, id: &str) {
        self.inner.open.lock().expect("no panic while held").remove(id);
    }

    /// Removes a store: stops its sync, writes its audit to `archive/`, forgets its keys, deletes its mirror.
    ///
    /// # Errors
    /// There is no such store, another process holds its lease, or a file cannot be deleted.
    pub async fn remove_store(&self, public_id: &str) -> Result<(), Problem> {
        let record = self.inner.registry.get(public_id)?;
        // A mirror that cannot be opened cannot say at which host its Klaviyo was.
        let klaviyo_url = match self.store(public_id).await {
            Ok(store) => store.klaviyo_url().await.ok().flatten(),
            Err(_) => None,
        };
        let open = self.inner.open.lock().expect("no panic while held").remove(&record.public_id);
        if let Some(open) = open {
            open.stop_sync().await;
        }
        let lease = crate::tasks::lease::Lease::try_take(&self.inner.registry.mirror_path(&record))
            .map_err(RegistryError::Io)?;
        if lease.is_none() {
            return Err(Problem::new(
                "STORE_BUSY",
                format!("the store {:?} is open in another process", record.name),
                "Close the other window or command first.",
            ));
        }
        archive_audit(&self.inner.registry, &record, self.inner.clock.now())?;
        self.inner.secrets.forget_stripe_key(&record);
        for url in klaviyo_url.iter().map(String::as_str).chain([KLAVIYO_URL]) {
            self.inner.secrets.klaviyo().forget(&record.public_id, url);
        }
        self.inner.registry.remove(&record.public_id)?;
        self.inner.announcer.announce(None, Topic::Stores);
        Ok(())
    }

    /// Stops every sync, within seconds.
    pub async fn shutdown(&self) {
        let stores: Vec<_> =
            self.inner.open.lock().expect("no panic while held").drain().map(|(_, store)| store).collect();
        for store in stores {
            store.stop_sync().await;
        }
    }
}

/// Writes the audit of a store that is to be removed into the data folder's archive, each row with its hash. A mirror that
/// cannot be read has none to keep.
fn archive_audit(registry: &Registry, record: &StoreRecord, now: i64) -> Result<(), Problem> {
    let Ok(db) = Db::open_read_only(&registry.mirror_path(record)) else { return Ok(()) };
    let counted = db.read_now(|connection| {
        Ok(connection.query_row("SELECT count(*) FROM audit", [], |row| row.get::<_, i64>(0))?)
    });
    if !counted.is_ok_and(|rows| rows > 0) {
        return Ok(());
    }
    let name = format!("audit-{}-{now}.jsonl", record.public_id);
    let mut file = registry.make_archive_file(&name)?;
    db.read_now(|connection| export_audit(connection, ExportFormat::Jsonl, &mut file))?;
    file.sync_all().map_err(RegistryError::Io)?;
    Ok(())
}

/// The machine's time zone, IANA; UTC where it does not say.
pub fn machine_zone() -> String {
    iana_time_zone::get_timezone()
        .ok()
        .filter(|zone| crate::domain::day::parse_zone(zone).is_some())
        .unwrap_or_else(|| "UTC".to_owned())
}
