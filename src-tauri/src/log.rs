//! Logs: sentences about what happened, in the data folder's `logs`, a file a day, the last seven kept.
//!
//! Never bodies, keys, e-mails or names: other crates, which would say such things, are heard from `warn` on.

use std::path::Path;

use foredeck_engine::registry::Registry;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

const HEARD: &str = "warn,foredeck=info,foredeck_engine=info,foredeck_sandbox=info";
const FILES: usize = 7;

/// Starts to log into a data folder, or to standard error where it cannot be written.
pub(crate) fn start(data_dir: &Path) {
    // Made for its owner only before anything writes into it; why it cannot be is said when the engine opens it.
    let _said_later = Registry::open(data_dir).map(|_| std::fs::create_dir_all(data_dir.join("logs")));
    let file = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("foredeck")
        .filename_suffix("log")
        .max_log_files(FILES)
        .build(data_dir.join("logs"));
    match file {
        Ok(file) => install(file),
        Err(error) => {
            install(std::io::stderr);
            tracing::warn!(%error, "The log folder cannot be written.");
        }
    }
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // Only text of the source: what was formatted at run time may hold what no log may.
        let message = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("(not shown)");
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(message, location, "A thread has panicked.");
        usual(panic);
    }));
}

fn install(writer: impl for<'a> MakeWriter<'a> + Send + Sync + 'static) {
    let logger =
        tracing_subscriber::fmt().with_env_filter(EnvFilter::new(HEARD)).with_ansi(false).with_writer(writer);
    // Fails only where a test has put one in place already.
    let _there_is_one = logger.try_init();
}
