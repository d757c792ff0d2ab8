//! Events: append only, bytes as they came.

use super::codec::{Packed, unpack};
use super::names::{Key, intern_id, intern_word};
use crate::db::{Connection, DbResult, OptionalExtension, Transaction, params};
use crate::domain::kind::Kind;

/// An event ready to be stored.
#[derive(Debug, Clone)]
pub struct EventFact {
    /// Event id.
    pub id: String,
    /// Type.
    pub kind: String,
    /// The version it was rendered in.
    pub api_version: Option<String>,
    /// The object it speaks of.
    pub object: Option<(String, Kind)>,
    /// Created, unix seconds; 0 where the event does not say.
    pub created: i64,
    /// [`digest`] of its bytes.
    pub digest: i64,
    /// Its bytes, packed.
    pub packed: Packed,
}

/// What became of an event that was handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// It is new.
    New {
        /// Its number.
        seq: i64,
        /// Its object's number.
        object: Option<Key>,
    },
    /// The same bytes are stored already.
    Known,
    /// The id is known with other bytes; both are kept.
    Conflict,
}

/// A digest of an event's bytes that leaves out `pending_webhooks`, the one field Stripe changes later
/// (docs.stripe.com/api/events/object).
pub fn digest(bytes: &[u8]) -> i64 {
    const MARK: &[u8] = b"\"pending_webhooks\"";
    let mut hash = xxhash_rust::xxh3::Xxh3::new();
    let mut rest = bytes;
    while let Some(at) = memchr::memmem::find(rest, MARK) {
        let (head, tail) = rest.split_at(at + MARK.len());
        hash.update(head);
        let value = tail
            .iter()
            .position(|byte| !matches!(byte, b' ' | b':' | b'0'..=b'9' | b'\n'))
            .unwrap_or(tail.len());
        rest = &tail[value..];
    }
    hash.update(rest);
    i64::from_ne_bytes(hash.digest().to_ne_bytes())
}

/// Appends an event unless its id is known.
///
/// # Errors
/// The write failed.
pub fn append_event(transaction: &Transaction<'_>, event: &EventFact, stored_at: i64) -> DbResult<Appended> {
    let known: Option<i64> = transaction
        .prepare_cached("SELECT digest FROM stripe_event WHERE id = ?1")?
        .query_row([&event.id], |row| row.get(0))
        .optional()?;
    match known {
        Some(digest) if digest == event.digest => return Ok(Appended::Known),
        Some(_) => {
            let kept = transaction
                .prepare_cached("INSERT OR IGNORE INTO stripe_event_conflict (event_id, seen_at, digest, dictionary, body) VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute(params![event.id, stored_at, event.digest, event.packed.dictionary, event.packed.body])?;
            return Ok(if kept == 0 { Appended::Known } else { Appended::Conflict });
        }
        None => {}
    }
    let object = match &event.object {
        Some((id, kind)) => Some(intern_id(transaction, id, *kind)?),
        None => None,
    };
    let kind = intern_word(transaction, &event.kind)?;
    let version = match &event.api_version {
        Some(version) => Some(intern_word(transaction, version)?),
        None => None,
    };
    transaction
        .prepare_cached(
            "INSERT INTO stripe_event (id, type, api_version, object, created, stored_at, digest, dictionary, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            event.id,
            kind,
            version,
            object,
            event.created,
            stored_at,
            event.digest,
            event.packed.dictionary,
            event.packed.body
        ])?;
    Ok(Appended::New { seq: transaction.last_insert_rowid(), object })
}

/// Says which of these event ids are stored.
///
/// # Errors
/// The read failed.
pub fn is_stored(connection: &Connection, id: &str) -> DbResult<bool> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM stripe_event WHERE id = ?1")?
        .query_row([id], |_| Ok(()))
        .optional()?
        .is_some())
}

/// A stored event, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its number.
    pub seq: i64,
    /// Its type.
    pub kind: String,
    /// Its object's number.
    pub object: Option<Key>,
    /// Created, unix seconds.
    pub created: i64,
    /// The bytes as they came.
    pub bytes: Vec<u8>,
}

/// Finds an event by id.
///
/// # Errors
/// The read failed.
pub fn find_event(connection: &Connection, id: &str) -> DbResult<Option<StoredEvent>> {
    let seq: Option<i64> = connection
        .prepare_cached("SELECT seq FROM stripe_event WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    seq.map(|seq| get_event(connection, seq)).transpose()
}

/// Reads an event by number.
///
/// # Errors
/// There is no such event, or its body is damaged.
pub fn get_event(connection: &Connection, seq: i64) -> DbResult<StoredEvent> {
    let (kind, object, created, dictionary, body): (String, Option<Key>, i64, i64, Vec<u8>) = connection
        .prepare_cached(
            "SELECT w.word, e.object, e.created, e.dictionary, e.body
             FROM stripe_event e JOIN stripe_word w ON w.key = e.type WHERE e.seq = ?1",
        )?
        .query_row([seq], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?;
    let bytes = unpack(connection, dictionary, &body)?;
    Ok(StoredEvent { seq, kind, object, created, bytes })
}

/// Lists the numbers of an object's events; with `created`, only those of that second.
///
/// # Errors
/// The read failed.
pub fn list_event_seqs(connection: &Connection, object: Key, created: Option<i64>) -> DbResult<Vec<i64>> {
    let mut statement = connection.prepare_cached(
        "SELECT seq FROM stripe_event WHERE object = ?1 AND (?2 IS NULL OR created = ?2) ORDER BY created, seq",
    )?;
    let seqs = statement.query_map(params![object, created], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(seqs)
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn delivery_count_is_not_part_of_an_event() {
        let one = br#"{"id":"evt_1","pending_webhooks": 1,"type":"x"}"#;
        let none = br#"{"id":"evt_1","pending_webhooks": 0,"type":"x"}"#;
        let other = br#"{"id":"evt_1","pending_webhooks": 0,"type":"y"}"#;
        assert_eq!(digest(one), digest(none));
        assert_ne!(digest(none), digest(other));
    }
}
