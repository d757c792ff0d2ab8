//! One preorderId stands for several people.

use std::collections::BTreeMap;

use super::super::{Found, ON, Rule};
use crate::db::{Connection, DbResult, params, rusqlite};
use crate::domain::action::ActionKind;
use crate::domain::finding::{Evidence, Severity};
use crate::domain::kind::Kind;

/// One preorderId on several people.
pub static RULE: Rule = Rule {
    name: "shared_preorder_id",
    severity: Severity::Critical,
    fixes: &[ActionKind::LinkPayment],
    threshold_s: 0,
    bounds_s: ON,
    closes_after_s: None,
    of_order: None,
};

/// Carriers that are looked at one by one; of more, only e-mails are.
const FEW: usize = 50;
/// E-mails looked at of one that very many carry.
const EMAILS: usize = 20;

struct Carrier {
    created: i64,
    id: String,
    email: String,
    order: Option<i64>,
}

/// What the carriers of a preorderId come to, with the number of the later one's order. Objects of one payment are one person,
/// whom the session names first: a buyer may type another e-mail than the shop knew.
pub(in super::super) fn of_id(connection: &Connection, id: &str) -> DbResult<Option<(Found, Option<i64>)>> {
    let mut carriers = match few(connection, id)? {
        Some(carriers) => carriers,
        None => by_email(connection, id)?,
    };
    carriers.sort_by(|one, other| (one.created, &one.id).cmp(&(other.created, &other.id)));
    let Some(first) = carriers.first() else { return Ok(None) };
    let Some(later) = carriers.iter().find(|carrier| carrier.email != first.email) else { return Ok(None) };
    let shown = |carrier: &Carrier| {
        Evidence::named("carrier").id(&carrier.id).at(Some(carrier.created)).text(Some(&carrier.email))
    };
    let evidence = vec![shown(first), shown(later)];
    Ok(Some((Found::new(id, later.created, evidence), later.order)))
}

/// One carrier a payment; None where there are many.
fn few(connection: &Connection, id: &str) -> DbResult<Option<Vec<Carrier>>> {
    let mut statement = connection.prepare_cached(
        "SELECT n.key, s.id, n.kind, n.email, n.created, n.as_of, n.payment, n.preorder, n.plan IS NOT NULL OR n.credits IS NOT NULL
         FROM node n JOIN stripe_id s ON s.key = n.key WHERE n.preorder_id = ?1 LIMIT ?2",
    )?;
    let mut rows = statement.query(params![id, i64::try_from(FEW + 1).unwrap_or(i64::MAX)])?;
    let mut seen = 0;
    let mut payments: BTreeMap<i64, ((u8, i64, String), Carrier)> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        seen += 1;
        if seen > FEW {
            return Ok(None);
        }
        let email: Option<String> = row.get(3)?;
        let (Some(email), false) = (email, row.get::<_, bool>(8)?) else { continue };
        let rank = match Kind::from_stored(row.get(2)?) {
            Kind::Session => 0,
            Kind::Intent => 1,
            Kind::Charge => 2,
            _ => 3,
        };
        let created = row.get::<_, Option<i64>>(4)?.unwrap_or(row.get(5)?);
        let carrier = Carrier { created, id: row.get(1)?, email, order: row.get(7)? };
        let payment = row.get::<_, Option<i64>>(6)?.unwrap_or(row.get(0)?);
        let place = (rank, created, carrier.id.clone());
        match payments.get(&payment) {
            Some((held, _)) if *held <= place => {}
            _ => drop(payments.insert(payment, (place, carrier))),
        }
    }
    Ok(Some(payments.into_values().map(|(_, carrier)| carrier).collect()))
}

/// The oldest carrier of each of the first e-mails.
fn by_email(connection: &Connection, id: &str) -> DbResult<Vec<Carrier>> {
    let mut next =
        connection.prepare_cached("SELECT min(email) FROM node WHERE preorder_id = ?1 AND email > ?2")?;
    let mut oldest = connection.prepare_cached(
        "SELECT coalesce(n.created, n.as_of), s.id, n.email, n.preorder FROM node n JOIN stripe_id s ON s.key = n.key
         WHERE n.preorder_id = ?1 AND n.email = ?2 ORDER BY 1, 2 LIMIT 1",
    )?;
    let mut found = Vec::new();
    let mut last = String::new();
    for _ in 0..EMAILS {
        let email: Option<String> = next.query_row([id, &last], |row| row.get(0))?;
        let Some(email) = email else { break };
        found.push(oldest.query_row([id, &email], read)?);
        last = email;
    }
    Ok(found)
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Carrier> {
    Ok(Carrier { created: row.get(0)?, id: row.get(1)?, email: row.get(2)?, order: row.get(3)? })
}
