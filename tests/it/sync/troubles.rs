//! What bad keys, missing permissions and lost networks get: a name, a cure, and an unharmed mirror.

use foredeck_engine::domain::store::Mode;
use foredeck_engine::secrets::StripeKey;
use foredeck_sandbox::{Config, DEFAULT_ACCOUNT, DEFAULT_KEY, Faults, KeySpec, ShopPlan};

use super::desk::Desk;

const OTHER: &str = "sk_test_other0000000000000000000000";
const RESTRICTED: &str = "rk_test_narrow000000000000000000000";
const REVOKED: &str = "sk_test_revoked00000000000000000000";

fn keys() -> Vec<KeySpec> {
    let key = |key: &str, account: &str, denied: &[&str], revoked: bool| KeySpec {
        key: key.to_owned(),
        account: account.to_owned(),
        livemode: false,
        denied: denied.iter().map(|name| (*name).to_owned()).collect(),
        revoked,
    };
    vec![
        key(DEFAULT_KEY, DEFAULT_ACCOUNT, &[], false),
        key(OTHER, "acct_other0000001", &[], false),
        key(
            RESTRICTED,
            DEFAULT_ACCOUNT,
            &["rak_dispute_read", "rak_account_read", "rak_accounts_kyc_id_numbers_read"],
            false,
        ),
        key(REVOKED, DEFAULT_ACCOUNT, &[], true),
    ]
}

async fn desk() -> Desk {
    Desk::with(Config {
        shop: ShopPlan::History { orders: 40, days: 5, faults: 0.0 },
        keys: keys(),
        ..Config::default()
    })
    .await
}

async fn set_key(desk: &Desk, key: &str) -> Result<(), &'static str> {
    desk.store.set_key(StripeKey::parse(key).unwrap()).await.map(|_| ()).map_err(|problem| problem.code)
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_must_not_touch_the_store_are_refused() {
    let desk = desk().await;
    desk.sync().await;
    assert_eq!(set_key(&desk, OTHER).await, Err("OTHER_ACCOUNT"));
    assert_eq!(set_key(&desk, REVOKED).await, Err("KEY_REJECTED"));
    assert_eq!(set_key(&desk, "sk_live_abcdefghijklmnop").await, Err("KEY_MODE"));
    assert_eq!(set_key(&desk, RESTRICTED).await, Ok(()));
    // Another account's key from elsewhere (the environment, say) never polls into this mirror.
    desk.store.keep_key_unchecked(StripeKey::parse(OTHER).unwrap()).await.unwrap();
    let before = desk.mirror().await;
    assert_eq!(desk.try_sync().await.unwrap_err().code, "OTHER_ACCOUNT");
    assert_eq!(desk.mirror().await, before);
    let live = desk.engine.add_store("Live", Mode::Live, &desk.sandbox.base_url(), None).await.unwrap();
    live.keep_key_unchecked(StripeKey::parse("sk_live_abcdefghijklmnop").unwrap()).await.unwrap();
    desk.world.clear_requests();
    assert_eq!(live.sync_once(false, |_| {}).await.unwrap_err().code, "LIVE_KEY_ELSEWHERE");
    assert_eq!(desk.world.requests().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_restricted_key_may_not_read_is_named_and_the_rest_is_mirrored() {
    let desk = desk().await;
    desk.store.keep_key_unchecked(StripeKey::parse(RESTRICTED).unwrap()).await.unwrap();
    desk.sync().await;
    assert_eq!(desk.mirror().await.len(), 40);
    let call = foredeck_engine::api::Call::new(desk.engine.clone(), Some("Shop".into()));
    let health = foredeck_engine::api::call(call, "health", serde_json::Value::Null).await.unwrap();
    let disputes =
        health["kinds"].as_array().unwrap().iter().find(|kind| kind["kind"] == "dispute").unwrap().clone();
    assert_eq!(disputes["missing_permission"], "rak_dispute_read", "{health}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_network_the_mirror_is_read_and_the_state_is_said() {
    let desk = desk().await;
    desk.sync().await;
    desk.world.set_faults(Faults { unreachable: true, ..Faults::default() });
    let problem = desk.try_sync().await.unwrap_err();
    assert_eq!(problem.code, "OFFLINE");
    assert!(!problem.hint.is_empty());
    assert_eq!(desk.mirror().await.len(), 40);
    desk.world.set_faults(Faults::default());
    desk.sync().await;
    desk.assert_true_to_the_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_clock_is_noticed() {
    let desk = desk().await;
    desk.clock.advance(86_400);
    desk.sync().await;
    let status = desk.store.stored_status().await.unwrap();
    assert!(
        status.clock_skew_s.is_some_and(|skew| (86_390..86_410).contains(&skew)),
        "{:?}",
        status.clock_skew_s
    );
}
