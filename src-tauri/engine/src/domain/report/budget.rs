//! How often a report endpoint may be asked, and how much of the day is left.
//!
//! Instants are whole seconds, cut off: two that differ by a second may be closer than one. One second more is therefore waited.

/// Calls in any second, any minute and any 24 hours, as the specification has them for every report endpoint: how many, seconds.
const LIMITS: [(usize, i64); 3] = [(1, 1), (2, 60), (CALLS_A_DAY, DAY)];
/// Calls of one report endpoint in any 24 hours.
pub const CALLS_A_DAY: usize = 225;
/// Seconds that calls count for.
pub const DAY: i64 = 86_400;

/// What an endpoint has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Calls of the last 24 hours that count.
    pub used: usize,
    /// Calls that are left of them.
    pub left: usize,
    /// The next call may be made at, unix seconds; not before now.
    pub next_at: i64,
    /// The first of those calls no longer counts from then on; with none of them, a call made now would.
    pub frees_at: i64,
}

/// Weighs calls, oldest first: the endpoint's own, and where the day is shared those of all report endpoints.
pub fn weigh(own: &[i64], all: Option<&[i64]>, now: i64) -> Budget {
    let day = all.unwrap_or(own);
    let mut next_at = now;
    for (most, seconds) in LIMITS {
        let calls = if seconds == DAY { day } else { own };
        if let Some(place) = calls.len().checked_sub(most) {
            next_at = next_at.max(calls[place] + seconds + 1);
        }
    }
    let mut counting = day.iter().filter(|at| **at + DAY + 1 > now).peekable();
    let frees_at = counting.peek().map_or(now, |at| **at) + DAY + 1;
    let used = counting.count();
    Budget { used, left: CALLS_A_DAY.saturating_sub(used), next_at, frees_at }
}

/// Whether a refusal shows that the day is shared: an endpoint that had calls left, while all together had none.
pub fn looks_shared(own: usize, all: usize, wait_s: i64) -> bool {
    wait_s > 120 && own < CALLS_A_DAY && all >= CALLS_A_DAY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_second_minute_or_day_holds_more_than_it_may() {
        assert_eq!(weigh(&[], None, 100), Budget { used: 0, left: 225, next_at: 100, frees_at: DAY + 101 });
        assert_eq!(weigh(&[100], None, 100).next_at, 102, "a second, and one that was cut off");
        assert_eq!(weigh(&[100, 110], None, 112).next_at, 161);
        assert_eq!(weigh(&[100, 110], None, 170).next_at, 170);
        assert_eq!(weigh(&[100, 110], None, 170).frees_at, DAY + 101);
        assert_eq!(weigh(&[100, 110], None, DAY + 105).frees_at, DAY + 111, "the first counts no longer");
        let day: Vec<i64> = (0..225).map(|n| n * 60).collect();
        let budget = weigh(&day, None, 20_000);
        assert_eq!(budget, Budget { used: 225, left: 0, next_at: DAY + 1, frees_at: DAY + 1 });
        assert_eq!(weigh(&day, None, DAY + 1).left, 1);
    }

    #[test]
    fn a_shared_day_counts_all_calls_and_a_minute_the_own() {
        let all: Vec<i64> = (0..225).collect();
        let budget = weigh(&[], Some(&all), 1_000);
        assert_eq!(budget, Budget { used: 225, left: 0, next_at: DAY + 1, frees_at: DAY + 1 });
        assert_eq!(weigh(&[990], Some(&[980, 990]), 1_000).next_at, 1_000);
        assert!(looks_shared(60, 225, 40_000));
        assert!(
            !looks_shared(60, 225, 30) && !looks_shared(225, 400, 40_000) && !looks_shared(60, 224, 40_000)
        );
    }
}
