//! Everything that POST and DELETE do: parameters to story operations.

use super::form::Form;
use super::reads::unknown_url;
use super::write_session;
use crate::json::{Json, Metadata};
use crate::objects::{Address, Customer, Endpoint, Kind, Object};
use crate::world::{DisputeOutcome, Portion, RefundState, Refusal, Told, World};

/// Applies a write below `/v1` and answers with the object as it is after it.
pub(super) fn write(world: &mut World, delete: bool, segments: &[&str], form: &Form) -> Told<Vec<u8>> {
    for id in segments
        .iter()
        .copied()
        .chain(["charge", "payment_intent", "customer"].iter().filter_map(|p| form.text(p)))
    {
        world.touch(id);
    }
    if delete {
        return remove(world, segments, form);
    }
    let id = match segments {
        ["checkout", "sessions"] => write_session::create(world, form)?,
        ["checkout", "sessions", id] => write_session::update(world, id, form)?,
        ["checkout", "sessions", id, "expire"] => {
            form.only(&[])?;
            world.expire(id)?;
            (*id).to_owned()
        }
        ["payment_intents", id] => update_intent(world, id, form)?,
        ["payment_intents", id, "cancel"] => cancel_intent(world, id, form)?,
        ["payment_intents", id, "capture"] => capture_intent(world, id, form)?,
        ["charges", id] => update_charge(world, id, form)?,
        ["refunds"] => create_refund(world, form)?,
        ["refunds" | "disputes", id] => {
            form.only(&["metadata", "evidence", "submit"])?;
            metadata(world, id, form)?;
            if form.has_under("evidence") && id.starts_with("dp_") {
                world.answer_dispute(id)?;
            }
            (*id).to_owned()
        }
        ["disputes", id, "close"] => {
            form.only(&[])?;
            world.close_dispute(id, DisputeOutcome::Lost)?;
            (*id).to_owned()
        }
        ["customers"] => create_customer(world, form)?,
        ["customers", id] => update_customer(world, id, form)?,
        ["products"] => create_product(world, form)?,
        ["products", id] => update_product(world, id, form)?,
        ["prices"] => create_price(world, form)?,
        ["prices", id] => update_price(world, id, form)?,
        ["webhook_endpoints"] => return create_endpoint(world, form),
        ["webhook_endpoints", id] => update_endpoint(world, id, form)?,
        ["events", id, "retry"] => return retry_event(world, id, form),
        _ => return Err(unknown_url("POST", segments)),
    };
    let kind = Kind::of_id(&id).ok_or_else(|| Refusal::no_such("resource", &id))?;
    let mut only_expand = Form::default();
    if form.has_under("expand") {
        only_expand = Form::from_pairs(
            form.values("expand").into_iter().map(|v| ("expand[]".to_owned(), v.to_owned())).collect(),
        );
    }
    super::reads::retrieve(world, kind, &id, &only_expand)
}

fn remove(world: &mut World, segments: &[&str], form: &Form) -> Told<Vec<u8>> {
    form.only(&[])?;
    let (kind, id) = match segments {
        ["customers", id] => {
            world.delete_customer(id)?;
            (Kind::Customer, id)
        }
        ["products", id] => {
            world.delete_product(id)?;
            (Kind::Product, id)
        }
        ["webhook_endpoints", id] => {
            world.delete_endpoint(id)?;
            (Kind::Endpoint, id)
        }
        _ => return Err(unknown_url("DELETE", segments)),
    };
    Ok(format!(r#"{{"id":"{id}","object":"{}","deleted":true}}"#, kind.name()).into_bytes())
}

/// Applies the `metadata` parameter, if it was given.
pub(super) fn metadata(world: &mut World, id: &str, form: &Form) -> Told<()> {
    if form.text("metadata") == Some("") {
        let kind = Kind::of_id(id).ok_or_else(|| Refusal::no_such("resource", id))?;
        let object = world.shelf(kind).get(id).ok_or_else(|| Refusal::no_such(kind.name(), id))?;
        let cleared: Metadata = object.metadata().keys().map(|key| (key.clone(), String::new())).collect();
        return world.merge_metadata(id, &cleared, true);
    }
    match form.metadata() {
        Some(changes) => world.merge_metadata(id, &changes, true),
        None => world
            .object(id)
            .map(|_| ())
            .ok_or_else(|| Refusal::no_such(Kind::of_id(id).map_or("resource", Kind::name), id)),
    }
}

fn update_intent(world: &mut World, id: &str, form: &Form) -> Told<String> {
    form.only(&["metadata", "description", "receipt_email", "shipping"])?;
    world.intent(id)?;
    let shipping = shipping(form)?;
    if let Some(email) = form.filled("receipt_email") {
        write_session::check_email(email, "receipt_email")?;
    }
    metadata(world, id, form)?;
    let intent = world.intent_mut(id)?;
    if let Some(description) = form.text("description") {
        intent.description = Some(description.to_owned()).filter(|d| !d.is_empty());
    }
    if let Some(email) = form.text("receipt_email") {
        intent.receipt_email = Some(email.to_owned()).filter(|e| !e.is_empty());
    }
    if let Some(shipping) = shipping {
        intent.shipping = shipping;
    }
    Ok(id.to_owned())
}

/// What the `shipping` parameter asks for: nothing, none (`shipping=`), or a name with an address.
fn shipping(form: &Form) -> Told<Option<Option<(String, Address)>>> {
    if form.has_under("shipping") {
        return write_session::named_address(&form.under("shipping"), "shipping")
            .map(|named| Some(Some(named)));
    }
    Ok((form.text("shipping") == Some("")).then_some(None))
}

fn cancel_intent(world: &mut World, id: &str, form: &Form) -> Told<String> {
    form.only(&["cancellation_reason"])?;
    let reason = form.filled("cancellation_reason");
    let known = ["duplicate", "fraudulent", "requested_by_customer", "abandoned"];
    if reason.is_some_and(|r| !known.contains(&r)) {
        return Err(Refusal::invalid("Invalid cancellation_reason: must be one of duplicate, fraudulent, requested_by_customer, or abandoned").param("cancellation_reason"));
    }
    world.cancel_intent(id, reason)?;
    Ok(id.to_owned())
}

fn capture_intent(world: &mut World, id: &str, form: &Form) -> Told<String> {
    form.only(&["amount_to_capture", "metadata"])?;
    let amount = form.integer("amount_to_capture")?;
    if let Some(changes) = form.metadata() {
        crate::world::check_metadata(&changes)?;
    }
    world.capture_part(id, amount)?;
    metadata(world, id, form)?;
    Ok(id.to_owned())
}

fn update_charge(world: &mut World, id: &str, form: &Form) -> Told<String> {
    form.only(&["metadata", "description", "receipt_email", "shipping", "customer", "fraud_details"])?;
    world.charge(id)?;
    let shipping = shipping(form)?;
    if let Some(email) = form.filled("receipt_email") {
        write_session::check_email(email, "receipt_email")?;
    }
    let before = world.before(id);
    match form.metadata() {
        Some(changes) => world.merge_metadata(id, &changes, false)?,
        None if form.text("metadata") == Some("") => {
            let keys = world.charge(id)?.metadata.keys();
            let cleared: Metadata = keys.map(|key| (key.clone(), String::new())).collect();
            world.merge_metadata(id, &cleared, false)?;
        }
        None => {}
    }
    let charge = world.charge_mut(id)?;
    if let Some(description) = form.text("description") {
        charge.description = Some(description.to_owned()).filter(|d| !d.is_empty());
    }
    if let Some(email) = form.text("receipt_email") {
        charge.receipt_email = Some(email.to_owned()).filter(|e| !e.is_empty());
    }
    if let Some(shipping) = shipping {
        charge.shipping = shipping;
    }
    world.emit_if_changed("charge.updated", id, &before);
    Ok(id.to_owned())
}

fn create_refund(world: &mut World, form: &Form) -> Told<String> {
    form.only(&[
        "charge",
        "payment_intent",
        "amount",
        "reason",
        "metadata",
        "instructions_email",
        "currency",
        "origin",
    ])?;
    let charge = match (form.filled("charge"), form.filled("payment_intent")) {
        (Some(charge), _) => charge.to_owned(),
        (None, Some(intent)) => world.charge_to_refund(intent)?,
        (None, None) => {
            return Err(Refusal::invalid(
                "One of the following params should be provided for this request: payment_intent or charge.",
            ));
        }
    };
    world.charge(&charge).map_err(|r| r.param("charge"))?;
    let reason = form.filled("reason");
    if reason.is_some_and(|r| !["duplicate", "fraudulent", "requested_by_customer"].contains(&r)) {
        return Err(Refusal::invalid(
            "Invalid reason: must be one of duplicate, fraudulent, or requested_by_customer",
        )
        .param("reason"));
    }
    let portion = form.integer("amount")?.map_or(Portion::All, Portion::Amount);
    let metadata = form.metadata().unwrap_or_default();
    crate::world::check_metadata(&metadata)?;
    world.refund_with(&charge, portion, RefundState::Succeeded, reason, metadata)
}

const CUSTOMER_PARAMS: [&str; 11] = [
    "email",
    "name",
    "phone",
    "description",
    "metadata",
    "address",
    "shipping",
    "preferred_locales",
    "tax_exempt",
    "invoice_settings",
    "balance",
];

fn create_customer(world: &mut World, form: &Form) -> Told<String> {
    form.only(&CUSTOMER_PARAMS)?;
    let mut customer = Customer {
        id: String::new(),
        created: 0,
        email: None,
        name: None,
        phone: None,
        description: None,
        address: None,
        shipping: None,
        locale: None,
        metadata: form.metadata().unwrap_or_default(),
    };
    crate::world::check_metadata(&customer.metadata)?;
    fill_customer(&mut customer, form)?;
    Ok(world.new_customer_with(customer))
}

fn update_customer(world: &mut World, id: &str, form: &Form) -> Told<String> {
    form.only(&CUSTOMER_PARAMS)?;
    let mut changed = world.customer(id)?.clone();
    fill_customer(&mut changed, form)?;
    if form.text("metadata") == Some("") {
        changed.metadata.clear();
    }
    if let Some(changes) = form.metadata() {
        changed.metadata.extend(changes);
        changed.metadata.retain(|_, value| !value.is_empty());
        crate::world::check_metadata(&changed.metadata)?;
    }
    world.change_customer(id, |customer| *customer = changed)?;
    Ok(id.to_owned())
}

fn fill_customer(customer: &mut Customer, form: &Form) -> Told<()> {
    let set = |slot: &mut Option<String>, name: &str| {
        if let Some(text) = form.text(name) {
            *slot = Some(text.to_owned()).filter(|t| !t.is_empty());
        }
    };
    set(&mut customer.email, "email");
    set(&mut customer.name, "name");
    set(&mut customer.phone, "phone");
    set(&mut customer.description, "description");
    if let Some(email) = form.filled("email") {
        write_session::check_email(email, "email")?;
    }
    if form.has_under("address") {
        customer.address = Some(write_session::address(&form.under("address")));
    }
    if let Some(shipping) = shipping(form)? {
        customer.shipping = shipping;
    }
    if let Some(locale) = form.values("preferred_locales").first() {
        customer.locale = Some((*locale).to_owned());
    }
    Ok(())
}

fn create_product(world: &mut World, form: &Form) -> Told<String> {
    form.only(&[
        "name",
        "description",
        "metadata",
        "active",
        "images",
        "url",
        "shippable",
        "tax_code",
        "type",
    ])?;
    let metadata = form.metadata().unwrap_or_default();
    crate::world::check_metadata(&metadata)?;
    Ok(world.new_product(form.required("name")?, metadata))
}

fn update_product(world: &mut World, id: &str, form: &Form) -> Told<String> {
    form.only(&["name", "description", "metadata", "active", "default_price", "images", "url"])?;
    let active = form.flag("active")?;
    let changes = form.metadata().unwrap_or_default();
    world.change_product(id, |product| {
        if let Some(name) = form.filled("name") {
            product.name = name.to_owned();
        }
        if let Some(description) = form.text("description") {
            product.description = Some(description.to_owned()).filter(|d| !d.is_empty());
        }
        product.active = active.unwrap_or(product.active);
        product.metadata.extend(changes);
        product.metadata.retain(|_, value| !value.is_empty());
    })?;
    Ok(id.to_owned())
}

fn create_price(world: &mut World, form: &Form) -> Told<String> {
    form.only(&[
        "currency",
        "product",
        "unit_amount",
        "lookup_key",
        "nickname",
        "metadata",
        "active",
        "tax_behavior",
    ])?;
    let currency = form.required("currency")?.to_ascii_lowercase();
    let amount = form.integer("unit_amount")?.ok_or_else(|| Refusal::missing("unit_amount"))?;
    let product = form.required("product")?;
    world
        .new_price(product, &currency, amount, form.filled("lookup_key"))
        .map_err(|r| r.status(400).param("product"))
}

fn update_price(world: &mut World, id: &str, form: &Form) -> Told<String> {
    form.only(&["active", "lookup_key", "nickname", "metadata", "tax_behavior", "transfer_lookup_key"])?;
    let active = form.flag("active")?;
    let changes = form.metadata().unwrap_or_default();
    world.change_price(id, |price| {
        price.active = active.unwrap_or(price.active);
        if let Some(key) = form.text("lookup_key") {
            price.lookup_key = Some(key.to_owned()).filter(|k| !k.is_empty());
        }
        if let Some(nickname) = form.text("nickname") {
            price.nickname = Some(nickname.to_owned()).filter(|n| !n.is_empty());
        }
        price.metadata.extend(changes);
        price.metadata.retain(|_, value| !value.is_empty());
    })?;
    Ok(id.to_owned())
}

fn create_endpoint(world: &mut World, form: &Form) -> Told<Vec<u8>> {
    form.only(&["url", "enabled_events", "description", "metadata", "api_version", "connect"])?;
    let url = form.required("url")?.to_owned();
    let events = form.values("enabled_events");
    if events.is_empty() {
        return Err(Refusal::missing("enabled_events"));
    }
    if world.shelf(Kind::Endpoint).len() >= 16 {
        return Err(Refusal::invalid("You have reached the maximum of 16 test webhook endpoints."));
    }
    let id = world.new_endpoint(&url, &events);
    let endpoint = world.endpoint_mut(&id)?;
    endpoint.description = form.filled("description").map(str::to_owned);
    endpoint.api_version = form.filled("api_version").map(str::to_owned);
    endpoint.metadata = form.metadata().unwrap_or_default();
    let endpoint: Endpoint = endpoint.clone();
    let mut j = Json::default();
    endpoint.write_with(&mut j, world.livemode, true);
    Ok(j.into_bytes())
}

fn update_endpoint(world: &mut World, id: &str, form: &Form) -> Told<String> {
    form.only(&["url", "enabled_events", "description", "metadata", "disabled"])?;
    let disabled = form.flag("disabled")?;
    let events: Vec<String> = form.values("enabled_events").into_iter().map(str::to_owned).collect();
    metadata(world, id, form)?;
    let endpoint = world.endpoint_mut(id)?;
    if let Some(url) = form.filled("url") {
        endpoint.url = url.to_owned();
    }
    if !events.is_empty() {
        endpoint.enabled_events = events;
    }
    if let Some(disabled) = disabled {
        endpoint.enabled = !disabled;
    }
    Ok(id.to_owned())
}

fn retry_event(world: &mut World, id: &str, form: &Form) -> Told<Vec<u8>> {
    form.only(&["webhook_endpoint", "account", "for_stripecli"])?;
    if let Some(endpoint) = form.filled("webhook_endpoint")
        && !matches!(world.shelf(Kind::Endpoint).get(endpoint), Some(Object::Endpoint(_)))
    {
        return Err(Refusal::no_such(Kind::Endpoint.name(), endpoint).param("webhook_endpoint"));
    }
    world.resend(id, form.filled("webhook_endpoint"))?;
    super::reads::read(world, &["events", id], &Form::default())
}
