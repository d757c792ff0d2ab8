//! The shop's own rows: their kinds, their fields, and what a normalised row holds.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A kind of row that a shop keeps of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ShopKind {
    /// Orders as the shop knows them.
    Preorders,
    /// Purchases of credits.
    Purchases,
    /// Balances by owner.
    Wallets,
    /// What went into wallets and out of them.
    WalletEntries,
    /// Accounts.
    Users,
    /// Uses by user, day and label.
    UsageDaily,
}

impl ShopKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Preorders, Self::Purchases, Self::Wallets, Self::WalletEntries, Self::Users, Self::UsageDaily];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Preorders => "preorders",
            Self::Purchases => "purchases",
            Self::Wallets => "wallets",
            Self::WalletEntries => "wallet_entries",
            Self::Users => "users",
            Self::UsageDaily => "usage_daily",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A row in its normal form. One shape for every kind; each uses the fields it has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the fields are named as the tables of projections/shop.rs name them")]
pub struct ShopRow {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preorder_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_intent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charge: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credits: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clawed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balance: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub granted: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
}

impl ShopRow {
    /// The Stripe object the row is about: its payment intent, else its session, else its charge.
    pub fn object(&self) -> Option<&str> {
        self.payment_intent.as_deref().or(self.session.as_deref()).or(self.charge.as_deref())
    }

    /// What makes it the same row in another file; None where only its whole content could.
    pub fn key(&self, kind: ShopKind) -> Option<String> {
        let owner = || self.user_id.clone().or_else(|| self.email.clone());
        match kind {
            ShopKind::Purchases | ShopKind::WalletEntries => self.id.clone(),
            ShopKind::Preorders => self.preorder_id.clone(),
            ShopKind::Users | ShopKind::Wallets => owner(),
            ShopKind::UsageDaily => {
                let label = self.label.as_deref().unwrap_or_default();
                Some(format!("{}\u{1f}{}\u{1f}{label}", owner()?, self.day?))
            }
        }
    }
}
