//! A tale: what happens to one order (or to a few that belong together), second by second, and which findings it means.

use super::Needs;
use crate::world::{CheckoutSpec, CreditSpec, DirectSpec, DisputeOutcome, Portion, RefundState, Told, World};
use std::collections::BTreeMap;

/// The objects of a tale by the names that its acts give them.
#[derive(Debug, Default)]
pub(super) struct Cast(BTreeMap<&'static str, String>);

impl Cast {
    /// The id behind a name; empty before it was made.
    pub(super) fn id(&self, name: &str) -> String {
        self.0.get(name).cloned().unwrap_or_default()
    }

    pub(super) fn name(&mut self, name: &'static str, id: String) {
        self.0.insert(name, id);
    }
}

pub(super) type Act = Box<dyn FnOnce(&mut World, &mut Cast) -> Told<()>>;

/// A finding that a tale means.
#[derive(Debug)]
pub(super) struct Draft {
    pub rule: &'static str,
    /// Objects whose orders it is about; the last one's order is the finding's.
    pub about: Vec<&'static str>,
    /// The instant it counts from.
    pub base_at: i64,
    /// Seconds after that at which it closes.
    pub lasts_s: Option<i64>,
    /// When it ends because the world goes on.
    pub until: Option<i64>,
    /// Whether its subject is an event, by this name.
    pub event: Option<&'static str>,
    pub needs: Needs,
    /// Which kind of fault; empty for the one that the tale is told for.
    pub note: &'static str,
}

impl Draft {
    pub(super) fn until(&mut self, at: i64) -> &mut Draft {
        self.until = Some(at);
        self
    }

    pub(super) fn lasting(&mut self, seconds: i64) -> &mut Draft {
        self.lasts_s = Some(seconds);
        self
    }

    pub(super) fn needing(&mut self, needs: Needs) -> &mut Draft {
        self.needs = needs;
        self
    }

    pub(super) fn noted(&mut self, note: &'static str) -> &mut Draft {
        self.note = note;
        self
    }

    pub(super) fn also_about(&mut self, others: &[&'static str]) -> &mut Draft {
        for other in others {
            self.about.insert(0, other);
        }
        self
    }
}

#[derive(Default)]
pub(super) struct Tale {
    pub acts: Vec<(i64, Act)>,
    pub drafts: Vec<Draft>,
}

impl Tale {
    /// Something happens at an instant. Acts of one second happen in the order in which they were told.
    pub(super) fn at(&mut self, at: i64, act: impl FnOnce(&mut World, &mut Cast) -> Told<()> + 'static) {
        self.acts.push((at, Box::new(act)));
    }

    /// From this follows a finding about the order of an object.
    pub(super) fn finds(&mut self, rule: &'static str, about: &'static str, base_at: i64) -> &mut Draft {
        self.drafts.push(Draft {
            rule,
            about: vec![about],
            base_at,
            lasts_s: None,
            until: None,
            event: None,
            needs: Needs::Stripe,
            note: "",
        });
        self.drafts.last_mut().expect("it was just added")
    }

    /// A checkout is opened, under this name.
    pub(super) fn open(&mut self, at: i64, session: &'static str, spec: CheckoutSpec) {
        self.at(at, move |w, cast| {
            let id = w.open_checkout(spec)?;
            cast.name(session, id);
            Ok(())
        });
    }

    /// A checkout for credits is opened, under this name.
    pub(super) fn open_credits(&mut self, at: i64, session: &'static str, spec: CreditSpec) {
        self.at(at, move |w, cast| {
            let id = w.open_credit_checkout(spec)?;
            cast.name(session, id);
            Ok(())
        });
    }

    /// Something happens to an object, and nothing new comes of it.
    pub(super) fn on(
        &mut self,
        at: i64,
        name: &'static str,
        act: impl FnOnce(&mut World, &str) -> Told<()> + 'static,
    ) {
        self.at(at, move |w, cast| act(w, &cast.id(name)));
    }

    pub(super) fn attempt(&mut self, at: i64, session: &'static str) {
        self.on(at, session, |w, s| w.attempt(s).map(drop));
    }

    pub(super) fn decline(&mut self, at: i64, session: &'static str, code: &'static str) {
        self.on(at, session, move |w, s| w.decline(s, code).map(drop));
    }

    pub(super) fn asks_to_confirm(&mut self, at: i64, session: &'static str) {
        self.on(at, session, |w, s| w.require_action(s).map(drop));
    }

    /// The session is paid; its charge is called as it is told.
    pub(super) fn pay(&mut self, at: i64, session: &'static str, charge: &'static str) {
        self.at(at, move |w, cast| {
            let id = w.pay(&cast.id(session))?;
            cast.name(charge, id);
            Ok(())
        });
    }

    pub(super) fn debit(&mut self, at: i64, session: &'static str) {
        self.on(at, session, |w, s| w.pay_async(s).map(drop));
    }

    pub(super) fn hold(&mut self, at: i64, session: &'static str) {
        self.on(at, session, |w, s| w.authorize(s).map(drop));
    }

    /// A payment without checkout is made.
    pub(super) fn direct(&mut self, at: i64, intent: &'static str, spec: DirectSpec) {
        self.at(at, move |w, cast| {
            let id = w.direct_intent(spec)?;
            cast.name(intent, id);
            Ok(())
        });
    }

    /// A payment without checkout is paid; its charge is called as it is told.
    pub(super) fn pay_direct(&mut self, at: i64, intent: &'static str, charge: &'static str) {
        self.at(at, move |w, cast| {
            let id = w.pay_direct(&cast.id(intent))?;
            cast.name(charge, id);
            Ok(())
        });
    }

    pub(super) fn refund(
        &mut self,
        at: i64,
        charge: &'static str,
        refund: &'static str,
        portion: Portion,
        state: RefundState,
    ) {
        self.at(at, move |w, cast| {
            let id = w.refund(&cast.id(charge), portion, state)?;
            cast.name(refund, id);
            Ok(())
        });
    }

    /// About a quarter of a charge is given back, in steps that every currency takes.
    pub(super) fn refund_part(&mut self, at: i64, charge: &'static str, refund: &'static str) {
        self.at(at, move |w, cast| {
            let charge = cast.id(charge);
            let part = w.charge(&charge)?.amount / 40 * 10;
            let id = w.refund(&charge, Portion::Amount(part), RefundState::Succeeded)?;
            cast.name(refund, id);
            Ok(())
        });
    }

    pub(super) fn dispute(&mut self, at: i64, charge: &'static str, dispute: &'static str) {
        self.at(at, move |w, cast| {
            let id = w.dispute(&cast.id(charge), "product_not_received")?;
            cast.name(dispute, id);
            Ok(())
        });
    }

    pub(super) fn close(&mut self, at: i64, dispute: &'static str, outcome: DisputeOutcome) {
        self.on(at, dispute, move |w, d| w.close_dispute(d, outcome));
    }

    /// The shop's own row of the order says this in the end.
    pub(super) fn row_says(&mut self, at: i64, object: &'static str, status: &'static str) {
        self.on(at, object, move |w, o| {
            w.shop_says(o, status);
            Ok(())
        });
    }

    /// Every endpoint refuses the newest event about an object, which gets a name.
    pub(super) fn refuse_event(&mut self, at: i64, object: &'static str, event: &'static str) {
        self.at(at, move |w, cast| {
            let object = cast.id(object);
            let id = w.events().iter().rev().find(|e| e.object_id == object).map(|e| e.id.clone());
            let id = id.unwrap_or_default();
            w.refuse_deliveries_of(&id);
            cast.name(event, id);
            Ok(())
        });
    }
}
