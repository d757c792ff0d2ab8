//! A launch: twenty events a second for minutes, polled every five seconds with a test key's ten requests a second.
//!
//! The budget follows from the design. A poll walks back to the watermark less 90 s, and the watermark lies 60 s behind
//! the walk's head: 150 s and the time since, of events and of sessions, a hundred a page. Every minute ten minutes are
//! read again beside it, at low priority.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use foredeck_engine::clock::SystemClock;
use foredeck_engine::domain::store::Mode;
use foredeck_engine::engine::{Engine, OpenStore, Options};
use foredeck_engine::facts::events::is_stored;
use foredeck_engine::secrets::{Keychain, StripeKey};
use foredeck_sandbox::world::CheckoutSpec;
use foredeck_sandbox::{ClockMode, Config, Control, DEFAULT_KEY, Limits, RequestLog, ShopPlan};

use crate::desk::Desk;
use crate::{MACHINE, count, now};

const EVENTS_PER_S: usize = 20;
/// The limiter's second of a test key, and the burst that absorbs its timer's grain.
const LIMIT_PER_S: usize = 10;
const BURST: usize = 2;
/// Requests under way at most.
const AT_ONCE: u32 = 5;
const POLL_EVERY_S: f64 = 5.0;
/// What the launch has told before the mirror polls live: longer than the ten minutes of the widest frequent reach.
const BEFORE_S: i64 = 700;
/// Of that, what the mirror has not heard: more than a minute, so that its first poll reaches back ten.
const AWAY_S: i64 = 61;

#[tokio::test(flavor = "multi_thread")]
async fn twenty_events_a_second_keep_the_request_budget_and_are_kept_up_with() {
    let _alone = MACHINE.write().await;
    let desk = Desk::open(Config {
        seed: 5,
        clock: ClockMode::Virtual { start: now() - BEFORE_S },
        shop: ShopPlan::Empty,
        limits: Limits::default(),
        ..Config::default()
    })
    .await;
    let mut launch = Launch::default();
    for second in 0..BEFORE_S {
        desk.world.advance(1);
        launch.tell(&desk.world, 1.0);
        // The last of it is news to the mirror, and the walk that finds it is due for its wide reach.
        if second == BEFORE_S - AWAY_S {
            sync_all_there_is(&desk).await;
        }
    }

    let lasts = Duration::from_secs(count(30, 180) as u64);
    let engine = engine(&desk, None);
    let store = open(&desk, &engine).await;
    desk.world.clear_requests();
    launch.waiting.clear();
    store.start_sync();
    store.signals().set_in_front(true);
    let lags = launch.run(&desk.world, &store, lasts).await;
    let stats = store.stats().unwrap();
    store.stop_sync().await;

    let requests = desk.world.requests();
    let walks = walks(&requests);
    let worst = lags.iter().copied().fold(0.0, f64::max);
    let mean = lags.iter().sum::<f64>() / lags.len() as f64;
    let per_s = requests.len() as f64 / lasts.as_secs_f64();
    eprintln!("{} events in {lasts:?}; seen after {mean:.1} s, at worst {worst:.1} s", lags.len());
    eprintln!(
        "{} requests, {per_s:.1}/s, busiest second {}; {walks:#?}",
        requests.len(),
        busiest_second(&requests)
    );
    assert_eq!((stats.throttled, stats.retries), (0, 0));
    assert!(busiest_second(&requests) <= LIMIT_PER_S + BURST);
    assert!(requests.iter().all(|request| request.in_flight <= AT_ONCE));
    let span_s = (requests.last().unwrap().since_start_ms - requests[0].since_start_ms) as f64 / 1_000.0;
    assert!(
        requests.len() as f64 <= span_s * LIMIT_PER_S as f64 + (BURST + 1) as f64,
        "more than the limiter gives"
    );
    let reaching =
        |wide: bool| walks.iter().filter(|walk| walk.of_events && (walk.reach_s >= 600) == wide).count();
    assert!(reaching(false) >= 3 && reaching(true) >= 1, "narrow polls, and a wide reach beside them");
    for walk in &walks {
        assert!(walk.requests <= walk.allowed(), "more than is due: {} for {walk:?}", walk.allowed());
    }
    assert!(launch.waiting.is_empty(), "{} events never showed", launch.waiting.len());
    // The newest events are on a poll's first page, and the wide reach gives way to it.
    assert!(worst <= POLL_EVERY_S + 1.0, "the mirror does not keep up: {worst:.1} s");
    assert!(mean <= 0.7 * POLL_EVERY_S, "half an interval is what an event waits for: {mean:.1} s");
}

fn engine(desk: &Desk, max_per_s: Option<u32>) -> Engine {
    let clock = Arc::new(SystemClock::default());
    let data_dir = desk.data();
    Engine::open(Options { data_dir, keychain: Keychain::Off, clock, max_per_s }).unwrap()
}

async fn open(desk: &Desk, engine: &Engine) -> Arc<OpenStore> {
    let store = match engine.store("Shop").await {
        Ok(store) => store,
        Err(_) => engine.add_store("Shop", Mode::Test, &desk.url, Some("UTC")).await.unwrap(),
    };
    store.keep_key_unchecked(StripeKey::parse(DEFAULT_KEY).unwrap()).await.unwrap();
    store
}

async fn sync_all_there_is(desk: &Desk) {
    let engine = engine(desk, Some(5_000));
    open(desk, &engine).await.sync_once(false, |_| {}).await.unwrap();
    engine.shutdown().await;
}

/// Orders that come and pay, and the events of theirs that the mirror has not yet.
#[derive(Default)]
struct Launch {
    /// Events that there are to be by now.
    due: f64,
    known: usize,
    waiting: VecDeque<(String, Instant)>,
}

impl Launch {
    /// Tells as many orders as the rate asks for.
    fn tell(&mut self, world: &Control, seconds: f64) {
        self.due += seconds * EVENTS_PER_S as f64;
        let (due, known) = (self.due, &mut self.known);
        let new: Vec<String> = world.with_world(|world| {
            while (world.events().len() as f64) < due {
                let session = world.open_checkout(CheckoutSpec::default()).unwrap();
                world.pay(&session).unwrap();
            }
            let new = world.events()[*known..].iter().map(|event| event.id.clone()).collect();
            *known = world.events().len();
            new
        });
        self.waiting.extend(new.into_iter().map(|id| (id, Instant::now())));
    }

    /// Goes on for a while, then waits for what is not seen yet; seconds until each event was in the mirror.
    async fn run(&mut self, world: &Control, store: &OpenStore, lasts: Duration) -> Vec<f64> {
        let began = Instant::now();
        let (mut told, mut second, mut lags) = (began, 0, Vec::new());
        while began.elapsed() < lasts || !self.waiting.is_empty() && began.elapsed() < lasts * 2 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let whole = i64::try_from(began.elapsed().as_secs()).unwrap();
            world.advance(whole - second);
            second = whole;
            if began.elapsed() < lasts {
                self.tell(world, told.elapsed().as_secs_f64());
                told = Instant::now();
            }
            self.look(store, &mut lags).await;
        }
        lags
    }

    async fn look(&mut self, store: &OpenStore, lags: &mut Vec<f64>) {
        let ids: Vec<String> = self.waiting.iter().map(|(id, _)| id.clone()).collect();
        let stored =
            store.db().read(move |connection| ids.iter().map(|id| is_stored(connection, id)).collect());
        let stored: Vec<bool> = stored.await.unwrap();
        let mut seen = stored.into_iter();
        self.waiting.retain(|(_, told)| {
            let is_seen = seen.next() == Some(true);
            if is_seen {
                lags.push(told.elapsed().as_secs_f64());
            }
            !is_seen
        });
    }
}

/// A walk as the shop saw it: requests for one list back to one instant.
#[derive(Debug)]
struct Walk {
    of_events: bool,
    floor: i64,
    requests: usize,
    reach_s: i64,
}

impl Walk {
    /// Pages that its reach fills, of events or of sessions, of which there are fewer; and one that is begun.
    fn allowed(&self) -> usize {
        let per_s = if self.of_events { EVENTS_PER_S + 1 } else { EVENTS_PER_S / 5 };
        usize::try_from(self.reach_s).unwrap() * per_s / 100 + 2
    }
}

fn walks(requests: &[RequestLog]) -> Vec<Walk> {
    let mut walks: Vec<Walk> = Vec::new();
    for request in requests {
        let of_events = request.path == "/v1/events";
        let from = request
            .query
            .split('&')
            .find_map(|pair| pair.split_once('=').filter(|(name, _)| name.contains("gte")));
        let (Some((_, from)), true) = (from, of_events || request.path == "/v1/checkout/sessions") else {
            continue;
        };
        let floor = from.parse::<i64>().unwrap();
        match walks.iter_mut().find(|walk| walk.of_events == of_events && walk.floor == floor) {
            Some(walk) => walk.requests += 1,
            None => walks.push(Walk { of_events, floor, requests: 1, reach_s: request.at - floor }),
        }
    }
    walks
}

/// The most requests that arrived within any second.
fn busiest_second(requests: &[RequestLog]) -> usize {
    let at: Vec<u64> = requests.iter().map(|request| request.since_start_ms).collect();
    at.iter()
        .map(|from| at.iter().filter(|other| (*from..*from + 1_000).contains(*other)).count())
        .max()
        .unwrap_or(0)
}
