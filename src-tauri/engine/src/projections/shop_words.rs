//! What the shop's own rows of orders say of payments, and how an order finds its rows.

use std::collections::BTreeSet;

use super::components::Group;
use super::shop;
use crate::db::{Connection, DbResult, Transaction, params};
use crate::domain::shop::ShopKind;

/// Words a shop has for an order that it knows was paid.
const PAID: [&str; 11] = [
    "paid",
    "completed",
    "complete",
    "succeeded",
    "success",
    "successful",
    "confirmed",
    "fulfilled",
    "shipped",
    "delivered",
    "no_payment_required",
];
/// Words for one that it knows was paid, and that money went back of.
const BACK: [&str; 6] =
    ["refunded", "partially_refunded", "partial_refund", "partly_refunded", "disputed", "chargeback"];

/// Whether a status says that the shop knows of the payment.
pub fn knows_paid(status: &str) -> bool {
    let word = normal(status);
    PAID.contains(&word.as_str()) || BACK.contains(&word.as_str())
}

/// Whether a status says that the shop knows of the payment, and of nothing that went back of it.
pub fn knows_no_refund(status: &str) -> bool {
    PAID.contains(&normal(status).as_str())
}

fn normal(status: &str) -> String {
    status.trim().to_lowercase().replace([' ', '-'], "_")
}

/// Whether there are rows of orders, and the indexes they are found by. A large batch is stored before those are made;
/// whoever ends it calls [`mark_orders`].
///
/// # Errors
/// The read failed.
pub(super) fn can_be_asked(connection: &Connection) -> DbResult<bool> {
    let any = !shop::is_empty(connection, ShopKind::Preorders)?;
    Ok(any && shop::missing(connection, ShopKind::Preorders)?.is_empty())
}

/// The statuses of an order's rows: of those with its preorderId, and those about one of its objects.
///
/// # Errors
/// The read failed.
pub(super) fn statuses(connection: &Connection, group: &Group) -> DbResult<Vec<String>> {
    let carried = group.nodes.iter().filter_map(|node| node.state.preorder_id.as_deref());
    let ids: BTreeSet<&str> = carried.chain(group.preorder_id.as_deref()).collect();
    let mut found: BTreeSet<(String, String)> = BTreeSet::new();
    let mut by_id = connection.prepare_cached(
        "SELECT row_key, status FROM shop_preorder WHERE preorder_id = ?1 AND preorder_id IS NOT NULL AND status IS NOT NULL",
    )?;
    for id in ids {
        for row in by_id.query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))? {
            found.insert(row?);
        }
    }
    let mut by_object = connection.prepare_cached(
        "SELECT row_key, status FROM shop_preorder WHERE object = ?1 AND object IS NOT NULL AND status IS NOT NULL",
    )?;
    for node in &group.nodes {
        for row in by_object.query_map([node.key], |row| Ok((row.get(0)?, row.get(1)?)))? {
            found.insert(row?);
        }
    }
    Ok(found.into_iter().map(|(_, status)| status).collect())
}

/// Call when rows of orders came into force, left it, or were read again: marks the orders of which they may say something
/// else than the facts, and those that they did.
///
/// # Errors
/// The write failed.
pub fn mark_orders(transaction: &Transaction<'_>) -> DbResult<()> {
    let knowing: Vec<String> = PAID.iter().chain(&BACK).map(|word| format!("'{word}'")).collect();
    let differs = format!(
        "p.reached >= 4 AND (p.status = 'partially_refunded' OR
           (s.status IS NOT NULL AND replace(replace(lower(trim(s.status)), ' ', '_'), '-', '_') NOT IN ({})))",
        knowing.join(", ")
    );
    transaction.execute_batch(&format!(
        "INSERT OR IGNORE INTO dirty (node)
         SELECT n.key FROM shop_preorder s CROSS JOIN node n ON n.preorder_id = s.preorder_id JOIN preorder p ON p.key = n.preorder
           WHERE s.preorder_id IS NOT NULL AND {differs};
         INSERT OR IGNORE INTO dirty (node)
         SELECT n.key FROM shop_preorder s CROSS JOIN node n ON n.key = s.object JOIN preorder p ON p.key = n.preorder
           WHERE s.object IS NOT NULL AND {differs};"
    ))?;
    for rule in ["paid_not_completed", "partial_refund_completed"] {
        transaction.execute(
            "INSERT OR IGNORE INTO dirty (node)
             SELECT (SELECT min(n.key) FROM node n WHERE n.preorder = f.preorder) FROM finding f
             WHERE f.rule = ?1 AND f.preorder IS NOT NULL",
            params![rule],
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shop_that_knows_of_a_payment_says_so_in_one_of_many_words() {
        for word in ["paid", " Completed ", "partially refunded", "No-Payment-Required"] {
            assert!(knows_paid(word), "{word}");
        }
        for word in ["pending", "processing", "unpaid", "failed", "", "open"] {
            assert!(!knows_paid(word), "{word}");
        }
        assert!(knows_no_refund("shipped") && !knows_no_refund("refunded") && !knows_no_refund("pending"));
    }
}
