//! Days in a store's time zone.

use chrono::{DateTime, Days, NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;

/// A day as a number: days since 1970-01-01 in some time zone.
pub type Day = i64;

const EPOCH: NaiveDate = NaiveDate::from_ymd_opt(1970, 1, 1).expect("a valid date");

/// Reads an IANA time zone name.
pub fn parse_zone(name: &str) -> Option<Tz> {
    name.parse().ok()
}

/// The day an instant (unix seconds) falls on.
pub fn day_of(instant: i64, zone: Tz) -> Day {
    let utc = DateTime::<Utc>::from_timestamp(instant, 0).unwrap_or_default();
    utc.with_timezone(&zone).date_naive().signed_duration_since(EPOCH).num_days()
}

/// The first instant of a day, unix seconds. Where midnight does not exist it is the first that does.
pub fn start_of(day: Day, zone: Tz) -> i64 {
    let date = date_of(day);
    (0..24 * 4)
        .filter_map(|quarter| date.and_hms_opt(quarter / 4, quarter % 4 * 15, 0))
        .find_map(|local| zone.from_local_datetime(&local).earliest())
        .map_or(day * 86_400, |instant| instant.timestamp())
}

/// Writes a day as `YYYY-MM-DD`.
pub fn format_day(day: Day) -> String {
    date_of(day).format("%Y-%m-%d").to_string()
}

/// Reads `YYYY-MM-DD`.
pub fn parse_day(text: &str) -> Option<Day> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(date.signed_duration_since(EPOCH).num_days())
}

fn date_of(day: Day) -> NaiveDate {
    let step = Days::new(day.unsigned_abs());
    let moved = if day < 0 { EPOCH.checked_sub_days(step) } else { EPOCH.checked_add_days(step) };
    moved.unwrap_or(EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_follow_the_zone_and_its_changes() {
        let berlin = parse_zone("Europe/Berlin").unwrap();
        let day = parse_day("2026-03-29").unwrap();
        assert_eq!(format_day(day), "2026-03-29");
        assert_eq!(start_of(day + 1, berlin) - start_of(day, berlin), 23 * 3600);
        assert_eq!(day_of(start_of(day, berlin), berlin), day);
        assert_eq!(day_of(start_of(day, berlin) - 1, berlin), day - 1);
        // Midnight did not exist on this day in Beirut.
        let beirut = parse_zone("Asia/Beirut").unwrap();
        let skipped = parse_day("2022-03-27").unwrap();
        assert_eq!(day_of(start_of(skipped, beirut), beirut), skipped);
        assert_eq!(parse_day("2026-13-01"), None);
    }
}
