//! Revisions: which are served, which were retired, and what answers for one that is not there.

use super::answer::{Asked, Denial};
use crate::klaviyo::config::KLAVIYO_REVISION;

/// Every revision there ever was, oldest first.
const EVER: [&str; 20] = [
    "2022-10-17",
    "2023-02-22",
    "2023-06-15",
    "2023-07-15",
    "2023-08-15",
    "2023-09-15",
    "2023-10-15",
    "2023-12-15",
    "2024-02-15",
    "2024-05-15",
    "2024-06-15",
    "2024-07-15",
    "2024-10-15",
    "2025-01-15",
    "2025-04-15",
    "2025-07-15",
    "2025-10-15",
    "2026-01-15",
    "2026-04-15",
    "2026-07-15",
];

/// Which revisions are served.
#[derive(Debug, Clone)]
pub(crate) struct Revisions {
    /// Those before it are retired.
    pub oldest: String,
    /// What answers whatever was asked for.
    pub instead: Option<String>,
}

impl Default for Revisions {
    fn default() -> Self {
        Revisions { oldest: "2024-10-15".to_owned(), instead: None }
    }
}

impl Revisions {
    /// The revision that answers. One that was retired or never was falls forward to another, unless the request opted
    /// out of that.
    pub(crate) fn served(&self, asked: Option<&str>, opted_out: bool) -> Asked<String> {
        let asked = asked.ok_or_else(|| {
            Denial::invalid("A revision is required: send it in the header 'revision'.").parameter("revision")
        })?;
        if !is_date(asked) {
            return Err(Denial::invalid(format!("'{asked}' is not a valid revision.")).parameter("revision"));
        }
        if let Some(instead) = &self.instead {
            return Ok(instead.clone());
        }
        let known = EVER.contains(&asked);
        if known && asked >= self.oldest.as_str() {
            return Ok(asked.to_owned());
        }
        if opted_out {
            return Err(match known {
                true => Denial::gone(asked),
                false => {
                    Denial::invalid(format!("The revision {asked} does not exist.")).parameter("revision")
                }
            });
        }
        let next = EVER.iter().find(|r| **r >= asked && **r >= self.oldest.as_str());
        Ok(next.copied().unwrap_or(KLAVIYO_REVISION).to_owned())
    }
}

fn is_date(text: &str) -> bool {
    let shape = text
        .bytes()
        .enumerate()
        .all(|(at, b)| if [4, 7].contains(&at) { b == b'-' } else { b.is_ascii_digit() });
    text.len() == 10 && shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_served_falls_forward_unless_opted_out() {
        let now = Revisions::default();
        assert_eq!(now.served(Some("2026-07-15"), true).unwrap(), "2026-07-15");
        assert_eq!(now.served(Some("2024-02-15"), false).unwrap(), "2024-10-15");
        assert_eq!(now.served(Some("2024-02-15"), true).unwrap_err().status, 410);
        assert_eq!(now.served(Some("2025-12-24"), false).unwrap(), "2026-01-15");
        assert_eq!(now.served(Some("2025-12-24"), true).unwrap_err().status, 400);
        assert_eq!(now.served(Some("2031-01-15"), false).unwrap(), KLAVIYO_REVISION);
        assert_eq!(now.served(None, false).unwrap_err().status, 400);
        assert_eq!(now.served(Some("newest"), false).unwrap_err().status, 400);
        let later = Revisions { oldest: "2026-10-15".to_owned(), ..Revisions::default() };
        assert_eq!(later.served(Some("2026-07-15"), true).unwrap_err().status, 410);
        let other = Revisions { instead: Some("2025-07-15".to_owned()), ..Revisions::default() };
        assert_eq!(other.served(Some("2026-07-15"), true).unwrap(), "2025-07-15");
    }
}
