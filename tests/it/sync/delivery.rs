//! Deliveries: an event that was delivered late is no longer undelivered; one that never is, is.

use foredeck_engine::api;
use foredeck_sandbox::ShopPlan;

use super::desk::Desk;

#[tokio::test(flavor = "multi_thread")]
async fn only_events_that_stay_undelivered_are_shown() {
    let desk = Desk::with_shop(ShopPlan::Empty).await;
    let endpoint = desk
        .world
        .with_world(|world| world.new_endpoint("https://shop.example.com/api/stripe/webhook", &["*"]));
    desk.sync().await;
    desk.world.with_world(|world| world.new_customer(Some("early@example.com"), None));
    desk.advance(60);
    desk.sync().await;
    desk.world.with_world(|world| {
        world.set_endpoint_health(&endpoint, foredeck_sandbox::world::Health::Failing).unwrap();
        world.new_customer(Some("never@example.com"), None);
    });
    for _ in 0..8 {
        desk.advance(300);
        desk.sync().await;
    }
    let health = api::call(
        api::Call::new(desk.engine.clone(), Some("Shop".into())),
        "health",
        serde_json::Value::Null,
    )
    .await
    .unwrap();
    assert_eq!(health["undelivered_total"], 1, "{}", health["undelivered"]);
    let never = desk.world.with_world(|world| world.events().last().map(|event| event.id.clone()).unwrap());
    assert_eq!(health["undelivered"][0]["event_id"], never.as_str());
}
