//! Request limits by world time: a burst each second, a steady rate each minute and, of reports, a number in any 24 hours;
//! shared by all keys of the account.

use std::collections::{BTreeMap, VecDeque};

/// What a request finds of its endpoint's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    pub burst: u32,
    pub steady: u32,
    pub remaining: u32,
    /// Seconds until the steady window is fresh again.
    pub reset_s: i64,
}

/// Who asked what when, and who is kept waiting.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    asked: BTreeMap<&'static str, VecDeque<i64>>,
    /// Paths that are shut until a world time.
    shut: Vec<(String, i64)>,
    /// The day's number is one for all endpoints that have one.
    pub(crate) shared_day: bool,
}

/// How often an endpoint may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rates {
    pub burst: u32,
    pub steady: u32,
    pub daily: Option<u32>,
}

const MINUTE: i64 = 60;
const DAY: i64 = 86_400;

impl Limiter {
    /// From now until then every request to these paths is throttled.
    pub(crate) fn shut(&mut self, path: &str, until: i64) {
        self.shut.push((path.to_owned(), until));
    }

    /// Takes a request in, or says in how many seconds it may come again.
    pub(crate) fn admit(
        &mut self,
        endpoint: &'static str,
        path: &str,
        Rates { burst, steady, daily }: Rates,
        counts: bool,
        now: i64,
    ) -> Result<Room, i64> {
        self.shut.retain(|(_, until)| *until > now);
        let shut = self.shut.iter().filter(|(start, _)| path.starts_with(start.as_str()));
        if let Some(until) = shut.map(|(_, until)| *until).max() {
            return Err(until - now);
        }
        let day_full = daily.and_then(|most| self.day_full(endpoint, most, now));
        let asked = self.asked.entry(endpoint).or_default();
        let kept = if daily.is_some() { DAY } else { MINUTE };
        while asked.front().is_some_and(|at| *at <= now - kept) {
            asked.pop_front();
        }
        let minute: Vec<i64> = asked.iter().copied().filter(|at| *at > now - MINUTE).collect();
        let this_second = minute.iter().rev().take_while(|at| **at == now).count();
        let reset_s = minute.first().map_or(0, |at| at + MINUTE - now);
        if counts && let Some(wait) = day_full {
            return Err(wait.max(1));
        }
        if counts && minute.len() >= steady as usize {
            return Err(reset_s.max(1));
        }
        if counts && this_second >= burst as usize {
            return Err(1);
        }
        asked.push_back(now);
        let remaining = steady.saturating_sub(minute.len() as u32 + 1);
        Ok(Room { burst, steady, remaining, reset_s })
    }

    /// In how many seconds the day's number has room again, where it has none now.
    fn day_full(&self, endpoint: &str, most: u32, now: i64) -> Option<i64> {
        let counted = |name: &str| {
            if self.shared_day { name.ends_with("-reports") } else { name == endpoint }
        };
        let mut day: Vec<i64> = self
            .asked
            .iter()
            .filter(|(name, _)| counted(name))
            .flat_map(|(_, asked)| asked.iter().copied().filter(|at| *at > now - DAY))
            .collect();
        day.sort_unstable();
        let oldest = day.len().checked_sub(most as usize)?;
        Some(day[oldest] + DAY - now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(burst: u32, steady: u32) -> Rates {
        Rates { burst, steady, daily: None }
    }

    #[test]
    fn any_24_hours_hold_no_more_than_the_days_number() {
        let mut limiter = Limiter::default();
        let rates = Rates { burst: 1, steady: 2, daily: Some(3) };
        let mut ask = |name: &'static str, now: i64| limiter.admit(name, "", rates, true, now).map(|_| ());
        for now in [0, 40, 70] {
            assert_eq!(ask("flow-series-reports", now), Ok(()), "{now}");
        }
        assert_eq!(ask("flow-series-reports", 200), Err(86_200));
        assert_eq!(ask("form-series-reports", 200), Ok(()), "each endpoint has its own");
        assert_eq!(ask("flow-series-reports", 86_400), Ok(()));
        assert_eq!(ask("flow-series-reports", 86_401), Err(39));
        limiter.shared_day = true;
        assert_eq!(
            limiter.admit("form-series-reports", "", rates, true, 86_430).map(|_| ()),
            Err(40),
            "shared, all of them count: two have to grow old"
        );
    }

    #[test]
    fn a_burst_and_a_steady_rate_are_kept_apart() {
        let mut limiter = Limiter::default();
        let mut ask = |now: i64| limiter.admit("accounts", "/api/accounts", rates(1, 15), true, now);
        assert_eq!(ask(100).unwrap().remaining, 14);
        assert_eq!(ask(100), Err(1), "one a second");
        for now in 101..115 {
            assert!(ask(now).is_ok(), "{now}");
        }
        assert_eq!(ask(115), Err(45), "fifteen a minute");
        assert!(ask(160).is_ok(), "the first of them is a minute old");
    }

    #[test]
    fn what_is_shut_opens_at_its_time() {
        let mut limiter = Limiter::default();
        limiter.shut("/api/events", 100_000);
        assert_eq!(limiter.admit("events", "/api/events", rates(350, 3_500), false, 32_392), Err(67_608));
        assert!(limiter.admit("lists", "/api/lists", rates(75, 750), false, 32_392).is_ok());
        assert!(limiter.admit("events", "/api/events", rates(350, 3_500), false, 100_000).is_ok());
    }
}
