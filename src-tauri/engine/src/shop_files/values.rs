//! Values as people and databases write them: exact decimals, whole numbers, instants, words. Never a float.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

use super::error::BadValue;

type Read<T> = Result<T, BadValue>;

/// A decimal number as it was written: its digits, and how many of them stand after the point.
struct Decimal {
    digits: i128,
    places: u32,
}

/// Reads a whole number; `1,000,000` and `100.00` are some, `1,000` alone could be two things and is none.
pub fn whole(text: &str) -> Read<i64> {
    scaled(text, 0)
}

/// Reads an amount in major units as minor units of so many places.
pub fn money(text: &str, exponent: u32) -> Read<i64> {
    scaled(text, exponent)
}

fn scaled(text: &str, exponent: u32) -> Read<i64> {
    let shown = || shorten(text);
    let Decimal { mut digits, mut places } = decimal(text, exponent)?;
    while places > exponent {
        if digits % 10 != 0 {
            let what = if exponent == 0 { "is not a whole number" } else { "has too many decimals" };
            return Err(BadValue::new("TOO_PRECISE", format!("{} {what}", shown())));
        }
        digits /= 10;
        places -= 1;
    }
    let minor = 10_i128.checked_pow(exponent - places).and_then(|by| digits.checked_mul(by));
    minor
        .and_then(|minor| i64::try_from(minor).ok())
        .ok_or_else(|| BadValue::new("OUT_OF_RANGE", format!("{} is too large", shown())))
}

fn decimal(text: &str, exponent: u32) -> Read<Decimal> {
    let no_number = || BadValue::new("NOT_A_NUMBER", format!("{} is not a number", shorten(text)));
    let trimmed = text.trim();
    let (negative, body) = match trimmed.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => (true, rest.trim_start()),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    if body.is_empty() || body.len() > 60 {
        return Err(no_number());
    }
    let point = point_of(body, exponent).map_err(|ambiguous| {
        if ambiguous {
            let message = format!("{} can be read in two ways", shorten(text));
            BadValue::new("AMBIGUOUS_NUMBER", format!("{message}: write it without separators"))
        } else {
            no_number()
        }
    })?;
    let (before, after) = match point {
        Some(at) => (&body[..at], &body[at + 1..]),
        None => (body, ""),
    };
    if !is_grouped(before)
        || !after.bytes().all(|byte| byte.is_ascii_digit())
        || before.len() + after.len() == 0
    {
        return Err(no_number());
    }
    let mut digits: i128 = 0;
    for digit in before.chars().chain(after.chars()).filter_map(|c| c.to_digit(10)) {
        digits = digits
            .checked_mul(10)
            .and_then(|tens| tens.checked_add(i128::from(digit)))
            .ok_or_else(|| BadValue::new("OUT_OF_RANGE", format!("{} is too large", shorten(text))))?;
    }
    let places = u32::try_from(after.len()).unwrap_or(u32::MAX);
    Ok(Decimal { digits: if negative { -digits } else { digits }, places })
}

/// Where the decimal point or comma stands, if there is one. Err(true): it could be a thousands separator as well.
fn point_of(body: &str, exponent: u32) -> Result<Option<usize>, bool> {
    let last = |c: char| body.rfind(c);
    let count = |c: char| body.matches(c).count();
    match (last('.'), last(',')) {
        (None, None) => Ok(None),
        // The later of the two is the point, and stands there once.
        (Some(point), Some(comma)) => {
            let (at, sign) = if point > comma { (point, '.') } else { (comma, ',') };
            if count(sign) == 1 { Ok(Some(at)) } else { Err(false) }
        }
        (Some(at), None) | (None, Some(at)) => {
            let sign = if body[at..].starts_with('.') { '.' } else { ',' };
            if count(sign) > 1 {
                return Ok(None);
            }
            let (before, after) = (&body[..at], &body[at + 1..]);
            let spaced = before.contains([' ', '\u{a0}', '\u{202f}', '\'']);
            let group = after.len() == 3
                && !before.is_empty()
                && before.len() <= 3
                && !before.starts_with('0')
                && exponent < 3
                && !spaced;
            if group { Err(true) } else { Ok(Some(at)) }
        }
    }
}

/// Digits alone, or in groups of three with one and the same separator.
fn is_grouped(text: &str) -> bool {
    let Some(separator) = text.chars().find(|c| !c.is_ascii_digit()) else { return true };
    if ![' ', '\u{a0}', '\u{202f}', '\'', '.', ','].contains(&separator) {
        return false;
    }
    let mut groups = text.split(separator);
    let digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let first = groups.next().is_some_and(|group| (1..=3).contains(&group.len()) && digits(group));
    first && groups.all(|group| group.len() == 3 && digits(group))
}

/// Reads an instant: unix seconds or milliseconds, RFC 3339, or a day with or without a time in the store's zone.
pub fn instant(text: &str, zone: Tz) -> Read<i64> {
    let text = text.trim();
    let bad = || BadValue::new("NOT_A_TIME", format!("{} is not a time", shorten(text)));
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let number: i64 = text.parse().map_err(|_| bad())?;
        return match digits.len() {
            // 20260301 is a day that someone wrote without signs, not an instant of 1970.
            8 => Err(bad()),
            ..=11 => Ok(number),
            12..=14 => Ok(number.div_euclid(1_000)),
            _ => Err(bad()),
        };
    }
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Ok(instant.timestamp());
    }
    if !has_whole_year(text) {
        return Err(bad());
    }
    // PostgreSQL writes `2026-03-01 12:00:00+00`.
    for format in ["%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f %#z", "%Y-%m-%dT%H:%M:%S%.f%#z"] {
        if let Ok(instant) = DateTime::parse_from_str(text, format) {
            return Ok(instant.timestamp());
        }
    }
    let text = text.strip_suffix(" UTC").map_or((text, zone), |plain| (plain, Tz::UTC));
    let (text, zone) = text;
    let plain = text.replace('/', "-").replacen('T', " ", 1);
    for format in ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"] {
        if let Ok(local) = NaiveDateTime::parse_from_str(&plain, format) {
            return local_instant(local, zone).ok_or_else(bad);
        }
    }
    let date = NaiveDate::parse_from_str(&plain, "%Y-%m-%d").map_err(|_| bad())?;
    local_instant(date.and_time(chrono::NaiveTime::MIN), zone).ok_or_else(bad)
}

/// Whether a date begins with a year of four digits: `14/03/26` could be three days, and is none.
fn has_whole_year(text: &str) -> bool {
    let year = text.split(['-', '/']).next().unwrap_or_default();
    year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit())
}

/// A time that clocks skipped is the one an hour later; of one that came twice it is the first.
fn local_instant(local: NaiveDateTime, zone: Tz) -> Option<i64> {
    let found = zone.from_local_datetime(&local).earliest();
    let found = found.or_else(|| zone.from_local_datetime(&(local + TimeDelta::hours(1))).earliest());
    found.map(|instant| instant.timestamp())
}

/// Reads a day: the date as it stands, or the day an instant falls on.
pub fn day(text: &str, zone: Tz) -> Read<i64> {
    let plain = text.trim().replace('/', "-");
    let first = plain.split([' ', 'T']).next().unwrap_or_default();
    let compact = NaiveDate::parse_from_str(first, "%Y%m%d").ok().filter(|_| first.len() == 8);
    let day = compact
        .or_else(|| NaiveDate::parse_from_str(first, "%Y-%m-%d").ok().filter(|_| has_whole_year(first)));
    match day {
        Some(date) => crate::domain::day::parse_day(&date.to_string())
            .ok_or_else(|| BadValue::new("NOT_A_TIME", format!("{} is not a day", shorten(text)))),
        None => instant(text, zone).map(|at| crate::domain::day::day_of(at, zone)),
    }
}

/// Reads yes or no.
pub fn flag(text: &str) -> Read<bool> {
    match text.trim().to_lowercase().as_str() {
        "1" | "true" | "t" | "yes" | "y" | "是" | "已到账" => Ok(true),
        "0" | "false" | "f" | "no" | "n" | "否" | "未到账" => Ok(false),
        _ => Err(BadValue::new("NOT_A_FLAG", format!("{} is neither true nor false", shorten(text)))),
    }
}

/// A value as it may be shown in a message.
pub fn shorten(text: &str) -> String {
    let shown: String = text.trim().chars().take(40).collect();
    if shown.len() < text.trim().len() { format!("{shown:?}...") } else { format!("{shown:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_in_every_way_of_writing_them() {
        for (text, minor) in [
            ("1.234,56", 123_456),
            ("1 234,56", 123_456),
            ("1,234.56", 123_456),
            ("1234.5", 123_450),
            ("1234,5", 123_450),
            ("-0,07", -7),
            ("12.3400", 1_234),
            ("1\u{202f}234,5\u{a0}", 123_450),
            ("0.29", 29),
            ("1'234.50", 123_450),
            ("+5", 500),
            ("92233720368547758.07", i64::MAX),
            (".5", 50),
            ("1.234.567", 123_456_700),
        ] {
            assert_eq!(money(text, 2), Ok(minor), "{text}");
        }
        assert_eq!(money("1.234", 3), Ok(1_234), "dinars have three decimals");
        assert_eq!(money("500", 0), Ok(500));
        for (text, code) in [
            ("12.345", "AMBIGUOUS_NUMBER"),
            ("1,000", "AMBIGUOUS_NUMBER"),
            ("0.125", "TOO_PRECISE"),
            ("1.2.3", "NOT_A_NUMBER"),
            ("1e3", "NOT_A_NUMBER"),
            ("", "NOT_A_NUMBER"),
            ("-", "NOT_A_NUMBER"),
            ("12.34 EUR", "NOT_A_NUMBER"),
            ("92233720368547758.08", "OUT_OF_RANGE"),
            ("1,23,456.00", "NOT_A_NUMBER"),
        ] {
            assert_eq!(money(text, 2).map_err(|bad| bad.code), Err(code), "{text}");
        }
        assert_eq!((whole("-100.00"), whole("1,000,000")), (Ok(-100), Ok(1_000_000)));
        assert!(whole("1.5").is_err());
    }

    #[test]
    fn instants_are_read_in_the_stores_zone_when_they_name_none() {
        let berlin = chrono_tz::Europe::Berlin;
        let noon = 1_772_362_800;
        for text in [
            "1772362800",
            "1772362800123",
            "2026-03-01T11:00:00Z",
            "2026-03-01T12:00:00+01:00",
            "2026-03-01 12:00:00",
            "2026-03-01 12:00",
            "2026/03/01 12:00:00",
            "2026-03-01 11:00:00+00",
            "2026-03-01 11:00:00 UTC",
            "2026-03-01T12:00:00.250",
        ] {
            assert_eq!(instant(text, berlin), Ok(noon), "{text}");
        }
        assert_eq!(instant("2026-03-01", berlin), Ok(noon - 12 * 3600));
        assert_eq!(
            instant("2026-03-29 02:30", berlin),
            instant("2026-03-29 03:30", berlin),
            "clocks skipped it"
        );
        for bad in ["", "soon", "20260301", "2026-13-01", "1772362800123456"] {
            assert!(instant(bad, berlin).is_err(), "{bad}");
        }
        for bad in
            ["14/03/26", "14-03-26", "14/03/26 12:00", "26-03-14 12:00:00+00", "014-03-26", "12026-03-01"]
        {
            assert_eq!(instant(bad, berlin).map_err(|bad| bad.code), Err("NOT_A_TIME"), "{bad}");
            assert_eq!(day(bad, berlin).map_err(|bad| bad.code), Err("NOT_A_TIME"), "{bad}");
        }
        let first = crate::domain::day::parse_day("2026-03-01").unwrap();
        for text in ["2026-03-01", "2026/03/01", "20260301", "2026-03-01T23:59:00Z", "1772362800"] {
            assert_eq!(day(text, berlin), Ok(first), "{text}");
        }
    }
}
