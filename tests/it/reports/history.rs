//! Two years of history: throttled, killed, and exact by the day in every time zone; and what a second run fetches.

use foredeck_engine::engine::ReportStep;
use foredeck_sandbox::{KlaviyoConfig, WriteTrouble};
use serde_json::json;

use super::Press;

const DAY: i64 = 86_400;

async fn whole_history(timezone: &str) {
    let config = KlaviyoConfig {
        timezone: timezone.to_owned(),
        limits: true,
        age_days: 740,
        ..KlaviyoConfig::default()
    };
    let mut press = Press::open(config).await;
    let (mut steps, mut kills) = (0, 0);
    let began = press.now();
    let due = loop {
        steps += 1;
        // Killed while Klaviyo has heard and not answered, and between steps, in turn.
        if steps % 37 == 5 && kills < 20 {
            kills += 1;
            if kills % 2 == 0 {
                let trouble = if kills % 4 == 0 { WriteTrouble::HeldBefore } else { WriteTrouble::HeldAfter };
                press.control.on_write("/api/", 1, trouble);
                let held = tokio::select! {
                    step = press.desk.store.report_step() => {
                        assert!(step.is_ok());
                        false
                    }
                    () = press.control.until_held() => true,
                };
                press.control.call_off();
                if held {
                    press.control.release();
                }
            }
            press.restart().await;
            let view = press.get("reports_status", json!({})).await;
            assert!(view["kinds"].as_array().unwrap().len() == 4, "it can be looked at in between");
        }
        match press.step().await {
            ReportStep::Did => {}
            ReportStep::Wait(at) => press.advance_to(at),
            ReportStep::Idle(due) => break due,
        }
        assert!(steps < 5_000, "{}", press.get("reports_status", json!({})).await);
    };
    assert_eq!(kills, 20, "in {steps} steps");
    let took_days = (press.now() - began) / DAY;
    assert!((3..=5).contains(&took_days), "{took_days} days of a budget of 225 a day");
    assert!(due.is_some_and(|due| due > press.now()));
    for kind in ["campaigns", "flows", "segments", "forms"] {
        let view = press.kind(kind).await;
        assert_eq!((&view["state"], &view["code"]), (&json!("succeeded"), &json!(null)), "{view}");
    }

    // What may have changed since is read again, and nothing else.
    press.desk.advance(DAY);
    press.to_a_quiet_time();
    press.control.clear_requests();
    press.ask().await;
    press.run().await;
    let rows = press.assert_true_to_the_ledger().await;
    assert!(rows > 5_000, "{rows}");
    let again = press.asked();
    assert!(again["campaign-values-reports"] <= 14, "{again:?}");
    for series in ["flow-series-reports", "segment-series-reports", "form-series-reports"] {
        assert!(again[series] <= 2, "{again:?}");
    }
    press.control.clear_requests();
    press.desk.advance(DAY);
    press.to_a_quiet_time();
    press.run().await;
    press.ask().await;
    press.run().await;
    press.control.clear_requests();
    press.ask().await;
    press.run().await;
    let third = press.asked();
    assert_eq!(third["campaign-values-reports"], 6, "today and the five days before");
    assert_eq!(third["flow-series-reports"], 1);
    press.assert_true_to_the_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_years_throttled_and_killed_twenty_times_are_exact_by_the_day_in_berlin() {
    whole_history("Europe/Berlin").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_years_throttled_and_killed_twenty_times_are_exact_by_the_day_in_new_york() {
    whole_history("US/Eastern").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_years_throttled_and_killed_twenty_times_are_exact_by_the_day_where_clocks_change_by_half_an_hour()
 {
    whole_history("Australia/Lord_Howe").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_limit_is_ever_passed_not_even_by_processes_that_die() {
    let config = KlaviyoConfig { limits: true, age_days: 300, ..KlaviyoConfig::default() };
    let mut press = Press::open(config).await;
    for steps in 0..5_000 {
        if steps % 3 == 1 {
            press.restart().await;
        }
        match press.step().await {
            ReportStep::Did => {}
            ReportStep::Wait(at) => press.advance_to(at),
            ReportStep::Idle(_) => break,
        }
    }
    assert_eq!(press.kind("campaigns").await["state"], "succeeded");
    assert_eq!(press.control.limits_passed(), Vec::<String>::new());
    assert!(press.asked()["campaign-values-reports"] >= 300);
    let throttled = press.control.requests().iter().filter(|request| request.status == 429).count();
    assert_eq!(throttled, 0, "nothing was refused either");
}

#[tokio::test]
async fn results_that_come_in_pages_are_one_window() {
    let config = KlaviyoConfig { report_page: 1, age_days: 40, ..KlaviyoConfig::default() };
    let press = Press::open(config).await;
    press.to_a_quiet_time();
    press.run().await;
    assert!(press.asked()["flow-series-reports"] >= 3, "{:?}", press.asked());
    press.assert_true_to_the_ledger().await;
}

#[tokio::test]
async fn sums_over_days_and_days_for_charts_are_the_ledgers() {
    let press = Press::open(KlaviyoConfig { age_days: 90, ..KlaviyoConfig::default() }).await;
    press.to_a_quiet_time();
    press.run().await;
    press.run().await;
    let ledger = press.ledger(foredeck_engine::domain::klaviyo::ReportKind::Campaigns);
    let page = press
        .get("report_page", json!({"kind": "campaigns", "from": "2026-07-01", "to": "2026-09-10"}))
        .await;
    let within: Vec<_> =
        ledger.iter().filter(|((day, ..), _)| ("2026-07-01".."2026-09-11").contains(&day.as_str())).collect();
    assert_eq!(page["count"], within.len(), "each campaign is sent on one day");
    let sum = |name: &str| within.iter().map(|(_, told)| told[name]).sum::<i64>();
    assert_eq!(page["total"]["statistics"]["recipients"], sum("recipients"));
    assert_eq!(page["total"]["value_minor"], sum("conversion_value"));
    assert_eq!(
        (&page["days"], &page["days_known"], &page["currency"]),
        (&json!(72), &json!(72), &json!("EUR"))
    );
    let first = &page["rows"][0];
    assert!(first["name"].as_str().unwrap().starts_with("News "), "{first}");
    let greatest = within.iter().map(|(_, told)| told["recipients"]).max().unwrap();
    assert_eq!(first["statistics"]["recipients"], greatest);
    let series = press
        .get("report_series", json!({"kind": "campaigns", "from": "2026-08-01", "to": "2026-08-20"}))
        .await;
    for day in series["days"].as_array().unwrap() {
        let told: Vec<_> = ledger.iter().filter(|((on, ..), _)| on == day["day"].as_str().unwrap()).collect();
        assert_eq!(day["known"], true);
        if told.is_empty() {
            assert_eq!(
                (&day["reason"], &day["statistics"]),
                (&json!("no_activity"), &json!({})),
                "never a silent zero"
            );
        } else {
            assert_eq!(day["statistics"]["opens"], told.iter().map(|(_, told)| told["opens"]).sum::<i64>());
        }
    }
    let before =
        press.get("report_series", json!({"kind": "flows", "from": "2025-01-01", "to": "2025-01-02"})).await;
    assert_eq!(before["days"][0]["reason"], "not_read");
    let members = press.get("report_page", json!({"kind": "segments"})).await;
    let ledger = press.ledger(foredeck_engine::domain::klaviyo::ReportKind::Segments);
    let last = ledger.iter().rev().find(|((_, id, ..), _)| *id == members["rows"][0]["id"]).unwrap().1;
    assert_eq!(
        members["rows"][0]["statistics"]["total_members"], last["total_members"],
        "the last day's, not a sum"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_metric_that_comes_back_does_not_find_the_numbers_of_the_one_between() {
    let press = Press::open(KlaviyoConfig { age_days: 90, ..KlaviyoConfig::default() }).await;
    let other = press.control.metric_id("Placed Order", "api").unwrap();
    press.to_a_quiet_time();
    press.run().await;
    for metric in [&other, &press.metric] {
        press.desk.advance(DAY);
        press.get("klaviyo_set_metric", json!({"metric_id": metric})).await;
        press.run().await;
    }
    press.desk.advance(DAY);
    press.to_a_quiet_time();
    press.ask().await;
    press.run().await;
    assert!(press.assert_true_to_the_ledger().await > 300);
}

#[tokio::test]
async fn days_that_were_counted_by_another_metric_are_shown_and_exported_nowhere() {
    let press = Press::open(KlaviyoConfig { age_days: 20, ..KlaviyoConfig::default() }).await;
    press.run().await;
    let path = press.desk.folder.path().join("flows.csv");
    let export = json!({"what": "flows", "format": "csv", "path": path});
    assert!(press.get("export", export.clone()).await["rows"].as_i64().unwrap() > 5);
    let other = press.control.metric_id("Placed Order", "api").unwrap();
    press.get("klaviyo_set_metric", json!({"metric_id": other})).await;
    for kind in ["campaigns", "flows"] {
        let page = press.get("report_page", json!({"kind": kind})).await;
        assert_eq!((&page["days_known"], &page["rows"], &page["count"]), (&json!(0), &json!([]), &json!(0)));
        assert_eq!((&page["total"]["statistics"], &page["total"]["value_minor"]), (&json!({}), &json!(null)));
        let series = press.get("report_series", json!({"kind": kind})).await;
        for day in series["days"].as_array().unwrap() {
            assert_eq!((&day["known"], &day["reason"]), (&json!(false), &json!("not_read")));
            assert_eq!((&day["statistics"], &day["value_minor"]), (&json!({}), &json!(null)), "{day}");
        }
    }
    assert_eq!(press.get("export", export.clone()).await["rows"], 0);
    let members = press.get("report_page", json!({"kind": "segments"})).await;
    assert!(members["count"].as_i64().unwrap() > 0, "no metric counts those");
    press.run().await;
    assert!(press.get("export", export).await["rows"].as_i64().unwrap() > 5);
}

#[tokio::test]
async fn another_time_zone_of_the_account_is_noticed_by_the_next_sync() {
    let press = Press::open(KlaviyoConfig { age_days: 20, ..KlaviyoConfig::default() }).await;
    press.to_a_quiet_time();
    let due = press.run().await.unwrap();
    assert_eq!(press.get("reports_status", json!({})).await["time_zone"], "Europe/Berlin");
    press.control.set_timezone("US/Eastern");
    press.advance_to(due);
    press.control.clear_requests();
    press.run().await;
    assert_eq!(press.get("reports_status", json!({})).await["time_zone"], "US/Eastern");
    let asked = |press: &Press| {
        let requests = press.control.requests();
        requests.iter().filter(|one| one.path.trim_end_matches('/') == "/api/accounts").count()
    };
    assert_eq!(asked(&press), 1, "once for all kinds");
    press.get("reports_sync", json!({})).await;
    press.run().await;
    press.desk.advance(DAY);
    press.to_a_quiet_time();
    press.ask().await;
    press.run().await;
    press.assert_true_to_the_ledger().await;
    // A wait of that endpoint holds no report up.
    press.control.throttle("/api/accounts", 40 * DAY);
    press.desk.advance(DAY);
    press.to_a_quiet_time();
    press.run().await;
    for kind in ["campaigns", "segments"] {
        assert_eq!(press.kind(kind).await["state"], "succeeded", "{kind}");
    }
    press.ask().await;
    press.run().await;
    press.assert_true_to_the_ledger().await;
}
