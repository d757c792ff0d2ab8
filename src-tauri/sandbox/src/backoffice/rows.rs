//! The rows of the shop's tables, in the order of their columns.

use serde::{Serialize, Serializer};

/// A table of the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// `purchases`
    Purchases,
    /// `wallets`
    Wallets,
    /// `wallet_entries`
    WalletEntries,
    /// `users`
    Users,
    /// `usage_daily`
    UsageDaily,
    /// `preorders`
    Preorders,
}

impl Table {
    /// All tables.
    pub const ALL: [Table; 6] = [
        Table::Purchases,
        Table::Wallets,
        Table::WalletEntries,
        Table::Users,
        Table::UsageDaily,
        Table::Preorders,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Table::Purchases => "purchases",
            Table::Wallets => "wallets",
            Table::WalletEntries => "wallet_entries",
            Table::Users => "users",
            Table::UsageDaily => "usage_daily",
            Table::Preorders => "preorders",
        }
    }

    /// The table of a name.
    pub fn named(name: &str) -> Option<Table> {
        Table::ALL.into_iter().find(|table| table.name() == name)
    }

    /// Its columns, in their order.
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Table::Purchases => &[
                "id",
                "user_id",
                "email",
                "stripe_event_id",
                "payment_intent",
                "session_id",
                "plan",
                "credits",
                "amount",
                "currency",
                "status",
                "endpoint",
                "created_at",
            ],
            Table::Wallets => &["user_id", "email", "balance", "granted"],
            Table::WalletEntries => &[
                "id",
                "user_id",
                "email",
                "kind",
                "credits",
                "payment_intent",
                "stripe_event_id",
                "created_at",
                "note",
            ],
            Table::Users => &["id", "email", "name", "created_at"],
            Table::UsageDaily => &["user_id", "day", "model", "count"],
            Table::Preorders => &[
                "id",
                "status",
                "email",
                "color",
                "locale",
                "source",
                "user_id",
                "session_id",
                "payment_intent",
                "amount",
                "currency",
                "created_at",
            ],
        }
    }
}

/// A payment for credits that a handler applied, or put down as pending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PurchaseRow {
    /// The shop's own id.
    pub id: String,
    /// Metadata `userId`; a guest has none.
    pub user_id: Option<String>,
    /// The buyer's e-mail.
    pub email: Option<String>,
    /// The event that the handler was told.
    pub stripe_event_id: Option<String>,
    /// Its payment intent; a free pack has none.
    pub payment_intent: Option<String>,
    /// Its checkout.
    pub session_id: Option<String>,
    /// The plan bought.
    pub plan: String,
    /// Credits it is worth.
    pub credits: i64,
    /// Minor units.
    pub amount: i64,
    /// Lower case.
    pub currency: String,
    /// pending, paid, refunded, partially_refunded or disputed.
    pub status: String,
    /// Path of the webhook endpoint whose handler wrote the row.
    pub endpoint: String,
    /// Unix seconds; written as RFC 3339.
    #[serde(serialize_with = "instant")]
    pub created_at: i64,
}

/// What an owner has left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WalletRow {
    /// The user; a guest for good has none.
    pub user_id: Option<String>,
    /// Their e-mail.
    pub email: Option<String>,
    /// Credits left.
    pub balance: i64,
    /// Credits ever granted.
    pub granted: i64,
}

/// Something that moved a balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WalletEntryRow {
    /// The shop's own id.
    pub id: String,
    /// The user; a guest for good has none.
    pub user_id: Option<String>,
    /// Their e-mail.
    pub email: Option<String>,
    /// grant, spend, clawback or adjustment.
    pub kind: &'static str,
    /// What it added; spending and claw-backs are negative.
    pub credits: i64,
    /// The payment that it is about.
    pub payment_intent: Option<String>,
    /// The event that the handler was told.
    pub stripe_event_id: Option<String>,
    /// Unix seconds; written as RFC 3339.
    #[serde(serialize_with = "instant")]
    pub created_at: i64,
    /// Why, in words.
    pub note: String,
    /// The user, else the e-mail in lower case; not a column.
    #[serde(skip)]
    pub owner: String,
}

/// Somebody with an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UserRow {
    /// The shop's id, as in metadata `userId`.
    pub id: String,
    /// Their e-mail.
    pub email: Option<String>,
    /// Their name.
    pub name: String,
    /// Unix seconds; written as RFC 3339.
    #[serde(serialize_with = "instant")]
    pub created_at: i64,
}

/// Pictures that a user rendered on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UsageRow {
    /// The user.
    pub user_id: String,
    /// UTC, as 2026-09-21.
    pub day: String,
    /// The model that rendered.
    pub model: String,
    /// Pictures; each costs one credit.
    pub count: i64,
}

/// A preorder as the shop knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PreorderRow {
    /// Its preorderId, else its first checkout's id, else its intent's.
    pub id: String,
    /// The ledger's word.
    pub status: String,
    /// The buyer's e-mail.
    pub email: Option<String>,
    /// The colour ordered.
    pub color: Option<String>,
    /// The page's language.
    pub locale: Option<String>,
    /// Where the buyer came from.
    pub source: Option<String>,
    /// Metadata `userId`.
    pub user_id: Option<String>,
    /// Its latest checkout.
    pub session_id: Option<String>,
    /// Its latest payment intent.
    pub payment_intent: Option<String>,
    /// Minor units.
    pub amount: i64,
    /// Lower case.
    pub currency: String,
    /// Unix seconds; written as RFC 3339.
    #[serde(serialize_with = "instant")]
    pub created_at: i64,
}

/// The day of an instant, UTC.
pub(super) fn day(at: i64) -> String {
    chrono::DateTime::from_timestamp(at, 0).unwrap_or_default().format("%Y-%m-%d").to_string()
}

fn instant<S: Serializer>(at: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    let at = chrono::DateTime::from_timestamp(*at, 0).unwrap_or_default();
    serializer.serialize_str(&at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
}
