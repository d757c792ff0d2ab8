//! A restricted key: what it may not read is named, and the rest is synced.

use serde_json::json;

use crate::desk::{Desk, NO_CHARGES, NO_EVENTS};

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_permission_is_named_and_the_rest_is_synced() {
    let desk = Desk::with_orders(30).await;
    desk.add_store();
    let ran = desk.run_as(Some(NO_CHARGES), ["sync", "--max-rps", "100", "--json"]).ok();
    assert!(ran.err.contains("rak_charge_read"), "{}", ran.err);
    assert!(ran.json()["events"].as_i64().unwrap() > 0);
    let status = desk.run_as(None, ["status", "--json"]).ok().json();
    let totals = desk.world.ledger().totals;
    for kind in status["kinds"].as_array().unwrap() {
        match kind["kind"].as_str().unwrap() {
            "charge" | "refund" => assert_eq!(kind["missing_permission"], "rak_charge_read", "{kind}"),
            name => {
                assert_eq!(kind["missing_permission"], json!(null), "{kind}");
                if !["event", "customer"].contains(&name) {
                    assert_eq!(kind["count"], totals.objects.get(name).copied().unwrap_or(0), "{name}");
                }
            }
        }
    }
    let overview = desk.run_as(None, ["overview", "--json"]).ok().json();
    let attention = overview["attention"].as_array().unwrap();
    assert!(attention.iter().any(|one| one["kind"] == "missing_permissions"), "{attention:?}");
    let check = desk.run_as(Some(NO_CHARGES), ["store", "key", "--check", "--json"]).ok().json();
    let lacks: Vec<&str> = check["permissions"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["missing_permission"].as_str())
        .collect();
    assert_eq!(lacks, ["rak_charge_read", "rak_charge_read"], "charges and refunds");

    // A better key mends it.
    desk.sync();
    let mended = desk.run(["status", "--json"]).ok().json();
    assert!(
        mended["kinds"]
            .as_array()
            .unwrap()
            .iter()
            .all(|kind| kind["missing_permission"].is_null() && kind["gaps"] == json!([])),
        "{mended}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_may_not_read_events_still_fills_the_mirror() {
    let desk = Desk::with_orders(20).await;
    desk.add_store();
    let ran = desk.run_as(Some(NO_EVENTS), ["sync", "--max-rps", "100", "--json"]).ok();
    assert!(ran.err.contains("rak_event_read"), "{}", ran.err);
    let funnel = desk.run(["funnel", "--json"]).ok().json();
    assert_eq!(funnel["total"]["started"], desk.world.ledger().orders.len());
    let status = desk.run(["status", "--json"]).ok().json();
    assert_eq!(status["kinds"][0]["missing_permission"], "rak_event_read");
}
