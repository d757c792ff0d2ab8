//! Actions: what an operator may ask for, and the plan that is shown before anything is done.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Every action by name, as it is stored, shown and typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ActionKind {
    /// Reads every object of an order from Stripe again.
    Refetch,
    /// Joins a payment to an order, at Stripe and here.
    LinkPayment,
    /// Changes colour, e-mail, locale or shipping address.
    ChangeDetails,
    /// Opens a fresh checkout with the same order data.
    NewLink,
    /// Ends an open checkout.
    ExpireSession,
    /// Takes an authorised amount.
    Capture,
    /// Lets an authorised amount go.
    CancelAuthorisation,
    /// Pays back, whole or in part.
    Refund,
    /// Asks Stripe to deliver an event again. Undocumented by Stripe; switched on by hand.
    ResendEvent,
    /// Takes back credits that one payment was granted twice.
    ReverseGrant,
    /// Sends an event that Klaviyo lacks.
    SendEvent,
    /// Snoozes, dismisses, resolves or opens a finding again.
    SetFinding,
    /// Writes a note on an order.
    Annotate,
    /// Takes an order for a customer and hands over the payment link.
    NewPreorder,
}

impl ActionKind {
    /// Every kind, in the order people meet them.
    pub const ALL: [Self; 14] = [
        Self::Refetch,
        Self::LinkPayment,
        Self::ChangeDetails,
        Self::NewLink,
        Self::ExpireSession,
        Self::Capture,
        Self::CancelAuthorisation,
        Self::Refund,
        Self::ResendEvent,
        Self::ReverseGrant,
        Self::SendEvent,
        Self::SetFinding,
        Self::Annotate,
        Self::NewPreorder,
    ];

    /// The word as it is stored, in JSON and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refetch => "refetch",
            Self::LinkPayment => "link_payment",
            Self::ChangeDetails => "change_details",
            Self::NewLink => "new_link",
            Self::ExpireSession => "expire_session",
            Self::Capture => "capture",
            Self::CancelAuthorisation => "cancel_authorisation",
            Self::Refund => "refund",
            Self::ResendEvent => "resend_event",
            Self::ReverseGrant => "reverse_grant",
            Self::SendEvent => "send_event",
            Self::SetFinding => "set_finding",
            Self::Annotate => "annotate",
            Self::NewPreorder => "new_preorder",
        }
    }

    /// Reads the word; None for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Whether it moves money: takes, pays back or lets go.
    pub const fn moves_money(self) -> bool {
        matches!(self, Self::Capture | Self::CancelAuthorisation | Self::Refund)
    }

    /// Whether it can be done without a network.
    pub const fn is_local(self) -> bool {
        matches!(self, Self::ReverseGrant | Self::SetFinding | Self::Annotate)
    }
}

/// A postal address, as Stripe names its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(export)]
pub struct Address {
    /// Who it is delivered to.
    pub name: String,
    /// Street and number.
    pub line1: String,
    /// Flat, floor, company.
    pub line2: String,
    /// City.
    pub city: String,
    /// State or county.
    pub state: String,
    /// Postal code.
    pub postal_code: String,
    /// Country, two letters.
    pub country: String,
}

/// Why money is paid back, in Stripe's words. There is no `fraudulent`: it puts the buyer's card and e-mail on
/// Stripe's block lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum RefundReason {
    /// The customer asked for it.
    #[default]
    RequestedByCustomer,
    /// It was paid twice.
    Duplicate,
}

impl RefundReason {
    /// Stripe's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RequestedByCustomer => "requested_by_customer",
            Self::Duplicate => "duplicate",
        }
    }
}

/// What an operator says of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum FindingWord {
    /// It needs attention again.
    Open,
    /// Not before some instant.
    Snoozed,
    /// It is not wrong, and here is why.
    Dismissed,
    /// It was dealt with.
    Resolved,
}

impl FindingWord {
    /// The word as it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Snoozed => "snoozed",
            Self::Dismissed => "dismissed",
            Self::Resolved => "resolved",
        }
    }
}

/// What an operator asks for. Ids are those of the mirror; any id that ever named an order will do for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
#[ts(export)]
pub enum ActionRequest {
    /// Reads every object of an order from Stripe again.
    Refetch {
        /// The order.
        order: String,
    },
    /// Joins a payment to an order: metadata of session, intent and charge, and a link here.
    LinkPayment {
        /// Id of the payment's intent, charge or session.
        payment: String,
        /// The order it belongs to.
        order: String,
    },
    /// Changes what is not null.
    ChangeDetails {
        /// The order.
        order: String,
        /// Colour.
        #[serde(default)]
        color: Option<String>,
        /// E-mail.
        #[serde(default)]
        email: Option<String>,
        /// Locale.
        #[serde(default)]
        locale: Option<String>,
        /// Shipping address.
        #[serde(default)]
        address: Option<Address>,
    },
    /// Opens a fresh checkout with the same order data.
    NewLink {
        /// The order.
        order: String,
    },
    /// Ends an open checkout.
    ExpireSession {
        /// The session.
        session: String,
    },
    /// Takes an authorised amount.
    Capture {
        /// The intent.
        intent: String,
    },
    /// Lets an authorised amount go.
    CancelAuthorisation {
        /// The intent.
        intent: String,
    },
    /// Pays back, whole or in part.
    Refund {
        /// The charge, or its intent.
        payment: String,
        /// Minor units; null pays back what is left.
        #[serde(default)]
        amount_minor: Option<i64>,
        /// Why.
        #[serde(default)]
        reason: RefundReason,
    },
    /// Asks Stripe to deliver an event again.
    ResendEvent {
        /// The event.
        event: String,
        /// The webhook endpoint.
        endpoint: String,
    },
    /// Takes back credits that one payment was granted twice.
    ReverseGrant {
        /// The owner of the wallet.
        owner: String,
        /// The payment.
        payment: String,
        /// Credits to take back.
        credits: i64,
    },
    /// Sends an event that Klaviyo lacks.
    SendEvent {
        /// The order.
        order: String,
        /// `started` or `success`.
        event: String,
        /// Lets flows run, so that a mail may go out; else it is backfill.
        #[serde(default)]
        mail: bool,
    },
    /// Snoozes, dismisses, resolves or opens a finding again.
    SetFinding {
        /// The finding.
        finding: String,
        /// What is said of it.
        state: FindingWord,
        /// Until when a snooze holds, unix seconds.
        #[serde(default)]
        until: Option<i64>,
        /// Why.
        #[serde(default)]
        note: Option<String>,
    },
    /// Writes a note on an order.
    Annotate {
        /// The order.
        order: String,
        /// The note.
        note: String,
    },
    /// Takes an order for a customer and hands over the payment link.
    NewPreorder {
        /// Who orders.
        email: String,
        /// Their name, where known.
        #[serde(default)]
        name: Option<String>,
        /// Colour.
        color: String,
        /// Locale.
        locale: String,
        /// The price's Stripe id.
        price: String,
        /// How many.
        #[serde(default = "one")]
        quantity: i64,
    },
}

fn one() -> i64 {
    1
}

impl ActionRequest {
    /// Its kind.
    pub const fn kind(&self) -> ActionKind {
        match self {
            Self::Refetch { .. } => ActionKind::Refetch,
            Self::LinkPayment { .. } => ActionKind::LinkPayment,
            Self::ChangeDetails { .. } => ActionKind::ChangeDetails,
            Self::NewLink { .. } => ActionKind::NewLink,
            Self::ExpireSession { .. } => ActionKind::ExpireSession,
            Self::Capture { .. } => ActionKind::Capture,
            Self::CancelAuthorisation { .. } => ActionKind::CancelAuthorisation,
            Self::Refund { .. } => ActionKind::Refund,
            Self::ResendEvent { .. } => ActionKind::ResendEvent,
            Self::ReverseGrant { .. } => ActionKind::ReverseGrant,
            Self::SendEvent { .. } => ActionKind::SendEvent,
            Self::SetFinding { .. } => ActionKind::SetFinding,
            Self::Annotate { .. } => ActionKind::Annotate,
            Self::NewPreorder { .. } => ActionKind::NewPreorder,
        }
    }
}

/// The id of a confirmed action. Only who has one may ask Stripe to change something.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ActionId(String);

impl ActionId {
    /// Takes the id of an action's row.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// Its text, `act_...`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
