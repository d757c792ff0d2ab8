//! The hand on the sandbox: advance time, tell stories, read the ledger and the request log, plant faults.

use super::request_log::RequestLog;
use super::shared::Shared;
use crate::backoffice::{self, Books};
use crate::config::Faults;
use crate::ledger::Ledger;
use crate::world::{Lateness, World};
use std::sync::Arc;

/// Reaches into a running sandbox. Clones reach into the same one.
#[derive(Clone)]
pub struct Control {
    pub(super) shared: Arc<Shared>,
}

impl Control {
    /// World time, unix seconds.
    pub fn now(&self) -> i64 {
        self.shared.world().now()
    }

    /// Moves world time on, and plays everything that is due in between.
    pub fn advance(&self, seconds: i64) {
        self.shared.clock.push(seconds);
        drop(self.shared.world());
    }

    /// Tells a story, or looks at the world. Stories told here are not in the journal.
    pub fn with_world<R>(&self, f: impl FnOnce(&mut World) -> R) -> R {
        f(&mut self.shared.world())
    }

    /// What is true of every order now.
    pub fn ledger(&self) -> Ledger {
        self.shared.world().ledger()
    }

    /// The shop's own tables now, with these faults in them.
    pub fn books(&self, faults: &backoffice::Faults) -> Books {
        Books::of(&self.shared.world(), faults)
    }

    /// Every API request so far, oldest first.
    pub fn requests(&self) -> Vec<RequestLog> {
        self.shared.requests().all()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.shared.requests().clear();
    }

    /// From now on this goes wrong.
    pub fn set_faults(&self, faults: Faults) {
        self.shared.world().set_lateness(Lateness { share: faults.late_share, max_s: faults.late_max_s });
        let _ = self.shared.unreachable.send_replace(faults.unreachable);
        self.shared.troubles().set(faults);
    }

    /// Requests in flight now.
    pub fn in_flight(&self) -> u32 {
        self.shared.in_flight.load(std::sync::atomic::Ordering::Relaxed)
    }
}
