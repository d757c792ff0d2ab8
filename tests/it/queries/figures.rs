//! Funnel, overview and health: figures from roll-ups and counters.

use chrono_tz::Tz;
use foredeck_engine::db::{DbError, params};
use foredeck_engine::domain::kind::Kind;
use foredeck_engine::domain::status::PreorderStatus;
use foredeck_engine::facts::delivery::upsert_pending;
use foredeck_engine::facts::state::{Level, append_log, set_state};
use foredeck_engine::queries::funnel::{Funnel, FunnelArgs, FunnelBy, FunnelCounts, funnel};
use foredeck_engine::queries::health::{Gap, KindSync, SyncFacts, health};
use foredeck_engine::queries::overview::overview;
use serde_json::json;

use crate::it::shop::{DAY, NOON, Shop, charge, event, intent, session};

/// Two paid orders today, one opened yesterday, one unpaid a week ago, one refunded ten days ago.
fn small_shop() -> Shop {
    let shop = Shop::open();
    let red = |id: &str| json!({"preorderId": id, "color": "red"});
    let blue = |id: &str| json!({"preorderId": id, "color": "blue"});
    let paid = json!({"status": "complete", "payment_status": "paid"});
    let mut sessions = vec![
        session("cs_1", NOON, json!({"metadata": red("pre_1")})),
        session("cs_2", NOON + 60, json!({"metadata": blue("pre_2")})),
        session("cs_5", NOON - 10 * DAY, json!({"metadata": red("pre_5"), "payment_intent": "pi_5"})),
    ];
    sessions = sessions.into_iter().map(|session| crate::it::shop::with(session, paid.clone())).collect();
    sessions.push(session("cs_3", NOON - DAY, json!({"metadata": red("pre_3")})));
    sessions.push(session("cs_4", NOON - 7 * DAY, json!({"status": "expired"})));
    shop.list(Kind::Session, NOON + 120, &sessions);
    let back = json!({"amount_refunded": 9_900, "payment_intent": "pi_5"});
    shop.list(Kind::Charge, NOON + 120, &[charge("ch_5", NOON - 10 * DAY, back)]);
    shop
}

fn read(shop: &Shop, args: &FunnelArgs) -> Funnel {
    shop.read(|connection| funnel(connection, args, Tz::UTC, NOON))
}

fn counts(started: i64, opened: i64, attempted: i64, paid: i64, kept: i64) -> FunnelCounts {
    FunnelCounts { started, checkout_opened: opened, payment_attempted: attempted, paid, kept }
}

#[test]
fn a_funnel_by_day_has_every_day_and_sums_up() {
    let found = read(&small_shop(), &FunnelArgs::default());
    assert_eq!((found.from.as_str(), found.to.as_str(), found.rows.len()), ("2026-01-31", "2026-03-01", 30));
    assert_eq!(found.rows[29].key.as_deref(), Some("2026-03-01"));
    assert_eq!(found.rows[29].counts, counts(2, 2, 2, 2, 2));
    assert_eq!(found.rows[28].counts, counts(1, 1, 0, 0, 0));
    assert_eq!(found.rows[19].counts, counts(1, 1, 1, 1, 0), "refunded in whole");
    assert_eq!(found.rows[0].counts, FunnelCounts::default());
    assert_eq!(found.total, counts(5, 5, 3, 3, 2));
}

#[test]
fn a_funnel_by_colour_has_most_started_first_and_null_for_unknown() {
    let found = read(&small_shop(), &FunnelArgs { by: FunnelBy::Color, ..FunnelArgs::default() });
    let rows: Vec<(Option<&str>, i64)> =
        found.rows.iter().map(|row| (row.key.as_deref(), row.counts.started)).collect();
    assert_eq!(rows, [(Some("red"), 3), (None, 1), (Some("blue"), 1)]);
    assert_eq!(found.total.started, 5);
}

#[test]
fn spans_that_make_no_sense_are_refused_in_words() {
    let shop = small_shop();
    for (from, to, word) in [
        ("2026-02-30", "2026-03-01", "from"),
        ("2026-03-02", "2026-03-01", "swap"),
        ("2000-01-01", "2026-03-01", "3700"),
        ("x; DROP TABLE rollup", "2026-03-01", "from"),
    ] {
        let args = FunnelArgs { from: Some(from.into()), to: Some(to.into()), ..FunnelArgs::default() };
        match shop.db.read_now(|connection| funnel(connection, &args, Tz::UTC, NOON)) {
            Err(DbError::Invalid(message)) => assert!(message.contains(word), "{message}"),
            other => panic!("{from}: {other:?}"),
        }
    }
    let ten_years =
        FunnelArgs { from: Some("2016-03-01".into()), to: Some("2026-03-01".into()), ..Default::default() };
    assert_eq!(read(&shop, &ten_years).rows.len(), 3_653);
}

#[test]
fn the_overview_tells_days_money_and_what_needs_a_person() {
    let shop = small_shop();
    let gap = Gap { from: 0, to: 9, reason: "not_listed_yet".into() };
    let sync = SyncFacts {
        kinds: vec![KindSync {
            kind: "charge".into(),
            gaps: vec![gap],
            missing_permission: Some("rak_charge_read".into()),
            ..KindSync::default()
        }],
        clock_skew_s: Some(-301),
        ..SyncFacts::default()
    };
    let dispute = json!({"id": "dp_1", "object": "dispute", "created": NOON, "status": "needs_response", "charge": "ch_x",
        "amount": 5, "currency": "eur"});
    shop.list(Kind::Dispute, NOON + 130, &[dispute]);
    shop.write(|transaction| upsert_pending(transaction, "evt_late", NOON - 3_600, 1, NOON));
    let found = shop.read(|connection| overview(connection, Tz::UTC, NOON, &sync));
    assert_eq!(found.today.funnel, counts(2, 2, 2, 2, 2));
    assert_eq!(found.yesterday.funnel, counts(1, 1, 0, 0, 0));
    assert_eq!(found.last_7_days.funnel.started, 3);
    assert_eq!(found.previous_7_days.funnel.started, 2);
    let money = &found.today.revenue[0];
    assert_eq!(
        (money.currency.as_str(), money.paid_minor, money.refunded_minor, money.orders),
        ("eur", 19_800, 0, 2)
    );
    assert_eq!(found.previous_7_days.revenue[0].refunded_minor, 9_900);
    let statuses: Vec<_> = found.by_status.iter().map(|row| (row.status, row.count)).collect();
    use PreorderStatus::{Completed, Expired, Processing, Refunded};
    assert_eq!(statuses, [(Refunded, 1), (Completed, 2), (Processing, 1), (Expired, 1)]);
    let attention: Vec<(&str, i64)> =
        found.attention.iter().map(|row| (row.kind.as_str(), row.count)).collect();
    assert_eq!(
        attention,
        [
            ("clock_skew", 301),
            ("missing_permissions", 1),
            ("gaps", 1),
            ("stuck_warning", 1),
            ("open_disputes", 1),
            ("undelivered_events", 1)
        ]
    );
    assert_eq!(found.latest[0].id, "pre_2");
}

#[test]
fn an_overview_of_a_quiet_shop_asks_for_nothing() {
    let shop = Shop::open();
    let found = shop.read(|connection| overview(connection, Tz::UTC, NOON, &SyncFacts::default()));
    assert!(found.attention.is_empty() && found.latest.is_empty() && found.by_status.is_empty());
}

#[test]
fn health_counts_kinds_and_names_what_is_missing() {
    let shop = small_shop();
    shop.list(Kind::Intent, NOON, &[intent("pi_5", NOON - 10 * DAY, json!({}))]);
    let completed = session(
        "cs_1",
        NOON,
        json!({"status": "complete", "payment_status": "paid", "metadata": {"preorderId": "pre_1"}}),
    );
    shop.events(&[
        event("evt_1", "checkout.session.completed", NOON + 70, &completed),
        event("evt_2", "invoice.paid", NOON + 71, &json!({"id": "in_1", "object": "invoice"})),
        event("evt_3", "invoice.paid", NOON + 71, &json!({"id": "in_2", "object": "invoice"})),
        event("evt_4", "charge.failed", NOON + 72, &json!({"object": "charge"})),
    ]);
    shop.write(|transaction| {
        upsert_pending(transaction, "evt_1", NOON + 70, 2, NOON + 80)?;
        upsert_pending(transaction, "evt_4", NOON + 3_000, 1, NOON + 3_100)?;
        transaction
            .execute("UPDATE stripe_delivery SET pending = ?1 WHERE event_id = 'evt_4'", params![3])?;
        set_state(transaction, "reach:24h", &NOON)?;
        set_state(transaction, "recount_found:24h", &7)?;
        set_state(transaction, "skippedless", &5)?;
        append_log(transaction, NOON, Level::Error, "OFFLINE", "Stripe cannot be reached", None)?;
        append_log(transaction, NOON + 1, Level::Notice, "recount_found", "7 events", None)
    });
    let sync = SyncFacts {
        kinds: vec![KindSync { kind: "event".into(), complete_up_to: Some(NOON), ..KindSync::default() }],
        watermark: Some(NOON - 60),
        ..SyncFacts::default()
    };
    let found = shop.read(|connection| health(connection, NOON + 70 + 15 * 60, &sync));
    let kinds: Vec<(&str, i64)> = found.kinds.iter().map(|row| (row.kind.as_str(), row.count)).collect();
    assert_eq!(
        kinds[..5],
        [("event", 4), ("checkout.session", 5), ("payment_intent", 1), ("charge", 1), ("refund", 0)]
    );
    assert_eq!(kinds.len(), 9);
    assert_eq!(found.kinds[0].complete_up_to, Some(NOON));
    let recounts: Vec<(&str, Option<i64>, i64)> =
        found.recounts.iter().map(|row| (row.reach.as_str(), row.last_at, row.found)).collect();
    assert_eq!(recounts, [("10m", None, 0), ("24h", Some(NOON), 7), ("30d", None, 0)]);
    let named = |rows: &[foredeck_engine::queries::health::NamedCount]| {
        rows.iter().map(|row| format!("{} {}", row.name, row.count)).collect::<Vec<_>>()
    };
    assert_eq!(named(&found.skipped_types), ["invoice.paid 2"]);
    assert_eq!(named(&found.unreadable), ["no_id 1"]);
    assert_eq!((found.undelivered_total, found.undelivered.len()), (1, 1), "the other is young");
    let late = &found.undelivered[0];
    assert_eq!(
        (late.event_type.as_str(), late.preorder_id.as_deref()),
        ("checkout.session.completed", Some("pre_1"))
    );
    assert_eq!((found.errors[0].code.as_str(), found.notices[0].detail.as_str()), ("OFFLINE", "7 events"));
    assert_eq!((found.unfolded, found.event_conflicts), (0, 0));
    assert!(found.file_bytes > 100_000, "{}", found.file_bytes);
}

#[test]
fn nodes_are_counted_once_however_often_they_are_seen() {
    let shop = small_shop();
    for _ in 0..3 {
        shop.list(
            Kind::Session,
            NOON + 200,
            &[session("cs_1", NOON, json!({"metadata": {"color": "green"}}))],
        );
    }
    let (counted, real): (i64, i64) = shop.read(|connection| {
        let count = |sql: &str| connection.query_row(sql, [], |row| row.get(0));
        Ok((count("SELECT sum(count) FROM kind_count")?, count("SELECT count(*) FROM node")?))
    });
    assert_eq!(counted, real);
}

#[test]
fn facets_stay_the_counts_of_orders_as_they_change() {
    let shop = small_shop();
    shop.list(
        Kind::Session,
        NOON + 300,
        &[session("cs_3", NOON - DAY, json!({"status": "expired", "metadata": {"color": "green"}}))],
    );
    let (wrong, facets): (i64, i64) = shop.read(|connection| {
        let wrong = connection.query_row(
            "SELECT count(*) FROM (
               SELECT facet, status, reached, color, locale, goods, count(*) AS n FROM preorder GROUP BY 1, 2, 3, 4, 5, 6
             ) p FULL JOIN facet f ON f.key = p.facet
             WHERE (p.n, p.status, p.reached, p.goods) IS NOT (f.count, f.status, f.reached, f.goods)
                OR (p.color, p.locale) IS NOT (f.color, f.locale)",
            [],
            |row| row.get(0),
        )?;
        Ok((wrong, connection.query_row("SELECT count(*) FROM facet", [], |row| row.get(0))?))
    });
    assert_eq!(wrong, 0);
    assert!(facets >= 4, "{facets}");
}
