//! Stories told over HTTP: `{op, args}` to the world's story operations, and whole orders in one request.

use crate::json::Metadata;
use crate::ledger::Fault;
use crate::world::{
    Buyer, CheckoutSpec, DirectSpec, DisputeOutcome, Health, Lateness, Portion, RefundState, Refusal, Told,
    VersionMix, World,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A checkout as JSON describes it; what is missing is as in [`CheckoutSpec`].
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Order {
    outcome: Option<String>,
    preorder_id: Option<String>,
    email: Option<String>,
    typed_email: Option<String>,
    name: Option<String>,
    color: Option<String>,
    locale: Option<String>,
    source: Option<String>,
    user_id: Option<String>,
    amount: Option<i64>,
    currency: Option<String>,
    customer: Option<String>,
    guest: bool,
    recovery: bool,
    metadata_on_intent: Option<bool>,
    metadata: Metadata,
    intent_metadata: Metadata,
    price: Option<String>,
    quantity: Option<i64>,
    free: bool,
    expires_in_s: Option<i64>,
    capture_by_hand: bool,
    collects_shipping: Option<bool>,
    country: Option<String>,
    decline_code: Option<String>,
    refund_amount: Option<i64>,
}

impl Order {
    fn spec(&self) -> CheckoutSpec {
        let standard = CheckoutSpec::default();
        CheckoutSpec {
            preorder_id: self.preorder_id.clone(),
            email: self.email.clone(),
            typed_email: self.typed_email.clone(),
            name: self.name.clone(),
            color: self.color.clone(),
            locale: self.locale.clone(),
            source: self.source.clone(),
            user_id: self.user_id.clone(),
            amount: self.amount,
            currency: self.currency.clone().unwrap_or(standard.currency),
            customer: match &self.customer {
                Some(id) => Buyer::Customer(id.clone()),
                None if self.guest => Buyer::Guest,
                None => Buyer::BecomesCustomer,
            },
            recovery: self.recovery,
            metadata_on_intent: self.metadata_on_intent.unwrap_or(true),
            metadata: self.metadata.clone(),
            intent_metadata: self.intent_metadata.clone(),
            price: self.price.clone(),
            quantity: self.quantity.unwrap_or(standard.quantity),
            free: self.free,
            expires_in_s: self.expires_in_s.unwrap_or(standard.expires_in_s),
            capture_by_hand: self.capture_by_hand,
            collects_shipping: self.collects_shipping.unwrap_or(true),
            country: self.country.clone().unwrap_or(standard.country),
            ad_hoc: standard.ad_hoc,
            off_by: standard.off_by,
        }
    }
}

fn read<T: DeserializeOwned>(value: &Value) -> Told<T> {
    serde_json::from_value(value.clone())
        .map_err(|error| Refusal::invalid(format!("Not understood: {error}.")))
}

/// Places an order and plays it to the outcome that the JSON names: `open` (default), `paid`, `declined`, `expired`,
/// `requires_action`, `authorized`, `async_pending`, `async_paid`, `async_failed`, `refunded`, `partially_refunded`,
/// `disputed`, `attempted`, `paid_not_completed`.
pub(crate) fn place_order(world: &mut World, order: &Value) -> Told<Value> {
    let order: Order = read(order)?;
    let session = world.open_checkout(order.spec())?;
    let decline = order.decline_code.as_deref().unwrap_or("insufficient_funds");
    let outcome = order.outcome.as_deref().unwrap_or("open");
    let mut more = json!({});
    match outcome {
        "open" => {}
        "attempted" => drop(world.attempt(&session)?),
        "paid" => drop(world.pay(&session)?),
        "declined" => drop(world.decline(&session, decline)?),
        "expired" => world.expire(&session)?,
        "requires_action" => drop(world.require_action(&session)?),
        "authorized" => drop(world.authorize(&session)?),
        "async_pending" => drop(world.pay_async(&session)?),
        "async_paid" => {
            world.pay_async(&session)?;
            world.settle_async(&session)?;
        }
        "async_failed" => {
            world.pay_async(&session)?;
            world.fail_async(&session)?;
        }
        "paid_not_completed" => drop(world.pay_without_completing(&session)?),
        "refunded" | "partially_refunded" => {
            let charge = world.pay(&session)?;
            let half = order.refund_amount.unwrap_or(world.charge(&charge)?.amount / 20 * 10);
            let portion = if outcome == "refunded" { Portion::All } else { Portion::Amount(half) };
            more["refund"] = json!(world.refund(&charge, portion, RefundState::Succeeded)?);
        }
        "disputed" => {
            let charge = world.pay(&session)?;
            more["dispute"] = json!(world.dispute(&charge, "fraudulent")?);
        }
        other => return Err(Refusal::invalid(format!("There is no outcome '{other}'.")).param("outcome")),
    }
    let s = world.session(&session)?;
    let (intent, customer) = (s.intent.clone(), s.customer.clone());
    let charge = intent.as_deref().and_then(|i| world.intent(i).ok()).and_then(|i| i.latest_charge.clone());
    more["session"] = json!(session);
    more["payment_intent"] = json!(intent);
    more["charge"] = json!(charge);
    more["customer"] = json!(customer);
    Ok(more)
}

/// Tells one story. The answer is what it made: an id, or null.
pub(crate) fn tell(world: &mut World, op: &str, args: &Value) -> Told<Value> {
    let text = |name: &str| -> Told<&str> {
        args[name].as_str().ok_or_else(|| Refusal::invalid(format!("The story needs '{name}'.")).param(name))
    };
    if let Some(ids) = args.as_object() {
        for id in ids.values().filter_map(Value::as_str) {
            world.touch(id);
        }
    }
    let made = match op {
        "new_customer" => Some(world.new_customer(args["email"].as_str(), args["name"].as_str())),
        "open_checkout" => Some(world.open_checkout(read::<Order>(args)?.spec())?),
        "open_credit_checkout" => Some(world.open_credit_checkout(read(args)?)?),
        "overlap_endpoints" => Some(world.overlap_endpoints()),
        "attempt" => Some(world.attempt(text("session")?)?),
        "decline" => {
            Some(world.decline(text("session")?, args["code"].as_str().unwrap_or("generic_decline"))?)
        }
        "pay" => Some(world.pay(text("session")?)?),
        "pay_without_completing" => Some(world.pay_without_completing(text("session")?)?),
        "pay_async" => Some(world.pay_async(text("session")?)?),
        "require_action" => Some(world.require_action(text("session")?)?),
        "authorize" => Some(world.authorize(text("session")?)?),
        "recover" => Some(world.recover(text("session")?)?),
        "refund" => {
            let portion = args["amount"].as_i64().map_or(Portion::All, Portion::Amount);
            let state =
                if args["status"].is_null() { RefundState::Succeeded } else { read(&args["status"])? };
            Some(world.refund(text("charge")?, portion, state)?)
        }
        "dispute" => Some(world.dispute(text("charge")?, args["reason"].as_str().unwrap_or("fraudulent"))?),
        "direct_intent" => {
            let standard = DirectSpec::default();
            let metadata =
                if args["metadata"].is_null() { Metadata::new() } else { read(&args["metadata"])? };
            Some(world.direct_intent(DirectSpec {
                amount: args["amount"].as_i64().unwrap_or(standard.amount),
                currency: args["currency"].as_str().map_or(standard.currency, str::to_owned),
                email: args["email"].as_str().map(str::to_owned),
                customer: args["customer"].as_str().map(str::to_owned),
                country: args["country"].as_str().map_or(standard.country, str::to_owned),
                metadata,
            })?)
        }
        "pay_direct" => Some(world.pay_direct(text("intent")?)?),
        "debit_direct" => Some(world.debit_direct(text("intent")?)?),
        "decline_direct" => {
            Some(world.decline_direct(text("intent")?, args["code"].as_str().unwrap_or("generic_decline"))?)
        }
        "new_product" => Some(world.new_product(text("name")?, Metadata::new())),
        "new_price" => {
            let amount = args["unit_amount"].as_i64().unwrap_or_default();
            Some(world.new_price(text("product")?, text("currency")?, amount, args["lookup_key"].as_str())?)
        }
        "new_endpoint" => {
            let events: Vec<String> = if args["enabled_events"].is_null() {
                vec!["*".to_owned()]
            } else {
                read(&args["enabled_events"])?
            };
            let events: Vec<&str> = events.iter().map(String::as_str).collect();
            Some(world.new_endpoint(text("url")?, &events))
        }
        _ => {
            tell_silent(world, op, args, text)?;
            None
        }
    };
    Ok(json!({ "made": made }))
}

/// Stories that make nothing new.
fn tell_silent<'a>(
    world: &mut World,
    op: &str,
    args: &Value,
    text: impl Fn(&str) -> Told<&'a str>,
) -> Told<()> {
    match op {
        "register_user" => {
            world.register_user(text("id")?, text("email")?, args["name"].as_str().unwrap_or_default());
            Ok(())
        }
        "settle_async" => world.settle_async(text("session")?),
        "settle_without_completing" => world.settle_without_completing(text("session")?),
        "settle_direct" => world.settle_direct(text("intent")?),
        "fail_async" => world.fail_async(text("session")?),
        "expire" => world.expire(text("session")?),
        "capture" => world.capture(text("intent")?),
        "cancel_intent" => world.cancel_intent(text("intent")?, args["reason"].as_str()),
        "settle_refund" => world.settle_refund(text("refund")?),
        "fail_refund" => world.fail_refund(text("refund")?),
        "cancel_refund" => world.cancel_refund(text("refund")?),
        "close_dispute" => world.close_dispute(text("dispute")?, read::<DisputeOutcome>(&args["outcome"])?),
        "answer_dispute" => world.answer_dispute(text("dispute")?),
        "update_customer" => {
            world.update_customer(text("customer")?, args["email"].as_str(), args["name"].as_str())
        }
        "delete_customer" => world.delete_customer(text("customer")?),
        "delete_product" => world.delete_product(text("product")?),
        "set_metadata" => world.set_metadata(
            text("id")?,
            text("key")?,
            text("value")?,
            args["emits_event"].as_bool().unwrap_or(true),
        ),
        "set_endpoint_health" => {
            world.set_endpoint_health(text("endpoint")?, read::<Health>(&args["health"])?)
        }
        "enable_endpoint" => {
            world.enable_endpoint(text("endpoint")?, args["enabled"].as_bool().unwrap_or(true))
        }
        "refuse_deliveries_of" => {
            world.refuse_deliveries_of(text("event")?);
            Ok(())
        }
        "accept_deliveries_of" => {
            world.accept_deliveries_of(text("event")?);
            Ok(())
        }
        "shop_says" => {
            world.shop_says(text("object")?, text("status")?);
            Ok(())
        }
        "resend" => world.resend(text("event")?, args["endpoint"].as_str()),
        "set_lateness" => {
            world.set_lateness(read::<Lateness>(args)?);
            Ok(())
        }
        "set_versions" => {
            let mix: Vec<(String, u32)> = read(&args["weights"])?;
            let mix: Vec<(&str, u32)> = mix.iter().map(|(name, weight)| (name.as_str(), *weight)).collect();
            world.set_versions(VersionMix::of(&mix));
            Ok(())
        }
        "plant" => {
            world.plant(text("object")?, read::<Fault>(&args["fault"])?);
            Ok(())
        }
        other => Err(Refusal::invalid(format!("There is no story '{other}'.")).status(404)),
    }
}
