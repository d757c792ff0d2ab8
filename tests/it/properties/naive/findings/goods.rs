//! What an order lacks, carries and sells, and what came after its payment.

use std::collections::BTreeMap;

use foredeck_engine::domain::kind::Kind;
use foredeck_engine::domain::settings::MetadataNames;
use foredeck_engine::projections::object::read_object;

use super::super::components::age;
use super::super::newest::Object;
use super::order::{Order, captured, int, is, made, word};
use super::{Finding, finding};
use crate::it::properties::facts::Fact;

pub fn lacking(order: &Order<'_>, has_preorder_id: bool) -> Vec<Finding> {
    let mut found = Vec::new();
    let known = !order.sessions.is_empty()
        || order.locals > 0
        || order.operator_linked
        || has_preorder_id
        || order.all.iter().any(|object| object.fields.contains_key("preorder_id"));
    let payment = order
        .intents
        .iter()
        .find(|intent| is(intent, &["succeeded"]))
        .or(order.charges.iter().find(|charge| captured(charge)));
    if order.kept() {
        let lacks = |rule| finding(rule, order.id, order.paid_at());
        found.extend(
            payment.filter(|_| !known).map(|payment| finding("orphan_payment", &payment.id, order.paid_at())),
        );
        found.extend((!order.has("color")).then(|| lacks("missing_color")));
        let starts = order.sessions.iter().chain(&order.intents).chain(&order.charges);
        let sent = starts.clone().any(|object| object.fields.contains_key("address"));
        found.extend((!sent).then(|| lacks("missing_address")));
        let late = order.sessions.iter().find(|session| {
            int(session, "created").is_some_and(|at| order.has("paid_at") && at > order.paid_at())
        });
        found.extend(late.map(|session| finding("steps_out_of_order", order.id, made(session))));
    }
    if order.reached() >= 3 && (order.unpaid() || order.kept()) && !order.has("email") {
        let tried = order.intents.iter().chain(&order.charges);
        let at = if order.unpaid() {
            tried
                .map(|object| made(object))
                .min()
                .or_else(|| order.sessions.iter().filter_map(|session| session.entered_at).min())
                .or_else(|| order.sessions.iter().map(|session| made(session)).min())
                .unwrap_or(order.paid_at())
        } else {
            order.paid_at()
        };
        found.push(finding("missing_email", order.id, at));
    }
    found
}

pub fn charged_twice(order: &Order<'_>, objects: &BTreeMap<String, Object>) -> Option<Finding> {
    let mut payments: BTreeMap<&str, i64> = BTreeMap::new();
    for charge in order.charges.iter().filter(|charge| order.took(charge)) {
        let near = objects.get(word(charge, "intent")).filter(|intent| intent.kind == Kind::Intent);
        if let Some(intent) = near {
            payments.entry(&intent.id).or_insert(charge.proof_at.unwrap_or(made(charge)));
        }
    }
    let later = payments.iter().map(|(id, at)| (*at, *id)).max()?;
    (payments.len() > 1).then(|| finding("paid_twice", later.1, later.0))
}

pub fn carried(order: &Order<'_>, objects: &BTreeMap<String, Object>) -> Vec<Finding> {
    let broken = order.sessions.iter().filter(|session| {
        let own = word(session, "preorder_id");
        let other = objects
            .get(word(session, "intent"))
            .filter(|intent| intent.kind.belongs_to_orders() && !intent.fields.contains_key("deleted"))
            .map(|intent| word(intent, "preorder_id"))
            .unwrap_or_default();
        own.is_empty() || (!other.is_empty() && own != other)
    });
    broken.map(|session| finding("metadata_broken", &session.id, made(session))).collect()
}

pub fn sold(order: &Order<'_>, facts: &[Fact], objects: &BTreeMap<String, Object>) -> Vec<Finding> {
    let mut found = Vec::new();
    let prices = || {
        objects.values().filter(|object| object.kind == Kind::Price && !object.fields.contains_key("deleted"))
    };
    for session in &order.sessions {
        let told = facts.iter().filter_map(|fact| match fact {
            Fact::Seen { id, as_of, object, raw, .. } if *id == session.id => {
                let items = object["line_items"]["data"].as_array().filter(|items| !items.is_empty())?;
                // Which of two in one second holds is the engine's own affair.
                let sale = read_object(raw, None, &MetadataNames::default()).unwrap().sale.unwrap();
                Some(((*as_of, sale.key()), object, items))
            }
            _ => None,
        });
        let Some((_, object, items)) = told.max_by_key(|(place, ..)| *place) else { continue };
        let currency = object["currency"].as_str().unwrap();
        let (mut sum, mut amount_is_wrong, mut currency_is_wrong) = (Some(0), false, false);
        for item in items {
            let listed = prices().find(|price| item["price"]["id"] == price.id.as_str());
            let product = item["price"]["product"].as_str().unwrap();
            let active: Vec<&Object> = prices()
                .filter(|price| word(price, "product") == product && is(price, &["active"]))
                .collect();
            let same: Vec<i64> = active
                .iter()
                .filter(|price| word(price, "currency") == currency)
                .filter_map(|price| int(price, "amount"))
                .collect();
            currency_is_wrong |= !active.is_empty() && same.is_empty();
            let unit = listed
                .filter(|price| word(price, "currency") == currency)
                .and_then(|price| int(price, "amount"));
            sum = sum.zip(unit).map(|(sum, unit)| sum + unit * item["quantity"].as_i64().unwrap());
            let asked = item["price"]["unit_amount"].as_i64().unwrap();
            amount_is_wrong |= listed.is_none() && !same.is_empty() && !same.contains(&asked);
        }
        let discounted = object["total_details"]["amount_discount"].as_i64() > Some(0);
        let total = object["amount_total"].as_i64();
        amount_is_wrong |= !discounted && sum.is_some() && total.is_some() && sum != total;
        if amount_is_wrong {
            found.push(finding("wrong_amount", &session.id, made(session)));
        }
        if currency_is_wrong {
            found.push(finding("wrong_currency", &session.id, made(session)));
        }
    }
    found
}

pub fn aftermath(order: &Order<'_>, facts: &[Fact]) -> Vec<Finding> {
    let mut found = Vec::new();
    for dispute in &order.disputes {
        let waits = is(dispute, &["needs_response", "warning_needs_response"]);
        if waits || is(dispute, &["under_review", "warning_under_review"]) {
            let deadline_at = if waits { int(dispute, "expires_at") } else { None };
            found.push(Finding { deadline_at, ..finding("dispute_open", &dispute.id, made(dispute)) });
        }
    }
    let mut by_charge: BTreeMap<&str, Vec<&Object>> = BTreeMap::new();
    for refund in &order.refunds {
        let parent = [word(refund, "charge"), word(refund, "intent")].into_iter().find(|id| !id.is_empty());
        by_charge.entry(parent.unwrap_or_default()).or_default().push(refund);
    }
    for refunds in by_charge.values() {
        let newest = refunds.iter().max_by_key(|refund| age(refund)).unwrap();
        if is(newest, &["failed", "canceled"]) {
            let told = facts.iter().filter_map(|fact| match fact {
                Fact::Event { object, created, .. } if object["id"] == newest.id.as_str() => {
                    (is(newest, &["failed"])
                        && ["failed", "canceled"].iter().any(|word| object["status"] == *word))
                    .then_some(*created)
                }
                _ => None,
            });
            found.push(finding("refund_failed", &newest.id, told.min().unwrap_or(made(newest))));
        }
    }
    found
}
