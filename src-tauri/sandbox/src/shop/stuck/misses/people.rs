//! What only looks like one person paying twice, or not at all.

use super::super::people::{SEVERAL_LAST_S, three, three_preorders};
use super::super::stage::{DAY_S, HOUR_S, Stage};
use super::super::tale::Tale;
use super::{Miss, bought_with};
use crate::world::{CheckoutSpec, DisputeOutcome, Portion, RefundState};

pub(super) const MISSES: [Miss; 12] = [
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
