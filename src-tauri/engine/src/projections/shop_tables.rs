//! The tables of the shop's own rows: their columns, their indexes, and what of a row goes where.

use crate::db::types::Value;
use crate::domain::shop::{ShopKind, ShopRow};

/// Names of the tables, for dropping.
pub const TABLES: &[&str] =
    &["shop_purchase", "shop_wallet", "shop_entry", "shop_user", "shop_preorder", "shop_usage", "shop_batch"];

/// The tables. `row_key` is unique by an index of its own, so that a large batch can be stored before it is made.
pub const SQL: &str = "
-- Rows in force. `object` is the stripe_id of the payment intent, else of the session, else of the charge;
-- `applied` is 0 where the row says that nothing was granted; `clawed` is what it says was taken back.
CREATE TABLE shop_purchase (
  key INTEGER PRIMARY KEY, row_key TEXT NOT NULL, batch INTEGER NOT NULL, line INTEGER NOT NULL,
  purchase_id TEXT, object INTEGER, event_id TEXT, user_id TEXT, email TEXT, plan TEXT, credits INTEGER,
  amount INTEGER, currency TEXT, status TEXT, applied INTEGER NOT NULL, clawed INTEGER, endpoint TEXT, at INTEGER
) STRICT;
CREATE TABLE shop_wallet (
  key INTEGER PRIMARY KEY, row_key TEXT NOT NULL, batch INTEGER NOT NULL, line INTEGER NOT NULL,
  user_id TEXT, email TEXT, balance INTEGER NOT NULL, granted INTEGER
) STRICT;
-- `kind` is grant, spend, clawback, adjustment or other; spends and clawbacks are negative.
CREATE TABLE shop_entry (
  key INTEGER PRIMARY KEY, row_key TEXT NOT NULL, batch INTEGER NOT NULL, line INTEGER NOT NULL,
  entry_id TEXT, user_id TEXT, email TEXT, kind TEXT NOT NULL, credits INTEGER NOT NULL, object INTEGER,
  event_id TEXT, at INTEGER, note TEXT
) STRICT;
CREATE TABLE shop_user (
  key INTEGER PRIMARY KEY, row_key TEXT NOT NULL, batch INTEGER NOT NULL, line INTEGER NOT NULL,
  user_id TEXT, email TEXT, name TEXT, created_at INTEGER
) STRICT;
CREATE TABLE shop_preorder (
  key INTEGER PRIMARY KEY, row_key TEXT NOT NULL, batch INTEGER NOT NULL, line INTEGER NOT NULL,
  preorder_id TEXT, status TEXT, email TEXT, color TEXT, locale TEXT, source TEXT, user_id TEXT, object INTEGER,
  amount INTEGER, currency TEXT, at INTEGER
) STRICT;
CREATE TABLE shop_usage (
  key INTEGER PRIMARY KEY, row_key TEXT NOT NULL, batch INTEGER NOT NULL, line INTEGER NOT NULL,
  user_id TEXT, day INTEGER, label TEXT, count INTEGER
) STRICT;
-- How many rows of each batch are in force.
CREATE TABLE shop_batch (batch INTEGER PRIMARY KEY, in_force INTEGER NOT NULL) STRICT;
";

/// An index of one of the tables.
#[derive(Debug, PartialEq, Eq)]
pub struct Index {
    /// The kind whose table it is on.
    pub kind: ShopKind,
    /// Whether it is the one that makes `row_key` unique.
    pub is_key: bool,
    /// Its name.
    pub name: &'static str,
    /// How it is made.
    pub sql: &'static str,
}

macro_rules! indexes {
    ($($kind:ident $table:literal: $($column:literal),*;)*) => {
        &[$(
            Index {
                kind: ShopKind::$kind,
                is_key: true,
                name: concat!($table, "_row_key"),
                sql: concat!("CREATE UNIQUE INDEX IF NOT EXISTS ", $table, "_row_key ON ", $table, " (row_key)"),
            },
            $(Index {
                kind: ShopKind::$kind,
                is_key: false,
                name: concat!($table, "_", $column),
                sql: concat!(
                    "CREATE INDEX IF NOT EXISTS ", $table, "_", $column, " ON ", $table, " (", $column, ") WHERE ",
                    $column, " IS NOT NULL"
                ),
            },)*
        )*]
    };
}

/// Every index.
pub const INDEXES: &[Index] = indexes! {
    Purchases "shop_purchase": "object", "event_id", "user_id", "email";
    Wallets "shop_wallet": "user_id", "email";
    WalletEntries "shop_entry": "user_id", "email", "object";
    Users "shop_user": "user_id", "email";
    Preorders "shop_preorder": "preorder_id", "object";
    UsageDaily "shop_usage": "user_id";
};

/// The table of a kind.
pub const fn table_of(kind: ShopKind) -> &'static str {
    match kind {
        ShopKind::Preorders => "shop_preorder",
        ShopKind::Purchases => "shop_purchase",
        ShopKind::Wallets => "shop_wallet",
        ShopKind::WalletEntries => "shop_entry",
        ShopKind::Users => "shop_user",
        ShopKind::UsageDaily => "shop_usage",
    }
}

/// The columns of a kind's table after `row_key`, `batch` and `line`.
pub const fn columns_of(kind: ShopKind) -> &'static [&'static str] {
    match kind {
        ShopKind::Purchases => &[
            "purchase_id",
            "object",
            "event_id",
            "user_id",
            "email",
            "plan",
            "credits",
            "amount",
            "currency",
            "status",
            "applied",
            "clawed",
            "endpoint",
            "at",
        ],
        ShopKind::Wallets => &["user_id", "email", "balance", "granted"],
        ShopKind::WalletEntries => {
            &["entry_id", "user_id", "email", "kind", "credits", "object", "event_id", "at", "note"]
        }
        ShopKind::Users => &["user_id", "email", "name", "created_at"],
        ShopKind::Preorders => &[
            "preorder_id",
            "status",
            "email",
            "color",
            "locale",
            "source",
            "user_id",
            "object",
            "amount",
            "currency",
            "at",
        ],
        ShopKind::UsageDaily => &["user_id", "day", "label", "count"],
    }
}

/// The values of a row in the order of [`columns_of`].
pub(super) fn values_of(kind: ShopKind, row: ShopRow, object: Option<i64>, to: &mut Vec<Value>) {
    let text = |value: Option<String>| value.map_or(Value::Null, Value::Text);
    let number = |value: Option<i64>| value.map_or(Value::Null, Value::Integer);
    match kind {
        ShopKind::Purchases => to.extend([
            text(row.id),
            number(object),
            text(row.event_id),
            text(row.user_id),
            text(row.email),
            text(row.plan),
            number(row.credits),
            number(row.amount),
            text(row.currency),
            text(row.status),
            Value::Integer(i64::from(row.applied.unwrap_or(true))),
            number(row.clawed),
            text(row.endpoint),
            number(row.at),
        ]),
        ShopKind::Wallets => to.extend([
            text(row.user_id),
            text(row.email),
            Value::Integer(row.balance.unwrap_or(0)),
            number(row.granted),
        ]),
        ShopKind::WalletEntries => to.extend([
            text(row.id),
            text(row.user_id),
            text(row.email),
            text(row.kind.or_else(|| Some("other".to_owned()))),
            Value::Integer(row.credits.unwrap_or(0)),
            number(object),
            text(row.event_id),
            number(row.at),
            text(row.note),
        ]),
        ShopKind::Users => to.extend([text(row.user_id), text(row.email), text(row.name), number(row.at)]),
        ShopKind::Preorders => to.extend([
            text(row.preorder_id),
            text(row.status),
            text(row.email),
            text(row.color),
            text(row.locale),
            text(row.source),
            text(row.user_id),
            number(object),
            number(row.amount),
            text(row.currency),
            number(row.at),
        ]),
        ShopKind::UsageDaily => {
            to.extend([text(row.user_id), number(row.day), text(row.label), number(row.count)]);
        }
    }
}
