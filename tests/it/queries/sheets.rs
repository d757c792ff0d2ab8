//! The sheet of one order: everything about it, from any id.

use foredeck_engine::domain::kind::Kind;
use foredeck_engine::domain::store::Mode;
use foredeck_engine::facts::delivery::upsert_pending;
use foredeck_engine::facts::local::{LINK, LocalFact, NOTE, append_local, list_local};
use foredeck_engine::projections::fold::fold_dirty;
use foredeck_engine::projections::ingest::store_tombstone;
use foredeck_engine::projections::local::take_local;
use foredeck_engine::queries::sheet::{PreorderSheet, SheetArgs, raw_fact, sheet};
use serde_json::{Value, json};

use crate::it::shop::{DAY, NOON, Shop, charge, event, intent, session, terms};

fn read(shop: &Shop, id: &str) -> Option<PreorderSheet> {
    let args = SheetArgs { id: id.to_owned() };
    shop.read(|connection| sheet(connection, &args, Some(Mode::Test), NOON))
}

fn kinds(sheet: &PreorderSheet) -> Vec<&str> {
    sheet.timeline.iter().map(|entry| entry.kind.as_str()).collect()
}

/// A declined and then paid order, refunded in part, with the same second wherever it can be.
fn shop() -> Shop {
    let shop = Shop::open();
    let item = json!({"id": "li_1", "description": "Yoyo", "quantity": 2, "amount_total": 9_900, "currency": "eur",
        "price": {"id": "price_1", "product": "prod_1"}});
    let opened = session(
        "cs_1",
        NOON,
        json!({"customer": "cus_1", "customer_email": "ann@x.org", "metadata": {"preorderId": "pre_1"}, "payment_intent": "pi_1",
            "expires_at": NOON + DAY, "url": "https://checkout.example.org/cs_1",
            "after_expiration": {"recovery": {"url": "https://buy.example.org/r"}}, "line_items": {"data": [item]}}),
    );
    shop.list(Kind::Session, NOON + 5, std::slice::from_ref(&opened));
    shop.list(Kind::Customer, NOON + 5, &[json!({"id": "cus_1", "object": "customer", "created": NOON - DAY, "email": "ann@work.org", "name": "Ann"})]);
    let declined = intent(
        "pi_1",
        NOON + 10,
        json!({"last_payment_error": {"code": "card_declined", "decline_code": "insufficient_funds", "message": "No funds."}}),
    );
    let failed = charge(
        "ch_0",
        NOON + 20,
        json!({"status": "failed", "paid": false, "captured": false, "payment_intent": "pi_1",
        "failure_code": "card_declined", "failure_message": "No."}),
    );
    let paid = charge("ch_1", NOON + 60, json!({"payment_intent": "pi_1"}));
    let refund = json!({"id": "re_1", "object": "refund", "created": NOON + DAY, "status": "succeeded", "amount": 900, "currency": "eur",
        "charge": "ch_1", "payment_intent": "pi_1", "reason": "requested_by_customer"});
    let mut completed = opened.clone();
    for (name, value) in
        [("status", json!("complete")), ("payment_status", json!("paid")), ("url", Value::Null)]
    {
        completed[name] = value;
    }
    completed.as_object_mut().unwrap().remove("line_items");
    let done = intent("pi_1", NOON + 10, json!({"status": "succeeded"}));
    shop.events(&[
        event("evt_6", "checkout.session.completed", NOON + 61, &completed),
        event("evt_5", "payment_intent.succeeded", NOON + 61, &done),
        event("evt_4", "charge.succeeded", NOON + 61, &paid),
        event("evt_3", "payment_intent.payment_failed", NOON + 20, &declined),
        event("evt_2", "charge.failed", NOON + 20, &failed),
        event("evt_1", "payment_intent.created", NOON + 10, &intent("pi_1", NOON + 10, json!({}))),
    ]);
    shop.list(Kind::Refund, NOON + DAY + 60, &[refund]);
    shop.write(|transaction| upsert_pending(transaction, "evt_6", NOON + 61, 1, NOON + 90));
    shop
}

#[test]
fn a_sheet_has_people_sessions_payments_and_facts() {
    let found = read(&shop(), "pre_1").unwrap();
    assert_eq!(found.row.refunded_minor, 900);
    let steps = found.steps;
    assert_eq!((steps.started, steps.paid, steps.kept), (1, 1, 1));
    let people: Vec<(Option<&str>, Option<&str>)> =
        found.people.iter().map(|person| (person.customer_id.as_deref(), person.email.as_deref())).collect();
    assert_eq!(people, [(Some("cus_1"), Some("ann@work.org")), (None, Some("ann@x.org"))]);
    let session = &found.sessions[0];
    assert_eq!(
        (session.url.as_deref(), session.recovery_url.as_deref()),
        (None, Some("https://buy.example.org/r"))
    );
    let line = &session.line_items[0];
    assert_eq!((line.description.as_deref(), line.quantity), (Some("Yoyo"), Some(2)), "from the older list");
    assert_eq!((line.price_id.as_deref(), line.product_id.as_deref()), (Some("price_1"), Some("prod_1")));
    assert_eq!(found.payments.len(), 1);
    let payment = &found.payments[0];
    assert_eq!(
        (payment.payment_intent_id.as_deref(), payment.status.as_deref()),
        (Some("pi_1"), Some("succeeded"))
    );
    assert_eq!(payment.failure_message.as_deref(), Some("No."), "the last attempt that failed");
    let charges: Vec<&str> = payment.charges.iter().map(|charge| charge.id.as_str()).collect();
    assert_eq!(charges, ["ch_0", "ch_1"]);
    assert_eq!(payment.refunds[0].reason.as_deref(), Some("requested_by_customer"));
    assert_eq!(found.facts.len(), 5);
    assert_eq!(found.stripe_url.as_deref(), Some("https://dashboard.stripe.com/test/payments/pi_1"));
    let rules: Vec<String> =
        found.links.iter().map(|link| format!("{} {} {}", link.from, link.rule, link.to)).collect();
    for rule in [
        "cs_1 session_intent pi_1",
        "cs_1 preorder_id pre_1",
        "ch_1 charge_intent pi_1",
        "re_1 refund_charge ch_1",
    ] {
        assert!(rules.iter().any(|known| known == rule), "{rule} in {rules:?}");
    }
}

#[test]
fn the_timeline_is_in_the_order_things_happened_within_a_second() {
    let found = read(&shop(), "pre_1").unwrap();
    assert_eq!(
        kinds(&found),
        [
            "session_created",
            "payment_intent.created",
            "charge.failed",
            "payment_intent.payment_failed",
            "charge.succeeded",
            "payment_intent.succeeded",
            "checkout.session.completed",
            "refund_created",
        ]
    );
    assert!(found.timeline.is_sorted_by_key(|entry| entry.at));
    let last = &found.timeline[6];
    assert_eq!((last.pending_webhooks, last.status.as_deref()), (Some(1), Some("complete")));
    assert_eq!(found.timeline[3].detail.as_deref(), Some("insufficient_funds"));
}

#[test]
fn the_timeline_says_of_each_refund_what_it_paid_back() {
    let shop = shop();
    let refunded = |id: &str, at: i64, total: i64, before: Value| {
        let object = charge("ch_1", NOON + 60, json!({"payment_intent": "pi_1", "amount_refunded": total}));
        let mut told = event(id, "charge.refunded", at, &object);
        told["data"]["previous_attributes"] = before;
        told
    };
    shop.events(&[
        refunded("evt_8", NOON + 2 * DAY, 1_500, json!({"amount_refunded": 900})),
        refunded("evt_7", NOON + DAY, 900, json!({"amount_refunded": 0})),
    ]);
    let found = read(&shop, "pre_1").unwrap();
    let said: Vec<(&str, Option<i64>)> = found
        .timeline
        .iter()
        .filter(|entry| entry.kind == "charge.refunded")
        .map(|entry| (entry.event_id.as_deref().unwrap(), entry.amount_minor))
        .collect();
    assert_eq!(said, [("evt_7", Some(900)), ("evt_8", Some(600))], "and not what was charged");
}

#[test]
fn every_id_of_an_order_opens_its_sheet() {
    let shop = shop();
    for id in ["pre_1", "cs_1", " pi_1 ", "ch_0", "re_1", "evt_3", "cus_1"] {
        assert_eq!(read(&shop, id).map(|sheet| sheet.row.id), Some("pre_1".to_owned()), "{id}");
    }
    for id in ["ann@x.org", "pre_", "pre_2", "💥", "' OR 1=1", "cs_2"] {
        assert_eq!(read(&shop, id), None, "{id}");
    }
}

#[test]
fn changes_that_no_event_tells_of_are_seen_in_lists() {
    let shop = Shop::open();
    let open = |rest: Value| session("cs_1", NOON, rest);
    shop.list(Kind::Session, NOON + 10, &[open(json!({}))]);
    shop.list(Kind::Session, NOON + 20, &[open(json!({}))]);
    shop.list(Kind::Session, NOON + 4_000, &[open(json!({"status": "expired"}))]);
    let found = read(&shop, "cs_1").unwrap();
    assert_eq!(kinds(&found), ["session_created", "seen_in_list"]);
    let seen = &found.timeline[1];
    assert_eq!(
        (seen.at, seen.origin.as_str(), seen.status.as_deref()),
        (NOON + 4_000, "list", Some("expired"))
    );
    // The event tells of it after all.
    shop.events(&[event(
        "evt_1",
        "checkout.session.expired",
        NOON + 3_950,
        &open(json!({"status": "expired"})),
    )]);
    assert_eq!(kinds(&read(&shop, "cs_1").unwrap()), ["session_created", "checkout.session.expired"]);
}

#[test]
fn what_operators_did_is_on_the_sheet() {
    let shop = shop();
    shop.list(Kind::Session, NOON + 90, &[session("cs_9", NOON + 80, json!({}))]);
    shop.write(|transaction| {
        append_local(transaction, NOON + 100, "ada", LINK, ("cs_1", Some("cs_9")), "{}")?;
        append_local(transaction, NOON + 101, "ada", NOTE, ("pre_1", None), "{\"text\": \"called\"}")?;
        let facts: Vec<LocalFact> = list_local(transaction, LINK)?;
        take_local(transaction, &facts[0], &terms())?;
        fold_dirty(transaction, 100)
    });
    let found = read(&shop, "cs_9").unwrap();
    assert_eq!(found.row.id, "pre_1");
    assert!(found.links.iter().filter(|link| link.rule == "operator_link").count() == 1, "{:?}", found.links);
    let local: Vec<&str> = found
        .timeline
        .iter()
        .filter(|entry| entry.origin == "local")
        .map(|entry| entry.kind.as_str())
        .collect();
    assert_eq!(local, ["local_link", "local_note"]);
}

#[test]
fn ids_that_do_not_join_are_named() {
    let shop = Shop::open();
    let shared = |number: i64| {
        session(
            &format!("cs_{number}"),
            NOON + number,
            json!({"customer_email": format!("p{number}@x.org"), "metadata": {"preorderId": "demo"}}),
        )
    };
    shop.list(Kind::Session, NOON + 100, &(0..5).map(shared).collect::<Vec<_>>());
    let found = read(&shop, "cs_3").unwrap();
    assert!(found.row.conflict);
    assert_eq!(
        (found.conflicts[0].preorder_id.as_str(), found.conflicts[0].reason.as_str()),
        ("demo", "shared_by_many")
    );
    let first = session("cs_a", NOON, json!({"payment_intent": "pi_a", "metadata": {"preorderId": "one"}}));
    shop.list(Kind::Session, NOON + 100, &[first]);
    shop.list(Kind::Intent, NOON + 100, &[intent("pi_a", NOON, json!({"metadata": {"preorderId": "two"}}))]);
    let found = read(&shop, "one").unwrap();
    let conflicts: Vec<(&str, &str)> =
        found.conflicts.iter().map(|row| (row.preorder_id.as_str(), row.reason.as_str())).collect();
    assert_eq!(conflicts, [("two", "two_ids")]);
}

#[test]
fn a_charge_without_an_intent_is_a_payment_of_its_own() {
    let shop = Shop::open();
    shop.list(Kind::Charge, NOON + 5, &[charge("ch_old", NOON, json!({"receipt_email": "a@x.org"}))]);
    let dispute = json!({"id": "dp_1", "object": "dispute", "created": NOON + 9, "status": "lost", "charge": "ch_old", "amount": 9_900,
        "currency": "eur", "reason": "fraudulent"});
    shop.list(Kind::Dispute, NOON + 50, &[dispute]);
    let found = read(&shop, "ch_old").unwrap();
    assert_eq!(found.payments.len(), 1);
    let payment = &found.payments[0];
    assert_eq!((payment.payment_intent_id.as_deref(), payment.status.as_deref()), (None, Some("succeeded")));
    assert_eq!(payment.disputes[0].reason.as_deref(), Some("fraudulent"));
    assert_eq!(kinds(&found), ["charge_created", "dispute_created"]);
    assert_eq!(found.stripe_url, None, "neither a payment page nor a session");
}

#[test]
fn odd_shapes_of_json_make_an_emptier_sheet_and_no_error() {
    let shop = Shop::open();
    shop.list(
        Kind::Session,
        NOON,
        &[
            session("cs_1", NOON, json!({"line_items": [1, "x"], "after_expiration": "no", "url": {"a": 1}, "expires_at": "soon"})),
            session("cs_2", NOON, json!({"line_items": {"data": [{"price": "price_1", "quantity": "2"}, null, []]}})),
            session("cs_3", NOON, json!({"display_items": [{"amount": 500, "quantity": 2, "currency": "USD", "custom": {"name": "Old"}}]})),
        ],
    );
    assert!(read(&shop, "cs_1").unwrap().sessions[0].line_items.is_empty());
    let second = &read(&shop, "cs_2").unwrap().sessions[0].line_items;
    assert_eq!(
        (second.len(), second[0].price_id.as_deref(), second[0].quantity),
        (3, Some("price_1"), Some(2))
    );
    let third = &read(&shop, "cs_3").unwrap().sessions[0].line_items[0];
    assert_eq!(
        (third.amount_minor, third.description.as_deref(), third.currency.as_deref()),
        (Some(1_000), Some("Old"), Some("usd"))
    );
}

#[test]
fn raw_facts_are_the_bytes_as_they_came() {
    let shop = Shop::open();
    let bytes = "{\"id\":\"evt_1\",\"type\":\"charge.succeeded\",\"created\":5,\"data\":{\"object\": {\"id\":\"ch_1\" ,\"object\":\"charge\",\"n\":1.50}}}";
    shop.event_bytes(bytes);
    let raw = |id: &str| shop.read(|connection| raw_fact(connection, id));
    let event = raw("evt_1").unwrap();
    assert_eq!((event.json.as_str(), event.origin.as_str(), event.as_of), (bytes, "event", 5));
    let object = raw("ch_1").unwrap();
    assert_eq!(object.json, "{\"id\":\"ch_1\" ,\"object\":\"charge\",\"n\":1.50}");
    assert_eq!(raw("ch_2"), None);
    // A tombstone has no body: the last one before it is shown.
    let key = shop.read(|connection| foredeck_engine::facts::names::find_key(connection, "ch_1")).unwrap();
    shop.write(move |transaction| store_tombstone(transaction, key, 9, &terms()));
    assert_eq!(raw("ch_1").unwrap().json, object.json);
}
