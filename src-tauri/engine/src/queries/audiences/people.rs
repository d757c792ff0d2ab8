//! People with their orders, read one at a time: memory does not grow with the mirror.
//!
//! Everybody is read in the index of e-mails alone, which carries the facet and with it status, colour and locale. The rest
//! of an order is read from its row only where it decides.

use std::collections::HashMap;
use std::sync::Arc;

use crate::db::rusqlite::CachedStatement;
use crate::db::{Connection, DbError, DbResult, Row};
use crate::domain::audience::AudienceOrder;
use crate::domain::status::PreorderStatus;

const COLUMNS: &str = "p.key, p.status, p.started_at, p.paid_at, p.color, p.locale, p.amount, p.currency";

/// What is read of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Payment and amount only where somebody's orders cannot be judged without.
    Judged,
    /// Everything.
    Whole,
}

fn status_of(text: &str) -> DbResult<PreorderStatus> {
    PreorderStatus::parse(text).ok_or_else(|| DbError::Corrupt(format!("status {text}")))
}

fn read(row: &Row<'_>) -> DbResult<AudienceOrder> {
    Ok(AudienceOrder {
        key: row.get(0)?,
        status: status_of(row.get_ref(1)?.as_str().unwrap_or_default())?,
        started_at: row.get(2)?,
        paid_at: row.get(3)?,
        color: row.get(4)?,
        locale: row.get(5)?,
        amount: row.get(6)?,
        currency: row.get(7)?,
    })
}

/// What orders have in common.
struct Facet {
    status: PreorderStatus,
    color: Option<Arc<str>>,
    locale: Option<Arc<str>>,
}

/// The facets whose orders buy goods.
fn facets_of_goods(connection: &Connection) -> DbResult<HashMap<i64, Facet>> {
    let mut statement =
        connection.prepare_cached("SELECT key, status, color, locale FROM facet WHERE goods = 1")?;
    let mut rows = statement.query([])?;
    let mut facets = HashMap::new();
    while let Some(row) = rows.next()? {
        let status = status_of(row.get_ref(1)?.as_str().unwrap_or_default())?;
        facets.insert(row.get(0)?, Facet { status, color: row.get(2)?, locale: row.get(3)? });
    }
    Ok(facets)
}

/// Reads what the index does not have.
struct Rest<'a> {
    statement: CachedStatement<'a>,
    depth: Depth,
}

impl Rest<'_> {
    fn fill(&mut self, orders: &mut [AudienceOrder]) -> DbResult<()> {
        // When something was paid matters only beside something that was not.
        let decides =
            || orders.iter().any(AudienceOrder::is_unpaid) && orders.iter().any(AudienceOrder::is_kept);
        if self.depth == Depth::Judged && !decides() {
            return Ok(());
        }
        for order in orders {
            (order.paid_at, order.amount, order.currency) =
                self.statement.query_row([order.key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        }
        Ok(())
    }
}

/// Hands on everybody with their preorders, by e-mail.
///
/// # Errors
/// The read failed, or what is done with it.
pub(super) fn each(
    connection: &Connection,
    depth: Depth,
    mut with: impl FnMut(&str, &[AudienceOrder]) -> DbResult<()>,
) -> DbResult<()> {
    let facets = facets_of_goods(connection)?;
    let statement =
        connection.prepare_cached("SELECT paid_at, amount, currency FROM preorder WHERE key = ?1")?;
    let mut rest = Rest { statement, depth };
    let mut hand_on = |email: &str, orders: &mut Vec<AudienceOrder>| {
        if !orders.is_empty() {
            rest.fill(orders)?;
            with(email, orders)?;
            orders.clear();
        }
        Ok::<(), DbError>(())
    };
    let mut statement = connection.prepare_cached(
        "SELECT p.key, p.started_at, p.facet, p.email FROM preorder p INDEXED BY preorder_email
         WHERE p.email IS NOT NULL ORDER BY p.email",
    )?;
    let mut rows = statement.query([])?;
    let (mut email, mut orders) = (String::new(), Vec::new());
    while let Some(row) = rows.next()? {
        let Some(facet) = facets.get(&row.get(2)?) else { continue };
        let own = row.get_ref(3)?.as_str().unwrap_or_default();
        if own != email {
            hand_on(&email, &mut orders)?;
            own.clone_into(&mut email);
        }
        orders.push(AudienceOrder {
            key: row.get(0)?,
            status: facet.status,
            started_at: row.get(1)?,
            paid_at: None,
            color: facet.color.clone(),
            locale: facet.locale.clone(),
            amount: None,
            currency: None,
        });
    }
    hand_on(&email, &mut orders)
}

/// Lists one person's preorders.
///
/// # Errors
/// The read failed.
pub(super) fn orders_of(connection: &Connection, email: &str) -> DbResult<Vec<AudienceOrder>> {
    let mut statement = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM preorder p WHERE p.email = ?1 AND p.goods = 1"))?;
    let mut rows = statement.query([email])?;
    let mut orders = Vec::new();
    while let Some(row) = rows.next()? {
        orders.push(read(row)?);
    }
    Ok(orders)
}

/// Hands on each preorder that has no e-mail, or none that can be one.
///
/// # Errors
/// The read failed, or what is done with it.
pub(super) fn each_nameless(
    connection: &Connection,
    mut with: impl FnMut(AudienceOrder) -> DbResult<()>,
) -> DbResult<()> {
    let mut statement = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM preorder p WHERE p.email IS NULL AND p.goods = 1"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        with(read(row)?)?;
    }
    Ok(())
}
