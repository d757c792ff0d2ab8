//! Leads: ordinary abandonment, and never what is a finding.

use chrono_tz::Tz;
use foredeck_engine::domain::kind::Kind;
use foredeck_engine::queries::leads::{LeadPage, LeadPageArgs, page, page_with};
use foredeck_engine::queries::plan::Thresholds;
use serde_json::json;

use super::{HOUR, open, paid, whole};
use crate::it::shop::{DAY, NOON, Shop, intent, session, with};

fn leads(shop: &Shop, args: LeadPageArgs, now: i64) -> LeadPage {
    let walked = Thresholds { few: 0, ..Thresholds::default() };
    shop.read(|connection| {
        let found = page(connection, &args, Tz::UTC, now)?;
        assert_eq!(found, page_with(connection, &args, Tz::UTC, now, &walked)?, "each way finds the same");
        Ok(found)
    })
}

fn ids(shop: &Shop, now: i64) -> Vec<String> {
    let found = leads(shop, LeadPageArgs::default(), now);
    assert_eq!(found.total, Some(found.rows.len() as i64));
    found.rows.into_iter().map(|row| row.order_id).collect()
}

fn shop() -> Shop {
    let shop = Shop::open();
    let recovery = json!({"status": "expired", "after_expiration": {"recovery": {"enabled": true, "url": "https://buy.example/r1"}}});
    let nameless = json!({"status": "expired", "metadata": {"preorderId": "pre_nobody"}, "expires_at": NOON});
    shop.list(
        Kind::Session,
        NOON,
        &[
            session("cs_1", NOON - DAY, with(whole("pre_expired", "ann@example.com"), recovery)),
            session(
                "cs_2",
                NOON,
                with(whole("pre_open", "bob@example.com"), json!({"url": "https://buy.example/o"})),
            ),
            session("cs_3", NOON - DAY, paid("pre_paid", "cat@example.com", "pi_3")),
            session("cs_4", NOON - DAY, nameless),
            session(
                "cs_5",
                NOON - 60,
                with(
                    whole("pre_failed", "dan@example.com"),
                    json!({"status": "expired", "payment_intent": "pi_5"}),
                ),
            ),
            session(
                "cs_6",
                NOON - 60,
                with(whole("pre_pressed", "eve@example.com"), json!({"payment_intent": "pi_6"})),
            ),
        ],
    );
    let declined = json!({"last_payment_error": {"code": "card_declined"}});
    shop.list(Kind::Intent, NOON, &[intent("pi_5", NOON, declined), intent("pi_6", NOON, json!({}))]);
    shop
}

#[test]
fn a_checkout_is_a_lead_once_it_expired_or_stood_open_for_an_hour() {
    let shop = shop();
    assert_eq!(ids(&shop, NOON + HOUR - 1), ["pre_expired"]);
    assert_eq!(ids(&shop, NOON + HOUR), ["pre_open", "pre_expired"], "the newest first");
    assert_eq!(
        ids(&shop, NOON + 30 * DAY),
        ["pre_open", "pre_failed", "pre_expired"],
        "its finding has closed"
    );
    assert!(!open(&shop, NOON + DAY).iter().any(|id| id.contains("pre_open") || id.contains("pre_expired")));
    let rows = leads(&shop, LeadPageArgs::default(), NOON + HOUR).rows;
    assert_eq!(rows[1].recovery_url.as_deref(), Some("https://buy.example/r1"));
    assert_eq!(
        (rows[0].url.as_deref(), rows[0].recovery_url.as_deref()),
        (Some("https://buy.example/o"), None)
    );
}

#[test]
fn leads_are_narrowed_by_colour_value_and_age() {
    let shop = shop();
    let found = |args: LeadPageArgs| leads(&shop, args, NOON + HOUR).rows.len();
    assert_eq!(found(LeadPageArgs { color: Some("moss".to_owned()), ..LeadPageArgs::default() }), 2);
    assert_eq!(found(LeadPageArgs { color: Some("ink".to_owned()), ..LeadPageArgs::default() }), 0);
    assert_eq!(found(LeadPageArgs { least_minor: Some(9_901), ..LeadPageArgs::default() }), 0);
    assert_eq!(
        found(LeadPageArgs { least_minor: Some(9_900), most_minor: Some(9_900), ..LeadPageArgs::default() }),
        2
    );
    assert_eq!(found(LeadPageArgs { to: Some("2026-02-28".to_owned()), ..LeadPageArgs::default() }), 1);
    let first = leads(&shop, LeadPageArgs { limit: Some(1), ..LeadPageArgs::default() }, NOON + HOUR);
    let args = LeadPageArgs { limit: Some(1), after: first.next, ..LeadPageArgs::default() };
    let second = leads(&shop, args, NOON + HOUR);
    assert_eq!((second.rows[0].order_id.as_str(), second.next), ("pre_expired", None));
}
