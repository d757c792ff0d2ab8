//! Joins a payment to an order: the order's preorderId on the payment's objects, and an operator's link here.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Draft, NotPlanned, refused};
use crate::actions::ground::{Ground, Order};
use crate::actions::plan::FieldChange;
use crate::actions::program::{Check, Expect, Look, Move, Write, metadata_pointer};
use crate::domain::ids::usable_preorder_id;
use crate::domain::kind::Kind;
use crate::facts::local::LINK;
use crate::stripe::{ObjectChange, writes};

pub(super) fn plan(ground: &Ground<'_>, payment: &str, order: &str) -> Result<Draft, NotPlanned> {
    let source = ground.node(payment, &[Kind::Session, Kind::Intent, Kind::Charge])?;
    let from = ground.order(&source.id)?;
    let to = ground.order(order)?;
    if from.row.id == to.row.id {
        return Err(refused(
            "ALREADY_LINKED",
            format!("{} belongs to {} already", source.id, to.row.id),
            "Nothing is left to do.",
        ));
    }
    let mut draft = Draft { undo: "unlink", ..Draft::default() };
    if let Some(id) = usable_preorder_id(&to.row.id) {
        set_preorder_id(ground, &from, id, &mut draft)?;
    } else {
        draft.notices.push("mirror_only");
    }
    if from.row.email.is_some() && to.row.email.is_some() && from.row.email != to.row.email {
        draft.notices.push("other_email");
    }
    let priced = |order: &Order| (order.row.amount_minor, order.row.currency.clone());
    if priced(&from) != priced(&to) {
        draft.notices.push("other_amount");
    }
    draft.changes.push(FieldChange {
        object: Some(source.id.clone()),
        kind: "mirror".to_owned(),
        field: "order".to_owned(),
        before: Some(from.row.id.clone()),
        after: Some(to.row.id.clone()),
        currency: None,
    });
    draft.moves.push(Move::Fact {
        kind: LINK.to_owned(),
        subject: source.id.clone(),
        object: Some(to.row.id.clone()),
        body: json!({"action": ground.action_id()}),
    });
    draft.subjects = vec![source.id, from.row.id];
    draft.order_id = Some(to.row.id);
    draft.email = to.row.email;
    Ok(draft)
}

/// Writes a preorderId on every object of a payment that can carry one.
fn set_preorder_id(ground: &Ground<'_>, from: &Order, id: &str, draft: &mut Draft) -> Result<(), NotPlanned> {
    let names = &ground.settings.metadata.preorder_id;
    for kind in [Kind::Session, Kind::Intent, Kind::Charge] {
        for node in from.of(kind) {
            let json = ground.json(&node.id)?;
            let (name, before) = Ground::metadata(&json, names);
            if before == Some(id) || name.is_empty() {
                continue;
            }
            let change = ObjectChange {
                metadata: BTreeMap::from([(name.clone(), id.to_owned())]),
                ..ObjectChange::default()
            };
            let Some(post) = writes::update(kind, &node.id, &change) else { continue };
            draft.changes.push(FieldChange {
                object: Some(node.id.clone()),
                kind: kind.as_str().to_owned(),
                field: format!("metadata.{name}"),
                before: before.map(str::to_owned),
                after: Some(id.to_owned()),
                currency: None,
            });
            draft.moves.push(Move::Write(Box::new(Write {
                post,
                kind: kind.as_str().to_owned(),
                object: Some(node.id.clone()),
                key: None,
                check: Vec::new(),
                look: Look::State,
                expect: vec![Check {
                    kind: kind.as_str().to_owned(),
                    id: Some(node.id.clone()),
                    fields: vec![Expect::is(metadata_pointer(&name), id)],
                }],
                fill: None,
                unless: None,
            })));
        }
    }
    Ok(())
}
