use crate::client::Shop;
use foredeck_sandbox::world::{CheckoutSpec, Kind};
use foredeck_sandbox::{ClockMode, Config, ShopPlan};

async fn busy() -> Shop {
    let shop = ShopPlan::History { orders: 60, days: 5, faults: 0.3 };
    Shop::open(Config { shop, clock: ClockMode::Virtual { start: 1_790_000_000 }, ..Config::default() }).await
}

#[tokio::test]
async fn pages_both_ways_give_the_same_whole() {
    let shop = busy().await;
    for path in ["/v1/checkout/sessions", "/v1/charges", "/v1/events"] {
        let mut down = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = shop.get(&format!("{path}?limit=7{cursor}")).await;
            down.extend(page.ids());
            if page.json()["has_more"] == false {
                break;
            }
            cursor = format!("&starting_after={}", down.last().unwrap());
        }
        let mut up = vec![down.last().unwrap().clone()];
        loop {
            let page = shop.get(&format!("{path}?limit=9&ending_before={}", up.last().unwrap())).await;
            let ids = page.ids();
            up.extend(ids.into_iter().rev());
            if page.json()["has_more"] == false {
                break;
            }
        }
        up.reverse();
        assert_eq!(down, up, "{path}");
        assert!(down.len() > 50, "{path} has only {}", down.len());
    }
}

#[tokio::test]
async fn lists_are_newest_first_and_created_bounds_hold() {
    let shop = busy().await;
    let all = shop.get("/v1/checkout/sessions?limit=100").await.json();
    let created: Vec<i64> =
        all["data"].as_array().unwrap().iter().map(|s| s["created"].as_i64().unwrap()).collect();
    assert!(created.is_sorted_by(|a, b| a >= b));
    let (middle, oldest) = (created[created.len() / 2], created[created.len() - 1]);
    for (bound, expected) in [
        (format!("created[gte]={middle}"), created.iter().filter(|c| **c >= middle).count()),
        (format!("created[gt]={middle}"), created.iter().filter(|c| **c > middle).count()),
        (
            format!("created[lt]={middle}&created[gte]={oldest}"),
            created.iter().filter(|c| **c < middle).count(),
        ),
        (format!("created[lte]={middle}"), created.iter().filter(|c| **c <= middle).count()),
        (format!("created={middle}"), created.iter().filter(|c| **c == middle).count()),
    ] {
        let found = shop.get(&format!("/v1/checkout/sessions?limit=100&{bound}")).await.ids().len();
        assert_eq!(found, expected, "{bound}");
    }
}

#[tokio::test]
async fn bad_paging_is_refused_in_stripes_words() {
    let shop = Shop::empty().await;
    let refused = shop.get("/v1/events?limit=101").await;
    assert_eq!((refused.status, refused.error()["param"].as_str()), (400, Some("limit")));
    let refused = shop.get("/v1/charges?starting_after=ch_1&ending_before=ch_2").await;
    assert_eq!(refused.error()["code"], "parameters_exclusive");
    let refused = shop.get("/v1/charges?starting_after=ch_none").await;
    assert_eq!(refused.error()["message"], "No such charge: 'ch_none'");
    let refused = shop.get("/v1/charges?colour=red").await;
    assert_eq!(refused.error()["code"], "parameter_unknown");
    assert_eq!(shop.get("/v1/nothing").await.status, 404);
}

#[tokio::test]
async fn session_filters_and_expansion_work() {
    let shop = Shop::empty().await;
    let (open, paid) = shop.control().with_world(|w| {
        let spec = |email: &str| CheckoutSpec { email: Some(email.to_owned()), ..CheckoutSpec::default() };
        let open = w.open_checkout(spec("a@example.com")).unwrap();
        let paid = w.open_checkout(spec("b@example.com")).unwrap();
        w.pay(&paid).unwrap();
        (open, paid)
    });
    assert_eq!(shop.get("/v1/checkout/sessions?status=open").await.ids(), [open.as_str()]);
    assert_eq!(shop.get("/v1/checkout/sessions?status=complete").await.ids(), [paid.as_str()]);
    assert_eq!(
        shop.get("/v1/checkout/sessions?customer_details[email]=b@example.com").await.ids(),
        [paid.as_str()]
    );
    let intent = shop.control().with_world(|w| w.objects(Kind::Intent)[0]["id"].as_str().unwrap().to_owned());
    assert_eq!(
        shop.get(&format!("/v1/checkout/sessions?payment_intent={intent}")).await.ids(),
        [paid.as_str()]
    );
    let listed = shop.get("/v1/checkout/sessions?expand[]=data.line_items").await.json();
    assert_eq!(listed["data"][0]["line_items"]["data"][0]["amount_total"], 14_900);
    let plain = shop.get("/v1/checkout/sessions").await.json();
    assert!(plain["data"][0].get("line_items").is_none());
    let expanded =
        shop.get(&format!("/v1/checkout/sessions/{paid}?expand[]=payment_intent.latest_charge")).await.json();
    assert_eq!(expanded["payment_intent"]["latest_charge"]["object"], "charge");
    let items = shop.get(&format!("/v1/checkout/sessions/{open}/line_items")).await.json();
    assert_eq!(items["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn answers_carry_stripes_headers_and_the_worlds_date() {
    let shop = Shop::empty().await;
    let reply =
        shop.send("GET", "/v1/account", "", &[("Stripe-Version", "2025-01-27.acacia")]).await.unwrap();
    assert_eq!(reply.header("date"), Some("Mon, 21 Sep 2026 14:13:20 GMT"));
    assert_eq!(reply.header("stripe-version"), Some("2025-01-27.acacia"));
    assert!(reply.header("request-id").unwrap().starts_with("req_"));
    assert_eq!(reply.headers.iter().filter(|(name, _)| name == "date").count(), 1);
    shop.control().advance(86_400);
    assert_eq!(shop.get("/v1/account").await.header("date"), Some("Tue, 22 Sep 2026 14:13:20 GMT"));
}
