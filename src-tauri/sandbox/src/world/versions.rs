//! Renders event snapshots in the shapes of other API versions.
//!
//! An event keeps the shape of the version it was born with; a shop that upgraded has a mixture. Only the differences
//! that a mirror of preorders meets are rendered.

use super::World;
use crate::config::API_VERSION;
use crate::objects::{Kind, Object};
use rand::Rng;
use serde_json::{Map, Value, json};

/// The shape of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    version: Option<String>,
    expanded: bool,
}

impl Shape {
    pub(super) fn is_current(&self) -> bool {
        self.version.as_deref() == Some(API_VERSION) && !self.expanded
    }

    pub(super) fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Before 2017-05-25 `request` was the request's id as a string.
    pub(super) fn request_is_text(&self) -> bool {
        self.before("2017-05-25")
    }

    fn before(&self, date: &str) -> bool {
        self.version.as_deref().is_some_and(|v| v < date)
    }
}

/// In which shapes new events are rendered, with weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionMix {
    shapes: Vec<(Shape, u32)>,
}

impl Default for VersionMix {
    /// Every event in the current shape.
    fn default() -> Self {
        VersionMix::of(&[(API_VERSION, 1)])
    }
}

impl VersionMix {
    /// A weighted mixture. A name is an API version, `none` for events without `api_version`, or a version followed
    /// by `+expanded` for events whose ids are whole objects.
    pub fn of(weighted: &[(&str, u32)]) -> VersionMix {
        let shape = |name: &str| {
            let (name, expanded) = match name.strip_suffix("+expanded") {
                Some(name) => (name, true),
                None => (name, false),
            };
            Shape { version: (name != "none").then(|| name.to_owned()), expanded }
        };
        VersionMix { shapes: weighted.iter().map(|&(name, weight)| (shape(name), weight)).collect() }
    }

    /// Mostly current, and a little of every shape this sandbox knows.
    pub fn mixed() -> VersionMix {
        VersionMix::of(&[
            (API_VERSION, 60),
            ("2025-09-30.clover", 10),
            ("2024-06-20", 8),
            ("2020-08-27", 6),
            ("2019-03-14", 6),
            ("2016-07-06", 4),
            ("none", 3),
            ("2026-09-30.endive+expanded", 3),
        ])
    }

    pub(super) fn pick(&self, chance: &mut impl Rng) -> Shape {
        let total: u32 = self.shapes.iter().map(|s| s.1).sum();
        let mut drawn = chance.random_range(0..total.max(1));
        for (shape, weight) in &self.shapes {
            if drawn < *weight {
                return shape.clone();
            }
            drawn -= weight;
        }
        Shape { version: Some(API_VERSION.to_owned()), expanded: false }
    }
}

/// The snapshot in another shape.
pub(super) fn reshape(world: &World, shape: &Shape, bytes: &[u8]) -> Vec<u8> {
    let Value::Object(mut object) = crate::json::parse(bytes) else { return bytes.to_vec() };
    match object.get("object").and_then(Value::as_str) {
        Some("checkout.session") => session(&mut object, shape, world),
        Some("payment_intent") if shape.before("2022-11-15") => {
            let charge = object.remove("latest_charge");
            let id = object["id"].as_str().unwrap_or_default().to_owned();
            let charges: Vec<Value> =
                charge.as_ref().and_then(Value::as_str).and_then(|c| world.object(c)).into_iter().collect();
            object.insert("charges".into(), list(charges, &format!("/v1/charges?payment_intent={id}")));
        }
        Some("charge") if shape.before("2022-11-15") => charge(&mut object, shape, world),
        Some("dispute") if shape.before("2024-09-30") => {
            object.remove("enhanced_eligibility_types");
            for (part, field) in
                [("evidence", "enhanced_evidence"), ("evidence_details", "enhanced_eligibility")]
            {
                if let Some(Value::Object(part)) = object.get_mut(part) {
                    part.remove(field);
                }
            }
        }
        _ => {}
    }
    if shape.expanded {
        expand_ids(&mut object, world);
    }
    Value::Object(object).to_string().into_bytes()
}

fn list(data: Vec<Value>, url: &str) -> Value {
    json!({"object": "list", "total_count": data.len(), "data": data, "has_more": false, "url": url})
}

fn charge(object: &mut Map<String, Value>, shape: &Shape, world: &World) {
    let id = object["id"].as_str().unwrap_or_default().to_owned();
    let refunds = world.shelf(Kind::Refund).oldest_first().filter_map(|o| match o {
        Object::Refund(r) if r.charge == id => Some(crate::json::parse(&o.to_bytes(world.livemode))),
        _ => None,
    });
    let refunds = if object["amount_refunded"] == 0 { Vec::new() } else { refunds.collect() };
    object.insert("refunds".into(), list(refunds, &format!("/v1/charges/{id}/refunds")));
    let dispute = world.charge(&id).ok().and_then(|c| c.dispute.clone());
    object.insert("dispute".into(), json!(dispute));
    for field in ["destination", "invoice", "order", "source"] {
        object.insert(field.into(), Value::Null);
    }
    if shape.before("2020-01-01") {
        object.remove("amount_captured");
        object.remove("calculated_statement_descriptor");
    }
}

fn session(object: &mut Map<String, Value>, shape: &Shape, world: &World) {
    if shape.before("2025-03-31") {
        let shipping = match object.remove("collected_information") {
            Some(Value::Object(mut collected)) => collected.remove("shipping_details").unwrap_or(Value::Null),
            _ => Value::Null,
        };
        object.insert(
            if shape.before("2022-08-01") { "shipping" } else { "shipping_details" }.into(),
            shipping,
        );
    }
    if !shape.before("2020-08-27") {
        return;
    }
    let items =
        world.session(object["id"].as_str().unwrap_or_default()).map(|s| s.items.clone()).unwrap_or_default();
    let display: Vec<Value> = items
        .iter()
        .map(|i| {
            json!({"amount": i.unit_amount, "currency": i.currency, "quantity": i.quantity, "type": "custom",
                   "custom": {"description": null, "images": null, "name": i.description}})
        })
        .collect();
    let kept = [
        "id",
        "object",
        "billing_address_collection",
        "cancel_url",
        "client_reference_id",
        "customer",
        "customer_email",
        "livemode",
        "locale",
        "metadata",
        "mode",
        "payment_intent",
        "payment_method_types",
        "setup_intent",
        "shipping",
        "shipping_address_collection",
        "submit_type",
        "subscription",
        "success_url",
    ];
    object.retain(|key, _| kept.contains(&key.as_str()));
    object.insert("display_items".into(), Value::Array(display));
}

fn expand_ids(object: &mut Map<String, Value>, world: &World) {
    for field in ["customer", "payment_intent", "latest_charge", "charge"] {
        let whole = object.get(field).and_then(Value::as_str).and_then(|id| world.object(id));
        if let Some(whole) = whole {
            object.insert(field.into(), whole);
        }
    }
    if let Some(Value::String(id)) = object.get("payment_method").cloned() {
        object.insert("payment_method".into(), json!({"id": id, "object": "payment_method", "type": "card"}));
    }
}
