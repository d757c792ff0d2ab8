//! What orders see of an object, by field name. Absent fields are absent.

use std::collections::BTreeMap;

use foredeck_engine::domain::kind::Kind;
use serde_json::Value;

pub type Fields = BTreeMap<&'static str, Value>;

/// Reads an object. Old API versions left out what the type of their event implies.
pub fn fields(kind: Kind, object: &Value, event_type: Option<&str>) -> Fields {
    let mut fields = Fields::new();
    let deleted_by = matches!(event_type, Some("customer.deleted" | "product.deleted" | "price.deleted"));
    if object["deleted"] == true || deleted_by {
        fields.insert("deleted", true.into());
        return fields;
    }
    let metadata = &object["metadata"];
    let mut put = |name: &'static str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(name, value);
        }
    };
    let tag = |names: &[&str]| names.iter().find_map(|name| text(&metadata[*name]));
    put("created", int(&object["created"]));
    put("status", status(kind, object, event_type));
    put("customer", reference(&object["customer"]));
    if kind.belongs_to_orders() {
        put(
            "preorder_id",
            ["preorderId", "preorder_id"].iter().find_map(|name| preorder_id(&metadata[*name])),
        );
    }
    put("user_id", tag(&["userId", "user_id"]));
    if !matches!(kind, Kind::Refund | Kind::Dispute) {
        put("plan", tag(&["plan", "planId", "plan_id"]));
        let credits = tag(&["credits"]).and_then(|text| text.as_str()?.parse::<i64>().ok());
        put("credits", credits.map(Value::from));
        put("color", tag(&["color", "colour", "yoyo_color"]));
        put("source", tag(&["source", "utm_source"]));
        let page =
            (kind == Kind::Session && object["locale"] != "auto").then(|| text(&object["locale"])).flatten();
        put("locale", tag(&["locale"]).or(page));
        put("email", emails(kind, object).iter().find_map(email).or_else(|| email(&metadata["email"])));
    }
    let ship = |path: &str| {
        let parts = ["line1", "city", "postal_code"];
        parts.iter().any(|part| {
            text(object.pointer(&format!("{path}/address/{part}")).unwrap_or(&Value::Null)).is_some()
        })
    };
    let paths: &[&str] = match kind {
        Kind::Session => &["/collected_information/shipping_details", "/shipping_details", "/shipping"],
        Kind::Intent | Kind::Charge => &["/shipping"],
        _ => &[],
    };
    put("address", paths.iter().any(|path| ship(path)).then(|| true.into()));
    match kind {
        Kind::Session => {
            let implied = completed(event_type).then(|| "paid".into());
            put("sub_status", text(&object["payment_status"]).or(implied));
            let items = object["display_items"].as_array();
            let line = |item: &Value| item["amount"].as_i64().unwrap() * item["quantity"].as_i64().unwrap();
            put(
                "amount",
                int(&object["amount_total"])
                    .or(items.map(|items| items.iter().map(line).sum::<i64>().into())),
            );
            let listed = items.and_then(|items| text(&items.first()?["currency"]));
            put("currency", text(&object["currency"]).or(listed));
            put("name", text(&object["customer_details"]["name"]));
            put("expires_at", int(&object["expires_at"]));
            put("intent", reference(&object["payment_intent"]));
            put("recovered_from", reference(&object["recovered_from"]));
        }
        Kind::Intent => {
            let error = &object["last_payment_error"];
            let failure = ["decline_code", "code", "type"].iter().find_map(|name| text(&error[*name]));
            put("sub_status", failure.as_ref().map(|_| "declined".into()));
            put("detail", failure.clone().or_else(|| text(&object["cancellation_reason"])));
            put("amount", int(&object["amount"]));
            put("currency", text(&object["currency"]));
            let under_way = ["requires_action", "processing", "requires_capture", "succeeded"];
            let charged = reference(&object["latest_charge"]).is_some()
                || object["charges"]["data"].as_array().is_some_and(|charges| !charges.is_empty());
            let moved = under_way.iter().any(|word| object["status"] == *word);
            put("attempted", (moved || charged || failure.is_some()).then(|| true.into()));
        }
        Kind::Charge => {
            put(
                "sub_status",
                Some(if object["captured"] == false { "uncaptured" } else { "captured" }.into()),
            );
            put("detail", text(&object["failure_code"]));
            put("amount", int(&object["amount"]));
            put("amount_part", int(&object["amount_refunded"]));
            put("currency", text(&object["currency"]));
            put("name", text(&object["billing_details"]["name"]));
            put("intent", reference(&object["payment_intent"]));
            put("attempted", Some(true.into()));
            put("expires_at", int(&object["payment_method_details"]["card"]["capture_before"]));
        }
        Kind::Refund | Kind::Dispute => {
            put("detail", text(&object["reason"]).or_else(|| text(&object["failure_code"])));
            put("amount", int(&object["amount"]));
            put("currency", text(&object["currency"]));
            put("intent", reference(&object["payment_intent"]));
            put("charge", reference(&object["charge"]));
            put("expires_at", int(&object["evidence_details"]["due_by"]));
        }
        Kind::Product | Kind::Price => {
            put("name", text(&object["name"]));
            put("currency", text(&object["currency"]));
            put("amount", int(&object["unit_amount"]));
            put("product", reference(&object["product"]));
            let active = object["active"].as_bool();
            put("status", active.map(|active| if active { "active" } else { "inactive" }.into()));
        }
        _ => {
            put("name", text(&object["name"]));
            put("currency", text(&object["currency"]));
        }
    }
    fields
}

fn completed(event_type: Option<&str>) -> bool {
    matches!(event_type, Some("checkout.session.completed" | "checkout.session.async_payment_succeeded"))
}

fn status(kind: Kind, object: &Value, event_type: Option<&str>) -> Option<Value> {
    let said = text(&object["status"]);
    match (kind, event_type) {
        (Kind::Session, Some("checkout.session.expired")) => said.or(Some("expired".into())),
        (Kind::Session, _) if completed(event_type) => said.or(Some("complete".into())),
        _ => said,
    }
}

fn emails(kind: Kind, object: &Value) -> Vec<Value> {
    let at = |path: &str| object.pointer(path).cloned().unwrap_or_default();
    match kind {
        Kind::Session => vec![at("/customer_details/email"), at("/customer_email")],
        Kind::Intent => vec![at("/receipt_email")],
        Kind::Charge => vec![at("/billing_details/email"), at("/receipt_email")],
        _ => vec![at("/email")],
    }
}

fn text(value: &Value) -> Option<Value> {
    let text = value.as_str()?.trim();
    (!text.is_empty()).then(|| text.into())
}

fn int(value: &Value) -> Option<Value> {
    value.as_i64().map(Value::from)
}

fn reference(value: &Value) -> Option<Value> {
    text(value).or_else(|| text(&value["id"]))
}

/// The histories' addresses are all good ones; they differ in case.
fn email(value: &Value) -> Option<Value> {
    text(value).map(|text| text.as_str().unwrap().to_lowercase().into())
}

pub fn preorder_id(value: &Value) -> Option<Value> {
    text(value).filter(|id| !["undefined", "null"].contains(&id.as_str().unwrap()))
}
