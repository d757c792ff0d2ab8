//! The operations that need a desktop: a file dialog, a browser, a notification, the practice store, what the command line
//! asked for.

use foredeck_engine::error::Problem;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tauri::{AppHandle, Manager};
use tauri_plugin_dialog::DialogExt;
use tauri_plugin_notification::NotificationExt;
use tauri_plugin_opener::OpenerExt;

use crate::shell::Prepared;
use crate::{links, window};

/// What the page is to show first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct StartReply {
    /// The store's public id; None for the one shown last.
    pub store: Option<String>,
    /// A route inside of it; None for its first page.
    pub route: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PickFileArgs {
    save: bool,
    title: String,
    #[serde(default)]
    default_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenUrlArgs {
    url: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NotifyArgs {
    title: String,
    body: String,
    /// Where a click on it leads.
    route: String,
}

/// Whether the shell has an operation of this name; the engine has all others.
pub(crate) fn is_own(name: &str) -> bool {
    name.starts_with("shell_")
}

/// Runs one.
///
/// # Errors
/// It is unknown, its arguments do not fit, or it failed.
pub(crate) async fn run(
    app: &AppHandle,
    prepared: &Prepared,
    name: &str,
    args: Value,
) -> Result<Value, Problem> {
    match name {
        "shell_start" => Ok(json!(prepared.take_start()?)),
        "shell_open_sandbox" => {
            let store = prepared.practice.open(&prepared.engine).await?;
            Ok(json!(store.view().await?))
        }
        "shell_pick_file" => Ok(json!({ "path": pick_file(app, read(name, args)?).await? })),
        "shell_notify" => {
            notify(app, read(name, args)?)?;
            Ok(json!({}))
        }
        "shell_open_url" => {
            open_url(app, &read(name, args)?)?;
            Ok(json!({}))
        }
        _ => Err(Problem::new(
            "UNKNOWN_OPERATION",
            "the shell has no operation of this name",
            "Update Foredeck.",
        )),
    }
}

fn read<A: DeserializeOwned>(name: &str, args: Value) -> Result<A, Problem> {
    serde_json::from_value(args).map_err(|error| {
        Problem::new(
            "BAD_ARGUMENTS",
            format!("the arguments of {name} cannot be read: {error}"),
            "Correct the arguments.",
        )
    })
}

/// Asks for a file; None where the person closed the dialog.
async fn pick_file(app: &AppHandle, args: PickFileArgs) -> Result<Option<String>, Problem> {
    let mut dialog = app.dialog().file().set_title(args.title);
    // A name and not a path: the page does not choose the folder.
    if let Some(name) = args.default_name.as_deref().and_then(|name| std::path::Path::new(name).file_name()) {
        dialog = dialog.set_file_name(name.to_string_lossy());
    }
    if let Some(parent) = app.get_webview_window(window::LABEL) {
        dialog = dialog.set_parent(&parent);
    }
    let (answer, answered) = tokio::sync::oneshot::channel();
    let chosen = move |path| {
        let _window_closed = answer.send(path);
    };
    if args.save {
        dialog.save_file(chosen);
    } else {
        dialog.pick_file(chosen);
    }
    let Some(path) = answered.await.ok().flatten() else { return Ok(None) };
    let path = path.into_path().map_err(|_| {
        Problem::new("NOT_A_FILE", "what was chosen is not a file of this machine", "Choose another one.")
    })?;
    Ok(Some(path.to_string_lossy().into_owned()))
}

/// The extra of a notification that names a route.
const ROUTE: &str = "route";

fn notify(app: &AppHandle, args: NotifyArgs) -> Result<(), Problem> {
    let notification = app.notification().builder().title(args.title).body(args.body).auto_cancel();
    notification.extra(ROUTE, args.route).show().map_err(|error| {
        Problem::new(
            "NO_NOTIFICATION",
            format!("the desktop shows no notification: {error}"),
            "What it would have said stands on its page.",
        )
    })
}

/// A click on a notification brings the window to the front, at the page that it is about.
pub(crate) fn lead_by_notifications(app: &AppHandle) {
    let window = app.clone();
    let led = app.notification().on_action(move |performed| {
        window::to_front(&window);
        let route = performed.notification().and_then(|shown| shown.extra().get(ROUTE)?.as_str());
        if let Some(route) = route.filter(|route| route.starts_with("/s/")) {
            window::lead_to(&window, route);
        }
    });
    if let Err(error) = led {
        tracing::warn!(%error, "Clicks on notifications are not heard.");
    }
}

fn open_url(app: &AppHandle, args: &OpenUrlArgs) -> Result<(), Problem> {
    let url = links::check(&args.url)?;
    if std::env::var_os("FOREDECK_E2E").is_some() {
        tracing::info!(host = url.host_str(), "A page would open in the browser.");
        return Ok(());
    }
    app.opener().open_url(url, None::<&str>).map_err(|error| {
        Problem::new(
            "NO_BROWSER",
            format!("no browser could be opened: {error}"),
            "Copy the address and open it yourself.",
        )
    })
}
