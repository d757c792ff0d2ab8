//! Checkout Sessions and their line items.

use super::{Address, write_address};
use crate::json::{Json, Metadata};

/// The one coupon there is, by name only.
const COUPON: &str = r#"[{"coupon":"LANTERNGIFT","promotion_code":null}]"#;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionStatus {
    Open,
    Complete,
    Expired,
}

impl SessionStatus {
    pub(crate) fn word(self) -> &'static str {
        match self {
            SessionStatus::Open => "open",
            SessionStatus::Complete => "complete",
            SessionStatus::Expired => "expired",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PaymentStatus {
    Unpaid,
    Paid,
    NotRequired,
}

impl PaymentStatus {
    pub(crate) fn word(self) -> &'static str {
        match self {
            PaymentStatus::Unpaid => "unpaid",
            PaymentStatus::Paid => "paid",
            PaymentStatus::NotRequired => "no_payment_required",
        }
    }
}

/// What the session was told to do after it expires, and did.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recovery {
    pub allow_promotion_codes: bool,
    pub expires_at: Option<i64>,
    pub url: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct LineItem {
    pub id: String,
    pub price: String,
    pub product: String,
    pub price_active: bool,
    pub price_created: i64,
    pub lookup_key: Option<String>,
    pub nickname: Option<String>,
    pub price_metadata: Metadata,
    pub description: String,
    pub quantity: i64,
    pub unit_amount: i64,
    /// Minor units that a coupon takes off.
    pub discount: i64,
    /// Minor units by which its amount is off, and nothing says why.
    pub off_by: i64,
    pub currency: String,
}

impl LineItem {
    pub(crate) fn amount(&self) -> i64 {
        self.quantity * self.unit_amount - self.discount + self.off_by
    }

    pub(crate) fn write(&self, j: &mut Json, livemode: bool) {
        j.object(|j| {
            j.text("id", &self.id);
            j.text("object", "item");
            j.raw("adjustable_quantity", "null");
            j.int("amount_discount", self.discount);
            j.int("amount_subtotal", self.amount() + self.discount);
            j.int("amount_tax", 0);
            j.int("amount_total", self.amount());
            j.text("currency", &self.currency);
            j.text("description", &self.description);
            j.raw("metadata", "{}");
            j.nest("price", |j| {
                super::catalogue::write_price(
                    j,
                    &super::catalogue::PriceView {
                        id: &self.price,
                        created: self.price_created,
                        product: &self.product,
                        currency: &self.currency,
                        unit_amount: self.unit_amount,
                        active: self.price_active,
                        lookup_key: self.lookup_key.as_deref(),
                        nickname: self.nickname.as_deref(),
                        metadata: &self.price_metadata,
                    },
                    livemode,
                );
            });
            j.int("quantity", self.quantity);
        });
    }
}

/// What a buyer types on the checkout page.
#[derive(Debug, Clone, Default)]
pub(crate) struct Typed {
    pub email: Option<String>,
    pub name: Option<String>,
    pub address: Option<Address>,
}

#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub id: String,
    pub created: i64,
    pub expires_at: i64,
    pub status: SessionStatus,
    pub payment_status: PaymentStatus,
    pub amount: i64,
    pub currency: String,
    pub customer: Option<String>,
    pub customer_creation: Option<&'static str>,
    pub customer_email: Option<String>,
    pub buyer_email: Option<String>,
    pub buyer_name: Option<String>,
    pub address: Option<Address>,
    pub collects_shipping: bool,
    pub client_reference_id: Option<String>,
    pub intent: Option<String>,
    pub locale: Option<String>,
    pub metadata: Metadata,
    pub recovery: Option<Recovery>,
    pub recovered_from: Option<String>,
    pub success_url: Option<String>,
    pub cancel_url: Option<String>,
    pub items: Vec<LineItem>,
    /// `payment_intent_data`: not part of the session's JSON, but of the intent it makes.
    pub intent_metadata: Metadata,
    pub intent_receipt_email: Option<String>,
    pub captures_by_hand: bool,
    /// What the buyer will type on the page; not part of the JSON until they do.
    pub will_type: Typed,
}

impl Session {
    /// The e-mail the session shows, typed or given.
    pub(crate) fn email(&self) -> Option<&str> {
        self.buyer_email.as_deref().or(self.customer_email.as_deref())
    }

    pub(crate) fn write(&self, j: &mut Json, livemode: bool) {
        self.write_with(j, livemode, false);
    }

    /// Writes the session, with its line items inside when they are asked for.
    pub(crate) fn write_with(&self, j: &mut Json, livemode: bool, line_items: bool) {
        let discount: i64 = self.items.iter().map(|item| item.discount).sum();
        j.object(|j| {
            j.text("id", &self.id);
            j.text("object", "checkout.session");
            j.raw("adaptive_pricing", r#"{"enabled":false}"#);
            self.write_recovery(j);
            j.null(&["allow_promotion_codes"]);
            j.int("amount_subtotal", self.amount + discount);
            j.int("amount_total", self.amount);
            j.raw("automatic_tax", r#"{"enabled":false,"liability":null,"provider":null,"status":null}"#);
            j.null(&["billing_address_collection"]);
            j.opt("cancel_url", self.cancel_url.as_deref());
            j.opt("client_reference_id", self.client_reference_id.as_deref());
            j.null(&["client_secret"]);
            self.write_collected(j);
            j.null(&["consent", "consent_collection"]);
            j.int("created", self.created);
            j.text("currency", &self.currency);
            j.raw("currency_conversion", "null");
            j.raw("custom_fields", "[]");
            j.raw(
                "custom_text",
                r#"{"after_submit":null,"shipping_address":null,"submit":null,"terms_of_service_acceptance":null}"#,
            );
            j.opt("customer", self.customer.as_deref());
            j.null(&["customer_account"]);
            j.opt("customer_creation", self.customer_creation);
            self.write_details(j);
            j.opt("customer_email", self.customer_email.as_deref());
            j.raw("discounts", if discount == 0 { "[]" } else { COUPON });
            j.int("expires_at", self.expires_at);
            j.null(&["integration_identifier", "invoice", "invoice_creation"]);
            if line_items {
                let url = format!("/v1/checkout/sessions/{}/line_items", self.id);
                j.list("line_items", &url, &self.items, |j, item| item.write(j, livemode));
            }
            j.flag("livemode", livemode);
            j.opt("locale", self.locale.as_deref());
            j.raw("managed_payments", "null");
            j.metadata(&self.metadata);
            j.text("mode", "payment");
            j.null(&["origin_context"]);
            j.opt("payment_intent", self.intent.as_deref());
            j.null(&["payment_link"]);
            j.raw(
                "payment_method_collection",
                r#""if_required","payment_method_configuration_details":null,"payment_method_options":{"card":{"request_three_d_secure":"automatic"}},"payment_method_types":["card"]"#,
            );
            j.text("payment_status", self.payment_status.word());
            j.raw("permissions", r#"null,"phone_number_collection":{"enabled":false}"#);
            j.opt("recovered_from", self.recovered_from.as_deref());
            j.null(&["saved_payment_method_options", "setup_intent"]);
            j.raw(
                "shipping_address_collection",
                if self.collects_shipping {
                    r#"{"allowed_countries":["CN","DE","FR","GB","JP","KW","US"]}"#
                } else {
                    "null"
                },
            );
            j.raw("shipping_cost", r#"null,"shipping_options":[]"#);
            j.text("status", self.status.word());
            j.null(&["submit_type", "subscription"]);
            j.opt("success_url", self.success_url.as_deref());
            j.nest("total_details", |j| {
                j.int("amount_discount", discount);
                j.raw("amount_shipping", r#"0,"amount_tax":0"#);
            });
            j.text("ui_mode", "hosted_page");
            match self.status {
                SessionStatus::Open => j.text("url", &format!("https://checkout.stripe.com/c/pay/{}", self.id)),
                _ => j.null(&["url"]),
            }
            j.null(&["wallet_options"]);
        });
    }

    fn write_recovery(&self, j: &mut Json) {
        let Some(recovery) = &self.recovery else { return j.null(&["after_expiration"]) };
        j.nest("after_expiration", |j| {
            j.nest("recovery", |j| {
                j.flag("allow_promotion_codes", recovery.allow_promotion_codes);
                j.flag("enabled", true);
                j.opt_int("expires_at", recovery.expires_at);
                j.opt("url", recovery.url.as_deref());
            });
        });
    }

    fn write_collected(&self, j: &mut Json) {
        match (&self.address, self.collects_shipping) {
            (Some(address), true) => j.nest("collected_information", |j| {
                j.null(&["business_name", "individual_name"]);
                j.nest("shipping_details", |j| {
                    write_address(j, "address", Some(address));
                    j.text("name", self.buyer_name.as_deref().unwrap_or_default());
                });
            }),
            _ => j.null(&["collected_information"]),
        }
    }

    fn write_details(&self, j: &mut Json) {
        let Some(email) = self.email() else { return j.null(&["customer_details"]) };
        j.nest("customer_details", |j| {
            write_address(j, "address", self.address.as_ref());
            j.null(&["business_name"]);
            j.text("email", email);
            j.null(&["individual_name"]);
            j.opt("name", self.buyer_name.as_deref());
            j.raw("phone", r#"null,"tax_exempt":"none","tax_ids":[]"#);
        });
    }
}
