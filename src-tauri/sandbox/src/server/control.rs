//! The hand on the sandbox: advance time, tell stories, read the ledger and the request log, plant faults.

use super::aim::WriteTrouble;
use super::effects::Effect;
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
    pub(crate) shared: Arc<Shared>,
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

    /// The next write to the API meets this; replays and refused writes count as writes.
    pub fn on_next_write(&self, trouble: WriteTrouble) {
        self.on_write("", 1, trouble);
    }

    /// The n-th write from now on whose path starts so meets this; the next one is the first.
    pub fn on_write(&self, path: &str, nth: u32, trouble: WriteTrouble) {
        self.shared.aims().add(trouble, path, nth.saturating_sub(1));
    }

    /// Troubles that still wait for their write are called off.
    pub fn call_off(&self) {
        self.shared.aims().clear();
    }

    /// The next write waits before it takes effect, until [`Control::release`].
    pub fn hold_effects(&self) {
        self.on_next_write(WriteTrouble::HeldBefore);
    }

    /// The next write takes effect, and its answer waits until [`Control::release`].
    pub fn hold_answers(&self) {
        self.on_next_write(WriteTrouble::HeldAfter);
    }

    /// Writes that are held now.
    pub fn held(&self) -> usize {
        self.shared.gate.held()
    }

    /// Waits until a write is held.
    pub async fn until_held(&self) {
        self.shared.gate.until_held(1).await;
    }

    /// Lets every write go on that is held now.
    pub fn release(&self) {
        self.shared.gate.open();
    }

    /// Every write so far that changed something, oldest first: neither replays nor refusals are among them.
    pub fn effects(&self) -> Vec<Effect> {
        self.shared.effects().clone()
    }

    /// Forgets the effects so far.
    pub fn clear_effects(&self) {
        self.shared.effects().clear();
    }

    /// Requests in flight now.
    pub fn in_flight(&self) -> u32 {
        self.shared.in_flight.load(std::sync::atomic::Ordering::Relaxed)
    }
}
