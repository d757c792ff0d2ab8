//! The api table, every role: nothing is written below its level.

use foredeck_engine::api::{self, Level, Operation, VIEWER};
use foredeck_engine::domain::operator::Role;
use foredeck_sandbox::{DEFAULT_KLAVIYO_KEY, KlaviyoConfig};
use serde_json::{Value, json};

use super::{CREW, alone, crew};
use crate::it::sync::desk::Desk;

/// Arguments that are good: whoever may call these operations changes something by them. An operation that is not here is
/// called without any.
fn arguments(desk: &Desk, name: &str) -> Value {
    let file = |name: &str| desk.folder.path().join(name).display().to_string();
    match name {
        "store_add" => json!({"name": "Second", "mode": "test", "stripe_url": desk.sandbox.base_url()}),
        "store_remove" => json!({"confirm_name": "Shop"}),
        "store_set_key" => json!({"key": foredeck_sandbox::DEFAULT_KEY}),
        "settings_set" => json!({"time_zone": "Asia/Shanghai"}),
        "mirror_backup" => json!({"path": file("copy.mirror")}),
        "export" => json!({"what": "customers", "format": "csv", "path": file("customers.csv")}),
        "audience_export" => json!({"audience": "abandoned", "format": "csv", "path": file("people.csv")}),
        "audience_page" => json!({"audience": "abandoned"}),
        "plan_set" => {
            json!({"rules": [{"by": "amount", "value": "900 eur", "plan": "x", "credits": 1}], "revision": 1})
        }
        "wallet_adjust" => json!({"owner": "user_1", "credits": 5, "reason": "goodwill"}),
        "import_run" => json!({"kind": "users", "path": file("users.in")}),
        "import_preview" => json!({"kind": "users", "path": file("users.in")}),
        "import_remove" => json!({"batch": 1}),
        "operator_add" => json!({"name": "New", "role": "owner", "passphrase": "a new passphrase"}),
        "operator_remove" => json!({"name": "viewer"}),
        "operator_rename" => json!({"name": "support", "new_name": "Sue"}),
        "operator_set_role" => json!({"name": "admin", "role": "owner"}),
        "operator_set_disabled" => json!({"name": "admin", "disabled": true}),
        "operator_set_idle" => json!({"minutes": 7}),
        "operator_set_passphrase" => json!({"name": "owner", "passphrase": "stolen passphrase"}),
        "operator_unlock" => json!({"name": "owner", "passphrase": "not the passphrase"}),
        "sync_now" => json!({"full": true}),
        "window_focus" => json!({"front": true}),
        "search" => json!({"text": "a"}),
        "plan_preview" => json!({"rules": []}),
        "purchase_status" | "purchase_sheet" | "preorder_sheet" | "raw_fact" | "order_actions" => {
            json!({"id": "pi_1"})
        }
        "wallet_sheet" => json!({"owner": "user_1"}),
        _ => json!({}),
    }
}

/// Writes that leave the data folder as it was: a key without a keychain is in memory, and orders are made anew as they were.
/// A test of a key that is not kept changes nothing at all.
const UNSEEN: [&str; 4] = ["store_set_key", "store_forget_key", "mirror_rebuild", "klaviyo_test"];

fn writes() -> impl Iterator<Item = &'static Operation> {
    api::table().iter().filter(|operation| operation.level > VIEWER)
}

fn with_users(desk: &Desk) {
    std::fs::write(desk.folder.path().join("users.in"), "id,email\nuser_1,a@example.com\n").unwrap();
}

#[tokio::test]
async fn nothing_writes_below_its_level() {
    let desk = crew().await;
    with_users(&desk);
    let before = desk.files();
    let mut refused = 0;
    desk.get("operator_lock", json!({})).await;
    for operation in writes() {
        let problem = desk.refusal(operation.name, arguments(&desk, operation.name)).await;
        assert_eq!(problem.code, "LOCKED", "{}", operation.name);
        assert_eq!(desk.files(), before, "{} wrote while it was locked", operation.name);
    }
    for role in CREW {
        desk.sign_in(role.as_str()).await;
        for operation in writes().filter(|operation| role.level() < operation.level) {
            let problem = desk.refusal(operation.name, arguments(&desk, operation.name)).await;
            assert_eq!(problem.code, "NOT_PERMITTED", "{} by {role:?}", operation.name);
            let needed = Role::lowest_with(operation.level).unwrap();
            for word in [operation.name, role.as_str(), needed.as_str(), &operation.level.0.to_string()] {
                assert!(problem.message.contains(word), "{word}: {}", problem.message);
            }
            assert_eq!(desk.files(), before, "{} wrote for {role:?}", operation.name);
            refused += 1;
        }
    }
    assert!(refused >= 30, "{refused}");
}

#[tokio::test]
async fn whoever_has_the_level_gets_as_far_as_the_arguments() {
    let desk = crew().await;
    for role in CREW {
        desk.sign_in(role.as_str()).await;
        for operation in api::table().iter().filter(|operation| role.level() >= operation.level) {
            let problem = desk.refusal(operation.name, json!("no arguments")).await;
            assert_eq!(problem.code, "BAD_ARGUMENTS", "{} by {role:?}: {problem:?}", operation.name);
        }
    }
}

#[tokio::test]
async fn what_was_refused_would_have_written() {
    let desk = crew().await;
    with_users(&desk);
    // What is removed was made before, and the store goes last.
    let late = |operation: &&Operation| match operation.name {
        "import_remove" => 1,
        // What stops all writing comes after them.
        "writes_stop" => 2,
        "store_remove" => 3,
        _ => 0,
    };
    // A test of the report server asks one that is not there, and would write nothing.
    let mut all: Vec<&Operation> = writes().filter(|operation| operation.name != "report_test").collect();
    all.sort_by_key(late);
    // In the table's order: tested, connected, another key, another metric, checked, disconnected.
    let klaviyo = desk.sandbox.open_klaviyo(KlaviyoConfig::default()).await.unwrap();
    let metric = |integration: &str| klaviyo.control().metric_id("Placed Order", integration).unwrap();
    let at_klaviyo = |name: &str| match name {
        "klaviyo_test" => json!({"key": DEFAULT_KLAVIYO_KEY, "klaviyo_url": klaviyo.base_url()}),
        "klaviyo_connect" => {
            let url = klaviyo.base_url();
            json!({"key": DEFAULT_KLAVIYO_KEY, "klaviyo_url": url, "metric_id": metric("shopify")})
        }
        "audience_segment" => {
            let segment = klaviyo.control().segment_id("Preorder successful").unwrap();
            json!({"audience": "successful", "segment_id": segment})
        }
        "klaviyo_rotate" => json!({"key": DEFAULT_KLAVIYO_KEY}),
        "klaviyo_set_metric" => json!({"metric_id": metric("api")}),
        _ => json!({}),
    };
    for operation in all {
        let args = match arguments(&desk, operation.name) {
            none if none == json!({}) => at_klaviyo(operation.name),
            args => args,
        };
        if args == json!({}) && operation.args != "NoArgs" {
            continue;
        }
        let before = desk.files();
        // An earlier one may have made another revision of the settings.
        let args = if operation.name == "plan_set" {
            let preview = desk.get("plan_preview", json!({"rules": args["rules"]})).await;
            json!({"rules": args["rules"], "revision": preview["revision"]})
        } else {
            args
        };
        desk.get(operation.name, args).await;
        if !UNSEEN.contains(&operation.name) {
            assert!(
                desk.files() != before,
                "{} wrote nothing, so that its refusal proves nothing",
                operation.name
            );
        }
    }
}

#[tokio::test]
async fn what_a_viewer_may_call_writes_nothing() {
    let desk = crew().await;
    with_users(&desk);
    let order = desk.get("preorder_page", json!({"limit": 1})).await["rows"][0]["id"].clone();
    let before = desk.files();
    for seat in [None, Some("viewer")] {
        match seat {
            Some(name) => drop(desk.sign_in(name).await),
            None => drop(desk.get("operator_lock", json!({})).await),
        }
        let reads = api::table().iter().filter(|operation| operation.level <= VIEWER);
        // Locking is how the first round began; in the second it would end it.
        for operation in reads.filter(|operation| operation.name != "operator_lock") {
            let mut args = arguments(&desk, operation.name);
            if matches!(operation.name, "preorder_sheet" | "order_actions") {
                args["id"] = order.clone();
            }
            let outcome = desk.ask(operation.name, args).await;
            if matches!(operation.name, "sync_now" | "operator_set_passphrase") {
                let code = if seat.is_none() { "LOCKED" } else { "NOT_PERMITTED" };
                assert_eq!(outcome.unwrap_err().code, code, "{}", operation.name);
            }
            assert_eq!(desk.files(), before, "{} wrote", operation.name);
        }
    }
}

#[tokio::test]
async fn every_level_belongs_to_a_role() {
    let desk = alone().await;
    for operation in api::table() {
        let role = Role::lowest_with(operation.level);
        assert_eq!(role.map(Role::level), Some(operation.level), "{}", operation.name);
    }
    let levels = |name: &str| {
        api::table().iter().find(|operation| operation.name == name).map(|operation| operation.level.0)
    };
    for (name, level) in [
        ("wallet_adjust", 50),
        ("export", 50),
        ("audience_export", 50),
        ("audience_segment", 50),
        ("audience_segments", 50),
        ("store_add", 80),
        ("store_set_key", 80),
        ("plan_set", 80),
        ("settings_set", 80),
        ("import_run", 80),
        ("klaviyo_connect", 80),
        ("klaviyo_disconnect", 80),
        ("store_remove", 100),
        ("operator_add", 100),
    ] {
        assert_eq!(levels(name), Some(level), "{name}");
    }
    // The one owner there is by default may do all of it.
    assert_eq!(desk.me().await["level"], Level(100).0);
}
