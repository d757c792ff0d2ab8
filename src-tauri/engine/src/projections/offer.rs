//! Offers of snapshots to nodes: the newest by the total order of `precedence` is kept.

use serde_json::{Map, Value};

use super::fold::mark_dirty;
use super::identity;
use super::object::{ObjectState, ReadObject, read_object};
use super::precedence::{self, CREATED, Rival, Standing, digest, standing};
use crate::db::{Connection, DbResult, OptionalExtension, Transaction, params};
use crate::domain::kind::Kind;
use crate::domain::settings::MetadataNames;
use crate::domain::wire::EventWire;
use crate::facts::events::{get_event, list_event_seqs};
use crate::facts::names::{Key, intern_id};
use crate::facts::snapshots::{Origin, list_snapshots};

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
    /// The first instant its bytes were seen at.
    pub first_at: i64,
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
    marks: Marks,
    links: [Option<Key>; 3],
    person: Person,
}

/// The user and the e-mail that an object names together.
type Person = (Option<String>, Option<String>);

/// Offers a snapshot to its node, which takes it if it is the newest.
///
/// # Errors
/// The write failed.
pub fn offer(transaction: &Transaction<'_>, offer: &Offer<'_>, names: &MetadataNames) -> DbResult<Outcome> {
    let state = &offer.read.state;
    let place = standing(offer.read.kind, state, offer.origin, offer.as_of, offer.event_type);
    let digest = digest(state);
    let marks = Marks::of(offer);
    let held = if offer.fresh { None } else { find_held(transaction, offer.key)? };
    let Some(held) = held else {
        write(transaction, offer, true, place, digest, false, marks)?;
        person_moved(transaction, &(None, None), state)?;
        return Ok(Outcome { changed: true, unsettled: false });
    };
    let marks = held.marks.and(marks);
    let marks_moved = marks != held.marks;
    let is_first = |standing: Standing| standing.class == CREATED && standing.rank == 1;
    let is_older = place.as_of < held.standing.as_of;
    let is_outranked = !held.unsettled && is_first(place) && !is_first(held.standing);
    let ids = [held.preorder_id.as_deref(), state.preorder_id.as_deref()];
    if is_older || (is_outranked && place.as_of == held.standing.as_of) {
        note_former_ids(transaction, offer.key, ids, ids[0])?;
        move_marks(transaction, offer.key, marks, marks_moved)?;
        return Ok(Outcome { changed: marks_moved, unsettled: false });
    }
    if place.as_of > held.standing.as_of {
        let same = digest == held.digest && !held.unsettled;
        // An order whose objects do not say when they were made starts with the instant they were seen at.
        let dated = state.created.is_some();
        note_former_ids(transaction, offer.key, ids, ids[1])?;
        replace(transaction, offer, place, digest, false, marks, &held)?;
        return Ok(Outcome { changed: !same || !dated || marks_moved, unsettled: false });
    }
    if digest == held.digest && place <= held.standing && !held.unsettled {
        // The same state again, and nothing that could be proven by it.
        move_marks(transaction, offer.key, marks, marks_moved)?;
        return Ok(Outcome { changed: marks_moved, unsettled: false });
    }
    if is_first(held.standing) && !is_first(place) && !held.unsettled {
        note_former_ids(transaction, offer.key, ids, ids[1])?;
        replace(transaction, offer, place, digest, false, marks, &held)?;
        return Ok(Outcome { changed: true, unsettled: false });
    }
    settle(transaction, offer, marks, names, &held)
}

/// Decides between every snapshot of one second, read back from the facts. In a rebuild some of them were not
/// offered yet, and one of those may win.
fn settle(
    transaction: &Transaction<'_>,
    offered: &Offer<'_>,
    marks: Marks,
    names: &MetadataNames,
    held: &Held,
) -> DbResult<Outcome> {
    let (key, as_of) = (offered.key, offered.as_of);
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
    let offer = Offer {
        key,
        fresh: false,
        read,
        origin: *origin,
        source_seq: *source_seq,
        as_of,
        first_at: as_of,
        event_type: event_type.as_deref(),
    };
    let ids = [held.preorder_id.as_deref(), offered.read.state.preorder_id.as_deref()];
    note_former_ids(transaction, key, ids, read.state.preorder_id.as_deref())?;
    replace(transaction, &offer, rivals[winner].standing, rivals[winner].digest, !certain, marks, held)?;
    Ok(Outcome { changed: true, unsettled: !certain && !held.unsettled })
}

/// Writes a state over another one. What the former state led to may have lost its order by that.
fn replace(
    transaction: &Transaction<'_>,
    offer: &Offer<'_>,
    place: Standing,
    digest: i64,
    unsettled: bool,
    marks: Marks,
    held: &Held,
) -> DbResult<()> {
    let links = write(transaction, offer, false, place, digest, unsettled, marks)?;
    for left in held.links.into_iter().flatten().filter(|link| !links.contains(&Some(*link))) {
        mark_dirty(transaction, left)?;
    }
    person_moved(transaction, &held.person, &offer.read.state)
}

/// An e-mail may now belong to another user: whom it belongs to is looked at again.
fn person_moved(transaction: &Transaction<'_>, before: &Person, now: &ObjectState) -> DbResult<()> {
    if before.0 == now.user_id && before.1 == now.email {
        return Ok(());
    }
    let was = before.0.as_ref().and(before.1.as_ref());
    let is = now.user_id.as_ref().and(now.email.as_ref());
    for email in was.into_iter().chain(is) {
        identity::mark(transaction, email)?;
    }
    Ok(())
}

/// What a tombstone without a body says.
pub(super) fn tombstone(connection: &Connection, key: Key) -> DbResult<ReadObject> {
    let (id, kind): (String, i64) = connection
        .prepare_cached("SELECT id, kind FROM stripe_id WHERE key = ?1")?
        .query_row([key], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let state = ObjectState { deleted: true, ..ObjectState::default() };
    Ok(ReadObject { id, kind: Kind::from_stored(kind), state, sale: None })
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
pub(super) fn proof_of(offer: &Offer<'_>) -> Option<i64> {
    let state = &offer.read.state;
    let proves = match offer.event_type? {
        "payment_intent.succeeded" | "checkout.session.async_payment_succeeded" => true,
        "checkout.session.completed" => {
            matches!(state.sub_status.as_deref(), Some("paid" | "no_payment_required"))
        }
        "charge.succeeded" | "charge.captured" => {
            state.status.as_deref() == Some("succeeded") && state.sub_status.as_deref() == Some("captured")
        }
        _ => false,
    };
    proves.then_some(offer.as_of)
}

/// Instants that are kept of every snapshot ever offered, whichever state is the newest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Marks {
    /// The first event that proves a payment.
    proof: Option<i64>,
    /// When an intent was first seen to wait for its buyer, or a session was completed.
    entered: Option<i64>,
    /// The last event that says that a payment failed.
    failed: Option<i64>,
}

impl Marks {
    fn of(offer: &Offer<'_>) -> Self {
        let waits =
            matches!(offer.read.state.status.as_deref(), Some("requires_action" | "requires_source_action"));
        let entered = match (offer.read.kind, offer.event_type) {
            (Kind::Intent, _) if waits => Some(offer.first_at),
            (Kind::Session, Some("checkout.session.completed")) => Some(offer.as_of),
            _ => None,
        };
        let failed = matches!(
            offer.event_type,
            Some("payment_intent.payment_failed" | "charge.failed" | "checkout.session.async_payment_failed")
        );
        Self { proof: proof_of(offer), entered, failed: failed.then_some(offer.as_of) }
    }

    fn and(self, other: Self) -> Self {
        let first = |one: Option<i64>, other: Option<i64>| one.into_iter().chain(other).min();
        Self {
            proof: first(self.proof, other.proof),
            entered: first(self.entered, other.entered),
            failed: self.failed.max(other.failed),
        }
    }
}

fn move_marks(transaction: &Transaction<'_>, key: Key, marks: Marks, moved: bool) -> DbResult<()> {
    if moved {
        transaction
            .prepare_cached("UPDATE node SET proof_at = ?2, entered_at = ?3, failed_at = ?4 WHERE key = ?1")?
            .execute(params![key, marks.proof, marks.entered, marks.failed])?;
    }
    Ok(())
}

/// Keeps `former_preorder_id` = every preorderId ever carried, less the current one: `carried` are the ones that
/// were current or are heard of, `now` the one that is.
fn note_former_ids(
    transaction: &Transaction<'_>,
    key: Key,
    carried: [Option<&str>; 2],
    now: Option<&str>,
) -> DbResult<()> {
    if carried == [now; 2] {
        return Ok(());
    }
    for id in carried.into_iter().flatten().filter(|id| Some(*id) != now) {
        transaction
            .prepare_cached("INSERT OR IGNORE INTO former_preorder_id (preorder_id, node) VALUES (?1, ?2)")?
            .execute(params![id, key])?;
    }
    if let Some(now) = now {
        transaction
            .prepare_cached("DELETE FROM former_preorder_id WHERE preorder_id = ?1 AND node = ?2")?
            .execute(params![now, key])?;
    }
    Ok(())
}

fn find_held(transaction: &Transaction<'_>, key: Key) -> DbResult<Option<Held>> {
    Ok(transaction
        .prepare_cached(
            "SELECT as_of, rank, class, digest, unsettled, preorder_id, proof_at, intent, charge, recovered_from, user_id, email,
                    entered_at, failed_at
             FROM node WHERE key = ?1",
        )?
        .query_row([key], |row| {
            Ok(Held {
                standing: Standing { as_of: row.get(0)?, rank: row.get(1)?, class: row.get(2)? },
                digest: row.get(3)?,
                unsettled: row.get(4)?,
                preorder_id: row.get(5)?,
                marks: Marks { proof: row.get(6)?, entered: row.get(12)?, failed: row.get(13)? },
                links: [row.get(7)?, row.get(8)?, row.get(9)?],
                person: (row.get(10)?, row.get(11)?),
            })
        })
        .optional()?)
}

const INSERT: &str =
    "INSERT INTO node (key, kind, as_of, rank, class, digest, origin, source_seq, unsettled, deleted, attempted,
       created, proof_at, status, sub_status, amount, amount_part, currency, email, name, preorder_id, user_id,
       color, locale, source, detail, expires_at, intent, charge, recovered_from, customer, plan, credits,
       entered_at, failed_at, address, product)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
       ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37)";
const UPDATE: &str =
    "UPDATE node SET kind = ?2, as_of = ?3, rank = ?4, class = ?5, digest = ?6, origin = ?7, source_seq = ?8,
       unsettled = ?9, deleted = ?10, attempted = ?11, created = ?12, proof_at = ?13, status = ?14, sub_status = ?15,
       amount = ?16, amount_part = ?17, currency = ?18, email = ?19, name = ?20, preorder_id = ?21, user_id = ?22,
       color = ?23, locale = ?24, source = ?25, detail = ?26, expires_at = ?27, intent = ?28, charge = ?29,
       recovered_from = ?30, customer = ?31, plan = ?32, credits = ?33, entered_at = ?34, failed_at = ?35,
       address = ?36, product = ?37
     WHERE key = ?1";

/// Nodes are counted by the kind they were first seen as; they are never removed.
fn count_kind(transaction: &Transaction<'_>, kind: Kind) -> DbResult<()> {
    transaction
        .prepare_cached(
            "INSERT INTO kind_count (kind, count) VALUES (?1, 1) ON CONFLICT (kind) DO UPDATE SET count = count + 1",
        )?
        .execute([kind as u8])?;
    Ok(())
}

/// Writes a node, a `fresh` one or over another state; hands back what it leads to now.
fn write(
    transaction: &Transaction<'_>,
    offer: &Offer<'_>,
    fresh: bool,
    place: Standing,
    digest: i64,
    unsettled: bool,
    marks: Marks,
) -> DbResult<[Option<Key>; 3]> {
    let state = &offer.read.state;
    let link = |id: &Option<String>, kind: Kind| -> DbResult<Option<Key>> {
        id.as_deref().map(|id| intern_id(transaction, id, kind)).transpose()
    };
    let intent = link(&state.intent, Kind::Intent)?;
    let charge = link(&state.charge, Kind::Charge)?;
    let recovered_from = link(&state.recovered_from, Kind::Session)?;
    let customer = link(&state.customer, Kind::Customer)?;
    let product = link(&state.product, Kind::Product)?;
    transaction.prepare_cached(if fresh { INSERT } else { UPDATE })?.execute(params![
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
        marks.proof,
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
        customer,
        state.plan,
        state.credits,
        marks.entered,
        marks.failed,
        state.address,
        product
    ])?;
    if fresh {
        count_kind(transaction, offer.read.kind)?;
    }
    Ok([intent, charge, recovered_from])
}
