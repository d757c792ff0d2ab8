//! Paying a checkout by card: tried, declined, confirmed with the bank, paid. Debits and holds have their own rooms.

use super::{Due, Refusal, Told, World};
use crate::ledger::{PayState, Payment, SessionState};
use crate::objects::{
    Charge, ChargeStatus, Failure, Intent, IntentStatus, Method, Object, PaymentStatus, Session,
    SessionStatus,
};

impl World {
    /// The buyer presses "pay": the intent is made, and nothing comes of it yet.
    pub fn attempt(&mut self, session: &str) -> Told<String> {
        let s = self.open_session(session)?;
        if let Some(intent) = &s.intent {
            return Ok(intent.clone());
        }
        let intent = self.mint("pi_3", 23);
        let s = self.session_mut(session)?;
        s.intent = Some(intent.clone());
        let s = s.clone();
        let made = Intent {
            id: intent.clone(),
            created: self.now,
            amount: s.amount,
            amount_capturable: 0,
            amount_received: 0,
            currency: s.currency.clone(),
            status: IntentStatus::NeedsMethod,
            method: Method::Card,
            payment_method: None,
            customer: s.customer.clone(),
            receipt_email: s.intent_receipt_email.clone(),
            description: None,
            metadata: s.intent_metadata.clone(),
            latest_charge: None,
            captures_by_hand: s.captures_by_hand,
            canceled_at: None,
            cancellation_reason: None,
            failure: None,
            shipping: None,
            session: Some(session.to_owned()),
        };
        let note = payment_note(&made, PayState::Attempted);
        self.book.payment_made(Some(session), note, s.email(), &made.metadata);
        self.book.payment_state(&intent, PayState::Attempted, self.now);
        self.add(Object::Intent(Box::new(made)));
        self.emit("payment_intent.created", &intent);
        Ok(intent)
    }

    /// The buyer's card is declined; the session stays open.
    pub fn decline(&mut self, session: &str, decline_code: &str) -> Told<String> {
        self.buyer_types(session)?;
        let intent = self.attempt(session)?;
        let failure = Failure::of_code(decline_code);
        let charge = self.new_charge(&intent, ChargeStatus::Failed, Some(failure.clone()))?;
        let i = self.intent_mut(&intent)?;
        i.status = IntentStatus::NeedsMethod;
        i.failure = Some(failure);
        i.payment_method = None;
        self.book.payment_state(&intent, PayState::Declined, self.now);
        self.emit("charge.failed", &charge);
        self.emit("payment_intent.payment_failed", &intent);
        Ok(charge)
    }

    /// The buyer pays by card: customer, intent, charge and completed session, all in this second.
    pub fn pay(&mut self, session: &str) -> Told<String> {
        if self.open_session(session)?.amount == 0 {
            self.buyer_becomes_customer(session)?;
            self.complete(session, PaymentStatus::NotRequired)?;
            self.book.session_state(session, SessionState::Free, self.now);
            self.emit("checkout.session.completed", session);
            return Ok(session.to_owned());
        }
        let charge = self.take_money(session)?;
        self.complete(session, PaymentStatus::Paid)?;
        self.book.session_state(session, SessionState::Complete, self.now);
        self.emit("checkout.session.completed", session);
        Ok(charge)
    }

    /// The payment succeeds, but checkout never learns of it: the session stays open.
    pub fn pay_without_completing(&mut self, session: &str) -> Told<String> {
        self.take_money(session)
    }

    fn take_money(&mut self, session: &str) -> Told<String> {
        self.buyer_becomes_customer(session)?;
        let intent = self.attempt(session)?;
        let charge = self.new_charge(&intent, ChargeStatus::Succeeded, None)?;
        self.intent_succeeds(&intent)?;
        self.emit("charge.succeeded", &charge);
        self.emit("payment_intent.succeeded", &intent);
        self.later(3, Due::ChargeBooked(charge.clone()));
        Ok(charge)
    }

    /// The buyer's bank asks them to confirm; the session stays open.
    pub fn require_action(&mut self, session: &str) -> Told<String> {
        self.buyer_types(session)?;
        let intent = self.attempt(session)?;
        let method = self.mint("pm_1", 23);
        let i = self.intent_mut(&intent)?;
        i.status = IntentStatus::NeedsAction;
        i.payment_method = Some(method);
        self.book.payment_state(&intent, PayState::NeedsAction, self.now);
        self.emit("payment_intent.requires_action", &intent);
        Ok(intent)
    }

    pub(super) fn intent_succeeds(&mut self, intent: &str) -> Told<()> {
        let now = self.now;
        let i = self.intent_mut(intent)?;
        i.status = IntentStatus::Succeeded;
        i.amount_received = i.amount;
        i.amount_capturable = 0;
        i.failure = None;
        self.book.payment_state(intent, PayState::Paid, now);
        Ok(())
    }

    pub(super) fn new_charge(
        &mut self,
        intent: &str,
        status: ChargeStatus,
        failure: Option<Failure>,
    ) -> Told<String> {
        let id = self.mint(if self.intent(intent)?.method == Method::Card { "ch_3" } else { "py_3" }, 23);
        let payment_method = self.mint("pm_1", 23);
        let now = self.now;
        let i = self.intent(intent)?.clone();
        let buyer = i.session.as_deref().and_then(|s| self.session(s).ok()).map(|s| {
            (s.email().map(str::to_owned), s.buyer_name.clone(), s.address.clone(), s.collects_shipping)
        });
        let (email, name, address, ships) = buyer.unwrap_or((i.receipt_email.clone(), None, None, false));
        let typed = address.clone().filter(|_| ships).map(|a| (name.clone().unwrap_or_default(), a));
        let shipping = typed.or(i.shipping.clone());
        let taken = status != ChargeStatus::Failed;
        self.add(Object::Charge(Box::new(Charge {
            id: id.clone(),
            created: now,
            amount: i.amount,
            amount_captured: if taken { i.amount } else { 0 },
            amount_refunded: 0,
            currency: i.currency.clone(),
            captured: taken,
            refunded: false,
            disputed: false,
            status,
            method: i.method,
            payment_method: Some(payment_method.clone()),
            customer: i.customer.clone(),
            intent: Some(intent.to_owned()),
            email,
            name,
            address,
            receipt_email: i.receipt_email.clone(),
            description: i.description.clone(),
            metadata: i.metadata.clone(),
            failure,
            balance_transaction: None,
            shipping: shipping.clone(),
            capture_before: None,
            dispute: None,
        })));
        self.book.charged(intent, &id, now, &i.metadata);
        let i = self.intent_mut(intent)?;
        i.latest_charge = Some(id.clone());
        i.payment_method = Some(payment_method);
        i.shipping = shipping;
        Ok(id)
    }

    /// Seconds after a charge, Stripe books it, and says so with `charge.updated`.
    pub(super) fn book_charge(&mut self, charge: &str) {
        let before = self.before(charge);
        let transaction = self.mint("txn_3", 23);
        let Ok(c) = self.charge_mut(charge) else { return };
        if c.balance_transaction.is_none() {
            c.balance_transaction = Some(transaction);
            self.emit_updated("charge.updated", charge, &before);
        }
    }

    fn open_session(&self, session: &str) -> Told<&Session> {
        let s = self.session(session)?;
        match s.status {
            SessionStatus::Open => Ok(s),
            other => Err(Refusal::invalid(format!(
                "This Checkout Session is {}; nobody can pay it.",
                other.word()
            ))),
        }
    }

    /// What the buyer types on the page becomes known to the session.
    pub(super) fn buyer_types(&mut self, session: &str) -> Told<()> {
        self.open_session(session)?;
        let s = self.session_mut(session)?;
        if s.buyer_email.is_none() {
            let typed = s.will_type.email.clone();
            s.buyer_email = s.customer_email.clone().or(typed).or(Some("someone@example.com".to_owned()));
        }
        s.buyer_name.clone_from(&s.will_type.name);
        s.address.clone_from(&s.will_type.address);
        let email = s.email().unwrap_or_default().to_owned();
        self.book.buyer_email(session, &email);
        Ok(())
    }

    pub(super) fn buyer_becomes_customer(&mut self, session: &str) -> Told<()> {
        self.buyer_types(session)?;
        let s = self.session(session)?.clone();
        if s.customer.is_none() && s.customer_creation == Some("always") {
            let shipping = s
                .address
                .clone()
                .filter(|_| s.collects_shipping)
                .map(|a| (s.buyer_name.clone().unwrap_or_default(), a));
            let customer = self.customer_from_checkout(&s, shipping);
            self.session_mut(session)?.customer = Some(customer.clone());
            if let Some(intent) = &s.intent {
                self.intent_mut(intent)?.customer = Some(customer);
            }
        }
        Ok(())
    }

    pub(super) fn complete(&mut self, session: &str, payment_status: PaymentStatus) -> Told<()> {
        let s = self.session_mut(session)?;
        s.status = SessionStatus::Complete;
        s.payment_status = payment_status;
        Ok(())
    }
}

pub(super) fn payment_note(intent: &Intent, state: PayState) -> Payment {
    Payment {
        id: intent.id.clone(),
        created: intent.created,
        amount: intent.amount,
        currency: intent.currency.clone(),
        state,
        tried: false,
        declined: false,
        paid_at: None,
        charges: Vec::new(),
        refunds: Vec::new(),
        disputes: Vec::new(),
    }
}
