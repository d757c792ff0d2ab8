//! A breaker: after repeated failures requests are held back for a while, longer each time.

use std::time::Duration;

const TRIPS_AFTER: u32 = 8;
const FIRST_HOLD: Duration = Duration::from_secs(5);
const LONGEST_HOLD: Duration = Duration::from_secs(120);

/// Counts failures in a row.
#[derive(Debug, Default)]
pub struct Breaker {
    failures: u32,
    trips: u32,
    until: Option<Duration>,
}

impl Breaker {
    /// How long requests are held back from `now` on; None lets them through.
    pub fn wait(&self, now: Duration) -> Option<Duration> {
        self.until.and_then(|until| until.checked_sub(now)).filter(|wait| !wait.is_zero())
    }

    /// An answer came.
    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// A request failed at `now`. Once tripped, a single failed trial trips it again.
    pub fn failed(&mut self, now: Duration) {
        self.failures += 1;
        let on_trial = self.until.is_some_and(|until| until <= now);
        if self.failures >= TRIPS_AFTER || on_trial {
            let hold = FIRST_HOLD.saturating_mul(2_u32.saturating_pow(self.trips)).min(LONGEST_HOLD);
            self.trips += 1;
            self.failures = 0;
            self.until = Some(now + hold);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_failures_hold_requests_back_longer_each_time() {
        let mut breaker = Breaker::default();
        let s = Duration::from_secs;
        for _ in 0..TRIPS_AFTER {
            assert_eq!(breaker.wait(s(0)), None);
            breaker.failed(s(0));
        }
        assert_eq!(breaker.wait(s(0)), Some(s(5)));
        assert_eq!(breaker.wait(s(5)), None);
        breaker.failed(s(6));
        assert_eq!(breaker.wait(s(6)), Some(s(10)));
        breaker.succeeded();
        assert_eq!(breaker.wait(s(6)), None);
    }
}
