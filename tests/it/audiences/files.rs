//! Files, byte for byte; where their sources are, golden/README.md says.

use std::path::Path;

use chrono_tz::Tz;
use foredeck_engine::domain::audience::{Audience, AudienceFilter};
use foredeck_engine::domain::customer_list::AudienceFormat;
use foredeck_engine::domain::kind::Kind;
use foredeck_engine::projections::rebuild;
use foredeck_engine::queries::audiences::AudienceCount;
use foredeck_engine::queries::audiences::export::{AudienceFile, export_audience};
use foredeck_sandbox::ShopPlan;
use serde_json::{Value, json};

use super::say_of_people;
use crate::it::shop::{DAY, NOON, Shop, charge, session, terms};
use crate::it::sync::desk::Desk;

fn paid(email: &str, details: Value, metadata: Value, (amount, currency): (i64, &str)) -> Value {
    let mut details = details;
    details["email"] = email.into();
    json!({"status": "complete", "payment_status": "paid", "customer_details": details, "metadata": metadata,
        "amount_total": amount, "currency": currency})
}

fn shop() -> Shop {
    let shop = Shop::open();
    let ann = json!({"name": "Ann O'Neill", "phone": "+49 30 123456", "address": {"country": "FR", "postal_code": "75002"}});
    let cat = json!({"name": "Dr. Zoë Ångström", "phone": "+1 (657) 777-0000", "address": {"country": "US", "postal_code": "94035-1234"}});
    let eve = json!({"name": "=HYPERLINK(\"https://evil.example\";1) X", "phone": "0171 555", "address": {"country": "GB", "postal_code": "SW1A 1AA"}});
    let mut first = paid(
        " Ann@Example.com",
        ann,
        json!({"preorderId": "pre_ann", "color": "moss", "locale": "de"}),
        (9_900, "eur"),
    );
    first["collected_information"] =
        json!({"shipping_details": {"address": {"country": "de", "postal_code": "10115"}}});
    let second = paid(
        "Cat.Doe+shop@GMAIL.com",
        cat,
        json!({"preorderId": "pre_cat", "color": "coral", "locale": "en"}),
        (12_900, "usd"),
    );
    let third =
        paid("eve+x@example.org", eve, json!({"preorderId": "pre_eve", "color": "@SUM(A1)"}), (9_900, "jpy"));
    let refused =
        paid("una@example.com", json!({"name": "Una"}), json!({"preorderId": "pre_una"}), (9_900, "eur"));
    let back = json!({"preorderId": "pre_back", "email": "back@example.com"});
    let left = json!({"status": "expired", "customer_email": "bob@example.com", "amount_total": 9_900, "currency": "jpy",
        "metadata": {"preorderId": "pre_bob", "color": "ink", "locale": "ja"}});
    shop.list(
        Kind::Session,
        NOON,
        &[
            session("cs_ann", NOON - 2 * DAY, first),
            session("cs_cat", NOON - DAY, second),
            session("cs_eve", NOON - DAY + 3_600, third),
            session("cs_una", NOON - DAY, refused),
            session("cs_bob", NOON - 2 * DAY, left),
            session("cs_nobody", NOON - DAY, json!({"status": "expired", "metadata": {"preorderId": "pre_nobody"}})),
            session("cs_bad", NOON - DAY, json!({"status": "expired", "customer_email": "not an address", "metadata": {"preorderId": "pre_bad"}})),
        ],
    );
    shop.list(
        Kind::Charge,
        NOON,
        &[charge(
            "ch_back",
            NOON - DAY,
            json!({"metadata": back, "amount_refunded": 9_900, "refunded": true}),
        )],
    );
    shop.write(|transaction| {
        say_of_people(
            transaction,
            NOON,
            &[
                ("ann@example.com", Some("subscribed"), false),
                ("una@example.com", Some("unsubscribed"), false),
            ],
        )
    });
    shop
}

fn file(audience: Audience, format: AudienceFormat, hashed: bool) -> AudienceFile {
    AudienceFile { audience, filter: AudienceFilter::default(), format, hashed, consent_column: false }
}

fn written(shop: &Shop, file: &AudienceFile) -> (AudienceCount, String) {
    let mut out = Vec::new();
    let count = shop.read(|connection| export_audience(connection, file, (Tz::UTC, NOON), &mut out));
    (count, String::from_utf8(out).unwrap())
}

fn golden(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/it/audiences/golden");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn files_are_as_the_platforms_publish_them() {
    let shop = shop();
    for (name, audience, format, hashed) in [
        ("successful.csv", Audience::Successful, AudienceFormat::Csv, false),
        ("abandoned.csv", Audience::Abandoned, AudienceFormat::Csv, false),
        ("successful.meta.csv", Audience::Successful, AudienceFormat::Meta, true),
        ("successful.meta.plain.csv", Audience::Successful, AudienceFormat::Meta, false),
        ("successful.google.csv", Audience::Successful, AudienceFormat::Google, true),
        ("successful.google.plain.csv", Audience::Successful, AudienceFormat::Google, false),
        ("successful.tiktok.csv", Audience::Successful, AudienceFormat::Tiktok, true),
        ("successful.tiktok.plain.csv", Audience::Successful, AudienceFormat::Tiktok, false),
    ] {
        let (count, text) = written(&shop, &file(audience, format, hashed));
        assert_eq!(text, golden(name), "{name}");
        assert_eq!(count.count, text.lines().count() as i64 - 1, "{name}");
    }
}

#[test]
fn a_file_says_who_is_not_in_it() {
    let shop = shop();
    let why = |audience: Audience| {
        let (count, _) = written(&shop, &file(audience, AudienceFormat::Csv, false));
        let out = count.left_out.iter().filter(|reason| reason.count > 0);
        out.map(|reason| (reason.why.as_str(), reason.count)).collect::<Vec<_>>()
    };
    assert_eq!(why(Audience::Successful), [("refunded", 1), ("unsubscribed", 1)]);
    assert_eq!(why(Audience::Abandoned), [("no_email", 2)], "one missing, one malformed");
    let asked = AudienceFile {
        filter: AudienceFilter {
            with_unsubscribed: true,
            color: Some(String::new()),
            ..AudienceFilter::default()
        },
        consent_column: true,
        ..file(Audience::Successful, AudienceFormat::Tiktok, false)
    };
    let (_, text) = written(&shop, &asked);
    assert_eq!(text, "Email,Phone,consent\r\nuna@example.com,,no\r\n");
}

#[tokio::test]
async fn every_export_is_in_the_audit_and_overwrites_nothing() {
    let desk = Desk::with_shop(ShopPlan::History { orders: 80, days: 10, faults: 0.0 }).await;
    desk.sync().await;
    let path = desk.folder.path().join("people.csv");
    let args = json!({"audience": "abandoned", "format": "meta", "path": path, "filter": {"locale": "de"}});
    let reply = desk.get("audience_export", args.clone()).await;
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(reply["count"]["count"], text.lines().count() - 1);
    assert!(reply["count"]["count"].as_i64().unwrap() > 0 && !text.contains('@'), "hashed: {text}");
    let list = desk.get("audience_list", json!({"locale": "de"})).await;
    assert_eq!(list["audiences"][0], reply["count"], "the file is what was counted");
    let rows = desk.get("audit_page", json!({})).await["rows"].clone();
    let row =
        rows.as_array().unwrap().iter().find(|row| row["event"] == "audience_exported").unwrap().clone();
    let body: Value = serde_json::from_str(row["body"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&body["audience"], &body["format"], &body["hashed"]),
        (&json!("abandoned"), &json!("meta"), &json!(true)),
        "{row}"
    );
    assert_eq!((&body["rows"], &body["filter"]["locale"]), (&reply["count"]["count"], &json!("de")));
    assert!(!row["operator"].as_str().unwrap().is_empty());
    assert!(!body.to_string().contains('@'), "the audit names nobody");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    assert_eq!(desk.ask("audience_export", args.clone()).await.unwrap_err().code, "FILE_EXISTS");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "it was left as it is");
    let bad = json!({"audience": "abandoned", "format": "csv", "path": desk.folder.path().join("bad.csv"), "filter": {"from": "x"}});
    assert_eq!(desk.ask("audience_export", bad).await.unwrap_err().code, "INVALID");
    let nowhere = json!({"audience": "abandoned", "format": "csv", "path": desk.folder.path().join("no/such/folder.csv")});
    assert_eq!(desk.ask("audience_export", nowhere).await.unwrap_err().code, "INVALID");
    let left: Vec<String> = std::fs::read_dir(desk.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".part") || name.ends_with(".csv"))
        .collect();
    assert_eq!(left, ["people.csv"], "what failed leaves nothing");
    let count = desk.count("SELECT count(*) FROM audit WHERE event = 'audience_exported'").await;
    assert_eq!(count, 1);
}

#[tokio::test]
async fn nobody_is_counted_or_exported_while_the_mirror_is_made_anew() {
    let desk = Desk::with_shop(ShopPlan::History { orders: 80, days: 10, faults: 0.0 }).await;
    desk.sync().await;
    let path = desk.folder.path().join("people.csv");
    let export = json!({"audience": "successful", "format": "csv", "path": path});
    let whole = desk.get("audience_list", json!({})).await;
    let db = desk.store.db();
    let began = |transaction: &foredeck_engine::db::Transaction<'_>| {
        let revision =
            transaction
                .query_row("SELECT value FROM projection WHERE name = 'settings'", [], |row| row.get(0))?;
        rebuild::begin(transaction, revision)
    };
    db.write(began).await.unwrap();
    for _ in 0..3 {
        assert!(!db.write(|transaction| rebuild::step(transaction, &terms(), 20)).await.unwrap().finished);
    }
    for (name, args) in [
        ("audience_export", export.clone()),
        ("audience_list", json!({})),
        ("audience_page", json!({"audience": "successful"})),
    ] {
        let refused = desk.ask(name, args).await.unwrap_err();
        assert_eq!(refused.code, "MIRROR_NEEDS_REBUILD", "{name}");
        assert!(refused.hint.contains("done"), "{}", refused.hint);
    }
    assert!(!path.exists(), "nothing stays of it");
    while !db.write(|transaction| rebuild::step(transaction, &terms(), 500)).await.unwrap().finished {}
    assert_eq!(desk.get("audience_list", json!({})).await, whole);
    assert_eq!(desk.get("audience_export", export).await["count"], whole["audiences"][1]);
}

#[tokio::test]
async fn what_lies_beside_the_file_is_left_alone() {
    let desk = Desk::with_shop(ShopPlan::History { orders: 20, days: 10, faults: 0.0 }).await;
    desk.sync().await;
    let beside = desk.folder.path().join("people.csv.part");
    std::fs::write(&beside, "mine").unwrap();
    let path = desk.folder.path().join("people.csv");
    desk.get("audience_export", json!({"audience": "successful", "format": "csv", "path": path})).await;
    assert_eq!(std::fs::read_to_string(&beside).unwrap(), "mine");
    let bad = json!({"audience": "abandoned", "format": "csv", "path": path.with_extension("txt"), "filter": {"from": "x"}});
    desk.ask("audience_export", bad).await.unwrap_err();
    let parts = std::fs::read_dir(desk.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let parts = parts.filter(|name| name.to_string_lossy().ends_with(".part")).count();
    assert_eq!(parts, 1, "mine alone");
}
