//! What is due, and when.

use super::World;
use crate::shop::Step;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// Something that will happen by itself.
#[derive(Debug, Clone)]
pub(crate) enum Due {
    /// An open session reaches its `expires_at`.
    SessionExpires(String),
    /// Stripe books a charge's balance transaction.
    ChargeBooked(String),
    /// A delivery attempt of an event to a webhook endpoint.
    Delivery { event: String, endpoint: String, attempt: u32 },
    /// The shop's customers do something.
    Customers(Step),
}

#[derive(Default)]
pub(super) struct Agenda {
    heap: BinaryHeap<Reverse<(i64, u64)>>,
    entries: BTreeMap<u64, Due>,
    next: u64,
}

impl Agenda {
    pub(super) fn add(&mut self, at: i64, due: Due) {
        self.heap.push(Reverse((at, self.next)));
        self.entries.insert(self.next, due);
        self.next += 1;
    }

    pub(super) fn next_at(&self) -> Option<i64> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    pub(super) fn next_until(&mut self, now: i64) -> Option<(i64, Due)> {
        if self.next_at()? > now {
            return None;
        }
        let Reverse((at, number)) = self.heap.pop()?;
        Some((at, self.entries.remove(&number).expect("each number is pushed and popped once")))
    }
}

impl World {
    /// Puts something on the agenda, `after_s` seconds from now.
    pub(crate) fn later(&mut self, after_s: i64, due: Due) {
        self.agenda.add(self.now + after_s.max(0), due);
    }

    pub(super) fn play(&mut self, due: Due) {
        match due {
            Due::SessionExpires(session) => self.expire_if_due(&session),
            Due::ChargeBooked(charge) => self.book_charge(&charge),
            Due::Delivery { event, endpoint, attempt } => self.deliver(&event, &endpoint, attempt),
            Due::Customers(step) => crate::shop::play(self, step),
        }
    }
}
