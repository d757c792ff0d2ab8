//! Everything that GET answers.

use super::form::Form;
use super::lists::{list, page_query};
use crate::json::{Json, parse};
use crate::objects::Kind;
use crate::world::{Refusal, Told, World};

/// Answers a GET below `/v1`.
pub(super) fn read(world: &World, segments: &[&str], form: &Form) -> Told<Vec<u8>> {
    match segments {
        ["events"] => events(world, form),
        ["events", id] => event(world, id),
        ["checkout", "sessions", id, "line_items"] => session_items(world, id, form),
        ["account"] => Ok(account(world)),
        ["balance"] => Ok(format!(
            r#"{{"object":"balance","available":[{{"amount":0,"currency":"eur","source_types":{{"card":0}}}}],"livemode":{},"pending":[]}}"#,
            world.livemode
        )
        .into_bytes()),
        ["accounts", id] if *id == world.account => Ok(account(world)),
        _ => match (kind_of_path(segments), segments.last()) {
            (Some((kind, false)), _) => list(world, kind, form),
            (Some((kind, true)), Some(id)) => retrieve(world, kind, id, form),
            _ => Err(unknown_url("GET", segments)),
        },
    }
}

/// The kind that a path is about, and whether it names one object.
pub(super) fn kind_of_path(segments: &[&str]) -> Option<(Kind, bool)> {
    let (name, rest) = match segments {
        ["checkout", "sessions", rest @ ..] => ("sessions", rest),
        [name, rest @ ..] => (*name, rest),
        [] => return None,
    };
    let kind = match name {
        "sessions" => Kind::Session,
        "payment_intents" => Kind::Intent,
        "charges" => Kind::Charge,
        "refunds" => Kind::Refund,
        "disputes" => Kind::Dispute,
        "customers" => Kind::Customer,
        "products" => Kind::Product,
        "prices" => Kind::Price,
        "webhook_endpoints" => Kind::Endpoint,
        _ => return None,
    };
    match rest.len() {
        0 => Some((kind, false)),
        1 => Some((kind, true)),
        _ => None,
    }
}

pub(super) fn unknown_url(method: &str, segments: &[&str]) -> Refusal {
    Refusal::invalid(format!(
        "Unrecognized request URL ({method}: /v1/{}). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.",
        segments.join("/")
    ))
    .status(404)
}

pub(super) fn retrieve(world: &World, kind: Kind, id: &str, form: &Form) -> Told<Vec<u8>> {
    form.only(&[])?;
    let missing = || Refusal::no_such(kind.name(), id);
    if Kind::of_id(id) != Some(kind) {
        return Err(missing());
    }
    let bytes = world.bytes(id).ok_or_else(missing)?;
    let expand = form.values("expand");
    if expand.is_empty() {
        return Ok(bytes);
    }
    let mut object = parse(&bytes);
    for path in expand {
        super::expand::expand(world, &mut object, path);
    }
    Ok(object.to_string().into_bytes())
}

fn session_items(world: &World, id: &str, form: &Form) -> Told<Vec<u8>> {
    form.only(&["limit", "starting_after", "ending_before"])?;
    let list = world.line_items(id).ok_or_else(|| Refusal::no_such(Kind::Session.name(), id))?;
    Ok(list.to_string().into_bytes())
}

fn event(world: &World, id: &str) -> Told<Vec<u8>> {
    let event = world.log().get(id).filter(|e| world.shows(e));
    let event = event.ok_or_else(|| Refusal::no_such("event", id))?;
    let mut j = Json::with_capacity(2048);
    event.write(&mut j);
    Ok(j.into_bytes())
}

fn events(world: &World, form: &Form) -> Told<Vec<u8>> {
    form.only(&["limit", "starting_after", "ending_before", "created", "type", "types", "delivery_success"])?;
    let types = form.values("types");
    let one = form.filled("type");
    if one.is_some() && !types.is_empty() {
        return Err(Refusal::invalid("You may only specify one of these parameters: type, types.")
            .code("parameters_exclusive"));
    }
    if types.len() > 20 {
        return Err(Refusal::invalid(format!(
            "Invalid array: 'types' can have at most 20 elements, and you passed {}.",
            types.len()
        ))
        .param("types"));
    }
    let delivered = form.flag("delivery_success")?;
    let query = page_query(form, |id| {
        let event = world.log().get(id).filter(|e| e.visible_at <= world.now());
        let event = event.ok_or_else(|| Refusal::no_such("event", id).status(400))?;
        if world.aged_out(event) {
            return Err(Refusal::invalid(format!(
                "The event '{id}' is no longer available because it's aged out of our retention policy."
            )));
        }
        Ok(world.log().key_of(id).expect("the event was found by this id"))
    })?;
    let page = world.page_events(&query, |event| {
        let typed = match one {
            Some(pattern) => match pattern.strip_suffix(".*") {
                Some(prefix) => event.type_.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.')),
                None => pattern == "*" || event.type_ == pattern,
            },
            None => types.is_empty() || types.contains(&event.type_.as_str()),
        };
        typed && delivered.is_none_or(|wanted| wanted == (event.pending_webhooks() == 0))
    });
    let mut j = Json::with_capacity(page.items.len() * 2600 + 256);
    j.object(|j| {
        j.text("object", "list");
        j.key("data");
        j.array(&page.items, |j, event| event.write(j));
        j.flag("has_more", page.has_more);
        j.text("url", "/v1/events");
    });
    Ok(j.into_bytes())
}

fn account(world: &World) -> Vec<u8> {
    let mut j = Json::with_capacity(1024);
    j.object(|j| {
        j.text("id", &world.account);
        j.text("object", "account");
        j.raw(
            "business_profile",
            r#"{"annual_revenue":null,"estimated_worker_count":null,"mcc":"5712","minority_owned_business_designation":null,"name":"Lanternfish Workshop","product_description":null,"support_address":null,"support_email":"hello@shop.example.com","support_phone":null,"support_url":null,"url":"https://shop.example.com"}"#,
        );
        j.text("business_type", "company");
        j.raw("capabilities", r#"{"card_payments":"active","transfers":"active"}"#);
        j.flag("charges_enabled", true);
        j.raw("controller", r#"{"type":"account"}"#);
        j.text("country", "DE");
        j.int("created", 1_600_000_000);
        j.text("default_currency", "eur");
        j.flag("details_submitted", true);
        j.text("email", "owner@shop.example.com");
        j.raw("metadata", "{}");
        j.flag("payouts_enabled", true);
        j.raw(
            "settings",
            r#"{"branding":{"icon":null,"logo":null,"primary_color":null,"secondary_color":null},"card_payments":{"decline_on":{"avs_failure":false,"cvc_failure":false},"statement_descriptor_prefix":null,"statement_descriptor_prefix_kana":null,"statement_descriptor_prefix_kanji":null},"dashboard":{"display_name":"Lanternfish Workshop","timezone":"Europe/Berlin"},"payments":{"statement_descriptor":"LANTERNFISH","statement_descriptor_kana":null,"statement_descriptor_kanji":null}}"#,
        );
        j.text("type", "standard");
    });
    j.into_bytes()
}
