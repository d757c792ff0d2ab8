//! Nodes: the newest state of each Stripe object, kept by the total order of `precedence`.

use serde_json::{Map, Value};

use super::object::{ObjectState, ReadObject, read_object};
use super::precedence::{self, CREATED, Rival, Standing, digest, standing};
use crate::db::{Connection, DbResult, OptionalExtension, Row, Transaction, params, rusqlite};
use crate::domain::kind::Kind;
use crate::domain::settings::MetadataNames;
use crate::facts::events::{get_event, list_event_seqs};
use crate::facts::names::{Key, intern_id};
use crate::facts::snapshots::{Origin, list_snapshots};
use crate::domain::wire::EventWire;

/// One node with its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Number of its Stripe id.
    pub key: Key,
    /// Its Stripe id.
    pub id: String,
    /// Its kind.
    pub kind: Kind,
    /// Two differing snapshots speak of its newest second.
    pub unsettled: bool,
    /// Earliest event that proves a payment, unix seconds.
    pub proof_at: Option<i64>,
    /// Links by number: intent, charge, recovered from, customer.
    pub links: Links,
    /// The order it was last folded into.
    pub preorder: Option<i64>,
    /// Its state; link ids are empty here, see `links`.
    pub state: ObjectState,
}

/// Links of a node by number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Links {
    /// The intent it belongs to.
    pub intent: Option<Key>,
    /// The charge it belongs to.
    pub charge: Option<Key>,
    /// The session it was recovered from.
    pub recovered_from: Option<Key>,
    /// Its customer.
    pub customer: Option<Key>,
}

impl Node {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            key: row.get(0)?,
            id: row.get(1)?,
            kind: Kind::from_stored(row.get(2)?),
            unsettled: row.get(3)?,
            proof_at: row.get(4)?,
            preorder: row.get(5)?,
            links: Links { intent: row.get(6)?, charge: row.get(7)?, recovered_from: row.get(8)?, customer: row.get(9)? },
            state: ObjectState {
                created: row.get(10)?,
                status: row.get(11)?,
                sub_status: row.get(12)?,
                amount: row.get(13)?,
                amount_part: row.get(14)?,
                currency: row.get(15)?,
                email: row.get(16)?,
                name: row.get(17)?,
                preorder_id: row.get(18)?,
                user_id: row.get(19)?,
                color: row.get(20)?,
                locale: row.get(21)?,
                source: row.get(22)?,
                attempted: row.get(23)?,
                detail: row.get(24)?,
                expires_at: row.get(25)?,
                deleted: row.get(26)?,
                ..ObjectState::default()
            },
        })
    }
}

/// Reads a node; None when the object was only ever referred to.
///
/// # Errors
/// The read failed.
pub fn find_node(connection: &Connection, key: Key) -> DbResult<Option<Node>> {
    Ok(connection
        .prepare_cached(
            "SELECT n.key, s.id, n.kind, n.unsettled, n.proof_at, n.preorder, n.intent, n.charge, n.recovered_from, n.customer,
                    n.created, n.status, n.sub_status, n.amount, n.amount_part, n.currency, n.email, n.name, n.preorder_id,
                    n.user_id, n.color, n.locale, n.source, n.attempted, n.detail, n.expires_at, n.deleted
             FROM node n JOIN stripe_id s ON s.key = n.key WHERE n.key = ?1",
        )?
        .query_row([key], Node::read)
        .optional()?)
}

/// A snapshot offered to a node. Its fact is stored already.
#[derive(Debug, Clone)]
pub struct Offer<'a> {
    /// The object's number.
    pub key: Key,
    /// The object was never seen before this snapshot.
    pub fresh: bool,
    /// What the snapshot says.
    pub read: &'a ReadObject,
    /// Where it comes from.
    pub origin: Origin,
    /// Number of the fact that holds it.
    pub source_seq: i64,
    /// The instant it speaks of.
    pub as_of: i64,
    /// The event's type, for events.
    pub event_type: Option<&'a str>,
}

/// What an offer did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The node's state, proof or certainty changed: its order must be folded again.
    pub changed: bool,
    /// The node has become unsettled.
    pub unsettled: bool,
}

struct Held {
    standing: Standing,
    digest: i64,
    unsettled: bool,
    preorder_id: Option<String>,
    proof_at: Option<i64>,
}

/// Offers a snapshot to its node, which takes it if it is the newest.
///
/// # Errors
/// The write failed.
pub fn offer(transaction: &Transaction<'_>, offer: &Offer<'_>, names: &MetadataNames) -> DbResult<Outcome> {
    let state = &offer.read.state;
    let mut place = standing(offer.read.kind, state, offer.origin, offer.as_of, offer.event_type);
    let digest = digest(state);
    let proof = proof_of(offer);
    let held = if offer.fresh { None } else { find_held(transaction, offer.key)? };
    let Some(held) = held else {
        write(transaction, offer, place, digest, false, proof)?;
        return Ok(Outcome { changed: true, unsettled: false });
    };
    let proof_at = match (held.proof_at, proof) {
        (Some(before), Some(now)) => Some(before.min(now)),
        (before, now) => before.or(now),
    };
    let proof_moved = proof_at != held.proof_at;
    note_former_ids(transaction, offer.key, state, &held, place > held.standing)?;
    if place.as_of < held.standing.as_of {
        move_proof(transaction, offer.key, proof_at, proof_moved)?;
        return Ok(Outcome { changed: proof_moved, unsettled: false });
    }
    if place.as_of > held.standing.as_of {
        let same = digest == held.digest && !held.unsettled;
        write(transaction, offer, place, digest, false, proof_at)?;
        return Ok(Outcome { changed: !same || proof_moved, unsettled: false });
    }
    if digest == held.digest {
        // The same state again: only its standing may rise.
        place = place.max(held.standing);
        transaction
            .prepare_cached("UPDATE node SET rank = ?2, class = ?3, proof_at = ?4 WHERE key = ?1")?
            .execute(params![offer.key, place.rank, place.class, proof_at])?;
        return Ok(Outcome { changed: proof_moved, unsettled: false });
    }
    let is_first = |standing: Standing| standing.class == CREATED && standing.rank == 1;
    if is_first(place) && !is_first(held.standing) {
        move_proof(transaction, offer.key, proof_at, proof_moved)?;
        return Ok(Outcome { changed: proof_moved, unsettled: false });
    }
    if is_first(held.standing) && !is_first(place) && !held.unsettled {
        write(transaction, offer, place, digest, false, proof_at)?;
        return Ok(Outcome { changed: true, unsettled: false });
    }
    settle(transaction, offer.key, offer.as_of, proof_at, names, held.unsettled)
}

/// Decides between every snapshot of one second, read back from the facts.
fn settle(
    transaction: &Transaction<'_>,
    key: Key,
    as_of: i64,
    proof_at: Option<i64>,
    names: &MetadataNames,
    was_unsettled: bool,
) -> DbResult<Outcome> {
    let mut candidates = Vec::new();
    for seq in list_event_seqs(transaction, key, Some(as_of))? {
        let event = get_event(transaction, seq)?;
        let Some((object, previous)) = event_parts(&event.bytes) else { continue };
        if let Ok(read) = read_object(&object, Some(&event.kind), names) {
            candidates.push((read, Origin::Event, seq, Some(event.kind), object, previous));
        }
    }
    for snapshot in list_snapshots(transaction, key, Some(as_of))? {
        if snapshot.bytes.is_empty() {
            let read = tombstone(transaction, key)?;
            candidates.push((read, snapshot.origin, snapshot.seq, None, String::new(), None));
            continue;
        }
        let object = String::from_utf8_lossy(&snapshot.bytes).into_owned();
        if let Ok(mut read) = read_object(&object, None, names) {
            read.state.deleted |= snapshot.deleted;
            candidates.push((read, snapshot.origin, snapshot.seq, None, object, None));
        }
    }
    let rivals: Vec<Rival> = candidates
        .iter()
        .map(|(read, origin, _, event_type, object, previous)| Rival {
            standing: standing(read.kind, &read.state, *origin, as_of, event_type.as_deref()),
            digest: digest(&read.state),
            previous: previous.as_deref().and_then(as_map),
            object: as_map(object).unwrap_or_default(),
        })
        .collect();
    let Some((winner, certain)) = precedence::pick(&rivals) else { return Ok(Outcome::default()) };
    let (read, origin, source_seq, event_type, _, _) = &candidates[winner];
    let offer = Offer { key, fresh: false, read, origin: *origin, source_seq: *source_seq, as_of, event_type: event_type.as_deref() };
    let before = find_held(transaction, key)?.and_then(|held| held.preorder_id);
    forget_as_current(transaction, key, before.as_deref(), read.state.preorder_id.as_deref())?;
    write(transaction, &offer, rivals[winner].standing, rivals[winner].digest, !certain, proof_at)?;
    Ok(Outcome { changed: true, unsettled: !certain && !was_unsettled })
}

/// What a tombstone without a body says.
pub(super) fn tombstone(connection: &Connection, key: Key) -> DbResult<ReadObject> {
    let (id, kind): (String, i64) = connection
        .prepare_cached("SELECT id, kind FROM stripe_id WHERE key = ?1")?
        .query_row([key], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let state = ObjectState { deleted: true, ..ObjectState::default() };
    Ok(ReadObject { id, kind: Kind::from_stored(kind), state })
}

/// Takes an event's object and former values out of its bytes.
pub fn event_parts(bytes: &[u8]) -> Option<(String, Option<String>)> {
    let event: EventWire<'_> = serde_json::from_slice(bytes).ok()?;
    let object = event.data.0.object?.get().to_owned();
    Some((object, event.data.0.previous_attributes.map(|raw| raw.get().to_owned())))
}

fn as_map(json: &str) -> Option<Map<String, Value>> {
    match serde_json::from_str(json) {
        Ok(Value::Object(map)) => Some(map),
        _ => None,
    }
}

/// The instant of an event that proves its object was paid.
fn proof_of(offer: &Offer<'_>) -> Option<i64> {
    let state = &offer.read.state;
    let proves = match offer.event_type? {
        "payment_intent.succeeded" | "checkout.session.async_payment_succeeded" => true,
        "checkout.session.completed" => matches!(state.sub_status.as_deref(), Some("paid" | "no_payment_required")),
        "charge.succeeded" | "charge.captured" => {
            state.status.as_deref() == Some("succeeded") && state.sub_status.as_deref() == Some("captured")
        }
        _ => false,
    };
    proves.then_some(offer.as_of)
}

fn move_proof(transaction: &Transaction<'_>, key: Key, proof_at: Option<i64>, moved: bool) -> DbResult<()> {
    if moved {
        transaction.prepare_cached("UPDATE node SET proof_at = ?2 WHERE key = ?1")?.execute(params![key, proof_at])?;
    }
    Ok(())
}

/// Keeps `former_preorder_id` = every preorderId ever carried, less the current one.
fn note_former_ids(transaction: &Transaction<'_>, key: Key, state: &ObjectState, held: &Held, wins: bool) -> DbResult<()> {
    let (current, offered) = (held.preorder_id.as_deref(), state.preorder_id.as_deref());
    if current == offered {
        return Ok(());
    }
    if wins { forget_as_current(transaction, key, current, offered) } else { add_former(transaction, key, offered) }
}

/// The current preorderId gives way to another one.
fn forget_as_current(transaction: &Transaction<'_>, key: Key, before: Option<&str>, now: Option<&str>) -> DbResult<()> {
    if before == now {
        return Ok(());
    }
    add_former(transaction, key, before)?;
    if let Some(now) = now {
        transaction
            .prepare_cached("DELETE FROM former_preorder_id WHERE preorder_id = ?1 AND node = ?2")?
            .execute(params![now, key])?;
    }
    Ok(())
}

fn add_former(transaction: &Transaction<'_>, key: Key, id: Option<&str>) -> DbResult<()> {
    if let Some(id) = id {
        transaction
            .prepare_cached("INSERT OR IGNORE INTO former_preorder_id (preorder_id, node) VALUES (?1, ?2)")?
            .execute(params![id, key])?;
    }
    Ok(())
}

fn find_held(transaction: &Transaction<'_>, key: Key) -> DbResult<Option<Held>> {
    Ok(transaction
        .prepare_cached("SELECT as_of, rank, class, digest, unsettled, preorder_id, proof_at FROM node WHERE key = ?1")?
        .query_row([key], |row| {
            Ok(Held {
                standing: Standing { as_of: row.get(0)?, rank: row.get(1)?, class: row.get(2)? },
                digest: row.get(3)?,
                unsettled: row.get(4)?,
                preorder_id: row.get(5)?,
                proof_at: row.get(6)?,
            })
        })
        .optional()?)
}

fn write(
    transaction: &Transaction<'_>,
    offer: &Offer<'_>,
    place: Standing,
    digest: i64,
    unsettled: bool,
    proof_at: Option<i64>,
) -> DbResult<()> {
    let state = &offer.read.state;
    let link = |id: &Option<String>, kind: Kind| -> DbResult<Option<Key>> {
        id.as_deref().map(|id| intern_id(transaction, id, kind)).transpose()
    };
    let intent = link(&state.intent, Kind::Intent)?;
    let charge = link(&state.charge, Kind::Charge)?;
    let recovered_from = link(&state.recovered_from, Kind::Session)?;
    let customer = link(&state.customer, Kind::Customer)?;
    transaction
        .prepare_cached(
            "INSERT INTO node (key, kind, as_of, rank, class, digest, origin, source_seq, unsettled, deleted, attempted,
               created, proof_at, status, sub_status, amount, amount_part, currency, email, name, preorder_id, user_id,
               color, locale, source, detail, expires_at, intent, charge, recovered_from, customer)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
               ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31)
             ON CONFLICT (key) DO UPDATE SET kind = ?2, as_of = ?3, rank = ?4, class = ?5, digest = ?6, origin = ?7,
               source_seq = ?8, unsettled = ?9, deleted = ?10, attempted = ?11, created = ?12, proof_at = ?13, status = ?14,
               sub_status = ?15, amount = ?16, amount_part = ?17, currency = ?18, email = ?19, name = ?20, preorder_id = ?21,
               user_id = ?22, color = ?23, locale = ?24, source = ?25, detail = ?26, expires_at = ?27, intent = ?28,
               charge = ?29, recovered_from = ?30, customer = ?31",
        )?
        .execute(params![
            offer.key,
            offer.read.kind as u8,
            place.as_of,
            place.rank,
            place.class,
            digest,
            offer.origin as u8,
            offer.source_seq,
            unsettled,
            state.deleted,
            state.attempted,
            state.created,
            proof_at,
            state.status,
            state.sub_status,
            state.amount,
            state.amount_part,
            state.currency,
            state.email,
            state.name,
            state.preorder_id,
            state.user_id,
            state.color,
            state.locale,
            state.source,
            state.detail,
            state.expires_at,
            intent,
            charge,
            recovered_from,
            customer
        ])?;
    Ok(())
}

/// Lists a numeric column of a query with one parameter.
pub(super) fn list_keys<P: rusqlite::ToSql>(connection: &Connection, sql: &str, parameter: P) -> DbResult<Vec<Key>> {
    let mut statement = connection.prepare_cached(sql)?;
    let keys = statement.query_map([parameter], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(keys)
}
