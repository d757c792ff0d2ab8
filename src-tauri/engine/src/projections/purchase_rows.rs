//! Purchases, their bases and entries as rows.

use super::credits::Entry;
use crate::db::{Connection, DbError, DbResult, OptionalExtension, Row, Transaction, params, rusqlite};
use crate::domain::plan::Basis;
use crate::domain::purchase::{Coverage, EntryKind, PurchaseStatus};
use crate::facts::names::Key;

pub(super) const TABLES: [&str; 3] = ["purchase", "basis", "purchase_count"];

pub(super) const SQL: &str = "
-- One row a payment that is paid or may yet be; key is the number of its intent, else of its session or charge.
CREATE TABLE purchase (
  payment INTEGER PRIMARY KEY, status TEXT NOT NULL, coverage TEXT NOT NULL, plan TEXT, rule TEXT,
  credits INTEGER NOT NULL, clawed INTEGER NOT NULL, reversed INTEGER NOT NULL,
  amount INTEGER, currency TEXT, refunded INTEGER NOT NULL,
  email TEXT, user_id TEXT, owner TEXT, at INTEGER NOT NULL, paid_at INTEGER,
  event INTEGER, session INTEGER, basis INTEGER NOT NULL, borrows_email INTEGER NOT NULL, unsettled INTEGER NOT NULL
) STRICT;
CREATE INDEX purchase_at ON purchase (at);
CREATE INDEX purchase_owner ON purchase (owner, at);
CREATE INDEX purchase_coverage ON purchase (coverage, status, at);
CREATE INDEX purchase_plan ON purchase (plan, at) WHERE plan IS NOT NULL;

-- What the plan table looks at, and how many payments share it.
CREATE TABLE basis (
  key INTEGER PRIMARY KEY, items TEXT NOT NULL, plan TEXT, credits INTEGER, amount INTEGER, currency TEXT,
  count INTEGER NOT NULL
) STRICT;

CREATE TABLE purchase_count (
  status TEXT NOT NULL, coverage TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (status, coverage)
) STRICT, WITHOUT ROWID;
";

/// A purchase as a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Purchase {
    pub status: PurchaseStatus,
    pub coverage: Coverage,
    pub plan: Option<String>,
    pub rule: Option<String>,
    pub credits: i64,
    pub clawed: i64,
    pub reversed: i64,
    pub amount: Option<i64>,
    pub currency: Option<String>,
    pub refunded: i64,
    pub email: Option<String>,
    pub user_id: Option<String>,
    pub owner: Option<String>,
    pub at: i64,
    pub paid_at: Option<i64>,
    pub event: Option<i64>,
    pub session: Option<Key>,
    pub basis: i64,
    pub borrows_email: bool,
    pub unsettled: bool,
}

const COLUMNS: &str = "status, coverage, plan, rule, credits, clawed, reversed, amount, currency, refunded, email, user_id, owner,
    at, paid_at, event, session, basis, borrows_email, unsettled";

pub(super) fn find_purchase(connection: &Connection, payment: Key) -> DbResult<Option<Purchase>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM purchase WHERE payment = ?1"))?
        .query_row([payment], |row| Ok(read(row)))
        .optional()?
        .transpose()
}

fn read(row: &Row<'_>) -> DbResult<Purchase> {
    let (status, coverage): (String, String) = (row.get(0)?, row.get(1)?);
    let damaged = || DbError::Corrupt(format!("purchase {status} {coverage}"));
    Ok(Purchase {
        status: PurchaseStatus::parse(&status).ok_or_else(damaged)?,
        coverage: Coverage::parse(&coverage).ok_or_else(damaged)?,
        plan: row.get(2)?,
        rule: row.get(3)?,
        credits: row.get(4)?,
        clawed: row.get(5)?,
        reversed: row.get(6)?,
        amount: row.get(7)?,
        currency: row.get(8)?,
        refunded: row.get(9)?,
        email: row.get(10)?,
        user_id: row.get(11)?,
        owner: row.get(12)?,
        at: row.get(13)?,
        paid_at: row.get(14)?,
        event: row.get(15)?,
        session: row.get(16)?,
        basis: row.get(17)?,
        borrows_email: row.get(18)?,
        unsettled: row.get(19)?,
    })
}

pub(super) fn write_purchase(
    transaction: &Transaction<'_>,
    payment: Key,
    purchase: &Purchase,
) -> DbResult<()> {
    let sql = format!(
        "INSERT OR REPLACE INTO purchase ({COLUMNS}, payment) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,
           ?16, ?17, ?18, ?19, ?20, ?21)"
    );
    transaction.prepare_cached(&sql)?.execute(params![
        purchase.status.as_str(),
        purchase.coverage.as_str(),
        purchase.plan,
        purchase.rule,
        purchase.credits,
        purchase.clawed,
        purchase.reversed,
        purchase.amount,
        purchase.currency,
        purchase.refunded,
        purchase.email,
        purchase.user_id,
        purchase.owner,
        purchase.at,
        purchase.paid_at,
        purchase.event,
        purchase.session,
        purchase.basis,
        purchase.borrows_email,
        purchase.unsettled,
        payment
    ])?;
    Ok(())
}

pub(super) fn delete_purchase(transaction: &Transaction<'_>, payment: Key) -> DbResult<()> {
    transaction.prepare_cached("DELETE FROM purchase WHERE payment = ?1")?.execute([payment])?;
    Ok(())
}

/// Whose an entry is: the owner, and the e-mail of an owner who is known by it only.
pub(super) type Holder = (String, Option<String>);

/// A payment's entries and whose they are, in the order of time.
pub(super) fn list_entries(connection: &Connection, payment: Key) -> DbResult<Vec<(Holder, Entry)>> {
    let mut statement = connection.prepare_cached(
        "SELECT owner, email, at, kind, credits, cause FROM wallet_entry WHERE payment = ?1 ORDER BY key",
    )?;
    let mut rows = statement.query([payment])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let kind: String = row.get(3)?;
        let kind = EntryKind::parse(&kind).ok_or_else(|| DbError::Corrupt(format!("wallet entry {kind}")))?;
        let entry = Entry { at: row.get(2)?, kind, credits: row.get(4)?, cause: row.get(5)? };
        entries.push(((row.get(0)?, row.get(1)?), entry));
    }
    Ok(entries)
}

/// The number of a basis: a digest of what it holds.
pub(super) fn basis_key(basis: &Basis) -> i64 {
    let mut hash = xxhash_rust::xxh3::Xxh3::new();
    let mut text = |text: Option<&str>| {
        hash.update(&text.map_or(u64::MAX, |text| text.len() as u64).to_le_bytes());
        hash.update(text.unwrap_or_default().as_bytes());
    };
    for item in &basis.items {
        text(item.price.as_deref());
        text(item.product.as_deref());
        text(item.lookup_key.as_deref());
        text(Some(&item.quantity.to_string()));
    }
    text(basis.plan.as_deref());
    text(basis.currency.as_deref());
    for number in [basis.credits, basis.amount] {
        hash.update(&[u8::from(number.is_some())]);
        hash.update(&number.unwrap_or_default().to_le_bytes());
    }
    i64::from_ne_bytes(hash.digest().to_ne_bytes())
}

/// Counts payments in or out of a basis.
pub(super) fn count_basis(transaction: &Transaction<'_>, key: i64, basis: &Basis, by: i64) -> DbResult<()> {
    if by > 0 {
        let items =
            serde_json::to_string(&basis.items).map_err(|error| DbError::Corrupt(error.to_string()))?;
        transaction
            .prepare_cached(
                "INSERT INTO basis (key, items, plan, credits, amount, currency, count) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (key) DO UPDATE SET count = count + ?7",
            )?
            .execute(params![key, items, basis.plan, basis.credits, basis.amount, basis.currency, by])?;
    } else if by < 0 {
        transaction
            .prepare_cached("UPDATE basis SET count = count + ?2 WHERE key = ?1")?
            .execute([key, by])?;
        transaction.prepare_cached("DELETE FROM basis WHERE key = ?1 AND count = 0")?.execute([key])?;
    }
    Ok(())
}

/// Counts purchases in or out of a status and coverage.
pub(super) fn count_purchases(
    transaction: &Transaction<'_>,
    (status, coverage): (PurchaseStatus, Coverage),
    by: i64,
) -> DbResult<()> {
    if by == 0 {
        return Ok(());
    }
    transaction
        .prepare_cached(
            "INSERT INTO purchase_count (status, coverage, count) VALUES (?1, ?2, ?3)
             ON CONFLICT (status, coverage) DO UPDATE SET count = count + ?3",
        )?
        .execute(params![status.as_str(), coverage.as_str(), by])?;
    transaction
        .prepare_cached("DELETE FROM purchase_count WHERE status = ?1 AND coverage = ?2 AND count = 0")?
        .execute(params![status.as_str(), coverage.as_str()])?;
    Ok(())
}

/// Every basis with its number and how many payments have it.
///
/// # Errors
/// The read failed, or a stored text no longer fits.
pub fn list_bases(connection: &Connection) -> DbResult<Vec<(i64, Basis, i64)>> {
    let mut statement = connection.prepare_cached(
        "SELECT key, items, plan, credits, amount, currency, count FROM basis ORDER BY count DESC, key",
    )?;
    let found = statement
        .query_map([], |row| {
            let items: String = row.get(1)?;
            let basis = Basis {
                items: Vec::new(),
                plan: row.get(2)?,
                credits: row.get(3)?,
                amount: row.get(4)?,
                currency: row.get(5)?,
            };
            Ok((row.get(0)?, items, basis, row.get(6)?))
        })?
        .collect::<rusqlite::Result<Vec<(i64, String, Basis, i64)>>>()?;
    found
        .into_iter()
        .map(|(key, items, mut basis, count)| {
            basis.items = serde_json::from_str(&items)
                .map_err(|error| DbError::Corrupt(format!("line items: {error}")))?;
            Ok((key, basis, count))
        })
        .collect()
}
