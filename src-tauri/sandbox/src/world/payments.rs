//! Paying a checkout: tried, declined, paid, debited days later, authorised, captured, cancelled.

use super::{Due, Refusal, Told, World};
use crate::ledger::{PayState, Payment, SessionState};
use crate::objects::{
    Charge, ChargeStatus, Failure, Intent, IntentStatus, Method, Object, PaymentStatus, Session, SessionStatus,
};

/// A card authorisation lapses after this long.
const HOLD_S: i64 = 7 * 86_400;

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

    /// The buyer pays by bank debit: checkout is complete, the money is not there yet.
    pub fn pay_async(&mut self, session: &str) -> Told<String> {
        self.buyer_becomes_customer(session)?;
        let intent = self.attempt(session)?;
        self.intent_mut(&intent)?.method = Method::SepaDebit;
        let charge = self.new_charge(&intent, ChargeStatus::Pending, None)?;
        let i = self.intent_mut(&intent)?;
        i.status = IntentStatus::Processing;
        i.failure = None;
        self.book.payment_state(&intent, PayState::Processing, self.now);
        self.complete(session, PaymentStatus::Unpaid)?;
        self.book.session_state(session, SessionState::Complete, self.now);
        self.emit("charge.pending", &charge);
        self.emit("payment_intent.processing", &intent);
        self.emit("checkout.session.completed", session);
        Ok(charge)
    }

    /// The bank debit arrives.
    pub fn settle_async(&mut self, session: &str) -> Told<()> {
        let (intent, charge) = self.pending_debit(session)?;
        self.charge_mut(&charge)?.status = ChargeStatus::Succeeded;
        self.intent_succeeds(&intent)?;
        self.session_mut(session)?.payment_status = PaymentStatus::Paid;
        self.emit("charge.succeeded", &charge);
        self.emit("payment_intent.succeeded", &intent);
        self.emit("checkout.session.async_payment_succeeded", session);
        self.later(3, Due::ChargeBooked(charge));
        Ok(())
    }

    /// The bank debit bounces.
    pub fn fail_async(&mut self, session: &str) -> Told<()> {
        let (intent, charge) = self.pending_debit(session)?;
        let failure = Failure::of_code("debit_failed");
        let c = self.charge_mut(&charge)?;
        c.status = ChargeStatus::Failed;
        c.failure = Some(failure.clone());
        c.captured = false;
        c.amount_captured = 0;
        let i = self.intent_mut(&intent)?;
        i.status = IntentStatus::NeedsMethod;
        i.failure = Some(failure);
        self.book.payment_state(&intent, PayState::Declined, self.now);
        self.emit("charge.failed", &charge);
        self.emit("payment_intent.payment_failed", &intent);
        self.emit("checkout.session.async_payment_failed", session);
        Ok(())
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

    /// The money is held, not taken: checkout is complete and unpaid.
    pub fn authorize(&mut self, session: &str) -> Told<String> {
        self.buyer_becomes_customer(session)?;
        let intent = self.attempt(session)?;
        self.intent_mut(&intent)?.captures_by_hand = true;
        let charge = self.new_charge(&intent, ChargeStatus::Succeeded, None)?;
        let hold = self.now + HOLD_S;
        let c = self.charge_mut(&charge)?;
        c.captured = false;
        c.amount_captured = 0;
        c.capture_before = Some(hold);
        let i = self.intent_mut(&intent)?;
        i.status = IntentStatus::NeedsCapture;
        i.amount_capturable = i.amount;
        i.failure = None;
        self.book.payment_state(&intent, PayState::Authorised, self.now);
        self.complete(session, PaymentStatus::Unpaid)?;
        self.book.session_state(session, SessionState::Complete, self.now);
        self.emit("charge.succeeded", &charge);
        self.emit("payment_intent.amount_capturable_updated", &intent);
        self.emit("checkout.session.completed", session);
        Ok(charge)
    }

    /// The shop takes money it had held.
    pub fn capture(&mut self, intent: &str) -> Told<()> {
        let i = self.intent(intent)?;
        if i.status != IntentStatus::NeedsCapture {
            return Err(Refusal::invalid(format!(
                "This PaymentIntent could not be captured because it has a status of {}. Only a PaymentIntent with one of the following statuses may be captured: requires_capture.",
                i.status.word()
            ))
            .code("payment_intent_unexpected_state"));
        }
        let (charge, session) = (i.latest_charge.clone().unwrap_or_default(), i.session.clone());
        let c = self.charge_mut(&charge)?;
        c.captured = true;
        c.amount_captured = c.amount;
        c.capture_before = None;
        self.intent_succeeds(intent)?;
        if let Some(session) = session {
            self.session_mut(&session)?.payment_status = PaymentStatus::Paid;
        }
        self.emit("charge.captured", &charge);
        self.emit("payment_intent.succeeded", intent);
        self.later(3, Due::ChargeBooked(charge));
        Ok(())
    }

    /// The shop gives an intent up. One that belongs to an open session cannot be cancelled: its session is expired.
    pub fn cancel_intent(&mut self, intent: &str, reason: Option<&str>) -> Told<()> {
        let now = self.now;
        let i = self.intent(intent)?.clone();
        let open = i.session.as_deref().is_some_and(|s| self.session(s).is_ok_and(|s| s.status == SessionStatus::Open));
        if open {
            return Err(Refusal::invalid(
                "You cannot cancel this PaymentIntent because it was created by Checkout. To cancel it, expire the Checkout Session.",
            ));
        }
        if matches!(i.status, IntentStatus::Succeeded | IntentStatus::Canceled | IntentStatus::Processing) {
            return Err(Refusal::invalid(format!(
                "You cannot cancel this PaymentIntent because it has a status of {}. Only a PaymentIntent with one of the following statuses may be canceled: requires_payment_method, requires_capture, requires_reauthorization, requires_confirmation, requires_action, processing.",
                i.status.word()
            ))
            .code("payment_intent_unexpected_state"));
        }
        let held = (i.status == IntentStatus::NeedsCapture).then_some(i.latest_charge).flatten();
        let i = self.intent_mut(intent)?;
        i.status = IntentStatus::Canceled;
        i.amount_capturable = 0;
        i.canceled_at = Some(now);
        i.cancellation_reason = reason.map(str::to_owned);
        self.book.payment_state(intent, PayState::Canceled, now);
        if let Some(charge) = held {
            // Stripe shows a released hold as a refunded charge that was never captured.
            let c = self.charge_mut(&charge)?;
            c.amount_refunded = c.amount;
            c.refunded = true;
            c.capture_before = None;
            self.emit("charge.refunded", &charge);
        }
        self.emit("payment_intent.canceled", intent);
        Ok(())
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

    pub(super) fn new_charge(&mut self, intent: &str, status: ChargeStatus, failure: Option<Failure>) -> Told<String> {
        let id = self.mint(if self.intent(intent)?.method == Method::Card { "ch_3" } else { "py_3" }, 23);
        let payment_method = self.mint("pm_1", 23);
        let now = self.now;
        let i = self.intent(intent)?.clone();
        let buyer = i.session.as_deref().and_then(|s| self.session(s).ok()).map(|s| {
            (s.email().map(str::to_owned), s.buyer_name.clone(), s.address.clone(), s.collects_shipping)
        });
        let (email, name, address, ships) = buyer.unwrap_or((i.receipt_email.clone(), None, None, false));
        let shipping = address.clone().filter(|_| ships).map(|a| (name.clone().unwrap_or_default(), a));
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
            other => Err(Refusal::invalid(format!("This Checkout Session is {}; nobody can pay it.", other.word()))),
        }
    }

    fn pending_debit(&self, session: &str) -> Told<(String, String)> {
        let intent = self.session(session)?.intent.clone().unwrap_or_default();
        let i = self.intent(&intent)?;
        match (i.status, &i.latest_charge) {
            (IntentStatus::Processing, Some(charge)) => Ok((intent, charge.clone())),
            _ => Err(Refusal::invalid("This Checkout Session has no debit under way.")),
        }
    }

    /// What the buyer types on the page becomes known to the session.
    fn buyer_types(&mut self, session: &str) -> Told<()> {
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

    fn buyer_becomes_customer(&mut self, session: &str) -> Told<()> {
        self.buyer_types(session)?;
        let s = self.session(session)?.clone();
        if s.customer.is_none() && s.customer_creation == Some("always") {
            let shipping = s.address.clone().filter(|_| s.collects_shipping).map(|a| (s.buyer_name.clone().unwrap_or_default(), a));
            let customer = self.customer_from_checkout(&s, shipping);
            self.session_mut(session)?.customer = Some(customer.clone());
            if let Some(intent) = &s.intent {
                self.intent_mut(intent)?.customer = Some(customer);
            }
        }
        Ok(())
    }

    fn complete(&mut self, session: &str, payment_status: PaymentStatus) -> Told<()> {
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
