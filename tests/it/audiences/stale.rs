//! Consent grows old: a yes stands for three days, a no for ever, and people of old orders are asked about again.

use foredeck_engine::clock::Clock;
use foredeck_sandbox::klaviyo::Consent;
use foredeck_sandbox::world::CheckoutSpec;
use foredeck_sandbox::{DEFAULT_KLAVIYO_KEY, KlaviyoConfig, ShopPlan};
use serde_json::{Value, json};

use super::say_of_people;
use crate::it::sync::desk::Desk;

const DAY: i64 = 86_400;

/// The sandbox's shop with orders that were paid by these people.
async fn sold(to: &[&str]) -> Desk {
    let desk = Desk::with_shop(ShopPlan::Empty).await;
    desk.world.with_world(|world| {
        for (number, email) in to.iter().enumerate() {
            let spec = CheckoutSpec {
                preorder_id: Some(format!("pre_{number}")),
                email: Some((*email).to_owned()),
                ..CheckoutSpec::default()
            };
            let session = world.open_checkout(spec).unwrap();
            world.pay(&session).unwrap();
        }
    });
    desk.advance(60);
    desk.sync().await;
    desk
}

/// Consent of the members by e-mail, as pages, counts and the file tell it: they never differ.
async fn members(desk: &Desk, named: &str) -> Vec<String> {
    let args = json!({"audience": "successful", "limit": 500});
    let page = desk.get("audience_page", args).await;
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let mut told: Vec<String> = page["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| format!("{} {}", text(row, "email"), text(row, "consent")))
        .collect();
    told.sort();
    let count = desk.get("audience_list", json!({})).await["audiences"][1].clone();
    for word in ["yes", "no", "unknown"] {
        let of = told.iter().filter(|one| one.ends_with(&format!(" {word}"))).count();
        assert_eq!(count[format!("consent_{word}")], of, "{count:#}");
    }
    let path = desk.folder.path().join(format!("{named}.csv"));
    let args = json!({"audience": "successful", "format": "csv", "path": path});
    let reply = desk.get("audience_export", args).await;
    let file = std::fs::read_to_string(&path).unwrap();
    let mut rows = file.lines();
    let columns: Vec<&str> = rows.next().unwrap().split(',').collect();
    let at = |name: &str| columns.iter().position(|one| one.trim_start_matches('\u{feff}') == name).unwrap();
    let (email, consent) = (at("email"), at("consent"));
    let mut written: Vec<String> = rows
        .map(|row| {
            let cells: Vec<&str> = row.split(',').collect();
            format!("{} {}", cells[email], cells[consent])
        })
        .collect();
    written.sort();
    assert_eq!(written, told, "{reply:#}");
    told
}

#[tokio::test]
async fn a_yes_of_more_than_three_days_ago_is_unknown_and_a_no_stands() {
    let desk = sold(&["a@example.com", "b@example.com", "c@example.com", "d@example.com"]).await;
    let say = |at: i64, email: &'static str, word: &'static str| {
        desk.store
            .db()
            .write(move |transaction| say_of_people(transaction, at, &[(email, Some(word), false)]))
    };
    let now = desk.clock.now();
    say(now - 3 * DAY, "a@example.com", "subscribed").await.unwrap();
    say(now - 3 * DAY - 1, "b@example.com", "subscribed").await.unwrap();
    say(now + 1, "c@example.com", "subscribed").await.unwrap();
    say(now - 400 * DAY, "d@example.com", "unsubscribed").await.unwrap();
    let told = members(&desk, "now").await;
    assert_eq!(told, ["a@example.com yes", "b@example.com unknown", "c@example.com unknown"]);
    let list = desk.get("audience_list", json!({})).await;
    let out = list["audiences"][1]["left_out"].as_array().unwrap();
    let left = out.iter().find(|one| one["why"] == "unsubscribed").unwrap();
    assert_eq!(left["count"], 1, "a no stands: {list:#}");
    desk.advance(1);
    let told = members(&desk, "later").await;
    assert_eq!(told, ["a@example.com unknown", "b@example.com unknown", "c@example.com yes"]);
}

#[tokio::test]
async fn who_unsubscribes_long_after_their_order_leaves_the_audience() {
    let desk = sold(&["ann@example.com", "bob@example.com"]).await;
    let klaviyo = desk.sandbox.open_klaviyo(KlaviyoConfig::default()).await.unwrap();
    let control = klaviyo.control();
    let metric = control.metric_id("Placed Order", "shopify").unwrap();
    let connect = json!({"key": DEFAULT_KLAVIYO_KEY, "klaviyo_url": klaviyo.base_url(), "metric_id": metric});
    desk.get("klaviyo_connect", connect).await;
    control.consents("ann@example.com", Consent::Subscribed);
    control.consents("bob@example.com", Consent::Subscribed);
    desk.sync().await;
    assert_eq!(members(&desk, "first").await, ["ann@example.com yes", "bob@example.com yes"]);
    // The orders are held against Klaviyo for thirty days; then nobody is asked about for their sake.
    desk.advance(40 * DAY);
    assert_eq!(members(&desk, "old").await, ["ann@example.com unknown", "bob@example.com unknown"]);
    control.consents("ann@example.com", Consent::Unsubscribed);
    desk.sync().await;
    assert_eq!(members(&desk, "gone").await, ["bob@example.com yes"]);
    // Nobody is asked about again before a day has passed.
    let asked = || {
        let requests = control.requests();
        requests.iter().filter(|one| one.path.trim_end_matches('/') == "/api/profiles").count()
    };
    let before = asked();
    for _ in 0..3 {
        desk.advance(900);
        desk.sync().await;
    }
    assert_eq!(asked(), before);
    desk.advance(DAY);
    desk.sync().await;
    assert_eq!(asked(), before + 1, "both at once");
}

#[tokio::test]
async fn what_a_wrong_clock_saw_is_asked_for_again() {
    let desk = sold(&["ann@example.com"]).await;
    let klaviyo = desk.sandbox.open_klaviyo(KlaviyoConfig::default()).await.unwrap();
    let control = klaviyo.control();
    let metric = control.metric_id("Placed Order", "shopify").unwrap();
    let connect = json!({"key": DEFAULT_KLAVIYO_KEY, "klaviyo_url": klaviyo.base_url(), "metric_id": metric});
    desk.get("klaviyo_connect", connect).await;
    control.consents("ann@example.com", Consent::Subscribed);
    let ahead = desk.clock.now() + 90 * DAY;
    desk.store
        .db()
        .write(move |to| say_of_people(to, ahead, &[("ann@example.com", Some("unsubscribed"), false)]))
        .await
        .unwrap();
    assert_eq!(members(&desk, "ahead").await, Vec::<String>::new(), "a no stands");
    desk.sync().await;
    assert_eq!(members(&desk, "again").await, ["ann@example.com yes"]);
}

#[tokio::test]
async fn a_no_stands_when_klaviyo_knows_the_address_no_more() {
    let desk = sold(&["ann@example.com", "bob@example.com", "cat@example.com"]).await;
    let klaviyo = desk.sandbox.open_klaviyo(KlaviyoConfig::default()).await.unwrap();
    let control = klaviyo.control();
    let metric = control.metric_id("Placed Order", "shopify").unwrap();
    let connect = json!({"key": DEFAULT_KLAVIYO_KEY, "klaviyo_url": klaviyo.base_url(), "metric_id": metric});
    desk.get("klaviyo_connect", connect).await;
    control.consents("ann@example.com", Consent::Subscribed);
    control.consents("bob@example.com", Consent::Unsubscribed);
    control.consents("cat@example.com", Consent::Subscribed);
    desk.sync().await;
    assert_eq!(members(&desk, "first").await, ["ann@example.com yes", "cat@example.com yes"]);
    control.readdress("bob@example.com", "robert@example.com");
    control.readdress("cat@example.com", "kate@example.com");
    desk.advance(40 * DAY);
    desk.sync().await;
    let gone = "SELECT count(*) FROM klaviyo_person WHERE profile_id IS NULL";
    assert_eq!(desk.count(gone).await, 2, "both were asked about again");
    assert_eq!(members(&desk, "gone").await, ["ann@example.com yes", "cat@example.com unknown"]);
    let list = desk.get("audience_list", json!({})).await;
    let out = list["audiences"][1]["left_out"].as_array().unwrap();
    assert_eq!(out.iter().find(|one| one["why"] == "unsubscribed").unwrap()["count"], 1, "{list:#}");
    // Somebody new under that address says for themselves.
    control.consents("bob@example.com", Consent::Subscribed);
    desk.advance(2 * DAY);
    desk.sync().await;
    assert_eq!(members(&desk, "new").await[1], "bob@example.com yes");
    // What disconnecting clears is not told as known.
    desk.get("klaviyo_disconnect", json!({})).await;
    assert_eq!(desk.get("audience_list", json!({})).await["consent_known"], false);
}
