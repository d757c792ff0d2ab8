use crate::client::Shop;
use foredeck_sandbox::{Config, Faults, Limits};

#[tokio::test]
async fn limits_answer_429_with_their_reason() {
    let limits = Limits { global_per_s: None, endpoint_per_s: Some(3), concurrent: None };
    let shop = Shop::open(Config { limits, ..Config::default() }).await;
    let mut seen = Vec::new();
    for _ in 0..6 {
        seen.push(shop.get("/v1/charges").await);
    }
    let refused: Vec<_> = seen.iter().filter(|r| r.status == 429).collect();
    assert!(!refused.is_empty());
    assert_eq!(refused[0].header("stripe-rate-limited-reason"), Some("endpoint-rate"));
    assert_eq!(refused[0].error()["code"], "rate_limit");
    assert!(refused[0].header("retry-after").is_none());
    assert_eq!(shop.get("/v1/refunds").await.status, 200, "another operation has its own limit");
}

#[tokio::test]
async fn planted_faults_are_shown_and_logged() {
    let shop = Shop::empty().await;
    let control = shop.control();
    control.set_faults(Faults { rate_limit_rate: 1.0, retry_after_s: Some(7), ..Faults::default() });
    assert_eq!(shop.get("/v1/events").await.header("retry-after"), Some("7"));
    control.set_faults(Faults { html_rate: 1.0, ..Faults::default() });
    assert!(shop.get("/v1/events").await.body.starts_with("<!doctype html>"));
    control.set_faults(Faults { cut_body_rate: 1.0, ..Faults::default() });
    assert_eq!(shop.send("GET", "/v1/account", "", &[]).await.err().as_deref(), Some("the body was cut"));
    control.set_faults(Faults { error_5xx_rate: 1.0, at_most: Some(1), ..Faults::default() });
    assert!(shop.get("/v1/events").await.status >= 500);
    assert_eq!(shop.get("/v1/events").await.status, 200, "at most one");
    control.set_faults(Faults {
        error_5xx_rate: 1.0,
        only_paths: vec!["/v1/charges".into()],
        ..Faults::default()
    });
    assert_eq!(shop.get("/v1/events").await.status, 200);
    let faults: Vec<_> = control.requests().into_iter().filter_map(|r| r.fault).collect();
    assert_eq!(faults, ["rate_limit", "html", "cut_body", "unavailable"]);
}

#[tokio::test]
async fn a_dropped_write_did_or_did_not_happen() {
    let shop = Shop::empty().await;
    let control = shop.control();
    control.set_faults(Faults { drop_before_effect_rate: 1.0, ..Faults::default() });
    assert!(
        shop.send("POST", "/v1/customers", "email=a@example.com", &[("Idempotency-Key", "k")]).await.is_err()
    );
    assert_eq!(control.with_world(|w| w.events().len()), 0);
    control.set_faults(Faults { drop_after_effect_rate: 1.0, ..Faults::default() });
    assert!(
        shop.send("POST", "/v1/customers", "email=a@example.com", &[("Idempotency-Key", "k")]).await.is_err()
    );
    assert_eq!(control.with_world(|w| w.events().len()), 1);
    control.set_faults(Faults::default());
    let replay = shop.post_keyed("/v1/customers", "email=a@example.com", "k").await;
    assert_eq!(replay.header("idempotent-replayed"), Some("true"));
    assert_eq!(control.with_world(|w| w.events().len()), 1, "one effect");
    let log: Vec<_> = control.requests().iter().map(|r| (r.applied, r.status)).collect();
    assert_eq!(log, [(false, 0), (true, 0), (false, 200)]);
}

#[tokio::test]
async fn unreachable_means_refused_until_it_is_back() {
    let shop = Shop::empty().await;
    shop.control().set_faults(Faults { unreachable: true, ..Faults::default() });
    let mut refused = false;
    for _ in 0..50 {
        refused |= shop.send("GET", "/v1/account", "", &[]).await.is_err_and(|e| e.contains("refused"));
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(refused);
    shop.control().set_faults(Faults::default());
    for _ in 0..100 {
        if shop.send("GET", "/v1/account", "", &[]).await.is_ok_and(|r| r.status == 200) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("it did not come back");
}
