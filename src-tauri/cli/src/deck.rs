//! What a command works with: the engine of one data folder, and the store or file the line names.

use std::path::PathBuf;
use std::sync::Arc;

use foredeck_engine::api::{self, Call, Level};
use foredeck_engine::engine::{Engine, OpenStore, Options};
use foredeck_engine::error::Problem;
use foredeck_engine::registry::default_folder;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::line::Common;
use crate::print::{Format, Outcome};
use crate::typed;

/// The engine and the store meant.
pub struct Deck {
    /// The engine.
    pub engine: Engine,
    /// How output looks.
    pub format: Format,
    named: Option<String>,
    file: Option<PathBuf>,
    chosen: OnceCell<String>,
}

impl Deck {
    /// Opens the data folder. Needs no store yet.
    pub fn open(common: &Common, format: Format, max_per_s: Option<u32>) -> Outcome<Self> {
        let data_dir = common.data_dir.clone().unwrap_or_else(default_folder);
        let engine = Engine::open(Options { max_per_s, ..Options::new(data_dir) })?;
        let (named, file) = (common.store.clone(), common.file.clone());
        Ok(Self { engine, format, named, file, chosen: OnceCell::new() })
    }

    /// Says who is at the desk, and proves it where a passphrase is given.
    pub async fn sign_in(&self, common: &Common) -> Outcome {
        let Some(name) = &common.operator else { return Ok(()) };
        let operators = self.engine.operators();
        operators.claim(name);
        if common.passphrase_stdin {
            let passphrase = typed::passphrase("the operator's passphrase")?;
            operators.unlock(name, passphrase).await.map_err(Problem::from)?;
        }
        Ok(())
    }

    /// Refuses what whoever is at the desk may not do. For what goes past the api table.
    pub fn permit(&self, level: Level, what: &str) -> Outcome {
        self.engine.permit(level, what).map_err(at_a_shell)?;
        Ok(())
    }

    /// The public id or name of the store meant.
    pub async fn chosen(&self) -> Outcome<String> {
        self.chosen.get_or_try_init(|| self.choose()).await.cloned()
    }

    async fn choose(&self) -> Outcome<String> {
        if let Some(path) = &self.file {
            return Ok(self.engine.open_file(path).await?.public_id().to_owned());
        }
        if let Some(name) = &self.named {
            return Ok(name.clone());
        }
        match self.engine.registry().list()?.as_slice() {
            [only] => Ok(only.public_id.clone()),
            [] => {
                let hint = "Make one with `foredeckctl store add NAME`, or name a file with --file.";
                Err(Problem::new("NO_STORE", "there is no store in this data folder yet", hint).into())
            }
            several => {
                let named: Vec<String> =
                    several.iter().map(|store| format!("{:?} ({})", store.name, store.public_id)).collect();
                let message = format!("there are several stores: {}", named.join(", "));
                Err(Problem::new("SEVERAL_STORES", message, "Say which one with --store NAME.").into())
            }
        }
    }

    /// Whether the line names a store or a file.
    pub fn is_named(&self) -> bool {
        self.named.is_some() || self.file.is_some()
    }

    /// The store meant, when it is clear; operations that need none do without.
    pub async fn perhaps_chosen(&self) -> Outcome<Option<String>> {
        let clear = self.is_named() || self.engine.registry().list()?.len() == 1;
        if clear { self.chosen().await.map(Some) } else { Ok(None) }
    }

    /// The store meant, opened.
    pub async fn store(&self) -> Outcome<Arc<OpenStore>> {
        Ok(self.engine.store(&self.chosen().await?).await?)
    }

    /// Calls an operation on the store meant.
    pub async fn ask<R: DeserializeOwned>(&self, name: &str, args: &impl Serialize) -> Outcome<R> {
        let store = self.chosen().await?;
        self.ask_of(Some(store), name, args).await
    }

    /// Calls an operation on a store, or on none.
    pub async fn ask_of<R: DeserializeOwned>(
        &self,
        store: Option<String>,
        name: &str,
        args: &impl Serialize,
    ) -> Outcome<R> {
        let args = serde_json::to_value(args).map_err(|error| unreadable(name, &error))?;
        let reply = self.call(store, name, args).await?;
        serde_json::from_value(reply).map_err(|error| unreadable(name, &error).into())
    }

    /// Calls an operation with JSON.
    pub async fn call(&self, store: Option<String>, name: &str, args: Value) -> Outcome<Value> {
        let call = Call::new(self.engine.clone(), store);
        Ok(api::call(call, name, args).await.map_err(at_a_shell)?)
    }
}

/// A locked desk is opened in another way here than in the window.
fn at_a_shell(problem: Problem) -> Problem {
    match problem.code {
        "LOCKED" => Problem {
            message: "there are several operators, and none is signed in".to_owned(),
            hint: "Give --operator NAME --passphrase-stdin, and the passphrase on stdin.".to_owned(),
            ..problem
        },
        _ => problem,
    }
}

fn unreadable(name: &str, error: &serde_json::Error) -> Problem {
    Problem::new("INTERNAL", format!("{name} cannot be asked or understood: {error}"), "Report this.")
}
