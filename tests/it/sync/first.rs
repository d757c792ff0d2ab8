//! The first sync, and the polls after it.

use foredeck_sandbox::ShopPlan;

use super::desk::Desk;

#[tokio::test(flavor = "multi_thread")]
async fn first_sync_mirrors_a_healthy_shop() {
    let desk = Desk::with_shop(ShopPlan::History { orders: 300, days: 20, faults: 0.0 }).await;
    let outcome = desk.sync().await;
    assert!(outcome.events > 300 && outcome.objects > 600, "{outcome:?}");
    desk.assert_true_to_the_ledger().await;
    assert_eq!(desk.missing_events().await, Vec::<String>::new());
    let again = desk.sync().await;
    assert_eq!((again.events, desk.count("SELECT count(*) FROM dirty").await), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn new_orders_show_after_one_poll() {
    let desk =
        Desk::with_shop(ShopPlan::Live { history_orders: 50, days: 5, per_minute: 30.0, faults: 0.0 }).await;
    desk.sync().await;
    for _ in 0..20 {
        desk.advance(30);
        desk.sync().await;
    }
    desk.assert_true_to_the_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_session_of_the_mirror_has_line_items() {
    let desk =
        Desk::with_shop(ShopPlan::Live { history_orders: 60, days: 5, per_minute: 20.0, faults: 0.0 }).await;
    desk.sync().await;
    for _ in 0..10 {
        desk.advance(60);
        desk.sync().await;
    }
    let bare = desk
        .count("SELECT count(*) FROM node n WHERE kind = 1 AND NOT EXISTS (SELECT 1 FROM stripe_snapshot s WHERE s.object = n.key)")
        .await;
    assert_eq!(bare, 0, "each session was listed or retrieved with its line items");
}
