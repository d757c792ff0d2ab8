//! Stripe says that an endpoint of the shop did not take an event.

use super::super::rows::{self, Row};
use super::super::terms::Terms;
use super::super::{Found, MINUTE, ON, Rule};
use crate::db::{Connection, DbResult, Transaction, rusqlite};
use crate::domain::action::ActionKind;
use crate::domain::finding::{Evidence, Severity};

/// An undelivered event. Its threshold is the setting `undelivered_after_min`.
pub static RULE: Rule = Rule {
    name: "undelivered_event",
    severity: Severity::Warning,
    fixes: &[ActionKind::ResendEvent, ActionKind::Refetch],
    threshold_s: 15 * MINUTE,
    bounds_s: ON,
    closes_after_s: None,
    of_order: None,
};

const SCOPE: &str = "v:deliveries";

/// Call when something was heard of deliveries: makes the findings of them what the facts say.
///
/// # Errors
/// The write failed.
pub fn keep(transaction: &Transaction<'_>) -> DbResult<()> {
    let terms = Terms::read(transaction)?;
    let rows = if terms.is_on(&RULE) { waiting(transaction)? } else { Vec::new() };
    rows::replace(transaction, &terms, SCOPE, rows)
}

/// Events that are still pending somewhere. They are few, and have an index of their own.
fn waiting(connection: &Connection) -> DbResult<Vec<Row>> {
    let mut statement = connection.prepare_cached(
        "SELECT d.event_id, d.created, d.pending, w.word, e.object FROM stripe_delivery d INDEXED BY stripe_delivery_open
         LEFT JOIN stripe_event e ON e.id = d.event_id LEFT JOIN stripe_word w ON w.key = e.type
         WHERE d.resolved_at IS NULL AND d.pending > 0 ORDER BY d.created",
    )?;
    let rows = statement
        .query_map([], |row| {
            let (id, created): (String, i64) = (row.get(0)?, row.get(1)?);
            let (pending, kind): (i64, Option<String>) = (row.get(2)?, row.get(3)?);
            let evidence = vec![
                Evidence::named("event").id(&id).at(Some(created)).text(kind.as_deref()),
                Evidence::named("pending_endpoints").text(Some(&pending.to_string())),
            ];
            let found = Found::new(&id, created, evidence);
            Ok(Row { object: row.get(4)?, ..Row::new(&RULE, found, SCOPE.to_owned()) })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(rows)
}
