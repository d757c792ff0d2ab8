//! One person paid for the same thing twice, or one order was charged twice.

use std::collections::{BTreeMap, BTreeSet};

use super::super::case::{Case, made, shown};
use super::super::{Found, ON, Rule};
use crate::db::{Connection, DbResult, rusqlite};
use crate::domain::action::ActionKind;
use crate::domain::finding::{Evidence, Severity};
use crate::projections::nodes::Node;

/// Paid twice.
pub static RULE: Rule = Rule {
    name: "paid_twice",
    severity: Severity::Critical,
    fixes: &[ActionKind::Refund],
    threshold_s: 0,
    bounds_s: ON,
    closes_after_s: None,
    of_order: Some(find),
};

fn find(case: &Case<'_>) -> Vec<Found> {
    let mut payments: BTreeMap<(i64, &str), (&Node, &Node)> = BTreeMap::new();
    for charge in case.parts.charges.iter().copied().filter(|charge| case.took_money(charge)) {
        let Some(intent) = charge.links.intent.and_then(|key| case.near(key)) else { continue };
        if !payments.values().any(|(known, _)| known.key == intent.key) {
            let at = charge.proof_at.unwrap_or(made(charge));
            payments.insert((at, intent.id.as_str()), (intent, charge));
        }
    }
    let Some(((at, _), (later, _))) = payments.last_key_value().filter(|_| payments.len() > 1) else {
        return Vec::new();
    };
    let evidence = payments.values().map(|(_, charge)| shown("charge", charge)).collect();
    vec![Found::new(&later.id, *at, evidence)]
}

/// An order that was paid and kept.
struct Paid {
    at: i64,
    id: String,
    key: i64,
    evidence: Evidence,
}

/// Orders of one person that are paid and kept, of one colour: with each finding the later order's number.
pub(in super::super) fn of_person(connection: &Connection, email: &str) -> DbResult<Vec<(Found, i64)>> {
    let mut statement = connection.prepare_cached(
        "SELECT color, paid_at, id, key, amount, currency, intent FROM preorder INDEXED BY preorder_email
         WHERE email = ?1 AND goods = 1 AND reached = 5 AND color IS NOT NULL AND paid_at IS NOT NULL
         ORDER BY color, paid_at, id",
    )?;
    let mut rows = statement
        .query_map([email], |row| {
            let evidence = Evidence::named("order")
                .id(&row.get::<_, String>(2)?)
                .at(row.get(1)?)
                .text(row.get::<_, Option<String>>(0)?.as_deref())
                .money(row.get(4)?, row.get::<_, Option<String>>(5)?.as_deref());
            let paid = Paid { at: row.get(1)?, id: row.get(2)?, key: row.get(3)?, evidence };
            Ok((row.get(0)?, row.get(6)?, paid))
        })?
        .collect::<rusqlite::Result<Vec<(String, Option<i64>, Paid)>>>()?;
    // A payment whose session and intent carry different preorderIds shows in two orders, and is one.
    let mut known = BTreeSet::new();
    rows.retain(|(color, intent, _)| intent.is_none_or(|intent| known.insert((color.clone(), intent))));
    let same = rows.chunk_by(|one, other| one.0 == other.0).filter(|same| same.len() > 1);
    let found = same.filter_map(|same| {
        let (.., later) = same.last()?;
        let evidence = same.iter().map(|(.., paid)| paid.evidence.clone()).collect();
        Some((Found::new(&later.id, later.at, evidence), later.key))
    });
    Ok(found.collect())
}
