//! What only looks like an order with something missing or wrong.

use super::super::contents::spec_of_credits;
use super::super::stage::{DAY_S, HOUR_S, Stage, direct_of};
use super::super::tale::Tale;
use super::{Miss, bought, bought_with};
use crate::world::{Buyer, CheckoutSpec, CreditSpec, DirectSpec, DisputeOutcome, Portion, RefundState};

pub(super) const MISSES: [Miss; 21] = [
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
