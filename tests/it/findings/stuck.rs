//! Whole shops of stuck orders, whose world knows which: everything is found that is there, and nothing else.

use std::collections::BTreeMap;

use foredeck_engine::queries::findings::page::page;
use foredeck_engine::queries::findings::{FindingPageArgs, FindingRow};
use foredeck_sandbox::backoffice::{Faults, Table};
use foredeck_sandbox::shop::{Planted, StuckShop, Thresholds, stuck_shop};
use foredeck_sandbox::{Config, DEFAULT_START, ShopPlan};
use serde_json::json;

use crate::it::sync::desk::Desk;

const DAY: i64 = 86_400;

/// A desk whose mirror holds a shop, with the shop's own rows of preorders and the contract that orders name their user.
async fn desk_of(seed: u64, shop: StuckShop) -> (Desk, Vec<Planted>) {
    let desk = Desk::with(Config { seed, ..Config::default() }).await;
    let StuckShop { world, planted } = shop;
    desk.world.with_world(|there| *there = world);
    desk.sync().await;
    let mut settings = desk.get("settings_get", json!({})).await;
    settings["identity"] = json!("imported_users");
    desk.get("settings_set", settings).await;
    let path = desk.folder.path().join("preorders.csv");
    std::fs::write(&path, desk.world.books(&Faults::none()).csv(Table::Preorders)).unwrap();
    let args = json!({"kind": "preorders", "path": path, "map": {"amount_minor": "amount"}, "dry_run": false, "accept_bad": false});
    desk.get("import_run", args).await;
    (desk, planted)
}

async fn open_at(desk: &Desk, at: i64) -> Vec<FindingRow> {
    let read = move |connection: &foredeck_engine::db::Connection| {
        let (mut rows, mut after) = (Vec::new(), None);
        loop {
            let args = FindingPageArgs { limit: Some(500), after, ..FindingPageArgs::default() };
            let found = page(connection, &args, at)?;
            rows.extend(found.rows);
            after = found.next;
            if after.is_none() {
                return Ok(rows);
            }
        }
    };
    desk.store.db().read(read).await.unwrap()
}

/// How many of a rule there are, were found, and were found rightly.
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    there: usize,
    found: usize,
    right: usize,
}

/// Holds what is open at an instant against what was planted; adds up by rule, and lists what does not fit.
async fn hold(desk: &Desk, planted: &[Planted], at: i64, tally: &mut BTreeMap<String, Tally>) -> Vec<String> {
    let mut left: Vec<&Planted> = planted.iter().filter(|one| one.open_at(at)).collect();
    for one in &left {
        tally.entry(one.rule.to_owned()).or_default().there += 1;
    }
    let mut wrong = Vec::new();
    for row in open_at(desk, at).await {
        let of_rule = tally.entry(row.rule.clone()).or_default();
        of_rule.found += 1;
        let fits = |one: &&Planted| {
            one.rule == row.rule && one.subjects.contains(&row.subject) && one.opens_at == row.opens_at
        };
        match left.iter().position(fits) {
            Some(place) => {
                let one = left.swap_remove(place);
                of_rule.right += 1;
                if row.order_id.as_ref() != Some(&one.order) {
                    wrong.push(format!("{}: its order is {:?}, not {}", row.id, row.order_id, one.order));
                }
            }
            None => wrong
                .push(format!("found and not there: {} since {} ({:?})", row.id, row.opens_at, row.evidence)),
        }
    }
    wrong.extend(left.into_iter().map(|one| format!("there and not found: {one:?}")));
    wrong
}

fn print(tally: &BTreeMap<String, Tally>) {
    eprintln!("{:<26} {:>6} {:>6} {:>9} {:>7}", "rule", "there", "found", "precision", "recall");
    let share = |right: usize, of: usize| if of == 0 { 1.0 } else { right as f64 / of as f64 };
    for (rule, one) in tally {
        let (precision, recall) = (share(one.right, one.found), share(one.right, one.there));
        eprintln!("{rule:<26} {:>6} {:>6} {precision:>9.3} {recall:>7.3}", one.there, one.found);
    }
}

#[tokio::test]
async fn every_planted_finding_is_found_to_the_second_and_no_other() {
    let seeds = if std::env::var_os("FOREDECK_LONG").is_some() { 1..=20 } else { 1..=3 };
    let mut tally = BTreeMap::new();
    let mut wrong = Vec::new();
    for seed in seeds {
        let (desk, planted) = desk_of(seed, stuck_shop(seed, &Thresholds::default())).await;
        for (at, words) in [(-1, "a second before"), (0, "now"), (1, "a second after"), (DAY, "a day later")]
        {
            let found = hold(&desk, &planted, DEFAULT_START + at, &mut tally).await;
            wrong.extend(found.into_iter().map(|one| format!("seed {seed}, {words}: {one}")));
        }
    }
    print(&tally);
    for rule in Thresholds::rules() {
        assert!(tally.get(rule).is_some_and(|one| one.there > 0), "{rule} was never broken");
    }
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
}

#[tokio::test]
async fn a_rebuild_finds_the_same_in_a_stuck_shop() {
    let (desk, planted) = desk_of(5, stuck_shop(5, &Thresholds::default())).await;
    desk.store.rebuild().await.unwrap();
    let mut tally = BTreeMap::new();
    let wrong = hold(&desk, &planted, DEFAULT_START, &mut tally).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn other_thresholds_open_other_findings() {
    let thresholds = Thresholds::default()
        .with("paid_twice", 300)
        .with("payment_failed", 7_200)
        .with("async_pending_too_long", 3 * DAY);
    let (desk, planted) = desk_of(6, stuck_shop(6, &thresholds)).await;
    let mut settings = desk.get("settings_get", json!({})).await;
    for rule in ["paid_twice", "payment_failed", "async_pending_too_long"] {
        settings["findings"][rule]["threshold_s"] = json!(thresholds.of(rule));
    }
    desk.get("settings_set", settings).await;
    let mut tally = BTreeMap::new();
    let wrong = hold(&desk, &planted, DEFAULT_START, &mut tally).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_healthy_shop_of_ten_thousand_orders_has_no_findings() {
    let desk = Desk::with(Config {
        seed: 11,
        shop: ShopPlan::History { orders: 10_000, days: 40, faults: 0.0 },
        ..Config::default()
    })
    .await;
    desk.sync().await;
    assert_eq!(desk.count("SELECT count(*) FROM preorder").await, 10_000);
    for at in [0, DAY] {
        let found = open_at(&desk, DEFAULT_START + at).await;
        let shown: Vec<String> =
            found.iter().take(10).map(|row| format!("{} {:?}", row.id, row.evidence)).collect();
        assert!(found.is_empty(), "{} of them: {}", found.len(), shown.join("\n"));
    }
    let leads = desk.get("lead_page", json!({})).await;
    assert!(leads["total"].as_i64().unwrap() > 2_000, "who left is a lead: {}", leads["total"]);
}
