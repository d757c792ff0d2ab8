//! Purchases: one payment each, and what became of it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Where a purchase stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum PurchaseStatus {
    /// Not paid, and still may be.
    Pending,
    /// Paid.
    Paid,
    /// Wholly refunded.
    Refunded,
    /// Refunded in part.
    PartiallyRefunded,
    /// A dispute is open or lost.
    Disputed,
}

impl PurchaseStatus {
    /// Every status.
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Paid, Self::Refunded, Self::PartiallyRefunded, Self::Disputed];

    /// The word as it is stored and shown in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Paid => "paid",
            Self::Refunded => "refunded",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Disputed => "disputed",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

/// What the plan table says of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Coverage {
    /// A rule gives it a plan.
    Plan,
    /// A rule says that it buys no credits.
    NoCredits,
    /// No rule covers it.
    Unmapped,
}

impl Coverage {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Plan, Self::NoCredits, Self::Unmapped];

    /// The word as it is stored and shown in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::NoCredits => "no_credits",
            Self::Unmapped => "unmapped",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|coverage| coverage.as_str() == word)
    }
}

/// The kind of a change to a wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum EntryKind {
    /// A payment gave credits.
    Grant,
    /// Credits were used, as the shop's rows say.
    Spend,
    /// A refund or a lost dispute took credits back.
    Clawback,
    /// What a refund that failed or a dispute that was won had taken came back.
    Reversal,
    /// Somebody gave or took credits by hand.
    Adjustment,
}

impl EntryKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Grant, Self::Spend, Self::Clawback, Self::Reversal, Self::Adjustment];

    /// The word as it is stored and shown in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Spend => "spend",
            Self::Clawback => "clawback",
            Self::Reversal => "reversal",
            Self::Adjustment => "adjustment",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}
