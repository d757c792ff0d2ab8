//! Text made harmless for a terminal, and figures made readable.

use chrono::{DateTime, TimeZone};
use chrono_tz::Tz;
use foredeck_engine::domain::money::decimal;

/// Longest text of one cell.
const CELL: usize = 60;

/// Text on one line without control characters, terminal escapes or direction overrides.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => match rest.peek().copied() {
                Some('[') => {
                    rest.next();
                    skip_sequence(&mut rest);
                }
                Some(']' | 'P' | 'X' | '^' | '_') => skip_string(&mut rest),
                Some(_) => drop(rest.next()),
                None => {}
            },
            '\u{9b}' => skip_sequence(&mut rest),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_string(&mut rest),
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => out.push(' '),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// A control sequence ends with a letter or `@` to `~`.
fn skip_sequence(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while rest.next_if(|c| (' '..='?').contains(c)).is_some() {}
    rest.next_if(|c| ('@'..='~').contains(c));
}

/// A control string ends with BEL or ST; one that never ends takes the rest with it.
fn skip_string(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while let Some(c) = rest.next() {
        match c {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' => {
                rest.next_if_eq(&'\\');
                return;
            }
            _ => {}
        }
    }
}

/// A cell: plain text of bounded length, `-` for nothing.
pub fn cell(text: &str) -> String {
    let text = plain(text);
    match text.char_indices().nth(CELL) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None if text.is_empty() => "-".to_owned(),
        None => text,
    }
}

/// A cell of text that may be absent.
pub fn maybe(text: Option<&str>) -> String {
    cell(text.unwrap_or_default())
}

/// An instant in the store's time zone.
pub fn instant(at: i64, zone: Tz) -> String {
    let time = DateTime::from_timestamp(at, 0).map(|time| zone.from_utc_datetime(&time.naive_utc()));
    time.map_or_else(|| at.to_string(), |time| time.format("%Y-%m-%d %H:%M:%S").to_string())
}

/// An instant that may be absent.
pub fn maybe_instant(at: Option<i64>, zone: Tz) -> String {
    at.map_or_else(|| "-".to_owned(), |at| instant(at, zone))
}

/// An amount with its currency.
pub fn money(minor: Option<i64>, currency: Option<&str>) -> String {
    let currency = plain(currency.unwrap_or_default()).to_uppercase();
    minor.map_or_else(|| "-".to_owned(), |minor| format!("{} {currency}", decimal(minor, &currency)))
}

/// A share as a percentage; nothing of nothing is `-`.
pub fn share(part: i64, of: i64) -> String {
    if of == 0 {
        return "-".to_owned();
    }
    let tenths = (i128::from(part) * 1_000 + i128::from(of) / 2) / i128::from(of);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_cell_reaches_the_terminal_as_a_command() {
        assert_eq!(plain("a\u{1b}[31;1mred\u{1b}[0m\u{7}b"), "aredb");
        assert_eq!(plain("x\u{1b}]0;title\u{7}y\u{1b}]8;;http://evil\u{1b}\\z"), "xyz");
        assert_eq!(plain("1\u{9b}2J2\u{1b}c3\u{202e}4\n5\u{0}"), "1234 5");
        assert_eq!(plain("never\u{1b}Pends"), "never");
        assert_eq!(plain("ünï 🎁 مرحبا"), "ünï 🎁 مرحبا");
        assert_eq!(cell(&"é".repeat(500)).chars().count(), CELL + 1);
        assert_eq!(cell("\u{1b}[2J"), "-");
    }

    #[test]
    fn figures_are_readable() {
        assert_eq!(money(Some(1234), Some("eur")), "12.34 EUR");
        assert_eq!(money(Some(500), Some("jpy")), "500 JPY");
        assert_eq!(money(None, None), "-");
        assert_eq!((share(1, 3), share(0, 0), share(3, 3)), ("33.3 %".into(), "-".into(), "100.0 %".into()));
        assert_eq!(instant(0, chrono_tz::Europe::Berlin), "1970-01-01 01:00:00");
    }
}
