//! The shell: one window around the engine.
//!
//! In: the page's calls by name, the command line, the window's focus. Out: replies, and the events `changed` and `alert`.
//! Deliberately absent: rules about preorders (the engine has them) and interface text (the page has it).

mod alerts;
mod call;
mod changed;
mod links;
mod log;
mod operations;
mod options;
mod practice;
mod shell;
mod window;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use tauri::Manager;

use options::Options;
use shell::Shell;

/// Opens the window and returns when it is closed and everything has stopped.
pub fn run() -> ExitCode {
    let options = Options::parse().absolute();
    if let Some(problem) = display_problem() {
        return failed(problem);
    }
    log::start(&options.data_dir());
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "Foredeck starts.");
    match build(options) {
        Ok(app) => {
            let handle = app.handle().clone();
            let code = app.run_return(|_, _| {});
            tauri::async_runtime::block_on(handle.state::<Shell>().stop());
            tracing::info!(code, "Foredeck has stopped.");
            if code == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            tracing::error!(%error, "The window could not be opened.");
            failed(&format!("the window could not be opened: {error}"))
        }
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "Tauri's own macro ends the process where its start cannot be undone"
)]
fn build(options: Options) -> tauri::Result<tauri::App> {
    #[allow(unused_mut, reason = "only Linux leaves it as it is")]
    let mut context = tauri::generate_context!();
    // One window a data folder: what is not the usual folder is another application to the desktop.
    let own = options.instance_id(&context.config().identifier);
    #[cfg(not(target_os = "linux"))]
    context.config_mut().identifier.clone_from(&own);
    let window_state = tauri_plugin_window_state::Builder::new()
        .with_state_flags(window::kept_state())
        .with_filename(options.data_dir().join("window.json").to_string_lossy())
        .build();
    tauri::Builder::default()
        .plugin(single_instance(own))
        .plugin(window_state)
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_notification::init())
        .plugin(tauri_plugin_opener::init())
        .invoke_handler(tauri::generate_handler![call::call])
        .setup(move |app| {
            app.manage(Shell::new(app.handle().clone(), options));
            // The mirror is opened while the page still loads.
            let handle = app.handle().clone();
            tauri::async_runtime::spawn(async move { handle.state::<Shell>().begin().await });
            tauri::async_runtime::spawn(quit_when_told(app.handle().clone()));
            operations::lead_by_notifications(app.handle());
            window::open(app.handle())?;
            Ok(())
        })
        .on_window_event(window::heard)
        .build(context)
}

fn single_instance(own: String) -> tauri::plugin::TauriPlugin<tauri::Wry> {
    tauri_plugin_single_instance::Builder::new()
        .dbus_id(own)
        .callback(|app, arguments, folder| {
            window::to_front(app);
            let Ok(asked) = Options::try_parse_from(arguments) else { return };
            let app = app.clone();
            let asked = asked.absolute_in(std::path::Path::new(&folder));
            tauri::async_runtime::spawn(async move { app.state::<Shell>().asked_again(asked).await });
        })
        .build()
}

/// Ends the program in order when the system asks for it.
async fn quit_when_told(app: tauri::AppHandle) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut ended) = signal(SignalKind::terminate()) else { return };
        tokio::select! {
            _ = ended.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_err() {
        return;
    }
    app.exit(0);
}

/// The desktop's libraries end the process without a word where there is no display.
fn display_problem() -> Option<&'static str> {
    let missing = ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .all(|name| std::env::var_os(name).is_none_or(|value| value.is_empty()));
    (cfg!(target_os = "linux") && missing)
        .then_some("there is no display to open a window on; foredeckctl works without one")
}

fn failed(problem: &str) -> ExitCode {
    let _nobody_reads = writeln!(std::io::stderr(), "error: {problem}");
    ExitCode::FAILURE
}
