//! The roster: who is on it, who changes it, and that a change holds at once wherever somebody sits.

use serde_json::json;

use super::{alone, ask, crew, passphrase_of};

#[tokio::test]
async fn a_second_operator_needs_an_owner_with_a_passphrase_who_stays_at_the_desk() {
    let desk = alone().await;
    let add = json!({"name": "Ann", "role": "support", "passphrase": passphrase_of("Ann")});
    assert_eq!(desk.refusal("operator_add", add.clone()).await.code, "NO_PASSPHRASE");
    assert_eq!(desk.get("operator_list", json!({})).await["operators"].as_array().unwrap().len(), 1);
    let weak = desk.refusal("operator_set_passphrase", json!({"passphrase": "short77"})).await;
    assert_eq!(weak.code, "BAD_PASSPHRASE");
    assert!(!weak.message.contains("short77"));
    desk.get("operator_set_passphrase", json!({"passphrase": "an owner's passphrase"})).await;
    let list = desk.get("operator_add", add.clone()).await;
    let told: Vec<_> = list["operators"].as_array().unwrap().iter().map(|one| one["role"].clone()).collect();
    assert_eq!(told, ["owner", "support"]);
    assert_eq!(list["operators"][1]["has_passphrase"], true);
    assert!(!list.to_string().contains("argon2"), "a hash is nobody's business: {list}");
    let me = desk.me().await;
    assert_eq!(
        (&me["locked"], &me["more_than_one"], &me["role"]),
        (&json!(false), &json!(true), &json!("owner"))
    );
    assert_eq!(desk.refusal("operator_add", add).await.code, "BAD_OPERATOR");
}

#[tokio::test]
async fn one_own_passphrase_is_everyones_and_others_are_the_owners() {
    let desk = crew().await;
    for name in ["viewer", "support", "admin"] {
        desk.sign_in(name).await;
        let other = json!({"name": "owner", "passphrase": "mine from now on"});
        assert_eq!(desk.refusal("operator_set_passphrase", other).await.code, "NOT_PERMITTED", "{name}");
        desk.get("operator_set_passphrase", json!({"passphrase": format!("{name} has a new one")})).await;
        assert_eq!(desk.me().await["locked"], false, "{name} stays");
        let old = desk.ask("operator_unlock", json!({"name": name, "passphrase": passphrase_of(name)})).await;
        assert_eq!(old.unwrap_err().code, "WRONG_PASSPHRASE");
        let new = json!({"name": name, "passphrase": format!("{name} has a new one")});
        desk.get("operator_unlock", new).await;
    }
    desk.sign_in("owner").await;
    desk.get("operator_set_passphrase", json!({"name": "viewer", "passphrase": passphrase_of("viewer")}))
        .await;
    assert_eq!(desk.me().await["name"], "owner");
    desk.sign_in("viewer").await;
}

#[tokio::test]
async fn a_change_made_elsewhere_holds_at_this_desk_at_once() {
    let desk = crew().await;
    let owner = desk.elsewhere();
    let own = json!({"name": "owner", "passphrase": passphrase_of("owner")});
    ask(&owner, "operator_unlock", own).await.unwrap();
    let write = || desk.ask("wallet_adjust", json!({"owner": "user_1", "credits": 1, "reason": "x"}));

    desk.sign_in("support").await;
    write().await.unwrap();
    ask(&owner, "operator_set_role", json!({"name": "support", "role": "viewer"})).await.unwrap();
    assert_eq!(write().await.unwrap_err().code, "NOT_PERMITTED");
    ask(&owner, "operator_set_role", json!({"name": "support", "role": "admin"})).await.unwrap();
    write().await.unwrap();
    let disable = |disabled: bool| json!({"name": "support", "disabled": disabled});
    ask(&owner, "operator_set_disabled", disable(true)).await.unwrap();
    assert_eq!(write().await.unwrap_err().code, "LOCKED");
    let typed = json!({"name": "support", "passphrase": passphrase_of("support")});
    assert_eq!(desk.refusal("operator_unlock", typed).await.code, "NO_OPERATOR");
    ask(&owner, "operator_set_disabled", disable(false)).await.unwrap();
    assert_eq!(write().await.unwrap_err().code, "LOCKED", "who was put out types again");

    desk.sign_in("support").await;
    write().await.unwrap();
    let other = json!({"name": "support", "passphrase": "given by the owner"});
    ask(&owner, "operator_set_passphrase", other).await.unwrap();
    assert_eq!(write().await.unwrap_err().code, "LOCKED");
    desk.sign_in("admin").await;
    ask(&owner, "operator_remove", json!({"name": "admin"})).await.unwrap();
    let again = json!({"name": "admin", "role": "owner", "passphrase": "somebody else of that name"});
    ask(&owner, "operator_add", again).await.unwrap();
    assert_eq!(write().await.unwrap_err().code, "LOCKED", "a name is not a person");
}

#[tokio::test]
async fn when_all_others_are_gone_the_last_one_is_alone_again() {
    let desk = crew().await;
    for name in ["viewer", "support"] {
        desk.get("operator_remove", json!({"name": name})).await;
    }
    desk.get("operator_set_disabled", json!({"name": "admin", "disabled": true})).await;
    for (name, args) in [
        ("operator_remove", json!({"name": "owner"})),
        ("operator_set_role", json!({"name": "owner", "role": "admin"})),
        ("operator_set_disabled", json!({"name": "owner", "disabled": true})),
    ] {
        assert_eq!(desk.refusal(name, args).await.code, "LAST_OWNER", "{name}");
    }
    let other = desk.elsewhere();
    let me = ask(&other, "operator_me", json!({})).await.unwrap();
    assert_eq!((&me["name"], &me["locked"]), (&json!("owner"), &json!(false)));
    let enable = json!({"name": "admin", "disabled": false});
    ask(&other, "operator_set_disabled", enable).await.unwrap();
    assert_eq!(
        ask(&other, "operator_me", json!({})).await.unwrap()["locked"],
        false,
        "who let them in stays"
    );
    assert_eq!(ask(&desk.elsewhere(), "operator_me", json!({})).await.unwrap()["locked"], true);
}

#[tokio::test]
async fn what_somebody_does_is_kept_under_their_name_and_no_passphrase_is_kept_at_all() {
    let desk = crew().await;
    desk.sign_in("support").await;
    let args = json!({"owner": "user_1", "credits": 5, "reason": "goodwill", "operator": "somebody else"});
    assert_eq!(desk.refusal("wallet_adjust", args).await.code, "BAD_ARGUMENTS", "nobody signs for another");
    desk.get("wallet_adjust", json!({"owner": "user_1", "credits": 5, "reason": "goodwill"})).await;
    desk.sign_in("owner").await;
    desk.get("operator_rename", json!({"name": "support", "new_name": "Sue"})).await;
    let signed = desk.store.db().read(|connection| {
        Ok(connection.query_row("SELECT operator FROM local_fact", [], |row| row.get::<_, String>(0))?)
    });
    assert_eq!(signed.await.unwrap(), "support", "as they were called then");
    for (name, bytes) in desk.files() {
        let holds = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
        assert!(!holds(b"correct horse"), "a passphrase is in {name}");
    }
}

#[tokio::test]
async fn a_roster_nobody_can_read_lets_nobody_write_and_everybody_read() {
    let desk = crew().await;
    let file = desk.folder.path().join("operators.json");
    std::fs::write(&file, "{").unwrap();
    let refused = desk.refusal("operator_set_idle", json!({"minutes": 1})).await;
    assert_eq!(refused.code, "DATA_FOLDER");
    assert!(refused.hint.contains("operators.json"), "{}", refused.hint);
    desk.get("overview", json!({})).await;
    // The way back for an owner who lost the passphrase.
    std::fs::remove_file(&file).unwrap();
    let me = ask(&desk.elsewhere(), "operator_me", json!({})).await.unwrap();
    assert_eq!((&me["role"], &me["more_than_one"]), (&json!("owner"), &json!(false)));
}
