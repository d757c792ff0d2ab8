//! Events that show up late, bursts within a second, and walks that are cut short.

use foredeck_sandbox::{Faults, ShopPlan};

use super::desk::Desk;

#[tokio::test(flavor = "multi_thread")]
async fn events_up_to_twenty_minutes_late_are_all_found() {
    let desk =
        Desk::with_shop(ShopPlan::Live { history_orders: 30, days: 3, per_minute: 40.0, faults: 0.0 }).await;
    desk.world.set_faults(Faults { late_share: 0.3, late_max_s: 1_200, ..Faults::default() });
    desk.sync().await;
    for _ in 0..60 {
        desk.advance(20);
        desk.sync().await;
    }
    desk.world.set_faults(Faults::default());
    // Everything late has shown up by then, and the hourly reach is due.
    desk.advance(3_700);
    desk.sync().await;
    assert_eq!(desk.missing_events().await, Vec::<String>::new());
    desk.assert_true_to_the_ledger().await;
    let found = desk.count("SELECT coalesce(sum(CAST(value AS INTEGER)), 0) FROM sync_state WHERE name LIKE 'recount_found:%'").await;
    assert!(found > 0, "what the wider reaches found is counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_fail_hang_or_are_cut_lose_nothing() {
    let desk =
        Desk::with_shop(ShopPlan::Live { history_orders: 80, days: 4, per_minute: 20.0, faults: 0.0 }).await;
    desk.world.set_faults(Faults {
        error_5xx_rate: 0.10,
        cut_body_rate: 0.05,
        html_rate: 0.03,
        rate_limit_rate: 0.05,
        ..Faults::default()
    });
    let mut failed = 0;
    for _ in 0..25 {
        failed += i32::from(desk.try_sync().await.is_err());
        desk.advance(130);
    }
    desk.world.set_faults(Faults::default());
    desk.advance(600);
    desk.sync().await;
    assert_eq!(desk.missing_events().await, Vec::<String>::new(), "{failed} syncs failed in between");
    desk.assert_true_to_the_ledger().await;
}
