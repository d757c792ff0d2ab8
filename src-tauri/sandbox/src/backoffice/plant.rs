//! Faults in the books, at places drawn from a seed: never two on one owner, so that each can be told from the others.

use super::draft::{Draft, Holder, Told, end_of, purchase};
use super::rows::{PurchaseRow, WalletEntryRow};
use crate::ledger::{CreditStatus, Sale};
use crate::world::{CREDIT_PACKS, FIRST_ENDPOINT, SECOND_ENDPOINT, World};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};

/// A way in which the shop's own tables can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Stripe was paid, and no handler applied it: neither row nor grant.
    PaidNotApplied,
    /// Two rows and two grants for one payment.
    AppliedTwice,
    /// Row and grant have other credits than the plan.
    WrongCredits,
    /// A refund succeeded; the row does not say so and nothing was clawed back.
    RefundedNotClawed,
    /// A balance is not the sum of its entries.
    WalletDrift,
    /// Row and grant for a payment that does not exist, or that came to nothing.
    PurchaseWithoutPayment,
    /// The user of a purchase is not in the table of users.
    UserMissing,
}

impl Fault {
    /// Every fault, those with the fewest places first: in this order they are planted.
    pub const ALL: [Fault; 7] = [
        Fault::RefundedNotClawed,
        Fault::PurchaseWithoutPayment,
        Fault::PaidNotApplied,
        Fault::AppliedTwice,
        Fault::WrongCredits,
        Fault::UserMissing,
        Fault::WalletDrift,
    ];
}

/// Which faults to plant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    seed: Option<u64>,
    only: Vec<Fault>,
    at_most: usize,
}

impl Faults {
    /// No fault at all.
    pub fn none() -> Faults {
        Faults { seed: None, only: Vec::new(), at_most: 0 }
    }

    /// One to three of each fault at places drawn from the seed, as far as the shop has places for them.
    pub fn seeded(seed: u64) -> Faults {
        Faults { seed: Some(seed), only: Fault::ALL.to_vec(), at_most: 3 }
    }

    /// The same, of these faults only.
    #[must_use]
    pub fn only(self, faults: &[Fault]) -> Faults {
        Faults { only: Fault::ALL.into_iter().filter(|fault| faults.contains(fault)).collect(), ..self }
    }

    /// The same, with up to so many of each.
    #[must_use]
    pub fn up_to(self, at_most: usize) -> Faults {
        Faults { at_most, ..self }
    }
}

/// A fault that was planted, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planted {
    /// What is wrong.
    pub fault: Fault,
    /// In which of its forms: `same_event`, `two_endpoints` or `two_events` of a payment applied twice,
    /// `no_such_payment` or `never_paid` of a purchase without one, else empty.
    pub variant: String,
    /// The user, else the e-mail in lower case.
    pub owner: String,
    /// The payment; none for a wallet or a user.
    pub payment_intent: Option<String>,
    /// What the books should say: credits of the payment's rows, credits clawed back, the sum of a wallet's entries,
    /// rows of the user.
    pub expected: i64,
    /// What they say.
    pub found: i64,
}

/// Draws places and plants.
pub(super) fn plant(world: &World, draft: &mut Draft, faults: &Faults) -> Vec<Planted> {
    let Some(seed) = faults.seed else { return Vec::new() };
    let told = Told::of(world);
    let mut planter = Planter {
        world,
        told,
        draft,
        rng: crate::world::stream(seed, 8),
        used: BTreeSet::new(),
        planted: Vec::new(),
    };
    for &fault in &faults.only {
        let wanted = planter.rng.random_range(1..=faults.at_most.max(1));
        for n in 0..wanted.min(faults.at_most) {
            planter.plant(fault, n);
        }
    }
    planter.planted
}

struct Planter<'a> {
    world: &'a World,
    told: Told<'a>,
    draft: &'a mut Draft,
    rng: ChaCha8Rng,
    used: BTreeSet<String>,
    planted: Vec<Planted>,
}

impl Planter<'_> {
    /// Plants one more of a fault, if there is a place left.
    fn plant(&mut self, fault: Fault, n: usize) {
        let done = match fault {
            Fault::PaidNotApplied => self.paid_not_applied(),
            Fault::AppliedTwice => self.applied_twice(),
            Fault::WrongCredits => self.wrong_credits(),
            Fault::RefundedNotClawed => self.refunded_not_clawed(),
            Fault::WalletDrift => self.wallet_drift(),
            Fault::PurchaseWithoutPayment if n.is_multiple_of(2) => {
                self.never_paid().or_else(|| self.no_such_payment())
            }
            Fault::PurchaseWithoutPayment => self.no_such_payment(),
            Fault::UserMissing => self.user_missing(),
        };
        if let Some(planted) = done {
            self.used.insert(planted.owner.clone());
            self.planted.push(planted);
        }
    }

    /// A sale of an owner who has no fault yet.
    fn draw(&mut self, wanted: impl Fn(&Sale) -> bool) -> Option<Sale> {
        let fits = |sale: &&Sale| {
            sale.payment.intent_id.is_some() && !self.used.contains(&sale.payment.owner) && wanted(sale)
        };
        let places: Vec<&Sale> = self.draft.sales.iter().filter(fits).collect();
        if places.is_empty() {
            return None;
        }
        let at = self.rng.random_range(0..places.len());
        Some(places[at].clone())
    }

    /// Users and their e-mails.
    fn users(&self) -> HashMap<String, Option<String>> {
        self.draft.users.iter().map(|user| (user.id.clone(), user.email.clone())).collect()
    }

    fn row(&self, sale: &Sale) -> Option<usize> {
        self.draft.purchases.iter().position(|row| row.payment_intent == sale.payment.intent_id)
    }

    fn grant(&self, sale: &Sale) -> Option<usize> {
        let about = |entry: &WalletEntryRow| entry.payment_intent == sale.payment.intent_id;
        self.draft.entries.iter().position(|entry| entry.kind == "grant" && about(entry))
    }

    fn paid_not_applied(&mut self) -> Option<Planted> {
        let balances = self.draft.balances();
        let sale =
            self.draw(|sale| kept(sale) && balances.get(&sale.payment.owner) >= Some(&sale.payment.granted))?;
        let (row, grant) = (self.row(&sale)?, self.grant(&sale)?);
        self.draft.purchases.remove(row);
        self.draft.entries.remove(grant);
        Some(found(Fault::PaidNotApplied, "", &sale, sale.payment.credits, 0))
    }

    fn applied_twice(&mut self) -> Option<Planted> {
        let sale = self.draw(kept)?;
        let (row, grant) = (self.row(&sale)?, self.grant(&sale)?);
        let mut row = self.draft.purchases[row].clone();
        let mut grant = self.draft.entries[grant].clone();
        let intent = sale.payment.intent_id.as_deref()?;
        let variant = match self.rng.random_range(0..3) {
            0 => "same_event",
            1 => {
                row.endpoint = SECOND_ENDPOINT.to_owned();
                "two_endpoints"
            }
            _ => {
                let event = self.told.find(intent, "payment_intent.succeeded")?;
                row.endpoint = SECOND_ENDPOINT.to_owned();
                row.stripe_event_id = Some(event.id.clone());
                grant.stripe_event_id = Some(event.id.clone());
                "two_events"
            }
        };
        let later_s = self.rng.random_range(0..120);
        row.id = format!("pur_2{}", end_of(intent));
        row.created_at += later_s;
        grant.id = format!("wle_g2{}", end_of(intent));
        grant.created_at += later_s;
        self.draft.purchases.push(row);
        self.draft.entries.push(grant);
        Some(found(Fault::AppliedTwice, variant, &sale, sale.payment.credits, 2 * sale.payment.credits))
    }

    fn wrong_credits(&mut self) -> Option<Planted> {
        let sale = self.draw(kept)?;
        let (row, grant) = (self.row(&sale)?, self.grant(&sale)?);
        let credits = sale.payment.credits;
        let less = [credits / 2, credits / 10][self.rng.random_range(0..2)];
        let more = [credits * 10, credits + 50][self.rng.random_range(0..2)];
        let spared = self.draft.balances().get(&sale.payment.owner) >= Some(&(credits - less));
        let wrong = if spared && self.rng.random() { less } else { more };
        self.draft.purchases[row].credits = wrong;
        self.draft.entries[grant].credits = wrong;
        Some(found(Fault::WrongCredits, "", &sale, credits, wrong))
    }

    fn refunded_not_clawed(&mut self) -> Option<Planted> {
        let sale = self.draw(|sale| {
            sale.lost.is_empty()
                && sale.payment.clawed > 0
                && matches!(sale.payment.status, CreditStatus::Refunded | CreditStatus::PartiallyRefunded)
        })?;
        let row = self.row(&sale)?;
        self.draft.purchases[row].status = CreditStatus::Paid.word().to_owned();
        self.draft
            .entries
            .retain(|entry| entry.kind != "clawback" || entry.payment_intent != sale.payment.intent_id);
        Some(found(Fault::RefundedNotClawed, "", &sale, sale.payment.clawed, 0))
    }

    fn wallet_drift(&mut self) -> Option<Planted> {
        let sale = self.draw(|sale| !sale.failed && sale.payment.granted > 0)?;
        let owner = &sale.payment.owner;
        let sum = self.draft.balances().get(owner).copied().unwrap_or_default();
        let delta = self.rng.random_range(1..=200);
        let delta = if sum >= delta && self.rng.random() { -delta } else { delta };
        self.draft.drift.insert(owner.clone(), delta);
        let planted = found(Fault::WalletDrift, "", &sale, sum, sum + delta);
        Some(Planted { payment_intent: None, ..planted })
    }

    /// A handler that grants at the wrong event: the card was declined and the checkout expired.
    fn never_paid(&mut self) -> Option<Planted> {
        let users = self.users();
        let sale = self.draw(|sale| sale.failed && users.contains_key(&sale.payment.owner))?;
        let intent = sale.payment.intent_id.clone()?;
        let event = self.told.find(&intent, "payment_intent.payment_failed");
        let at = event.map_or(sale.payment.created, |e| e.created) + 2;
        let row = purchase(&sale.payment, event, at);
        let holder = self.draft.holder(&sale.payment);
        self.grant_for(row, &holder);
        Some(found(Fault::PurchaseWithoutPayment, "never_paid", &sale, 0, sale.payment.credits))
    }

    /// A row that names a payment nobody knows, from another account perhaps, or made by hand.
    fn no_such_payment(&mut self) -> Option<Planted> {
        let users = self.users();
        let sale = self.draw(|sale| kept(sale) && users.contains_key(&sale.payment.owner))?;
        let (plan, credits) = CREDIT_PACKS[self.rng.random_range(0..CREDIT_PACKS.len())];
        let rng = &mut self.rng;
        let intent = crate::ids::tail(rng, "pi_3", 23);
        let amount = self.world.credit_price(plan, "eur").map_or(0, |(_, amount)| amount);
        let row = PurchaseRow {
            id: format!("pur_{}", end_of(&intent)),
            user_id: Some(sale.payment.owner.clone()),
            email: sale.payment.email.clone(),
            stripe_event_id: Some(crate::ids::tail(rng, "evt_1", 23)),
            payment_intent: Some(intent.clone()),
            session_id: Some(crate::ids::session(rng, self.world.livemode)),
            plan: plan.to_owned(),
            credits,
            amount,
            currency: "eur".to_owned(),
            status: CreditStatus::Paid.word().to_owned(),
            endpoint: FIRST_ENDPOINT.to_owned(),
            created_at: sale.payment.created + rng.random_range(60..7_200),
        };
        let holder = self.draft.holder(&sale.payment);
        self.grant_for(row, &holder);
        let planted = found(Fault::PurchaseWithoutPayment, "no_such_payment", &sale, 0, credits);
        Some(Planted { payment_intent: Some(intent), ..planted })
    }

    /// Adds a row that says `paid`, and its grant.
    fn grant_for(&mut self, row: PurchaseRow, holder: &Holder) {
        let row = PurchaseRow { status: CreditStatus::Paid.word().to_owned(), ..row };
        let grant = self.draft.entry(holder, "grant", row.credits, row.created_at, &row.plan);
        self.draft.entries.push(WalletEntryRow {
            id: format!("wle_g{}", end_of(row.payment_intent.as_deref().unwrap_or_default())),
            payment_intent: row.payment_intent.clone(),
            stripe_event_id: row.stripe_event_id.clone(),
            ..grant
        });
        self.draft.purchases.push(row);
    }

    /// Only users whom each of their purchases names, and whose e-mail is nobody else's: the missing row changes nothing
    /// but that it is missing.
    fn user_missing(&mut self) -> Option<Planted> {
        let users = self.users();
        let mut bearers: HashMap<&Option<String>, usize> = HashMap::new();
        for email in users.values() {
            *bearers.entry(email).or_default() += 1;
        }
        let as_guest = |sale: &&Sale| sale.payment.user_id.as_ref() != Some(&sale.payment.owner);
        let guests: BTreeSet<String> =
            self.draft.sales.iter().filter(as_guest).map(|sale| sale.payment.owner.clone()).collect();
        let sale = self.draw(|sale| {
            let owner = &sale.payment.owner;
            let alone = users.get(owner).is_some_and(|email| bearers.get(email) == Some(&1));
            kept(sale) && alone && !guests.contains(owner)
        })?;
        self.draft.users.retain(|user| user.id != sale.payment.owner);
        Some(Planted { payment_intent: None, ..found(Fault::UserMissing, "", &sale, 1, 0) })
    }
}

/// Paid, and nothing came after.
fn kept(sale: &Sale) -> bool {
    !sale.failed && sale.payment.status == CreditStatus::Paid && sale.payment.granted > 0
}

fn found(fault: Fault, variant: &str, sale: &Sale, expected: i64, found: i64) -> Planted {
    Planted {
        fault,
        variant: variant.to_owned(),
        owner: sale.payment.owner.clone(),
        payment_intent: sale.payment.intent_id.clone(),
        expected,
        found,
    }
}
