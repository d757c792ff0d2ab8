//! What rules about Klaviyo's events share: the orders of which an event stands there in a certain way.

use super::rows::{self, Row};
use super::terms::Terms;
use super::{Found, Rule};
use crate::db::{Connection, DbResult, Transaction, params, rusqlite};
use crate::domain::finding::Evidence;
use crate::domain::klaviyo::{EventVerdict, OrderEvent};
use crate::projections::event_check::is_in_use;

/// Findings of one rule and kind, the newest: who has more has not thousands of stuck orders but one site that tells nobody.
const MOST: i64 = 1_000;

/// Makes the findings of a rule those orders whose event of these kinds stands so. Where nobody was ever told of such an event, it
/// is not missing.
pub(super) fn keep(
    transaction: &Transaction<'_>,
    (rule, scope): (&'static Rule, &str),
    verdict: EventVerdict,
    kinds: &[OrderEvent],
) -> DbResult<()> {
    let terms = Terms::read(transaction)?;
    let mut found: Vec<Row> = Vec::new();
    for kind in kinds {
        if terms.is_on(rule) && is_in_use(transaction, *kind)? {
            found.extend(list(transaction, (rule, scope), verdict, *kind)?);
        }
    }
    rows::replace(transaction, &terms, scope, found)
}

fn list(
    connection: &Connection,
    (rule, scope): (&'static Rule, &str),
    verdict: EventVerdict,
    kind: OrderEvent,
) -> DbResult<Vec<Row>> {
    let mut statement = connection.prepare_cached(
        "SELECT p.key, p.id, c.happened_at, c.detail, c.count, c.unsubscribed FROM event_check c JOIN preorder p ON p.key = c.preorder
         WHERE c.verdict = ?1 AND c.kind = ?2 AND p.email IS c.email ORDER BY c.happened_at DESC LIMIT ?3",
    )?;
    let found = statement.query_map(params![verdict.as_str(), kind.as_str(), MOST], |row| {
        let (key, id, at): (i64, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (detail, count, unsubscribed): (Option<String>, i64, bool) =
            (row.get(3)?, row.get(4)?, row.get(5)?);
        let mut evidence = vec![Evidence::named("klaviyo_event").at(Some(at)).text(Some(kind.as_str()))];
        if count > 0 {
            evidence.push(Evidence::named("count").text(Some(&count.to_string())));
        }
        evidence.extend(detail.map(|detail| Evidence::named("events").text(Some(&detail))));
        if unsubscribed {
            evidence.push(Evidence::named("unsubscribed"));
        }
        // Both of an order's events may stand so; each is a finding of its own.
        let subject = if verdict == EventVerdict::Double { format!("{id}:{}", kind.as_str()) } else { id };
        let found = Found::new(&subject, at, evidence);
        Ok(Row { preorder: Some(key), ..Row::new(rule, found, scope.to_owned()) })
    })?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}
