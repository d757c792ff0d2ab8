//! The single things customers do, told to the world as stories.

use super::{Play, Step, Traffic};
use crate::ledger::Fault;
use crate::world::{Buyer, CheckoutSpec, DirectSpec, DisputeOutcome, Due, Portion, RefundState, Told, World};

/// One thing a customer, their bank or the shop does.
#[derive(Debug, Clone)]
pub(crate) enum Deed {
    Attempt,
    Decline(&'static str),
    RequireAction,
    Pay,
    PayWithoutCompleting,
    PayAsync,
    SettleAsync,
    FailAsync,
    Authorize,
    Recover,
    /// A further checkout; the story goes on with it.
    OpenAgain {
        spec: Box<CheckoutSpec>,
        fault: Option<Fault>,
    },
    /// The buyer pays by a link that somebody made by hand.
    PayOutsideCheckout,
    RefundAll,
    RefundPart,
    RefundPending,
    /// So little that it takes no whole credit back.
    RefundTiny,
    SettleRefund,
    FailRefund,
    Dispute,
    AnswerDispute,
    CloseDispute {
        won: bool,
    },
    DeleteCustomer,
    /// The webhook of the event that completed checkout never gets through.
    RefuseDelivery,
    /// The event that completed checkout is sent to every endpoint again.
    Resend,
}

/// Opens a checkout and starts a story with it.
pub(super) fn start(world: &mut World, traffic: &mut Traffic, spec: CheckoutSpec) -> Option<usize> {
    let session = world.open_checkout(spec.clone()).ok()?;
    traffic.plays.push(Play { spec, session, intent: None, charge: None, refund: None, dispute: None });
    Some(traffic.plays.len() - 1)
}

pub(super) fn act_later(world: &mut World, play: usize, after_s: i64, deed: Deed) {
    world.later(after_s, Due::Customers(Step::Act { play, deed }));
}

/// Does one thing. What the world refuses (a session that expired meanwhile, say) just does not happen.
pub(super) fn act(world: &mut World, traffic: &mut Traffic, play: usize, deed: Deed) {
    let play = &mut traffic.plays[play];
    if let Err(refusal) = attempt(world, play, deed) {
        tracing::trace!(%refusal, "A customer could not go on with their story.");
    }
}

fn attempt(world: &mut World, play: &mut Play, deed: Deed) -> Told<()> {
    let session = play.session.clone();
    let charge = play.charge.clone().unwrap_or_default();
    match deed {
        Deed::Attempt => drop(world.attempt(&session)?),
        Deed::Decline(code) => drop(world.decline(&session, code)?),
        Deed::RequireAction => drop(world.require_action(&session)?),
        Deed::Pay => play.charge = Some(world.pay(&session)?),
        Deed::PayWithoutCompleting => play.charge = Some(world.pay_without_completing(&session)?),
        Deed::PayAsync => play.charge = Some(world.pay_async(&session)?),
        Deed::SettleAsync => world.settle_async(&session)?,
        Deed::FailAsync => world.fail_async(&session)?,
        Deed::Authorize => play.charge = Some(world.authorize(&session)?),
        Deed::Recover => play.session = world.recover(&session)?,
        Deed::OpenAgain { spec, fault } => {
            play.session = world.open_checkout(*spec)?;
            if let Some(fault) = fault {
                world.plant(&play.session, fault);
            }
        }
        Deed::PayOutsideCheckout => pay_outside(world, play)?,
        Deed::RefundAll => play.refund = Some(world.refund(&charge, Portion::All, RefundState::Succeeded)?),
        Deed::RefundPart => {
            let part = Portion::Amount(world.charge(&charge)?.amount / 40 * 10);
            play.refund = Some(world.refund(&charge, part, RefundState::Succeeded)?);
        }
        Deed::RefundPending => {
            play.refund = Some(world.refund(&charge, Portion::All, RefundState::Pending)?)
        }
        Deed::RefundTiny => {
            let credits = world.pack_in(&world.session(&session)?.items).map_or(1, |pack| pack.credits);
            let c = world.charge(&charge)?;
            let step = if c.currency == "kwd" { 10 } else { 1 };
            let tiny = Portion::Amount((c.amount - 1) / credits / step * step);
            play.refund = Some(world.refund(&charge, tiny, RefundState::Succeeded)?);
        }
        Deed::SettleRefund => world.settle_refund(play.refund.as_deref().unwrap_or_default())?,
        Deed::FailRefund => world.fail_refund(play.refund.as_deref().unwrap_or_default())?,
        Deed::Dispute => play.dispute = Some(world.dispute(&charge, "product_not_received")?),
        Deed::AnswerDispute => world.answer_dispute(play.dispute.as_deref().unwrap_or_default())?,
        Deed::CloseDispute { won } => {
            let outcome = if won { DisputeOutcome::Won } else { DisputeOutcome::Lost };
            world.close_dispute(play.dispute.as_deref().unwrap_or_default(), outcome)?;
        }
        Deed::DeleteCustomer => {
            let customer = world.session(&session)?.customer.clone().unwrap_or_default();
            world.delete_customer(&customer)?;
        }
        Deed::RefuseDelivery => {
            let completed =
                world.events().iter().rev().find(|e| e.object_id == session).map(|e| e.id.clone());
            world.refuse_deliveries_of(&completed.unwrap_or_default());
        }
        Deed::Resend => {
            let completed =
                world.events().iter().rev().find(|e| e.object_id == session).map(|e| e.id.clone());
            world.resend(&completed.unwrap_or_default(), None)?;
        }
    }
    Ok(())
}

fn pay_outside(world: &mut World, play: &mut Play) -> Told<()> {
    let customer = match &play.spec.customer {
        Buyer::Customer(id) => Some(id.clone()),
        _ => None,
    };
    let amount = world.session(&play.session)?.amount;
    let spec = DirectSpec {
        amount,
        currency: play.spec.currency.clone(),
        email: play.spec.email.clone(),
        customer,
        ..DirectSpec::default()
    };
    let intent = world.direct_intent(spec)?;
    world.plant(&intent, Fault::OrphanPayment);
    play.charge = Some(world.pay_direct(&intent)?);
    play.intent = Some(intent);
    Ok(())
}
