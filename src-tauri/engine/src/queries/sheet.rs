//! The preorder sheet: one order with its people, payments, sessions, timeline, links and facts.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::preorders::PreorderRow;

/// Asks for one order by any id that ever named it.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct SheetArgs {
    /// A preorder id, a former one, or the id of any of its Stripe objects or events.
    pub id: String,
}

/// A customer record the order refers to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Person {
    /// Stripe customer id; null for someone known by e-mail only.
    pub customer_id: Option<String>,
    /// Normalised e-mail.
    pub email: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Deleted at Stripe.
    pub deleted: bool,
    /// Other orders of this e-mail.
    pub other_orders: i64,
}

/// A Checkout Session of the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SessionView {
    /// Its id.
    pub id: String,
    /// `open`, `complete` or `expired`.
    pub status: Option<String>,
    /// `paid`, `unpaid` or `no_payment_required`.
    pub payment_status: Option<String>,
    /// Amount in minor units.
    pub amount_minor: Option<i64>,
    /// Currency.
    pub currency: Option<String>,
    /// Created, unix seconds.
    pub created_at: i64,
    /// Expires, unix seconds.
    pub expires_at: Option<i64>,
    /// The payment page, while open.
    pub url: Option<String>,
    /// Stripe's recovery link, where recovery was enabled at creation.
    pub recovery_url: Option<String>,
    /// The session it was recovered from.
    pub recovered_from: Option<String>,
    /// What was ordered.
    pub line_items: Vec<LineItem>,
}

/// A line of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct LineItem {
    /// Text shown to the customer.
    pub description: Option<String>,
    /// How many.
    pub quantity: Option<i64>,
    /// Total of the line in minor units.
    pub amount_minor: Option<i64>,
    /// Currency.
    pub currency: Option<String>,
    /// Price id.
    pub price_id: Option<String>,
    /// Product id.
    pub product_id: Option<String>,
}

/// A payment of the order: an intent (or a charge without one) and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PaymentView {
    /// The intent's id; null for a charge without one.
    pub payment_intent_id: Option<String>,
    /// Stripe's status of the intent, else of the charge.
    pub status: Option<String>,
    /// Amount in minor units.
    pub amount_minor: Option<i64>,
    /// Currency.
    pub currency: Option<String>,
    /// Created, unix seconds.
    pub created_at: i64,
    /// Why the last attempt failed, Stripe's code.
    pub failure_code: Option<String>,
    /// Why it failed, Stripe's words.
    pub failure_message: Option<String>,
    /// Its charges.
    pub charges: Vec<ObjectLine>,
    /// Its refunds.
    pub refunds: Vec<ObjectLine>,
    /// Its disputes.
    pub disputes: Vec<ObjectLine>,
}

/// A charge, refund or dispute in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ObjectLine {
    /// Its id.
    pub id: String,
    /// Stripe's status.
    pub status: Option<String>,
    /// Amount in minor units.
    pub amount_minor: Option<i64>,
    /// Currency.
    pub currency: Option<String>,
    /// Created, unix seconds.
    pub created_at: i64,
    /// Reason, failure code or network status, where there is one.
    pub reason: Option<String>,
}

/// One line of the timeline, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TimelineEntry {
    /// When it happened at Stripe (or here, for local facts), unix seconds.
    pub at: i64,
    /// An event type such as `checkout.session.completed`, or `session_created`, `intent_created`, `charge_created`, `seen_in_list`, `deleted`.
    pub kind: String,
    /// Where it is known from: `event`, `object`, `list`, `retrieve`, `answer`, `local`.
    pub origin: String,
    /// The object it is about.
    pub object_id: String,
    /// The event's id.
    pub event_id: Option<String>,
    /// Status after it, where the object has one.
    pub status: Option<String>,
    /// Amount in minor units.
    pub amount_minor: Option<i64>,
    /// Currency.
    pub currency: Option<String>,
    /// A decline or failure code, refund reason, dispute reason.
    pub detail: Option<String>,
    /// Endpoints that have not taken the event yet; null where not an event.
    pub pending_webhooks: Option<i64>,
}

/// Why two objects are one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct LinkView {
    /// An object's id.
    pub from: String,
    /// The other's id, or a preorderId.
    pub to: String,
    /// `preorder_id`, `session_intent`, `recovered_from`, `charge_intent`, `refund_charge`, `dispute_charge`, `operator_link`.
    pub rule: String,
}

/// One stored object of the order; its JSON comes by `raw_fact`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct FactLine {
    /// The object's id.
    pub object_id: String,
    /// Its kind.
    pub kind: String,
    /// The instant its newest snapshot speaks of, unix seconds.
    pub as_of: i64,
    /// `event`, `list`, `retrieve` or `answer`.
    pub origin: String,
    /// Its newest state is being fetched again.
    pub unsettled: bool,
    /// Deleted at Stripe.
    pub deleted: bool,
}

/// A preorderId that does not join, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct IdConflict {
    /// The preorderId.
    pub preorder_id: String,
    /// `shared_by_many` (more than three e-mails) or `two_ids` (linked to an order of another preorderId).
    pub reason: String,
}

/// One order, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PreorderSheet {
    /// The row of the table.
    pub row: PreorderRow,
    /// When each step was first reached is in the timeline; these are the flags.
    pub steps: super::funnel::FunnelCounts,
    /// Who it is about.
    pub people: Vec<Person>,
    /// Its sessions, oldest first.
    pub sessions: Vec<SessionView>,
    /// Its payments, oldest first.
    pub payments: Vec<PaymentView>,
    /// What happened, oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// Why its objects are one order.
    pub links: Vec<LinkView>,
    /// Ids that named it before.
    pub former_ids: Vec<String>,
    /// preorderIds that do not join.
    pub conflicts: Vec<IdConflict>,
    /// Its stored objects.
    pub facts: Vec<FactLine>,
    /// The order's page at Stripe.
    pub stripe_url: Option<String>,
}

/// Asks for stored JSON, as the bytes came.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct RawFactArgs {
    /// An event's or an object's id.
    pub id: String,
}

/// Stored JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RawFact {
    /// The id asked for.
    pub id: String,
    /// `event`, `list`, `retrieve` or `answer`.
    pub origin: String,
    /// The instant it speaks of, unix seconds.
    pub as_of: i64,
    /// The bytes as they came; invalid UTF-8 shown with replacement marks.
    pub json: String,
}
