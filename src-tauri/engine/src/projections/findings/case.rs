//! An order as its rules see it: its objects by kind, and what else was looked up for them.

use std::rc::Rc;

use super::super::components::{Group, age};
use super::super::evidence::Reversal;
use super::super::nodes::Node;
use super::super::preorder::{Parts, Preorder, Step, charge_paid, is, is_pending, of_charge};
use super::super::sales::{Sale, Verdict};
use crate::domain::finding::Evidence;
use crate::facts::names::Key;

/// Statuses of an intent that money is on its way in, or held by.
const UNDER_WAY: [&str; 4] = ["processing", "requires_action", "requires_source_action", "requires_capture"];

/// One order with everything its rules ask for.
pub(super) struct Case<'a> {
    /// The order as folded.
    pub order: &'a Preorder,
    /// Its objects.
    pub group: &'a Group,
    /// Its objects by kind, each oldest first.
    pub parts: &'a Parts<'a>,
    /// The orders it touches, itself among them.
    pub near: &'a [Group],
    /// What its sessions sell, and what the price list says of that.
    pub sales: Vec<(Key, Rc<(Sale, Verdict)>)>,
    /// What was ever said of its refunds.
    pub reversals: Vec<(Key, Reversal)>,
    /// Statuses of the shop's own rows of the order, as of the last time they were read.
    pub shop: Vec<String>,
    /// The shop's checkouts have to name a user.
    pub user_ids: bool,
}

impl<'a> Case<'a> {
    /// No payment of it went through.
    pub(super) fn unpaid(&self) -> bool {
        self.order.reached < Step::Paid
    }

    /// It was paid, and neither wholly refunded nor lost to a dispute.
    pub(super) fn kept(&self) -> bool {
        self.order.reached == Step::Kept
    }

    /// When it was paid; when it started where nothing says it.
    pub(super) fn paid_at(&self) -> i64 {
        self.order.paid_at.unwrap_or(self.order.started_at)
    }

    /// Its sessions that are open.
    pub(super) fn open_sessions(&self) -> impl Iterator<Item = &'a Node> {
        self.parts.sessions.iter().copied().filter(|node| is(node.state.status.as_ref(), &["open"]))
    }

    /// The intent of a session, where it is one of the order's objects.
    pub(super) fn intent_of(&self, session: &Node) -> Option<&'a Node> {
        let key = session.links.intent?;
        self.parts.intents.iter().copied().find(|node| node.key == key)
    }

    /// Charges of an intent, oldest first.
    pub(super) fn charges_of(&self, intent: Key) -> impl Iterator<Item = &'a Node> {
        self.parts.charges.iter().copied().filter(move |node| node.links.intent == Some(intent))
    }

    /// Sessions of an intent.
    pub(super) fn sessions_of(&self, intent: Key) -> impl Iterator<Item = &'a Node> {
        self.parts.sessions.iter().copied().filter(move |node| node.links.intent == Some(intent))
    }

    /// Whether money is on its way in, or held.
    pub(super) fn is_under_way(&self) -> bool {
        let intents = self.parts.intents.iter().any(|node| is(node.state.status.as_ref(), &UNDER_WAY));
        intents || self.parts.charges.iter().any(|charge| is_pending(self.parts, charge))
    }

    /// Minor units that went back of a charge.
    fn returned(&self, charge: &Node) -> i64 {
        let of = self.parts.refunds.iter().filter(|refund| of_charge(refund, charge));
        let done = of.filter(|refund| is(refund.state.status.as_ref(), &["succeeded"]));
        let told: i64 = done.filter_map(|refund| refund.state.amount).fold(0, i64::saturating_add);
        told.max(charge.state.amount_part.unwrap_or_default())
    }

    /// Whether a charge took money that did not all go back.
    pub(super) fn took_money(&self, charge: &Node) -> bool {
        charge_paid(charge) && self.returned(charge) < charge.state.amount.unwrap_or(1).max(1)
    }

    /// Whether a charge took money of which a part went back.
    pub(super) fn kept_part(&self, charge: &Node) -> bool {
        self.took_money(charge) && self.returned(charge) > 0
    }

    /// What was ever said of a refund.
    pub(super) fn reversal(&self, refund: Key) -> Option<Reversal> {
        self.reversals.iter().find(|(key, _)| *key == refund).map(|(_, reversal)| *reversal)
    }

    /// An object of this order or of one it touches.
    pub(super) fn near(&self, key: Key) -> Option<&'a Node> {
        self.near.iter().flat_map(|group| &group.nodes).find(|node| node.key == key)
    }
}

/// Whether an intent's last attempt to pay failed, and nothing follows of it by itself.
pub(super) fn is_declined(intent: &Node) -> bool {
    let status = intent.state.status.as_ref();
    let ended = is(status, &UNDER_WAY) || is(status, &["succeeded"]);
    let gave_up = intent.state.attempted && is(status, &["requires_payment_method", "requires_source"]);
    !ended && (is(intent.state.sub_status.as_ref(), &["declined"]) || gave_up)
}

/// Whether an intent waits for its buyer to prove who they are.
pub(super) fn needs_action(intent: &Node) -> bool {
    is(intent.state.status.as_ref(), &["requires_action", "requires_source_action"])
}

/// Whether a session is complete and its payment is not there.
pub(super) fn is_complete_unpaid(session: &Node) -> bool {
    is(session.state.status.as_ref(), &["complete"]) && is(session.state.sub_status.as_ref(), &["unpaid"])
}

/// When an object was made; the instant it is known of where it does not say.
pub(super) fn made(node: &Node) -> i64 {
    node.state.created.unwrap_or(node.as_of)
}

/// An object as evidence.
pub(super) fn shown(name: &str, node: &Node) -> Evidence {
    Evidence::named(name)
        .id(&node.id)
        .at(node.state.created)
        .text(node.state.status.as_deref())
        .money(node.state.amount, node.state.currency.as_deref())
}

/// Which of two candidates of a rule stands for both: the one that counts from earlier.
pub(super) fn earlier<'a>(one: (i64, &'a Node), other: (i64, &'a Node)) -> (i64, &'a Node) {
    if (other.0, age(other.1)) < (one.0, age(one.1)) { other } else { one }
}
