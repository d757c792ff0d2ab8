//! The fields that are read of an object, whatever its kind and API version. What they mean is in `object`.

use serde::Deserialize;

use crate::domain::wire::{Flag, Int, Items, Metadata, Nested, Ref, Text};

/// Every field of any kind that is looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wire<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) object: Text<'a>,
    pub(super) created: Int,
    pub(super) deleted: Flag,
    #[serde(borrow)]
    pub(super) status: Text<'a>,
    #[serde(borrow)]
    pub(super) payment_status: Text<'a>,
    pub(super) amount: Int,
    pub(super) amount_total: Int,
    pub(super) amount_refunded: Int,
    pub(super) captured: Flag,
    pub(super) paid: Flag,
    #[serde(borrow)]
    pub(super) currency: Text<'a>,
    #[serde(borrow)]
    pub(super) customer: Ref<'a>,
    #[serde(borrow)]
    pub(super) payment_intent: Ref<'a>,
    #[serde(borrow)]
    pub(super) charge: Ref<'a>,
    #[serde(borrow)]
    pub(super) latest_charge: Ref<'a>,
    #[serde(borrow)]
    pub(super) recovered_from: Ref<'a>,
    #[serde(borrow)]
    pub(super) customer_email: Text<'a>,
    #[serde(borrow)]
    pub(super) receipt_email: Text<'a>,
    #[serde(borrow)]
    pub(super) email: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) locale: Text<'a>,
    #[serde(borrow)]
    pub(super) customer_details: Nested<Who<'a>>,
    #[serde(borrow)]
    pub(super) billing_details: Nested<Who<'a>>,
    #[serde(borrow)]
    pub(super) last_payment_error: Nested<Failure<'a>>,
    #[serde(borrow)]
    pub(super) failure_code: Text<'a>,
    #[serde(borrow)]
    pub(super) reason: Text<'a>,
    #[serde(borrow)]
    pub(super) cancellation_reason: Text<'a>,
    #[serde(borrow)]
    pub(super) metadata: Metadata<'a>,
    pub(super) expires_at: Int,
    #[serde(borrow)]
    pub(super) display_items: Items<Nested<DisplayItem<'a>>>,
    #[serde(borrow)]
    pub(super) charges: Nested<Embedded<'a>>,
    #[serde(borrow)]
    pub(super) line_items: Nested<Lines<'a>>,
    pub(super) total_details: Nested<Totals>,
    #[serde(borrow)]
    pub(super) discounts: Items<Ref<'a>>,
    #[serde(borrow)]
    pub(super) shipping: Nested<Shipping<'a>>,
    #[serde(borrow)]
    pub(super) shipping_details: Nested<Shipping<'a>>,
    #[serde(borrow)]
    pub(super) collected_information: Nested<Collected<'a>>,
    pub(super) evidence_details: Nested<EvidenceDue>,
    pub(super) payment_method_details: Nested<MethodDetails>,
    pub(super) unit_amount: Int,
    pub(super) active: Flag,
    #[serde(borrow)]
    pub(super) product: Ref<'a>,
}

/// What a session's total holds beside its items.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Totals {
    pub(super) amount_discount: Int,
    pub(super) amount_tax: Int,
    pub(super) amount_shipping: Int,
}

/// Where goods are sent to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Shipping<'a> {
    #[serde(borrow)]
    address: Nested<Address<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Address<'a> {
    #[serde(borrow)]
    line1: Text<'a>,
    #[serde(borrow)]
    city: Text<'a>,
    #[serde(borrow)]
    postal_code: Text<'a>,
}

impl Shipping<'_> {
    /// Whether anything could be sent there.
    pub(super) fn is_there(&self) -> bool {
        let Address { line1, city, postal_code } = &self.address.0;
        [line1, city, postal_code]
            .into_iter()
            .any(|part| part.get().is_some_and(|part| !part.trim().is_empty()))
    }
}

/// Where a session keeps the shipping address since 2025-03-31.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Collected<'a> {
    #[serde(borrow)]
    pub(super) shipping_details: Nested<Shipping<'a>>,
}

/// Until when a dispute can be answered.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct EvidenceDue {
    pub(super) due_by: Int,
}

/// How a charge was paid.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct MethodDetails {
    pub(super) card: Nested<Card>,
}

/// Until when a card's hold can be captured.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Card {
    pub(super) capture_before: Int,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Who<'a> {
    #[serde(borrow)]
    pub(super) email: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Failure<'a> {
    #[serde(borrow)]
    pub(super) code: Text<'a>,
    #[serde(borrow)]
    pub(super) decline_code: Text<'a>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
}

/// A line of a session before 2020, which had no totals.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DisplayItem<'a> {
    pub(super) amount: Int,
    pub(super) quantity: Int,
    #[serde(borrow)]
    pub(super) currency: Text<'a>,
}

/// Charges inside an intent, as versions before 2022-11-15 rendered them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Embedded<'a> {
    #[serde(borrow)]
    pub(super) data: Items<Ref<'a>>,
}

/// Line items of a session, where the request asked for them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Lines<'a> {
    #[serde(borrow)]
    pub(super) data: Items<Nested<Line<'a>>>,
    pub(super) has_more: Flag,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Line<'a> {
    pub(super) quantity: Int,
    #[serde(borrow)]
    pub(super) price: Nested<LinePrice<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct LinePrice<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) product: Ref<'a>,
    #[serde(borrow)]
    pub(super) lookup_key: Text<'a>,
    pub(super) unit_amount: Int,
}
