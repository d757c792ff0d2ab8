//! PaymentIntents and Charges.

use super::{Address, write_address};
use crate::json::{Json, Metadata};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IntentStatus {
    NeedsMethod,
    NeedsAction,
    Processing,
    NeedsCapture,
    Succeeded,
    Canceled,
}

impl IntentStatus {
    pub(crate) fn word(self) -> &'static str {
        match self {
            IntentStatus::NeedsMethod => "requires_payment_method",
            IntentStatus::NeedsAction => "requires_action",
            IntentStatus::Processing => "processing",
            IntentStatus::NeedsCapture => "requires_capture",
            IntentStatus::Succeeded => "succeeded",
            IntentStatus::Canceled => "canceled",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChargeStatus {
    Succeeded,
    Pending,
    Failed,
}

impl ChargeStatus {
    pub(crate) fn word(self) -> &'static str {
        match self {
            ChargeStatus::Succeeded => "succeeded",
            ChargeStatus::Pending => "pending",
            ChargeStatus::Failed => "failed",
        }
    }
}

/// How a buyer pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Card,
    SepaDebit,
}

/// Why a payment failed, in Stripe's codes and words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub code: &'static str,
    pub decline_code: Option<String>,
    pub message: &'static str,
}

impl Failure {
    /// The failure that a decline code stands for.
    pub(crate) fn of_code(decline_code: &str) -> Failure {
        let (code, message) = match decline_code {
            "expired_card" => ("expired_card", "Your card has expired."),
            "incorrect_cvc" => ("incorrect_cvc", "Your card's security code is incorrect."),
            "processing_error" => (
                "processing_error",
                "An error occurred while processing your card. Try again in a little bit.",
            ),
            "insufficient_funds" => ("card_declined", "Your card has insufficient funds."),
            "authentication_required" => (
                "authentication_required",
                "Your card was declined. This transaction requires authentication.",
            ),
            "payment_intent_authentication_failure" => (
                "payment_intent_authentication_failure",
                "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again.",
            ),
            "debit_failed" => ("payment_method_provider_decline", "The bank declined the debit."),
            _ => ("card_declined", "Your card was declined."),
        };
        let decline_code =
            (!matches!(decline_code, "debit_failed" | "payment_intent_authentication_failure"))
                .then(|| decline_code.to_owned());
        Failure { code, decline_code, message }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Intent {
    pub id: String,
    pub created: i64,
    pub amount: i64,
    pub amount_capturable: i64,
    pub amount_received: i64,
    pub currency: String,
    pub status: IntentStatus,
    pub method: Method,
    pub payment_method: Option<String>,
    pub customer: Option<String>,
    pub receipt_email: Option<String>,
    pub description: Option<String>,
    pub metadata: Metadata,
    pub latest_charge: Option<String>,
    pub captures_by_hand: bool,
    pub canceled_at: Option<i64>,
    pub cancellation_reason: Option<String>,
    pub failure: Option<Failure>,
    pub shipping: Option<(String, Address)>,
    /// The session that made it; Stripe does not show it on the intent.
    pub session: Option<String>,
}

impl Intent {
    pub(crate) fn write(&self, j: &mut Json, livemode: bool) {
        j.object(|j| {
            j.text("id", &self.id);
            j.text("object", "payment_intent");
            j.int("amount", self.amount);
            j.int("amount_capturable", self.amount_capturable);
            j.raw("amount_details", r#"{"tip":{}}"#);
            j.int("amount_received", self.amount_received);
            j.null(&["application", "application_fee_amount", "automatic_payment_methods"]);
            j.opt_int("canceled_at", self.canceled_at);
            j.opt("cancellation_reason", self.cancellation_reason.as_deref());
            j.text("capture_method", if self.captures_by_hand { "manual" } else { "automatic_async" });
            j.text("client_secret", &format!("{}_secret_{}", self.id, &self.id[self.id.len() - 24..]));
            j.text("confirmation_method", "automatic");
            j.int("created", self.created);
            j.text("currency", &self.currency);
            j.opt("customer", self.customer.as_deref());
            j.null(&["customer_account"]);
            j.opt("description", self.description.as_deref());
            j.null(&["excluded_payment_method_types"]);
            match &self.failure {
                Some(failure) => write_last_error(j, failure, self.latest_charge.as_deref()),
                None => j.null(&["last_payment_error"]),
            }
            j.opt("latest_charge", self.latest_charge.as_deref());
            j.flag("livemode", livemode);
            j.null(&["managed_payments"]);
            j.metadata(&self.metadata);
            j.raw(
                "next_action",
                if self.status == IntentStatus::NeedsAction {
                    r#"{"type":"use_stripe_sdk","use_stripe_sdk":{"type":"three_d_secure_redirect"}}"#
                } else {
                    "null"
                },
            );
            j.null(&["on_behalf_of"]);
            j.opt("payment_method", self.payment_method.as_deref());
            j.null(&["payment_method_configuration_details"]);
            j.raw(
                "payment_method_options",
                match self.method {
                    Method::Card => r#"{"card":{"installments":null,"mandate_options":null,"network":null,"request_three_d_secure":"automatic"}}"#,
                    Method::SepaDebit => r#"{"sepa_debit":{}}"#,
                },
            );
            j.raw("payment_method_types", if self.method == Method::Card { r#"["card"]"# } else { r#"["sepa_debit"]"# });
            j.null(&["processing"]);
            j.opt("receipt_email", self.receipt_email.as_deref());
            j.null(&["review", "setup_future_usage"]);
            match &self.shipping {
                Some((name, address)) => j.nest("shipping", |j| {
                    write_address(j, "address", Some(address));
                    j.null(&["carrier"]);
                    j.text("name", name);
                    j.null(&["phone", "tracking_number"]);
                }),
                None => j.null(&["shipping"]),
            }
            j.null(&["source", "statement_descriptor", "statement_descriptor_suffix"]);
            j.text("status", self.status.word());
            j.null(&["transfer_data", "transfer_group"]);
        });
    }
}

fn write_last_error(j: &mut Json, failure: &Failure, charge: Option<&str>) {
    j.nest("last_payment_error", |j| {
        if let Some(charge) = charge {
            j.text("charge", charge);
        }
        j.text("code", failure.code);
        if let Some(decline) = &failure.decline_code {
            j.text("decline_code", decline);
        }
        j.text("doc_url", &format!("https://docs.stripe.com/error-codes/{}", failure.code.replace('_', "-")));
        j.text("message", failure.message);
        j.text("type", "card_error");
    });
}

#[derive(Debug, Clone)]
pub(crate) struct Charge {
    pub id: String,
    pub created: i64,
    pub amount: i64,
    pub amount_captured: i64,
    pub amount_refunded: i64,
    pub currency: String,
    pub captured: bool,
    pub refunded: bool,
    pub disputed: bool,
    pub status: ChargeStatus,
    pub method: Method,
    pub payment_method: Option<String>,
    pub customer: Option<String>,
    pub intent: Option<String>,
    pub email: Option<String>,
    pub name: Option<String>,
    pub address: Option<Address>,
    pub receipt_email: Option<String>,
    pub description: Option<String>,
    pub metadata: Metadata,
    pub failure: Option<Failure>,
    pub balance_transaction: Option<String>,
    pub shipping: Option<(String, Address)>,
    /// Hold on the buyer's card ends here while the charge is not captured.
    pub capture_before: Option<i64>,
    /// Its dispute, for old API versions that show the id.
    pub dispute: Option<String>,
}

impl Charge {
    pub(crate) fn write(&self, j: &mut Json, livemode: bool) {
        j.object(|j| {
            j.text("id", &self.id);
            j.text("object", "charge");
            j.int("amount", self.amount);
            j.int("amount_captured", self.amount_captured);
            j.int("amount_refunded", self.amount_refunded);
            j.null(&["application", "application_fee", "application_fee_amount"]);
            j.opt("balance_transaction", self.balance_transaction.as_deref());
            j.nest("billing_details", |j| {
                write_address(j, "address", self.address.as_ref());
                j.opt("email", self.email.as_deref());
                j.opt("name", self.name.as_deref());
                j.null(&["phone", "tax_id"]);
            });
            j.text("calculated_statement_descriptor", "FOREDECK SANDBOX");
            j.flag("captured", self.captured);
            j.int("created", self.created);
            j.text("currency", &self.currency);
            j.opt("customer", self.customer.as_deref());
            j.opt("description", self.description.as_deref());
            j.flag("disputed", self.disputed);
            j.null(&["failure_balance_transaction"]);
            j.opt("failure_code", self.failure.as_ref().map(|f| f.code));
            j.opt("failure_message", self.failure.as_ref().map(|f| f.message));
            j.raw("fraud_details", "{}");
            j.flag("livemode", livemode);
            j.metadata(&self.metadata);
            j.null(&["on_behalf_of"]);
            self.write_outcome(j);
            j.flag("paid", self.status != ChargeStatus::Failed);
            j.opt("payment_intent", self.intent.as_deref());
            j.opt("payment_method", self.payment_method.as_deref());
            self.write_method(j);
            j.null(&["presentment_details"]);
            j.opt("receipt_email", self.receipt_email.as_deref());
            j.null(&["receipt_number"]);
            match self.status {
                ChargeStatus::Failed => j.null(&["receipt_url"]),
                _ => j.text("receipt_url", &format!("https://pay.stripe.com/receipts/payment/{}", self.id)),
            }
            j.flag("refunded", self.refunded);
            j.null(&["review"]);
            match &self.shipping {
                Some((name, address)) => j.nest("shipping", |j| {
                    write_address(j, "address", Some(address));
                    j.null(&["carrier"]);
                    j.text("name", name);
                    j.null(&["phone", "tracking_number"]);
                }),
                None => j.null(&["shipping"]),
            }
            j.null(&["source", "source_transfer", "statement_descriptor", "statement_descriptor_suffix"]);
            j.text("status", self.status.word());
            j.null(&["transfer_data", "transfer_group"]);
        });
    }

    fn write_outcome(&self, j: &mut Json) {
        match (&self.failure, self.status) {
            (Some(failure), _) => j.nest("outcome", |j| {
                j.null(&["advice_code", "network_advice_code", "network_decline_code"]);
                j.text("network_status", "declined_by_network");
                j.text("reason", failure.decline_code.as_deref().unwrap_or(failure.code));
                j.raw("risk_level", r#""normal","risk_score":23"#);
                j.text("seller_message", "The bank did not return any further details with this decline.");
                j.text("type", "issuer_declined");
            }),
            (None, _) => j.raw(
                "outcome",
                r#"{"advice_code":null,"network_advice_code":null,"network_decline_code":null,"network_status":"approved_by_network","reason":null,"risk_level":"normal","risk_score":12,"seller_message":"Payment complete.","type":"authorized"}"#,
            ),
        }
    }

    fn write_method(&self, j: &mut Json) {
        if self.method == Method::SepaDebit {
            return j.raw(
                "payment_method_details",
                r#"{"sepa_debit":{"bank_code":"37040044","branch_code":null,"country":"DE","expected_debit_date":null,"fingerprint":"Zj0NIaOuMJ1yR7Hx","last4":"3000","mandate":null},"type":"sepa_debit"}"#,
            );
        }
        j.nest("payment_method_details", |j| {
            j.nest("card", |j| {
                j.int("amount_authorized", self.amount);
                j.raw("authorization_code", "null");
                j.text("brand", "visa");
                if let Some(before) = self.capture_before {
                    j.int("capture_before", before);
                }
                j.raw(
                    "checks",
                    r#"{"address_line1_check":"pass","address_postal_code_check":"pass","cvc_check":"pass"},"country":"US","exp_month":8,"exp_year":2031,"extended_authorization":{"status":"disabled"},"fingerprint":"AOB934RVNwzk6xtn","funding":"credit","incremental_authorization":{"status":"unavailable"},"installments":null,"last4":"4242","mandate":null,"multicapture":{"status":"unavailable"},"network":"visa","network_token":{"used":false},"network_transaction_id":"76975610105108","overcapture":{"maximum_amount_capturable":0,"status":"unavailable"},"regulated_status":"unregulated","three_d_secure":null,"wallet":null"#,
                );
            });
            j.text("type", "card");
        });
    }
}
