//! Orders that a payment without one may belong to: unpaid ones, scored by what they have in common. Found by index: those of
//! the same e-mail, and those of the same amount that were started within the day before.

use std::collections::BTreeMap;

use crate::db::{Connection, DbResult, OptionalExtension, Row, params, rusqlite};
use crate::domain::finding::Evidence;

const SAME_EMAIL: i64 = 50;
const SAME_MONEY: i64 = 20;
const SAME_COLOR: i64 = 15;
const THE_DAY_BEFORE: i64 = 15;
const DAY_S: i64 = 86_400;
/// Candidates shown.
const MOST: usize = 5;
/// Orders looked at by e-mail, and by amount.
const LOOKED_AT: i64 = 100;

struct Order {
    id: String,
    email: Option<String>,
    color: Option<String>,
    amount: Option<i64>,
    currency: Option<String>,
    started_at: i64,
    paid_at: Option<i64>,
}

const COLUMNS: &str = "id, email, color, amount, currency, started_at, paid_at";
const UNPAID: &str = "reached < 4 AND goods = 1";

fn read(row: &Row<'_>) -> rusqlite::Result<Order> {
    Ok(Order {
        id: row.get(0)?,
        email: row.get(1)?,
        color: row.get(2)?,
        amount: row.get(3)?,
        currency: row.get(4)?,
        started_at: row.get(5)?,
        paid_at: row.get(6)?,
    })
}

/// Lists candidates for the payment of an order, the likeliest first.
///
/// # Errors
/// The read failed.
pub(super) fn candidates(connection: &Connection, payment: i64) -> DbResult<Vec<Evidence>> {
    let found = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM preorder WHERE key = ?1"))?
        .query_row([payment], read)
        .optional()?;
    let Some(payment) = found else { return Ok(Vec::new()) };
    let paid_at = payment.paid_at.unwrap_or(payment.started_at);
    let mut orders: BTreeMap<String, Order> = BTreeMap::new();
    if let Some(email) = &payment.email {
        let sql = format!(
            "SELECT {COLUMNS} FROM (SELECT * FROM preorder INDEXED BY preorder_email WHERE email = ?1
             ORDER BY started_at DESC LIMIT {LOOKED_AT}) WHERE {UNPAID}"
        );
        for order in connection.prepare_cached(&sql)?.query_map([email], read)? {
            let order = order?;
            orders.insert(order.id.clone(), order);
        }
    }
    if let Some(amount) = payment.amount {
        let sql = format!(
            "SELECT {COLUMNS} FROM (SELECT * FROM preorder INDEXED BY preorder_amount
             WHERE amount = ?1 AND started_at BETWEEN ?2 AND ?3 ORDER BY started_at DESC LIMIT {LOOKED_AT}) WHERE {UNPAID}"
        );
        let span = params![amount, paid_at - DAY_S, paid_at];
        for order in connection.prepare_cached(&sql)?.query_map(span, read)? {
            let order = order?;
            orders.insert(order.id.clone(), order);
        }
    }
    let mut scored: Vec<(i64, Order)> =
        orders.into_values().map(|order| (score(&payment, paid_at, &order), order)).collect();
    scored.retain(|(score, _)| *score > 0);
    scored.sort_by(|(one_score, one), (other_score, other)| {
        let far = |order: &Order| (order.started_at - paid_at).abs();
        other_score.cmp(one_score).then(far(one).cmp(&far(other))).then(one.id.cmp(&other.id))
    });
    scored.truncate(MOST);
    Ok(scored.into_iter().map(|(score, order)| shown(score, &order)).collect())
}

fn score(payment: &Order, paid_at: i64, order: &Order) -> i64 {
    let same = |one: &Option<String>, other: &Option<String>| one.is_some() && one == other;
    let mut score = 0;
    if same(&payment.email, &order.email) {
        score += SAME_EMAIL;
    }
    if payment.amount.is_some() && payment.amount == order.amount && same(&payment.currency, &order.currency)
    {
        score += SAME_MONEY;
    }
    if same(&payment.color, &order.color) {
        score += SAME_COLOR;
    }
    if (paid_at - DAY_S..=paid_at).contains(&order.started_at) {
        score += THE_DAY_BEFORE;
    }
    score
}

fn shown(score: i64, order: &Order) -> Evidence {
    let evidence = Evidence::named("candidate")
        .id(&order.id)
        .at(Some(order.started_at))
        .text(order.email.as_deref())
        .money(order.amount, order.currency.as_deref());
    Evidence { score: Some(score), ..evidence }
}
