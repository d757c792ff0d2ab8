//! The only place that tells the time.
//!
//! Out: wall time in Unix seconds and a monotonic instant. Tests hold a clock they move by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Wall time, whole Unix seconds.
    fn now(&self) -> i64;
    /// Time since some fixed moment, never going back.
    fn monotonic(&self) -> Duration;
}

/// A clock shared by everything in one engine.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock {
    start: std::time::Instant,
}

impl Default for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the clock room reads the machine's clock")]
    fn default() -> Self {
        Self { start: std::time::Instant::now() }
    }
}

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the clock room reads the machine's clock")]
    fn now(&self) -> i64 {
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct FixedClock {
    now: AtomicI64,
    start: i64,
    slept: AtomicI64,
}

impl FixedClock {
    /// Starts at a wall time in Unix seconds.
    pub fn new(now: i64) -> Self {
        Self { now: AtomicI64::new(now), start: now, slept: AtomicI64::new(0) }
    }

    /// Moves wall and monotonic time together.
    pub fn advance(&self, seconds: i64) {
        self.now.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Moves wall time alone, as on a machine that sleeps.
    pub fn sleep(&self, seconds: i64) {
        self.slept.fetch_add(seconds, Ordering::SeqCst);
        self.now.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Sets the wall time; monotonic time follows it.
    pub fn set(&self, now: i64) {
        self.now.store(now, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }

    fn monotonic(&self) -> Duration {
        let passed = self.now.load(Ordering::SeqCst) - self.start - self.slept.load(Ordering::SeqCst);
        Duration::from_secs(u64::try_from(passed).unwrap_or(0))
    }
}
