use crate::client::Shop;
use foredeck_sandbox::world::CheckoutSpec;
use foredeck_sandbox::{Effect, WriteTrouble};

const CUSTOMERS: &str = "/v1/customers";
const WHO: &str = "email=a@example.com";

/// Effects as path, idempotency key and object.
fn told(effects: &[Effect]) -> Vec<(&str, Option<&str>, &str)> {
    effects.iter().map(|e| (e.path.as_str(), e.idempotency_key.as_deref(), e.object.as_str())).collect()
}

#[tokio::test]
async fn one_write_is_lost_and_the_next_is_not() {
    let shop = Shop::empty().await;
    let control = shop.control();
    for (trouble, effects) in [(WriteTrouble::LostBefore, 0), (WriteTrouble::LostAfter, 1)] {
        control.clear_effects();
        control.on_next_write(trouble);
        assert_eq!(shop.get(CUSTOMERS).await.status, 200, "a read is no write");
        let key = format!("{trouble:?}");
        assert!(shop.send("POST", CUSTOMERS, WHO, &[("Idempotency-Key", &key)]).await.is_err());
        assert_eq!(control.effects().len(), effects, "{trouble:?}");
        let again = shop.post_keyed(CUSTOMERS, WHO, &key).await;
        assert_eq!(again.status, 200);
        assert_eq!(again.header("idempotent-replayed").is_some(), effects == 1);
        assert_eq!(control.effects().len(), 1, "one effect in the end");
    }
}

#[tokio::test]
async fn the_nth_write_to_a_path_is_met() {
    let shop = Shop::empty().await;
    let control = shop.control();
    control.on_write("/v1/products", 2, WriteTrouble::FailedAfter);
    assert_eq!(shop.post(CUSTOMERS, WHO).await.status, 200);
    assert_eq!(shop.post_keyed("/v1/products", "name=one", "k1").await.status, 200);
    assert_eq!(shop.post_keyed("/v1/products", "name=two", "k2").await.status, 500);
    let kept = shop.post_keyed("/v1/products", "name=two", "k2").await;
    assert_eq!((kept.status, kept.header("idempotent-replayed")), (500, Some("true")));
    assert_eq!(control.effects().len(), 3, "the failed one took effect, and its replay did not");
    control.on_next_write(WriteTrouble::Unavailable);
    control.on_write("", 2, WriteTrouble::RateLimited);
    assert_eq!(shop.post_keyed("/v1/products", "name=three", "k3").await.status, 503);
    assert_eq!(shop.post_keyed("/v1/products", "name=three", "k3").await.status, 429);
    assert_eq!(shop.post_keyed("/v1/products", "name=three", "k3").await.status, 200);
    control.on_next_write(WriteTrouble::Failed);
    control.call_off();
    assert_eq!(shop.post("/v1/products", "name=four").await.status, 200);
}

#[tokio::test]
async fn an_answer_is_held_after_its_effect() {
    let shop = Shop::empty().await;
    let control = shop.control();
    control.hold_answers();
    let answered = shop.post_keyed(CUSTOMERS, WHO, "k1");
    let looked = async {
        control.until_held().await;
        assert_eq!(control.effects().len(), 1, "the effect is there");
        assert_eq!(shop.get(CUSTOMERS).await.ids().len(), 1, "and others go on");
        assert_eq!(control.held(), 1);
        control.release();
    };
    let (answer, ()) = tokio::join!(answered, looked);
    assert_eq!(answer.status, 200);
    assert_eq!(control.held(), 0);
    assert_eq!(control.effects()[0].object, answer.json()["id"].as_str().unwrap());
}

#[tokio::test]
async fn an_effect_is_held_and_comes_even_if_its_client_is_gone() {
    let shop = Shop::empty().await;
    let control = shop.control();
    control.hold_effects();
    shop.hang_up_after(CUSTOMERS, WHO, "k1", control.until_held()).await;
    assert!(control.effects().is_empty());
    let busy = shop.post_keyed(CUSTOMERS, WHO, "k1").await;
    assert_eq!((busy.status, busy.error()["code"].as_str()), (409, Some("idempotency_key_in_use")));
    control.release();
    while control.effects().is_empty() {
        tokio::task::yield_now().await;
    }
    while control.held() > 0 || control.in_flight() > 0 {
        tokio::task::yield_now().await;
    }
    let replay = shop.post_keyed(CUSTOMERS, WHO, "k1").await;
    assert_eq!(replay.header("idempotent-replayed"), Some("true"));
    assert_eq!(control.effects().len(), 1);
}

#[tokio::test]
async fn effects_are_what_changed_and_nothing_else() {
    let shop = Shop::empty().await;
    let control = shop.control();
    let (session, charge) = control.with_world(|w| {
        let session = w.open_checkout(CheckoutSpec::default()).unwrap();
        let charge = w.pay(&session).unwrap();
        (session, charge)
    });
    assert!(control.effects().is_empty(), "stories are no writes");
    let path = format!("/v1/checkout/sessions/{session}");
    shop.post_keyed(&path, "metadata[color]=moss", "k1").await;
    shop.post_keyed(&path, "metadata[color]=moss", "k1").await;
    shop.post_keyed(&path, "metadata[color]=moss", "k2").await;
    assert_eq!(shop.post(&format!("{path}/expire"), "").await.status, 400);
    let refund = shop.post_keyed("/v1/refunds", &format!("charge={charge}&amount=4900"), "k3").await.json();
    shop.post_keyed("/v1/refunds", &format!("charge={charge}&amount=4900"), "k3").await;
    let effects = control.effects();
    assert_eq!(
        told(&effects),
        [
            (path.as_str(), Some("k1"), session.as_str()),
            ("/v1/refunds", Some("k3"), refund["id"].as_str().unwrap()),
        ]
    );
    assert_eq!((effects[1].param("amount"), effects[1].method.as_str()), (Some("4900"), "POST"));
    let event = shop.get("/v1/events?type=refund.created").await.ids().remove(0);
    control.clear_effects();
    shop.post(&format!("/v1/events/{event}/retry"), "").await;
    assert_eq!(told(&control.effects())[0].2, event, "sending an event again is an effect");
    let listed = shop.get("/_sandbox/effects").await.json();
    assert_eq!(listed["effects"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_desk_aims_and_releases_too() {
    let shop = Shop::empty().await;
    let aim = |trouble: &'static str| {
        let shop = &shop;
        async move {
            shop.post("/_sandbox/aim", &format!(r#"{{"trouble":"{trouble}","path":"/v1/customers"}}"#)).await
        }
    };
    assert_eq!(aim("unavailable").await.status, 204);
    assert_eq!(shop.post(CUSTOMERS, WHO).await.status, 503);
    assert_eq!(aim("held_after").await.status, 204);
    let released = async {
        shop.control().until_held().await;
        shop.post("/_sandbox/release", "{}").await.json()["released"].clone()
    };
    let (answer, released) = tokio::join!(shop.post(CUSTOMERS, WHO), released);
    assert_eq!((answer.status, released.as_i64()), (200, Some(1)));
}
