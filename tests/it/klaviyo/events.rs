//! What Klaviyo is told of orders: once, with its own time, to nobody who knows already, whatever goes wrong between.

use foredeck_engine::secrets::StripeKey;
use foredeck_sandbox::klaviyo::{Consent, SentBy, ShopSender, Spelling};
use foredeck_sandbox::{DEFAULT_KEY, DEFAULT_KLAVIYO_KEY, KlaviyoConfig, WriteTrouble};
use serde_json::{Value, json};

use super::{Post, key};
use crate::it::actions::desk::spec;
use crate::it::sync::desk::Desk;

pub(super) const HOUR: i64 = 3_600;
pub(super) const NAMES: [&str; 4] =
    ["Preorder Started", "Rolitt Preorder Started", "Preorder Success", "Rolitt Preorder Success"];

/// A shop of so many orders, every second one paid, two hours old; connected, nothing told by whoever opens it so.
pub(super) async fn told(orders: usize, config: KlaviyoConfig) -> Post {
    let post = Post::open(config).await;
    post.desk.world.with_world(|world| {
        for number in 0..orders {
            let preorder = format!("pre_{number:04}");
            let session = world.open_checkout(spec(&preorder, &format!("p{number}@example.com"))).unwrap();
            if number % 2 == 0 {
                world.pay(&session).unwrap();
            }
        }
    });
    let metric = post.control.metric_id("Placed Order", "shopify").unwrap();
    post.get("klaviyo_connect", post.with_key(json!({"metric_id": metric}))).await;
    post.desk.advance(2 * HOUR);
    post.desk.sync().await;
    post
}

impl Post {
    /// Plans and runs whatever is missing, and sees it confirmed.
    pub(super) async fn fill(&self, args: Value) -> Value {
        let plan = self.get("klaviyo_events_fill", args).await;
        self.run_plan(&plan).await
    }

    pub(super) async fn run_plan(&self, plan: &Value) -> Value {
        let bulk = self.get("bulk_run", json!({"plan": plan["id"]})).await;
        for _ in 0..400 {
            self.desk.sync().await;
            let view = self.get("bulk_get", json!({"id": bulk["id"]})).await;
            if view["waiting"] == 0 && view["unverified"] == 0 {
                return view;
            }
            self.desk.advance(5);
        }
        panic!("it never ended: {:#}", self.get("bulk_get", json!({"id": bulk["id"]})).await);
    }

    /// How many events stand so, of both kinds.
    pub(super) async fn stand(&self, verdict: &str) -> i64 {
        let view = self.get("klaviyo_events_check", json!({})).await;
        let of = view["counts"].as_array().unwrap().iter().filter(|one| one["verdict"] == verdict);
        of.map(|one| one["count"].as_i64().unwrap()).sum()
    }

    /// Events there that Foredeck sent.
    pub(super) fn ours(&self) -> usize {
        self.control.truth().events.iter().filter(|event| event.by == SentBy::Api).count()
    }

    /// Fails where an order's event is not there exactly once, at its own time.
    fn assert_each_once(&self) {
        let (truth, ledger) = (self.control.truth(), self.desk.world.ledger());
        for order in &ledger.orders {
            let email = order.email.as_deref().unwrap();
            for (names, at) in [(&NAMES[..2], Some(order.started_at)), (&NAMES[2..], order.paid_at)] {
                let there = truth.events_of(email, names);
                let times: Vec<i64> = there.iter().map(|event| event.time).collect();
                assert_eq!(times, at.into_iter().collect::<Vec<_>>(), "{} {names:?}", order.id);
            }
        }
    }
}

#[tokio::test]
async fn what_is_missing_is_sent_once_with_its_own_time_and_mails_nobody() {
    let post = told(6, KlaviyoConfig::default()).await;
    assert_eq!(post.stand("missing").await, 9);
    let plan = post.get("klaviyo_events_fill", json!({})).await;
    assert_eq!((&plan["count"], &plan["mails"]), (&json!(9), &json!(0)), "{plan:#}");
    assert_eq!(post.ours(), 0, "a plan does nothing");
    let view = post.run_plan(&plan).await;
    assert_eq!((&view["succeeded"], &view["failed"]), (&json!(9), &json!(0)), "{view:#}");
    post.assert_each_once();
    let truth = post.control.truth();
    assert_eq!(truth.mails, [], "backfill mails nobody");
    let paid = truth.events_of("p0@example.com", &NAMES[2..])[0];
    assert_eq!(
        (paid.metric.as_str(), paid.unique_id.as_str()),
        ("Rolitt Preorder Success", "pre_0000:success")
    );
    let order = &post.desk.world.ledger().orders[0];
    assert_eq!(paid.value, Some(order.amount_minor as f64 / 100.0), "{order:?}");
    let said = |name: &str| paid.properties.get(name).and_then(Value::as_str).map(str::to_owned);
    assert_eq!((said("color").as_deref(), said("preorder_id").as_deref()), (Some("red"), Some("pre_0000")));
    assert_eq!(post.stand("present").await, 9);
    assert_eq!(post.refused("klaviyo_events_fill", json!({})).await, "NOTHING_MISSING");
    let again = post
        .refused("action_plan", json!({"action": "send_event", "order": "pre_0000", "event": "success"}))
        .await;
    assert_eq!(again, "ALREADY_SENT");
    assert_eq!(post.desk.text("SELECT DISTINCT state FROM klaviyo_event").await, ["confirmed"]);
}

#[tokio::test]
async fn what_the_shop_told_under_either_name_is_not_told_again() {
    let shop =
        ShopSender { spelling: Spelling::Mixed, share: 0.6, late_s: (1, 3_000), ..ShopSender::default() };
    let post = told(40, KlaviyoConfig { shop: Some(shop), ..KlaviyoConfig::default() }).await;
    let before = post.control.truth().events.len();
    let missing = usize::try_from(post.stand("missing").await).unwrap();
    assert_eq!(before + missing, 60, "every order's events are there or missing");
    assert!(before > 20 && missing > 10, "{before} {missing}");
    let view = post.fill(json!({})).await;
    assert_eq!(view["succeeded"], missing);
    assert_eq!(post.ours(), missing);
    post.assert_each_once();
}

#[tokio::test]
async fn what_the_shop_told_after_the_plan_was_made_is_seen_just_before_sending() {
    let post = told(3, KlaviyoConfig::default()).await;
    post.stand("missing").await;
    let plan = post.get("klaviyo_events_fill", json!({})).await;
    let order = post.desk.world.ledger().orders[0].clone();
    post.control.shop_sends("Preorder Success", "p0@example.com", order.paid_at.unwrap());
    post.desk.advance(10);
    let view = post.run_plan(&plan).await;
    assert_eq!((&view["succeeded"], &view["failed"]), (&json!(5), &json!(0)), "{view:#}");
    assert_eq!(post.ours(), 4);
    post.assert_each_once();
}

#[tokio::test]
async fn an_answer_lost_a_crash_and_an_event_that_klaviyo_loses_make_one_event() {
    let post = told(4, KlaviyoConfig::default()).await;
    post.stand("missing").await;
    post.control.on_write("/api/events", 1, WriteTrouble::LostAfter);
    post.control.on_write("/api/events", 3, WriteTrouble::LostBefore);
    post.control.lose_next(2);
    let view = post.fill(json!({})).await;
    assert_eq!(
        (&view["succeeded"], &view["failed"], &view["unknown"]),
        (&json!(6), &json!(0), &json!(0)),
        "{view:#}"
    );
    post.assert_each_once();
    assert!(post.control.truth().lost.len() <= 2);
}

/// An event committed, of whose request nothing reached Klaviyo.
pub(super) async fn interrupted(post: &Post, request: Value) -> Value {
    for nth in 1..=10 {
        post.control.on_write("/api/events", nth, WriteTrouble::LostBefore);
    }
    let plan = post.get("action_plan", request).await;
    let view = post.get("action_run", json!({"plan": plan["id"]})).await;
    assert_eq!(view["state"], "running", "{view:#}");
    assert_eq!(post.desk.text("SELECT state FROM action_step").await, ["intended"]);
    post.control.call_off();
    view
}

#[tokio::test]
async fn what_was_committed_and_not_sent_is_looked_for_again_before_it_goes_out() {
    let post = told(1, KlaviyoConfig::default()).await;
    post.stand("missing").await;
    let request = json!({"action": "send_event", "order": "pre_0000", "event": "success"});
    let view = interrupted(&post, request).await;
    let order = post.desk.world.ledger().orders[0].clone();
    post.control.shop_sends("Preorder Success", "p0@example.com", order.paid_at.unwrap());
    post.desk.advance(600);
    post.desk.sync().await;
    let view = post.get("action_get", json!({"id": view["id"]})).await;
    assert_eq!(view["state"], "succeeded", "{view:#}");
    assert_eq!(post.ours(), 0, "the shop told of it meanwhile");
}

#[tokio::test]
async fn what_was_committed_goes_to_nobody_who_left_and_not_while_writes_are_stopped() {
    let post = told(1, KlaviyoConfig::default()).await;
    post.control.consents("p0@example.com", Consent::Subscribed);
    post.stand("missing").await;
    let request = json!({"action": "send_event", "order": "pre_0000", "event": "success", "mail": true});
    let view = interrupted(&post, request).await;
    post.get("writes_stop", json!({})).await;
    post.desk.advance(600);
    post.desk.sync().await;
    assert_eq!((post.ours(), post.control.truth().on_their_way.len()), (0, 0), "everything is stopped");
    let mut guard = post.get("guard_get", json!({})).await["guard"].clone();
    guard["stopped"] = json!(false);
    post.get("guard_set", guard).await;
    post.control.consents("p0@example.com", Consent::Unsubscribed);
    post.desk.advance(600);
    post.desk.sync().await;
    let view = post.get("action_get", json!({"id": view["id"]})).await;
    assert_eq!((&view["state"], &view["error_code"]), (&json!("failed"), &json!("UNSUBSCRIBED")), "{view:#}");
    assert_eq!(post.ours(), 0);
}

#[tokio::test]
async fn a_corrected_address_and_a_merge_mail_nobody_twice() {
    let post = told(2, KlaviyoConfig::default()).await;
    post.stand("missing").await;
    post.fill(json!({})).await;
    assert_eq!(post.ours(), 3);
    // The address of one is corrected; its events stay those of the one it had.
    let fix = json!({"action": "change_details", "order": "pre_0000", "email": "new@example.com"});
    let view = post.desk.fix(fix).await;
    assert_eq!(view["state"], "succeeded", "{view:#}");
    post.desk.advance(2 * HOUR);
    post.desk.sync().await;
    assert_eq!(post.stand("missing").await, 0);
    assert_eq!(post.refused("klaviyo_events_fill", json!({})).await, "NOTHING_MISSING");
    // An order of somebody unknown turns out to be another's second checkout.
    let session =
        post.desk.world.with_world(|world| world.open_checkout(spec("pre_lone", "p1@example.com")).unwrap());
    post.desk.advance(2 * HOUR);
    post.desk.sync().await;
    assert_eq!(post.stand("missing").await, 1);
    post.fill(json!({})).await;
    let before = post.ours();
    let link =
        post.desk.fix(json!({"action": "link_payment", "payment": session, "order": "pre_0001"})).await;
    assert_eq!(link["state"], "succeeded", "{link:#}");
    post.desk.advance(2 * HOUR);
    post.desk.sync().await;
    post.stand("missing").await;
    assert_eq!(post.refused("klaviyo_events_fill", json!({})).await, "NOTHING_MISSING");
    let again = json!({"action": "send_event", "order": "pre_0001", "event": "started"});
    assert_eq!(post.refused("action_plan", again).await, "ALREADY_SENT");
    assert_eq!(post.ours(), before);
}

#[tokio::test]
async fn who_wants_no_mail_gets_none_and_the_plan_says_how_many_are_mailed() {
    let post = told(4, KlaviyoConfig::default()).await;
    post.control.consents("p0@example.com", Consent::Unsubscribed);
    post.control.consents("p2@example.com", Consent::Subscribed);
    post.desk.advance(60);
    let view = post.get("klaviyo_events_check", json!({})).await;
    assert_eq!((&view["gaps"]["people"], &view["gaps"]["unsubscribed"]), (&json!(4), &json!(1)), "{view:#}");
    let plan = post.get("klaviyo_events_fill", json!({"mail": true, "event": "success"})).await;
    assert_eq!((&plan["count"], &plan["mails"]), (&json!(1), &json!(1)), "only who wants mail: {plan:#}");
    let one = json!({"action": "send_event", "order": "pre_0000", "event": "success", "mail": true});
    let single = post.get("action_plan", one).await;
    assert_eq!((&single["mails"], &single["notices"]), (&json!(0), &json!(["unsubscribed", "backfill"])));
    let started = json!({"action": "send_event", "order": "pre_0002", "event": "started", "mail": true});
    let started = post.get("action_plan", started).await;
    assert_eq!(started["notices"], json!(["paid_meanwhile", "backfill"]), "no reminder to who has paid");
    post.run_plan(&plan).await;
    let mails = post.control.truth().mails;
    let to: Vec<&str> = mails.iter().filter(|mail| mail.sent).map(|mail| mail.email.as_str()).collect();
    assert_eq!(to, ["p2@example.com"]);
    // The cap of the day holds.
    let mut guard = post.get("guard_get", json!({})).await["guard"].clone();
    guard["daily_mails"] = json!(1);
    post.get("guard_set", guard).await;
    let open = json!({"action": "send_event", "order": "pre_0001", "event": "started", "mail": true});
    let open = post.get("action_plan", open).await;
    assert_eq!(open["mails"], 1);
    assert_eq!(post.refused("action_run", json!({"plan": open["id"]})).await, "CAP_REACHED");
}

#[tokio::test]
async fn a_wait_of_hours_is_kept_to_without_asking_and_outlives_the_process() {
    let post = told(2, KlaviyoConfig::default()).await;
    post.stand("missing").await;
    let plan = post.get("klaviyo_events_fill", json!({})).await;
    post.control.throttle("/api/events", 67_608);
    let bulk = post.get("bulk_run", json!({"plan": plan["id"]})).await;
    post.desk.sync().await;
    post.control.clear_requests();
    for _ in 0..5 {
        post.desk.advance(60);
        post.desk.sync().await;
    }
    assert_eq!(post.asked("/api/events"), 0, "nobody knocks meanwhile");
    let until = post.status().await["waits"][0]["until"].as_i64().unwrap();
    assert!((until - post.desk.clock_now() - 67_308).abs() < 10, "{until}");
    assert_eq!(post.status().await["status"], "connected");
    let view = post.get("bulk_get", json!({"id": bulk["id"]})).await;
    assert_eq!(view["waiting"], 3, "{view:#}");
    // Another process: it knows, and does not ask either.
    let later = Desk::engine_at(post.desk.folder.path(), &post.desk.clock);
    later.secrets().klaviyo().keep(post.desk.store.public_id(), &post.url(), &key(DEFAULT_KLAVIYO_KEY));
    let store = later.store("Shop").await.unwrap();
    store.keep_key_unchecked(StripeKey::parse(DEFAULT_KEY).unwrap()).await.unwrap();
    store.sync_once(false, |_| {}).await.unwrap();
    assert_eq!(post.asked("/api/events"), 0);
    assert_eq!(store.klaviyo_view().await.unwrap().waits[0].until, until);
}

#[tokio::test]
async fn a_policy_fills_gaps_of_its_own_time_and_leaves_older_ones_to_people() {
    let post = told(2, KlaviyoConfig::default()).await;
    let mut settings = post.get("settings_get", json!({})).await;
    settings["klaviyo"]["policy"] = json!("fill_gaps");
    settings = post.get("settings_set", settings).await;
    post.desk.world.with_world(|world| world.open_checkout(spec("pre_new", "new@example.com")).unwrap());
    post.desk.advance(30 * 60);
    post.desk.sync().await;
    assert_eq!(post.ours(), 0, "it may still come");
    for _ in 0..6 {
        post.desk.advance(20 * 60);
        post.desk.sync().await;
    }
    let truth = post.control.truth();
    assert_eq!(
        truth.events.iter().map(|event| event.email.as_str()).collect::<Vec<_>>(),
        ["new@example.com"]
    );
    assert_eq!(truth.mails, []);
    // Who tells alone is refused while the shop tells.
    post.control.shop_sends("Preorder Started", "p1@example.com", post.desk.clock_now() - 60);
    post.desk.advance(10);
    post.stand("present").await;
    settings["klaviyo"]["policy"] = json!("send_all");
    assert_eq!(post.refused("settings_set", settings.clone()).await, "SHOP_SENDS_EVENTS");
    post.desk.advance(25 * HOUR);
    post.desk.sync().await;
    post.get("settings_set", settings).await;
    post.desk.world.with_world(|world| world.open_checkout(spec("pre_live", "live@example.com")).unwrap());
    post.control.consents("live@example.com", Consent::Subscribed);
    for _ in 0..4 {
        post.desk.advance(60);
        post.desk.sync().await;
    }
    let mails = post.control.truth().mails;
    let ours = mails.iter().filter(|mail| mail.by == SentBy::Api).map(|mail| mail.email.as_str());
    assert_eq!(ours.collect::<Vec<_>>(), ["live@example.com"]);
    let audit = post.get("audit_page", json!({"limit": 500})).await;
    let by = |row: &&Value| row["event"] == "confirmed" && row["operator"] == "(policy)";
    assert_eq!(
        audit["rows"].as_array().unwrap().iter().filter(by).count(),
        2,
        "each run of it is in the audit"
    );
}

#[tokio::test]
async fn what_is_missing_and_what_is_there_twice_is_found_once_anybody_is_told() {
    let shop = ShopSender { share: 1.0, late_s: (1, 60), ..ShopSender::default() };
    let post = told(3, KlaviyoConfig { shop: Some(shop), ..KlaviyoConfig::default() }).await;
    let rules = || async {
        let page = post.get("finding_page", json!({"limit": 500})).await;
        let rows = page["rows"].as_array().unwrap().clone();
        let told = ["success_event_missing", "started_event_missing", "event_sent_twice"];
        let ours = rows.into_iter().filter(|row| told.contains(&row["rule"].as_str().unwrap()));
        ours.map(|row| format!("{} {}", row["rule"].as_str().unwrap(), row["order_id"].as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    post.stand("present").await;
    assert_eq!(rules().await, Vec::<String>::new(), "all is well");
    let order = post.desk.world.ledger().orders[2].clone();
    post.control.shop_sends("Preorder Success", "p2@example.com", order.paid_at.unwrap() + 5);
    let lone = json!({"action": "send_event", "order": "pre_0001", "event": "started"});
    assert_eq!(post.refused("action_plan", lone).await, "ALREADY_THERE");
    post.desk.advance(10);
    assert_eq!(post.stand("double").await, 1);
    assert_eq!(rules().await, ["event_sent_twice pre_0002"]);
    // Disconnected, nothing of it is left but what was sent.
    post.get("klaviyo_disconnect", json!({})).await;
    post.desk.sync().await;
    assert_eq!(rules().await, Vec::<String>::new());
    assert_eq!(post.desk.count("SELECT count(*) FROM klaviyo_seen").await, 0);
    assert_eq!(post.desk.count("SELECT count(*) FROM klaviyo_person").await, 0);
}

#[tokio::test]
async fn a_missing_event_is_a_finding_that_its_fix_cures() {
    let shop = ShopSender { share: 0.7, late_s: (1, 60), ..ShopSender::default() };
    let post = told(30, KlaviyoConfig { shop: Some(shop), ..KlaviyoConfig::default() }).await;
    let missing = post.stand("missing").await;
    let page = post
        .get(
            "finding_page",
            json!({"limit": 500, "rules": ["success_event_missing", "started_event_missing"]}),
        )
        .await;
    let rows = page["rows"].as_array().unwrap().clone();
    assert_eq!(i64::try_from(rows.len()).unwrap(), missing, "each, and no other");
    let row = rows.iter().find(|row| row["rule"] == "success_event_missing").expect("one of them");
    let order = row["order_id"].as_str().unwrap();
    let fix = json!({"action": "send_event", "order": order, "event": "success"});
    let view = post.desk.fix(fix).await;
    assert_eq!(view["state"], "succeeded", "{view:#}");
    post.desk.advance(10);
    post.desk.sync().await;
    post.stand("missing").await;
    let page = post
        .get("finding_page", json!({"limit": 500, "order": order, "rules": ["success_event_missing"]}))
        .await;
    assert_eq!(page["rows"], json!([]));
    let view = post.get("action_get", json!({"id": view["id"]})).await;
    assert_eq!(view["verified"], true, "{view:#}");
}

#[tokio::test]
async fn a_change_of_colour_or_address_reaches_the_profile_after_stripe() {
    let post = told(2, KlaviyoConfig::default()).await;
    post.stand("missing").await;
    post.fill(json!({})).await;
    let view =
        post.desk.fix(json!({"action": "change_details", "order": "pre_0000", "color": "green"})).await;
    assert_eq!((&view["state"], &view["verified"]), (&json!("succeeded"), &json!(true)), "{view:#}");
    let client = post.client();
    let person = client.find_profile("p0@example.com").await.unwrap().unwrap();
    assert_eq!(person.properties["yoyo_color"], "green");
    assert_eq!(person.properties["preorder_status"], "paid", "what is not told of stays");
    post.desk.sync().await;
    let moved = json!({"action": "change_details", "order": "pre_0000", "email": "moved@example.com"});
    post.desk.fix(moved).await;
    let person = client.find_profile("moved@example.com").await.unwrap().unwrap();
    assert_eq!(person.properties["yoyo_color"], "green");
    assert_eq!(post.control.truth().mails, []);
}
