//! The simulated shop's side of Stripe: objects, events, time and the ledger. No HTTP, no real clock.
//!
//! Story operations (in the rooms below) change objects at the world's now, emit the events that Stripe would emit,
//! with snapshots as of that instant, and note in the ledger what is true. Anything due later waits in the agenda
//! until [`World::advance_to`] reaches it.

mod agenda;
mod catalogue;
mod checkout;
mod credits;
mod customers;
mod debits;
mod deliveries;
mod direct;
mod disputes;
mod event_log;
mod holds;
mod metadata;
mod paging;
mod payments;
mod refunds;
mod refusal;
mod shelf;
mod versions;

pub(crate) use checkout::NewSession;
pub use checkout::{Buyer, CheckoutSpec};
pub use credits::{CREDIT_PACKS, CreditSpec};
pub use deliveries::DeliveryState;
pub(crate) use deliveries::{FIRST_ENDPOINT, SECOND_ENDPOINT};
pub use direct::DirectSpec;
pub use disputes::DisputeOutcome;
pub use event_log::{Event, Lateness, Origin};
pub(crate) use metadata::check_metadata;
pub(crate) use paging::{Bounds, Found, Page, PageQuery, Start};
pub use refunds::Portion;
pub use refusal::Refusal;
pub(crate) use shelf::{Key, Shelf};
pub use versions::VersionMix;

pub use crate::objects::{Health, Kind, RefundState};
pub(crate) use agenda::Due;
pub use catalogue::PRICE_LIST;

use crate::json::{self, Metadata};
use crate::ledger::{Book, CreditLedger, Fault, Known, Ledger, ShopUser};
use crate::objects::Object;
use crate::scale::Scale;
use crate::shop::Traffic;
use agenda::Agenda;
use catalogue::PriceList;
use credits::CreditPrices;
use event_log::EventLog;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use serde_json::Value;

/// What a story operation comes to: something made, or Stripe's refusal.
pub type Told<T> = Result<T, Refusal>;

/// A deleted object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tombstone {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: Kind,
    /// World time of its deletion.
    pub deleted_at: i64,
}

/// One account in one mode: all its objects and events, its time, and what is true of its orders.
pub struct World {
    pub(crate) account: String,
    pub(crate) livemode: bool,
    pub(crate) seed: u64,
    now: i64,
    rng: ChaCha8Rng,
    shelves: [Shelf; 9],
    log: EventLog,
    agenda: Agenda,
    book: Book,
    tombstones: Vec<Tombstone>,
    prices: PriceList,
    credit_prices: CreditPrices,
    origin: Option<Origin>,
    pub(crate) traffic: Option<Traffic>,
    pub(crate) scale: Option<Scale>,
}

impl World {
    /// An account with a price list and nothing else, at world time `start`.
    pub fn new(seed: u64, start: i64) -> World {
        let mut world = World {
            account: crate::config::DEFAULT_ACCOUNT.to_owned(),
            livemode: false,
            seed,
            now: start,
            rng: stream(seed, 1),
            shelves: Default::default(),
            log: EventLog::new(stream(seed, 2), stream(seed, 3)),
            agenda: Agenda::default(),
            book: Book::default(),
            tombstones: Vec::new(),
            prices: PriceList::default(),
            credit_prices: CreditPrices::default(),
            origin: None,
            traffic: None,
            scale: None,
        };
        world.found_catalogue();
        world.found_credit_packs(&mut stream(seed, 5));
        world
    }

    /// World time, unix seconds.
    pub fn now(&self) -> i64 {
        self.now
    }

    /// Sets the time without playing what was due in between; it is played, late, by the next advance.
    pub fn set_clock(&mut self, now: i64) {
        self.now = now;
    }

    /// Plays everything that is due until `now`: arrivals, expiries, bank debits, deliveries.
    pub fn advance_to(&mut self, now: i64) {
        while let Some((at, due)) = self.agenda.next_until(now) {
            self.now = self.now.max(at);
            self.play(due);
        }
        self.now = self.now.max(now);
    }

    /// When the next thing is due, if anything is.
    pub fn next_due(&self) -> Option<i64> {
        self.agenda.next_at()
    }

    /// Every event there ever was, oldest first: those past retention and those not visible yet included.
    pub fn events(&self) -> &[Event] {
        self.log.all()
    }

    /// One object as the API shows it now; a deleted customer as its stub.
    pub fn object(&self, id: &str) -> Option<Value> {
        self.bytes(id).map(|bytes| json::parse(&bytes))
    }

    /// A session's line items as a list object.
    pub fn line_items(&self, session: &str) -> Option<Value> {
        let mut j = json::Json::default();
        match self.session(session) {
            Ok(s) => s.write_with(&mut j, self.livemode, true),
            Err(_) => {
                let scale = self.scale.as_ref()?;
                scale.write(&mut j, Kind::Session, scale.find(session)?, true);
            }
        }
        Some(json::parse(&j.into_bytes())["line_items"].take())
    }

    /// All living objects of a kind, oldest first. Scale objects that nothing touched are not among them.
    pub fn objects(&self, kind: Kind) -> Vec<Value> {
        self.shelf(kind).oldest_first().map(|o| json::parse(&o.to_bytes(self.livemode))).collect()
    }

    /// The ids of sessions in the order in which they were opened, without the first so many.
    pub(crate) fn sessions_from(&self, first: usize) -> Vec<String> {
        self.shelf(Kind::Session).added_from(first).map(|session| session.id().to_owned()).collect()
    }

    /// What was deleted, in that order.
    pub fn tombstones(&self) -> &[Tombstone] {
        &self.tombstones
    }

    /// What is true of every order.
    pub fn ledger(&self) -> Ledger {
        let mut ledger = self.book.ledger();
        for kind in Kind::ALL {
            ledger.totals.objects.insert(kind.name().to_owned(), self.shelf(kind).len() as u64);
        }
        if let Some(scale) = &self.scale {
            scale.add_totals(&mut ledger.totals);
        }
        ledger
    }

    /// What is true of the credits sold, as far as these sources can tell who owns them.
    pub fn credits(&self, known: Known) -> CreditLedger {
        self.book.credits(known)
    }

    /// Somebody signs up in the shop. Stripe hears nothing of it.
    pub fn register_user(&mut self, id: &str, email: &str, name: &str) {
        let (id, email, name) = (id.to_owned(), email.to_owned(), name.to_owned());
        self.book.users.push(ShopUser { id, email, name, created: self.now });
    }

    /// The notes behind the ledger.
    pub(crate) fn book(&self) -> &Book {
        &self.book
    }

    /// The shop's own row of the order that an object belongs to has this status, whatever is true.
    pub fn shop_says(&mut self, object: &str, status: &str) {
        self.book.row_status(object, status);
    }

    /// Notes a planted fault in the ledger of the order that an object belongs to.
    pub fn plant(&mut self, object: &str, fault: Fault) {
        self.book.planted(object, fault);
    }

    /// From now on stories happen on behalf of this API request; `None`: by themselves.
    pub fn asked_by(&mut self, origin: Option<Origin>) {
        self.origin = origin;
    }

    pub(crate) fn shelf(&self, kind: Kind) -> &Shelf {
        &self.shelves[kind as usize]
    }

    fn shelf_mut(&mut self, kind: Kind) -> &mut Shelf {
        &mut self.shelves[kind as usize]
    }

    pub(crate) fn tombstone(&self, id: &str) -> Option<&Tombstone> {
        self.tombstones.iter().find(|t| t.id == id)
    }

    /// The object's JSON, if it exists in any form.
    pub(crate) fn bytes(&self, id: &str) -> Option<Vec<u8>> {
        let kind = Kind::of_id(id)?;
        if let Some(object) = self.shelf(kind).get(id) {
            return Some(object.to_bytes(self.livemode));
        }
        if kind == Kind::Customer && self.tombstone(id).is_some() {
            return Some(format!(r#"{{"id":"{id}","object":"customer","deleted":true}}"#).into_bytes());
        }
        let scale = self.scale.as_ref()?;
        let at = scale.find(id)?;
        (!scale.is_taken(at)).then(|| scale.object(kind, at))?.map(|object| object.to_bytes(self.livemode))
    }

    fn add(&mut self, object: Object) {
        self.shelf_mut(object.kind()).add(object);
    }

    /// The object to change. A scale order is first made ordinary, so that it can differ from its neighbours.
    fn get_mut(&mut self, id: &str) -> Told<&mut Object> {
        let kind = Kind::of_id(id).ok_or_else(|| Refusal::no_such("resource", id))?;
        self.touch(id);
        self.shelf_mut(kind).get_mut(id).ok_or_else(|| Refusal::no_such(kind.name(), id))
    }

    fn remove(&mut self, kind: Kind, id: &str) -> Told<()> {
        self.touch(id);
        self.shelf_mut(kind).remove(id).ok_or_else(|| Refusal::no_such(kind.name(), id))?;
        self.tombstones.push(Tombstone { id: id.to_owned(), kind, deleted_at: self.now });
        Ok(())
    }

    /// Makes the scale order that an object belongs to an ordinary one, so that stories can go on with it.
    pub fn touch(&mut self, id: &str) {
        let Some(scale) = &mut self.scale else { return };
        let Some(at) = scale.find(id) else { return };
        if scale.take(at) {
            let objects = scale.order(at);
            crate::scale::note(&mut self.book, &objects);
            for object in objects {
                self.add(object);
            }
        }
    }

    fn mint(&mut self, prefix: &str, count: usize) -> String {
        crate::ids::tail(&mut self.rng, prefix, count)
    }
}

pub(crate) fn stream(seed: u64, number: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number);
    rng
}

macro_rules! typed {
    ($($get:ident, $get_mut:ident, $variant:ident, $type:ty;)*) => {
        impl World {
            $(
                #[allow(dead_code)]
                pub(crate) fn $get(&self, id: &str) -> Told<&$type> {
                    match self.shelf(Kind::$variant).get(id) {
                        Some(Object::$variant(object)) => Ok(object),
                        _ => Err(Refusal::no_such(Kind::$variant.name(), id)),
                    }
                }

                #[allow(dead_code)]
                pub(crate) fn $get_mut(&mut self, id: &str) -> Told<&mut $type> {
                    match self.get_mut(id) {
                        Ok(Object::$variant(object)) => Ok(object),
                        _ => Err(Refusal::no_such(Kind::$variant.name(), id)),
                    }
                }
            )*
        }
    };
}

typed! {
    session, session_mut, Session, crate::objects::Session;
    intent, intent_mut, Intent, crate::objects::Intent;
    charge, charge_mut, Charge, crate::objects::Charge;
    refund_of, refund_mut, Refund, crate::objects::Refund;
    dispute_of, dispute_mut, Dispute, crate::objects::Dispute;
    customer, customer_mut, Customer, crate::objects::Customer;
    product, product_mut, Product, crate::objects::Product;
    price, price_mut, Price, crate::objects::Price;
    endpoint, endpoint_mut, Endpoint, crate::objects::Endpoint;
}

/// The metadata that the shop puts on its objects.
pub(crate) fn shop_metadata(fields: [(&str, Option<&str>); 6]) -> Metadata {
    fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned()))).collect()
}
