//! Which windows a sync asks for, and in which order. Pure.

use std::collections::BTreeSet;

use crate::domain::day::Day;
use crate::domain::klaviyo::ReportKind;

/// Days that a daily series may span.
const SERIES_DAYS: i64 = 60;
/// Nothing is known of segments before 2023-06-01.
pub const SEGMENTS_SINCE: Day = 19_509;

/// Some days, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    /// The first.
    pub first: Day,
    /// The last.
    pub last: Day,
}

/// A window that was read, and the day it was read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Covered {
    /// Its days.
    pub window: Window,
    /// The day it was read on.
    pub on: Day,
}

/// Which days a sync is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first day that something can be known of.
    pub floor: Day,
    /// The last.
    pub today: Day,
    /// Days before a reading that may still change after it.
    pub look_back: i64,
}

/// The days that were never read, or read while they could still change, as runs, oldest first.
pub fn needed(covered: &[Covered], range: Range) -> Vec<Window> {
    let Range { floor, today, look_back } = range;
    let count = usize::try_from(today - floor + 1).unwrap_or(0);
    let mut read_on: Vec<Option<Day>> = vec![None; count];
    for one in covered {
        let (first, last) = (one.window.first.max(floor), one.window.last.min(today));
        for day in first..=last {
            let slot = usize::try_from(day - floor).ok().and_then(|place| read_on.get_mut(place));
            if let Some(slot) = slot {
                *slot = (*slot).max(Some(one.on));
            }
        }
    }
    let mut runs: Vec<Window> = Vec::new();
    for (place, on) in read_on.iter().enumerate() {
        let day = floor + i64::try_from(place).unwrap_or(0);
        if on.is_some_and(|on| day < on - look_back) {
            continue;
        }
        match runs.last_mut() {
            Some(run) if run.last == day - 1 => run.last = day,
            _ => runs.push(Window { first: day, last: day }),
        }
    }
    runs
}

/// Windows to ask for, each with its place: the smallest is asked for first. A series tells of up to 60 days at once and goes before
/// single days; of those, the ones on which campaigns were sent; and in each the newest.
pub fn windows(kind: ReportKind, runs: &[Window], sent_on: &BTreeSet<Day>, today: Day) -> Vec<(Window, i64)> {
    let place = |class: i64, window: Window| (window, class * 1_000_000 + (today - window.last));
    let mut all = Vec::new();
    for run in runs {
        if kind == ReportKind::Campaigns {
            let class = |day: Day| if sent_on.contains(&day) { 1 } else { 2 };
            all.extend((run.first..=run.last).map(|day| place(class(day), Window { first: day, last: day })));
            continue;
        }
        let mut last = run.last;
        while last >= run.first {
            let first = (last - SERIES_DAYS + 1).max(run.first);
            all.push(place(0, Window { first, last }));
            last = first - 1;
        }
    }
    all.sort_by_key(|(_, place)| *place);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(first: Day, last: Day, on: Day) -> Covered {
        Covered { window: Window { first, last }, on }
    }

    #[test]
    fn days_that_can_still_change_are_read_again_and_others_never() {
        let range = Range { floor: 100, today: 200, look_back: 5 };
        assert_eq!(needed(&[], range), [Window { first: 100, last: 200 }]);
        let once = [covered(100, 190, 190)];
        assert_eq!(needed(&once, range), [Window { first: 185, last: 200 }]);
        let again = [covered(100, 190, 190), covered(185, 200, 200)];
        assert_eq!(needed(&again, range), [Window { first: 195, last: 200 }]);
        let hole = [covered(100, 120, 200), covered(125, 200, 200)];
        assert_eq!(
            needed(&hole, range),
            [Window { first: 121, last: 124 }, Window { first: 195, last: 200 }]
        );
        // A day that was read early is not made older by a wider window that was read before it.
        let order = [covered(194, 194, 200), covered(100, 199, 196)];
        assert_eq!(needed(&order, range)[0], Window { first: 191, last: 193 });
        assert!(needed(&[], Range { floor: 201, today: 200, look_back: 5 }).is_empty());
    }

    #[test]
    fn series_come_in_windows_of_sixty_days_and_campaigns_day_by_day_with_sends_first() {
        let runs = [Window { first: 1, last: 130 }];
        let series = windows(ReportKind::Flows, &runs, &BTreeSet::new(), 130);
        let spans: Vec<(Day, Day)> = series.iter().map(|(window, _)| (window.first, window.last)).collect();
        assert_eq!(spans, [(71, 130), (11, 70), (1, 10)]);
        let sent = BTreeSet::from([2, 4]);
        let days = windows(ReportKind::Campaigns, &[Window { first: 1, last: 5 }], &sent, 5);
        let days: Vec<Day> = days.iter().map(|(window, _)| window.first).collect();
        assert_eq!(days, [4, 2, 5, 3, 1]);
        assert!(series[0].1 < 1_000_000, "a series goes before any single day");
        assert_eq!(crate::domain::day::parse_day("2023-06-01"), Some(SEGMENTS_SINCE));
    }
}
