//! Klaviyo told of a shop's orders by a program that is killed again and again, while the shop's own site tells of some.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use foredeck_sandbox::klaviyo::{SentBy, ShopSender, Spelling};
use foredeck_sandbox::world::CheckoutSpec;
use foredeck_sandbox::{ClockMode, Config, DEFAULT_KLAVIYO_KEY, Faults, Klaviyo, KlaviyoConfig, ShopPlan};

use crate::desk::{Desk, Ran};
use crate::mirror::Mirror;
use crate::{Dice, MACHINE, count, is_long, now, seed};

const HOURS: i64 = 3 * 3_600;
const NAMES: [[&str; 2]; 2] =
    [["Preorder Started", "Rolitt Preorder Started"], ["Preorder Success", "Rolitt Preorder Success"]];

fn with(mirror: &Mirror<'_>, klaviyo: &Klaviyo, args: &[&str]) -> Command {
    let mut command = mirror.command(args);
    command.env("FOREDECK_KLAVIYO_URL", klaviyo.base_url()).env("FOREDECK_KLAVIYO_KEY", DEFAULT_KLAVIYO_KEY);
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fill_that_is_killed_again_and_again_tells_each_order_once() {
    let _shared = MACHINE.read().await;
    let mut dice = Dice(seed());
    let orders = count(60, 5_000);
    let patience = Duration::from_secs(if is_long() { 3_000 } else { 300 });
    let began_at = now();
    let desk = Desk::open(Config {
        seed: 11,
        clock: ClockMode::Anchored { world_start: began_at - HOURS, real_start: began_at, speed: 1.0 },
        shop: ShopPlan::Empty,
        ..Config::default()
    })
    .await;
    let shop =
        ShopSender { spelling: Spelling::Mixed, share: 0.4, late_s: (1, 3_000), ..ShopSender::default() };
    let config = KlaviyoConfig { shop: Some(shop), visible_after_s: 2, ..KlaviyoConfig::default() };
    let klaviyo = desk.sandbox.as_ref().unwrap().open_klaviyo(config).await.unwrap();
    desk.world.with_world(|world| {
        for number in 0..orders {
            let spec = CheckoutSpec {
                preorder_id: Some(format!("pre_{number:04}")),
                email: Some(format!("buyer{number}@example.com")),
                color: Some("red".to_owned()),
                ..CheckoutSpec::default()
            };
            let session = world.open_checkout(spec).unwrap();
            if number % 2 == 0 {
                world.pay(&session).unwrap();
            }
        }
    });
    desk.world.advance(HOURS);
    let mirror = Mirror::new(&desk, "told");
    mirror.run(["settings", "set", "max_requests_per_s=100"]).ok();
    mirror.sync();
    let metric = klaviyo.control().metric_id("Placed Order", "shopify").unwrap();
    Ran::of(&mut with(&mirror, &klaviyo, &["klaviyo", "connect", "--metric", &metric, "--json"]), "").ok();
    let told_by_shop = klaviyo.control().truth().events.len();

    klaviyo.control().set_faults(Faults {
        error_5xx_rate: 0.03,
        cut_body_rate: 0.03,
        drop_before_effect_rate: 0.03,
        drop_after_effect_rate: 0.03,
        ..Faults::default()
    });
    klaviyo.control().lose_next(2);
    let begun = Instant::now();
    let mut kills = 0;
    while kills < count(12, 250) {
        let mut run = mirror.start_command(with(&mirror, &klaviyo, &["klaviyo", "events", "fill", "--yes"]));
        // With more to tell of it takes longer until anything is told.
        let within = if is_long() { 6_000 } else { 1_500 };
        let until = Instant::now() + Duration::from_millis(200 + dice.draw(within));
        while Instant::now() < until && !run.has_ended() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if !run.kill() && mirror.count("SELECT count(*) FROM action WHERE due_at IS NOT NULL") == 0 {
            break;
        }
        kills += 1;
        assert!(begun.elapsed() < patience, "it is killed for too long");
    }
    klaviyo.control().set_faults(Faults::default());
    // What Klaviyo lost is sent again once it was not seen for ten minutes of the machine's own clock: here it is left to be found.
    let lost = klaviyo.control().truth().lost.len();
    let waiting = "SELECT count(*) FROM action WHERE state IN ('queued', 'running')";
    while mirror.count(waiting) > 0 || mirror.count("SELECT count(*) FROM action") == 0 {
        assert!(begun.elapsed() < patience, "it never ends");
        if mirror.count("SELECT count(*) FROM action") == 0 {
            Ran::of(&mut with(&mirror, &klaviyo, &["klaviyo", "events", "fill", "--yes"]), "");
        }
        Ran::of(&mut with(&mirror, &klaviyo, &["sync", "--json"]), "").ok();
    }
    tokio::time::sleep(Duration::from_secs(4)).await;

    let (truth, ledger) = (klaviyo.control().truth(), desk.world.ledger());
    let ours = truth.events.iter().filter(|event| event.by == SentBy::Api).count();
    eprintln!("{orders} orders, {told_by_shop} told by the shop, {ours} by us, {lost} lost, {kills} kills");
    assert!(kills >= 3 && ours > orders / 2, "{kills} {ours}");
    let mut missing: BTreeMap<String, usize> = BTreeMap::new();
    for order in &ledger.orders {
        let email = order.email.as_deref().unwrap();
        for (names, at) in NAMES.iter().zip([Some(order.started_at), order.paid_at]) {
            let times: Vec<i64> = truth.events_of(email, names).iter().map(|event| event.time).collect();
            let wanted: Vec<i64> = at.into_iter().collect();
            if times.is_empty() && !wanted.is_empty() {
                *missing.entry(order.id.clone()).or_default() += 1;
                continue;
            }
            assert_eq!(times, wanted, "{} {names:?}", order.id);
        }
    }
    assert!(missing.values().sum::<usize>() <= lost, "only what Klaviyo lost is not there: {missing:?}");
    assert!(truth.mails.iter().all(|mail| mail.by == SentBy::Shop), "a fill mails nobody");
    mirror.run(["audit", "verify", "--json"]).ok();
    let again = Ran::of(&mut with(&mirror, &klaviyo, &["klaviyo", "events", "fill", "--yes", "--json"]), "");
    let before = klaviyo.control().truth().events.len();
    if missing.is_empty() {
        assert_eq!(again.code(), "NOTHING_MISSING");
    }
    assert_eq!(klaviyo.control().truth().events.len(), before);
    assert_eq!(mirror.count("SELECT count(*) FROM klaviyo_event GROUP BY kind, order_id HAVING count(*) > 1 UNION ALL SELECT 0"), 0);
}
