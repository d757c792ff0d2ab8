//! Findings of what is no order: deliveries, wallets, the shop's own rows, actions, hours of the funnel; and settings that change.

use foredeck_engine::db::{DbResult, params};
use foredeck_engine::domain::finding::RuleSetting;
use foredeck_engine::domain::kind::Kind;
use foredeck_engine::domain::settings::Settings;
use foredeck_engine::domain::shop::ShopKind;
use foredeck_engine::facts::delivery::{resolve_unseen, upsert_pending};
use foredeck_engine::facts::local::{ADJUSTMENT, LocalFact, append_local};
use foredeck_engine::facts::settings::append_settings;
use foredeck_engine::projections::findings::rules::{fix_without_effect, funnel_fall, undelivered_event};
use foredeck_engine::projections::findings::terms;
use foredeck_engine::projections::fold::fold_dirty;
use foredeck_engine::projections::local::take_local;
use serde_json::{Value, json};

use super::{HOUR, MINUTE, of, open, opens, paid};
use crate::it::imports::Store;
use crate::it::shop::{DAY, NOON, Shop, charge, event, session, terms as fold_terms, with};

#[test]
fn an_event_that_waits_for_an_endpoint_is_found_with_its_order_until_it_is_taken() {
    let shop = Shop::open();
    let of_order = session("cs_1", NOON - MINUTE, paid("pre_1", "ann@example.com", "pi_1"));
    shop.events(&[event("evt_1", "checkout.session.completed", NOON, &of_order)]);
    shop.write(|transaction| {
        upsert_pending(transaction, "evt_1", NOON, 1, NOON + 60)?;
        undelivered_event::keep(transaction)
    });
    opens(&shop, "undelivered_event", "evt_1", NOON + 15 * MINUTE);
    let row = super::all(&shop, Default::default(), NOON + DAY).remove(0);
    assert_eq!((row.order_id.as_deref(), row.email.as_deref()), (Some("pre_1"), Some("ann@example.com")));
    shop.write(|transaction| {
        resolve_unseen(transaction, NOON + 100, NOON + 100)?;
        undelivered_event::keep(transaction)
    });
    assert!(open(&shop, NOON + DAY).is_empty());
}

fn adjust(shop: &Shop, at: i64, credits: i64) {
    shop.write(move |transaction| {
        let body = json!({"credits": credits, "reason": "test"}).to_string();
        let seq = append_local(transaction, at, "ann", ADJUSTMENT, ("user_1", None), &body)?;
        let fact = LocalFact {
            seq,
            made_at: at,
            operator: "ann".to_owned(),
            kind: ADJUSTMENT.to_owned(),
            subject: "user_1".to_owned(),
            object: None,
            body,
        };
        take_local(transaction, &fact, &fold_terms())
    });
}

#[test]
fn a_wallet_below_zero_counts_from_the_entry_that_took_it_there() {
    let shop = Shop::open();
    adjust(&shop, NOON, 10);
    adjust(&shop, NOON + 10, -15);
    opens(&shop, "negative_wallet", "user_1", NOON + 10);
    adjust(&shop, NOON + 20, 5);
    assert!(open(&shop, NOON + DAY).is_empty());
    adjust(&shop, NOON + 30, -1);
    opens(&shop, "negative_wallet", "user_1", NOON + 30);
}

#[test]
fn the_shop_s_own_row_is_held_against_payments_it_is_old_enough_for() {
    let store = Store::open();
    let shop = Shop::over(store.db.clone());
    let order = |n: i64, paid_at: i64| {
        let id = format!("pre_{n}");
        shop.list(
            Kind::Session,
            NOON,
            &[session(
                &format!("cs_{n}"),
                paid_at - 60,
                paid(&id, &format!("b{n}@example.com"), &format!("pi_{n}")),
            )],
        );
        shop.list(
            Kind::Charge,
            NOON,
            &[charge(&format!("ch_{n}"), paid_at, json!({"payment_intent": format!("pi_{n}")}))],
        );
    };
    order(1, NOON - HOUR);
    order(2, NOON - HOUR);
    order(3, NOON + HOUR);
    let fold = || shop.write(|transaction| fold_dirty(transaction, 10_000));
    store.import(ShopKind::Preorders, "preorder_id,status\npre_1,pending\npre_2,completed\npre_3,pending\n");
    fold();
    opens(&shop, "paid_not_completed", "pre_1", NOON - HOUR + 10 * MINUTE);
    assert_eq!(
        of(&shop, "paid_not_completed", NOON + DAY),
        ["pre_1"],
        "the third was paid after the file was read"
    );
    let again =
        store.import(ShopKind::Preorders, "preorder_id,status\npre_1,paid\npre_2,completed\npre_3,pending\n");
    assert_eq!(again.changed, 1);
    fold();
    assert!(open(&shop, NOON + DAY).is_empty());

    let refund = json!({"id": "re_1", "object": "refund", "created": NOON, "status": "succeeded", "amount": 100, "currency": "eur", "charge": "ch_2"});
    shop.list(Kind::Refund, NOON, &[refund]);
    opens(&shop, "partial_refund_completed", "pre_2", NOON + DAY);
    store.import(
        ShopKind::Preorders,
        "preorder_id,status\npre_1,paid\npre_2,partially refunded\npre_3,pending\n",
    );
    fold();
    assert!(open(&shop, NOON + 2 * DAY).is_empty());
    store.remove(3).unwrap();
    fold();
    assert_eq!(open(&shop, NOON + 2 * DAY), ["partial_refund_completed:pre_2"], "the row before holds again");
}

#[test]
fn an_action_whose_effect_does_not_show_is_found() {
    let shop = Shop::open();
    let act = |shop: &Shop, verified: Option<bool>| {
        shop.write(move |transaction| -> DbResult<()> {
            transaction.execute(
                "INSERT OR REPLACE INTO action (seq, id, kind, operator, level, confirmed_at, order_id, request, hash, plan, program,
                   state, verified, money, mails, ended_at)
                 VALUES (1, 'act_1', 'refund', 'ann', 50, ?1, 'pre_1', '{}', '', '{}', '{}', 'succeeded', ?2, 0, 0, ?1)",
                params![NOON, verified],
            )?;
            fix_without_effect::keep(transaction)
        });
    };
    act(&shop, None);
    assert!(open(&shop, NOON + DAY).is_empty(), "nobody looked yet");
    act(&shop, Some(false));
    opens(&shop, "fix_without_effect", "act_1", NOON + 15 * MINUTE);
    act(&shop, Some(true));
    assert!(open(&shop, NOON + DAY).is_empty());
}

/// Orders started in each of some hours before noon, the last hour last.
fn hours(counts: &[i64]) -> Shop {
    let shop = Shop::open();
    let mut sessions: Vec<Value> = Vec::new();
    for (back, count) in counts.iter().rev().enumerate() {
        for n in 0..*count {
            let at = NOON - HOUR * (back as i64 + 1) + n;
            let id = format!("{back}_{n}");
            sessions.push(session(
                &format!("cs_{id}"),
                at,
                with(
                    super::whole(&format!("pre_{id}"), &format!("b{id}@example.com")),
                    json!({"status": "expired"}),
                ),
            ));
        }
    }
    shop.list(Kind::Session, NOON, &sessions);
    shop.write(|transaction| funnel_fall::keep(transaction, NOON + 59));
    shop
}

#[test]
fn an_hour_far_below_the_six_before_it_is_a_fall_and_a_quiet_one_is_not() {
    let fell = hours(&[30, 25, 40, 22, 30, 28, 5]);
    assert_eq!(of(&fell, "funnel_fall", NOON), [format!("started@{NOON}")]);
    assert!(of(&fell, "funnel_fall", NOON + DAY).is_empty(), "a day later it is history");
    assert!(
        open(&hours(&[30, 25, 40, 22, 30, 28, 6]), NOON).is_empty(),
        "more than a quarter of the weakest"
    );
    assert!(open(&hours(&[30, 25, 40, 19, 30, 28, 0]), NOON).is_empty(), "one of them was quiet itself");
}

#[test]
fn a_threshold_moves_openings_at_once_and_a_rule_is_turned_off_and_on_again() {
    let shop = Shop::open();
    let bare = json!({"status": "complete", "payment_status": "paid", "customer_email": "ann@example.com", "metadata": {"preorderId": "pre_1", "color": "moss"}});
    shop.list(Kind::Session, NOON, &[session("cs_1", NOON, bare)]);
    opens(&shop, "missing_address", "pre_1", NOON + 10 * MINUTE);
    let set = |shop: &Shop, before: RuleSetting, after: RuleSetting| {
        let with = |set: RuleSetting| {
            let mut settings = Settings::default();
            settings.findings.insert("missing_address".to_owned(), set);
            settings
        };
        shop.write(move |transaction| {
            append_settings(transaction, NOON, &with(after))?;
            terms::changed(transaction, &with(before), &with(after))?;
            while fold_dirty(transaction, 100)? > 0 {}
            Ok(())
        });
    };
    let usual = RuleSetting { on: true, threshold_s: 600 };
    let later = RuleSetting { on: true, threshold_s: 2 * HOUR };
    let off = RuleSetting { on: false, threshold_s: 2 * HOUR };
    set(&shop, usual, later);
    opens(&shop, "missing_address", "pre_1", NOON + 2 * HOUR);
    set(&shop, later, off);
    assert!(open(&shop, NOON + DAY).is_empty());
    set(&shop, off, usual);
    opens(&shop, "missing_address", "pre_1", NOON + 10 * MINUTE);
}
