//! Webhook endpoints: the event types that a shop's server must hear of, and an endpoint's JSON.

use serde::Deserialize;

use super::wire::{Int, Items, Ref, Text};

/// Types a payment is fulfilled by. Taken twice they grant twice; taken by nobody they grant nothing.
pub const MONEY_TYPES: [&str; 2] = ["checkout.session.completed", "checkout.session.async_payment_succeeded"];

/// Types that take back what was granted. A server that misses them still serves every payment.
pub const LESSER_TYPES: [&str; 4] = [
    "checkout.session.async_payment_failed",
    "charge.refunded",
    "charge.dispute.created",
    "charge.dispute.closed",
];

/// Whether every shop needs a type; the others only where the account has had an event of it.
pub fn is_always_needed(event_type: &str) -> bool {
    matches!(event_type, "checkout.session.completed" | "charge.refunded" | "charge.dispute.created")
}

/// A webhook endpoint, of any API version (docs.stripe.com/api/webhook_endpoints/object).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct EndpointWire<'a> {
    /// `we_`
    #[serde(borrow)]
    pub id: Text<'a>,
    /// Where Stripe posts to.
    #[serde(borrow)]
    pub url: Text<'a>,
    /// `enabled` or `disabled`.
    #[serde(borrow)]
    pub status: Text<'a>,
    /// The version deliveries are rendered in; absent for the account's own.
    #[serde(borrow)]
    pub api_version: Text<'a>,
    /// Created, unix seconds.
    pub created: Int,
    /// Types it takes, or `*`.
    #[serde(borrow)]
    pub enabled_events: Items<Text<'a>>,
    /// The Connect application it belongs to: such an endpoint hears of other accounts.
    #[serde(borrow)]
    pub application: Ref<'a>,
}
