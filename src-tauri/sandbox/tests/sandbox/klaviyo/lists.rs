use super::{Post, listed};
use foredeck_sandbox::KlaviyoConfig;
use foredeck_sandbox::klaviyo::{Consent, STARTED, SUCCESS};
use serde_json::json;
use std::collections::BTreeMap;

#[tokio::test]
async fn metrics_and_custom_metrics_are_two_lists() {
    let post = Post::open(KlaviyoConfig::default()).await;
    let metrics = post.get("/api/metrics").await.json();
    let mut integrations: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for metric in metrics["data"].as_array().unwrap() {
        let attributes = &metric["attributes"];
        assert_eq!(metric["id"].as_str().unwrap().len(), 6);
        let keys = integrations.entry(attributes["name"].as_str().unwrap().to_owned()).or_default();
        keys.push(attributes["integration"]["key"].as_str().unwrap().to_owned());
    }
    assert_eq!(integrations["Placed Order"], ["shopify", "api"], "names repeat");
    let shopify = post.get("/api/metrics?filter=equals(integration.name,\"Shopify\")").await.json();
    assert!(listed(&shopify, "name").contains(&"Placed Order".to_owned()));
    assert!(!listed(&shopify, "name").contains(&"Clicked Email".to_owned()));
    let custom = post.get("/api/custom-metrics?include=metrics").await.json();
    let first = &custom["data"][0];
    assert_eq!(
        (first["id"].as_str().unwrap().len(), first["attributes"]["integration"].is_null()),
        (32, true)
    );
    assert_eq!(custom["included"][0]["attributes"]["name"], "Placed Order");
    let mapped = post.get("/api/mapped-metrics").await.json();
    let revenue = mapped["data"].as_array().unwrap().iter().find(|m| m["id"] == "revenue").unwrap();
    let id = revenue["relationships"]["metric"]["data"]["id"].as_str().unwrap();
    assert_eq!(
        post.get(&format!("/api/metrics/{id}")).await.json()["data"]["attributes"]["integration"]["key"],
        "shopify"
    );
}

#[tokio::test]
async fn segments_count_who_belongs_to_them_now() {
    let post =
        Post::open(KlaviyoConfig { visible_after_s: 0, limits: true, ..KlaviyoConfig::default() }).await;
    let segments = post.get("/api/segments?filter=equals(name,\"Preorder abandoned\")").await.json();
    let path = format!("/api/segments/{}", segments["data"][0]["id"].as_str().unwrap());
    let count = || async {
        post.stripe().advance(60);
        let reply = post.get(&format!("{path}?additional-fields[segment]=profile_count")).await;
        assert_eq!(reply.header("ratelimit-limit"), Some("1, 1;w=1, 15;w=60"), "counting costs");
        reply.json()["data"]["attributes"]["profile_count"].as_i64()
    };
    assert_eq!(count().await, Some(0));
    post.tell("a@example.com", STARTED[1], json!({})).await;
    post.tell("b@example.com", STARTED[0], json!({})).await;
    assert_eq!(count().await, Some(2));
    post.tell("b@example.com", SUCCESS[1], json!({})).await;
    assert_eq!(count().await, Some(1));
    assert_eq!(listed(&post.get(&format!("{path}/profiles")).await.json(), "email"), ["a@example.com"]);
    assert!(post.get(&path).await.json()["data"]["attributes"]["profile_count"].is_null());
}

#[tokio::test]
async fn lists_have_members() {
    let post = Post::open(KlaviyoConfig::default()).await;
    post.control().join_list("Newsletter", "a@example.com");
    post.control().join_list("Newsletter", "a@example.com");
    post.control().consents("b@example.com", Consent::Subscribed);
    let lists = post.get("/api/lists?sort=name").await.json();
    assert_eq!(listed(&lists, "name"), ["Launch day", "Newsletter", "Workshop friends"]);
    let id = lists["data"][1]["id"].as_str().unwrap();
    let counted = post.get(&format!("/api/lists/{id}?additional-fields[list]=profile_count")).await.json();
    assert_eq!(counted["data"]["attributes"]["profile_count"], 1);
    assert_eq!(
        listed(&post.get(&format!("/api/lists/{id}/profiles")).await.json(), "email"),
        ["a@example.com"]
    );
    assert_eq!(post.get("/api/lists/NOLIST/profiles").await.status, 404);
}
