//! One limiter for everything that goes to a server: so many a second, per endpoint and in all, so many at a
//! time. The shop's own checkout shares the quota.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::sync::{Notify, Semaphore, SemaphorePermit};

/// How many requests are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A second, in all.
    pub per_s: u32,
    /// A second, to one endpoint.
    pub endpoint_per_s: u32,
    /// At a time.
    pub at_once: u32,
}

/// Who goes first when slots are short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// Polls and what an operator waits for.
    Normal,
    /// Recounts, backfill, line items: leaves a slot free for the others, and waits while one of them waits.
    Low,
}

pub(super) struct Limiter {
    limits: Limits,
    all: DefaultDirectRateLimiter,
    endpoints: DefaultKeyedRateLimiter<&'static str>,
    slots: Semaphore,
    low_slots: Semaphore,
    /// Requests of normal priority that wait for their turn.
    waiting: AtomicUsize,
    none_waits: Notify,
}

/// A request of normal priority while it waits.
struct Waiting<'a>(&'a Limiter);

impl<'a> Waiting<'a> {
    fn begin(limiter: &'a Limiter) -> Self {
        limiter.waiting.fetch_add(1, Ordering::SeqCst);
        Self(limiter)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.0.waiting.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.none_waits.notify_waiters();
        }
    }
}

/// A slot, held while a request runs.
pub(super) struct Slot<'a> {
    _slot: SemaphorePermit<'a>,
    _low: Option<SemaphorePermit<'a>>,
}

impl Limiter {
    pub(super) fn new(limits: Limits) -> Self {
        let quota = |per_s: u32| {
            let rate = NonZeroU32::new(per_s.max(1)).unwrap_or(NonZeroU32::MIN);
            // A small burst absorbs the timer's grain, so that the budget can be used in full.
            Quota::per_second(rate).allow_burst(NonZeroU32::new(per_s / 10 + 1).unwrap_or(NonZeroU32::MIN))
        };
        let at_once = limits.at_once.max(2);
        Self {
            limits,
            all: RateLimiter::direct(quota(limits.per_s)),
            endpoints: RateLimiter::keyed(quota(limits.endpoint_per_s)),
            slots: Semaphore::new(at_once as usize),
            low_slots: Semaphore::new(at_once as usize - 1),
            waiting: AtomicUsize::new(0),
            none_waits: Notify::new(),
        }
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    pub(super) async fn admit(&self, endpoint: &'static str, priority: Priority) -> Slot<'_> {
        match priority {
            Priority::Normal => {
                let _waiting = Waiting::begin(self);
                let slot = self.slots.acquire().await.expect("never closed");
                self.endpoints.until_key_ready(&endpoint).await;
                self.all.until_ready().await;
                Slot { _slot: slot, _low: None }
            }
            Priority::Low => {
                let low = self.low_slots.acquire().await.expect("never closed");
                let slot = self.slots.acquire().await.expect("never closed");
                self.endpoints.until_key_ready(&endpoint).await;
                self.until_ready_and_none_waits().await;
                Slot { _slot: slot, _low: Some(low) }
            }
        }
    }

    async fn until_ready_and_none_waits(&self) {
        let clock = DefaultClock::default();
        loop {
            let none_waits = self.none_waits.notified();
            if self.waiting.load(Ordering::SeqCst) > 0 {
                none_waits.await;
                continue;
            }
            match self.all.check() {
                Ok(()) => return,
                Err(early) => tokio::time::sleep(early.wait_time_from(clock.now())).await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::{Limiter, Limits, Priority};

    #[tokio::test]
    async fn a_low_request_waits_while_a_normal_one_does() {
        let limiter = Arc::new(Limiter::new(Limits { per_s: 20, endpoint_per_s: 1_000, at_once: 5 }));
        let (order, mut came) = tokio::sync::mpsc::unbounded_channel();
        // The bucket is emptied, then a low request queues before ten normal ones.
        for _ in 0..3 {
            limiter.admit("a", Priority::Normal).await;
        }
        let mut tasks = Vec::new();
        for name in std::iter::once(None).chain((0..10).map(Some)) {
            let (limiter, order) = (Arc::clone(&limiter), order.clone());
            tasks.push(tokio::spawn(async move {
                let priority = if name.is_none() { Priority::Low } else { Priority::Normal };
                let _slot = limiter.admit("a", priority).await;
                order.send(name).unwrap();
            }));
            tokio::task::yield_now().await;
        }
        drop(order);
        let mut seen = Vec::new();
        while let Some(name) = tokio::time::timeout(Duration::from_secs(10), came.recv()).await.unwrap() {
            seen.push(name);
        }
        assert_eq!((seen.len(), seen.last()), (11, Some(&None)), "{seen:?}");
    }
}
