use super::Post;
use foredeck_sandbox::klaviyo::{STARTED, SUCCESS, SentBy, ShopSender, Spelling};
use foredeck_sandbox::world::CheckoutSpec;
use foredeck_sandbox::{Config, KlaviyoConfig, ShopPlan, World};
use serde_json::json;
use std::collections::BTreeSet;

const WHO: &str = "a@example.com";

fn order(world: &mut World) -> String {
    let spec = CheckoutSpec {
        preorder_id: Some("po_1".to_owned()),
        email: Some(WHO.to_owned()),
        color: Some("ink".to_owned()),
        recovery: true,
        ..CheckoutSpec::default()
    };
    world.open_checkout(spec).unwrap()
}

async fn beside(shop: ShopSender) -> Post {
    Post::open(KlaviyoConfig { shop: Some(shop), ..KlaviyoConfig::default() }).await
}

#[tokio::test]
async fn the_shop_tells_late_and_with_the_time_at_which_it_happened() {
    let post = beside(ShopSender { late_s: (600, 600), ..ShopSender::default() }).await;
    let (stripe, control) = (post.stripe(), post.control());
    let session = stripe.with_world(order);
    let opened_at = stripe.now();
    assert!(control.truth().events.is_empty());
    stripe.advance(60);
    stripe.with_world(|w| w.pay(&session).unwrap());
    let paid_at = stripe.now();
    stripe.advance(602);
    assert_eq!(control.truth().events_of(WHO, &STARTED).len(), 1, "started is told before success");
    assert!(control.truth().events_of(WHO, &SUCCESS).is_empty());
    stripe.advance(1);
    let truth = control.truth();
    let (started, success) = (truth.events_of(WHO, &STARTED), truth.events_of(WHO, &SUCCESS));
    assert_eq!((started[0].time, success[0].time), (opened_at, paid_at));
    assert_eq!((success[0].metric.as_str(), success[0].value), ("Preorder Success", Some(149.0)));
    assert_eq!(success[0].properties["preorder_id"], "po_1");
    assert_eq!((success[0].by, truth.mails_to(WHO).len()), (SentBy::Shop, 2));
}

#[tokio::test]
async fn a_recovered_checkout_starts_nothing_and_a_debit_is_paid_when_it_arrives() {
    let post = beside(ShopSender { spelling: Spelling::Branded, ..ShopSender::default() }).await;
    let (stripe, control) = (post.stripe(), post.control());
    let session = stripe.with_world(order);
    stripe.advance(90_000);
    let back = stripe.with_world(|w| w.recover(&session).unwrap());
    stripe.with_world(|w| w.pay_async(&back).unwrap());
    stripe.advance(86_400);
    let truth = control.truth();
    assert_eq!((truth.events_of(WHO, &STARTED).len(), truth.events_of(WHO, &SUCCESS).len()), (1, 0));
    assert_eq!(truth.events[0].metric, "Rolitt Preorder Started");
    stripe.with_world(|w| w.settle_async(&back).unwrap());
    stripe.advance(86_400);
    assert_eq!(control.truth().events_of(WHO, &SUCCESS).len(), 1);
}

#[tokio::test]
async fn the_shop_forgets_doubles_and_miswrites_as_told() {
    let shop = ShopSender {
        spelling: Spelling::Mixed,
        share: 0.7,
        late_s: (1, 7_200),
        twice_share: 0.2,
        wrong_value_share: 0.2,
    };
    let history = ShopPlan::History { orders: 400, days: 20, faults: 0.0 };
    let sandbox = || Config { seed: 5, shop: history, ..Config::default() };
    let config = || KlaviyoConfig { shop: Some(shop.clone()), ..KlaviyoConfig::default() };
    let post = Post::beside(sandbox(), config()).await;
    let (truth, ledger) = (post.control().truth(), post.stripe().ledger());
    let paid: BTreeSet<String> =
        ledger.orders.iter().filter(|o| o.paid).filter_map(|o| o.email.clone()).collect();
    let told: BTreeSet<String> = truth
        .events
        .iter()
        .filter(|e| SUCCESS.contains(&e.metric.as_str()))
        .map(|e| e.email.clone())
        .collect();
    assert!(told.is_subset(&paid), "nobody is told paid who is not");
    let share = told.len() as f64 / paid.len() as f64;
    assert!((0.6..0.8).contains(&share), "{share}");
    let doubled = told.iter().filter(|email| truth.events_of(email, &SUCCESS).len() > 1).count() as f64;
    assert!((0.1..0.3).contains(&(doubled / told.len() as f64)), "{doubled} of {}", told.len());
    let spellings: BTreeSet<&str> = truth.events.iter().map(|e| e.metric.as_str()).collect();
    assert_eq!(spellings.len(), 4);
    let wrong = truth.events.iter().filter(|e| e.value.is_some_and(|value| value >= 1_000.0)).count();
    assert!(wrong > 20, "{wrong}");
    assert!(truth.events.iter().all(|e| e.processed_at >= e.received_at && e.received_at > e.time));
    let again = Post::beside(sandbox(), config()).await;
    assert_eq!(again.control().truth(), truth, "the same seed sends the same");
}

#[tokio::test]
async fn the_shop_can_be_made_to_send_by_hand() {
    let post = Post::open(KlaviyoConfig::default()).await;
    post.control().shop_sends("Preorder Success", WHO, post.stripe().now() - 500);
    post.stripe().advance(3);
    let truth = post.control().truth();
    assert_eq!((truth.events.len(), truth.events[0].by), (1, SentBy::Shop));
}

#[tokio::test]
async fn the_hand_reaches_in_over_http_too() {
    let post = Post::open(KlaviyoConfig::default()).await;
    let sent = json!({"metric": "Preorder Success", "email": WHO, "time": post.stripe().now() - 500});
    assert_eq!(post.post("/_sandbox/shop_sends", &sent).await.status, 204);
    let said = json!({"email": WHO, "consent": "unsubscribed"});
    assert_eq!(post.post("/_sandbox/consents", &said).await.status, 204);
    assert_eq!(post.post("/_sandbox/lose_next", &json!({"events": 1})).await.status, 204);
    post.tell(WHO, "Preorder Success", json!({})).await;
    post.stripe().advance(3);
    let truth = post.get("/_sandbox/truth").await.json();
    assert_eq!(
        (truth["events"].as_array().map(Vec::len), &truth["events"][0]["by"]),
        (Some(1), &json!("shop"))
    );
    assert_eq!(truth["lost"][0]["email"], WHO);
    assert_eq!(truth["mails"][0]["sent"], false, "nobody who said no is mailed: {}", truth["mails"]);
    let requests = post.get("/_sandbox/requests").await.json();
    assert_eq!(requests["requests"].as_array().map(Vec::len), Some(1), "the hand itself is no request");
    assert_eq!(post.send("DELETE", "/_sandbox/requests", &json!(null)).await.unwrap().status, 204);
    assert!(post.control().requests().is_empty());
}
