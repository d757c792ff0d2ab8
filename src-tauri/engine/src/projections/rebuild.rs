//! Makes projections anew from facts, in steps that survive being killed.
//!
//! Facts that arrive meanwhile are folded as ever: the order of facts does not matter.

use chrono_tz::Tz;

use super::findings::rules::{fix_without_effect, undelivered_event};
use super::fold::fold_dirty;
use super::ingest::{Stored, Terms, counter_of, take_in};
use super::local::take_local;
use super::object::read_object;
use super::offer::{Offer, event_parts, tombstone};
use super::preorder_rows::{COLUMNS, read_order};
use super::rollups::{self, Differences};
use super::schema::{self, VERSION};
use super::shop_replay;
use super::shop_words;
use super::wallets;
use crate::db::{Connection, DbError, DbResult, OptionalExtension, Transaction, params};
use crate::domain::kind::Kind;
use crate::facts::codec::Unpackers;
use crate::facts::events::get_event;
use crate::facts::klaviyo::CHECKED;
use crate::facts::local::{ADJUSTMENT, CORRECTION, FINDING, INTENT, LINK, UNLINK, list_local};
use crate::facts::snapshots::{Origin, get_snapshot};
use crate::facts::state::{add_to_counter, clear_state};

/// How far a rebuild is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Facts replayed.
    pub done: i64,
    /// Facts in all when it began.
    pub total: i64,
    /// Nothing is left to do.
    pub finished: bool,
}

/// Whether the projections of a file must be made anew, or a rebuild was cut short.
///
/// # Errors
/// The read failed.
pub fn is_due(connection: &Connection) -> DbResult<bool> {
    Ok(match schema::find_version(connection)? {
        Some((VERSION, _)) => mark(connection, "building")? == 1,
        _ => true,
    })
}

/// Says that the projections of this file are current and hold every order. For what must not miss anybody: other screens show
/// what is there already.
///
/// # Errors
/// [`DbError::StaleProjections`] when another version made them, [`DbError::HalfMade`] while they are being made.
pub fn require_whole(connection: &Connection) -> DbResult<()> {
    schema::require_current(connection)?;
    if is_due(connection)? { Err(DbError::HalfMade) } else { Ok(()) }
}

/// Drops the projections and notes how many facts there are to replay.
///
/// # Errors
/// The write failed.
pub fn begin(transaction: &Transaction<'_>, settings_revision: i64) -> DbResult<()> {
    schema::recreate(transaction, settings_revision)?;
    let last = |table: &str| -> DbResult<i64> {
        Ok(transaction
            .query_row(&format!("SELECT coalesce(max(seq), 0) FROM {table}"), [], |row| row.get(0))?)
    };
    set_mark(transaction, "events", last("stripe_event")?)?;
    set_mark(transaction, "snapshots", last("stripe_snapshot")?)?;
    set_mark(transaction, "shop", 1)?;
    set_mark(transaction, "building", 1)?;
    transaction
        .execute("DELETE FROM sync_state WHERE name LIKE 'skipped:%' OR name LIKE 'unreadable:%'", [])?;
    // How orders stand at Klaviyo is a projection too: all of them are held against it again.
    clear_state(transaction, CHECKED)?;
    for kind in [INTENT, CORRECTION, LINK, UNLINK, ADJUSTMENT, FINDING] {
        for fact in list_local(transaction, kind)? {
            take_local(transaction, &fact, &plain_terms())?;
        }
    }
    undelivered_event::keep(transaction)?;
    fix_without_effect::keep(transaction)?;
    // What was noted as open is looked at again: it may be gone.
    transaction.execute_batch(
        "INSERT OR IGNORE INTO finding_changed (id) SELECT id FROM finding_seen WHERE state <> 'gone'",
    )?;
    Ok(())
}

/// Terms under which local facts are taken: they need no names.
fn plain_terms() -> Terms {
    Terms { now: 0, names: crate::domain::settings::MetadataNames::default(), fold: false, refetch: false }
}

/// Replays the next facts, newest first; folds once all are in.
///
/// # Errors
/// The write failed; the step is tried again by the next call.
pub fn step(transaction: &Transaction<'_>, terms: &Terms, limit: i64) -> DbResult<Progress> {
    if mark(transaction, "building")? == 0 {
        return Ok(Progress { done: 0, total: 0, finished: true });
    }
    let events_left = mark(transaction, "events")?;
    let snapshots_left = mark(transaction, "snapshots")?;
    let total = totals(transaction)?;
    let mut stored = Stored::default();
    if events_left > 0 {
        let next = replay_events(transaction, terms, events_left, limit, &mut stored)?;
        set_mark(transaction, "events", next)?;
    } else if snapshots_left > 0 {
        let next = replay_snapshots(transaction, terms, snapshots_left, limit, &mut stored)?;
        set_mark(transaction, "snapshots", next)?;
    } else if mark(transaction, "shop")? == 1 {
        if shop_replay::step(transaction, limit)? {
            wallets::mark_users(transaction)?;
            wallets::refresh_all(transaction)?;
            shop_words::mark_orders(transaction)?;
            set_mark(transaction, "shop", 0)?;
        }
    } else if fold_dirty(transaction, usize::try_from(limit).unwrap_or(1_000))? == 0 {
        set_mark(transaction, "building", 0)?;
        return Ok(Progress { done: total, total, finished: true });
    }
    let left = mark(transaction, "events")? + mark(transaction, "snapshots")?;
    Ok(Progress { done: (total - left).max(0), total, finished: false })
}

fn totals(connection: &Connection) -> DbResult<i64> {
    Ok(connection.query_row(
        "SELECT (SELECT coalesce(max(seq), 0) FROM stripe_event) + (SELECT coalesce(max(seq), 0) FROM stripe_snapshot)",
        [],
        |row| row.get(0),
    )?)
}

fn seqs(connection: &Connection, table: &str, from: i64, limit: i64) -> DbResult<Vec<i64>> {
    let sql = format!("SELECT seq FROM {table} WHERE seq <= ?1 ORDER BY seq DESC LIMIT ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_map(params![from, limit], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(found)
}

fn replay_events(
    transaction: &Transaction<'_>,
    terms: &Terms,
    from: i64,
    limit: i64,
    stored: &mut Stored,
) -> DbResult<i64> {
    let seqs = seqs(transaction, "stripe_event", from, limit)?;
    for seq in &seqs {
        replay_event(transaction, terms, *seq, stored)?;
    }
    Ok(seqs.last().map_or(0, |last| last - 1))
}

fn replay_event(transaction: &Transaction<'_>, terms: &Terms, seq: i64, stored: &mut Stored) -> DbResult<()> {
    let event = get_event(transaction, seq)?;
    let parts = event_parts(&event.bytes);
    let read = match &parts {
        Some(_) if event.created == 0 => Err(super::object::Unreadable::NoCreated),
        Some((object, _)) => read_object(object, Some(&event.kind), &terms.names),
        None => Err(super::object::Unreadable::NotAnObject),
    };
    match (read, event.object) {
        (Ok(read), Some(key)) => {
            let offered = Offer {
                key,
                fresh: false,
                read: &read,
                origin: Origin::Event,
                source_seq: seq,
                as_of: event.created,
                first_at: event.created,
                event_type: Some(&event.kind),
            };
            take_in(transaction, &offered, terms, stored)
        }
        (Err(reason), _) => add_to_counter(transaction, &counter_of(reason, &event.kind), 1),
        (Ok(_), None) => Ok(()),
    }
}

fn replay_snapshots(
    transaction: &Transaction<'_>,
    terms: &Terms,
    from: i64,
    limit: i64,
    stored: &mut Stored,
) -> DbResult<i64> {
    let seqs = seqs(transaction, "stripe_snapshot", from, limit)?;
    for seq in &seqs {
        let snapshot = get_snapshot(transaction, *seq)?;
        let read = if snapshot.bytes.is_empty() {
            let read = tombstone(transaction, snapshot.object)?;
            if read.kind == Kind::Endpoint {
                continue;
            }
            read
        } else {
            let text = String::from_utf8_lossy(&snapshot.bytes);
            let Ok(read) = read_object(&text, None, &terms.names) else { continue };
            read
        };
        let offered = Offer {
            key: snapshot.object,
            fresh: false,
            read: &read,
            origin: snapshot.origin,
            source_seq: *seq,
            as_of: snapshot.as_of,
            first_at: snapshot.first_as_of,
            event_type: None,
        };
        take_in(transaction, &offered, terms, stored)?;
    }
    Ok(seqs.last().map_or(0, |last| last - 1))
}

pub(super) fn mark(connection: &Connection, name: &str) -> DbResult<i64> {
    Ok(connection
        .query_row("SELECT value FROM projection WHERE name = ?1", [name], |row| row.get(0))
        .optional()?
        .unwrap_or(0))
}

pub(super) fn set_mark(transaction: &Transaction<'_>, name: &str, value: i64) -> DbResult<()> {
    transaction
        .prepare_cached("INSERT INTO projection (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2")?
        .execute(params![name, value])?;
    Ok(())
}

/// Adds up the roll-ups anew, for another time zone.
///
/// # Errors
/// The write failed.
pub fn rebuild_rollups(transaction: &Transaction<'_>, zone: Tz, settings_revision: i64) -> DbResult<()> {
    for table in rollups::TABLES {
        transaction.execute_batch(&format!("DELETE FROM {table}"))?;
    }
    let mut differences = Differences::new(zone);
    {
        let mut statement = transaction.prepare(&format!("SELECT {COLUMNS} FROM preorder"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            differences.add(&read_order(row)?);
        }
    }
    differences.write(transaction)?;
    set_mark(transaction, "settings", settings_revision)
}

/// Says whether every stored body can still be read, and what cannot: `{what, why}` a line, 20 at most.
///
/// # Errors
/// The read failed.
pub fn unreadable_bodies(connection: &Connection) -> DbResult<(i64, Vec<String>)> {
    let mut unpackers = Unpackers::default();
    let mut problems = Vec::new();
    let mut checked = 0;
    for (what, sql) in [
        ("event", "SELECT id, dictionary, body, digest FROM stripe_event"),
        (
            "snapshot",
            "SELECT CAST(seq AS TEXT), dictionary, body, digest FROM stripe_snapshot WHERE length(body) > 0",
        ),
    ] {
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (name, dictionary, body, digest): (String, i64, Vec<u8>, i64) =
                (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            checked += 1;
            let verdict = unpackers
                .unpack(connection, dictionary, &body)
                .map(|bytes| digest_of(what, &bytes) == digest);
            let problem = match verdict {
                Ok(true) => continue,
                Ok(false) => "its bytes are not the ones that were stored".to_owned(),
                Err(error) => error.to_string(),
            };
            if problems.len() < 20 {
                problems.push(format!("{what} {name}: {problem}"));
            }
        }
    }
    Ok((checked, problems))
}

fn digest_of(what: &str, bytes: &[u8]) -> i64 {
    match what {
        "event" => crate::facts::events::digest(bytes),
        _ => i64::from_ne_bytes(xxhash_rust::xxh3::xxh3_64(bytes).to_ne_bytes()),
    }
}
