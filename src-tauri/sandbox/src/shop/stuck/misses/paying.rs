//! What only looks like an order stuck on the way to being paid.

use super::super::paying::{FAILURE_LASTS_S, failed};
use super::super::stage::{DAY_S, HOUR_S, MINUTE_S, PEACE_S, SHORT_LIFE_S, Stage};
use super::super::tale::Tale;
use super::{Miss, bought, bought_with};
use crate::world::{CheckoutSpec, Portion, RefundState};

pub(super) const MISSES: [Miss; 18] = [
    declined_then_paid,
    declined_recovered_and_paid,
    declined_then_debited,
    declined_too_long_ago,
    declined_nearly_too_long_ago,
    confirmed_with_the_bank,
    pressed_pay_and_paid_later,
    pressed_pay_expired_just_now,
    asked_expired_just_now,
    nearly_expired_untouched,
    debit_settled_in_days,
    direct_debit_settled,
    captured_in_time,
    hold_released,
    paid_open_and_refunded,
    row_says_paid,
    nothing_to_pay,
    recovered,
];

fn declined_then_paid(stage: &mut Stage) -> Tale {
    let (mut tale, at) = (Tale::default(), stage.some_day());
    tale.open(at - stage.think(), "s", stage.spec());
    tale.decline(at, "s", stage.code());
    tale.pay(at + stage.think(), "s", "c");
    tale
}

fn declined_recovered_and_paid(stage: &mut Stage) -> Tale {
    let (mut tale, at) = (Tale::default(), stage.some_day() - 2 * DAY_S);
    let spec = CheckoutSpec { recovery: true, ..stage.spec() };
    tale.open(at, "s", spec);
    tale.decline(at + stage.think(), "s", stage.code());
    let back = at + DAY_S + stage.secs(MINUTE_S, 10 * HOUR_S);
    recover(&mut tale, back);
    tale.pay(back + stage.think(), "back", "c");
    tale
}

fn recover(tale: &mut Tale, at: i64) {
    tale.at(at, |w, cast| {
        let id = w.recover(&cast.id("s"))?;
        cast.name("back", id);
        Ok(())
    });
}

fn declined_then_debited(stage: &mut Stage) -> Tale {
    let (mut tale, at) = (Tale::default(), stage.now - stage.secs(DAY_S, 4 * DAY_S));
    tale.open(at - stage.think(), "s", stage.spec());
    tale.decline(at, "s", stage.code());
    let debited = at + stage.think();
    tale.debit(debited, "s");
    tale.finds("async_pending_too_long", "s", debited).noted("after a decline");
    tale
}

/// Thirty days ago to the second: that one is closed.
fn declined_too_long_ago(stage: &mut Stage) -> Tale {
    let at = stage.now - FAILURE_LASTS_S;
    declined_long_ago(stage, at)
}

/// A second less: that one closes in the next second.
fn declined_nearly_too_long_ago(stage: &mut Stage) -> Tale {
    let at = stage.now - FAILURE_LASTS_S + 1;
    declined_long_ago(stage, at)
}

fn declined_long_ago(stage: &mut Stage, at: i64) -> Tale {
    let mut tale = Tale::default();
    let spec = CheckoutSpec { expires_in_s: SHORT_LIFE_S, ..stage.spec() };
    tale.open(at - stage.think(), "s", spec);
    tale.decline(at, "s", stage.code());
    failed(&mut tale, at).noted("about to be forgotten");
    tale
}

fn confirmed_with_the_bank(stage: &mut Stage) -> Tale {
    let (mut tale, at) = (Tale::default(), stage.some_day());
    tale.open(at - stage.think(), "s", stage.spec());
    tale.asks_to_confirm(at, "s");
    tale.pay(at + stage.secs(10, 240), "s", "c");
    tale
}

fn pressed_pay_and_paid_later(stage: &mut Stage) -> Tale {
    let (mut tale, at) = (Tale::default(), stage.some_day());
    tale.open(at - stage.think(), "s", stage.spec());
    tale.attempt(at, "s");
    tale.pay(at + stage.secs(HOUR_S, 5 * HOUR_S), "s", "c");
    tale
}

fn pressed_pay_expired_just_now(stage: &mut Stage) -> Tale {
    let (mut tale, opened) = (Tale::default(), stage.now - DAY_S - PEACE_S);
    tale.open(opened, "s", stage.spec());
    tale.attempt(opened + stage.think(), "s");
    tale
}

fn asked_expired_just_now(stage: &mut Stage) -> Tale {
    let (mut tale, opened) = (Tale::default(), stage.now - DAY_S - PEACE_S);
    tale.open(opened, "s", stage.spec());
    tale.asks_to_confirm(opened + stage.think(), "s");
    tale
}

fn nearly_expired_untouched(stage: &mut Stage) -> Tale {
    let (mut tale, opened) = (Tale::default(), stage.now - DAY_S + stage.secs(60, HOUR_S));
    tale.open(opened, "s", stage.spec());
    tale
}

fn debit_settled_in_days(stage: &mut Stage) -> Tale {
    let (mut tale, settled) = (Tale::default(), stage.some_day());
    let debited = settled - stage.secs(5 * DAY_S, 8 * DAY_S);
    tale.open(debited - stage.think(), "s", stage.spec());
    tale.debit(debited, "s");
    tale.on(settled, "s", |w, s| w.settle_async(s));
    tale
}

fn direct_debit_settled(stage: &mut Stage) -> Tale {
    let (mut tale, settled) = (Tale::default(), stage.some_day());
    let debited = settled - stage.secs(DAY_S, 4 * DAY_S);
    tale.direct(debited, "i", stage.direct());
    tale.on(debited, "i", |w, i| w.debit_direct(i).map(drop));
    tale.on(settled, "i", |w, i| w.settle_direct(i));
    tale
}

fn captured_in_time(stage: &mut Stage) -> Tale {
    let (mut tale, captured) = (Tale::default(), stage.some_day());
    let held = captured - stage.secs(DAY_S, 6 * DAY_S);
    tale.open(held - stage.think(), "s", CheckoutSpec { capture_by_hand: true, ..stage.spec() });
    tale.hold(held, "s");
    tale.on(captured, "s", |w, s| {
        let intent = w.session(s)?.intent.clone().unwrap_or_default();
        w.capture(&intent)
    });
    tale
}

fn hold_released(stage: &mut Stage) -> Tale {
    let (mut tale, released) = (Tale::default(), stage.some_day());
    let held = released - stage.secs(DAY_S, 6 * DAY_S);
    tale.open(held - stage.think(), "s", CheckoutSpec { capture_by_hand: true, ..stage.spec() });
    tale.hold(held, "s");
    tale.on(released, "s", |w, s| {
        let intent = w.session(s)?.intent.clone().unwrap_or_default();
        w.cancel_intent(&intent, Some("abandoned"))
    });
    tale
}

fn paid_open_and_refunded(stage: &mut Stage) -> Tale {
    let (mut tale, at) = (Tale::default(), stage.now - stage.secs(2 * HOUR_S, 20 * HOUR_S));
    tale.open(at - stage.think(), "s", stage.spec());
    tale.at(at, |w, cast| {
        let id = w.pay_without_completing(&cast.id("s"))?;
        cast.name("c", id);
        Ok(())
    });
    tale.refund(at + stage.secs(60, HOUR_S), "c", "r", Portion::All, RefundState::Succeeded);
    tale
}

fn row_says_paid(stage: &mut Stage) -> Tale {
    let (mut tale, at) = bought(stage);
    tale.row_says(at, "s", "paid");
    tale
}

fn nothing_to_pay(stage: &mut Stage) -> Tale {
    let spec = CheckoutSpec { free: true, ..stage.spec() };
    bought_with(stage, spec).0
}

fn recovered(stage: &mut Stage) -> Tale {
    let (mut tale, at) = (Tale::default(), stage.some_day() - 2 * DAY_S);
    let spec = CheckoutSpec { recovery: true, ..stage.spec() };
    tale.open(at, "s", spec);
    let back = at + DAY_S + stage.secs(MINUTE_S, 10 * HOUR_S);
    recover(&mut tale, back);
    tale.pay(back + stage.think(), "back", "c");
    tale
}
