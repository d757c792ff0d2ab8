//! People: one row a normalised e-mail, made from the orders that carry it.

use super::findings::Findings;
use crate::db::{DbResult, OptionalExtension, Transaction, params};

/// Makes the row of an e-mail anew from its orders, and what is found of it; without orders it goes.
///
/// # Errors
/// The write failed.
pub(super) fn refresh(transaction: &Transaction<'_>, email: &str, findings: &Findings) -> DbResult<()> {
    type Sums = (i64, i64, Option<i64>, Option<i64>, Option<String>, i64, i64);
    let (preorders, paid, first_at, last_at, any_name, kept, sessions): Sums = transaction
        .prepare_cached(
            "SELECT count(*), coalesce(sum(reached >= 4), 0), min(started_at), max(started_at), max(name),
                    coalesce(sum(goods AND reached = 5 AND color IS NOT NULL), 0), coalesce(sum(sessions), 0)
             FROM preorder WHERE email = ?1",
        )?
        .query_row([email], |row| {
            let (kept, sessions) = (row.get(5)?, row.get(6)?);
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, kept, sessions))
        })?;
    let held: Option<(i64, i64)> = transaction
        .prepare_cached("SELECT key, findings FROM person WHERE email = ?1")?
        .query_row([email], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (key, had) = (held.map(|(key, _)| key), held.map_or(0, |(_, had)| had));
    let found = findings.keep_person(transaction, email, (kept, sessions, had))?;
    let (Some(first_at), Some(last_at)) = (first_at, last_at) else {
        if let Some(key) = key {
            transaction.prepare_cached("DELETE FROM person WHERE key = ?1")?.execute([key])?;
            transaction.prepare_cached("DELETE FROM person_text WHERE rowid = ?1")?.execute([key])?;
        }
        return Ok(());
    };
    let name = if preorders == 1 { any_name } else { newest_name(transaction, email)? };
    if let Some(key) = key {
        transaction
            .prepare_cached("UPDATE person SET name = ?2, preorders = ?3, paid = ?4, first_at = ?5, last_at = ?6, findings = ?7 WHERE key = ?1")?
            .execute(params![key, name, preorders, paid, first_at, last_at, found])?;
    } else {
        transaction
            .prepare_cached("INSERT INTO person (email, name, preorders, paid, first_at, last_at, findings) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
            .execute(params![email, name, preorders, paid, first_at, last_at, found])?;
        let key = transaction.last_insert_rowid();
        transaction
            .prepare_cached("INSERT INTO person_text (rowid, email) VALUES (?1, ?2)")?
            .execute(params![key, email])?;
    }
    Ok(())
}

fn newest_name(transaction: &Transaction<'_>, email: &str) -> DbResult<Option<String>> {
    Ok(transaction
        .prepare_cached(
            "SELECT name FROM preorder WHERE email = ?1 AND name IS NOT NULL ORDER BY started_at DESC, id DESC LIMIT 1",
        )?
        .query_row([email], |row| row.get(0))
        .optional()?)
}
