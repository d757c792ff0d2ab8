//! Looks over HTTP: when they are due, what a key may not see, and what becomes of a list that fails.

use foredeck_engine::api;
use foredeck_engine::secrets::StripeKey;
use foredeck_sandbox::world::CheckoutSpec;
use foredeck_sandbox::{Config, DEFAULT_ACCOUNT, DEFAULT_KEY, KeySpec, ShopPlan};
use serde_json::Value;

use crate::it::sync::desk::Desk;

const NARROW: &str = "rk_test_nowebhooks00000000000000000";

async fn ask(desk: &Desk, name: &str) -> Value {
    let call = api::Call::new(desk.engine.clone(), Some("Shop".into()));
    api::call(call, name, Value::Null).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_are_looked_at_with_every_sync_and_what_left_the_list_is_gone() {
    let desk = Desk::with_shop(ShopPlan::Empty).await;
    let (old, new) = desk.world.with_world(|world| {
        let old = world
            .new_endpoint("https://shop.example.com/api/payment/webhook", &["checkout.session.completed"]);
        (old, world.new_endpoint("https://shop.example.com/api/stripe/webhook", &["*"]))
    });
    desk.sync().await;
    let found = ask(&desk, "webhooks").await;
    let paths: Vec<&str> = found["overlaps"][0]["endpoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths.len(), 2, "{found}");
    assert!(paths.contains(&"/api/payment/webhook") && paths.contains(&"/api/stripe/webhook"), "{found}");
    assert_eq!(found["overlaps"][0]["leads_to"], "credits_granted_twice");
    let overview = ask(&desk, "overview").await;
    assert_eq!(overview["attention"][0]["kind"], "webhook_overlaps", "{overview}");

    desk.advance(60);
    desk.world.with_world(|world| world.delete_endpoint(&old).unwrap());
    desk.sync().await;
    let found = ask(&desk, "webhooks").await;
    assert_eq!(found["endpoints"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found["endpoints"][0]["id"], new.as_str());
    assert_eq!(found["overlaps"].as_array().unwrap().len(), 0);
    assert_eq!(
        desk.count("SELECT count(*) FROM node n JOIN stripe_id i ON i.key = n.key WHERE i.kind = 10").await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn more_endpoints_than_a_page_holds_are_all_seen() {
    let desk = Desk::with_shop(ShopPlan::Empty).await;
    desk.world.with_world(|world| {
        for n in 0..130 {
            world.new_endpoint(&format!("https://shop.example.com/hook/{n}"), &["charge.refunded"]);
        }
    });
    desk.sync().await;
    let found = ask(&desk, "webhooks").await;
    assert_eq!(found["endpoints"].as_array().unwrap().len(), 130);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_without_the_permission_says_so_and_keeps_what_another_saw() {
    let narrow = KeySpec {
        key: NARROW.to_owned(),
        account: DEFAULT_ACCOUNT.to_owned(),
        denied: vec!["rak_webhook_read".to_owned()],
        ..KeySpec::standard()
    };
    let config =
        Config { shop: ShopPlan::Empty, keys: vec![KeySpec::standard(), narrow], ..Config::default() };
    let desk = Desk::with(config).await;
    desk.store.keep_key_unchecked(StripeKey::parse(NARROW).unwrap()).await.unwrap();
    desk.world.with_world(|world| world.new_endpoint("https://shop.example.com/hook", &["*"]));
    desk.sync().await;
    let found = ask(&desk, "webhooks").await;
    assert_eq!(found["missing_permission"], "rak_webhook_read", "{found}");
    assert_eq!((found["as_of"].clone(), found["endpoints"].as_array().unwrap().len()), (Value::Null, 0));
    let check = ask(&desk, "store_check_key").await;
    let row = check["permissions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["kind"] == "webhook_endpoint")
        .unwrap();
    assert_eq!(row["missing_permission"], "rak_webhook_read");

    desk.store.keep_key_unchecked(StripeKey::parse(DEFAULT_KEY).unwrap()).await.unwrap();
    desk.sync().await;
    let found = ask(&desk, "webhooks").await;
    assert_eq!(
        (found["missing_permission"].clone(), found["endpoints"].as_array().unwrap().len()),
        (Value::Null, 1)
    );

    desk.store.keep_key_unchecked(StripeKey::parse(NARROW).unwrap()).await.unwrap();
    desk.advance(700);
    desk.sync().await;
    let found = ask(&desk, "webhooks").await;
    assert_eq!(found["missing_permission"], "rak_webhook_read");
    assert_eq!(found["endpoints"].as_array().unwrap().len(), 1, "what was seen stays, as of then");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_before_its_subscription_is_found_and_its_neighbours_are_not() {
    let desk = Desk::with_shop(ShopPlan::Empty).await;
    let order = |desk: &Desk, email: &str| {
        desk.world.with_world(|world| {
            let spec = CheckoutSpec { email: Some(email.to_owned()), ..CheckoutSpec::default() };
            let session = world.open_checkout(spec).unwrap();
            world.pay(&session).unwrap();
        });
    };
    desk.sync().await;
    desk.advance(60);
    order(&desk, "early@example.com");
    desk.advance(60);
    desk.sync().await;
    desk.advance(1);
    desk.world.with_world(|world| world.new_endpoint("https://shop.example.com/hook", &["*"]));
    desk.advance(1);
    order(&desk, "fine@example.com");
    desk.advance(700);
    desk.sync().await;
    let found = ask(&desk, "webhooks").await;
    assert_eq!(found["never_deliverable"]["total"], 1, "{found}");
    assert_eq!(found["never_deliverable"]["events"][0]["reason"], "no_endpoint");
    assert!(found["never_deliverable"]["events"][0]["order"].is_string(), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sync_now_looks_again_at_once() {
    let desk = Desk::with_shop(ShopPlan::Empty).await;
    let mut changes = desk.engine.announcer().listen();
    desk.store.start_sync();
    let looked = async |changes: &mut tokio::sync::broadcast::Receiver<_>, endpoints: usize| {
        while {
            let found = ask(&desk, "webhooks").await;
            found["as_of"].is_null() || found["endpoints"].as_array().unwrap().len() != endpoints
        } {
            let heard = tokio::time::timeout(std::time::Duration::from_secs(60), changes.recv()).await;
            assert!(heard.is_ok(), "nothing changes any more");
        }
    };
    looked(&mut changes, 0).await;
    // The clock stands still: no look would be due for ten minutes.
    desk.world.with_world(|world| world.new_endpoint("https://shop.example.com/hook", &["*"]));
    ask(&desk, "sync_now").await;
    looked(&mut changes, 1).await;
    desk.store.stop_sync().await;
}
