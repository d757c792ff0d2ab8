//! What checkouts ask for against the price list, and prices that change under them.

use foredeck_engine::domain::kind::Kind;
use serde_json::{Value, json};

use super::{of, opens, whole};
use crate::it::shop::{DAY, NOON, Shop, session, with};

fn price(id: &str, amount: i64, currency: &str, active: bool) -> Value {
    json!({"id": id, "object": "price", "created": NOON - DAY, "product": "prod_1", "unit_amount": amount,
        "currency": currency, "active": active, "metadata": {}})
}

fn sale(id: &str, total: i64, price: Value, rest: Value) -> Value {
    let items = json!({"amount_total": total, "total_details": {"amount_discount": 0, "amount_tax": 0, "amount_shipping": 0},
        "line_items": {"object": "list", "has_more": false, "data": [{"object": "item", "quantity": 2, "price": price}]}});
    session(id, NOON, with(with(whole(&id.replace("cs_", "pre_"), "ann@example.com"), items), rest))
}

fn listed() -> Value {
    price("price_1", 5_000, "eur", true)
}

#[test]
fn a_total_that_is_not_the_sum_of_listed_prices_is_wrong() {
    let shop = Shop::open();
    shop.list(Kind::Price, NOON, &[listed()]);
    let taxed = json!({"total_details": {"amount_discount": 0, "amount_tax": 500, "amount_shipping": 300}});
    let cheaper = json!({"total_details": {"amount_discount": 1_000}});
    shop.list(
        Kind::Session,
        NOON,
        &[
            sale("cs_right", 10_000, listed(), json!({})),
            sale("cs_wrong", 9_999, listed(), json!({})),
            sale("cs_taxed", 10_800, listed(), taxed),
            sale("cs_coupon", 9_000, listed(), cheaper),
        ],
    );
    opens(&shop, "wrong_amount", "cs_wrong", NOON);
    assert_eq!(of(&shop, "wrong_amount", NOON + DAY), ["cs_wrong"]);
}

#[test]
fn a_price_made_up_for_one_checkout_must_be_one_of_its_product_s() {
    let shop = Shop::open();
    shop.list(
        Kind::Price,
        NOON,
        &[listed(), price("price_2", 7_000, "usd", true), price("price_3", 100, "eur", false)],
    );
    let made_up = |amount: i64| price("price_none", amount, "eur", false);
    shop.list(
        Kind::Session,
        NOON,
        &[sale("cs_same", 10_000, made_up(5_000), json!({})), sale("cs_other", 200, made_up(100), json!({}))],
    );
    assert_eq!(of(&shop, "wrong_amount", NOON + DAY), ["cs_other"], "an archived price is none to ask for");
    let strange = sale("cs_gbp", 8_000, price("price_none", 4_000, "gbp", false), json!({"currency": "gbp"}));
    shop.list(Kind::Session, NOON, &[strange]);
    assert_eq!(of(&shop, "wrong_currency", NOON + DAY), ["cs_gbp"]);
}

#[test]
fn a_price_list_that_changes_later_is_held_against_the_checkouts_there_are() {
    let shop = Shop::open();
    let made_up = price("price_none", 4_000, "eur", false);
    shop.list(Kind::Session, NOON, &[sale("cs_1", 8_000, made_up, json!({}))]);
    assert!(of(&shop, "wrong_amount", NOON + DAY).is_empty(), "nothing is known of its product's prices");
    shop.list(Kind::Price, NOON + 1, &[listed()]);
    assert_eq!(of(&shop, "wrong_amount", NOON + DAY), ["cs_1"]);
    shop.list(Kind::Price, NOON + 2, &[price("price_4", 4_000, "eur", true)]);
    assert!(of(&shop, "wrong_amount", NOON + DAY).is_empty(), "now it is one of them");
    shop.list(
        Kind::Price,
        NOON + 3,
        &[price("price_4", 4_000, "eur", false), price("price_1", 5_000, "eur", false)],
    );
    assert!(of(&shop, "wrong_amount", NOON + DAY).is_empty(), "nothing is sold any more");
}
