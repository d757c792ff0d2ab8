use crate::client::Shop;
use foredeck_sandbox::world::CheckoutSpec;

const ITEM: &str = "line_items[0][price_data][currency]=eur&line_items[0][price_data][unit_amount]=14900&line_items[0][price_data][product_data][name]=Lamp&line_items[0][quantity]=1";

#[tokio::test]
async fn a_session_is_created_changed_and_expired() {
    let shop = Shop::empty().await;
    let form = format!(
        "mode=payment&success_url=https://shop.example.com/ok&{ITEM}&customer_email=a@example.com&client_reference_id=po_1&metadata[preorderId]=po_1&metadata[color]=ink&payment_intent_data[metadata][preorderId]=po_1&after_expiration[recovery][enabled]=true&customer_creation=always&locale=fr"
    );
    let made = shop.post("/v1/checkout/sessions", &form).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let session = made.json();
    let id = session["id"].as_str().unwrap();
    assert_eq!(
        (id.len(), session["amount_total"].as_i64(), session["status"].as_str()),
        (66, Some(14_900), Some("open"))
    );
    let changed = shop
        .post(&format!("/v1/checkout/sessions/{id}"), "metadata[color]=moss&metadata[preorderId]=")
        .await
        .json();
    assert_eq!(changed["metadata"], serde_json::json!({"color": "moss"}));
    let expired = shop.post(&format!("/v1/checkout/sessions/{id}/expire"), "").await.json();
    assert_eq!(expired["status"], "expired");
    assert!(expired["after_expiration"]["recovery"]["url"].is_string());
    let refused = shop.post(&format!("/v1/checkout/sessions/{id}/expire"), "").await;
    assert_eq!(refused.status, 400);
    let events = shop.get("/v1/events").await.json();
    assert_eq!(events["data"].as_array().unwrap().len(), 1);
    assert_eq!(events["data"][0]["type"], "checkout.session.expired");
    assert!(events["data"][0]["request"]["id"].as_str().unwrap().starts_with("req_"));
}

#[tokio::test]
async fn bad_sessions_are_refused() {
    let shop = Shop::empty().await;
    for (form, param) in [
        ("success_url=https://x&".to_owned() + ITEM, "mode"),
        ("mode=payment&success_url=https://x".to_owned(), "line_items"),
        ("mode=payment&".to_owned() + ITEM, "success_url"),
        ("mode=payment&success_url=https://x&expires_at=1790000060&".to_owned() + ITEM, "expires_at"),
        ("mode=payment&success_url=https://x&expires_at=1790186400&".to_owned() + ITEM, "expires_at"),
        (
            "mode=payment&success_url=https://x&line_items[0][price]=price_none".to_owned(),
            "line_items[0][price]",
        ),
        ("mode=payment&success_url=https://x&customer=cus_none&".to_owned() + ITEM, "customer"),
        (format!("mode=payment&success_url=https://x&metadata[k]={}&{ITEM}", "x".repeat(501)), "metadata"),
    ] {
        let refused = shop.post("/v1/checkout/sessions", &form).await;
        assert_eq!(refused.status, 400, "{form}");
        assert_eq!(refused.error()["param"].as_str(), Some(param), "{form}");
    }
    assert!(shop.get("/v1/checkout/sessions").await.ids().is_empty());
}

#[tokio::test]
async fn refunds_stop_at_what_is_left() {
    let shop = Shop::empty().await;
    let charge = shop.control().with_world(|w| {
        let session = w.open_checkout(CheckoutSpec::default()).unwrap();
        w.pay(&session).unwrap()
    });
    let part = shop
        .post(
            "/v1/refunds",
            &format!("charge={charge}&amount=4900&reason=duplicate&metadata[foredeck_action]=a1"),
        )
        .await;
    assert_eq!(part.json()["status"], "succeeded", "{}", part.body);
    assert_eq!(
        shop.post("/v1/refunds", &format!("charge={charge}&amount=10001")).await.error()["param"],
        "amount"
    );
    let intent = shop.get(&format!("/v1/charges/{charge}")).await.json()["payment_intent"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(shop.post("/v1/refunds", &format!("payment_intent={intent}")).await.json()["amount"], 10_000);
    let refused = shop.post("/v1/refunds", &format!("charge={charge}")).await;
    assert_eq!(refused.error()["code"], "charge_already_refunded");
    assert_eq!(shop.get(&format!("/v1/refunds?charge={charge}")).await.ids().len(), 2);
    assert_eq!(shop.control().ledger().orders[0].status, "refunded");
}

#[tokio::test]
async fn a_hold_is_captured_or_cancelled() {
    let shop = Shop::empty().await;
    let (first, second) = shop.control().with_world(|w| {
        let mut hold = || {
            let session =
                w.open_checkout(CheckoutSpec { capture_by_hand: true, ..CheckoutSpec::default() }).unwrap();
            w.authorize(&session).unwrap();
            w.object(&session).unwrap()["payment_intent"].as_str().unwrap().to_owned()
        };
        (hold(), hold())
    });
    assert_eq!(shop.get(&format!("/v1/payment_intents/{first}")).await.json()["status"], "requires_capture");
    assert_eq!(
        shop.post(&format!("/v1/payment_intents/{first}/capture"), "").await.json()["status"],
        "succeeded"
    );
    let cancelled = shop
        .post(&format!("/v1/payment_intents/{second}/cancel"), "cancellation_reason=abandoned")
        .await
        .json();
    assert_eq!(cancelled["status"], "canceled");
    let refused = shop.post(&format!("/v1/payment_intents/{first}/cancel"), "").await;
    assert_eq!(refused.error()["code"], "payment_intent_unexpected_state");
    let words: Vec<_> = shop.control().ledger().orders.into_iter().map(|o| o.status).collect();
    assert_eq!(words.iter().filter(|w| *w == "completed").count(), 1);
    assert_eq!(words.iter().filter(|w| *w == "canceled").count(), 1);
}

#[tokio::test]
async fn a_deleted_customer_leaves_a_stub() {
    let shop = Shop::empty().await;
    let id =
        shop.post("/v1/customers", "email=a@example.com").await.json()["id"].as_str().unwrap().to_owned();
    let updated = shop.post(&format!("/v1/customers/{id}"), "name=Aelith&metadata[k]=v").await.json();
    assert_eq!((updated["name"].as_str(), updated["metadata"]["k"].as_str()), (Some("Aelith"), Some("v")));
    let deleted = shop.send("DELETE", &format!("/v1/customers/{id}"), "", &[]).await.unwrap();
    let stub = serde_json::json!({"id": id, "object": "customer", "deleted": true});
    assert_eq!(deleted.json(), stub);
    assert_eq!(shop.get(&format!("/v1/customers/{id}")).await.json(), stub);
    assert!(shop.get("/v1/customers").await.ids().is_empty());
    let types: Vec<_> = shop.control().with_world(|w| w.events().iter().map(|e| e.type_.clone()).collect());
    assert_eq!(types, ["customer.created", "customer.updated", "customer.deleted"]);
}

#[tokio::test]
async fn the_desk_places_orders_and_tells_stories() {
    let shop = Shop::empty().await;
    let placed = shop
        .post(
            "/_sandbox/order",
            r#"{"email":"a@example.com","color":"ink","outcome":"paid","preorder_id":"po_9"}"#,
        )
        .await;
    assert_eq!(placed.status, 200, "{}", placed.body);
    let charge = placed.json()["charge"].as_str().unwrap().to_owned();
    let told = shop
        .post("/_sandbox/story", &format!(r#"{{"op":"dispute","args":{{"charge":"{charge}"}}}}"#))
        .await
        .json();
    let dispute = told["made"].as_str().unwrap().to_owned();
    assert_eq!(shop.post(&format!("/v1/disputes/{dispute}/close"), "").await.json()["status"], "lost");
    let ledger = shop.get("/_sandbox/ledger").await.json();
    let order = &ledger["orders"][0];
    assert_eq!(
        (order["id"].as_str(), order["status"].as_str(), order["kept"].as_bool()),
        (Some("po_9"), Some("disputed"), Some(false))
    );
    assert_eq!(shop.post("/_sandbox/advance", r#"{"seconds":60}"#).await.json()["now"], 1_790_000_060);
    assert_eq!(shop.post("/_sandbox/story", r#"{"op":"fly"}"#).await.status, 404);
}
