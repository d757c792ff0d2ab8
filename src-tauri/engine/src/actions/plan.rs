//! A plan as people see it: what will change, what will be asked of whom, what it costs and whom it mails.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::domain::action::{ActionKind, ActionRequest};

/// One field of one object, before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct FieldChange {
    /// The object's id; null for one that is made.
    pub object: Option<String>,
    /// Its kind, Stripe's word; `mirror` for what is kept here alone.
    pub kind: String,
    /// The field, such as `metadata.color`, `status`, `amount_refunded`.
    pub field: String,
    /// What it is now; null for nothing.
    pub before: Option<String>,
    /// What it will be; null for nothing.
    pub after: Option<String>,
    /// The currency, where both are minor units.
    pub currency: Option<String>,
}

/// One request that will be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PlannedCall {
    /// `stripe` or `klaviyo`.
    pub service: String,
    /// `GET` or `POST`.
    pub method: String,
    /// Its path.
    pub path: String,
    /// Stripe's name of the permission a restricted key needs for it.
    pub permission: Option<String>,
}

/// Money that moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PlanMoney {
    /// Minor units, above zero.
    #[ts(type = "number")]
    pub amount_minor: i64,
    /// Currency.
    pub currency: String,
    /// `out` is paid back, `in` is taken, `released` is let go.
    pub direction: String,
}

/// A plan. Confirming it does what it says, or nothing when the world is another by then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ActionPlan {
    /// Its id, by which it is confirmed.
    pub id: String,
    /// A digest of what it says and of the requests it will send.
    pub hash: String,
    /// Made at, unix seconds.
    #[ts(type = "number")]
    pub made_at: i64,
    /// What is done.
    pub action: ActionKind,
    /// What was asked for.
    pub request: ActionRequest,
    /// The order it is about.
    pub order_id: Option<String>,
    /// Its e-mail.
    pub email: Option<String>,
    /// What changes.
    pub changes: Vec<FieldChange>,
    /// What is sent, in this order.
    pub calls: Vec<PlannedCall>,
    /// Money that moves; null where none does.
    pub money: Option<PlanMoney>,
    /// Mails that go to people because of it, as far as is known.
    pub mails: u32,
    /// Things to know, by name: `stripe_may_send_receipt`, `open_sessions_end`, `link_lasts_a_day`, `other_email`,
    /// `other_amount`, `undocumented`, `mirror_only`, `no_identity`, `keeps_no_address`; of what Klaviyo is told `backfill`,
    /// `flows_may_mail`, `unsubscribed`, `paid_meanwhile`, `not_kept`, `profile_too`.
    pub notices: Vec<String>,
    /// How it is undone: `same_again`, `expire_new_link`, `unlink`, `open_again`, `adjust`, `none`.
    pub undo: String,
    /// The amount must be typed to confirm.
    pub confirm_amount: bool,
}

impl ActionPlan {
    /// Whether it changes nothing anywhere: it asks, and that is all.
    pub fn only_reads(&self) -> bool {
        !self.calls.is_empty() && self.calls.iter().all(|call| call.method == "GET")
    }
}
