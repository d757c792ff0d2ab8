//! Many orders at once: one plan, each done once, each failure named.

use foredeck_sandbox::{Config, Faults, ShopPlan};
use serde_json::{Value, json};

use super::desk::{desk, spec};
use crate::it::sync::desk::Desk;

pub(super) async fn shop_of(orders: usize) -> Desk {
    let desk = Desk::with(Config { seed: 8, shop: ShopPlan::Empty, ..Config::default() }).await;
    desk.world.with_world(|world| {
        for number in 0..orders {
            let session = world
                .open_checkout(spec(&format!("pre_{number:04}"), &format!("buyer{number}@example.com")))
                .unwrap();
            world.pay(&session).unwrap();
        }
    });
    desk.advance(120);
    desk.sync().await;
    desk.world.clear_requests();
    let mut guard = desk.get("guard_get", json!({})).await["guard"].clone();
    guard["daily_money"] = json!({"eur": 1_000_000_000_i64});
    desk.get("guard_set", guard).await;
    desk
}

pub(super) fn targets(orders: usize) -> Value {
    json!((0..orders).map(|number| format!("pre_{number:04}")).collect::<Vec<_>>())
}

#[tokio::test]
async fn a_bulk_refund_is_one_plan_and_one_refund_for_each_order() {
    let desk = shop_of(60).await;
    let mut wanted = targets(60);
    wanted.as_array_mut().unwrap().extend([json!("pre_0001"), json!("pre_nobody")]);
    let plan = desk.get("bulk_plan", json!({"action": "refund", "targets": wanted})).await;
    assert_eq!(plan["count"], 60, "an order named twice is there once");
    assert_eq!(plan["refused"][0]["code"], "NOT_FOUND");
    let each = plan["sample"][0]["money"]["amount_minor"].as_i64().unwrap();
    assert_eq!(plan["money"], json!({"eur": each * 60}));
    assert!(desk.effects().is_empty());
    desk.get("bulk_run", json!({"plan": plan["id"]})).await;
    let id = plan["id"].as_str().unwrap();
    let view = desk.store.see_bulk_through(id, |_| {}).await.unwrap();
    assert_eq!((view.succeeded, view.failed, view.unverified), (60, 0, 0));
    assert_eq!(desk.effects().len(), 60);
    let again = desk.get("bulk_run", json!({"plan": plan["id"]})).await;
    assert_eq!(again["succeeded"], 60);
    assert_eq!(desk.effects().len(), 60, "run again, it is the same run");
    let statuses = desk.get("preorder_page", json!({"status": ["refunded"]})).await;
    assert_eq!(statuses["total"], 60);
}

#[tokio::test]
async fn a_paused_bulk_run_waits_and_calls_that_fail_are_tried_till_they_are_done() {
    let desk = shop_of(40).await;
    let plan = desk.get("bulk_plan", json!({"action": "refund", "targets": targets(40)})).await;
    let id = plan["id"].as_str().unwrap().to_owned();
    desk.get("bulk_run", json!({"plan": id})).await;
    desk.get("bulk_pause", json!({"id": id, "paused": true})).await;
    desk.sync().await;
    assert!(desk.effects().is_empty(), "paused is paused");
    desk.get("bulk_pause", json!({"id": id, "paused": false})).await;
    desk.world.set_faults(Faults {
        drop_after_effect_rate: 0.1,
        error_5xx_rate: 0.05,
        error_5xx_applied_share: 0.5,
        only_paths: vec!["/v1/refunds".to_owned()],
        ..Faults::default()
    });
    for _ in 0..60 {
        desk.sync().await;
        desk.advance(5);
        let view = desk.store.find_bulk(&id).await.unwrap().unwrap();
        if view.waiting == 0 && view.unverified == 0 {
            break;
        }
    }
    let view = desk.store.find_bulk(&id).await.unwrap().unwrap();
    assert_eq!((view.succeeded, view.failed, view.unknown, view.unverified), (40, 0, 0, 0), "{view:?}");
    assert_eq!(desk.effects().len(), 40);
}

#[tokio::test]
async fn a_cap_refuses_a_bulk_run_whole() {
    let desk = shop_of(10).await;
    let mut guard = desk.get("guard_get", json!({})).await["guard"].clone();
    guard["daily_money"] = json!({"eur": 50_000});
    desk.get("guard_set", guard).await;
    let plan = desk.get("bulk_plan", json!({"action": "refund", "targets": targets(10)})).await;
    let problem = desk.ask("bulk_run", json!({"plan": plan["id"]})).await.unwrap_err();
    assert_eq!(problem.code, "CAP_REACHED");
    desk.sync().await;
    assert!(desk.effects().is_empty());
}

#[tokio::test]
async fn a_plan_whose_orders_changed_is_made_again() {
    let (desk, orders) = desk().await;
    let plan = desk.get("bulk_plan", json!({"action": "refund", "targets": ["pre_paid"]})).await;
    desk.fix(json!({"action": "refund", "payment": orders.paid_charge, "amount_minor": 100})).await;
    let problem = desk.ask("bulk_run", json!({"plan": plan["id"]})).await.unwrap_err();
    assert_eq!(problem.code, "PLAN_CHANGED");
    assert_eq!(desk.effects().len(), 1);
}
