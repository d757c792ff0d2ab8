//! What can follow a payment: refunds and disputes.

use crate::json::{Json, Metadata};
use serde::{Deserialize, Serialize};

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundState {
    /// On its way to the buyer's bank.
    Pending,
    /// Needs something from the buyer.
    RequiresAction,
    /// Done.
    Succeeded,
    /// Came back from the bank.
    Failed,
    /// Called off.
    Canceled,
}

impl RefundState {
    pub(crate) fn word(self) -> &'static str {
        match self {
            RefundState::Pending => "pending",
            RefundState::RequiresAction => "requires_action",
            RefundState::Succeeded => "succeeded",
            RefundState::Failed => "failed",
            RefundState::Canceled => "canceled",
        }
    }

    /// Whether its amount counts as taken from the charge.
    pub(crate) fn counts(self) -> bool {
        !matches!(self, RefundState::Failed | RefundState::Canceled)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Refund {
    pub id: String,
    pub created: i64,
    pub amount: i64,
    pub currency: String,
    pub charge: String,
    pub intent: Option<String>,
    pub reason: Option<String>,
    pub status: RefundState,
    pub metadata: Metadata,
    pub failure_reason: Option<&'static str>,
    pub balance_transaction: Option<String>,
}

impl Refund {
    pub(crate) fn write(&self, j: &mut Json, _livemode: bool) {
        j.object(|j| {
            j.text("id", &self.id);
            j.text("object", "refund");
            j.int("amount", self.amount);
            j.opt("balance_transaction", self.balance_transaction.as_deref());
            j.text("charge", &self.charge);
            j.int("created", self.created);
            j.text("currency", &self.currency);
            j.null(&["customer", "customer_account"]);
            j.raw(
                "destination_details",
                r#"{"card":{"reference":null,"reference_status":"pending","reference_type":"acquirer_reference_number","type":"refund"},"type":"card"}"#,
            );
            if let Some(why) = self.failure_reason {
                j.text("failure_reason", why);
            }
            j.metadata(&self.metadata);
            j.opt("payment_intent", self.intent.as_deref());
            j.null(&["payment_method"]);
            j.opt("reason", self.reason.as_deref());
            j.null(&["receipt_number", "source_transfer_reversal"]);
            j.text("status", self.status.word());
            j.null(&["transfer_reversal"]);
        });
    }
}

/// Where a dispute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeStatus {
    /// The shop must answer.
    NeedsResponse,
    /// The bank looks at the answer.
    UnderReview,
    /// The shop keeps the money.
    Won,
    /// The buyer keeps the money.
    Lost,
}

impl DisputeStatus {
    pub(crate) fn word(self) -> &'static str {
        match self {
            DisputeStatus::NeedsResponse => "needs_response",
            DisputeStatus::UnderReview => "under_review",
            DisputeStatus::Won => "won",
            DisputeStatus::Lost => "lost",
        }
    }

    pub(crate) fn is_open(self) -> bool {
        matches!(self, DisputeStatus::NeedsResponse | DisputeStatus::UnderReview)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Dispute {
    pub id: String,
    pub created: i64,
    pub amount: i64,
    pub currency: String,
    pub charge: String,
    pub intent: Option<String>,
    pub reason: String,
    pub status: DisputeStatus,
    pub due_by: i64,
    pub email: Option<String>,
    pub metadata: Metadata,
}

impl Dispute {
    pub(crate) fn write(&self, j: &mut Json, livemode: bool) {
        j.object(|j| {
            j.text("id", &self.id);
            j.text("object", "dispute");
            j.int("amount", self.amount);
            j.raw("balance_transactions", "[]");
            j.text("charge", &self.charge);
            j.int("created", self.created);
            j.text("currency", &self.currency);
            j.raw("enhanced_eligibility_types", "[]");
            j.nest("evidence", |j| {
                j.null(&[
                    "access_activity_log",
                    "billing_address",
                    "cancellation_policy",
                    "cancellation_policy_disclosure",
                    "cancellation_rebuttal",
                    "customer_communication",
                ]);
                j.opt("customer_email_address", self.email.as_deref());
                j.null(&[
                    "customer_name",
                    "customer_purchase_ip",
                    "customer_signature",
                    "duplicate_charge_documentation",
                    "duplicate_charge_explanation",
                    "duplicate_charge_id",
                ]);
                j.raw("enhanced_evidence", "{}");
                j.null(&[
                    "product_description",
                    "receipt",
                    "refund_policy",
                    "refund_policy_disclosure",
                    "refund_refusal_explanation",
                    "service_date",
                    "service_documentation",
                    "shipping_address",
                    "shipping_carrier",
                    "shipping_date",
                    "shipping_documentation",
                    "shipping_tracking_number",
                    "uncategorized_file",
                    "uncategorized_text",
                ]);
            });
            j.nest("evidence_details", |j| {
                j.int("due_by", self.due_by);
                j.raw("enhanced_eligibility", "{}");
                j.flag("has_evidence", self.status != DisputeStatus::NeedsResponse);
                j.flag("past_due", false);
                j.int("submission_count", i64::from(self.status != DisputeStatus::NeedsResponse));
            });
            j.flag("is_charge_refundable", false);
            j.flag("livemode", livemode);
            j.metadata(&self.metadata);
            j.opt("payment_intent", self.intent.as_deref());
            j.raw(
                "payment_method_details",
                r#"{"card":{"brand":"visa","case_type":"chargeback","network":"visa","network_reason_code":"10.4"},"type":"card"}"#,
            );
            j.text("reason", &self.reason);
            j.text("status", self.status.word());
        });
    }
}
