//! Fixes from a script: planned, run by the plan's id, shown, audited, stopped.

use foredeck_sandbox::ShopPlan;
use foredeck_sandbox::world::CheckoutSpec;
use serde_json::{Value, json};

use crate::desk::{Desk, Ran};

fn spec(order: &str, email: &str) -> CheckoutSpec {
    CheckoutSpec {
        preorder_id: Some(order.to_owned()),
        email: Some(email.to_owned()),
        color: Some("red".to_owned()),
        locale: Some("de".to_owned()),
        ..CheckoutSpec::default()
    }
}

/// A shop with a paid, a held and an open order; the charge, the intent and the session.
async fn shop() -> (Desk, String, String, String) {
    let desk = Desk::with(ShopPlan::Empty).await;
    let ids = desk.world.with_world(|world| {
        let paid = world.open_checkout(spec("pre_paid", "ada@example.com")).unwrap();
        let charge = world.pay(&paid).unwrap();
        let held = CheckoutSpec { capture_by_hand: true, ..spec("pre_held", "bob@example.com") };
        let held = world.open_checkout(held).unwrap();
        world.authorize(&held).unwrap();
        let intent = world.object(&held).unwrap()["payment_intent"].as_str().unwrap().to_owned();
        (charge, intent, world.open_checkout(spec("pre_open", "cyd@example.com")).unwrap())
    });
    desk.add_store();
    desk.run(["settings", "set", "max_requests_per_s=100"]).ok();
    desk.sync();
    (desk, ids.0, ids.1, ids.2)
}

fn plan(desk: &Desk, words: &[&str]) -> Value {
    let line: Vec<&str> = ["fix", "plan"].iter().chain(words).chain(&["--json"]).copied().collect();
    desk.run(line).ok().json()
}

fn run(desk: &Desk, plan: &Value) -> Ran {
    desk.run(["fix", "run", plan["id"].as_str().unwrap(), "--yes", "--json"])
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fix_is_planned_and_run_by_its_id() {
    let (desk, charge, intent, session) = shop().await;
    let price = desk.world.with_world(|world| world.list_price("eur").unwrap().0.to_owned());
    let plans: Vec<(Vec<&str>, usize)> = vec![
        (vec!["refund", &charge, "--amount", "12.50"], 1),
        (vec!["capture", &intent], 1),
        (vec!["change-details", "pre_paid", "--color", "blue"], 3),
        (vec!["new-link", "pre_open"], 2),
        (vec!["annotate", "pre_paid", "called"], 0),
        (vec!["refetch", "pre_paid"], 0),
    ];
    for (words, effects) in plans {
        desk.world.clear_effects();
        let plan = plan(&desk, &words);
        assert!(desk.world.effects().is_empty(), "a plan does nothing");
        let view = run(&desk, &plan).ok().json();
        assert_eq!(view["state"], "succeeded", "{words:?}");
        assert_eq!(desk.world.effects().len(), effects, "{words:?}");
        assert_eq!(
            desk.run(["fix", "show", view["id"].as_str().unwrap(), "--json"]).ok().json()["state"],
            "succeeded"
        );
    }
    assert_eq!(desk.run(["fix", "plan", "expire-session", &session]).code, 1, "its new link ended it");
    let made = desk
        .run([
            "preorder",
            "new",
            "--email",
            "zoe@example.com",
            "--color",
            "green",
            "--locale",
            "en",
            "--price",
            &price,
            "--yes",
            "--json",
        ])
        .ok()
        .json();
    assert!(made["link"].as_str().unwrap().starts_with("http"), "{made:#}");
    let verdict = desk.run(["audit", "verify", "--json"]).ok().json();
    assert_eq!(verdict["ok"], true);
    let rows = desk.run(["audit", "export"]).ok().out.lines().count();
    assert_eq!(json!(rows), verdict["rows"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_done_is_an_error_that_says_why() {
    let (desk, charge, ..) = shop().await;
    let refund = plan(&desk, &["refund", &charge]);
    assert_eq!(desk.run(["fix", "run", refund["id"].as_str().unwrap()]).code, 2, "--yes is needed");
    desk.run(["guard", "stop"]).ok();
    assert_eq!(run(&desk, &refund).code(), "WRITES_STOPPED");
    desk.run(["guard", "set", "stopped=false", "daily_money.eur=1.00"]).ok();
    assert_eq!(run(&desk, &refund).code(), "CAP_REACHED");
    assert_eq!(desk.run(["guard", "set", "nonsense=1"]).code, 2);
    assert_eq!(
        desk.run(["fix", "plan", "refund", &charge, "--amount", "1.234", "--json"]).code(),
        "BAD_AMOUNT"
    );
    assert_eq!(desk.run(["fix", "plan", "for", "paid_twice:nobody", "--json"]).code(), "NO_FINDING");
    let options = desk.run(["fix", "options", "pre_paid"]).ok().out;
    assert!(options.contains("refund") && options.contains("new_link"), "{options}");
    assert!(desk.world.effects().is_empty());
}
