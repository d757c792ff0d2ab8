//! What one person, or several under one preorderId, did over several orders.

use super::stage::{DAY_S, HOUR_S, Stage};
use super::tale::Tale;
use super::{Kind, WEEKS};
use crate::world::CheckoutSpec;

/// Three checkouts without a payment are old news after this long.
pub(super) const SEVERAL_LAST_S: i64 = 14 * DAY_S;
/// The third checkout, while it is still news.
const LATELY: (i64, i64) = (-12 * DAY_S, -6);

pub(super) const KINDS: [Kind; 10] = [
    Kind { rule: "paid_twice", note: "two orders", window: WEEKS, tell: two_orders },
    Kind { rule: "paid_twice", note: "the e-mail typed in another way", window: WEEKS, tell: two_spellings },
    Kind { rule: "paid_twice", note: "one order, two charges", window: WEEKS, tell: two_charges },
    Kind { rule: "several_sessions", note: "three preorders", window: LATELY, tell: three_preorders },
    Kind { rule: "several_sessions", note: "one preorder", window: LATELY, tell: three_of_one },
    Kind {
        rule: "several_sessions",
        note: "the e-mail typed in other ways",
        window: LATELY,
        tell: three_spellings,
    },
    Kind { rule: "several_sessions", note: "after a payment", window: LATELY, tell: three_after_a_payment },
    Kind { rule: "shared_preorder_id", note: "two people", window: WEEKS, tell: two_people },
    Kind { rule: "shared_preorder_id", note: "three people", window: WEEKS, tell: three_people },
    Kind { rule: "shared_preorder_id", note: "one of them paid", window: WEEKS, tell: one_of_two_paid },
];

/// Two orders of one person, both paid, the second at an instant.
fn twice(stage: &mut Stage, base: i64, first: CheckoutSpec, second: CheckoutSpec) -> Tale {
    let mut tale = Tale::default();
    let paid_at = base - stage.secs(120, 3 * DAY_S);
    tale.open(paid_at - stage.think(), "first", first);
    tale.pay(paid_at, "first", "c1");
    tale.open(base - stage.secs(20, 110), "second", second);
    tale.pay(base, "second", "c2");
    tale.finds("paid_twice", "second", base);
    tale
}

fn two_orders(stage: &mut Stage, base: i64) -> Tale {
    let first = stage.spec();
    let second = stage.again(&first);
    twice(stage, base, first, second)
}

fn two_spellings(stage: &mut Stage, base: i64) -> Tale {
    let first = stage.spec();
    let retyped = stage.retyped(first.email.as_deref().unwrap_or_default());
    let second = CheckoutSpec { email: Some(retyped), ..stage.again(&first) };
    twice(stage, base, first, second)
}

/// Two tabs of one preorder, both opened before either was paid.
fn two_charges(stage: &mut Stage, base: i64) -> Tale {
    let (mut tale, spec) = (Tale::default(), stage.spec());
    let opened = base - stage.secs(HOUR_S, 3 * HOUR_S);
    tale.open(opened, "first", spec.clone());
    tale.open(opened + stage.secs(10, 60), "second", spec);
    tale.pay(opened + stage.secs(60, 1_200), "first", "c1");
    tale.pay(base, "second", "c2");
    tale.finds("paid_twice", "second", base);
    tale
}

/// Three checkouts within a week, the third at an instant; nobody pays.
pub(super) fn three(stage: &mut Stage, base: i64, specs: [CheckoutSpec; 3]) -> Tale {
    let mut tale = Tale::default();
    let first = base - stage.secs(HOUR_S, 7 * DAY_S);
    let second = first + (base - first) * stage.secs(1, 99) / 100;
    for ((name, at), spec) in [("first", first), ("second", second), ("third", base)].into_iter().zip(specs) {
        tale.open(at, name, spec);
    }
    tale.finds("several_sessions", "third", base).also_about(&["second", "first"]).lasting(SEVERAL_LAST_S);
    tale
}

pub(super) fn three_preorders(stage: &mut Stage, base: i64) -> Tale {
    let first = stage.spec();
    let (second, third) = (stage.again(&first), stage.again(&first));
    three(stage, base, [first, second, third])
}

fn three_of_one(stage: &mut Stage, base: i64) -> Tale {
    let spec = stage.spec();
    three(stage, base, [spec.clone(), spec.clone(), spec])
}

fn three_spellings(stage: &mut Stage, base: i64) -> Tale {
    let first = stage.spec();
    let typed = |stage: &mut Stage| {
        let email = Some(stage.retyped(first.email.as_deref().unwrap_or_default()));
        CheckoutSpec { email, ..stage.again(&first) }
    };
    let (second, third) = (typed(stage), typed(stage));
    three(stage, base, [first, second, third])
}

/// What was paid before the first of the three does not count.
fn three_after_a_payment(stage: &mut Stage, base: i64) -> Tale {
    let first = CheckoutSpec { color: Some("moss".to_owned()), ..stage.spec() };
    let (second, third) = (stage.again(&first), stage.again(&first));
    let before = CheckoutSpec { color: Some("ink".to_owned()), ..stage.again(&first) };
    let mut tale = three(stage, base, [first, second, third]);
    let paid_at = base - 7 * DAY_S - stage.secs(HOUR_S, 3 * DAY_S);
    tale.open(paid_at - 40, "before", before);
    tale.pay(paid_at, "before", "c");
    tale
}

fn two_people(stage: &mut Stage, base: i64) -> Tale {
    let (mut tale, one) = (Tale::default(), stage.spec());
    let other = CheckoutSpec { preorder_id: one.preorder_id.clone(), ..stage.spec() };
    tale.open(base - stage.secs(60, DAY_S), "one", one);
    tale.open(base, "other", other);
    tale.finds("shared_preorder_id", "other", base);
    tale
}

/// The second and the third come in one second.
fn three_people(stage: &mut Stage, base: i64) -> Tale {
    let (mut tale, one) = (Tale::default(), stage.spec());
    tale.open(base - stage.secs(60, DAY_S), "one", one.clone());
    for name in ["other", "third"] {
        tale.open(base, name, CheckoutSpec { preorder_id: one.preorder_id.clone(), ..stage.spec() });
    }
    tale.finds("shared_preorder_id", "other", base);
    tale
}

/// The first pays in the very second in which the other opens checkout: that is not after it.
fn one_of_two_paid(stage: &mut Stage, base: i64) -> Tale {
    let (mut tale, one) = (Tale::default(), stage.spec());
    let other = CheckoutSpec { preorder_id: one.preorder_id.clone(), ..stage.spec() };
    tale.open(base - stage.think(), "one", one);
    tale.open(base, "other", other);
    tale.pay(base, "one", "c");
    tale.finds("shared_preorder_id", "other", base);
    tale
}
