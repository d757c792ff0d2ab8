//! Local facts as nodes and links: orders taken by support, and what operators joined by hand.

use serde::{Deserialize, Serialize};

use super::findings::words;
use super::fold::mark_dirty;
use super::ingest::{Stored, Terms, take_in};
use super::object::{ObjectState, ReadObject};
use super::offer::Offer;
use super::wallets::take_adjustment;
use crate::db::{DbError, DbResult, Transaction, params};
use crate::domain::email::normalize;
use crate::domain::ids::usable_preorder_id;
use crate::domain::kind::Kind;
use crate::facts::local::{ADJUSTMENT, CORRECTION, FINDING, INTENT, LINK, LocalFact, UNLINK};
use crate::facts::names::{Key, intern_id};
use crate::facts::snapshots::Origin;

/// What a local intent says of the order it starts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LocalIntent {
    /// E-mail.
    pub email: Option<String>,
    /// Colour.
    pub color: Option<String>,
    /// Locale.
    pub locale: Option<String>,
    /// Source.
    pub source: Option<String>,
    /// The shop's user id.
    pub user_id: Option<String>,
    /// Minor units.
    pub amount: Option<i64>,
    /// Currency.
    pub currency: Option<String>,
}

/// Takes a stored local fact into nodes and links.
///
/// # Errors
/// The write failed, or the fact's body is damaged.
pub fn take_local(transaction: &Transaction<'_>, fact: &LocalFact, terms: &Terms) -> DbResult<()> {
    match fact.kind.as_str() {
        INTENT => take_intent(transaction, fact, terms),
        CORRECTION => take_correction(transaction, fact, terms),
        LINK | UNLINK => take_link(transaction, fact),
        ADJUSTMENT => take_adjustment(transaction, fact),
        FINDING => words::take(transaction, fact),
        _ => Ok(()),
    }
}

fn take_intent(transaction: &Transaction<'_>, fact: &LocalFact, terms: &Terms) -> DbResult<()> {
    let body: LocalIntent = serde_json::from_str(&fact.body)
        .map_err(|error| DbError::Corrupt(format!("local intent: {error}")))?;
    let id = format!("local_{}", fact.seq);
    let key = intern_id(transaction, &id, Kind::Local)?;
    let state = ObjectState {
        created: Some(fact.made_at),
        preorder_id: usable_preorder_id(&fact.subject).map(str::to_owned),
        email: body.email.as_deref().and_then(normalize),
        color: body.color,
        locale: body.locale,
        source: body.source,
        user_id: body.user_id,
        amount: body.amount,
        currency: body.currency,
        ..ObjectState::default()
    };
    let read = ReadObject { id, kind: Kind::Local, state, sale: None };
    let offered = Offer {
        key,
        fresh: false,
        read: &read,
        origin: Origin::Answer,
        source_seq: fact.seq,
        as_of: fact.made_at,
        first_at: fact.made_at,
        event_type: None,
    };
    take_in(transaction, &offered, terms, &mut Stored::default())
}

/// What is said in place of what an order's objects say; it belongs to the order of its subject.
fn take_correction(transaction: &Transaction<'_>, fact: &LocalFact, terms: &Terms) -> DbResult<()> {
    let body: LocalIntent = serde_json::from_str(&fact.body)
        .map_err(|error| DbError::Corrupt(format!("local correction: {error}")))?;
    let id = format!("local_{}", fact.seq);
    let key = intern_id(transaction, &id, Kind::Local)?;
    let state = ObjectState {
        created: Some(fact.made_at),
        detail: Some(CORRECTION.to_owned()),
        email: body.email.as_deref().and_then(normalize),
        ..ObjectState::default()
    };
    let read = ReadObject { id, kind: Kind::Local, state, sale: None };
    let offered = Offer {
        key,
        fresh: false,
        read: &read,
        origin: Origin::Answer,
        source_seq: fact.seq,
        as_of: fact.made_at,
        first_at: fact.made_at,
        event_type: None,
    };
    take_in(transaction, &offered, terms, &mut Stored::default())?;
    let subject = end_of(transaction, &fact.subject)?;
    transaction
        .prepare_cached("INSERT OR IGNORE INTO operator_link (a, b) VALUES (?1, ?2)")?
        .execute(params![key.min(subject), key.max(subject)])?;
    mark_dirty(transaction, subject)
}

/// The newest word on a pair of ends holds, whichever way round it was said.
fn take_link(transaction: &Transaction<'_>, fact: &LocalFact) -> DbResult<()> {
    let Some(object) = &fact.object else { return Ok(()) };
    let newest: Option<String> = transaction
        .prepare_cached(
            "SELECT kind FROM local_fact WHERE kind IN ('link', 'unlink')
             AND ((subject = ?1 AND object = ?2) OR (subject = ?2 AND object = ?1)) ORDER BY seq DESC LIMIT 1",
        )?
        .query_row(params![fact.subject, object], |row| row.get(0))?;
    let one = end_of(transaction, &fact.subject)?;
    let other = end_of(transaction, object)?;
    let (a, b) = (one.min(other), one.max(other));
    let sql = if newest.as_deref() == Some(LINK) {
        "INSERT OR IGNORE INTO operator_link (a, b) VALUES (?1, ?2)"
    } else {
        "DELETE FROM operator_link WHERE a = ?1 AND b = ?2"
    };
    transaction.prepare_cached(sql)?.execute(params![a, b])?;
    mark_dirty(transaction, one)?;
    mark_dirty(transaction, other)
}

fn end_of(transaction: &Transaction<'_>, id: &str) -> DbResult<Key> {
    intern_id(transaction, id, Kind::Other)
}
