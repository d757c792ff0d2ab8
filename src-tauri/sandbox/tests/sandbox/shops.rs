use crate::client::Shop;
use foredeck_sandbox::{ClockMode, Config, Fault, Ledger, ShopPlan};
use std::collections::BTreeSet;

fn history(orders: u32, days: u32, faults: f64, seed: u64) -> Config {
    let shop = ShopPlan::History { orders, days, faults };
    Config { seed, shop, clock: ClockMode::Virtual { start: 1_790_000_000 }, ..Config::default() }
}

async fn ledger_of(config: Config) -> (Ledger, Vec<String>) {
    let shop = Shop::open(config).await;
    let control = shop.control();
    (control.ledger(), control.with_world(|w| w.events().iter().map(|e| e.json().to_string()).collect()))
}

#[tokio::test]
async fn the_same_seed_gives_the_same_shop() {
    let (one, two) = (ledger_of(history(80, 10, 0.3, 7)).await, ledger_of(history(80, 10, 0.3, 7)).await);
    assert!(one == two);
    assert!(ledger_of(history(80, 10, 0.3, 8)).await.0 != one.0);
}

#[tokio::test]
async fn a_broken_shop_has_every_fault() {
    let (ledger, events) = ledger_of(history(600, 20, 1.0, 2)).await;
    let planted: BTreeSet<Fault> = ledger.orders.iter().flat_map(|o| o.broken.iter().copied()).collect();
    let missing: Vec<_> = Fault::ALL.iter().filter(|f| !planted.contains(f)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(events.len() > 1_000);
}

#[tokio::test]
async fn a_healthy_shop_has_no_loose_ends() {
    let (ledger, _) = ledger_of(history(400, 30, 0.0, 3)).await;
    for order in &ledger.orders {
        assert!(order.broken.is_empty());
        assert!(
            !["failed", "canceled", "disputed", "partially_refunded"].contains(&order.status.as_str()),
            "{order:?}"
        );
    }
    let share = |word: &str| ledger.totals.by_status.get(word).copied().unwrap_or_default() as f64 / 400.0;
    assert!((0.2..0.4).contains(&share("expired")), "{:?}", ledger.totals);
    assert!(share("completed") > 0.5);
}

#[tokio::test]
async fn a_live_shop_goes_on_as_time_does() {
    let shop = ShopPlan::Live { history_orders: 20, days: 3, per_minute: 2.0, faults: 0.1 };
    let shop = Shop::open(Config { shop, ..Config::default() }).await;
    let before = shop.control().ledger().orders.len();
    shop.control().advance(3600);
    let arrived = shop.control().ledger().orders.len() - before;
    assert!((70..180).contains(&arrived), "{arrived} in an hour at two a minute");
}

#[tokio::test]
async fn a_closed_shop_keeps_its_past_and_gets_no_new_customers() {
    let start = 1_790_000_000;
    let config = |closed: Vec<(i64, i64)>, hours: i64| {
        let shop = ShopPlan::Live { history_orders: 20, days: 3, per_minute: 2.0, faults: 0.0 };
        let (since, clock) = (Some(start - 3 * 86_400), ClockMode::Virtual { start: start + hours * 3_600 });
        Config { shop, clock, since, closed, ..Config::default() }
    };
    let ids = |ledger: &Ledger| -> BTreeSet<String> { ledger.orders.iter().map(|o| o.id.clone()).collect() };
    let open = ids(&ledger_of(config(Vec::new(), 1)).await.0);
    let nights = vec![(start + 3_601, start + 9 * 3_600 + 1)];
    assert_eq!(ids(&ledger_of(config(nights.clone(), 9)).await.0), open, "nobody came in eight hours");
    let later = ids(&ledger_of(config(nights, 10)).await.0);
    assert!(later.is_superset(&open));
    assert!((70..180).contains(&(later.len() - open.len())), "and an hour later they come again");
}

#[tokio::test]
async fn one_long_advance_is_many_short_ones() {
    let config = || {
        let shop = ShopPlan::Live { history_orders: 10, days: 2, per_minute: 1.0, faults: 0.5 };
        Config { shop, ..Config::default() }
    };
    let (long, short) = (Shop::open(config()).await, Shop::open(config()).await);
    long.control().advance(7_200);
    for _ in 0..720 {
        short.control().advance(10);
    }
    assert!(long.control().ledger() == short.control().ledger());
}

#[tokio::test]
async fn a_journal_brings_writes_back_after_a_restart() {
    let path = std::env::temp_dir().join(format!("foredeck-sandbox-journal-{}.jsonl", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let config = || Config { journal: Some(path.clone()), ..history(30, 5, 0.2, 5) };
    let shop = Shop::open(config()).await;
    let made = shop.post_keyed("/v1/customers", "email=kept@example.com", "k1").await;
    shop.control().advance(100);
    shop.post("/_sandbox/order", r#"{"email":"o@example.com","outcome":"paid"}"#).await;
    let (before, at) = (shop.control().ledger(), shop.control().now());
    shop.close().await;
    let shop = Shop::open(config()).await;
    assert!(shop.control().ledger() == before);
    assert_eq!(shop.control().now(), at);
    let replay = shop.post_keyed("/v1/customers", "email=kept@example.com", "k1").await;
    assert_eq!(
        (replay.header("idempotent-replayed"), replay.body.as_str()),
        (Some("true"), made.body.as_str())
    );
    std::fs::remove_file(&path).unwrap();
}

#[tokio::test]
async fn a_journal_of_another_shop_is_refused() {
    let path = std::env::temp_dir().join(format!("foredeck-sandbox-other-{}.jsonl", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let config = |seed: u64| Config { journal: Some(path.clone()), ..history(5, 5, 0.0, seed) };
    Shop::open(config(5)).await.close().await;
    let refused = foredeck_sandbox::Sandbox::start(config(6)).await.err().unwrap();
    assert!(refused.to_string().contains("belongs to a shop with seed 5"), "{refused}");
    std::fs::remove_file(&path).unwrap();
}
