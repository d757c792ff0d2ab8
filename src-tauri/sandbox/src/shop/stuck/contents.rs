//! Orders in which something is missing, wrong or in the wrong order, and what can go wrong after payment.

use super::stage::{DAY_S, HOUR_S, MINUTE_S, PEACE_S, SHORT_LIFE_S, Stage, direct_of};
use super::tale::Tale;
use super::{Kind, Needs, OPEN_SESSION, WEEKS};
use crate::world::{Buyer, CheckoutSpec, CreditSpec, DirectSpec, Portion, RefundState};

/// Paid some minutes after the instant that counts.
const PAID_SINCE: (i64, i64) = (-25 * DAY_S, -20 * MINUTE_S);
/// Paid some seconds after it.
const JUST_PAID: (i64, i64) = (-25 * DAY_S, -25);
/// Attempted in a session whose short life is over by now.
const EXPIRED_SINCE: (i64, i64) = (-25 * DAY_S, -SHORT_LIFE_S - PEACE_S);

pub(super) const KINDS: [Kind; 32] = [
    Kind { rule: "orphan_payment", note: "nothing but an e-mail", window: WEEKS, tell: orphan_bare },
    Kind { rule: "orphan_payment", note: "colour and address", window: WEEKS, tell: orphan_with_color },
    Kind { rule: "orphan_payment", note: "preorderId undefined", window: WEEKS, tell: orphan_undefined },
    Kind {
        rule: "orphan_payment",
        note: "an unpaid order beside it",
        window: WEEKS,
        tell: orphan_with_candidate,
    },
    Kind { rule: "missing_color", note: "no colour anywhere", window: WEEKS, tell: no_color },
    Kind { rule: "missing_email", note: "attempted, still open", window: OPEN_SESSION, tell: no_email_open },
    Kind { rule: "missing_email", note: "attempted, expired", window: EXPIRED_SINCE, tell: no_email_expired },
    Kind { rule: "missing_email", note: "paid without checkout", window: WEEKS, tell: no_email_paid },
    Kind { rule: "missing_address", note: "no address at all", window: WEEKS, tell: no_address },
    Kind { rule: "missing_address", note: "a billing address only", window: WEEKS, tell: billing_address },
    Kind { rule: "wrong_amount", note: "a price made up", window: PAID_SINCE, tell: made_up_price },
    Kind { rule: "wrong_amount", note: "off the listed price", window: PAID_SINCE, tell: off_the_price },
    Kind { rule: "wrong_amount", note: "made up, never paid", window: WEEKS, tell: made_up_unpaid },
    Kind { rule: "wrong_currency", note: "no price in it", window: PAID_SINCE, tell: other_currency },
    Kind { rule: "metadata_broken", note: "no preorderId", window: WEEKS, tell: no_preorder_id },
    Kind { rule: "metadata_broken", note: "preorderId undefined", window: WEEKS, tell: undefined_id },
    Kind { rule: "metadata_broken", note: "preorderId null", window: JUST_PAID, tell: null_id_paid },
    Kind { rule: "metadata_broken", note: "session and intent differ", window: JUST_PAID, tell: ids_differ },
    Kind { rule: "metadata_broken", note: "no userId", window: JUST_PAID, tell: no_user_id },
    Kind {
        rule: "partial_refund_completed",
        note: "the row says completed",
        window: WEEKS,
        tell: part_refunded,
    },
    Kind {
        rule: "partial_refund_completed",
        note: "the row says paid",
        window: WEEKS,
        tell: part_refunded_paid,
    },
    Kind { rule: "refund_failed", note: "pending, then failed", window: WEEKS, tell: refund_sent_back },
    Kind { rule: "refund_failed", note: "succeeded, then failed", window: WEEKS, tell: refund_undone },
    Kind { rule: "refund_failed", note: "canceled", window: PAID_SINCE, tell: refund_canceled },
    Kind { rule: "refund_failed", note: "of credits", window: WEEKS, tell: credit_refund_failed },
    Kind { rule: "dispute_open", note: "needs a response", window: WEEKS, tell: disputed },
    Kind { rule: "dispute_open", note: "under review", window: PAID_SINCE, tell: dispute_answered },
    Kind { rule: "dispute_open", note: "of credits", window: WEEKS, tell: credits_disputed },
    Kind { rule: "undelivered_event", note: "completed", window: WEEKS, tell: completed_not_delivered },
    Kind { rule: "undelivered_event", note: "refunded", window: WEEKS, tell: refund_not_delivered },
    Kind { rule: "steps_out_of_order", note: "opened again", window: WEEKS, tell: opened_again },
    Kind { rule: "steps_out_of_order", note: "paid without checkout first", window: WEEKS, tell: paid_first },
];

fn orphan(stage: &mut Stage, base: i64, spec: DirectSpec) -> Tale {
    let mut tale = Tale::default();
    tale.direct(base - stage.think(), "i", spec);
    tale.pay_direct(base, "i", "c");
    tale.finds("orphan_payment", "i", base);
    tale
}

fn orphan_bare(stage: &mut Stage, base: i64) -> Tale {
    let spec = DirectSpec { metadata: Default::default(), country: String::new(), ..stage.direct() };
    let mut tale = orphan(stage, base, spec);
    tale.finds("missing_color", "i", base).noted("an orphan");
    tale.finds("missing_address", "i", base).noted("an orphan");
    tale
}

fn orphan_with_color(stage: &mut Stage, base: i64) -> Tale {
    let mut spec = stage.direct();
    spec.metadata.remove("preorderId");
    orphan(stage, base, spec)
}

fn orphan_undefined(stage: &mut Stage, base: i64) -> Tale {
    let mut spec = stage.direct();
    spec.metadata.insert("preorderId".to_owned(), "undefined".to_owned());
    orphan(stage, base, spec)
}

/// The buyer left checkout and paid by a link that support made by hand.
fn orphan_with_candidate(stage: &mut Stage, base: i64) -> Tale {
    let checkout = stage.spec();
    let mut spec = direct_of(&checkout);
    spec.metadata.remove("preorderId");
    let mut tale = orphan(stage, base, spec);
    tale.open(base - stage.secs(HOUR_S, 20 * HOUR_S), "left", checkout);
    tale
}

/// A paid order, opened some minutes before.
fn paid(stage: &mut Stage, base: i64, spec: CheckoutSpec) -> Tale {
    let mut tale = Tale::default();
    tale.open(base - stage.think(), "s", spec);
    tale.pay(base, "s", "c");
    tale
}

fn no_color(stage: &mut Stage, base: i64) -> Tale {
    let spec = CheckoutSpec { color: None, ..stage.spec() };
    let mut tale = paid(stage, base, spec);
    tale.finds("missing_color", "s", base);
    tale
}

fn no_email_open(stage: &mut Stage, base: i64) -> Tale {
    let (mut tale, opened) = (Tale::default(), base - stage.think());
    tale.open(opened, "s", CheckoutSpec { email: None, ..stage.spec() });
    tale.attempt(base, "s");
    tale.finds("missing_email", "s", base);
    tale.finds("processing_too_long", "s", base).noted("without an e-mail").until(opened + DAY_S);
    tale
}

fn no_email_expired(stage: &mut Stage, base: i64) -> Tale {
    let mut tale = Tale::default();
    let spec = CheckoutSpec { email: None, expires_in_s: SHORT_LIFE_S, ..stage.spec() };
    tale.open(base - stage.think(), "s", spec);
    tale.attempt(base, "s");
    tale.finds("missing_email", "s", base);
    tale
}

fn no_email_paid(stage: &mut Stage, base: i64) -> Tale {
    let mut tale = Tale::default();
    let mut spec = DirectSpec { email: None, ..stage.direct() };
    spec.metadata.remove("email");
    tale.direct(base - stage.think(), "i", spec);
    tale.pay_direct(base, "i", "c");
    tale.finds("missing_email", "i", base);
    tale
}

fn no_address(stage: &mut Stage, base: i64) -> Tale {
    let spec = CheckoutSpec { collects_shipping: false, country: String::new(), ..stage.spec() };
    let mut tale = paid(stage, base, spec);
    tale.finds("missing_address", "s", base);
    tale
}

fn billing_address(stage: &mut Stage, base: i64) -> Tale {
    let spec = CheckoutSpec { collects_shipping: false, ..stage.spec() };
    let mut tale = paid(stage, base, spec);
    tale.finds("missing_address", "s", base);
    tale
}

/// A checkout opened at an instant and paid some minutes later.
fn then_paid(stage: &mut Stage, base: i64, spec: CheckoutSpec) -> Tale {
    let mut tale = Tale::default();
    tale.open(base, "s", spec);
    tale.pay(base + stage.think(), "s", "c");
    tale
}

fn made_up_price(stage: &mut Stage, base: i64) -> Tale {
    let spec = CheckoutSpec { currency: "eur".to_owned(), amount: Some(9_900), ..stage.spec() };
    let mut tale = then_paid(stage, base, spec);
    tale.finds("wrong_amount", "s", base);
    tale
}

fn off_the_price(stage: &mut Stage, base: i64) -> Tale {
    let off_by = [-1_000, 500, -10][stage.secs(0, 3) as usize];
    let spec = CheckoutSpec { off_by, ..stage.spec() };
    let mut tale = then_paid(stage, base, spec);
    tale.finds("wrong_amount", "s", base);
    tale
}

fn made_up_unpaid(stage: &mut Stage, base: i64) -> Tale {
    let mut tale = Tale::default();
    tale.open(base, "s", CheckoutSpec { currency: "usd".to_owned(), amount: Some(1_590), ..stage.spec() });
    tale.finds("wrong_amount", "s", base);
    tale
}

fn other_currency(stage: &mut Stage, base: i64) -> Tale {
    let spec = CheckoutSpec { currency: "gbp".to_owned(), amount: Some(12_900), ..stage.spec() };
    let mut tale = then_paid(stage, base, spec);
    tale.finds("wrong_currency", "s", base);
    tale
}

fn broken(stage: &mut Stage, base: i64, preorder_id: Option<&str>) -> Tale {
    let mut tale = Tale::default();
    tale.open(base, "s", CheckoutSpec { preorder_id: preorder_id.map(str::to_owned), ..stage.spec() });
    tale.finds("metadata_broken", "s", base);
    tale
}

fn no_preorder_id(stage: &mut Stage, base: i64) -> Tale {
    broken(stage, base, None)
}

fn undefined_id(stage: &mut Stage, base: i64) -> Tale {
    broken(stage, base, Some("undefined"))
}

fn null_id_paid(stage: &mut Stage, base: i64) -> Tale {
    let mut tale = broken(stage, base, Some("null"));
    tale.pay(base + stage.secs(5, 16), "s", "c");
    tale
}

fn ids_differ(stage: &mut Stage, base: i64) -> Tale {
    let mut spec = stage.spec();
    let other = stage.again(&spec).preorder_id.unwrap_or_default();
    spec.intent_metadata.insert("preorderId".to_owned(), other);
    let mut tale = Tale::default();
    tale.open(base, "s", spec);
    tale.pay(base + stage.secs(5, 16), "s", "c");
    tale.finds("metadata_broken", "s", base);
    tale
}

fn no_user_id(stage: &mut Stage, base: i64) -> Tale {
    let mut tale = Tale::default();
    tale.open(base, "s", CheckoutSpec { user_id: None, ..stage.spec() });
    tale.pay(base + stage.secs(5, 16), "s", "c");
    tale.finds("metadata_broken", "s", base).needing(Needs::UserIds);
    tale
}

/// A paid order of some days before.
fn long_paid(stage: &mut Stage, base: i64) -> Tale {
    let (paid_at, spec) = (base - stage.secs(HOUR_S, 5 * DAY_S), stage.spec());
    paid(stage, paid_at, spec)
}

fn part_refunded(stage: &mut Stage, base: i64) -> Tale {
    let mut tale = long_paid(stage, base);
    tale.refund_part(base, "c", "r");
    tale.row_says(base, "s", "completed");
    tale.finds("partial_refund_completed", "s", base).needing(Needs::ShopRows);
    tale
}

fn part_refunded_paid(stage: &mut Stage, base: i64) -> Tale {
    let mut tale = long_paid(stage, base);
    tale.refund_part(base, "c", "r");
    tale.row_says(base, "s", "paid");
    tale.finds("partial_refund_completed", "s", base).needing(Needs::ShopRows);
    tale
}

fn refund_sent_back(stage: &mut Stage, base: i64) -> Tale {
    let asked = base - stage.secs(HOUR_S, 3 * DAY_S);
    let mut tale = long_paid(stage, asked);
    tale.refund(asked, "c", "r", Portion::All, RefundState::Pending);
    tale.on(base, "r", |w, r| w.fail_refund(r));
    tale.finds("refund_failed", "s", base);
    tale
}

fn refund_undone(stage: &mut Stage, base: i64) -> Tale {
    let asked = base - stage.secs(HOUR_S, 3 * DAY_S);
    let mut tale = long_paid(stage, asked);
    tale.refund_part(asked, "c", "r");
    tale.on(base, "r", |w, r| w.fail_refund(r));
    tale.finds("refund_failed", "s", base);
    tale
}

/// No event says that a refund was canceled; the refund's own creation counts.
fn refund_canceled(stage: &mut Stage, base: i64) -> Tale {
    let mut tale = long_paid(stage, base);
    tale.refund(base, "c", "r", Portion::All, RefundState::RequiresAction);
    tale.on(base + stage.think(), "r", |w, r| w.cancel_refund(r));
    tale.finds("refund_failed", "s", base);
    tale
}

/// Credits, paid some days before.
fn credits(stage: &mut Stage, base: i64) -> Tale {
    let mut tale = Tale::default();
    let spec = stage.spec();
    let paid_at = base - stage.secs(HOUR_S, 5 * DAY_S);
    tale.open_credits(paid_at - stage.think(), "s", spec_of_credits(&spec));
    tale.pay(paid_at, "s", "c");
    tale
}

/// The checkout of a pack for the same person.
pub(super) fn spec_of_credits(spec: &CheckoutSpec) -> CreditSpec {
    CreditSpec {
        plan: "pro".to_owned(),
        currency: spec.currency.clone(),
        user_id: spec.user_id.clone(),
        email: spec.email.clone(),
        name: spec.name.clone(),
        locale: spec.locale.clone(),
        customer: Buyer::Guest,
        ..CreditSpec::default()
    }
}

fn credit_refund_failed(stage: &mut Stage, base: i64) -> Tale {
    let asked = base - stage.secs(HOUR_S, 3 * DAY_S);
    let mut tale = credits(stage, asked);
    tale.refund(asked, "c", "r", Portion::All, RefundState::Pending);
    tale.on(base, "r", |w, r| w.fail_refund(r));
    tale.finds("refund_failed", "s", base);
    tale
}

fn disputed(stage: &mut Stage, base: i64) -> Tale {
    let mut tale = long_paid(stage, base);
    tale.dispute(base, "c", "d");
    tale.row_says(base, "s", "completed");
    tale.finds("dispute_open", "s", base);
    tale
}

fn dispute_answered(stage: &mut Stage, base: i64) -> Tale {
    let mut tale = long_paid(stage, base);
    tale.dispute(base, "c", "d");
    tale.row_says(base, "s", "completed");
    tale.on(base + stage.think(), "d", |w, d| w.answer_dispute(d));
    tale.finds("dispute_open", "s", base);
    tale
}

fn credits_disputed(stage: &mut Stage, base: i64) -> Tale {
    let mut tale = credits(stage, base);
    tale.dispute(base, "c", "d");
    tale.finds("dispute_open", "s", base);
    tale
}

fn completed_not_delivered(stage: &mut Stage, base: i64) -> Tale {
    let spec = stage.spec();
    let mut tale = paid(stage, base, spec);
    tale.refuse_event(base, "s", "e");
    tale.finds("undelivered_event", "s", base).event = Some("e");
    tale
}

fn refund_not_delivered(stage: &mut Stage, base: i64) -> Tale {
    let mut tale = long_paid(stage, base);
    tale.refund(base, "c", "r", Portion::All, RefundState::Succeeded);
    tale.refuse_event(base, "c", "e");
    tale.finds("undelivered_event", "s", base).event = Some("e");
    tale
}

fn opened_again(stage: &mut Stage, base: i64) -> Tale {
    let spec = stage.spec();
    let paid_at = base - stage.secs(60, 2 * DAY_S);
    let mut tale = paid(stage, paid_at, spec.clone());
    tale.open(base, "again", spec);
    tale.finds("steps_out_of_order", "again", base);
    tale
}

fn paid_first(stage: &mut Stage, base: i64) -> Tale {
    let (mut tale, spec) = (Tale::default(), stage.spec());
    let paid_at = base - stage.secs(60, 2 * DAY_S);
    tale.direct(paid_at - stage.think(), "i", direct_of(&spec));
    tale.pay_direct(paid_at, "i", "c");
    tale.open(base, "s", spec);
    tale.finds("steps_out_of_order", "s", base);
    tale
}
