//! World time: standing still, following the system's clock, or running at a speed of its own.

use crate::config::ClockMode;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// What world time it is.
pub(crate) struct WorldClock {
    mode: ClockMode,
    /// Seconds added by hand.
    pushed: AtomicI64,
}

impl WorldClock {
    pub(crate) fn new(mode: ClockMode) -> WorldClock {
        WorldClock { mode, pushed: AtomicI64::new(0) }
    }

    pub(crate) fn now(&self) -> i64 {
        let pushed = self.pushed.load(Ordering::Relaxed);
        pushed
            + match self.mode {
                ClockMode::Virtual { start } => start,
                ClockMode::Real => system_seconds() as i64,
                ClockMode::Anchored { world_start, real_start, speed } => {
                    world_start + ((system_seconds() - real_start as f64) * speed) as i64
                }
            }
    }

    pub(crate) fn runs_by_itself(&self) -> bool {
        !matches!(self.mode, ClockMode::Virtual { .. })
    }

    pub(crate) fn push(&self, seconds: i64) {
        self.pushed.fetch_add(seconds, Ordering::Relaxed);
    }
}

#[allow(clippy::disallowed_methods, reason = "this is the room of the sandbox that tells the time")]
fn system_seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64())
}

/// A world second as an HTTP date.
pub(crate) fn http_date(second: i64) -> String {
    chrono::DateTime::from_timestamp(second, 0)
        .unwrap_or_default()
        .format("%a, %d %b %Y %H:%M:%S GMT")
        .to_string()
}
