//! The status of a preorder.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The status of a preorder: the first of these that holds (docs/glossary.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum PreorderStatus {
    /// A dispute is open or was lost.
    Disputed,
    /// Paid, then refunded in whole.
    Refunded,
    /// Paid, then refunded in part.
    PartiallyRefunded,
    /// Paid, or no payment was required.
    Completed,
    /// A session is open, or a payment was attempted and is not final.
    Processing,
    /// An intent is known, nothing was opened.
    Initiated,
    /// The payment failed for good.
    Failed,
    /// The payment was cancelled.
    Canceled,
    /// The session expired without a payment.
    Expired,
}

impl PreorderStatus {
    /// Every status, in the order of precedence.
    pub const ALL: [Self; 9] = [
        Self::Disputed,
        Self::Refunded,
        Self::PartiallyRefunded,
        Self::Completed,
        Self::Processing,
        Self::Initiated,
        Self::Failed,
        Self::Canceled,
        Self::Expired,
    ];

    /// The word as it stands in the mirror, in JSON and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disputed => "disputed",
            Self::Refunded => "refunded",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Completed => "completed",
            Self::Processing => "processing",
            Self::Initiated => "initiated",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Expired => "expired",
        }
    }

    /// Reads the word; None for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}
