//! Klaviyo's private keys. As Stripe's: the environment first, then memory, then the keychain.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use zeroize::Zeroizing;

use super::{Kept, Keychain};
use crate::domain::klaviyo::KLAVIYO_URL;
use crate::domain::store::KeySource;

/// Environment variable that gives a Klaviyo key to this process only.
pub const KLAVIYO_KEY_VARIABLE: &str = "FOREDECK_KLAVIYO_KEY";
/// `pk_` and 34 characters, in every key that was seen so far.
const USUAL_LENGTH: usize = 37;
const MAX_LENGTH: usize = 255;

/// A Klaviyo private key.
#[derive(Clone)]
pub struct KlaviyoKey(Arc<Zeroizing<String>>);

/// Why a text is not a usable Klaviyo key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KlaviyoKeyError {
    /// A key of Stripe's, some of which begin alike.
    #[error("this is a key of Stripe's, not of Klaviyo's")]
    OfStripe,
    /// The public id that shops put into their pages.
    #[error("this is the public API key, which cannot read the account")]
    PublicId,
    /// It does not begin as a private key does.
    #[error("a Klaviyo private key begins with pk_")]
    Prefix,
    /// Characters that no key has.
    #[error("the text has characters that no Klaviyo key has, or is no key's length")]
    Characters,
}

impl KlaviyoKey {
    /// Reads a key as pasted. An unusual length is no error: see [`Self::has_usual_length`].
    ///
    /// # Errors
    /// [`KlaviyoKeyError`], which never repeats the text.
    pub fn parse(text: &str) -> Result<Self, KlaviyoKeyError> {
        let key = text.trim();
        let stripes = ["sk_", "rk_", "whsec_", "pk_live_", "pk_test_"];
        if stripes.iter().any(|prefix| key.starts_with(prefix)) {
            return Err(KlaviyoKeyError::OfStripe);
        }
        let Some(rest) = key.strip_prefix("pk_") else {
            let public = key.len() == 6 && key.chars().all(|c| c.is_ascii_alphanumeric());
            return Err(if public { KlaviyoKeyError::PublicId } else { KlaviyoKeyError::Prefix });
        };
        let plain = rest.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        if rest.is_empty() || !plain || key.len() > MAX_LENGTH {
            return Err(KlaviyoKeyError::Characters);
        }
        Ok(Self(Arc::new(Zeroizing::new(key.to_owned()))))
    }

    /// Whether it is as long as every key that was seen so far; another one may be cut, or of a newer form.
    pub fn has_usual_length(&self) -> bool {
        self.0.len() == USUAL_LENGTH
    }

    /// The first seven characters, all that is ever shown.
    pub fn prefix(&self) -> String {
        self.0.chars().take(7).collect()
    }

    /// The key itself, for a request header.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KlaviyoKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KlaviyoKey({}...)", self.prefix())
    }
}

/// Finds and keeps the Klaviyo keys of stores.
pub struct KlaviyoKeys {
    keychain: Keychain,
    from_environment: Option<Result<KlaviyoKey, KlaviyoKeyError>>,
    held: Mutex<HashMap<String, KlaviyoKey>>,
}

impl KlaviyoKeys {
    pub(super) fn new(keychain: Keychain) -> Self {
        let given = std::env::var(KLAVIYO_KEY_VARIABLE).ok().filter(|text| !text.trim().is_empty());
        Self::with_environment(keychain, given.as_deref())
    }

    fn with_environment(keychain: Keychain, given: Option<&str>) -> Self {
        Self { keychain, from_environment: given.map(KlaviyoKey::parse), held: Mutex::default() }
    }

    /// Finds the key of a store for a base URL. Each URL has a keychain entry of its own, so that no other host gets a key
    /// made for the real Klaviyo. May wait for the keychain.
    pub fn find(&self, store: &str, url: &str) -> Option<(KlaviyoKey, KeySource)> {
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
        KlaviyoKey::parse(&text).ok().map(|key| (key, KeySource::Keychain))
    }

    /// Why the key of the environment cannot be used; None where there is none, or a good one.
    pub fn environment_problem(&self) -> Option<KlaviyoKeyError> {
        self.from_environment.as_ref()?.as_ref().err().copied()
    }

    /// Keeps a key in the keychain, or in memory where there is none. May wait for the keychain.
    pub fn keep(&self, store: &str, url: &str, key: &KlaviyoKey) -> Kept {
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
    if url == KLAVIYO_URL { format!("klaviyo:{store}") } else { format!("klaviyo:{store}:{url}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: &str = "pk_0123456789abcdef0123456789abcdef01";

    #[test]
    fn what_is_no_klaviyo_key_is_told_apart() {
        for (text, error) in [
            ("sk_test_abcdefgh12345678", KlaviyoKeyError::OfStripe),
            ("pk_live_abcdefgh12345678", KlaviyoKeyError::OfStripe),
            ("whsec_abc", KlaviyoKeyError::OfStripe),
            ("SbXk7Q", KlaviyoKeyError::PublicId),
            ("", KlaviyoKeyError::Prefix),
            ("Klaviyo-API-Key pk_abc", KlaviyoKeyError::Prefix),
            ("pk_", KlaviyoKeyError::Characters),
            ("pk_abc def", KlaviyoKeyError::Characters),
            ("pk_abc\r\nX-Y: z", KlaviyoKeyError::Characters),
            ("pk_abcdéf", KlaviyoKeyError::Characters),
            ("pk_abc…", KlaviyoKeyError::Characters),
        ] {
            assert_eq!(KlaviyoKey::parse(text).unwrap_err(), error, "{text:?}");
        }
        assert_eq!(
            KlaviyoKey::parse(&format!("pk_{}", "a".repeat(300))).unwrap_err(),
            KlaviyoKeyError::Characters
        );
    }

    #[test]
    fn an_unusual_length_is_taken_and_told() {
        let key = KlaviyoKey::parse(&format!("  {USUAL}\n")).unwrap();
        assert!(key.has_usual_length() && key.prefix() == "pk_0123");
        assert!(!KlaviyoKey::parse("pk_short").unwrap().has_usual_length());
        assert!(!format!("{key:?}").contains("456789"));
    }

    #[test]
    fn a_key_is_held_for_its_own_host_alone_and_the_environment_goes_first() {
        let key = KlaviyoKey::parse(USUAL).unwrap();
        let other = "http://127.0.0.1:9";
        let keys = KlaviyoKeys::with_environment(Keychain::Off, None);
        assert!(matches!(keys.keep("abcdefg", KLAVIYO_URL, &key), Kept::ForThisRun(_)));
        let source = |store: &str, url: &str| keys.find(store, url).map(|(_, source)| source);
        assert_eq!(source("abcdefg", KLAVIYO_URL), Some(KeySource::Session));
        assert_eq!((source("abcdefg", other), source("hijklmn", KLAVIYO_URL)), (None, None));
        assert!(keys.forget("abcdefg", KLAVIYO_URL));
        assert_eq!(source("abcdefg", KLAVIYO_URL), None);
        let given = KlaviyoKeys::with_environment(Keychain::Off, Some(USUAL));
        assert_eq!(given.find("abcdefg", other).map(|(_, source)| source), Some(KeySource::Environment));
        let bad = KlaviyoKeys::with_environment(Keychain::Off, Some("hello"));
        let _held = bad.keep("abcdefg", KLAVIYO_URL, &key);
        assert!(bad.find("abcdefg", KLAVIYO_URL).is_none(), "no other key in its place");
        assert_eq!(bad.environment_problem(), Some(KlaviyoKeyError::Prefix));
    }
}
