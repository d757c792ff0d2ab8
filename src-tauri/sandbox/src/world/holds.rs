//! Holds: money authorised at checkout, captured or given up later.

use super::{Due, Refusal, Told, World};
use crate::ledger::{PayState, SessionState};
use crate::objects::{ChargeStatus, IntentStatus, PaymentStatus, SessionStatus};

/// A card authorisation lapses after this long.
const HOLD_S: i64 = 7 * 86_400;

impl World {
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
        self.capture_part(intent, None)
    }

    /// The shop takes a part of the money it had held; the rest is released.
    pub fn capture_part(&mut self, intent: &str, amount: Option<i64>) -> Told<()> {
        let i = self.intent(intent)?;
        if i.status != IntentStatus::NeedsCapture {
            return Err(Refusal::invalid(format!(
                "This PaymentIntent could not be captured because it has a status of {}. Only a PaymentIntent with one of the following statuses may be captured: requires_capture.",
                i.status.word()
            ))
            .code("payment_intent_unexpected_state"));
        }
        let amount = amount.unwrap_or(i.amount_capturable);
        if amount < 1 {
            return Err(Refusal::invalid("Invalid positive integer")
                .code("parameter_invalid_integer")
                .param("amount_to_capture"));
        }
        if amount > i.amount_capturable {
            return Err(Refusal::invalid(format!(
                "The amount to capture ({amount}) is greater than the amount that can be captured ({}).",
                i.amount_capturable
            ))
            .code("amount_too_large")
            .param("amount_to_capture"));
        }
        let (charge, session) = (i.latest_charge.clone().unwrap_or_default(), i.session.clone());
        let c = self.charge_mut(&charge)?;
        c.captured = true;
        c.amount_captured = amount;
        c.capture_before = None;
        self.intent_succeeds(intent)?;
        self.intent_mut(intent)?.amount_received = amount;
        self.book.paid_amount(intent, amount);
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
        let open = i
            .session
            .as_deref()
            .is_some_and(|s| self.session(s).is_ok_and(|s| s.status == SessionStatus::Open));
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
}
