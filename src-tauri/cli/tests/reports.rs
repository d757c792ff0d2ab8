//! Reports from a script: synced, shown and exported; and the shop's report server told.

use std::process::Command;

use foredeck_sandbox::{DEFAULT_KLAVIYO_KEY, Klaviyo, KlaviyoConfig, ReportServer, ShopPlan};
use serde_json::json;

use crate::desk::{Desk, Ran};

const KEY: &str = "the-shops-own-key";

struct Press {
    desk: Desk,
    klaviyo: Klaviyo,
    server: ReportServer,
}

impl Press {
    /// A store that is connected to an account that was made a month ago.
    async fn open() -> Self {
        let desk = Desk::with(ShopPlan::Empty).await;
        let config = KlaviyoConfig { age_days: 30, ..KlaviyoConfig::default() };
        let klaviyo = desk.sandbox.as_ref().unwrap().open_klaviyo(config).await.unwrap();
        let server = ReportServer::open(KEY, 0).await.unwrap();
        desk.add_store();
        let press = Self { desk, klaviyo, server };
        let metric = press.klaviyo.control().metric_id("Placed Order", "shopify").unwrap();
        press.run(&["klaviyo", "connect", "--metric", &metric]).ok();
        press
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.desk.command(args);
        command
            .env("FOREDECK_KLAVIYO_URL", self.klaviyo.base_url())
            .env("FOREDECK_KLAVIYO_KEY", DEFAULT_KLAVIYO_KEY)
            .env("FOREDECK_REPORT_SERVER", self.server.base_url())
            .env("FOREDECK_REPORT_SERVER_KEY", KEY)
            .env_remove("FOREDECK_STRIPE_KEY");
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        let ran = Ran::of(&mut self.command(args), "");
        for said in [&ran.out, &ran.err] {
            assert!(!said.contains(KEY), "the key is said: {said}");
        }
        ran
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_are_synced_here_and_shown_and_exported() {
    let press = Press::open().await;
    // Campaigns take two calls a minute: they are left to whoever has the time.
    press.run(&["reports", "cancel", "campaigns"]).ok();
    let view = press.run(&["reports", "sync", "flows", "segments", "forms", "--json"]).ok().json();
    for kind in view["kinds"].as_array().unwrap() {
        let wanted = if kind["kind"] == "campaigns" { "skipped" } else { "succeeded" };
        assert_eq!(kind["state"], wanted, "{kind}");
    }
    let shown = press.run(&["reports", "status"]).ok().out;
    for word in ["engine   local", "flows", "succeeded", "CALLS LEFT", "224", "REPORTS_CANCELLED"] {
        assert!(shown.contains(word), "{word}: {shown}");
    }
    let page = press.run(&["reports", "show", "flows", "--json"]).ok().json();
    assert!(page["total"]["statistics"]["recipients"].as_i64().unwrap() > 100, "{page}");
    let text = press.run(&["reports", "show", "flows", "--sort", "opens"]).ok().out;
    assert!(text.contains("Preorder reminders") && text.contains("days are known"), "{text}");
    let days = press.run(&["reports", "show", "forms", "--by-day"]).ok().out;
    assert!(days.lines().count() > 30, "{days}");
    let csv = press.run(&["export", "flows", "--format", "csv"]).ok().out;
    assert!(csv.starts_with("day,kind,id,name,message,channel,recipients,"), "{csv}");
    assert!(csv.lines().count() > 60 && csv.contains(",EUR\r\n"), "{csv}");
    let lines = press.run(&["export", "segments", "--format", "jsonl"]).ok().out;
    assert!(lines.lines().all(|line| line.contains("total_members")), "{lines}");
    assert_eq!(press.run(&["reports", "show", "flows", "--sort", "nothing", "--json"]).code(), "INVALID");
    assert_eq!(press.klaviyo.control().limits_passed(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_server_is_tested_and_told() {
    let press = Press::open().await;
    let view = press.run(&["reports", "engine", "server", "--json"]).ok().json();
    assert_eq!((&view["engine"], &view["server"]["key_source"]), (&json!("server"), &json!("environment")));
    let test = press.run(&["reports", "test", "--json"]).ok().json();
    assert_eq!((test["status"].as_i64(), press.server.syncs()), (Some(405), 0));
    let told = press.run(&["reports", "sync", "--json"]).ok().json();
    assert_eq!(told["server"]["triggers"][0]["state"], "accepted", "{told}");
    assert_eq!(press.server.syncs(), 1);
    assert!(press.run(&["reports", "status"]).ok().out.contains("accepted"));
    press.server.set_down(true);
    assert_eq!(press.run(&["reports", "test", "--json"]).code(), "REPORT_SERVER_OFFLINE");
}
