//! What is true of every order, kept by the story operations themselves and apart from what the sandbox serves.
//!
//! Stories write notes into the [`Book`]; [`Book::ledger`] reads orders out of them. Served JSON never flows in here,
//! so a test can hold a projection of that JSON against it.

mod book;
mod credits;
mod read;

pub(crate) use book::{Book, Pack, PayState, Payment, SessionNote, SessionState};
pub use credits::{CreditLedger, CreditPayment, CreditStatus, Known, ShopUser};
pub(crate) use credits::{Sale, clawed};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All orders of the world, oldest first, and their totals.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// Every order the stories told, oldest first. Scale orders are only counted, in `totals`.
    pub orders: Vec<LedgerOrder>,
    /// Counts over all orders, those of scale mode included.
    pub totals: Totals,
    /// What is true of the credits sold, as far as Stripe alone can tell who owns them.
    #[serde(default)]
    pub credits: CreditLedger,
}

/// One order, as an all-knowing bookkeeper would write it down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LedgerOrder {
    /// The expected order id: its valid preorderId, else the earliest session's id, else the earliest intent's.
    pub id: String,
    /// The preorderId of its earliest object that has a valid one.
    pub preorder_id: Option<String>,
    /// Its checkout sessions, oldest first.
    pub session_ids: Vec<String>,
    /// Its payment intents, oldest first.
    pub intent_ids: Vec<String>,
    /// Its charges, failed ones included.
    pub charge_ids: Vec<String>,
    /// Its refunds, failed ones included.
    pub refund_ids: Vec<String>,
    /// Its disputes.
    pub dispute_ids: Vec<String>,
    /// The buyer's e-mail: metadata `email`, else what checkout knows.
    pub email: Option<String>,
    /// Metadata `color`.
    pub color: Option<String>,
    /// Metadata `locale`, else the checkout page's.
    pub locale: Option<String>,
    /// Metadata `source`.
    pub source: Option<String>,
    /// Metadata `userId`.
    #[serde(default)]
    pub user_id: Option<String>,
    /// The plan of the credits it buys; `None` for a preorder.
    #[serde(default)]
    pub plan: Option<String>,
    /// One of the nine status words of the design.
    pub status: String,
    /// Amount of the earliest payment that succeeded, else of the earliest object.
    pub amount_minor: i64,
    /// Its currency, lower case.
    pub currency: String,
    /// What refunds that succeeded took back.
    pub refunded_minor: i64,
    /// Creation time of its earliest object, unix seconds.
    pub started_at: i64,
    /// When the first payment succeeded, unix seconds.
    pub paid_at: Option<i64>,
    /// Funnel: a checkout session exists.
    pub checkout_opened: bool,
    /// Funnel: the buyer tried to pay.
    pub payment_attempted: bool,
    /// Funnel: a payment succeeded, or none was needed.
    pub paid: bool,
    /// Funnel: paid, not wholly refunded, and no dispute lost.
    pub kept: bool,
    /// Faults planted in it.
    pub broken: Vec<Fault>,
}

/// Counts over orders and objects.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Orders.
    pub orders: u64,
    /// Orders by status word.
    pub by_status: BTreeMap<String, u64>,
    /// Funnel: orders with a session.
    pub checkout_opened: u64,
    /// Funnel: orders with an attempt to pay.
    pub payment_attempted: u64,
    /// Funnel: paid orders.
    pub paid: u64,
    /// Funnel: orders still kept.
    pub kept: u64,
    /// Objects the API lists, by Stripe's name of the kind.
    pub objects: BTreeMap<String, u64>,
}

impl Totals {
    pub(crate) fn count(&mut self, status: &str, steps: [bool; 4]) {
        self.orders += 1;
        *self.by_status.entry(status.to_owned()).or_default() += 1;
        let [opened, attempted, paid, kept] = steps;
        self.checkout_opened += u64::from(opened);
        self.payment_attempted += u64::from(attempted);
        self.paid += u64::from(paid);
        self.kept += u64::from(kept);
    }
}

/// A planted fault: one way in which an order can be stuck, as far as Stripe's side goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The payment succeeded, but its session stayed open and no completed event came.
    PaidNotCompleted,
    /// The buyer pressed "pay", and nothing came of it.
    ProcessingTooLong,
    /// The buyer tried to pay and was declined; the session will expire.
    ExpiresAfterAttempt,
    /// The payment failed for good.
    PaymentFailed,
    /// The buyer never came back from the bank's page.
    RequiresActionStale,
    /// A bank debit that stays pending.
    AsyncPendingTooLong,
    /// A debit that bounced days after checkout was complete.
    AsyncFailed,
    /// Authorised and not captured; the hold lapses.
    AuthorisationLapsing,
    /// A payment without session and without preorderId.
    OrphanPayment,
    /// The same person paid twice for the same colour.
    PaidTwice,
    /// Several sessions, none completed.
    SeveralSessionsNoneCompleted,
    /// No colour in the metadata.
    MissingColor,
    /// No e-mail anywhere (possible only before checkout is complete).
    MissingEmail,
    /// Paid without a shipping address.
    MissingAddress,
    /// Sold for another amount than the price list says.
    WrongAmount,
    /// Sold in a currency the price list does not have.
    WrongCurrency,
    /// The session carries no preorderId.
    MissingPreorderId,
    /// The session carries no userId.
    MissingUserId,
    /// preorderId is the text `undefined`, `null` or empty.
    PlaceholderPreorderId,
    /// Session and intent carry different preorderIds.
    SessionIntentMismatch,
    /// One preorderId on several people.
    SharedPreorderId,
    /// Refunded in part.
    PartialRefund,
    /// A refund the bank sent back.
    RefundFailed,
    /// An open dispute.
    DisputeOpen,
    /// A lost dispute.
    DisputeLost,
    /// An event that no delivery attempt got through.
    UndeliveredEvent,
    /// A second checkout was opened after the order was paid.
    StepsOutOfOrder,
    /// The buyer's customer record was deleted.
    CustomerDeleted,
}

impl Fault {
    /// Every fault there is.
    pub const ALL: [Fault; 28] = [
        Fault::PaidNotCompleted,
        Fault::ProcessingTooLong,
        Fault::ExpiresAfterAttempt,
        Fault::PaymentFailed,
        Fault::RequiresActionStale,
        Fault::AsyncPendingTooLong,
        Fault::AsyncFailed,
        Fault::AuthorisationLapsing,
        Fault::OrphanPayment,
        Fault::PaidTwice,
        Fault::SeveralSessionsNoneCompleted,
        Fault::MissingColor,
        Fault::MissingEmail,
        Fault::MissingAddress,
        Fault::WrongAmount,
        Fault::WrongCurrency,
        Fault::MissingPreorderId,
        Fault::MissingUserId,
        Fault::PlaceholderPreorderId,
        Fault::SessionIntentMismatch,
        Fault::SharedPreorderId,
        Fault::PartialRefund,
        Fault::RefundFailed,
        Fault::DisputeOpen,
        Fault::DisputeLost,
        Fault::UndeliveredEvent,
        Fault::StepsOutOfOrder,
        Fault::CustomerDeleted,
    ];
}
