//! One order at a time: what each rule finds, from when on, and what only looks like it.

use foredeck_engine::domain::finding::IdentityConnector;
use foredeck_engine::domain::kind::Kind;
use foredeck_engine::domain::settings::Settings;
use foredeck_engine::facts::settings::append_settings;
use serde_json::{Value, json};

use super::{HOUR, MINUTE, of, open, opens, paid, whole};
use crate::it::shop::{DAY, NOON, Shop, charge, event, intent, session, with};

fn completed(id: &str, at: i64, object: &Value) -> Value {
    event(id, "checkout.session.completed", at, object)
}

/// A checkout that was opened a minute before an intent was made for it.
fn pressed(shop: &Shop, of: Value, intent_rest: Value) {
    let rest = with(with(whole("pre_1", "ann@example.com"), json!({"payment_intent": "pi_1"})), of);
    shop.list(Kind::Session, NOON, &[session("cs_1", NOON - MINUTE, rest)]);
    shop.list(Kind::Intent, NOON, &[intent("pi_1", NOON, intent_rest)]);
}

#[test]
fn a_healthy_order_has_no_findings_at_any_time() {
    let shop = Shop::open();
    let of = session("cs_1", NOON - MINUTE, paid("pre_1", "ann@example.com", "pi_1"));
    shop.events(&[completed("evt_1", NOON, &of)]);
    shop.list(Kind::Session, NOON, &[session("cs_2", NOON, whole("pre_2", "bob@example.com"))]);
    for days in [0, 1, 30, 400] {
        assert!(open(&shop, NOON + days * DAY).is_empty(), "{:?}", open(&shop, NOON + days * DAY));
    }
    let rows: i64 = shop
        .read(|connection| Ok(connection.query_row("SELECT count(*) FROM finding", [], |row| row.get(0))?));
    assert_eq!(rows, 0, "an order nobody would look at leaves no row");
}

#[test]
fn money_that_its_session_does_not_know_of_is_paid_but_not_completed() {
    let shop = Shop::open();
    pressed(&shop, json!({}), json!({"status": "succeeded"}));
    opens(&shop, "paid_not_completed", "pre_1", NOON + 10 * MINUTE);
    let refunded = charge("ch_1", NOON, json!({"payment_intent": "pi_1", "amount_refunded": 9_900}));
    shop.list(Kind::Charge, NOON + 1, &[refunded]);
    assert!(of(&shop, "paid_not_completed", NOON + DAY).is_empty(), "all of it went back");
}

#[test]
fn a_debit_that_arrived_and_left_its_session_unpaid_is_found() {
    let shop = Shop::open();
    pressed(&shop, json!({"status": "complete"}), json!({"status": "succeeded"}));
    opens(&shop, "paid_not_completed", "pre_1", NOON + 10 * MINUTE);
}

#[test]
fn pressing_pay_without_an_end_is_processing_too_long_and_opening_a_page_is_not() {
    let shop = Shop::open();
    pressed(&shop, json!({}), json!({}));
    opens(&shop, "processing_too_long", "pre_1", NOON + HOUR);
    let old = Shop::open();
    let rest = with(whole("pre_1", "ann@example.com"), json!({"payment_intent": "pi_1"}));
    old.list(Kind::Session, NOON, &[session("cs_1", NOON, rest)]);
    old.list(Kind::Intent, NOON, &[intent("pi_1", NOON, json!({}))]);
    assert!(open(&old, NOON + DAY).is_empty(), "old versions make an intent with the session");
}

#[test]
fn a_debit_without_a_checkout_is_processing_too_long() {
    let shop = Shop::open();
    let rest =
        json!({"status": "processing", "metadata": {"preorderId": "pre_1"}, "receipt_email": "a@b.example"});
    shop.list(Kind::Intent, NOON, &[intent("pi_1", NOON, rest)]);
    opens(&shop, "processing_too_long", "pre_1", NOON + HOUR);
}

#[test]
fn a_declined_checkout_is_told_before_it_expires_and_as_failed() {
    let shop = Shop::open();
    let declined = json!({"last_payment_error": {"code": "card_declined", "decline_code": "lost_card"}});
    pressed(&shop, json!({}), declined.clone());
    shop.events(&[event(
        "evt_1",
        "payment_intent.payment_failed",
        NOON + 5,
        &intent("pi_1", NOON, declined),
    )]);
    opens(&shop, "expires_after_attempt", "pre_1", NOON + DAY - 2 * HOUR);
    opens(&shop, "payment_failed", "pre_1", NOON + 5 + HOUR);
    assert!(of(&shop, "processing_too_long", NOON + DAY).is_empty());
    let ends = NOON + 5 + 30 * DAY;
    assert_eq!(of(&shop, "payment_failed", ends - 1), ["pre_1"]);
    assert!(of(&shop, "payment_failed", ends).is_empty(), "after thirty days it is a lead");
    let row = super::all(&shop, Default::default(), NOON + DAY)
        .into_iter()
        .find(|row| row.rule == "payment_failed");
    let code = row.unwrap().evidence.into_iter().find(|one| one.name == "decline_code").unwrap();
    assert_eq!((code.text.as_deref(), code.at), (Some("lost_card"), Some(NOON + 5)));
}

#[test]
fn a_decline_that_was_tried_again_is_no_failure_while_that_is_under_way() {
    let shop = Shop::open();
    pressed(&shop, json!({}), json!({"last_payment_error": {"code": "card_declined"}}));
    shop.list(Kind::Intent, NOON + 2, &[intent("pi_1", NOON, json!({"status": "processing"}))]);
    assert!(of(&shop, "payment_failed", NOON + DAY).is_empty());
}

#[test]
fn a_buyer_who_does_not_confirm_is_found_from_when_they_were_asked() {
    let shop = Shop::open();
    pressed(&shop, json!({}), json!({}));
    let asked = intent("pi_1", NOON, json!({"status": "requires_action"}));
    shop.list(Kind::Intent, NOON + 900, std::slice::from_ref(&asked));
    opens(&shop, "requires_action_stale", "pre_1", NOON + 900 + HOUR);
    // An older sight of the same state, heard of later, moves it.
    shop.events(&[event("evt_1", "payment_intent.requires_action", NOON + 300, &asked)]);
    opens(&shop, "requires_action_stale", "pre_1", NOON + 300 + HOUR);
    opens(&shop, "expires_after_attempt", "pre_1", NOON + DAY - 2 * HOUR);
}

#[test]
fn a_debit_pending_for_a_week_after_checkout_is_found() {
    let shop = Shop::open();
    let rest =
        with(whole("pre_1", "ann@example.com"), json!({"status": "complete", "payment_intent": "pi_1"}));
    let of_debit = session("cs_1", NOON - MINUTE, rest);
    shop.events(&[completed("evt_1", NOON + 7, &of_debit)]);
    shop.list(Kind::Intent, NOON + 8, &[intent("pi_1", NOON, json!({"status": "processing"}))]);
    opens(&shop, "async_pending_too_long", "pre_1", NOON + 7 + 7 * DAY);
    assert!(of(&shop, "processing_too_long", NOON + DAY).is_empty(), "debits take days");
}

#[test]
fn a_hold_is_told_two_days_before_it_lapses_with_its_deadline() {
    let shop = Shop::open();
    pressed(&shop, json!({"status": "complete"}), json!({"status": "requires_capture"}));
    let ends = NOON + 6 * DAY;
    let held = json!({"payment_intent": "pi_1", "captured": false,
        "payment_method_details": {"card": {"capture_before": ends}}});
    shop.list(Kind::Charge, NOON, &[charge("ch_1", NOON, held)]);
    opens(&shop, "authorisation_lapsing", "pi_1", ends - 2 * DAY);
    let row = super::all(&shop, Default::default(), ends)
        .into_iter()
        .find(|row| row.rule == "authorisation_lapsing");
    assert_eq!(row.unwrap().deadline_at, Some(ends));
    let plain = Shop::open();
    pressed(&plain, json!({"status": "complete"}), json!({"status": "requires_capture"}));
    plain.list(
        Kind::Charge,
        NOON,
        &[charge("ch_1", NOON, json!({"payment_intent": "pi_1", "captured": false}))],
    );
    opens(&plain, "authorisation_lapsing", "pi_1", NOON + 5 * DAY);
}

#[test]
fn a_payment_without_an_order_is_an_orphan_and_its_candidates_are_scored() {
    let shop = Shop::open();
    let unpaid = |id: &str, at: i64, email: &str, rest: Value| {
        session(id, at, with(whole(id.trim_start_matches("cs_"), email), rest))
    };
    shop.list(
        Kind::Session,
        NOON,
        &[
            unpaid("cs_pre_all", NOON - HOUR, "ann@example.com", json!({"status": "expired"})),
            unpaid(
                "cs_pre_old",
                NOON - 3 * DAY,
                "ann@example.com",
                json!({"status": "expired", "amount_total": 1}),
            ),
            unpaid("cs_pre_money", NOON - HOUR, "bob@example.com", json!({})),
            unpaid("cs_pre_other", NOON - HOUR, "cat@example.com", json!({"amount_total": 5})),
            unpaid(
                "cs_pre_paid",
                NOON - HOUR,
                "ann@example.com",
                json!({"status": "complete", "payment_status": "paid"}),
            ),
        ],
    );
    let rest = json!({"status": "succeeded", "receipt_email": "ann@example.com", "metadata": {"color": "moss", "preorderId": "undefined"}});
    shop.list(Kind::Intent, NOON, &[intent("pi_1", NOON, rest)]);
    opens(&shop, "orphan_payment", "pi_1", NOON + 10 * MINUTE);
    let row = super::all(&shop, Default::default(), NOON + DAY)
        .into_iter()
        .find(|row| row.rule == "orphan_payment")
        .unwrap();
    let scored: Vec<(String, i64)> = row
        .evidence
        .into_iter()
        .filter(|one| one.name == "candidate")
        .map(|one| (one.id.unwrap(), one.score.unwrap()))
        .collect();
    let expected = [("pre_all", 100), ("pre_old", 65), ("pre_money", 50)];
    assert_eq!(scored, expected.map(|(id, score)| (id.to_owned(), score)));
}

#[test]
fn a_payment_with_a_preorder_id_is_no_orphan() {
    let shop = Shop::open();
    let rest = json!({"status": "succeeded", "receipt_email": "ann@example.com", "metadata": {"preorderId": "pre_1"}});
    shop.list(Kind::Intent, NOON, &[intent("pi_1", NOON, rest)]);
    assert!(of(&shop, "orphan_payment", NOON + DAY).is_empty());
}

#[test]
fn what_a_paid_order_lacks_is_named_and_a_refunded_one_lacks_nothing() {
    let shop = Shop::open();
    let bare = json!({"status": "complete", "payment_status": "paid", "payment_intent": "pi_1", "metadata": {"preorderId": "pre_1"}});
    shop.events(&[completed("evt_1", NOON, &session("cs_1", NOON - MINUTE, bare))]);
    for rule in ["missing_color", "missing_email", "missing_address"] {
        opens(&shop, rule, "pre_1", NOON + 10 * MINUTE);
    }
    shop.list(
        Kind::Customer,
        NOON,
        &[json!({"id": "cus_1", "object": "customer", "created": NOON, "email": "ann@example.com"})],
    );
    let later = intent(
        "pi_1",
        NOON,
        json!({"status": "succeeded", "customer": "cus_1", "metadata": {"colour": "ink"},
        "shipping": {"address": {"line1": "1 Quay"}}}),
    );
    shop.list(Kind::Intent, NOON + 1, &[later]);
    assert!(
        open(&shop, NOON + DAY).is_empty(),
        "the customer's e-mail and the intent's colour and address count"
    );
    let gone = Shop::open();
    let bare = json!({"status": "complete", "payment_status": "paid", "payment_intent": "pi_1", "metadata": {"preorderId": "pre_1"}});
    gone.events(&[completed("evt_1", NOON, &session("cs_1", NOON - MINUTE, bare))]);
    gone.list(
        Kind::Charge,
        NOON + 1,
        &[charge("ch_1", NOON, json!({"payment_intent": "pi_1", "amount_refunded": 9_900}))],
    );
    assert!(open(&gone, NOON + DAY).is_empty(), "all of it went back: {:?}", open(&gone, NOON + DAY));
}

#[test]
fn an_attempt_without_an_e_mail_is_found_and_a_page_without_one_is_not() {
    let shop = Shop::open();
    let rest =
        json!({"payment_intent": "pi_1", "metadata": {"preorderId": "pre_1"}, "expires_at": NOON + DAY});
    shop.list(Kind::Session, NOON, &[session("cs_1", NOON - MINUTE, rest)]);
    assert!(of(&shop, "missing_email", NOON + DAY).is_empty());
    shop.list(Kind::Intent, NOON, &[intent("pi_1", NOON, json!({"status": "requires_action"}))]);
    opens(&shop, "missing_email", "pre_1", NOON + 10 * MINUTE);
}

#[test]
fn a_broken_metadata_contract_names_each_problem() {
    let shop = Shop::open();
    let settings = Settings { identity: IdentityConnector::ImportedUsers, ..Settings::default() };
    shop.write(move |transaction| append_settings(transaction, NOON, &settings).map(drop));
    let rest = with(whole("null", "ann@example.com"), json!({}));
    shop.list(Kind::Session, NOON, &[session("cs_1", NOON, rest)]);
    opens(&shop, "metadata_broken", "cs_1", NOON + MINUTE);
    let rest = with(whole("pre_2", "bob@example.com"), json!({"payment_intent": "pi_2"}));
    shop.list(Kind::Session, NOON, &[session("cs_2", NOON, rest)]);
    let other = intent("pi_2", NOON + 5, json!({"metadata": {"preorderId": "pre_3"}}));
    shop.list(Kind::Intent, NOON, &[other]);
    let problems = |subject: &str| -> Vec<String> {
        let row = super::all(&shop, Default::default(), NOON + DAY)
            .into_iter()
            .find(|row| row.rule == "metadata_broken" && row.subject == subject);
        row.unwrap().evidence.into_iter().skip(1).map(|one| one.name).collect()
    };
    assert_eq!(problems("cs_1"), ["no_preorder_id", "no_user_id"]);
    assert_eq!(problems("cs_2"), ["no_user_id", "different_preorder_ids"]);
}

#[test]
fn one_order_charged_through_two_intents_was_paid_twice_until_one_goes_back() {
    let shop = Shop::open();
    let of_order = |id: &str, at: i64, pi: &str| session(id, at, paid("pre_1", "ann@example.com", pi));
    shop.list(
        Kind::Session,
        NOON,
        &[of_order("cs_1", NOON - 20, "pi_1"), of_order("cs_2", NOON - 10, "pi_2")],
    );
    let intents = ["pi_1", "pi_2"].map(|id| intent(id, NOON - 5, json!({"status": "succeeded"})));
    shop.list(Kind::Intent, NOON, &intents);
    shop.list(
        Kind::Charge,
        NOON,
        &[
            charge("ch_1", NOON, json!({"payment_intent": "pi_1"})),
            charge("ch_2", NOON + 30, json!({"payment_intent": "pi_2"})),
        ],
    );
    opens(&shop, "paid_twice", "pi_2", NOON + 30);
    shop.list(
        Kind::Charge,
        NOON + 60,
        &[charge("ch_2", NOON + 30, json!({"payment_intent": "pi_2", "amount_refunded": 9_900}))],
    );
    assert!(of(&shop, "paid_twice", NOON + DAY).is_empty());
}

#[test]
fn the_newest_refund_counts_and_a_dispute_until_it_is_decided() {
    let shop = Shop::open();
    shop.list(
        Kind::Session,
        NOON,
        &[session("cs_1", NOON - MINUTE, paid("pre_1", "ann@example.com", "pi_1"))],
    );
    shop.list(Kind::Charge, NOON, &[charge("ch_1", NOON - 5, json!({"payment_intent": "pi_1"}))]);
    let refund = |id: &str, at: i64, status: &str| json!({"id": id, "object": "refund", "created": at, "status": status, "amount": 9_900, "currency": "eur", "charge": "ch_1", "payment_intent": "pi_1"});
    shop.list(Kind::Refund, NOON, &[refund("re_1", NOON + 10, "pending")]);
    assert!(open(&shop, NOON + DAY).is_empty(), "under way");
    shop.events(&[event("evt_1", "refund.failed", NOON + 500, &refund("re_1", NOON + 10, "failed"))]);
    opens(&shop, "refund_failed", "re_1", NOON + 500);
    shop.list(Kind::Refund, NOON + 600, &[refund("re_2", NOON + 600, "succeeded")]);
    assert!(of(&shop, "refund_failed", NOON + DAY).is_empty(), "a later one arrived");
    let dispute = |status: &str| {
        json!({"id": "dp_1", "object": "dispute", "created": NOON + 700, "status": status, "amount": 9_900, "currency": "eur",
            "charge": "ch_1", "payment_intent": "pi_1", "reason": "fraudulent", "evidence_details": {"due_by": NOON + 7 * DAY}})
    };
    shop.list(Kind::Dispute, NOON + 800, &[dispute("needs_response")]);
    opens(&shop, "dispute_open", "dp_1", NOON + 700);
    let deadline = |shop: &Shop| {
        super::all(shop, Default::default(), NOON + DAY)
            .into_iter()
            .find(|row| row.rule == "dispute_open")
            .map(|row| row.deadline_at)
    };
    assert_eq!(deadline(&shop), Some(Some(NOON + 7 * DAY)));
    shop.list(Kind::Dispute, NOON + 900, &[dispute("under_review")]);
    assert_eq!(deadline(&shop), Some(None), "nothing is to be sent any more");
    shop.list(Kind::Dispute, NOON + 1_000, &[dispute("won")]);
    assert_eq!(deadline(&shop), None);
}

#[test]
fn payments_of_credits_are_held_against_refunds_and_disputes_alone() {
    let shop = Shop::open();
    let rest = json!({"status": "complete", "payment_status": "paid", "payment_intent": "pi_1", "metadata": {"plan": "pro"}});
    shop.list(Kind::Session, NOON, &[session("cs_1", NOON, rest)]);
    assert!(open(&shop, NOON + DAY).is_empty(), "{:?}", open(&shop, NOON + DAY));
    shop.list(Kind::Charge, NOON, &[charge("ch_1", NOON, json!({"payment_intent": "pi_1"}))]);
    let failed = json!({"id": "re_1", "object": "refund", "created": NOON, "status": "failed", "amount": 9_900, "currency": "eur", "charge": "ch_1"});
    shop.list(Kind::Refund, NOON, &[failed]);
    assert_eq!(open(&shop, NOON + DAY), ["refund_failed:re_1"]);
}

#[test]
fn a_checkout_after_the_payment_is_out_of_order_and_one_before_it_is_not() {
    let shop = Shop::open();
    shop.list(Kind::Intent, NOON, &[intent("pi_1", NOON, json!({"status": "succeeded", "metadata": {"preorderId": "pre_1", "color": "moss"}, "receipt_email": "ann@example.com", "shipping": {"address": {"city": "Kiel"}}}))]);
    shop.list(Kind::Session, NOON + 50, &[session("cs_0", NOON, whole("pre_1", "ann@example.com"))]);
    assert!(of(&shop, "steps_out_of_order", NOON + DAY).is_empty(), "the same second");
    shop.list(Kind::Session, NOON + 100, &[session("cs_1", NOON + 40, whole("pre_1", "ann@example.com"))]);
    opens(&shop, "steps_out_of_order", "pre_1", NOON + 40 + MINUTE);
}
