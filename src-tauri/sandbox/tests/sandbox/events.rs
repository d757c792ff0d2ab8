use crate::client::Shop;
use foredeck_sandbox::World;
use foredeck_sandbox::world::{CheckoutSpec, Health, Lateness, Portion, RefundState, VersionMix};

fn types(world: &World) -> Vec<String> {
    world.events().iter().map(|e| e.type_.clone()).collect()
}

#[test]
fn opening_a_checkout_says_nothing_and_paying_says_all_in_one_second() {
    let mut world = World::new(1, 1_790_000_000);
    let session = world.open_checkout(CheckoutSpec::default()).unwrap();
    assert!(world.events().is_empty());
    assert!(world.object(&session).unwrap()["payment_intent"].is_null());
    world.advance_to(1_790_000_100);
    world.pay(&session).unwrap();
    assert_eq!(
        types(&world),
        [
            "customer.created",
            "payment_intent.created",
            "charge.succeeded",
            "payment_intent.succeeded",
            "checkout.session.completed"
        ]
    );
    assert!(world.events().iter().all(|e| e.created == 1_790_000_100));
    let created = world.events()[1].json();
    assert_eq!(created["data"]["object"]["status"], "requires_payment_method", "a snapshot stays as it was");
    world.advance_to(1_790_000_200);
    let booked = world.events().last().unwrap().json();
    assert_eq!(booked["type"], "charge.updated");
    assert_eq!(booked["data"]["previous_attributes"], serde_json::json!({"balance_transaction": null}));
}

#[test]
fn an_open_session_expires_at_its_time_with_its_intent() {
    let mut world = World::new(1, 1_790_000_000);
    let spec = CheckoutSpec { recovery: true, ..CheckoutSpec::default() };
    let session = world.open_checkout(spec).unwrap();
    world.decline(&session, "insufficient_funds").unwrap();
    world.advance_to(1_790_000_000 + 86_399);
    assert_eq!(world.object(&session).unwrap()["status"], "open");
    world.advance_to(1_790_000_000 + 90_000);
    let expired = world.object(&session).unwrap();
    assert_eq!(expired["status"], "expired");
    assert!(expired["after_expiration"]["recovery"]["url"].is_string());
    let last_two = &types(&world)[world.events().len() - 2..];
    assert_eq!(last_two, ["payment_intent.canceled", "checkout.session.expired"]);
    assert_eq!(world.events().last().unwrap().created, 1_790_000_000 + 86_400);
    let copy = world.recover(&session).unwrap();
    assert_eq!(world.object(&copy).unwrap()["recovered_from"], session.as_str());
}

#[test]
fn without_recovery_there_is_no_link() {
    let mut world = World::new(1, 0);
    let session = world.open_checkout(CheckoutSpec::default()).unwrap();
    world.expire(&session).unwrap();
    assert!(world.object(&session).unwrap()["after_expiration"].is_null());
    assert!(world.recover(&session).is_err());
}

#[test]
fn a_failed_refund_gives_the_charge_its_amount_back() {
    let mut world = World::new(1, 0);
    let session = world.open_checkout(CheckoutSpec::default()).unwrap();
    let charge = world.pay(&session).unwrap();
    let refund = world.refund(&charge, Portion::All, RefundState::Pending).unwrap();
    assert_eq!(world.object(&charge).unwrap()["refunded"], true);
    world.fail_refund(&refund).unwrap();
    assert_eq!(world.object(&charge).unwrap()["amount_refunded"], 0);
    let told = types(&world);
    assert_eq!(
        &told[told.len() - 5..],
        ["refund.created", "charge.refunded", "refund.updated", "charge.refund.updated", "refund.failed"]
    );
}

#[test]
fn metadata_is_loud_only_where_stripe_is_loud() {
    let mut world = World::new(1, 0);
    let session = world.open_checkout(CheckoutSpec::default()).unwrap();
    let charge = world.pay(&session).unwrap();
    let intent = world.object(&session).unwrap()["payment_intent"].as_str().unwrap().to_owned();
    let before = world.events().len();
    world.set_metadata(&session, "color", "ink", true).unwrap();
    world.set_metadata(&intent, "color", "ink", true).unwrap();
    assert_eq!(world.events().len(), before);
    world.set_metadata(&charge, "color", "ink", true).unwrap();
    let said = world.events().last().unwrap().json();
    assert_eq!(said["type"], "charge.updated");
    assert_eq!(said["data"]["previous_attributes"], serde_json::json!({"metadata": {"color": null}}));
    world.set_metadata(&charge, "color", "", false).unwrap();
    assert_eq!(world.events().len(), before + 1);
    assert!(world.set_metadata(&charge, "k", &"x".repeat(501), true).is_err());
}

#[test]
fn old_versions_keep_their_shapes() {
    let mut world = World::new(1, 0);
    world.set_versions(VersionMix::of(&[("2016-07-06", 1)]));
    let session = world.open_checkout(CheckoutSpec::default()).unwrap();
    world.pay(&session).unwrap();
    let find =
        |world: &World, type_: &str| world.events().iter().rev().find(|e| e.type_ == type_).unwrap().json();
    let completed = find(&world, "checkout.session.completed");
    assert!(completed["data"]["object"].get("payment_status").is_none());
    assert!(completed["data"]["object"]["display_items"].is_array());
    let charge = find(&world, "charge.succeeded");
    assert!(charge["request"].is_string());
    assert!(charge["data"]["object"]["refunds"]["data"].is_array());
    world.set_versions(VersionMix::of(&[("none", 1)]));
    let other = world.open_checkout(CheckoutSpec::default()).unwrap();
    world.pay(&other).unwrap();
    assert!(find(&world, "checkout.session.completed").get("api_version").is_none());
    world.set_versions(VersionMix::of(&[("2026-09-30.endive+expanded", 1)]));
    let third = world.open_checkout(CheckoutSpec::default()).unwrap();
    world.pay(&third).unwrap();
    assert!(find(&world, "checkout.session.completed")["data"]["object"]["payment_intent"].is_object());
}

#[tokio::test]
async fn late_events_appear_behind_younger_ones() {
    let shop = Shop::empty().await;
    let control = shop.control();
    control.with_world(|w| {
        w.new_customer(Some("first@example.com"), None);
        w.set_lateness(Lateness { share: 1.0, max_s: 600 });
        w.new_customer(Some("late@example.com"), None);
        w.set_lateness(Lateness::default());
    });
    control.advance(5);
    control.with_world(|w| w.new_customer(Some("last@example.com"), None));
    let seen = shop.get("/v1/events").await.ids();
    assert_eq!(seen.len(), 2);
    control.advance(600);
    let later = shop.get("/v1/events").await.ids();
    assert_eq!(later.len(), 3);
    assert_eq!((&later[0], &later[2]), (&seen[0], &seen[1]), "the late one shows up in between");
}

#[tokio::test]
async fn events_age_out_and_their_cursors_are_refused() {
    let shop = Shop::empty().await;
    let control = shop.control();
    control.with_world(|w| w.new_customer(Some("old@example.com"), None));
    let old = shop.get("/v1/events").await.ids().remove(0);
    control.advance(31 * 86_400);
    assert!(shop.get("/v1/events").await.ids().is_empty());
    let refused = shop.get(&format!("/v1/events?starting_after={old}")).await;
    assert_eq!(refused.status, 400);
    let message = refused.error()["message"].as_str().unwrap().to_owned();
    assert!(
        message.ends_with("is no longer available because it's aged out of our retention policy."),
        "{message}"
    );
    assert_eq!(
        shop.get(&format!("/v1/events/{old}")).await.error()["message"],
        format!("No such event: '{old}'")
    );
    assert_eq!(control.with_world(|w| w.events().len()), 1, "the world itself forgets nothing");
}

#[tokio::test]
async fn types_filter_with_wildcard_and_limit() {
    let shop = Shop::empty().await;
    shop.control().with_world(|w| {
        let session = w.open_checkout(CheckoutSpec::default()).unwrap();
        w.pay(&session).unwrap();
    });
    let of = async |query: &str| shop.get(&format!("/v1/events?{query}")).await;
    assert_eq!(of("type=payment_intent.*").await.ids().len(), 2);
    assert_eq!(of("types[]=charge.succeeded&types[]=customer.created").await.ids().len(), 2);
    assert_eq!(of("types[0]=charge.succeeded").await.ids().len(), 1);
    assert_eq!(of("type=charge.*&types[]=charge.succeeded").await.status, 400);
    let many: String = (0..21).map(|n| format!("types[{n}]=charge.failed&")).collect();
    assert_eq!(of(&many).await.status, 400);
}

#[tokio::test]
async fn deliveries_count_down_fail_and_are_resent() {
    let shop = Shop::empty().await;
    let control = shop.control();
    let (good, bad) = control.with_world(|w| {
        let good = w.new_endpoint("https://a.example.com", &["*"]);
        let bad = w.new_endpoint("https://b.example.com", &["customer.created"]);
        w.set_endpoint_health(&bad, Health::Failing).unwrap();
        w.new_customer(Some("x@example.com"), None);
        (good, bad)
    });
    assert_ne!(good, bad);
    let pending =
        async || shop.get("/v1/events").await.json()["data"][0]["pending_webhooks"].as_i64().unwrap();
    assert_eq!(pending().await, 2);
    control.advance(10);
    assert_eq!(pending().await, 1);
    assert_eq!(shop.get("/v1/events?delivery_success=false").await.ids().len(), 1);
    assert_eq!(shop.get("/v1/events?delivery_success=true").await.ids().len(), 0);
    control.advance(10 * 86_400);
    assert_eq!(pending().await, 1, "given up is not delivered");
    control.with_world(|w| w.set_endpoint_health(&bad, Health::Healthy)).unwrap();
    let event = shop.get("/v1/events").await.ids().remove(0);
    let retried = shop.post(&format!("/v1/events/{event}/retry"), &format!("webhook_endpoint={bad}")).await;
    assert_eq!(retried.status, 200, "{}", retried.body);
    control.advance(5);
    assert_eq!(pending().await, 0);
    assert_eq!(shop.get("/v1/events?delivery_success=true").await.ids().len(), 1);
}
