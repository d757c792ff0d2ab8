//! Looks as facts: runs of the same, tombstones, any order, rebuilds, and no secret.

use foredeck_engine::db::params;
use foredeck_engine::facts::endpoints::{EndpointRuns, append_look, list_runs};
use foredeck_engine::projections::rebuild;
use serde_json::{Value, json};

use super::hand::{COMPLETED, endpoint, look, never, paid, read, said};
use crate::it::shop::{DAY, Dice, NOON, Shop, terms, with};

fn spans(shop: &Shop) -> Vec<(i64, i64, bool)> {
    let runs: Vec<EndpointRuns> = shop.read(list_runs);
    runs[0].runs.iter().map(|run| (run.first_at - NOON, run.last_at - NOON, run.body.is_some())).collect()
}

#[test]
fn looks_that_tell_the_same_are_one_run_and_a_change_back_is_a_run_of_its_own() {
    let shop = Shop::open();
    let on = endpoint("we_1", "/hook", &["*"]);
    let off = with(on.clone(), json!({"status": "disabled"}));
    for (at, seen) in [(0, &on), (10, &on), (20, &off), (30, &on), (40, &on)] {
        look(&shop, NOON + at, std::slice::from_ref(seen));
    }
    look(&shop, NOON + 50, &[]);
    look(&shop, NOON + 60, &[]);
    look(&shop, NOON + 70, &[on]);
    assert_eq!(
        spans(&shop),
        [(0, 10, true), (20, 20, true), (30, 40, true), (50, 50, false), (70, 70, true)],
        "what is gone stays gone until it is seen again"
    );
}

#[test]
fn a_deleted_endpoint_is_a_tombstone_and_what_it_took_is_still_known() {
    let shop = Shop::open();
    look(&shop, NOON, &[endpoint("we_1", "/hook", &[COMPLETED])]);
    paid(&shop, "evt_fine", NOON + 60);
    look(&shop, NOON + 600, &[]);
    paid(&shop, "evt_lost", NOON + 700);
    look(&shop, NOON + 1_200, &[]);
    assert!(read(&shop, NOON + DAY).endpoints.is_empty());
    assert_eq!(never(&shop, NOON + DAY), [said("evt_lost", "no_endpoint")]);
    let deleted: i64 = shop.read(|connection| {
        Ok(connection
            .query_row("SELECT count(*) FROM stripe_snapshot WHERE deleted = 1", [], |row| row.get(0))?)
    });
    assert_eq!(deleted, 1);
}

/// Five looks at two endpoints of which one changes its types and one is disabled.
fn story() -> Vec<(i64, Vec<Value>)> {
    let first = |types: &[&str]| endpoint("we_1", "/hook", types);
    let second = |status: &str| with(endpoint("we_2", "/old", &[COMPLETED]), json!({"status": status}));
    vec![
        (0, vec![first(&["charge.refunded"]), second("enabled")]),
        (600, vec![first(&["charge.refunded"]), second("enabled")]),
        (1_200, vec![first(&["charge.refunded"]), second("disabled")]),
        (1_800, vec![first(&["charge.refunded"]), second("disabled")]),
        (2_400, vec![first(&["*"]), second("disabled")]),
    ]
}

#[test]
fn looks_in_any_order_give_the_same_answer() {
    let mut told = Vec::new();
    for seed in 0..24 {
        let shop = Shop::open();
        let mut dice = Dice::new(seed);
        let mut left = story();
        while !left.is_empty() {
            let next = usize::try_from(dice.draw(left.len() as u64)).unwrap();
            let (at, seen) = left.swap_remove(if seed == 0 { 0 } else { next });
            look(&shop, NOON + at, &seen);
            paid(&shop, &format!("evt_{at}"), NOON + at + 60);
        }
        told.push((seed, read(&shop, NOON + DAY)));
    }
    let (_, first) = told[0].clone();
    assert_eq!(first.never_deliverable.total, 2, "{:?}", first.never_deliverable);
    for (seed, other) in told {
        assert_eq!(other, first, "seed {seed}");
    }
}

#[test]
fn a_late_look_between_two_that_were_alike_parts_them() {
    let shop = Shop::open();
    let on = endpoint("we_1", "/hook", &["*"]);
    let off = with(on.clone(), json!({"status": "disabled"}));
    look(&shop, NOON, std::slice::from_ref(&on));
    look(&shop, NOON + 20, &[on]);
    look(&shop, NOON + 10, &[off]);
    assert_eq!(spans(&shop), [(0, 0, true), (10, 10, true), (20, 20, true)]);
}

#[test]
fn a_rebuild_changes_no_answer_and_makes_no_order_of_an_endpoint() {
    let shop = Shop::open();
    for (at, seen) in story() {
        look(&shop, NOON + at, &seen);
        paid(&shop, &format!("evt_{at}"), NOON + at + 60);
    }
    look(&shop, NOON + 3_000, &[]);
    let before = read(&shop, NOON + DAY);
    shop.write(|transaction| {
        rebuild::begin(transaction, 0)?;
        while !rebuild::step(transaction, &terms(), 100)?.finished {}
        Ok(())
    });
    assert_eq!(read(&shop, NOON + DAY), before);
    let nodes: i64 = shop.read(|connection| {
        let sql =
            "SELECT count(*) FROM node n JOIN stripe_id i ON i.key = n.key WHERE i.kind = ?1 OR n.kind = ?1";
        Ok(connection.query_row(sql, params![10], |row| row.get(0))?)
    });
    assert_eq!(nodes, 0);
    let (checked, problems) = shop.read(rebuild::unreadable_bodies);
    assert!(checked > 5 && problems.is_empty(), "{problems:?}");
}

#[test]
fn a_signing_secret_is_never_stored() {
    let shop = Shop::open();
    let body = with(
        endpoint("we_1", "/hook", &["*"]),
        json!({"secret": "whsec_abcdefabcdefabcdef", "metadata": {"note": "whsec_inmetadata000000"}}),
    )
    .to_string();
    shop.write(move |transaction| append_look(transaction, "we_1", Some(&body), NOON));
    let runs: Vec<EndpointRuns> = shop.read(list_runs);
    let stored = String::from_utf8(runs[0].runs[0].body.clone().unwrap()).unwrap();
    assert!(!stored.contains("whsec_") && !stored.contains("\"secret\""), "{stored}");
    assert!(stored.contains("\"enabled_events\":[\"*\"]"), "{stored}");
}
