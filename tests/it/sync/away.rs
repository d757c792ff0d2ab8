//! The laptop was closed for longer than Stripe keeps events.

use foredeck_engine::api;
use foredeck_sandbox::ShopPlan;

use super::desk::Desk;

const DAY: i64 = 86_400;

#[tokio::test(flavor = "multi_thread")]
async fn six_weeks_away_are_healed_and_said() {
    let desk =
        Desk::with_shop(ShopPlan::Live { history_orders: 120, days: 10, per_minute: 0.02, faults: 0.0 })
            .await;
    desk.sync().await;
    desk.assert_true_to_the_ledger().await;
    // Older objects change while nobody looks.
    desk.world.with_world(|world| {
        let customers: Vec<String> = ids(&world.objects(foredeck_sandbox::world::Kind::Customer));
        for id in customers.iter().take(3) {
            world.delete_customer(id).unwrap();
        }
        let charges = world.objects(foredeck_sandbox::world::Kind::Charge);
        let paid: Vec<String> = ids(&charges.into_iter().filter(refundable).collect::<Vec<_>>());
        for id in paid.iter().take(2) {
            world
                .refund(
                    id,
                    foredeck_sandbox::world::Portion::All,
                    foredeck_sandbox::world::RefundState::Succeeded,
                )
                .unwrap();
        }
        world.dispute(&paid[3], "fraudulent").unwrap();
    });
    for _ in 0..45 {
        desk.advance(DAY);
    }
    desk.sync().await;
    desk.assert_true_to_the_ledger().await;
    let deleted = desk.count("SELECT count(*) FROM node WHERE kind = 6 AND deleted = 1").await;
    assert!(deleted >= 3, "deleted customers are tombstones: {deleted}");
    let health = api::call(
        api::Call::new(desk.engine.clone(), Some("Shop".into())),
        "health",
        serde_json::Value::Null,
    )
    .await
    .unwrap();
    let notices = health["notices"].to_string();
    assert!(notices.contains("away_relisted"), "the operator is told: {notices}");
    let gaps = health["kinds"][0]["gaps"].to_string();
    assert!(gaps.contains("away_too_long"), "the events that are gone are named: {gaps}");
}

fn ids(objects: &[serde_json::Value]) -> Vec<String> {
    objects.iter().filter_map(|object| object["id"].as_str().map(str::to_owned)).collect()
}

fn refundable(charge: &serde_json::Value) -> bool {
    charge["paid"] == true
        && charge["captured"] == true
        && charge["amount_refunded"] == 0
        && charge["disputed"] == false
}
