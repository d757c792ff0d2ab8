//! Preorder pages: every sort with every filter, by every plan, against a sort in memory.

use std::cmp::Ordering;

use chrono_tz::Tz;
use foredeck_engine::db::DbError;
use foredeck_engine::domain::day::{format_day, start_of};
use foredeck_engine::domain::kind::Kind;
use foredeck_engine::domain::status::PreorderStatus;
use foredeck_engine::queries::plan::Thresholds;
use foredeck_engine::queries::preorders::{
    FunnelStep, PreorderPageArgs, PreorderRow, PreorderSort, page, page_with,
};
use serde_json::{Value, json};

use crate::it::shop::{DAY, Dice, NOON, Shop, charge, event, session};

const ZONE: Tz = Tz::Europe__Berlin;
const SORTS: [PreorderSort; 4] =
    [PreorderSort::Started, PreorderSort::Paid, PreorderSort::Amount, PreorderSort::Email];

/// A shop of orders of every status, with ties in every column, late payments, and unknown values.
fn busy_shop(orders: u64) -> Shop {
    let shop = Shop::open();
    let mut dice = Dice::new(7);
    let (mut sessions, mut charges, mut events) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..orders {
        let started = NOON + i64::try_from(dice.draw(60 * 24)).unwrap() * 3_600;
        let id = format!("cs_test_{number}");
        let mut metadata = json!({});
        for (name, values) in [
            ("color", &["black", "white", "red", ""][..]),
            ("locale", &["en", "de", "ja", ""][..]),
            ("source", &["web", "mail", ""][..]),
        ] {
            metadata[name] = json!(dice.pick(values));
        }
        if dice.draw(3) == 0 {
            metadata["source"] = json!(format!("campaign {}", dice.draw(90)));
        }
        if dice.draw(3) > 0 {
            metadata["preorderId"] = json!(format!("pre_{:05}", dice.draw(90_000)));
        }
        let email = match dice.draw(10) {
            0 => Value::Null,
            1 => json!("same@example.org"),
            _ => json!(format!("buyer{}@example.{}", dice.draw(1_000_000), dice.pick(&["org", "com"]))),
        };
        let amount = *dice.pick(&[9_900, 12_900, 9_900, 129_000, 1]);
        let open = session(
            &id,
            started,
            json!({"customer_email": email, "amount_total": amount, "metadata": metadata, "payment_intent": format!("pi_{number}")}),
        );
        let fate = dice.draw(10);
        match fate {
            0 | 1 => sessions.push(open),
            2 => sessions.push(crate::it::shop::with(open, json!({"status": "expired"}))),
            _ => {
                let paid =
                    crate::it::shop::with(open, json!({"status": "complete", "payment_status": "paid"}));
                let late = *dice.pick(&[0, 60, 900, 3 * DAY, 20 * DAY]);
                events.push(event(
                    &format!("evt_{number}"),
                    "checkout.session.completed",
                    started + late,
                    &paid,
                ));
                if fate > 7 {
                    let back = if fate == 9 { amount } else { amount / 2 };
                    let mut rest = json!({"amount": amount, "amount_refunded": back, "payment_intent": format!("pi_{number}")});
                    if number % 5 == 0 {
                        rest["metadata"] = json!({"preorderId": format!("pre_other_{number}")});
                    }
                    charges.push(charge(&format!("ch_{number}"), started + late, rest));
                }
            }
        }
    }
    shop.list(Kind::Session, NOON + 100 * DAY, &sessions);
    shop.list(Kind::Charge, NOON + 100 * DAY, &charges);
    shop.events(&events);
    shop
}

/// Every order with its step and its number, read without the code under test.
fn all_orders(shop: &Shop) -> Vec<(PreorderRow, i64, i64)> {
    shop.read(|connection| {
        let mut statement = connection.prepare(
            "SELECT id, status, email, color, locale, source, amount, started_at, paid_at, reached, key, conflict FROM preorder",
        )?;
        let rows = statement.query_map([], |row| {
            let status: String = row.get(1)?;
            let order = PreorderRow {
                id: row.get(0)?,
                status: PreorderStatus::parse(&status).unwrap(),
                email: row.get(2)?,
                name: None,
                color: row.get(3)?,
                locale: row.get(4)?,
                source: row.get(5)?,
                amount_minor: row.get(6)?,
                currency: None,
                refunded_minor: 0,
                started_at: row.get(7)?,
                paid_at: row.get(8)?,
                session_id: None,
                payment_intent_id: None,
                matched_by: String::new(),
                unsettled: false,
                conflict: row.get(11)?,
            };
            Ok((order, row.get(9)?, row.get(10)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    })
}

fn expected(all: &[(PreorderRow, i64, i64)], args: &PreorderPageArgs) -> Vec<String> {
    let same = |value: &Option<String>, wanted: &Option<String>| {
        wanted.as_ref().is_none_or(|wanted| value.as_deref().unwrap_or("") == wanted)
    };
    let bound = |text: &Option<String>, add: i64| {
        text.as_deref()
            .map(|text| start_of(foredeck_engine::domain::day::parse_day(text).unwrap() + add, ZONE))
    };
    let (from, to) = (bound(&args.from, 0), bound(&args.to, 1));
    let step = args.step.map_or(1, FunnelStep::number);
    let mut kept: Vec<&(PreorderRow, i64, i64)> = all
        .iter()
        .filter(|(row, reached, _)| {
            (args.status.is_empty() || args.status.contains(&row.status))
                && same(&row.color, &args.color)
                && same(&row.locale, &args.locale)
                && same(&row.source, &args.source)
                && from.is_none_or(|from| row.started_at >= from)
                && to.is_none_or(|to| row.started_at < to)
                && *reached >= step
                && (!args.conflict || row.conflict)
        })
        .collect();
    let turn = |order: Ordering| if args.ascending { order } else { order.reverse() };
    fn value<T: Ord>(one: Option<T>, other: Option<T>, turn: impl Fn(Ordering) -> Ordering) -> Ordering {
        match (one, other) {
            (Some(one), Some(other)) => turn(one.cmp(&other)),
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
        }
    }
    kept.sort_by(|(a, _, a_key), (b, _, b_key)| {
        let first = match args.sort {
            PreorderSort::Started => Ordering::Equal,
            PreorderSort::Paid => value(a.paid_at, b.paid_at, turn),
            PreorderSort::Amount => value(a.amount_minor, b.amount_minor, turn),
            PreorderSort::Email => value(a.email.as_ref(), b.email.as_ref(), turn),
        };
        first.then_with(|| turn((a.started_at, a_key).cmp(&(b.started_at, b_key))))
    });
    kept.into_iter().map(|(row, ..)| row.id.clone()).collect()
}

fn walked(shop: &Shop, args: &PreorderPageArgs, thresholds: &Thresholds) -> (Vec<String>, Option<i64>) {
    shop.read(|connection| {
        let mut args = args.clone();
        let mut ids = Vec::new();
        loop {
            let page = page_with(connection, &args, ZONE, thresholds)?;
            assert!(page.next.is_none() || page.rows.len() == 89, "only the last page is short");
            ids.extend(page.rows.into_iter().map(|row| row.id));
            args.after = page.next;
            if args.after.is_none() {
                return Ok((ids, page.total));
            }
        }
    })
}

fn filters() -> Vec<PreorderPageArgs> {
    let day = |days: i64| Some(format_day(NOON / DAY + days));
    let text = |text: &str| Some(text.to_owned());
    let none = PreorderPageArgs::default;
    let mut filters = vec![
        none(),
        PreorderPageArgs { color: text("red"), ..none() },
        PreorderPageArgs { color: text(""), ..none() },
        PreorderPageArgs { locale: text("ja"), ..none() },
        PreorderPageArgs { source: text(""), ..none() },
        PreorderPageArgs { source: text("campaign 7"), ..none() },
        PreorderPageArgs { source: text("campaign 8"), from: day(7), step: Some(FunnelStep::Paid), ..none() },
        PreorderPageArgs { color: text("no such colour"), ..none() },
        PreorderPageArgs { color: text("red"), locale: text("de"), source: text("web"), ..none() },
        PreorderPageArgs { from: day(10), ..none() },
        PreorderPageArgs { to: day(12), ..none() },
        PreorderPageArgs { from: day(20), to: day(20), ..none() },
        PreorderPageArgs { from: day(5), to: day(40), color: text("white"), ..none() },
        PreorderPageArgs { from: day(5), to: day(40), step: Some(FunnelStep::Paid), ..none() },
        PreorderPageArgs { from: day(900), ..none() },
        PreorderPageArgs {
            from: day(2),
            to: day(50),
            status: vec![PreorderStatus::Completed, PreorderStatus::Expired],
            locale: text("en"),
            ..none()
        },
        PreorderPageArgs { status: vec![PreorderStatus::Completed, PreorderStatus::Refunded], ..none() },
        PreorderPageArgs { status: PreorderStatus::ALL.to_vec(), ..none() },
        PreorderPageArgs { conflict: true, ..none() },
        PreorderPageArgs { conflict: true, color: text("red"), source: text("campaign 7"), ..none() },
        PreorderPageArgs { conflict: true, from: day(5), to: day(40), ..none() },
        PreorderPageArgs { status: vec![PreorderStatus::Expired], source: text("mail"), ..none() },
    ];
    let statuses = [PreorderStatus::Processing, PreorderStatus::PartiallyRefunded, PreorderStatus::Disputed];
    filters.extend(statuses.map(|status| PreorderPageArgs { status: vec![status], ..none() }));
    let steps = [FunnelStep::Started, FunnelStep::PaymentAttempted, FunnelStep::Paid, FunnelStep::Kept];
    filters.extend(steps.map(|step| PreorderPageArgs { step: Some(step), ..none() }));
    filters
}

#[test]
fn every_sort_with_every_filter_walks_the_same_list_by_every_plan() {
    let shop = busy_shop(2_000);
    let all = all_orders(&shop);
    assert!(all.len() > 1_800, "{} orders", all.len());
    let usual = Thresholds::default();
    let plans = [
        usual,
        Thresholds { few: 0, ..usual },
        Thresholds { few: 0, bands: 0, broad: i64::MAX, amounts: 2 },
        Thresholds { few: 60, bands: usize::MAX, broad: 1, amounts: 1 },
    ];
    for filter in filters() {
        for sort in SORTS {
            for ascending in [false, true] {
                let args = PreorderPageArgs { sort, ascending, limit: Some(89), ..filter.clone() };
                let expected = expected(&all, &args);
                for plan in &plans {
                    let (ids, total) = walked(&shop, &args, plan);
                    assert_eq!(ids, expected, "{args:?} by {plan:?}");
                    let counted = i64::try_from(expected.len()).unwrap();
                    // Roll-ups are counted in the days of the mirror's zone, which is UTC here.
                    let dated = args.from.is_some() || args.to.is_some();
                    let alone = args.status.is_empty() && args.color.is_none() && args.step.is_none();
                    let known = (args.source.is_none() || alone) && !args.conflict;
                    assert!(dated || total == known.then_some(counted), "{args:?}: {total:?} of {counted}");
                    assert!(
                        dated || total == known.then_some(counted) || total == Some(counted),
                        "{args:?}: {total:?} of {counted}"
                    );
                }
            }
        }
    }
}

#[test]
fn totals_of_days_come_from_roll_ups_where_these_know_them() {
    let shop = busy_shop(300);
    let all = all_orders(&shop);
    let args = |rest: PreorderPageArgs| PreorderPageArgs {
        from: Some(format_day(NOON / DAY + 3)),
        to: Some(format_day(NOON / DAY + 30)),
        ..rest
    };
    let total = |args: &PreorderPageArgs| shop.read(|connection| page(connection, args, Tz::UTC)).total;
    let in_days = |row: &PreorderRow| {
        let day = row.started_at.div_euclid(DAY) - NOON / DAY;
        (3..=30).contains(&day)
    };
    let count = |test: &dyn Fn(&PreorderRow, i64) -> bool| {
        Some(all.iter().filter(|(row, reached, _)| in_days(row) && test(row, *reached)).count() as i64)
    };
    assert_eq!(total(&args(PreorderPageArgs::default())), count(&|_, _| true));
    let red = PreorderPageArgs { color: Some("red".into()), ..PreorderPageArgs::default() };
    assert_eq!(total(&args(red.clone())), count(&|row, _| row.color.as_deref() == Some("red")));
    let paid =
        PreorderPageArgs { step: Some(FunnelStep::Paid), locale: Some(String::new()), ..Default::default() };
    assert_eq!(total(&args(paid)), count(&|row, reached| reached >= 4 && row.locale.is_none()));
    assert_eq!(total(&args(PreorderPageArgs { locale: Some("de".into()), ..red })), None);
    let status = PreorderPageArgs { status: vec![PreorderStatus::Expired], ..PreorderPageArgs::default() };
    assert_eq!(total(&args(status)), None);
}

#[test]
fn a_cursor_of_another_list_or_none_at_all_is_refused() {
    let shop = busy_shop(300);
    let first = |args: &PreorderPageArgs| shop.read(|connection| page(connection, args, ZONE));
    let by_start = PreorderPageArgs { limit: Some(10), ..PreorderPageArgs::default() };
    let cursor = first(&by_start).next.unwrap();
    let refused = |args: PreorderPageArgs| {
        let answer = shop.db.read_now(|connection| page(connection, &args, ZONE));
        assert!(matches!(answer, Err(DbError::Invalid(_))), "{args:?}: {answer:?}");
    };
    let after = |text: &str| Some(text.to_owned());
    refused(PreorderPageArgs { ascending: true, after: after(&cursor), ..by_start.clone() });
    refused(PreorderPageArgs { sort: PreorderSort::Paid, after: after(&cursor), ..by_start.clone() });
    refused(PreorderPageArgs { color: Some("red".into()), after: after(&cursor), ..by_start.clone() });
    for text in
        ["", "x", "1..", "💥", "1.00.zz", &cursor[1..], &"f".repeat(10_000), "'; DROP TABLE preorder; --"]
    {
        refused(PreorderPageArgs { after: after(text), ..by_start.clone() });
    }
    let second = first(&PreorderPageArgs { after: after(&cursor), limit: Some(3), ..by_start });
    assert_eq!(second.rows.len(), 3, "another limit goes on from the same place");
}

#[test]
fn arguments_out_of_bounds_are_refused_in_words() {
    let shop = busy_shop(10);
    let refused = |args: PreorderPageArgs, word: &str| match shop
        .db
        .read_now(|connection| page(connection, &args, ZONE))
    {
        Err(DbError::Invalid(message)) => assert!(message.contains(word), "{message}"),
        other => panic!("{args:?}: {other:?}"),
    };
    let none = PreorderPageArgs::default;
    refused(PreorderPageArgs { limit: Some(0), ..none() }, "limit");
    refused(PreorderPageArgs { limit: Some(501), ..none() }, "limit");
    for day in
        ["yesterday", "2026-02-30", "2026-3-1", "+2026-03-01", "", "2026-03-01T00:00", "99999999-01-01", "日"]
    {
        refused(PreorderPageArgs { from: Some(day.into()), ..none() }, "from");
        refused(PreorderPageArgs { to: Some(day.into()), ..none() }, "to");
    }
    let back = PreorderPageArgs { from: Some("2026-03-02".into()), to: Some("2026-03-01".into()), ..none() };
    refused(back, "swap");
    refused(PreorderPageArgs { search: Some("x".repeat(10_000)), ..none() }, "200");
}

#[test]
fn a_search_pages_through_all_that_it_finds_and_nothing_else() {
    let shop = busy_shop(600);
    let all = all_orders(&shop);
    for (text, narrow) in [
        ("same@example.org", None),
        ("BUYER1", None),
        ("ample.com", Some("red")),
        ("b", None),
        ("pre_1", None),
    ] {
        let lower = text.to_lowercase();
        let found = |row: &PreorderRow| match text {
            "pre_1" => row.id.starts_with("pre_1"),
            "b" => row.email.as_ref().is_some_and(|email| email.starts_with('b')),
            _ => row.email.as_ref().is_some_and(|email| email.contains(&lower)),
        };
        let matching: Vec<_> = all.iter().filter(|(row, ..)| found(row)).cloned().collect();
        assert!(!matching.is_empty(), "{text}");
        for sort in SORTS {
            for ascending in [false, true] {
                for few in [0, 10, 3_000] {
                    let args = PreorderPageArgs {
                        search: Some(format!("  {text} ")),
                        color: narrow.map(str::to_owned),
                        sort,
                        ascending,
                        limit: Some(89),
                        ..PreorderPageArgs::default()
                    };
                    let (ids, total) = walked(&shop, &args, &Thresholds { few, ..Thresholds::default() });
                    assert_eq!(ids, expected(&matching, &args), "{args:?}, few {few}");
                    assert_eq!(total, None);
                }
            }
        }
    }
}

#[test]
fn search_text_of_any_kind_is_only_text() {
    let shop = busy_shop(50);
    for text in [
        "\"",
        "a\"b\"c",
        "' OR 1=1 --",
        "NEAR(a b)",
        "a AND",
        "*",
        "%",
        "_",
        "💥💥💥",
        "\u{0}abc",
        "a\nb\tc",
        "-",
        "^a",
        "{x}:y",
        "\u{10ffff}",
    ] {
        let args = PreorderPageArgs { search: Some(text.into()), ..PreorderPageArgs::default() };
        let page = shop.read(|connection| page(connection, &args, ZONE));
        assert!(page.rows.len() <= 50, "{text:?}");
    }
    let args = PreorderPageArgs { search: Some("   ".into()), ..PreorderPageArgs::default() };
    let blank = shop.read(|connection| page(connection, &args, ZONE));
    assert!(!blank.rows.is_empty(), "blanks are no search");
}
