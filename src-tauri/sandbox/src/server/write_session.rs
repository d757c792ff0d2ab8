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
    for param in ["success_url", "cancel_url"] {
        if form.filled(param).is_some_and(|url| !url.starts_with("https://") && !url.starts_with("http://")) {
            return Err(Refusal::invalid("Not a valid URL").code("url_invalid").param(param));
        }
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
    if let Some(email) = &customer_email {
        check_email(email, "customer_email")?;
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
        let quantity = item.integer("quantity")?;
        if quantity.is_some_and(|quantity| quantity < 1) {
            return Err(Refusal::invalid("Invalid positive integer")
                .code("parameter_invalid_integer")
                .param("line_items[0][quantity]"));
        }
        let quantity = |at: usize| {
            quantity.ok_or_else(|| {
                Refusal::invalid(format!("Quantity is required. Add `quantity` to `line_items[{at}]`"))
                    .param(&format!("line_items[{at}][quantity]"))
            })
        };
        if let Some(price) = item.filled("price") {
            let known = world.price(price).map_err(|r| r.status(400).param("line_items[0][price]"))?;
            if !known.active {
                return Err(Refusal::invalid(
                    "The price specified is inactive. This field only accepts active prices.",
                )
                .param("line_items[0][price]"));
            }
            items.push(world.line_item_of(price, quantity(items.len())?)?);
            continue;
        }
        let data = item.under("price_data");
        let currency =
            data.required("currency").map_err(|r| r.param("line_items[0][price_data][currency]"))?;
        let amount = data
            .integer("unit_amount")?
            .ok_or_else(|| Refusal::missing("line_items[0][price_data][unit_amount]"))?;
        let (product, name) = match (data.filled("product"), data.text("product_data[name]")) {
            (Some(id), _) => (Some(id), world.product(id).map_err(|r| r.status(400))?.name.clone()),
            (None, Some(name)) => (None, name.to_owned()),
            (None, None) => return Err(Refusal::missing("line_items[0][price_data][product_data]")),
        };
        check_money(currency, amount)?;
        let currency = currency.to_ascii_lowercase();
        let mut item = world.line_item_inline(&name, &currency, amount, quantity(items.len())?);
        // A product described on the spot is one of its own, which no list shows.
        item.product = product.map_or_else(|| world.unlisted_product(), str::to_owned);
        items.push(item);
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
    let shipping = form.under("collected_information").under("shipping_details");
    world.session(id)?;
    if !shipping.pairs().is_empty() {
        let session = world.session_mut(id)?;
        if session.status != SessionStatus::Open {
            return Err(Refusal::invalid("Only an open Checkout Session takes collected_information.")
                .param("collected_information"));
        }
        let (name, address) = named_address(&shipping, "collected_information[shipping_details]")?;
        session.buyer_name = Some(name.clone());
        session.address = Some(address.clone());
        session.will_type.name = Some(name);
        session.will_type.address = Some(address);
    }
    metadata(world, id, form)?;
    Ok(id.to_owned())
}

pub(super) fn address(form: &Form) -> Address {
    let text = |name: &str| form.text(name).unwrap_or_default().to_owned();
    let maybe = |name: &str| form.filled(name).map(str::to_owned);
    Address {
        line1: text("line1"),
        line2: maybe("line2"),
        city: text("city"),
        postal_code: text("postal_code"),
        state: maybe("state"),
        country: text("country"),
    }
}

/// A name with an address, both of which have to be there.
pub(super) fn named_address(form: &Form, param: &str) -> Told<(String, Address)> {
    let missing = |field: &str| Refusal::missing(&format!("{param}[{field}]"));
    if !form.has_under("address") {
        return Err(missing("address"));
    }
    let name = form.filled("name").ok_or_else(|| missing("name"))?;
    Ok((name.to_owned(), address(&form.under("address"))))
}

/// Refuses a text that is no e-mail address.
pub(super) fn check_email(email: &str, param: &str) -> Told<()> {
    let plain = email.split_once('@').is_some_and(|(local, host)| !local.is_empty() && !host.is_empty());
    if plain && !email.contains(char::is_whitespace) {
        return Ok(());
    }
    Err(Refusal::invalid(format!("Invalid email address: {email}")).code("email_invalid").param(param))
}
