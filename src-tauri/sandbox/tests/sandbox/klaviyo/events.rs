use super::{Post, error, event, listed};
use foredeck_sandbox::klaviyo::{Consent, SUCCESS};
use foredeck_sandbox::{DEFAULT_START, Faults, KlaviyoConfig};
use serde_json::{Value, json};

const WHO: &str = "aelith@example.com";
const SUCCEEDED: &str = SUCCESS[0];

#[tokio::test]
async fn an_event_is_there_some_seconds_after_its_202() {
    let post = Post::open(KlaviyoConfig::default()).await;
    let control = post.control();
    let more = json!({"time": "2026-09-01T08:00:00Z", "value": 149.0, "value_currency": "EUR", "unique_id": "po_1:success"});
    post.tell(WHO, SUCCEEDED, more).await;
    assert_eq!(post.get("/api/events").await.json()["data"], json!([]));
    assert_eq!((control.truth().events.len(), control.truth().on_their_way.len()), (0, 1));
    assert_eq!(control.metric_id(SUCCEEDED, "api"), None, "the metric comes with its first event");
    post.stripe().advance(3);
    let metric = control.metric_id(SUCCEEDED, "api").unwrap();
    let profile = control.profile_id(WHO).unwrap();
    let path = format!(
        "/api/events?filter=equals(metric_id,\"{metric}\"),equals(profile_id,\"{profile}\")&include=profile,metric"
    );
    let found = post.get(&path).await.json();
    let attributes = &found["data"][0]["attributes"];
    assert_eq!(attributes["datetime"], "2026-09-01T08:00:00+00:00");
    assert_eq!(
        attributes["event_properties"],
        json!({"color": "moss", "$event_id": "po_1:success", "$value": 149.0, "$currency_code": "EUR"})
    );
    let included: Vec<_> =
        found["included"].as_array().unwrap().iter().map(|r| (&r["type"], &r["id"])).collect();
    assert_eq!(included, [(&json!("metric"), &json!(metric)), (&json!("profile"), &json!(profile))]);
    let id = found["data"][0]["id"].as_str().unwrap();
    assert_eq!(post.get(&format!("/api/events/{id}")).await.json()["data"]["id"], id);
    let lean = post.get("/api/events?fields[event]=datetime").await.json();
    assert_eq!(lean["data"][0]["attributes"].as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn a_unique_id_is_kept_once_for_a_profile_and_metric() {
    let post = Post::open(KlaviyoConfig::default()).await;
    for n in 0..3 {
        post.tell(WHO, SUCCEEDED, json!({"unique_id": "po_1:success", "value": n})).await;
        post.stripe().advance(1);
    }
    post.tell("Aelith@Example.com ", SUCCEEDED, json!({"unique_id": "po_1:success"})).await;
    post.tell(WHO, "Preorder Started", json!({"unique_id": "po_1:success"})).await;
    post.tell("bram@example.com", SUCCEEDED, json!({"unique_id": "po_1:success"})).await;
    // Without one the second counts.
    post.tell("bram@example.com", "Seen", json!({"time": "2026-09-01T08:00:00Z"})).await;
    post.tell("bram@example.com", "Seen", json!({"time": "2026-09-01T08:00:00.900Z"})).await;
    post.tell("bram@example.com", "Seen", json!({"time": "2026-09-01T08:00:01Z"})).await;
    post.stripe().advance(10);
    let truth = post.control().truth();
    let kept = truth.events_of(WHO, &SUCCESS);
    assert_eq!((kept.len(), kept[0].value), (1, Some(0.0)), "the first processed is kept");
    assert_eq!((truth.events.len(), truth.repeated.len()), (5, 4));
}

#[tokio::test]
async fn flows_mail_once_an_event_and_never_for_backfill() {
    let mut post = Post::open(KlaviyoConfig { visible_after_s: 0, ..KlaviyoConfig::default() }).await;
    let control = post.control();
    control.consents("gone@example.com", Consent::Unsubscribed);
    for who in [WHO, "gone@example.com"] {
        post.tell(who, SUCCEEDED, json!({"unique_id": "1"})).await;
        post.tell(who, SUCCEEDED, json!({"unique_id": "1"})).await;
    }
    post.tell("old@example.com", SUCCEEDED, json!({"unique_id": "1", "backfill": true})).await;
    post.tell("odd@example.com", "Something Else", json!({})).await;
    let truth = control.truth();
    assert_eq!((truth.mails_to(WHO).len(), truth.mails_to("gone@example.com").len()), (1, 0));
    assert_eq!(
        (truth.mails.len(), truth.mails[0].flow.as_str()),
        (2, "Preorder thanks"),
        "a flow that is not live sends nothing"
    );
    assert!(truth.events_of("old@example.com", &SUCCESS)[0].backfill);
    post.header("revision", "2025-07-15");
    post.tell("early@example.com", SUCCEEDED, json!({"unique_id": "1", "backfill": true})).await;
    assert_eq!(control.truth().mails_to("early@example.com").len(), 1, "this revision knows no backfill");
}

#[tokio::test]
async fn events_are_paged_filtered_and_sorted() {
    let post = Post::open(KlaviyoConfig { visible_after_s: 0, ..KlaviyoConfig::default() }).await;
    for n in 0..7 {
        post.tell(
            WHO,
            SUCCEEDED,
            json!({"time": format!("2026-09-0{}T00:00:00Z", 7 - n), "unique_id": format!("{n}")}),
        )
        .await;
    }
    let mut path =
        "/api/events?page[size]=3&sort=datetime&filter=greater-or-equal(datetime,2026-09-02T00:00:00Z)"
            .to_owned();
    let mut seen = Vec::new();
    loop {
        let page = post.get(&path).await.json();
        seen.extend(listed(&page, "datetime"));
        let Some(next) = page["links"]["next"].as_str() else { break };
        path = next.strip_prefix(&post.url()).unwrap().to_owned();
    }
    let days: Vec<&str> = seen.iter().map(|at| &at[..10]).collect();
    assert_eq!(days, ["2026-09-02", "2026-09-03", "2026-09-04", "2026-09-05", "2026-09-06", "2026-09-07"]);
    let newest = post.get("/api/events?page[size]=1").await.json();
    assert_eq!(listed(&newest, "datetime"), ["2026-09-07T00:00:00+00:00"]);
    let stamped = post.get("/api/events?filter=less-than(timestamp,1788307200)").await.json();
    assert_eq!(listed(&stamped, "datetime"), ["2026-09-01T00:00:00+00:00"]);
}

#[tokio::test]
async fn a_link_to_another_host_is_followed_into_a_trap() {
    let config = KlaviyoConfig { foreign_next: true, more_metrics: 250, ..KlaviyoConfig::default() };
    let mut post = Post::open(config).await;
    let page = post.get("/api/metrics").await.json();
    assert_eq!(page["data"].as_array().unwrap().len(), 200);
    let next = page["links"]["next"].as_str().unwrap().to_owned();
    assert!(!next.starts_with(&post.url()));
    let cursor = next.split("page%5Bcursor%5D=").nth(1).unwrap();
    let rest = post.get(&format!("/api/metrics?page[cursor]={cursor}")).await.json();
    assert_eq!(rest["data"].as_array().unwrap().len(), 64);
    assert!(rest["links"]["next"].is_null());
    assert!(post.control().trapped().is_empty());
    let elsewhere = next.trim_start_matches("http://").split_once('/').unwrap();
    post.header("Host", elsewhere.0);
    let address = elsewhere.0.to_owned();
    let request = format!(
        "GET /{} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: x\r\n\r\n",
        elsewhere.1
    );
    tokio::task::spawn_blocking(move || crate::client::exchange(&address, &request)).await.unwrap().unwrap();
    let came = post.control().trapped();
    assert_eq!((came.len(), came[0].with_key), (1, true));
}

/// A bulk job of one person's events.
fn bulk(events: &[(&str, &str)]) -> Value {
    let one = |(metric, unique_id): &(&str, &str)| {
        json!({"type": "event", "attributes": {
            "properties": {}, "unique_id": unique_id,
            "metric": {"data": {"type": "metric", "attributes": {"name": metric}}},
        }})
    };
    json!({"data": {"type": "event-bulk-create-job", "attributes": {"events-bulk-create": {"data": [{
        "type": "event-bulk-create",
        "attributes": {
            "backfill": true,
            "profile": {"data": {"type": "profile", "attributes": {"email": WHO}}},
            "events": {"data": events.iter().map(one).collect::<Vec<_>>()},
        },
    }]}}}})
}

#[tokio::test]
async fn a_bulk_job_with_a_repeated_unique_id_does_nothing() {
    let post = Post::open(KlaviyoConfig::default()).await;
    let path = "/api/event-bulk-create-jobs";
    assert_eq!(post.post(path, &bulk(&[("A", "1"), ("A", "2")])).await.status, 202);
    let refused = post.post(path, &bulk(&[("A", "3"), ("A", "2")])).await;
    assert_eq!(refused.status, 400, "on its way: {}", refused.body);
    post.stripe().advance(3);
    assert_eq!(post.post(path, &bulk(&[("A", "3"), ("A", "1")])).await.status, 400, "there");
    assert_eq!(post.post(path, &bulk(&[("B", "3"), ("B", "3")])).await.status, 400, "twice in the job");
    let many: Vec<(&str, &str)> = vec![("C", "x"); 1_001];
    assert_eq!(post.post(path, &bulk(&many)).await.status, 400);
    post.stripe().advance(3);
    let truth = post.control().truth();
    assert_eq!((truth.events.len(), truth.mails.len()), (2, 0));
    assert!(truth.events.iter().all(|e| e.backfill && e.metric == "A"));
}

#[tokio::test]
async fn what_is_accepted_may_come_late_or_never() {
    let post = Post::open(KlaviyoConfig::default()).await;
    let control = post.control();
    control.lose_next(1);
    post.tell(WHO, SUCCEEDED, json!({"unique_id": "lost"})).await;
    control.set_faults(Faults { late_share: 1.0, late_max_s: 3_600, ..Faults::default() });
    post.tell(WHO, SUCCEEDED, json!({"unique_id": "late"})).await;
    post.stripe().advance(3_603);
    let truth = control.truth();
    let ids = |events: &[foredeck_sandbox::klaviyo::TrueEvent]| -> Vec<String> {
        events.iter().map(|e| e.unique_id.clone()).collect()
    };
    assert_eq!((ids(&truth.events), ids(&truth.lost)), (vec!["late".to_owned()], vec!["lost".to_owned()]));
    assert!(truth.events[0].processed_at > DEFAULT_START + 3);
}

#[tokio::test]
async fn bad_events_are_refused_and_leave_nothing() {
    let post = Post::open(KlaviyoConfig::default()).await;
    let many: serde_json::Map<String, Value> = (0..401).map(|n| (format!("p{n}"), json!(1))).collect();
    for (more, pointer) in [
        (
            json!({"metric": {"data": {"type": "metric", "attributes": {"name": ""}}}}),
            "/data/attributes/metric/data/attributes/name",
        ),
        (json!({"properties": null}), "/data/attributes/properties"),
        (json!({"properties": many}), "/data/attributes/properties"),
        (json!({"time": "yesterday"}), "/data/attributes/time"),
        (json!({"time": "1980-01-01T00:00:00Z"}), "/data/attributes/time"),
        (json!({"time": "2028-01-01T00:00:00Z"}), "/data/attributes/time"),
        (json!({"value": "149"}), "/data/attributes/value"),
        (json!({"value_currency": "EURO"}), "/data/attributes/value_currency"),
        (
            json!({"profile": {"data": {"type": "profile", "attributes": {}}}}),
            "/data/attributes/profile/data/attributes",
        ),
        (
            json!({"profile": {"data": {"type": "profile", "attributes": {"email": "nonsense"}}}}),
            "/data/attributes/profile/data/attributes/email",
        ),
    ] {
        let refused = post.post("/api/events", &event(WHO, "M", more.clone())).await;
        assert_eq!(
            (refused.status, error(&refused)["source"]["pointer"].as_str()),
            (400, Some(pointer)),
            "{more}"
        );
    }
    assert_eq!(post.post("/api/events", &json!({"data": {"type": "profile"}})).await.status, 400);
    post.stripe().advance(10);
    let truth = post.control().truth();
    assert!(truth.events.is_empty() && truth.on_their_way.is_empty());
    assert!(post.control().requests().iter().all(|r| !r.applied));
}
