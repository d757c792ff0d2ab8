//! Reads every object of an order from Stripe again.

use super::{Draft, NotPlanned};
use crate::actions::ground::Ground;
use crate::actions::program::Move;
use crate::domain::kind::Kind;

/// Objects of one order that are read; an order beyond that is damage, not a purchase.
const MOST: usize = 50;

pub(super) fn plan(ground: &Ground<'_>, order: &str) -> Result<Draft, NotPlanned> {
    let order = ground.order(order)?;
    let kinds = [Kind::Session, Kind::Intent, Kind::Charge, Kind::Refund, Kind::Dispute];
    let moves = kinds
        .into_iter()
        .flat_map(|kind| order.of(kind))
        .take(MOST)
        .map(|node| Move::Read { kind: node.kind.as_str().to_owned(), id: node.id.clone() })
        .collect();
    Ok(Draft {
        order_id: Some(order.row.id),
        email: order.row.email,
        moves,
        undo: "none",
        ..Draft::default()
    })
}
