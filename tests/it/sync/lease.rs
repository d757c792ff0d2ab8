//! One process polls a store; another one reads and says so.

use foredeck_sandbox::ShopPlan;

use super::desk::Desk;

#[tokio::test(flavor = "multi_thread")]
async fn a_second_engine_reads_and_does_not_poll() {
    let desk = Desk::with_shop(ShopPlan::History { orders: 20, days: 2, faults: 0.0 }).await;
    desk.sync().await;
    let lease = foredeck_engine::tasks::lease::Lease::try_take(desk.store.db().path()).unwrap();
    assert!(lease.is_some());
    let other = Desk::engine_at(desk.folder.path(), &desk.clock);
    let same = other.store("Shop").await.unwrap();
    same.keep_key_unchecked(
        foredeck_engine::secrets::StripeKey::parse(foredeck_sandbox::DEFAULT_KEY).unwrap(),
    )
    .await
    .unwrap();
    desk.world.clear_requests();
    let refused = same.sync_once(false, |_| {}).await.unwrap_err();
    assert_eq!(refused.code, "STORE_BUSY");
    assert_eq!(desk.world.requests().len(), 0, "nothing was asked of Stripe");
    let read: i64 = same
        .db()
        .read(|connection| Ok(connection.query_row("SELECT count(*) FROM preorder", [], |row| row.get(0))?))
        .await
        .unwrap();
    assert_eq!(read, 20);
    drop(lease);
    assert!(same.sync_once(false, |_| {}).await.is_ok());
}
