//! One payment with everything that claims it: the events that prove it, the shop's own rows, and its wallet entries.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::purchases::{PurchaseRow, find_row};
use super::wallets::{WalletEntry, read_entry};
use crate::db::{Connection, DbResult, OptionalExtension, rusqlite};
use crate::facts::names::{Key, find_key};
use crate::projections::schema::require_current;
use crate::queries::resolve::{resolve, tidy_text};
use crate::queries::rows::list_numbers;

/// Most claims that are shown of one payment.
const MOST: i64 = 200;

/// Asks for the purchase that an id leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct PurchaseSheetArgs {
    /// Any id of it: payment intent, session, charge, refund, dispute, event, preorder.
    pub id: String,
}

/// An event that says a payment was made, or a row of the shop that says it was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Claim {
    /// `event` or `row`.
    pub by: String,
    /// The event's id, or the id of the shop's row.
    pub id: Option<String>,
    /// The event's type; of a row its status as the shop wrote it.
    pub what: Option<String>,
    /// Unix seconds.
    pub at: Option<i64>,
    /// The object the event is about; of a row the event it names.
    pub about: Option<String>,
    /// The endpoint that a row says it came by.
    pub endpoint: Option<String>,
    /// Credits that a row says were granted.
    pub credits: Option<i64>,
    /// Whether a row says that they were.
    pub applied: Option<bool>,
    /// Whose the row is.
    pub owner: Option<String>,
    /// The batch the row was imported by.
    pub batch: Option<i64>,
    /// Its line in that file.
    pub line: Option<i64>,
    /// That file.
    pub file: Option<String>,
}

/// A purchase with its facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PurchaseSheet {
    /// The purchase.
    pub purchase: PurchaseRow,
    /// What claims the payment, oldest first.
    pub claims: Vec<Claim>,
    /// What it did to its owner's wallet.
    pub entries: Vec<WalletEntry>,
    /// Ids of the Stripe objects it is made of.
    pub objects: Vec<String>,
}

/// Reads the purchase that an id leads to; the paid one where an order has several, else the newest.
///
/// # Errors
/// Stale projections; a text too long; a failed read.
pub fn sheet(connection: &Connection, args: &PurchaseSheetArgs) -> DbResult<Option<PurchaseSheet>> {
    require_current(connection)?;
    let Some((payment, purchase)) = find_purchase(connection, &args.id)? else { return Ok(None) };
    let mut claims = events_of(connection, payment)?;
    claims.extend(rows_of(connection, payment)?);
    claims.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    let mut statement = connection.prepare_cached(
        "SELECT owner, at, kind, credits, cause, NULL, NULL, local FROM wallet_entry WHERE payment = ?1 ORDER BY key",
    )?;
    let mut rows = statement.query([payment])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(read_entry(connection, row)?);
    }
    let objects = connection
        .prepare_cached("SELECT s.id FROM node n JOIN stripe_id s ON s.key = n.key WHERE n.payment = ?1 ORDER BY n.kind, n.key")?
        .query_map([payment], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Some(PurchaseSheet { purchase, claims, entries, objects }))
}

/// The purchase an id leads to.
pub(super) fn find_purchase(connection: &Connection, id: &str) -> DbResult<Option<(Key, PurchaseRow)>> {
    let mut best: Option<(Key, PurchaseRow)> = None;
    for payment in payments_named(connection, tidy_text(id)?)? {
        let Some(row) = find_row(connection, payment)? else { continue };
        let rank = |row: &PurchaseRow| (row.paid_at.is_some(), row.at);
        if best.as_ref().is_none_or(|(_, other)| rank(&row) > rank(other)) {
            best = Some((payment, row));
        }
    }
    Ok(best)
}

/// Payments that an id names: an object's own, that of an event's object or of a row of the shop, and all of an order's.
pub(super) fn payments_named(connection: &Connection, id: &str) -> DbResult<Vec<Key>> {
    let object: Option<Key> = match find_key(connection, id)? {
        Some(key) => Some(key),
        None => connection
            .prepare_cached("SELECT object FROM stripe_event WHERE id = ?1")?
            .query_row([id], |row| row.get(0))
            .optional()?
            .flatten(),
    };
    if let Some(key) = object {
        let own = list_numbers(
            connection,
            "SELECT payment FROM node WHERE key = ?1 AND payment IS NOT NULL UNION SELECT payment FROM purchase WHERE payment = ?1",
            [key],
        )?;
        if !own.is_empty() {
            return Ok(own);
        }
    }
    let mut found = Vec::new();
    for (order, _) in resolve(connection, id, 20)? {
        found.extend(list_numbers(
            connection,
            "SELECT DISTINCT payment FROM node WHERE preorder = ?1 AND payment IS NOT NULL",
            [order],
        )?);
    }
    if found.is_empty() {
        let of_row =
            "SELECT coalesce(n.payment, w.object) FROM shop_purchase w LEFT JOIN node n ON n.key = w.object
             WHERE w.row_key = ?1 AND w.object IS NOT NULL";
        found = list_numbers(connection, of_row, [id])?;
    }
    Ok(found)
}

fn events_of(connection: &Connection, payment: Key) -> DbResult<Vec<Claim>> {
    let mut statement = connection.prepare_cached(
        "SELECT e.id, w.word, e.created, s.id FROM node n CROSS JOIN proof f ON f.node = n.key
         CROSS JOIN stripe_event e ON e.seq = f.event JOIN stripe_word w ON w.key = e.type JOIN stripe_id s ON s.key = n.key
         WHERE n.payment = ?1 ORDER BY e.created, e.id LIMIT ?2",
    )?;
    let claims = statement
        .query_map([payment, MOST], |row| {
            Ok(Claim {
                by: "event".to_owned(),
                id: row.get(0)?,
                what: row.get(1)?,
                at: row.get(2)?,
                about: row.get(3)?,
                ..Claim::none()
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(claims)
}

/// Rows of the shop that are about a payment `?1`: by one of its objects, else by an event about one of them.
pub(super) const ROWS_OF_PAYMENT: &str = "
    SELECT w.key FROM shop_purchase w WHERE w.object = ?1 AND w.object IS NOT NULL
    UNION SELECT w.key FROM node n CROSS JOIN shop_purchase w ON w.object = n.key AND w.object IS NOT NULL WHERE n.payment = ?1
    UNION SELECT w.key FROM node n CROSS JOIN stripe_event e ON e.object = n.key
      CROSS JOIN shop_purchase w ON w.event_id = e.id AND w.event_id IS NOT NULL WHERE n.payment = ?1 AND w.object IS NULL";

fn rows_of(connection: &Connection, payment: Key) -> DbResult<Vec<Claim>> {
    let sql = format!(
        "SELECT coalesce(w.purchase_id, w.row_key), w.status, w.at, w.event_id, w.endpoint, w.credits, w.applied,
                coalesce(w.user_id, i.user_id, w.email), w.batch, w.line, b.file_name
         FROM ({ROWS_OF_PAYMENT}) k CROSS JOIN shop_purchase w ON w.key = k.key LEFT JOIN identity i ON i.email = w.email
         LEFT JOIN import_batch b ON b.batch = w.batch ORDER BY w.at, w.row_key LIMIT ?2"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let claims = statement
        .query_map([payment, MOST], |row| {
            Ok(Claim {
                by: "row".to_owned(),
                id: row.get(0)?,
                what: row.get(1)?,
                at: row.get(2)?,
                about: row.get(3)?,
                endpoint: row.get(4)?,
                credits: row.get(5)?,
                applied: row.get(6)?,
                owner: row.get(7)?,
                batch: row.get(8)?,
                line: row.get(9)?,
                file: row.get(10)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(claims)
}

impl Claim {
    fn none() -> Self {
        Self {
            by: String::new(),
            id: None,
            what: None,
            at: None,
            about: None,
            endpoint: None,
            credits: None,
            applied: None,
            owner: None,
            batch: None,
            line: None,
            file: None,
        }
    }
}
