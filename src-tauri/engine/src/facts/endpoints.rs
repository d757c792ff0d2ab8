//! What the account's webhook endpoints were, look after look: one snapshot for each run of looks that told the same.
//!
//! Unlike other snapshots the same bytes do not share one row for good: an endpoint that was disabled and enabled again
//! has three, so that what it took at an instant can be told. A signing secret never gets here.

use std::borrow::Cow;

use serde_json::Value;

use super::codec::{Codec, Packed, unpack};
use super::names::{Key, intern_id};
use super::snapshots::Origin;
use crate::db::{Connection, DbResult, OptionalExtension, Row, Transaction, params, rusqlite};
use crate::domain::kind::Kind;

/// State document: when the endpoints were last listed whole (server seconds).
pub const READ_AT: &str = "webhooks_read_at";
/// State document: when they were first.
pub const FIRST_READ_AT: &str = "webhooks_first_read_at";

/// Endpoints read at most, the newest; Stripe allows 16 at a time.
const MOST_ENDPOINTS: i64 = 200;
/// Runs of one endpoint read at most, the newest.
const MOST_RUNS: i64 = 500;

/// One run of looks that told the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// First seen so, Stripe's clock.
    pub first_at: i64,
    /// Last seen so.
    pub last_at: i64,
    /// Its JSON; None where the list no longer had it.
    pub body: Option<Vec<u8>>,
}

/// An endpoint with its runs, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointRuns {
    /// Its id.
    pub id: String,
    /// Its runs.
    pub runs: Vec<Run>,
}

struct Neighbour {
    seq: i64,
    first_at: i64,
    last_at: i64,
    digest: i64,
}

impl Neighbour {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { seq: row.get(0)?, first_at: row.get(1)?, last_at: row.get(2)?, digest: row.get(3)? })
    }
}

/// Notes what a look at an endpoint told: its JSON, or None for a tombstone. Says whether that is news.
///
/// Looks may come in any order; a late one finds its place between the runs there are.
///
/// # Errors
/// The write failed.
pub fn append_look(
    transaction: &Transaction<'_>,
    id: &str,
    body: Option<&str>,
    seen_at: i64,
) -> DbResult<bool> {
    let object = intern_id(transaction, id, Kind::Endpoint)?;
    let body = body.map(without_secrets);
    let digest = body
        .as_deref()
        .map_or(0, |text| i64::from_ne_bytes(xxhash_rust::xxh3::xxh3_64(text.as_bytes()).to_ne_bytes()));
    let before = neighbour(transaction, "first_as_of <= ?2 ORDER BY first_as_of DESC", object, seen_at)?;
    let after = neighbour(transaction, "first_as_of > ?2 ORDER BY first_as_of", object, seen_at)?;
    if let Some(same) = before.as_ref().filter(|run| run.digest == digest) {
        set_span(transaction, same.seq, same.first_at, same.last_at.max(seen_at))?;
        return Ok(false);
    }
    let inside = before.filter(|run| run.first_at < seen_at && seen_at <= run.last_at);
    if let (None, Some(same)) = (&inside, after.filter(|run| run.digest == digest)) {
        set_span(transaction, same.seq, seen_at, same.last_at)?;
        return Ok(false);
    }
    if let Some(run) = inside {
        // It was seen so before and after, and otherwise in between: two runs.
        set_span(transaction, run.seq, run.first_at, run.first_at)?;
        transaction
            .prepare_cached(
                "INSERT INTO stripe_snapshot (object, origin, as_of, first_as_of, deleted, digest, dictionary, body)
                 SELECT object, origin, ?2, ?2, deleted, digest, dictionary, body FROM stripe_snapshot WHERE seq = ?1",
            )?
            .execute(params![run.seq, run.last_at])?;
    }
    insert(transaction, object, body.as_deref(), digest, seen_at)?;
    Ok(true)
}

fn neighbour(
    transaction: &Transaction<'_>,
    place: &str,
    object: Key,
    seen_at: i64,
) -> DbResult<Option<Neighbour>> {
    let sql = format!(
        "SELECT seq, first_as_of, as_of, digest FROM stripe_snapshot WHERE object = ?1 AND {place}, seq DESC LIMIT 1"
    );
    Ok(transaction.prepare_cached(&sql)?.query_row(params![object, seen_at], Neighbour::read).optional()?)
}

fn set_span(transaction: &Transaction<'_>, seq: i64, first_at: i64, last_at: i64) -> DbResult<()> {
    transaction
        .prepare_cached("UPDATE stripe_snapshot SET first_as_of = ?2, as_of = ?3 WHERE seq = ?1")?
        .execute(params![seq, first_at, last_at])?;
    Ok(())
}

fn insert(
    transaction: &Transaction<'_>,
    object: Key,
    body: Option<&str>,
    digest: i64,
    seen_at: i64,
) -> DbResult<()> {
    // Changes are rare: no dictionary is worth training for them.
    let packed = match body {
        Some(text) => {
            Codec::default().pack_all(Kind::Endpoint as u8, std::iter::once(text.as_bytes()))?.0.pop()
        }
        None => None,
    };
    let packed = packed.unwrap_or(Packed { dictionary: 0, body: Vec::new() });
    transaction
        .prepare_cached(
            "INSERT INTO stripe_snapshot (object, origin, as_of, first_as_of, deleted, digest, dictionary, body)
             VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            object,
            Origin::List as u8,
            seen_at,
            body.is_none(),
            digest,
            packed.dictionary,
            packed.body
        ])?;
    Ok(())
}

/// Ids of the endpoints that were there when last looked at.
///
/// # Errors
/// The read failed.
pub fn list_present(connection: &Connection) -> DbResult<Vec<String>> {
    let present = list_newest(connection)?.into_iter();
    Ok(present.filter(|one| one.runs.iter().any(|run| run.body.is_some())).map(|one| one.id).collect())
}

/// Lists every endpoint ever seen, each with its newest run alone.
///
/// # Errors
/// The read failed, or a body is damaged.
pub fn list_newest(connection: &Connection) -> DbResult<Vec<EndpointRuns>> {
    list(connection, 1)
}

/// Lists every endpoint ever seen with its runs.
///
/// # Errors
/// The read failed, or a body is damaged.
pub fn list_runs(connection: &Connection) -> DbResult<Vec<EndpointRuns>> {
    list(connection, MOST_RUNS)
}

fn list(connection: &Connection, most_runs: i64) -> DbResult<Vec<EndpointRuns>> {
    let mut statement = connection.prepare_cached(
        "SELECT i.key, i.id FROM stripe_id i INDEXED BY stripe_id_endpoint WHERE i.kind = 10
         ORDER BY i.key DESC LIMIT ?1",
    )?;
    let known: Vec<(Key, String)> = statement
        .query_map([MOST_ENDPOINTS], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut found = Vec::new();
    for (key, id) in known {
        found.push(EndpointRuns { id, runs: runs(connection, key, most_runs)? });
    }
    // Numbers are given as ids are met; answers must not rest on that.
    found.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(found)
}

fn runs(connection: &Connection, key: Key, most: i64) -> DbResult<Vec<Run>> {
    let mut statement = connection.prepare_cached(
        "SELECT first_as_of, as_of, deleted, dictionary, body FROM stripe_snapshot WHERE object = ?1
         ORDER BY first_as_of DESC, as_of DESC, digest DESC LIMIT ?2",
    )?;
    let mut rows = statement.query(params![key, most])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (deleted, dictionary, body): (bool, i64, Vec<u8>) = (row.get(2)?, row.get(3)?, row.get(4)?);
        let body =
            if deleted || body.is_empty() { None } else { Some(unpack(connection, dictionary, &body)?) };
        found.push(Run { first_at: row.get(0)?, last_at: row.get(1)?, body });
    }
    found.reverse();
    Ok(found)
}

/// A body without signing secrets, wherever they stand. One without any stays as it came.
fn without_secrets(body: &str) -> Cow<'_, str> {
    if !body.contains("\"secret\"") && !body.contains("whsec_") && !body.contains("\\u") {
        return Cow::Borrowed(body);
    }
    let Ok(mut value) = serde_json::from_str::<Value>(body) else { return Cow::Borrowed("{}") };
    if strip(&mut value) { Cow::Owned(value.to_string()) } else { Cow::Borrowed(body) }
}

fn strip(value: &mut Value) -> bool {
    let is_secret = |name: &str, value: &Value| {
        name == "secret" || value.as_str().is_some_and(|text| text.contains("whsec_"))
    };
    match value {
        Value::Object(fields) => {
            let before = fields.len();
            fields.retain(|name, value| !is_secret(name, value));
            let stripped = fields.len() < before;
            fields.values_mut().fold(stripped, |stripped, value| strip(value) || stripped)
        }
        Value::Array(items) => {
            let before = items.len();
            items.retain(|value| !is_secret("", value));
            let stripped = items.len() < before;
            items.iter_mut().fold(stripped, |stripped, value| strip(value) || stripped)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_taken_out_and_nothing_else_is_touched() {
        let plain = r#"{"id":"we_1", "description":"the secret garden"}"#;
        assert_eq!(without_secrets(plain), plain);
        assert_eq!(without_secrets(r#"{"id":"we_1","secret":"whsec_a"}"#), r#"{"id":"we_1"}"#);
        let deep = r#"{"a":[{"secret":1},"whsec_b"],"metadata":{"kept":"x","other":"see whsec_c"}}"#;
        assert_eq!(without_secrets(deep), r#"{"a":[{}],"metadata":{"kept":"x"}}"#);
        assert_eq!(without_secrets(r#"{"\u0073ecret":"\u0077hsec_d"}"#), "{}");
        assert_eq!(without_secrets(r#"broken whsec_e"#), "{}");
    }
}
