//! Operators: who they are, who is at the desk, and what nobody does below their level.

mod lock;
mod roster;
mod walk;

use std::collections::BTreeMap;

use foredeck_engine::api::{self, Call};
use foredeck_engine::domain::operator::Role;
use foredeck_engine::engine::Engine;
use foredeck_engine::error::Problem;
use foredeck_sandbox::ShopPlan;
use serde_json::{Value, json};

use crate::it::sync::desk::Desk;

/// One operator of each role, by the role's own word.
const CREW: [Role; 4] = [Role::Viewer, Role::Support, Role::Admin, Role::Owner];

fn passphrase_of(name: &str) -> String {
    format!("correct horse of {name}")
}

/// A synced shop with a few orders and its one operator.
async fn alone() -> Desk {
    let desk = Desk::with_shop(ShopPlan::History { orders: 12, days: 5, faults: 0.0 }).await;
    desk.sync().await;
    desk
}

/// The same with one operator of each role; the owner is at the desk.
async fn crew() -> Desk {
    let desk = alone().await;
    let me = desk.me().await["name"].as_str().unwrap().to_owned();
    desk.get("operator_set_passphrase", json!({"passphrase": passphrase_of("owner")})).await;
    desk.get("operator_rename", json!({"name": me, "new_name": "owner"})).await;
    for role in CREW.map(Role::as_str).into_iter().filter(|role| *role != "owner") {
        let args = json!({"name": role, "role": role, "passphrase": passphrase_of(role)});
        desk.get("operator_add", args).await;
    }
    desk
}

impl Desk {
    async fn me(&self) -> Value {
        self.get("operator_me", json!({})).await
    }

    async fn sign_in(&self, name: &str) -> Value {
        self.get("operator_unlock", json!({"name": name, "passphrase": passphrase_of(name)})).await
    }

    async fn refusal(&self, name: &str, args: Value) -> Problem {
        match self.ask(name, args).await {
            Err(problem) => problem,
            Ok(reply) => panic!("{name} was done: {reply}"),
        }
    }

    /// Another process on the same data folder.
    fn elsewhere(&self) -> Engine {
        Self::engine_at(self.folder.path(), &self.clock)
    }

    /// Every file of the data folder and what it holds. Locks and the readers' marks are no content.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut found = BTreeMap::new();
        for entry in std::fs::read_dir(self.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_file() && ![".lock", ".lease", "-shm"].iter().any(|end| name.ends_with(end)) {
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
        found
    }
}

async fn ask(engine: &Engine, name: &str, args: Value) -> Result<Value, Problem> {
    api::call(Call::new(engine.clone(), None), name, args).await
}
