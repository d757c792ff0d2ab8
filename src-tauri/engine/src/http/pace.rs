//! Paces of single endpoints: so many in any second, so many in any minute. Shared by every client that asks the same server.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// How often one endpoint is asked at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// In any second.
    pub per_s: u32,
    /// In any minute.
    pub per_min: u32,
}

/// The paces of a server's endpoints, and when each was asked. Cheap to clone; clones count together.
#[derive(Clone)]
pub struct Paces {
    pace_of: fn(&str) -> Option<Pace>,
    asked: Arc<Mutex<HashMap<&'static str, VecDeque<Duration>>>>,
    clock: DefaultClock,
    start: <DefaultClock as Clock>::Instant,
}

impl Paces {
    /// Paces by a table; an endpoint that is not in it has none.
    pub fn new(pace_of: fn(&str) -> Option<Pace>) -> Self {
        let clock = DefaultClock::default();
        let start = clock.now();
        Self { pace_of, asked: Arc::default(), clock, start }
    }

    /// Waits for its turn.
    ///
    /// # Errors
    /// The turn is further off than `patience`; nothing was counted.
    pub(super) async fn admit(&self, endpoint: &'static str, patience: Duration) -> Result<(), Duration> {
        let Some(pace) = (self.pace_of)(endpoint) else { return Ok(()) };
        let mut waited = Duration::ZERO;
        loop {
            let now = self.clock.now().duration_since(self.start);
            let wait = {
                let mut asked = self.asked.lock().expect("no panic while held");
                take(asked.entry(endpoint).or_default(), pace, now)
            };
            let Some(wait) = wait else { return Ok(()) };
            if waited + wait > patience {
                return Err(wait);
            }
            waited += wait;
            tokio::time::sleep(wait).await;
        }
    }
}

/// Takes a turn now; the time to wait where there is none.
fn take(asked: &mut VecDeque<Duration>, pace: Pace, now: Duration) -> Option<Duration> {
    while asked.front().is_some_and(|at| *at + MINUTE <= now) {
        asked.pop_front();
    }
    let back = |count: u32, window: Duration| {
        let place = asked.len().checked_sub(count.max(1) as usize)?;
        (asked[place] + window).checked_sub(now).filter(|wait| !wait.is_zero())
    };
    let wait = back(pace.per_min, MINUTE).max(back(pace.per_s, SECOND));
    if wait.is_none() {
        asked.push_back(now);
    }
    wait
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn no_second_and_no_minute_holds_more_than_it_may() {
        let pace = Pace { per_s: 2, per_min: 4 };
        let mut asked = VecDeque::new();
        assert_eq!((take(&mut asked, pace, ms(0)), take(&mut asked, pace, ms(500))), (None, None));
        assert_eq!(take(&mut asked, pace, ms(600)), Some(ms(400)), "two in a second");
        assert_eq!((take(&mut asked, pace, ms(1_000)), take(&mut asked, pace, ms(1_500))), (None, None));
        assert_eq!(take(&mut asked, pace, ms(30_000)), Some(ms(30_000)), "four in a minute");
        assert_eq!(take(&mut asked, pace, ms(60_000)), None);
        assert_eq!(
            take(&mut asked, pace, ms(60_100)),
            Some(ms(400)),
            "the second of them is not yet a minute old"
        );
    }

    #[tokio::test]
    async fn a_turn_that_is_far_off_is_handed_back_and_others_are_not_held() {
        let paces = Paces::new(|name| (name == "slow").then_some(Pace { per_s: 1, per_min: 1 }));
        paces.clone().admit("slow", SECOND).await.unwrap();
        let wait = paces.admit("slow", SECOND).await.unwrap_err();
        assert!(wait > ms(50_000) && wait <= MINUTE, "{wait:?}");
        for _ in 0..100 {
            paces.admit("other", SECOND).await.unwrap();
        }
    }
}
