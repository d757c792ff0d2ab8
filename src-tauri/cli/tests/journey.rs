//! From an empty folder to every figure, held against the shop's own ledger.

use std::collections::BTreeSet;

use foredeck_sandbox::DEFAULT_ACCOUNT;
use serde_json::{Value, json};

use crate::desk::Desk;

#[tokio::test(flavor = "multi_thread")]
async fn a_store_is_made_without_a_network_and_synced() {
    let mut desk = Desk::with_orders(60).await;
    let url = desk.url.clone();
    let made = desk.add_store();
    assert_eq!(made["name"], "Shop");
    assert_eq!((&made["mode"], &made["stripe_url"]), (&json!("test"), &json!(url)));
    assert_eq!((&made["key_source"], &made["key_prefix"]), (&json!("environment"), &json!("sk_test")));
    assert_eq!(desk.world.requests().len(), 0, "making a store asks nobody");

    let synced = desk.sync();
    let fields: Vec<&String> = synced.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["duration_ms", "events", "objects", "requests", "throttled"]);
    assert_eq!(synced["events"], desk.world.with_world(|world| world.events().len()));
    assert_eq!(synced["requests"], desk.world.requests().len());
    assert_eq!(synced["throttled"], 0);
    let again = desk.sync();
    assert_eq!(again["events"], 0);

    let status = desk.run(["status", "--json"]).ok().json();
    assert!(status["watermark"].is_i64());
    let totals = desk.world.ledger().totals;
    for kind in status["kinds"].as_array().unwrap() {
        let name = kind["kind"].as_str().unwrap();
        assert!(kind["complete_up_to"].is_i64() && kind["gaps"] == json!([]), "{kind}");
        if name != "event" && name != "customer" {
            assert_eq!(kind["count"], totals.objects.get(name).copied().unwrap_or(0), "{name}");
        }
    }
    let list = desk.run(["store", "list", "--json"]).ok().json();
    assert_eq!(list["stores"][0]["account_id"], DEFAULT_ACCOUNT);

    // Without the shop and without a key everything read is still there.
    desk.close_shop().await;
    let offline = desk.run_as(None, ["status", "--json"]).ok().json();
    assert_eq!(offline["kinds"], status["kinds"]);
    desk.assert_no_key_in_files();
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_those_of_the_ledger() {
    let desk = Desk::synced(120).await;
    let orders = desk.world.ledger().orders;
    let count = |test: &dyn Fn(&&foredeck_sandbox::LedgerOrder) -> bool| {
        orders.iter().filter(|order| test(order)).count()
    };
    let total = json!({
        "started": orders.len(),
        "checkout_opened": count(&|order| order.checkout_opened || order.payment_attempted || order.paid),
        "payment_attempted": count(&|order| order.payment_attempted || order.paid),
        "paid": count(&|order| order.paid),
        "kept": count(&|order| order.kept),
    });
    for by in ["day", "color", "locale", "source"] {
        let funnel = desk.run(["funnel", "--by", by, "--json"]).ok().json();
        assert_eq!(funnel["total"], total, "by {by}");
        for step in ["started", "checkout_opened", "payment_attempted", "paid", "kept"] {
            let rows = funnel["rows"].as_array().unwrap().iter();
            assert_eq!(
                rows.map(|row| row[step].as_u64().unwrap()).sum::<u64>(),
                total[step],
                "{step} by {by}"
            );
        }
    }
    let uncoloured = count(&|order| order.color.is_none());
    let by_color = desk.run(["funnel", "--by", "color", "--json"]).ok().json();
    let unknown = by_color["rows"].as_array().unwrap().iter().find(|row| row["key"].is_null());
    assert_eq!(unknown.map_or(json!(0), |row| row["started"].clone()), uncoloured);

    let overview = desk.run(["overview", "--json"]).ok().json();
    let by_status = overview["by_status"].as_array().unwrap().iter();
    for row in by_status {
        let status = row["status"].as_str().unwrap();
        assert_eq!(row["count"], count(&|order| order.status == status), "{status}");
    }

    // For people, the same in tables.
    for command in [
        vec!["status"],
        vec!["overview"],
        vec!["funnel"],
        vec!["preorders"],
        vec!["events"],
        vec!["store", "list"],
    ] {
        let ran = desk.run(&command).ok();
        assert!(ran.out.lines().count() > 1 && !ran.out.contains('{'), "{command:?}: {}", ran.out);
    }
    let table = desk.run(["funnel", "--by", "color"]).ok().out;
    let last: Vec<&str> = table.lines().last().unwrap().split_whitespace().collect();
    let figures = ["started", "checkout_opened", "payment_attempted", "paid", "kept"]
        .map(|step| total[step].to_string());
    assert_eq!(last[..6], ["total", &figures[0], &figures[1], &figures[2], &figures[3], &figures[4]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_walk_through_every_preorder_once() {
    let desk = Desk::synced(90).await;
    let orders = desk.world.ledger().orders;
    for extra in [
        &["--sort", "started"][..],
        &["--sort", "amount", "--ascending"],
        &["--status", "completed,refunded"],
    ] {
        let mut seen = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let mut args = vec!["preorders", "--limit", "20", "--json"];
            args.extend(extra);
            if let Some(after) = &after {
                args.extend(["--after", after]);
            }
            let page = desk.run(&args).ok().json();
            let rows = page["rows"].as_array().unwrap();
            assert!(rows.len() <= 20);
            seen.extend(rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()));
            after = page["next"].as_str().map(str::to_owned);
            if after.is_none() {
                break;
            }
        }
        let once: BTreeSet<&str> = seen.iter().map(String::as_str).collect();
        let wanted = |order: &&foredeck_sandbox::LedgerOrder| {
            !extra.contains(&"--status") || ["completed", "refunded"].contains(&order.status.as_str())
        };
        let truth: BTreeSet<&str> = orders.iter().filter(wanted).map(|order| order.id.as_str()).collect();
        assert_eq!((seen.len(), once), (truth.len(), truth), "{extra:?}");
    }
    let filtered =
        desk.run(["preorders", "--step", "paid", "--color", "", "--limit", "500", "--json"]).ok().json();
    let truth = orders.iter().filter(|order| order.paid && order.color.is_none()).count();
    assert_eq!(filtered["rows"].as_array().unwrap().len(), truth);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_preorder_is_found_by_every_id_it_ever_had() {
    let desk = Desk::synced(40).await;
    let orders = desk.world.ledger().orders;
    let order = orders
        .iter()
        .find(|order| order.paid && !order.session_ids.is_empty() && order.email.is_some())
        .unwrap();
    let (session, intent) = (&order.session_ids[0], &order.intent_ids[0]);
    let event = desk.world.with_world(|world| {
        world.events().iter().find(|event| event.object_id == *session).unwrap().id.clone()
    });
    for id in [&order.id, session, intent, &order.charge_ids[0], &event] {
        let sheet = desk.run(["preorder", id, "--json"]).ok().json();
        assert_eq!(sheet["row"]["id"], order.id, "by {id}");
        assert_eq!(sheet["row"]["status"], order.status);
    }
    let text = desk.run(["preorder", session]).ok().out;
    assert!(
        text.starts_with(&order.id) && text.contains("Timeline") && text.contains(session.as_str()),
        "{text}"
    );
    assert_eq!(desk.run(["preorder", "cs_nobody", "--json"]).code(), "NOT_FOUND");

    let email = order.email.clone().unwrap();
    let found = desk.run(["search", &email, "--json"]).ok().json();
    assert!(found["hits"].as_array().unwrap().iter().any(|hit| hit["row"]["id"] == order.id), "{found}");
    let nothing = desk.run(["search", "nobody@nowhere.example", "--json"]).ok().json();
    assert_eq!(nothing["hits"], json!([]));

    let raw: Value = serde_json::from_str(&desk.run(["raw", session]).ok().out).unwrap();
    assert_eq!(raw["id"], **session);
    let fact = desk.run(["raw", &event, "--json"]).ok().json();
    assert_eq!((&fact["origin"], &fact["id"]), (&json!("event"), &json!(event)));
    let events = desk.run(["events", "--object", intent, "--json"]).ok().json();
    let rows = events["rows"].as_array().unwrap();
    assert!(!rows.is_empty() && rows.iter().all(|row| row["object_id"] == **intent), "{events}");
    let types = desk.run(["events", "--type", "checkout.session.*", "--limit", "3", "--json"]).ok().json();
    assert!(
        types["rows"]
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["type"].as_str().unwrap().starts_with("checkout.session."))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_kept_and_stores_are_removed() {
    let desk = Desk::synced(20).await;
    let set = [
        "settings",
        "set",
        "time_zone=Asia/Tokyo",
        "metadata.color=tint,color",
        "max_requests_per_s=15",
        "--json",
    ];
    desk.run(set).ok();
    let kept = desk.run(["settings", "get", "--json"]).ok().json();
    assert_eq!((&kept["time_zone"], &kept["max_requests_per_s"]), (&json!("Asia/Tokyo"), &json!(15)));
    assert_eq!(kept["metadata"]["color"], json!(["tint", "color"]));
    assert!(desk.run(["settings", "get"]).ok().out.contains("metadata.color=tint,color\n"));
    assert_eq!(desk.run(["settings", "set", "time_zone=Mars/Olympus", "--json"]).code(), "BAD_SETTING");
    assert_eq!(desk.run(["settings", "set", "poll_front_s=1", "--json"]).code(), "BAD_SETTING");
    assert_eq!(desk.run(["settings", "get", "--json"]).ok().json(), kept, "nothing changed");
    let total = desk.run(["funnel", "--json"]).ok().json()["total"]["started"].clone();
    assert_eq!(total, desk.world.ledger().orders.len(), "roll-ups were made anew");

    desk.run(["store", "add", "Second", "--json"]).ok();
    assert_eq!(desk.run(["status", "--json"]).code(), "SEVERAL_STORES");
    desk.run(["status", "--store", "Second", "--json"]).ok();
    assert_eq!(desk.run(["store", "add", "Second", "--json"]).code(), "BAD_NAME");
    let left = desk.run(["store", "remove", "Second", "--yes", "--json"]).ok().json();
    assert_eq!(left["stores"].as_array().unwrap().len(), 1);
    desk.run(["status", "--json"]).ok();
    desk.run(["store", "remove", "Shop", "--yes", "--json"]).ok();
    assert_eq!(desk.run(["status", "--json"]).code(), "NO_STORE");
    let left: Vec<_> =
        std::fs::read_dir(desk.data()).unwrap().map(|file| file.unwrap().file_name()).collect();
    let stays = |name: &std::ffi::OsString| {
        // What was done with a store stays known: its audit.
        name.to_string_lossy().starts_with("stores.") || name == "archive"
    };
    assert!(left.iter().all(stays), "{left:?}");
    assert_eq!(std::fs::read_dir(desk.data().join("archive")).unwrap().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_are_called_by_name() {
    let desk = Desk::synced(10).await;
    let names: Vec<String> =
        foredeck_engine::api::table().iter().map(|operation| operation.name.to_owned()).collect();
    let listed = desk.run(["call", "--json"]).ok().json();
    let listed = listed.as_array().unwrap().iter().map(|operation| operation["name"].as_str().unwrap());
    assert_eq!(listed.collect::<Vec<_>>(), names);
    let page = desk.run(["call", "preorder_page", r#"{"limit":2}"#, "--json"]).ok().json();
    assert_eq!(page["rows"].as_array().unwrap().len(), 2);
    assert_eq!(desk.run_given(r#"{"limit":2}"#, ["call", "preorder_page", "-", "--json"]).ok().json(), page);
    assert_eq!(desk.run(["call", "nothing", "--json"]).code(), "UNKNOWN_OPERATION");
    assert_eq!(desk.run(["call", "preorder_page", r#"{"limits":2}"#, "--json"]).code(), "BAD_ARGUMENTS");
}
