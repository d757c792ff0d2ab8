//! A store: one shop, one Stripe account in one mode, one mirror file.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Live money or test money. The two never share a mirror file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Mode {
    /// Real money.
    Live,
    /// Test money, including Stripe's sandboxes and the built-in practice store.
    Test,
}

impl Mode {
    /// The word as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}

/// Stripe's own host, the only one a live key is sent to.
pub const STRIPE_URL: &str = "https://api.stripe.com";

/// What the registry knows of a store. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreRecord {
    /// Seven characters, made once.
    pub public_id: String,
    /// The name a person gave it.
    pub name: String,
    /// Live or test.
    pub mode: Mode,
    /// Base URL of Stripe's API, fixed when the store is made.
    pub stripe_url: String,
    /// Made at, unix seconds.
    pub created_at: i64,
}

/// Where a key comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum KeySource {
    /// No key is at hand.
    None,
    /// The OS keychain.
    Keychain,
    /// An environment variable, for this process.
    Environment,
    /// Held in memory for this run only.
    Session,
}

/// A store as the window and the command line show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct StoreView {
    /// Seven characters; `file-...` for an opened file.
    pub public_id: String,
    /// The name a person gave it.
    pub name: String,
    /// Live or test; null for an opened file that does not say.
    pub mode: Option<Mode>,
    /// Base URL of Stripe's API.
    pub stripe_url: Option<String>,
    /// Whether that is Stripe's own host.
    pub is_stripe: bool,
    /// The Stripe account, once known.
    pub account_id: Option<String>,
    /// Where the key comes from.
    pub key_source: KeySource,
    /// At most the key's first seven characters.
    pub key_prefix: Option<String>,
    /// A restricted key (`rk_`).
    pub key_restricted: bool,
    /// Opened read-only: no key, no network, no writes.
    pub read_only: bool,
    /// IANA time zone its days are counted in.
    pub time_zone: String,
    /// Where the mirror file lies.
    pub mirror_path: String,
}
