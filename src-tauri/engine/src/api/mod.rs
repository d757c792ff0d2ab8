//! The product's table of contents: every operation once, with its arguments, its reply and the level it needs.
//!
//! The window and the command line call the same table by name. Deliberately absent: Tauri, printing.

pub mod actions;
pub mod audiences;
mod credits;
mod errors;
mod exports;
mod findings;
mod imports;
pub mod klaviyo;
pub mod klaviyo_events;
mod mirror;
mod operations;
pub mod operators;
pub mod reports;
pub mod types;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::domain::operator::Operator;
pub use crate::domain::operator::{ADMIN, Level, OWNER, SUPPORT, VIEWER};
use crate::engine::{Engine, OpenStore};
use crate::error::Problem;
use types::ApiError;

/// What an operation works with.
#[derive(Clone)]
pub struct Call {
    /// The engine.
    pub engine: Engine,
    /// Public id or name of the store; None where the operation needs none.
    pub store: Option<String>,
    /// Who was let through by `call`.
    operator: Option<Operator>,
}

impl Call {
    /// A call by whoever is at the engine's desk.
    pub fn new(engine: Engine, store: Option<String>) -> Self {
        Self { engine, store, operator: None }
    }

    /// Who asks: whom the operation's level let through, else whoever is at the desk.
    ///
    /// # Errors
    /// The desk is locked, or the roster cannot be read.
    pub fn operator(&self) -> Result<Operator, Problem> {
        match &self.operator {
            Some(operator) => Ok(operator.clone()),
            None => self.engine.operator(),
        }
    }

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
    /// Who does it, as actions weigh them; at a locked desk nobody who may.
    pub(crate) fn doer(&self) -> crate::actions::Doer {
        match self.operator() {
            Ok(operator) => crate::actions::Doer { level: operator.role.level().0, name: operator.name },
            Err(_) => crate::actions::Doer { level: VIEWER.0, name: "nobody".to_owned() },
        }
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

/// Calls an operation by name, with JSON. What is above a viewer's level needs an operator of that level at the desk;
/// reading never does.
///
/// # Errors
/// The operation is unknown, it is not permitted, its arguments do not fit, or it failed.
pub async fn call(mut call: Call, name: &str, args: Value) -> Result<Value, Problem> {
    let operation = table().iter().find(|operation| operation.name == name).ok_or_else(|| {
        let shown: String = name.chars().take(60).collect();
        Problem::new(
            "UNKNOWN_OPERATION",
            format!("there is no operation {shown:?}"),
            "See the api table for the operations there are.",
        )
    })?;
    if operation.level > VIEWER {
        call.operator = Some(call.engine.permit(operation.level, operation.name)?);
    }
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
