//! Snapshots of objects from lists, retrieves and the answers to our own writes.

use super::codec::{Packed, unpack};
use super::names::Key;
use crate::db::{Connection, DbResult, OptionalExtension, Transaction, params};

/// Where a snapshot comes from. The number is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Origin {
    /// An event's `data.object`; stored with the event, not here.
    Event = 1,
    /// A list.
    List = 2,
    /// A retrieve.
    Retrieve = 3,
    /// The answer to a write of ours.
    Answer = 4,
}

impl Origin {
    /// The word shown to people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::List => "list",
            Self::Retrieve => "retrieve",
            Self::Answer => "answer",
        }
    }

    /// Reads the stored number.
    pub const fn from_stored(number: i64) -> Self {
        match number {
            2 => Self::List,
            3 => Self::Retrieve,
            4 => Self::Answer,
            _ => Self::Event,
        }
    }
}

/// A snapshot ready to be stored.
#[derive(Debug, Clone)]
pub struct SnapshotFact {
    /// Where it comes from.
    pub origin: Origin,
    /// The instant it speaks of: Stripe's clock when the request started, unix seconds.
    pub as_of: i64,
    /// A tombstone.
    pub deleted: bool,
    /// xxh3 of its bytes.
    pub digest: i64,
    /// Its bytes, packed.
    pub packed: Packed,
}

/// Appends a snapshot, or moves on the instant of the same bytes seen before; its number comes back.
///
/// # Errors
/// The write failed.
pub fn append_snapshot(transaction: &Transaction<'_>, object: Key, snapshot: &SnapshotFact) -> DbResult<i64> {
    let known: Option<i64> = transaction
        .prepare_cached("SELECT seq FROM stripe_snapshot WHERE object = ?1 AND origin = ?2 AND digest = ?3")?
        .query_row(params![object, snapshot.origin as u8, snapshot.digest], |row| row.get(0))
        .optional()?;
    if let Some(seq) = known {
        transaction
            .prepare_cached("UPDATE stripe_snapshot SET as_of = max(as_of, ?2), first_as_of = min(first_as_of, ?2) WHERE seq = ?1")?
            .execute(params![seq, snapshot.as_of])?;
        return Ok(seq);
    }
    transaction
        .prepare_cached(
            "INSERT INTO stripe_snapshot (object, origin, as_of, first_as_of, deleted, digest, dictionary, body)
             VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            object,
            snapshot.origin as u8,
            snapshot.as_of,
            snapshot.deleted,
            snapshot.digest,
            snapshot.packed.dictionary,
            snapshot.packed.body
        ])?;
    Ok(transaction.last_insert_rowid())
}

/// A stored snapshot, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSnapshot {
    /// Its number.
    pub seq: i64,
    /// Its object's number.
    pub object: Key,
    /// Where it comes from.
    pub origin: Origin,
    /// The latest instant these bytes were seen at.
    pub as_of: i64,
    /// The first.
    pub first_as_of: i64,
    /// A tombstone.
    pub deleted: bool,
    /// The bytes as they came; empty for a tombstone without an answer body.
    pub bytes: Vec<u8>,
}

/// Lists an object's snapshots, oldest first; with `as_of`, only those of that second.
///
/// # Errors
/// The read failed, or a body is damaged.
pub fn list_snapshots(
    connection: &Connection,
    object: Key,
    as_of: Option<i64>,
) -> DbResult<Vec<StoredSnapshot>> {
    let mut statement = connection.prepare_cached(
        "SELECT seq FROM stripe_snapshot WHERE object = ?1 AND (?2 IS NULL OR as_of = ?2) ORDER BY as_of, seq",
    )?;
    let seqs: Vec<i64> =
        statement.query_map(params![object, as_of], |row| row.get(0))?.collect::<Result<_, _>>()?;
    seqs.into_iter().map(|seq| get_snapshot(connection, seq)).collect()
}

/// Reads a snapshot by number.
///
/// # Errors
/// There is no such snapshot, or its body is damaged.
pub fn get_snapshot(connection: &Connection, seq: i64) -> DbResult<StoredSnapshot> {
    let (object, origin, as_of, first_as_of, deleted, dictionary, body): (Key, i64, i64, i64, bool, i64, Vec<u8>) =
        connection
            .prepare_cached(
                "SELECT object, origin, as_of, first_as_of, deleted, dictionary, body FROM stripe_snapshot WHERE seq = ?1",
            )?
            .query_row([seq], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?))
            })?;
    let bytes = if body.is_empty() { Vec::new() } else { unpack(connection, dictionary, &body)? };
    Ok(StoredSnapshot {
        seq,
        object,
        origin: Origin::from_stored(origin),
        as_of,
        first_as_of,
        deleted,
        bytes,
    })
}
