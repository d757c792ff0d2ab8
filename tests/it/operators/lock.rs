//! The desk: one operator has it, several take turns with a passphrase, and it locks when nobody is there.

use foredeck_engine::topic::Topic;
use serde_json::json;

use super::{alone, ask, crew, passphrase_of};

const MINUTE: i64 = 60;

#[tokio::test]
async fn one_owner_needs_nothing_and_is_never_locked_out() {
    let desk = alone().await;
    let me = desk.me().await;
    assert_eq!(
        (&me["role"], &me["locked"], &me["more_than_one"], &me["locks_in_s"]),
        (&json!("owner"), &json!(false), &json!(false), &json!(null))
    );
    let all =
        json!({"repair": true, "move_money": true, "manage_integrations": true, "manage_operators": true});
    assert_eq!(me["may"], all);
    assert!(!desk.folder.path().join("operators.json").exists(), "nothing was said about operators yet");
    desk.get("operator_set_passphrase", json!({"passphrase": passphrase_of("owner")})).await;
    desk.advance(100_000);
    desk.get("settings_set", json!({"time_zone": "Europe/Paris"})).await;
    assert_eq!(desk.refusal("operator_lock", json!({})).await.code, "ONE_OPERATOR");
    assert_eq!(desk.me().await["locked"], false);
    let other = desk.elsewhere();
    ask(&other, "operator_set_idle", json!({"minutes": 3})).await.unwrap();
}

#[tokio::test]
async fn it_locks_after_idle_minutes_and_input_keeps_it_open() {
    let desk = crew().await;
    let write = || desk.ask("wallet_adjust", json!({"owner": "user_1", "credits": 1, "reason": "x"}));
    assert_eq!(desk.me().await["locks_in_s"], 15 * MINUTE);
    desk.advance(14 * MINUTE);
    desk.get("operator_touch", json!({})).await;
    desk.advance(14 * MINUTE);
    write().await.unwrap();
    desk.advance(14 * MINUTE);
    // The page asks on its own: that is no input.
    desk.get("overview", json!({})).await;
    assert_eq!(desk.me().await["locks_in_s"], MINUTE);
    assert_eq!(desk.me().await["locked"], false);
    desk.advance(MINUTE);
    let me = desk.me().await;
    assert_eq!((&me["name"], &me["role"], &me["level"]), (&json!("owner"), &json!(null), &json!(10)));
    assert_eq!(
        (&me["locked"], &me["locks_in_s"], &me["may"]["repair"]),
        (&json!(true), &json!(null), &json!(false))
    );
    assert_eq!(write().await.unwrap_err().code, "LOCKED");
    assert_eq!(desk.get("operator_touch", json!({})).await["locked"], true, "a touch opens nothing");
    desk.get("overview", json!({})).await;

    desk.sign_in("owner").await;
    desk.get("operator_set_idle", json!({"minutes": 0})).await;
    desk.advance(1_000_000);
    write().await.unwrap();
    desk.get("operator_set_idle", json!({"minutes": 1})).await;
    desk.advance(MINUTE);
    assert_eq!(write().await.unwrap_err().code, "LOCKED");
    desk.sign_in("support").await;
    assert_eq!(desk.refusal("operator_set_idle", json!({"minutes": 0})).await.code, "NOT_PERMITTED");
    assert_eq!(desk.get("operator_lock", json!({})).await["locked"], true);
    desk.sign_in("owner").await;
    assert_eq!(desk.refusal("operator_set_idle", json!({"minutes": 1_441})).await.code, "BAD_SETTING");
}

#[tokio::test]
async fn another_process_is_locked_until_somebody_types_a_passphrase() {
    let desk = crew().await;
    let other = desk.elsewhere();
    let mut heard = other.announcer().listen();
    let me = ask(&other, "operator_me", json!({})).await.unwrap();
    assert_eq!((&me["name"], &me["locked"]), (&json!(null), &json!(true)));
    let idle = json!({"minutes": 5});
    assert_eq!(ask(&other, "operator_set_idle", idle.clone()).await.unwrap_err().code, "LOCKED");
    for (name, passphrase, code) in [
        ("owner", "correct horse of admin", "WRONG_PASSPHRASE"),
        ("nobody", "correct horse of nobody", "NO_OPERATOR"),
        ("Owner", "correct horse of owner", "NO_OPERATOR"),
    ] {
        let args = json!({"name": name, "passphrase": passphrase});
        assert_eq!(ask(&other, "operator_unlock", args).await.unwrap_err().code, code, "{name}");
    }
    let args = json!({"name": "owner", "passphrase": passphrase_of("owner")});
    let me = ask(&other, "operator_unlock", args).await.unwrap();
    assert_eq!((&me["name"], &me["locked"]), (&json!("owner"), &json!(false)));
    assert_eq!(heard.recv().await.unwrap().topic, Topic::Operators);
    ask(&other, "operator_set_idle", idle).await.unwrap();
    assert_eq!(desk.me().await["idle_min"], 5, "and the first process knows it");
}

#[tokio::test]
async fn wrong_passphrases_wait_longer_each_time_however_many_come_at_once() {
    let desk = crew().await;
    desk.get("operator_lock", json!({})).await;
    let wrong = || desk.ask("operator_unlock", json!({"name": "owner", "passphrase": "a guess at it"}));
    let (a, b, c, d, e) = tokio::join!(wrong(), wrong(), wrong(), wrong(), wrong());
    let compared = |message: &str| message == "the passphrase is wrong";
    let told: Vec<String> = [a, b, c, d, e].into_iter().map(|one| one.unwrap_err().message).collect();
    assert_eq!(told.iter().filter(|message| compared(message)).count(), 3, "{told:?}");
    let right =
        || desk.ask("operator_unlock", json!({"name": "owner", "passphrase": passphrase_of("owner")}));
    assert_eq!(right().await.unwrap_err().code, "WRONG_PASSPHRASE", "even the right one waits");
    for wait in [1, 2, 4, 8] {
        desk.advance(wait - 1);
        assert!(!compared(&wrong().await.unwrap_err().message), "{wait} s have not passed");
        desk.advance(1);
        assert!(compared(&wrong().await.unwrap_err().message), "{wait} s have passed");
    }
    desk.advance(16);
    right().await.unwrap();
    assert!(compared(&wrong().await.unwrap_err().message), "it starts over");
    assert!(compared(&wrong().await.unwrap_err().message));
    right().await.unwrap();
}
