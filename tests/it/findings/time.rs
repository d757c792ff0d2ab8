//! What time alone does, page by page. That nothing is scanned for it is held where the queries are.

use foredeck_engine::domain::finding::{FindingState, Severity};
use foredeck_engine::domain::kind::Kind;
use foredeck_engine::queries::findings::FindingPageArgs;
use foredeck_engine::queries::findings::counts::counts;
use foredeck_engine::queries::findings::page::page;
use serde_json::{Value, json};

use super::{HOUR, all, open, whole};
use crate::it::shop::{DAY, NOON, Shop, intent, session, with};

/// A shop in which forty orders are stuck in four ways.
fn shop() -> Shop {
    let shop = Shop::open();
    let stuck: Vec<Value> = (0..40)
        .map(|n| {
            session(
                &format!("cs_{n:02}"),
                NOON - 60,
                with(
                    whole(&format!("pre_{n:02}"), &format!("buyer{n:02}@example.com")),
                    json!({"payment_intent": format!("pi_{n:02}")}),
                ),
            )
        })
        .collect();
    shop.list(Kind::Session, NOON, &stuck);
    let tried: Vec<Value> = (0..40)
        .map(|n| {
            let rest = match n % 4 {
                0 => json!({"status": "succeeded"}),
                1 => json!({"last_payment_error": {"code": "card_declined"}}),
                2 => json!({"status": "requires_action"}),
                _ => json!({}),
            };
            intent(&format!("pi_{n:02}"), NOON + n, rest)
        })
        .collect();
    shop.list(Kind::Intent, NOON, &tried);
    shop
}

#[test]
fn a_day_later_and_without_a_new_fact_the_right_findings_are_open() {
    let shop = shop();
    assert!(open(&shop, NOON).is_empty());
    let later = NOON + DAY;
    let expected =
        |rule: &str| all(&shop, FindingState::Open, later).iter().filter(|row| row.rule == rule).count();
    assert_eq!(
        [
            "paid_not_completed",
            "payment_failed",
            "requires_action_stale",
            "processing_too_long",
            "expires_after_attempt"
        ]
        .map(expected),
        [10, 10, 10, 10, 20]
    );
    assert_eq!(open(&shop, later).len(), 60);
}

#[test]
fn pages_follow_each_other_by_severity_and_then_by_what_waits_longest() {
    let shop = shop();
    let later = NOON + DAY;
    let whole: Vec<String> = all(&shop, FindingState::Open, later).into_iter().map(|row| row.id).collect();
    let (mut paged, mut after) = (Vec::new(), None);
    loop {
        let args = FindingPageArgs { limit: Some(7), after, ..FindingPageArgs::default() };
        let found = shop.read(|connection| page(connection, &args, later));
        assert_eq!(found.total, Some(60));
        paged.extend(found.rows.into_iter().map(|row| row.id));
        after = found.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(paged, whole);
    let rows = all(&shop, FindingState::Open, later);
    assert!(rows.is_sorted_by_key(|row| (row.severity, row.opens_at)));
    assert_eq!(rows[0].severity, Severity::Critical);
}

#[test]
fn findings_are_narrowed_by_rule_severity_order_and_search() {
    let shop = shop();
    let later = NOON + DAY;
    let ids = |args: FindingPageArgs| -> Vec<String> {
        let found =
            shop.read(|connection| page(connection, &FindingPageArgs { limit: Some(500), ..args }, later));
        assert!(found.total.is_none_or(|total| total == found.rows.len() as i64));
        found.rows.into_iter().map(|row| row.id).collect()
    };
    let named = |text: &str| FindingPageArgs { search: Some(text.to_owned()), ..FindingPageArgs::default() };
    let rules = FindingPageArgs { rules: vec!["payment_failed".to_owned()], ..FindingPageArgs::default() };
    assert_eq!(ids(rules).len(), 10);
    let severity = FindingPageArgs { severity: Some(Severity::Critical), ..FindingPageArgs::default() };
    assert_eq!(ids(severity).len(), 10);
    let of_order = |id: &str| FindingPageArgs { order: Some(id.to_owned()), ..FindingPageArgs::default() };
    let both = ["payment_failed:pre_01", "expires_after_attempt:pre_01"];
    for id in ["pre_01", "cs_01", "pi_01"] {
        assert_eq!(ids(of_order(id)), both, "{id}");
        assert_eq!(ids(named(id)), both, "{id}");
    }
    assert_eq!(ids(named("buyer01@")), both);
    assert_eq!(ids(named("uyer01")), both);
    assert_eq!(ids(named("payment_failed:pre_01")), ["payment_failed:pre_01"]);
    assert_eq!(ids(named("buyer")).len(), 60, "they all have it");
    assert!(ids(named("nobody@example.com")).is_empty());
    let unknown = FindingPageArgs { rules: vec!["paid_thrice".to_owned()], ..FindingPageArgs::default() };
    assert!(shop.db.read_now(|connection| page(connection, &unknown, later)).is_err());
    let counted = shop.read(|connection| counts(connection, later));
    assert_eq!((counted.total, counted.snoozed), (60, 0));
    assert_eq!(counted.severities.iter().map(|one| one.count).collect::<Vec<_>>(), [10, 50, 0]);
    assert_eq!(shop.read(|connection| counts(connection, NOON + HOUR - 1)).total, 10);
}
