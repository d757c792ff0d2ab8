use crate::client::Shop;
use foredeck_sandbox::Faults;

const CUSTOMERS: &str = "/v1/customers";

#[tokio::test]
async fn the_same_key_and_parameters_give_the_first_answer_again() {
    let shop = Shop::empty().await;
    let first = shop.post_keyed(CUSTOMERS, "email=a@example.com&name=A", "k1").await;
    let again = shop.post_keyed(CUSTOMERS, "name=A&email=a@example.com", "k1").await;
    assert_eq!(first.body, again.body);
    assert_eq!(
        (first.header("idempotent-replayed"), again.header("idempotent-replayed")),
        (None, Some("true"))
    );
    assert_eq!(again.header("original-request"), first.header("request-id"));
    assert_eq!(shop.get(CUSTOMERS).await.ids().len(), 1);
    let log = shop.control().requests();
    assert_eq!((log[0].applied, log[1].applied, log[1].replayed), (true, false, true));
    assert_eq!(log[0].idempotency_key.as_deref(), Some("k1"));
}

#[tokio::test]
async fn other_parameters_under_the_same_key_are_refused() {
    let shop = Shop::empty().await;
    shop.post_keyed(CUSTOMERS, "email=a@example.com", "k1").await;
    let refused = shop.post_keyed(CUSTOMERS, "email=b@example.com", "k1").await;
    assert_eq!((refused.status, refused.error()["type"].as_str()), (400, Some("idempotency_error")));
    assert!(
        refused.error()["message"].as_str().unwrap().contains("same parameters they were first used with")
    );
    let refused = shop.post_keyed("/v1/products", "email=a@example.com", "k1").await;
    assert_eq!(refused.error()["type"], "idempotency_error");
}

#[tokio::test]
async fn a_key_in_flight_is_refused_with_409() {
    let shop = Shop::empty().await;
    shop.control().set_faults(Faults { latency_ms: 400, ..Faults::default() });
    let second = async {
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        shop.post_keyed(CUSTOMERS, "email=a@example.com", "k1").await
    };
    let (first, second) = tokio::join!(shop.post_keyed(CUSTOMERS, "email=a@example.com", "k1"), second);
    assert_eq!((first.status, second.status), (200, 409));
    assert_eq!(second.error()["code"], "idempotency_key_in_use");
    assert_eq!(second.header("stripe-should-retry"), Some("true"));
}

#[tokio::test]
async fn a_500_is_kept_and_replayed_and_validation_failures_are_not() {
    let shop = Shop::empty().await;
    let control = shop.control();
    control.set_faults(Faults { error_5xx_rate: 1.0, ..Faults::default() });
    assert_eq!(shop.post_keyed(CUSTOMERS, "email=a@example.com", "k1").await.status, 500);
    control.set_faults(Faults::default());
    let again = shop.post_keyed(CUSTOMERS, "email=a@example.com", "k1").await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (500, Some("true")));
    assert!(shop.get(CUSTOMERS).await.ids().is_empty());
    assert_eq!(shop.post_keyed(CUSTOMERS, "email=nonsense", "k2").await.status, 400);
    assert_eq!(shop.post_keyed(CUSTOMERS, "email=fine@example.com", "k2").await.status, 200);
    control.set_faults(Faults { error_5xx_rate: 1.0, error_5xx_applied_share: 1.0, ..Faults::default() });
    assert_eq!(shop.post_keyed(CUSTOMERS, "email=c@example.com", "k3").await.status, 500);
    control.set_faults(Faults::default());
    assert_eq!(shop.get(CUSTOMERS).await.ids().len(), 2, "this 500 had its effect");
}

#[tokio::test]
async fn after_a_day_the_same_key_executes_again() {
    let shop = Shop::empty().await;
    shop.post_keyed(CUSTOMERS, "email=a@example.com", "k1").await;
    shop.control().advance(86_399);
    assert!(
        shop.post_keyed(CUSTOMERS, "email=a@example.com", "k1").await.header("idempotent-replayed").is_some()
    );
    shop.control().advance(1);
    assert!(
        shop.post_keyed(CUSTOMERS, "email=a@example.com", "k1").await.header("idempotent-replayed").is_none()
    );
    assert_eq!(shop.get(CUSTOMERS).await.ids().len(), 2);
}
