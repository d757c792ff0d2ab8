//! What is refused, and that nothing happened then.

use foredeck_sandbox::{Config, Faults};
use serde_json::{Value, json};

use super::desk::{assert_done, desk, desk_with, reads_charges_only};
use crate::it::sync::desk::Desk;

/// What is asked for of each kind that writes.
fn requests(orders: &super::desk::Orders) -> Vec<Value> {
    vec![
        json!({"action": "refund", "payment": orders.paid_charge}),
        json!({"action": "capture", "intent": orders.held_intent}),
        json!({"action": "cancel_authorisation", "intent": orders.held_intent}),
        json!({"action": "expire_session", "session": orders.open_session}),
        json!({"action": "new_link", "order": "pre_gone"}),
        json!({"action": "link_payment", "payment": orders.orphan_intent, "order": "pre_open"}),
        json!({"action": "change_details", "order": "pre_paid", "color": "blue"}),
        json!({"action": "new_preorder", "email": "zoe@example.com", "color": "red", "locale": "en", "price": orders.price}),
    ]
}

async fn set_guard(desk: &Desk, change: impl Fn(&mut Value)) {
    let mut guard = desk.get("guard_get", json!({})).await["guard"].clone();
    change(&mut guard);
    desk.get("guard_set", guard).await;
}

#[tokio::test]
async fn a_stopped_store_confirms_nothing_and_goes_on_when_started_again() {
    let (desk, orders) = desk().await;
    for request in requests(&orders) {
        let plan = desk.plan(request.clone()).await.unwrap();
        desk.get("writes_stop", json!({})).await;
        assert_eq!(desk.run(&plan).await.unwrap_err().code, "WRITES_STOPPED", "{request}");
        set_guard(&desk, |guard| guard["stopped"] = json!(false)).await;
    }
    assert!(desk.effects().is_empty());
    let view = desk.fix(requests(&orders)[0].clone()).await;
    assert_done(&view);
}

#[tokio::test]
async fn writing_that_is_switched_off_is_off() {
    let (desk, orders) = desk().await;
    set_guard(&desk, |guard| guard["writing"] = json!(false)).await;
    for request in requests(&orders) {
        let plan = desk.plan(request.clone()).await.unwrap();
        assert_eq!(desk.run(&plan).await.unwrap_err().code, "WRITING_OFF", "{request}");
    }
    assert!(desk.effects().is_empty());
}

#[tokio::test]
async fn offline_nothing_is_left_that_could_go_out_later() {
    let (desk, orders) = desk().await;
    for request in requests(&orders) {
        let plan = desk.plan(request.clone()).await.unwrap();
        desk.world.set_faults(Faults { unreachable: true, ..Faults::default() });
        let view = desk.run(&plan).await.unwrap();
        assert_eq!((&view["state"], &view["error_code"]), (&json!("failed"), &json!("OFFLINE")), "{request}");
        desk.world.set_faults(Faults::default());
    }
    desk.advance(60);
    desk.sync().await;
    assert!(desk.effects().is_empty());
}

#[tokio::test]
async fn a_world_that_changed_since_the_plan_is_not_touched() {
    let (desk, orders) = desk().await;
    let refund = desk.plan(json!({"action": "refund", "payment": orders.paid_charge})).await.unwrap();
    let capture = desk.plan(json!({"action": "capture", "intent": orders.held_intent})).await.unwrap();
    let expire =
        desk.plan(json!({"action": "expire_session", "session": orders.open_session})).await.unwrap();
    desk.world.with_world(|world| {
        let part = foredeck_sandbox::world::Portion::Amount(500);
        world.refund(&orders.paid_charge, part, foredeck_sandbox::world::RefundState::Succeeded).unwrap();
        world.cancel_intent(&orders.held_intent, None).unwrap();
        world.pay(&orders.open_session).unwrap();
    });
    desk.advance(30);
    // The mirror has not heard of it: Stripe is asked just before.
    for plan in [&refund, &capture, &expire] {
        let view = desk.run(plan).await.unwrap();
        assert_eq!(
            (&view["state"], &view["error_code"]),
            (&json!("failed"), &json!("PLAN_CHANGED")),
            "{view:#}"
        );
    }
    assert!(desk.effects().is_empty());
    // The mirror has heard of it: the plan is refused before anything is committed.
    let plan = desk
        .plan(json!({"action": "refund", "payment": orders.paid_charge, "amount_minor": 100}))
        .await
        .unwrap();
    desk.world.with_world(|world| {
        let part = foredeck_sandbox::world::Portion::Amount(700);
        world.refund(&orders.paid_charge, part, foredeck_sandbox::world::RefundState::Succeeded).unwrap();
    });
    desk.advance(120);
    desk.sync().await;
    assert_eq!(desk.run(&plan).await.unwrap_err().code, "PLAN_CHANGED");
    assert!(desk.effects().is_empty());
}

#[tokio::test]
async fn what_stripe_refuses_is_told_with_its_words_and_its_permission() {
    let config = Config { seed: 5, keys: vec![reads_charges_only()], ..Config::default() };
    let (desk, orders) = desk_with(config).await;
    let request = json!({"action": "refund", "payment": orders.paid_charge});
    let view = desk.fix(request.clone()).await;
    assert_eq!(
        (&view["state"], &view["error_code"]),
        (&json!("failed"), &json!("PERMISSION_MISSING")),
        "{view:#}"
    );
    assert!(view["error"].as_str().unwrap().contains("rak_"), "{view:#}");
    assert!(desk.effects().is_empty());
    let actions = desk.get("order_actions", json!({"id": "pre_paid"})).await;
    let refund = actions["allowed"].as_array().unwrap().iter().find(|one| one["action"] == "refund").unwrap();
    assert_eq!(refund["disabled"]["code"], "PERMISSION_MISSING", "from then on it is known: {refund:#}");
}

#[tokio::test]
async fn the_cap_of_a_day_and_of_a_role_hold() {
    let (desk, orders) = desk().await;
    set_guard(&desk, |guard| guard["daily_money"] = json!({"eur": 10_000})).await;
    let some =
        |amount: i64| json!({"action": "refund", "payment": orders.paid_charge, "amount_minor": amount});
    assert_done(&desk.fix(some(6_000)).await);
    let plan = desk.plan(some(4_001)).await.unwrap();
    assert_eq!(desk.run(&plan).await.unwrap_err().code, "CAP_REACHED");
    assert_done(&desk.fix(some(4_000)).await);
    assert_eq!(desk.effects().len(), 2);
    let today = desk.get("guard_get", json!({})).await["money_today"].clone();
    assert_eq!(today, json!({"eur": 10_000}));
    desk.advance(86_400);
    assert_done(&desk.fix(some(100)).await);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_when_it_is_planned() {
    let (desk, orders) = desk().await;
    let charge = &orders.paid_charge;
    for (request, code) in [
        (json!({"action": "refund", "payment": charge, "amount_minor": 0}), "BAD_AMOUNT"),
        (json!({"action": "refund", "payment": charge, "amount_minor": 99_999_999}), "BAD_AMOUNT"),
        (json!({"action": "refund", "payment": orders.held_intent}), "NOT_PAID"),
        (json!({"action": "refund", "payment": "ch_nobody"}), "NOT_FOUND"),
        (json!({"action": "refund", "payment": orders.open_session}), "OTHER_KIND"),
        (json!({"action": "capture", "intent": orders.orphan_intent}), "NOT_HELD"),
        (json!({"action": "expire_session", "session": orders.expired_session}), "NOT_OPEN"),
        (json!({"action": "new_link", "order": "pre_paid"}), "ALREADY_PAID"),
        (json!({"action": "new_link", "order": "pre_held"}), "PAYMENT_UNDER_WAY"),
        (json!({"action": "new_link", "order": orders.orphan_intent}), "ALREADY_PAID"),
        (json!({"action": "link_payment", "payment": charge, "order": "pre_paid"}), "ALREADY_LINKED"),
        (json!({"action": "change_details", "order": "pre_paid", "email": "not an e-mail"}), "BAD_EMAIL"),
        (json!({"action": "change_details", "order": "pre_paid", "color": "a\u{7}b"}), "BAD_VALUE"),
        (
            json!({"action": "new_preorder", "email": "a@b.co", "color": "red", "locale": "de", "price": "price_nobody"}),
            "NOT_FOUND",
        ),
        (json!({"action": "annotate", "order": "pre_paid", "note": " "}), "BAD_NOTE"),
        (json!({"action": "send_event", "order": "pre_paid", "event": "success"}), "NO_KLAVIYO"),
    ] {
        assert_eq!(desk.plan(request.clone()).await.unwrap_err().code, code, "{request}");
    }
    assert_eq!(desk.plan(json!({"action": "rm"})).await.unwrap_err().code, "BAD_ARGUMENTS");
    assert_eq!(desk.ask("action_run", json!({"plan": "pln_nobody"})).await.unwrap_err().code, "NO_PLAN");
    assert!(desk.effects().is_empty());
}
