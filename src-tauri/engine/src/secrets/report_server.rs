//! Keys of report servers. As Stripe's: the environment first, then memory, then the keychain.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use zeroize::Zeroizing;

use super::{Kept, Keychain};
use crate::domain::store::KeySource;

/// Environment variable that gives a report server's key to this process only.
pub const REPORT_SERVER_KEY_VARIABLE: &str = "FOREDECK_REPORT_SERVER_KEY";
const MAX_LENGTH: usize = 512;

/// A report server's key: whatever the shop chose.
#[derive(Clone)]
pub struct ReportServerKey(Arc<Zeroizing<String>>);

/// A text that is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a report server's key is 1 to 512 characters without spaces")]
pub struct ReportServerKeyError;

impl ReportServerKey {
    /// Reads a key as pasted.
    ///
    /// # Errors
    /// [`ReportServerKeyError`], which never repeats the text.
    pub fn parse(text: &str) -> Result<Self, ReportServerKeyError> {
        let key = text.trim();
        let usable =
            !key.is_empty() && key.len() <= MAX_LENGTH && key.bytes().all(|byte| byte.is_ascii_graphic());
        if usable { Ok(Self(Arc::new(Zeroizing::new(key.to_owned())))) } else { Err(ReportServerKeyError) }
    }

    /// The key itself, for a request header.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ReportServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It has no prefix that says anything, and may be short.
        f.write_str("ReportServerKey(...)")
    }
}

/// Finds and keeps the keys of stores' report servers.
pub struct ReportServerKeys {
    keychain: Keychain,
    from_environment: Option<Result<ReportServerKey, ReportServerKeyError>>,
    held: Mutex<HashMap<String, ReportServerKey>>,
}

impl ReportServerKeys {
    pub(super) fn new(keychain: Keychain) -> Self {
        let given = std::env::var(REPORT_SERVER_KEY_VARIABLE).ok().filter(|text| !text.trim().is_empty());
        Self::with_environment(keychain, given.as_deref())
    }

    fn with_environment(keychain: Keychain, given: Option<&str>) -> Self {
        Self { keychain, from_environment: given.map(ReportServerKey::parse), held: Mutex::default() }
    }

    /// Finds the key of a store for a base URL; each URL has an entry of its own. May wait for the keychain.
    pub fn find(&self, store: &str, url: &str) -> Option<(ReportServerKey, KeySource)> {
        match &self.from_environment {
            Some(Ok(key)) => return Some((key.clone(), KeySource::Environment)),
            // Another key than the one meant must not be used in its place.
            Some(Err(_)) => return None,
            None => {}
        }
        let name = entry_name(store, url);
        let held = self.held.lock().expect("no panic while held").get(&name).cloned();
        if let Some(key) = held {
            return Some((key, KeySource::Session));
        }
        let text = Zeroizing::new(self.keychain.get(&name)?);
        ReportServerKey::parse(&text).ok().map(|key| (key, KeySource::Keychain))
    }

    /// Keeps a key in the keychain, or in memory where there is none. May wait for the keychain.
    pub fn keep(&self, store: &str, url: &str, key: &ReportServerKey) -> Kept {
        let name = entry_name(store, url);
        match self.keychain.set(&name, key.expose()) {
            Ok(()) => {
                self.held.lock().expect("no panic while held").remove(&name);
                Kept::InKeychain
            }
            Err(problem) => {
                self.held.lock().expect("no panic while held").insert(name, key.clone());
                Kept::ForThisRun(problem)
            }
        }
    }

    /// Forgets a key everywhere but in the environment; whether it is gone. May wait for the keychain.
    pub fn forget(&self, store: &str, url: &str) -> bool {
        let name = entry_name(store, url);
        self.held.lock().expect("no panic while held").remove(&name);
        self.keychain.delete(&name);
        self.keychain.get(&name).is_none()
    }
}

fn entry_name(store: &str, url: &str) -> String {
    format!("report-server:{store}:{url}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_held_for_its_own_host_and_never_printed() {
        let key = ReportServerKey::parse(" s3cret-key\n").unwrap();
        assert!(!format!("{key:?}").contains("s3cret"));
        for bad in ["", "a b", "a\r\nX: y", "schlüssel"] {
            assert!(ReportServerKey::parse(bad).is_err(), "{bad:?}");
        }
        let keys = ReportServerKeys::with_environment(Keychain::Off, None);
        let _held = keys.keep("abcdefg", "https://reports.example.com", &key);
        assert!(keys.find("abcdefg", "https://reports.example.com").is_some());
        assert!(keys.find("abcdefg", "https://other.example.com").is_none());
        assert!(keys.forget("abcdefg", "https://reports.example.com"));
        assert!(keys.find("abcdefg", "https://reports.example.com").is_none());
        let bad = ReportServerKeys::with_environment(Keychain::Off, Some("two words"));
        let _held = bad.keep("abcdefg", "https://reports.example.com", &key);
        assert!(bad.find("abcdefg", "https://reports.example.com").is_none(), "no other key in its place");
    }
}
