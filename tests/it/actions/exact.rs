//! The right amount, of the right order, under the guard that is in force, with the account's own key.

use foredeck_engine::secrets::StripeKey;
use foredeck_sandbox::world::CheckoutSpec;
use foredeck_sandbox::{Config, KeySpec};
use serde_json::json;

use super::bulk::{shop_of, targets};
use super::desk::{assert_done, desk, desk_with, spec};

#[tokio::test]
async fn a_stop_is_not_undone_by_who_changes_something_else() {
    let (desk, _) = desk().await;
    let mut read = desk.get("guard_get", json!({})).await["guard"].clone();
    desk.get("writes_stop", json!({})).await;
    read["daily_mails"] = json!(5);
    assert_eq!(desk.ask("guard_set", read).await.unwrap_err().code, "SETTINGS_CHANGED");
    let mut guard = desk.get("guard_get", json!({})).await["guard"].clone();
    assert_eq!((&guard["stopped"], &guard["daily_mails"]), (&json!(true), &json!(200)));
    guard["stopped"] = json!(false);
    assert_eq!(desk.get("guard_set", guard).await["guard"]["stopped"], false);
}

#[tokio::test]
async fn what_was_confirmed_yesterday_is_sent_within_todays_cap() {
    let desk = shop_of(3).await;
    let first = desk.get("bulk_plan", json!({"action": "refund", "targets": targets(2)})).await;
    let each = first["sample"][0]["money"]["amount_minor"].as_i64().unwrap();
    let mut guard = desk.get("guard_get", json!({})).await["guard"].clone();
    guard["daily_money"] = json!({"eur": 2 * each});
    desk.get("guard_set", guard).await;
    desk.get("bulk_run", json!({"plan": first["id"]})).await;
    desk.get("bulk_pause", json!({"id": first["id"], "paused": true})).await;
    desk.advance(86_400);
    desk.sync().await;
    let charge = desk.sheet("pre_0002").await["payments"][0]["charges"][0]["id"].clone();
    assert_done(&desk.fix(json!({"action": "refund", "payment": charge})).await);
    desk.get("bulk_pause", json!({"id": first["id"], "paused": false})).await;
    for _ in 0..4 {
        desk.advance(20);
        desk.sync().await;
    }
    assert_eq!(desk.effects().len(), 2, "the cap of a day is of what is sent in it");
    desk.advance(86_400);
    desk.sync().await;
    assert_eq!(desk.effects().len(), 3, "what waited goes out the day after");
}

#[tokio::test]
async fn a_new_link_asks_what_the_plan_shows() {
    let (desk, _) = desk().await;
    for (name, spec) in [
        ("pre_free", CheckoutSpec { free: true, ..spec("pre_free", "eve@example.com") }),
        ("pre_odd", CheckoutSpec { quantity: 3, off_by: -1, ..spec("pre_odd", "fay@example.com") }),
    ] {
        let session = desk.world.with_world(|world| {
            let session = world.open_checkout(spec).unwrap();
            world.expire(&session).unwrap();
            session
        });
        desk.advance(120);
        desk.sync().await;
        let before = desk.world.with_world(|world| world.object(&session)).unwrap()["amount_total"].clone();
        let plan = desk.plan(json!({"action": "new_link", "order": name})).await.unwrap();
        assert_eq!(plan["changes"][0]["after"], before.to_string());
        assert_done(&desk.run(&plan).await.unwrap());
        let sessions = desk.sheet(name).await["sessions"].clone();
        let made = sessions.as_array().unwrap().iter().find(|one| one["id"] != json!(session)).unwrap();
        assert_eq!(made["amount_minor"], before, "{name}");
    }
}

#[tokio::test]
async fn a_grant_is_taken_back_once_however_its_owner_is_written() {
    let desk = crate::it::credits::books::desk(3, 30).await;
    desk.take_suggested_plans().await;
    let page = desk.get("purchase_page", json!({"limit": 50})).await;
    let bought = page["rows"].as_array().unwrap().iter().find(|row| row["status"] == "paid").unwrap().clone();
    let take = |owner: &str, credits: i64| json!({"action": "reverse_grant", "owner": owner, "payment": bought["payment_id"], "credits": credits});
    let (owner, granted) = (bought["owner"].as_str().unwrap(), bought["credits"].as_i64().unwrap());
    assert_eq!(desk.plan(take(owner, granted + 1)).await.unwrap_err().code, "BAD_ADJUSTMENT");
    assert_eq!(desk.fix(take(owner, granted)).await["state"], "succeeded");
    for other in [owner.to_uppercase().as_str(), "somebody-else"] {
        assert_eq!(desk.plan(take(other, granted)).await.unwrap_err().code, "ALREADY_REVERSED");
    }
}

#[tokio::test]
async fn an_adjustment_that_cannot_be_audited_is_not_made() {
    let desk = crate::it::credits::books::desk(3, 30).await;
    let write = desk.store.db().write(|transaction| {
        Ok(transaction.execute_batch(
            "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END",
        )?)
    });
    write.await.unwrap();
    let facts = "SELECT count(*) FROM local_fact WHERE kind = 'adjustment'";
    let before = desk.count(facts).await;
    let args = json!({"owner": "ann@example.com", "credits": 100, "reason": "sorry"});
    desk.ask("wallet_adjust", args).await.unwrap_err();
    assert_eq!(desk.count(facts).await, before);
}

#[tokio::test]
async fn another_accounts_key_touches_nothing() {
    let other = KeySpec {
        key: "sk_test_otheraccountotheraccount".to_owned(),
        account: "acct_1Other000000000".to_owned(),
        ..KeySpec::standard()
    };
    let keys = vec![KeySpec::standard(), other.clone()];
    let (desk, orders) = desk_with(Config { seed: 5, keys, ..Config::default() }).await;
    let request = json!({"action": "new_preorder", "email": "zoe@example.com", "color": "red", "locale": "en", "price": orders.price});
    let plan = desk.plan(request).await.unwrap();
    desk.store.keep_key_unchecked(StripeKey::parse(&other.key).unwrap()).await.unwrap();
    assert_eq!(desk.run(&plan).await.unwrap_err().code, "OTHER_ACCOUNT");
    assert!(desk.world.requests().iter().all(|one| one.method == "GET"), "nothing was written there");
}
