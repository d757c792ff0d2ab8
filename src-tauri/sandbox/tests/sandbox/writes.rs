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
async fn a_part_of_a_hold_is_captured_and_the_rest_released() {
    let shop = Shop::empty().await;
    let intent = shop.control().with_world(|w| {
        let session =
            w.open_checkout(CheckoutSpec { capture_by_hand: true, ..CheckoutSpec::default() }).unwrap();
        w.authorize(&session).unwrap();
        w.object(&session).unwrap()["payment_intent"].as_str().unwrap().to_owned()
    });
    let path = format!("/v1/payment_intents/{intent}");
    let refused = shop.post(&format!("{path}/capture"), "amount_to_capture=14901").await;
    assert_eq!((refused.status, refused.error()["code"].as_str()), (400, Some("amount_too_large")));
    let captured = shop.post(&format!("{path}/capture"), "amount_to_capture=10000").await.json();
    assert_eq!(
        (captured["status"].as_str(), captured["amount"].as_i64(), captured["amount_received"].as_i64()),
        (Some("succeeded"), Some(14_900), Some(10_000))
    );
    let charge = captured["latest_charge"].as_str().unwrap().to_owned();
    assert_eq!(shop.get(&format!("/v1/charges/{charge}")).await.json()["amount_captured"], 10_000);
    let too_much = shop.post("/v1/refunds", &format!("charge={charge}&amount=10001")).await;
    assert_eq!(too_much.error()["param"], "amount");
    assert_eq!(shop.post("/v1/refunds", &format!("charge={charge}")).await.json()["amount"], 10_000);
    let order = &shop.control().ledger().orders[0];
    assert_eq!((order.status.as_str(), order.amount_minor), ("refunded", 10_000));
}

#[tokio::test]
async fn an_address_is_changed_whole_on_every_object_that_has_one() {
    let shop = Shop::empty().await;
    let (session, charge) = shop.control().with_world(|w| {
        let session = w.open_checkout(CheckoutSpec::default()).unwrap();
        let charge = w.pay(&session).unwrap();
        (w.object(&session).unwrap(), charge)
    });
    let (intent, customer) =
        (session["payment_intent"].as_str().unwrap(), session["customer"].as_str().unwrap());
    let to = "shipping[name]=Aelith&shipping[address][line1]=1 Quay&shipping[address][line2]=Flat 2&shipping[address][city]=Dunlamp&shipping[address][state]=ME&shipping[address][postal_code]=04101&shipping[address][country]=US";
    for path in [
        format!("/v1/payment_intents/{intent}"),
        format!("/v1/charges/{charge}"),
        format!("/v1/customers/{customer}"),
    ] {
        let changed = shop.post(&path, to).await.json();
        let address = &changed["shipping"]["address"];
        assert_eq!(
            (address["line2"].as_str(), address["state"].as_str()),
            (Some("Flat 2"), Some("ME")),
            "{path}"
        );
        let refused = shop.post(&path, "shipping[name]=Aelith").await;
        assert_eq!((refused.status, refused.error()["param"].as_str()), (400, Some("shipping[address]")));
        let refused = shop.post(&path, "shipping[address][line1]=1 Quay").await;
        assert_eq!(refused.error()["param"], "shipping[name]", "{path}");
    }
    let events = |type_: &'static str| {
        let shop = &shop;
        async move { shop.get(&format!("/v1/events?type={type_}")).await.json()["data"].as_array().unwrap().len() }
    };
    let before = (events("charge.updated").await, events("customer.updated").await);
    shop.post(&format!("/v1/charges/{charge}"), &format!("{to}&metadata[color]=moss")).await;
    shop.post(&format!("/v1/customers/{customer}"), to).await;
    assert_eq!(
        (events("charge.updated").await, events("customer.updated").await),
        (before.0 + 1, before.1),
        "one event for one change, none for no change"
    );
    let refused = shop.post(&format!("/v1/payment_intents/{intent}"), "receipt_email=nonsense").await;
    assert_eq!(refused.error()["code"], "email_invalid");
    assert_eq!(
        shop.post(&format!("/v1/charges/{charge}"), "receipt_email=").await.json()["receipt_email"],
        serde_json::Value::Null
    );
}

#[tokio::test]
async fn a_session_sells_what_its_line_items_name() {
    let shop = Shop::empty().await;
    let (price, product) = shop
        .control()
        .with_world(|w| (w.list_price("eur").unwrap().0.to_owned(), w.main_product().to_owned()));
    let customer = shop.post("/v1/customers", "email=a@example.com").await.json()["id"].clone();
    let form = |items: &str| format!("mode=payment&success_url=https://shop.example.com/ok&{items}");
    let listed = format!(
        "line_items[0][price]={price}&line_items[0][quantity]=2&customer={}&locale=de&expires_at=1790010000",
        customer.as_str().unwrap()
    );
    let made = shop.post("/v1/checkout/sessions", &form(&listed)).await;
    let session = made.json();
    assert_eq!(
        (session["amount_total"].as_i64(), session["expires_at"].as_i64(), session["locale"].as_str()),
        (Some(29_800), Some(1_790_010_000), Some("de")),
        "{}",
        made.body
    );
    assert_eq!((session["customer"].clone(), session["customer_email"].is_null()), (customer, true));
    let own = |product: &str| {
        form(&format!(
            "line_items[0][price_data][currency]=eur&line_items[0][price_data][unit_amount]=500&line_items[0][price_data]{product}&line_items[0][quantity]=1"
        ))
    };
    for (named, same) in
        [(format!("[product]={product}"), true), ("[product_data][name]=Towel".to_owned(), false)]
    {
        let made = shop.post("/v1/checkout/sessions", &own(&named)).await.json();
        let path = format!("/v1/checkout/sessions/{}/line_items", made["id"].as_str().unwrap());
        let items = shop.get(&path).await.json();
        assert_eq!(items["data"][0]["price"]["product"] == product.as_str(), same, "{named}");
    }
    let refused = shop.post("/v1/checkout/sessions", &form(&format!("line_items[0][price]={price}"))).await;
    assert_eq!(refused.error()["param"], "line_items[0][quantity]");
    shop.post(&format!("/v1/prices/{price}"), "active=false").await;
    let refused = shop.post("/v1/checkout/sessions", &form(&listed)).await;
    assert!(refused.error()["message"].as_str().unwrap().contains("inactive"));
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
