//! What is found of one person, or of one preorderId, over several orders.

use foredeck_engine::domain::kind::Kind;
use serde_json::json;

use super::{HOUR, of, opens, paid, whole};
use crate::it::shop::{DAY, NOON, Shop, charge, session, with};

fn bought(shop: &Shop, n: i64, email: &str, color: &str, at: i64) {
    let id = format!("pre_{n}");
    let rest = with(
        paid(&id, email, &format!("pi_{n}")),
        json!({"metadata": {"preorderId": id, "color": color, "email": email}}),
    );
    shop.list(Kind::Session, NOON, &[session(&format!("cs_{n}"), at - 60, rest)]);
    shop.list(
        Kind::Charge,
        NOON,
        &[charge(&format!("ch_{n}"), at, json!({"payment_intent": format!("pi_{n}")}))],
    );
}

#[test]
fn the_same_person_and_colour_paid_twice_whatever_the_spelling() {
    let shop = Shop::open();
    bought(&shop, 1, "Ann@Example.com", "moss", NOON);
    bought(&shop, 2, " ann@example.com ", "moss", NOON + 500);
    bought(&shop, 3, "ann@example.com", "ink", NOON + 600);
    opens(&shop, "paid_twice", "pre_2", NOON + 500);
    assert_eq!(of(&shop, "paid_twice", NOON + DAY), ["pre_2"], "another colour is another thing");
    shop.list(
        Kind::Charge,
        NOON + 700,
        &[charge("ch_1", NOON, json!({"payment_intent": "pi_1", "amount_refunded": 9_900}))],
    );
    assert!(of(&shop, "paid_twice", NOON + DAY).is_empty(), "the first went back");
}

#[test]
fn three_open_checkouts_of_a_week_are_several_and_a_payment_ends_it() {
    let shop = Shop::open();
    let opened = |n: i64, at: i64| {
        session(
            &format!("cs_{n}"),
            at,
            with(whole(&format!("pre_{n}"), "ann@example.com"), json!({"status": "expired"})),
        )
    };
    shop.list(Kind::Session, NOON, &[opened(1, NOON), opened(2, NOON + DAY)]);
    assert!(of(&shop, "several_sessions", NOON + 9 * DAY).is_empty());
    shop.list(Kind::Session, NOON, &[opened(3, NOON + 7 * DAY)]);
    opens(&shop, "several_sessions", "cs_3", NOON + 7 * DAY + HOUR);
    let closes = NOON + 21 * DAY;
    assert_eq!(of(&shop, "several_sessions", closes - 1), ["cs_3"]);
    assert!(of(&shop, "several_sessions", closes).is_empty());
    bought(&shop, 4, "ann@example.com", "ink", NOON + 1);
    assert!(of(&shop, "several_sessions", NOON + 8 * DAY).is_empty(), "they bought after the first of them");
}

#[test]
fn one_preorder_id_on_two_people_is_found_and_a_retyped_e_mail_is_not() {
    let shop = Shop::open();
    shop.list(Kind::Session, NOON, &[session("cs_1", NOON, whole("pre_1", "ann@example.com"))]);
    let typed = charge(
        "ch_1",
        NOON + 5,
        json!({"payment_intent": "pi_1", "billing_details": {"email": "a@work.example"}, "metadata": {"preorderId": "pre_1"}}),
    );
    let known =
        session("cs_1", NOON, with(whole("pre_1", "ann@example.com"), json!({"payment_intent": "pi_1"})));
    shop.list(Kind::Session, NOON + 6, &[known]);
    shop.list(Kind::Charge, NOON + 6, &[typed]);
    assert!(of(&shop, "shared_preorder_id", NOON + DAY).is_empty(), "one payment is one person");
    shop.list(Kind::Session, NOON + 9, &[session("cs_2", NOON + 8, whole("pre_1", "bob@example.com"))]);
    opens(&shop, "shared_preorder_id", "pre_1", NOON + 8);
    shop.list(Kind::Session, NOON + 20, &[session("cs_2", NOON + 8, whole("pre_2", "bob@example.com"))]);
    assert!(of(&shop, "shared_preorder_id", NOON + DAY).is_empty());
}

#[test]
fn a_preorder_id_that_everybody_carries_is_one_finding() {
    let shop = Shop::open();
    let all: Vec<_> = (0..60)
        .map(|n| {
            session(&format!("cs_{n:02}"), NOON + n, whole("pre_all", &format!("buyer{n:02}@example.com")))
        })
        .collect();
    shop.list(Kind::Session, NOON + 100, &all);
    assert_eq!(of(&shop, "shared_preorder_id", NOON + DAY), ["pre_all"]);
    opens(&shop, "shared_preorder_id", "pre_all", NOON + 1);
}
