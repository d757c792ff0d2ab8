//! A small shop's history, told step by step from a seed, and the facts that a mirror could hear of it.

use foredeck_engine::domain::kind::Kind;
use foredeck_engine::facts::snapshots::Origin;
use foredeck_sandbox::World;
use foredeck_sandbox::world::{Kind as Shelf, VersionMix};
use serde_json::Value;

use super::chance::Chance;
use super::facts::{Fact, Local};

const START: i64 = 1_790_000_000;

pub struct History {
    pub world: World,
    pub facts: Vec<Fact>,
    /// Shapes that leave out what a payment came to are among the events.
    pub ancient: bool,
    pub(super) chance: Chance,
    pub(super) orders: usize,
    pub(super) known: Vec<(Kind, String)>,
    pub(super) emails: Vec<String>,
    pub(super) preorder_ids: Vec<String>,
    seen_events: usize,
}

impl History {
    /// Plays the history of a seed, at most so many steps of it.
    pub fn tell(seed: u64, most_steps: usize) -> Self {
        let mut chance = Chance::new(seed);
        let mut world = World::new(seed, START);
        let mix = chance.below(10);
        world.set_versions(match mix {
            0..=5 => VersionMix::default(),
            6 | 7 => VersionMix::of(&[
                ("2026-09-30.endive", 4),
                ("2025-09-30.clover", 2),
                ("2024-06-20", 2),
                ("2020-08-27", 1),
                ("2026-09-30.endive+expanded", 1),
            ]),
            _ => VersionMix::mixed(),
        });
        let orders = if chance.percent(8) { 12 + chance.below(14) } else { 5 + chance.below(5) };
        let emails = (0..6).map(|n| format!("Buyer{n}@Example.com")).collect();
        let mut history = Self {
            world,
            facts: Vec::new(),
            ancient: mix > 7,
            chance,
            orders,
            known: Vec::new(),
            emails,
            preorder_ids: Vec::new(),
            seen_events: 0,
        };
        for _ in 0..most_steps.min(orders * 6) {
            history.step();
        }
        history
    }

    fn step(&mut self) {
        let pause = match self.chance.below(100) {
            0..60 => 0,
            60..85 => self.chance.between(1, 4),
            85..96 => self.chance.between(600, 7_200),
            _ => self.chance.between(40_000, 200_000),
        };
        self.wait(pause);
        let around = self.chance.percent(30);
        if around {
            self.look_around(1);
        }
        self.live();
        self.hear_events();
        if around || self.chance.percent(25) {
            self.look_around(2);
        }
    }

    pub(super) fn wait(&mut self, seconds: i64) {
        self.world.advance_to(self.world.now() + seconds);
        self.hear_events();
    }

    /// A list shows an object now.
    pub(super) fn look_at(&mut self, id: &str) {
        if let (Some(kind), Some(object)) = (kind_of(id), listed(&self.world, id)) {
            self.facts.push(seen(kind, id.to_owned(), Origin::List, self.world.now(), object));
        }
    }

    pub(super) fn know(&mut self, id: &str) {
        if let Some(kind) = kind_of(id)
            && !self.known.iter().any(|(_, known)| known == id)
        {
            self.known.push((kind, id.to_owned()));
        }
    }

    fn hear_events(&mut self) {
        let new: Vec<Fact> = self.world.events()[self.seen_events..].iter().map(Fact::of_event).collect();
        self.seen_events += new.len();
        for fact in new {
            let id = fact.about().map(|(id, _)| id.to_owned());
            self.facts.push(fact);
            if let Some(id) = id {
                self.know(&id);
            }
        }
    }

    /// Lists, retrieves and answers of some objects, as the server shows them at this moment.
    fn look_around(&mut self, count: usize) {
        for _ in 0..count {
            let newest = self.known.len().saturating_sub(4);
            let at = if self.chance.percent(60) { newest } else { 0 };
            let Some((kind, id)) = self.chance.pick_some(&self.known[at..]).cloned() else { return };
            let origin = *self.chance.pick(&[Origin::List, Origin::List, Origin::Retrieve, Origin::Answer]);
            // The request may have started in the second before.
            let as_of = self.world.now() - i64::from(self.chance.percent(10));
            if self.chance.percent(2) {
                self.facts.push(Fact::Gone { kind, id, as_of });
                continue;
            }
            match listed(&self.world, &id)
                .filter(|_| origin == Origin::List)
                .or_else(|| self.world.object(&id))
            {
                Some(object) if object["deleted"] == true && origin == Origin::List => {}
                Some(object) => self.facts.push(seen(kind, id, origin, as_of, object)),
                None => self.facts.push(Fact::Gone { kind, id, as_of }),
            }
        }
    }

    pub(super) fn local(
        &mut self,
        kind: &'static str,
        subject: String,
        object: Option<String>,
        body: String,
    ) {
        let made_at = self.world.now();
        self.facts.push(Fact::Local(Local { made_at, kind, subject, object, body }));
    }

    /// The facts after everything that ever happened was heard of and everything was listed once more.
    pub fn all_told(&self) -> Vec<Fact> {
        let as_of = self.world.now() + 1;
        let mut facts = self.facts.clone();
        for shelf in Shelf::ALL.into_iter().filter(|shelf| *shelf != Shelf::Endpoint) {
            for object in self.world.objects(shelf) {
                let id = object["id"].as_str().unwrap().to_owned();
                if let Some(kind) = kind_of(&id) {
                    let object = listed(&self.world, &id).unwrap_or(object);
                    facts.push(seen(kind, id, Origin::List, as_of, object));
                }
            }
        }
        facts
    }
}

/// An object as a list shows it: sessions with their line items.
fn listed(world: &World, id: &str) -> Option<Value> {
    let mut object = world.object(id)?;
    if let Some(items) = world.line_items(id) {
        object["line_items"] = items;
    }
    Some(object)
}

fn seen(kind: Kind, id: String, origin: Origin, as_of: i64, object: Value) -> Fact {
    let raw = object.to_string();
    Fact::Seen { kind, id, origin, as_of, object, raw }
}

/// The kind that an id's prefix names.
pub fn kind_of(id: &str) -> Option<Kind> {
    Some(match id.split('_').next()? {
        "cs" => Kind::Session,
        "pi" => Kind::Intent,
        "ch" | "py" => Kind::Charge,
        "re" | "pyr" => Kind::Refund,
        "dp" | "du" => Kind::Dispute,
        "cus" => Kind::Customer,
        "prod" => Kind::Product,
        "price" => Kind::Price,
        _ => return None,
    })
}
