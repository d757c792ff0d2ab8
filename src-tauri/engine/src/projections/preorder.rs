//! One order from its objects: status, money, steps and the fields people look for. A pure rule.

use super::components::{Group, age};
use super::nodes::Node;
use crate::domain::kind::Kind;
use crate::domain::status::PreorderStatus;
use crate::facts::local::CORRECTION;
use crate::facts::names::Key;

/// How far an order came; the number is stored in `preorder.reached`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Step {
    /// It started.
    Started = 1,
    /// A checkout was opened.
    CheckoutOpened = 2,
    /// A payment was attempted.
    PaymentAttempted = 3,
    /// It was paid.
    Paid = 4,
    /// Paid, and neither wholly refunded nor lost to a dispute.
    Kept = 5,
}

/// One order as projected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preorder {
    /// Its id.
    pub id: String,
    /// Status.
    pub status: PreorderStatus,
    /// Normalised e-mail.
    pub email: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Colour.
    pub color: Option<String>,
    /// Locale.
    pub locale: Option<String>,
    /// Source.
    pub source: Option<String>,
    /// The shop's user id.
    pub user_id: Option<String>,
    /// Minor units.
    pub amount: Option<i64>,
    /// Currency.
    pub currency: Option<String>,
    /// Refunded, minor units.
    pub refunded: i64,
    /// Unix seconds.
    pub started_at: i64,
    /// Unix seconds.
    pub paid_at: Option<i64>,
    /// The session that counts.
    pub session: Option<Key>,
    /// The intent that counts.
    pub intent: Option<Key>,
    /// The rule that made its objects one order.
    pub matched_by: &'static str,
    /// The furthest step.
    pub reached: Step,
    /// One of its objects is unsettled.
    pub unsettled: bool,
    /// See [`Group::conflict`].
    pub conflict: bool,
    /// It has no e-mail of its own and shows its customer's.
    pub borrows_email: bool,
    /// It buys goods: no payment of it buys credits.
    pub goods: bool,
    /// Its sessions that are not complete; 0 where it buys credits.
    pub sessions: i64,
    /// A digest of its sessions as far as findings of its person look at them.
    pub opened: i64,
    /// How many findings its own objects make.
    pub findings: i64,
    /// From when on it is a lead, unix seconds; None where nothing suggests it.
    pub lead_at: Option<i64>,
}

/// Folds one order. `customer_email` is asked for only when no object of the order carries an e-mail.
/// None for objects that make no order, such as a refund whose charge is not known yet.
pub fn fold_order(group: &Group, customer_email: impl FnOnce(&[Key]) -> Option<String>) -> Option<Preorder> {
    fold_parts(group, &Parts::of(group), customer_email)
}

/// As [`fold_order`], of objects that were sorted by kind. What it means for findings is left open.
pub(super) fn fold_parts(
    group: &Group,
    order: &Parts<'_>,
    customer_email: impl FnOnce(&[Key]) -> Option<String>,
) -> Option<Preorder> {
    let first = order.nodes().next()?;
    let session = order.main_session();
    let intent = order.main_intent(session);
    let by_weight = order.by_weight(session, intent);
    let own = |field: fn(&Node) -> Option<&String>| by_weight.iter().copied().find_map(field).cloned();
    let email = own(|node| node.state.email.as_ref());
    let borrows_email = email.is_none();
    let email = email.or_else(|| customer_email(&order.customers()));
    let priced = by_weight.iter().find(|node| node.state.amount.is_some());
    let money = Money::of(order, priced.and_then(|node| node.state.amount));
    let status = status(order, &money);
    let kept = money.paid && !money.wholly_refunded() && !money.dispute_lost;
    let reached = if kept {
        Step::Kept
    } else if money.paid {
        Step::Paid
    } else if order.attempted() {
        Step::PaymentAttempted
    } else if !order.sessions.is_empty() {
        Step::CheckoutOpened
    } else {
        Step::Started
    };
    Some(Preorder {
        id: order.id(group)?,
        status,
        email,
        name: own(|node| node.state.name.as_ref()),
        color: own(|node| node.state.color.as_ref()),
        locale: own(|node| node.state.locale.as_ref()),
        source: own(|node| node.state.source.as_ref()),
        user_id: own(|node| node.state.user_id.as_ref()),
        amount: priced.and_then(|node| node.state.amount),
        currency: priced
            .and_then(|node| node.state.currency.clone())
            .or_else(|| own(|node| node.state.currency.as_ref())),
        refunded: if money.paid { money.refunded } else { 0 },
        started_at: first.state.created.unwrap_or(first.as_of),
        paid_at: money.paid.then(|| order.paid_at()).flatten(),
        session: session.map(|node| node.key),
        intent: intent.map(|node| node.key).or_else(|| session.and_then(|node| node.links.intent)),
        matched_by: order.matched_by(group),
        reached,
        unsettled: group.nodes.iter().any(|node| node.unsettled),
        conflict: group.conflict,
        borrows_email,
        goods: true,
        sessions: 0,
        opened: 0,
        findings: 0,
        lead_at: None,
    })
}

/// The objects of an order by kind, each oldest first.
pub(super) struct Parts<'a> {
    pub sessions: Vec<&'a Node>,
    pub intents: Vec<&'a Node>,
    pub charges: Vec<&'a Node>,
    pub refunds: Vec<&'a Node>,
    pub disputes: Vec<&'a Node>,
    pub locals: Vec<&'a Node>,
}

pub(super) fn is(value: Option<&String>, words: &[&str]) -> bool {
    value.is_some_and(|value| words.contains(&value.as_str()))
}

pub(super) fn session_paid(node: &Node) -> bool {
    is(node.state.sub_status.as_ref(), &["paid", "no_payment_required"])
        && !is(node.state.status.as_ref(), &["open", "expired"])
}

pub(super) fn charge_paid(node: &Node) -> bool {
    is(node.state.status.as_ref(), &["succeeded"]) && is(node.state.sub_status.as_ref(), &["captured"])
}

impl<'a> Parts<'a> {
    pub(super) fn of(group: &'a Group) -> Self {
        let of =
            |kind: Kind| group.nodes.iter().filter(|node| node.kind == kind && !node.state.deleted).collect();
        Self {
            sessions: of(Kind::Session),
            intents: of(Kind::Intent),
            charges: of(Kind::Charge),
            refunds: of(Kind::Refund),
            disputes: of(Kind::Dispute),
            locals: of(Kind::Local),
        }
    }

    /// Objects that start an order, oldest first.
    fn nodes(&self) -> impl Iterator<Item = &'a Node> {
        let mut all: Vec<&Node> = [&self.sessions, &self.intents, &self.charges, &self.locals]
            .into_iter()
            .flatten()
            .copied()
            .collect();
        all.sort_by(|a, b| age(a).cmp(&age(b)));
        all.into_iter()
    }

    fn id(&self, group: &Group) -> Option<String> {
        let earliest = |nodes: &[&Node]| nodes.first().map(|node| node.id.clone());
        group
            .preorder_id
            .clone()
            .or_else(|| earliest(&self.sessions))
            .or_else(|| earliest(&self.intents))
            .or_else(|| earliest(&self.charges))
            .or_else(|| earliest(&self.locals))
    }

    fn matched_by(&self, group: &Group) -> &'static str {
        if group.preorder_id.is_some() {
            "preorder_id"
        } else if group.operator_linked {
            "operator_link"
        } else if self.sessions.iter().any(|node| node.links.recovered_from.is_some()) {
            "recovered_from"
        } else if !self.sessions.is_empty() {
            "session"
        } else if !self.intents.is_empty() {
            "payment_intent"
        } else if !self.charges.is_empty() {
            "charge"
        } else {
            "local_intent"
        }
    }

    /// The first paid session, else the newest.
    fn main_session(&self) -> Option<&'a Node> {
        self.sessions
            .iter()
            .copied()
            .find(|node| session_paid(node))
            .or_else(|| self.sessions.last().copied())
    }

    /// The intent of the main session, else the first that succeeded, else the newest.
    fn main_intent(&self, session: Option<&Node>) -> Option<&'a Node> {
        let linked = session.and_then(|node| node.links.intent);
        let of_session = self.intents.iter().copied().find(|node| Some(node.key) == linked);
        let succeeded =
            self.intents.iter().copied().find(|node| is(node.state.status.as_ref(), &["succeeded"]));
        let unpaid_session = session.is_some_and(|node| !session_paid(node));
        match (of_session, succeeded) {
            (Some(_), Some(paid)) if unpaid_session => Some(paid),
            (Some(own), _) => Some(own),
            (None, paid) => paid.or_else(|| self.intents.last().copied()),
        }
    }

    /// The order in which objects are asked for a field: the ones that count first, then the newest.
    fn by_weight(&self, session: Option<&'a Node>, intent: Option<&'a Node>) -> Vec<&'a Node> {
        // What an operator corrected comes first, the newest correction before older ones.
        let corrections =
            self.locals.iter().copied().filter(|node| is(node.state.detail.as_ref(), &[CORRECTION]));
        let mut ordered: Vec<&Node> = corrections.rev().chain(session).chain(intent).collect();
        let charges_of_main = self
            .charges
            .iter()
            .copied()
            .filter(|node| intent.is_some_and(|intent| node.links.intent == Some(intent.key)));
        ordered.extend(charges_of_main.rev());
        for nodes in [&self.sessions, &self.intents, &self.charges, &self.locals] {
            for node in nodes.iter().rev() {
                if !ordered.iter().any(|known| known.key == node.key) {
                    ordered.push(node);
                }
            }
        }
        ordered
    }

    fn customers(&self) -> Vec<Key> {
        self.nodes().filter_map(|node| node.links.customer).collect()
    }

    /// Stripe makes the intent of a session when the buyer presses "pay" (since 2022-08-01; before, at once).
    fn attempted(&self) -> bool {
        let pressed = |session: &Node| {
            let intent = self.intents.iter().find(|intent| Some(intent.key) == session.links.intent);
            let made = |node: &Node| node.state.created;
            intent.is_some_and(|intent| made(session).is_some_and(|opened| made(intent) > Some(opened)))
        };
        self.nodes().any(|node| node.state.attempted)
            || self.sessions.iter().any(|node| is(node.state.status.as_ref(), &["complete"]) || pressed(node))
    }

    /// When it was paid: the first event that proves it, else the charge, else the object that says so.
    fn paid_at(&self) -> Option<i64> {
        let proven = self.nodes().filter_map(|node| node.proof_at).min();
        let charged = || {
            self.charges.iter().filter(|node| charge_paid(node)).filter_map(|node| node.state.created).min()
        };
        let intended = || {
            self.intents
                .iter()
                .filter(|node| is(node.state.status.as_ref(), &["succeeded"]))
                .filter_map(|node| node.state.created)
                .min()
        };
        let checked_out = || {
            self.sessions.iter().filter(|node| session_paid(node)).filter_map(|node| node.state.created).min()
        };
        proven.or_else(charged).or_else(intended).or_else(checked_out)
    }
}

/// What money did.
struct Money {
    paid: bool,
    paid_amount: i64,
    refunded: i64,
    dispute_open: bool,
    dispute_lost: bool,
}

impl Money {
    fn of(order: &Parts<'_>, amount: Option<i64>) -> Self {
        let by_charge = order.charges.iter().any(|node| charge_paid(node));
        let by_intent = order.intents.iter().any(|node| is(node.state.status.as_ref(), &["succeeded"]));
        let by_session = order.sessions.iter().any(|node| session_paid(node));
        let charged = sum(order.charges.iter().copied().filter(|node| charge_paid(node)));
        let open = ["needs_response", "under_review", "warning_needs_response", "warning_under_review"];
        Self {
            paid: by_charge || by_intent || by_session,
            paid_amount: if charged > 0 { charged } else { amount.unwrap_or_default() },
            refunded: refunded(order),
            dispute_open: order.disputes.iter().any(|node| is(node.state.status.as_ref(), &open)),
            dispute_lost: order.disputes.iter().any(|node| is(node.state.status.as_ref(), &["lost"])),
        }
    }

    fn wholly_refunded(&self) -> bool {
        self.refunded > 0 && self.refunded >= self.paid_amount
    }
}

/// Refunds that succeeded, and what a charge says was refunded beyond the refunds we know. A hold that was
/// let go looks refunded too, but nothing was ever taken.
fn refunded(order: &Parts<'_>) -> i64 {
    let refunds = || order.refunds.iter().copied();
    let done = sum(refunds().filter(|node| is(node.state.status.as_ref(), &["succeeded"])));
    let unseen = order.charges.iter().filter(|charge| charge_paid(charge)).map(|charge| {
        let known = sum(refunds().filter(|node| of_charge(node, charge)));
        charge.state.amount_part.unwrap_or_default().saturating_sub(known).max(0)
    });
    unseen.fold(done, i64::saturating_add)
}

fn sum<'a>(nodes: impl Iterator<Item = &'a Node>) -> i64 {
    nodes.filter_map(|node| node.state.amount).fold(0, i64::saturating_add)
}

pub(super) fn of_charge(refund: &Node, charge: &Node) -> bool {
    match refund.links.charge {
        Some(key) => key == charge.key,
        None => refund.links.intent.is_some() && refund.links.intent == charge.links.intent,
    }
}

fn status(order: &Parts<'_>, money: &Money) -> PreorderStatus {
    if money.dispute_open || money.dispute_lost {
        return PreorderStatus::Disputed;
    }
    if money.paid {
        return if money.wholly_refunded() {
            PreorderStatus::Refunded
        } else if money.refunded > 0 {
            PreorderStatus::PartiallyRefunded
        } else {
            PreorderStatus::Completed
        };
    }
    unpaid_status(order)
}

fn unpaid_status(order: &Parts<'_>) -> PreorderStatus {
    let session_is = |words: &[&str]| order.sessions.iter().any(|node| is(node.state.status.as_ref(), words));
    let intent_is = |words: &[&str]| order.intents.iter().any(|node| is(node.state.status.as_ref(), words));
    let expired = session_is(&["expired"]);
    let canceled = intent_is(&["canceled"]);
    let in_flight =
        intent_is(&["processing", "requires_action", "requires_source_action", "requires_capture"]);
    if session_is(&["open"]) || in_flight || order.charges.iter().any(|charge| is_pending(order, charge)) {
        return PreorderStatus::Processing;
    }
    let declined = |node: &&Node| is(node.state.sub_status.as_ref(), &["declined"]);
    let gave_up = |node: &&Node| {
        node.state.attempted
            && is(node.state.status.as_ref(), &["requires_payment_method", "requires_source"])
    };
    let failed = order.intents.iter().any(|node| declined(node) || gave_up(node))
        || order.charges.iter().any(|node| is(node.state.status.as_ref(), &["failed"]));
    // Completed but unpaid, and no intent says what became of it: still under way.
    if session_is(&["complete"]) && !failed && !canceled {
        return PreorderStatus::Processing;
    }
    let waits = |node: &&Node| !node.state.attempted && !is(node.state.status.as_ref(), &["canceled"]);
    if order.sessions.is_empty() && order.intents.iter().any(waits) {
        return PreorderStatus::Initiated;
    }
    if failed {
        return PreorderStatus::Failed;
    }
    if canceled && !expired {
        return PreorderStatus::Canceled;
    }
    if expired {
        return PreorderStatus::Expired;
    }
    PreorderStatus::Initiated
}

/// A payment under way or held, unless its intent was cancelled since.
pub(super) fn is_pending(order: &Parts<'_>, charge: &Node) -> bool {
    let given_up = |intent: &&Node| {
        Some(intent.key) == charge.links.intent && is(intent.state.status.as_ref(), &["canceled"])
    };
    let held = is(charge.state.status.as_ref(), &["succeeded"])
        && is(charge.state.sub_status.as_ref(), &["uncaptured"]);
    let let_go = held && charge.state.amount_part > Some(0);
    (held || is(charge.state.status.as_ref(), &["pending"])) && !let_go && !order.intents.iter().any(given_up)
}
