//! What the files say, read by eye into rules: by kind of object, and where it matters by age of the API version.

use serde_json::{Value, json};

type Fields = Vec<(&'static str, Value)>;

/// The object's id and what the mirror must know of it; None for objects that orders are not made of, and for those
/// without an id (disputes before 2015, templates).
pub fn expected(type_: &str, object: &Value) -> Option<(String, Fields)> {
    let id = object["id"].as_str()?.to_owned();
    let fields = match object["object"].as_str()? {
        "charge" => charge(object),
        "payment_intent" => intent(object),
        "checkout.session" => session(type_, object),
        "refund" | "dispute" => reversal(object),
        "customer" if type_ == "customer.deleted" => vec![("deleted", 1.into()), ("email", Value::Null)],
        "customer" => vec![("deleted", 0.into()), ("email", email(&[&object["email"]]))],
        _ => return None,
    };
    Some((id, fields))
}

fn charge(object: &Value) -> Fields {
    // Until 2014 a charge had `paid` and no status.
    let status = match (&object["status"], &object["paid"]) {
        (Value::String(status), _) => json!(status),
        (_, Value::Bool(true)) => json!("succeeded"),
        (_, Value::Bool(false)) => json!("failed"),
        _ => Value::Null,
    };
    vec![
        ("status", status),
        ("sub_status", if object["captured"] == false { json!("uncaptured") } else { json!("captured") }),
        ("amount", object["amount"].clone()),
        ("amount_part", object["amount_refunded"].clone()),
        ("currency", object["currency"].clone()),
        // `billing_details` came with 2018-11-08.
        ("email", email(&[&object["billing_details"]["email"], &object["receipt_email"]])),
        ("intent", id_of(&object["payment_intent"])),
        ("customer", id_of(&object["customer"])),
    ]
}

fn intent(object: &Value) -> Fields {
    vec![
        ("status", object["status"].clone()),
        (
            "sub_status",
            if object["last_payment_error"].is_object() { json!("declined") } else { Value::Null },
        ),
        ("amount", object["amount"].clone()),
        ("currency", object["currency"].clone()),
        ("email", email(&[&object["receipt_email"]])),
        ("customer", id_of(&object["customer"])),
    ]
}

fn session(type_: &str, object: &Value) -> Fields {
    // Until 2020 a session had lines and neither status nor totals, and `completed` meant paid.
    let lines = object["display_items"].as_array();
    let total = lines.map(|lines| {
        lines
            .iter()
            .map(|line| line["amount"].as_i64().unwrap() * line["quantity"].as_i64().unwrap())
            .sum::<i64>()
    });
    let implied = match type_ {
        "checkout.session.completed" => json!("complete"),
        "checkout.session.expired" => json!("expired"),
        _ => Value::Null,
    };
    let or = |value: &Value, other: Value| if value.is_null() { other } else { value.clone() };
    vec![
        ("status", or(&object["status"], implied)),
        (
            "sub_status",
            or(
                &object["payment_status"],
                if type_ == "checkout.session.completed" { json!("paid") } else { Value::Null },
            ),
        ),
        ("amount", or(&object["amount_total"], json!(total))),
        (
            "currency",
            or(&object["currency"], lines.map_or(Value::Null, |lines| lines[0]["currency"].clone())),
        ),
        ("email", email(&[&object["customer_details"]["email"], &object["customer_email"]])),
        ("intent", id_of(&object["payment_intent"])),
        ("customer", id_of(&object["customer"])),
    ]
}

fn reversal(object: &Value) -> Fields {
    vec![
        ("status", object["status"].clone()),
        ("amount", object["amount"].clone()),
        ("currency", object["currency"].clone()),
        ("charge", id_of(&object["charge"])),
        ("intent", id_of(&object["payment_intent"])),
    ]
}

/// Links are ids, or whole objects where the capture expanded them.
fn id_of(link: &Value) -> Value {
    if link.is_object() { link["id"].clone() } else { link.clone() }
}

fn email(candidates: &[&Value]) -> Value {
    let found = candidates.iter().filter_map(|value| value.as_str()).find(|text| text.contains('@'));
    found.map_or(Value::Null, |text| text.to_lowercase().into())
}
