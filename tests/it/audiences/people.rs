//! Who is in an audience, and why the others are not: held against the ledger, by a reader that knows no index.

use std::collections::{BTreeMap, BTreeSet};

use foredeck_sandbox::world::CheckoutSpec;
use foredeck_sandbox::{DEFAULT_START, LedgerOrder, ShopPlan};
use serde_json::{Value, json};

use super::say_of_people;
use crate::it::sync::desk::Desk;

const DAY: i64 = 86_400;
const UNPAID: [&str; 5] = ["initiated", "processing", "failed", "canceled", "expired"];

/// What a filter of the api says, as a test of an order.
type Test = fn(&LedgerOrder) -> bool;

fn person(order: &LedgerOrder) -> Option<String> {
    order.email.as_deref().map(str::trim).filter(|email| !email.is_empty()).map(str::to_lowercase)
}

/// Members by e-mail, with when the order that stands for them was started.
fn naive(orders: &[LedgerOrder], audience: &str, now: i64, test: Test) -> BTreeMap<String, i64> {
    let goods: Vec<&LedgerOrder> = orders.iter().filter(|order| order.plan.is_none()).collect();
    let of = |email: &str| -> Vec<&LedgerOrder> {
        goods.iter().copied().filter(|order| person(order).as_deref() == Some(email)).collect()
    };
    let everybody: BTreeSet<String> = goods.iter().filter_map(|order| person(order)).collect();
    let mut members = BTreeMap::new();
    for email in everybody {
        let has = |word: &str| of(&email).iter().any(|order| order.status == word);
        let kept_since = |at: i64| {
            of(&email)
                .iter()
                .filter(|order| ["completed", "partially_refunded"].contains(&order.status.as_str()))
                .any(|order| order.paid_at.unwrap_or(order.started_at) >= at)
        };
        let standing: Vec<&LedgerOrder> = match audience {
            "successful" => of(&email).into_iter().filter(|order| order.status == "completed").collect(),
            _ if has("refunded") || has("disputed") => Vec::new(),
            _ => of(&email)
                .into_iter()
                .filter(|order| UNPAID.contains(&order.status.as_str()) && order.started_at + 3_600 <= now)
                .filter(|order| !kept_since(order.started_at))
                .collect(),
        };
        if let Some(order) = standing.into_iter().max_by_key(|order| order.started_at)
            && test(order)
        {
            members.insert(email, order.started_at);
        }
    }
    members
}

/// Every page of an audience, as the naive reader tells it.
async fn paged(desk: &Desk, audience: &str, filter: &Value) -> BTreeMap<String, i64> {
    let (mut members, mut after, mut last) = (BTreeMap::new(), Value::Null, i64::MAX);
    loop {
        let mut args = json!({"audience": audience, "filter": filter, "limit": 7});
        if !after.is_null() {
            args["after"] = after;
        }
        let page = desk.get("audience_page", args).await;
        for row in page["rows"].as_array().unwrap() {
            let at = row["started_at"].as_i64().unwrap();
            assert!(at <= last, "the newest first");
            last = at;
            let twice = members.insert(row["email"].as_str().unwrap().to_owned(), at);
            assert_eq!(twice, None, "one row a person: {row}");
        }
        after = page["next"].clone();
        if after.is_null() {
            return members;
        }
    }
}

async fn counted(desk: &Desk, audience: &str, filter: &Value) -> Value {
    let list = desk.get("audience_list", filter.clone()).await;
    assert_eq!(list["at"], desk.now());
    let found = list["audiences"].as_array().unwrap().iter().find(|one| one["audience"] == audience);
    found.unwrap().clone()
}

impl Desk {
    fn now(&self) -> i64 {
        use foredeck_engine::clock::Clock;
        self.clock.now()
    }
}

fn left_out(count: &Value, why: &str) -> i64 {
    let reasons = count["left_out"].as_array().unwrap();
    reasons.iter().find(|reason| reason["why"] == why).map_or(-1, |reason| reason["count"].as_i64().unwrap())
}

#[tokio::test]
async fn members_are_those_of_the_ledger_whatever_is_asked_for() {
    let desk = Desk::with_shop(ShopPlan::History { orders: 400, days: 30, faults: 0.0 }).await;
    desk.advance(1_800);
    desk.sync().await;
    let orders = desk.world.ledger().orders;
    let day = |ago: i64| {
        let at = chrono::DateTime::from_timestamp(DEFAULT_START - ago * DAY, 0).unwrap();
        at.format("%Y-%m-%d").to_string()
    };
    let asked: Vec<(Value, Test)> = vec![
        (json!({}), |_| true),
        (json!({"color": "moss"}), |order| order.color.as_deref().map(str::trim) == Some("moss")),
        (json!({"locale": "de"}), |order| order.locale.as_deref() == Some("de")),
        (json!({"color": "moss", "locale": "zh-CN"}), |order| {
            order.color.as_deref().map(str::trim) == Some("moss") && order.locale.as_deref() == Some("zh-CN")
        }),
        (json!({"currency": "EUR", "least_minor": 10_000}), |order| {
            order.currency == "eur" && order.amount_minor >= 10_000
        }),
        (json!({"currency": "usd", "most_minor": 9_999}), |order| {
            order.currency == "usd" && order.amount_minor <= 9_999
        }),
        (json!({"least_days": 10}), |order| order.started_at <= DEFAULT_START + 1_800 - 10 * DAY),
        (json!({"most_days": 10}), |order| order.started_at >= DEFAULT_START + 1_800 - 10 * DAY),
        (json!({"from": day(12), "to": day(4)}), |order| {
            let start = DEFAULT_START - DEFAULT_START.rem_euclid(DAY);
            (start - 12 * DAY..start - 3 * DAY).contains(&order.started_at)
        }),
    ];
    let mut found = 0;
    for audience in ["abandoned", "successful"] {
        for (filter, test) in &asked {
            let wanted = naive(&orders, audience, desk.now(), *test);
            let told = paged(&desk, audience, filter).await;
            let differ: Vec<_> = told.iter().filter(|(email, at)| wanted.get(*email) != Some(at)).collect();
            assert!(
                differ.is_empty() && told.len() == wanted.len(),
                "{audience} {filter}: {differ:?}, {}",
                wanted.len()
            );
            let count = counted(&desk, audience, filter).await;
            assert_eq!(count["count"], wanted.len(), "{audience} {filter}: {count}");
            assert_eq!(count["consent_unknown"], wanted.len(), "Klaviyo was asked about nobody");
            found += wanted.len();
        }
        assert!(naive(&orders, audience, desk.now(), |_| true).len() > 60, "{audience}");
    }
    assert!(found > 500, "{found}");
}

#[tokio::test]
async fn everybody_is_counted_once_in_or_out() {
    let desk = Desk::with_shop(ShopPlan::History { orders: 400, days: 30, faults: 0.0 }).await;
    desk.sync().await;
    let orders: Vec<LedgerOrder> =
        desk.world.ledger().orders.into_iter().filter(|order| order.plan.is_none()).collect();
    let unpaid = |order: &&LedgerOrder| UNPAID.contains(&order.status.as_str());
    for audience in ["abandoned", "successful"] {
        let concerns = |order: &&LedgerOrder| unpaid(order) == (audience == "abandoned");
        let people: BTreeSet<String> = orders.iter().filter(concerns).filter_map(person).collect();
        let nameless = orders.iter().filter(concerns).filter(|order| person(order).is_none()).count();
        let count = counted(&desk, audience, &json!({})).await;
        let out: i64 = count["left_out"]
            .as_array()
            .unwrap()
            .iter()
            .map(|reason| reason["count"].as_i64().unwrap())
            .sum();
        assert_eq!(left_out(&count, "no_email"), nameless as i64, "{audience}");
        let all = count["count"].as_i64().unwrap() + out - nameless as i64;
        assert_eq!(all, people.len() as i64, "{audience}: {count}");
    }
    let plain = counted(&desk, "successful", &json!({})).await;
    let all = json!({"with_refunded": true, "with_disputed": true, "with_partially_refunded": true});
    let whole = counted(&desk, "successful", &all).await;
    let reasons = ["refunded", "disputed", "partially_refunded"];
    let back: i64 = reasons.iter().map(|why| left_out(&plain, why)).sum();
    assert!(back > 0, "the shop has money that went back: {plain}");
    assert_eq!(whole["count"].as_i64().unwrap(), plain["count"].as_i64().unwrap() + back);
    assert!(reasons.iter().all(|why| left_out(&whole, why) == 0), "{whole}");
}

#[tokio::test]
async fn who_said_no_is_left_out_and_who_was_never_asked_stays() {
    let desk = Desk::with_shop(ShopPlan::History { orders: 60, days: 10, faults: 0.0 }).await;
    desk.sync().await;
    let page = desk.get("audience_page", json!({"audience": "successful", "limit": 5})).await;
    let emails: Vec<String> = page["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["email"].as_str().unwrap().to_owned())
        .collect();
    let all = counted(&desk, "successful", &json!({})).await["count"].as_i64().unwrap();
    let said = emails.clone();
    let now = desk.now();
    desk.store
        .db()
        .write(move |transaction| {
            let words = [
                Some("subscribed"),
                Some("unsubscribed"),
                Some("never_subscribed"),
                None,
                Some("subscribed"),
            ];
            let all: Vec<(&str, Option<&str>, bool)> = said
                .iter()
                .zip(words)
                .enumerate()
                .map(|(at, (email, word))| (email.as_str(), word, at == 4))
                .collect();
            say_of_people(transaction, now, &all)
        })
        .await
        .unwrap();
    assert_eq!(desk.get("audience_list", json!({})).await["consent_known"], true);
    let count = counted(&desk, "successful", &json!({})).await;
    assert_eq!((count["count"].as_i64(), left_out(&count, "unsubscribed")), (Some(all - 2), 2));
    assert_eq!((&count["consent_yes"], &count["consent_no"]), (&json!(1), &json!(0)));
    let asked = json!({"with_unsubscribed": true});
    let count = counted(&desk, "successful", &asked).await;
    assert_eq!((count["count"].as_i64(), left_out(&count, "unsubscribed")), (Some(all), 0));
    assert_eq!((&count["consent_yes"], &count["consent_no"]), (&json!(1), &json!(2)));
    let rows =
        desk.get("audience_page", json!({"audience": "successful", "limit": 5, "filter": asked})).await;
    let consent: Vec<&str> =
        rows["rows"].as_array().unwrap().iter().map(|row| row["consent"].as_str().unwrap()).collect();
    assert_eq!(consent, ["yes", "no", "unknown", "unknown", "no"]);
    // A mirror of before, opened for reading, has no such table.
    desk.store
        .db()
        .write(|transaction| Ok(transaction.execute_batch("DROP TABLE klaviyo_person")?))
        .await
        .unwrap();
    let list = desk.get("audience_list", json!({})).await;
    assert_eq!(
        (&list["consent_known"], &list["audiences"][1]["consent_unknown"]),
        (&json!(false), &json!(all))
    );
}

#[tokio::test]
async fn an_audience_is_live() {
    let desk = Desk::with_shop(ShopPlan::Empty).await;
    let spec = |preorder: &str, email: Option<&str>| CheckoutSpec {
        preorder_id: Some(preorder.to_owned()),
        email: email.map(str::to_owned),
        ..CheckoutSpec::default()
    };
    let session = desk.world.with_world(|world| {
        world.open_checkout(spec("pre_2", None)).unwrap();
        world.open_checkout(spec("pre_1", Some("Ada@Example.com "))).unwrap()
    });
    desk.advance(60);
    desk.sync().await;
    let abandoned = counted(&desk, "abandoned", &json!({})).await;
    assert_eq!((abandoned["count"].as_i64(), left_out(&abandoned, "too_recent")), (Some(0), 1));
    assert_eq!(counted(&desk, "abandoned", &json!({"abandoned_after_s": 60})).await["count"], 1);
    desk.advance(3_540);
    let abandoned = counted(&desk, "abandoned", &json!({})).await;
    assert_eq!(
        (abandoned["count"].as_i64(), left_out(&abandoned, "no_email")),
        (Some(1), 1),
        "an hour passed"
    );
    desk.world.with_world(|world| world.pay(&session).unwrap());
    desk.advance(60);
    desk.sync().await;
    assert_eq!(counted(&desk, "abandoned", &json!({})).await["count"], 0);
    assert_eq!(counted(&desk, "successful", &json!({})).await["count"], 1);
    let row = desk.get("audience_page", json!({"audience": "successful"})).await["rows"][0].clone();
    assert_eq!((&row["email"], &row["order_id"]), (&json!("ada@example.com"), &json!("pre_1")));
    for bad in [
        json!({"least_minor": 5}),
        json!({"currency": "eur", "least_minor": 5, "most_minor": 4}),
        json!({"least_days": 5, "most_days": 4}),
        json!({"from": "2026-13-01"}),
        json!({"from": "2026-02-02", "to": "2026-02-01"}),
    ] {
        assert_eq!(desk.ask("audience_list", bad.clone()).await.unwrap_err().code, "INVALID", "{bad}");
    }
    let page = json!({"audience": "successful", "after": "1.5b.0000000000000000"});
    assert_eq!(desk.ask("audience_page", page).await.unwrap_err().code, "INVALID");
}
