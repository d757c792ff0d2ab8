//! The great fill: thousands of orders through everything that goes wrong, while the shop tells of some itself, addresses are
//! corrected and orders turn out to be one.

use std::time::Duration;

use foredeck_sandbox::klaviyo::{SentBy, ShopSender, Spelling};
use foredeck_sandbox::{Faults, KlaviyoConfig};
use serde_json::json;

use super::Post;
use super::events::{HOUR, NAMES, told};
use crate::it::actions::desk::spec;
use crate::it::shop::Dice;

impl Post {
    /// A poll that is cut off wherever it is after so many milliseconds; says whether it came to its end before.
    async fn is_done_within(&self, ms: u64) -> bool {
        tokio::time::timeout(Duration::from_millis(ms), self.desk.store.sync_once(false, |_| {}))
            .await
            .is_ok()
    }

    /// Fails where an order's event is not there exactly once, at its own time, under whichever address it had.
    fn assert_each_once_of(&self, orders: usize, lone: &[(usize, i64)]) {
        let (truth, ledger) = (self.control.truth(), self.desk.world.ledger());
        for number in 0..orders {
            let id = format!("pre_{number:04}");
            let order = ledger.orders.iter().find(|order| order.id == id).unwrap();
            let beside = lone.iter().find(|(of, _)| *of == number).map(|(_, at)| *at);
            let addresses = [format!("p{number}@example.com"), format!("new{number}@example.com")];
            for (names, at) in [(&NAMES[..2], Some(order.started_at)), (&NAMES[2..], order.paid_at)] {
                let there = addresses.iter().flat_map(|email| truth.events_of(email, names));
                let mut times: Vec<i64> = there.map(|event| event.time).collect();
                times.sort_unstable();
                // One that turned out to be another's checkout as well was told under either; under both where both were before.
                let either: Vec<Vec<i64>> = match (at, beside.filter(|_| at.is_some())) {
                    (Some(own), Some(beside)) => vec![vec![own], vec![beside], vec![own, beside]],
                    (own, _) => vec![own.into_iter().collect()],
                };
                assert!(either.contains(&times), "{id} {names:?}: {times:?} and not one of {either:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_great_fill_through_troubles_tells_each_order_once() {
    let is_long = std::env::var("FOREDECK_LONG").is_ok_and(|long| long == "1");
    let (orders, slice_ms) = if is_long { (5_000, 4_000) } else { (120, 500) };
    let shop =
        ShopSender { spelling: Spelling::Mixed, share: 0.5, late_s: (1, 3_000), ..ShopSender::default() };
    let post = told(orders, KlaviyoConfig { shop: Some(shop), ..KlaviyoConfig::default() }).await;
    // Checkouts of nobody's order yet, which turn out to be of somebody who has one.
    let lone: Vec<(usize, i64, String)> = post.desk.world.with_world(|world| {
        let of = (0..orders / 40).map(|nth| nth * 40 + 1);
        of.map(|number| {
            let preorder = format!("pre_lone{number}");
            let session = world.open_checkout(spec(&preorder, &format!("p{number}@example.com"))).unwrap();
            (number, world.now(), session)
        })
        .collect()
    });
    post.desk.advance(2 * HOUR);
    post.desk.sync().await;
    let missing = post.stand("missing").await;
    let told_by_shop = post.control.truth().events.len();
    post.control.set_faults(Faults {
        error_5xx_rate: 0.04,
        html_rate: 0.02,
        cut_body_rate: 0.03,
        rate_limit_rate: 0.02,
        retry_after_s: Some(1),
        drop_before_effect_rate: 0.04,
        drop_after_effect_rate: 0.04,
        ..Faults::default()
    });
    let plan = post.get("klaviyo_events_fill", json!({})).await;
    assert_eq!(plan["count"], missing);
    let bulk = post.get("bulk_run", json!({"plan": plan["id"]})).await;

    let (mut dice, mut rounds, mut cuts, mut waits) = (Dice::new(41), 0, 0, 0);
    let mut links = lone.iter();
    let mut moved = (0..orders).step_by(20);
    let view = loop {
        rounds += 1;
        if dice.draw(25) == 0 {
            post.control.throttle("/api/events", 10 + dice.draw(300) as i64);
            waits += 1;
        }
        if let Some(number) = moved.next() {
            let email = format!("new{number}@example.com");
            post.desk
                .fix(json!({"action": "change_details", "order": format!("pre_{number:04}"), "email": email}))
                .await;
        }
        if let Some((number, _, session)) = links.next() {
            post.desk.fix(json!({"action": "link_payment", "payment": session, "order": format!("pre_{number:04}")})).await;
        }
        let slice_ms = if dice.draw(3) == 0 { 20 + dice.draw(slice_ms) } else { 60_000 };
        cuts += usize::from(!post.is_done_within(slice_ms).await);
        let view = post.get("bulk_get", json!({"id": bulk["id"]})).await;
        if rounds % 50 == 0 {
            eprintln!("round {rounds}: {} wait, {} are told", view["waiting"], view["succeeded"]);
        }
        if view["waiting"] == 0 && view["unverified"] == 0 && links.len() == 0 && moved.len() == 0 {
            break view;
        }
        assert!(rounds < 200 + orders, "it never ends: {view:#}");
        post.desk.advance(5);
    };
    // What changed since the plan is refused and said, and nothing else fails; another plan tells what is still missing.
    let failed = "SELECT DISTINCT coalesce(error_code, '') FROM action WHERE state = 'failed'";
    assert_eq!(post.desk.text(failed).await, ["PLAN_CHANGED"], "{view:#}");
    post.control.set_faults(Faults::default());
    post.desk.advance(2 * HOUR);
    post.desk.sync().await;
    post.stand("missing").await;
    post.fill(json!({})).await;
    post.desk.advance(2 * HOUR);
    post.desk.sync().await;
    post.stand("missing").await;
    eprintln!(
        "{orders} orders, {told_by_shop} events told by the shop, {missing} missing; {rounds} rounds, cut off {cuts} times, {waits} waits"
    );
    let beside: Vec<(usize, i64)> = lone.iter().map(|(number, at, _)| (*number, *at)).collect();
    post.assert_each_once_of(orders, &beside);
    assert!(post.control.truth().mails.iter().all(|mail| mail.by == SentBy::Shop), "a fill mails nobody");
    let before = post.control.truth().events.len();
    assert_eq!(post.refused("klaviyo_events_fill", json!({})).await, "NOTHING_MISSING");
    assert_eq!(post.control.truth().events.len(), before);
}
