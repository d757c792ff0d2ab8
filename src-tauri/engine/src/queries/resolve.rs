//! Leads from any id to the orders it names: a preorderId, a Stripe object, an event, a customer, a former id.

use super::rows::{at_most, list_numbers};
use crate::db::{Connection, DbError, DbResult, OptionalExtension, rusqlite};
use crate::domain::kind::Kind;
use crate::facts::names::{Key, find_key};

/// Orders of one customer that an id leads to, newest first.
const OF_A_CUSTOMER: usize = 20;
/// Longest text that is looked up.
const LONGEST: usize = 200;

/// How an id led to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// It is the order's own id.
    Preorder,
    /// It is one of the order's objects, or its customer.
    Object,
    /// It is an event of one of them.
    Event,
    /// It is a preorderId that one of its objects carries or carried.
    Former,
}

impl Named {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Preorder => "preorder_id",
            Self::Object => "object_id",
            Self::Event => "event_id",
            Self::Former => "former_id",
        }
    }
}

/// Trims what was typed.
///
/// # Errors
/// [`DbError::Invalid`] when nothing is left, or more than 200 characters.
pub(super) fn tidy_text(text: &str) -> DbResult<&str> {
    let text = text.trim();
    if text.is_empty() {
        return Err(DbError::Invalid("there is nothing to search for".to_owned()));
    }
    if text.chars().count() > LONGEST {
        return Err(DbError::Invalid(format!("the search text is longer than {LONGEST} characters")));
    }
    Ok(text)
}

/// Lists the orders an id names, the surest first, each once, `limit` at most.
///
/// # Errors
/// The read failed.
pub(super) fn resolve(connection: &Connection, id: &str, limit: usize) -> DbResult<Vec<(i64, Named)>> {
    let mut found: Vec<(i64, Named)> = Vec::new();
    let mut add = |keys: Vec<i64>, named: Named| {
        for key in keys {
            if !found.iter().any(|(known, _)| *known == key) {
                found.push((key, named));
            }
        }
    };
    add(list_numbers(connection, "SELECT key FROM preorder WHERE id = ?1", [id])?, Named::Preorder);
    if let Some(key) = find_key(connection, id)? {
        add(orders_of_object(connection, key)?, Named::Object);
    }
    let of_event: Option<Option<Key>> = connection
        .prepare_cached("SELECT object FROM stripe_event WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    if let Some(Some(object)) = of_event {
        add(orders_of_object(connection, object)?, Named::Event);
    }
    add(orders_carrying(connection, id, limit)?, Named::Former);
    found.truncate(limit);
    Ok(found)
}

/// The order an object belongs to; of a customer, its newest orders. An object that is only referred to
/// belongs to the order of what refers to it.
fn orders_of_object(connection: &Connection, key: Key) -> DbResult<Vec<i64>> {
    let node: Option<(i64, Option<i64>)> = connection
        .prepare_cached("SELECT kind, preorder FROM node WHERE key = ?1")?
        .query_row([key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match node {
        Some((_, Some(order))) => return Ok(vec![order]),
        Some((kind, None)) if Kind::from_stored(kind) != Kind::Customer => return Ok(Vec::new()),
        _ => {}
    }
    let referring = list_numbers(
        connection,
        "SELECT preorder FROM node WHERE intent = ?1 AND preorder IS NOT NULL
         UNION SELECT preorder FROM node WHERE charge = ?1 AND preorder IS NOT NULL
         UNION SELECT preorder FROM node WHERE recovered_from = ?1 AND preorder IS NOT NULL",
        [key],
    )?;
    if !referring.is_empty() {
        return Ok(referring);
    }
    list_numbers(
        connection,
        "SELECT p.key FROM (SELECT DISTINCT preorder FROM node WHERE customer = ?1 AND preorder IS NOT NULL) o
         CROSS JOIN preorder p ON p.key = o.preorder ORDER BY p.started_at DESC, p.key DESC LIMIT ?2",
        rusqlite::params![key, at_most(OF_A_CUSTOMER)],
    )
}

/// Orders with an object that carries this preorderId without being named by it, or carried it once.
fn orders_carrying(connection: &Connection, id: &str, limit: usize) -> DbResult<Vec<i64>> {
    list_numbers(
        connection,
        "SELECT p.key FROM (
           SELECT n.preorder FROM node n WHERE n.preorder_id = ?1 AND n.preorder IS NOT NULL
           UNION SELECT n.preorder FROM former_preorder_id f CROSS JOIN node n ON n.key = f.node
             WHERE f.preorder_id = ?1 AND n.preorder IS NOT NULL
         ) o CROSS JOIN preorder p ON p.key = o.preorder ORDER BY p.started_at DESC, p.key DESC LIMIT ?2",
        rusqlite::params![id, at_most(limit)],
    )
}
