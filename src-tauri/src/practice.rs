//! The practice store: a registered store like any other, whose Stripe is a sandbox inside this process.
//!
//! A note in the data folder holds what its world was begun with, so that every start plays the same past; writes to it
//! are in a journal beside the note. The shop is open while this process runs: what nobody watched need not be played and
//! fetched later. Its key is everybody's and is held in memory, so it needs no keychain.

mod note;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use foredeck_engine::clock::SharedClock;
use foredeck_engine::domain::operator::ADMIN;
use foredeck_engine::domain::store::{Mode, StoreRecord};
use foredeck_engine::engine::{Engine, OpenStore};
use foredeck_engine::error::Problem;
use foredeck_engine::secrets::StripeKey;
use foredeck_sandbox::{ClockMode, Config, DEFAULT_KEY, Limits, Sandbox, ShopPlan};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::options::fnv1a;
use note::{Note, keep_open, remove_if_there};

const NAME: &str = "Practice store";
const HISTORY_ORDERS: u32 = 400;
const DAYS: u32 = 14;
const PER_MINUTE: f64 = 20.0;
const FAULTS: f64 = 0.08;
const DAY_S: i64 = 86_400;
/// How long another process that has the port may take to say what it is.
const PATIENCE: Duration = Duration::from_secs(2);

struct Running {
    sandbox: Sandbox,
    clock: SharedClock,
    /// Keeps the note's `open_until` ahead of the clock.
    keeper: JoinHandle<()>,
}

/// The practice store of a data folder.
pub(crate) struct Practice {
    folder: PathBuf,
    running: Mutex<Option<Running>>,
}

impl Practice {
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), running: Mutex::default() }
    }

    /// Whether a registered store is the practice store.
    pub fn is(&self, store: &StoreRecord) -> bool {
        Note::find(&self.folder).is_some_and(|note| note.store == store.public_id)
    }

    /// Finds the practice store, or makes it. Quick: its Stripe does not run yet.
    ///
    /// # Errors
    /// The data folder or the mirror cannot be used, or no port is free.
    pub async fn register(&self, engine: &Engine) -> Result<Arc<OpenStore>, Problem> {
        let _one_at_a_time = self.running.lock().await;
        Ok(self.find_or_make(engine).await?.0)
    }

    /// Starts its Stripe where it does not run, and its sync. Doing it twice is doing it once.
    ///
    /// # Errors
    /// As [`Practice::register`]; or another program has its port.
    pub async fn open(&self, engine: &Engine) -> Result<Arc<OpenStore>, Problem> {
        let mut running = self.running.lock().await;
        let (store, note) = self.find_or_make(engine).await?;
        if running.is_none() {
            *running = self.start(note, engine.clock()).await?;
        }
        drop(running);
        store.start_sync();
        Ok(store)
    }

    /// Holds the key of the practice store, where there is one: nobody has to ask the keychain for it.
    pub fn hold_key(&self, engine: &Engine) {
        let record = Note::find(&self.folder).and_then(|note| engine.registry().get(&note.store).ok());
        if let (Some(record), Ok(key)) = (record, StripeKey::parse(DEFAULT_KEY)) {
            engine.secrets().hold_stripe_key(&record, &key);
        }
    }

    /// Forgets the world of a store that was removed.
    pub async fn forget_removed(&self, engine: &Engine) {
        let mut running = self.running.lock().await;
        let removed =
            Note::find(&self.folder).is_some_and(|note| engine.registry().get(&note.store).is_err());
        if removed {
            if let Some(was) = running.take() {
                was.keeper.abort();
                was.sandbox.shutdown().await;
            }
            if let Err(error) = Note::forget(&self.folder).and_then(|()| remove_if_there(&self.journal())) {
                tracing::warn!(%error, "A file of the practice store could not be deleted.");
            }
        }
    }

    /// Stops its Stripe.
    pub async fn close(&self) {
        let Some(Running { sandbox, clock, keeper }) = self.running.lock().await.take() else { return };
        keeper.abort();
        sandbox.shutdown().await;
        if let Some(mut note) = Note::find(&self.folder) {
            note.open_until = clock.now() + 1;
            note.keep_in(&self.folder);
        }
    }

    fn journal(&self) -> PathBuf {
        self.folder.join("practice-journal.jsonl")
    }

    async fn find_or_make(&self, engine: &Engine) -> Result<(Arc<OpenStore>, Note), Problem> {
        if let Some(note) = Note::find(&self.folder)
            && engine.registry().get(&note.store).is_ok()
        {
            return Ok((engine.store(&note.store).await?, note));
        }
        engine.permit(ADMIN, "making the practice store")?;
        let port = free_port().map_err(|error| no_port(&error))?;
        let store = self.make(engine, port).await?;
        let now = engine.clock().now();
        let note = Note {
            store: store.public_id().to_owned(),
            port,
            // A world of its own: another process's sandbox on the same port is told by its seed. JSON keeps 53 bits.
            seed: fnv1a(store.public_id().as_bytes()) >> 11,
            since: now - i64::from(DAYS) * DAY_S,
            history_orders: HISTORY_ORDERS,
            days: DAYS,
            per_minute: PER_MINUTE,
            faults: FAULTS,
            credits: true,
            open_until: now,
            closed: Vec::new(),
        };
        remove_if_there(&self.journal()).and_then(|()| note.write(&self.folder)).map_err(|error| {
            Problem::new(
                "DATA_FOLDER",
                format!("the practice store cannot be kept: {error}"),
                "Check the data folder's permissions and space.",
            )
        })?;
        self.hold_key(engine);
        Ok((store, note))
    }

    async fn make(&self, engine: &Engine, port: u16) -> Result<Arc<OpenStore>, Problem> {
        let url = format!("http://127.0.0.1:{port}");
        let mut outcome = engine.add_store(NAME, Mode::Test, &url, None).await;
        // The name is taken where the note of an earlier practice store was lost.
        for number in 2..100 {
            match outcome {
                Err(problem) if problem.code == "BAD_NAME" => {
                    outcome = engine.add_store(&format!("{NAME} {number}"), Mode::Test, &url, None).await;
                }
                done => return done,
            }
        }
        outcome
    }

    /// Starts the sandbox; None where one with the same world answers on the port already.
    async fn start(&self, mut note: Note, clock: &SharedClock) -> Result<Option<Running>, Problem> {
        note.open(clock.now());
        let config = Config {
            seed: note.seed,
            clock: ClockMode::Real,
            shop: ShopPlan::Live {
                history_orders: note.history_orders,
                days: note.days,
                per_minute: note.per_minute,
                faults: note.faults,
            },
            port: note.port,
            limits: Limits::stripe(),
            keys: Vec::new(),
            journal: Some(self.journal()),
            since: Some(note.since),
            closed: note.closed.clone(),
            credits: note.credits,
        };
        match Sandbox::start(config).await {
            Ok(sandbox) => {
                tracing::info!(port = note.port, "The practice store's Stripe runs.");
                let keeper = tokio::spawn(keep_open(note, self.folder.clone(), Arc::clone(clock)));
                Ok(Some(Running { sandbox, clock: Arc::clone(clock), keeper }))
            }
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                if answers_as(&note).await {
                    tracing::info!(port = note.port, "Another process runs the practice store's Stripe.");
                    return Ok(None);
                }
                Err(Problem::new(
                    "PRACTICE_PORT_TAKEN",
                    format!(
                        "another program listens on port {}, which belongs to the practice store",
                        note.port
                    ),
                    "End that program; or remove the practice store in Settings and open a new one.",
                ))
            }
            Err(error) => Err(no_port(&error)),
        }
    }
}

fn no_port(error: &io::Error) -> Problem {
    Problem::new(
        "PRACTICE_FAILED",
        format!("the practice store's Stripe could not start: {error}"),
        "Try again.",
    )
}

/// A port that nobody listens on at this moment.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Whether what listens on the port is a sandbox of the same world.
async fn answers_as(note: &Note) -> bool {
    let health = tokio::time::timeout(PATIENCE, health(note.port)).await;
    health.ok().and_then(Result::ok).is_some_and(|health| health["seed"] == note.seed)
}

async fn health(port: u16) -> io::Result<Value> {
    let mut stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    stream
        .write_all(b"GET /_sandbox/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        .await?;
    let mut answer = Vec::new();
    stream.take(64 * 1024).read_to_end(&mut answer).await?;
    let body = answer.windows(4).position(|four| four == b"\r\n\r\n").map_or(&[][..], |at| &answer[at + 4..]);
    Ok(serde_json::from_slice(body)?)
}
