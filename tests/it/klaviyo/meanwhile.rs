//! What changes between a look, a plan and a send: orders, addresses, names, policies, accounts. Nobody is mailed wrongly by it, and
//! nothing that is there is called missing.

use foredeck_sandbox::KlaviyoConfig;
use foredeck_sandbox::klaviyo::Consent;
use serde_json::{Value, json};

use super::Post;
use super::events::{HOUR, NAMES, interrupted, told};
use crate::it::actions::desk::spec;

const DAY: i64 = 24 * HOUR;
const MISSING: &str = "SELECT c.kind || ' ' || p.id FROM event_check c JOIN preorder p ON p.key = c.preorder
    WHERE c.verdict = 'missing' ORDER BY 1";

impl Post {
    /// What is called missing, without asking for a look.
    pub(super) async fn missing(&self) -> Vec<String> {
        self.desk.sync().await;
        self.desk.text(MISSING).await
    }

    pub(super) async fn set(&self, change: impl FnOnce(&mut Value)) {
        let mut settings = self.get("settings_get", json!({})).await;
        change(&mut settings["klaviyo"]);
        self.get("settings_set", settings).await;
    }

    pub(super) async fn connect(&self) {
        let metric = self.control.metric_id("Placed Order", "shopify").unwrap();
        self.get("klaviyo_connect", self.with_key(json!({"metric_id": metric}))).await;
    }

    /// Klaviyo was looked at, nobody tells of orders, and Foredeck tells alone from now on.
    pub(super) async fn tells_alone(&self) {
        self.stand("missing").await;
        self.set(|klaviyo| klaviyo["policy"] = json!("send_all")).await;
    }

    pub(super) async fn start(&self, order: &str, email: &str) -> String {
        self.control.consents(email, Consent::Subscribed);
        let session = self.desk.world.with_world(|world| world.open_checkout(spec(order, email)).unwrap());
        self.desk.advance(1);
        session
    }
}

#[tokio::test]
async fn what_the_shop_may_still_tell_is_not_sent_with_what_is_missing() {
    let post = told(2, KlaviyoConfig::default()).await;
    let session = post.start("pre_late", "late@example.com").await;
    post.desk.advance(2 * HOUR);
    post.desk.world.with_world(|world| world.pay(&session).unwrap());
    post.desk.advance(180);
    post.desk.sync().await;
    assert_eq!(post.stand("waiting").await, 1, "it was paid three minutes ago");
    let plan = post.get("klaviyo_events_fill", json!({"mail": true})).await;
    post.run_plan(&plan).await;
    let sent = post.control.truth();
    assert!(sent.events_of("late@example.com", &NAMES[2..]).is_empty(), "the shop may still tell of it");
    assert_eq!(sent.events_of("late@example.com", &NAMES[..2]).len(), 1);
}

#[tokio::test]
async fn what_is_filled_is_of_the_days_asked_for_and_no_other() {
    let post = told(0, KlaviyoConfig::default()).await;
    let session = post.start("pre_slow", "slow@example.com").await;
    post.desk.advance(20 * HOUR);
    post.desk.world.with_world(|world| world.pay(&session).unwrap());
    post.desk.advance(2 * HOUR);
    post.desk.sync().await;
    assert_eq!(post.stand("missing").await, 2);
    post.fill(json!({"until": post.desk.clock_now() - 12 * HOUR})).await;
    let truth = post.control.truth();
    assert_eq!(truth.events_of("slow@example.com", &NAMES[..2]).len(), 1);
    assert_eq!(truth.events_of("slow@example.com", &NAMES[2..]).len(), 0, "it was paid today");
}

#[tokio::test]
async fn a_name_that_meant_the_other_event_is_read_anew_and_nobody_is_told_twice() {
    let post = told(1, KlaviyoConfig::default()).await;
    let paid_at = post.desk.world.ledger().orders[0].paid_at.unwrap();
    post.set(|klaviyo| klaviyo["started_also"] = json!(["Preorder Started", "Order Confirmed"])).await;
    post.control.shop_sends("Order Confirmed", "p0@example.com", paid_at + 3);
    post.desk.advance(60);
    post.stand("missing").await;
    assert_eq!(post.missing().await, ["success pre_0000"], "it was taken for a started event");
    post.set(|klaviyo| {
        klaviyo["started_also"] = json!(["Preorder Started"]);
        klaviyo["success_also"] = json!(["Preorder Success", "Order Confirmed"]);
    })
    .await;
    assert_eq!(post.missing().await, ["started pre_0000"]);
    let plan = post
        .refused("action_plan", json!({"action": "send_event", "order": "pre_0000", "event": "success"}))
        .await;
    assert_eq!(plan, "ALREADY_THERE");
    // Taken out altogether it says nothing of either.
    post.set(|klaviyo| klaviyo["success_also"] = json!(["Preorder Success"])).await;
    assert_eq!(post.missing().await, ["started pre_0000", "success pre_0000"]);
}

#[tokio::test]
async fn a_reminder_that_waited_goes_to_nobody_who_paid_meanwhile() {
    let post = told(0, KlaviyoConfig::default()).await;
    let session = post.start("pre_slow", "slow@example.com").await;
    post.desk.advance(2 * HOUR);
    post.desk.sync().await;
    post.stand("missing").await;
    let request = json!({"action": "send_event", "order": "pre_slow", "event": "started", "mail": true});
    let view = interrupted(&post, request).await;
    post.desk.world.with_world(|world| world.pay(&session).unwrap());
    // The order's payment is read before the desk goes on: it waits for a minute at least.
    post.desk.advance(600);
    post.desk.sync().await;
    post.desk.advance(600);
    post.desk.sync().await;
    let view = post.get("action_get", json!({"id": view["id"]})).await;
    assert_eq!(
        (&view["state"], &view["error_code"]),
        (&json!("failed"), &json!("MAIL_OUTDATED")),
        "{view:#}"
    );
    assert_eq!((post.ours(), post.mailed()), (0, Vec::new()));
    // It is still told of, as what was: nobody is mailed.
    post.desk.advance(2 * HOUR);
    post.desk.sync().await;
    post.stand("missing").await;
    post.fill(json!({})).await;
    assert_eq!(post.control.truth().events_of("slow@example.com", &NAMES).len(), 2);
    assert_eq!(post.mailed(), Vec::<String>::new());
}

#[tokio::test]
async fn what_a_policy_asked_for_is_not_sent_under_another() {
    let post = told(0, KlaviyoConfig::default()).await;
    post.tells_alone().await;
    post.start("pre_new", "new@example.com").await;
    for nth in 1..=10 {
        post.control.on_write("/api/events", nth, foredeck_sandbox::WriteTrouble::LostBefore);
    }
    post.desk.sync().await;
    post.desk.sync().await;
    assert_eq!(post.desk.text("SELECT state FROM action_step").await, ["intended"]);
    post.set(|klaviyo| klaviyo["policy"] = json!("observe")).await;
    post.control.call_off();
    post.desk.advance(600);
    post.desk.sync().await;
    assert_eq!(post.desk.text("SELECT error_code FROM action").await, ["POLICY_CHANGED"]);
    assert_eq!((post.ours(), post.mailed()), (0, Vec::new()));
}

#[tokio::test]
async fn a_store_that_tells_alone_mails_nobody_for_what_another_account_was_told() {
    let post = told(0, KlaviyoConfig::default()).await;
    post.tells_alone().await;
    post.start("pre_new", "new@example.com").await;
    for _ in 0..4 {
        post.desk.advance(60);
        post.desk.sync().await;
    }
    assert_eq!(post.mailed(), ["new@example.com"]);
    post.get("klaviyo_disconnect", json!({})).await;
    let config = KlaviyoConfig { public_id: "ZyXwVu".to_owned(), ..KlaviyoConfig::default() };
    let other = post.desk.sandbox.open_klaviyo(config).await.unwrap();
    let post = Post { control: other.control(), klaviyo: other, desk: post.desk };
    post.connect().await;
    for _ in 0..4 {
        post.desk.advance(60);
        post.desk.sync().await;
    }
    assert_eq!((post.ours(), post.mailed()), (0, Vec::new()), "it was told elsewhere");
    post.start("pre_next", "next@example.com").await;
    for _ in 0..4 {
        post.desk.advance(60);
        post.desk.sync().await;
    }
    assert_eq!(post.mailed(), ["next@example.com"]);
}

#[tokio::test]
async fn nobody_tells_alone_before_it_is_known_that_the_shop_does_not() {
    let post = Post::open(KlaviyoConfig::default()).await;
    let mut settings = post.get("settings_get", json!({})).await;
    settings["klaviyo"]["policy"] = json!("send_all");
    assert_eq!(post.refused("settings_set", settings.clone()).await, "KLAVIYO_NOT_LOOKED_AT");
    post.connect().await;
    post.desk.sync().await;
    post.get("settings_set", settings).await;
}

#[tokio::test]
async fn what_is_there_is_not_missing_after_connecting_again_nor_further_back() {
    let post = Post::open(KlaviyoConfig { visible_after_s: 0, ..KlaviyoConfig::default() }).await;
    let old = post.start("pre_old", "old@example.com").await;
    post.control.shop_sends(NAMES[0], "old@example.com", post.desk.clock_now());
    post.desk.advance(20 * DAY);
    post.start("pre_new", "new@example.com").await;
    post.control.shop_sends(NAMES[0], "new@example.com", post.desk.clock_now());
    post.connect().await;
    post.desk.advance(2 * HOUR);
    assert_eq!(post.missing().await, Vec::<String>::new(), "{old}");
    post.get("klaviyo_disconnect", json!({})).await;
    post.desk.advance(60);
    post.connect().await;
    assert_eq!(post.missing().await, Vec::<String>::new());
    post.set(|klaviyo| klaviyo["check_days"] = json!(3)).await;
    assert_eq!(post.missing().await, Vec::<String>::new());
    post.get("klaviyo_disconnect", json!({})).await;
    post.desk.advance(60);
    post.connect().await;
    post.desk.sync().await;
    post.set(|klaviyo| klaviyo["check_days"] = json!(60)).await;
    assert_eq!(post.missing().await, Vec::<String>::new(), "looked for as far back before it is judged");
    assert_eq!(post.desk.text("SELECT DISTINCT verdict FROM event_check").await, ["wrong_name"]);
}

#[tokio::test]
async fn orders_are_held_against_klaviyo_again_when_projections_are_made_anew() {
    let post = told(2, KlaviyoConfig::default()).await;
    let missing = post.missing().await;
    assert_eq!(missing.len(), 3);
    post.get("mirror_rebuild", json!({})).await;
    assert_eq!(post.missing().await, missing);
}

#[tokio::test]
async fn what_the_shop_told_under_the_address_an_order_had_is_its_own() {
    let post = told(1, KlaviyoConfig::default()).await;
    let order = post.desk.world.ledger().orders[0].clone();
    // The shop's site names no order, and its clock is not Stripe's.
    post.control.shop_sends(NAMES[2], "p0@example.com", order.paid_at.unwrap() + 4);
    post.control.shop_sends(NAMES[0], "p0@example.com", order.started_at + 4);
    post.desk.advance(60);
    assert_eq!(post.stand("missing").await, 0);
    post.desk
        .fix(json!({"action": "change_details", "order": "pre_0000", "email": "right@example.com"}))
        .await;
    post.desk.advance(2 * HOUR);
    post.desk.sync().await;
    assert_eq!(post.stand("missing").await, 0);
    let again = json!({"action": "send_event", "order": "pre_0000", "event": "success"});
    assert_eq!(post.refused("action_plan", again).await, "ALREADY_THERE");
}

#[tokio::test]
async fn a_corrected_address_does_not_undo_what_a_newer_order_says_of_its_person() {
    let post = told(1, KlaviyoConfig::default()).await;
    post.desk.advance(HOUR);
    let session = post.start("pre_newer", "both@example.com").await;
    post.desk.world.with_world(|world| world.pay(&session).unwrap());
    post.desk.advance(2 * HOUR);
    post.desk.sync().await;
    post.stand("missing").await;
    let fix = json!({"action": "change_details", "order": "pre_0000", "email": "both@example.com"});
    let plan = post.desk.plan(fix).await.unwrap();
    assert!(!plan["notices"].as_array().unwrap().contains(&json!("profile_too")), "{plan:#}");
}

#[tokio::test]
async fn a_day_with_more_than_the_cap_mails_as_many_as_it_allows_and_goes_on() {
    let post = told(0, KlaviyoConfig::default()).await;
    post.tells_alone().await;
    let mut guard = post.get("guard_get", json!({})).await["guard"].clone();
    guard["daily_mails"] = json!(3);
    post.get("guard_set", guard).await;
    for number in 0..5 {
        post.start(&format!("pre_{number}"), &format!("n{number}@example.com")).await;
    }
    for _ in 0..6 {
        post.desk.advance(60);
        post.desk.sync().await;
    }
    assert_eq!(post.mailed().len(), 3, "as many as the day allows");
    let view = post.get("klaviyo_events", json!({})).await;
    assert_eq!(view["held"], "CAP_REACHED");
    assert_eq!(post.desk.count("SELECT count(*) FROM action_plan").await, 0, "no plan is left behind");
}

#[tokio::test]
async fn what_was_sent_under_an_earlier_name_is_still_known() {
    let post = told(1, KlaviyoConfig::default()).await;
    post.stand("missing").await;
    post.fill(json!({})).await;
    assert_eq!(post.stand("present").await, 2);
    post.set(|klaviyo| {
        klaviyo["success_event"] = json!("Preorder Paid");
        klaviyo["success_also"] = json!([]);
    })
    .await;
    post.desk.advance(10);
    assert_eq!(post.missing().await, Vec::<String>::new());
    let stands = post.desk.text("SELECT verdict FROM event_check ORDER BY kind").await;
    assert_eq!(stands, ["present", "wrong_name"]);
}
