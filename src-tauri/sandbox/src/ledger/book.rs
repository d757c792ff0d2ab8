//! The notes that stories take: one strand per checkout (or payment without one), and what happened to it.

use super::{Fault, ShopUser};
use crate::json::Metadata;
use crate::objects::{DisputeStatus, RefundState};
use std::collections::HashMap;

/// How far a payment came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PayState {
    /// Made, never tried.
    New,
    /// The buyer pressed "pay" and nothing came of it yet.
    Attempted,
    Declined,
    NeedsAction,
    Processing,
    Authorised,
    Paid,
    Canceled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionState {
    Open,
    Complete,
    /// Complete, and there was nothing to pay.
    Free,
    Expired,
}

/// The metadata the shop works with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tags {
    pub preorder_id: Option<String>,
    pub email: Option<String>,
    pub color: Option<String>,
    pub locale: Option<String>,
    pub source: Option<String>,
    pub user_id: Option<String>,
}

impl Tags {
    fn of(metadata: &Metadata) -> Tags {
        let get = |key: &str| metadata.get(key).cloned();
        Tags {
            preorder_id: get("preorderId"),
            email: get("email"),
            color: get("color"),
            locale: get("locale"),
            source: get("source"),
            user_id: get("userId"),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Bearer {
    pub id: String,
    pub created: i64,
    pub tags: Tags,
}

#[derive(Debug, Clone)]
pub(crate) struct SessionNote {
    pub id: String,
    pub created: i64,
    pub state: SessionState,
    pub completed_at: Option<i64>,
    pub recovered_from: Option<String>,
    pub page_locale: Option<String>,
    pub amount: i64,
    pub currency: String,
    /// The credits it sells, if any.
    pub pack: Option<Pack>,
}

/// Credits as they were sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pack {
    pub plan: String,
    pub credits: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct Payment {
    pub id: String,
    pub created: i64,
    pub amount: i64,
    pub currency: String,
    pub state: PayState,
    pub tried: bool,
    pub declined: bool,
    pub paid_at: Option<i64>,
    pub charges: Vec<String>,
    pub refunds: Vec<(String, i64, RefundState)>,
    pub disputes: Vec<(String, DisputeStatus)>,
}

/// One checkout with its payments, or one payment that had no checkout.
#[derive(Debug, Clone, Default)]
pub(crate) struct Strand {
    pub session: Option<SessionNote>,
    pub payments: Vec<Payment>,
    pub email: Option<String>,
    /// Objects whose metadata counts: session, intents, charges.
    pub bearers: Vec<Bearer>,
    pub broken: Vec<Fault>,
    /// What the shop's own row says of it, where that is not the truth.
    pub row_status: Option<String>,
}

/// Everything noted so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Book {
    pub(super) strands: Vec<Strand>,
    /// Who signed up in the shop.
    pub(crate) users: Vec<ShopUser>,
    by_object: HashMap<String, usize>,
}

impl Book {
    /// Users that metadata names: id, e-mail, and when they were first named.
    pub(crate) fn named_users(&self) -> impl Iterator<Item = (&str, Option<&str>, i64)> {
        self.strands.iter().flat_map(|strand| {
            strand.bearers.iter().filter_map(|bearer| {
                let email = bearer.tags.email.as_deref().or(strand.email.as_deref());
                Some((bearer.tags.user_id.as_deref()?, email, bearer.created))
            })
        })
    }

    pub(crate) fn session_opened(&mut self, note: SessionNote, email: Option<&str>, metadata: &Metadata) {
        let at = self.strands.len();
        self.by_object.insert(note.id.clone(), at);
        self.strands.push(Strand {
            bearers: vec![Bearer { id: note.id.clone(), created: note.created, tags: Tags::of(metadata) }],
            session: Some(note),
            email: email.map(str::to_owned),
            ..Strand::default()
        });
    }

    pub(crate) fn payment_made(
        &mut self,
        session: Option<&str>,
        payment: Payment,
        email: Option<&str>,
        metadata: &Metadata,
    ) {
        let at = session.and_then(|id| self.by_object.get(id).copied()).unwrap_or_else(|| {
            self.strands.push(Strand::default());
            self.strands.len() - 1
        });
        self.by_object.insert(payment.id.clone(), at);
        let strand = &mut self.strands[at];
        if strand.email.is_none() {
            strand.email = email.map(str::to_owned);
        }
        strand.bearers.push(Bearer {
            id: payment.id.clone(),
            created: payment.created,
            tags: Tags::of(metadata),
        });
        strand.payments.push(payment);
    }

    pub(crate) fn charged(&mut self, intent: &str, charge: &str, created: i64, metadata: &Metadata) {
        let Some(&at) = self.by_object.get(intent) else { return };
        self.by_object.insert(charge.to_owned(), at);
        let strand = &mut self.strands[at];
        strand.bearers.push(Bearer { id: charge.to_owned(), created, tags: Tags::of(metadata) });
        if let Some(payment) = strand.payments.iter_mut().find(|p| p.id == intent) {
            payment.charges.push(charge.to_owned());
        }
    }

    pub(crate) fn payment_state(&mut self, intent: &str, state: PayState, now: i64) {
        let Some(payment) = self.payment_mut(|p| p.id == intent, intent) else { return };
        payment.state = state;
        match state {
            PayState::New | PayState::Canceled => {}
            _ => payment.tried = true,
        }
        payment.declined |= state == PayState::Declined;
        if state == PayState::Paid {
            payment.paid_at.get_or_insert(now);
        }
    }

    /// Of what was held only this was taken.
    pub(crate) fn paid_amount(&mut self, intent: &str, amount: i64) {
        if let Some(payment) = self.payment_mut(|p| p.id == intent, intent) {
            payment.amount = amount;
        }
    }

    pub(crate) fn refunded(&mut self, charge: &str, refund: &str, amount: i64, state: RefundState) {
        let Some(&at) = self.by_object.get(charge) else { return };
        self.by_object.insert(refund.to_owned(), at);
        if let Some(payment) = self.payment_mut(|p| p.charges.iter().any(|c| c == charge), charge) {
            payment.refunds.push((refund.to_owned(), amount, state));
        }
    }

    pub(crate) fn refund_state(&mut self, refund: &str, state: RefundState) {
        let known = |p: &Payment| p.refunds.iter().any(|r| r.0 == refund);
        if let Some(payment) = self.payment_mut(known, refund) {
            payment.refunds.iter_mut().filter(|r| r.0 == refund).for_each(|r| r.2 = state);
        }
    }

    pub(crate) fn disputed(&mut self, charge: &str, dispute: &str) {
        let Some(&at) = self.by_object.get(charge) else { return };
        self.by_object.insert(dispute.to_owned(), at);
        if let Some(payment) = self.payment_mut(|p| p.charges.iter().any(|c| c == charge), charge) {
            payment.disputes.push((dispute.to_owned(), DisputeStatus::NeedsResponse));
        }
    }

    pub(crate) fn dispute_state(&mut self, dispute: &str, state: DisputeStatus) {
        let known = |p: &Payment| p.disputes.iter().any(|d| d.0 == dispute);
        if let Some(payment) = self.payment_mut(known, dispute) {
            payment.disputes.iter_mut().filter(|d| d.0 == dispute).for_each(|d| d.1 = state);
        }
    }

    pub(crate) fn session_state(&mut self, session: &str, state: SessionState, now: i64) {
        if let Some(note) = self.strand_mut(session).and_then(|s| s.session.as_mut()) {
            note.state = state;
            if matches!(state, SessionState::Complete | SessionState::Free) {
                note.completed_at.get_or_insert(now);
            }
        }
    }

    /// The buyer told checkout an e-mail.
    pub(crate) fn buyer_email(&mut self, session: &str, email: &str) {
        if let Some(strand) = self.strand_mut(session) {
            strand.email = Some(email.to_owned());
        }
    }

    /// An object's metadata is now this.
    pub(crate) fn tagged(&mut self, object: &str, metadata: &Metadata) {
        if let Some(strand) = self.strand_mut(object)
            && let Some(bearer) = strand.bearers.iter_mut().find(|b| b.id == object)
        {
            bearer.tags = Tags::of(metadata);
        }
    }

    /// Notes a planted fault on the order that an object belongs to.
    pub(crate) fn planted(&mut self, object: &str, fault: Fault) {
        if let Some(strand) = self.strand_mut(object)
            && !strand.broken.contains(&fault)
        {
            strand.broken.push(fault);
        }
    }

    /// The shop's own row of the order says this.
    pub(crate) fn row_status(&mut self, object: &str, status: &str) {
        if let Some(strand) = self.strand_mut(object) {
            strand.row_status = Some(status.to_owned());
        }
    }

    /// What the shop's own row says of the order that one of these objects belongs to, where that was told.
    pub(crate) fn told_row_status<'a>(&self, objects: impl Iterator<Item = &'a String>) -> Option<&str> {
        objects
            .filter_map(|object| self.strands.get(*self.by_object.get(object)?))
            .find_map(|strand| strand.row_status.as_deref())
    }

    fn strand_mut(&mut self, object: &str) -> Option<&mut Strand> {
        let at = *self.by_object.get(object)?;
        self.strands.get_mut(at)
    }

    fn payment_mut(&mut self, wanted: impl Fn(&Payment) -> bool, object: &str) -> Option<&mut Payment> {
        self.strand_mut(object)?.payments.iter_mut().find(|p| wanted(p))
    }
}
