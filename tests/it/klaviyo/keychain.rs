//! The key in a real keychain: there while it is connected, under the connection's own address, gone afterwards.

use std::sync::Arc;

use foredeck_engine::api::{self, Call};
use foredeck_engine::clock::FixedClock;
use foredeck_engine::domain::store::Mode;
use foredeck_engine::engine::{Engine, Options};
use foredeck_engine::secrets::Keychain;
use foredeck_sandbox::{Config, DEFAULT_KLAVIYO_KEY, DEFAULT_START, KlaviyoConfig, Sandbox};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn the_key_is_in_the_keychain_while_it_is_connected_and_not_after() {
    if let Err(problem) = Keychain::System.probe() {
        eprintln!("SKIPPED: {problem} (run it by scripts/with-keyring.sh)");
        return;
    }
    let sandbox = Sandbox::start(Config::default()).await.unwrap();
    let klaviyo = sandbox.open_klaviyo(KlaviyoConfig::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let open = || {
        Engine::open(Options {
            data_dir: folder.path().to_owned(),
            keychain: Keychain::System,
            clock: Arc::new(FixedClock::new(DEFAULT_START)),
            max_per_s: Some(5_000),
        })
        .unwrap()
    };
    let engine = open();
    let store = engine.add_store("Shop", Mode::Test, &sandbox.base_url(), Some("UTC")).await.unwrap();
    let id = store.public_id().to_owned();
    let entry = format!("klaviyo:{id}:{}", klaviyo.base_url());
    let ask = |engine: &Engine, name: &'static str, args: Value| {
        let call = Call::new(engine.clone(), Some("Shop".into()));
        async move { api::call(call, name, args).await.unwrap() }
    };
    let metric = klaviyo.control().metric_id("Placed Order", "shopify").unwrap();
    let args = json!({"key": DEFAULT_KLAVIYO_KEY, "metric_id": metric, "klaviyo_url": klaviyo.base_url()});
    let view = ask(&engine, "klaviyo_connect", args.clone()).await;
    assert_eq!((&view["status"], &view["key_source"]), (&json!("connected"), &json!("keychain")));
    assert_eq!(Keychain::System.get(&entry).as_deref(), Some(DEFAULT_KLAVIYO_KEY));
    assert_eq!(Keychain::System.get(&format!("klaviyo:{id}")), None, "none for the real Klaviyo");
    // The next run finds it.
    let later = open();
    ask(&later, "klaviyo_check", json!({})).await;
    let view = ask(&later, "klaviyo_disconnect", json!({})).await;
    assert_eq!((&view["status"], &view["key_source"]), (&json!("not_configured"), &json!("none")));
    assert_eq!(Keychain::System.get(&entry), None);
    // Removing the store takes it along too.
    ask(&later, "klaviyo_connect", args).await;
    assert!(Keychain::System.get(&entry).is_some());
    drop(store);
    later.remove_store(&id).await.unwrap();
    assert_eq!(Keychain::System.get(&entry), None);
    Keychain::System.delete(&format!("audit:{id}"));
    Keychain::System.delete(&format!("audit-head:{id}"));
}
