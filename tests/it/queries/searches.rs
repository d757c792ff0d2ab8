//! Search: any id, the beginning or a part of an e-mail, and whatever else somebody may paste.

use foredeck_engine::db::DbError;
use foredeck_engine::domain::kind::Kind;
use foredeck_engine::queries::search::{SearchArgs, search};
use serde_json::json;

use crate::it::shop::{NOON, Shop, charge, event, intent, session};

fn shop() -> Shop {
    let shop = Shop::open();
    let person = |email: &str, id: &str| json!({"customer_email": email, "metadata": {"preorderId": id}});
    let mut first = person("Ann.Smith@Example.org", "pre_1");
    first["payment_intent"] = json!("pi_1");
    first["customer"] = json!("cus_1");
    shop.list(
        Kind::Session,
        NOON + 100,
        &[
            session("cs_1", NOON, first),
            session("cs_2", NOON + 1, person("anna@example.com", "pre_2")),
            session("cs_3", NOON + 2, person("joanna@example.com", "pre_3")),
            session("cs_4", NOON + 3, person("o'neil+\"x\"@example.com", "ann")),
            session("cs_5", NOON + 4, json!({"metadata": {"preorderId": "=1+1"}})),
            session("cs_6", NOON + 5, json!({"customer": "cus_1"})),
        ],
    );
    shop.list(Kind::Charge, NOON + 100, &[charge("ch_1", NOON + 9, json!({"payment_intent": "pi_1"}))]);
    shop.list(Kind::Intent, NOON + 100, &[intent("pi_1", NOON, json!({}))]);
    let renamed = session(
        "cs_2",
        NOON + 1,
        json!({"customer_email": "anna@example.com", "metadata": {"preorderId": "old_2"}}),
    );
    shop.events(&[
        event(
            "evt_1",
            "charge.succeeded",
            NOON + 9,
            &charge("ch_1", NOON + 9, json!({"payment_intent": "pi_1"})),
        ),
        event("evt_2", "checkout.session.expired", NOON + 2, &renamed),
    ]);
    shop
}

fn found(shop: &Shop, text: &str) -> Vec<(String, String)> {
    let args = SearchArgs { text: text.to_owned(), limit: None };
    let reply = shop.read(|connection| search(connection, &args));
    reply.hits.into_iter().map(|hit| (hit.matched, hit.row.id)).collect()
}

fn is(shop: &Shop, text: &str, expected: &[(&str, &str)]) {
    let expected: Vec<(String, String)> =
        expected.iter().map(|(matched, id)| ((*matched).to_owned(), (*id).to_owned())).collect();
    assert_eq!(found(shop, text), expected, "{text}");
}

#[test]
fn any_id_leads_to_its_order() {
    let shop = shop();
    is(&shop, "pre_1", &[("preorder_id", "pre_1")]);
    is(&shop, "  cs_3\n", &[("object_id", "pre_3")]);
    is(&shop, "ch_1", &[("object_id", "pre_1")]);
    is(&shop, "evt_1", &[("event_id", "pre_1")]);
    is(&shop, "old_2", &[("former_id", "pre_2")]);
    is(&shop, "cus_1", &[("object_id", "cs_6"), ("object_id", "pre_1")]);
    is(&shop, "=1+1", &[("preorder_id", "=1+1")]);
    is(&shop, "cs_unknown", &[]);
}

#[test]
fn an_object_that_is_only_referred_to_leads_to_what_refers_to_it() {
    let shop = Shop::open();
    shop.list(Kind::Session, NOON, &[session("cs_9", NOON, json!({"payment_intent": "pi_only"}))]);
    is(&shop, "pi_only", &[("object_id", "cs_9")]);
}

#[test]
fn e_mails_are_found_by_their_beginning_and_by_a_part() {
    let shop = shop();
    is(&shop, "ANN.smith@example.ORG", &[("email_prefix", "pre_1")]);
    is(&shop, "jo", &[("email_prefix", "pre_3")]);
    is(&shop, "mith@ex", &[("email_part", "pre_1")]);
    // An id first, then e-mails that begin with it, then those that contain it.
    is(
        &shop,
        "ann",
        &[
            ("preorder_id", "ann"),
            ("email_prefix", "pre_1"),
            ("email_prefix", "pre_2"),
            ("email_part", "pre_3"),
        ],
    );
    is(&shop, "o'neil+\"x\"", &[("email_prefix", "ann")]);
    is(&shop, "\"x\"@", &[("email_part", "ann")]);
    // Two letters inside are not looked for.
    is(&shop, "th", &[]);
    // Trigrams in another order are no match.
    is(&shop, "comexample", &[]);
}

#[test]
fn the_beginning_of_an_order_id_is_enough() {
    is(&shop(), "pre_", &[("preorder_id", "pre_1"), ("preorder_id", "pre_2"), ("preorder_id", "pre_3")]);
}

#[test]
fn hostile_text_is_text() {
    let shop = shop();
    let long: String = "a".repeat(200);
    for text in [
        "\"",
        "\"\"\"",
        "'",
        "a\"b\"c\"d",
        "' OR '1'='1",
        "email:ann",
        "NEAR(ann joe, 3)",
        "ann AND",
        "NOT ann",
        "ann*",
        "^ann",
        "{email}: x",
        "%",
        "%%%",
        "___",
        "\\",
        "💥",
        "💥💥💥💥",
        "ann\u{0}",
        "\u{0}\u{0}\u{0}",
        "ann\tjoe",
        "ﬁnd",
        "İstanbul@x.org",
        "\u{202e}moc.elpmaxe@nna",
        "<script>alert(1)</script>",
        "\u{10ffff}\u{10ffff}\u{10ffff}",
        &long,
    ] {
        let args = SearchArgs { text: text.to_owned(), limit: Some(100) };
        let reply = shop.db.read_now(|connection| search(connection, &args));
        assert!(reply.is_ok_and(|reply| reply.hits.len() < 7), "{text:?}");
    }
}

#[test]
fn text_and_limit_out_of_bounds_are_refused_in_words() {
    let shop = shop();
    for (text, limit) in [
        ("", None),
        (" \n ", None),
        (&*"x".repeat(201), None),
        (&*"é".repeat(10_000), None),
        ("a", Some(0)),
        ("a", Some(101)),
    ] {
        let args = SearchArgs { text: text.to_owned(), limit };
        let reply = shop.db.read_now(|connection| search(connection, &args));
        assert!(matches!(reply, Err(DbError::Invalid(_))), "{text:.10} {limit:?}");
    }
    let args = SearchArgs { text: "ann".into(), limit: Some(2) };
    assert_eq!(shop.read(|connection| search(connection, &args)).hits.len(), 2);
}
