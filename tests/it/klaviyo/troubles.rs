//! What goes wrong after connecting: the state says so, since when and why, and nothing is asked in vain.

use std::sync::{Arc, OnceLock};

use foredeck_engine::api::{self, Call};
use foredeck_engine::domain::store::KeySource;
use foredeck_sandbox::klaviyo::KlaviyoKey as Key;
use foredeck_sandbox::{DEFAULT_KLAVIYO_KEY, DEFAULT_START, Faults, ShopPlan};
use serde_json::{Value, json};

use super::stand::{Said, Stand, account, ok};
use super::{Post, key};
use crate::it::sync::desk::Desk;

#[tokio::test]
async fn a_day_of_throttling_is_waited_for_without_asking_and_survives_a_restart() {
    let post = Post::connected().await;
    post.control.throttle("/api/accounts", 67_608);
    post.control.clear_requests();
    let until = DEFAULT_START + 67_608;
    let refused = post.desk.ask("klaviyo_check", json!({})).await.unwrap_err();
    assert_eq!(refused.code, "KLAVIYO_THROTTLED");
    assert!(
        refused.message.contains("accounts") && refused.message.contains(" until 20"),
        "{}",
        refused.message
    );
    for _ in 0..5 {
        assert_eq!(post.refused("klaviyo_check", json!({})).await, "KLAVIYO_THROTTLED");
    }
    assert_eq!(post.control.requests().len(), 1, "it was asked once, and not again");
    let status = post.status().await;
    assert_eq!(status["status"], "connected", "a connection that waits is a connection");
    assert_eq!(status["waits"], json!([{"endpoint": "accounts", "until": until}]));

    // Another process, later: it knows, and does not ask either.
    post.desk.advance(3_600);
    let later = Desk::engine_at(post.desk.folder.path(), &post.desk.clock);
    later.secrets().klaviyo().keep(post.desk.store.public_id(), &post.url(), &key(DEFAULT_KLAVIYO_KEY));
    let ask = |name: &'static str| api::call(Call::new(later.clone(), Some("Shop".into())), name, json!({}));
    assert_eq!(ask("klaviyo_status").await.unwrap()["waits"][0]["until"], until);
    assert_eq!(ask("klaviyo_check").await.unwrap_err().code, "KLAVIYO_THROTTLED");
    assert_eq!(post.control.requests().len(), 1);

    post.desk.advance(67_608 - 3_600);
    let check = ask("klaviyo_check").await.unwrap();
    assert_eq!(check["seen"]["account"]["public_id"], "SbXk7Q");
    assert_eq!(ask("klaviyo_status").await.unwrap()["waits"], json!([]));
}

#[tokio::test]
async fn a_short_wait_is_waited_for() {
    let post = Post::connected().await;
    let short =
        Faults { rate_limit_rate: 1.0, retry_after_s: Some(1), at_most: Some(1), ..Faults::default() };
    post.control.set_faults(short);
    post.get("klaviyo_check", json!({})).await;
    assert_eq!(post.status().await["waits"], json!([]));
}

#[tokio::test]
async fn a_revoked_key_disconnects_until_another_is_set() {
    let post = Post::connected().await;
    post.control.set_keys(vec![Key { revoked: true, ..Key::full(DEFAULT_KLAVIYO_KEY) }]);
    post.desk.advance(100);
    assert_eq!(post.refused("klaviyo_check", json!({})).await, "KLAVIYO_KEY_REJECTED");
    post.desk.advance(100);
    assert_eq!(post.refused("klaviyo_check", json!({})).await, "KLAVIYO_KEY_REJECTED");
    let status = post.status().await;
    assert_eq!(
        (&status["status"], &status["code"]),
        (&json!("disconnected"), &json!("KLAVIYO_KEY_REJECTED"))
    );
    assert_eq!(
        (&status["since"], &status["checked_at"]),
        (&json!(DEFAULT_START + 100), &json!(DEFAULT_START + 200))
    );
    assert!(!status["message"].as_str().unwrap().is_empty() && !status["hint"].as_str().unwrap().is_empty());
    assert_eq!(status["account"]["public_id"], "SbXk7Q", "it is known what it was connected to");
    let fresh = "pk_fresh00000000000000000000000000000";
    post.control.set_keys(vec![Key::full(fresh)]);
    let view = post.get("klaviyo_rotate", json!({"key": fresh})).await;
    assert_eq!((&view["status"], &view["since"]), (&json!("connected"), &json!(DEFAULT_START + 200)));
    assert_eq!(view["code"], Value::Null);
}

#[tokio::test]
async fn what_is_said_to_a_key_that_was_replaced_says_nothing_of_the_new_one() {
    type Replace = Box<dyn Fn() + Send + Sync>;
    let replace = Arc::new(OnceLock::<Replace>::new());
    let meanwhile = Arc::clone(&replace);
    let stand = Stand::open(move |path, headers| {
        let is_old = headers["authorization"].to_str().unwrap().ends_with(DEFAULT_KLAVIYO_KEY);
        match (path, meanwhile.get()) {
            ("/api/accounts", Some(replace)) if is_old => {
                replace();
                let error = json!({"errors": [{"code": "authentication_failed", "detail": "Revoked."}]});
                Said(401, vec![("content-type".into(), "application/vnd.api+json".into())], error.to_string())
            }
            ("/api/accounts", _) => account("AbCdEf"),
            ("/api/metrics", _) => {
                ok(&json!({"data": [{"type": "metric", "id": "M1", "attributes": {"name": "Placed Order"}}]}))
            }
            _ => ok(&json!({"data": []})),
        }
    })
    .await;
    let desk = Desk::with_shop(ShopPlan::Empty).await;
    let args = json!({"key": DEFAULT_KLAVIYO_KEY, "klaviyo_url": stand.url, "metric_id": "M1"});
    desk.get("klaviyo_connect", args).await;
    let (secrets, store, url) =
        (Arc::clone(desk.engine.secrets()), desk.store.public_id().to_owned(), stand.url.clone());
    let fresh = key("pk_fresh00000000000000000000000000000");
    let replaced = replace.set(Box::new(move || {
        secrets.klaviyo().keep(&store, &url, &fresh);
    }));
    assert!(replaced.is_ok());
    assert_eq!(desk.ask("klaviyo_check", json!({})).await.unwrap_err().code, "KLAVIYO_KEY_REJECTED");
    let status = desk.get("klaviyo_status", json!({})).await;
    assert_eq!(
        (&status["status"], &status["code"], &status["key_prefix"]),
        (&json!("connected"), &Value::Null, &json!("pk_fres"))
    );
    desk.get("klaviyo_check", json!({})).await;
}

#[tokio::test]
async fn a_wait_that_one_client_was_told_of_is_not_forgotten_by_another() {
    let post = Post::connected().await;
    post.desk.sync().await;
    post.control.throttle("/api/accounts", 67_608);
    let until = post.desk.clock_now() + 67_608;
    assert_eq!(post.refused("klaviyo_check", json!({})).await, "KLAVIYO_THROTTLED");
    // The client of the looks was made before and was told nothing of it.
    post.desk.advance(5);
    post.control.set_faults(Faults { error_5xx_rate: 1.0, ..Faults::default() });
    assert_eq!(post.refused("klaviyo_events_check", json!({})).await, "KLAVIYO_ERROR");
    let status = post.status().await;
    assert_eq!(
        (&status["code"], &status["waits"]),
        (&json!("KLAVIYO_ERROR"), &json!([{"endpoint": "accounts", "until": until}]))
    );
}

#[tokio::test]
async fn trouble_at_klaviyo_is_an_error_that_passes() {
    let post = Post::connected().await;
    for (faults, code) in [
        (Faults { error_5xx_rate: 1.0, ..Faults::default() }, "KLAVIYO_ERROR"),
        (Faults { html_rate: 1.0, ..Faults::default() }, "KLAVIYO_BLOCKED"),
        (Faults { unreachable: true, ..Faults::default() }, "OFFLINE"),
    ] {
        post.control.set_faults(faults);
        post.desk.advance(500);
        assert_eq!(post.refused("klaviyo_check", json!({})).await, code);
        let status = post.status().await;
        assert_eq!((&status["status"], &status["code"]), (&json!("error"), &json!(code)));
        assert_eq!(status["since"], post.desk.clock_now(), "since this trouble began");
        post.control.set_faults(Faults::default());
        post.desk.advance(500);
        post.get("klaviyo_check", json!({})).await;
        let status = post.status().await;
        assert_eq!((&status["status"], &status["code"]), (&json!("connected"), &Value::Null));
    }
    post.control.serve_instead(Some("2026-04-15"));
    let check = post.get("klaviyo_check", json!({})).await;
    let warnings = check["seen"]["warnings"].as_array().unwrap();
    assert!(warnings.iter().any(|warning| warning["code"] == "REVISION"), "{warnings:?}");
    post.control.serve_instead(None);
    post.control.retire_before("2026-10-15");
    assert_eq!(post.refused("klaviyo_check", json!({})).await, "KLAVIYO_REVISION");
}

#[tokio::test]
async fn a_key_that_is_gone_is_said_and_a_key_for_another_host_is_not_taken() {
    let post = Post::connected().await;
    let store = post.desk.store.public_id().to_owned();
    let later = Desk::engine_at(post.desk.folder.path(), &post.desk.clock);
    let ask = |name: &'static str| api::call(Call::new(later.clone(), Some("Shop".into())), name, json!({}));
    let is_gone = |status: &Value| {
        assert_eq!((&status["status"], &status["code"]), (&json!("disconnected"), &json!("NO_KLAVIYO_KEY")));
        assert_eq!(status["since"], Value::Null, "nobody saw it go");
    };
    is_gone(&ask("klaviyo_status").await.unwrap());
    let real = foredeck_engine::domain::klaviyo::KLAVIYO_URL;
    let keys = Arc::clone(later.secrets());
    keys.klaviyo().keep(&store, real, &key("pk_real000000000000000000000000000000"));
    assert_eq!(keys.klaviyo().find(&store, real).map(|(_, source)| source), Some(KeySource::Session));
    post.control.clear_requests();
    is_gone(&ask("klaviyo_status").await.unwrap());
    assert_eq!(ask("klaviyo_check").await.unwrap_err().code, "NO_KLAVIYO_KEY");
    assert_eq!(post.control.requests(), []);
}

#[tokio::test]
async fn a_trouble_that_passed_is_over_at_the_next_look() {
    let post = Post::connected().await;
    post.desk.sync().await;
    post.control.set_faults(Faults { unreachable: true, ..Faults::default() });
    post.desk.advance(1_000);
    post.desk.sync().await;
    let status = post.status().await;
    assert_eq!((&status["status"], &status["code"]), (&json!("error"), &json!("OFFLINE")), "{status:#}");
    post.control.set_faults(Faults::default());
    post.desk.advance(1_000);
    post.desk.sync().await;
    let status = post.status().await;
    assert_eq!((&status["status"], &status["code"]), (&json!("connected"), &Value::Null), "{status:#}");
}
