//! Each request as it leaves, and what its answer is read as.

use std::collections::BTreeMap;
use std::sync::Arc;

use foredeck_engine::clock::FixedClock;
use foredeck_engine::domain::action::ActionId;
use foredeck_engine::klaviyo::{Imported, Klaviyo, KlaviyoError, NewEvent, ProfileChange, REVISION};
use foredeck_sandbox::klaviyo::KlaviyoKey as Key;
use foredeck_sandbox::{DEFAULT_KLAVIYO_KEY, Faults, KlaviyoConfig, WriteTrouble};
use serde_json::{Map, json};

use super::stand::{Stand, account, ok};
use super::{Post, key};

const STARTED: &str = "Rolitt Preorder Started";

fn act() -> ActionId {
    ActionId::new("act_test")
}

fn event(unique_id: &str, at: i64) -> NewEvent {
    NewEvent {
        metric: STARTED.to_owned(),
        email: "ann@example.com".to_owned(),
        at,
        value: Some((129_900, "eur".to_owned())),
        unique_id: unique_id.to_owned(),
        backfill: true,
        properties: Map::from_iter([("color".to_owned(), json!("blue"))]),
        profile_properties: Map::from_iter([("yoyo_color".to_owned(), json!("blue"))]),
    }
}

#[tokio::test]
async fn every_request_names_the_pinned_revision_and_the_answer_names_its_own() {
    let post = Post::open(KlaviyoConfig::default()).await;
    let client = post.client();
    let found = client.account().await.unwrap();
    assert_eq!((found.public_id.as_str(), found.name.as_str()), ("SbXk7Q", "Lanternfish Workshop"));
    assert_eq!((found.time_zone.as_deref(), found.currency.as_deref()), (Some("Europe/Berlin"), Some("EUR")));
    client.metrics().await.unwrap();
    client.custom_metrics().await.unwrap();
    client.mapped_revenue().await.unwrap().expect("the account maps its revenue");
    client.lists().await.unwrap();
    for request in post.control.requests() {
        assert_eq!((request.revision.as_deref(), request.status), (Some(REVISION), 200), "{request:?}");
    }
    assert_eq!(client.revision().answered.as_deref(), Some(REVISION));
    let limits = client.limits();
    let of = |name: &str| limits.iter().find(|limit| limit.endpoint == name).unwrap();
    assert_eq!((of("accounts").per_s, of("accounts").per_min, of("accounts").remaining), (1, 15, Some(14)));
    post.control.retire_before("2026-10-15");
    assert_eq!(
        client.account().await.unwrap_err(),
        KlaviyoError::RevisionRetired,
        "it does not fall forward"
    );
}

#[tokio::test]
async fn long_lists_are_read_whole() {
    let post = Post::open(KlaviyoConfig { more_metrics: 450, ..KlaviyoConfig::default() }).await;
    let found = post.client().metrics().await.unwrap();
    assert!(found.complete && found.rows.len() > 450, "{}", found.rows.len());
    assert_eq!(post.asked("/api/metrics"), found.rows.len().div_ceil(200));
}

#[tokio::test]
async fn many_events_are_read_a_page_at_a_time_and_whole() {
    let post = Post::open(KlaviyoConfig { visible_after_s: 0, ..KlaviyoConfig::default() }).await;
    let (client, now) = (post.client(), post.desk.clock_now());
    for number in 0..2_300 {
        post.control.shop_sends(STARTED, &format!("p{}@example.com", number % 40), now - number);
    }
    let metric = post.control.metric_id(STARTED, "api").unwrap();
    let mut pages = client.events_since(&metric, now - 2_199);
    let (mut sizes, mut times) = (Vec::new(), Vec::new());
    while let Some(page) = pages.next().await.unwrap() {
        sizes.push(page.len());
        times.extend(page.iter().map(|event| event.at.unwrap()));
    }
    assert_eq!(sizes, [1_000, 1_000, 200]);
    assert_eq!(times, (0..2_200).map(|ago| now - ago).collect::<Vec<_>>(), "newest first, none twice");
    assert_eq!(post.asked("/api/events"), 3);
}

#[tokio::test]
async fn a_next_page_elsewhere_never_gets_the_key() {
    let config = KlaviyoConfig { more_metrics: 300, foreign_next: true, ..KlaviyoConfig::default() };
    let post = Post::open(config).await;
    let client = post.client();
    let found = client.metrics().await.unwrap();
    assert!(found.complete && found.rows.len() > 300, "the cursor is enough: {}", found.rows.len());
    assert_eq!(
        client.foreign_next().as_deref(),
        Some("127.0.0.1"),
        "the same host at another port is another server"
    );
    let test = post.get("klaviyo_test", post.with_key(json!({}))).await;
    let warned =
        test["warnings"].as_array().unwrap().iter().filter(|warning| warning["code"] == "FOREIGN_NEXT");
    assert_eq!(warned.count(), 1, "{}", test["warnings"]);
    assert_eq!(post.control.trapped(), [], "nobody even went there");
    let honest = Post::open(KlaviyoConfig { more_metrics: 300, ..KlaviyoConfig::default() }).await;
    let client = honest.client();
    client.metrics().await.unwrap();
    assert_eq!(client.foreign_next(), None);
}

#[tokio::test]
async fn a_list_whose_next_page_leads_nowhere_ends_with_an_error_and_never_goes_round() {
    for (next, repeated, asked) in [
        ("/api/profiles?page[cursor]=x", true, 2),
        ("https://elsewhere.example/?page%5Bcursor%5D=x", true, 2),
        ("https://elsewhere.example/", false, 1),
        ("/api/metrics?page[size]=10", false, 1),
    ] {
        let stand = Stand::open(move |path, _| match path {
            "/api/metrics" => ok(&json!({"data": [], "links": {"next": next}})),
            _ => account("AbCdEf"),
        })
        .await;
        let client =
            Klaviyo::new(&stand.url, &key(DEFAULT_KLAVIYO_KEY), None, Arc::new(FixedClock::new(0))).unwrap();
        let error = client.metrics().await.unwrap_err();
        assert_eq!(error, KlaviyoError::ListBroken { endpoint: "metrics", repeated }, "{next}");
        // Always this endpoint, whatever the link names.
        assert_eq!(stand.asked(), vec![("/api/metrics".to_owned(), true); asked], "{next}");
    }
}

#[tokio::test]
async fn an_event_is_there_once_with_its_own_time_however_often_it_was_sent() {
    let post = Post::open(KlaviyoConfig::default()).await;
    let (client, now) = (post.client(), post.desk.clock_now());
    let sent = event("pre_1:started", now - 86_400);
    client.send_event(&act(), &sent.document()).await.unwrap();
    // The answer is lost after the effect: it is sent again, and is the same event.
    post.control.on_next_write(WriteTrouble::LostAfter);
    client.send_event(&act(), &event("pre_2:started", now - 500).document()).await.unwrap();
    client.send_event(&act(), &sent.document()).await.unwrap();
    assert_eq!(post.control.metric_id(STARTED, "api"), None, "accepted is not there");
    post.desk.advance(10);
    let metric = post.control.metric_id(STARTED, "api").unwrap();
    let person = client.find_profile("ANN@example.com").await.unwrap().unwrap();
    assert_eq!(
        (person.email.as_deref(), &person.properties["yoyo_color"]),
        (Some("ann@example.com"), &json!("blue"))
    );
    let seen = client.events_of(&metric, &person.id).await.unwrap();
    let times: Vec<Option<i64>> = seen.rows.iter().map(|event| event.at).collect();
    assert_eq!((times, seen.complete), (vec![Some(now - 500), Some(now - 86_400)], true));
    assert_eq!(seen.rows[0].properties["color"], "blue");
    assert_eq!(seen.rows[0].metric.as_deref(), Some(metric.as_str()));
    assert_eq!(post.control.truth().mails.len(), 0, "a backfill mails nobody");
    assert_eq!(client.find_profile("nobody@example.com").await.unwrap(), None);
    let odd = client.events_of("NoSuch", &person.id).await.unwrap_err();
    assert_eq!(odd, KlaviyoError::MetricNotFound { id: "NoSuch".to_owned() });
}

#[tokio::test]
async fn a_profile_is_made_or_changed_and_what_is_left_out_stays() {
    let post = Post::open(KlaviyoConfig::default()).await;
    let client = post.client();
    let change = |name: &str, value: serde_json::Value| ProfileChange {
        email: "ann@example.com".to_owned(),
        properties: Map::from_iter([(name.to_owned(), value)]),
    };
    let Imported { id, made } =
        client.import_profile(&act(), &change("status", json!("preordering")).document()).await.unwrap();
    assert!(made);
    let again = client.import_profile(&act(), &change("yoyo_color", json!("blue")).document()).await.unwrap();
    assert_eq!(again, Imported { id, made: false });
    let there = client.find_profile("ann@example.com").await.unwrap().unwrap();
    assert_eq!(there.properties, json!({"status": "preordering", "yoyo_color": "blue"}));
    for request in post.control.requests().iter().filter(|request| request.method == "POST") {
        assert_eq!(
            (request.path.as_str(), &request.body["data"]["type"]),
            ("/api/profile-import", &json!("profile"))
        );
    }
}

#[tokio::test]
async fn refusals_are_read_as_what_they_are() {
    let post = Post::open(KlaviyoConfig::default()).await;
    let (client, revoked) = (post.client(), Key { revoked: true, ..Key::full(DEFAULT_KLAVIYO_KEY) });
    post.control.set_keys(vec![revoked]);
    assert_eq!(client.account().await.unwrap_err(), KlaviyoError::KeyRejected);
    post.control.set_keys(vec![Key::with(DEFAULT_KLAVIYO_KEY, &["accounts:read"])]);
    client.account().await.unwrap();
    let lacks = |scope: &str| KlaviyoError::ScopeMissing { scope: scope.to_owned() };
    assert_eq!(client.metrics().await.unwrap_err(), lacks("metrics:read"));
    assert_eq!(
        client.send_event(&act(), &event("x", 1_700_000_000).document()).await.unwrap_err(),
        lacks("events:write")
    );
    post.control.set_keys(vec![Key::full(DEFAULT_KLAVIYO_KEY)]);
    post.control.set_faults(Faults { html_rate: 1.0, ..Faults::default() });
    assert_eq!(client.account().await.unwrap_err(), KlaviyoError::Blocked { status: 403 });
    post.control.set_faults(Faults { cut_body_rate: 1.0, at_most: Some(2), ..Faults::default() });
    client.account().await.expect("a cut answer is asked for again");
}

#[tokio::test]
async fn what_a_key_may_do_is_found_out_by_reading_alone() {
    let post = Post::open(KlaviyoConfig::default()).await;
    post.control
        .set_keys(vec![Key::with(DEFAULT_KLAVIYO_KEY, &["accounts:read", "metrics:read", "lists:read"])]);
    let test = post.get("klaviyo_test", post.with_key(json!({}))).await;
    let scopes: BTreeMap<&str, &str> = test["scopes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|scope| (scope["scope"].as_str().unwrap(), scope["state"].as_str().unwrap()))
        .collect();
    for (scope, state) in [
        ("accounts:read", "granted"),
        ("metrics:read", "granted"),
        ("lists:read", "granted"),
        ("segments:read", "missing"),
        ("events:read", "missing"),
        ("profiles:read", "missing"),
        ("flows:read", "missing"),
        ("events:write", "not_probed"),
        ("profiles:write", "not_probed"),
    ] {
        assert_eq!(scopes.get(scope), Some(&state), "{scope}: {scopes:?}");
    }
    assert!(post.control.requests().iter().all(|request| request.method == "GET"));
}
