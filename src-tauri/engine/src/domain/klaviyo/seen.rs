//! What a test of a key sees, and what the connection's own page shows.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{KlaviyoAccount, KlaviyoMetric, KlaviyoSuggestion};

/// What a scope of a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ScopePurpose {
    /// Connecting: whose key it is, and which metrics there are.
    Connect,
    /// Syncing reports.
    Reports,
    /// Holding what was sent against orders.
    CrossCheck,
    /// Sending events and profiles.
    Send,
    /// Comparing audiences.
    Audiences,
}

/// What is known of a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ScopeState {
    /// A request that needs it was answered.
    Granted,
    /// A request that needs it was refused for want of it.
    Missing,
    /// Only a write would tell, and none is made to find out.
    NotProbed,
    /// Klaviyo could not say.
    Unknown,
}

/// One scope that Foredeck can make use of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct KlaviyoScope {
    /// Klaviyo's name for it, such as `metrics:read`.
    pub scope: String,
    /// What it is for.
    pub purpose: ScopePurpose,
    /// Without it there is no connecting.
    pub needed: bool,
    /// What is known of it.
    pub state: ScopeState,
    /// What Klaviyo said where it could not say more.
    pub detail: Option<String>,
}

/// How often an endpoint may be asked, and how much of that is left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct KlaviyoLimit {
    /// The endpoint, by Klaviyo's name.
    pub endpoint: String,
    /// A second, by Klaviyo's specification.
    pub per_s: u32,
    /// A minute.
    pub per_min: u32,
    /// A day, where that is limited.
    pub per_day: Option<u32>,
    /// Left in the minute, as the last answer said.
    pub remaining: Option<i64>,
    /// Seconds until the minute is fresh, as the last answer said.
    pub reset_s: Option<i64>,
    /// Klaviyo asked to wait until then, unix seconds.
    pub until: Option<i64>,
}

/// The revision of Klaviyo's API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct KlaviyoRevision {
    /// The one every request asks for.
    pub asked: String,
    /// The one that answered last; null where no answer said.
    pub answered: Option<String>,
}

/// Something to know that stops nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct KlaviyoWarning {
    /// `KEY_LENGTH`, `TEST_ACCOUNT`, `CUSTOM_METRICS`, `MAPPED_METRICS`, `METRICS_CUT`, `LISTS`, `FOREIGN_NEXT`, `REVISION`.
    pub code: String,
    /// What it is, in a sentence.
    pub message: String,
}

/// What a test of a key sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct KlaviyoTest {
    /// Whose key it is.
    pub account: KlaviyoAccount,
    /// What the key may do.
    pub scopes: Vec<KlaviyoScope>,
    /// Metrics and custom metrics: Shopify's "Placed Order" first, then by name.
    pub metrics: Vec<KlaviyoMetric>,
    /// The metric to select until somebody selects another.
    pub suggested: Option<KlaviyoSuggestion>,
    /// Limits of every endpoint that was asked.
    pub limits: Vec<KlaviyoLimit>,
    /// Asked and answered.
    pub revision: KlaviyoRevision,
    /// What stops nothing.
    pub warnings: Vec<KlaviyoWarning>,
    /// At most the key's first seven characters.
    pub key_prefix: String,
    /// The key is of the connected account; null where none is connected.
    pub same_account: Option<bool>,
}

/// One list of profiles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct KlaviyoList {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// The account's lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct KlaviyoLists {
    /// How many were counted.
    pub count: i64,
    /// All were counted; false where there are more.
    pub complete: bool,
    /// The first of them.
    pub samples: Vec<KlaviyoList>,
}

/// What "Test connection" finds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct KlaviyoCheck {
    /// When, unix seconds.
    pub at: i64,
    /// What a test of the key sees.
    pub seen: KlaviyoTest,
    /// The account's lists; null where the key may not read them.
    pub lists: Option<KlaviyoLists>,
    /// The local clock minus Klaviyo's, seconds.
    pub clock_skew_s: Option<i64>,
    /// How long the first answer took, milliseconds.
    pub latency_ms: Option<i64>,
    /// All of it as text without secrets, to be copied.
    pub report: String,
}
