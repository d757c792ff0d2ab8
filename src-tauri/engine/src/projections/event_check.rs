//! Orders held against Klaviyo: how the events of each stand there. Looked at person by person, since an event that names no
//! order is told from others only among all orders of its person.

use super::event_verdict::{drifted, judge};
use crate::db::{Connection, DbResult, OptionalExtension, Transaction, params, rusqlite};
use crate::domain::klaviyo::{EventVerdict, KlaviyoSettings, OrderAt, OrderEvent, SeenAt, assign};
use crate::facts::klaviyo_events::{Seen, list_choices, list_seen};
use crate::facts::klaviyo_people::{Person, find_person};

pub(super) const TABLES: [&str; 1] = ["event_check"];

pub(super) const SQL: &str = "
-- How an order's event stands at Klaviyo, as far as it was looked at. `drift` names profile properties that say something else.
CREATE TABLE event_check (
  preorder INTEGER NOT NULL, kind TEXT NOT NULL, verdict TEXT NOT NULL, count INTEGER NOT NULL, happened_at INTEGER NOT NULL,
  email TEXT, event_id TEXT, detail TEXT, drift TEXT, unsubscribed INTEGER NOT NULL, checked_at INTEGER NOT NULL,
  PRIMARY KEY (preorder, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_check_verdict ON event_check (verdict, happened_at);
CREATE INDEX event_check_email ON event_check (email);
";

/// Orders of one person that are looked at; beyond it is no person.
const MOST: i64 = 500;
const DAY: i64 = 86_400;

/// What orders are looked at by.
#[derive(Debug, Clone)]
pub struct CheckTerms {
    /// Now, unix seconds.
    pub now: i64,
    /// When Klaviyo was last looked at; not in the future.
    pub looked_at: i64,
    /// The account's public id.
    pub account: String,
    /// The settings.
    pub settings: KlaviyoSettings,
}

impl CheckTerms {
    /// The instant before which nothing is looked at.
    pub fn since(&self) -> i64 {
        self.now - i64::from(self.settings.check_days) * DAY
    }
}

/// An order as far as its events rest on it.
#[derive(Debug, Clone)]
pub struct Told {
    /// Its number.
    pub key: i64,
    /// Its id.
    pub id: String,
    /// Its ids and those of its objects.
    pub ids: Vec<String>,
    pub(super) color: Option<String>,
    pub(super) amount: Option<i64>,
    pub(super) currency: Option<String>,
    started_at: i64,
    pub(super) paid_at: Option<i64>,
}

impl Told {
    /// No order has this number.
    const NONE: i64 = 0;

    /// An order by its ids alone, of which it is known when one thing happened.
    fn moved(ids: &[String], happened_at: i64) -> Self {
        Self {
            key: Self::NONE,
            id: ids.first().cloned().unwrap_or_default(),
            ids: ids.to_vec(),
            color: None,
            amount: None,
            currency: None,
            started_at: happened_at,
            paid_at: Some(happened_at),
        }
    }

    /// When what an event tells happened; None where it did not.
    pub const fn at(&self, kind: OrderEvent) -> Option<i64> {
        match kind {
            OrderEvent::Started => Some(self.started_at),
            OrderEvent::Success => self.paid_at,
        }
    }
}

/// The orders of an address that are for goods, oldest first.
///
/// # Errors
/// The read failed.
pub fn list_told(connection: &Connection, email: &str) -> DbResult<Vec<Told>> {
    let mut statement = connection.prepare_cached(
        "SELECT key, id, color, amount, currency, started_at, paid_at FROM preorder
         WHERE email = ?1 AND goods = 1 ORDER BY started_at, key LIMIT ?2",
    )?;
    let mut orders = statement
        .query_map(params![email, MOST], |row| {
            Ok(Told {
                key: row.get(0)?,
                id: row.get(1)?,
                ids: Vec::new(),
                color: row.get(2)?,
                amount: row.get(3)?,
                currency: row.get(4)?,
                started_at: row.get(5)?,
                paid_at: row.get(6)?,
            })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    for order in &mut orders {
        order.ids = ids_of(connection, order.key)?;
    }
    Ok(orders)
}

/// The ids that name an order and nothing else: its own, and those of its objects.
///
/// # Errors
/// The read failed.
pub fn ids_of(connection: &Connection, order: i64) -> DbResult<Vec<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT id FROM preorder WHERE key = ?1
         UNION SELECT s.id FROM node n JOIN stripe_id s ON s.key = n.key WHERE n.preorder = ?1",
    )?;
    Ok(statement.query_map([order], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// Further names that an event of the same person may call an order by: preorderIds its objects carry or carried.
fn labels_of(connection: &Connection, order: &Told) -> DbResult<Vec<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT preorder_id FROM node WHERE preorder = ?1 AND preorder_id IS NOT NULL
         UNION SELECT f.preorder_id FROM node n JOIN former_preorder_id f ON f.node = n.key WHERE n.preorder = ?1",
    )?;
    let more =
        statement.query_map([order.key], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    Ok(order.ids.iter().cloned().chain(more).collect())
}

/// Which of the events seen of a person are of which of their orders; the orders are those that have such an event.
///
/// # Errors
/// The read failed.
pub fn of_orders<'s>(
    connection: &Connection,
    account: &str,
    kind: OrderEvent,
    orders: &[Told],
    seen: &'s [Seen],
) -> DbResult<Vec<(i64, Vec<&'s Seen>)>> {
    let mut keys = Vec::new();
    let mut at = Vec::new();
    for order in orders {
        let Some(happened) = order.at(kind) else { continue };
        let chosen = list_choices(connection, account, kind, &order.ids)?;
        let chosen = chosen.into_iter().map(|one| one.unique_id).collect();
        at.push(OrderAt { ids: labels_of(connection, order)?, chosen, at: happened });
        keys.push(order.key);
    }
    let events: Vec<SeenAt<'_>> = seen
        .iter()
        .map(|one| SeenAt { label: one.label.as_deref(), unique_id: one.unique_id.as_deref(), at: one.at })
        .collect();
    let of = assign(&events, &at);
    let mut found: Vec<(i64, Vec<&Seen>)> = keys.into_iter().map(|key| (key, Vec::new())).collect();
    for (one, order) in seen.iter().zip(of) {
        if let Some(order) = order {
            found[order].1.push(one);
        }
    }
    Ok(found)
}

/// Which of the events seen of a person are of an order that was theirs and is another address's now: those that name it, and of
/// those that name nothing what falls to it among the orders they still have.
fn of_moved<'s>(
    connection: &Connection,
    account: &str,
    kind: OrderEvent,
    (mut orders, moved): (Vec<Told>, Told),
    seen: &'s [Seen],
) -> DbResult<Vec<&'s Seen>> {
    let key = moved.key;
    orders.push(moved);
    let of = of_orders(connection, account, kind, &orders, seen)?;
    Ok(of.into_iter().filter(|(order, _)| *order == key).flat_map(|(_, events)| events).collect())
}

/// The ids of the events that are of an order, under any of the addresses it ever had.
///
/// # Errors
/// The read failed.
pub fn standing(
    connection: &Connection,
    account: &str,
    kind: OrderEvent,
    (emails, ids): (&[String], &[String]),
    (unique_id, happened_at): (&str, i64),
) -> DbResult<Vec<String>> {
    let mut found = Vec::new();
    for email in emails {
        let Some(profile) = find_person(connection, email)?.and_then(|person| person.profile_id) else {
            continue;
        };
        let seen = list_seen(connection, &profile, kind)?;
        let orders = list_told(connection, email)?;
        let own = orders.iter().find(|order| order.ids.iter().any(|id| ids.contains(id)));
        match own {
            Some(own) => {
                let of = of_orders(connection, account, kind, &orders, &seen)?;
                let events = of.into_iter().filter(|(key, _)| *key == own.key).flat_map(|(_, events)| events);
                found.extend(events.map(|one| one.event_id.clone()));
            }
            // The order is another address's now.
            None => {
                let moved = Told::moved(ids, happened_at);
                let of = of_moved(connection, account, kind, (orders, moved), &seen)?;
                let ours = seen.iter().filter(|one| one.unique_id.as_deref() == Some(unique_id));
                for one in of.into_iter().chain(ours) {
                    if !found.contains(&one.event_id) {
                        found.push(one.event_id.clone());
                    }
                }
            }
        }
    }
    Ok(found)
}

/// Every address that an order has and had, the one it goes by first.
///
/// # Errors
/// The read failed.
pub fn emails_of(connection: &Connection, order: i64) -> DbResult<Vec<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT email FROM preorder WHERE key = ?1 AND email IS NOT NULL
         UNION ALL SELECT DISTINCT email FROM node WHERE preorder = ?1 AND email IS NOT NULL",
    )?;
    let mut emails: Vec<String> = Vec::new();
    for email in statement.query_map([order], |row| row.get::<_, String>(0))? {
        let email = email?;
        if !emails.contains(&email) {
            emails.push(email);
        }
    }
    Ok(emails)
}

/// Looks at the orders of an address.
///
/// # Errors
/// The write failed.
pub fn check_person(transaction: &Transaction<'_>, terms: &CheckTerms, email: &str) -> DbResult<()> {
    transaction.prepare_cached("DELETE FROM event_check WHERE email = ?1")?.execute([email])?;
    let orders = list_told(transaction, email)?;
    if orders.is_empty() {
        return Ok(());
    }
    let person = find_person(transaction, email)?;
    let profile = person.as_ref().and_then(|person| person.profile_id.as_deref());
    for kind in OrderEvent::ALL {
        let seen = match profile {
            Some(profile) => list_seen(transaction, profile, kind)?,
            None => Vec::new(),
        };
        let of = of_orders(transaction, &terms.account, kind, &orders, &seen)?;
        for (key, mut events) in of {
            let Some(order) = orders.iter().find(|order| order.key == key) else { continue };
            let elsewhere = told_elsewhere(transaction, terms, (kind, order), email)?;
            events.extend(&elsewhere);
            let Some(happened_at) = order.at(kind).filter(|at| *at >= terms.since()) else { continue };
            let (verdict, detail) =
                judge(transaction, terms, (kind, order, happened_at), person.as_ref(), &events)?;
            let newest = orders.last().is_some_and(|last| last.key == key);
            let drift = person.as_ref().filter(|_| newest).map(|person| drifted(terms, order, person));
            let row = Row {
                preorder: key,
                kind,
                verdict,
                count: events.len(),
                happened_at,
                email: Some(email),
                event_id: events.first().map(|one| one.event_id.as_str()),
                detail,
                drift: drift.filter(|drift| !drift.is_empty()),
                unsubscribed: person.as_ref().is_some_and(Person::is_unsubscribed),
            };
            put(transaction, &row, terms.now)?;
        }
    }
    Ok(())
}

/// Events that are of an order, and of an address it had before.
fn told_elsewhere(
    connection: &Connection,
    terms: &CheckTerms,
    (kind, order): (OrderEvent, &Told),
    email: &str,
) -> DbResult<Vec<Seen>> {
    let mut found = Vec::new();
    for other in emails_of(connection, order.key)?.iter().filter(|other| *other != email) {
        let Some(profile) = find_person(connection, other)?.and_then(|person| person.profile_id) else {
            continue;
        };
        let (orders, seen) = (list_told(connection, other)?, list_seen(connection, &profile, kind)?);
        let of = of_moved(connection, &terms.account, kind, (orders, order.clone()), &seen)?;
        found.extend(of.into_iter().cloned());
    }
    Ok(found)
}

/// Looks at the orders without an address.
///
/// # Errors
/// The write failed.
pub fn check_nameless(transaction: &Transaction<'_>, terms: &CheckTerms) -> DbResult<()> {
    transaction.execute("DELETE FROM event_check WHERE email IS NULL", [])?;
    let mut statement = transaction.prepare_cached(
        "SELECT key, started_at, paid_at FROM preorder WHERE email IS NULL AND started_at >= ?1 AND goods = 1",
    )?;
    let rows: Vec<(i64, i64, Option<i64>)> = statement
        .query_map([terms.since()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (preorder, started_at, paid_at) in rows {
        for (kind, at) in [(OrderEvent::Started, Some(started_at)), (OrderEvent::Success, paid_at)] {
            let Some(happened_at) = at else { continue };
            let row = Row {
                preorder,
                kind,
                verdict: EventVerdict::NoEmail,
                count: 0,
                happened_at,
                email: None,
                event_id: None,
                detail: None,
                drift: None,
                unsubscribed: false,
            };
            put(transaction, &row, terms.now)?;
        }
    }
    Ok(())
}

/// Forgets what is of orders that are gone, are another person's now, or are too old to be looked at.
///
/// # Errors
/// The write failed.
pub fn sweep(transaction: &Transaction<'_>, terms: &CheckTerms) -> DbResult<()> {
    transaction.execute(
        "DELETE FROM event_check WHERE happened_at < ?1
           OR NOT EXISTS (SELECT 1 FROM preorder p WHERE p.key = event_check.preorder AND p.email IS event_check.email)",
        [terms.since()],
    )?;
    Ok(())
}

struct Row<'a> {
    preorder: i64,
    kind: OrderEvent,
    verdict: EventVerdict,
    count: usize,
    happened_at: i64,
    email: Option<&'a str>,
    event_id: Option<&'a str>,
    detail: Option<String>,
    drift: Option<String>,
    unsubscribed: bool,
}

fn put(transaction: &Transaction<'_>, row: &Row<'_>, now: i64) -> DbResult<()> {
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO event_check (preorder, kind, verdict, count, happened_at, email, event_id, detail, drift,
               unsubscribed, checked_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            row.preorder,
            row.kind.as_str(),
            row.verdict.as_str(),
            i64::try_from(row.count).unwrap_or(i64::MAX),
            row.happened_at,
            row.email,
            row.event_id,
            row.detail,
            row.drift,
            row.unsubscribed,
            now
        ])?;
    Ok(())
}

/// Whether any event of a kind was ever seen: the shop, or Foredeck, tells Klaviyo of it.
///
/// # Errors
/// The read failed.
pub fn is_in_use(connection: &Connection, kind: OrderEvent) -> DbResult<bool> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM klaviyo_seen WHERE kind = ?1 LIMIT 1")?
        .query_row([kind.as_str()], |_| Ok(()))
        .optional()?
        .is_some())
}
