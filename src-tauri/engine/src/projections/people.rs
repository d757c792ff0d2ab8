//! People: one row a normalised e-mail, made from the orders that carry it.

use crate::db::{DbResult, OptionalExtension, Transaction, params};

/// Makes the row of an e-mail anew from its orders; without orders it goes.
///
/// # Errors
/// The write failed.
pub fn refresh(transaction: &Transaction<'_>, email: &str) -> DbResult<()> {
    let (preorders, paid, first_at, last_at, any_name): (i64, i64, Option<i64>, Option<i64>, Option<String>) =
        transaction
            .prepare_cached(
                "SELECT count(*), coalesce(sum(reached >= 4), 0), min(started_at), max(started_at), max(name)
                 FROM preorder WHERE email = ?1",
            )?
            .query_row([email], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?;
    let key: Option<i64> = transaction
        .prepare_cached("SELECT key FROM person WHERE email = ?1")?
        .query_row([email], |row| row.get(0))
        .optional()?;
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
            .prepare_cached("UPDATE person SET name = ?2, preorders = ?3, paid = ?4, first_at = ?5, last_at = ?6 WHERE key = ?1")?
            .execute(params![key, name, preorders, paid, first_at, last_at])?;
    } else {
        transaction
            .prepare_cached("INSERT INTO person (email, name, preorders, paid, first_at, last_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
            .execute(params![email, name, preorders, paid, first_at, last_at])?;
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
