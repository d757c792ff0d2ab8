//! What a server says of its limits in the headers of an answer.

use reqwest::header::HeaderMap;

use super::text;

/// `RateLimit-Limit`, `-Remaining` and `-Reset`: their first numbers, which speak of the endpoint's steady window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rate {
    /// Allowed.
    pub limit: Option<i64>,
    /// Left.
    pub remaining: Option<i64>,
    /// Seconds until the window is fresh.
    pub reset_s: Option<i64>,
}

impl Rate {
    pub(super) fn read(headers: &HeaderMap) -> Option<Self> {
        let number = |name: &str| {
            let value = text(headers, name)?;
            let first: String = value.trim().chars().take_while(char::is_ascii_digit).collect();
            first.parse().ok()
        };
        let rate = Self {
            limit: number("ratelimit-limit"),
            remaining: number("ratelimit-remaining"),
            reset_s: number("ratelimit-reset"),
        };
        (rate != Self::default()).then_some(rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_numbers_are_read_and_none_is_none() {
        let mut headers = HeaderMap::new();
        assert_eq!(Rate::read(&headers), None);
        headers.insert("ratelimit-limit", "10, 10;w=1, 150;w=60".parse().unwrap());
        headers.insert("ratelimit-remaining", "9".parse().unwrap());
        headers.insert("ratelimit-reset", "soon".parse().unwrap());
        let rate = Rate { limit: Some(10), remaining: Some(9), reset_s: None };
        assert_eq!(Rate::read(&headers), Some(rate));
    }
}
