//! What only looks like a stuck order.

use super::contents::spec_of_credits;
use super::paying::{FAILURE_LASTS_S, failed};
use super::people::{SEVERAL_LAST_S, three, three_preorders};
use super::stage::{DAY_S, HOUR_S, MINUTE_S, PEACE_S, SHORT_LIFE_S, Stage, direct_of};
use super::tale::Tale;
use crate::world::{Buyer, CheckoutSpec, CreditSpec, DirectSpec, DisputeOutcome, Portion, RefundState};

type Miss = fn(&mut Stage) -> Tale;

pub(super) const PAYING: [Miss; 18] = [
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

pub(super) const CONTENTS: [Miss; 21] = [
    by_hand_for_a_preorder,
    by_hand_refunded,
    by_hand_for_credits,
    credits_without_anything,
    color_on_the_intent,
    unpaid_without_color,
    untouched_without_email,
    email_of_the_customer,
    two_of_them,
    made_up_at_the_listed_price,
    another_product_in_pounds,
    metadata_on_the_session_only,
    metadata_mended,
    part_refund_the_shop_knows,
    refund_failed_then_refunded,
    refund_under_way,
    dispute_won,
    dispute_lost,
    third_delivery,
    resent_by_hand,
    second_tab_before_payment,
];

pub(super) const PEOPLE: [Miss; 12] = [
    two_colors,
    first_one_refunded,
    first_one_lost,
    second_charge_refunded,
    second_one_left,
    two_sessions,
    three_in_eight_days,
    three_and_a_payment,
    three_too_long_ago,
    three_nearly_too_long_ago,
    one_person_two_spellings,
    opened_in_the_second_of_payment,
];

fn bought(stage: &mut Stage) -> (Tale, i64) {
    let spec = stage.spec();
    bought_with(stage, spec)
}

/// A paid order of some day, and when it was paid.
fn bought_with(stage: &mut Stage, spec: CheckoutSpec) -> (Tale, i64) {
    let (mut tale, paid_at) = (Tale::default(), stage.some_day());
    tale.open(paid_at - stage.think(), "s", spec);
    tale.pay(paid_at, "s", "c");
    (tale, paid_at)
}

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

/// The buyer of an abandoned checkout pays by a link that names the preorder.
fn by_hand_for_a_preorder(stage: &mut Stage) -> Tale {
    let (mut tale, paid_at, spec) = (Tale::default(), stage.some_day(), stage.spec());
    let direct = direct_of(&spec);
    tale.open(paid_at - stage.secs(HOUR_S, 10 * HOUR_S), "s", spec);
    tale.direct(paid_at - stage.think(), "i", direct);
    tale.pay_direct(paid_at, "i", "c");
    tale
}

fn by_hand_refunded(stage: &mut Stage) -> Tale {
    let (mut tale, paid_at) = (Tale::default(), stage.some_day());
    let mut direct = stage.direct();
    direct.metadata.remove("preorderId");
    tale.direct(paid_at - stage.think(), "i", direct);
    tale.pay_direct(paid_at, "i", "c");
    tale.refund(paid_at + stage.secs(300, 20 * HOUR_S), "c", "r", Portion::All, RefundState::Succeeded);
    tale
}

fn by_hand_for_credits(stage: &mut Stage) -> Tale {
    let (mut tale, paid_at) = (Tale::default(), stage.some_day());
    let spec = stage.spec();
    let metadata = [("plan", "pro".to_owned()), ("userId", spec.user_id.unwrap_or_default())];
    let direct = DirectSpec {
        amount: 3_900,
        email: spec.email,
        metadata: metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        ..DirectSpec::default()
    };
    tale.direct(paid_at - stage.think(), "i", direct);
    tale.pay_direct(paid_at, "i", "c");
    tale
}

fn credits_without_anything(stage: &mut Stage) -> Tale {
    let (mut tale, paid_at, spec) = (Tale::default(), stage.some_day(), stage.spec());
    let pack = CreditSpec { quantity: stage.secs(1, 4), ..spec_of_credits(&spec) };
    tale.open_credits(paid_at - stage.think(), "s", pack);
    tale.pay(paid_at, "s", "c");
    tale
}

fn color_on_the_intent(stage: &mut Stage) -> Tale {
    let mut spec = stage.spec();
    spec.intent_metadata.extend(spec.color.take().map(|color| ("color".to_owned(), color)));
    bought_with(stage, spec).0
}

fn unpaid_without_color(stage: &mut Stage) -> Tale {
    let (mut tale, at) = (Tale::default(), stage.some_day());
    tale.open(at, "s", CheckoutSpec { color: None, ..stage.spec() });
    tale
}

fn untouched_without_email(stage: &mut Stage) -> Tale {
    let (mut tale, at) = (Tale::default(), stage.now - stage.secs(HOUR_S, 20 * HOUR_S));
    tale.open(at, "s", CheckoutSpec { email: None, ..stage.spec() });
    tale
}

fn email_of_the_customer(stage: &mut Stage) -> Tale {
    let (mut tale, paid_at, spec) = (Tale::default(), stage.some_day(), stage.spec());
    let (email, name) = (spec.email.clone(), spec.name.clone());
    let mut direct = DirectSpec { email: None, ..direct_of(&spec) };
    direct.metadata.remove("email");
    tale.at(paid_at - stage.think(), move |w, cast| {
        let customer = w.new_customer(email.as_deref(), name.as_deref());
        let intent = w.direct_intent(DirectSpec { customer: Some(customer), ..direct })?;
        cast.name("i", intent);
        Ok(())
    });
    tale.pay_direct(paid_at, "i", "c");
    tale
}

fn two_of_them(stage: &mut Stage) -> Tale {
    let spec = CheckoutSpec { quantity: 2, ..stage.spec() };
    bought_with(stage, spec).0
}

fn made_up_at_the_listed_price(stage: &mut Stage) -> Tale {
    let spec = CheckoutSpec {
        currency: "usd".to_owned(),
        amount: Some(15_900),
        ad_hoc: true,
        customer: Buyer::Guest,
        ..stage.spec()
    };
    bought_with(stage, spec).0
}

/// Another product has its only price in pounds, and is sold for it.
fn another_product_in_pounds(stage: &mut Stage) -> Tale {
    let (mut tale, paid_at, spec) = (Tale::default(), stage.some_day(), stage.spec());
    tale.at(paid_at - stage.think(), move |w, cast| {
        let product = w.new_product("Lanternfish tea towel", Default::default());
        let price = w.new_price(&product, "gbp", 1_900, None)?;
        let spec = CheckoutSpec { price: Some(price), currency: "gbp".to_owned(), ..spec };
        let session = w.open_checkout(spec)?;
        cast.name("s", session);
        Ok(())
    });
    tale.pay(paid_at, "s", "c");
    tale
}

fn metadata_on_the_session_only(stage: &mut Stage) -> Tale {
    let spec = CheckoutSpec { metadata_on_intent: false, ..stage.spec() };
    bought_with(stage, spec).0
}

fn metadata_mended(stage: &mut Stage) -> Tale {
    let spec = stage.spec();
    let id = spec.preorder_id.clone().unwrap_or_default();
    let broken =
        CheckoutSpec { preorder_id: Some("undefined".to_owned()), metadata_on_intent: false, ..spec };
    let (mut tale, paid_at) = bought_with(stage, broken);
    tale.on(paid_at + stage.secs(60, HOUR_S), "s", move |w, s| w.set_metadata(s, "preorderId", &id, true));
    tale
}

fn part_refund_the_shop_knows(stage: &mut Stage) -> Tale {
    let (mut tale, paid_at) = bought(stage);
    tale.refund_part(paid_at + stage.secs(HOUR_S, DAY_S), "c", "r");
    tale
}

fn refund_failed_then_refunded(stage: &mut Stage) -> Tale {
    let (mut tale, paid_at) = bought(stage);
    let asked = paid_at + stage.secs(HOUR_S, 5 * HOUR_S);
    tale.refund(asked, "c", "r", Portion::All, RefundState::Pending);
    tale.on(asked + HOUR_S, "r", |w, r| w.fail_refund(r));
    tale.refund(asked + 2 * HOUR_S, "c", "r2", Portion::All, RefundState::Succeeded);
    tale
}

fn refund_under_way(stage: &mut Stage) -> Tale {
    let (mut tale, paid_at) = bought(stage);
    tale.refund(paid_at + stage.secs(HOUR_S, DAY_S), "c", "r", Portion::All, RefundState::Pending);
    tale
}

fn dispute_won(stage: &mut Stage) -> Tale {
    let (mut tale, paid_at) = bought(stage);
    tale.dispute(paid_at + HOUR_S, "c", "d");
    tale.on(paid_at + 2 * HOUR_S, "d", |w, d| w.answer_dispute(d));
    tale.close(paid_at + stage.secs(3 * HOUR_S, DAY_S), "d", DisputeOutcome::Won);
    tale
}

fn dispute_lost(stage: &mut Stage) -> Tale {
    let (mut tale, paid_at) = bought(stage);
    tale.dispute(paid_at + HOUR_S, "c", "d");
    tale.row_says(paid_at + HOUR_S, "s", "completed");
    tale.close(paid_at + stage.secs(3 * HOUR_S, DAY_S), "d", DisputeOutcome::Lost);
    tale
}

/// Refused at once and a minute later, taken at the third try.
fn third_delivery(stage: &mut Stage) -> Tale {
    let (mut tale, paid_at) = bought(stage);
    tale.refuse_event(paid_at, "s", "e");
    tale.on(paid_at + 100, "e", |w, e| {
        w.accept_deliveries_of(e);
        Ok(())
    });
    tale
}

fn resent_by_hand(stage: &mut Stage) -> Tale {
    let (mut tale, paid_at) = bought(stage);
    tale.refuse_event(paid_at, "s", "e");
    tale.on(paid_at + stage.secs(HOUR_S, 10 * HOUR_S), "e", |w, e| w.resend(e, None));
    tale
}

fn second_tab_before_payment(stage: &mut Stage) -> Tale {
    let spec = stage.spec();
    let (mut tale, paid_at) = bought_with(stage, spec.clone());
    tale.open(paid_at - stage.secs(1, 20), "tab", spec);
    tale
}

/// Two orders of one person, both paid.
fn pair(stage: &mut Stage, first: CheckoutSpec, second: CheckoutSpec) -> (Tale, i64) {
    let (mut tale, paid_at) = bought_with(stage, first);
    let later = paid_at + stage.secs(300, 10 * HOUR_S);
    tale.open(later - stage.secs(20, 200), "second", second);
    tale.pay(later, "second", "c2");
    (tale, later)
}

fn two_colors(stage: &mut Stage) -> Tale {
    let first = CheckoutSpec { color: Some("moss".to_owned()), ..stage.spec() };
    let second = CheckoutSpec { color: Some("coral".to_owned()), ..stage.again(&first) };
    pair(stage, first, second).0
}

fn first_one_refunded(stage: &mut Stage) -> Tale {
    let first = stage.spec();
    let second = stage.again(&first);
    let (mut tale, later) = pair(stage, first, second);
    tale.refund(later + stage.secs(60, 10 * HOUR_S), "c", "r", Portion::All, RefundState::Succeeded);
    tale
}

fn first_one_lost(stage: &mut Stage) -> Tale {
    let first = stage.spec();
    let second = stage.again(&first);
    let (mut tale, later) = pair(stage, first, second);
    tale.dispute(later + HOUR_S, "c", "d");
    tale.row_says(later + HOUR_S, "s", "completed");
    tale.close(later + stage.secs(2 * HOUR_S, 12 * HOUR_S), "d", DisputeOutcome::Lost);
    tale
}

/// One preorder in two tabs, both paid, one of them given back.
fn second_charge_refunded(stage: &mut Stage) -> Tale {
    let spec = stage.spec();
    let (mut tale, paid_at) = bought_with(stage, spec.clone());
    tale.open(paid_at - stage.secs(1, 20), "tab", spec);
    tale.pay(paid_at + stage.think(), "tab", "c2");
    tale.refund(paid_at + stage.secs(HOUR_S, 10 * HOUR_S), "c2", "r", Portion::All, RefundState::Succeeded);
    tale.row_says(paid_at + HOUR_S, "s", "completed");
    tale
}

fn second_one_left(stage: &mut Stage) -> Tale {
    let first = stage.spec();
    let second = stage.again(&first);
    let (mut tale, paid_at) = bought_with(stage, first);
    tale.open(paid_at + stage.secs(60, HOUR_S), "second", second);
    tale
}

fn two_sessions(stage: &mut Stage) -> Tale {
    let (mut tale, at) = (Tale::default(), stage.some_day());
    let first = stage.spec();
    tale.open(at, "second", stage.again(&first));
    tale.open(at - stage.secs(60, 3 * DAY_S), "s", first);
    tale
}

/// Never three of them within seven days.
fn three_in_eight_days(stage: &mut Stage) -> Tale {
    let (mut tale, at) = (Tale::default(), stage.some_day());
    let first = stage.spec();
    tale.open(at, "third", stage.again(&first));
    tale.open(at - stage.secs(60, 7 * DAY_S), "second", stage.again(&first));
    tale.open(at - 8 * DAY_S, "s", first);
    tale
}

fn three_and_a_payment(stage: &mut Stage) -> Tale {
    let at = stage.some_day() - HOUR_S;
    let first = stage.spec();
    let specs = [stage.again(&first), stage.again(&first), stage.again(&first)];
    let mut tale = three(stage, at, specs);
    tale.drafts.clear();
    tale.pay(at + stage.think(), "third", "c");
    tale
}

/// Fourteen days ago to the second: that one is closed.
fn three_too_long_ago(stage: &mut Stage) -> Tale {
    let at = stage.now - SEVERAL_LAST_S;
    three_long_ago(stage, at)
}

/// A second less: that one closes in the next second.
fn three_nearly_too_long_ago(stage: &mut Stage) -> Tale {
    let at = stage.now - SEVERAL_LAST_S + 1;
    three_long_ago(stage, at)
}

fn three_long_ago(stage: &mut Stage, at: i64) -> Tale {
    let mut tale = three_preorders(stage, at);
    tale.drafts.iter_mut().for_each(|draft| draft.note = "about to be forgotten");
    tale
}

fn one_person_two_spellings(stage: &mut Stage) -> Tale {
    let (mut tale, at) = (Tale::default(), stage.some_day());
    let first = stage.spec();
    let retyped = stage.retyped(first.email.as_deref().unwrap_or_default());
    tale.open(at, "second", CheckoutSpec { email: Some(retyped), ..first.clone() });
    tale.open(at - stage.secs(60, DAY_S), "s", first);
    tale
}

fn opened_in_the_second_of_payment(stage: &mut Stage) -> Tale {
    let spec = stage.spec();
    let (mut tale, paid_at) = bought_with(stage, spec.clone());
    tale.open(paid_at, "again", spec);
    tale
}
