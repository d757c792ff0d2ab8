//! A shop's Klaviyo account: where the connection stands, which metrics there are, and what a test of a key sees.

mod events;
mod metrics;
mod seen;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub use events::{EventPolicy, EventVerdict, KlaviyoSettings, OrderAt, OrderEvent, SeenAt, assign};
pub use metrics::{
    KlaviyoIntegration, KlaviyoMetric, KlaviyoSuggestion, SuggestReason, merge_metrics, suggest,
};
pub use seen::{
    KlaviyoCheck, KlaviyoLimit, KlaviyoList, KlaviyoLists, KlaviyoRevision, KlaviyoScope, KlaviyoTest,
    KlaviyoWarning, ScopePurpose, ScopeState,
};

/// Klaviyo's own host.
pub const KLAVIYO_URL: &str = "https://a.klaviyo.com";

/// Where a store stands with Klaviyo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum KlaviyoStatus {
    /// Never connected, or disconnected by an operator.
    NotConfigured,
    /// The last answer was good.
    Connected,
    /// The key is missing, or Klaviyo refuses it.
    Disconnected,
    /// Something else went wrong the last time.
    Error,
}

impl KlaviyoStatus {
    /// The word as it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotConfigured => "not_configured",
            Self::Connected => "connected",
            Self::Disconnected => "disconnected",
            Self::Error => "error",
        }
    }

    /// Reads the stored word; anything else is an error that somebody has to look at.
    pub fn parse(word: &str) -> Self {
        match word {
            "connected" => Self::Connected,
            "disconnected" => Self::Disconnected,
            "not_configured" => Self::NotConfigured,
            _ => Self::Error,
        }
    }
}

/// One Klaviyo account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct KlaviyoAccount {
    /// The six characters that shops put into their pages.
    pub public_id: String,
    /// The organisation's name.
    pub name: String,
    /// IANA name; may be an alias such as `US/Eastern`.
    pub time_zone: Option<String>,
    /// Upper case, as Klaviyo writes it.
    pub currency: Option<String>,
    /// Klaviyo says that it is a test account. There is no test key and no other host.
    pub test_account: bool,
}

/// A kind of report that is synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ReportKind {
    /// Campaigns; counted by the conversion metric.
    Campaigns,
    /// Flows; counted by the conversion metric.
    Flows,
    /// Segments.
    Segments,
    /// Forms.
    Forms,
}

impl ReportKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Campaigns, Self::Flows, Self::Segments, Self::Forms];
    /// The kinds that another conversion metric makes stale.
    pub const BY_METRIC: [Self; 2] = [Self::Campaigns, Self::Flows];

    /// The word as it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Campaigns => "campaigns",
            Self::Flows => "flows",
            Self::Segments => "segments",
            Self::Forms => "forms",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// How far a report sync is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ReportSyncState {
    /// Asked for.
    Queued,
    /// Begun.
    Running,
    /// Put off until an instant: a limit, or a failure that may pass.
    Waiting,
    /// Done.
    Succeeded,
    /// Ended with some of it done.
    Partial,
    /// Given up.
    Failed,
    /// Not done, because it is switched off or was cancelled.
    Skipped,
}

impl ReportSyncState {
    /// The word as it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Succeeded => "succeeded",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "queued" => Some(Self::Queued),
            "running" => Some(Self::Running),
            "waiting" => Some(Self::Waiting),
            "succeeded" => Some(Self::Succeeded),
            "partial" => Some(Self::Partial),
            "failed" => Some(Self::Failed),
            "skipped" => Some(Self::Skipped),
            _ => None,
        }
    }
}
