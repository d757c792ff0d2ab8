//! Who buys credits, and what becomes of it: bought again, given back, disputed, never paid, bought without an account.

use super::deeds::Deed;
use super::people::{FIRST_NAMES, LAST_NAMES, MARKETS};
use super::{DAY_S, Step, Traffic};
use crate::config::DEFAULT_START;
use crate::world::{Buyer, CREDIT_PACKS, CheckoutSpec, CreditSpec, Due, FIRST_ENDPOINT, World};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// Days of history that [`credit_shop`] has, and those of them in which buyers arrive.
const DAYS: i64 = 24;
const ARRIVAL_DAYS: i64 = 12;

/// Credit buyers and the stream they are drawn from.
#[derive(Debug)]
pub(super) struct CreditDesk {
    rng: ChaCha8Rng,
    members: Vec<Member>,
    serial: usize,
    /// The first buyers play every story once.
    in_turn: bool,
}

impl CreditDesk {
    pub(super) fn new(seed: u64) -> CreditDesk {
        CreditDesk { rng: crate::world::stream(seed, 6), members: Vec::new(), serial: 0, in_turn: false }
    }

    /// Whether the next visitor comes for credits.
    pub(super) fn next_one(&mut self) -> bool {
        self.rng.random_range(0..6) == 0
    }

    fn seconds(&mut self, low: i64, high: i64) -> i64 {
        self.rng.random_range(low..high)
    }
}

/// Somebody with an account in the shop.
#[derive(Debug, Clone)]
struct Member {
    user_id: String,
    email: String,
    name: String,
    locale: &'static str,
    currency: &'static str,
}

/// What a credit buyer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    Plain,
    Several,
    SameMinute,
    ThreePacks,
    Yen,
    Dinar,
    GuestTheUsersTableKnows,
    GuestWhoSignsUp,
    GuestForGood,
    SharedEmail,
    PartRefund,
    RefundsOneFails,
    TinyRefund,
    WholeRefund,
    RefundSettlesLate,
    RefundPending,
    RefundFails,
    DisputeOpen,
    DisputeWon,
    DisputeLost,
    RefundThenDisputeLost,
    Free,
    DebitPending,
    DebitPaid,
    DebitBounces,
    DeclinedThenPaid,
    DeclinedAndGone,
    Abandoned,
    Recovered,
    ToldTwice,
}

const CASES: [Case; 30] = [
    Case::Plain,
    Case::Several,
    Case::SameMinute,
    Case::ThreePacks,
    Case::Yen,
    Case::Dinar,
    Case::GuestTheUsersTableKnows,
    Case::GuestWhoSignsUp,
    Case::GuestForGood,
    Case::SharedEmail,
    Case::PartRefund,
    Case::RefundsOneFails,
    Case::TinyRefund,
    Case::WholeRefund,
    Case::RefundSettlesLate,
    Case::RefundPending,
    Case::RefundFails,
    Case::DisputeOpen,
    Case::DisputeWon,
    Case::DisputeLost,
    Case::RefundThenDisputeLost,
    Case::Free,
    Case::DebitPending,
    Case::DebitPaid,
    Case::DebitBounces,
    Case::DeclinedThenPaid,
    Case::DeclinedAndGone,
    Case::Abandoned,
    Case::Recovered,
    Case::ToldTwice,
];

/// What may happen in a shop without loose ends.
const HEALTHY: [Case; 14] = [
    Case::Plain,
    Case::Several,
    Case::SameMinute,
    Case::ThreePacks,
    Case::Yen,
    Case::Dinar,
    Case::GuestWhoSignsUp,
    Case::GuestForGood,
    Case::WholeRefund,
    Case::Free,
    Case::DebitPaid,
    Case::DeclinedThenPaid,
    Case::Abandoned,
    Case::Recovered,
];

/// A shop that sold credits to this many buyers in the days before [`DEFAULT_START`], at which it stands. The first
/// thirty of them are one of each kind there is; of the others about half buy once and keep it.
pub fn credit_shop(seed: u64, buyers: u32) -> World {
    let mut world = World::new(seed, DEFAULT_START - DAYS * DAY_S);
    world.new_endpoint(&format!("https://shop.example.com{FIRST_ENDPOINT}"), &["*"]);
    world.second_endpoint();
    let mut desk = CreditDesk { in_turn: true, ..CreditDesk::new(seed) };
    let mut at: Vec<i64> = (0..buyers).map(|_| desk.seconds(0, ARRIVAL_DAYS * DAY_S)).collect();
    at.sort_unstable();
    for after_s in at {
        world.later(after_s, Due::Customers(Step::ArriveForCredits));
    }
    world.traffic = Some(Traffic::of_credits(seed, desk));
    world.advance_to(DEFAULT_START);
    world
}

/// A buyer of credits arrives, and their story is drawn.
pub(super) fn arrive(world: &mut World, traffic: &mut Traffic) {
    let healthy = traffic.faults <= 0.0;
    let Some(desk) = &mut traffic.credits else { return };
    let cases: &[Case] = if healthy { &HEALTHY } else { &CASES };
    let case = match desk.serial {
        n if desk.in_turn && n < CASES.len() => CASES[n],
        _ if desk.rng.random_bool(0.5) => Case::Plain,
        _ => cases[desk.rng.random_range(0..cases.len())],
    };
    desk.serial += 1;
    play(world, desk, case);
}

/// Puts a case's purchases on the agenda.
fn play(world: &mut World, desk: &mut CreditDesk, case: Case) {
    let mut member = stranger(desk);
    match case {
        Case::Yen => member.currency = "jpy",
        Case::Dinar => member.currency = "kwd",
        Case::Plain if !desk.members.is_empty() && desk.rng.random_bool(0.4) => {
            member = desk.members[desk.rng.random_range(0..desk.members.len())].clone();
        }
        _ => {}
    }
    let guest = matches!(case, Case::GuestTheUsersTableKnows | Case::GuestWhoSignsUp | Case::GuestForGood);
    let known = desk.members.iter().any(|m| m.user_id == member.user_id);
    if !guest && !known {
        world.register_user(&member.user_id, &member.email, &member.name);
        if case != Case::SharedEmail {
            desk.members.push(member.clone());
        }
    }
    let spec = if guest { as_guest(desk, &member) } else { pack_for(desk, &member) };
    let paid_s = desk.seconds(30, 900);
    let pay = (paid_s, Deed::Pay);
    let soon_s = paid_s + desk.seconds(DAY_S / 2, 3 * DAY_S);
    let then_s = soon_s + desk.seconds(DAY_S / 2, 4 * DAY_S);
    let decline = Deed::Decline("insufficient_funds");
    let mut buy = |after_s: i64, spec: CreditSpec, deeds: Vec<(i64, Deed)>| {
        let Ok(spec) = world.credit_checkout(spec) else { return };
        let step = Step::Buy { spec: Box::new(spec), deeds };
        world.later(after_s, Due::Customers(step));
    };
    match case {
        Case::Plain | Case::GuestForGood => buy(0, spec, vec![pay]),
        Case::ThreePacks => buy(0, CreditSpec { quantity: 3, ..spec }, vec![pay]),
        Case::Several => {
            for n in 0..desk.rng.random_range(2..=4) {
                let spec = pack_for(desk, &member);
                buy(n * soon_s, spec, vec![(desk.seconds(30, 900), Deed::Pay)]);
            }
        }
        Case::SameMinute => {
            buy(0, spec.clone(), vec![(20, Deed::Pay)]);
            buy(15, spec, vec![(desk.seconds(10, 40), Deed::Pay)]);
        }
        Case::GuestTheUsersTableKnows => {
            buy(0, spec, vec![pay]);
            let Member { user_id, email, name, .. } = member;
            world.later(soon_s, Due::Customers(Step::SignUp { user_id, email, name }));
        }
        Case::GuestWhoSignsUp => {
            buy(0, spec, vec![pay]);
            let spec = pack_for(desk, &member);
            buy(soon_s, spec, vec![(60, Deed::Pay)]);
            let Member { user_id, email, name, .. } = member;
            world.later(soon_s - 60, Due::Customers(Step::SignUp { user_id, email, name }));
        }
        Case::SharedEmail => {
            let other = Member { email: member.email.clone(), ..stranger(desk) };
            let (second, third) = (pack_for(desk, &other), as_guest(desk, &member));
            buy(0, spec, vec![pay.clone()]);
            buy(soon_s, second, vec![pay.clone()]);
            buy(then_s, third, vec![pay]);
            world.register_user(&other.user_id, &other.email, &other.name);
        }
        Case::Yen | Case::Dinar | Case::PartRefund => buy(0, spec, vec![pay, (soon_s, Deed::RefundPart)]),
        Case::RefundsOneFails => {
            let deeds = vec![
                pay,
                (soon_s, Deed::RefundPart),
                (then_s, Deed::RefundPart),
                (then_s + DAY_S, Deed::FailRefund),
                (then_s + 2 * DAY_S, Deed::RefundTiny),
            ];
            buy(0, spec, deeds);
        }
        Case::TinyRefund => buy(0, spec, vec![pay, (soon_s, Deed::RefundTiny)]),
        Case::WholeRefund => buy(0, spec, vec![pay, (soon_s, Deed::RefundAll)]),
        Case::RefundSettlesLate => {
            buy(0, spec, vec![pay, (soon_s, Deed::RefundPending), (then_s, Deed::SettleRefund)]);
        }
        Case::RefundPending => buy(0, spec, vec![pay, (soon_s, Deed::RefundPending)]),
        Case::RefundFails => {
            buy(0, spec, vec![pay, (soon_s, Deed::RefundAll), (then_s, Deed::FailRefund)]);
        }
        Case::DisputeOpen => buy(0, spec, vec![pay, (soon_s, Deed::Dispute)]),
        Case::DisputeWon | Case::DisputeLost => {
            let close = Deed::CloseDispute { won: case == Case::DisputeWon };
            buy(0, spec, vec![pay, (soon_s, Deed::Dispute), (then_s, close)]);
        }
        Case::RefundThenDisputeLost => {
            let close = Deed::CloseDispute { won: false };
            let deeds =
                vec![pay, (soon_s, Deed::RefundPart), (then_s, Deed::Dispute), (then_s + DAY_S, close)];
            buy(0, spec, deeds);
        }
        Case::Free => buy(0, CreditSpec { free: true, ..spec }, vec![pay]),
        Case::DebitPending => buy(0, spec, vec![(paid_s, Deed::PayAsync)]),
        Case::DebitPaid => buy(0, spec, vec![(paid_s, Deed::PayAsync), (soon_s, Deed::SettleAsync)]),
        Case::DebitBounces => buy(0, spec, vec![(paid_s, Deed::PayAsync), (soon_s, Deed::FailAsync)]),
        Case::DeclinedThenPaid => buy(0, spec, vec![(20, decline), pay]),
        Case::DeclinedAndGone => buy(0, spec, vec![(paid_s, decline)]),
        Case::Abandoned => buy(0, spec, Vec::new()),
        Case::Recovered => {
            let back_s = DAY_S + soon_s;
            let spec = CreditSpec { recovery: true, ..spec };
            buy(0, spec, vec![(back_s, Deed::Recover), (back_s + 60, Deed::Pay)]);
        }
        Case::ToldTwice => buy(0, spec, vec![pay, (paid_s + 600, Deed::Resend)]),
    }
}

/// Somebody who was not here before.
fn stranger(desk: &mut CreditDesk) -> Member {
    let serial = desk.serial;
    let rng = &mut desk.rng;
    let first = FIRST_NAMES[rng.random_range(0..FIRST_NAMES.len())];
    let last = LAST_NAMES[rng.random_range(0..LAST_NAMES.len())];
    let (locale, currency, _, _) = MARKETS[rng.random_range(0..MARKETS.len())];
    let email = format!("{}.{}.{serial}@example.net", first.to_ascii_lowercase(), last.to_ascii_lowercase());
    Member {
        user_id: crate::ids::tail(rng, "u_", 20),
        email,
        name: format!("{first} {last}"),
        locale,
        currency,
    }
}

/// A pack as a member buys it.
fn pack_for(desk: &mut CreditDesk, member: &Member) -> CreditSpec {
    let rng = &mut desk.rng;
    CreditSpec {
        plan: CREDIT_PACKS[rng.random_range(0..CREDIT_PACKS.len())].0.to_owned(),
        currency: member.currency.to_owned(),
        user_id: Some(member.user_id.clone()),
        email: Some(member.email.clone()),
        name: Some(member.name.clone()),
        locale: Some(member.locale.to_owned()),
        plan_key: if rng.random_bool(0.6) { "plan" } else { "planId" }.to_owned(),
        customer: if rng.random_bool(0.3) { Buyer::BecomesCustomer } else { Buyer::Guest },
        metadata_on_intent: rng.random_bool(0.7),
        ..CreditSpec::default()
    }
}

/// A pack as the same person buys it without signing in: all there is of them is an e-mail.
fn as_guest(desk: &mut CreditDesk, member: &Member) -> CreditSpec {
    let spec = CreditSpec { user_id: None, ..pack_for(desk, member) };
    match desk.rng.random_bool(0.5) {
        true => spec,
        false => CreditSpec { typed_email: spec.email.clone(), email: None, ..spec },
    }
}

/// Opens a checkout for credits, and puts what follows on the agenda.
pub(super) fn open(world: &mut World, traffic: &mut Traffic, spec: CheckoutSpec, deeds: Vec<(i64, Deed)>) {
    if let Some(play) = super::deeds::start(world, traffic, spec) {
        for (after_s, deed) in deeds {
            super::deeds::act_later(world, play, after_s, deed);
        }
    }
}
