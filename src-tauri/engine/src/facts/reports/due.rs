//! When the sync of a kind is due. Pure.

use super::records::ReportRecord;
use crate::domain::klaviyo::ReportSyncState;
use crate::domain::report::ReportPace;

/// The code of a sync that was not done because its kind is switched off.
pub const OFF: &str = "REPORTS_OFF";

/// The code of a sync that somebody cancelled.
pub const CANCELLED: &str = "REPORTS_CANCELLED";

/// When the next sync is due; None while one is open, or where the kind is switched off. What came due while nothing ran is
/// due at once, and once.
pub fn next_due(record: Option<&ReportRecord>, pace: ReportPace, connected_at: i64, now: i64) -> Option<i64> {
    if !pace.on {
        return None;
    }
    let Some(record) = record else { return Some(connected_at.min(now)) };
    if record.is_open() {
        return None;
    }
    let is = |code: &str| record.trouble.as_ref().is_some_and(|trouble| trouble.code == code);
    if record.state == ReportSyncState::Skipped && is(OFF) {
        return record.ended_at.map(|at| at.min(now));
    }
    // From beginning to beginning, but of one that was cancelled from there: it may be older than its pace, and would begin again at
    // once. A clock that was set back must not put it off for as long as it was set.
    let begun = record.started_at.filter(|_| !is(CANCELLED));
    let from = begun.or(record.ended_at).unwrap_or(record.queued_at).min(now);
    Some(from + i64::from(pace.every_h) * 3_600)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::klaviyo::ReportKind;
    use crate::facts::klaviyo::Trouble;

    const PACE: ReportPace = ReportPace { on: true, every_h: 24 };

    fn ended(at: i64) -> ReportRecord {
        let new = ReportRecord::new("SbXk7Q", ReportKind::Forms, "due", at);
        ReportRecord {
            state: ReportSyncState::Succeeded,
            started_at: Some(at),
            ended_at: Some(at + 9),
            ..new
        }
    }

    #[test]
    fn a_sync_is_due_a_pace_after_the_last_began_and_at_once_where_none_was() {
        assert_eq!(next_due(None, PACE, 100, 500), Some(100));
        assert_eq!(next_due(None, PACE, 900, 500), Some(500), "a clock that was set back");
        let record = ended(1_000);
        assert_eq!(next_due(Some(&record), PACE, 0, 5_000), Some(87_400));
        assert_eq!(next_due(Some(&record), PACE, 0, 500), Some(86_900), "nor is it put off by that");
        assert_eq!(next_due(Some(&record), ReportPace { every_h: 1, ..PACE }, 0, 5_000), Some(4_600));
        assert_eq!(next_due(Some(&record), ReportPace { on: false, ..PACE }, 0, 5_000), None);
        let open = ReportRecord { state: ReportSyncState::Waiting, ..record.clone() };
        assert_eq!(next_due(Some(&open), PACE, 0, 900_000), None);
        let trouble = Trouble { code: OFF.to_owned(), message: String::new(), hint: String::new() };
        let skipped = ReportRecord { state: ReportSyncState::Skipped, trouble: Some(trouble), ..record };
        assert_eq!(next_due(Some(&skipped), PACE, 0, 5_000), Some(1_009), "switched on again, it is due");
        let trouble = Trouble { code: CANCELLED.to_owned(), message: String::new(), hint: String::new() };
        let cancelled = ReportRecord { ended_at: Some(200_000), trouble: Some(trouble), ..ended(1_000) };
        assert_eq!(next_due(Some(&cancelled), PACE, 0, 200_000), Some(286_400), "and not at once");
    }
}
