//! A shop of millions of preorders in a few bytes each: everything about an order is computed from its number.
//!
//! Order `n` opened its checkout at a second that grows with `n`; what became of it, who bought and all ids follow
//! from a hash of (seed, n). Only the lists of numbers that have an intent, charge, refund or dispute are kept. An
//! order that a story touches is taken out of here and lives on as ordinary objects.

mod codes;
mod order;

pub(crate) use codes::request_id;
pub(crate) use order::note;

use crate::json::Json;
use crate::ledger::Totals;
use crate::objects::{Kind, Object};
use crate::world::Key;
use std::collections::HashSet;

const DAY_S: i64 = 86_400;
/// Payment comes this long after checkout was opened.
const PAID_AFTER_S: i64 = 95;
/// A refund comes this long after payment.
const REFUNDED_AFTER_S: i64 = 2 * DAY_S;
/// A dispute comes this long after payment.
const DISPUTED_AFTER_S: i64 = 5 * DAY_S;

/// What became of a scale order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Open,
    Expired,
    Paid,
    Refunded,
    PartlyRefunded,
    DisputeOpen,
    DisputeWon,
    DisputeLost,
}

/// The prices that scale orders are sold at.
#[derive(Debug, Clone)]
pub(crate) struct ScalePrices {
    pub product: String,
    pub created: i64,
    /// Currency, minor units, price id.
    pub by_currency: Vec<(String, i64, String)>,
}

#[derive(Debug)]
pub(crate) struct Scale {
    seed: u64,
    orders: u64,
    start: i64,
    end: i64,
    livemode: bool,
    prices: ScalePrices,
    paid: Vec<u32>,
    refunded: Vec<u32>,
    disputed: Vec<u32>,
    open: Vec<u32>,
    taken: HashSet<u64>,
}

impl Scale {
    pub(crate) fn new(
        seed: u64,
        orders: u64,
        days: u32,
        end: i64,
        livemode: bool,
        prices: ScalePrices,
    ) -> Scale {
        let orders = orders.min(u64::from(u32::MAX));
        let start = end - i64::from(days.max(1)) * 86_400;
        let mut scale = Scale {
            seed,
            orders,
            start,
            end,
            livemode,
            prices,
            paid: Vec::new(),
            refunded: Vec::new(),
            disputed: Vec::new(),
            open: Vec::new(),
            taken: HashSet::new(),
        };
        for n in 0..orders {
            match scale.outcome(n) {
                Outcome::Open => scale.open.push(n as u32),
                Outcome::Expired => {}
                Outcome::Paid => scale.paid.push(n as u32),
                Outcome::Refunded | Outcome::PartlyRefunded => {
                    scale.paid.push(n as u32);
                    scale.refunded.push(n as u32);
                }
                Outcome::DisputeOpen | Outcome::DisputeWon | Outcome::DisputeLost => {
                    scale.paid.push(n as u32);
                    scale.disputed.push(n as u32);
                }
            }
        }
        scale
    }

    /// Sessions still open at the end of the scale history, and when they expire.
    pub(crate) fn open_sessions(&self) -> Vec<(String, i64)> {
        let session = |&n: &u32| (self.id(Kind::Session, n.into()), self.opened_at(n.into()) + DAY_S);
        self.open.iter().map(session).collect()
    }

    pub(crate) fn outcome(&self, n: u64) -> Outcome {
        let opened = self.opened_at(n);
        let drawn = codes::hash(self.seed, n, 0) % 1000;
        let paid_by = |after_s: i64| opened + PAID_AFTER_S + after_s <= self.end;
        match drawn {
            0..=399 => match opened + DAY_S <= self.end {
                true => Outcome::Expired,
                false => Outcome::Open,
            },
            _ if !paid_by(0) => Outcome::Open,
            400..=419 if paid_by(REFUNDED_AFTER_S) => Outcome::Refunded,
            420..=429 if paid_by(REFUNDED_AFTER_S) => Outcome::PartlyRefunded,
            430..=432 if paid_by(DISPUTED_AFTER_S) => Outcome::DisputeOpen,
            433..=435 if paid_by(DISPUTED_AFTER_S) => Outcome::DisputeWon,
            436..=438 if paid_by(DISPUTED_AFTER_S) => Outcome::DisputeLost,
            _ => Outcome::Paid,
        }
    }

    pub(crate) fn opened_at(&self, n: u64) -> i64 {
        let span = (self.end - self.start) as u128;
        let step = u128::from(n) * 1024 + u128::from(codes::hash(self.seed, n, 1) % 1024);
        self.start + (step * span / (u128::from(self.orders.max(1)) * 1024)) as i64
    }

    /// Creation second of an order's object of a kind.
    pub(crate) fn created(&self, kind: Kind, n: u64) -> i64 {
        let after_s = match kind {
            Kind::Refund => PAID_AFTER_S + REFUNDED_AFTER_S,
            Kind::Dispute => PAID_AFTER_S + DISPUTED_AFTER_S,
            Kind::Session => 0,
            _ => PAID_AFTER_S,
        };
        self.opened_at(n) + after_s
    }

    fn numbers(&self, kind: Kind) -> Option<&[u32]> {
        match kind {
            Kind::Intent | Kind::Charge | Kind::Customer => Some(&self.paid),
            Kind::Refund => Some(&self.refunded),
            Kind::Dispute => Some(&self.disputed),
            Kind::Session | Kind::Product | Kind::Price | Kind::Endpoint => None,
        }
    }

    pub(crate) fn count(&self, kind: Kind) -> usize {
        match (kind, self.numbers(kind)) {
            (Kind::Session, _) => self.orders as usize,
            (_, Some(numbers)) => numbers.len(),
            _ => 0,
        }
    }

    pub(crate) fn key_at(&self, kind: Kind, position: usize) -> Key {
        let n = self.numbers(kind).map_or(position as u64, |numbers| u64::from(numbers[position]));
        (self.created(kind, n), n)
    }

    /// Position of the first entry that is not below `key`.
    pub(crate) fn position(&self, kind: Kind, key: Key) -> usize {
        let (mut low, mut high) = (0, self.count(kind));
        while low < high {
            let middle = low + (high - low) / 2;
            if self.key_at(kind, middle) < key { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// The order that an id belongs to.
    pub(crate) fn find(&self, id: &str) -> Option<u64> {
        let kind = Kind::of_id(id)?;
        let n = codes::number_in(kind, id)?;
        let there = n < self.orders
            && self.numbers(kind).is_none_or(|numbers| numbers.binary_search(&(n as u32)).is_ok());
        (there && self.id(kind, n) == id).then_some(n)
    }

    /// The order whose buyer has this e-mail.
    pub(crate) fn find_email(&self, email: &str) -> Option<u64> {
        let local = email.split('@').next()?;
        let n: u64 = local[local.trim_end_matches(|c: char| c.is_ascii_digit()).len()..].parse().ok()?;
        (n < self.orders && self.email(n) == email).then_some(n)
    }

    /// The status word of an order's session.
    pub(crate) fn session_word(&self, n: u64) -> &'static str {
        match self.outcome(n) {
            Outcome::Open => "open",
            Outcome::Expired => "expired",
            _ => "complete",
        }
    }

    pub(crate) fn is_taken(&self, n: u64) -> bool {
        !self.taken.is_empty() && self.taken.contains(&n)
    }

    /// Takes an order out. False if it was taken before.
    pub(crate) fn take(&mut self, n: u64) -> bool {
        self.taken.insert(n)
    }

    pub(crate) fn write(&self, j: &mut Json, kind: Kind, n: u64, line_items: bool) {
        match self.object(kind, n) {
            Some(Object::Session(session)) => session.write_with(j, self.livemode, line_items),
            Some(object) => object.write(j, self.livemode),
            None => {}
        }
    }

    pub(crate) fn add_totals(&self, totals: &mut Totals) {
        for n in (0..self.orders).filter(|n| !self.is_taken(*n)) {
            let outcome = self.outcome(n);
            let paid = !matches!(outcome, Outcome::Open | Outcome::Expired);
            let kept = paid && !matches!(outcome, Outcome::Refunded | Outcome::DisputeLost);
            totals.count(outcome.status(), [true, paid, paid, kept]);
            *totals.objects.entry(Kind::Session.name().to_owned()).or_default() += 1;
            if paid {
                for kind in [Kind::Intent, Kind::Charge, Kind::Customer] {
                    *totals.objects.entry(kind.name().to_owned()).or_default() += 1;
                }
            }
            if matches!(outcome, Outcome::Refunded | Outcome::PartlyRefunded) {
                *totals.objects.entry(Kind::Refund.name().to_owned()).or_default() += 1;
            }
            if matches!(outcome, Outcome::DisputeOpen | Outcome::DisputeWon | Outcome::DisputeLost) {
                *totals.objects.entry(Kind::Dispute.name().to_owned()).or_default() += 1;
            }
        }
    }
}

impl Outcome {
    fn status(self) -> &'static str {
        match self {
            Outcome::Open => "processing",
            Outcome::Expired => "expired",
            Outcome::Paid | Outcome::DisputeWon => "completed",
            Outcome::Refunded => "refunded",
            Outcome::PartlyRefunded => "partially_refunded",
            Outcome::DisputeOpen | Outcome::DisputeLost => "disputed",
        }
    }
}
