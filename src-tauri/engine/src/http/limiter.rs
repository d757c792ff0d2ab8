//! One limiter for everything that goes to a server: so many a second, per endpoint and in all, so many at a
//! time. The shop's own checkout shares the quota.

use std::num::NonZeroU32;

use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::sync::{Semaphore, SemaphorePermit};

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
    /// Recounts, backfill, line items: leaves a slot free for the others.
    Low,
}

pub(super) struct Limiter {
    limits: Limits,
    all: DefaultDirectRateLimiter,
    endpoints: DefaultKeyedRateLimiter<&'static str>,
    slots: Semaphore,
    low_slots: Semaphore,
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
        }
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    pub(super) async fn admit(&self, endpoint: &'static str, priority: Priority) -> Slot<'_> {
        let low = match priority {
            Priority::Low => Some(self.low_slots.acquire().await.expect("never closed")),
            Priority::Normal => None,
        };
        let slot = self.slots.acquire().await.expect("never closed");
        self.endpoints.until_key_ready(&endpoint).await;
        self.all.until_ready().await;
        Slot { _slot: slot, _low: low }
    }
}
