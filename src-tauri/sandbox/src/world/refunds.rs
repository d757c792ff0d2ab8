//! Refunds: made, settled days later, sent back by the bank.

use super::{Refusal, Told, World};
use crate::json::Metadata;
use crate::objects::{Charge, ChargeStatus, Kind, Object, Refund, RefundState};
use serde::{Deserialize, Serialize};

/// How much of a charge to give back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Portion {
    /// What is left of it.
    All,
    /// This much, minor units.
    Amount(i64),
}

impl World {
    /// Gives money back.
    pub fn refund(&mut self, charge: &str, portion: Portion, status: RefundState) -> Told<String> {
        self.refund_with(charge, portion, status, Some("requested_by_customer"), Metadata::new())
    }

    pub(crate) fn refund_with(
        &mut self,
        charge: &str,
        portion: Portion,
        status: RefundState,
        reason: Option<&str>,
        metadata: Metadata,
    ) -> Told<String> {
        let c = self.charge_mut(charge)?.clone();
        let amount = refundable(&c, portion)?;
        let id = self.mint("re_3", 23);
        let transaction = self.mint("txn_3", 23);
        self.add(Object::Refund(Box::new(Refund {
            id: id.clone(),
            created: self.now,
            amount,
            currency: c.currency.clone(),
            charge: charge.to_owned(),
            intent: c.intent.clone(),
            reason: reason.map(str::to_owned),
            status,
            metadata,
            failure_reason: None,
            balance_transaction: (status == RefundState::Succeeded).then_some(transaction),
        })));
        self.book.refunded(charge, &id, amount, status);
        let before = self.before(charge);
        let counts = status.counts();
        if counts {
            let c = self.charge_mut(charge)?;
            c.amount_refunded += amount;
            c.refunded = c.amount_refunded >= c.amount_captured;
        }
        self.emit("refund.created", &id);
        if counts {
            self.emit_updated("charge.refunded", charge, &before);
        }
        Ok(id)
    }

    /// A refund under way arrives at the buyer.
    pub fn settle_refund(&mut self, refund: &str) -> Told<()> {
        self.refund_becomes(refund, RefundState::Succeeded)?;
        Ok(())
    }

    /// The bank sends a refund back; the charge counts as it did before. No event about the charge says so.
    pub fn fail_refund(&mut self, refund: &str) -> Told<()> {
        let r = self.refund_of(refund)?.clone();
        if !r.status.counts() {
            return Err(Refusal::invalid("This refund is already over."));
        }
        self.give_up(&r)?;
        self.refund_becomes(refund, RefundState::Failed)?;
        self.emit("refund.failed", refund);
        Ok(())
    }

    /// A refund that is not done yet is called off; the charge counts as it did before.
    pub fn cancel_refund(&mut self, refund: &str) -> Told<()> {
        let r = self.refund_of(refund)?.clone();
        if !matches!(r.status, RefundState::Pending | RefundState::RequiresAction) {
            return Err(Refusal::invalid("This refund can no longer be canceled."));
        }
        self.give_up(&r)?;
        self.refund_becomes(refund, RefundState::Canceled)
    }

    /// What a refund took counts as charged again.
    fn give_up(&mut self, refund: &Refund) -> Told<()> {
        let c = self.charge_mut(&refund.charge)?;
        c.amount_refunded -= refund.amount;
        c.refunded = false;
        Ok(())
    }

    fn refund_becomes(&mut self, refund: &str, status: RefundState) -> Told<()> {
        let before = self.before(refund);
        let transaction = self.mint("txn_3", 23);
        let r = self.refund_mut(refund)?;
        if !matches!(r.status, RefundState::Pending | RefundState::RequiresAction | RefundState::Succeeded)
            || r.status == status
        {
            return Err(Refusal::invalid("This refund is already over."));
        }
        r.status = status;
        match status {
            RefundState::Failed => r.failure_reason = Some("lost_or_stolen_card"),
            RefundState::Succeeded => r.balance_transaction = Some(transaction),
            _ => {}
        }
        self.book.refund_state(refund, status);
        self.emit_updated("refund.updated", refund, &before);
        self.emit_updated("charge.refund.updated", refund, &before);
        Ok(())
    }

    /// The charge of an intent that a refund by intent means.
    pub(crate) fn charge_to_refund(&self, intent: &str) -> Told<String> {
        let bytes = self
            .bytes(intent)
            .ok_or_else(|| Refusal::no_such(Kind::Intent.name(), intent).param("payment_intent"))?;
        let latest = crate::json::parse(&bytes)["latest_charge"].as_str().map(str::to_owned);
        latest.ok_or_else(|| {
            Refusal::invalid(format!(
                "This PaymentIntent ({intent}) does not have a successful charge to refund."
            ))
        })
    }
}

fn refundable(c: &Charge, portion: Portion) -> Told<i64> {
    if c.status != ChargeStatus::Succeeded || !c.captured {
        return Err(Refusal::invalid(format!(
            "Charge {} has not been captured or did not succeed, so it cannot be refunded.",
            c.id
        )));
    }
    if c.disputed {
        return Err(Refusal::invalid(format!(
            "Charge {} has been charged back; cannot issue a refund.",
            c.id
        ))
        .code("charge_disputed"));
    }
    let left = c.amount_captured - c.amount_refunded;
    if left <= 0 {
        return Err(Refusal::invalid(format!("Charge {} has already been refunded.", c.id))
            .code("charge_already_refunded"));
    }
    let amount = match portion {
        Portion::All => left,
        Portion::Amount(amount) => amount,
    };
    if amount <= 0 {
        return Err(Refusal::invalid("Invalid positive integer")
            .code("parameter_invalid_integer")
            .param("amount"));
    }
    if amount > left {
        return Err(Refusal::invalid(format!(
            "Refund amount ({amount} minor units) is greater than unrefunded amount on charge ({left} minor units)"
        ))
        .param("amount"));
    }
    Ok(amount)
}
