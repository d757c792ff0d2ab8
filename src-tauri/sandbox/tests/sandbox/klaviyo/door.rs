use super::{Post, error, event};
use foredeck_sandbox::klaviyo::KlaviyoKey;
use foredeck_sandbox::{Faults, KlaviyoConfig, WriteTrouble};
use serde_json::{Value, json};

#[tokio::test]
async fn a_key_is_known_and_has_its_scopes() {
    let mut post = Post::open(KlaviyoConfig::default()).await;
    let account = post.get("/api/accounts/").await;
    assert_eq!(account.status, 200, "{}", account.body);
    assert_eq!(account.header("content-type"), Some("application/vnd.api+json"));
    let account = account.json();
    let attributes = &account["data"][0]["attributes"];
    assert_eq!(account["data"][0]["id"], attributes["public_api_key"]);
    assert_eq!(
        (attributes["test_account"].as_bool(), attributes["timezone"].as_str()),
        (Some(false), Some("Europe/Berlin"))
    );
    post.header("Authorization", "");
    assert_eq!(
        (post.get("/api/accounts").await.status, error(&post.get("/api/accounts").await)["code"].clone()),
        (401, json!("not_authenticated"))
    );
    post.header("Authorization", "Bearer pk_0123456789");
    assert_eq!(post.get("/api/accounts").await.status, 401);
    post.header("Authorization", "Klaviyo-API-Key pk_0123456789");
    let refused = post.get("/api/accounts").await;
    assert_eq!((refused.status, error(&refused)["code"].as_str()), (401, Some("authentication_failed")));
    let narrow = KlaviyoKey::with("pk_narrow", &["accounts:read", "lists:read"]);
    let gone = KlaviyoKey { revoked: true, ..KlaviyoKey::full("pk_gone") };
    post.control().set_keys(vec![narrow, gone]);
    post.header("Authorization", "Klaviyo-API-Key pk_gone");
    assert_eq!(post.get("/api/accounts").await.status, 401);
    post.header("Authorization", "Klaviyo-API-Key pk_narrow");
    assert_eq!(post.get("/api/lists").await.status, 200);
    let refused = post.get("/api/metrics").await;
    assert_eq!((refused.status, error(&refused)["code"].as_str()), (403, Some("permission_denied")));
    let logged = post.control().requests();
    assert_eq!(logged.last().unwrap().key, "pk_****rrow");
    assert!(logged.iter().all(|r| !r.key.contains("0123456789")));
}

#[tokio::test]
async fn a_revision_is_required_and_falls_forward_unless_opted_out() {
    let mut post = Post::open(KlaviyoConfig::default()).await;
    assert_eq!(post.get("/api/accounts").await.header("x-klaviyo-api-revision"), Some("2026-07-15"));
    post.header("revision", "");
    assert_eq!(post.get("/api/accounts").await.status, 400);
    post.header("revision", "2025-07-15");
    assert_eq!(post.get("/api/accounts").await.header("x-klaviyo-api-revision"), Some("2025-07-15"));
    post.control().retire_before("2026-04-15");
    assert_eq!(post.get("/api/accounts").await.header("x-klaviyo-api-revision"), Some("2026-04-15"));
    post.header("X-Klaviyo-Revision-Fall-Forward-Opt-Out", "1");
    assert_eq!(post.get("/api/accounts").await.status, 410);
    post.header("revision", "2026-07-15");
    post.control().serve_instead(Some("2025-04-15"));
    let other = post.get("/api/accounts").await;
    assert_eq!((other.status, other.header("x-klaviyo-api-revision")), (200, Some("2025-04-15")));
}

#[tokio::test]
async fn limits_follow_the_world_s_clock() {
    let post = Post::open(KlaviyoConfig { limits: true, ..KlaviyoConfig::default() }).await;
    let first = post.get("/api/accounts").await;
    assert_eq!(
        ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"].map(|name| first.header(name)),
        [Some("1, 1;w=1, 15;w=60"), Some("14"), Some("0")]
    );
    let refused = post.get("/api/accounts").await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")));
    assert_eq!(error(&refused)["detail"], "Request was throttled. Expected available in 1 second.");
    assert!(refused.header("ratelimit-limit").is_none());
    assert_eq!(post.get("/api/metrics").await.status, 200, "another endpoint has its own limit");
    post.stripe().advance(1);
    assert_eq!(post.get("/api/accounts").await.status, 200);
}

#[tokio::test]
async fn a_wait_of_hours_is_told_and_ends() {
    let post = Post::open(KlaviyoConfig::default()).await;
    post.control().throttle("/api/events", 67_608);
    let refused = post.post("/api/events", &event("a@example.com", "M", json!({}))).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("67608")));
    assert_eq!(post.get("/api/lists").await.status, 200);
    post.stripe().advance(67_607);
    assert_eq!(post.get("/api/events").await.header("retry-after"), Some("1"));
    post.stripe().advance(1);
    assert_eq!(post.get("/api/events").await.status, 200);
}

#[tokio::test]
async fn what_stands_before_it_answers_in_html() {
    let post = Post::open(KlaviyoConfig::default()).await;
    let control = post.control();
    control.set_faults(Faults { html_rate: 1.0, at_most: Some(1), ..Faults::default() });
    let challenged = post.get("/api/accounts").await;
    assert_eq!((challenged.status, challenged.header("cf-mitigated")), (403, Some("challenge")));
    assert!(challenged.header("content-type").unwrap().starts_with("text/html"));
    control.set_faults(Faults { rate_limit_rate: 1.0, at_most: Some(1), ..Faults::default() });
    let throttled = post.get("/api/accounts").await;
    assert_eq!((throttled.status, throttled.header("retry-after")), (429, None));
    assert_eq!(error(&throttled)["detail"], "Request was throttled. Expected available in 0 seconds.");
    control.set_faults(Faults { error_5xx_rate: 1.0, at_most: Some(1), ..Faults::default() });
    assert!(post.get("/api/accounts").await.status >= 500);
    control.set_faults(Faults { unreachable: true, ..Faults::default() });
    assert!(post.send("GET", "/api/accounts", &Value::Null).await.is_err());
    let faults: Vec<_> = control.requests().into_iter().filter_map(|r| r.fault).collect();
    assert_eq!(faults, ["html", "rate_limit", "unavailable"]);
}

#[tokio::test]
async fn a_write_is_lost_before_or_after_or_held() {
    let post = Post::open(KlaviyoConfig { visible_after_s: 0, ..KlaviyoConfig::default() }).await;
    let control = post.control();
    for (trouble, there) in
        [(WriteTrouble::LostBefore, 0), (WriteTrouble::LostAfter, 1), (WriteTrouble::FailedAfter, 2)]
    {
        control.on_next_write(trouble);
        let sent = post
            .send("POST", "/api/events", &event("a@example.com", &format!("{trouble:?}"), json!({})))
            .await;
        assert!(sent.is_err() || sent.unwrap().status == 500);
        assert_eq!(control.truth().events.len(), there, "{trouble:?}");
    }
    control.on_next_write(WriteTrouble::HeldAfter);
    let body = event("b@example.com", "Held", json!({}));
    let looked = async {
        control.until_held().await;
        assert_eq!(control.truth().events.len(), 3);
        control.release();
    };
    let (answer, ()) = tokio::join!(post.post("/api/events", &body), looked);
    assert_eq!(answer.status, 202);
    let applied: Vec<(bool, u16)> = control.requests().iter().map(|r| (r.applied, r.status)).collect();
    assert_eq!(applied, [(false, 0), (true, 0), (true, 500), (true, 202)]);
}

#[tokio::test]
async fn wrong_requests_get_klaviyo_s_errors() {
    let mut post = Post::open(KlaviyoConfig::default()).await;
    for (path, status, code) in [
        ("/api/nothing", 404, "not_found"),
        ("/v1/events", 404, "not_found"),
        ("/api/metrics/AbCdEf", 404, "not_found"),
        ("/api/metrics?page[size]=10", 400, "invalid"),
        ("/api/metrics?include=flows", 400, "invalid"),
        ("/api/lists?page[size]=11", 400, "invalid"),
        ("/api/events?filter=equals(metric_id,\"SOMEID\")", 400, "invalid"),
        ("/api/events?filter=greater-than(datetime,2027-01-01T00:00:00Z)", 400, "invalid"),
        ("/api/events?filter=greater-than(datetime,2026-01-01T00:00:00+00:00)", 400, "invalid"),
        ("/api/events?page[cursor]=zz", 400, "invalid"),
        ("/api/profiles?filter=contains(email,\"a\")", 400, "invalid"),
    ] {
        let refused = post.get(path).await;
        assert_eq!(
            (refused.status, error(&refused)["code"].as_str()),
            (status, Some(code)),
            "{path}: {}",
            refused.body
        );
    }
    assert_eq!(post.send("POST", "/api/metrics", &json!({})).await.unwrap().status, 405);
    assert_eq!(
        error(&post.get("/api/events?filter=equals(metric_id,\"SOMEID\")").await)["detail"],
        "Metric IDs ['SOMEID'] do not exist."
    );
    post.header("revision", "2025-07-15");
    assert_eq!(post.get("/api/lists?page[size]=10").await.status, 400, "page[size] came later");
    post.header("Content-Type", "text/plain");
    let refused = post.post("/api/events", &event("a@example.com", "M", json!({}))).await;
    assert_eq!(refused.status, 415);
    let dated = post.get("/api/accounts").await;
    assert_eq!(dated.header("date"), Some("Mon, 21 Sep 2026 14:13:20 GMT"), "world time");
}
