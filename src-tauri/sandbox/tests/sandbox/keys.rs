use crate::client::Shop;
use foredeck_sandbox::world::CheckoutSpec;
use foredeck_sandbox::{Config, KeySpec};

fn key(key: &str, change: impl FnOnce(&mut KeySpec)) -> KeySpec {
    let mut spec = KeySpec { key: key.to_owned(), ..KeySpec::standard() };
    change(&mut spec);
    spec
}

async fn shop() -> Shop {
    let keys = vec![
        KeySpec::standard(),
        key("rk_test_restricted00000qS8Kgd", |k| {
            k.denied = vec!["rak_checkout_session_read".into(), "rak_charge_write".into()]
        }),
        key("sk_test_revoked0000000000", |k| k.revoked = true),
        key("sk_live_sandbox0000000000", |k| k.livemode = true),
        key("sk_test_neighbour00000000", |k| k.account = "acct_neighbour0001".into()),
    ];
    Shop::open(Config { keys, ..Config::default() }).await
}

#[tokio::test]
async fn each_bad_key_gets_its_own_answer() {
    let mut shop = shop().await;
    for (given, status, code, text) in [
        ("sk_test_nobodyknows000", 401, None, "Invalid API Key provided: sk_test_****ows000"),
        (
            "sk_test_revoked0000000000",
            401,
            Some("api_key_expired"),
            "Expired API Key provided: sk_test_****000000",
        ),
        (
            "pk_test_public",
            403,
            Some("secret_key_required"),
            "This API call cannot be made with a publishable API key.",
        ),
        ("", 401, None, "You did not provide an API key."),
    ] {
        shop.key = given.to_owned();
        let refused = shop.get("/v1/events").await;
        assert_eq!(refused.status, status, "{given}");
        assert_eq!(refused.error()["code"].as_str(), code, "{given}");
        assert!(refused.error()["message"].as_str().unwrap().starts_with(text), "{}", refused.body);
        assert_eq!(refused.error()["type"], "invalid_request_error");
    }
}

#[tokio::test]
async fn a_restricted_key_is_told_what_it_lacks() {
    let mut shop = shop().await;
    shop.key = "rk_test_restricted00000qS8Kgd".to_owned();
    let refused = shop.get("/v1/checkout/sessions").await;
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.error()["message"],
        "The provided key 'rk_test_****qS8Kgd' does not have the required permissions for this endpoint on account 'acct_sandbox000001'. Having the 'rak_checkout_session_read' permission would allow this request to continue."
    );
    assert!(refused.error().get("code").is_none());
    assert_eq!(shop.get("/v1/events").await.status, 200);
    assert_eq!(shop.get("/v1/charges").await.status, 200);
    let refused = shop.post("/v1/refunds", "charge=ch_1").await;
    assert!(refused.error()["message"].as_str().unwrap().contains("'rak_charge_write'"));
}

#[tokio::test]
async fn other_modes_and_accounts_see_nothing_of_the_shop() {
    let mut shop = shop().await;
    let session = shop.control().with_world(|w| {
        let session = w.open_checkout(CheckoutSpec::default()).unwrap();
        w.pay(&session).unwrap();
        session
    });
    shop.key = "sk_live_sandbox0000000000".to_owned();
    assert!(shop.get("/v1/checkout/sessions").await.ids().is_empty());
    let refused = shop.get(&format!("/v1/checkout/sessions/{session}")).await;
    assert_eq!(
        refused.error()["message"],
        format!(
            "No such checkout.session: '{session}'; a similar object exists in test mode, but a live mode key was used to make this request."
        )
    );
    shop.key = "sk_test_neighbour00000000".to_owned();
    assert_eq!(shop.get("/v1/account").await.json()["id"], "acct_neighbour0001");
    assert!(shop.get("/v1/events").await.ids().is_empty());
    assert_eq!(shop.get(&format!("/v1/checkout/sessions/{session}")).await.status, 404);
}
