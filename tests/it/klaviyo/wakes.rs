//! What was committed, or known, before the laptop slept: nobody is mailed by it, nothing is written back by it, and no refusal is
//! asked for again and again.

use std::sync::{Arc, OnceLock};

use foredeck_sandbox::klaviyo::{Consent, KLAVIYO_SCOPES, KlaviyoKey as Key};
use foredeck_sandbox::{DEFAULT_KLAVIYO_KEY, Faults, KlaviyoConfig, ShopPlan};
use serde_json::{Value, json};

use super::events::{HOUR, NAMES, interrupted, told};
use super::stand::{Stand, account, ok};
use super::{Post, key};
use crate::it::actions::desk::spec;
use crate::it::sync::desk::Desk;

const MISSING: &str = "SELECT count(*) FROM event_check WHERE verdict = 'missing'";
const ACTIONS: &str = "SELECT count(*) FROM action";

impl Post {
    /// A shop of one order that was started two hours ago, looked at.
    async fn with_one_started() -> (Self, String) {
        let post = told(0, KlaviyoConfig::default()).await;
        let session = post.start("pre_slow", "slow@example.com").await;
        post.desk.advance(2 * HOUR);
        post.desk.sync().await;
        post.stand("missing").await;
        (post, session)
    }

    async fn action(&self, view: &Value) -> Value {
        self.get("action_get", json!({"id": view["id"]})).await
    }

    /// Turns of the loops, twenty seconds apart.
    async fn turns(&self, count: usize) {
        for _ in 0..count {
            self.desk.advance(20);
            self.desk.sync().await;
        }
    }
}

fn send(order: &str, event: &str, mail: bool) -> Value {
    json!({"action": "send_event", "order": order, "event": event, "mail": mail})
}

fn state_of(view: &Value) -> (&str, &str) {
    (view["state"].as_str().unwrap_or_default(), view["error_code"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn a_committed_mail_does_not_go_to_an_address_that_was_corrected() {
    let post = told(1, KlaviyoConfig::default()).await;
    post.control.consents("p0@example.com", Consent::Subscribed);
    post.stand("missing").await;
    let view = interrupted(&post, send("pre_0000", "success", true)).await;
    post.desk
        .fix(json!({"action": "change_details", "order": "pre_0000", "email": "right@example.com"}))
        .await;
    post.desk.advance(600);
    post.desk.sync().await;
    assert_eq!(state_of(&post.action(&view).await), ("failed", "MAIL_OUTDATED"));
    // What was chosen keeps its address: it can be told of still, and mails nobody.
    let plan = post.get("action_plan", send("pre_0000", "success", true)).await;
    assert_eq!((&plan["email"], &plan["mails"]), (&json!("p0@example.com"), &json!(0)), "{plan:#}");
    post.get("action_run", json!({"plan": plan["id"]})).await;
    post.turns(3).await;
    assert_eq!((post.ours(), post.mailed()), (1, Vec::new()));
}

#[tokio::test]
async fn nobody_is_mailed_by_what_was_known_hours_ago() {
    let (post, session) = Post::with_one_started().await;
    post.desk.advance(2 * HOUR);
    post.desk.world.with_world(|world| world.pay(&session).unwrap());
    let plan = post.get("action_plan", send("pre_slow", "started", true)).await;
    assert_eq!(plan["mails"], 1, "the mirror does not know better");
    let view = post.get("action_run", json!({"plan": plan["id"]})).await;
    assert_eq!(state_of(&view), ("queued", "MIRROR_BEHIND"), "{view:#}");
    post.desk.advance(60);
    assert_eq!((post.ours(), post.mailed()), (0, Vec::new()));
    post.desk.sync().await;
    assert_eq!(post.mailed(), Vec::<String>::new());
}

#[tokio::test]
async fn where_no_events_may_be_read_the_order_is_asked_for_before_anybody_is_mailed() {
    let (post, session) = Post::with_one_started().await;
    post.desk
        .change(
            "INSERT OR REPLACE INTO sync_state (name, value) VALUES ('missing:event', '\"rak_event_read\"')",
        )
        .await;
    post.desk.advance(2 * HOUR);
    post.desk.world.with_world(|world| world.pay(&session).unwrap());
    let view = post.desk.fix(send("pre_slow", "started", true)).await;
    assert_eq!(state_of(&view), ("failed", "MAIL_OUTDATED"), "{view:#}");
    assert_eq!((post.ours(), post.mailed()), (0, Vec::new()));
}

#[tokio::test]
async fn a_mail_waits_while_orders_are_made_anew() {
    let (post, _) = Post::with_one_started().await;
    let plan = post.get("action_plan", send("pre_slow", "started", true)).await;
    post.desk.change("INSERT OR REPLACE INTO projection (name, value) VALUES ('building', 1)").await;
    let view = post.get("action_run", json!({"plan": plan["id"]})).await;
    assert_eq!(state_of(&view), ("queued", "MIRROR_BEHIND"), "{view:#}");
    post.turns(9).await;
    assert_eq!(post.mailed(), ["slow@example.com"]);
}

#[tokio::test]
async fn nothing_is_sent_with_a_key_of_another_account() {
    let post = told(1, KlaviyoConfig::default()).await;
    post.stand("missing").await;
    post.desk.change("UPDATE klaviyo_connection SET public_id = 'OTHERX'").await;
    let view = post.desk.fix(send("pre_0000", "success", false)).await;
    assert_eq!(state_of(&view), ("failed", "OTHER_KLAVIYO_ACCOUNT"), "{view:#}");
    assert_eq!(post.ours(), 0);
    let status = post.status().await;
    assert_eq!((&status["status"], &status["code"]), (&json!("error"), &json!("OTHER_KLAVIYO_ACCOUNT")));
    let asked = post.asked("/api/accounts");
    post.turns(5).await;
    assert_eq!(post.asked("/api/accounts"), asked, "whose a key is is asked once");
    // Another process has not asked yet.
    let later = Desk::engine_at(post.desk.folder.path(), &post.desk.clock);
    later.secrets().klaviyo().keep(post.desk.store.public_id(), &post.url(), &key(DEFAULT_KLAVIYO_KEY));
    let store = later.store("Shop").await.unwrap();
    for _ in 0..3 {
        assert_eq!(store.tell_once().await.unwrap_err().code, "OTHER_KLAVIYO_ACCOUNT");
        post.desk.advance(60);
    }
    assert_eq!(post.asked("/api/accounts"), asked + 1);
}

#[tokio::test]
async fn an_event_that_waited_does_not_take_back_what_a_newer_one_said_of_its_person() {
    let (post, session) = Post::with_one_started().await;
    interrupted(&post, send("pre_slow", "started", false)).await;
    post.desk.change("UPDATE action SET due_at = due_at + 3600").await;
    post.desk.world.with_world(|world| world.pay(&session).unwrap());
    post.desk.advance(120);
    post.desk.sync().await;
    let view = post.desk.fix(send("pre_slow", "success", false)).await;
    assert_eq!(view["state"], "succeeded", "{view:#}");
    post.turns(2).await;
    let status = async || {
        post.client().find_profile("slow@example.com").await.unwrap().unwrap().properties["preorder_status"]
            .clone()
    };
    assert_eq!(status().await, "paid");
    post.desk.advance(2 * HOUR);
    post.desk.sync().await;
    post.turns(2).await;
    assert_eq!(post.ours(), 2, "both are told");
    assert_eq!(status().await, "paid");
}

#[tokio::test]
async fn a_correction_that_waited_does_not_take_back_a_newer_one() {
    let post = told(1, KlaviyoConfig::default()).await;
    post.stand("missing").await;
    post.fill(json!({})).await;
    post.control.throttle("/api/profile-import", 300);
    for color in ["green", "blue"] {
        post.desk.fix(json!({"action": "change_details", "order": "pre_0000", "color": color})).await;
        post.desk.advance(30);
        post.desk.sync().await;
    }
    // The first of them comes last.
    post.desk
        .change("UPDATE action SET due_at = due_at + 900 WHERE seq = (SELECT min(seq) FROM action WHERE kind = 'change_details')")
        .await;
    for _ in 0..4 {
        post.desk.advance(600);
        post.desk.sync().await;
    }
    let person = post.client().find_profile("p0@example.com").await.unwrap().unwrap();
    assert_eq!(person.properties["yoyo_color"], "blue");
    let wrong = "SELECT error FROM action WHERE error LIKE '%yoyo_color%'";
    assert_eq!(post.desk.text(wrong).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_correction_of_a_connection_that_ended_is_not_looked_for_for_ever() {
    let post = told(1, KlaviyoConfig::default()).await;
    post.stand("missing").await;
    post.fill(json!({})).await;
    post.control.throttle("/api/profiles", 300);
    let view =
        post.desk.fix(json!({"action": "change_details", "order": "pre_0000", "color": "green"})).await;
    assert_eq!((&view["state"], &view["verified"]), (&json!("succeeded"), &Value::Null), "{view:#}");
    post.get("klaviyo_disconnect", json!({})).await;
    post.desk.advance(600);
    post.desk.sync().await;
    let view = post.action(&view).await;
    assert_eq!((&view["verified"], &view["error_code"]), (&json!(false), &json!("NOT_VERIFIED")), "{view:#}");
}

#[tokio::test]
async fn what_a_key_may_not_send_is_asked_for_once_and_goes_on_with_another_key() {
    let post = told(0, KlaviyoConfig::default()).await;
    post.set(|klaviyo| klaviyo["policy"] = json!("fill_gaps")).await;
    let reads: Vec<&str> = KLAVIYO_SCOPES.into_iter().filter(|scope| *scope != "events:write").collect();
    post.control.set_keys(vec![Key::with(DEFAULT_KLAVIYO_KEY, &reads)]);
    post.start("pre_slow", "slow@example.com").await;
    post.desk.advance(2 * HOUR);
    post.desk.sync().await;
    assert_eq!(
        post.desk.text("SELECT state || ' ' || error_code FROM action").await,
        ["running KLAVIYO_SCOPE"]
    );
    post.turns(10).await;
    assert_eq!(post.desk.count(ACTIONS).await, 1, "it waits for another key");
    post.control.set_keys(vec![Key::full(DEFAULT_KLAVIYO_KEY)]);
    post.desk.advance(900);
    post.desk.sync().await;
    post.turns(2).await;
    assert_eq!(post.desk.text("SELECT state FROM action").await, ["succeeded"]);
    assert_eq!(post.ours(), 1);
}

#[tokio::test]
async fn what_klaviyo_refuses_is_not_sent_by_policy_again_and_again() {
    let post = told(0, KlaviyoConfig::default()).await;
    post.set(|klaviyo| klaviyo["policy"] = json!("fill_gaps")).await;
    for (order, email) in [("pre_bad", "ann@localhost"), ("pre_good", "good@example.com")] {
        post.desk.world.with_world(|world| world.open_checkout(spec(order, email)).unwrap());
    }
    post.desk.advance(2 * HOUR);
    post.desk.sync().await;
    post.turns(10).await;
    let all = "SELECT order_id || ' ' || state || ' ' || coalesce(error_code, '') FROM action ORDER BY 1";
    assert_eq!(post.desk.text(all).await, ["pre_bad failed KLAVIYO_REFUSED", "pre_good succeeded "]);
    // A day later it may be that somebody corrected something.
    post.desk.advance(24 * HOUR);
    post.desk.sync().await;
    assert_eq!(post.desk.count(ACTIONS).await, 3);
}

#[tokio::test]
async fn an_address_that_klaviyo_refused_is_not_kept() {
    let post = told(0, KlaviyoConfig::default()).await;
    post.desk.world.with_world(|world| world.open_checkout(spec("pre_bad", "ann@localhost")).unwrap());
    post.desk.advance(2 * HOUR);
    post.desk.sync().await;
    post.stand("missing").await;
    let view = post.fill(json!({})).await;
    assert_eq!(view["failed"], 1, "{view:#}");
    for table in ["klaviyo_event", "klaviyo_event_id"] {
        assert_eq!(post.desk.text(&format!("SELECT count(*) || '' FROM {table}")).await, ["0"], "{table}");
    }
    post.desk.fix(json!({"action": "change_details", "order": "pre_bad", "email": "ann@example.com"})).await;
    post.desk.advance(2 * HOUR);
    post.desk.sync().await;
    post.stand("missing").await;
    post.fill(json!({})).await;
    assert_eq!((post.ours(), post.control.truth().events_of("ann@example.com", &NAMES).len()), (1, 1));
}

#[tokio::test]
async fn nothing_is_missing_of_a_person_who_was_not_asked_about_since_it_happened() {
    let post = Post::open(KlaviyoConfig { visible_after_s: 0, ..KlaviyoConfig::default() }).await;
    post.connect().await;
    post.control.shop_sends(NAMES[1], "first@example.com", post.desk.clock_now());
    post.desk.sync().await;
    let at = post.desk.clock_now();
    post.desk.world.with_world(|world| world.open_checkout(spec("pre_night", "night@example.com")).unwrap());
    post.control.shop_sends(NAMES[1], "night@example.com", at);
    post.desk.advance(2 * HOUR);
    // Klaviyo is looked at before Stripe is read.
    post.desk.store.tell_once().await.unwrap();
    post.desk.sync().await;
    assert_eq!(post.desk.count(MISSING).await, 0);
    post.desk.advance(60);
    post.desk.sync().await;
    assert_eq!(post.desk.text("SELECT verdict FROM event_check").await, ["present"]);
}

#[tokio::test]
async fn nothing_comes_due_by_a_clock_that_is_ahead() {
    let post = Post::open(KlaviyoConfig::default()).await;
    post.connect().await;
    post.set(|klaviyo| klaviyo["policy"] = json!("fill_gaps")).await;
    post.desk.clock.advance(2 * HOUR);
    post.desk.sync().await;
    post.desk.world.with_world(|world| world.open_checkout(spec("pre_new", "new@example.com")).unwrap());
    post.desk.sync().await;
    post.desk.sync().await;
    assert_eq!((post.desk.count(MISSING).await, post.ours()), (0, 0));
    post.desk.advance(2 * HOUR);
    post.desk.sync().await;
    post.desk.sync().await;
    post.turns(2).await;
    assert_eq!(post.ours(), 1, "by either clock it is due");
}

#[tokio::test]
async fn who_tells_alone_under_new_names_waits_until_they_were_looked_for() {
    let post = told(1, KlaviyoConfig::default()).await;
    post.control.shop_sends("Checkout Begun", "p0@example.com", post.desk.clock_now() - 60);
    post.desk.advance(60);
    post.stand("missing").await;
    let mut settings = post.get("settings_get", json!({})).await;
    settings["klaviyo"]["started_also"] = json!(["Preorder Started", "Checkout Begun"]);
    let names_alone = settings.clone();
    settings["klaviyo"]["policy"] = json!("send_all");
    assert_eq!(post.refused("settings_set", settings.clone()).await, "KLAVIYO_NOT_LOOKED_AT");
    let set = post.get("settings_set", names_alone).await;
    post.desk.sync().await;
    settings["revision"] = set["revision"].clone();
    assert_eq!(post.refused("settings_set", settings).await, "SHOP_SENDS_EVENTS");
}

#[tokio::test]
async fn a_look_under_way_keeps_nothing_of_a_connection_that_ended() {
    let post = told(1, KlaviyoConfig::default()).await;
    post.control.shop_sends(NAMES[3], "p0@example.com", post.desk.clock_now());
    post.desk.advance(HOUR);
    let short =
        Faults { rate_limit_rate: 1.0, retry_after_s: Some(2), at_most: Some(1), ..Faults::default() };
    post.control.set_faults(short);
    let store = Arc::clone(&post.desk.store);
    let look = tokio::spawn(async move { store.tell_once().await });
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    post.get("klaviyo_disconnect", json!({})).await;
    assert_eq!(look.await.unwrap().unwrap_err().code, "KLAVIYO_NOT_CONNECTED");
    let left = "SELECT (SELECT count(*) FROM klaviyo_person) + (SELECT count(*) FROM klaviyo_seen)
        + (SELECT count(*) FROM sync_state WHERE name = 'klaviyo_looked_at')";
    assert_eq!(post.desk.count(left).await, 0);
}

#[tokio::test]
async fn a_new_key_does_not_bring_back_the_metric_of_before() {
    const FRESH: &str = "pk_fresh00000000000000000000000000000";
    type Meanwhile = Box<dyn Fn() + Send + Sync>;
    let meanwhile = Arc::new(OnceLock::<Meanwhile>::new());
    let (called, metrics) = (Arc::clone(&meanwhile), ["M1", "M2"]);
    let stand = Stand::open(move |path, headers| {
        let is_fresh = headers["authorization"].to_str().unwrap().ends_with(FRESH);
        let metric = |id: &str| json!({"type": "metric", "id": id, "attributes": {"name": id}});
        match path {
            "/api/accounts" => {
                if let Some(called) = called.get().filter(|_| is_fresh) {
                    called();
                }
                account("AbCdEf")
            }
            "/api/metrics" => ok(&json!({"data": metrics.map(metric)})),
            _ => ok(&json!({"data": []})),
        }
    })
    .await;
    let desk = Desk::with_shop(ShopPlan::Empty).await;
    let args = json!({"key": DEFAULT_KLAVIYO_KEY, "klaviyo_url": stand.url, "metric_id": "M1"});
    desk.get("klaviyo_connect", args).await;
    let db = desk.store.db().clone();
    let set = meanwhile.set(Box::new(move || {
        let db = db.clone();
        let other = std::thread::spawn(move || {
            let wait = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let change = "UPDATE klaviyo_connection SET metric_id = 'M2', metric_name = 'M2'";
            wait.block_on(db.write(move |transaction| Ok(transaction.execute_batch(change)?))).unwrap();
        });
        other.join().unwrap();
    }));
    assert!(set.is_ok());
    let view = desk.get("klaviyo_rotate", json!({"key": FRESH})).await;
    assert_eq!((&view["metric"]["id"], &view["key_prefix"]), (&json!("M2"), &json!("pk_fres")));
}
