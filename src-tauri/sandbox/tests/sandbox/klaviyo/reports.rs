//! Reports and the lists beside them: the caps, the limits, and one ledger behind all answers.

use super::{Post, error};
use foredeck_sandbox::klaviyo::Reported;
use foredeck_sandbox::{KlaviyoConfig, Manner, ReportServer};
use serde_json::{Value, json};

fn body(kind: &str, from: &str, to: &str, more: Value) -> Value {
    let mut attributes = json!({"timeframe": {"start": from, "end": to}});
    for (name, value) in more.as_object().into_iter().flatten() {
        attributes[name] = value.clone();
    }
    json!({"data": {"type": kind, "attributes": attributes}})
}

fn flows(post: &Post, from: &str, to: &str) -> Value {
    let metric = post.control().metric_id("Placed Order", "shopify").unwrap();
    let more = json!({"statistics": ["recipients", "conversion_value"], "interval": "daily", "conversion_metric_id": metric});
    body("flow-series-report", from, to, more)
}

/// The world begins on 2026-09-21: the last whole day before it.
const LAST: &str = "2026-09-20T23:59:59+00:00";

#[tokio::test]
async fn a_series_says_of_each_day_what_the_ledger_says() {
    for timezone in ["Europe/Berlin", "US/Eastern", "Asia/Kolkata"] {
        let post =
            Post::open(KlaviyoConfig { timezone: timezone.to_owned(), ..KlaviyoConfig::default() }).await;
        let metric = post.control().metric_id("Placed Order", "shopify").unwrap();
        let asked = flows(&post, "2026-07-01T00:00:00+00:00", "2026-08-27T23:59:59+00:00");
        let reply = post.post("/api/flow-series-reports", &asked).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        let attributes = reply.json()["data"]["attributes"].clone();
        let days = attributes["date_times"].as_array().unwrap().clone();
        assert_eq!((days.len(), &days[0]), (58, &json!("2026-07-01T00:00:00+00:00")));
        let truth = post.control().report_days(Reported::Flows, &metric);
        let mut compared = 0;
        for result in attributes["results"].as_array().unwrap() {
            let groupings = &result["groupings"];
            let word = |name: &str| groupings[name].as_str().unwrap().to_owned();
            for (at, day) in days.iter().enumerate() {
                let day = day.as_str().unwrap()[..10].to_owned();
                let true_day =
                    truth.get(&(day, word("flow_id"), word("flow_message_id"), word("send_channel")));
                for name in ["recipients", "conversion_value"] {
                    let told = result["statistics"][name][at].as_f64().unwrap();
                    let is = true_day.map_or(0.0, |of| of[name]);
                    assert_eq!(told, is, "{name} {groupings} {at}");
                    compared += i32::from(is > 0.0);
                }
            }
        }
        assert!(compared > 100, "{compared} values that are not 0");
    }
}

#[tokio::test]
async fn a_window_that_klaviyo_does_not_take_is_refused() {
    let post = Post::open(KlaviyoConfig::default()).await;
    let said =
        |reply: crate::client::Reply| (reply.status, error(&reply)["detail"].as_str().unwrap().to_owned());
    let asked = flows(&post, "2026-06-01T00:00:00+00:00", "2026-08-01T23:59:59+00:00");
    let (status, words) = said(post.post("/api/flow-series-reports", &asked).await);
    assert_eq!((status, words.contains("60 days")), (400, true), "{words}");
    let asked = flows(&post, "2026-09-01T00:00:00+00:00", "2026-10-30T23:59:59+00:00");
    assert!(said(post.post("/api/flow-series-reports", &asked).await).1.contains("future"));
    let more = json!({"statistics": ["total_members"], "interval": "daily"});
    let asked = body("segment-series-report", "2023-05-30T00:00:00+00:00", "2023-06-20T23:59:59+00:00", more);
    assert!(said(post.post("/api/segment-series-reports", &asked).await).1.contains("June 1st 2023"));
    let metric = post.control().metric_id("Placed Order", "shopify").unwrap();
    post.control().refuse_metric(&metric);
    let asked = flows(&post, "2026-08-01T00:00:00+00:00", LAST);
    assert!(
        said(post.post("/api/flow-series-reports", &asked).await).1.contains("does not support querying")
    );
    let more = json!({"statistics": ["opens"], "conversion_metric_id": "nothere"});
    let asked = body("campaign-values-report", "2026-08-01T00:00:00+00:00", LAST, more);
    assert!(said(post.post("/api/campaign-values-reports", &asked).await).1.contains("do not exist"));
}

#[tokio::test]
async fn campaigns_without_activity_are_absent_and_pages_follow_by_page_cursor() {
    let post = Post::open(KlaviyoConfig { report_page: 3, ..KlaviyoConfig::default() }).await;
    let metric = post.control().metric_id("Placed Order", "shopify").unwrap();
    let more = json!({"statistics": ["recipients"], "conversion_metric_id": metric});
    let asked = body("campaign-values-report", "2026-07-24T00:00:00+00:00", LAST, more.clone());
    let (mut path, mut ids) = ("/api/campaign-values-reports".to_owned(), Vec::new());
    loop {
        let answer = post.post(&path, &asked).await.json();
        for result in answer["data"]["attributes"]["results"].as_array().unwrap() {
            ids.push(result["groupings"]["campaign_id"].as_str().unwrap().to_owned());
        }
        let Some(next) = answer["links"]["next"].as_str() else { break };
        path = next.trim_start_matches(&post.url()).to_owned();
    }
    assert!((10..14).contains(&ids.len()), "{ids:?}");
    let days = post.control().report_days(Reported::Campaigns, &metric);
    let quiet =
        (1..28).map(|day| format!("2026-08-{day:02}")).find(|day| !days.keys().any(|(on, ..)| on == day));
    let quiet = quiet.unwrap();
    let asked =
        body("campaign-values-report", &format!("{quiet}T00:00:00Z"), &format!("{quiet}T23:59:59Z"), more);
    let answer = post.post("/api/campaign-values-reports", &asked).await.json();
    assert_eq!(answer["data"]["attributes"]["results"], json!([]));
}

#[tokio::test]
async fn campaigns_are_listed_by_channel_and_archived_ones_apart() {
    let post = Post::open(KlaviyoConfig::default()).await;
    assert_eq!(post.get("/api/campaigns").await.status, 400);
    let mut count = 0;
    for (channel, archived) in
        [("email", false), ("email", true), ("sms", false), ("sms", true), ("mobile_push", false)]
    {
        let filter = format!("equals(messages.channel,'{channel}'),equals(archived,{archived})");
        let answer = post.get(&format!("/api/campaigns?filter={filter}")).await.json();
        let data = answer["data"].as_array().unwrap().clone();
        assert!(data.iter().all(|one| one["attributes"]["archived"] == archived), "{channel}");
        count += data.len();
    }
    assert!(count > 130, "{count}");
    assert_eq!(post.get("/api/flows").await.json()["data"].as_array().unwrap().len(), 3);
    assert_eq!(post.get("/api/forms").await.json()["data"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_third_report_in_a_minute_waits_and_the_ledger_of_calls_shows_who_passed_a_limit() {
    let post = Post::open(KlaviyoConfig { limits: true, ..KlaviyoConfig::default() }).await;
    let asked = flows(&post, "2026-08-01T00:00:00+00:00", LAST);
    let mut heard = Vec::new();
    for seconds in [0, 5, 5, 55] {
        post.stripe().advance(seconds);
        let reply = post.post("/api/flow-series-reports", &asked).await;
        heard.push((reply.status, reply.header("retry-after").unwrap_or_default().to_owned()));
        if heard.len() == 2 {
            assert_eq!(post.control().limits_passed(), Vec::<String>::new());
        }
    }
    let told: Vec<(u16, &str)> = heard.iter().map(|(status, after)| (*status, after.as_str())).collect();
    assert_eq!(told, [(200, ""), (200, ""), (429, "50"), (200, "")]);
    assert!(!post.control().limits_passed().is_empty(), "a refused call was asked all the same");
}

#[tokio::test]
async fn a_report_server_takes_one_sync_for_one_key_and_refuses_what_is_not_whole() {
    let post = Post::open(KlaviyoConfig::default()).await;
    let server = ReportServer::open("secret", 0).await.unwrap();
    let send = |auth: &str, key: &str, body: &str| {
        let address = server.base_url().trim_start_matches("http://").to_owned();
        let request = format!(
            "POST /api/v1/reports/full_sync HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: {auth}\r\nIdempotency-Key: {key}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let reply = tokio::task::spawn_blocking(move || crate::client::exchange(&address, &request));
        async move { reply.await.unwrap().unwrap().status }
    };
    let whole = r#"{"klaviyo_public_id":"a","store_public_id":"b","do_not_order_sync":false}"#;
    assert_eq!(send("Bearer secret", "k1", whole).await, 202);
    assert_eq!(send("Bearer secret", "k1", whole).await, 202);
    assert_eq!((server.syncs(), server.requests().len()), (1, 2));
    assert_eq!(server.requests()[0].body, whole.as_bytes());
    assert_eq!(send("Bearer other", "k2", whole).await, 401);
    assert_eq!(send("Bearer secret", "k2", "{}").await, 422);
    server.set_manner(Manner::Reject(500));
    assert_eq!(send("Bearer secret", "k2", whole).await, 500);
    assert_eq!(server.syncs(), 1);
    drop(post);
}
