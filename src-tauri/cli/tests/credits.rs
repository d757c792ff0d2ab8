//! Purchases, plans, wallets and reconciliation from a script.

use foredeck_sandbox::backoffice::{Fault, Faults};
use foredeck_sandbox::{Config, ShopPlan, shop::credit_shop};
use serde_json::json;

use crate::desk::Desk;

async fn desk() -> Desk {
    let desk = Desk::open(Config { shop: ShopPlan::Empty, seed: 5, ..Config::default() }).await;
    desk.world.with_world(|world| *world = credit_shop(5, 50));
    desk.add_store();
    desk.sync();
    desk
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_grant_is_found_from_the_command_line() {
    let desk = desk().await;
    let none = desk.run(["plans", "list"]).ok();
    assert!(none.err.contains("plans import"), "{}", none.err);
    let tried = desk.run(["plans", "import", "--dry-run", "--json"]).ok().json();
    assert!(tried["credits_after"].as_i64() > Some(0) && tried["credits_before"] == 0);
    let done = desk.run(["plans", "import", "--json"]).ok().json();
    assert_eq!(done["payments_changed"], tried["payments_changed"]);
    let plans = desk.run(["plans", "list", "--json"]).ok().json();
    assert_eq!(plans["rules"].as_array().unwrap().len(), 12);
    assert_eq!(plans["unmapped_payments"], 0);

    let books = desk.world.books(&Faults::seeded(3).only(&[Fault::AppliedTwice]).up_to(1));
    let folder = desk.folder.path().join("books");
    books.write_to(&folder).unwrap();
    for kind in ["purchases", "wallets", "wallet_entries", "users"] {
        let file = folder.join(format!("{kind}.csv"));
        let mut args = vec!["import", kind, file.to_str().unwrap()];
        if kind == "purchases" {
            args.extend(["--map", "amount_minor=amount"]);
        }
        desk.run(args).ok();
    }
    let found = desk.run(["reconcile", "--json"]).ok().json();
    let rows = found["rows"].as_array().unwrap();
    let planted = &books.planted()[0];
    assert_eq!(rows.len(), 1, "{found:#}");
    for (name, value) in [
        ("kind", json!("applied_twice")),
        ("owner", json!(planted.owner)),
        ("payment_id", json!(planted.payment_intent)),
        ("expected", json!(planted.expected)),
        ("found", json!(planted.found)),
    ] {
        assert_eq!(rows[0][name], value, "{name}");
    }
    assert!(rows[0]["currency"].is_string());
    assert_eq!(found["totals"][0]["count"], 1);
    let payment = planted.payment_intent.as_deref().unwrap();
    let sheet = desk.run(["purchase", payment, "--json"]).ok().json();
    let claims = sheet["claims"].as_array().unwrap();
    assert_eq!(claims.iter().filter(|claim| claim["by"] == "row").count(), 2);
    let answer = desk.run(["purchase-status", payment, "--json"]).ok().json();
    assert_eq!((&answer["status"], &answer["purchaseApplied"]), (&json!("paid"), &json!(true)));
    assert!(answer["wallet"]["balance"].is_i64());
    let text = desk.run(["reconcile"]).ok();
    assert!(text.out.contains("applied_twice") && text.out.contains(payment));

    let csv = desk.run(["export", "differences", "--format", "csv"]).ok();
    assert_eq!(csv.out.lines().count(), 2);
    let purchases = desk.run(["export", "purchases", "--format", "jsonl"]).ok();
    let listed = desk.run(["purchases", "--limit", "500", "--json"]).ok().json();
    assert_eq!(purchases.out.lines().count(), listed["rows"].as_array().unwrap().len());
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_and_adjustments_are_checked_and_shown() {
    let desk = desk().await;
    let bad = desk.run(["plans", "set", "amount", "9.00 eur", "--plan", "x", "--credits", "1", "--json"]);
    assert_eq!(bad.code(), "BAD_PLAN");
    let unknown = desk.run(["plans", "set", "colour", "red", "--plan", "x"]);
    assert_eq!(unknown.code, 2);
    let set =
        ["plans", "set", "lookup_key", "credits_pro_eur", "--plan", "pro", "--credits", "500", "--json"];
    let changed = desk.run(set).ok().json();
    assert!(changed["payments_changed"].as_i64() > Some(0));
    let unmapped = desk.run(["purchases", "--coverage", "unmapped", "--json"]).ok().json();
    assert!(!unmapped["rows"].as_array().unwrap().is_empty());
    let removed = desk.run(["plans", "remove", "lookup_key", "credits_pro_eur", "--json"]).ok().json();
    assert_eq!(removed["payments_changed"], changed["payments_changed"]);

    let adjusted = desk
        .run(["wallet-adjust", "someone@example.com", "-5", "--reason", "goodwill undone", "--json"])
        .ok()
        .json();
    assert_eq!(adjusted["wallet"]["balance"], -5);
    assert_eq!(adjusted["emails"], json!(["someone@example.com"]));
    let wallet = desk.run(["wallet", "someone@example.com"]).ok();
    assert!(wallet.out.contains("goodwill undone") && wallet.err.contains("spending is not known"));
    let negative = desk.run(["wallets", "--negative", "--json"]).ok().json();
    assert_eq!(negative["rows"].as_array().unwrap().len(), 1);
    assert_eq!(desk.run(["wallet", "nobody"]).code, 1);
}
