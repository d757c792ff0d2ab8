//! The window, `sync --watch` and a second `sync` on one store: one of them polls, nothing is asked twice.

use std::collections::HashMap;
use std::fs::File;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use foredeck_engine::clock::SystemClock;
use foredeck_engine::engine::{Engine, OpenStore, Options};
use foredeck_engine::queries::health::SyncState;
use foredeck_engine::secrets::{Keychain, StripeKey};
use foredeck_sandbox::world::CheckoutSpec;
use foredeck_sandbox::{DEFAULT_KEY, RequestLog};

use crate::desk::{Desk, Ran};
use crate::{MACHINE, count};

const PATIENCE: Duration = Duration::from_secs(60);
/// A request with the same words within this time is the same poll's.
const SAME_POLL_MS: u64 = 1_500;

#[tokio::test(flavor = "multi_thread")]
async fn window_watch_and_a_second_sync_make_one_poller() {
    let _shared = MACHINE.read().await;
    let desk = Desk::with_orders(60).await;
    desk.add_store();
    desk.run(["settings", "set", "poll_front_s=2", "poll_back_s=5"]).ok();
    let window = window(&desk).await;
    window.start_sync();
    until("the window polls", || window.status_is(SyncState::Live)).await;
    until("its first copy is whole", || desk.world.in_flight() == 0 && is_filled(&desk)).await;
    desk.world.clear_requests();
    let before = window.stats().unwrap().requests;

    let watch = Watch::start(&desk);
    for _ in 0..count(4, 20) {
        assert_eq!(desk.run(["sync", "--json"]).code(), "STORE_BUSY");
        order(&desk);
        tokio::time::sleep(Duration::from_millis(1_500)).await;
    }
    until("every request is the window's", || {
        let asked = i64::try_from(desk.world.requests().len()).unwrap();
        desk.world.in_flight() == 0 && asked > 0 && window.stats().unwrap().requests - before == asked
    })
    .await;
    assert_nothing_asked_twice(&desk.world.requests());

    // The window closes: the watcher takes over, and is the only one again.
    window.stop_sync().await;
    desk.world.clear_requests();
    until("the watcher polls", || !desk.world.requests().is_empty()).await;
    window.start_sync();
    until("the window follows", || window.status_is(SyncState::FollowingOther)).await;
    assert_eq!(desk.run(["sync", "--json"]).code(), "STORE_BUSY");
    order(&desk);
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert!(window.stats().is_none() && !window.holds_lease(), "it does not ask while another one polls");
    assert_nothing_asked_twice(&desk.world.requests());

    // The watcher dies without a word: the window takes over within seconds.
    let said = watch.kill();
    assert!(said.contains("following it"), "{said}");
    desk.world.clear_requests();
    let died = Instant::now();
    until("the window takes over", || window.holds_lease()).await;
    assert!(died.elapsed() < Duration::from_secs(8), "{:?}", died.elapsed());
    order(&desk);
    until("and catches up", || is_caught_up(&desk)).await;
    until("every request is the window's", || {
        let asked = i64::try_from(desk.world.requests().len()).unwrap();
        desk.world.in_flight() == 0 && window.stats().is_some_and(|stats| stats.requests == asked)
    })
    .await;
    assert_nothing_asked_twice(&desk.world.requests());
    window.stop_sync().await;
    desk.sync();
    assert!(is_caught_up(&desk));
    assert_eq!(desk.run(["mirror", "verify", "--json"]).ok().json()["ok"], true);
}

/// The engine as the window has it, in this process.
async fn window(desk: &Desk) -> Window {
    let options = Options {
        data_dir: desk.data(),
        keychain: Keychain::Off,
        clock: Arc::new(SystemClock::default()),
        max_per_s: Some(100),
    };
    let engine = Engine::open(options).unwrap();
    let store = engine.store("Shop").await.unwrap();
    store.keep_key_unchecked(StripeKey::parse(DEFAULT_KEY).unwrap()).await.unwrap();
    store.signals().set_in_front(true);
    Window { store, _engine: engine }
}

struct Window {
    store: Arc<OpenStore>,
    _engine: Engine,
}

impl std::ops::Deref for Window {
    type Target = Arc<OpenStore>;

    fn deref(&self) -> &Self::Target {
        &self.store
    }
}

impl Window {
    fn status_is(&self, state: SyncState) -> bool {
        let handle = tokio::runtime::Handle::current();
        let freshness = tokio::task::block_in_place(|| handle.block_on(self.store.freshness())).unwrap();
        freshness.state == state
    }
}

/// `sync --watch` as a process; what it says goes to files.
struct Watch<'a> {
    desk: &'a Desk,
    child: std::process::Child,
}

impl<'a> Watch<'a> {
    fn start(desk: &'a Desk) -> Self {
        let file = |name: &str| Stdio::from(File::create(desk.folder.path().join(name)).unwrap());
        let mut command = desk.command(["sync", "--watch", "--max-rps", "100"]);
        let command = command.stdin(Stdio::null()).stdout(file("watch.out")).stderr(file("watch.err"));
        Self { desk, child: command.spawn().unwrap() }
    }

    /// Kills it with SIGKILL; what it said on stderr.
    fn kill(mut self) -> String {
        assert!(self.child.try_wait().unwrap().is_none(), "it watches until it is killed");
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::fs::read_to_string(self.desk.folder.path().join("watch.err")).unwrap()
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _reaped_already = self.child.wait();
    }
}

async fn until(what: &str, test: impl Fn() -> bool) {
    let began = Instant::now();
    while !test() {
        assert!(began.elapsed() < PATIENCE, "never came: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn order(desk: &Desk) {
    desk.world.with_world(|world| {
        let session = world.open_checkout(CheckoutSpec::default()).unwrap();
        world.pay(&session).unwrap();
    });
}

fn health(desk: &Desk) -> serde_json::Value {
    Ran::of(&mut desk.command(["status", "--json"]), "").ok().json()
}

fn is_filled(desk: &Desk) -> bool {
    health(desk)["kinds"].as_array().unwrap().iter().all(|kind| kind["gaps"] == serde_json::json!([]))
}

fn is_caught_up(desk: &Desk) -> bool {
    let told = desk.world.with_world(|world| world.events().len());
    health(desk)["kinds"][0]["count"] == told
}

/// Two that poll would ask in the same words at about the same time.
#[track_caller]
fn assert_nothing_asked_twice(requests: &[RequestLog]) {
    let mut last: HashMap<(&str, &str), u64> = HashMap::new();
    for request in requests {
        let before = last.insert((&request.path, &request.query), request.since_start_ms);
        let apart = before.map(|before| request.since_start_ms - before);
        assert!(
            apart.is_none_or(|apart| apart >= SAME_POLL_MS),
            "asked twice within {apart:?} ms: {request:?}"
        );
    }
}
