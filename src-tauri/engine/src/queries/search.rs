//! Search: an e-mail prefix, any id, or a part of an e-mail.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::people_text::{EmailTest, list_by_email_part, list_by_email_prefix};
use super::preorders::PreorderRow;
use super::resolve::{resolve, tidy_text};
use super::rows::{at_most, find_row, limit_of, list_numbers};
use crate::db::{Connection, DbResult, rusqlite};
use crate::projections::schema::require_current;

/// Says what a text leads to, the surest first: ids, then the beginning of an e-mail, then a part of three
/// or more characters, then the beginning of an order's id. Each order comes once.
///
/// # Errors
/// [`crate::db::DbError::Invalid`] for an empty text, one of more than 200 characters, or a bad limit; stale
/// projections; a failed read.
pub fn search(connection: &Connection, args: &SearchArgs) -> DbResult<SearchReply> {
    require_current(connection)?;
    let limit = limit_of(args.limit, 20, 100)?;
    let text = tidy_text(&args.text)?;
    let mut found = Found { connection, limit, keys: Vec::new(), hits: Vec::new() };
    for (key, named) in resolve(connection, text, limit)? {
        found.add(&[key], named.as_str())?;
    }
    let email = text.to_lowercase();
    found.add(&list_by_email_prefix(connection, &email, limit)?, "email_prefix")?;
    if found.hits.len() < limit {
        // What begins with the text also contains it.
        let most = limit + found.hits.len();
        found.add(&list_by_email_part(connection, &email, most)?, "email_part")?;
    }
    if found.hits.len() < limit {
        let [low, high] = EmailTest::IdPrefix(text.to_owned()).bounds();
        let sql = "SELECT key FROM preorder WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3";
        let most = limit + found.hits.len();
        found.add(
            &list_numbers(connection, sql, rusqlite::params![low, high, at_most(most)])?,
            "preorder_id",
        )?;
    }
    Ok(SearchReply { hits: found.hits })
}

struct Found<'a> {
    connection: &'a Connection,
    limit: usize,
    keys: Vec<i64>,
    hits: Vec<SearchHit>,
}

impl Found<'_> {
    fn add(&mut self, keys: &[i64], matched: &str) -> DbResult<()> {
        for key in keys {
            if self.hits.len() >= self.limit || self.keys.contains(key) {
                continue;
            }
            self.keys.push(*key);
            let row = find_row(self.connection, *key)?;
            self.hits.extend(row.map(|row| SearchHit { matched: matched.to_owned(), row }));
        }
        Ok(())
    }
}

/// Asks what a text leads to.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct SearchArgs {
    /// What was typed or pasted, 1 to 200 characters.
    pub text: String,
    /// Hits at most, 1 to 100; default 20.
    #[ts(optional)]
    pub limit: Option<u32>,
}

/// One hit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SearchHit {
    /// `preorder_id`, `object_id`, `event_id`, `former_id`, `email_prefix` or `email_part`.
    pub matched: String,
    /// The order.
    pub row: PreorderRow,
}

/// What a text leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SearchReply {
    /// Best first.
    pub hits: Vec<SearchHit>,
}
