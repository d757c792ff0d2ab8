use crate::client::Shop;
use crate::rules::{Found, read};
use foredeck_sandbox::shop::{Needs, Planted, StuckShop, Thresholds, stuck_shop};
use foredeck_sandbox::{ClockMode, Config, DEFAULT_START, Sandbox, ShopPlan, World};
use std::collections::{BTreeMap, BTreeSet};

const DAY_S: i64 = 86_400;

/// Pairs findings with what was planted, and says what is left on either side.
fn compare(found: &[Found], planted: &[&Planted]) -> (Vec<Found>, Vec<Planted>) {
    let mut left: Vec<&Planted> = planted.to_vec();
    let mut surplus = Vec::new();
    for f in found {
        let fits = |p: &&Planted| {
            p.rule == f.rule
                && p.subjects.contains(&f.subject)
                && (p.opens_at, p.closes_at, p.needs) == (f.opens_at, f.closes_at, f.needs)
        };
        match left.iter().position(fits) {
            Some(at) => drop(left.swap_remove(at)),
            None => surplus.push(f.clone()),
        }
    }
    (surplus, left.into_iter().cloned().collect())
}

fn assert_same(world: &World, planted: &[&Planted], thresholds: &Thresholds, what: &str) {
    let now = world.now();
    let closed = |closes_at: Option<i64>| closes_at.is_some_and(|closes| closes <= now);
    let found: Vec<Found> = read(world, thresholds).into_iter().filter(|f| !closed(f.closes_at)).collect();
    let planted: Vec<&Planted> = planted.iter().copied().filter(|p| !closed(p.closes_at)).collect();
    let (surplus, missed) = compare(&found, &planted);
    assert!(surplus.is_empty() && missed.is_empty(), "{what}: surplus {surplus:#?}\nmissed {missed:#?}");
}

#[test]
fn what_is_planted_is_what_the_rules_find() {
    let thresholds = Thresholds::default();
    for seed in 1..=3 {
        let StuckShop { world, planted } = stuck_shop(seed, &thresholds);
        assert_same(&world, &planted.iter().collect::<Vec<_>>(), &thresholds, &format!("seed {seed}"));
    }
}

#[test]
fn as_the_world_goes_on_only_expiring_sessions_end_a_finding() {
    let thresholds = Thresholds::default();
    for after_s in [1, 7_200, DAY_S] {
        let StuckShop { mut world, planted } = stuck_shop(4, &thresholds);
        let then = world.now() + after_s;
        world.advance_to(then);
        let still: Vec<&Planted> =
            planted.iter().filter(|p| p.until.is_none_or(|until| then < until)).collect();
        // Events of the last seconds are still on their way.
        let found = read(&world, &thresholds);
        let found: Vec<Found> = found
            .into_iter()
            .filter(|f| f.rule != "undelivered_event" || f.opens_at < then + 890)
            .filter(|f| f.closes_at.is_none_or(|closes| then < closes))
            .collect();
        let still: Vec<&Planted> =
            still.into_iter().filter(|p| p.closes_at.is_none_or(|c| then < c)).collect();
        let (surplus, missed) = compare(&found, &still);
        let surplus: Vec<Found> = surplus.into_iter().filter(|f| f.opens_at <= then).collect();
        assert!(surplus.is_empty() && missed.is_empty(), "{after_s}: {surplus:#?}\nmissed {missed:#?}");
        let open = planted.iter().filter(|p| p.open_once_moved_to(then)).count();
        assert!(open > 100, "{open}");
    }
}

#[test]
fn every_rule_is_broken_in_every_way_and_to_the_second() {
    let thresholds = Thresholds::default();
    let StuckShop { world, planted } = stuck_shop(5, &thresholds);
    let now = world.now();
    let broken: BTreeSet<&str> = planted.iter().map(|p| p.rule).collect();
    assert_eq!(broken, Thresholds::rules().collect());
    for rule in Thresholds::rules() {
        let of_rule: Vec<&Planted> = planted.iter().filter(|p| p.rule == rule).collect();
        assert!(of_rule.iter().filter(|p| p.open_at(now)).count() >= 2, "{rule}");
        if thresholds.of(rule) != 0 {
            for (opens_at, words) in [(now, "opened this very second"), (now + 1, "is a second short")] {
                assert!(of_rule.iter().any(|p| p.opens_at == opens_at), "nothing of {rule} {words}");
            }
        }
        if ["payment_failed", "several_sessions"].contains(&rule) {
            assert!(of_rule.iter().any(|p| p.closes_at == Some(now + 1)), "{rule} closes in a second");
        }
    }
    let mut kinds: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for p in &planted {
        *kinds.entry((p.rule, p.note)).or_default() += 1;
        assert!(!p.order.is_empty() && !p.subjects.is_empty() && !p.note.is_empty(), "{p:?}");
        assert!(p.until.is_none_or(|until| until > now), "{p:?}");
    }
    assert!(kinds.len() >= 60, "{}", kinds.len());
    let orders = world.ledger().orders;
    let stuck: BTreeSet<&str> = planted.iter().map(|p| p.order.as_str()).collect();
    assert!(stuck.iter().all(|id| orders.iter().any(|o| o.id == *id)));
    assert!(orders.len() > stuck.len() + 300, "{} orders, {} stuck", orders.len(), stuck.len());
    for needs in [Needs::ShopRows, Needs::UserIds] {
        assert!(planted.iter().any(|p| p.needs == needs));
    }
}

#[test]
fn other_thresholds_move_what_opens_and_when() {
    let thresholds = Thresholds::default()
        .with("paid_twice", 300)
        .with("payment_failed", 7_200)
        .with("authorisation_lapsing", -100_000)
        .with("async_pending_too_long", 3 * DAY_S);
    let StuckShop { world, planted } = stuck_shop(6, &thresholds);
    assert_same(&world, &planted.iter().collect::<Vec<_>>(), &thresholds, "other thresholds");
    for rule in ["paid_twice", "payment_failed", "authorisation_lapsing", "async_pending_too_long"] {
        let edges = [world.now(), world.now() + 1];
        assert!(edges.iter().all(|at| planted.iter().any(|p| p.rule == rule && p.opens_at == *at)), "{rule}");
    }
}

#[test]
fn the_same_seed_sticks_in_the_same_places() {
    let (one, two) = (stuck_shop(7, &Thresholds::default()), stuck_shop(7, &Thresholds::default()));
    assert_eq!(one.planted, two.planted);
    assert!(one.world.ledger() == two.world.ledger());
    assert_ne!(stuck_shop(8, &Thresholds::default()).planted, one.planted);
}

#[tokio::test]
async fn a_stuck_shop_is_served_and_its_clock_stands_until_moved() {
    let StuckShop { world, planted } = stuck_shop(1, &Thresholds::default());
    let sandbox = Sandbox::start_with(Config::default(), world).await.unwrap();
    let control = sandbox.control();
    let shop = Shop::around(sandbox);
    assert_eq!(control.now(), DEFAULT_START);
    let stuck = planted.iter().find(|p| p.rule == "paid_not_completed" && p.until.is_some()).unwrap();
    let session = stuck.subjects.iter().find(|id| id.starts_with("cs_")).unwrap();
    let read = |status: &'static str| {
        let path = format!("/v1/checkout/sessions/{session}");
        let shop = &shop;
        async move { assert_eq!(shop.get(&path).await.json()["status"], status) }
    };
    read("open").await;
    control.advance(stuck.until.unwrap() - DEFAULT_START);
    read("expired").await;
    let csv = shop.get("/_sandbox/books/preorders.csv").await.body;
    let row = planted.iter().find(|p| p.note == "the shop's row is not paid").unwrap();
    let line = csv.lines().find(|line| line.starts_with(&row.order)).unwrap();
    assert!(["processing", "initiated", "failed"].contains(&line.split(',').nth(1).unwrap()), "{line}");
}

#[tokio::test]
async fn a_healthy_shop_of_ten_thousand_orders_breaks_no_rule() {
    let shop = ShopPlan::History { orders: 10_000, days: 40, faults: 0.0 };
    let clock = ClockMode::Virtual { start: DEFAULT_START };
    let healthy = Shop::open(Config { seed: 11, shop, clock, ..Config::default() }).await;
    healthy.control().with_world(|world| {
        let found = read(world, &Thresholds::default());
        assert!(found.is_empty(), "{found:#?}");
        let ledger = world.ledger();
        let share = |word: &str| f64::from(ledger.totals.by_status[word] as u32) / 10_000.0;
        assert!((0.25..0.35).contains(&share("expired")), "{:?}", ledger.totals.by_status);
        let won = |o: &&foredeck_sandbox::LedgerOrder| !o.dispute_ids.is_empty();
        assert!(ledger.orders.iter().filter(won).count() > 20);
        let declined = |o: &&foredeck_sandbox::LedgerOrder| o.charge_ids.len() > 1;
        assert!(ledger.orders.iter().filter(declined).count() > 800, "one in ten declined, then paid");
    });
}
