//! The server's clock, heard from `Date` headers: a lower bound that gets sharper with every answer.

use std::time::Duration;

/// What is known of the server's clock.
#[derive(Debug, Default)]
pub struct ServerClock {
    /// At this local monotonic instant the server's clock was at least that far.
    anchor: Option<(Duration, f64)>,
    skew_s: Option<i64>,
}

impl ServerClock {
    /// Hears an answer's `Date`; gives the instant its body speaks of: the server's clock when the request
    /// started, rounded down so that a change made after the read never seems older than the read.
    /// `wall` is the local wall clock at receipt.
    pub fn hear(&mut self, date: Option<i64>, started: Duration, received: Duration, wall: i64) -> i64 {
        let Some(date) = date else {
            return self.at_least(started).unwrap_or(wall);
        };
        self.skew_s = Some(wall - date);
        let elapsed = received.saturating_sub(started).as_secs_f64();
        let by_answer = date as f64 - elapsed.ceil();
        let by_anchor = self.bound(started).unwrap_or(by_answer);
        // A server whose clock was set back or stands still is believed over the bound.
        let at_start = by_answer.max(by_anchor).min(date as f64);
        self.learn(date as f64, received);
        #[allow(clippy::cast_possible_truncation, reason = "seconds since 1970 fit")]
        let as_of = at_start.floor() as i64;
        as_of
    }

    fn learn(&mut self, date: f64, received: Duration) {
        let known = self.bound(received);
        let drifted = known.is_some_and(|bound| bound > date + 2.0);
        if drifted || known.is_none_or(|bound| date > bound) {
            self.anchor = Some((received, date));
        }
    }

    fn bound(&self, at: Duration) -> Option<f64> {
        let (instant, server) = self.anchor?;
        Some(server + at.saturating_sub(instant).as_secs_f64())
    }

    /// The server's clock at the earliest, unix seconds.
    pub fn at_least(&self, at: Duration) -> Option<i64> {
        #[allow(clippy::cast_possible_truncation, reason = "seconds since 1970 fit")]
        let seconds = self.bound(at)?.floor() as i64;
        Some(seconds)
    }

    /// Local wall time minus the server's, seconds.
    pub fn skew_s(&self) -> Option<i64> {
        self.skew_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn an_answer_speaks_of_the_second_its_request_started_in() {
        let mut clock = ServerClock::default();
        // The first answer: started at 0.000, received at 0.100, Date 1000.
        assert_eq!(clock.hear(Some(1000), ms(0), ms(100), 0), 999);
        // 1.5 s later the server was at least at 1001.4 when the request started.
        assert_eq!(clock.hear(Some(1001), ms(1500), ms(1550), 0), 1001);
        // The Date may have ticked over after the read: the bound keeps the earlier second.
        assert_eq!(clock.hear(Some(1003), ms(2000), ms(2950), 0), 1002);
    }

    #[test]
    fn a_clock_that_stands_still_or_jumps_is_believed() {
        let mut clock = ServerClock::default();
        clock.hear(Some(1000), ms(0), ms(10), 0);
        assert_eq!(clock.hear(Some(1000), ms(60_000), ms(60_010), 0), 1000);
        assert_eq!(clock.hear(Some(5_000_000), ms(60_100), ms(60_110), 0), 4_999_999);
    }
}
