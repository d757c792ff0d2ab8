//! What Klaviyo refuses: told by kind and by window, put off until it may be asked again, and cancelled when somebody says so.

use foredeck_engine::clock::Clock;
use foredeck_engine::engine::ReportStep;
use foredeck_sandbox::klaviyo::KlaviyoKey;
use foredeck_sandbox::{DEFAULT_KLAVIYO_KEY, Faults, KlaviyoConfig};
use serde_json::{Value, json};

use super::Press;

const DAY: i64 = 86_400;

fn small() -> KlaviyoConfig {
    KlaviyoConfig { age_days: 20, ..KlaviyoConfig::default() }
}

fn told(kind: &Value) -> (String, String) {
    let word = |name: &str| kind[name].as_str().unwrap_or("none").to_owned();
    (word("state"), word("code"))
}

fn is(state: &str, code: &str) -> (String, String) {
    (state.to_owned(), code.to_owned())
}

#[tokio::test]
async fn a_metric_that_no_report_counts_by_fails_what_is_counted_by_it_and_nothing_else() {
    let press = Press::open(small()).await;
    press.control.refuse_metric(&press.metric);
    press.run().await;
    for kind in ["campaigns", "flows"] {
        let view = press.kind(kind).await;
        assert_eq!(told(&view), is("failed", "KLAVIYO_METRIC_UNUSABLE"), "{view}");
        assert!(!view["hint"].as_str().unwrap().is_empty());
    }
    assert_eq!(told(&press.kind("segments").await).0, "succeeded");
    let asked = press.asked();
    let spent: usize =
        ["campaign-values-reports", "flow-series-reports"].iter().filter_map(|name| asked.get(*name)).sum();
    assert_eq!(spent, 1, "one refusal is enough: {asked:?}");
    let status = press.get("klaviyo_status", json!({})).await;
    assert_eq!((&status["status"], &status["code"]), (&json!("error"), &json!("KLAVIYO_METRIC_UNUSABLE")));
    // Another metric asks for both anew, from the beginning.
    let other = press.control.metric_id("Placed Order", "api").unwrap();
    press.get("klaviyo_set_metric", json!({"metric_id": other})).await;
    press.run().await;
    assert_eq!(told(&press.kind("campaigns").await).0, "succeeded");
    let reasons = press.kind("flows").await["reasons"].clone();
    assert_eq!(reasons, json!([]), "what was refused before is read now");
}

#[tokio::test]
async fn a_missing_scope_fails_its_kind_alone_and_says_which() {
    let press = Press::open(small()).await;
    let scopes = ["accounts:read", "metrics:read", "campaigns:read", "flows:read", "segments:read"];
    press.control.set_keys(vec![KlaviyoKey::with(DEFAULT_KLAVIYO_KEY, &scopes)]);
    press.run().await;
    let forms = press.kind("forms").await;
    assert_eq!(told(&forms), is("failed", "KLAVIYO_SCOPE_MISSING"));
    assert!(forms["message"].as_str().unwrap().contains("forms:read"), "{forms}");
    assert_eq!(told(&press.kind("campaigns").await).0, "succeeded");
    assert_eq!(press.get("klaviyo_status", json!({})).await["status"], "connected", "the connection is well");
    let sync: Vec<String> = press.text("SELECT state FROM report_sync").await;
    assert_eq!(sync, ["partial"]);
}

#[tokio::test]
async fn a_revoked_key_ends_every_sync_and_shows_in_the_connection() {
    let press = Press::open(small()).await;
    press.control.set_keys(Vec::new());
    press.run().await;
    for kind in ["campaigns", "flows", "segments", "forms"] {
        assert_eq!(told(&press.kind(kind).await), is("failed", "KLAVIYO_KEY_REJECTED"), "{kind}");
    }
    assert_eq!(press.get("klaviyo_status", json!({})).await["status"], "disconnected");
}

#[tokio::test]
async fn a_wait_of_hours_is_kept_over_a_restart_and_nothing_is_asked_meanwhile() {
    let mut press = Press::open(small()).await;
    press.control.throttle("/api/flow-series-reports", 67_608);
    let until = press.now() + 67_608;
    let mut seen = Vec::new();
    for round in 0..400 {
        match press.step().await {
            ReportStep::Did => {}
            ReportStep::Wait(at) if at < until => press.advance_to(at),
            ReportStep::Wait(at) => {
                seen.push(at);
                break;
            }
            ReportStep::Idle(_) => panic!("it is not done"),
        }
        if round % 4 == 3 {
            press.restart().await;
        }
    }
    assert_eq!(seen, [until]);
    let flows = press.kind("flows").await;
    assert_eq!((told(&flows).0.as_str(), &flows["until"]), ("waiting", &json!(until)), "{flows}");
    for _ in 0..5 {
        press.restart().await;
        assert_eq!(press.step().await, ReportStep::Wait(until));
    }
    assert_eq!(press.asked()["flow-series-reports"], 1, "no spinning");
    press.advance_to(until);
    press.run().await;
    assert_eq!(told(&press.kind("flows").await).0, "succeeded");
}

#[tokio::test]
async fn an_outage_is_waited_out_and_one_that_lasts_ends_the_sync_until_it_is_due() {
    let press = Press::open(small()).await;
    press.control.set_faults(Faults { unreachable: true, ..Faults::default() });
    assert_eq!(press.step().await, ReportStep::Did);
    let waiting = press.kind("campaigns").await;
    assert_eq!(told(&waiting), is("waiting", "OFFLINE"), "{waiting}");
    let due = press.run().await.unwrap();
    for kind in ["campaigns", "flows", "segments", "forms"] {
        assert_eq!(told(&press.kind(kind).await), is("failed", "OFFLINE"), "{kind}");
    }
    press.control.set_faults(Faults::default());
    press.advance_to(due + 2 * DAY);
    press.run().await;
    assert_eq!(told(&press.kind("forms").await), is("succeeded", "none"));
}

#[tokio::test]
async fn a_day_that_is_shared_is_found_out_by_a_refusal_and_kept_to() {
    let config = KlaviyoConfig { age_days: 300, limits: true, ..KlaviyoConfig::default() };
    let press = Press::open(config).await;
    press.control.share_day(true);
    press.run().await;
    assert_eq!(press.get("reports_status", json!({})).await["shared_budget"], true);
    assert_eq!(told(&press.kind("campaigns").await).0, "succeeded");
    let refused = press.control.requests().iter().filter(|request| request.status == 429).count();
    assert!((1..=3).contains(&refused), "{refused} refusals, and then none");
    press.assert_known_days(300).await;
}

#[tokio::test]
async fn a_cancelled_sync_keeps_what_it_read_and_is_gone_on_with_later() {
    let press = Press::open(small()).await;
    for _ in 0..12 {
        press.step().await;
    }
    let view = press.get("reports_cancel", json!({})).await;
    let states: Vec<(&str, &str)> = view["kinds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kind| (kind["kind"].as_str().unwrap(), kind["state"].as_str().unwrap()))
        .collect();
    assert!(
        states.iter().all(|(_, state)| ["succeeded", "partial", "skipped"].contains(state)),
        "{states:?}"
    );
    assert!(states.contains(&("campaigns", "partial")), "{states:?}");
    let done = press.asked()["campaign-values-reports"];
    assert!(matches!(press.step().await, ReportStep::Idle(Some(_))));
    press.control.clear_requests();
    press.ask().await;
    press.run().await;
    let left = press.asked()["campaign-values-reports"];
    assert!(left <= 21 - done + 6, "{done} were done, {left} more were asked for");
    press.assert_known_days(20).await;
}

#[tokio::test]
async fn revenue_is_neither_asked_for_nor_stored_where_orders_are_not_synced() {
    let press = Press::by_metric(small(), "api").await;
    press.run().await;
    for request in press.control.requests() {
        assert!(!request.body.to_string().contains("conversion_value"), "{}", request.body);
    }
    let page = press.get("report_page", json!({"kind": "flows"})).await;
    assert_eq!(page["total"]["value_minor"], json!(null));
    assert!(page["total"]["statistics"]["conversions"].as_i64().unwrap() > 0);
}

#[tokio::test]
async fn disconnecting_clears_every_report_and_says_how_many_before() {
    let press = Press::open(small()).await;
    press.run().await;
    let preview = press.get("klaviyo_disconnect_preview", json!({})).await;
    let rows = preview["clears"].as_array().unwrap().iter().find(|one| one["what"] == "reports").unwrap();
    assert!(rows["count"].as_i64().unwrap() > 50, "{preview}");
    press.get("klaviyo_disconnect", json!({})).await;
    for table in ["record", "plan", "window", "entity", "message_day", "segment_day", "form_day"] {
        let left = press.text(&format!("SELECT CAST(count(*) AS TEXT) FROM report_{table}")).await;
        assert_eq!(left, ["0"], "{table}");
    }
    assert!(matches!(press.step().await, ReportStep::Idle(None)));
    let refused = press.desk.ask("reports_sync", json!({})).await.unwrap_err();
    assert_eq!(refused.code, "KLAVIYO_NOT_CONNECTED");
}

impl Press {
    /// The first column of a question to the mirror.
    async fn text(&self, sql: &str) -> Vec<String> {
        let sql = sql.to_owned();
        let read = self.desk.store.db().read(move |connection| {
            let mut statement = connection.prepare(&sql)?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        });
        read.await.unwrap()
    }

    async fn assert_known_days(&self, at_least: i64) {
        for kind in ["campaigns", "flows"] {
            let known = self.kind(kind).await["days_known"].as_i64().unwrap();
            assert!(known >= at_least, "{kind}: {known} at {}", self.desk.clock.now());
        }
    }
}
