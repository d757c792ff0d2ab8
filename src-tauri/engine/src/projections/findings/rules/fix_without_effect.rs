//! An action of ours succeeded, and what it should have changed did not show when Stripe was asked again.

use super::super::rows::{self, Row};
use super::super::terms::Terms;
use super::super::{Found, MINUTE, ON, Rule};
use crate::db::{Connection, DbResult, Transaction, rusqlite};
use crate::domain::action::ActionKind;
use crate::domain::finding::{Evidence, Severity};

/// A fix without effect.
pub static RULE: Rule = Rule {
    name: "fix_without_effect",
    severity: Severity::Warning,
    fixes: &[ActionKind::Refetch],
    threshold_s: 15 * MINUTE,
    bounds_s: ON,
    closes_after_s: None,
    of_order: None,
};

const SCOPE: &str = "a:actions";

/// Call when actions ended or were verified: makes the findings of them what they say.
///
/// # Errors
/// The write failed.
pub fn keep(transaction: &Transaction<'_>) -> DbResult<()> {
    let terms = Terms::read(transaction)?;
    let rows = if terms.is_on(&RULE) { doubtful(transaction)? } else { Vec::new() };
    rows::replace(transaction, &terms, SCOPE, rows)
}

/// Actions that succeeded and show no effect. They are few, and have an index of their own.
fn doubtful(connection: &Connection) -> DbResult<Vec<Row>> {
    let mut statement = connection.prepare_cached(
        "SELECT a.id, a.kind, a.ended_at, a.order_id, (SELECT p.key FROM preorder p WHERE p.id = a.order_id),
                (SELECT s.key FROM stripe_id s WHERE s.id = a.order_id)
         FROM action a INDEXED BY action_doubtful
         WHERE (a.state = 'unknown' OR a.verified = 0) AND a.state = 'succeeded' AND a.ended_at IS NOT NULL ORDER BY a.ended_at",
    )?;
    let rows = statement
        .query_map([], |row| {
            let (id, kind, ended_at): (String, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let order: Option<String> = row.get(3)?;
            let mut evidence = vec![Evidence::named("action").id(&id).at(Some(ended_at)).text(Some(&kind))];
            evidence.extend(order.map(|order| Evidence::named("order").id(&order)));
            let found = Found::new(&id, ended_at, evidence);
            let (preorder, object) = (row.get(4)?, row.get(5)?);
            Ok(Row { preorder, object, ..Row::new(&RULE, found, SCOPE.to_owned()) })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(rows)
}
