//! The policy set by another process: it is in force at once, and nobody is mailed by the one before.

use foredeck_engine::api::{self, Call};
use foredeck_engine::engine::Engine;
use foredeck_engine::error::Problem;
use foredeck_sandbox::KlaviyoConfig;
use foredeck_sandbox::klaviyo::Consent;
use serde_json::{Value, json};

use super::Post;
use super::events::told;
use crate::it::actions::desk::spec;
use crate::it::sync::desk::Desk;

/// Another process on the same mirror, as the command line is one beside the window.
struct Elsewhere(Engine);

impl Elsewhere {
    fn beside(post: &Post) -> Self {
        Self(Desk::engine_at(post.desk.folder.path(), &post.desk.clock))
    }

    async fn ask(&self, name: &str, args: Value) -> Result<Value, Problem> {
        api::call(Call::new(self.0.clone(), Some("Shop".to_owned())), name, args).await
    }

    async fn set_policy(&self, policy: &str) {
        let mut settings = self.ask("settings_get", json!({})).await.unwrap();
        settings["klaviyo"]["policy"] = json!(policy);
        self.ask("settings_set", settings).await.unwrap();
    }
}

impl Post {
    /// A store that tells Klaviyo alone, and has done so for somebody.
    async fn telling() -> Self {
        let post = told(2, KlaviyoConfig::default()).await;
        let mut settings = post.get("settings_get", json!({})).await;
        settings["klaviyo"]["policy"] = json!("send_all");
        post.get("settings_set", settings).await;
        post.ordered("one").await;
        for _ in 0..4 {
            post.desk.advance(60);
            post.desk.sync().await;
        }
        assert_eq!(post.mailed(), ["one@example.com"]);
        post
    }

    /// Somebody who wants mail orders.
    async fn ordered(&self, name: &str) {
        let email = format!("{name}@example.com");
        self.desk
            .world
            .with_world(|world| world.open_checkout(spec(&format!("pre_{name}"), &email)).unwrap());
        self.control.consents(&email, Consent::Subscribed);
    }

    async fn policy(&self) -> Value {
        self.get("settings_get", json!({})).await["klaviyo"]["policy"].clone()
    }
}

#[tokio::test]
async fn a_policy_that_another_process_set_mails_nobody_more() {
    let post = Post::telling().await;
    Elsewhere::beside(&post).set_policy("observe").await;
    post.ordered("two").await;
    for _ in 0..30 {
        post.desk.advance(60);
        post.desk.sync().await;
    }
    assert_eq!(post.mailed(), ["one@example.com"]);
    assert_eq!(post.get("klaviyo_events", json!({})).await["policy"], "observe");
    assert_eq!(post.policy().await, "observe");
}

#[tokio::test]
async fn what_a_policy_confirmed_is_not_begun_under_another() {
    for (policy, then) in [("observe", "failed POLICY_CHANGED"), ("fill_gaps", "failed POLICY_CHANGED")] {
        let post = Post::telling().await;
        post.ordered("two").await;
        // Confirmed, and held up before anything of it was sent.
        post.control.throttle("/api/profiles", 300);
        post.desk.advance(60);
        post.desk.sync().await;
        let last = "SELECT state || ' ' || coalesce(error_code, '') FROM action ORDER BY seq DESC LIMIT 1";
        assert_eq!(post.desk.text(last).await, ["queued KLAVIYO_THROTTLED"]);
        Elsewhere::beside(&post).set_policy(policy).await;
        post.desk.advance(400);
        post.desk.sync().await;
        assert_eq!(post.desk.text(last).await, [then]);
        assert_eq!(post.mailed(), ["one@example.com"], "{policy}");
    }
}

#[tokio::test]
async fn what_is_saved_later_does_not_bring_a_policy_back() {
    let post = Post::telling().await;
    let mut shown = post.get("settings_get", json!({})).await;
    let elsewhere = Elsewhere::beside(&post);
    elsewhere.set_policy("observe").await;
    let since = post.desk.clock_now();
    // What the window shows is of before: a save of something else would take the policy back unseen.
    shown["poll_front_s"] = json!(7);
    assert_eq!(post.refused("settings_set", shown.clone()).await, "SETTINGS_CHANGED");
    assert_eq!(post.policy().await, "observe");
    // What changes one thing alone rests on what is in force.
    post.get("reports_engine_set", json!({"engine": "server"})).await;
    assert_eq!(post.policy().await, "observe");
    let mut again = post.get("settings_get", json!({})).await;
    again["poll_front_s"] = json!(7);
    let kept = post.get("settings_set", again.clone()).await;
    assert_eq!((&kept["klaviyo"]["policy"], &kept["poll_front_s"]), (&json!("observe"), &json!(7)));
    assert_eq!(elsewhere.ask("settings_get", json!({})).await.unwrap(), kept, "both say the same");
    assert_eq!(post.refused("settings_set", again).await, "SETTINGS_CHANGED", "its own, too, is of before");
    // A whole document that says nothing of a revision is weighed against what is in force.
    post.control.shop_sends("Preorder Started", "p1@example.com", post.desk.clock_now() - 60);
    post.desk.advance(10);
    post.stand("present").await;
    shown.as_object_mut().unwrap().remove("revision");
    assert_eq!(post.refused("settings_set", shown.clone()).await, "SHOP_SENDS_EVENTS");
    post.desk.advance(25 * 3_600);
    post.desk.sync().await;
    post.get("settings_set", shown).await;
    let view = post.get("klaviyo_events", json!({})).await;
    assert_eq!(view["policy"], "send_all");
    assert!(view["policy_since"].as_i64().unwrap() > since, "it holds from now on: {view:#}");
}
