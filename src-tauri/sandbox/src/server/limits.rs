//! Request limits in real time: in all, for each operation, and in flight.

use crate::config::Limits;
use std::collections::HashMap;
use std::time::Instant;

/// A bucket that holds one second's worth of requests.
struct Bucket {
    left: f64,
    at: Instant,
}

impl Bucket {
    fn take(&mut self, per_s: u32, now: Instant) -> bool {
        let per_s = f64::from(per_s);
        self.left = (self.left + now.duration_since(self.at).as_secs_f64() * per_s).min(per_s);
        self.at = now;
        let enough = self.left >= 1.0;
        if enough {
            self.left -= 1.0;
        }
        enough
    }
}

#[derive(Default)]
pub(crate) struct Limiter {
    limits: Limits,
    global: Option<Bucket>,
    endpoints: HashMap<String, Bucket>,
}

impl Limiter {
    pub(crate) fn new(limits: Limits) -> Limiter {
        Limiter { limits, ..Limiter::default() }
    }

    /// The reason to refuse a request now, as `Stripe-Rate-Limited-Reason` names it.
    pub(crate) fn refuses(&mut self, operation: &str, in_flight: u32) -> Option<&'static str> {
        #[allow(clippy::disallowed_methods, reason = "limits count real time, as the peer's server would")]
        let now = Instant::now();
        if self.limits.concurrent.is_some_and(|most| in_flight > most) {
            return Some("global-concurrency");
        }
        if let Some(per_s) = self.limits.global_per_s {
            let bucket = self.global.get_or_insert(Bucket { left: f64::from(per_s), at: now });
            if !bucket.take(per_s, now) {
                return Some("global-rate");
            }
        }
        if let Some(per_s) = self.limits.endpoint_per_s {
            let full = || Bucket { left: f64::from(per_s), at: now };
            let bucket = self.endpoints.entry(operation.to_owned()).or_insert_with(full);
            if !bucket.take(per_s, now) {
                return Some("endpoint-rate");
            }
        }
        None
    }
}
