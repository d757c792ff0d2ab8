use crate::client::Shop;
use foredeck_sandbox::backoffice::{Books, Fault, Faults, Planted, PurchaseRow, Table};
use foredeck_sandbox::shop::credit_shop;
use foredeck_sandbox::{Config, CreditPayment, CreditStatus, Known, ShopPlan, World};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

fn balances(books: &Books) -> BTreeMap<String, i64> {
    let owner = |user: &Option<String>, email: &Option<String>| {
        user.clone().or(email.as_deref().map(str::to_lowercase)).unwrap()
    };
    books.wallets.iter().map(|w| (owner(&w.user_id, &w.email), w.balance)).collect()
}

fn sums(books: &Books, kinds: &[&str]) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for entry in books.wallet_entries.iter().filter(|e| kinds.is_empty() || kinds.contains(&e.kind)) {
        *sums.entry(entry.owner.clone()).or_default() += entry.credits;
    }
    sums
}

fn rows<'a>(books: &'a Books, intent: &str) -> Vec<&'a PurchaseRow> {
    books.purchases.iter().filter(|row| row.payment_intent.as_deref() == Some(intent)).collect()
}

fn clawed(books: &Books, intent: &str) -> i64 {
    let about = books.wallet_entries.iter().filter(|e| e.payment_intent.as_deref() == Some(intent));
    -about.filter(|e| e.kind == "clawback").map(|e| e.credits).sum::<i64>()
}

/// What is wrong with the books, found by comparing them with the ledger the long way round.
fn wrong(world: &World, books: &Books) -> BTreeSet<(Fault, String, Option<String>, i64, i64)> {
    let mut found = BTreeSet::new();
    let payments = world.credits(Known::StripeAndUsers).payments;
    let by_intent: BTreeMap<&str, &CreditPayment> =
        payments.iter().filter_map(|p| Some((p.intent_id.as_deref()?, p))).collect();
    for p in payments.iter().filter(|p| p.status != CreditStatus::Pending) {
        let Some(intent) = &p.intent_id else { continue };
        let rows = rows(books, intent);
        let mut note =
            |fault, expected, is| found.insert((fault, p.owner.clone(), Some(intent.clone()), expected, is));
        match rows.as_slice() {
            [] => drop(note(Fault::PaidNotApplied, p.credits, 0)),
            [row] if row.credits != p.credits => drop(note(Fault::WrongCredits, p.credits, row.credits)),
            [_] => {}
            more => drop(note(Fault::AppliedTwice, p.credits, more.iter().map(|row| row.credits).sum())),
        }
        if !rows.is_empty() && clawed(books, intent) != p.clawed {
            note(Fault::RefundedNotClawed, p.clawed, clawed(books, intent));
        }
    }
    for row in &books.purchases {
        let Some(intent) = &row.payment_intent else { continue };
        if !by_intent.contains_key(intent.as_str()) {
            let owner = row.user_id.clone().or(row.email.clone()).unwrap();
            found.insert((Fault::PurchaseWithoutPayment, owner, Some(intent.clone()), 0, row.credits));
        }
    }
    let users: BTreeSet<&String> = books.users.iter().map(|user| &user.id).collect();
    for user in books.purchases.iter().filter_map(|row| row.user_id.as_ref()) {
        if !users.contains(user) {
            found.insert((Fault::UserMissing, user.clone(), None, 1, 0));
        }
    }
    let sums = sums(books, &[]);
    for (owner, balance) in balances(books) {
        if sums[&owner] != balance {
            found.insert((Fault::WalletDrift, owner.clone(), None, sums[&owner], balance));
        }
    }
    found
}

fn told(planted: &[Planted]) -> BTreeSet<(Fault, String, Option<String>, i64, i64)> {
    let each = planted.iter().cloned();
    each.map(|p| (p.fault, p.owner, p.payment_intent, p.expected, p.found)).collect()
}

#[test]
fn perfect_books_have_no_fault_and_add_up() {
    for seed in 0..4 {
        let world = credit_shop(seed, 80);
        let books = Books::of(&world, &Faults::none());
        assert!(books.planted().is_empty());
        assert_eq!(wrong(&world, &books), BTreeSet::new());
        assert_eq!(balances(&books), sums(&books, &[]));
        assert_eq!(sums(&books, &["grant", "clawback"]), world.credits(Known::StripeAndUsers).balances);
        assert!(books.wallets.iter().all(|wallet| wallet.balance >= 0));
        let spent: i64 = sums(&books, &["spend"]).values().sum();
        assert!(spent < 0 && -spent == books.usage_daily.iter().map(|u| u.count).sum::<i64>());
        assert!(books.wallet_entries.iter().any(|entry| entry.kind == "adjustment"));
        let known: BTreeSet<&str> = world.events().iter().map(|e| e.id.as_str()).collect();
        let events = books.purchases.iter().filter_map(|row| row.stripe_event_id.as_deref());
        assert!(events.clone().all(|event| known.contains(event)) && events.count() == books.purchases.len());
        let ids: BTreeSet<&String> = books.purchases.iter().map(|row| &row.id).collect();
        assert_eq!(ids.len(), books.purchases.len());
        let ids: BTreeSet<&String> = books.wallet_entries.iter().map(|row| &row.id).collect();
        assert_eq!(ids.len(), books.wallet_entries.len());
    }
}

#[test]
fn rows_name_the_event_that_completed_checkout() {
    let world = credit_shop(1, 40);
    let books = Books::of(&world, &Faults::none());
    let type_of = |row: &PurchaseRow| {
        let event = world.events().iter().find(|e| Some(&e.id) == row.stripe_event_id.as_ref()).unwrap();
        assert_eq!(Some(&event.object_id), row.session_id.as_ref());
        (event.type_.clone(), row.status.clone())
    };
    let types: BTreeSet<(String, String)> = books.purchases.iter().map(type_of).collect();
    assert!(types.contains(&("checkout.session.completed".to_owned(), "paid".to_owned())));
    assert!(types.contains(&("checkout.session.async_payment_succeeded".to_owned(), "paid".to_owned())));
    let others = |(type_, _): &&(String, String)| {
        type_ != "checkout.session.completed" && type_ != "checkout.session.async_payment_succeeded"
    };
    assert_eq!(types.iter().filter(others).count(), 0, "{types:?}");
}

#[test]
fn every_fault_stands_where_it_was_planted_and_nowhere_else() {
    let mut seen = BTreeSet::new();
    for seed in 0..12 {
        let world = credit_shop(seed, 70);
        let books = Books::of(&world, &Faults::seeded(seed * 31));
        assert_eq!(wrong(&world, &books), told(books.planted()), "seed {seed}");
        let owners: BTreeSet<&String> = books.planted().iter().map(|p| &p.owner).collect();
        assert_eq!(owners.len(), books.planted().len(), "one fault an owner");
        seen.extend(books.planted().iter().map(|p| (p.fault, p.variant.clone())));
        for fault in Fault::ALL {
            assert!(books.planted().iter().any(|p| p.fault == fault), "{fault:?} of seed {seed}");
        }
        assert!(books.wallets.iter().all(|wallet| wallet.balance >= 0));
    }
    assert_eq!(seen.len(), 10, "{seen:?}");
}

#[test]
fn a_refund_that_was_not_clawed_back_leaves_the_row_unmarked() {
    let world = credit_shop(5, 60);
    let books = Books::of(&world, &Faults::seeded(3).only(&[Fault::RefundedNotClawed]).up_to(50));
    assert!(books.planted().len() > 1);
    for planted in books.planted() {
        let intent = planted.payment_intent.as_deref().unwrap();
        assert_eq!(planted.fault, Fault::RefundedNotClawed);
        assert_eq!(rows(&books, intent)[0].status, "paid");
        assert_eq!(clawed(&books, intent), 0);
    }
}

#[test]
fn the_same_seed_gives_the_same_books_and_another_one_others() {
    let books = |faults: u64| Books::of(&credit_shop(6, 50), &Faults::seeded(faults));
    assert!(books(1) == books(1));
    for table in Table::ALL {
        assert_eq!(books(1).csv(table), books(1).csv(table));
    }
    assert!(books(1).planted() != books(2).planted());
}

#[test]
fn currencies_without_and_with_three_decimals_stay_minor_units() {
    let world = credit_shop(1, 60);
    let books = Books::of(&world, &Faults::none());
    for (currency, prices) in [("jpy", [1_500, 6_500, 21_000]), ("kwd", [3_000, 13_000, 42_000])] {
        let of = books.purchases.iter().filter(|row| row.currency == currency);
        let rows: Vec<&PurchaseRow> = of.collect();
        assert!(rows.iter().any(|row| row.status == "partially_refunded"), "{currency}");
        for row in rows {
            let at = ["starter", "pro", "studio"].iter().position(|plan| *plan == row.plan).unwrap();
            let packs = row.credits / [100, 500, 2_000][at];
            assert!(row.amount == 0 || row.amount == prices[at] * packs, "{row:?}");
        }
    }
}

#[test]
fn both_forms_of_a_table_say_the_same() {
    let world = credit_shop(8, 40);
    let books = Books::of(&world, &Faults::seeded(8));
    for table in Table::ALL {
        let (csv, jsonl) = (books.csv(table), books.jsonl(table));
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), table.columns());
        let records: Vec<csv::StringRecord> = reader.records().map(|r| r.unwrap()).collect();
        let objects: Vec<Value> = jsonl.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(records.len(), objects.len());
        for (record, object) in records.iter().zip(&objects) {
            assert_eq!(object.as_object().unwrap().len(), table.columns().len());
            for (column, cell) in table.columns().iter().zip(record) {
                let value = match &object[column] {
                    Value::Null => String::new(),
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                assert_eq!(cell, value, "{column}");
            }
        }
    }
}

#[tokio::test]
async fn the_desk_hands_out_every_table() {
    let shop = Shop::empty().await;
    shop.control().with_world(|w| *w = credit_shop(2, 40));
    for table in Table::ALL {
        let reply = shop.get(&format!("/_sandbox/books/{}.csv", table.name())).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/csv; charset=utf-8")));
        assert_eq!(reply.body, shop.control().books(&Faults::none()).csv(table));
    }
    let faulty = shop.control().books(&Faults::seeded(7));
    let reply = shop.get("/_sandbox/books/purchases.jsonl?faults=7").await;
    assert_eq!(reply.body, faulty.jsonl(Table::Purchases));
    let reply = shop.get("/_sandbox/books/planted.jsonl?faults=7").await;
    let planted: Vec<Planted> = reply.body.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(planted, faulty.planted());
    assert_eq!(shop.get("/_sandbox/books/wallets.csv?faults=none").await.status, 200);
    assert_eq!(shop.get("/_sandbox/books/ledgers.csv").await.status, 404);
    assert_eq!(shop.get("/_sandbox/books/wallets.csv?faults=many").await.status, 400);
}

#[tokio::test]
async fn a_shop_of_preorders_keeps_books_too() {
    let shop = ShopPlan::History { orders: 200, days: 10, faults: 0.2 };
    let shop = Shop::open(Config { shop, credits: true, ..Config::default() }).await;
    let (books, orders, wrong) = shop.control().with_world(|w| {
        let books = Books::of(w, &Faults::none());
        (books.clone(), w.ledger().orders, wrong(w, &books))
    });
    assert_eq!(wrong, BTreeSet::new());
    assert_eq!(books.preorders.len(), orders.iter().filter(|o| o.plan.is_none()).count());
    assert!(!books.purchases.is_empty() && books.users.len() > books.wallets.len());
}

#[test]
fn books_are_written_into_a_folder() {
    let folder = std::env::temp_dir().join(format!("foredeck-sandbox-books-{}", std::process::id()));
    let books = Books::of(&credit_shop(2, 20), &Faults::seeded(1));
    books.write_to(&folder).unwrap();
    for table in Table::ALL {
        let read =
            |form: &str| std::fs::read_to_string(folder.join(format!("{}.{form}", table.name()))).unwrap();
        assert_eq!((read("csv"), read("jsonl")), (books.csv(table), books.jsonl(table)));
    }
    assert_eq!(std::fs::read_to_string(folder.join("planted.jsonl")).unwrap(), books.planted_jsonl());
    std::fs::remove_dir_all(&folder).unwrap();
}
