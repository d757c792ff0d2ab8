//! What all requests share, each part behind its own lock.

use super::aim::{Aims, Gate};
use super::answer::Answer;
use super::effects::Effect;
use super::idempotency::Idempotency;
use super::journal::Journal;
use super::limits::Limiter;
use super::request_log::RequestBook;
use super::trouble::Troubles;
use crate::clock::WorldClock;
use crate::config::KeySpec;
use crate::world::World;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::watch;

pub(crate) struct Shared {
    pub seed: u64,
    pub clock: WorldClock,
    pub keys: Vec<KeySpec>,
    pub started: Instant,
    pub in_flight: AtomicU32,
    pub unreachable: watch::Sender<bool>,
    pub(super) world: Mutex<World>,
    pub(super) idempotency: Mutex<Idempotency>,
    pub(super) limiter: Mutex<Limiter>,
    pub(super) troubles: Mutex<Troubles>,
    pub(super) requests: Mutex<RequestBook>,
    pub(super) journal: Mutex<Option<Journal>>,
    pub(super) aims: Mutex<Aims>,
    pub(super) effects: Mutex<Vec<Effect>>,
    pub(super) gate: Gate,
    next_request: AtomicU64,
}

/// A lock whose holder panicked still holds usable data: tests want to see it, not a second panic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    #[allow(clippy::disallowed_methods, reason = "the request log measures real time")]
    pub(super) fn new(
        seed: u64,
        clock: WorldClock,
        keys: Vec<KeySpec>,
        limiter: Limiter,
        world: World,
    ) -> Shared {
        let first_request = world.events().len() as u64 * 1000;
        Shared {
            seed,
            clock,
            keys,
            started: Instant::now(),
            in_flight: AtomicU32::new(0),
            unreachable: watch::Sender::new(false),
            world: Mutex::new(world),
            idempotency: Mutex::default(),
            limiter: Mutex::new(limiter),
            troubles: Mutex::new(Troubles::new(seed)),
            requests: Mutex::default(),
            journal: Mutex::new(None),
            aims: Mutex::default(),
            effects: Mutex::default(),
            gate: Gate::default(),
            // After a restart the numbers go on beyond those that events already name.
            next_request: AtomicU64::new(first_request),
        }
    }

    /// The world, at the time it is.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        let mut world = lock(&self.world);
        let now = self.clock.now();
        if now > world.now() || world.next_due().is_some_and(|due| due <= now) {
            world.advance_to(now);
        }
        world
    }

    /// World time.
    pub(super) fn now(&self) -> i64 {
        self.world().now()
    }

    pub(super) fn idempotency(&self) -> MutexGuard<'_, Idempotency> {
        lock(&self.idempotency)
    }

    pub(super) fn limiter(&self) -> MutexGuard<'_, Limiter> {
        lock(&self.limiter)
    }

    pub(super) fn troubles(&self) -> MutexGuard<'_, Troubles> {
        lock(&self.troubles)
    }

    pub(super) fn requests(&self) -> MutexGuard<'_, RequestBook> {
        lock(&self.requests)
    }

    pub(super) fn journal(&self) -> MutexGuard<'_, Option<Journal>> {
        lock(&self.journal)
    }

    pub(super) fn aims(&self) -> MutexGuard<'_, Aims> {
        lock(&self.aims)
    }

    pub(super) fn effects(&self) -> MutexGuard<'_, Vec<Effect>> {
        lock(&self.effects)
    }

    pub(super) fn next_request_id(&self) -> String {
        let number = self.next_request.fetch_add(1, Ordering::Relaxed);
        crate::scale::request_id(self.seed, number)
    }
}

/// An idempotency key in flight. Dropped without an answer (the client went away), it is free again.
pub(super) struct Reservation<'a> {
    pub shared: &'a Shared,
    pub account: String,
    pub key: String,
}

impl Reservation<'_> {
    pub(super) fn store(&self, answer: &Answer) {
        self.shared.idempotency().store(&self.account, &self.key, answer);
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.shared.idempotency().release(&self.account, &self.key);
    }
}
