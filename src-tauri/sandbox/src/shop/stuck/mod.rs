//! A shop in which orders are stuck, and the truth about which.
//!
//! Each fault is a tale: what happens to one order, second by second. Tales are drawn from the seed, mixed with each other,
//! with cases that only look like them and with healthy orders, and then told to one world in the order of time. A tale
//! says what it means when it is drawn; nothing is read back from what the world serves.

mod contents;
mod misses;
mod paying;
mod people;
mod stage;
mod tale;
mod thresholds;

pub use thresholds::Thresholds;

use crate::config::DEFAULT_START;
use crate::ledger::LedgerOrder;
use crate::world::World;
use rand::Rng;
use serde::{Deserialize, Serialize};
use stage::{DAY_S, HOUR_S, PEACE_S, Stage};
use std::collections::HashMap;
use tale::{Act, Cast, Draft, Tale};

/// Days of history.
const DAYS: u32 = 45;
/// Healthy orders beside the tales.
const HEALTHY: u32 = 300;
/// Where an instant may lie that lies some time back, from the shop's now.
const WEEKS: (i64, i64) = (-25 * DAY_S, -PEACE_S);
/// Where it may lie if the session opened shortly before it is to be open still.
const OPEN_SESSION: (i64, i64) = (-22 * HOUR_S, -PEACE_S);

/// What has to be known beside Stripe for a finding to be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Needs {
    /// Nothing more.
    Stripe,
    /// The shop's own table of preorders ([`crate::backoffice::Books`] without faults has it).
    ShopRows,
    /// That this shop's orders belong to users: metadata `userId` is part of the contract.
    UserIds,
}

/// One finding that there is, for how long, and why.
///
/// What changes by itself when the world's clock moves on after the shop's now: open sessions expire (then `until` is
/// over), open checkouts of healthy customers are paid or expire, and pending debits of healthy customers arrive. No other
/// finding begins or ends by that. Bank debits and holds of the tales stay as they are, and refused events stay refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Planted {
    /// The rule's name.
    pub rule: &'static str,
    /// The ledger's id of the order that it is about.
    pub order: String,
    /// Ids of which any is right as the finding's subject: the order's own and its objects', or the event's alone.
    pub subjects: Vec<String>,
    /// Unix seconds from which on it is open.
    pub opens_at: i64,
    /// Unix seconds from which on it no longer is, if it closes by itself.
    pub closes_at: Option<i64>,
    /// Unix seconds at which its cause goes away if the world's clock moves so far, because a session expires. Who hears
    /// nothing of that goes on finding it.
    pub until: Option<i64>,
    /// What has to be known for it.
    pub needs: Needs,
    /// Which kind of fault, or which other finding's companion.
    pub note: &'static str,
}

impl Planted {
    /// Whether it is open at an instant for somebody who was told nothing since the shop's now.
    pub fn open_at(&self, at: i64) -> bool {
        self.opens_at <= at && self.closes_at.is_none_or(|closes| at < closes)
    }

    /// Whether it is open at an instant in a world whose clock moved there.
    pub fn open_once_moved_to(&self, at: i64) -> bool {
        self.open_at(at) && self.until.is_none_or(|until| at < until)
    }
}

/// A shop with stuck orders, standing at [`DEFAULT_START`].
pub struct StuckShop {
    /// To be served with [`crate::Sandbox::start_with`], or put into a running sandbox.
    pub world: World,
    /// All findings that there are at any instant from the shop's now on, and no others.
    pub planted: Vec<Planted>,
}

/// One kind of fault.
struct Kind {
    rule: &'static str,
    note: &'static str,
    /// Where the instant that it counts from may lie, in seconds from the shop's now.
    window: (i64, i64),
    /// The tale in which it counts from this instant.
    tell: fn(&mut Stage, i64) -> Tale,
}

/// A shop in which every rule is broken several times at random places and instants, with near-misses beside the faults.
/// Where a rule has a threshold, each kind of its faults is also there once having opened at the shop's very now, and
/// once opening a second later. A few hundred healthy orders stand around them.
pub fn stuck_shop(seed: u64, thresholds: &Thresholds) -> StuckShop {
    let now = DEFAULT_START;
    let mut world = World::new(seed, now - i64::from(DAYS) * DAY_S);
    super::populate(&mut world, seed, HEALTHY, DAYS, 0.0, 0.0);
    let mut stage = Stage::new(seed, now, thresholds.clone());
    let mut tales = Vec::new();
    for kind in paying::KINDS.iter().chain(&contents::KINDS).chain(&people::KINDS) {
        for base in instants(&mut stage, kind) {
            let mut tale = (kind.tell)(&mut stage, base);
            tale.drafts.iter_mut().filter(|draft| draft.note.is_empty()).for_each(|d| d.note = kind.note);
            tales.push(tale);
        }
    }
    for miss in misses::all() {
        tales.push(miss(&mut stage));
        tales.push(miss(&mut stage));
    }
    let told = tell(&mut world, tales, now);
    let planted = plant(&world, told, thresholds);
    StuckShop { world, planted }
}

/// Where the faults of a kind lie: at random, soon to open, opened at this very second, and opening in the next.
fn instants(stage: &mut Stage, kind: &Kind) -> Vec<i64> {
    let (low, high) = (stage.now + kind.window.0, stage.now + kind.window.1);
    let waits = stage.thresholds.of(kind.rule);
    let mut at: Vec<i64> = (0..2).map(|_| stage.rng.random_range(low..=high)).collect();
    let opens_now = stage.now - waits;
    let (soon_low, soon_high) = ((opens_now + 2).max(low), (opens_now + DAY_S).min(high));
    if soon_low <= soon_high {
        at.push(stage.rng.random_range(soon_low..=soon_high));
    }
    let fits = |base: &i64| (low..=high).contains(base);
    at.extend([opens_now, opens_now + 1].iter().filter(|base| fits(base)));
    at
}

/// Tells all tales to the world, in the order of time, and lets it stand at its now.
fn tell(world: &mut World, tales: Vec<Tale>, now: i64) -> Vec<(Cast, Vec<Draft>)> {
    let mut told = Vec::new();
    let mut acts: Vec<(i64, usize, Act)> = Vec::new();
    for (n, tale) in tales.into_iter().enumerate() {
        acts.extend(tale.acts.into_iter().map(|(at, act)| (at, n, act)));
        told.push((Cast::default(), tale.drafts));
    }
    acts.sort_by_key(|(at, ..)| *at);
    for (at, n, act) in acts {
        world.advance_to(at);
        if let Err(refusal) = act(world, &mut told[n].0) {
            unreachable!("tales are told in an order that the world takes: {refusal}");
        }
    }
    world.advance_to(now);
    told
}

/// Looks up whose orders the findings are about.
fn plant(world: &World, told: Vec<(Cast, Vec<Draft>)>, thresholds: &Thresholds) -> Vec<Planted> {
    let orders = world.ledger().orders;
    let mut by_object: HashMap<&str, &LedgerOrder> = HashMap::new();
    for order in &orders {
        by_object.extend(order.session_ids.iter().chain(&order.intent_ids).map(|id| (id.as_str(), order)));
    }
    let mut planted = Vec::new();
    for (cast, drafts) in told {
        for draft in drafts {
            let about: Vec<&LedgerOrder> = draft
                .about
                .iter()
                .filter_map(|name| by_object.get(cast.id(name).as_str()).copied())
                .collect();
            let opens_at = draft.base_at + thresholds.of(draft.rule);
            planted.push(Planted {
                rule: draft.rule,
                order: about.last().map(|order| order.id.clone()).unwrap_or_default(),
                subjects: match draft.event {
                    Some(event) => vec![cast.id(event)],
                    None => about.into_iter().flat_map(ids_of).collect(),
                },
                opens_at,
                closes_at: draft.lasts_s.map(|lasts_s| draft.base_at + lasts_s),
                until: draft.until,
                needs: draft.needs,
                note: draft.note,
            });
        }
    }
    let order = |p: &Planted| (p.rule, p.opens_at, p.order.clone());
    planted.sort_by_key(order);
    planted
}

/// An order's id and those of its objects.
fn ids_of(order: &LedgerOrder) -> Vec<String> {
    let objects =
        [&order.session_ids, &order.intent_ids, &order.charge_ids, &order.refund_ids, &order.dispute_ids];
    std::iter::once(&order.id).chain(objects.into_iter().flatten()).cloned().collect()
}
