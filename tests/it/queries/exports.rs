//! Exports: everything, row by row, safe to open in a spreadsheet.

use foredeck_engine::db::{Connection, DbResult};
use foredeck_engine::domain::kind::Kind;
use foredeck_engine::queries::export::{ExportFormat, export_customers, export_events, export_preorders};
use foredeck_engine::queries::preorders::PreorderRow;
use serde_json::json;

use foredeck_sandbox::ShopPlan;

use crate::it::shop::{NOON, Shop, session};
use crate::it::sync::desk::Desk;

type Export = fn(&Connection, ExportFormat, &mut dyn std::io::Write) -> DbResult<i64>;

fn export(shop: &Shop, export: Export, format: ExportFormat) -> (i64, String) {
    let mut out = Vec::new();
    let rows = shop.read(|connection| export(connection, format, &mut out));
    (rows, String::from_utf8(out).unwrap())
}

fn shop() -> Shop {
    let shop = Shop::open();
    let hostile = json!({"preorderId": "=HYPERLINK(\"http://x\")", "color": "+red", "source": "-2+3", "locale": "@SUM(A1)"});
    shop.list(
        Kind::Session,
        NOON,
        &[
            session(
                "cs_1",
                NOON - 2,
                json!({"customer_details": {"email": "ann@x.org", "name": "Ann, \"the\nfirst\" 💥"}}),
            ),
            session(
                "cs_2",
                NOON - 1,
                json!({"customer_email": "bob@x.org", "metadata": hostile, "currency": "jpy"}),
            ),
        ],
    );
    shop
}

#[test]
fn preorders_come_as_rows_of_the_table() {
    let (rows, text) = export(&shop(), export_preorders, ExportFormat::Jsonl);
    let lines: Vec<PreorderRow> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((rows, lines.len()), (2, 2));
    assert_eq!(lines[0].name.as_deref(), Some("Ann, \"the\nfirst\" 💥"));
    assert_eq!(lines[1].id, "=HYPERLINK(\"http://x\")", "JSON is not a spreadsheet");
}

#[test]
fn formulas_are_neutralised_in_csv() {
    let (rows, text) = export(&shop(), export_preorders, ExportFormat::Csv);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let records: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    assert_eq!((rows, records.len()), (2, 2));
    let cell = |row: usize, name: &str| {
        records[row][columns.iter().position(|column| column == name).unwrap()].to_owned()
    };
    assert_eq!(cell(0, "name"), "Ann, \"the\nfirst\" 💥");
    assert_eq!((cell(0, "amount"), cell(0, "amount_minor")), ("99.00".into(), "9900".into()));
    assert_eq!(cell(1, "amount"), "9900", "yen have no decimals");
    assert_eq!(cell(0, "started_at"), "2026-03-01T11:59:58Z");
    for (name, shown) in [
        ("id", "'=HYPERLINK(\"http://x\")"),
        ("color", "'+red"),
        ("source", "'-2+3"),
        ("locale", "'@SUM(A1)"),
    ] {
        assert_eq!(cell(1, name), shown);
    }
}

#[test]
fn customers_are_one_row_an_e_mail() {
    let (rows, text) = export(&shop(), export_customers, ExportFormat::Csv);
    assert_eq!(rows, 2);
    assert!(text.starts_with("email,name,preorders,paid,first_at,last_at\r\nann@x.org,"), "{text}");
    let (rows, text) = export(&shop(), export_customers, ExportFormat::Jsonl);
    assert_eq!((rows, text.lines().count()), (2, 2));
}

#[test]
fn events_are_their_stored_bytes() {
    let shop = Shop::open();
    let plain = r#"{"id":"evt_1","type":"a.b","created":5,  "data":{"object":{"id":"x","object":"y","n":1.50e2}},"é":"\n"}"#;
    shop.event_bytes(plain);
    shop.event_bytes("{\n  \"id\": \"evt_2\",\r\n  \"type\": \"a.b\",\n  \"data\": {\"object\": {\"text\": \"a\\nb  c\"}}\n}");
    let (rows, text) = export(&shop, export_events, ExportFormat::Jsonl);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((rows, lines[0]), (2, plain));
    assert_eq!(lines[1], r#"{  "id": "evt_2",  "type": "a.b",  "data": {"object": {"text": "a\nb  c"}}}"#);
    let (rows, text) = export(&shop, export_events, ExportFormat::Csv);
    assert_eq!(rows, 2);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let first = reader.records().next().unwrap().unwrap();
    assert_eq!((&first[0], &first[1], &first[5]), ("evt_1", "a.b", plain));
}

#[test]
fn a_disk_that_takes_no_more_is_said() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let shop = shop();
    for format in [ExportFormat::Csv, ExportFormat::Jsonl] {
        let answer = shop.db.read_now(|connection| export_preorders(connection, format, &mut Full));
        assert!(matches!(answer, Err(foredeck_engine::db::DbError::DiskFull)), "{answer:?}");
    }
}

#[tokio::test]
async fn an_export_that_fails_leaves_the_file_of_before() {
    let desk = Desk::with_shop(ShopPlan::History { orders: 20, days: 10, faults: 0.0 }).await;
    desk.sync().await;
    let path = desk.folder.path().join("orders.csv");
    std::fs::write(&path, "keep").unwrap();
    let args = json!({"what": "preorders", "format": "csv", "path": path});
    let set = |change: &'static str| {
        desk.store.db().write(move |transaction| {
            let sql = format!("UPDATE projection SET value = value {change} WHERE name = 'version'");
            Ok(transaction.execute(&sql, [])?)
        })
    };
    set("- 1").await.unwrap();
    assert_eq!(desk.ask("export", args.clone()).await.unwrap_err().code, "MIRROR_NEEDS_REBUILD");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "keep");
    set("+ 1").await.unwrap();
    desk.get("export", args).await;
    assert!(std::fs::read_to_string(&path).unwrap().lines().count() > 10);
    let left: Vec<String> = std::fs::read_dir(desk.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("orders.csv"))
        .collect();
    assert_eq!(left, ["orders.csv"], "nothing lies beside it");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn the_mirrors_own_files_are_never_written_over() {
    let desk = Desk::with_shop(ShopPlan::Empty).await;
    desk.sync().await;
    let mirror = desk.store.db().path().to_owned();
    let name = mirror.file_name().unwrap().to_str().unwrap().to_owned();
    let before = std::fs::read(&mirror).unwrap();
    for own in [&name, &format!("{name}-wal"), &format!("{name}-shm"), &format!("./{name}")] {
        let args = json!({"what": "preorders", "format": "csv", "path": mirror.with_file_name(own)});
        assert_eq!(desk.ask("export", args).await.unwrap_err().code, "INVALID", "{own}");
    }
    let lease = json!({"what": "preorders", "format": "csv", "path": mirror.with_extension("lease")});
    assert_eq!(desk.ask("export", lease).await.unwrap_err().code, "INVALID");
    #[cfg(unix)]
    {
        let link = desk.folder.path().join("link.csv");
        std::os::unix::fs::symlink(&mirror, &link).unwrap();
        let args = json!({"what": "preorders", "format": "csv", "path": link});
        assert_eq!(desk.ask("export", args).await.unwrap_err().code, "INVALID");
    }
    assert!(std::fs::read(&mirror).unwrap().starts_with(&before[..16]));
}
