//! Shops with faults planted at random places and near-misses beside them: each fault is found, and nothing else.

use std::collections::BTreeMap;

use foredeck_sandbox::Known;
use foredeck_sandbox::backoffice::{Fault, Faults, Planted};
use foredeck_sandbox::world::CreditSpec;
use serde_json::{Value, json};

use super::books::desk;
use crate::it::sync::desk::Desk;

/// (kind, payment or owner, expected, found)
type Told = (String, String, i64, i64);

fn told(row: &Value) -> Told {
    let by_owner = ["wallet_not_sum", "user_missing"].iter().any(|kind| row["kind"] == *kind);
    let subject = if by_owner { &row["owner"] } else { &row["payment_id"] };
    (
        row["kind"].as_str().unwrap().to_owned(),
        subject.as_str().unwrap_or("none").to_owned(),
        row["expected"].as_i64().unwrap(),
        row["found"].as_i64().unwrap(),
    )
}

fn expected(planted: &Planted) -> Told {
    let kind = match planted.fault {
        Fault::PaidNotApplied => "paid_not_applied",
        Fault::AppliedTwice => "applied_twice",
        Fault::WrongCredits => "wrong_credits",
        Fault::RefundedNotClawed => "not_clawed",
        Fault::WalletDrift => "wallet_not_sum",
        Fault::PurchaseWithoutPayment => "purchase_without_payment",
        Fault::UserMissing => "user_missing",
    };
    let subject = planted.payment_intent.clone().unwrap_or_else(|| planted.owner.clone());
    (kind.to_owned(), subject, planted.expected, planted.found)
}

#[tokio::test]
async fn each_planted_fault_is_found_and_no_near_miss_is() {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 1..=6 {
        let desk = desk(seed, 60).await;
        desk.take_suggested_plans().await;
        let right = desk.books(&Faults::none());
        let batches = desk.import(&right).await;
        let found = desk.get("reconcile", json!({})).await;
        assert_eq!(found["rows"], json!([]), "seed {seed}: perfect books hold no difference");
        assert_eq!(found["unmapped"], 0, "seed {seed}");
        assert_eq!(found["since_import"], 0, "seed {seed}");
        desk.remove(batches).await;

        let books = desk.books(&Faults::seeded(seed));
        desk.import(&books).await;
        let found = desk.get("reconcile", json!({})).await;
        let mut here: Vec<Told> = found["rows"].as_array().unwrap().iter().map(told).collect();
        let mut planted: Vec<Told> = books.planted().iter().map(expected).collect();
        here.sort();
        planted.sort();
        assert_eq!(here, planted, "seed {seed}: {:#?}\n{found:#}", books.planted());
        for (kind, ..) in &here {
            *kinds.entry(kind.clone()).or_default() += 1;
        }
        for row in found["rows"].as_array().unwrap() {
            lead_to_the_facts(&desk, row).await;
        }
        let count: i64 =
            found["totals"].as_array().unwrap().iter().map(|total| total["count"].as_i64().unwrap()).sum();
        assert_eq!(usize::try_from(count).unwrap(), here.len());
    }
    assert_eq!(kinds.len(), 7, "every kind was planted somewhere: {kinds:?}");
}

/// Each difference leads to its payment with the claims on it, or to its owner's wallet.
async fn lead_to_the_facts(desk: &Desk, row: &Value) {
    match row["kind"].as_str().unwrap() {
        "applied_twice" => {
            let sheet = desk.get("purchase_sheet", json!({"id": row["payment_id"]})).await;
            let claims = sheet["claims"].as_array().unwrap();
            let rows: Vec<_> = claims.iter().filter(|claim| claim["by"] == "row").collect();
            let events = claims.iter().filter(|claim| claim["by"] == "event").count();
            assert!(rows.len() == 2 && events >= 2, "{sheet:#}");
            assert!(rows.iter().all(|row| row["line"].is_i64() && row["file"] == "purchases.csv"));
        }
        "wallet_not_sum" => {
            let sheet = desk.get("wallet_sheet", json!({"owner": row["owner"]})).await;
            assert_eq!(sheet["shop"]["balance"], row["found"], "{sheet:#}");
        }
        _ => assert!(!row["why"].as_str().unwrap().is_empty()),
    }
}

#[tokio::test]
async fn purchases_and_balances_are_what_the_world_knows() {
    for seed in 11..=13 {
        let desk = desk(seed, 60).await;
        desk.take_suggested_plans().await;
        assert_true(&desk, seed, Known::Stripe).await;
        // The shop's users say more of whose an e-mail is; taking them out again says it no more.
        let batches = desk.import(&desk.books(&Faults::none())).await;
        assert_true(&desk, seed, Known::StripeAndUsers).await;
        desk.remove(batches).await;
        assert_true(&desk, seed, Known::Stripe).await;
    }
}

async fn assert_true(desk: &Desk, seed: u64, known: Known) {
    let truth = desk.world.with_world(|world| world.credits(known));
    let here = desk.credits().await;
    let purchases: BTreeMap<&str, Vec<&str>> = here["purchase"]
        .iter()
        .map(|line| line.split(" | ").collect::<Vec<_>>())
        .map(|cells| (cells[0], cells))
        .collect();
    for payment in &truth.payments {
        let cells = &purchases[payment.payment_id.as_str()];
        let net: i64 = cells[6].parse::<i64>().unwrap() - cells[7].parse::<i64>().unwrap();
        assert_eq!(
            (cells[1], cells[3], cells[5].parse::<i64>().unwrap(), net, cells[11]),
            (
                payment.status.word(),
                payment.plan.as_str(),
                payment.granted,
                payment.clawed,
                payment.owner.as_str()
            ),
            "seed {seed}: {payment:?}"
        );
    }
    let balances: BTreeMap<String, i64> = here["wallet"]
        .iter()
        .map(|line| line.split(" | ").collect::<Vec<_>>())
        // Granted, less clawed back, and what was reversed: spending is another matter.
        .map(|cells| (cells[0].to_owned(), [1, 2, 3].map(|at| cells[at].parse::<i64>().unwrap())))
        .map(|(owner, [granted, clawed, reversed])| (owner, granted - clawed + reversed))
        .collect();
    let owned = |balances: &BTreeMap<String, i64>| -> BTreeMap<String, i64> {
        balances.iter().filter(|(_, balance)| **balance != 0).map(|(o, b)| (o.clone(), *b)).collect()
    };
    assert_eq!(owned(&balances), owned(&truth.balances), "seed {seed}, {known:?}");
}

#[tokio::test]
async fn a_payment_newer_than_the_shops_rows_waits_until_they_are_read_again() {
    let desk = desk(41, 40).await;
    desk.take_suggested_plans().await;
    let books = desk.books(&Faults::none());
    desk.import(&books).await;
    desk.advance(3_600);
    desk.world.with_world(|world| {
        let spec = CreditSpec { user_id: Some("u_late".to_owned()), ..CreditSpec::default() };
        let session = world.open_credit_checkout(spec).unwrap();
        world.pay(&session).unwrap();
    });
    desk.sync().await;
    desk.advance(3_600);
    let found = desk.get("reconcile", json!({"kind": "paid_not_applied"})).await;
    assert_eq!((&found["rows"], &found["since_import"]), (&json!([]), &json!(1)), "nobody knows yet");
    // The same rows once more: nothing in them is new, and that is what is wrong.
    assert_eq!(desk.import(&books).await, Vec::<i64>::new(), "no batch is made");
    let found = desk.get("reconcile", json!({"kind": "paid_not_applied"})).await;
    assert_eq!(found["rows"].as_array().unwrap().len(), 1, "{found:#}");
    assert_eq!((&found["rows"][0]["owner"], &found["since_import"]), (&json!("u_late"), &json!(0)));
}
