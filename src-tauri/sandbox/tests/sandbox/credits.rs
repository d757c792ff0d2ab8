use crate::client::Shop;
use foredeck_sandbox::shop::credit_shop;
use foredeck_sandbox::world::{CheckoutSpec, CreditSpec, DisputeOutcome, Kind, Portion, RefundState};
use foredeck_sandbox::{Config, CreditStatus, Known, Sandbox, ShopPlan, World};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

fn pack(plan: &str, currency: &str, user: Option<&str>, email: &str) -> CreditSpec {
    CreditSpec {
        plan: plan.to_owned(),
        currency: currency.to_owned(),
        user_id: user.map(str::to_owned),
        email: Some(email.to_owned()),
        ..CreditSpec::default()
    }
}

#[tokio::test]
async fn packs_are_listed_with_metadata_and_lookup_keys() {
    let shop = Shop::empty().await;
    let found = shop.get("/v1/prices?lookup_keys[]=credits_pro_eur").await.json();
    let price = &found["data"][0];
    assert_eq!(found["data"].as_array().unwrap().len(), 1);
    assert_eq!(price["metadata"], serde_json::json!({"plan": "pro", "credits": "500"}));
    assert_eq!((price["unit_amount"].as_i64(), price["currency"].as_str()), (Some(3_900), Some("eur")));
    let product = shop.get(&format!("/v1/products/{}", price["product"].as_str().unwrap())).await.json();
    assert_eq!(product["name"], "Lanternfish render credits");
    let all = shop.get("/v1/prices?limit=100").await.json();
    let keys: BTreeSet<&str> =
        all["data"].as_array().unwrap().iter().filter_map(|p| p["lookup_key"].as_str()).collect();
    assert_eq!(keys.iter().filter(|key| key.starts_with("credits_")).count(), 12);
    assert!(keys.contains("preorder_eur") && keys.contains("credits_studio_kwd"));
    assert!(shop.get("/v1/events").await.ids().is_empty(), "they are older than events");
}

#[tokio::test]
async fn line_items_carry_the_packs_price_and_metadata() {
    let shop = Shop::empty().await;
    let session = shop.control().with_world(|w| {
        let spec = CreditSpec { quantity: 3, ..pack("pro", "jpy", Some("u_1"), "a@example.com") };
        w.open_credit_checkout(spec).unwrap()
    });
    let items = shop.get(&format!("/v1/checkout/sessions/{session}/line_items")).await.json();
    let item = &items["data"][0];
    assert_eq!((item["quantity"].as_i64(), item["amount_total"].as_i64()), (Some(3), Some(19_500)));
    assert_eq!(item["price"]["lookup_key"], "credits_pro_jpy");
    assert_eq!(item["price"]["metadata"]["credits"], "500");
    let session = shop.get(&format!("/v1/checkout/sessions/{session}")).await.json();
    assert_eq!(session["mode"], "payment");
    assert_eq!(
        session["metadata"],
        serde_json::json!({"userId": "u_1", "email": "a@example.com", "plan": "pro"})
    );
}

#[tokio::test]
async fn a_pack_sold_over_the_api_is_in_the_ledger_too() {
    let shop = Shop::empty().await;
    let price = shop.control().with_world(|w| w.credit_price("starter", "usd").unwrap().0.to_owned());
    let form = format!(
        "mode=payment&success_url=https://shop.example.com&line_items[0][price]={price}&line_items[0][quantity]=2&metadata[userId]=u_7&customer_email=b@example.com"
    );
    let made = shop.post("/v1/checkout/sessions", &form).await.json();
    let credits = shop.control().with_world(|w| {
        w.pay(made["id"].as_str().unwrap()).unwrap();
        w.credits(Known::Stripe)
    });
    assert_eq!(credits.balances, BTreeMap::from([("u_7".to_owned(), 200)]));
}

#[test]
fn a_free_pack_is_granted_without_a_payment() {
    let mut w = World::new(3, 1_790_000_000);
    let spec = CreditSpec { free: true, ..pack("pro", "eur", Some("u_1"), "a@example.com") };
    let session = w.open_credit_checkout(spec).unwrap();
    w.pay(&session).unwrap();
    let shown = w.object(&session).unwrap();
    assert_eq!(shown["payment_status"], "no_payment_required");
    assert_eq!((shown["amount_total"].as_i64(), shown["amount_subtotal"].as_i64()), (Some(0), Some(3_900)));
    assert_eq!(shown["total_details"]["amount_discount"], 3_900);
    let payment = &w.credits(Known::Stripe).payments[0];
    assert_eq!((payment.payment_id.as_str(), payment.intent_id.as_deref()), (session.as_str(), None));
    assert_eq!((payment.status, payment.granted, payment.clawed), (CreditStatus::Paid, 500, 0));
}

#[test]
fn refunds_and_lost_disputes_claw_back_and_nothing_else_does() {
    let mut w = World::new(3, 1_790_000_000);
    let paid = |w: &mut World, plan: &str, currency: &str| {
        let session = w.open_credit_checkout(pack(plan, currency, Some("u"), "a@example.com")).unwrap();
        let charge = w.pay(&session).unwrap();
        (w.object(&charge).unwrap()["payment_intent"].as_str().unwrap().to_owned(), charge)
    };
    let done = RefundState::Succeeded;
    let (third, c) = paid(&mut w, "starter", "kwd");
    w.refund(&c, Portion::Amount(1_000), done).unwrap();
    let (tiny, c) = paid(&mut w, "starter", "jpy");
    w.refund(&c, Portion::Amount(14), done).unwrap();
    let (failed, c) = paid(&mut w, "starter", "eur");
    let refund = w.refund(&c, Portion::All, done).unwrap();
    w.fail_refund(&refund).unwrap();
    let (pending, c) = paid(&mut w, "starter", "eur");
    w.refund(&c, Portion::All, RefundState::Pending).unwrap();
    let (won, c) = paid(&mut w, "pro", "eur");
    let dispute = w.dispute(&c, "fraudulent").unwrap();
    w.close_dispute(&dispute, DisputeOutcome::Won).unwrap();
    let (open, c) = paid(&mut w, "pro", "eur");
    w.dispute(&c, "fraudulent").unwrap();
    let (both, c) = paid(&mut w, "pro", "eur");
    w.refund(&c, Portion::Amount(1_900), done).unwrap();
    let dispute = w.dispute(&c, "fraudulent").unwrap();
    w.close_dispute(&dispute, DisputeOutcome::Lost).unwrap();
    let credits = w.ledger().credits;
    for (id, status, clawed) in [
        (third, CreditStatus::PartiallyRefunded, 33),
        (tiny, CreditStatus::PartiallyRefunded, 0),
        (failed, CreditStatus::Paid, 0),
        (pending, CreditStatus::Paid, 0),
        (won, CreditStatus::Paid, 0),
        (open, CreditStatus::Disputed, 0),
        (both, CreditStatus::Disputed, 500),
    ] {
        let payment = credits.payments.iter().find(|p| p.payment_id == id).unwrap();
        assert_eq!((payment.status, payment.clawed), (status, clawed), "{payment:?}");
    }
    assert_eq!(credits.balances["u"], 4 * 100 - 33 + 3 * 500 - 500);
}

#[test]
fn an_email_belongs_to_the_one_user_it_is_joined_to() {
    let mut w = World::new(3, 1_790_000_000);
    let buy = |w: &mut World, user: Option<&str>, email: &str| {
        let session = w.open_credit_checkout(pack("starter", "eur", user, email)).unwrap();
        w.pay(&session).unwrap();
    };
    buy(&mut w, None, "later@example.com");
    buy(&mut w, Some("u_later"), "later@example.com");
    buy(&mut w, None, "Listed@example.com");
    w.register_user("u_listed", "listed@example.com", "Lis Ted");
    buy(&mut w, None, "guest@example.com");
    buy(&mut w, Some("u_one"), "shared@example.com");
    buy(&mut w, Some("u_two"), "shared@example.com");
    buy(&mut w, None, "shared@example.com");
    buy(&mut w, None, "lamp@example.com");
    let preorder = CheckoutSpec {
        user_id: Some("u_lamp".to_owned()),
        email: Some("lamp@example.com".to_owned()),
        ..CheckoutSpec::default()
    };
    w.open_checkout(preorder).unwrap();
    let expected = |listed: &str| {
        let owners = [
            ("u_later", 200),
            (listed, 100),
            ("guest@example.com", 100),
            ("u_one", 100),
            ("u_two", 100),
            ("shared@example.com", 100),
            ("u_lamp", 100),
        ];
        owners.map(|(owner, credits)| (owner.to_owned(), credits)).into_iter().collect::<BTreeMap<_, _>>()
    };
    assert_eq!(w.credits(Known::Stripe).balances, expected("listed@example.com"));
    assert_eq!(w.credits(Known::StripeAndUsers).balances, expected("u_listed"));
}

#[test]
fn payments_that_may_still_come_are_pending_and_others_are_not_there() {
    let mut w = World::new(3, 1_790_000_000);
    let open =
        |w: &mut World| w.open_credit_checkout(pack("pro", "eur", Some("u"), "a@example.com")).unwrap();
    open(&mut w);
    let debit = open(&mut w);
    w.pay_async(&debit).unwrap();
    let bounced = open(&mut w);
    w.pay_async(&bounced).unwrap();
    w.fail_async(&bounced).unwrap();
    let gone = open(&mut w);
    w.decline(&gone, "lost_card").unwrap();
    w.expire(&gone).unwrap();
    let credits = w.credits(Known::Stripe);
    assert_eq!(credits.payments.len(), 1, "{credits:?}");
    assert_eq!((credits.payments[0].session_id.as_str(), credits.payments[0].granted), (debit.as_str(), 0));
    assert!(credits.balances.is_empty());
    w.settle_async(&debit).unwrap();
    assert_eq!(w.credits(Known::Stripe).balances["u"], 500);
}

#[test]
fn orders_for_credits_are_orders_of_their_own_and_say_the_plan() {
    let w = credit_shop(4, 60);
    let ledger = w.ledger();
    for order in &ledger.orders {
        assert!(order.plan.is_some() && order.preorder_id.is_none(), "{order:?}");
        assert_eq!(order.id, order.session_ids[0]);
    }
    let orders: BTreeSet<&String> = ledger.orders.iter().flat_map(|o| &o.session_ids).collect();
    assert!(ledger.credits.payments.iter().all(|p| orders.contains(&p.session_id)));
}

#[test]
fn a_credit_shop_has_every_kind_of_ending() {
    let w = credit_shop(9, 40);
    let payments = w.credits(Known::StripeAndUsers).payments;
    let all = [
        CreditStatus::Pending,
        CreditStatus::Paid,
        CreditStatus::PartiallyRefunded,
        CreditStatus::Refunded,
        CreditStatus::Disputed,
    ];
    for status in all {
        assert!(payments.iter().any(|p| p.status == status), "{status:?}");
    }
    for currency in ["jpy", "kwd"] {
        assert!(payments.iter().any(|p| p.currency == currency && p.clawed > 0), "{currency}");
    }
    assert!(payments.iter().any(|p| p.amount_minor == 0 && p.granted > 0));
    assert!(payments.iter().any(|p| p.refunded_minor > 0 && p.clawed == 0));
    assert!(payments.iter().any(|p| p.clawed == p.granted && p.lost_minor > 0 && p.refunded_minor > 0));
    assert!(payments.iter().any(|p| p.user_id.is_none() && p.owner.starts_with("u_")));
    assert!(payments.iter().any(|p| p.user_id.is_none() && p.owner.contains('@')));
    let same_minute = |a: &foredeck_sandbox::CreditPayment| {
        payments.iter().any(|b| {
            a.payment_id != b.payment_id
                && (&a.owner, &a.plan, &a.currency) == (&b.owner, &b.plan, &b.currency)
                && a.paid_at.zip(b.paid_at).is_some_and(|(a, b)| (a - b).abs() < 60)
        })
    };
    assert!(payments.iter().any(same_minute));
    let by_stripe = w.credits(Known::Stripe).payments;
    assert!(by_stripe.iter().zip(&payments).any(|(a, b)| a.owner != b.owner), "the users table tells more");
}

#[tokio::test]
async fn a_world_told_before_is_served() {
    let world = credit_shop(2, 10);
    let (ledger, now) = (world.ledger(), world.now());
    let sandbox = Sandbox::start_with(Config::default(), world).await.unwrap();
    assert!(sandbox.control().ledger() == ledger);
    assert_eq!(sandbox.control().now(), now);
    sandbox.control().advance(86_400);
    assert_eq!(sandbox.control().now(), now + 86_400);
}

async fn live(credits: bool, faults: f64) -> Shop {
    let shop = ShopPlan::Live { history_orders: 200, days: 10, per_minute: 1.0, faults };
    Shop::open(Config { shop, credits, ..Config::default() }).await
}

#[tokio::test]
async fn one_visitor_in_six_comes_for_credits_where_the_shop_sells_them() {
    let shop = live(true, 0.0).await;
    shop.control().advance(4 * 3_600);
    let orders = shop.control().ledger().orders;
    let credits = orders.iter().filter(|o| o.plan.is_some()).count() as f64 / orders.len() as f64;
    assert!((0.1..0.35).contains(&credits), "{credits}");
    let shop = live(false, 0.0).await;
    shop.control().advance(3_600);
    assert!(shop.control().ledger().orders.iter().all(|o| o.plan.is_none()));
}

#[tokio::test]
async fn two_endpoints_take_completed_checkouts_only_in_a_shop_with_faults() {
    for (faults, both) in [(0.0, false), (0.1, true)] {
        let shop = live(true, faults).await;
        let endpoints = shop.get("/v1/webhook_endpoints").await.json();
        let taking = |path: &str| {
            let all = endpoints["data"].as_array().unwrap();
            let one = all.iter().find(|e| e["url"].as_str().unwrap().ends_with(path)).unwrap();
            let events = one["enabled_events"].as_array().unwrap();
            one["status"] == "enabled" && events.iter().any(|e| e == "*" || e == "checkout.session.completed")
        };
        assert!(taking("/api/stripe/webhook"));
        assert_eq!(taking("/api/payment/webhook"), both);
    }
}

#[test]
fn the_ledger_agrees_with_what_is_served() {
    let w = credit_shop(13, 80);
    let (refunds, disputes) = (w.objects(Kind::Refund), w.objects(Kind::Dispute));
    let sum = |all: &[Value], intent: &str, status: &str| -> i64 {
        let of = all.iter().filter(|o| o["payment_intent"] == intent && o["status"] == status);
        of.map(|o| o["amount"].as_i64().unwrap()).sum()
    };
    let payments = w.credits(Known::Stripe).payments;
    let paid: BTreeSet<String> = payments
        .iter()
        .filter(|p| p.status != CreditStatus::Pending)
        .filter_map(|p| p.intent_id.clone())
        .collect();
    let served: BTreeSet<String> = w
        .objects(Kind::Intent)
        .iter()
        .filter(|i| i["status"] == "succeeded")
        .map(|i| i["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(paid, served);
    for p in payments.iter().filter(|p| p.granted > 0 && p.amount_minor > 0) {
        let taken = sum(&refunds, &p.payment_id, "succeeded") + sum(&disputes, &p.payment_id, "lost");
        assert_eq!(p.clawed, (p.granted * taken / p.amount_minor).min(p.granted), "{p:?}");
    }
}

#[tokio::test]
async fn stories_about_credits_are_told_over_http() {
    let shop = Shop::empty().await;
    let tell = |body: &'static str| shop.post("/_sandbox/story", body);
    tell(r#"{"op":"register_user","args":{"id":"u_9","email":"n@example.com","name":"Nine"}}"#).await;
    let made = tell(
        r#"{"op":"open_credit_checkout","args":{"plan":"studio","currency":"kwd","email":"n@example.com","plan_key":"planId"}}"#,
    )
    .await
    .json();
    let session = made["made"].as_str().unwrap().to_owned();
    let refused = tell(r#"{"op":"open_credit_checkout","args":{"plan":"gold"}}"#).await;
    assert_eq!(refused.status, 400);
    let credits = shop.control().with_world(|w| {
        w.pay(&session).unwrap();
        assert_eq!(w.object(&session).unwrap()["metadata"]["planId"], "studio");
        w.credits(Known::StripeAndUsers)
    });
    assert_eq!(credits.balances, BTreeMap::from([("u_9".to_owned(), 2_000)]));
    let ledger = shop.get("/_sandbox/ledger").await.json();
    assert_eq!(ledger["credits"]["payments"][0]["owner"], "n@example.com");
}
