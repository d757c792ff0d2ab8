//! What happens in a history: every story the sandbox can tell, in any order, and what operators do meanwhile.

use std::collections::BTreeMap;

use foredeck_engine::domain::kind::Kind;
use foredeck_engine::facts::local::{FINDING, INTENT, LINK, UNLINK};
use foredeck_sandbox::world::{
    Buyer, CheckoutSpec, CreditSpec, DirectSpec, DisputeOutcome, Portion, RefundState,
};
use serde_json::json;

use super::facts::Fact;
use super::history::History;

/// preorderIds that join nothing.
const ABSENT: [&str; 4] = ["", "undefined", "null", " "];
const COLORS: [&str; 3] = ["moss", "coral", "ink"];
const DECLINES: [&str; 3] = ["insufficient_funds", "expired_card", "generic_decline"];

impl History {
    /// One thing happens. What Stripe would refuse does not happen, and that is fine.
    pub(super) fn live(&mut self) {
        let begun = self.known.iter().filter(|(kind, _)| matches!(kind, Kind::Session)).count();
        if begun == 0 || (self.orders > begun && self.chance.percent(30)) {
            return self.begin();
        }
        match self.chance.below(100) {
            0..52 => self.at_checkout(),
            52..64 => self.money_goes_back(),
            64..70 => self.disputes(),
            70..74 => self.without_checkout(),
            74..84 => self.metadata(),
            84..90 => self.customers(),
            90..96 => self.operators(),
            96..98 => self.swap(),
            98 => self.prices(),
            _ => self.again(),
        }
    }

    fn one(&mut self, kind: Kind) -> Option<String> {
        let ids: Vec<&String> =
            self.known.iter().filter(|(known, _)| *known == kind).map(|(_, id)| id).collect();
        let newest = ids.len().saturating_sub(3);
        let from = if self.chance.percent(50) { newest } else { 0 };
        self.chance.pick_some(&ids[from..]).map(|id| (*id).clone())
    }

    /// A preorderId: a new one, an absent one, one that another order has, or the one that everybody shares.
    fn preorder_id(&mut self) -> Option<String> {
        match self.chance.below(100) {
            0..55 => {
                let id = format!("pre_{}", self.preorder_ids.len());
                self.preorder_ids.push(id.clone());
                Some(id)
            }
            55..65 => Some((*self.chance.pick(&ABSENT)).to_owned()),
            65..75 => None,
            75..85 => self.chance.pick_some(&self.preorder_ids).cloned(),
            _ => Some(format!("shared_{}", self.chance.below(2))),
        }
    }

    fn begin(&mut self) {
        if self.chance.percent(35) {
            return self.buy_credits();
        }
        let preorder_id = self.preorder_id();
        let email = self.chance.percent(80).then(|| self.chance.pick(&self.emails).clone());
        let customer = match self.chance.below(3) {
            0 => Buyer::BecomesCustomer,
            1 => Buyer::Guest,
            _ => self.one(Kind::Customer).map_or(Buyer::Guest, Buyer::Customer),
        };
        let mut spec = CheckoutSpec {
            preorder_id: preorder_id.clone(),
            email,
            typed_email: self.chance.percent(70).then(|| self.chance.pick(&self.emails).to_lowercase()),
            color: self.chance.percent(80).then(|| (*self.chance.pick(&COLORS)).to_owned()),
            locale: self.chance.percent(60).then(|| "de".to_owned()),
            source: self.chance.percent(50).then(|| "friend".to_owned()),
            user_id: self.user(30),
            amount: match self.chance.below(10) {
                0 => Some(0),
                1 => Some(9_900),
                _ => None,
            },
            customer,
            recovery: self.chance.percent(60),
            metadata_on_intent: self.chance.percent(70),
            capture_by_hand: false,
            ..CheckoutSpec::default()
        };
        if self.chance.percent(8) {
            let other = self.preorder_id().unwrap_or_else(|| "pre_other".to_owned());
            spec.intent_metadata = BTreeMap::from([("preorderId".to_owned(), other)]);
        }
        if self.chance.percent(10) {
            self.support_takes(preorder_id);
        }
        if let Ok(session) = self.world.open_checkout(spec) {
            // No event announces a session: often it is heard of later only, after its intent.
            self.know(&session);
        }
    }

    fn user(&mut self, percent: usize) -> Option<String> {
        self.chance.percent(percent).then(|| format!("user_{}", self.chance.below(4)))
    }

    /// A pack of credits: by a user, or by somebody who leaves an e-mail only.
    fn buy_credits(&mut self) {
        let spec = CreditSpec {
            plan: (*self.chance.pick(&["starter", "pro", "studio"])).to_owned(),
            quantity: if self.chance.percent(20) { 3 } else { 1 },
            currency: (*self.chance.pick(&["eur", "usd", "jpy", "kwd"])).to_owned(),
            user_id: self.user(60),
            email: self.chance.percent(70).then(|| self.chance.pick(&self.emails).clone()),
            typed_email: self.chance.percent(70).then(|| self.chance.pick(&self.emails).to_lowercase()),
            plan_key: (*self.chance.pick(&["plan", "planId", ""])).to_owned(),
            free: self.chance.percent(8),
            recovery: self.chance.percent(50),
            metadata_on_intent: self.chance.percent(60),
            metadata: if self.chance.percent(20) {
                BTreeMap::from([("credits".to_owned(), self.chance.pick(&["40", "-3", "many"]).to_string())])
            } else {
                BTreeMap::new()
            },
            ..CreditSpec::default()
        };
        let free = spec.free;
        if let Ok(session) = self.world.open_credit_checkout(spec) {
            // No money is ever tried where there is nothing to pay.
            if free {
                let _refused = self.world.pay(&session).map(drop);
            }
            self.know(&session);
        }
    }

    /// An order taken by support before anything is opened.
    fn support_takes(&mut self, preorder_id: Option<String>) {
        let email = self.chance.pick(&self.emails).clone();
        let body = json!({"email": email, "color": "moss", "amount": 14_900, "currency": "eur"});
        self.local(INTENT, preorder_id.unwrap_or_default(), None, body.to_string());
    }

    fn at_checkout(&mut self) {
        let Some(session) = self.one(Kind::Session) else { return };
        let decline = *self.chance.pick(&DECLINES);
        let intent = self.one(Kind::Intent).unwrap_or_default();
        // What is paid is not paid again, though the session stays open: Stripe would refuse, the sandbox does not.
        let from = if self.world.object(&session).is_some_and(|session| self.is_paid_for(&session)) {
            85
        } else {
            0
        };
        let what = self.chance.between(from, 99);
        let _refused = match what {
            0..30 => self.world.pay(&session).map(drop),
            30..42 => self.world.decline(&session, decline).map(drop),
            42..47 => self.world.attempt(&session).map(drop),
            47..54 => self.world.pay_async(&session).map(drop),
            54..62 => self.world.settle_async(&session),
            62..67 => self.world.fail_async(&session),
            67..72 => self.world.require_action(&session).map(drop),
            72..76 => self.world.authorize(&session).map(drop),
            76..80 => self.world.capture(&intent),
            80..83 => self.world.cancel_intent(&intent, Some("abandoned")),
            83..85 => self.world.pay_without_completing(&session).map(drop),
            85..93 => self.world.expire(&session),
            _ => self.world.recover(&session).map(|recovered| self.know(&recovered)),
        };
    }

    fn is_paid_for(&self, session: &serde_json::Value) -> bool {
        let intent = session["payment_intent"].as_str().and_then(|intent| self.world.object(intent));
        session["status"] == "open" && intent.is_some_and(|intent| intent["status"] == "succeeded")
    }

    fn money_goes_back(&mut self) {
        let status = *self.chance.pick(&[
            RefundState::Succeeded,
            RefundState::Succeeded,
            RefundState::Pending,
            RefundState::Failed,
        ]);
        let portion = match self.chance.below(3) {
            0 => Portion::Amount(5_000),
            1 => Portion::Amount(self.chance.between(1, 9_000)),
            _ => Portion::All,
        };
        if self.chance.percent(60) {
            if let Some(charge) = self.one(Kind::Charge) {
                let _refused = self.world.refund(&charge, portion, status);
            }
        } else if let Some(refund) = self.one(Kind::Refund) {
            let _refused = if self.chance.percent(50) {
                self.world.settle_refund(&refund)
            } else {
                self.world.fail_refund(&refund)
            };
        }
    }

    fn disputes(&mut self) {
        if self.chance.percent(50) {
            if let Some(charge) = self.one(Kind::Charge) {
                let _refused = self.world.dispute(&charge, "fraudulent");
            }
            return;
        }
        let Some(dispute) = self.one(Kind::Dispute) else { return };
        let _refused = match self.chance.below(3) {
            0 => self.world.answer_dispute(&dispute),
            1 => self.world.close_dispute(&dispute, DisputeOutcome::Won),
            _ => self.world.close_dispute(&dispute, DisputeOutcome::Lost),
        };
    }

    fn without_checkout(&mut self) {
        let intent = self.one(Kind::Intent).unwrap_or_default();
        let _refused = match self.chance.below(4) {
            0 | 1 => {
                let mut metadata = BTreeMap::new();
                if let Some(id) = self.preorder_id() {
                    metadata.insert("preorderId".to_owned(), id);
                }
                let customer = if self.chance.percent(50) { self.one(Kind::Customer) } else { None };
                let email = self.chance.percent(50).then(|| self.chance.pick(&self.emails).clone());
                self.world
                    .direct_intent(DirectSpec { email, customer, metadata, ..DirectSpec::default() })
                    .map(drop)
            }
            2 => self.world.pay_direct(&intent).map(drop),
            _ => self.world.decline_direct(&intent, "generic_decline").map(drop),
        };
    }

    fn metadata(&mut self) {
        let kind = *self.chance.pick(&[
            Kind::Session,
            Kind::Session,
            Kind::Intent,
            Kind::Intent,
            Kind::Charge,
            Kind::Refund,
            Kind::Customer,
        ]);
        let Some(id) = self.one(kind) else { return };
        let (key, value) = match self.chance.below(10) {
            0..4 => ("preorderId", self.preorder_id().unwrap_or_default()),
            4..6 => ("color", (*self.chance.pick(&COLORS)).to_owned()),
            6..8 => ("email", self.chance.pick(&self.emails).clone()),
            8 if self.chance.percent(50) => ("source", "press".to_owned()),
            8 => ("userId", self.user(100).unwrap_or_default()),
            // Back and forth within a second: nothing proves which came last.
            _ => {
                let _refused = self.world.set_metadata(&id, "color", "moss", true);
                let _refused = self.world.set_metadata(&id, "color", "ink", true);
                ("color", "moss".to_owned())
            }
        };
        let loud = self.chance.percent(70);
        let _refused = self.world.set_metadata(&id, key, &value, loud);
    }

    fn customers(&mut self) {
        let email = self.chance.pick(&self.emails).clone();
        let customer = self.one(Kind::Customer);
        match (self.chance.below(4), customer) {
            (0, _) | (_, None) => drop(self.world.new_customer(Some(&email), Some("Ann"))),
            (1, Some(id)) => drop(self.world.delete_customer(&id)),
            (_, Some(id)) => drop(self.world.update_customer(&id, Some(&email), None)),
        }
    }

    fn operators(&mut self) {
        if self.chance.percent(40) {
            return self.says();
        }
        let made: Vec<(String, String)> = self.facts.iter().filter_map(link_in).collect();
        if self.chance.percent(35)
            && let Some((one, other)) = self.chance.pick_some(&made).cloned()
        {
            let (one, other) = if self.chance.percent(50) { (one, other) } else { (other, one) };
            return self.local(UNLINK, one, Some(other), "{}".to_owned());
        }
        let kinds = [Kind::Session, Kind::Intent, Kind::Charge, Kind::Refund, Kind::Customer];
        let (one, other) = (*self.chance.pick(&kinds), *self.chance.pick(&kinds));
        let Some(subject) = self.one(one) else { return };
        let object = if self.chance.percent(30) { self.preorder_id() } else { self.one(other) };
        if let Some(object) = object.filter(|object| *object != subject) {
            self.local(LINK, subject, Some(object), "{}".to_owned());
        }
    }

    /// Two orders swap their preorderIds; nothing tells but a list, before and after.
    fn swap(&mut self) {
        let (Some(one), Some(other)) = (self.one(Kind::Session), self.one(Kind::Session)) else { return };
        let both = [one, other];
        let ids = both.each_ref().map(|id| {
            let session = self.world.object(id).unwrap_or_default();
            session["metadata"]["preorderId"].as_str().unwrap_or_default().to_owned()
        });
        both.iter().for_each(|id| self.look_at(id));
        self.wait(1);
        for (session, id) in both.iter().zip(ids.iter().rev()) {
            let _refused = self.world.set_metadata(session, "preorderId", id, false);
        }
        both.iter().for_each(|id| self.look_at(id));
    }

    /// The price list changes, under the checkouts that were opened by it.
    fn prices(&mut self) {
        let product = self.world.main_product().to_owned();
        let amount = *self.chance.pick(&[9_900, 14_900, 12_900]);
        let currency = *self.chance.pick(&["eur", "eur", "chf"]);
        if let Ok(price) = self.world.new_price(&product, currency, amount, None) {
            self.know(&price);
        }
    }

    /// Something is said of some findings that there may be, by names that their orders may have had.
    fn says(&mut self) {
        for _ in 0..self.chance.between(1, 5) {
            let rule = *self.chance.pick(&[
                "metadata_broken",
                "metadata_broken",
                "wrong_amount",
                "missing_color",
                "missing_address",
                "payment_failed",
                "paid_twice",
                "processing_too_long",
                "shared_preorder_id",
            ]);
            let about_session = ["metadata_broken", "wrong_amount"].contains(&rule);
            let id = if self.chance.percent(if about_session { 95 } else { 30 }) {
                self.one(Kind::Session)
            } else {
                self.chance.pick_some(&self.preorder_ids).cloned()
            };
            let Some(id) = id else { continue };
            let state = *self.chance.pick(&["snoozed", "dismissed", "dismissed", "resolved", "open"]);
            let now = self.world.now();
            let until = (state == "snoozed").then(|| now + self.chance.between(60, 90_000));
            let base_at = now - self.chance.between(-100_000, 3_000);
            let body = json!({"state": state, "until": until, "base_at": base_at});
            self.local(FINDING, format!("{rule}:{id}"), None, body.to_string());
        }
    }

    /// A second order of somebody who has one.
    fn again(&mut self) {
        let preorder_id = self.preorder_id();
        self.support_takes(preorder_id);
    }
}

fn link_in(fact: &Fact) -> Option<(String, String)> {
    match fact {
        Fact::Local(local) if local.kind == LINK => Some((local.subject.clone(), local.object.clone()?)),
        _ => None,
    }
}
