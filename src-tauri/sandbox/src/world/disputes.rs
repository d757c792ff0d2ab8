//! Disputes: opened by the buyer's bank, closed won or lost.

use super::{Refusal, Told, World};
use crate::json::Metadata;
use crate::objects::{ChargeStatus, Dispute, DisputeStatus, Object};

/// The shop has this long to answer.
const ANSWER_WITHIN_S: i64 = 9 * 86_400;

impl World {
    /// The buyer's bank takes the money back and asks the shop for evidence.
    pub fn dispute(&mut self, charge: &str, reason: &str) -> Told<String> {
        let id = self.mint("dp_1", 23);
        let c = self.charge_mut(charge)?;
        if c.status != ChargeStatus::Succeeded || !c.captured || c.disputed {
            return Err(Refusal::invalid("This charge cannot be disputed."));
        }
        c.disputed = true;
        c.dispute = Some(id.clone());
        let c = c.clone();
        self.add(Object::Dispute(Box::new(Dispute {
            id: id.clone(),
            created: self.now,
            amount: c.amount,
            currency: c.currency,
            charge: charge.to_owned(),
            intent: c.intent,
            reason: reason.to_owned(),
            status: DisputeStatus::NeedsResponse,
            due_by: self.now + ANSWER_WITHIN_S,
            email: c.email,
            metadata: Metadata::new(),
        })));
        self.book.disputed(charge, &id);
        self.emit("charge.dispute.created", &id);
        self.emit("charge.dispute.funds_withdrawn", &id);
        Ok(id)
    }

    /// The bank decides. Closing through the API is always losing.
    pub fn close_dispute(&mut self, id: &str, won: DisputeOutcome) -> Told<()> {
        let before = self.before(id);
        let d = self.dispute_mut(id)?;
        if !d.status.is_open() {
            return Err(Refusal::invalid("This dispute is already closed.").code("dispute_already_closed"));
        }
        d.status = match won {
            DisputeOutcome::Won => DisputeStatus::Won,
            DisputeOutcome::Lost => DisputeStatus::Lost,
        };
        let status = d.status;
        self.book.dispute_state(id, status);
        self.emit_updated("charge.dispute.closed", id, &before);
        if status == DisputeStatus::Won {
            self.emit("charge.dispute.funds_reinstated", id);
        }
        Ok(())
    }

    /// The shop hands evidence in.
    pub fn answer_dispute(&mut self, id: &str) -> Told<()> {
        let before = self.before(id);
        let d = self.dispute_mut(id)?;
        if d.status != DisputeStatus::NeedsResponse {
            return Err(Refusal::invalid("This dispute no longer takes evidence."));
        }
        d.status = DisputeStatus::UnderReview;
        self.book.dispute_state(id, DisputeStatus::UnderReview);
        self.emit_updated("charge.dispute.updated", id, &before);
        Ok(())
    }
}

/// How a dispute ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeOutcome {
    /// The shop keeps the money.
    Won,
    /// The buyer keeps the money.
    Lost,
}
