//! Which orders buy goods, and so are held against the rules: a payment that buys credits is no preorder.

use crate::db::{DbError, DbResult, Transaction, params};
use crate::domain::plan::{Basis, Bought, PlanBy, PlanRule, PlanTable};
use crate::projections::sales::Sale;

/// Call when the plan table changed: marks the orders that may be goods now and were not, or were and are not. Payments
/// that have a purchase are marked by who derives those again; here are those that came to nothing too.
///
/// # Errors
/// The write failed, or a stored text no longer fits.
pub fn plans_changed(transaction: &Transaction<'_>, before: &[PlanRule], after: &[PlanRule]) -> DbResult<()> {
    let (was, is) = (PlanTable::lenient(before), PlanTable::lenient(after));
    let mut statement = transaction.prepare_cached("SELECT key, body FROM sale")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (key, body): (i64, String) = (row.get(0)?, row.get(1)?);
        let sale: Sale =
            serde_json::from_str(&body).map_err(|error| DbError::Corrupt(format!("line items: {error}")))?;
        let basis = Basis {
            items: sale.items.into_iter().map(|(item, _)| item).collect(),
            amount: sale.total,
            currency: sale.currency,
            ..Basis::default()
        };
        let credits = |table: &PlanTable| matches!(table.buys(&basis), Bought::Plan { .. });
        if credits(&was) != credits(&is) {
            transaction
                .prepare_cached(
                    "INSERT OR IGNORE INTO dirty (node) SELECT session FROM session_items WHERE sale = ?1",
                )?
                .execute([key])?;
        }
    }
    let changed = |rules: &[PlanRule], others: &[PlanRule]| -> Vec<PlanRule> {
        rules.iter().filter(|rule| rule.by == PlanBy::Amount && !others.contains(rule)).cloned().collect()
    };
    for rule in changed(before, after).into_iter().chain(changed(after, before)) {
        let Some((amount, currency)) = rule.value.split_once(' ') else { continue };
        let Ok(amount) = amount.parse::<i64>() else { continue };
        transaction.execute(
            "INSERT OR IGNORE INTO dirty (node)
             SELECT coalesce(p.session, p.intent, (SELECT min(n.key) FROM node n WHERE n.preorder = p.key))
             FROM preorder p INDEXED BY preorder_amount WHERE p.amount = ?1 AND p.currency = ?2",
            params![amount, currency],
        )?;
    }
    Ok(())
}
