//! What is missing at Klaviyo, or there twice, is found to the second, and nothing else is.

use std::collections::{BTreeMap, BTreeSet};

use foredeck_sandbox::KlaviyoConfig;
use serde_json::json;

use super::Post;
use super::events::{HOUR, NAMES};
use crate::it::actions::desk::spec;
use crate::it::shop::Dice;

const RULES: [&str; 3] = ["event_sent_twice", "started_event_missing", "success_event_missing"];
/// Seconds between two things that happen.
const APART: i64 = 90;

/// What becomes of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Told,
    OtherSpelling,
    /// A second before it would be called missing.
    AtLast,
    Twice,
    Never,
}

/// An event, when it happened, and what becomes of it.
struct Happened {
    order: String,
    email: String,
    kind: usize,
    at: i64,
    fate: Fate,
}

type Found = BTreeMap<String, BTreeSet<String>>;

impl Post {
    async fn found(&self) -> Found {
        let page = self.get("finding_page", json!({"limit": 500, "rules": RULES})).await;
        let mut found = Found::new();
        for row in page["rows"].as_array().unwrap() {
            let [rule, order] = ["rule", "order_id"].map(|name| row[name].as_str().unwrap().to_owned());
            assert!(found.entry(rule).or_default().insert(order), "twice: {row:#}");
        }
        found
    }

    fn shop_tells(&self, one: &Happened) {
        let name = NAMES[one.kind * 2 + usize::from(one.fate == Fate::OtherSpelling)];
        self.control.shop_sends(name, &one.email, one.at);
    }

    async fn until(&self, at: i64) {
        self.desk.advance(at - self.desk.clock_now());
        self.desk.sync().await;
    }
}

fn rule_of(one: &Happened) -> Option<&'static str> {
    match (one.fate, one.kind) {
        (Fate::Never, 0) => Some(RULES[1]),
        (Fate::Never, _) => Some(RULES[2]),
        (Fate::Twice, _) => Some(RULES[0]),
        _ => None,
    }
}

#[tokio::test]
async fn what_is_missing_or_there_twice_is_found_to_the_second_and_no_other() {
    let mut tally: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for seed in [3, 17, 40] {
        let mut dice = Dice::new(seed);
        let post = Post::open(KlaviyoConfig { visible_after_s: 0, ..KlaviyoConfig::default() }).await;
        let metric = post.control.metric_id("Placed Order", "shopify").unwrap();
        post.get("klaviyo_connect", post.with_key(json!({"metric_id": metric}))).await;
        // Somebody tells of orders at all: without that nothing is missing.
        post.control.shop_sends(NAMES[0], "first@example.com", post.desk.clock_now());
        post.control.shop_sends(NAMES[2], "first@example.com", post.desk.clock_now());
        let mut all = Vec::new();
        for number in 0..10 {
            let (order, email) = (format!("pre_{number:04}"), format!("p{number}@example.com"));
            let session =
                post.desk.world.with_world(|world| world.open_checkout(spec(&order, &email)).unwrap());
            for kind in 0..2 {
                if kind == 1 && dice.draw(3) == 0 {
                    continue;
                }
                let at = post.desk.clock_now();
                if kind == 1 {
                    post.desk.world.with_world(|world| world.pay(&session).unwrap());
                }
                let fates =
                    [Fate::Told, Fate::OtherSpelling, Fate::AtLast, Fate::Twice, Fate::Never, Fate::Never];
                let fate = *dice.pick(&fates);
                all.push(Happened { order: order.clone(), email: email.clone(), kind, at, fate });
                post.desk.advance(APART);
                post.desk.sync().await;
            }
        }
        for one in all.iter().filter(|one| !matches!(one.fate, Fate::AtLast | Fate::Never)) {
            post.shop_tells(one);
        }
        for one in all.iter().filter(|one| one.fate == Fate::Twice) {
            post.control.shop_sends(NAMES[one.kind * 2], &one.email, one.at + 7);
        }
        let mut expected = Found::new();
        for one in &all {
            post.until(one.at + HOUR - 1).await;
            if one.fate == Fate::AtLast {
                post.shop_tells(one);
            }
            let rule = rule_of(one);
            if let Some(rule) = rule.filter(|rule| *rule != RULES[0]) {
                let before = post.found().await;
                assert!(
                    !before.get(rule).is_some_and(|orders| orders.contains(&one.order)),
                    "a second early: {rule}"
                );
            }
            if let Some(rule) = rule {
                expected.entry(rule.to_owned()).or_default().insert(one.order.clone());
            }
            post.until(one.at + HOUR).await;
            let now = post.found().await;
            let missing = |found: &Found| -> Vec<_> {
                RULES[1..].iter().map(|rule| found.get(*rule).cloned()).collect()
            };
            assert_eq!(missing(&now), missing(&expected), "seed {seed}, {} {:?}", one.order, one.fate);
        }
        post.desk.advance(HOUR);
        post.desk.sync().await;
        let found = post.found().await;
        assert_eq!(found, expected, "seed {seed}");
        for rule in RULES {
            let (planted, seen) = tally.entry(rule).or_default();
            *planted += expected.get(rule).map_or(0, BTreeSet::len);
            *seen += found.get(rule).map_or(0, BTreeSet::len);
        }
    }
    eprintln!("{:<24} planted found", "rule");
    for (rule, (planted, found)) in tally {
        eprintln!("{rule:<24} {planted:>7} {found:>5}");
        assert!(planted > 0 && planted == found, "{rule}");
    }
}

#[tokio::test]
async fn what_is_waited_for_longer_than_a_day_is_looked_for_as_far_back_as_it_happened() {
    const TWO_DAYS: i64 = 2 * 24 * HOUR;
    let post = Post::open(KlaviyoConfig { visible_after_s: 0, ..KlaviyoConfig::default() }).await;
    let metric = post.control.metric_id("Placed Order", "shopify").unwrap();
    post.get("klaviyo_connect", post.with_key(json!({"metric_id": metric}))).await;
    let mut settings = post.get("settings_get", json!({})).await;
    settings["klaviyo"]["missing_after_min"] = (TWO_DAYS / 60).into();
    post.get("settings_set", settings).await;
    post.control.shop_sends(NAMES[0], "first@example.com", post.desk.clock_now());
    post.desk.sync().await;
    // Between two looks as far back as is checked, which are made each day.
    post.desk.advance(12 * HOUR);
    post.desk.sync().await;
    let at = post.desk.clock_now();
    for name in ["told", "never"] {
        let email = format!("{name}@example.com");
        post.desk
            .world
            .with_world(|world| world.open_checkout(spec(&format!("pre_{name}"), &email)).unwrap());
    }
    post.desk.sync().await;
    while post.desk.clock_now() < at + TWO_DAYS - HOUR {
        post.until(post.desk.clock_now() + HOUR).await;
    }
    post.until(at + TWO_DAYS - 900).await;
    assert_eq!(post.found().await, Found::new());
    post.control.shop_sends(NAMES[0], "told@example.com", at);
    post.until(at + TWO_DAYS).await;
    let never = BTreeSet::from(["pre_never".to_owned()]);
    assert_eq!(post.found().await, Found::from([(RULES[1].to_owned(), never)]));
}
