//! The command line itself: help, usage errors, completions, the manual page.

use foredeck_sandbox::ShopPlan;

use crate::desk::Desk;

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_meant_is_a_usage_error() {
    let desk = Desk::with(ShopPlan::Empty).await;
    desk.add_store();
    let wrong: &[&[&str]] = &[
        &[],
        &["fly"],
        &["status", "--fast"],
        &["store", "add"],
        &["store", "remove", "Shop"],
        &["store", "key"],
        &["store", "key", "--check", "--forget"],
        &["sync", "--max-rps", "0"],
        &["funnel", "--by", "weather"],
        &["preorders", "--status", "done"],
        &["preorders", "--limit", "many"],
        &["export", "orders", "--format", "csv"],
        &["export", "events"],
        &["export", "events", "--format", "jsonl", "--json"],
        &["settings", "set"],
        &["settings", "set", "colour=red"],
        &["settings", "set", "poll_back_s=soon"],
        &["doctor", "--yes"],
        &["call", "overview", "{"],
        &["status", "--store", "Shop", "--file", "x"],
        &["klaviyo", "connect"],
        &["klaviyo", "disconnect"],
        &["klaviyo", "disconnect", "--yes", "--dry-run"],
    ];
    for args in wrong {
        let ran = desk.run(*args);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}: {}", ran.err);
        assert!(!ran.err.is_empty());
    }
    let listed = desk.run(["store", "list", "--json"]).ok().json();
    assert_eq!(listed["stores"].as_array().unwrap().len(), 1, "nothing was removed");
    assert_eq!(desk.run(["preorders", "--limit", "501", "--json"]).code(), "INVALID");
    assert_eq!(desk.run(["funnel", "--from", "2026-13-01", "--json"]).code(), "INVALID");
    assert_eq!(desk.run(["preorders", "--after", "nonsense", "--json"]).code(), "INVALID");
    assert_eq!(desk.run(["status", "--store", "Nobody", "--json"]).code(), "NO_STORE");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_describes_itself() {
    let desk = Desk::with(ShopPlan::Empty).await;
    let help = desk.run(["--help"]).ok().out;
    let man = desk.run(["man"]).ok().out;
    let commands = [
        "store",
        "sync",
        "status",
        "webhooks",
        "overview",
        "funnel",
        "preorders",
        "preorder",
        "search",
        "events",
        "raw",
        "export",
        "klaviyo",
        "mirror",
        "settings",
        "operators",
        "doctor",
        "call",
        "completions",
        "man",
    ];
    for command in commands {
        assert!(help.contains(&format!("  {command} ")), "{command} in the help");
        assert!(man.contains(command), "{command} in the manual");
    }
    assert!(man.starts_with(".ie") || man.contains(".TH foredeckctl"), "it is a manual page");
    assert!(man.contains("max\\-rps"), "with the options of every command");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(desk.run(["completions", shell]).ok().out.contains("foredeckctl"), "{shell}");
    }
    assert!(desk.run(["--version"]).ok().out.starts_with("foredeckctl "));
}
