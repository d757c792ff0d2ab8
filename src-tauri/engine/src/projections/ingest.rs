//! Takes facts in: stores the bytes, offers them to their nodes, marks orders dirty. One transaction a batch.
//!
//! Preparing (parsing, packing) is pure and may run on any thread; storing runs on the writer.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::evidence;
use super::fold::{fold_dirty, mark_dirty};
use super::object::{ReadObject, Unreadable, read_object};
use super::offer::{Offer, offer};
use super::rebuild;
use super::sales;
use crate::db::{DbResult, Transaction, params};
use crate::domain::kind::Kind;
use crate::domain::settings::MetadataNames;
use crate::domain::wire::{EventWire, HeadWire};
use crate::facts::codec::{Adopt, Codec, Trained};
use crate::facts::events::{self, Appended, EventFact, append_event};
use crate::facts::names::{Key, find_key, intern_id};
use crate::facts::settings::get_settings;
use crate::facts::snapshots::{Origin, SnapshotFact, append_snapshot};
use crate::facts::state::add_to_counter;

/// The codec family of events; snapshots use their kind's number.
const EVENT_FAMILY: u8 = 0;
/// Seconds after which an unsettled object is fetched again.
const REFETCH_AFTER_S: i64 = 5;
/// Seconds a list has to bring a paid session's line items.
const LINE_ITEMS_AFTER_S: i64 = 60;
/// Most nodes folded in the transaction that stored them.
const FOLD_NOW: usize = 2_000;

/// Facts ready to be stored.
pub struct Prepared {
    events: Vec<PreparedEvent>,
    objects: Vec<PreparedObject>,
    trained: Vec<Trained>,
}

struct PreparedEvent {
    fact: EventFact,
    read: Result<ReadObject, Unreadable>,
}

struct PreparedObject {
    read: ReadObject,
    fact: SnapshotFact,
}

/// How a batch is stored.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Now, unix seconds.
    pub now: i64,
    /// Metadata names of the settings the projections are made with.
    pub names: MetadataNames,
    /// Fold the orders in the same transaction; else they wait in `dirty`.
    pub fold: bool,
    /// Objects that become unsettled are to be fetched again (not during a backfill).
    pub refetch: bool,
}

/// What a batch did.
#[derive(Default)]
pub struct Stored {
    /// Events newly stored.
    pub new_events: i64,
    /// Events whose id was known with other bytes.
    pub conflicts: i64,
    /// Snapshots taken in.
    pub objects: i64,
    /// Nodes whose state changed.
    pub changed: i64,
    adopt: Vec<Adopt>,
    counters: BTreeMap<String, i64>,
}

impl Stored {
    fn count(&mut self, name: String) {
        *self.counters.entry(name).or_default() += 1;
    }

    /// Call after the commit: dictionaries stored with the batch are used from now on.
    pub fn committed(&mut self) {
        for adopt in self.adopt.drain(..) {
            adopt.now();
        }
    }
}

/// Prepares a page of events.
///
/// # Errors
/// Packing failed.
pub fn prepare_events(codec: &Codec, raw: &[&str], names: &MetadataNames) -> DbResult<Prepared> {
    let (packed, trained) = codec.pack_all(EVENT_FAMILY, raw.iter().map(|raw| raw.as_bytes()))?;
    let events = raw.iter().zip(packed).map(|(raw, packed)| prepare_event(raw, packed, names)).collect();
    Ok(Prepared { events, objects: Vec::new(), trained: trained.into_iter().collect() })
}

fn prepare_event(json: &str, packed: crate::facts::codec::Packed, names: &MetadataNames) -> PreparedEvent {
    let wire: EventWire<'_> = serde_json::from_str(json).unwrap_or_default();
    let digest = events::digest(json.as_bytes());
    let kind = wire.kind.owned().unwrap_or_else(|| "(no type)".to_owned());
    // Nothing at Stripe was made in 1970: a zero is a field left empty.
    let created = wire.created.0.filter(|created| *created > 0);
    let object = wire.data.0.object.map(RawValue::get);
    let read = match (object, created) {
        (Some(_), None) => Err(Unreadable::NoCreated),
        (Some(object), Some(_)) => read_object(object, Some(&kind), names),
        (None, _) => Err(Unreadable::NotAnObject),
    };
    let named = match &read {
        Ok(read) => Some((read.id.clone(), read.kind)),
        Err(_) => object.and_then(name_of),
    };
    let fact = EventFact {
        // An event without an id is kept under a name made of its bytes.
        id: wire.id.owned().unwrap_or_else(|| format!("evt_unnamed_{digest:016x}")),
        kind,
        api_version: wire.api_version.owned(),
        object: named,
        created: created.unwrap_or_default(),
        digest,
        packed,
    };
    PreparedEvent { fact, read }
}

fn name_of(object: &str) -> Option<(String, Kind)> {
    let head: HeadWire<'_> = serde_json::from_str(object).ok()?;
    Some((head.id.owned()?, head.object.get().map_or(Kind::Other, Kind::parse)))
}

/// Prepares snapshots of objects of one kind, read at one instant.
///
/// # Errors
/// Packing failed.
pub fn prepare_objects(
    codec: &Codec,
    kind: Kind,
    raw: &[&str],
    (origin, as_of): (Origin, i64),
    names: &MetadataNames,
) -> DbResult<Prepared> {
    let (packed, trained) = codec.pack_all(kind as u8, raw.iter().map(|raw| raw.as_bytes()))?;
    let objects = raw
        .iter()
        .zip(packed)
        .filter_map(|(raw, packed)| {
            let read = read_object(raw, None, names).ok()?;
            let digest = i64::from_ne_bytes(xxhash_rust::xxh3::xxh3_64(raw.as_bytes()).to_ne_bytes());
            let fact = SnapshotFact { origin, as_of, deleted: read.state.deleted, digest, packed };
            Some(PreparedObject { read, fact })
        })
        .collect();
    Ok(Prepared { events: Vec::new(), objects, trained: trained.into_iter().collect() })
}

/// Stores a batch.
///
/// # Errors
/// The write failed; then nothing of the batch is kept.
pub fn store(
    transaction: &Transaction<'_>,
    codec: &Codec,
    prepared: Prepared,
    terms: &Terms,
) -> DbResult<Stored> {
    let mut stored = Stored::default();
    for trained in prepared.trained {
        stored.adopt.push(codec.keep(transaction, trained, terms.now)?);
    }
    for event in &prepared.events {
        store_event(transaction, event, terms, &mut stored)?;
    }
    for object in &prepared.objects {
        let known = find_key(transaction, &object.read.id)?;
        let key = match known {
            Some(key) => key,
            None => intern_id(transaction, &object.read.id, object.read.kind)?,
        };
        let source_seq = append_snapshot(transaction, key, &object.fact)?;
        stored.objects += 1;
        take_in(
            transaction,
            &Offer {
                key,
                fresh: known.is_none(),
                read: &object.read,
                origin: object.fact.origin,
                source_seq,
                as_of: object.fact.as_of,
                first_at: object.fact.as_of,
                event_type: None,
            },
            terms,
            &mut stored,
        )?;
    }
    add_to_counter(transaction, "event_conflicts", stored.conflicts)?;
    for (name, by) in std::mem::take(&mut stored.counters) {
        add_to_counter(transaction, &name, by)?;
    }
    let (revision, settings) = get_settings(transaction)?;
    if settings.metadata != terms.names {
        // Other names were set while this was read by the ones before: it is read again with everything else.
        rebuild::begin(transaction, revision)?;
    }
    if terms.fold {
        fold_dirty(transaction, FOLD_NOW)?;
    }
    Ok(stored)
}

fn store_event(
    transaction: &Transaction<'_>,
    event: &PreparedEvent,
    terms: &Terms,
    stored: &mut Stored,
) -> DbResult<()> {
    let (source_seq, object) = match append_event(transaction, &event.fact, terms.now)? {
        Appended::New { seq, object } => (seq, object),
        Appended::Known => return Ok(()),
        Appended::Conflict => {
            stored.conflicts += 1;
            return Ok(());
        }
    };
    stored.new_events += 1;
    if let (Ok(read), Some(key)) = (&event.read, object) {
        ask_for_line_items(transaction, read, key, terms)?;
    }
    match (&event.read, object) {
        (Ok(read), Some(key)) => take_in(
            transaction,
            &Offer {
                key,
                fresh: false,
                read,
                origin: Origin::Event,
                source_seq,
                as_of: event.fact.created,
                first_at: event.fact.created,
                event_type: Some(&event.fact.kind),
            },
            terms,
            stored,
        ),
        (Err(reason), _) => {
            stored.count(counter_of(*reason, &event.fact.kind));
            Ok(())
        }
        (Ok(_), None) => Ok(()),
    }
}

/// Events carry no line items: a paid session that no list brings soon is fetched once, for them.
fn ask_for_line_items(
    transaction: &Transaction<'_>,
    read: &ReadObject,
    key: Key,
    terms: &Terms,
) -> DbResult<()> {
    let paid = read.kind == Kind::Session && read.state.sub_status.as_deref() == Some("paid");
    if !paid || !terms.refetch {
        return Ok(());
    }
    let listed: bool = transaction
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM stripe_snapshot WHERE object = ?1)")?
        .query_row([key], |row| row.get(0))?;
    if listed { Ok(()) } else { ask_again(transaction, key, terms.now + LINE_ITEMS_AFTER_S, "line_items") }
}

/// The counter an event is named in when its object is not folded.
pub(super) fn counter_of(reason: Unreadable, event_type: &str) -> String {
    match reason {
        Unreadable::OtherKind => format!("skipped:{event_type}"),
        _ => format!("unreadable:{}", reason.as_str()),
    }
}

/// Offers a stored snapshot to its node and marks what follows from it.
///
/// # Errors
/// The write failed.
pub fn take_in(
    transaction: &Transaction<'_>,
    offered: &Offer<'_>,
    terms: &Terms,
    stored: &mut Stored,
) -> DbResult<()> {
    let is_price = offered.read.kind == Kind::Price;
    let product = if is_price { sales::find_product(transaction, offered.key)? } else { None };
    let outcome = offer(transaction, offered, &terms.names)?;
    let proven = evidence::note(transaction, offered)?;
    if outcome.changed || proven {
        stored.changed += 1;
        mark_dirty(transaction, offered.key)?;
        if is_price {
            sales::price_changed(transaction, offered.key, product)?;
        }
    }
    if outcome.unsettled && terms.refetch {
        ask_again(transaction, offered.key, terms.now + REFETCH_AFTER_S, "unsettled")?;
    }
    let state = &offered.read.state;
    // No event of its charge tells that a refund came to nothing.
    if outcome.changed
        && terms.refetch
        && offered.read.kind == Kind::Refund
        && matches!(state.status.as_deref(), Some("failed" | "canceled"))
        && let Some(charge) = state.charge.as_deref()
        && let Some(key) = find_key(transaction, charge)?
    {
        ask_again(transaction, key, terms.now + REFETCH_AFTER_S, "refund_failed")?;
    }
    Ok(())
}

/// Asks for an object to be fetched again.
///
/// # Errors
/// The write failed.
pub fn ask_again(transaction: &Transaction<'_>, object: Key, due_at: i64, reason: &str) -> DbResult<()> {
    transaction
        .prepare_cached(
            "INSERT INTO refetch (object, due_at, reason, attempts) VALUES (?1, ?2, ?3, 0)
             ON CONFLICT (object) DO UPDATE SET due_at = min(due_at, excluded.due_at)",
        )?
        .execute(params![object, due_at, reason])?;
    Ok(())
}

/// Stores a tombstone for an object Stripe no longer knows.
///
/// # Errors
/// The write failed.
pub fn store_tombstone(transaction: &Transaction<'_>, key: Key, as_of: i64, terms: &Terms) -> DbResult<()> {
    let packed = crate::facts::codec::Packed { dictionary: 0, body: Vec::new() };
    let fact = SnapshotFact { origin: Origin::Retrieve, as_of, deleted: true, digest: 0, packed };
    let source_seq = append_snapshot(transaction, key, &fact)?;
    let read = super::offer::tombstone(transaction, key)?;
    let offered = Offer {
        key,
        fresh: false,
        read: &read,
        origin: Origin::Retrieve,
        source_seq,
        as_of,
        first_at: as_of,
        event_type: None,
    };
    take_in(transaction, &offered, terms, &mut Stored::default())?;
    if terms.fold {
        fold_dirty(transaction, FOLD_NOW)?;
    }
    Ok(())
}
