//! Klaviyo from a script: tested, connected, checked, changed and disconnected, and the key shows nowhere.

use std::process::Command;

use foredeck_sandbox::{DEFAULT_KLAVIYO_KEY, Klaviyo, KlaviyoConfig, ShopPlan};
use serde_json::{Value, json};

use crate::desk::{Desk, Ran};

/// A shop with a Klaviyo beside it.
struct Post {
    desk: Desk,
    klaviyo: Klaviyo,
}

impl Post {
    async fn open(config: KlaviyoConfig) -> Self {
        let desk = Desk::with(ShopPlan::Empty).await;
        let klaviyo = desk.sandbox.as_ref().unwrap().open_klaviyo(config).await.unwrap();
        desk.add_store();
        Self { desk, klaviyo }
    }

    fn metric(&self, integration: &str) -> String {
        self.klaviyo.control().metric_id("Placed Order", integration).unwrap()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.desk.command(["klaviyo"].iter().chain(args));
        command
            .env("FOREDECK_KLAVIYO_URL", self.klaviyo.base_url())
            .env_remove("FOREDECK_KLAVIYO_KEY")
            // Stripe is not needed for any of it.
            .env_remove("FOREDECK_STRIPE_KEY");
        command
    }

    /// Runs with the key on stdin.
    fn given(&self, key: &str, args: &[&str]) -> Ran {
        checked(Ran::of(&mut self.command(args), &format!("{key}\n")))
    }

    /// Runs with the key in the environment.
    fn run(&self, args: &[&str]) -> Ran {
        checked(Ran::of(self.command(args).env("FOREDECK_KLAVIYO_KEY", DEFAULT_KLAVIYO_KEY), ""))
    }

    /// Fails when the key lies in any file of the data folder.
    fn assert_no_key_in_files(&self) {
        for entry in std::fs::read_dir(self.desk.data()).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            let found = bytes.windows(12).any(|part| part == &DEFAULT_KLAVIYO_KEY.as_bytes()[..12]);
            assert!(!found, "a key is in {}", path.display());
        }
    }
}

#[track_caller]
fn checked(ran: Ran) -> Ran {
    for said in [&ran.out, &ran.err] {
        assert!(!said.contains(&DEFAULT_KLAVIYO_KEY[..8]), "a part of the key is said: {said}");
    }
    ran
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_tested_from_stdin_and_kept_nowhere() {
    let post = Post::open(KlaviyoConfig::default()).await;
    let test = post.given(DEFAULT_KLAVIYO_KEY, &["test", "--key-stdin", "--json"]).ok().json();
    assert_eq!(test["account"]["public_id"], "SbXk7Q");
    assert_eq!(test["metrics"][0]["id"], json!(post.metric("shopify")));
    for (field, is_there) in [
        ("scopes", test["scopes"].as_array().is_some_and(|scopes| scopes.len() == 11)),
        ("limits", test["limits"].as_array().is_some_and(|limits| limits.len() > 4)),
        ("revision", test["revision"] == json!({"asked": "2026-07-15", "answered": "2026-07-15"})),
    ] {
        assert!(is_there, "{field}: {}", test[field]);
    }
    let shown = post.given(DEFAULT_KLAVIYO_KEY, &["test", "--key-stdin"]).ok().out;
    for word in
        ["Lanternfish Workshop", "metrics:read", "not probed", "Placed Order", "Shopify", "custom metric"]
    {
        assert!(shown.contains(word), "{word}: {shown}");
    }
    let status = post.run(&["status", "--json"]).ok().json();
    assert_eq!(status["status"], "not_configured");
    assert_eq!(post.given("hello", &["test", "--key-stdin", "--json"]).code(), "BAD_KLAVIYO_KEY");
    assert_eq!(post.given("", &["test", "--json"]).code(), "NO_KLAVIYO_KEY");
    let wrong = "pk_wrong00000000000000000000000000000";
    assert_eq!(post.given(wrong, &["test", "--key-stdin", "--json"]).code(), "KLAVIYO_KEY_REJECTED");
    post.assert_no_key_in_files();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_lives_from_connect_to_disconnect() {
    let post = Post::open(KlaviyoConfig::default()).await;
    let (shopify, api) = (post.metric("shopify"), post.metric("api"));
    let ran =
        post.given(DEFAULT_KLAVIYO_KEY, &["connect", "--metric", &shopify, "--key-stdin", "--json"]).ok();
    assert!(ran.err.contains("for this run only"), "{}", ran.err);
    assert_eq!(
        (&ran.json()["status"], &ran.json()["do_not_order_sync"]),
        (&json!("connected"), &json!(false))
    );
    // No keychain held the key: the next run says so.
    let gone = post.given("", &["status", "--json"]).ok().json();
    assert_eq!((&gone["status"], &gone["code"]), (&json!("disconnected"), &json!("NO_KLAVIYO_KEY")));
    let status = post.run(&["status", "--json"]).ok().json();
    assert_eq!((&status["status"], &status["key_source"]), (&json!("connected"), &json!("environment")));
    let shown = post.run(&["status"]).ok().out;
    assert!(shown.contains("connected") && shown.contains("orders     synced"), "{shown}");

    let check = post.run(&["check", "--json"]).ok().json();
    assert_eq!(check["lists"]["count"], 3);
    let report = post.run(&["check"]).ok().out;
    assert!(report.contains("account: SbXk7Q") && report.contains("clock skew s: "), "{report}");

    let changed = post.run(&["metric", &api, "--json"]).ok();
    assert_eq!(changed.json()["resyncs"], json!(["campaigns", "flows"]));
    assert!(changed.err.contains("campaigns, flows"), "{}", changed.err);
    let rotated = post.given(DEFAULT_KLAVIYO_KEY, &["rotate", "--json"]).ok().json();
    assert_eq!((&rotated["status"], &rotated["metric"]["id"]), (&json!("connected"), &json!(api)));

    let preview = post.run(&["disconnect", "--dry-run", "--json"]).ok().json();
    assert_eq!(
        (&preview["environment_key_stays"], &preview["clears"][1]["count"]),
        (&json!(true), &json!(0))
    );
    assert!(post.run(&["disconnect", "--dry-run"]).ok().out.contains("report syncs"));
    assert_eq!(post.run(&["status", "--json"]).ok().json()["status"], "connected", "it was only looked at");
    let ended = post.run(&["disconnect", "--yes", "--json"]).ok();
    assert!(ended.err.contains("FOREDECK_KLAVIYO_KEY"), "{}", ended.err);
    assert_eq!((&ended.json()["status"], &ended.json()["account"]), (&json!("not_configured"), &Value::Null));
    assert_eq!(post.run(&["check", "--json"]).code(), "KLAVIYO_NOT_CONNECTED");
    let rows = post.desk.run(["audit", "list", "--json"]).ok().json();
    let events: Vec<&str> =
        rows["rows"].as_array().unwrap().iter().map(|row| row["event"].as_str().unwrap()).collect();
    let told = ["klaviyo_disconnected", "klaviyo_key_rotated", "klaviyo_metric_changed", "klaviyo_connected"];
    assert_eq!(events, told);
    post.assert_no_key_in_files();
}

#[tokio::test(flavor = "multi_thread")]
async fn published_limits_are_kept_by_itself() {
    let post = Post::open(KlaviyoConfig { limits: true, ..KlaviyoConfig::default() }).await;
    let metric = post.metric("shopify");
    post.run(&["connect", "--metric", &metric]).ok();
    post.run(&["check"]).ok();
    let requests = post.klaviyo.control().requests();
    let refused = requests.iter().filter(|request| request.status == 429).count();
    // Two commands do not know of each other: only at the seam between them may one be told to wait a second.
    assert!(refused <= 1 && requests.len() > 15, "{refused} of {}", requests.len());
}
