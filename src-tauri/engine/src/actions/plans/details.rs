//! Changes what an order says of its buyer: colour, e-mail, locale, shipping address.
//!
//! Colour and locale are metadata of the order's objects. The e-mail that a buyer typed at checkout cannot be changed at
//! Stripe: receipts and the customer are, the new one goes into metadata, and a correction kept here makes it the order's.

use serde_json::{Value, json};

use super::{Draft, NotPlanned, refused};
use crate::actions::ground::{Ground, Order};
use crate::actions::plan::FieldChange;
use crate::actions::program::{Check, Expect, Look, Move, Write, metadata_pointer};
use crate::domain::action::Address;
use crate::domain::email::normalize;
use crate::domain::kind::Kind;
use crate::facts::local::CORRECTION;
use crate::facts::names::get_id;
use crate::projections::nodes::Node;
use crate::stripe::{ObjectChange, writes};

/// Longest value of metadata that Stripe keeps.
const LONGEST: usize = 500;

/// What is to be changed; None leaves it.
pub(super) struct Wanted<'a> {
    pub color: Option<&'a str>,
    pub email: Option<&'a str>,
    pub locale: Option<&'a str>,
    pub address: Option<&'a Address>,
}

pub(super) fn plan(ground: &Ground<'_>, order: &str, wanted: &Wanted<'_>) -> Result<Draft, NotPlanned> {
    let order = ground.order(order)?;
    let email = wanted.email.map(usable_email).transpose()?;
    for (name, text) in [("colour", wanted.color), ("locale", wanted.locale)] {
        check_text(name, text)?;
    }
    if let Some(address) = wanted.address {
        check_address(address)?;
    }
    let mut draft = Draft { undo: "same_again", ..Draft::default() };
    let names = &ground.settings.metadata;
    let fields =
        [(&names.color, wanted.color), (&names.locale, wanted.locale), (&names.email, email.as_deref())];
    for kind in [Kind::Session, Kind::Intent, Kind::Charge] {
        for node in order.of(kind) {
            change_object(ground, node, &fields, email.as_deref(), wanted.address, &mut draft)?;
        }
    }
    change_customers(ground, &order, email.as_deref(), wanted.address, &mut draft)?;
    if wanted.address.is_some() && order.of(Kind::Intent).next().is_none() {
        draft.notices.push("keeps_no_address");
    }
    if let Some(email) = &email
        && order.row.email.as_deref() != Some(email)
    {
        correct_email(ground, &order, email, &mut draft);
    }
    super::profile::change(ground, &order, (wanted.color, email.as_deref()), &mut draft)?;
    if draft.changes.is_empty() {
        return Err(refused(
            "NOTHING_TO_CHANGE",
            format!("{} says so already", order.row.id),
            "Give a value that differs from what is there.",
        ));
    }
    draft.subjects = order.nodes.iter().map(|node| node.id.clone()).take(20).collect();
    draft.order_id = Some(order.row.id);
    draft.email = order.row.email;
    Ok(draft)
}

fn correct_email(ground: &Ground<'_>, order: &Order, email: &str, draft: &mut Draft) {
    let Some(anchor) = order.nodes.first() else { return };
    draft.changes.push(FieldChange {
        object: Some(order.row.id.clone()),
        kind: "mirror".to_owned(),
        field: "email".to_owned(),
        before: order.row.email.clone(),
        after: Some(email.to_owned()),
        currency: None,
    });
    draft.moves.push(Move::Fact {
        kind: CORRECTION.to_owned(),
        subject: anchor.id.clone(),
        object: None,
        body: json!({"email": email, "action": ground.action_id()}),
    });
}

fn change_object(
    ground: &Ground<'_>,
    node: &Node,
    fields: &[(&Vec<String>, Option<&str>)],
    email: Option<&str>,
    address: Option<&Address>,
    draft: &mut Draft,
) -> Result<(), NotPlanned> {
    let json = ground.json(&node.id)?;
    let mut change = ObjectChange::default();
    let mut expect = Vec::new();
    for (names, wanted) in fields {
        let Some(wanted) = wanted else { continue };
        let (name, before) = Ground::metadata(&json, names);
        if before == Some(*wanted) || name.is_empty() {
            continue;
        }
        draft.changes.push(row(node, format!("metadata.{name}"), before, wanted));
        expect.push(Expect::is(metadata_pointer(&name), *wanted));
        change.metadata.insert(name, (*wanted).to_owned());
    }
    if node.kind != Kind::Session {
        let receipts = json["receipt_email"].as_str();
        if let Some(email) = email
            && receipts != Some(email)
        {
            draft.changes.push(row(node, "receipt_email".to_owned(), receipts, email));
            expect.push(Expect::is("/receipt_email", email));
            change.email = Some(email.to_owned());
        }
        change_address(node, &json, address, &mut change, &mut expect, draft);
    }
    push(node.kind, &node.id, &change, expect, draft);
    Ok(())
}

fn change_address(
    node: &Node,
    json: &Value,
    address: Option<&Address>,
    change: &mut ObjectChange,
    expect: &mut Vec<Expect>,
    draft: &mut Draft,
) {
    let Some(address) = address else { return };
    let before = written(&json["shipping"]);
    let after = line(address);
    if before.as_deref() == Some(&after) {
        return;
    }
    draft.changes.push(row(node, "shipping".to_owned(), before.as_deref(), &after));
    expect.push(Expect::is("/shipping/address/line1", address.line1.clone()));
    expect.push(Expect::is("/shipping/name", address.name.clone()));
    change.shipping = Some(address.clone());
}

fn change_customers(
    ground: &Ground<'_>,
    order: &Order,
    email: Option<&str>,
    address: Option<&Address>,
    draft: &mut Draft,
) -> Result<(), NotPlanned> {
    let mut seen = Vec::new();
    for key in order.nodes.iter().filter_map(|node| node.links.customer) {
        if seen.contains(&key) {
            continue;
        }
        seen.push(key);
        let id = get_id(ground.connection, key)?;
        let Ok(node) = ground.node(&id, &[Kind::Customer]) else { continue };
        let json = ground.json(&id)?;
        let (mut change, mut expect) = (ObjectChange::default(), Vec::new());
        let known = json["email"].as_str();
        if let Some(email) = email
            && known != Some(email)
        {
            draft.changes.push(row(&node, "email".to_owned(), known, email));
            expect.push(Expect::is("/email", email));
            change.email = Some(email.to_owned());
        }
        change_address(&node, &json, address, &mut change, &mut expect, draft);
        push(Kind::Customer, &id, &change, expect, draft);
    }
    Ok(())
}

fn push(kind: Kind, id: &str, change: &ObjectChange, expect: Vec<Expect>, draft: &mut Draft) {
    if change.is_empty() {
        return;
    }
    let Some(post) = writes::update(kind, id, change) else { return };
    draft.moves.push(Move::Write(Box::new(Write {
        post,
        kind: kind.as_str().to_owned(),
        object: Some(id.to_owned()),
        key: None,
        check: Vec::new(),
        look: Look::State,
        expect: vec![Check { kind: kind.as_str().to_owned(), id: Some(id.to_owned()), fields: expect }],
        fill: None,
        unless: None,
    })));
}

fn row(node: &Node, field: String, before: Option<&str>, after: &str) -> FieldChange {
    FieldChange {
        object: Some(node.id.clone()),
        kind: node.kind.as_str().to_owned(),
        field,
        before: before.map(str::to_owned),
        after: Some(after.to_owned()),
        currency: None,
    }
}

/// An address on one line, as far as it is filled in.
fn line(address: &Address) -> String {
    let parts = [
        &address.name,
        &address.line1,
        &address.line2,
        &address.postal_code,
        &address.city,
        &address.state,
        &address.country,
    ];
    parts.into_iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(", ")
}

/// The address that an object's JSON has, on one line.
fn written(shipping: &Value) -> Option<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let address = &shipping["address"];
    let found = line(&Address {
        name: text(&shipping["name"]),
        line1: text(&address["line1"]),
        line2: text(&address["line2"]),
        city: text(&address["city"]),
        state: text(&address["state"]),
        postal_code: text(&address["postal_code"]),
        country: text(&address["country"]),
    });
    (!found.is_empty()).then_some(found)
}

pub(super) fn usable_email(text: &str) -> Result<String, NotPlanned> {
    let bad = || refused("BAD_EMAIL", format!("{text:?} is not an e-mail"), "Correct the e-mail.");
    let email = normalize(text).ok_or_else(bad)?;
    let (name, host) = email.rsplit_once('@').ok_or_else(bad)?;
    let plain = !email.contains(char::is_whitespace) && email.len() <= 254;
    if plain && !name.is_empty() && host.contains('.') && !host.ends_with('.') {
        Ok(email)
    } else {
        Err(bad())
    }
}

pub(super) fn check_text(name: &str, text: Option<&str>) -> Result<(), NotPlanned> {
    let Some(text) = text else { return Ok(()) };
    if text.trim().is_empty() || text.chars().count() > LONGEST || text.chars().any(char::is_control) {
        return Err(refused(
            "BAD_VALUE",
            format!("the {name} is empty, too long or has control characters"),
            "Give 1 to 500 plain characters.",
        ));
    }
    Ok(())
}

fn check_address(address: &Address) -> Result<(), NotPlanned> {
    let country = address.country.len() == 2 && address.country.bytes().all(|byte| byte.is_ascii_uppercase());
    if address.name.trim().is_empty() || address.line1.trim().is_empty() || !country {
        return Err(refused(
            "BAD_ADDRESS",
            "an address needs a name, a first line and a country of two capital letters",
            "Fill in what is missing.",
        ));
    }
    check_text("address", Some(&line(address)))
}
