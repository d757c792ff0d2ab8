//! The one command of the page: an operation by name, the engine's or the shell's own.

use foredeck_engine::api::types::ApiError;
use serde_json::Value;
use tauri::State;

use crate::shell::Shell;

/// Calls an operation; see the engine's `api` table, and `operations` for what the shell adds.
#[tauri::command]
pub(crate) async fn call(
    shell: State<'_, Shell>,
    name: String,
    store: Option<String>,
    args: Option<Value>,
) -> Result<Value, ApiError> {
    let outcome = shell.call(&name, store, args.unwrap_or_default()).await;
    outcome.map_err(|problem| {
        // The message may name what was searched for, an e-mail say: it is for the screen alone.
        tracing::info!(
            operation = name.chars().take(60).collect::<String>(),
            code = problem.code,
            "An operation was refused."
        );
        problem.into()
    })
}
