//! Request limits by world time: a burst each second and a steady rate each minute, shared by all keys of the account.

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
}

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
        (burst, steady): (u32, u32),
        counts: bool,
        now: i64,
    ) -> Result<Room, i64> {
        self.shut.retain(|(_, until)| *until > now);
        let shut = self.shut.iter().filter(|(start, _)| path.starts_with(start.as_str()));
        if let Some(until) = shut.map(|(_, until)| *until).max() {
            return Err(until - now);
        }
        let asked = self.asked.entry(endpoint).or_default();
        while asked.front().is_some_and(|at| *at <= now - 60) {
            asked.pop_front();
        }
        let this_second = asked.iter().rev().take_while(|at| **at == now).count();
        let reset_s = asked.front().map_or(0, |at| at + 60 - now);
        if counts && asked.len() >= steady as usize {
            return Err(reset_s.max(1));
        }
        if counts && this_second >= burst as usize {
            return Err(1);
        }
        asked.push_back(now);
        let remaining = steady.saturating_sub(asked.len() as u32);
        Ok(Room { burst, steady, remaining, reset_s })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_a_steady_rate_are_kept_apart() {
        let mut limiter = Limiter::default();
        let mut ask = |now: i64| limiter.admit("accounts", "/api/accounts", (1, 15), true, now);
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
        assert_eq!(limiter.admit("events", "/api/events", (350, 3_500), false, 32_392), Err(67_608));
        assert!(limiter.admit("lists", "/api/lists", (75, 750), false, 32_392).is_ok());
        assert!(limiter.admit("events", "/api/events", (350, 3_500), false, 100_000).is_ok());
    }
}
