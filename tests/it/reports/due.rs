//! When syncs begin: over thirty simulated days, with a laptop that is closed, and paces that are changed.

use std::collections::BTreeMap;

use foredeck_engine::engine::ReportStep;
use foredeck_sandbox::KlaviyoConfig;
use serde_json::json;

use super::Press;

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;
const KINDS: [&str; 4] = ["campaigns", "flows", "segments", "forms"];

fn small() -> KlaviyoConfig {
    KlaviyoConfig { age_days: 12, ..KlaviyoConfig::default() }
}

impl Press {
    /// When the newest sync of each kind began.
    async fn begun(&self) -> BTreeMap<&'static str, i64> {
        let mut begun = BTreeMap::new();
        for kind in KINDS {
            begun.insert(kind, self.kind(kind).await["started_at"].as_i64().unwrap());
        }
        begun
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_begins_at_its_own_pace_for_thirty_days() {
    let press = Press::open(small()).await;
    let start = press.now();
    let mut begins: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    let mut due = press.run().await.unwrap();
    while due < start + 30 * DAY {
        for (kind, at) in press.begun().await {
            let known = begins.entry(kind).or_default();
            if known.last() != Some(&at) {
                known.push(at);
            }
        }
        assert!(due > press.now(), "nothing is due that was just done");
        // A moment before nothing begins.
        press.advance_to(due - 1);
        assert_eq!(press.run().await, Some(due));
        press.advance_to(due);
        due = press.run().await.unwrap();
    }
    for (kind, at) in press.begun().await {
        let known = begins.entry(kind).or_default();
        if known.last() != Some(&at) {
            known.push(at);
        }
    }
    for (kind, every) in [("campaigns", DAY), ("segments", DAY), ("flows", 2 * DAY), ("forms", 2 * DAY)] {
        let begins = &begins[kind];
        assert_eq!(begins.len() as i64, 30 * DAY / every, "{kind}: {begins:?}");
        assert!(begins.windows(2).all(|pair| pair[1] - pair[0] == every), "{kind}: {begins:?}");
    }
}

#[tokio::test]
async fn what_came_due_while_the_laptop_was_closed_is_done_once_when_it_opens() {
    let mut press = Press::open(small()).await;
    press.run().await;
    press.to_a_quiet_time();
    press.desk.advance(9 * DAY);
    press.restart().await;
    press.control.clear_requests();
    let opened = press.now();
    let due = press.run().await.unwrap();
    let asked = press.asked();
    assert_eq!(asked["flow-series-reports"], 1, "{asked:?}");
    assert_eq!(asked["campaign-values-reports"], 15, "the days since, and five before: {asked:?}");
    for (kind, begun) in press.begun().await {
        assert_eq!(begun, opened, "{kind}");
    }
    assert_eq!(due, opened + DAY);
    press.assert_true_to_the_ledger().await;
}

#[tokio::test]
async fn a_changed_pace_holds_at_once_and_what_is_off_is_left_alone_until_it_is_on_or_asked_for() {
    let press = Press::open(small()).await;
    press.run().await;
    let first = press.begun().await;
    press
        .set(|reports| {
            reports["flows"] = json!({"on": true, "every_h": 6});
            reports["forms"]["on"] = json!(false);
        })
        .await;
    assert_eq!(press.run().await, Some(first["flows"] + 6 * HOUR));
    assert_eq!(press.kind("forms").await["next_at"], json!(null));
    press.desk.advance(4 * DAY);
    let opened = press.now();
    press.run().await;
    let later = press.begun().await;
    assert_eq!(later["flows"], opened);
    assert_eq!(later["forms"], first["forms"], "it is off");
    press.get("reports_sync", json!({"kinds": ["forms"]})).await;
    let asked_at = press.now();
    press.run().await;
    assert_eq!(press.begun().await["forms"], asked_at, "asked for, it is done all the same");
    press.set(|reports| reports["forms"]["on"] = json!(true)).await;
    assert_eq!(press.kind("forms").await["next_at"], asked_at + 2 * DAY);
}

#[tokio::test]
async fn a_kind_that_is_off_when_the_store_is_connected_is_skipped_and_said_so() {
    let press = Press::open(small()).await;
    press.set(|reports| reports["segments"]["on"] = json!(false)).await;
    press.run().await;
    let segments = press.kind("segments").await;
    assert_eq!((&segments["state"], &segments["code"]), (&json!("skipped"), &json!("REPORTS_OFF")));
    assert_eq!(press.asked().get("segment-series-reports"), None);
    press.set(|reports| reports["segments"]["on"] = json!(true)).await;
    press.run().await;
    assert_eq!(press.kind("segments").await["state"], "succeeded");
}

#[tokio::test]
async fn a_clock_that_was_set_back_neither_stops_syncs_nor_repeats_days_for_ever() {
    let press = Press::open(small()).await;
    press.run().await;
    let before = press.now();
    press.desk.clock.set(before - 400 * DAY);
    let due = press.run().await.unwrap();
    assert!(due <= before - 399 * DAY, "not put off for a year: {due}");
    press.desk.clock.set(before + DAY);
    press.desk.world.advance(DAY);
    press.control.clear_requests();
    press.run().await;
    let asked = press.asked();
    assert!(asked["campaign-values-reports"] <= 8, "{asked:?}");
}

#[tokio::test]
async fn what_today_does_not_give_says_when_it_may_begin() {
    let press = Press::open(KlaviyoConfig { age_days: 300, ..KlaviyoConfig::default() }).await;
    let mut first = None;
    while press.kind("campaigns").await["calls_used"].as_i64() < Some(3) {
        if let ReportStep::Wait(at) = press.step().await {
            press.advance_to(at);
        }
        if press.kind("campaigns").await["calls_used"].as_i64() > Some(0) {
            first.get_or_insert(press.now());
        }
    }
    let campaigns = press.kind("campaigns").await;
    let (cost, left) = (campaigns["cost"].as_i64().unwrap(), campaigns["calls_left"].as_i64().unwrap());
    assert!(cost > left, "300 days are more than a day's calls: {campaigns}");
    assert_eq!(campaigns["cost_today"], json!(left));
    assert_eq!(campaigns["rest_at"], json!(first.unwrap() + DAY + 1), "as the first call no longer counts");
    assert_eq!(press.kind("segments").await["rest_at"], json!(null), "a series of 60 days takes one call");
}

#[tokio::test]
async fn a_cancelled_sync_that_is_older_than_its_pace_does_not_begin_again_at_once() {
    let press = Press::open(KlaviyoConfig { age_days: 600, ..KlaviyoConfig::default() }).await;
    let start = press.now();
    while press.now() < start + 25 * HOUR {
        match press.step().await {
            ReportStep::Did => {}
            ReportStep::Wait(at) => press.advance_to(at),
            ReportStep::Idle(_) => panic!("600 days are more than two days' calls"),
        }
    }
    press.get("reports_cancel", json!({})).await;
    let step = press.step().await;
    assert!(matches!(step, ReportStep::Idle(Some(at)) if at > press.now()), "{step:?}");
    let campaigns = press.kind("campaigns").await;
    assert_eq!(
        (&campaigns["code"], &campaigns["next_at"]),
        (&json!("REPORTS_CANCELLED"), &json!(press.now() + DAY))
    );
    press.get("reports_sync", json!({"kinds": ["campaigns"]})).await;
    assert_eq!(press.step().await, ReportStep::Did, "asked for, it goes on");
}
