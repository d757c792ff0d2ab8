//! Writes: the exact requests that change something at Stripe, built by async-stripe, and the one way to send them.
//!
//! A request is built when its plan is made, stored, and sent as it was stored. Only `actions` sends one, with the id of
//! the action it belongs to in hand.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use stripe_checkout::checkout_session as sessions;
use stripe_client_core::{RequestBuilder, StripeMethod, StripeRequest};
use stripe_core::{charge as charges, customer as customers, payment_intent as intents, refund as refunds};

use super::{Stripe, StripeError};
use crate::domain::action::{ActionId, Address, RefundReason};
use crate::domain::kind::Kind;
use crate::http::{Priority, encode_segment};

/// The metadata key of what an action made or changed: the action's id.
pub const MARK: &str = "foredeck_action";

/// A POST as it will be sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Post {
    /// Path with `/v1`.
    pub path: String,
    /// Encoded form; parameters in alphabetical order, so that the same request is the same bytes.
    pub body: String,
}

impl Post {
    fn of(request: RequestBuilder) -> Self {
        let path =
            if request.path.starts_with("/v1") { request.path } else { format!("/v1{}", request.path) };
        let body = request.body.unwrap_or_default();
        let mut pairs: Vec<&str> = body.split('&').filter(|pair| !pair.is_empty()).collect();
        pairs.sort_unstable();
        Self { path, body: pairs.join("&") }
    }

    /// Adds a parameter whose value is known only now.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let separator = if self.body.is_empty() { "" } else { "&" };
        Self {
            path: self.path.clone(),
            body: format!("{}{separator}{name}={}", self.body, encode_segment(value)),
        }
    }
}

/// What is changed of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectChange {
    /// Metadata to set.
    pub metadata: BTreeMap<String, String>,
    /// The e-mail: of a customer its own, of an intent and a charge where receipts go.
    pub email: Option<String>,
    /// The shipping address.
    pub shipping: Option<Address>,
}

impl ObjectChange {
    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A checkout to be opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewSession {
    /// Price ids and quantities.
    pub prices: Vec<(String, u64)>,
    /// Lines without a price to refer to: name, currency, minor units each, quantity.
    pub lines: Vec<(String, String, i64, u64)>,
    /// The customer, where one is known already.
    pub customer: Option<String>,
    /// The e-mail, where there is no customer.
    pub customer_email: Option<String>,
    /// Metadata of the session and of the intent it will make.
    pub metadata: BTreeMap<String, String>,
    /// The shop's own reference.
    pub client_reference_id: Option<String>,
    /// Locale of the page.
    pub locale: Option<String>,
    /// Where the buyer goes afterwards.
    pub success_url: String,
    /// Where the buyer goes who turns back.
    pub cancel_url: Option<String>,
    /// Countries an address may be in; empty asks for none.
    pub countries: Vec<String>,
}

fn map(metadata: &BTreeMap<String, String>) -> HashMap<String, String> {
    metadata.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn part(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// Changes an object; None for a kind that Stripe does not let change so.
pub fn update(kind: Kind, id: &str, change: &ObjectChange) -> Option<Post> {
    let metadata = (!change.metadata.is_empty()).then(|| map(&change.metadata));
    let request = match kind {
        Kind::Session => {
            let mut request = sessions::UpdateCheckoutSession::new(id);
            if let Some(metadata) = metadata {
                request = request.metadata(metadata);
            }
            request.build()
        }
        Kind::Intent => {
            let mut request = intents::UpdatePaymentIntent::new(id);
            if let Some(metadata) = metadata {
                request = request.metadata(metadata);
            }
            if let Some(email) = &change.email {
                request = request.receipt_email(email);
            }
            if let Some(to) = &change.shipping {
                let mut address = intents::UpdatePaymentIntentShippingAddress::new();
                address.city = part(&to.city);
                address.country = part(&to.country);
                address.line1 = part(&to.line1);
                address.line2 = part(&to.line2);
                address.postal_code = part(&to.postal_code);
                address.state = part(&to.state);
                request = request.shipping(intents::UpdatePaymentIntentShipping::new(address, &to.name));
            }
            request.build()
        }
        Kind::Charge => {
            let mut request = charges::UpdateCharge::new(id);
            if let Some(metadata) = metadata {
                request = request.metadata(metadata);
            }
            if let Some(email) = &change.email {
                request = request.receipt_email(email);
            }
            if let Some(to) = &change.shipping {
                let mut address = charges::OptionalFieldsAddress::new();
                address.city = part(&to.city);
                address.country = part(&to.country);
                address.line1 = part(&to.line1);
                address.line2 = part(&to.line2);
                address.postal_code = part(&to.postal_code);
                address.state = part(&to.state);
                request = request.shipping(charges::OptionalFieldsShipping::new(address, &to.name));
            }
            request.build()
        }
        Kind::Customer => {
            let mut request = customers::UpdateCustomer::new(id);
            if let Some(metadata) = metadata {
                request = request.metadata(metadata);
            }
            if let Some(email) = &change.email {
                request = request.email(email);
            }
            if let Some(to) = &change.shipping {
                let mut address = customers::OptionalFieldsCustomerAddress::new();
                address.city = part(&to.city);
                address.country = part(&to.country);
                address.line1 = part(&to.line1);
                address.line2 = part(&to.line2);
                address.postal_code = part(&to.postal_code);
                address.state = part(&to.state);
                request = request.shipping(customers::CustomerShipping::new(address, &to.name));
            }
            request.build()
        }
        _ => return None,
    };
    Some(Post::of(request))
}

/// Pays back part of a charge.
pub fn refund(
    charge: &str,
    amount_minor: i64,
    reason: RefundReason,
    metadata: &BTreeMap<String, String>,
) -> Post {
    let reason = match reason {
        RefundReason::RequestedByCustomer => refunds::CreateRefundReason::RequestedByCustomer,
        RefundReason::Duplicate => refunds::CreateRefundReason::Duplicate,
    };
    let request = refunds::CreateRefund::new().charge(charge).amount(amount_minor).reason(reason);
    Post::of(request.metadata(map(metadata)).build())
}

/// Takes what an intent has authorised.
pub fn capture(intent: &str) -> Post {
    Post::of(intents::CapturePaymentIntent::new(intent).build())
}

/// Lets go what an intent has authorised.
pub fn cancel(intent: &str) -> Post {
    let reason = intents::CancelPaymentIntentCancellationReason::RequestedByCustomer;
    Post::of(intents::CancelPaymentIntent::new(intent).cancellation_reason(reason).build())
}

/// Ends an open checkout.
pub fn expire(session: &str) -> Post {
    Post::of(sessions::ExpireCheckoutSession::new(session).build())
}

/// Makes a customer.
pub fn create_customer(email: &str, name: Option<&str>, metadata: &BTreeMap<String, String>) -> Post {
    let mut request = customers::CreateCustomer::new().email(email).metadata(map(metadata));
    if let Some(name) = name {
        request = request.name(name);
    }
    Post::of(request.build())
}

/// Opens a checkout, which after its expiry can be recovered for 30 days.
pub fn create_session(new: &NewSession) -> Post {
    let mut items: Vec<sessions::CreateCheckoutSessionLineItems> = Vec::new();
    for (price, quantity) in &new.prices {
        let mut item = sessions::CreateCheckoutSessionLineItems::new();
        item.price = Some(price.clone());
        item.quantity = Some(*quantity);
        items.push(item);
    }
    for (name, currency, amount, quantity) in &new.lines {
        let mut item = sessions::CreateCheckoutSessionLineItems::new();
        let currency: stripe_types::Currency =
            currency.parse().unwrap_or_else(|_| stripe_types::Currency::Unknown(currency.clone()));
        let mut data = sessions::CreateCheckoutSessionLineItemsPriceData::new(currency);
        data.unit_amount = Some(*amount);
        data.product_data = Some(sessions::ProductData::new(name));
        item.price_data = Some(data);
        item.quantity = Some(*quantity);
        items.push(item);
    }
    let mut recovery = sessions::CreateCheckoutSessionAfterExpiration::new();
    recovery.recovery = Some(sessions::CreateCheckoutSessionAfterExpirationRecovery::new(true));
    let mut intent = sessions::CreateCheckoutSessionPaymentIntentData::new();
    intent.metadata = Some(map(&new.metadata));
    let mut request = sessions::CreateCheckoutSession::new()
        .mode(stripe_shared::CheckoutSessionMode::Payment)
        .line_items(items)
        .metadata(map(&new.metadata))
        .payment_intent_data(intent)
        .after_expiration(recovery)
        .success_url(&new.success_url);
    if let Some(url) = &new.cancel_url {
        request = request.cancel_url(url);
    }
    if let Some(reference) = &new.client_reference_id {
        request = request.client_reference_id(reference);
    }
    if let Some(locale) = new.locale.as_deref().and_then(page_locale) {
        request = request.locale(locale);
    }
    match (&new.customer, &new.customer_email) {
        (Some(customer), _) => request = request.customer(customer),
        (None, Some(email)) => {
            let always = sessions::CreateCheckoutSessionCustomerCreation::Always;
            request = request.customer_email(email).customer_creation(always);
        }
        (None, None) => {}
    }
    if !new.countries.is_empty() {
        let countries: Vec<_> = new.countries.iter().filter_map(|country| country.parse().ok()).collect();
        request = request.shipping_address_collection(
            sessions::CreateCheckoutSessionShippingAddressCollection::new(countries),
        );
    }
    Post::of(request.build())
}

/// A locale that Stripe's page has; None leaves the choice to the buyer's browser.
fn page_locale(text: &str) -> Option<stripe_shared::CheckoutSessionLocale> {
    use stripe_shared::CheckoutSessionLocale as Locale;
    let known = |text: &str| text.parse().ok().filter(|locale| !matches!(locale, Locale::Unknown(_)));
    known(text).or_else(|| known(text.split(['-', '_']).next().unwrap_or_default()))
}

/// Asks for an event to be delivered again. Undocumented: it is what Stripe's command line does.
pub fn retry_event(event: &str, endpoint: &str) -> Post {
    let path = format!("/v1/events/{}/retry", encode_segment(event));
    Post { path, body: format!("webhook_endpoint={}", encode_segment(endpoint)) }
}

/// Stripe's answer to a write.
#[derive(Debug)]
pub struct Answered {
    /// The object as it is now.
    pub object: Box<RawValue>,
    /// The instant it speaks of, server seconds.
    pub as_of: i64,
    /// Stripe's request id.
    pub request_id: Option<String>,
    /// Whether Stripe answered as it did before, without doing anything.
    pub replayed: bool,
}

impl Stripe {
    /// Sends a write of an action under an idempotency key.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn post(&self, action: &ActionId, post: &Post, key: &str) -> Result<Answered, StripeError> {
        tracing::debug!(action = action.as_str(), path = post.path, "a write is sent");
        let mut request = RequestBuilder::new(StripeMethod::Post, post.path.clone());
        request.body = Some(post.body.clone());
        let answer = self.send(request, "write", Priority::Normal, Some(key.to_owned())).await?;
        let object = serde_json::from_slice(&answer.body).map_err(|_| StripeError::Unexpected)?;
        Ok(Answered { object, as_of: answer.as_of, request_id: answer.request_id, replayed: answer.replayed })
    }
}
