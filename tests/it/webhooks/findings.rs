//! What is said of endpoints and events, and what is not: each finding with its near-misses.

use foredeck_engine::facts::delivery::upsert_pending;
use foredeck_engine::queries::health::SyncFacts;
use foredeck_engine::queries::overview::overview;
use foredeck_engine::queries::webhooks::{EndpointProblem, LeadsTo};
use serde_json::json;

use super::hand::{COMPLETED, LATER, endpoint, look, never, paid, read, said};
use crate::it::shop::{DAY, NOON, Shop, event, session, with};

const MINUTE: i64 = 60;

fn attention(shop: &Shop) -> Vec<(String, i64)> {
    let found = shop.read(|connection| overview(connection, chrono_tz::Tz::UTC, NOON, &SyncFacts::default()));
    found.attention.into_iter().map(|one| (one.kind, one.count)).collect()
}

#[test]
fn two_endpoints_that_take_a_payment_are_named_with_both_paths_and_what_it_leads_to() {
    let shop = Shop::open();
    let old = endpoint("we_old", "/api/payment/webhook?source=stripe", &[COMPLETED]);
    let new = with(endpoint("we_new", "/api/stripe/webhook", &["*"]), json!({"created": NOON - DAY}));
    look(&shop, NOON, &[new, old]);
    let found = read(&shop, NOON);
    assert_eq!(found.overlaps.len(), 1);
    let overlap = &found.overlaps[0];
    assert_eq!((overlap.event_type.as_str(), overlap.leads_to), (COMPLETED, LeadsTo::CreditsGrantedTwice));
    let named: Vec<(&str, &str)> =
        overlap.endpoints.iter().map(|one| (one.id.as_str(), one.path.as_str())).collect();
    assert_eq!(named, [("we_old", "/api/payment/webhook"), ("we_new", "/api/stripe/webhook")]);
    assert_eq!(overlap.endpoints[0].url, "https://shop.example.com/api/payment/webhook?source=stripe");
    assert!(found.endpoints.iter().all(|one| one.problems == [EndpointProblem::Overlap]));
    assert!(found.endpoints[1].takes_all && !found.endpoints[0].takes_all);
    assert_eq!(attention(&shop), [("webhook_overlaps".to_owned(), 2)]);
}

#[test]
fn two_copies_at_one_address_overlap_too_and_each_type_is_named() {
    let shop = Shop::open();
    look(
        &shop,
        NOON,
        &[endpoint("we_1", "/hook", &[COMPLETED, LATER]), endpoint("we_2", "/hook", &[COMPLETED, LATER])],
    );
    let types: Vec<String> =
        read(&shop, NOON).overlaps.into_iter().map(|overlap| overlap.event_type).collect();
    assert_eq!(types, [COMPLETED, LATER]);
}

#[test]
fn endpoints_that_share_no_payment_are_no_overlap() {
    let shop = Shop::open();
    let disabled = with(endpoint("we_2", "/old", &["*"]), json!({"status": "disabled"}));
    let connect = with(endpoint("we_3", "/connect", &["*"]), json!({"application": "ca_1"}));
    let refunds = endpoint("we_4", "/refunds", &["charge.refunded", "invoice.paid"]);
    look(&shop, NOON, &[endpoint("we_1", "/hook", &["*"]), disabled, connect, refunds]);
    let found = read(&shop, NOON);
    assert!(found.overlaps.is_empty(), "{:?}", found.overlaps);
    assert!(found.unsubscribed.is_empty());
    assert!(found.endpoints.iter().all(|one| one.problems.is_empty()), "{:?}", found.endpoints);
    assert!(
        attention(&shop).is_empty(),
        "a disabled one that another stands in for is how an overlap is cured"
    );
    let statuses: Vec<(&str, bool)> =
        found.endpoints.iter().map(|one| (one.status.as_str(), one.connect)).collect();
    assert_eq!(statuses, [("enabled", false), ("disabled", false), ("enabled", true), ("enabled", false)]);
    assert_eq!(found.endpoints[3].unsubscribed_from, [COMPLETED, "charge.dispute.created"]);
}

#[test]
fn a_disabled_endpoint_nobody_stands_in_for_is_a_problem() {
    let shop = Shop::open();
    look(
        &shop,
        NOON,
        &[
            with(endpoint("we_1", "/hook", &["*"]), json!({"status": "disabled"})),
            endpoint("we_2", "/refunds", &["charge.refunded"]),
        ],
    );
    let found = read(&shop, NOON);
    assert_eq!(found.endpoints[0].problems, [EndpointProblem::Disabled]);
    assert_eq!(found.endpoints[1].problems, [EndpointProblem::Unsubscribed]);
    assert_eq!(found.unsubscribed, [COMPLETED, "charge.dispute.created"]);
    assert_eq!(attention(&shop), [("disabled_endpoints".to_owned(), 1)]);
}

#[test]
fn a_type_the_account_never_had_is_not_missed_and_one_it_had_is() {
    let shop = Shop::open();
    let of = session("cs_1", NOON, json!({"status": "complete", "payment_status": "paid"}));
    look(
        &shop,
        NOON,
        &[endpoint("we_1", "/hook", &[COMPLETED, "charge.refunded", "charge.dispute.created"])],
    );
    assert!(read(&shop, NOON).unsubscribed.is_empty());
    shop.events(&[event("evt_1", LATER, NOON - 5, &of)]);
    let found = read(&shop, NOON);
    assert_eq!(found.unsubscribed, [LATER]);
    assert_eq!(found.endpoints[0].unsubscribed_from, [LATER]);
    assert_eq!(found.endpoints[0].problems, [EndpointProblem::Unsubscribed]);
}

#[test]
fn an_event_older_than_every_endpoint_could_never_be_delivered_and_one_a_second_younger_could() {
    let shop = Shop::open();
    let made_at = NOON - DAY;
    paid(&shop, "evt_before", made_at - 1);
    paid(&shop, "evt_at", made_at);
    paid(&shop, "evt_after", made_at + 1);
    look(&shop, NOON, &[with(endpoint("we_1", "/hook", &[COMPLETED]), json!({"created": made_at}))]);
    assert_eq!(never(&shop, NOON), [said("evt_before", "no_endpoint")]);
    let found = read(&shop, NOON).never_deliverable;
    assert_eq!(found.events[0].order.as_deref(), Some("pre_evt_before"));
    assert_eq!((found.by_type[0].r#type.as_str(), found.by_type[0].oldest_at), (COMPLETED, made_at - 1));
}

#[test]
fn a_type_subscribed_later_is_told_from_one_that_always_was() {
    let shop = Shop::open();
    let only_refunds = endpoint("we_1", "/hook", &["charge.refunded"]);
    let both = endpoint("we_1", "/hook", &["charge.refunded", COMPLETED]);
    look(&shop, NOON, std::slice::from_ref(&only_refunds));
    paid(&shop, "evt_lost", NOON + MINUTE);
    look(&shop, NOON + 10 * MINUTE, &[only_refunds]);
    paid(&shop, "evt_between", NOON + 15 * MINUTE);
    look(&shop, NOON + 20 * MINUTE, std::slice::from_ref(&both));
    paid(&shop, "evt_fine", NOON + 21 * MINUTE);
    look(&shop, NOON + 30 * MINUTE, &[both]);
    let unsure = ("evt_between".to_owned(), "not_subscribed".to_owned(), true);
    assert_eq!(never(&shop, NOON + DAY), [said("evt_lost", "not_subscribed"), unsure]);
}

#[test]
fn an_endpoint_that_always_took_the_type_as_far_as_is_known_is_believed() {
    let shop = Shop::open();
    paid(&shop, "evt_old", NOON - 20 * DAY);
    look(&shop, NOON, &[endpoint("we_1", "/hook", &[COMPLETED])]);
    look(&shop, NOON + DAY, &[endpoint("we_1", "/hook", &["charge.refunded"])]);
    assert!(never(&shop, NOON + DAY).is_empty());
}

#[test]
fn while_only_disabled_endpoints_took_a_payment_it_was_lost() {
    let shop = Shop::open();
    let on = endpoint("we_1", "/hook", &["*"]);
    let off = with(on.clone(), json!({"status": "disabled"}));
    look(&shop, NOON, std::slice::from_ref(&on));
    look(&shop, NOON + 10 * MINUTE, std::slice::from_ref(&off));
    paid(&shop, "evt_lost", NOON + 20 * MINUTE);
    look(&shop, NOON + 30 * MINUTE, &[off]);
    look(&shop, NOON + 40 * MINUTE, std::slice::from_ref(&on));
    paid(&shop, "evt_fine", NOON + 50 * MINUTE);
    look(&shop, NOON + 60 * MINUTE, &[on]);
    assert_eq!(never(&shop, NOON + DAY), [said("evt_lost", "only_disabled")]);
}

#[test]
fn a_disabled_endpoint_beside_one_that_takes_the_payment_loses_nothing() {
    let shop = Shop::open();
    let off = with(endpoint("we_off", "/old", &["*"]), json!({"status": "disabled"}));
    look(&shop, NOON, &[off.clone(), endpoint("we_on", "/new", &[COMPLETED])]);
    paid(&shop, "evt_1", NOON + MINUTE);
    look(&shop, NOON + 10 * MINUTE, &[off, endpoint("we_on", "/new", &[COMPLETED])]);
    assert!(never(&shop, NOON + DAY).is_empty());
    assert!(read(&shop, NOON).overlaps.is_empty());
}

#[test]
fn a_connect_endpoint_takes_nothing_of_this_account() {
    let shop = Shop::open();
    paid(&shop, "evt_1", NOON);
    look(&shop, NOON + 60, &[with(endpoint("we_1", "/c", &["*"]), json!({"application": "ca_1"}))]);
    assert_eq!(never(&shop, NOON + 60), [said("evt_1", "no_endpoint")]);
    assert!(
        read(&shop, NOON).unsubscribed.is_empty(),
        "an account without an endpoint of its own misses none"
    );
}

#[test]
fn what_was_ever_sent_was_deliverable_and_what_is_younger_than_the_last_look_is_not_judged() {
    let shop = Shop::open();
    paid(&shop, "evt_waits", NOON - 120);
    paid(&shop, "evt_arrived", NOON - 110);
    paid(&shop, "evt_lost", NOON - 100);
    paid(&shop, "evt_young", NOON + 1);
    shop.write(|transaction| {
        upsert_pending(transaction, "evt_waits", NOON - 120, 1, NOON - 60)?;
        upsert_pending(transaction, "evt_arrived", NOON - 110, 1, NOON - 100)?;
        foredeck_engine::facts::delivery::resolve_unseen(transaction, NOON - 60, NOON).map(|_| ())
    });
    look(&shop, NOON, &[]);
    assert_eq!(never(&shop, NOON + DAY), [said("evt_lost", "no_endpoint")]);
}

#[test]
fn without_a_look_nothing_is_claimed() {
    let shop = Shop::open();
    paid(&shop, "evt_1", NOON);
    let found = read(&shop, NOON + DAY);
    assert_eq!((found.as_of, found.looked_since, found.never_deliverable.total), (None, None, 0));
    assert!(found.endpoints.is_empty() && found.unsubscribed.is_empty());
}

#[test]
fn undelivered_events_are_grouped_by_type_and_by_order() {
    let shop = Shop::open();
    for (n, id) in ["a", "b", "c"].into_iter().enumerate() {
        paid(&shop, id, NOON + i64::try_from(n).unwrap());
    }
    let of = |order: &str| {
        session(
            &format!("cs_{order}"),
            NOON - 60,
            json!({"metadata": {"preorderId": format!("pre_{order}")}}),
        )
    };
    shop.events(&[
        event("evt_expired", "checkout.session.expired", NOON + 9, &of("b")),
        event("evt_invoice", "invoice.paid", NOON + 3, &json!({"id": "in_1", "object": "invoice"})),
    ]);
    shop.write(|transaction| {
        for (id, after) in [("b", 1), ("c", 2), ("evt_expired", 9), ("evt_invoice", 3), ("evt_unknown", 4)] {
            upsert_pending(transaction, id, NOON + after, 1, NOON + 60)?;
        }
        upsert_pending(transaction, "evt_young", NOON + 3_000, 1, NOON + 3_000)
    });
    let found = read(&shop, NOON + 9 + 15 * MINUTE).undelivered;
    assert_eq!((found.total, found.grouped, found.orders), (5, 5, 2));
    let types: Vec<(&str, i64, i64)> =
        found.by_type.iter().map(|one| (one.r#type.as_str(), one.count, one.oldest_at - NOON)).collect();
    assert_eq!(
        types,
        [(COMPLETED, 2, 1), ("", 1, 4), ("checkout.session.expired", 1, 9), ("invoice.paid", 1, 3)]
    );
    let orders: Vec<(Option<&str>, Vec<&str>)> = found
        .by_order
        .iter()
        .map(|one| (one.order.as_deref(), one.events.iter().map(|event| event.id.as_str()).collect()))
        .collect();
    assert_eq!(
        orders,
        [
            (Some("pre_b"), vec!["b", "evt_expired"]),
            (Some("pre_c"), vec!["c"]),
            (None, vec!["evt_invoice", "evt_unknown"])
        ]
    );
}

#[test]
fn a_body_of_any_shape_is_kept_and_read_as_far_as_it_goes() {
    let shop = Shop::open();
    look(
        &shop,
        NOON,
        &[
            json!({"id": "we_1", "object": "webhook_endpoint", "enabled_events": "all", "url": 7, "created": "x"}),
            json!({"id": "we_2", "enabled_events": [null, 3, "checkout.session.completed"], "status": {}}),
        ],
    );
    let found = read(&shop, NOON);
    let said: Vec<(&str, usize, Option<i64>)> = found
        .endpoints
        .iter()
        .map(|one| (one.path.as_str(), one.enabled_events.len(), one.created_at))
        .collect();
    assert_eq!(said, [("/", 0, None), ("/", 1, None)]);
}
