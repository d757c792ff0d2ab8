//! Events that Stripe shows up to twenty minutes late, many in one second, to a walk that is killed every few seconds.

use std::time::{Duration, Instant};

use foredeck_sandbox::world::CheckoutSpec;
use foredeck_sandbox::{ClockMode, Config, Control, Faults, ShopPlan};

use crate::desk::Desk;
use crate::mirror::Mirror;
use crate::{MACHINE, count, is_long, now};

const HOUR: i64 = 3_600;
/// World seconds a real second: twenty minutes late is twelve seconds late.
const SPEED: i64 = 100;
/// Orders that come and pay in one second: more events than a page holds.
const BURST: usize = 25;
const WATERMARK: &str = "SELECT CAST(value AS INTEGER) FROM sync_state WHERE name = 'watermark'";

#[tokio::test(flavor = "multi_thread")]
async fn late_events_and_bursts_are_all_found_by_walks_that_are_killed() {
    let _shared = MACHINE.read().await;
    let desk = Desk::open(Config {
        seed: 3,
        clock: ClockMode::Virtual { start: now() },
        shop: ShopPlan::Live { history_orders: 60, days: 3, per_minute: 15.0, faults: 0.0 },
        ..Config::default()
    })
    .await;
    let mirror = Mirror::new(&desk, "killed");
    mirror.sync();
    let late = Faults { late_share: 0.3, late_max_s: 1_200, latency_ms: 200, ..Faults::default() };
    desk.world.set_faults(late.clone());
    // The full run kills every three seconds as asked; the small one more often, for it is shorter.
    let (kills, every) = (count(12, 60), if is_long() { 3_000 } else { 1_500 });
    let ticking = tokio::spawn(tick(desk.world.clone()));
    let (mut cut, mut ended) = (0, 0);
    for _ in 0..kills {
        let due = Instant::now() + Duration::from_millis(every);
        let mut sync = mirror.start(&["sync", "--watch"]);
        tokio::time::sleep_until(due.into()).await;
        ended += usize::from(sync.has_ended());
        assert!(sync.kill(), "it watched until it was killed");
        cut += usize::from(mirror.count("SELECT count(*) FROM sync_state WHERE name LIKE 'walk:%'") > 0);
    }
    let behind = desk.world.now() - mirror.count(WATERMARK);
    ticking.abort();
    let before = desk.world.with_world(|world| world.events().len());
    eprintln!("{kills} kills, {cut} in the middle of a walk, {before} events, complete but for {behind} s");
    assert_eq!(ended, 0);
    assert!(cut * 2 >= kills, "most kills cut a walk short: {cut} of {kills}");
    let seen = before - crate::truth::missing_events(&desk, &mirror).len();
    assert!(seen > before / 2, "the walks got on between the kills: {seen} of {before}");
    let life = i64::try_from(every).unwrap() * SPEED / 1_000;
    assert!(
        behind < 6 * life,
        "what is complete gets on too, though no process lives for two walks: {behind} s"
    );

    // Everything late has shown up by then, and the hourly reach is due.
    desk.world.set_faults(Faults::default());
    desk.world.advance(HOUR + 100);
    mirror.sync();
    crate::truth::assert_true(&desk, &mirror);
    let found = mirror.count(
        "SELECT coalesce(sum(CAST(value AS INTEGER)), 0) FROM sync_state WHERE name LIKE 'recount_found:%'",
    );
    assert!(found > 0, "what the wider reaches found is counted");
    mirror.verify();
}

/// Time goes on, and every two minutes many come at once.
async fn tick(world: Control) {
    let mut at = 0;
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        world.advance(SPEED / 10);
        at += SPEED / 10;
        if at % 120 == 0 {
            world.with_world(|world| {
                for _ in 0..BURST {
                    let session = world.open_checkout(CheckoutSpec::default()).unwrap();
                    world.pay(&session).unwrap();
                }
            });
        }
    }
}
