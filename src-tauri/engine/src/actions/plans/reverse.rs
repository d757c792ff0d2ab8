//! Takes back credits that one payment was granted twice: an adjustment of the wallet here, once for each payment.

use serde_json::json;

use super::{Draft, NotPlanned, refused};
use crate::actions::ground::Ground;
use crate::actions::plan::FieldChange;
use crate::actions::program::Move;
use crate::domain::kind::Kind;
use crate::facts::local::ADJUSTMENT;
use crate::projections::nodes::find_node;

/// Most credits of one adjustment.
const MOST: i64 = 1_000_000_000;

pub(super) fn plan(
    ground: &Ground<'_>,
    owner: &str,
    payment: &str,
    credits: i64,
) -> Result<Draft, NotPlanned> {
    let node = ground.node(payment, &[Kind::Session, Kind::Intent, Kind::Charge])?;
    let owner = owner.trim();
    if owner.is_empty() || owner.chars().count() > 200 || owner.chars().any(char::is_control) {
        return Err(refused(
            "BAD_ADJUSTMENT",
            "the owner is empty or too long",
            "Give a user id or an e-mail.",
        ));
    }
    if !(1..=MOST).contains(&credits) {
        return Err(refused(
            "BAD_ADJUSTMENT",
            "the credits are none or too many",
            "Give a whole number above 0.",
        ));
    }
    let order = ground.order(&node.id)?;
    let intent = match node.links.intent {
        Some(key) => find_node(ground.connection, key)?,
        None => None,
    };
    let of = [node.key, intent.as_ref().map_or(node.key, |intent| intent.key)];
    let payment = intent.map_or(node.id, |intent| intent.id);
    let done: bool = ground
        .connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM local_fact WHERE kind = 'adjustment' AND json_extract(body, '$.reverses') = ?1)",
        )
        .and_then(|mut statement| statement.query_row([payment.as_str()], |row| row.get(0)))
        .map_err(crate::db::DbError::from)?;
    if done {
        return Err(refused(
            "ALREADY_REVERSED",
            format!("the second grant of {payment} was taken back already"),
            "Nothing is left to do; see the wallet.",
        ));
    }
    let granted: i64 = ground
        .connection
        .prepare_cached("SELECT coalesce(max(credits), 0) FROM purchase WHERE payment IN (?1, ?2)")
        .and_then(|mut statement| statement.query_row(of, |row| row.get(0)))
        .map_err(crate::db::DbError::from)?;
    if granted > 0 && credits > granted {
        return Err(refused(
            "BAD_ADJUSTMENT",
            format!("{payment} granted {granted} credits: {credits} are more than a second grant of it"),
            "Take back what was granted once too often; adjust the wallet for anything else.",
        ));
    }
    let change = FieldChange {
        object: Some(owner.to_owned()),
        kind: "mirror".to_owned(),
        field: "credits".to_owned(),
        before: None,
        after: Some((-credits).to_string()),
        currency: None,
    };
    let reason = format!("taken back: {payment} was granted twice");
    let fact = Move::Fact {
        kind: ADJUSTMENT.to_owned(),
        subject: owner.to_owned(),
        object: None,
        body: json!({"credits": -credits, "reason": reason, "reverses": payment, "action": ground.action_id()}),
    };
    Ok(Draft {
        order_id: Some(order.row.id),
        email: order.row.email,
        changes: vec![change],
        moves: vec![fact],
        notices: vec!["mirror_only"],
        undo: "adjust",
        subjects: vec![owner.to_owned(), payment],
        ..Draft::default()
    })
}
