//! What real accounts answered, as others published it, and Klaviyo's own specification of the pinned revision.
//!
//! None of it is part of the project. `FOREDECK_DATA` names the folder that holds `klaviyo`; without it they are looked for
//! beside the workspace, and where they are not, this says so and stops.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use foredeck_engine::clock::FixedClock;
use foredeck_engine::error::Problem;
use foredeck_engine::klaviyo::{ENDPOINTS, Klaviyo, REVISION};
use foredeck_sandbox::{DEFAULT_KLAVIYO_KEY, ShopPlan};
use serde_json::{Value, json};

use super::key;
use super::stand::{Said, Stand};
use crate::it::sync::desk::Desk;

pub fn given(file: &str) -> Option<Value> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("FOREDECK_DATA").map_or_else(beside, PathBuf::from).join("klaviyo");
    match std::fs::read_to_string(folder.join(file)) {
        Ok(text) => Some(serde_json::from_str(&text).unwrap()),
        Err(_) => {
            eprintln!("SKIPPED: {file} is not at {} (set FOREDECK_DATA)", folder.display());
            None
        }
    }
}

#[tokio::test]
async fn a_real_accounts_metrics_are_merged_and_ordered_and_shopifys_orders_found() {
    let Some(metrics) = given("metrics-real-account.json") else { return };
    let count = metrics.as_array().unwrap().len();
    let stand = Stand::with_metrics(metrics).await;
    let desk = Desk::with_shop(ShopPlan::Empty).await;
    let test = desk.get("klaviyo_test", json!({"key": DEFAULT_KLAVIYO_KEY, "klaviyo_url": stand.url})).await;
    let merged = test["metrics"].as_array().unwrap();
    assert_eq!(merged.len(), count);
    let names: Vec<(String, &str)> = merged
        .iter()
        .map(|one| {
            (one["name"].as_str().unwrap().to_lowercase(), one["integration"]["key"].as_str().unwrap())
        })
        .collect();
    assert_eq!(names[0], ("placed order".to_owned(), "shopify"));
    assert!(names[1..].iter().map(|(name, _)| name).is_sorted(), "{names:?}");
    let clicked: Vec<&str> =
        names.iter().filter(|(name, _)| name == "clicked email").map(|(_, key)| *key).collect();
    assert_eq!(clicked, ["api", "klaviyo"], "names repeat, and each says where it is from");
    let free: Vec<&Value> = merged.iter().filter(|one| one["do_not_order_sync"] == false).collect();
    assert_eq!(free, [&merged[0]]);
    assert_eq!(test["suggested"], json!({"metric_id": merged[0]["id"], "reason": "shopify_placed_order"}));
}

#[tokio::test]
async fn errors_that_klaviyo_was_seen_to_answer_are_told_in_our_words() {
    let Some(observed) = given("observed-errors.json") else { return };
    let mut told = BTreeMap::new();
    for item in observed["items"].as_array().unwrap() {
        let Some(status) = item["status"].as_u64().and_then(|status| u16::try_from(status).ok()) else {
            continue;
        };
        let case = item["case"].as_str().unwrap().to_owned();
        let body = match (&item["raw_body"], &item["body"], &item["error"]) {
            (Value::String(raw), ..) => raw.clone(),
            (_, Value::Null, Value::Null) if item["headers"]["cf-mitigated"].is_string() => {
                "<html></html>".to_owned()
            }
            (_, Value::Null, Value::Null) => continue,
            (_, Value::Null, error) => json!({"errors": [error]}).to_string(),
            (_, body, _) => body.to_string(),
        };
        let headers = item["headers"].as_object().cloned().unwrap_or_default();
        let headers =
            headers.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
        let said = Said(status, headers, body);
        let stand = Stand::open(move |_, _| said.clone()).await;
        let clock = Arc::new(FixedClock::new(1_772_366_400));
        let client = Klaviyo::new(&stand.url, &key(DEFAULT_KLAVIYO_KEY), None, clock).unwrap();
        // Each against a request that it can be an answer to.
        let outcome = client.events_of("AbC123", "01PROFILE").await.map(drop);
        let problem = Problem::from(outcome.unwrap_err());
        assert!(!problem.hint.is_empty(), "{case}");
        let asked = stand.asked().len();
        told.insert(case, (status, problem.code, problem.message, asked));
    }
    let code_of = |part: &str| {
        let found = told.iter().find(|(case, _)| case.contains(part));
        found.unwrap_or_else(|| panic!("{part} in {:?}", told.keys())).1.clone()
    };
    assert_eq!(code_of("daily report quota").1, "KLAVIYO_THROTTLED");
    assert!(code_of("daily report quota").2.ends_with("until 2026-03-02 08:24:33 UTC"), "{told:?}");
    assert_eq!(code_of("daily report quota").3, 1, "a wait of a day is not spun on");
    assert_eq!(code_of("0 seconds, no Retry-After").1, "KLAVIYO_THROTTLED");
    assert_eq!(code_of("metric not usable").1, "KLAVIYO_METRIC_UNUSABLE");
    assert_eq!(code_of("unknown metric id").1, "KLAVIYO_METRIC_NOT_FOUND");
    assert!(code_of("unknown metric id").2.contains("SOME_METRIC_ID"));
    assert_eq!(code_of("bad include").1, "KLAVIYO_REFUSED");
    assert_eq!(code_of("duplicate profile").1, "KLAVIYO_DUPLICATE_PROFILE");
    assert_eq!(code_of("malformed Authorization").1, "KLAVIYO_BLOCKED");
    assert_eq!(code_of("Cloudflare challenge").1, "KLAVIYO_BLOCKED");
    for (case, words) in [
        ("429 throttled (2024-05)", "Klaviyo's limit for events is used up"),
        ("metric not usable", "Klaviyo reports no values for this metric"),
        ("unknown metric id", "the Klaviyo account has no metric SOME_METRIC_ID"),
        (
            "bad include",
            "Klaviyo refused the request (400): 'profiless' is not an allowed include parameter for this resource.",
        ),
        ("duplicate profile", "another Klaviyo profile has one of these identifiers"),
        ("malformed Authorization", "what stands before Klaviyo refused the request (400)"),
        ("Cloudflare challenge", "what stands before Klaviyo refused the request (403)"),
    ] {
        assert_eq!(code_of(case).2, words, "{case}");
    }
}

#[tokio::test]
async fn the_codes_that_were_seen_alone_are_a_bad_key_and_a_missing_scope() {
    let Some(observed) = given("observed-errors.json") else { return };
    let items = observed["items"].as_array().unwrap();
    let codes = &items.iter().find(|item| item["codes"].is_object()).unwrap()["codes"];
    for (status, code, words) in [
        (401, "KLAVIYO_KEY_REJECTED", "Klaviyo refuses the key"),
        (403, "KLAVIYO_SCOPE_MISSING", "the Klaviyo key lacks the scope accounts:read"),
    ] {
        let said = codes[status.to_string()].as_str().unwrap();
        let body =
            json!({"errors": [{"status": status, "code": said, "title": "", "detail": ""}]}).to_string();
        let stand = Stand::open(move |_, _| Said(status, Vec::new(), body.clone())).await;
        let clock = Arc::new(FixedClock::new(1_772_366_400));
        let client = Klaviyo::new(&stand.url, &key(DEFAULT_KLAVIYO_KEY), None, clock).unwrap();
        let problem = Problem::from(client.account().await.unwrap_err());
        assert_eq!((problem.code, problem.message.as_str()), (code, words), "{said}");
    }
}

#[tokio::test]
async fn custom_metrics_are_merged_into_a_real_list_and_no_metric_is_there_twice() {
    let Some(metrics) = given("metrics-real-account.json") else { return };
    let real = metrics.as_array().unwrap().clone();
    let custom =
        |id: &str, name: &str| json!({"type": "custom-metric", "id": id, "attributes": {"name": name}});
    // One of its own, one named as Shopify's, and one with an id that is taken.
    let taken = real[0]["id"].as_str().unwrap().to_owned();
    let customs = json!([
        custom("0123456789abcdef0123456789abcdef", "AAA first by name"),
        custom("fedcba9876543210fedcba9876543210", "Placed Order"),
        custom(&taken, "Taken")
    ]);
    let both = real.clone();
    let stand = Stand::open(move |path, _| match path {
        "/api/accounts" => super::stand::account("AbCdEf"),
        "/api/metrics" => super::stand::ok(&json!({"data": both})),
        "/api/custom-metrics" => super::stand::ok(&json!({"data": customs})),
        _ => super::stand::ok(&json!({"data": []})),
    })
    .await;
    let desk = Desk::with_shop(ShopPlan::Empty).await;
    let test = desk.get("klaviyo_test", json!({"key": DEFAULT_KLAVIYO_KEY, "klaviyo_url": stand.url})).await;
    let merged = test["metrics"].as_array().unwrap();
    assert_eq!(merged.len(), real.len() + 2);
    let first: Vec<(&str, bool, bool)> = merged[..2]
        .iter()
        .map(|one| {
            (
                one["name"].as_str().unwrap(),
                one["custom"].as_bool().unwrap(),
                one["do_not_order_sync"].as_bool().unwrap(),
            )
        })
        .collect();
    assert_eq!(first, [("Placed Order", false, false), ("AAA first by name", true, true)]);
    let orders =
        merged.iter().filter(|one| one["name"] == "Placed Order" && one["do_not_order_sync"] == false);
    assert_eq!(orders.count(), 1, "a custom metric of that name is not Shopify's");
    assert!(merged.iter().all(|one| one["name"] != "Taken"), "the account's own metric keeps its id");
}

#[test]
fn the_limit_table_is_what_the_specification_says() {
    let Some(spec) = given(&format!("openapi-{REVISION}.json")) else { return };
    let number = |text: &Value| -> Option<u32> { text.as_str()?.split('/').next()?.parse().ok() };
    for endpoint in ENDPOINTS {
        if endpoint.name == "segment-count" {
            // With its count a segment has limits of its own, which the specification says in words alone.
            let operation = &spec["paths"][endpoint.path]["get"];
            let words = operation["description"].as_str().unwrap();
            let (_, counted) = words.split_once("additional-fields[segment]=profile_count").unwrap();
            let said = format!("Burst: `{}/s`<br>Steady: `{}/m`", endpoint.per_s, endpoint.per_min);
            assert!(counted.contains(&said), "{counted}");
            assert_eq!(operation["x-klaviyo-scopes"], json!([endpoint.scope]));
            continue;
        }
        let operation = &spec["paths"][endpoint.path][endpoint.method.to_lowercase()];
        let limit = &operation["x-klaviyo-ratelimit"];
        let said = (number(&limit["burst"]), number(&limit["steady"]), number(&limit["daily"]));
        assert_eq!(said, (Some(endpoint.per_s), Some(endpoint.per_min), endpoint.per_day), "{endpoint:?}");
        assert_eq!(operation["x-klaviyo-scopes"], json!([endpoint.scope]), "{endpoint:?}");
    }
}
