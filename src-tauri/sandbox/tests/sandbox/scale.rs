use crate::client::Shop;
use foredeck_sandbox::{Config, ShopPlan};
use std::collections::BTreeSet;

async fn big() -> Shop {
    Shop::open(Config { shop: ShopPlan::Scale { preorders: 3_000, days: 90 }, ..Config::default() }).await
}

#[tokio::test]
async fn every_object_is_listed_once_and_can_be_retrieved() {
    let shop = big().await;
    let totals = shop.control().ledger().totals;
    for (path, name) in [
        ("/v1/checkout/sessions", "checkout.session"),
        ("/v1/payment_intents", "payment_intent"),
        ("/v1/charges", "charge"),
        ("/v1/customers", "customer"),
        ("/v1/refunds", "refund"),
        ("/v1/disputes", "dispute"),
    ] {
        let mut ids = BTreeSet::new();
        let (mut cursor, mut count) = (String::new(), 0u64);
        loop {
            let page = shop.get(&format!("{path}?limit=100{cursor}")).await;
            let found = page.ids();
            count += found.len() as u64;
            cursor = format!("&starting_after={}", found.last().unwrap());
            ids.extend(found);
            if page.json()["has_more"] == false {
                break;
            }
        }
        assert_eq!((count, ids.len() as u64), (totals.objects[name], totals.objects[name]), "{name}");
        let id = ids.iter().nth(ids.len() / 2).unwrap();
        assert_eq!(shop.get(&format!("{path}/{id}")).await.json()["id"], id.as_str());
    }
    assert_eq!(totals.orders, 3_000);
    assert_eq!(totals.by_status.values().sum::<u64>(), 3_000);
}

#[tokio::test]
async fn filters_find_scale_orders() {
    let shop = big().await;
    let charge = shop.get("/v1/charges?limit=1").await.json()["data"][0].clone();
    let text = |name: &str| charge[name].as_str().unwrap().to_owned();
    let by_intent =
        shop.get(&format!("/v1/checkout/sessions?payment_intent={}", text("payment_intent"))).await.ids();
    assert_eq!(by_intent.len(), 1);
    let email = charge["billing_details"]["email"].as_str().unwrap();
    assert_eq!(shop.get(&format!("/v1/customers?email={email}")).await.ids(), [text("customer")]);
    let open = shop.get("/v1/checkout/sessions?status=open&limit=100").await.json();
    assert!(open["data"].as_array().unwrap().iter().all(|s| s["status"] == "open"));
    assert!(shop.get("/v1/customers?email=nobody1@example.com").await.ids().is_empty());
}

#[tokio::test]
async fn a_touched_order_becomes_ordinary_and_is_counted_once() {
    let shop = big().await;
    let before = shop.control().ledger().totals;
    let charge = shop.get("/v1/charges?limit=30").await.ids().pop().unwrap();
    let refund = shop.post("/v1/refunds", &format!("charge={charge}")).await;
    assert_eq!(refund.status, 200, "{}", refund.body);
    let ledger = shop.control().ledger();
    assert_eq!(ledger.orders.len(), 1);
    assert_eq!(ledger.orders[0].status, "refunded");
    assert_eq!(ledger.totals.orders, before.orders);
    assert_eq!(ledger.totals.objects["charge"], before.objects["charge"]);
    assert_eq!(ledger.totals.objects["refund"], before.objects["refund"] + 1);
    assert_eq!(shop.get(&format!("/v1/charges/{charge}")).await.json()["refunded"], true);
    let listed = shop.get("/v1/charges?limit=100").await.ids();
    assert_eq!(listed.iter().filter(|id| **id == charge).count(), 1);
    let types: Vec<_> = shop.control().with_world(|w| w.events().iter().map(|e| e.type_.clone()).collect());
    assert_eq!(types, ["refund.created", "charge.refunded"]);
}

#[tokio::test]
async fn open_scale_sessions_expire_as_time_goes_on() {
    let shop = big().await;
    let open = shop.control().ledger().totals.by_status["processing"];
    assert!(open > 0);
    shop.control().advance(2 * 86_400);
    assert_eq!(shop.control().ledger().totals.by_status.get("processing"), None);
    assert!(shop.get("/v1/checkout/sessions?status=open").await.ids().is_empty());
}
