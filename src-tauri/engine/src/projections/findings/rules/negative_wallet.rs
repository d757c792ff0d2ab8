//! An owner spent more credits than they have.

use super::super::rows::{self, Row};
use super::super::terms::Terms;
use super::super::{Found, ON, Rule, finding_id};
use crate::db::{Connection, DbResult, Transaction, rusqlite};
use crate::domain::action::ActionKind;
use crate::domain::finding::{Evidence, Severity};
use crate::projections::wallets::SHOP_ENTRIES_OF_OWNER;

/// A wallet below zero.
pub static RULE: Rule = Rule {
    name: "negative_wallet",
    severity: Severity::Warning,
    fixes: &[ActionKind::Annotate],
    threshold_s: 0,
    bounds_s: ON,
    closes_after_s: None,
    of_order: None,
};

/// Call when a wallet was added up anew.
///
/// # Errors
/// The write failed.
pub(in crate::projections) fn keep(transaction: &Transaction<'_>, owner: &str, balance: i64) -> DbResult<()> {
    let terms = if balance < 0 { Some(Terms::read(transaction)?) } else { None };
    let found = match terms.as_ref().filter(|terms| terms.is_on(&RULE)) {
        Some(_) => find(transaction, owner, balance)?,
        None => None,
    };
    let Some((terms, found)) = terms.zip(found) else {
        return rows::remove(transaction, &finding_id(RULE.name, owner));
    };
    rows::put(transaction, &terms, &Row::new(&RULE, found, "w:wallets".to_owned()))
}

/// Call when every wallet was added up anew.
///
/// # Errors
/// The write failed.
pub(in crate::projections) fn keep_all(transaction: &Transaction<'_>) -> DbResult<()> {
    let mut owners: Vec<(String, i64)> = transaction
        .prepare_cached("SELECT owner, balance FROM wallet INDEXED BY wallet_balance WHERE balance < 0")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let held: Vec<String> = transaction
        .prepare_cached("SELECT subject FROM finding WHERE scope = 'w:wallets'")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    owners.extend(
        held.into_iter()
            .filter(|held| !owners.iter().any(|(owner, _)| owner == held))
            .map(|held| (held, 0))
            .collect::<Vec<_>>(),
    );
    owners.iter().try_for_each(|(owner, balance)| keep(transaction, owner, *balance))
}

/// The entry that took a wallet below zero for the last time.
fn find(connection: &Connection, owner: &str, balance: i64) -> DbResult<Option<Found>> {
    let sql = format!(
        "SELECT coalesce(at, 0), credits, kind, cause FROM (
           SELECT at, credits, kind, cause FROM wallet_entry WHERE owner = ?1
           UNION ALL SELECT at, credits, kind, 'import:' || batch || ':' || line FROM ({SHOP_ENTRIES_OF_OWNER})
             WHERE kind IN ('spend', 'adjustment')
         ) ORDER BY 1, 2 DESC, 3, 4"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut entries = statement.query([owner])?;
    let (mut sum, mut below) = (0_i64, None);
    while let Some(row) = entries.next()? {
        let (at, credits): (i64, i64) = (row.get(0)?, row.get(1)?);
        sum = sum.saturating_add(credits);
        if sum >= 0 {
            below = None;
        } else if below.is_none() {
            below = Some((at, row.get::<_, String>(2)?, row.get::<_, String>(3)?));
        }
    }
    let found = below.map(|(at, kind, cause)| {
        let entry = Evidence::named("entry").id(&cause).at(Some(at)).text(Some(&kind));
        let balance = Evidence::named("balance").text(Some(&balance.to_string()));
        Found::new(owner, at, vec![entry, balance])
    });
    Ok(found)
}
