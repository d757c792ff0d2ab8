//! The product's table of contents: every operation once, with its arguments, its reply and the level it needs.
//!
//! The window and the command line call the same table by name. Deliberately absent: Tauri, printing.

mod actions;
mod credits;
mod errors;
mod operations;
pub mod types;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::engine::{Engine, OpenStore};
use crate::error::Problem;
use types::ApiError;

/// How much an operator may do: viewer 10, support 50, admin 80, owner 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(pub u8);

/// Reads.
pub const VIEWER: Level = Level(10);
/// Repairs orders.
pub const SUPPORT: Level = Level(50);
/// Connects, changes keys and settings.
pub const ADMIN: Level = Level(80);

/// What an operation works with.
#[derive(Clone)]
pub struct Call {
    /// The engine.
    pub engine: Engine,
    /// Public id or name of the store; None where the operation needs none.
    pub store: Option<String>,
}

impl Call {
    /// The store the call is about.
    ///
    /// # Errors
    /// None was named, or there is none of that name.
    pub async fn store(&self) -> Result<Arc<OpenStore>, Problem> {
        let named = self.store.as_deref().ok_or_else(|| {
            Problem::new("NO_STORE", "the operation needs a store and none was named", "Name a store.")
        })?;
        self.engine.store(named).await
    }
}

impl Call {
    /// Who does it.
    pub(crate) fn doer(&self) -> crate::actions::Doer {
        crate::actions::Doer { name: "owner".to_owned(), level: 100 }
    }
}

type Reply = Pin<Box<dyn Future<Output = Result<Value, Problem>> + Send>>;

/// One operation.
pub struct Operation {
    /// Its name.
    pub name: &'static str,
    /// The level it needs.
    pub level: Level,
    /// TypeScript name of its arguments.
    pub args: &'static str,
    /// TypeScript name of its reply.
    pub reply: &'static str,
    run: fn(Call, Value) -> Reply,
}

/// Every operation.
pub fn table() -> &'static [Operation] {
    operations::TABLE
}

/// Calls an operation by name, with JSON.
///
/// # Errors
/// The operation is unknown, its arguments do not fit, or it failed.
pub async fn call(call: Call, name: &str, args: Value) -> Result<Value, Problem> {
    let operation = table().iter().find(|operation| operation.name == name).ok_or_else(|| {
        let shown: String = name.chars().take(60).collect();
        Problem::new(
            "UNKNOWN_OPERATION",
            format!("there is no operation {shown:?}"),
            "See the api table for the operations there are.",
        )
    })?;
    (operation.run)(call, args).await
}

/// Reads arguments; absent ones are those of `{}`.
fn read_args<A: DeserializeOwned>(name: &str, args: Value) -> Result<A, Problem> {
    let args = if args.is_null() { Value::Object(serde_json::Map::new()) } else { args };
    serde_json::from_value(args).map_err(|error| {
        Problem::new(
            "BAD_ARGUMENTS",
            format!("the arguments of {name} cannot be read: {error}"),
            "Correct the arguments.",
        )
    })
}

fn write_reply<R: Serialize>(reply: &R) -> Result<Value, Problem> {
    serde_json::to_value(reply).map_err(|error| {
        Problem::new("INTERNAL", format!("a reply cannot be written: {error}"), "Report this.")
    })
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self { code: problem.code.to_owned(), message: problem.message, hint: problem.hint }
    }
}
