//! Reads orders out of the book: joins strands by recovery and by valid preorderId, then names each order's state.

use super::book::{Bearer, Book, PayState, Payment, SessionNote, SessionState, Strand};
use super::{Known, Ledger, LedgerOrder, Totals};
use crate::objects::{DisputeStatus, RefundState};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A preorderId that says nothing joins nothing.
const PLACEHOLDERS: [&str; 3] = ["", "undefined", "null"];
/// A preorderId on more people than this joins nothing.
const MOST_PEOPLE: usize = 3;

impl Book {
    /// Every order, oldest first.
    pub(crate) fn ledger(&self) -> Ledger {
        let usable = self.usable_preorder_ids();
        let mut joined = Joined::new(self.strands.len());
        let mut by_session = HashMap::new();
        for (at, strand) in self.strands.iter().enumerate() {
            if let Some(session) = &strand.session {
                by_session.insert(session.id.as_str(), at);
            }
        }
        for (at, strand) in self.strands.iter().enumerate() {
            let from = strand.session.as_ref().and_then(|s| s.recovered_from.as_deref());
            if let Some(&parent) = from.and_then(|id| by_session.get(id)) {
                joined.join(at, parent);
            }
        }
        // Recovery is a physical link and comes first; its chain has one preorderId, which then joins chains.
        let mut first_with: BTreeMap<&str, usize> = BTreeMap::new();
        for (root, members) in joined.groups() {
            let Some(preorder_id) = preorder_id(&self.pick(&members), &usable) else { continue };
            match first_with.get(preorder_id) {
                Some(&other) => joined.join(root, other),
                None => {
                    first_with.insert(preorder_id, root);
                }
            }
        }
        let mut orders: Vec<LedgerOrder> =
            joined.groups().into_values().map(|members| order(&self.pick(&members), &usable)).collect();
        orders.sort_by(|a, b| (a.started_at, &a.id).cmp(&(b.started_at, &b.id)));
        let mut totals = Totals::default();
        for order in &orders {
            totals.count(
                &order.status,
                [order.checkout_opened, order.payment_attempted, order.paid, order.kept],
            );
        }
        Ledger { orders, totals, credits: self.credits(Known::Stripe) }
    }

    fn pick(&self, members: &[usize]) -> Vec<&Strand> {
        members.iter().map(|&at| &self.strands[at]).collect()
    }

    fn usable_preorder_ids(&self) -> BTreeSet<&str> {
        let mut people: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for strand in &self.strands {
            for bearer in &strand.bearers {
                let Some(id) = bearer.tags.preorder_id.as_deref() else { continue };
                let emails = people.entry(id).or_default();
                let own = bearer.tags.email.as_deref();
                emails.extend(own.or(strand.email.as_deref()).map(|e| e.trim().to_lowercase()));
            }
        }
        people
            .into_iter()
            .filter(|(id, emails)| !PLACEHOLDERS.contains(&id.trim()) && emails.len() <= MOST_PEOPLE)
            .map(|(id, _)| id)
            .collect()
    }
}

/// Bearers of metadata, earliest first.
pub(super) fn bearers<'a>(strands: &[&'a Strand]) -> Vec<&'a Bearer> {
    let mut all: Vec<&Bearer> = strands.iter().flat_map(|s| &s.bearers).collect();
    all.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
    all
}

fn preorder_id<'a>(strands: &[&'a Strand], usable: &BTreeSet<&str>) -> Option<&'a str> {
    bearers(strands).into_iter().filter_map(|b| b.tags.preorder_id.as_deref()).find(|id| usable.contains(id))
}

fn order(strands: &[&Strand], usable: &BTreeSet<&str>) -> LedgerOrder {
    let bearers = bearers(strands);
    let mut sessions: Vec<&SessionNote> = strands.iter().filter_map(|s| s.session.as_ref()).collect();
    sessions.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
    let mut payments: Vec<&Payment> = strands.iter().flat_map(|s| &s.payments).collect();
    payments.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
    let tag = |get: fn(&Bearer) -> Option<&String>| bearers.iter().find_map(|b| get(b)).cloned();

    let preorder_id = preorder_id(strands, usable).map(str::to_owned);
    let first_id = sessions.first().map(|s| &s.id).or(payments.first().map(|p| &p.id));
    let free_at =
        sessions.iter().filter(|s| s.state == SessionState::Free).filter_map(|s| s.completed_at).min();
    let first_paid = payments.iter().filter(|p| p.paid_at.is_some()).min_by_key(|p| p.paid_at);
    let paid_at = first_paid.and_then(|p| p.paid_at).into_iter().chain(free_at).min();
    let (amount_minor, currency) = match (first_paid, sessions.first(), payments.first()) {
        (Some(p), _, _) => (p.amount, p.currency.clone()),
        (None, Some(s), _) => (s.amount, s.currency.clone()),
        (None, None, Some(p)) => (p.amount, p.currency.clone()),
        (None, None, None) => (0, String::new()),
    };
    let refunded_minor: i64 =
        payments.iter().flat_map(|p| &p.refunds).filter(|r| r.2 == RefundState::Succeeded).map(|r| r.1).sum();
    let status = status(&sessions, &payments, refunded_minor);
    let lost = payments.iter().flat_map(|p| &p.disputes).any(|d| d.1 == DisputeStatus::Lost);
    let paid = paid_at.is_some();
    let wholly_refunded = refunded_minor > 0 && refunded_minor >= paid_minor(&payments);
    let mut broken: Vec<_> = strands.iter().flat_map(|s| s.broken.iter().copied()).collect();
    broken.sort_unstable();
    broken.dedup();

    LedgerOrder {
        id: preorder_id.clone().or(first_id.cloned()).unwrap_or_default(),
        preorder_id,
        charge_ids: payments.iter().flat_map(|p| p.charges.iter().cloned()).collect(),
        refund_ids: payments.iter().flat_map(|p| p.refunds.iter().map(|r| r.0.clone())).collect(),
        dispute_ids: payments.iter().flat_map(|p| p.disputes.iter().map(|d| d.0.clone())).collect(),
        email: tag(|b| b.tags.email.as_ref()).or_else(|| strands.iter().find_map(|s| s.email.clone())),
        color: tag(|b| b.tags.color.as_ref()),
        locale: tag(|b| b.tags.locale.as_ref())
            .or_else(|| sessions.iter().find_map(|s| s.page_locale.clone()).filter(|l| l != "auto")),
        source: tag(|b| b.tags.source.as_ref()),
        user_id: tag(|b| b.tags.user_id.as_ref()),
        plan: sessions.iter().find_map(|s| s.pack.as_ref()).map(|pack| pack.plan.clone()),
        status: status.to_owned(),
        amount_minor,
        currency,
        refunded_minor,
        started_at: bearers.first().map_or(0, |b| b.created),
        paid_at,
        checkout_opened: !sessions.is_empty(),
        payment_attempted: paid || payments.iter().any(|p| p.tried),
        paid,
        kept: paid && !wholly_refunded && !lost,
        broken,
        session_ids: sessions.into_iter().map(|s| s.id.clone()).collect(),
        intent_ids: payments.into_iter().map(|p| p.id.clone()).collect(),
    }
}

fn paid_minor(payments: &[&Payment]) -> i64 {
    payments.iter().filter(|p| p.paid_at.is_some()).map(|p| p.amount).sum()
}

/// The first of the design's status words that holds.
fn status(sessions: &[&SessionNote], payments: &[&Payment], refunded_minor: i64) -> &'static str {
    let disputes = || payments.iter().flat_map(|p| &p.disputes);
    let any = |state: PayState| payments.iter().any(|p| p.state == state);
    let session = |state: SessionState| sessions.iter().any(|s| s.state == state);
    if disputes().any(|d| d.1.is_open() || d.1 == DisputeStatus::Lost) {
        return "disputed";
    }
    if refunded_minor > 0 {
        return if refunded_minor >= paid_minor(payments) { "refunded" } else { "partially_refunded" };
    }
    if any(PayState::Paid) || session(SessionState::Free) {
        return "completed";
    }
    let under_way = [PayState::NeedsAction, PayState::Processing, PayState::Authorised, PayState::Attempted];
    if session(SessionState::Open) || under_way.into_iter().any(any) {
        return "processing";
    }
    if sessions.is_empty() && any(PayState::New) {
        return "initiated";
    }
    if payments.iter().any(|p| p.declined) {
        return "failed";
    }
    // An intent that went down with its session only expired.
    if any(PayState::Canceled) && !session(SessionState::Expired) {
        return "canceled";
    }
    "expired"
}

/// Union-find over strands.
struct Joined(Vec<usize>);

impl Joined {
    fn new(count: usize) -> Joined {
        Joined((0..count).collect())
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }

    fn groups(&mut self) -> BTreeMap<usize, Vec<usize>> {
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for at in 0..self.0.len() {
            groups.entry(self.root(at)).or_default().push(at);
        }
        groups
    }
}
