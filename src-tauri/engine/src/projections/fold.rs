//! Folds what is marked dirty: orders, people and roll-ups follow the nodes, in one transaction.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono_tz::Tz;

use super::components::{Group, Neighbourhood, Rare};
use super::findings::{Findings, Looked};
use super::identity;
use super::nodes::{find_node, list_keys};
use super::payments::{Purchases, anchors};
use super::people;
use super::preorder::{Parts, Preorder, fold_parts};
use super::preorder_rows::{find_order, insert_order, update_order};
use super::rollups::Differences;
use crate::db::{Connection, DbResult, OptionalExtension, Transaction, params};
use crate::domain::kind::Kind;
use crate::domain::plan::PlanTable;
use crate::facts::names::Key;
use crate::facts::settings::get_settings;

/// Marks a node's order to be folded again.
///
/// # Errors
/// The write failed.
pub fn mark_dirty(transaction: &Transaction<'_>, node: Key) -> DbResult<()> {
    transaction.prepare_cached("INSERT OR IGNORE INTO dirty (node) VALUES (?1)")?.execute([node])?;
    Ok(())
}

/// How many nodes and e-mails wait to be folded.
///
/// # Errors
/// The read failed.
pub fn count_dirty(connection: &Connection) -> DbResult<i64> {
    let sql = "SELECT (SELECT count(*) FROM dirty) + (SELECT count(*) FROM dirty_email)";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

/// Folds at most `limit` dirty nodes; says how many it took.
///
/// # Errors
/// The write failed; then nothing of the batch is kept.
pub fn fold_dirty(transaction: &Transaction<'_>, limit: usize) -> DbResult<usize> {
    let taken = list_keys(
        transaction,
        "SELECT node FROM dirty ORDER BY node LIMIT ?1",
        i64::try_from(limit).unwrap_or(i64::MAX),
    )?;
    let (_, settings) = get_settings(transaction)?;
    // The days that the roll-ups are counted in, whoever set them: they were counted anew in the same transaction.
    let zone = settings.zone();
    let purchases = Purchases::new(PlanTable::lenient(&settings.plans));
    let findings = Findings::new(transaction, &settings)?;
    let mut batch = Batch::new(zone, Rare::look(transaction)?, purchases, findings);
    // Whose an e-mail is comes first: what is folded now goes to its owner at once.
    let emails = identity::settle(transaction, limit, &mut batch.purchases.owners)?;
    if taken.is_empty() && emails == 0 {
        return Ok(0);
    }
    for key in &taken {
        if !batch.done.contains(key) {
            batch.fold_around(transaction, *key)?;
        }
    }
    batch.finish(transaction)?;
    // They were the smallest that waited, and folding marks none.
    if let Some(last) = taken.last() {
        transaction.prepare_cached("DELETE FROM dirty WHERE node <= ?1")?.execute([last])?;
    }
    Ok(taken.len() + emails)
}

struct Batch {
    differences: Differences,
    emails: BTreeSet<String>,
    done: HashSet<Key>,
    zone: Tz,
    rare: Rare,
    purchases: Purchases,
    findings: Findings,
}

/// A group folded: the order it makes with what was found of it, and the order it was before with its number.
struct Folded<'a> {
    group: &'a Group,
    order: Option<(Preorder, Looked)>,
    kept: Option<i64>,
    before: Option<Preorder>,
}

impl Batch {
    fn new(zone: Tz, rare: Rare, purchases: Purchases, findings: Findings) -> Self {
        Self {
            differences: Differences::new(zone),
            emails: BTreeSet::new(),
            done: HashSet::new(),
            zone,
            rare,
            purchases,
            findings,
        }
    }

    fn fold_around(&mut self, transaction: &Transaction<'_>, key: Key) -> DbResult<()> {
        let kind: Option<i64> = transaction
            .prepare_cached("SELECT kind FROM node WHERE key = ?1")?
            .query_row([key], |row| row.get(0))
            .optional()?;
        let seeds = match kind.map(Kind::from_stored) {
            Some(Kind::Customer) => borrowers(transaction, key)?,
            Some(Kind::Product | Kind::Price) => return Ok(()),
            _ => vec![key],
        };
        if seeds.is_empty() {
            return Ok(());
        }
        let found = Neighbourhood::gather(transaction, &seeds, self.rare)?;
        let mut old: HashMap<i64, Preorder> = HashMap::new();
        for order in found.old_orders() {
            if let Some(row) = find_order(transaction, order)? {
                old.insert(order, row);
            }
        }
        let carried = found.carried();
        let groups = found.groups();
        self.done.extend(groups.iter().flat_map(|group| group.nodes.iter().map(|node| node.key)));
        self.replace(transaction, &groups, old)?;
        self.findings.keep_ids(transaction, &carried)?;
        self.purchases.fold(transaction, groups, |customers| customer_email(transaction, customers))
    }

    fn replace(
        &mut self,
        transaction: &Transaction<'_>,
        groups: &[Group],
        mut old: HashMap<i64, Preorder>,
    ) -> DbResult<()> {
        let mut folded = Vec::new();
        let payments = anchors(groups);
        for group in groups {
            let order = self.fold(transaction, groups, group)?;
            let is_it = |row: &Preorder| order.as_ref().is_some_and(|(order, _)| order.id == row.id);
            let kept = old.iter().find(|(_, row)| is_it(row)).map(|(key, _)| *key);
            let before = kept.and_then(|key| old.remove(&key));
            folded.push(Folded { group, order, kept, before });
        }
        for (key, row) in &old {
            self.differences.remove(row);
            self.emails.extend(row.email.clone());
            self.findings.forget_order(transaction, (*key, row.findings))?;
            transaction.prepare_cached("DELETE FROM preorder WHERE key = ?1")?.execute([key])?;
        }
        for Folded { group, order, kept, before } in folded {
            let Some((order, found)) = order else {
                assign(transaction, group, None, &payments)?;
                continue;
            };
            let had = before.as_ref().map_or(0, |before| before.findings);
            let key = match (kept, before) {
                (Some(key), Some(before)) if before == order => key,
                (Some(key), Some(before)) => {
                    self.differences.remove(&before);
                    self.emails.extend(before.email);
                    update_order(transaction, key, &order)?;
                    self.count_in(&order);
                    key
                }
                _ => {
                    let key = insert_order(transaction, &order)?;
                    self.count_in(&order);
                    key
                }
            };
            assign(transaction, group, Some(key), &payments)?;
            self.findings.keep_order(transaction, (key, had), (&order.id, group), found)?;
        }
        Ok(())
    }

    fn fold(
        &mut self,
        transaction: &Transaction<'_>,
        groups: &[Group],
        group: &Group,
    ) -> DbResult<Option<(Preorder, Looked)>> {
        let mut failed = None;
        let parts = Parts::of(group);
        let order = fold_parts(group, &parts, |customers| match customer_email(transaction, customers) {
            Ok(email) => email,
            Err(error) => {
                failed = Some(error);
                None
            }
        });
        if let Some(error) = failed {
            return Err(error);
        }
        let Some(mut order) = order else { return Ok(None) };
        let sales = &mut self.purchases.sales;
        let found = self.findings.look(transaction, sales, (groups, group, &parts), &mut order)?;
        Ok(Some((order, found)))
    }

    fn count_in(&mut self, order: &Preorder) {
        self.differences.add(order);
        self.emails.extend(order.email.clone());
    }

    fn finish(&mut self, transaction: &Transaction<'_>) -> DbResult<()> {
        std::mem::replace(&mut self.differences, Differences::new(self.zone)).write(transaction)?;
        for email in std::mem::take(&mut self.emails) {
            people::refresh(transaction, &email, &self.findings)?;
        }
        self.purchases.finish(transaction)
    }
}

/// Nodes whose order shows this customer's e-mail, or would.
fn borrowers(connection: &Connection, customer: Key) -> DbResult<Vec<Key>> {
    list_keys(
        connection,
        "SELECT n.key FROM node n JOIN preorder p ON p.key = n.preorder WHERE n.customer = ?1 AND p.borrows_email = 1
         UNION SELECT n.key FROM node n JOIN purchase u ON u.payment = n.payment WHERE n.customer = ?1 AND u.borrows_email = 1",
        customer,
    )
}

fn customer_email(connection: &Connection, customers: &[Key]) -> DbResult<Option<String>> {
    for key in customers {
        if let Some(email) = find_node(connection, *key)?.and_then(|node| node.state.email) {
            return Ok(Some(email));
        }
    }
    Ok(None)
}

fn assign(
    transaction: &Transaction<'_>,
    group: &Group,
    order: Option<i64>,
    payments: &HashMap<Key, Key>,
) -> DbResult<()> {
    for node in &group.nodes {
        let payment = payments.get(&node.key).copied();
        if node.preorder != order || node.payment != payment {
            transaction
                .prepare_cached("UPDATE node SET preorder = ?2, payment = ?3 WHERE key = ?1")?
                .execute(params![node.key, order, payment])?;
        }
    }
    Ok(())
}
