//! A request whose answer never came: what may have become of it, and what holds before it goes out again.

use std::sync::Arc;

use axum::http::StatusCode;
use foredeck_engine::clock::FixedClock;
use foredeck_engine::http::{Call, Http, Limits, Method, Priority};
use foredeck_engine::secrets::StripeKey;
use foredeck_sandbox::world::{Portion, RefundState};
use foredeck_sandbox::{Config, DEFAULT_KEY, Faults, KeySpec, WriteTrouble};
use serde_json::{Value, json};

use super::desk::{Orders, assert_done, desk, desk_with, reads_charges_only};
use crate::it::sync::desk::Desk;

/// A refund of 300 whose answer never came: applied or not.
async fn lost(desk: &Desk, orders: &Orders, applied: bool) -> Value {
    let request = json!({"action": "refund", "payment": orders.paid_charge, "amount_minor": 300});
    let plan = desk.plan(request).await.unwrap();
    let trouble = if applied { WriteTrouble::LostAfter } else { WriteTrouble::LostBefore };
    desk.world.on_write("/v1/refunds", 1, trouble);
    desk.world.on_write("/v1/refunds", 2, WriteTrouble::LostBefore);
    let view = desk.run(&plan).await.unwrap();
    assert_eq!((&view["state"], &view["error_code"]), (&json!("running"), &json!("NO_ANSWER")), "{view:#}");
    desk.world.call_off();
    view
}

async fn later(desk: &Desk, view: &Value, seconds: i64) -> Value {
    desk.advance(seconds);
    desk.sync().await;
    desk.get("action_get", json!({"id": view["id"]})).await
}

#[tokio::test]
async fn it_does_not_go_out_again_while_writes_are_stopped() {
    let (desk, orders) = desk().await;
    let view = lost(&desk, &orders, false).await;
    desk.get("writes_stop", json!({})).await;
    let view = later(&desk, &view, 10).await;
    assert_eq!((&view["state"], &view["error_code"]), (&json!("running"), &json!("WRITES_STOPPED")));
    assert!(desk.effects().is_empty());
    let mut guard = desk.get("guard_get", json!({})).await["guard"].clone();
    guard["stopped"] = json!(false);
    desk.get("guard_set", guard).await;
    assert_done(&later(&desk, &view, 30).await);
    assert_eq!(desk.effects().len(), 1);
}

#[tokio::test]
async fn it_does_not_go_out_again_into_another_world() {
    let (desk, orders) = desk().await;
    let view = lost(&desk, &orders, false).await;
    desk.world
        .with_world(|world| world.refund(&orders.paid_charge, Portion::Amount(300), RefundState::Succeeded))
        .unwrap();
    // For a while it may still be under way at Stripe.
    let view = later(&desk, &view, 10).await;
    assert_eq!(view["state"], "running", "{view:#}");
    let view = later(&desk, &view, 300).await;
    assert_eq!((&view["state"], &view["error_code"]), (&json!("failed"), &json!("PLAN_CHANGED")));
    assert!(desk.effects().is_empty(), "the 300 were paid back in the dashboard, and not twice");
}

#[tokio::test]
async fn its_key_is_no_other_while_it_may_be_under_way() {
    let (desk, orders) = desk().await;
    let request = json!({"action": "refund", "payment": orders.paid_charge, "amount_minor": 300});
    let plan = desk.plan(request).await.unwrap();
    for nth in 1..=5 {
        desk.world.on_write("/v1/refunds", nth, WriteTrouble::Unavailable);
    }
    let view = desk.run(&plan).await.unwrap();
    assert_eq!(view["state"], "running", "{view:#}");
    desk.world.call_off();
    assert_done(&later(&desk, &view, 10).await);
    let asked = desk.world.requests();
    let mut keys: Vec<_> =
        asked.iter().filter(|one| one.method == "POST").map(|one| one.idempotency_key.clone()).collect();
    assert_eq!(keys.len(), 6);
    keys.dedup();
    assert_eq!(keys.len(), 1, "{keys:?}");
}

#[tokio::test]
async fn a_refusal_of_the_second_request_says_nothing_of_the_first() {
    for applied in [true, false] {
        let keys = vec![KeySpec::standard(), reads_charges_only()];
        let (desk, orders) = desk_with(Config { seed: 5, keys, ..Config::default() }).await;
        let view = lost(&desk, &orders, applied).await;
        let less = StripeKey::parse(&reads_charges_only().key).unwrap();
        desk.store.keep_key_unchecked(less).await.unwrap();
        let view = later(&desk, &view, 10).await;
        if applied {
            assert_done(&view);
        } else {
            assert_eq!(
                (&view["state"], &view["error_code"]),
                (&json!("running"), &json!("PERMISSION_MISSING")),
                "{view:#}"
            );
            desk.store.keep_key_unchecked(StripeKey::parse(DEFAULT_KEY).unwrap()).await.unwrap();
            assert_done(&later(&desk, &view, 120).await);
        }
        assert_eq!(desk.effects().len(), 1, "applied: {applied}");
    }
}

#[tokio::test]
async fn a_machine_that_slept_looks_before_it_asks_again() {
    let (desk, orders) = desk().await;
    let view = lost(&desk, &orders, true).await;
    desk.world.advance(30 * 3_600);
    desk.clock.sleep(30 * 3_600);
    desk.sync().await;
    assert_done(&desk.get("action_get", json!({"id": view["id"]})).await);
    assert_eq!(desk.effects().len(), 1);
}

#[tokio::test]
async fn a_keyed_call_is_not_repeated_by_a_machine_that_slept_in_it() {
    let clock = Arc::new(FixedClock::new(1_790_000_000));
    let (asked, sleeper) = (Arc::new(std::sync::atomic::AtomicU32::new(0)), Arc::clone(&clock));
    let count = Arc::clone(&asked);
    let answer = move || {
        count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        sleeper.sleep(30 * 3_600);
        async { StatusCode::SERVICE_UNAVAILABLE }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        axum::serve(listener, axum::Router::new().fallback(answer)).await.unwrap();
    });
    let limits = Limits { per_s: 100, endpoint_per_s: 100, at_once: 4 };
    let http = Http::new(&url, &[], limits, clock).unwrap();
    let call = Call {
        method: Method::Post,
        path: "/v1/refunds".into(),
        endpoint: "write",
        query: None,
        body: None,
        idempotency_key: Some("key".into()),
        repeatable: false,
        priority: Priority::Normal,
    };
    http.call(&call).await.unwrap_err();
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 1, "the key may be forgotten by now");
    serving.abort();
}

#[tokio::test]
async fn money_that_was_taken_is_taken_though_its_charge_cannot_be_read() {
    let (desk, orders) = desk().await;
    let plan = desk.plan(json!({"action": "capture", "intent": orders.held_intent})).await.unwrap();
    let only_paths = vec!["/v1/charges".to_owned()];
    desk.world.set_faults(Faults { error_5xx_rate: 1.0, only_paths, ..Faults::default() });
    let view = desk.run(&plan).await.unwrap();
    assert_eq!(view["state"], "running", "{view:#}");
    assert_eq!(desk.effects().len(), 1);
    let today = desk.get("guard_get", json!({})).await["money_today"]["eur"].clone();
    assert_eq!(today, plan["money"]["amount_minor"]);
    desk.world.set_faults(Faults::default());
    assert_done(&later(&desk, &view, 30).await);
    assert_eq!(desk.effects().len(), 1);
}

#[tokio::test]
async fn a_refund_that_the_bank_sent_back_is_made_again() {
    let (desk, orders) = desk().await;
    let request = json!({"action": "refund", "payment": orders.paid_charge});
    assert_done(&desk.fix(request.clone()).await);
    let refund = desk.sheet("pre_paid").await["payments"][0]["refunds"][0]["id"].clone();
    desk.world.with_world(|world| world.fail_refund(refund.as_str().unwrap())).unwrap();
    desk.advance(120);
    desk.sync().await;
    desk.advance(120);
    desk.sync().await;
    assert_done(&desk.fix(request).await);
    assert_eq!(desk.effects().len(), 2);
}
