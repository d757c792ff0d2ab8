//! An audience beside the count of a segment of Klaviyo's.

use foredeck_sandbox::klaviyo::{KlaviyoKey as Key, ShopSender};
use foredeck_sandbox::{DEFAULT_KLAVIYO_KEY, KlaviyoConfig, ShopPlan};
use serde_json::json;

use crate::it::sync::desk::Desk;

#[tokio::test]
async fn both_counts_are_shown_with_their_time() {
    let desk = Desk::with_shop(ShopPlan::History { orders: 120, days: 20, faults: 0.0 }).await;
    let config = KlaviyoConfig { shop: Some(ShopSender::default()), ..KlaviyoConfig::default() };
    let klaviyo = desk.sandbox.open_klaviyo(config).await.unwrap();
    let control = klaviyo.control();
    desk.advance(3_700);
    desk.sync().await;
    let segment = control.segment_id("Preorder successful").unwrap();
    let args = json!({"audience": "successful", "segment_id": segment});
    let refused = desk.ask("audience_segment", args.clone()).await.unwrap_err();
    assert_eq!(refused.code, "KLAVIYO_NOT_CONNECTED");
    let metric = control.metric_id("Placed Order", "shopify").unwrap();
    let connect = json!({"key": DEFAULT_KLAVIYO_KEY, "klaviyo_url": klaviyo.base_url(), "metric_id": metric});
    desk.get("klaviyo_connect", connect).await;
    desk.advance(10);
    let listed = desk.get("audience_segments", json!({})).await["segments"].clone();
    let names: Vec<_> = listed.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Can be mailed", "Preorder abandoned", "Preorder successful"]);
    assert_eq!(listed[2]["id"], segment);
    let both = desk.get("audience_segment", args.clone()).await;
    let ours = desk.get("audience_list", json!({})).await["audiences"][1]["count"].clone();
    assert_eq!((&both["ours"], &both["segment_name"]), (&ours, &json!("Preorder successful")));
    assert!(
        both["theirs"].as_i64().unwrap() >= ours.as_i64().unwrap() && ours.as_i64().unwrap() > 10,
        "{both}"
    );
    let now = desk.get("audience_list", json!({})).await["at"].clone();
    assert_eq!((&both["ours_at"], &both["theirs_at"]), (&now, &now));
    let asked = control.requests();
    let asked = asked.iter().rfind(|request| request.path.starts_with("/api/segments/")).unwrap();
    assert!(
        asked.query.contains(&("additional-fields[segment]".to_owned(), "profile_count".to_owned())),
        "{asked:?}"
    );

    // What is wrong with a segment says nothing of the connection.
    let none =
        desk.ask("audience_segment", json!({"audience": "successful", "segment_id": "../lists"})).await;
    let none = none.unwrap_err();
    assert_eq!(none.code, "KLAVIYO_NOT_FOUND");
    assert!(none.message.contains("segment"), "{none:?}");
    control.set_keys(vec![Key::with(DEFAULT_KLAVIYO_KEY, &["accounts:read", "metrics:read"])]);
    assert_eq!(desk.ask("audience_segment", args.clone()).await.unwrap_err().code, "KLAVIYO_SCOPE_MISSING");
    assert_eq!(desk.ask("audience_segments", json!({})).await.unwrap_err().code, "KLAVIYO_SCOPE_MISSING");
    assert_eq!(desk.get("klaviyo_status", json!({})).await["status"], "connected");
    control.set_keys(vec![Key { revoked: true, ..Key::full(DEFAULT_KLAVIYO_KEY) }]);
    assert_eq!(desk.ask("audience_segment", args).await.unwrap_err().code, "KLAVIYO_KEY_REJECTED");
    assert_eq!(
        desk.get("klaviyo_status", json!({})).await["status"],
        "disconnected",
        "what is wrong with the key does"
    );
}
