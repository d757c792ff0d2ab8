//! The event log, page by page.

use foredeck_engine::db::DbError;
use foredeck_engine::facts::delivery::upsert_pending;
use foredeck_engine::queries::events::{EventPageArgs, page};
use serde_json::json;

use crate::it::shop::{NOON, Shop, charge, event};

/// Three hundred events of three types about ten charges, many in one second, stored in no order.
fn shop() -> Shop {
    let shop = Shop::open();
    let types = ["charge.succeeded", "charge.updated", "invoice.paid"];
    let events: Vec<_> = (0..300)
        .map(|number| {
            let object = charge(&format!("ch_{}", number % 10), NOON, json!({"n": number}));
            let at = NOON + (number * 37 % 300) / 20;
            event(&format!("evt_{number}"), types[usize::try_from(number % 3).unwrap()], at, &object)
        })
        .collect();
    shop.events(&events);
    shop.write(|transaction| upsert_pending(transaction, "evt_7", NOON, 2, NOON));
    shop
}

fn walked(shop: &Shop, args: &EventPageArgs) -> Vec<(i64, String)> {
    let mut args = EventPageArgs { limit: Some(17), ..args.clone() };
    let mut found = Vec::new();
    loop {
        let page = shop.read(|connection| page(connection, &args));
        found.extend(page.rows.into_iter().map(|row| (row.created_at, row.id)));
        args.after = page.next;
        if args.after.is_none() {
            return found;
        }
    }
}

#[test]
fn every_event_comes_once_newest_first() {
    let shop = shop();
    let found = walked(&shop, &EventPageArgs::default());
    let mut ids: Vec<&str> = found.iter().map(|(_, id)| id.as_str()).collect();
    assert!(found.is_sorted_by(|a, b| a.0 >= b.0), "newest first");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 300);
}

#[test]
fn types_and_objects_narrow_the_log() {
    let shop = shop();
    let count = |kind: Option<&str>, object: Option<&str>| {
        let text = |value: Option<&str>| value.map(str::to_owned);
        walked(&shop, &EventPageArgs { r#type: text(kind), object: text(object), ..EventPageArgs::default() })
            .len()
    };
    assert_eq!(count(Some("invoice.paid"), None), 100);
    assert_eq!(count(Some("charge.*"), None), 200);
    assert_eq!(count(Some("*"), None), 300);
    assert_eq!(count(None, Some("ch_3")), 30);
    assert_eq!(count(Some("invoice.*"), Some("ch_3")), 10);
    for (kind, object) in
        [(Some("nothing.*"), None), (None, Some("ch_none")), (Some("' OR 1=1"), None), (Some(""), None)]
    {
        assert_eq!(count(kind, object), 0, "{kind:?} {object:?}");
    }
}

#[test]
fn a_row_says_what_is_known_of_its_delivery() {
    let shop = shop();
    let args = EventPageArgs { object: Some("ch_7".into()), limit: Some(500), ..EventPageArgs::default() };
    let rows = shop.read(|connection| page(connection, &args)).rows;
    let seven = rows.iter().find(|row| row.id == "evt_7").unwrap();
    assert_eq!((seven.pending_webhooks, seven.api_version.as_deref()), (Some(2), Some("2025-03-31.basil")));
    assert_eq!(seven.stored_at, NOON);
    assert!(rows.iter().filter(|row| row.id != "evt_7").all(|row| row.pending_webhooks.is_none()));
}

#[test]
fn foreign_cursors_and_bad_arguments_are_refused() {
    let shop = shop();
    let first = EventPageArgs { limit: Some(5), ..EventPageArgs::default() };
    let cursor = shop.read(|connection| page(connection, &first)).next;
    let refused = |args: EventPageArgs| {
        let answer = shop.db.read_now(|connection| page(connection, &args));
        assert!(matches!(answer, Err(DbError::Invalid(_))), "{args:?}: {answer:?}");
    };
    refused(EventPageArgs { r#type: Some("charge.*".into()), after: cursor, ..first.clone() });
    refused(EventPageArgs { after: Some("1.5b5d.0000000000000000".into()), ..first.clone() });
    refused(EventPageArgs { r#type: Some("a*b*".into()), ..first.clone() });
    refused(EventPageArgs { limit: Some(501), ..first });
}
