//! Bank debits: checkout is complete at once, the money comes or bounces days later.

use super::{Due, Refusal, Told, World};
use crate::ledger::{PayState, SessionState};
use crate::objects::{ChargeStatus, Failure, IntentStatus, Method, PaymentStatus};

impl World {
    /// The buyer pays by bank debit: checkout is complete, the money is not there yet.
    pub fn pay_async(&mut self, session: &str) -> Told<String> {
        self.buyer_becomes_customer(session)?;
        let intent = self.attempt(session)?;
        let charge = self.start_debit(&intent)?;
        self.complete(session, PaymentStatus::Unpaid)?;
        self.book.session_state(session, SessionState::Complete, self.now);
        self.emit("charge.pending", &charge);
        self.emit("payment_intent.processing", &intent);
        self.emit("checkout.session.completed", session);
        Ok(charge)
    }

    /// The bank debit arrives.
    pub fn settle_async(&mut self, session: &str) -> Told<()> {
        let (intent, _) = self.pending_debit(session)?;
        self.session_mut(session)?.payment_status = PaymentStatus::Paid;
        self.debit_arrives(&intent)?;
        self.emit("checkout.session.async_payment_succeeded", session);
        Ok(())
    }

    /// The bank debit arrives, but checkout never learns of it: the session stays unpaid.
    pub fn settle_without_completing(&mut self, session: &str) -> Told<()> {
        let (intent, _) = self.pending_debit(session)?;
        self.debit_arrives(&intent)
    }

    /// Makes the pending charge of a bank debit.
    pub(super) fn start_debit(&mut self, intent: &str) -> Told<String> {
        self.intent_mut(intent)?.method = Method::SepaDebit;
        let charge = self.new_charge(intent, ChargeStatus::Pending, None)?;
        let i = self.intent_mut(intent)?;
        i.status = IntentStatus::Processing;
        i.failure = None;
        self.book.payment_state(intent, PayState::Processing, self.now);
        Ok(charge)
    }

    /// Charge and intent of a debit under way succeed.
    pub(super) fn debit_arrives(&mut self, intent: &str) -> Told<()> {
        let charge = self.charge_under_way(intent)?;
        self.charge_mut(&charge)?.status = ChargeStatus::Succeeded;
        self.intent_succeeds(intent)?;
        self.emit("charge.succeeded", &charge);
        self.emit("payment_intent.succeeded", intent);
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

    fn pending_debit(&self, session: &str) -> Told<(String, String)> {
        let intent = self.session(session)?.intent.clone().unwrap_or_default();
        let charge = self.charge_under_way(&intent)?;
        Ok((intent, charge))
    }

    fn charge_under_way(&self, intent: &str) -> Told<String> {
        let i = self.intent(intent)?;
        match (i.status, &i.latest_charge) {
            (IntentStatus::Processing, Some(charge)) => Ok(charge.clone()),
            _ => Err(Refusal::invalid("This payment has no debit under way.")),
        }
    }
}
