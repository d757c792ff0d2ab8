//! Findings: something wrong with an order or an account, by a named rule. The words that describe one.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Severity {
    /// Money or goods go wrong while nobody looks.
    Critical,
    /// A customer waits, or something is about to go wrong.
    Warning,
    /// Worth knowing.
    Info,
}

impl Severity {
    /// Every one, the worst first.
    pub const ALL: [Self; 3] = [Self::Critical, Self::Warning, Self::Info];

    /// The word as it is shown in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == word)
    }
}

/// Where a finding stands. What operators said of it comes first, then the facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum FindingState {
    /// It waits for somebody.
    #[default]
    Open,
    /// An operator put it off until some instant.
    Snoozed,
    /// An operator said that it is not wrong.
    Dismissed,
    /// An operator said that it was dealt with.
    Resolved,
    /// It was resolved by itself: the facts no longer say so.
    Gone,
}

impl FindingState {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Open, Self::Snoozed, Self::Dismissed, Self::Resolved, Self::Gone];

    /// The word as it is stored and shown in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Snoozed => "snoozed",
            Self::Dismissed => "dismissed",
            Self::Resolved => "resolved",
            Self::Gone => "gone",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// One thing that a finding rests on. `name` says what it is; the rest is filled as far as it has a meaning.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct Evidence {
    /// What it is: `session`, `intent`, `decline_code`, `candidate` and the like.
    pub name: String,
    /// The id of an object or an order.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub id: Option<String>,
    /// Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub at: Option<i64>,
    /// A word or text of Stripe's, the shop's or the customer's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub text: Option<String>,
    /// Minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub amount_minor: Option<i64>,
    /// Lower-case currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub currency: Option<String>,
    /// How likely a candidate is, 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub score: Option<i64>,
}

impl Evidence {
    /// A thing by its name alone.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// With the id it is about.
    #[must_use]
    pub fn id(self, id: &str) -> Self {
        Self { id: Some(id.to_owned()), ..self }
    }

    /// With an instant.
    #[must_use]
    pub fn at(self, at: Option<i64>) -> Self {
        Self { at, ..self }
    }

    /// With a text.
    #[must_use]
    pub fn text(self, text: Option<&str>) -> Self {
        Self { text: text.map(str::to_owned), ..self }
    }

    /// With money.
    #[must_use]
    pub fn money(self, minor: Option<i64>, currency: Option<&str>) -> Self {
        Self { amount_minor: minor, currency: currency.map(str::to_owned), ..self }
    }
}

/// What a store set of one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct RuleSetting {
    /// Whether it is looked for.
    pub on: bool,
    /// Seconds from the instant it counts from until it opens; negative where that lies ahead.
    pub threshold_s: i64,
}

/// Who knows the shop's users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum IdentityConnector {
    /// Nobody: orders need no user id.
    #[default]
    None,
    /// The users that were imported; every checkout has to name one.
    ImportedUsers,
}
