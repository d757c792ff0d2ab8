//! Which of two snapshots of an object is the newer: a total order, whatever order they arrive in.
//!
//! By instant; within one second: deletion, then retrieve and answer over list over event; among events
//! `*.created` lowest and a final status highest; then `previous_attributes`; then a digest
//! (docs/decisions/0003).

use serde_json::{Map, Value};

use super::object::ObjectState;
use crate::domain::kind::Kind;
use crate::facts::snapshots::Origin;

/// Class of an event that announces a new object.
pub const CREATED: u8 = 0;
/// Class of any other state.
pub const CHANGED: u8 = 1;
/// Class of a state that its kind does not leave.
pub const FINAL: u8 = 2;

/// Rank of a tombstone.
const DELETED: u8 = 9;

/// Where a snapshot stands in the order, as far as it can be told without looking at others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Standing {
    /// The instant it speaks of, unix seconds.
    pub as_of: i64,
    /// Deletion over retrieve and answer over list over event.
    pub rank: u8,
    /// [`CREATED`], [`CHANGED`] or [`FINAL`].
    pub class: u8,
}

/// Places a snapshot.
pub fn standing(
    kind: Kind,
    state: &ObjectState,
    origin: Origin,
    as_of: i64,
    event_type: Option<&str>,
) -> Standing {
    let rank = match origin {
        _ if state.deleted => DELETED,
        Origin::Event => 1,
        Origin::List => 2,
        Origin::Retrieve | Origin::Answer => 3,
    };
    let class = if event_type.is_some_and(|event| event.ends_with(".created")) {
        CREATED
    } else if is_final(kind, state.status.as_deref()) {
        FINAL
    } else {
        CHANGED
    };
    Standing { as_of, rank, class }
}

fn is_final(kind: Kind, status: Option<&str>) -> bool {
    let Some(status) = status else { return false };
    match kind {
        Kind::Session => matches!(status, "complete" | "expired"),
        Kind::Intent => matches!(status, "succeeded" | "canceled"),
        Kind::Charge => matches!(status, "succeeded" | "failed"),
        Kind::Refund => matches!(status, "succeeded" | "failed" | "canceled"),
        Kind::Dispute => matches!(status, "won" | "lost" | "warning_closed"),
        Kind::Customer | Kind::Product | Kind::Price | Kind::Local | Kind::Endpoint | Kind::Other => false,
    }
}

/// A digest of what orders see of an object; two snapshots with the same one do not differ.
pub fn digest(state: &ObjectState) -> i64 {
    let mut hash = xxhash_rust::xxh3::Xxh3::new();
    let texts = [
        &state.status,
        &state.sub_status,
        &state.currency,
        &state.email,
        &state.name,
        &state.preorder_id,
        &state.user_id,
        &state.color,
        &state.locale,
        &state.source,
        &state.plan,
        &state.detail,
        &state.intent,
        &state.charge,
        &state.recovered_from,
        &state.customer,
        &state.product,
    ];
    for text in texts {
        hash.update(&[u8::from(text.is_some())]);
        if let Some(text) = text {
            hash.update(&(text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        }
    }
    for number in [state.created, state.amount, state.amount_part, state.expires_at, state.credits] {
        hash.update(&[u8::from(number.is_some())]);
        hash.update(&number.unwrap_or_default().to_le_bytes());
    }
    hash.update(&[u8::from(state.attempted), u8::from(state.deleted), u8::from(state.address)]);
    i64::from_ne_bytes(hash.digest().to_ne_bytes())
}

/// One of several snapshots that speak of the same second.
#[derive(Debug, Clone)]
pub struct Rival {
    /// Where it stands.
    pub standing: Standing,
    /// [`digest`] of its state.
    pub digest: i64,
    /// Former values of what it changed, for events that say so.
    pub previous: Option<Map<String, Value>>,
    /// The object, for rivals that may have a follower.
    pub object: Map<String, Value>,
}

/// Picks the newest of the rivals of one second, and says whether that is certain.
///
/// It is certain when every other state is the same, is a `*.created` event, or leads to the winner by
/// `previous_attributes`, and nothing says that it came after the winner. None for an empty slice.
pub fn pick(rivals: &[Rival]) -> Option<(usize, bool)> {
    let top = rivals.iter().map(|rival| (rival.standing.rank, rival.standing.class)).max()?;
    let best = |index: &usize| (rivals[*index].standing.rank, rivals[*index].standing.class) == top;
    let finalists: Vec<usize> = (0..rivals.len()).filter(best).collect();
    let unfollowed =
        |index: &&usize| !finalists.iter().any(|other| follows(&rivals[*other], &rivals[**index]));
    let last: Vec<usize> = finalists.iter().filter(unfollowed).copied().collect();
    let pool = if last.is_empty() { &finalists } else { &last };
    let winner = pool.iter().copied().max_by_key(|index| rivals[*index].digest)?;
    // Of equal states one that nothing came after is enough.
    let is_last = |index: &usize| !rivals.iter().any(|rival| follows(rival, &rivals[*index]));
    let mut equals = finalists.iter().filter(|index| rivals[**index].digest == rivals[winner].digest);
    Some((winner, equals.any(is_last) && is_certain(rivals, winner)))
}

fn is_certain(rivals: &[Rival], winner: usize) -> bool {
    let mut proven: Vec<bool> = rivals.iter().map(|rival| rival.digest == rivals[winner].digest).collect();
    let winner_was_changed = rivals[winner].standing.class > CREATED || rivals[winner].standing.rank > 1;
    for (index, rival) in rivals.iter().enumerate() {
        let first = rival.standing.class == CREATED && rival.standing.rank == 1;
        proven[index] |= first && winner_was_changed;
    }
    // Walk back along previous_attributes until nothing more is reached.
    loop {
        let reached: Vec<usize> = (0..rivals.len())
            .filter(|index| !proven[*index])
            .filter(|index| {
                (0..rivals.len()).any(|later| proven[later] && follows(&rivals[later], &rivals[*index]))
            })
            .collect();
        if reached.is_empty() {
            return proven.into_iter().all(|known| known);
        }
        for index in reached {
            proven[index] = true;
        }
    }
}

/// Whether `later` says of itself that it came directly after a state like `earlier`.
fn follows(later: &Rival, earlier: &Rival) -> bool {
    let Some(previous) = later.previous.as_ref().filter(|previous| !previous.is_empty()) else {
        return false;
    };
    // A tombstone has no fields that anything could have come after.
    let differs = later.digest != earlier.digest && !earlier.object.is_empty();
    differs && previous.iter().all(|(name, value)| held(&earlier.object, name, value))
}

/// Whether the object held this former value. Nested objects name only the members that changed.
fn held(object: &Map<String, Value>, name: &str, former: &Value) -> bool {
    match (object.get(name), former) {
        (Some(Value::Object(now)), Value::Object(before)) => {
            before.iter().all(|(name, value)| held(now, name, value))
        }
        (Some(now), before) => now == before,
        (None, before) => before.is_null(),
    }
}
