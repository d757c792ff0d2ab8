//! The books without a fault: every pack applied once, every refund clawed back, every balance the sum of its entries.

use super::rows::{PreorderRow, PurchaseRow, UsageRow, UserRow, WalletEntryRow};
use crate::ledger::{CreditPayment, CreditStatus, Known, LedgerOrder, Sale, clawed};
use crate::world::{Event, FIRST_ENDPOINT, World};
use rand::Rng;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The tables while they are written; wallets are counted out at the end.
pub(super) struct Draft {
    pub purchases: Vec<PurchaseRow>,
    pub entries: Vec<WalletEntryRow>,
    pub users: Vec<UserRow>,
    pub usage: Vec<UsageRow>,
    pub preorders: Vec<PreorderRow>,
    /// By how much a wallet's balance is off its entries.
    pub drift: BTreeMap<String, i64>,
    /// E-mails of the users.
    emails: HashMap<String, Option<String>>,
    /// The sales behind the rows, those that came to nothing included.
    pub sales: Vec<Sale>,
}

/// Whose credits an entry moves.
#[derive(Debug, Clone)]
pub(super) struct Holder {
    pub owner: String,
    pub user_id: Option<String>,
    pub email: Option<String>,
}

impl Draft {
    pub(super) fn of(world: &World) -> Draft {
        let users = users(world);
        let mut draft = Draft {
            purchases: Vec::new(),
            entries: Vec::new(),
            emails: users.iter().map(|user| (user.id.clone(), user.email.clone())).collect(),
            users,
            usage: Vec::new(),
            preorders: preorders(world),
            drift: BTreeMap::new(),
            sales: world.book().sales(Known::StripeAndUsers),
        };
        let told = Told::of(world);
        let mut rng = crate::world::stream(world.seed, 7);
        let sales = std::mem::take(&mut draft.sales);
        for sale in sales.iter().filter(|sale| !sale.failed) {
            let after_s = rng.random_range(1..5);
            // Of two shops one writes a row before the money is there.
            let early: bool = rng.random();
            match sale.payment.status {
                CreditStatus::Pending if !early => {}
                CreditStatus::Pending => draft.put_down(&sale.payment, &told, after_s),
                _ => draft.apply(sale, &told, after_s),
            }
        }
        draft.sales = sales;
        super::spending::spend(world.now(), &mut draft, &mut rng);
        draft
    }

    pub(super) fn holder(&self, payment: &CreditPayment) -> Holder {
        let email = self.emails.get(&payment.owner);
        Holder {
            owner: payment.owner.clone(),
            user_id: email.map(|_| payment.owner.clone()),
            email: email.cloned().flatten().or_else(|| payment.email.clone()),
        }
    }

    /// What the entries of every owner come to.
    pub(super) fn balances(&self) -> HashMap<String, i64> {
        let mut balances = HashMap::new();
        for entry in &self.entries {
            *balances.entry(entry.owner.clone()).or_default() += entry.credits;
        }
        balances
    }

    fn put_down(&mut self, payment: &CreditPayment, told: &Told<'_>, after_s: i64) {
        if let Some(event) = told.find(&payment.session_id, "checkout.session.completed") {
            self.purchases.push(purchase(payment, Some(event), event.created + after_s));
        }
    }

    fn apply(&mut self, sale: &Sale, told: &Told<'_>, after_s: i64) {
        let payment = &sale.payment;
        let event = told.proof(payment);
        let at = event.map_or(payment.paid_at.unwrap_or(payment.created), |e| e.created) + after_s;
        let row = purchase(payment, event, at);
        let grant = self.entry(&self.holder(payment), "grant", payment.granted, at, &payment.plan);
        self.entries.push(WalletEntryRow {
            id: format!("wle_g{}", end_of(&payment.payment_id)),
            payment_intent: payment.intent_id.clone(),
            stripe_event_id: row.stripe_event_id.clone(),
            ..grant
        });
        self.purchases.push(row);
        self.claw_back(sale, told, after_s);
    }

    /// One entry for each refund and lost dispute that takes whole credits back.
    fn claw_back(&mut self, sale: &Sale, told: &Told<'_>, after_s: i64) {
        let payment = &sale.payment;
        let refunds = sale.refunds.iter().map(|(id, minor)| (id, *minor, "refund", "refund"));
        let lost = sale.lost.iter().map(|id| (id, payment.amount_minor, "dispute.closed", "dispute lost"));
        let mut causes: Vec<_> = refunds
            .chain(lost)
            .map(|(id, minor, type_, note)| (told.last(id, type_), id, minor, note))
            .collect();
        causes.sort_by_key(|(event, id, ..)| (event.map_or(i64::MAX, |e| e.created), (*id).clone()));
        let (mut taken_minor, mut so_far) = (0, 0);
        for (event, id, minor, note) in causes {
            taken_minor += minor;
            let in_all = clawed(payment.granted, taken_minor, payment.amount_minor);
            if in_all > so_far {
                let at = event.map_or(payment.created, |e| e.created) + after_s;
                let entry = self.entry(&self.holder(payment), "clawback", so_far - in_all, at, note);
                self.entries.push(WalletEntryRow {
                    id: format!("wle_c{}", end_of(id)),
                    payment_intent: payment.intent_id.clone(),
                    stripe_event_id: event.map(|e| e.id.clone()),
                    ..entry
                });
            }
            so_far = in_all;
        }
    }

    /// An entry that is about no payment yet.
    pub(super) fn entry(
        &self,
        holder: &Holder,
        kind: &'static str,
        credits: i64,
        at: i64,
        note: &str,
    ) -> WalletEntryRow {
        WalletEntryRow {
            id: String::new(),
            user_id: holder.user_id.clone(),
            email: holder.email.clone(),
            kind,
            credits,
            payment_intent: None,
            stripe_event_id: None,
            created_at: at,
            note: note.to_owned(),
            owner: holder.owner.clone(),
        }
    }
}

/// The row that a handler writes for a payment.
pub(super) fn purchase(payment: &CreditPayment, event: Option<&Event>, at: i64) -> PurchaseRow {
    PurchaseRow {
        id: format!("pur_{}", end_of(&payment.payment_id)),
        user_id: payment.user_id.clone(),
        email: payment.email.clone(),
        stripe_event_id: event.map(|e| e.id.clone()),
        payment_intent: payment.intent_id.clone(),
        session_id: Some(payment.session_id.clone()),
        plan: payment.plan.clone(),
        credits: payment.credits,
        amount: payment.amount_minor,
        currency: payment.currency.clone(),
        status: payment.status.word().to_owned(),
        endpoint: FIRST_ENDPOINT.to_owned(),
        created_at: at,
    }
}

/// The last letters of an id, which no other id of the world shares.
pub(super) fn end_of(id: &str) -> &str {
    &id[id.len().saturating_sub(16)..]
}

/// The events that handlers were told, by the object that they are about.
pub(super) struct Told<'a>(HashMap<&'a str, Vec<&'a Event>>);

impl<'a> Told<'a> {
    pub(super) fn of(world: &'a World) -> Told<'a> {
        let mut by_object: HashMap<&str, Vec<&Event>> = HashMap::new();
        for event in world.events() {
            by_object.entry(&event.object_id).or_default().push(event);
        }
        Told(by_object)
    }

    /// The first event of a type about an object.
    pub(super) fn find(&self, object: &str, type_: &str) -> Option<&'a Event> {
        self.0.get(object)?.iter().find(|event| event.type_ == type_).copied()
    }

    /// The last event about an object whose type has these words.
    fn last(&self, object: &str, words: &str) -> Option<&'a Event> {
        self.0.get(object)?.iter().rev().find(|event| event.type_.contains(words)).copied()
    }

    /// The event at which a careful handler grants: a completed checkout, where the money was there, else the debit's
    /// arrival; for a payment whose checkout never came to an end, the payment itself.
    fn proof(&self, payment: &CreditPayment) -> Option<&'a Event> {
        let session = &payment.session_id;
        self.find(session, "checkout.session.async_payment_succeeded")
            .or_else(|| self.find(session, "checkout.session.completed"))
            .or_else(|| self.find(payment.intent_id.as_deref()?, "payment_intent.succeeded"))
    }
}

/// Everybody who signed up, and everybody whom a checkout names as a user.
fn users(world: &World) -> Vec<UserRow> {
    let book = world.book();
    let mut seen = BTreeSet::new();
    let mut rows = Vec::new();
    for user in &book.users {
        if seen.insert(user.id.clone()) {
            rows.push(UserRow {
                id: user.id.clone(),
                email: Some(user.email.clone()),
                name: user.name.clone(),
                created_at: user.created,
            });
        }
    }
    for (id, email, created_at) in book.named_users() {
        if seen.insert(id.to_owned()) {
            let name = email.map(crate::shop::name_of).unwrap_or_default();
            rows.push(UserRow { id: id.to_owned(), email: email.map(str::to_owned), name, created_at });
        }
    }
    rows
}

fn preorders(world: &World) -> Vec<PreorderRow> {
    let orders = world.ledger().orders.into_iter().filter(|order| order.plan.is_none());
    let said = |order: &LedgerOrder| {
        let objects = order.session_ids.iter().chain(&order.intent_ids);
        world.book().told_row_status(objects).map_or_else(|| order.status.clone(), str::to_owned)
    };
    orders
        .map(|order| PreorderRow {
            status: said(&order),
            session_id: order.session_ids.last().cloned(),
            payment_intent: order.intent_ids.last().cloned(),
            id: order.id,
            email: order.email,
            color: order.color,
            locale: order.locale,
            source: order.source,
            user_id: order.user_id,
            amount: order.amount_minor,
            currency: order.currency,
            created_at: order.started_at,
        })
        .collect()
}
