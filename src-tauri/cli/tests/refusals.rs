//! What bad input gets: a code, clear words, and nothing changed.

use std::io::{Read, Write};
use std::net::TcpListener;

use foredeck_sandbox::{DEFAULT_KEY, ShopPlan};
use serde_json::json;

use crate::desk::{Desk, LIVE, REVOKED, STRANGER};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_usable_key_is_refused_before_anything_is_made() {
    let desk = Desk::with(ShopPlan::Empty).await;
    for bad in [
        "hello",
        "",
        "pk_test_abcdefgh12345678",
        "whsec_abcdefgh12345678",
        "sk_org_live_abcdefgh",
        "sk_test_ab\u{e9}defgh12",
    ] {
        let ran = desk.run_given(bad, ["store", "add", "Shop", "--key-stdin", "--json"]);
        assert_eq!(ran.code(), "BAD_KEY", "{bad:?}");
        assert!(bad.is_empty() || !ran.err.contains(bad), "what was pasted is not repeated");
    }
    assert_eq!(desk.run(["store", "list", "--json"]).ok().json(), json!({"stores": []}));
    desk.add_store();
    assert_eq!(
        desk.run_given("pk_test_abcdefgh12345678", ["store", "key", "--key-stdin", "--json"]).code(),
        "BAD_KEY"
    );
    for bad in ["hello", "pk_test_abcdefgh12345678"] {
        assert_eq!(desk.run_as(Some(bad), ["sync", "--json"]).code(), "BAD_KEY", "{bad}");
    }
    assert_eq!(desk.run_as(None, ["sync", "--json"]).code(), "NO_KEY");
    assert_eq!(desk.run_as(None, ["sync", "--watch", "--json"]).code(), "NO_KEY");
    assert_eq!(desk.world.requests().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_stripe_refuses_and_keys_of_others_change_nothing() {
    let desk = Desk::synced(20).await;
    let before = desk.run(["status", "--json"]).ok().json()["kinds"].clone();
    assert_eq!(desk.run_as(Some(REVOKED), ["sync", "--json"]).code(), "KEY_REJECTED");
    assert_eq!(desk.run_as(Some("sk_test_nobodyknowsthisone00"), ["sync", "--json"]).code(), "KEY_REJECTED");
    assert_eq!(desk.run_as(Some(STRANGER), ["sync", "--json"]).code(), "OTHER_ACCOUNT");
    assert_eq!(desk.run_given(REVOKED, ["store", "key", "--key-stdin", "--json"]).code(), "KEY_REJECTED");
    assert_eq!(desk.run_given(STRANGER, ["store", "key", "--key-stdin", "--json"]).code(), "OTHER_ACCOUNT");
    assert_eq!(desk.run(["status", "--json"]).ok().json()["kinds"], before);

    let good = desk.run_given(&format!("  {DEFAULT_KEY}\n"), ["store", "key", "--key-stdin", "--json"]).ok();
    assert_eq!(good.json()["key_source"], "session");
    assert!(good.err.contains("for this run only"), "{}", good.err);
    let check = desk.run(["store", "key", "--check", "--json"]).ok().json();
    assert!(check["permissions"].as_array().unwrap().iter().all(|one| one["readable"] == true), "{check}");
    desk.run(["store", "key", "--forget", "--json"]).ok();
    desk.assert_no_key_in_files();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_key_goes_nowhere_but_to_stripe() {
    let desk = Desk::with(ShopPlan::Empty).await;
    let elsewhere = desk.run_given(LIVE, ["store", "add", "Live", "--key-stdin", "--json"]);
    assert_eq!(elsewhere.code(), "LIVE_KEY_ELSEWHERE");
    assert_eq!(desk.run(["store", "add", "Live", "--mode", "live", "--json"]).code(), "LIVE_KEY_ELSEWHERE");
    assert_eq!(desk.run(["store", "list", "--json"]).ok().json(), json!({"stores": []}));
    desk.add_store();
    assert_eq!(desk.run_as(Some(LIVE), ["sync", "--json"]).code(), "KEY_MODE");
    assert_eq!(desk.run_as(Some(LIVE), ["doctor", "--probe", "--json"]).code(), "KEY_MODE");
    assert_eq!(desk.run_given(LIVE, ["store", "key", "--key-stdin", "--json"]).code(), "KEY_MODE");
    let mode =
        desk.run_given(DEFAULT_KEY, ["store", "add", "Other", "--mode", "live", "--key-stdin", "--json"]);
    assert_eq!(mode.code(), "KEY_MODE");
    assert_eq!(desk.world.requests().len(), 0, "no request left with a live key");
    desk.assert_no_key_in_files();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_https_or_this_machine_is_a_base_url() {
    let desk = Desk::with(ShopPlan::Empty).await;
    for bad in ["http://api.stripe.com", "ftp://127.0.0.1", "https://user:pass@example.com", "not a url"] {
        let mut command = desk.command(["store", "add", "Shop", "--json"]);
        let ran = crate::desk::Ran::of(command.env("FOREDECK_STRIPE_URL", bad), "");
        assert_eq!(ran.code(), "BAD_URL", "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_sends_us_elsewhere_is_not_followed() {
    let desk = Desk::with(ShopPlan::Empty).await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let elsewhere = desk.url.clone();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let Ok(mut connection) = connection else { return };
            let mut read = [0; 4_096];
            let _request = connection.read(&mut read);
            let head = format!(
                "HTTP/1.1 302 Found\r\nlocation: {elsewhere}/v1/account\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            );
            let _gone = connection.write_all(head.as_bytes());
        }
    });
    let mut command = desk.command(["store", "add", "Detour", "--json"]);
    crate::desk::Ran::of(command.env("FOREDECK_STRIPE_URL", format!("http://{address}")), "").ok();
    assert_eq!(desk.run(["sync", "--json"]).code(), "REDIRECT_REFUSED");
    assert_eq!(desk.world.requests().len(), 0, "nobody was asked at the other place");
}

#[tokio::test(flavor = "multi_thread")]
async fn offline_is_said_and_the_mirror_stays_readable() {
    let mut desk = Desk::synced(15).await;
    let before = desk.run(["funnel", "--json"]).ok().json();
    desk.close_shop().await;
    assert_eq!(desk.run(["sync", "--json"]).code(), "OFFLINE");
    let health = desk.run(["status", "--json"]).ok().json();
    assert_eq!(desk.run(["funnel", "--json"]).ok().json(), before);
    assert!(health["kinds"][0]["count"].as_i64().unwrap() > 0);
    let readable = desk.run(["sync"]);
    assert_eq!((readable.code, readable.err.contains("OFFLINE"), readable.out.as_str()), (1, true, ""));
}
