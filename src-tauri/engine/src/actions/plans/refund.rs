//! Pays back what a charge took, whole or in part.

use std::collections::BTreeMap;

use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Draft, NotPlanned, refused};
use crate::actions::ground::Ground;
use crate::actions::plan::{FieldChange, PlanMoney};
use crate::actions::program::{Check, Expect, Look, Move, Write};
use crate::actions::step::hex;
use crate::domain::action::RefundReason;
use crate::domain::kind::Kind;
use crate::projections::nodes::{Node, find_node};
use crate::stripe::{MARK, writes};

pub(super) fn plan(
    ground: &Ground<'_>,
    payment: &str,
    amount: Option<i64>,
    reason: RefundReason,
) -> Result<Draft, NotPlanned> {
    let order = ground.order(payment)?;
    let named = ground.node(payment, &[Kind::Charge, Kind::Intent])?;
    let charge = match named.kind {
        Kind::Charge => Some(named),
        _ => order
            .of(Kind::Charge)
            .rev()
            .find(|node| node.links.intent == Some(named.key) && is_taken(node))
            .cloned(),
    };
    let charge = charge.filter(is_taken).ok_or_else(|| {
        refused(
            "NOT_PAID",
            format!("{payment} took no money that could be paid back"),
            "Choose a payment that succeeded.",
        )
    })?;
    let disputed = order.of(Kind::Dispute).any(|dispute| {
        dispute.links.charge == Some(charge.key)
            && !matches!(dispute.state.status.as_deref(), Some("won" | "warning_closed"))
    });
    if disputed {
        return Err(refused(
            "DISPUTED",
            format!("{} is disputed: the bank holds its money", charge.id),
            "Answer or accept the dispute in Stripe; a refund would pay the customer twice.",
        ));
    }
    let taken = charge.state.amount.unwrap_or_default();
    let refunded = refunded(ground, &order.nodes, &charge)?;
    let left = taken - refunded;
    if left <= 0 {
        return Err(refused(
            "ALREADY_REFUNDED",
            format!("{} is paid back in full already", charge.id),
            "Nothing is left to do.",
        ));
    }
    let amount = amount.unwrap_or(left);
    if amount <= 0 || amount > left {
        return Err(refused(
            "BAD_AMOUNT",
            format!("{amount} is not between 1 and the {left} minor units that are left of {}", charge.id),
            "Give an amount within what is left.",
        ));
    }
    let currency = charge.state.currency.clone().unwrap_or_default();
    let metadata = BTreeMap::from([(MARK.to_owned(), ground.action_id())]);
    let before = Check {
        kind: Kind::Charge.as_str().to_owned(),
        id: Some(charge.id.clone()),
        fields: vec![Expect::is("/amount_refunded", refunded), Expect::is("/captured", true)],
    };
    let made = Check {
        kind: Kind::Refund.as_str().to_owned(),
        id: None,
        fields: vec![
            Expect::is("/amount", amount),
            Expect::is("/charge", charge.id.clone()),
            Expect::one_of("/status", &["succeeded", "pending"]),
        ],
    };
    let after = Check {
        kind: Kind::Charge.as_str().to_owned(),
        id: Some(charge.id.clone()),
        fields: vec![Expect::is("/amount_refunded", refunded + amount)],
    };
    let write = Write {
        post: writes::refund(&charge.id, amount, reason, &metadata),
        kind: Kind::Refund.as_str().to_owned(),
        object: None,
        key: Some(key(&charge.id, refunded, amount, &failed(&order.nodes, &charge))),
        check: vec![before],
        look: Look::Made {
            path: "/v1/refunds".to_owned(),
            filter: Some(format!("charge={}", charge.id)),
            by_created: false,
        },
        expect: vec![made, after],
        fill: None,
        unless: None,
    };
    let change = FieldChange {
        object: Some(charge.id.clone()),
        kind: Kind::Charge.as_str().to_owned(),
        field: "amount_refunded".to_owned(),
        before: Some(refunded.to_string()),
        after: Some((refunded + amount).to_string()),
        currency: Some(currency.clone()),
    };
    Ok(Draft {
        order_id: Some(order.row.id),
        email: order.row.email,
        changes: vec![change],
        moves: vec![Move::Write(Box::new(write))],
        money: Some(PlanMoney { amount_minor: amount, currency, direction: "out".to_owned() }),
        notices: vec!["stripe_may_send_receipt"],
        undo: "none",
        subjects: vec![charge.id],
        ..Draft::default()
    })
}

/// Two desks that pay the same back at the same time use the same key: Stripe does it once. After a refund that came to nothing it
/// is another.
fn key(charge: &str, refunded: i64, amount: i64, failed: &[&str]) -> String {
    let digest = Sha256::digest(json!([charge, refunded, amount, failed]).to_string().as_bytes());
    format!("foredeck-refund-{}", &hex(&digest)[..40])
}

fn is_taken(node: &Node) -> bool {
    node.kind == Kind::Charge
        && node.state.status.as_deref() == Some("succeeded")
        && node.state.sub_status.as_deref() == Some("captured")
}

/// What was paid back of a charge: what it says itself, or its refunds say where they are ahead of it.
fn refunded(ground: &Ground<'_>, nodes: &[Node], charge: &Node) -> Result<i64, NotPlanned> {
    let fresh = find_node(ground.connection, charge.key)?.and_then(|node| node.state.amount_part);
    let listed = nodes
        .iter()
        .filter(|node| is_of(node, charge) && !came_to_nothing(node))
        .filter_map(|node| node.state.amount)
        .fold(0, i64::saturating_add);
    Ok(fresh.unwrap_or_default().max(listed))
}

/// The refunds of a charge that came to nothing, by id.
fn failed<'a>(nodes: &'a [Node], charge: &Node) -> Vec<&'a str> {
    let mut ids: Vec<&str> = nodes
        .iter()
        .filter(|node| is_of(node, charge) && came_to_nothing(node))
        .map(|node| node.id.as_str())
        .collect();
    ids.sort_unstable();
    ids
}

fn is_of(refund: &Node, charge: &Node) -> bool {
    let links = &refund.links;
    refund.kind == Kind::Refund
        && (links.charge == Some(charge.key)
            || (links.charge.is_none() && links.intent.is_some() && links.intent == charge.links.intent))
}

fn came_to_nothing(refund: &Node) -> bool {
    matches!(refund.state.status.as_deref(), Some("failed" | "canceled"))
}
