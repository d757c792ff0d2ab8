//! The shop around the account: who its customers are and what they do by themselves.
//!
//! A customer's whole story is drawn when they arrive, from a stream of its own, and put on the world's agenda step
//! by step. Requests never draw from that stream: the same seed and start give the same shop, whoever looks at it.

mod credits;
mod deeds;
mod people;
mod script;
mod stuck;

pub use credits::credit_shop;
pub(crate) use people::{COLORS, FIRST_NAMES, LAST_NAMES, MARKETS, SOURCES, address_in, name_of};
pub use stuck::{Needs, Planted, StuckShop, Thresholds, stuck_shop};

use crate::config::{API_VERSION, Config, ShopPlan};
use crate::scale::{Scale, ScalePrices};
use crate::world::{CheckoutSpec, Due, FIRST_ENDPOINT, Lateness, PRICE_LIST, VersionMix, World};
use credits::CreditDesk;
use deeds::Deed;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

const DAY_S: i64 = 86_400;

/// One thing a customer does.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// A customer of the history arrives.
    Arrive,
    /// A customer of the live shop arrives, and the next one is drawn.
    ArriveLive,
    /// A buyer of credits arrives.
    ArriveForCredits,
    /// A checkout for credits is opened, and what follows it in so many seconds.
    Buy { spec: Box<CheckoutSpec>, deeds: Vec<(i64, Deed)> },
    /// Somebody becomes a user of the shop.
    SignUp { user_id: String, email: String, name: String },
    /// A customer goes on with their story.
    Act { play: usize, deed: Deed },
}

/// A customer's story so far.
#[derive(Debug, Clone)]
struct Play {
    spec: CheckoutSpec,
    session: String,
    intent: Option<String>,
    charge: Option<String>,
    refund: Option<String>,
    dispute: Option<String>,
}

/// The simulated customers.
#[derive(Debug)]
pub(crate) struct Traffic {
    rng: ChaCha8Rng,
    /// Share of orders planted broken.
    faults: f64,
    per_minute: f64,
    closed: Vec<(i64, i64)>,
    /// In a healthy shop nothing is left open after this.
    quiet_from: i64,
    plays: Vec<Play>,
    serial: u64,
    /// Who buys credits, in a shop that sells them.
    credits: Option<CreditDesk>,
}

impl Traffic {
    /// A shop to which nobody comes but buyers of credits.
    fn of_credits(seed: u64, desk: CreditDesk) -> Traffic {
        Traffic {
            rng: crate::world::stream(seed, 4),
            faults: 1.0,
            per_minute: 0.0,
            closed: Vec::new(),
            quiet_from: 0,
            plays: Vec::new(),
            serial: 0,
            credits: Some(desk),
        }
    }

    /// Seconds between `low` and `high`, short ones more often.
    fn seconds(&mut self, low: i64, high: i64) -> i64 {
        let drawn: f64 = self.rng.random();
        low + ((high - low) as f64 * drawn * drawn) as i64
    }

    /// The first instant from this one on at which a live customer may arrive.
    fn opening(&self, at: i64) -> i64 {
        self.closed.iter().find(|(from, to)| (*from..*to).contains(&at)).map_or(at, |(_, to)| *to)
    }

    fn id(&mut self, prefix: &str, count: usize) -> String {
        crate::ids::tail(&mut self.rng, prefix, count)
    }
}

/// Plays a step that is due.
pub(crate) fn play(world: &mut World, step: Step) {
    let Some(mut traffic) = world.traffic.take() else { return };
    match step {
        Step::Arrive => script::arrive(world, &mut traffic),
        Step::ArriveLive => {
            script::arrive(world, &mut traffic);
            next_live(world, &mut traffic);
        }
        Step::ArriveForCredits => credits::arrive(world, &mut traffic),
        Step::Buy { spec, deeds } => credits::open(world, &mut traffic, *spec, deeds),
        Step::SignUp { user_id, email, name } => world.register_user(&user_id, &email, &name),
        Step::Act { play, deed } => deeds::act(world, &mut traffic, play, deed),
    }
    world.traffic = Some(traffic);
}

/// Arrivals are a Poisson process: the gaps between them are exponential.
fn next_live(world: &mut World, traffic: &mut Traffic) {
    if traffic.per_minute > 0.0 {
        let drawn: f64 = traffic.rng.random_range(f64::EPSILON..1.0);
        let gap_s = (-drawn.ln() * 60.0 / traffic.per_minute).min(30.0 * DAY_S as f64);
        let at = traffic.opening(world.now() + gap_s.round() as i64);
        world.later(at - world.now(), Due::Customers(Step::ArriveLive));
    }
}

/// Builds the world that a configuration asks for, at the beginning of its past.
pub(crate) fn open(config: &Config, now: i64) -> World {
    let begin = config.since.unwrap_or(match config.shop {
        ShopPlan::Empty | ShopPlan::Scale { .. } => now,
        ShopPlan::History { days, .. } | ShopPlan::Live { days, .. } => now - i64::from(days) * DAY_S,
    });
    let mut world = World::new(config.seed, begin);
    world.livemode = config.keys.first().is_some_and(|key| key.livemode);
    match config.shop {
        ShopPlan::Empty => {}
        ShopPlan::History { orders, days, faults } => {
            populate(&mut world, config.seed, orders, days, 0.0, faults)
        }
        ShopPlan::Live { history_orders, days, per_minute, faults } => {
            populate(&mut world, config.seed, history_orders, days, per_minute, faults);
        }
        ShopPlan::Scale { preorders, days } => {
            let scale = scale(&world, config.seed, preorders, days);
            for (session, expires_at) in scale.open_sessions() {
                world.later(expires_at - begin, Due::SessionExpires(session));
            }
            world.scale = Some(scale);
        }
    }
    if config.credits {
        sell_credits(&mut world, config.seed);
    }
    if let Some(traffic) = &mut world.traffic {
        traffic.closed.clone_from(&config.closed);
    }
    world
}

/// About one visitor in six comes for credits. Payments go to a webhook endpoint of their own beside the first; in a
/// shop with faults both take completed checkouts.
fn sell_credits(world: &mut World, seed: u64) {
    let Some(traffic) = &mut world.traffic else { return };
    traffic.credits = Some(CreditDesk::new(seed));
    let broken = traffic.faults > 0.0;
    world.second_endpoint();
    if broken {
        world.overlap_endpoints();
    }
}

fn populate(world: &mut World, seed: u64, orders: u32, days: u32, per_minute: f64, faults: f64) {
    let past_s = i64::from(days) * DAY_S;
    let mut rng = crate::world::stream(seed, 4);
    world.new_endpoint(&format!("https://shop.example.com{FIRST_ENDPOINT}"), &["*"]);
    if faults > 0.0 {
        world.set_versions(VersionMix::of(&[
            (API_VERSION, 94),
            ("2024-06-20", 3),
            ("2020-08-27", 2),
            ("2019-03-14", 1),
        ]));
        world.set_lateness(Lateness { share: 0.02, max_s: 45 });
    }
    let mut at: Vec<i64> = (0..orders).map(|_| rng.random_range(0..past_s.max(1))).collect();
    at.sort_unstable();
    // One arrival in ten comes in the very second of the one before.
    for n in 1..at.len() {
        if rng.random_bool(0.1) {
            at[n] = at[n - 1];
        }
    }
    for after_s in at {
        // In a healthy shop no session expires in the last seconds of the history either.
        let expires_s = after_s + DAY_S;
        let last_s = (past_s - script::QUIET_S..=past_s).contains(&expires_s) && faults <= 0.0;
        let after_s = if last_s { (after_s - 2 * script::QUIET_S).max(0) } else { after_s };
        world.later(after_s, Due::Customers(Step::Arrive));
    }
    if per_minute > 0.0 {
        world.later(past_s, Due::Customers(Step::ArriveLive));
    }
    let quiet_from = world.now() + past_s;
    world.traffic = Some(Traffic {
        rng,
        faults,
        per_minute,
        closed: Vec::new(),
        quiet_from,
        plays: Vec::new(),
        serial: 0,
        credits: None,
    });
}

fn scale(world: &World, seed: u64, preorders: u64, days: u32) -> Scale {
    let listed = |&(currency, amount): &(&str, i64)| {
        let (price, _) = world.list_price(currency)?;
        Some((currency.to_owned(), amount, price.to_owned()))
    };
    let prices = ScalePrices {
        product: world.main_product().to_owned(),
        created: world.now() - 400 * DAY_S,
        by_currency: PRICE_LIST.iter().filter_map(listed).collect(),
    };
    Scale::new(seed, preorders, days, world.now(), world.livemode, prices)
}
