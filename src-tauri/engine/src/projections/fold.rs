//! Folds what is marked dirty: orders, people and roll-ups follow the nodes, in one transaction.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono_tz::Tz;

use super::components::{Group, Neighbourhood, Rare};
use super::identity;
use super::nodes::{find_node, list_keys};
use super::payments::{Purchases, anchors};
use super::people;
use super::preorder::{Preorder, Step, fold_order};
use super::rollups::{Differences, facet_of};
use crate::db::{Connection, DbError, DbResult, OptionalExtension, Row, Transaction, params, rusqlite};
use crate::domain::kind::Kind;
use crate::domain::plan::PlanTable;
use crate::domain::status::PreorderStatus;
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
pub fn fold_dirty(transaction: &Transaction<'_>, zone: Tz, limit: usize) -> DbResult<usize> {
    let taken = list_keys(
        transaction,
        "SELECT node FROM dirty ORDER BY node LIMIT ?1",
        i64::try_from(limit).unwrap_or(i64::MAX),
    )?;
    let (_, settings) = get_settings(transaction)?;
    let purchases = Purchases::new(PlanTable::lenient(&settings.plans));
    let mut batch = Batch::new(zone, Rare::look(transaction)?, purchases);
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
}

impl Batch {
    fn new(zone: Tz, rare: Rare, purchases: Purchases) -> Self {
        Self {
            differences: Differences::new(zone),
            emails: BTreeSet::new(),
            done: HashSet::new(),
            zone,
            rare,
            purchases,
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
        let groups = found.groups();
        self.done.extend(groups.iter().flat_map(|group| group.nodes.iter().map(|node| node.key)));
        self.replace(transaction, &groups, old)?;
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
            let mut failed = None;
            let order = fold_order(group, |customers| match customer_email(transaction, customers) {
                Ok(email) => email,
                Err(error) => {
                    failed = Some(error);
                    None
                }
            });
            if let Some(error) = failed {
                return Err(error);
            }
            let kept = order
                .as_ref()
                .and_then(|order| old.iter().find(|(_, row)| row.id == order.id).map(|(key, _)| *key));
            let before = kept.and_then(|key| old.remove(&key));
            folded.push((group, order, kept, before));
        }
        for (key, row) in &old {
            self.differences.remove(row);
            self.emails.extend(row.email.clone());
            transaction.prepare_cached("DELETE FROM preorder WHERE key = ?1")?.execute([key])?;
        }
        for (group, order, kept, before) in folded {
            let Some(order) = order else {
                assign(transaction, group, None, &payments)?;
                continue;
            };
            let key = match (kept, before) {
                (Some(key), Some(before)) if before == order => Some(key),
                (Some(key), Some(before)) => {
                    self.differences.remove(&before);
                    self.emails.extend(before.email);
                    update_order(transaction, key, &order)?;
                    self.count_in(&order);
                    Some(key)
                }
                _ => {
                    let key = insert_order(transaction, &order)?;
                    self.count_in(&order);
                    Some(key)
                }
            };
            assign(transaction, group, key, &payments)?;
        }
        Ok(())
    }

    fn count_in(&mut self, order: &Preorder) {
        self.differences.add(order);
        self.emails.extend(order.email.clone());
    }

    fn finish(&mut self, transaction: &Transaction<'_>) -> DbResult<()> {
        std::mem::replace(&mut self.differences, Differences::new(self.zone)).write(transaction)?;
        for email in std::mem::take(&mut self.emails) {
            people::refresh(transaction, &email)?;
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

const COLUMNS: &str = "id, status, email, name, color, locale, source, user_id, amount, currency, refunded, started_at, paid_at,
    session, intent, matched_by, reached, unsettled, conflict, borrows_email";

fn find_order(connection: &Connection, key: i64) -> DbResult<Option<Preorder>> {
    let found = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM preorder WHERE key = ?1"))?
        .query_row([key], |row| Ok(read_order(row)))
        .optional()?;
    found.transpose()
}

/// Reads a projected order from the columns of this room's table.
///
/// # Errors
/// A stored word is not one of ours.
pub fn read_order(row: &Row<'_>) -> DbResult<Preorder> {
    let status: String = row.get(1)?;
    let matched: String = row.get(15)?;
    let rules = [
        "preorder_id",
        "operator_link",
        "recovered_from",
        "session",
        "payment_intent",
        "charge",
        "local_intent",
    ];
    let reached: i64 = row.get(16)?;
    let steps = [Step::Started, Step::CheckoutOpened, Step::PaymentAttempted, Step::Paid, Step::Kept];
    Ok(Preorder {
        id: row.get(0)?,
        status: PreorderStatus::parse(&status).ok_or_else(|| DbError::Corrupt(format!("status {status}")))?,
        email: row.get(2)?,
        name: row.get(3)?,
        color: row.get(4)?,
        locale: row.get(5)?,
        source: row.get(6)?,
        user_id: row.get(7)?,
        amount: row.get(8)?,
        currency: row.get(9)?,
        refunded: row.get(10)?,
        started_at: row.get(11)?,
        paid_at: row.get(12)?,
        session: row.get(13)?,
        intent: row.get(14)?,
        matched_by: rules
            .into_iter()
            .find(|rule| **rule == matched)
            .ok_or_else(|| DbError::Corrupt(format!("rule {matched}")))?,
        reached: steps
            .into_iter()
            .find(|step| *step as i64 == reached)
            .ok_or_else(|| DbError::Corrupt(format!("step {reached}")))?,
        unsettled: row.get(17)?,
        conflict: row.get(18)?,
        borrows_email: row.get(19)?,
    })
}

fn insert_order(transaction: &Transaction<'_>, order: &Preorder) -> DbResult<i64> {
    let sql = format!(
        "INSERT INTO preorder ({COLUMNS}, facet) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)"
    );
    bind(&mut *transaction.prepare_cached(&sql)?, order, None)?;
    Ok(transaction.last_insert_rowid())
}

fn update_order(transaction: &Transaction<'_>, key: i64, order: &Preorder) -> DbResult<()> {
    let sql = "UPDATE preorder SET id = ?1, status = ?2, email = ?3, name = ?4, color = ?5, locale = ?6, source = ?7, user_id = ?8,
        amount = ?9, currency = ?10, refunded = ?11, started_at = ?12, paid_at = ?13, session = ?14, intent = ?15, matched_by = ?16,
        reached = ?17, unsettled = ?18, conflict = ?19, borrows_email = ?20, facet = ?21 WHERE key = ?22";
    bind(&mut *transaction.prepare_cached(sql)?, order, Some(key))
}

fn bind(statement: &mut rusqlite::Statement<'_>, order: &Preorder, key: Option<i64>) -> DbResult<()> {
    let status = order.status.as_str();
    let reached = order.reached as u8;
    let facet = facet_of(order);
    let values: [&dyn rusqlite::ToSql; 21] = [
        &order.id,
        &status,
        &order.email,
        &order.name,
        &order.color,
        &order.locale,
        &order.source,
        &order.user_id,
        &order.amount,
        &order.currency,
        &order.refunded,
        &order.started_at,
        &order.paid_at,
        &order.session,
        &order.intent,
        &order.matched_by,
        &reached,
        &order.unsettled,
        &order.conflict,
        &order.borrows_email,
        &facet,
    ];
    for (index, value) in values.into_iter().enumerate() {
        statement.raw_bind_parameter(index + 1, value)?;
    }
    if let Some(key) = key {
        statement.raw_bind_parameter(22, key)?;
    }
    statement.raw_execute()?;
    Ok(())
}
