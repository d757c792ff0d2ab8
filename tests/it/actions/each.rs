//! Each fix, once: the plan says what it will do, it is done once, verified, audited, and told in the timeline.

use serde_json::{Value, json};

use super::desk::{assert_done, desk};
use crate::it::sync::desk::Desk;

async fn told(desk: &Desk, order: &str, kind: &str) -> Value {
    let sheet = desk.sheet(order).await;
    let found = sheet["timeline"].as_array().unwrap().iter().find(|entry| entry["kind"] == kind).cloned();
    found.unwrap_or_else(|| panic!("no {kind} in {:#}", sheet["timeline"]))
}

async fn assert_audited(desk: &Desk, view: &Value) {
    let events = desk.audit_events(view).await;
    assert_eq!(events.first().map(String::as_str), Some("confirmed"));
    for event in ["succeeded", "verified"] {
        assert!(events.iter().any(|one| one == event), "{event} in {events:?}");
    }
    let intended = events.iter().filter(|one| *one == "intended").count();
    assert_eq!(intended, events.iter().filter(|one| *one == "answered").count(), "{events:?}");
}

#[tokio::test]
async fn a_refund_in_part_says_what_it_pays_back_and_does_it_once() {
    let (desk, orders) = desk().await;
    let request = json!({"action": "refund", "payment": orders.paid_charge, "amount_minor": 4_900, "reason": "requested_by_customer"});
    let plan = desk.plan(request).await.unwrap();
    assert_eq!(plan["money"], json!({"amount_minor": 4_900, "currency": "eur", "direction": "out"}));
    assert_eq!(plan["changes"][0]["before"], "0");
    assert_eq!(plan["changes"][0]["after"], "4900");
    assert_eq!(plan["calls"].as_array().unwrap().len(), 1);
    assert!(desk.effects().is_empty(), "a plan changes nothing");
    let view = desk.run(&plan).await.unwrap();
    assert_done(&view);
    let again = desk.run(&plan).await.unwrap();
    assert_eq!(again["id"], view["id"], "a plan is one action, however often it is run");
    let effects = desk.effects();
    assert_eq!(effects.len(), 1);
    assert!(effects[0].body.contains(&("amount".to_owned(), "4900".to_owned())));
    assert!(effects[0].idempotency_key.is_some());
    let sheet = desk.sheet("pre_paid").await;
    assert_eq!(sheet["row"]["status"], "partially_refunded", "Stripe's answer is a fact at once");
    assert_eq!(sheet["row"]["refunded_minor"], 4_900);
    let entry = told(&desk, "pre_paid", "action_refund").await;
    assert_eq!((&entry["amount_minor"], &entry["status"]), (&json!(4_900), &json!("succeeded")));
    assert!(!entry["operator"].as_str().unwrap().is_empty());
    assert_audited(&desk, &view).await;
    desk.advance(120);
    desk.sync().await;
    assert_eq!(desk.sheet("pre_paid").await["row"]["refunded_minor"], 4_900, "its events say nothing else");
    desk.assert_true_to_the_ledger().await;
}

#[tokio::test]
async fn a_held_amount_is_taken_or_let_go() {
    for (action, status, order_status) in
        [("capture", "succeeded", "completed"), ("cancel_authorisation", "canceled", "canceled")]
    {
        let (desk, orders) = desk().await;
        let view = desk.fix(json!({"action": action, "intent": orders.held_intent})).await;
        assert_done(&view);
        assert_eq!(desk.effects().len(), 1);
        let object = desk.world.with_world(|world| world.object(&orders.held_intent)).unwrap();
        assert_eq!(object["status"], status);
        assert_eq!(desk.sheet("pre_held").await["row"]["status"], order_status);
        assert_audited(&desk, &view).await;
        told(&desk, "pre_held", &format!("action_{action}")).await;
    }
}

#[tokio::test]
async fn an_open_checkout_is_ended() {
    let (desk, orders) = desk().await;
    let view = desk.fix(json!({"action": "expire_session", "session": orders.open_session})).await;
    assert_done(&view);
    assert_eq!(desk.effects().len(), 1);
    assert_eq!(desk.sheet("pre_open").await["row"]["status"], "expired");
    assert_audited(&desk, &view).await;
}

#[tokio::test]
async fn a_new_link_sells_the_same_to_the_same_and_leaves_one_checkout_open() {
    let (desk, orders) = desk().await;
    let before = desk.world.with_world(|world| world.object(&orders.open_session)).unwrap();
    let view = desk.fix(json!({"action": "new_link", "order": "pre_open"})).await;
    assert_done(&view);
    assert_eq!(desk.effects().len(), 2, "the open checkout is ended, and one is opened");
    let link = view["link"].as_str().unwrap();
    let made = view["steps"][1]["object"].as_str().unwrap();
    let after = desk.world.with_world(|world| world.object(made)).unwrap();
    assert_eq!(after["url"], link);
    for field in ["amount_total", "currency", "client_reference_id", "locale"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    for (name, value) in before["metadata"].as_object().unwrap() {
        assert_eq!(&after["metadata"][name], value, "metadata {name}");
    }
    assert_eq!(after["metadata"]["foredeck_action"], view["id"]);
    assert_eq!(after["after_expiration"]["recovery"]["enabled"], true);
    let sheet = desk.sheet("pre_open").await;
    assert_eq!(sheet["row"]["status"], "processing");
    assert_eq!(sheet["sessions"].as_array().unwrap().len(), 2, "one order, two checkouts");
    desk.world.with_world(|world| world.pay(made).map(drop)).unwrap();
    desk.advance(60);
    desk.sync().await;
    assert_eq!(desk.sheet("pre_open").await["row"]["status"], "completed");
    desk.assert_true_to_the_ledger().await;
}

#[tokio::test]
async fn a_link_to_an_order_without_a_preorder_id_stays_with_it() {
    let (desk, _) = desk().await;
    let session = desk.world.with_world(|world| {
        let mut spec = super::desk::spec("", "eve@example.com");
        spec.preorder_id = None;
        let session = world.open_checkout(spec).unwrap();
        world.expire(&session).unwrap();
        session
    });
    desk.advance(120);
    desk.sync().await;
    desk.world.clear_requests();
    let view = desk.fix(json!({"action": "new_link", "order": session})).await;
    assert_done(&view);
    let sheet = desk.sheet(&session).await;
    assert_eq!(sheet["sessions"].as_array().unwrap().len(), 2, "{sheet:#}");
}

#[tokio::test]
async fn an_orphan_payment_joins_its_order_at_stripe_and_here() {
    let (desk, orders) = desk().await;
    let view = desk
        .fix(json!({"action": "link_payment", "payment": orders.orphan_intent, "order": "pre_open"}))
        .await;
    assert_done(&view);
    assert_eq!(desk.effects().len(), 2, "its intent and its charge");
    let intent = desk.world.with_world(|world| world.object(&orders.orphan_intent)).unwrap();
    assert_eq!(intent["metadata"]["preorderId"], "pre_open");
    let sheet = desk.sheet(&orders.orphan_intent).await;
    assert_eq!(sheet["row"]["id"], "pre_open");
    assert_eq!(sheet["row"]["status"], "completed");
    told(&desk, "pre_open", "action_link_payment").await;
    assert_audited(&desk, &view).await;
}

#[tokio::test]
async fn details_change_everywhere_they_are_written_and_the_order_says_so_from_then_on() {
    let (desk, _) = desk().await;
    let address = json!({"name": "Ada Byron", "line1": "Lange Str. 1", "line2": "", "city": "Ulm", "state": "",
        "postal_code": "89073", "country": "DE"});
    let view = desk
        .fix(json!({"action": "change_details", "order": "pre_paid", "color": "blue", "email": " Ada.New@Example.com ",
            "locale": "en", "address": address}))
        .await;
    assert_done(&view);
    let sheet = desk.sheet("pre_paid").await;
    assert_eq!(sheet["row"]["color"], "blue");
    assert_eq!(sheet["row"]["locale"], "en");
    assert_eq!(sheet["row"]["email"], "ada.new@example.com");
    desk.advance(120);
    desk.sync().await;
    let row = desk.sheet("pre_paid").await["row"].clone();
    assert_eq!((&row["color"], &row["email"]), (&json!("blue"), &json!("ada.new@example.com")));
    desk.store.rebuild().await.unwrap();
    let rebuilt = desk.sheet("pre_paid").await["row"].clone();
    assert_eq!(rebuilt["email"], "ada.new@example.com", "a rebuild loses nothing anyone did");
    let customer = sheet["people"][0]["customer_id"].as_str().unwrap().to_owned();
    let object = desk.world.with_world(|world| world.object(&customer)).unwrap();
    assert_eq!(object["email"], "ada.new@example.com");
    let problem = desk
        .plan(json!({"action": "change_details", "order": "pre_paid", "color": "blue"}))
        .await
        .unwrap_err();
    assert_eq!(problem.code, "NOTHING_TO_CHANGE");
}

#[tokio::test]
async fn an_order_taken_for_a_customer_becomes_one_order_that_is_paid_as_any_other() {
    let (desk, orders) = desk().await;
    let request = json!({"action": "new_preorder", "email": "zoe@example.com", "name": "Zoe", "color": "green",
        "locale": "en", "price": orders.price, "quantity": 2});
    let plan = desk.plan(request).await.unwrap();
    let order = plan["order_id"].as_str().unwrap().to_owned();
    let view = desk.run(&plan).await.unwrap();
    assert_done(&view);
    assert_eq!(desk.effects().len(), 2, "a customer, a checkout");
    let sheet = desk.sheet(&order).await;
    assert_eq!(sheet["row"]["status"], "processing");
    assert_eq!((&sheet["row"]["color"], &sheet["row"]["source"]), (&json!("green"), &json!("support")));
    let session = sheet["row"]["session_id"].as_str().unwrap();
    desk.world.with_world(|world| world.pay(session).map(drop)).unwrap();
    desk.advance(60);
    desk.sync().await;
    let sheet = desk.sheet(&order).await;
    assert_eq!(sheet["row"]["status"], "completed");
    assert_eq!(sheet["row"]["email"], "zoe@example.com");
    assert_eq!(sheet["row"]["matched_by"], "preorder_id");
    // The same person orders again: the customer is found.
    desk.world.clear_requests();
    let view = desk
        .fix(json!({"action": "new_preorder", "email": "Zoe@example.com", "color": "red", "locale": "en", "price": orders.price}))
        .await;
    assert_done(&view);
    assert_eq!(desk.effects().len(), 1, "only a checkout");
}

#[tokio::test]
async fn an_event_is_delivered_again_only_where_that_is_switched_on() {
    let (desk, _) = desk().await;
    let (event, endpoint) = desk.world.with_world(|world| {
        let endpoint = world.new_endpoint("https://shop.example.com/hook", &["*"]);
        world
            .open_checkout(super::desk::spec("pre_new", "fay@example.com"))
            .and_then(|one| world.pay(&one))
            .unwrap();
        (world.events().last().unwrap().id.clone(), endpoint)
    });
    desk.advance(120);
    desk.sync().await;
    desk.world.clear_requests();
    let request = json!({"action": "resend_event", "event": event, "endpoint": endpoint});
    assert_eq!(desk.plan(request.clone()).await.unwrap_err().code, "RESEND_OFF");
    let mut guard = desk.get("guard_get", json!({})).await["guard"].clone();
    guard["resend"] = json!(true);
    desk.get("guard_set", guard).await;
    let view = desk.fix(request).await;
    assert_eq!(view["state"], "succeeded", "{view:#}");
    assert_eq!(desk.effects().len(), 1);
}

#[tokio::test]
async fn words_stay_here_and_need_no_network() {
    let (desk, _) = desk().await;
    desk.world.set_faults(foredeck_sandbox::Faults { unreachable: true, ..Default::default() });
    let view =
        desk.fix(json!({"action": "annotate", "order": "pre_paid", "note": "called, wants blue"})).await;
    assert_eq!(view["state"], "succeeded");
    let entry = told(&desk, "pre_paid", "local_note").await;
    assert_eq!(entry["detail"], "called, wants blue");
    assert!(desk.effects().is_empty());
}

#[tokio::test]
async fn every_object_of_an_order_is_read_again() {
    let (desk, _) = desk().await;
    let view = desk.fix(json!({"action": "refetch", "order": "pre_paid"})).await;
    assert_eq!(view["state"], "succeeded", "{view:#}");
    assert!(desk.effects().is_empty());
    let read: Vec<String> = desk.world.requests().into_iter().map(|one| one.path).collect();
    for part in ["/v1/checkout/sessions/", "/v1/payment_intents/", "/v1/charges/"] {
        assert!(read.iter().any(|path| path.starts_with(part)), "{part} in {read:?}");
    }
}

#[tokio::test]
async fn a_second_grant_is_taken_back_once() {
    let desk = crate::it::credits::books::desk(3, 30).await;
    desk.take_suggested_plans().await;
    let page = desk.get("purchase_page", json!({"limit": 50})).await;
    let bought = page["rows"].as_array().unwrap().iter().find(|row| row["status"] == "paid").unwrap().clone();
    let (owner, payment) = (bought["owner"].clone(), bought["payment_id"].clone());
    let before =
        desk.get("wallet_sheet", json!({"owner": owner})).await["wallet"]["balance"].as_i64().unwrap();
    let request = json!({"action": "reverse_grant", "owner": owner, "payment": payment, "credits": 100});
    let view = desk.fix(request.clone()).await;
    assert_eq!(view["state"], "succeeded");
    let after =
        desk.get("wallet_sheet", json!({"owner": owner})).await["wallet"]["balance"].as_i64().unwrap();
    assert_eq!(after, before - 100);
    assert_eq!(desk.plan(request).await.unwrap_err().code, "ALREADY_REVERSED");
}
