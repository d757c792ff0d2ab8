//! Keys: the only room that sees one.
//!
//! In: text a person pasted, the OS keychain, the environment. Out: [`StripeKey`] and [`KlaviyoKey`], whose text leaves
//! only through `expose`, for a request header. Deliberately absent: files, logs, the mirror.

mod audit_key;
mod keychain;
mod klaviyo;
mod report_server;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use zeroize::Zeroizing;

use crate::domain::store::{KeySource, Mode, STRIPE_URL, StoreRecord};
pub use audit_key::{AuditHead, AuditKey, hex};
pub use keychain::{Keychain, KeychainProblem};
pub use klaviyo::{KLAVIYO_KEY_VARIABLE, KlaviyoKey, KlaviyoKeyError, KlaviyoKeys};
pub use report_server::{
    REPORT_SERVER_KEY_VARIABLE, ReportServerKey, ReportServerKeyError, ReportServerKeys,
};

/// Environment variable that gives a Stripe key to this process only.
pub const STRIPE_KEY_VARIABLE: &str = "FOREDECK_STRIPE_KEY";

/// A Stripe secret or restricted key.
#[derive(Clone)]
pub struct StripeKey(Arc<Zeroizing<String>>);

/// Why a text is not a usable key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A publishable key: made for browsers, cannot read the account.
    #[error("a publishable key (pk_) cannot read the account")]
    Publishable,
    /// An organisation key, which needs a context we do not send.
    #[error("an organisation key (sk_org_) is not supported")]
    Organisation,
    /// A webhook signing secret.
    #[error("a webhook signing secret (whsec_) is not an API key")]
    WebhookSecret,
    /// Anything else.
    #[error("the text does not look like a Stripe key")]
    Malformed,
}

impl StripeKey {
    /// Reads a key as pasted.
    ///
    /// # Errors
    /// [`KeyError`], which never repeats the text.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let key = text.trim();
        if key.starts_with("pk_") {
            return Err(KeyError::Publishable);
        }
        if key.starts_with("sk_org_") {
            return Err(KeyError::Organisation);
        }
        if key.starts_with("whsec_") {
            return Err(KeyError::WebhookSecret);
        }
        let known =
            ["sk_live_", "sk_test_", "rk_live_", "rk_test_"].iter().find(|prefix| key.starts_with(**prefix));
        let plain = key.len() <= 255 && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        match known {
            Some(prefix) if plain && key.len() >= prefix.len() + 8 => {
                Ok(Self(Arc::new(Zeroizing::new(key.to_owned()))))
            }
            _ => Err(KeyError::Malformed),
        }
    }

    /// Live or test, by its prefix.
    pub fn mode(&self) -> Mode {
        if self.0.get(3..8) == Some("live_") { Mode::Live } else { Mode::Test }
    }

    /// A restricted key.
    pub fn is_restricted(&self) -> bool {
        self.0.starts_with("rk_")
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

impl fmt::Debug for StripeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StripeKey({}...)", self.prefix())
    }
}

/// Finds and keeps the keys of stores: environment first, then memory, then the keychain.
pub struct Secrets {
    keychain: Keychain,
    from_environment: Option<Result<StripeKey, KeyError>>,
    held: Mutex<HashMap<String, StripeKey>>,
    klaviyo: KlaviyoKeys,
    report_server: ReportServerKeys,
}

/// Where a key went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// In the OS keychain.
    InKeychain,
    /// In memory, for this run; the keychain's problem.
    ForThisRun(KeychainProblem),
}

impl Secrets {
    /// Uses this keychain, and the environment variable as read now.
    pub fn new(keychain: Keychain) -> Self {
        let given = std::env::var(STRIPE_KEY_VARIABLE).ok().filter(|text| !text.trim().is_empty());
        Self::with_environment(keychain, given.as_deref())
    }

    fn with_environment(keychain: Keychain, given: Option<&str>) -> Self {
        let from_environment = given.map(StripeKey::parse);
        Self {
            keychain,
            from_environment,
            held: Mutex::default(),
            klaviyo: KlaviyoKeys::new(keychain),
            report_server: ReportServerKeys::new(keychain),
        }
    }

    /// The keychain.
    pub fn keychain(&self) -> &Keychain {
        &self.keychain
    }

    /// Klaviyo's keys.
    pub fn klaviyo(&self) -> &KlaviyoKeys {
        &self.klaviyo
    }

    /// Report servers' keys.
    pub fn report_server(&self) -> &ReportServerKeys {
        &self.report_server
    }

    /// Finds a store's key. A store with another base URL never gets a key made for the real Stripe: its
    /// keychain entry has a name of its own.
    pub fn find_stripe_key(&self, store: &StoreRecord) -> Option<(StripeKey, KeySource)> {
        match &self.from_environment {
            Some(Ok(key)) => return Some((key.clone(), KeySource::Environment)),
            // Another key than the one meant must not be used in its place.
            Some(Err(_)) => return None,
            None => {}
        }
        let held = self.held.lock().expect("no panic while held").get(&store.public_id).cloned();
        if let Some(key) = held {
            return Some((key, KeySource::Session));
        }
        let text = self.keychain.get(&entry_name(store))?;
        StripeKey::parse(&text).ok().map(|key| (key, KeySource::Keychain))
    }

    /// Why the key of the environment cannot be used; None where there is none, or a good one.
    pub fn environment_problem(&self) -> Option<KeyError> {
        self.from_environment.as_ref()?.as_ref().err().copied()
    }

    /// Keeps a store's key in the keychain, or in memory where there is none.
    pub fn keep_stripe_key(&self, store: &StoreRecord, key: &StripeKey) -> Kept {
        match self.keychain.set(&entry_name(store), key.expose()) {
            Ok(()) => {
                self.held.lock().expect("no panic while held").remove(&store.public_id);
                Kept::InKeychain
            }
            Err(problem) => {
                self.held.lock().expect("no panic while held").insert(store.public_id.clone(), key.clone());
                Kept::ForThisRun(problem)
            }
        }
    }

    /// Holds a key for this run only, whatever the keychain can do.
    pub fn hold_stripe_key(&self, store: &StoreRecord, key: &StripeKey) {
        self.held.lock().expect("no panic while held").insert(store.public_id.clone(), key.clone());
    }

    /// Forgets a store's key everywhere but in the environment.
    pub fn forget_stripe_key(&self, store: &StoreRecord) {
        self.held.lock().expect("no panic while held").remove(&store.public_id);
        self.keychain.delete(&entry_name(store));
    }
}

fn entry_name(store: &StoreRecord) -> String {
    if store.stripe_url == STRIPE_URL {
        format!("stripe:{}", store.public_id)
    } else {
        format!("stripe:{}:{}", store.public_id, store.stripe_url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_key_in_the_environment_is_said_and_no_other_taken_for_it() {
        let store = StoreRecord {
            public_id: "abcdefg".to_owned(),
            name: "Shop".to_owned(),
            mode: Mode::Test,
            stripe_url: STRIPE_URL.to_owned(),
            created_at: 0,
        };
        let held = StripeKey::parse("rk_test_abcdefgh12345678").unwrap();
        for (given, source, problem) in [
            (None, Some(KeySource::Session), None),
            (Some("sk_test_abcdefgh12345678"), Some(KeySource::Environment), None),
            (Some("pk_test_abcdefgh12345678"), None, Some(KeyError::Publishable)),
            (Some("hello"), None, Some(KeyError::Malformed)),
        ] {
            let secrets = Secrets::with_environment(Keychain::Off, given);
            secrets.hold_stripe_key(&store, &held);
            assert_eq!(secrets.find_stripe_key(&store).map(|(_, source)| source), source, "{given:?}");
            assert_eq!(secrets.environment_problem(), problem, "{given:?}");
        }
    }

    #[test]
    fn keys_are_told_apart_and_never_printed() {
        let key = StripeKey::parse("  rk_live_abcdefgh12345678\n").unwrap();
        assert_eq!((key.mode(), key.is_restricted(), key.prefix().as_str()), (Mode::Live, true, "rk_live"));
        assert!(!format!("{key:?}").contains("abcdefgh"));
        assert_eq!(StripeKey::parse("pk_test_abcdefgh").unwrap_err(), KeyError::Publishable);
        assert_eq!(StripeKey::parse("sk_org_live_abcdefgh").unwrap_err(), KeyError::Organisation);
        assert_eq!(StripeKey::parse("whsec_abcdefgh").unwrap_err(), KeyError::WebhookSecret);
        for bad in ["", "sk_test_", "sk_test_abc", "sk_test_abcdefgh\nX: y", "hello", "sk_test_abcdéfgh"] {
            assert_eq!(StripeKey::parse(bad).unwrap_err(), KeyError::Malformed, "{bad:?}");
        }
    }
}
