//! Webhooks as a script and a person read them: from the mirror, with a key that may look and with one that may not.

use foredeck_sandbox::{ClockMode, DEFAULT_KEY};
use foredeck_sandbox::{Config, KeySpec, ShopPlan};
use serde_json::json;

use crate::desk::Desk;

/// A restricted key without the right to read webhook endpoints.
const NO_WEBHOOKS: &str = "rk_test_nowebhooksnowebhooksnoweb00";

async fn desk() -> Desk {
    let narrow = KeySpec {
        key: NO_WEBHOOKS.to_owned(),
        denied: vec!["rak_webhook_read".to_owned()],
        ..KeySpec::standard()
    };
    let shop = ShopPlan::History { orders: 12, days: 5, faults: 0.0 };
    let keys = vec![KeySpec { key: DEFAULT_KEY.to_owned(), ..KeySpec::standard() }, narrow];
    let desk = Desk::open(Config { seed: 11, clock: ClockMode::Real, shop, keys, ..Config::default() }).await;
    desk.add_store();
    desk
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overlap_is_said_in_words_and_in_json_with_both_paths() {
    let desk = desk().await;
    desk.world.with_world(|world| {
        world.new_endpoint("https://shop.example.com/api/payment/webhook", &["checkout.session.completed"])
    });
    let before = desk.run(["webhooks"]).ok();
    assert!(before.out.contains("The endpoints were not looked at yet."), "{}", before.out);
    desk.sync();
    // Without a key and without a shop: everything comes from the file.
    let mirror = desk.mirror();
    let found = desk.run_as(None, ["webhooks", "--json", "--file", mirror.to_str().unwrap()]).ok().json();
    let names: Vec<&String> = found.as_object().unwrap().keys().collect();
    for name in ["endpoints", "overlaps", "undelivered", "never_deliverable"] {
        assert!(names.iter().any(|known| *known == name), "{names:?}");
    }
    let mut paths: Vec<&str> = found["overlaps"][0]["endpoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["path"].as_str().unwrap())
        .collect();
    paths.sort_unstable();
    assert_eq!(paths, ["/api/payment/webhook", "/api/stripe/webhook"]);
    assert_eq!(found["never_deliverable"]["total"], 0, "{found}");
    assert_eq!(found["missing_permission"], json!(null));
    let said = desk.run_as(None, ["webhooks"]).ok().out;
    for words in [
        "/api/payment/webhook and",
        "both take checkout.session.completed: credits may be granted twice; disable all but one",
        "every type",
        "Every event was delivered.",
    ] {
        let said = said
            .replace("/api/stripe/webhook and /api/payment/webhook both", "/api/payment/webhook and both");
        assert!(said.contains(words), "{words}\n{said}");
    }
    desk.assert_no_key_in_files();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_may_not_look_is_said_and_nothing_is_claimed() {
    let desk = desk().await;
    desk.run_as(Some(NO_WEBHOOKS), ["sync", "--max-rps", "100", "--json"]).ok();
    let said = desk.run_as(None, ["webhooks"]).ok().out;
    assert!(said.contains("warning: the key lacks rak_webhook_read"), "{said}");
    let found = desk.run_as(None, ["webhooks", "--json"]).ok().json();
    assert_eq!(found["missing_permission"], "rak_webhook_read");
    assert_eq!((&found["as_of"], &found["endpoints"]), (&json!(null), &json!([])));
    assert_eq!(found["never_deliverable"]["total"], 0, "{found}");
}
