//! Checkouts: a new link for an order, an order taken for a customer, an open checkout ended.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::details::{check_text, usable_email};
use super::{Draft, NotPlanned, refused};
use crate::actions::ground::{Ground, Order};
use crate::actions::identity::{Identity, ImportedUsers};
use crate::actions::plan::FieldChange;
use crate::actions::program::{Check, Expect, Look, Move, Write, metadata_pointer};
use crate::db::OptionalExtension;
use crate::domain::ids::usable_preorder_id;
use crate::domain::kind::Kind;
use crate::facts::local::{INTENT, LINK};
use crate::projections::nodes::Node;
use crate::stripe::{MARK, NewSession, Post, writes};

/// Metadata keys that Stripe takes at most, and the longest value.
const MOST_KEYS: usize = 49;

/// An order as support takes it.
pub(super) struct Wanted<'a> {
    pub email: &'a str,
    pub name: Option<&'a str>,
    pub color: &'a str,
    pub locale: &'a str,
    pub price: &'a str,
    pub quantity: i64,
}

pub(super) fn expire(ground: &Ground<'_>, session: &str) -> Result<Draft, NotPlanned> {
    let node = ground.node(session, &[Kind::Session])?;
    if node.state.status.as_deref() != Some("open") {
        let status = node.state.status.as_deref().unwrap_or("of no known status");
        return Err(refused("NOT_OPEN", format!("{} is {status}", node.id), "Choose an open checkout."));
    }
    let order = ground.order(&node.id)?;
    let mut draft = Draft { undo: "none", ..Draft::default() };
    end(&node, &mut draft);
    draft.order_id = Some(order.row.id);
    draft.email = order.row.email;
    Ok(draft)
}

/// Ends an open checkout.
fn end(node: &Node, draft: &mut Draft) {
    let check = |status: &str| Check {
        kind: Kind::Session.as_str().to_owned(),
        id: Some(node.id.clone()),
        fields: vec![Expect::is("/status", status)],
    };
    draft.changes.push(FieldChange {
        object: Some(node.id.clone()),
        kind: Kind::Session.as_str().to_owned(),
        field: "status".to_owned(),
        before: Some("open".to_owned()),
        after: Some("expired".to_owned()),
        currency: None,
    });
    draft.moves.push(Move::Write(Box::new(Write {
        post: writes::expire(&node.id),
        kind: Kind::Session.as_str().to_owned(),
        object: Some(node.id.clone()),
        key: None,
        check: vec![check("open")],
        look: Look::State,
        expect: vec![check("expired")],
        fill: None,
        unless: None,
    })));
    draft.subjects.push(node.id.clone());
}

pub(super) fn new_link(ground: &Ground<'_>, order: &str) -> Result<Draft, NotPlanned> {
    let order = ground.order(order)?;
    if order.is_paid() {
        return Err(refused("ALREADY_PAID", format!("{} is paid", order.row.id), "Nothing is left to pay."));
    }
    let in_flight = ["processing", "requires_capture"];
    if let Some(intent) = order
        .of(Kind::Intent)
        .find(|node| in_flight.iter().any(|word| node.state.status.as_deref() == Some(*word)))
    {
        return Err(refused(
            "PAYMENT_UNDER_WAY",
            format!("{} is under way: a new link could be paid as well", intent.id),
            "Wait until it has settled, or let the authorised amount go first.",
        ));
    }
    let last = order.of(Kind::Session).next_back().cloned().ok_or_else(|| {
        refused(
            "NO_CHECKOUT",
            format!("{} never had a checkout", order.row.id),
            "Take the order anew with \"New preorder\".",
        )
    })?;
    let json = ground.json(&last.id)?;
    let mut session = NewSession {
        metadata: metadata_of(&json),
        client_reference_id: text(&json["client_reference_id"]),
        locale: text(&json["locale"]).filter(|locale| locale != "auto"),
        success_url: return_url(ground, &json)?,
        cancel_url: text(&json["cancel_url"]),
        countries: countries_of(ground, &json),
        ..NewSession::default()
    };
    session.metadata.insert(MARK.to_owned(), ground.action_id());
    let amount = lines(ground, &last, &mut session)?;
    who(ground, &order, &json, &mut session);
    let mut draft = Draft { undo: "expire_new_link", notices: vec!["link_lasts_a_day"], ..Draft::default() };
    // Two open checkouts of one order could both be paid.
    let open: Vec<Node> = order
        .of(Kind::Session)
        .filter(|node| node.state.status.as_deref() == Some("open"))
        .cloned()
        .collect();
    for node in &open {
        draft.notices.push("open_sessions_end");
        end(node, &mut draft);
    }
    draft.notices.dedup();
    let made = draft.moves.len();
    make(&session, (amount, order.row.currency.as_deref()), None, &mut draft);
    let preorder_id = Ground::metadata(&json, &ground.settings.metadata.preorder_id).1;
    if preorder_id.and_then(usable_preorder_id).is_none() {
        draft.moves.push(Move::Fact {
            kind: LINK.to_owned(),
            subject: last.id,
            object: Some(format!("${made}")),
            body: json!({"action": ground.action_id()}),
        });
    }
    draft.order_id = Some(order.row.id);
    draft.email = order.row.email;
    Ok(draft)
}

/// Opens a checkout as the draft's next move.
fn make(
    session: &NewSession,
    (amount, currency): (i64, Option<&str>),
    customer: Option<usize>,
    draft: &mut Draft,
) {
    let kind = Kind::Session.as_str().to_owned();
    let mark = session.metadata.get(MARK).cloned().unwrap_or_default();
    let mut fields = vec![
        Expect::is("/status", "open"),
        Expect::is("/amount_total", amount),
        Expect::is(metadata_pointer(MARK), mark),
    ];
    fields[0].any.push(Value::from("complete"));
    if let Some(currency) = currency {
        fields.push(Expect::is("/currency", currency));
    }
    draft.changes.push(FieldChange {
        object: None,
        kind: kind.clone(),
        field: "amount_total".to_owned(),
        before: None,
        after: Some(amount.to_string()),
        currency: currency.map(str::to_owned),
    });
    for (key, value) in session.metadata.iter().filter(|(key, _)| *key != MARK) {
        draft.changes.push(FieldChange {
            object: None,
            kind: kind.clone(),
            field: format!("metadata.{key}"),
            before: None,
            after: Some(value.clone()),
            currency: None,
        });
    }
    draft.moves.push(Move::Write(Box::new(Write {
        post: writes::create_session(session),
        kind: kind.clone(),
        object: None,
        key: None,
        check: Vec::new(),
        look: Look::Made { path: "/v1/checkout/sessions".to_owned(), filter: None, by_created: true },
        expect: vec![Check { kind, id: None, fields }],
        fill: customer.map(|at| ("customer".to_owned(), at)),
        unless: None,
    })));
}

/// The line items again: by price where it can still be bought, else by name and amount. Their sum.
fn lines(ground: &Ground<'_>, session: &Node, new: &mut NewSession) -> Result<i64, NotPlanned> {
    let items = crate::queries::sheet::list_line_items(ground.connection, session.key)?;
    let mut sum = 0_i64;
    for item in &items {
        let quantity = item.quantity.unwrap_or(1).max(1);
        let total = item.amount_minor.unwrap_or_default();
        // What the plan shows is what is asked: a discount or tax of then is not in the price.
        let again = match &item.price_id {
            Some(price) => sells_for(ground, price, (quantity, total, item.currency.as_deref()))?,
            None => false,
        };
        sum = sum.saturating_add(total);
        match (&item.price_id, again) {
            (Some(price), true) => new.prices.push((price.clone(), quantity.unsigned_abs())),
            _ => {
                let (Some(amount), Some(currency)) = (item.amount_minor, &item.currency) else {
                    return Err(unknown_items(session));
                };
                let name = item.description.clone().unwrap_or_else(|| "Preorder".to_owned());
                new.lines.push(match amount % quantity {
                    0 => (name, currency.clone(), amount / quantity, quantity.unsigned_abs()),
                    _ => (format!("{quantity} × {name}"), currency.clone(), amount, 1),
                });
            }
        }
    }
    if items.is_empty() { Err(unknown_items(session)) } else { Ok(sum) }
}

fn unknown_items(session: &Node) -> NotPlanned {
    refused(
        "UNKNOWN_ITEMS",
        format!("the mirror does not know what {} sells", session.id),
        "Read the order from Stripe again, then try once more.",
    )
}

fn sells_for(
    ground: &Ground<'_>,
    price: &str,
    (quantity, total, currency): (i64, i64, Option<&str>),
) -> Result<bool, NotPlanned> {
    let json = ground.json(price)?;
    let amount = json["unit_amount"].as_i64().and_then(|unit| unit.checked_mul(quantity));
    Ok(is_for_sale(ground, price)? && amount == Some(total) && json["currency"].as_str() == currency)
}

fn is_for_sale(ground: &Ground<'_>, price: &str) -> Result<bool, NotPlanned> {
    let json = ground.json(price)?;
    Ok(json["active"].as_bool() == Some(true) && json["recurring"].is_null())
}

/// The customer where Stripe has one, else the e-mail.
fn who(ground: &Ground<'_>, order: &Order, json: &Value, new: &mut NewSession) {
    let customer = json["customer"].as_str().or_else(|| json["customer"]["id"].as_str());
    let known = customer.filter(|id| ground.node(id, &[Kind::Customer]).is_ok());
    match known {
        Some(id) => new.customer = Some(id.to_owned()),
        None => new.customer_email = order.row.email.clone(),
    }
}

fn metadata_of(json: &Value) -> BTreeMap<String, String> {
    let Some(object) = json["metadata"].as_object() else { return BTreeMap::new() };
    object
        .iter()
        .filter(|(key, _)| key.as_str() != MARK)
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .take(MOST_KEYS)
        .collect()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn countries_of(ground: &Ground<'_>, json: &Value) -> Vec<String> {
    let asked = json["shipping_address_collection"]["allowed_countries"].as_array();
    let asked: Vec<String> =
        asked.into_iter().flatten().filter_map(|country| Some(country.as_str()?.to_owned())).collect();
    if asked.is_empty() { ground.settings.checkout.countries.clone() } else { asked }
}

/// Where the buyer goes afterwards: as in the settings, else as in this session, else as in the newest one.
fn return_url(ground: &Ground<'_>, json: &Value) -> Result<String, NotPlanned> {
    let own = ground.settings.checkout.success_url.clone().or_else(|| text(&json["success_url"]));
    match own {
        Some(url) => Ok(url),
        None => newest_url(ground)?.ok_or_else(|| {
            refused(
                "NO_SUCCESS_URL",
                "nothing says where a buyer goes after paying",
                "Set `checkout.success_url` in Settings.",
            )
        }),
    }
}

fn newest_url(ground: &Ground<'_>) -> Result<Option<String>, NotPlanned> {
    let newest: Option<String> = ground
        .connection
        .prepare_cached(
            "SELECT s.id FROM preorder p JOIN stripe_id s ON s.key = p.session ORDER BY p.started_at DESC LIMIT 1",
        )
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)).optional())
        .map_err(crate::db::DbError::from)?;
    Ok(match newest {
        Some(id) => text(&ground.json(&id)?["success_url"]),
        None => None,
    })
}

pub(super) fn new_preorder(ground: &Ground<'_>, wanted: &Wanted<'_>) -> Result<Draft, NotPlanned> {
    let email = usable_email(wanted.email)?;
    check_text("colour", Some(wanted.color))?;
    check_text("locale", Some(wanted.locale))?;
    check_text("name", wanted.name)?;
    if !(1..=100).contains(&wanted.quantity) {
        return Err(refused("BAD_QUANTITY", "the quantity is not between 1 and 100", "Give a whole number."));
    }
    let price = ground.node(wanted.price, &[Kind::Price])?;
    let json = ground.json(&price.id)?;
    let (Some(unit), Some(currency), true) =
        (json["unit_amount"].as_i64(), json["currency"].as_str(), is_for_sale(ground, &price.id)?)
    else {
        return Err(refused(
            "NOT_FOR_SALE",
            format!("{} is no one-time price that can be bought", price.id),
            "Choose an active price of the catalogue.",
        ));
    };
    let names = &ground.settings.metadata;
    let preorder_id = format!("pre_{}", ground.tail);
    let user = ImportedUsers.find_user(ground.connection, &email)?;
    let mut metadata = BTreeMap::from([(MARK.to_owned(), ground.action_id())]);
    let mut say = |names: &[String], value: &str| {
        if let Some(name) = names.first() {
            metadata.insert(name.clone(), value.to_owned());
        }
    };
    say(&names.preorder_id, &preorder_id);
    say(&names.email, &email);
    say(&names.color, wanted.color.trim());
    say(&names.locale, wanted.locale.trim());
    say(&names.source, "support");
    if let Some(user) = &user {
        say(&names.user_id, user);
    }
    let amount = unit.saturating_mul(wanted.quantity);
    let session = NewSession {
        prices: vec![(price.id.clone(), wanted.quantity.unsigned_abs())],
        metadata,
        client_reference_id: Some(preorder_id.clone()),
        locale: Some(wanted.locale.trim().to_owned()),
        success_url: return_url(ground, &Value::Null)?,
        cancel_url: ground.settings.checkout.cancel_url.clone(),
        countries: ground.settings.checkout.countries.clone(),
        ..NewSession::default()
    };
    let mut draft = Draft { undo: "expire_new_link", notices: vec!["link_lasts_a_day"], ..Draft::default() };
    if user.is_none() {
        draft.notices.push("no_identity");
    }
    draft.moves.push(Move::Fact {
        kind: INTENT.to_owned(),
        subject: preorder_id.clone(),
        object: None,
        body: json!({"email": email, "color": wanted.color.trim(), "locale": wanted.locale.trim(), "source": "support",
            "user_id": user, "amount": amount, "currency": currency, "action": ground.action_id()}),
    });
    draft.moves.push(Move::FindCustomer { email: email.clone() });
    draft.moves.push(find_or_make(ground, &email, wanted.name));
    make(&session, (amount, Some(currency)), Some(2), &mut draft);
    draft.subjects.push(preorder_id.clone());
    draft.order_id = Some(preorder_id);
    draft.email = Some(email);
    Ok(draft)
}

/// Makes the customer, unless the move before found one.
fn find_or_make(ground: &Ground<'_>, email: &str, name: Option<&str>) -> Move {
    let metadata = BTreeMap::from([(MARK.to_owned(), ground.action_id())]);
    let post: Post = writes::create_customer(email, name.map(str::trim), &metadata);
    let kind = Kind::Customer.as_str().to_owned();
    let filter = Some(String::new()).map(|empty| empty + &post_email(email));
    Move::Write(Box::new(Write {
        post,
        kind: kind.clone(),
        object: None,
        key: None,
        check: Vec::new(),
        look: Look::Made { path: "/v1/customers".to_owned(), filter, by_created: true },
        expect: vec![Check { kind, id: None, fields: vec![Expect::is("/email", email)] }],
        fill: None,
        unless: Some(1),
    }))
}

fn post_email(email: &str) -> String {
    Post { path: String::new(), body: String::new() }.with("email", email).body
}
