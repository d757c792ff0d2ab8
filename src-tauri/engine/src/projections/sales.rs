//! What sessions sell, and whether that is what the price list says.
//!
//! In: line items, as lists and retrieves bring them. Out: for each session its sale. Sales that are alike are one row, so that a
//! price is held against a handful of them and not against every session; a session is folded again only where a changed
//! price makes another verdict of its sale.

use std::collections::HashMap;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::db::{Connection, DbError, DbResult, OptionalExtension, Transaction, params, rusqlite};
use crate::domain::kind::Kind;
use crate::domain::plan::Item;
use crate::facts::names::{Key, find_key, get_id};

pub(super) const TABLES: [&str; 3] = ["session_items", "sale", "sale_ref"];

pub(super) const SQL: &str = "
-- The sale of each session, of the newest answer that brought its line items.
CREATE TABLE session_items (session INTEGER PRIMARY KEY, as_of INTEGER NOT NULL, sale INTEGER NOT NULL) STRICT;
CREATE INDEX session_items_sale ON session_items (sale);

-- Sales; key is a digest of the body, `verdict` one of what was last said of it, null where nothing was yet.
CREATE TABLE sale (key INTEGER PRIMARY KEY, body TEXT NOT NULL, verdict INTEGER) STRICT;

-- Prices and products that a sale names.
CREATE TABLE sale_ref (name TEXT NOT NULL, sale INTEGER NOT NULL, PRIMARY KEY (name, sale)) STRICT, WITHOUT ROWID;

-- Prices of a product are few.
CREATE INDEX node_product ON node (product) WHERE product IS NOT NULL;
";

/// What one answer said that a session sells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sale {
    /// Line items, sorted, each with its price's amount as the answer has it.
    pub items: Vec<(Item, Option<i64>)>,
    /// The session's total, minor units.
    pub total: Option<i64>,
    /// Tax in the total or on top of the items.
    pub tax: i64,
    /// Shipping in the total.
    pub shipping: i64,
    /// A discount is named.
    pub discounted: bool,
    /// The session's currency.
    pub currency: Option<String>,
}

impl Sale {
    /// The number that sales which are alike have in common: of two that one second tells, the greater holds.
    pub fn key(&self) -> i64 {
        serde_json::to_string(self).map_or(0, |body| digest(&body))
    }
}

/// What the price list says of a sale.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The total the price list asks for, where another was asked.
    pub expected_total: Option<i64>,
    /// The amount of a price made up for this sale, and one the price list has for its product.
    pub made_up: Option<(i64, i64)>,
    /// The product that is not sold in this currency.
    pub foreign_currency: Option<String>,
}

/// Notes what a session sells; says whether that was new.
///
/// # Errors
/// The write failed.
pub(super) fn note(transaction: &Transaction<'_>, session: Key, as_of: i64, sale: &Sale) -> DbResult<bool> {
    let body = serde_json::to_string(sale).map_err(|error| DbError::Corrupt(error.to_string()))?;
    let key = digest(&body);
    let held: Option<(i64, i64)> = transaction
        .prepare_cached("SELECT as_of, sale FROM session_items WHERE session = ?1")?
        .query_row([session], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if held.is_some_and(|held| held >= (as_of, key)) {
        return Ok(false);
    }
    let same = held.is_some_and(|(_, held)| held == key);
    if !same {
        intern(transaction, key, &body, sale)?;
    }
    transaction
        .prepare_cached(
            "INSERT INTO session_items (session, as_of, sale) VALUES (?1, ?2, ?3)
             ON CONFLICT (session) DO UPDATE SET as_of = ?2, sale = ?3",
        )?
        .execute([session, as_of, key])?;
    Ok(!same)
}

fn intern(transaction: &Transaction<'_>, key: i64, body: &str, sale: &Sale) -> DbResult<()> {
    let added = transaction
        .prepare_cached("INSERT OR IGNORE INTO sale (key, body) VALUES (?1, ?2)")?
        .execute(params![key, body])?;
    if added == 0 {
        return Ok(());
    }
    for (item, _) in &sale.items {
        for name in [&item.price, &item.product].into_iter().flatten() {
            transaction
                .prepare_cached("INSERT OR IGNORE INTO sale_ref (name, sale) VALUES (?1, ?2)")?
                .execute(params![name, key])?;
        }
    }
    Ok(())
}

fn digest(text: &str) -> i64 {
    i64::from_ne_bytes(xxhash_rust::xxh3::xxh3_64(text.as_bytes()).to_ne_bytes())
}

/// Sales with what is said of them, as a batch of folds reads them.
#[derive(Default)]
pub(super) struct Sales {
    sales: HashMap<i64, Rc<(Sale, Verdict)>>,
    sessions: HashMap<Key, Option<i64>>,
}

impl Sales {
    /// What a session sells, where that was ever told.
    ///
    /// # Errors
    /// The read or the write failed, or a stored text no longer fits.
    pub(super) fn of(
        &mut self,
        transaction: &Transaction<'_>,
        session: Key,
    ) -> DbResult<Option<Rc<(Sale, Verdict)>>> {
        let key = match self.sessions.get(&session) {
            Some(known) => *known,
            None => {
                let found = transaction
                    .prepare_cached("SELECT sale FROM session_items WHERE session = ?1")?
                    .query_row([session], |row| row.get(0))
                    .optional()?;
                self.sessions.insert(session, found);
                found
            }
        };
        let Some(key) = key else { return Ok(None) };
        if let Some(known) = self.sales.get(&key) {
            return Ok(Some(Rc::clone(known)));
        }
        let (sale, held) = read(transaction, key)?;
        let verdict = judge(transaction, &sale)?;
        keep_verdict(transaction, key, held, &verdict)?;
        let both = Rc::new((sale, verdict));
        self.sales.insert(key, Rc::clone(&both));
        Ok(Some(both))
    }
}

fn read(connection: &Connection, key: i64) -> DbResult<(Sale, Option<i64>)> {
    let (body, verdict): (String, Option<i64>) = connection
        .prepare_cached("SELECT body, verdict FROM sale WHERE key = ?1")?
        .query_row([key], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let sale =
        serde_json::from_str(&body).map_err(|error| DbError::Corrupt(format!("line items: {error}")))?;
    Ok((sale, verdict))
}

fn keep_verdict(
    transaction: &Transaction<'_>,
    key: i64,
    held: Option<i64>,
    verdict: &Verdict,
) -> DbResult<bool> {
    let text = serde_json::to_string(verdict).map_err(|error| DbError::Corrupt(error.to_string()))?;
    let now = digest(&text);
    if held == Some(now) {
        return Ok(false);
    }
    transaction.prepare_cached("UPDATE sale SET verdict = ?2 WHERE key = ?1")?.execute([key, now])?;
    Ok(held.is_some())
}

/// The product of a price that is known.
///
/// # Errors
/// The read failed.
pub(super) fn find_product(connection: &Connection, price: Key) -> DbResult<Option<Key>> {
    let found = connection
        .prepare_cached("SELECT product FROM node WHERE key = ?1")?
        .query_row([price], |row| row.get(0))
        .optional()?;
    Ok(found.flatten())
}

/// Call when a price changed, with the product it had: marks the sessions to be folded again of whose sales something else
/// is said now. What was never folded yet waits for its fold anyway.
///
/// # Errors
/// The write failed.
pub(super) fn price_changed(
    transaction: &Transaction<'_>,
    price: Key,
    product_before: Option<Key>,
) -> DbResult<()> {
    let product = find_product(transaction, price)?;
    let mut sales: Vec<i64> = Vec::new();
    for key in [Some(price), product, product_before].into_iter().flatten() {
        let mut statement = transaction.prepare_cached(
            "SELECT r.sale FROM sale_ref r CROSS JOIN sale s ON s.key = r.sale WHERE r.name = ?1 AND s.verdict IS NOT NULL",
        )?;
        let name = get_id(transaction, key)?;
        let found: Vec<i64> =
            statement.query_map([name], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        sales.extend(found);
    }
    sales.sort_unstable();
    sales.dedup();
    for key in sales {
        let (sale, held) = read(transaction, key)?;
        let verdict = judge(transaction, &sale)?;
        if keep_verdict(transaction, key, held, &verdict)? {
            transaction
                .prepare_cached(
                    "INSERT OR IGNORE INTO dirty (node) SELECT session FROM session_items WHERE sale = ?1",
                )?
                .execute([key])?;
        }
    }
    Ok(())
}

/// A price as the price list has it.
struct Listed {
    amount: Option<i64>,
    currency: Option<String>,
    product: Option<Key>,
}

/// Holds a sale against the prices there are.
fn judge(connection: &Connection, sale: &Sale) -> DbResult<Verdict> {
    let mut verdict = Verdict::default();
    let Some(currency) = sale.currency.as_deref() else { return Ok(verdict) };
    let mut sum = Some(0_i64);
    for (item, unit) in &sale.items {
        let listed = match &item.price {
            Some(price) => find_price(connection, price)?,
            None => None,
        };
        let product = match (&item.product, &listed) {
            (Some(product), _) => find_key(connection, product)?,
            (None, Some(listed)) => listed.product,
            (None, None) => None,
        };
        let active = match product {
            Some(product) => active_prices(connection, product)?,
            None => Vec::new(),
        };
        let in_currency: Vec<i64> =
            active.iter().filter(|(_, other)| other == currency).map(|(amount, _)| *amount).collect();
        if !active.is_empty() && in_currency.is_empty() && verdict.foreign_currency.is_none() {
            verdict.foreign_currency = item.product.clone().or_else(|| item.price.clone());
        }
        let of_line = listed
            .as_ref()
            .filter(|listed| listed.currency.as_deref() == Some(currency))
            .and_then(|listed| listed.amount?.checked_mul(item.quantity));
        sum = sum.zip(of_line).and_then(|(sum, line)| sum.checked_add(line));
        if let (None, Some(unit), Some(usual)) = (&listed, unit, in_currency.first())
            && !in_currency.contains(unit)
            && verdict.made_up.is_none()
        {
            verdict.made_up = Some((*unit, *usual));
        }
    }
    if let (Some(sum), Some(total), false) = (sum, sale.total, sale.discounted) {
        let goods = total.saturating_sub(sale.shipping);
        if goods != sum && goods.saturating_sub(sale.tax) != sum {
            verdict.expected_total = Some(sum.saturating_add(sale.shipping));
        }
    }
    Ok(verdict)
}

fn find_price(connection: &Connection, price: &str) -> DbResult<Option<Listed>> {
    Ok(connection
        .prepare_cached(
            "SELECT n.amount, n.currency, n.product FROM stripe_id s CROSS JOIN node n ON n.key = s.key
             WHERE s.id = ?1 AND n.kind = ?2 AND n.deleted = 0",
        )?
        .query_row(params![price, Kind::Price as u8], |row| {
            Ok(Listed { amount: row.get(0)?, currency: row.get(1)?, product: row.get(2)? })
        })
        .optional()?)
}

/// Amounts and currencies that a product is sold for now, the smallest first.
fn active_prices(connection: &Connection, product: Key) -> DbResult<Vec<(i64, String)>> {
    let mut statement = connection.prepare_cached(
        "SELECT amount, currency FROM node INDEXED BY node_product WHERE product = ?1 AND kind = ?2 AND deleted = 0
         AND status = 'active' AND amount IS NOT NULL AND currency IS NOT NULL ORDER BY amount, currency",
    )?;
    let found = statement
        .query_map(params![product, Kind::Price as u8], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found)
}
