//! Creating and changing Checkout Sessions.

use super::form::Form;
use super::writes::metadata;
use crate::objects::{Address, LineItem, Recovery, SessionStatus, Typed};
use crate::world::{Buyer, NewSession, Refusal, Told, World, check_metadata};

/// Parameters that Stripe takes on creation; those that change nothing here are taken and ignored.
const CREATE: [&str; 33] = [
    "mode",
    "line_items",
    "success_url",
    "cancel_url",
    "return_url",
    "ui_mode",
    "client_reference_id",
    "customer",
    "customer_email",
    "customer_creation",
    "customer_update",
    "metadata",
    "payment_intent_data",
    "expires_at",
    "after_expiration",
    "locale",
    "currency",
    "payment_method_types",
    "payment_method_options",
    "shipping_address_collection",
    "shipping_options",
    "billing_address_collection",
    "phone_number_collection",
    "automatic_tax",
    "allow_promotion_codes",
    "submit_type",
    "custom_text",
    "custom_fields",
    "consent_collection",
    "tax_id_collection",
    "invoice_creation",
    "adaptive_pricing",
    "payment_method_collection",
];

pub(super) fn create(world: &mut World, form: &Form) -> Told<String> {
    form.only(&CREATE)?;
    match form.filled("mode") {
        Some("payment") => {}
        Some(mode @ ("subscription" | "setup")) => {
            return Err(Refusal::invalid(format!("The sandbox does not simulate mode {mode}.")).param("mode"));
        }
        Some(other) => {
            return Err(Refusal::invalid(format!(
                "Invalid mode: must be one of payment, setup, or subscription (was {other})"
            ))
            .param("mode"));
        }
        None => return Err(Refusal::missing("mode")),
    }
    if form.filled("success_url").is_none()
        && form.filled("ui_mode").is_none_or(|mode| mode.starts_with("hosted"))
    {
        return Err(Refusal::missing("success_url"));
    }
    let items = items(world, form)?;
    let currency = items[0].currency.clone();
    if items.iter().any(|item| item.currency != currency) {
        return Err(Refusal::invalid("All line items must have the same currency.").param("line_items"));
    }
    let metadata = form.metadata().unwrap_or_default();
    check_metadata(&metadata)?;
    let intent_data = form.under("payment_intent_data");
    intent_data.only(&[
        "metadata",
        "receipt_email",
        "capture_method",
        "description",
        "statement_descriptor",
        "statement_descriptor_suffix",
        "setup_future_usage",
        "shipping",
    ])?;
    let intent_metadata = intent_data.metadata().unwrap_or_default();
    check_metadata(&intent_metadata)?;
    let customer_email = form.filled("customer_email").map(str::to_owned);
    if customer_email.as_ref().is_some_and(|email| !email.contains('@')) {
        return Err(Refusal::invalid(format!(
            "Invalid email address: {}",
            form.text("customer_email").unwrap_or_default()
        ))
        .code("email_invalid")
        .param("customer_email"));
    }
    let customer = match (form.filled("customer"), form.filled("customer_creation")) {
        (Some(_), _) if customer_email.is_some() => {
            return Err(Refusal::invalid(
                "You may only specify one of these parameters: customer, customer_email.",
            )
            .code("parameters_exclusive"));
        }
        (Some(id), _) => Buyer::Customer(id.to_owned()),
        (None, Some("always")) => Buyer::BecomesCustomer,
        _ => Buyer::Guest,
    };
    let after = form.under("after_expiration").under("recovery");
    let recovery = after.flag("enabled")?.unwrap_or(false).then(|| Recovery {
        allow_promotion_codes: after.text("allow_promotion_codes") == Some("true"),
        ..Recovery::default()
    });
    let name = customer_email.as_deref().map(crate::shop::name_of);
    world.new_session(NewSession {
        items,
        currency,
        customer,
        will_type: Typed { email: None, name, address: Some(crate::shop::address_in("DE")) },
        collects_shipping: form.has_under("shipping_address_collection"),
        customer_email,
        client_reference_id: form.filled("client_reference_id").map(str::to_owned),
        locale: form.filled("locale").map(str::to_owned),
        metadata,
        recovery,
        recovered_from: None,
        success_url: form.filled("success_url").map(str::to_owned),
        cancel_url: form.filled("cancel_url").map(str::to_owned),
        expires_in_s: life_s(world, form)?,
        intent_metadata,
        intent_receipt_email: intent_data.filled("receipt_email").map(str::to_owned),
        captures_by_hand: intent_data.text("capture_method") == Some("manual"),
    })
}

fn life_s(world: &World, form: &Form) -> Told<i64> {
    let Some(expires_at) = form.integer("expires_at")? else { return Ok(86_400) };
    let life_s = expires_at - world.now();
    // Stripe allows for the time the request took.
    if life_s < 30 * 60 - 60 {
        return Err(Refusal::invalid(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.",
        )
        .param("expires_at"));
    }
    if life_s > 86_400 + 60 {
        return Err(Refusal::invalid(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.",
        )
        .param("expires_at"));
    }
    Ok(life_s)
}

fn items(world: &mut World, form: &Form) -> Told<Vec<LineItem>> {
    let given = form.elements("line_items");
    if given.is_empty() {
        return Err(Refusal::missing("line_items"));
    }
    let mut items = Vec::new();
    for item in given {
        let quantity = item.integer("quantity")?.unwrap_or(1);
        if quantity < 1 {
            return Err(Refusal::invalid("Invalid positive integer")
                .code("parameter_invalid_integer")
                .param("line_items[0][quantity]"));
        }
        if let Some(price) = item.filled("price") {
            items.push(world.line_item_of(price, quantity)?);
            continue;
        }
        let data = item.under("price_data");
        let currency =
            data.required("currency").map_err(|r| r.param("line_items[0][price_data][currency]"))?;
        let amount = data
            .integer("unit_amount")?
            .ok_or_else(|| Refusal::missing("line_items[0][price_data][unit_amount]"))?;
        let name = match (data.filled("product"), data.text("product_data[name]")) {
            (Some(product), _) => world.product(product).map_err(|r| r.status(400))?.name.clone(),
            (None, Some(name)) => name.to_owned(),
            (None, None) => return Err(Refusal::missing("line_items[0][price_data][product_data]")),
        };
        check_money(currency, amount)?;
        items.push(world.line_item_inline(&name, &currency.to_ascii_lowercase(), amount, quantity));
    }
    Ok(items)
}

/// Three-decimal currencies are charged in steps of ten; krónur only whole.
fn check_money(currency: &str, amount: i64) -> Told<()> {
    let step = match currency {
        "bhd" | "jod" | "kwd" | "omr" | "tnd" => 10,
        "isk" => 100,
        _ => 1,
    };
    if amount < 0 || amount % step != 0 {
        return Err(Refusal::invalid(format!(
            "Invalid amount for {currency}: must be a multiple of {step}."
        ))
        .code("invalid_charge_amount_no_decimal_compatible")
        .param("line_items"));
    }
    Ok(())
}

pub(super) fn update(world: &mut World, id: &str, form: &Form) -> Told<String> {
    form.only(&["metadata", "collected_information", "shipping_options", "automatic_tax"])?;
    metadata(world, id, form)?;
    let shipping = form.under("collected_information").under("shipping_details");
    if !shipping.pairs().is_empty() {
        let session = world.session_mut(id)?;
        if session.status != SessionStatus::Open {
            return Err(Refusal::invalid("Only an open Checkout Session takes collected_information.")
                .param("collected_information"));
        }
        let (name, address) = named_address(&shipping);
        session.buyer_name = Some(name.clone());
        session.address = Some(address.clone());
        session.will_type.name = Some(name);
        session.will_type.address = Some(address);
    }
    Ok(id.to_owned())
}

pub(super) fn address(form: &Form) -> Address {
    let text = |name: &str| form.text(name).unwrap_or_default().to_owned();
    Address {
        line1: text("line1"),
        city: text("city"),
        postal_code: text("postal_code"),
        country: text("country"),
    }
}

pub(super) fn named_address(form: &Form) -> (String, Address) {
    (form.text("name").unwrap_or_default().to_owned(), address(&form.under("address")))
}
