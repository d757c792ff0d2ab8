//! The connection from the first test of a key to its end.

use foredeck_sandbox::klaviyo::KlaviyoKey as Key;
use foredeck_sandbox::{DEFAULT_KLAVIYO_KEY, DEFAULT_START, KlaviyoConfig, ShopPlan};
use serde_json::{Value, json};

use super::stand::{Stand, account, ok};
use super::{Post, key};
use crate::it::sync::desk::Desk;

const OTHER: &str = "pk_other00000000000000000000000000000";

#[tokio::test]
async fn a_test_shows_the_account_and_its_metrics_in_order_and_keeps_nothing() {
    let post = Post::open(KlaviyoConfig { test_account: true, ..KlaviyoConfig::default() }).await;
    let test = post.get("klaviyo_test", post.with_key(json!({}))).await;
    let account = json!({"public_id": "SbXk7Q", "name": "Lanternfish Workshop", "time_zone": "Europe/Berlin",
        "currency": "EUR", "test_account": true});
    assert_eq!(test["account"], account);
    assert_eq!(test["revision"], json!({"asked": "2026-07-15", "answered": "2026-07-15"}));
    let metrics = test["metrics"].as_array().unwrap();
    assert_eq!(
        (&metrics[0]["name"], &metrics[0]["integration"]["key"]),
        (&json!("Placed Order"), &json!("shopify"))
    );
    let rest: Vec<String> =
        metrics[1..].iter().map(|metric| metric["name"].as_str().unwrap().to_lowercase()).collect();
    assert!(rest.is_sorted(), "{rest:?}");
    assert!(metrics.iter().any(|metric| metric["custom"] == true), "custom metrics are among them");
    let free: Vec<&Value> = metrics.iter().filter(|metric| metric["do_not_order_sync"] == false).collect();
    assert_eq!(free, [&metrics[0]], "Shopify's orders alone are synced");
    assert_eq!(test["suggested"]["reason"], "mapped_revenue");
    assert_eq!(test["same_account"], Value::Null);
    assert_eq!(test["warnings"][0]["code"], "TEST_ACCOUNT");
    let status = post.status().await;
    assert_eq!((&status["status"], &status["key_source"]), (&json!("not_configured"), &json!("none")));
    assert_eq!(status["since"], Value::Null);
}

#[tokio::test]
async fn connecting_keeps_the_choice_and_asks_for_a_first_sync() {
    let post = Post::connected().await;
    let status = post.status().await;
    let placed = post.control.metric_id("Placed Order", "shopify").unwrap();
    assert_eq!(status["status"], "connected");
    assert_eq!((&status["metric"]["id"], &status["do_not_order_sync"]), (&json!(placed), &json!(false)));
    assert_eq!((&status["since"], &status["connected_at"]), (&json!(DEFAULT_START), &json!(DEFAULT_START)));
    assert_eq!((&status["sync_status"], &status["last_sync"]), (&json!("queued"), &Value::Null));
    assert_eq!((&status["key_source"], &status["key_prefix"]), (&json!("session"), &json!("pk_sand")));
    assert_eq!((&status["is_klaviyo"], &status["url"]), (&json!(false), &json!(post.url())));
    assert_eq!(
        post.desk.text("SELECT kinds || ' ' || reason || ' ' || state FROM report_sync").await,
        ["campaigns,flows,segments,forms connected queued"]
    );
    let told =
        post.desk.text("SELECT operator || ' ' || body FROM audit WHERE event = 'klaviyo_connected'").await;
    assert!(told.len() == 1 && told[0].contains("SbXk7Q") && !told[0].contains("pk_"), "{told:?}");
    assert_eq!(post.get("audit_verify", json!({})).await["ok"], true);
    // The same again changes nothing that was asked for.
    post.desk.advance(60);
    let again = post.get("klaviyo_connect", post.with_key(json!({"metric_id": placed}))).await;
    assert_eq!((&again["since"], &again["connected_at"]), (&json!(DEFAULT_START), &json!(DEFAULT_START)));
    assert_eq!(post.desk.text("SELECT state FROM report_sync").await, ["queued"]);
}

#[tokio::test]
async fn nothing_is_connected_by_a_key_or_a_metric_that_is_refused() {
    let post = Post::open(KlaviyoConfig::default()).await;
    let placed = post.control.metric_id("Placed Order", "shopify").unwrap();
    let with = |key: &str, metric: &str| json!({"key": key, "metric_id": metric, "klaviyo_url": post.url()});
    for (args, code) in [
        (with(DEFAULT_KLAVIYO_KEY, "NoSuch"), "KLAVIYO_METRIC_NOT_FOUND"),
        (with(OTHER, &placed), "KLAVIYO_KEY_REJECTED"),
        (with("sk_test_abcdefgh12345678", &placed), "BAD_KLAVIYO_KEY"),
        (with("SbXk7Q", &placed), "BAD_KLAVIYO_KEY"),
        (json!({"metric_id": placed, "klaviyo_url": post.url()}), "NO_KLAVIYO_KEY"),
        (
            json!({"key": DEFAULT_KLAVIYO_KEY, "metric_id": placed, "klaviyo_url": "http://example.com"}),
            "BAD_URL",
        ),
    ] {
        assert_eq!(post.refused("klaviyo_connect", args).await, code);
    }
    post.control.set_keys(vec![Key::with(DEFAULT_KLAVIYO_KEY, &["metrics:read"])]);
    assert_eq!(post.refused("klaviyo_test", post.with_key(json!({}))).await, "KLAVIYO_SCOPE_MISSING");
    post.control.set_keys(vec![Key::with(DEFAULT_KLAVIYO_KEY, &["accounts:read"])]);
    let test = post.get("klaviyo_test", post.with_key(json!({}))).await;
    assert_eq!((&test["metrics"], &test["scopes"][1]["state"]), (&json!([]), &json!("missing")));
    assert_eq!(
        post.refused("klaviyo_connect", with(DEFAULT_KLAVIYO_KEY, &placed)).await,
        "KLAVIYO_SCOPE_MISSING"
    );
    for name in ["klaviyo_check", "klaviyo_disconnect"] {
        assert_eq!(post.refused(name, json!({})).await, "KLAVIYO_NOT_CONNECTED");
    }
    assert_eq!(post.refused("klaviyo_rotate", json!({"key": OTHER})).await, "KLAVIYO_NOT_CONNECTED");
    assert_eq!(
        post.refused("klaviyo_set_metric", json!({"metric_id": placed})).await,
        "KLAVIYO_NOT_CONNECTED"
    );
    let status = post.status().await;
    assert_eq!((&status["status"], &status["key_source"]), (&json!("not_configured"), &json!("none")));
    assert_eq!(post.desk.text("SELECT event FROM audit").await, Vec::<String>::new());
}

#[tokio::test]
async fn metrics_that_cannot_be_read_beside_the_main_ones_are_a_warning() {
    let stand = Stand::open(|path, _| match path {
        "/api/accounts" => account("AbCdEf"),
        "/api/metrics" => {
            ok(&json!({"data": [{"type": "metric", "id": "M1", "attributes": {"name": "Placed Order"}}]}))
        }
        "/api/custom-metrics" | "/api/mapped-metrics" => super::stand::Said(
            403,
            Vec::new(),
            json!({"errors": [{"status": 403, "code": "permission_denied", "detail": ""}]}).to_string(),
        ),
        _ => ok(&json!({"data": []})),
    })
    .await;
    let desk = Desk::with_shop(ShopPlan::Empty).await;
    let args = json!({"key": "pk_short", "klaviyo_url": stand.url});
    let test = desk.get("klaviyo_test", args).await;
    let codes: Vec<&str> = test["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| warning["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["KEY_LENGTH", "CUSTOM_METRICS", "MAPPED_METRICS"]);
    assert_eq!(test["suggested"], json!({"metric_id": "M1", "reason": "placed_order"}));
    let args = json!({"key": "pk_short", "klaviyo_url": stand.url, "metric_id": "M1"});
    let view = desk.get("klaviyo_connect", args).await;
    assert_eq!((&view["status"], &view["do_not_order_sync"]), (&json!("connected"), &json!(true)));
}

#[tokio::test]
async fn a_key_is_rotated_without_disconnecting_and_never_to_another_account() {
    let stand = Stand::open(|path, headers| {
        let key = headers["authorization"].to_str().unwrap();
        match path {
            "/api/accounts" => account(if key.ends_with(OTHER) { "ZyXwVu" } else { "AbCdEf" }),
            "/api/metrics" => {
                ok(&json!({"data": [{"type": "metric", "id": "M1", "attributes": {"name": "Placed Order"}}]}))
            }
            _ => ok(&json!({"data": []})),
        }
    })
    .await;
    let desk = Desk::with_shop(ShopPlan::Empty).await;
    let args = json!({"key": DEFAULT_KLAVIYO_KEY, "klaviyo_url": stand.url, "metric_id": "M1"});
    desk.get("klaviyo_connect", args).await;
    let refused = desk.ask("klaviyo_rotate", json!({"key": OTHER})).await.unwrap_err();
    assert_eq!(refused.code, "OTHER_KLAVIYO_ACCOUNT");
    let elsewhere = json!({"key": OTHER, "metric_id": "M1"});
    assert_eq!(desk.ask("klaviyo_connect", elsewhere).await.unwrap_err().code, "ALREADY_CONNECTED");
    let moved = json!({"key": DEFAULT_KLAVIYO_KEY, "metric_id": "M1", "klaviyo_url": "http://127.0.0.1:9"});
    assert_eq!(desk.ask("klaviyo_connect", moved).await.unwrap_err().code, "KLAVIYO_URL_FIXED");
    desk.get("klaviyo_check", json!({})).await;
    let fresh = "pk_fresh00000000000000000000000000000";
    let view = desk.get("klaviyo_rotate", json!({"key": fresh})).await;
    assert_eq!((&view["status"], &view["key_prefix"]), (&json!("connected"), &json!("pk_fres")));
    let told = desk.text("SELECT event FROM audit ORDER BY seq").await;
    assert_eq!(told, ["klaviyo_connected", "klaviyo_key_rotated"]);
    // A key of another account that came in by another way is noticed, and is an error of the connection.
    desk.engine.secrets().klaviyo().keep(desk.store.public_id(), &stand.url, &key(OTHER));
    assert_eq!(desk.ask("klaviyo_check", json!({})).await.unwrap_err().code, "OTHER_KLAVIYO_ACCOUNT");
    let status = desk.get("klaviyo_status", json!({})).await;
    assert_eq!((&status["status"], &status["account"]["public_id"]), (&json!("error"), &json!("AbCdEf")));
}

#[tokio::test]
async fn another_metric_syncs_anew_what_is_counted_by_it() {
    let post = Post::connected().await;
    let other = post.control.metric_id("Placed Order", "api").unwrap();
    post.desk.change("UPDATE report_sync SET state = 'succeeded', ended_at = 77").await;
    let reply = post.get("klaviyo_set_metric", json!({"metric_id": other})).await;
    assert_eq!(reply["resyncs"], json!(["campaigns", "flows"]));
    assert_eq!(
        (&reply["view"]["metric"]["id"], &reply["view"]["do_not_order_sync"]),
        (&json!(other), &json!(true))
    );
    assert_eq!((&reply["view"]["sync_status"], &reply["view"]["last_sync"]), (&json!("queued"), &json!(77)));
    let again = post.get("klaviyo_set_metric", json!({"metric_id": other})).await;
    assert_eq!(again["resyncs"], json!([]));
    assert_eq!(
        post.desk.text("SELECT kinds FROM report_sync WHERE state = 'queued'").await,
        ["campaigns,flows"]
    );
    assert_eq!(
        post.refused("klaviyo_set_metric", json!({"metric_id": "NoSuch"})).await,
        "KLAVIYO_METRIC_NOT_FOUND"
    );
    assert_eq!(
        post.status().await["status"],
        "connected",
        "a metric that is not there says nothing of the connection"
    );
    assert_eq!(post.get("klaviyo_test", json!({})).await["suggested"]["reason"], "current");
    let told = post.desk.text("SELECT event FROM audit ORDER BY seq").await;
    assert_eq!(told, ["klaviyo_connected", "klaviyo_metric_changed"]);
}

#[tokio::test]
async fn disconnecting_says_what_goes_and_keeps_what_is_the_shops() {
    let desk = Desk::with_shop(ShopPlan::History { orders: 12, days: 5, faults: 0.0 }).await;
    desk.sync().await;
    let klaviyo = desk.sandbox.open_klaviyo(KlaviyoConfig::default()).await.unwrap();
    let nothing = desk.get("klaviyo_disconnect_preview", json!({})).await;
    assert_eq!((&nothing["account"], &nothing["clears"]), (&Value::Null, &json!([])));
    let metric = klaviyo.control().metric_id("Placed Order", "shopify").unwrap();
    let args = json!({"key": DEFAULT_KLAVIYO_KEY, "metric_id": metric, "klaviyo_url": klaviyo.base_url()});
    desk.get("klaviyo_connect", args).await;
    let before = desk.mirror().await;
    let preview = desk.get("klaviyo_disconnect_preview", json!({})).await;
    let clears = json!([{"what": "connection", "count": 1}, {"what": "key", "count": 1},
        {"what": "report_syncs", "count": 1}, {"what": "waits", "count": 0}, {"what": "reports", "count": 0}]);
    assert_eq!((&preview["clears"], &preview["preorders_kept"]), (&clears, &json!(before.len())));
    desk.advance(30);
    let view = desk.get("klaviyo_disconnect", json!({})).await;
    assert_eq!((&view["status"], &view["code"]), (&json!("not_configured"), &json!("DISCONNECTED")));
    assert_eq!((&view["since"], &view["key_source"]), (&json!(DEFAULT_START + 30), &json!("none")));
    for field in ["account", "metric", "url", "connected_at", "sync_status"] {
        assert_eq!(view[field], Value::Null, "{field}");
    }
    for table in ["klaviyo_connection", "klaviyo_wait", "report_sync"] {
        assert_eq!(desk.text(&format!("SELECT count(*) || '' FROM {table}")).await, ["0"], "{table}");
    }
    assert_eq!(desk.mirror().await, before, "the shop's orders are as they were");
    let told = desk.text("SELECT event FROM audit ORDER BY seq").await;
    assert_eq!(told, ["klaviyo_connected", "klaviyo_disconnected"]);
    // Another account may follow.
    let other = KlaviyoConfig { public_id: "ZyXwVu".to_owned(), ..KlaviyoConfig::default() };
    let other = desk.sandbox.open_klaviyo(other).await.unwrap();
    let metric = other.control().metric_id("Placed Order", "shopify").unwrap();
    let args = json!({"key": DEFAULT_KLAVIYO_KEY, "metric_id": metric, "klaviyo_url": other.base_url()});
    assert_eq!(desk.get("klaviyo_connect", args).await["account"]["public_id"], "ZyXwVu");
}

#[tokio::test]
async fn a_check_says_everything_there_is_to_say_and_no_secret() {
    let post = Post::connected().await;
    let check = post.get("klaviyo_check", json!({})).await;
    assert!(check["lists"]["count"].as_i64().unwrap() > 0 && check["lists"]["complete"] == true, "{check}");
    assert!(!check["lists"]["samples"].as_array().unwrap().is_empty());
    assert_eq!((&check["clock_skew_s"], &check["seen"]["same_account"]), (&json!(0), &json!(true)));
    let report = check["report"].as_str().unwrap();
    for line in
        ["account: SbXk7Q", "revision: asked 2026-07-15, answered 2026-07-15", "scope metrics:read: granted"]
    {
        assert!(report.contains(line), "{line} in {report}");
    }
    assert!(!report.contains("pk_") && !report.contains('@'), "{report}");
}
