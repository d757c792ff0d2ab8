//! Payments without a checkout: the orphans that somebody has to match by hand.

use super::payments::payment_note;
use super::{Due, Refusal, Told, World};
use crate::json::Metadata;
use crate::ledger::PayState;
use crate::objects::{ChargeStatus, Failure, Intent, IntentStatus, Method, Object};

/// A payment made without a session.
#[derive(Debug, Clone)]
pub struct DirectSpec {
    /// Minor units.
    pub amount: i64,
    /// Lower case.
    pub currency: String,
    /// Where the receipt goes, and all there is of the buyer.
    pub email: Option<String>,
    /// A Customer, if there is one.
    pub customer: Option<String>,
    /// Country of the shipping address; empty: there is none.
    pub country: String,
    /// Its metadata.
    pub metadata: Metadata,
}

impl Default for DirectSpec {
    fn default() -> Self {
        DirectSpec {
            amount: 14_900,
            currency: "eur".to_owned(),
            email: None,
            customer: None,
            country: String::new(),
            metadata: Metadata::new(),
        }
    }
}

impl World {
    /// Makes an intent that nobody tries to pay yet.
    pub fn direct_intent(&mut self, spec: DirectSpec) -> Told<String> {
        let mut email = spec.email.clone();
        if let Some(customer) = &spec.customer {
            email = email.or(self.customer(customer)?.email.clone());
        }
        let ship_to = (!spec.country.is_empty()).then(|| crate::shop::address_in(&spec.country));
        let made = Intent {
            id: self.mint("pi_3", 23),
            created: self.now,
            amount: spec.amount,
            amount_capturable: 0,
            amount_received: 0,
            currency: spec.currency,
            status: IntentStatus::NeedsMethod,
            method: Method::Card,
            payment_method: None,
            customer: spec.customer,
            receipt_email: spec.email.clone(),
            description: Some("Payment taken outside checkout".to_owned()),
            metadata: spec.metadata,
            latest_charge: None,
            captures_by_hand: false,
            canceled_at: None,
            cancellation_reason: None,
            failure: None,
            shipping: ship_to
                .map(|address| (email.as_deref().map(crate::shop::name_of).unwrap_or_default(), address)),
            session: None,
        };
        let id = made.id.clone();
        self.book.payment_made(None, payment_note(&made, PayState::New), email.as_deref(), &made.metadata);
        self.add(Object::Intent(Box::new(made)));
        self.emit("payment_intent.created", &id);
        Ok(id)
    }

    /// The buyer of a payment without checkout pays.
    pub fn pay_direct(&mut self, intent: &str) -> Told<String> {
        self.needs_method(intent)?;
        let charge = self.new_charge(intent, ChargeStatus::Succeeded, None)?;
        self.intent_succeeds(intent)?;
        self.emit("charge.succeeded", &charge);
        self.emit("payment_intent.succeeded", intent);
        self.later(3, Due::ChargeBooked(charge.clone()));
        Ok(charge)
    }

    /// The buyer of a payment without checkout pays by bank debit; the money is not there yet.
    pub fn debit_direct(&mut self, intent: &str) -> Told<String> {
        self.needs_method(intent)?;
        let charge = self.start_debit(intent)?;
        self.emit("charge.pending", &charge);
        self.emit("payment_intent.processing", intent);
        Ok(charge)
    }

    /// The bank debit of a payment without checkout arrives.
    pub fn settle_direct(&mut self, intent: &str) -> Told<()> {
        self.debit_arrives(intent)
    }

    /// The card of a payment without checkout is declined.
    pub fn decline_direct(&mut self, intent: &str, decline_code: &str) -> Told<String> {
        self.needs_method(intent)?;
        let failure = Failure::of_code(decline_code);
        let charge = self.new_charge(intent, ChargeStatus::Failed, Some(failure.clone()))?;
        self.intent_mut(intent)?.failure = Some(failure);
        self.book.payment_state(intent, PayState::Declined, self.now);
        self.emit("charge.failed", &charge);
        self.emit("payment_intent.payment_failed", intent);
        Ok(charge)
    }

    fn needs_method(&self, intent: &str) -> Told<()> {
        let i = self.intent(intent)?;
        if i.session.is_some() || i.status != IntentStatus::NeedsMethod {
            return Err(Refusal::invalid("This PaymentIntent cannot be paid directly.")
                .code("payment_intent_unexpected_state"));
        }
        Ok(())
    }
}
