//! Whose an e-mail is: the one user that facts join it to, if there is just one.
//!
//! In: objects that name a user and an e-mail together, and the shop's own users. Out: `identity`, and the owner of what is bought.
//! An e-mail that several users carry belongs to none of them.

use std::collections::BTreeSet;

use super::wallets;
use crate::db::{Connection, DbResult, OptionalExtension, Transaction, params, rusqlite};

pub(super) const TABLES: [&str; 2] = ["identity", "dirty_email"];

pub(super) const SQL: &str = "
CREATE TABLE identity (email TEXT PRIMARY KEY, user_id TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX identity_user ON identity (user_id);

-- E-mails whose user must be looked at again.
CREATE TABLE dirty_email (email TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

CREATE INDEX node_person ON node (email, user_id) WHERE user_id IS NOT NULL AND email IS NOT NULL;
";

/// Marks an e-mail to be looked at again.
///
/// # Errors
/// The write failed.
pub fn mark(transaction: &Transaction<'_>, email: &str) -> DbResult<()> {
    transaction.prepare_cached("INSERT OR IGNORE INTO dirty_email (email) VALUES (?1)")?.execute([email])?;
    Ok(())
}

/// The owner of something that names a user, an e-mail, or neither: the user, else the user the e-mail belongs to,
/// else the e-mail.
///
/// # Errors
/// The read failed.
pub fn owner_of(
    connection: &Connection,
    user_id: Option<&str>,
    email: Option<&str>,
) -> DbResult<Option<String>> {
    if let Some(user_id) = user_id {
        return Ok(Some(user_id.to_owned()));
    }
    let Some(email) = email else { return Ok(None) };
    Ok(Some(find_user(connection, email)?.unwrap_or_else(|| email.to_owned())))
}

/// The user an e-mail belongs to.
///
/// # Errors
/// The read failed.
pub fn find_user(connection: &Connection, email: &str) -> DbResult<Option<String>> {
    Ok(connection
        .prepare_cached("SELECT user_id FROM identity WHERE email = ?1")?
        .query_row([email], |row| row.get(0))
        .optional()?)
}

/// Looks at no more than `limit` marked e-mails again; what they own goes to its owner now. Says how many it took.
///
/// # Errors
/// The write failed.
pub(super) fn settle(
    transaction: &Transaction<'_>,
    limit: usize,
    owners: &mut BTreeSet<String>,
) -> DbResult<usize> {
    let emails: Vec<String> = transaction
        .prepare_cached("SELECT email FROM dirty_email ORDER BY email LIMIT ?1")?
        .query_map([i64::try_from(limit).unwrap_or(i64::MAX)], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for email in &emails {
        settle_one(transaction, email, owners)?;
        transaction.prepare_cached("DELETE FROM dirty_email WHERE email = ?1")?.execute([email])?;
    }
    Ok(emails.len())
}

fn settle_one(transaction: &Transaction<'_>, email: &str, owners: &mut BTreeSet<String>) -> DbResult<()> {
    let before = find_user(transaction, email)?;
    let now = only_user(transaction, email)?;
    if before == now {
        return Ok(());
    }
    match &now {
        Some(user) => transaction
            .prepare_cached(
                "INSERT INTO identity (email, user_id) VALUES (?1, ?2) ON CONFLICT (email) DO UPDATE SET user_id = ?2",
            )?
            .execute(params![email, user])?,
        None => transaction.prepare_cached("DELETE FROM identity WHERE email = ?1")?.execute([email])?,
    };
    let from = before.unwrap_or_else(|| email.to_owned());
    let to = now.unwrap_or_else(|| email.to_owned());
    for sql in [
        "UPDATE wallet_entry SET owner = ?3 WHERE owner = ?2 AND email = ?1",
        "UPDATE purchase SET owner = ?3 WHERE owner = ?2 AND email = ?1 AND user_id IS NULL",
    ] {
        transaction.prepare_cached(sql)?.execute(params![email, from, to])?;
    }
    owners.extend([from, to]);
    Ok(())
}

/// The shop's own users say it where there are any for this e-mail; else the objects at Stripe.
fn only_user(connection: &Connection, email: &str) -> DbResult<Option<String>> {
    for sql in [
        wallets::USERS_OF_EMAIL,
        "SELECT DISTINCT user_id FROM node WHERE email = ?1 AND user_id IS NOT NULL LIMIT 2",
    ] {
        let users: Vec<String> = connection
            .prepare_cached(sql)?
            .query_map([email], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        if let [first, rest @ ..] = users.as_slice() {
            return Ok(rest.is_empty().then(|| first.clone()));
        }
    }
    Ok(None)
}
