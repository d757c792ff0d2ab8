//! Wallets: one row an owner, the sum of its entries.
//!
//! Entries are what purchases grant and take back, what operators adjusted here, and what the shop's own rows say was spent or
//! adjusted there. The shop's own grants are no entries: they are claims, held against ours by the reconciliation.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::findings::rules::negative_wallet;
use super::identity::{self, owner_of};
use crate::db::{Connection, DbError, DbResult, Transaction, params};
use crate::domain::email::normalize;
use crate::facts::local::LocalFact;

pub(super) const TABLES: [&str; 2] = ["wallet_entry", "wallet"];

pub(super) const SQL: &str = "
-- Entries of purchases, by payment; and adjustments made here, without one. An owner who is known by e-mail only keeps it here.
CREATE TABLE wallet_entry (
  key INTEGER PRIMARY KEY, owner TEXT NOT NULL, email TEXT, at INTEGER NOT NULL, kind TEXT NOT NULL,
  credits INTEGER NOT NULL, payment INTEGER, cause TEXT NOT NULL, local INTEGER
) STRICT;
CREATE INDEX wallet_entry_owner ON wallet_entry (owner, at);
CREATE INDEX wallet_entry_payment ON wallet_entry (payment) WHERE payment IS NOT NULL;

CREATE TABLE wallet (
  owner TEXT PRIMARY KEY, granted INTEGER NOT NULL, clawed INTEGER NOT NULL, reversed INTEGER NOT NULL,
  spent INTEGER NOT NULL, adjusted INTEGER NOT NULL, balance INTEGER NOT NULL, entries INTEGER NOT NULL,
  first_at INTEGER, last_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX wallet_balance ON wallet (balance, owner);
";

/// The users of the shop's own rows that carry an e-mail.
pub(super) const USERS_OF_EMAIL: &str = "SELECT DISTINCT user_id FROM shop_user WHERE email = ?1 AND email IS NOT NULL AND user_id IS NOT NULL LIMIT 2";

/// The shop's entries of one owner `?1`, as (kind, credits, at, batch, line, note, entry id).
pub const SHOP_ENTRIES_OF_OWNER: &str = "
    SELECT kind, credits, at, batch, line, note, entry_id FROM shop_entry WHERE user_id = ?1 AND user_id IS NOT NULL
    UNION ALL
    SELECT kind, credits, at, batch, line, note, entry_id FROM shop_entry
      WHERE email = ?1 AND email IS NOT NULL AND user_id IS NULL AND NOT EXISTS (SELECT 1 FROM identity WHERE email = ?1)
    UNION ALL
    SELECT s.kind, s.credits, s.at, s.batch, s.line, s.note, s.entry_id
      FROM identity i CROSS JOIN shop_entry s ON s.email = i.email AND s.email IS NOT NULL
      WHERE i.user_id = ?1 AND s.user_id IS NULL";

const SUMS: &str = "
    coalesce(sum(CASE kind WHEN 'grant' THEN credits END), 0), coalesce(-sum(CASE kind WHEN 'clawback' THEN credits END), 0),
    coalesce(sum(CASE kind WHEN 'reversal' THEN credits END), 0), coalesce(-sum(CASE kind WHEN 'spend' THEN credits END), 0),
    coalesce(sum(CASE kind WHEN 'adjustment' THEN credits END), 0), coalesce(sum(credits), 0), count(*), min(at), max(at)";

/// Adds up the wallet of an owner anew; without entries it goes.
///
/// # Errors
/// The write failed.
pub(super) fn refresh(transaction: &Transaction<'_>, owner: &str) -> DbResult<()> {
    let sql = format!(
        "INSERT OR REPLACE INTO wallet (owner, granted, clawed, reversed, spent, adjusted, balance, entries, first_at, last_at)
         SELECT ?1, {SUMS} FROM (
           SELECT kind, credits, at FROM wallet_entry WHERE owner = ?1
           UNION ALL SELECT kind, credits, at FROM ({SHOP_ENTRIES_OF_OWNER}) WHERE kind IN ('spend', 'adjustment')
         ) RETURNING balance"
    );
    let balance = transaction.prepare_cached(&sql)?.query_row([owner], |row| row.get(0))?;
    transaction.prepare_cached("DELETE FROM wallet WHERE owner = ?1 AND entries = 0")?.execute([owner])?;
    negative_wallet::keep(transaction, owner, balance)
}

/// Adds up every wallet anew.
///
/// # Errors
/// The write failed.
pub fn refresh_all(transaction: &Transaction<'_>) -> DbResult<()> {
    transaction.execute_batch(&format!(
        "DELETE FROM wallet;
         INSERT INTO wallet (owner, granted, clawed, reversed, spent, adjusted, balance, entries, first_at, last_at)
         SELECT owner, {SUMS} FROM (
           SELECT owner, kind, credits, at FROM wallet_entry
           UNION ALL
           SELECT coalesce(s.user_id, i.user_id, s.email), s.kind, s.credits, s.at FROM shop_entry s
             LEFT JOIN identity i ON i.email = s.email WHERE s.kind IN ('spend', 'adjustment')
         ) WHERE owner IS NOT NULL GROUP BY owner;"
    ))?;
    negative_wallet::keep_all(transaction)
}

/// Call when the shop's own users changed: whose an e-mail is will be looked at again by the next folds.
///
/// # Errors
/// The write failed.
pub fn mark_users(transaction: &Transaction<'_>) -> DbResult<()> {
    transaction.execute_batch(
        "INSERT OR IGNORE INTO dirty_email (email)
         SELECT email FROM shop_user WHERE email IS NOT NULL UNION SELECT email FROM identity",
    )?;
    Ok(())
}

/// What an operator's adjustment says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Adjustment {
    /// Credits, with their sign.
    pub credits: i64,
    /// Why.
    pub reason: String,
}

/// Takes an adjustment into its owner's wallet.
///
/// # Errors
/// The write failed, or the fact's body is damaged.
pub(super) fn take_adjustment(transaction: &Transaction<'_>, fact: &LocalFact) -> DbResult<()> {
    let body: Adjustment = serde_json::from_str(&fact.body)
        .map_err(|error| DbError::Corrupt(format!("local adjustment: {error}")))?;
    let email = normalize(&fact.subject);
    let owner = match &email {
        Some(email) => owner_of(transaction, None, Some(email))?.unwrap_or_default(),
        None => fact.subject.clone(),
    };
    transaction
        .prepare_cached(
            "INSERT INTO wallet_entry (owner, email, at, kind, credits, cause, local) VALUES (?1, ?2, ?3, 'adjustment', ?4, ?5, ?6)",
        )?
        .execute(params![owner, email, fact.made_at, body.credits, format!("local:{}", fact.seq), fact.seq])?;
    refresh(transaction, &owner)
}

/// Adds up the wallets of these owners anew.
///
/// # Errors
/// The write failed.
pub(super) fn refresh_these(transaction: &Transaction<'_>, owners: BTreeSet<String>) -> DbResult<()> {
    owners.iter().try_for_each(|owner| refresh(transaction, owner))
}

/// Whom an owner's name means: a user, or the user an e-mail belongs to, or the e-mail.
///
/// # Errors
/// The read failed.
pub fn find_owner(connection: &Connection, name: &str) -> DbResult<String> {
    let name = name.trim();
    let Some(email) = normalize(name) else { return Ok(name.to_owned()) };
    Ok(identity::find_user(connection, &email)?.unwrap_or(email))
}
