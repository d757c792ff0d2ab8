//! What the window stands on: the engine, the practice store, and which store is in front.
//!
//! The engine is opened beside the page's loading; a call that comes earlier waits for it. Where the data folder cannot be
//! used every call says so, and the next one tries again.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use foredeck_engine::api::{self, Call};
use foredeck_engine::domain::store::StoreRecord;
use foredeck_engine::engine::Engine;
use foredeck_engine::error::Problem;
use serde_json::Value;
use tauri::AppHandle;
use tokio::sync::OnceCell;

use crate::operations::{self, StartReply};
use crate::options::Options;
use crate::practice::Practice;
use crate::{alerts, changed, window};

/// How long the program may take to stop what runs.
const STOPS_WITHIN: Duration = Duration::from_secs(5);

/// Base URL of a store that is made in this process, for good; Stripe's own where it is not set.
const STRIPE_URL_VARIABLE: &str = "FOREDECK_STRIPE_URL";

/// The shell's state.
pub(crate) struct Shell {
    app: AppHandle,
    options: Options,
    prepared: OnceCell<Prepared>,
    /// The store whose page is on screen.
    in_front: Mutex<Option<String>>,
}

/// What there is once the data folder is open.
pub(crate) struct Prepared {
    pub engine: Engine,
    pub practice: Practice,
    start: Mutex<Option<Result<StartReply, Problem>>>,
}

impl Prepared {
    /// What the command line asked for; a problem with it is told once.
    pub fn take_start(&self) -> Result<StartReply, Problem> {
        let mut start = self.start.lock().unwrap_or_else(PoisonError::into_inner);
        match &*start {
            Some(Err(_)) => start.take().unwrap_or_else(|| Ok(StartReply::default())),
            Some(Ok(reply)) => Ok(reply.clone()),
            None => Ok(StartReply::default()),
        }
    }
}

impl Shell {
    pub fn new(app: AppHandle, options: Options) -> Self {
        Self { app, options, prepared: OnceCell::new(), in_front: Mutex::default() }
    }

    /// Where the page keeps what it remembers; None where the data folder cannot be written.
    pub fn page_folder(&self) -> Option<PathBuf> {
        let folder = self.options.data_dir().join("page");
        std::fs::create_dir_all(&folder).is_ok().then_some(folder)
    }

    /// Opens the data folder and starts what runs beside the window.
    pub async fn begin(&self) {
        match self.prepared().await {
            Ok(prepared) => self.start_syncs(prepared).await,
            Err(problem) => tracing::error!(code = problem.code, "The data folder could not be opened."),
        }
    }

    /// Stops what runs, within seconds.
    pub async fn stop(&self) {
        let Some(prepared) = self.prepared.get() else { return };
        let stopping = async {
            prepared.engine.shutdown().await;
            prepared.practice.close().await;
        };
        if tokio::time::timeout(STOPS_WITHIN, stopping).await.is_err() {
            tracing::warn!("Something did not stop in time and is left behind.");
        }
    }

    /// Calls an operation, the engine's or the shell's own.
    pub async fn call(&self, name: &str, store: Option<String>, mut args: Value) -> Result<Value, Problem> {
        let prepared = self.prepared().await?;
        if operations::is_own(name) {
            return operations::run(&self.app, prepared, name, args).await;
        }
        if name == "store_add" {
            name_stripe(&mut args, std::env::var(STRIPE_URL_VARIABLE).ok());
        }
        let call = Call::new(prepared.engine.clone(), store.clone());
        let (operation, front) = (name.to_owned(), args["front"].as_bool());
        // In a task of its own: a panic becomes an answer, and the page does not wait for ever.
        let reply =
            tokio::spawn(async move { api::call(call, &operation, args).await }).await.map_err(|_| {
                Problem::new("INTERNAL", "the operation ended badly", "Try again; the log has more.")
            })??;
        match name {
            "store_add" => self.sync_new(prepared, reply["public_id"].as_str()).await?,
            "store_set_key" => self.sync_new(prepared, store.as_deref()).await?,
            "store_remove" => prepared.practice.forget_removed(&prepared.engine).await,
            "window_focus" => self.now_in_front(prepared, store, front.unwrap_or(false)).await,
            _ => {}
        }
        Ok(reply)
    }

    /// The window came to the front or went behind: the store on screen is polled at another pace.
    pub async fn focus(&self, front: bool) {
        let shown = self.in_front.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let (Some(prepared), Some(shown)) = (self.prepared.get(), shown) {
            set_in_front(prepared, &shown, front).await;
        }
    }

    /// A second start asked for something: it is shown here.
    pub async fn asked_again(&self, asked: Options) {
        let outcome = async {
            let prepared = self.prepared().await?;
            let reply = find_start(&asked, &prepared.engine, &prepared.practice).await?;
            if asked.sandbox {
                prepared.practice.open(&prepared.engine).await?;
            }
            if let Some(store) = reply.store {
                window::lead_to(&self.app, &format!("/s/{store}/overview"));
            }
            Ok::<(), Problem>(())
        };
        if let Err(problem) = outcome.await {
            tracing::warn!(code = problem.code, "What a second start asked for cannot be shown.");
        }
    }

    async fn prepared(&self) -> Result<&Prepared, Problem> {
        self.prepared
            .get_or_try_init(|| async {
                let folder = self.options.data_dir();
                let practice = Practice::new(&folder);
                let engine = Engine::open(foredeck_engine::engine::Options::new(folder.clone()))?;
                // A file can be read without it.
                if self.options.file.is_none() && !folder.is_dir() {
                    return Err(no_folder(&folder));
                }
                tokio::spawn(changed::tell(self.app.clone(), engine.announcer().listen()));
                tokio::spawn(alerts::tell(self.app.clone(), engine.announcer().listen_alerts()));
                practice.hold_key(&engine);
                let start = find_start(&self.options, &engine, &practice).await;
                Ok(Prepared { engine, practice, start: Mutex::new(Some(start)) })
            })
            .await
    }

    async fn start_syncs(&self, prepared: &Prepared) {
        // A file is read without key and network; what else lies in the data folder rests.
        if self.options.file.is_some() {
            return;
        }
        let stores = match prepared.engine.registry().list() {
            Ok(stores) => stores,
            Err(error) => return tracing::error!(%error, "The list of stores cannot be read."),
        };
        for record in stores {
            if let Err(problem) = self.start_sync(prepared, &record).await {
                tracing::warn!(store = record.public_id, code = problem.code, "A store does not sync.");
            }
        }
    }

    async fn start_sync(&self, prepared: &Prepared, record: &StoreRecord) -> Result<(), Problem> {
        let Prepared { engine, practice, .. } = prepared;
        if practice.is(record) && self.options.no_sandbox {
            // The mirror is read, and the window says that nothing answers.
            engine.store(&record.public_id).await?.start_sync();
            return Ok(());
        }
        if practice.is(record) {
            return practice.open(engine).await.map(drop);
        }
        let store = engine.store(&record.public_id).await?;
        // Started without one it would ask the keychain again and again, and that may ask a person.
        if store.has_key().await {
            store.start_sync();
        }
        Ok(())
    }

    /// A store that has got a key is synced from now on.
    async fn sync_new(&self, prepared: &Prepared, store: Option<&str>) -> Result<(), Problem> {
        let Some(id) = store else { return Ok(()) };
        let record = prepared.engine.registry().get(id)?;
        self.start_sync(prepared, &record).await
    }

    async fn now_in_front(&self, prepared: &Prepared, store: Option<String>, front: bool) {
        let before = std::mem::replace(
            &mut *self.in_front.lock().unwrap_or_else(PoisonError::into_inner),
            store.clone(),
        );
        // The page of another store took the place of the one before.
        if let Some(before) = before.filter(|before| front && store.as_ref() != Some(before)) {
            set_in_front(prepared, &before, false).await;
        }
    }
}

/// A new store's base URL is the environment's, unless the arguments name one.
fn name_stripe(args: &mut Value, from_environment: Option<String>) {
    if let (Some(args), Some(url)) = (args.as_object_mut(), from_environment.filter(|url| !url.is_empty())) {
        args.entry("stripe_url").or_insert(Value::from(url));
    }
}

fn no_folder(folder: &Path) -> Problem {
    Problem::new(
        "DATA_FOLDER",
        format!("the data folder {} cannot be made", folder.display()),
        "Check the permissions of the folder above it, or start with --data-dir and another folder.",
    )
}

async fn set_in_front(prepared: &Prepared, store: &str, front: bool) {
    if let Ok(store) = prepared.engine.store(store).await {
        store.signals().set_in_front(front);
    }
}

/// Finds or opens what a command line asks for.
async fn find_start(asked: &Options, engine: &Engine, practice: &Practice) -> Result<StartReply, Problem> {
    let store = if let Some(path) = &asked.file {
        Some(engine.open_file(path).await?.public_id().to_owned())
    } else if asked.sandbox {
        Some(practice.register(engine).await?.public_id().to_owned())
    } else if let Some(named) = &asked.store {
        Some(engine.registry().get(named)?.public_id)
    } else {
        None
    };
    Ok(StartReply { store, route: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_environment_names_stripe_where_the_arguments_do_not() {
        let named = |mut args: Value, url: Option<&str>| {
            name_stripe(&mut args, url.map(str::to_owned));
            args
        };
        assert_eq!(
            named(json!({"name": "x"}), Some("http://127.0.0.1:1")),
            json!({"name": "x", "stripe_url": "http://127.0.0.1:1"})
        );
        assert_eq!(named(json!({"stripe_url": "a"}), Some("b")), json!({"stripe_url": "a"}));
        assert_eq!(named(json!({"name": "x"}), Some("")), json!({"name": "x"}));
        assert_eq!(named(json!({"name": "x"}), None), json!({"name": "x"}));
    }
}
