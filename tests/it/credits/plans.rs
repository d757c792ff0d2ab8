//! The plan table: shown before it is changed, derived again after, on the record; and adjustments.

use serde_json::{Value, json};

use super::books::desk;

fn of<'a>(page: &'a Value, name: &str) -> Vec<&'a str> {
    page["rows"].as_array().unwrap().iter().filter_map(|row| row[name].as_str()).collect()
}

#[tokio::test]
async fn a_change_does_what_its_preview_said_and_taking_it_back_restores_all() {
    let desk = desk(31, 50).await;
    let plain = desk.credits().await;
    assert!(plain["wallet"].is_empty(), "without a plan table nothing is granted");
    let page = desk.get("purchase_page", json!({})).await;
    assert_eq!(page["has_plans"], false);
    desk.take_suggested_plans().await;
    let all = desk.credits().await;

    let list = desk.get("plan_list", json!({})).await;
    let mut rules: Vec<Value> =
        list["rules"].as_array().unwrap().iter().map(|one| one["rule"].clone()).collect();
    let kept = rules.clone();
    let pro = rules.iter().position(|rule| rule["plan"] == "pro").unwrap();
    rules[pro]["credits"] = 501.into();
    let removed = rules.iter().position(|rule| rule["plan"] == "starter").unwrap();
    rules.remove(removed);
    let preview = desk.get("plan_preview", json!({"rules": rules})).await;
    assert_eq!(desk.credits().await, all, "a preview changes nothing");
    assert!(preview["payments_changed"].as_i64().unwrap() > 0);
    let args = json!({"rules": rules, "revision": preview["revision"]});
    let done = desk.get("plan_set", args.clone()).await;
    assert_eq!(done["payments_changed"], preview["payments_changed"]);
    let after = desk.get("plan_list", json!({})).await;
    assert_eq!(after["unmapped_payments"], preview["unmapped_after"]);
    let unmapped = desk.get("purchase_page", json!({"coverage": "unmapped", "limit": 500})).await;
    assert_eq!(
        unmapped["rows"].as_array().unwrap().len() as i64,
        preview["unmapped_after"].as_i64().unwrap()
    );

    let stale = desk.ask("plan_set", args).await.unwrap_err();
    assert_eq!(stale.code, "PLAN_CHANGED");
    let back = desk.get("plan_preview", json!({"rules": kept})).await;
    desk.get("plan_set", json!({"rules": kept, "revision": back["revision"]})).await;
    assert_eq!(desk.credits().await, all, "as it was");
    let records = desk
        .rows(&[("plans", "SELECT operator, body FROM local_fact WHERE kind = 'plans' ORDER BY seq")])
        .await;
    assert_eq!(records["plans"].len(), 3, "each change is on the record");
    let me = desk.get("operator_me", json!({})).await["name"].as_str().unwrap().to_owned();
    assert!(records["plans"][1].contains(&me) && records["plans"][1].contains("501"));

    // Other settings leave the plan table alone.
    let mut settings = desk.get("settings_get", json!({})).await;
    settings["poll_front_s"] = 7.into();
    settings["plans"] = json!([]);
    desk.get("settings_set", settings).await;
    assert_eq!(desk.credits().await, all);
    desk.store.rebuild().await.unwrap();
    assert_eq!(desk.credits().await, all, "derived from the facts and the settings alone");
}

#[tokio::test]
async fn a_rule_that_cannot_stand_is_refused_and_changes_nothing() {
    let desk = desk(32, 40).await;
    let rules = json!([{"by": "amount", "value": "9.00 eur", "plan": "x", "credits": 1}]);
    for (name, args) in
        [("plan_preview", json!({"rules": rules})), ("plan_set", json!({"rules": rules, "revision": 1}))]
    {
        let refused = desk.ask(name, args).await.unwrap_err();
        assert_eq!(refused.code, "BAD_PLAN");
        assert!(refused.message.contains("rule 1"), "{}", refused.message);
    }
    let list = desk.get("plan_list", json!({})).await;
    assert_eq!(list["rules"], json!([]));
}

#[tokio::test]
async fn purchases_are_paged_filtered_and_found() {
    let desk = desk(33, 60).await;
    desk.take_suggested_plans().await;
    let all = desk.get("purchase_page", json!({"limit": 500})).await;
    let ids = of(&all, "payment_id");
    let mut paged: Vec<String> = Vec::new();
    let mut after = Value::Null;
    loop {
        let mut args = json!({"limit": 7});
        if after.is_string() {
            args["after"] = after;
        }
        let page = desk.get("purchase_page", args).await;
        paged.extend(of(&page, "payment_id").into_iter().map(str::to_owned));
        after = page["next"].clone();
        if after.is_null() {
            break;
        }
    }
    assert_eq!(paged, ids);
    let counted: i64 =
        all["counts"].as_array().unwrap().iter().map(|count| count["count"].as_i64().unwrap()).sum();
    assert_eq!(usize::try_from(counted).unwrap(), ids.len());
    for (name, value) in [("status", "partially_refunded"), ("coverage", "plan"), ("plan", "pro")] {
        let page = desk.get("purchase_page", json!({name: value, "limit": 500})).await;
        let here: Vec<&Value> =
            all["rows"].as_array().unwrap().iter().filter(|row| row[name] == value).collect();
        assert!(!here.is_empty(), "{value}");
        assert_eq!(page["rows"].as_array().unwrap().iter().collect::<Vec<_>>(), here, "{value}");
    }
    let first = &all["rows"][0];
    for name in ["payment_id", "session_id", "stripe_event_id", "owner"] {
        let Some(text) = first[name].as_str() else { continue };
        let page = desk.get("purchase_page", json!({"search": text})).await;
        assert!(of(&page, "payment_id").contains(&first["payment_id"].as_str().unwrap()), "{name} {text}");
    }
    assert!(desk.ask("purchase_page", json!({"after": "1.00.0"})).await.is_err());
}

#[tokio::test]
async fn an_adjustment_needs_a_reason_moves_the_balance_and_is_ours() {
    let desk = desk(34, 50).await;
    desk.take_suggested_plans().await;
    let wallets = desk.get("wallet_page", json!({"sort": "balance", "limit": 500})).await;
    let owner = wallets["rows"][0]["owner"].as_str().unwrap().to_owned();
    let before = wallets["rows"][0]["balance"].as_i64().unwrap();
    for (credits, reason) in [(0, "why"), (5, "  "), (i64::MAX, "why")] {
        let args = json!({"owner": owner, "credits": credits, "reason": reason});
        let refused = desk.ask("wallet_adjust", args).await.unwrap_err();
        assert_eq!(refused.code, "BAD_ADJUSTMENT");
    }
    let args = json!({"owner": owner, "credits": -30, "reason": "granted twice by hand"});
    let sheet = desk.get("wallet_adjust", args).await;
    assert_eq!(sheet["wallet"]["balance"], before - 30);
    let entry = sheet["ledger"].as_array().unwrap().iter().find(|entry| entry["ours"] == true).unwrap();
    assert_eq!((&entry["note"], &entry["credits"]), (&json!("granted twice by hand"), &json!(-30)));
    let kept = desk.credits().await;
    desk.store.rebuild().await.unwrap();
    assert_eq!(desk.credits().await, kept, "it is a fact");
    let balances: Vec<i64> =
        desk.get("wallet_page", json!({"sort": "balance", "ascending": true, "limit": 500})).await["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["balance"].as_i64().unwrap())
            .collect();
    assert!(balances.is_sorted(), "{balances:?}");
    let negative =
        desk.get("wallet_page", json!({"negative": true, "sort": "balance", "ascending": true})).await;
    assert!(negative["rows"].as_array().unwrap().iter().all(|row| row["balance"].as_i64().unwrap() < 0));
    let unknown = desk.ask("wallet_sheet", json!({"owner": "nobody@example.com"})).await.unwrap_err();
    assert_eq!(unknown.code, "NOT_FOUND");
}
