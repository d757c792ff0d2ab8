//! The newest stored JSON of an object, and the parts of it that only the sheet shows.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::sheet::LineItem;
use crate::db::{Connection, DbResult, OptionalExtension, params};
use crate::domain::kind::Kind;
use crate::domain::wire::{Int, Items, Nested, Ref, Text};
use crate::facts::codec::Unpackers;
use crate::facts::names::Key;
use crate::facts::snapshots::Origin;
use crate::projections::offer::event_parts;

/// Snapshots of a session that are searched for line items, newest first.
const MOST_SNAPSHOTS: i64 = 20;

/// Stored JSON of an object and where it comes from.
pub(super) struct Stored {
    pub origin: &'static str,
    pub as_of: i64,
    pub json: String,
}

/// Finds the JSON an object's state was read from; for a tombstone without a body, the last one before it.
///
/// # Errors
/// The read failed, or the body is damaged.
pub(super) fn find_stored(connection: &Connection, key: Key) -> DbResult<Option<Stored>> {
    let newest: Option<(i64, i64, i64, i64)> = connection
        .prepare_cached("SELECT kind, origin, source_seq, as_of FROM node WHERE key = ?1")?
        .query_row([key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    let found = match newest {
        Some((kind, _, seq, as_of)) if Kind::from_stored(kind) == Kind::Local => {
            local(connection, seq)?.map(|json| Stored { origin: "local", as_of, json })
        }
        Some((_, origin, seq, _)) if Origin::from_stored(origin) == Origin::Event => {
            from_event(connection, seq)?
        }
        Some((_, _, seq, _)) => from_snapshot(connection, seq)?,
        None => None,
    };
    if found.is_some() {
        return Ok(found);
    }
    last_with_a_body(connection, key)
}

fn local(connection: &Connection, seq: i64) -> DbResult<Option<String>> {
    Ok(connection
        .prepare_cached("SELECT body FROM local_fact WHERE seq = ?1")?
        .query_row([seq], |row| row.get(0))
        .optional()?)
}

fn from_event(connection: &Connection, seq: i64) -> DbResult<Option<Stored>> {
    let event = crate::facts::events::get_event(connection, seq)?;
    let object = event_parts(&event.bytes).map(|(object, _)| object);
    Ok(object.map(|json| Stored { origin: Origin::Event.as_str(), as_of: event.created, json }))
}

fn from_snapshot(connection: &Connection, seq: i64) -> DbResult<Option<Stored>> {
    let snapshot = crate::facts::snapshots::get_snapshot(connection, seq)?;
    let json = String::from_utf8_lossy(&snapshot.bytes).into_owned();
    let stored = Stored { origin: snapshot.origin.as_str(), as_of: snapshot.as_of, json };
    Ok((!stored.json.is_empty()).then_some(stored))
}

fn last_with_a_body(connection: &Connection, key: Key) -> DbResult<Option<Stored>> {
    let seq = |sql: &str| -> DbResult<Option<(i64, i64)>> {
        Ok(connection
            .prepare_cached(sql)?
            .query_row([key], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?)
    };
    let event = seq(
        "SELECT seq, created FROM stripe_event WHERE object = ?1 ORDER BY created DESC, seq DESC LIMIT 1",
    )?;
    let snapshot = seq(
        "SELECT seq, as_of FROM stripe_snapshot WHERE object = ?1 AND length(body) > 0 ORDER BY as_of DESC, seq DESC LIMIT 1",
    )?;
    match (event, snapshot) {
        (Some((_, created)), Some((seq, as_of))) if as_of >= created => from_snapshot(connection, seq),
        (Some((seq, _)), _) => from_event(connection, seq),
        (None, Some((seq, _))) => from_snapshot(connection, seq),
        (None, None) => Ok(None),
    }
}

/// What a session's JSON says beyond its state.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SessionJson<'a> {
    #[serde(borrow)]
    pub url: Text<'a>,
    #[serde(borrow)]
    pub after_expiration: Nested<AfterExpiration<'a>>,
    #[serde(borrow)]
    line_items: Nested<Lines<'a>>,
    #[serde(borrow)]
    display_items: Items<Nested<Line<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AfterExpiration<'a> {
    #[serde(borrow)]
    pub recovery: Nested<Recovery<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Recovery<'a> {
    #[serde(borrow)]
    pub url: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Lines<'a> {
    #[serde(borrow)]
    data: Items<Nested<Line<'a>>>,
}

/// A line item, or a display item of the years before.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Line<'a> {
    #[serde(borrow)]
    description: Text<'a>,
    quantity: Int,
    amount_total: Int,
    amount: Int,
    #[serde(borrow)]
    currency: Text<'a>,
    #[serde(borrow)]
    price: Option<&'a RawValue>,
    #[serde(borrow)]
    custom: Nested<Custom<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Custom<'a> {
    #[serde(borrow)]
    name: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Price<'a> {
    #[serde(borrow)]
    product: Ref<'a>,
}

impl Line<'_> {
    fn view(&self) -> LineItem {
        let price = self.price.map_or("null", RawValue::get);
        let price_id: Ref<'_> = serde_json::from_str(price).unwrap_or_default();
        let product: Nested<Price<'_>> = serde_json::from_str(price).unwrap_or_default();
        let listed = self.amount.0.and_then(|amount| amount.checked_mul(self.quantity.0.unwrap_or(1)));
        LineItem {
            description: self.description.owned().or_else(|| self.custom.0.name.owned()),
            quantity: self.quantity.0,
            amount_minor: self.amount_total.0.or(listed),
            currency: self.currency.get().map(str::to_ascii_lowercase),
            price_id: price_id.get().map(str::to_owned),
            product_id: product.0.product.get().map(str::to_owned),
        }
    }
}

impl SessionJson<'_> {
    fn lines(&self) -> Vec<LineItem> {
        let items = &self.line_items.0.data.0;
        let items = if items.is_empty() { &self.display_items.0 } else { items };
        items.iter().map(|line| line.0.view()).collect()
    }
}

/// Lists a session's line items: from its newest JSON, else from an older list or retrieve.
///
/// # Errors
/// The read failed, or a body is damaged.
pub(super) fn line_items(
    connection: &Connection,
    key: Key,
    newest: &SessionJson<'_>,
) -> DbResult<Vec<LineItem>> {
    let own = newest.lines();
    if !own.is_empty() {
        return Ok(own);
    }
    older_items(connection, key)
}

fn older_items(connection: &Connection, key: Key) -> DbResult<Vec<LineItem>> {
    let mut unpackers = Unpackers::default();
    let mut statement = connection.prepare_cached(
        "SELECT dictionary, body FROM stripe_snapshot WHERE object = ?1 AND length(body) > 0
         ORDER BY as_of DESC, seq DESC LIMIT ?2",
    )?;
    let mut rows = statement.query(params![key, MOST_SNAPSHOTS])?;
    while let Some(row) = rows.next()? {
        let bytes = unpackers.unpack(connection, row.get(0)?, &row.get::<_, Vec<u8>>(1)?)?;
        let session: SessionJson<'_> = serde_json::from_slice(&bytes).unwrap_or_default();
        let lines = session.lines();
        if !lines.is_empty() {
            return Ok(lines);
        }
    }
    Ok(Vec::new())
}

/// Why a payment failed, in Stripe's code and words.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FailureJson<'a> {
    #[serde(borrow)]
    last_payment_error: Nested<PaymentError<'a>>,
    #[serde(borrow)]
    failure_code: Text<'a>,
    #[serde(borrow)]
    failure_message: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PaymentError<'a> {
    #[serde(borrow)]
    code: Text<'a>,
    #[serde(borrow)]
    decline_code: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
}

impl FailureJson<'_> {
    /// The code (a decline's own code where there is one) and the words.
    pub(super) fn said(&self) -> (Option<String>, Option<String>) {
        let error = &self.last_payment_error.0;
        let code =
            error.decline_code.owned().or_else(|| error.code.owned()).or_else(|| self.failure_code.owned());
        (code, error.message.owned().or_else(|| self.failure_message.owned()))
    }
}
