//! People with their orders, read one at a time: memory does not grow with the mirror.

use crate::db::{Connection, DbError, DbResult, Row};
use crate::domain::audience::AudienceOrder;
use crate::domain::status::PreorderStatus;

const COLUMNS: &str = "p.key, p.status, p.started_at, p.paid_at, p.color, p.locale, p.amount, p.currency";

fn read(row: &Row<'_>) -> DbResult<AudienceOrder> {
    let status = row.get_ref(1)?.as_str().unwrap_or_default();
    let status = PreorderStatus::parse(status).ok_or_else(|| DbError::Corrupt(format!("status {status}")))?;
    Ok(AudienceOrder {
        key: row.get(0)?,
        status,
        started_at: row.get(2)?,
        paid_at: row.get(3)?,
        color: row.get(4)?,
        locale: row.get(5)?,
        amount: row.get(6)?,
        currency: row.get(7)?,
    })
}

/// Hands on everybody with their preorders, by e-mail.
///
/// # Errors
/// The read failed, or what is done with it.
pub(super) fn each(
    connection: &Connection,
    mut with: impl FnMut(&str, &[AudienceOrder]) -> DbResult<()>,
) -> DbResult<()> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS}, p.email FROM preorder p INDEXED BY preorder_email
         WHERE p.email IS NOT NULL AND p.goods = 1 ORDER BY p.email"
    ))?;
    let mut rows = statement.query([])?;
    let (mut email, mut orders) = (String::new(), Vec::new());
    while let Some(row) = rows.next()? {
        let own = row.get_ref(8)?.as_str().unwrap_or_default();
        if own != email {
            if !orders.is_empty() {
                with(&email, &orders)?;
                orders.clear();
            }
            own.clone_into(&mut email);
        }
        orders.push(read(row)?);
    }
    if orders.is_empty() { Ok(()) } else { with(&email, &orders) }
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
