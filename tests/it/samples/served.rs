//! The same samples over HTTP: served page by page as Stripe would, taken in by the real sync, stored byte for byte.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::DateTime;
use foredeck_engine::clock::FixedClock;
use foredeck_engine::domain::store::Mode;
use foredeck_engine::engine::{Engine, Options};
use foredeck_engine::facts::events::find_event;
use foredeck_engine::secrets::{Keychain, StripeKey};
use foredeck_engine::{api, facts};
use serde_json::{Value, json};

use super::{counted, hold, nodes, report, samples};

const KEY: &str = "sk_test_samples0000000000000000000";
const DAY: i64 = 86_400;

/// A Stripe whose account holds events and nothing else.
struct Peer {
    /// Its clock: nothing that it tells has aged out.
    now: i64,
    /// Id, creation and bytes, newest first.
    events: Vec<(String, i64, String)>,
}

#[derive(serde::Deserialize)]
struct Asked {
    starting_after: Option<String>,
    limit: Option<usize>,
    #[serde(rename = "created[gte]")]
    from: Option<i64>,
    delivery_success: Option<bool>,
}

impl Peer {
    /// Events keep their instants, which lie years apart: the peer's clock stands a day after the oldest.
    fn new(mut events: Vec<(String, i64, String)>) -> Self {
        events.sort_by(|a, b| (b.1, &b.0).cmp(&(a.1, &a.0)));
        let oldest = events.iter().map(|event| event.1).filter(|created| *created > 0).min();
        Self { now: oldest.unwrap_or_default() + DAY, events }
    }

    fn answer(&self, body: String) -> Response {
        let date = DateTime::from_timestamp(self.now, 0).unwrap().format("%a, %d %b %Y %H:%M:%S GMT");
        ([(header::CONTENT_TYPE, "application/json".to_owned()), (header::DATE, date.to_string())], body)
            .into_response()
    }

    fn page(&self, asked: &Asked) -> String {
        if asked.delivery_success == Some(false) {
            return list(&[], false);
        }
        let after = |id: &String| self.events.iter().position(|event| event.0 == *id).unwrap() + 1;
        let start = asked.starting_after.as_ref().map_or(0, after);
        let kept =
            |event: &&(String, i64, String)| asked.from.is_none_or(|from| event.1 == 0 || event.1 >= from);
        let rest: Vec<&str> =
            self.events[start..].iter().filter(kept).map(|event| event.2.as_str()).collect();
        let many = asked.limit.unwrap_or(10).min(rest.len());
        list(&rest[..many], rest.len() > many)
    }
}

fn list(data: &[&str], has_more: bool) -> String {
    format!(r#"{{"object":"list","url":"/v1/x","has_more":{has_more},"data":[{}]}}"#, data.join(","))
}

async fn serve(peer: Arc<Peer>) -> String {
    let events = |State(peer): State<Arc<Peer>>, Query(asked): Query<Asked>| async move {
        peer.answer(peer.page(&asked))
    };
    let account = |State(peer): State<Arc<Peer>>| async move {
        peer.answer(json!({"id": "acct_samples", "object": "account"}).to_string())
    };
    let nothing =
        |State(peer): State<Arc<Peer>>, Path(_): Path<String>| async move { peer.answer(list(&[], false)) };
    let router = Router::new()
        .route("/v1/events", get(events))
        .route("/v1/account", get(account))
        .route("/v1/{*kind}", get(nothing))
        .with_state(peer);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// An engine that has synced everything the peer tells; the folder goes with it.
async fn synced(peer: Arc<Peer>) -> (Engine, tempfile::TempDir) {
    let url = serve(Arc::clone(&peer)).await;
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        data_dir: folder.path().to_owned(),
        keychain: Keychain::Off,
        clock: Arc::new(FixedClock::new(peer.now)),
        max_per_s: Some(5_000),
    };
    let engine = Engine::open(options).unwrap();
    let store = engine.add_store("Samples", Mode::Test, &url, Some("UTC")).await.unwrap();
    store.keep_key_unchecked(StripeKey::parse(KEY).unwrap()).await.unwrap();
    let outcome = store.sync_once(false, |_| {}).await.unwrap();
    assert_eq!(outcome.events, i64::try_from(peer.events.len()).unwrap(), "none is refused: {outcome:?}");
    (engine, folder)
}

async fn health(engine: &Engine) -> Value {
    let call = api::Call::new(engine.clone(), Some("Samples".to_owned()));
    api::call(call, "health", Value::Null).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn samples_served_over_http_are_stored_byte_for_byte() {
    let Some(samples) = samples() else { return };
    let told = |sample: &super::Sample| {
        (sample.event_id.clone(), sample.event["created"].as_i64().unwrap(), sample.event.to_string())
    };
    let peer = Arc::new(Peer::new(samples.iter().map(told).collect()));
    let (engine, _folder) = synced(Arc::clone(&peer)).await;
    let store = engine.store("Samples").await.unwrap();
    let again = store.sync_once(false, |_| {}).await.unwrap();
    assert_eq!(again.events, 0, "told again they are known");
    store
        .db()
        .read_now(|connection| {
            for (id, _, served) in &peer.events {
                let event = find_event(connection, id)?.expect("every event is stored");
                assert_eq!(event.bytes, served.as_bytes(), "{id}");
            }
            let (counted, nodes) = (counted(connection)?, nodes(connection)?);
            report(&samples, &counted, nodes.len());
            let folded = counted.values().sum::<i64>() + i64::try_from(nodes.len()).unwrap();
            assert_eq!(folded, i64::try_from(samples.len()).unwrap(), "each is folded, skipped or counted");
            hold(&samples, &nodes);
            Ok(())
        })
        .unwrap();
    assert_eq!(health(&engine).await["event_conflicts"], 0);
}

/// Instants of the odd events below.
const NOON: i64 = 1_772_366_400;

/// Events as nobody documented them, each with its id, and the name Health counts it under; None is folded.
fn odd_events() -> Vec<(&'static str, i64, String, Option<&'static str>)> {
    let intent = r#"{"id":"pi_1","object":"payment_intent","status":"succeeded","amount":5,"currency":"eur","created":1772366300,"metadata":{}}"#;
    let event = |id: &str, kind: &str, rest: &str, object: &str| {
        format!(r#"{{"id":"{id}","object":"event","type":"{kind}"{rest},"data":{{"object":{object}}}}}"#)
    };
    let dated = format!(r#","created":{NOON}"#);
    let with = |rest: &str| format!("{dated},{rest}");
    let deep = format!("{}1{}", "[".repeat(90), "]".repeat(90));
    vec![
        (
            "evt_type",
            NOON,
            event("evt_type", "moon.landed", &dated, r#"{"id":"moon_1","object":"moon"}"#),
            Some("skipped:moon.landed"),
        ),
        (
            "evt_version",
            NOON,
            event(
                "evt_version",
                "payment_intent.succeeded",
                &with(r#""api_version":"2099-01-01.quince""#),
                intent,
            ),
            None,
        ),
        (
            "evt_bare",
            NOON,
            event("evt_bare", "payment_intent.created", &dated, &intent.replace("pi_1", "pi_2")),
            None,
        ),
        (
            "evt_request",
            NOON,
            event(
                "evt_request",
                "payment_intent.created",
                &with(r#""request":"req_1""#),
                &intent.replace("pi_1", "pi_3"),
            ),
            None,
        ),
        (
            "evt_expanded",
            NOON,
            event(
                "evt_expanded",
                "charge.succeeded",
                &with(r#""request":{"id":null}"#),
                r#"{"id":"ch_1","object":"charge","status":"succeeded","paid":true,"captured":true,"amount":5,"currency":"eur","created":1772366300,"payment_intent":{"id":"pi_1","object":"payment_intent"},"customer":{"id":"cus_1","object":"customer","deleted":true},"metadata":{}}"#,
            ),
            None,
        ),
        ("evt_list", NOON, event("evt_list", "charge.updated", &dated, "[1,2]"), Some("unreadable")),
        ("evt_null", NOON, event("evt_null", "charge.updated", &dated, "null"), Some("unreadable")),
        (
            "evt_nameless",
            NOON,
            event("evt_nameless", "charge.updated", &dated, r#"{"object":"charge"}"#),
            Some("unreadable"),
        ),
        ("evt_undated", 0, event("evt_undated", "payment_intent.created", "", intent), Some("unreadable")),
        (
            "evt_words",
            NOON,
            event(
                "evt_words",
                "payment_intent.created",
                &dated,
                r#"{"id":"pi_4","object":"payment_intent","status":7,"amount":"many","currency":null,"created":"then","metadata":"none"}"#,
            ),
            None,
        ),
        (
            "evt_empty",
            NOON,
            format!(r#"{{"id":"evt_empty","object":"event","created":{NOON},"type":"charge.updated"}}"#),
            Some("unreadable"),
        ),
        (
            "evt_typeless",
            NOON,
            format!(r#"{{"id":"evt_typeless","created":{NOON},"data":{{"object":{intent}}}}}"#),
            None,
        ),
        (
            "evt_deep",
            NOON,
            event(
                "evt_deep",
                "moon.landed",
                &with(&format!(r#""deep":{deep}"#)),
                r#"{"id":"moon_2","object":"moon"}"#,
            ),
            Some("skipped:moon.landed"),
        ),
        (
            "evt_spaced",
            NOON,
            format!(
                "{{ \"id\" : \"evt_spaced\",\n\t\"created\":{NOON}, \"type\":\"payment_intent.created\", \"emoji\":\"\u{1f381}\\ud83c\\udf81 \\u0000\", \"data\":{{\"object\":{}}} }}",
                intent.replace("pi_1", "pi_5")
            ),
            None,
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_any_type_version_and_shape_are_stored_and_counted_by_name() {
    let odd = odd_events();
    let told = odd.iter().map(|(id, created, json, _)| ((*id).to_owned(), *created, json.clone()));
    let peer = Arc::new(Peer::new(told.collect()));
    let (engine, _folder) = synced(Arc::clone(&peer)).await;
    let store = engine.store("Samples").await.unwrap();
    store
        .db()
        .read_now(|connection| {
            for (id, _, json, _) in &odd {
                let event = find_event(connection, id)?.expect("every event is stored");
                assert_eq!(String::from_utf8(event.bytes).unwrap(), *json, "{id}");
            }
            assert!(!facts::events::is_stored(connection, "evt_nobody")?);
            Ok(())
        })
        .unwrap();
    let health = health(&engine).await;
    let total = |list: &str, name: Option<&str>| {
        let rows = health[list].as_array().unwrap().iter();
        let named = rows.filter(|row| name.is_none_or(|name| row["name"] == name));
        named.map(|row| row["count"].as_i64().unwrap()).sum::<i64>()
    };
    assert_eq!(total("skipped_types", Some("moon.landed")), 2, "{health}");
    let unreadable = odd.iter().filter(|event| event.3 == Some("unreadable")).count();
    assert_eq!(total("unreadable", None), i64::try_from(unreadable).unwrap(), "{health}");
    let folded = odd.iter().filter(|event| event.3.is_none()).count();
    assert_eq!(folded + unreadable + 2, odd.len());
    assert!(store.verify().await.unwrap().problems.is_empty());
    // Made anew from what was stored, they are counted the same.
    store.rebuild().await.unwrap();
    let again = self::health(&engine).await;
    assert_eq!(
        (&again["skipped_types"], &again["unreadable"]),
        (&health["skipped_types"], &health["unreadable"])
    );
}
