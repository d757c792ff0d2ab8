//! The window itself: opened once, kept to its own page, its focus told to the engine.

use tauri::utils::config::WindowConfig;
use tauri::webview::NewWindowResponse;
use tauri::{AppHandle, Manager, Url, WebviewWindowBuilder, Window, WindowEvent};
use tauri_plugin_window_state::StateFlags;

use crate::shell::Shell;

/// The label of the only window.
pub(crate) const LABEL: &str = "main";

/// What is the same at the next start.
pub(crate) fn kept_state() -> StateFlags {
    StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED | StateFlags::FULLSCREEN
}

/// Opens the window.
///
/// # Errors
/// The desktop refuses it.
pub(crate) fn open(app: &AppHandle) -> tauri::Result<()> {
    let config: WindowConfig = app.config().app.windows.first().cloned().unwrap_or_default();
    let mut builder = WebviewWindowBuilder::from_config(app, &config)?
        .on_navigation(is_own_page)
        .on_new_window(|_, _| NewWindowResponse::Deny);
    // What the page remembers (theme, language, last store) lies with the data it is about.
    if let Some(folder) = app.state::<Shell>().page_folder() {
        builder = builder.data_directory(folder);
    }
    builder.build()?;
    Ok(())
}

/// The page never leads anywhere else, whatever a link in it says.
fn is_own_page(url: &Url) -> bool {
    let built = url.scheme() == "tauri" || url.host_str() == Some("tauri.localhost");
    let in_development = cfg!(dev) && url.host_str() == Some("127.0.0.1");
    built || in_development || url.as_str() == "about:blank"
}

/// Brings the window to the front, for a second start.
pub(crate) fn to_front(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(LABEL) {
        let shown = window.unminimize().and_then(|()| window.show()).and_then(|()| window.set_focus());
        if let Err(error) = shown {
            tracing::warn!(%error, "The window could not be brought to the front.");
        }
    }
}

/// Leads the page of an open window to another route of its own.
pub(crate) fn lead_to(app: &AppHandle, route: &str) {
    let route = serde_json::Value::from(format!("#{route}"));
    if let Some(window) = app.get_webview_window(LABEL)
        && let Err(error) = window.eval(format!("window.location.hash = {route}"))
    {
        tracing::warn!(%error, "The page could not be led elsewhere.");
    }
}

/// Hears what happens to the window.
pub(crate) fn heard(window: &Window, event: &WindowEvent) {
    if let WindowEvent::Focused(front) = *event {
        let app = window.app_handle().clone();
        tauri::async_runtime::spawn(async move { app.state::<Shell>().focus(front).await });
    }
}
