//! Takes what was authorised, or lets it go.

use super::{Draft, NotPlanned, refused};
use crate::actions::ground::Ground;
use crate::actions::plan::{FieldChange, PlanMoney};
use crate::actions::program::{Check, Expect, Look, Move, Write};
use crate::domain::kind::Kind;
use crate::projections::nodes::Node;
use crate::stripe::{Post, writes};

pub(super) fn capture(ground: &Ground<'_>, intent: &str) -> Result<Draft, NotPlanned> {
    let intent = held(ground, intent)?;
    plan(ground, &intent, writes::capture(&intent.id), "succeeded", "in")
}

pub(super) fn cancel(ground: &Ground<'_>, intent: &str) -> Result<Draft, NotPlanned> {
    let intent = held(ground, intent)?;
    plan(ground, &intent, writes::cancel(&intent.id), "canceled", "released")
}

fn held(ground: &Ground<'_>, intent: &str) -> Result<Node, NotPlanned> {
    let node = ground.node(intent, &[Kind::Intent])?;
    if node.state.status.as_deref() == Some("requires_capture") {
        return Ok(node);
    }
    let status = node.state.status.as_deref().unwrap_or("of no known status");
    Err(refused(
        "NOT_HELD",
        format!("{} is {status}: there is no authorised amount", node.id),
        "Choose a payment that waits to be captured.",
    ))
}

fn plan(
    ground: &Ground<'_>,
    intent: &Node,
    post: Post,
    becomes: &str,
    direction: &str,
) -> Result<Draft, NotPlanned> {
    let order = ground.order(&intent.id)?;
    let kind = Kind::Intent.as_str();
    let check = |status: &str| Check {
        kind: kind.to_owned(),
        id: Some(intent.id.clone()),
        fields: vec![Expect::is("/status", status)],
    };
    let amount = intent.state.amount.unwrap_or_default();
    let mut before = check("requires_capture");
    before.fields.push(Expect::is("/amount_capturable", amount));
    let write = Write {
        post,
        kind: kind.to_owned(),
        object: Some(intent.id.clone()),
        key: None,
        check: vec![before],
        look: Look::State,
        expect: vec![check(becomes)],
        fill: None,
        unless: None,
    };
    let change = FieldChange {
        object: Some(intent.id.clone()),
        kind: kind.to_owned(),
        field: "status".to_owned(),
        before: Some("requires_capture".to_owned()),
        after: Some(becomes.to_owned()),
        currency: None,
    };
    let currency = intent.state.currency.clone().unwrap_or_default();
    let mut moves = vec![Move::Write(Box::new(write))];
    // Its charge says whether money was taken; it is read so that the mirror knows at once.
    moves.extend(
        order
            .of(Kind::Charge)
            .filter(|charge| charge.links.intent == Some(intent.key))
            .map(|charge| Move::Read { kind: Kind::Charge.as_str().to_owned(), id: charge.id.clone() }),
    );
    Ok(Draft {
        order_id: Some(order.row.id),
        email: order.row.email,
        changes: vec![change],
        moves,
        money: (amount > 0).then(|| PlanMoney {
            amount_minor: amount,
            currency,
            direction: direction.to_owned(),
        }),
        undo: "none",
        subjects: vec![intent.id.clone()],
        ..Draft::default()
    })
}
