//! Orders stuck on the way to being paid.

use super::stage::{DAY_S, HOUR_S, MINUTE_S, PEACE_S, SHORT_LIFE_S, Stage, direct_of};
use super::tale::{Draft, Tale};
use super::{Kind, Needs, OPEN_SESSION, WEEKS};
use crate::world::CheckoutSpec;

/// A declined payment is old news after this long.
pub(super) const FAILURE_LASTS_S: i64 = 30 * DAY_S;
/// A card authorisation lapses after this long.
const HOLD_S: i64 = 7 * DAY_S;
/// Declined in a session whose short life is over by now.
const EXPIRED_SINCE: (i64, i64) = (-25 * DAY_S, -SHORT_LIFE_S - PEACE_S);

pub(super) const KINDS: [Kind; 16] = [
    Kind {
        rule: "paid_not_completed",
        note: "the session stayed open",
        window: OPEN_SESSION,
        tell: paid_and_open,
    },
    Kind {
        rule: "paid_not_completed",
        note: "complete, and unpaid for good",
        window: WEEKS,
        tell: paid_and_unpaid,
    },
    Kind {
        rule: "paid_not_completed",
        note: "the shop's row is not paid",
        window: WEEKS,
        tell: row_not_paid,
    },
    Kind { rule: "processing_too_long", note: "pressed pay", window: OPEN_SESSION, tell: pressed_pay },
    Kind { rule: "processing_too_long", note: "a debit without checkout", window: WEEKS, tell: direct_debit },
    Kind { rule: "expires_after_attempt", note: "declined", window: EXPIRY, tell: declined_and_expires },
    Kind { rule: "expires_after_attempt", note: "asked to confirm", window: EXPIRY, tell: asked_and_expires },
    Kind {
        rule: "payment_failed",
        note: "declined, expired",
        window: EXPIRED_SINCE,
        tell: declined_and_gone,
    },
    Kind { rule: "payment_failed", note: "declined twice", window: EXPIRED_SINCE, tell: declined_twice },
    Kind {
        rule: "payment_failed",
        note: "declined, still open",
        window: OPEN_SESSION,
        tell: declined_and_open,
    },
    Kind { rule: "payment_failed", note: "the debit bounced", window: WEEKS, tell: debit_bounced },
    Kind { rule: "payment_failed", note: "declined without checkout", window: WEEKS, tell: declined_by_hand },
    Kind {
        rule: "requires_action_stale",
        note: "asked to confirm",
        window: OPEN_SESSION,
        tell: asked_and_gone,
    },
    Kind { rule: "async_pending_too_long", note: "a debit under way", window: WEEKS, tell: debit_under_way },
    Kind { rule: "authorisation_lapsing", note: "held, not captured", window: HELD, tell: held },
    Kind {
        rule: "authorisation_lapsing",
        note: "held after a decline",
        window: HELD,
        tell: held_after_decline,
    },
];

/// Of a session that expires within a day.
const EXPIRY: (i64, i64) = (MINUTE_S, 22 * HOUR_S);
/// Of a hold that lapses later than tomorrow.
const HELD: (i64, i64) = (26 * HOUR_S, HOLD_S - MINUTE_S);

fn paid_and_open(stage: &mut Stage, base: i64) -> Tale {
    let (mut tale, opened) = (Tale::default(), base - stage.think());
    tale.open(opened, "s", stage.spec());
    tale.on(base, "s", |w, s| w.pay_without_completing(s).map(drop));
    tale.finds("paid_not_completed", "s", base).until(opened + DAY_S);
    tale
}

fn paid_and_unpaid(stage: &mut Stage, base: i64) -> Tale {
    let mut tale = Tale::default();
    let debited = base - stage.secs(DAY_S, 4 * DAY_S);
    tale.open(debited - stage.think(), "s", stage.spec());
    tale.debit(debited, "s");
    tale.on(base, "s", |w, s| w.settle_without_completing(s));
    tale.finds("paid_not_completed", "s", base);
    tale
}

fn row_not_paid(stage: &mut Stage, base: i64) -> Tale {
    let mut tale = Tale::default();
    tale.open(base - stage.think(), "s", stage.spec());
    tale.pay(base, "s", "c");
    let word = ["processing", "initiated", "failed"][stage.secs(0, 3) as usize];
    tale.row_says(base, "s", word);
    tale.finds("paid_not_completed", "s", base).needing(Needs::ShopRows);
    tale
}

fn pressed_pay(stage: &mut Stage, base: i64) -> Tale {
    let (mut tale, opened) = (Tale::default(), base - stage.think());
    tale.open(opened, "s", stage.spec());
    tale.attempt(base, "s");
    tale.finds("processing_too_long", "s", base).until(opened + DAY_S);
    tale
}

fn direct_debit(stage: &mut Stage, base: i64) -> Tale {
    let mut tale = Tale::default();
    tale.direct(base, "i", stage.direct());
    tale.on(base, "i", |w, i| w.debit_direct(i).map(drop));
    tale.finds("processing_too_long", "i", base);
    tale
}

fn declined_and_expires(stage: &mut Stage, base: i64) -> Tale {
    let (mut tale, opened) = (Tale::default(), base - DAY_S);
    let declined = opened + stage.think();
    tale.open(opened, "s", stage.spec());
    tale.decline(declined, "s", stage.code());
    tale.finds("expires_after_attempt", "s", base).until(base);
    failed(&mut tale, declined).noted("still open");
    tale
}

fn asked_and_expires(stage: &mut Stage, base: i64) -> Tale {
    let (mut tale, opened) = (Tale::default(), base - DAY_S);
    let asked = opened + stage.think();
    tale.open(opened, "s", stage.spec());
    tale.asks_to_confirm(asked, "s");
    tale.finds("expires_after_attempt", "s", base).until(base);
    tale.finds("requires_action_stale", "s", asked).noted("about to expire").until(base);
    tale
}

fn declined_and_gone(stage: &mut Stage, base: i64) -> Tale {
    let mut tale = Tale::default();
    let spec = CheckoutSpec { expires_in_s: SHORT_LIFE_S, ..stage.spec() };
    tale.open(base - stage.think(), "s", spec);
    tale.decline(base, "s", stage.code());
    failed(&mut tale, base);
    tale
}

fn declined_twice(stage: &mut Stage, base: i64) -> Tale {
    let mut tale = Tale::default();
    let spec = CheckoutSpec { expires_in_s: SHORT_LIFE_S, ..stage.spec() };
    let first = base - stage.secs(20, 400);
    tale.open(first - stage.think(), "s", spec);
    tale.decline(first, "s", "insufficient_funds");
    tale.decline(base, "s", "generic_decline");
    failed(&mut tale, base);
    tale
}

fn declined_and_open(stage: &mut Stage, base: i64) -> Tale {
    let (mut tale, opened) = (Tale::default(), base - stage.think());
    tale.open(opened, "s", stage.spec());
    tale.decline(base, "s", stage.code());
    failed(&mut tale, base);
    tale.finds("expires_after_attempt", "s", opened + DAY_S).until(opened + DAY_S);
    tale
}

fn debit_bounced(stage: &mut Stage, base: i64) -> Tale {
    let mut tale = Tale::default();
    let debited = base - stage.secs(DAY_S, 5 * DAY_S);
    tale.open(debited - stage.think(), "s", stage.spec());
    tale.debit(debited, "s");
    tale.on(base, "s", |w, s| w.fail_async(s));
    failed(&mut tale, base);
    tale
}

fn declined_by_hand(stage: &mut Stage, base: i64) -> Tale {
    let mut tale = Tale::default();
    let spec = stage.spec();
    tale.direct(base - stage.think(), "s", direct_of(&spec));
    tale.on(base, "s", |w, i| w.decline_direct(i, "lost_card").map(drop));
    failed(&mut tale, base);
    tale
}

fn asked_and_gone(stage: &mut Stage, base: i64) -> Tale {
    // The intent is older than the question: the question is what counts.
    let (mut tale, pressed) = (Tale::default(), base - stage.secs(30, 300));
    let opened = pressed - stage.think();
    tale.open(opened, "s", stage.spec());
    tale.attempt(pressed, "s");
    tale.asks_to_confirm(base, "s");
    tale.finds("requires_action_stale", "s", base).until(opened + DAY_S);
    tale.finds("expires_after_attempt", "s", opened + DAY_S).until(opened + DAY_S);
    tale
}

fn debit_under_way(stage: &mut Stage, base: i64) -> Tale {
    let (mut tale, pressed) = (Tale::default(), base - stage.secs(30, 300));
    tale.open(pressed - stage.think(), "s", stage.spec());
    tale.attempt(pressed, "s");
    tale.debit(base, "s");
    tale.finds("async_pending_too_long", "s", base);
    tale
}

fn held(stage: &mut Stage, base: i64) -> Tale {
    let mut tale = Tale::default();
    tale.open(base - HOLD_S - stage.think(), "s", CheckoutSpec { capture_by_hand: true, ..stage.spec() });
    tale.hold(base - HOLD_S, "s");
    tale.finds("authorisation_lapsing", "s", base);
    tale
}

fn held_after_decline(stage: &mut Stage, base: i64) -> Tale {
    let (mut tale, declined) = (Tale::default(), base - HOLD_S - stage.secs(20, 300));
    tale.open(declined - stage.think(), "s", CheckoutSpec { capture_by_hand: true, ..stage.spec() });
    tale.decline(declined, "s", stage.code());
    tale.hold(base - HOLD_S, "s");
    tale.finds("authorisation_lapsing", "s", base);
    tale
}

/// The order of `s` has a payment that failed at an instant.
pub(super) fn failed(tale: &mut Tale, at: i64) -> &mut Draft {
    tale.finds("payment_failed", "s", at).lasting(FAILURE_LASTS_S)
}
