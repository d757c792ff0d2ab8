//! Exports: the stored bytes, every row once, and nothing a spreadsheet would run.

use std::collections::BTreeMap;
use std::io::Read;
use std::process::Stdio;

use foredeck_sandbox::ShopPlan;
use foredeck_sandbox::world::CheckoutSpec;
use serde_json::Value;

use crate::desk::Desk;

#[tokio::test(flavor = "multi_thread")]
async fn exported_events_are_what_the_shop_served_each_once() {
    let desk = Desk::synced(50).await;
    let truth = desk.served_events();
    let out = desk.run(["export", "events", "--format", "jsonl"]).ok().out;
    let mut seen = BTreeMap::new();
    for line in out.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let id = event["id"].as_str().unwrap().to_owned();
        assert!(seen.insert(id.clone(), event).is_none(), "{id} twice");
    }
    assert_eq!(seen.len(), truth.len());
    // How many endpoints wait is told anew with each reading; all else is as the shop has it.
    let settled = |mut event: Value| {
        event.as_object_mut().unwrap().remove("pending_webhooks");
        event
    };
    for (id, event) in seen {
        assert_eq!(settled(event), settled(truth[&id].clone()), "{id}");
    }

    let file = desk.folder.path().join("events.jsonl");
    let reply = desk
        .run(["export", "events", "--format", "jsonl", "--out", file.to_str().unwrap(), "--json"])
        .ok()
        .json();
    assert_eq!(reply["rows"], truth.len());
    assert_eq!(std::fs::read_to_string(file).unwrap(), out);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_the_rows_of_the_pages() {
    let desk = Desk::synced(40).await;
    let out = desk.run(["export", "preorders", "--format", "jsonl"]).ok().out;
    let exported: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let page =
        desk.run(["preorders", "--sort", "started", "--ascending", "--limit", "500", "--json"]).ok().json();
    assert_eq!(Value::from(exported), page["rows"]);
    let people = desk.run(["export", "customers", "--format", "jsonl"]).ok().out;
    let with_email = desk.world.ledger().orders.iter().filter(|order| order.email.is_some()).count();
    let told: i64 = people
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["preorders"].as_i64().unwrap())
        .sum();
    assert_eq!(told, i64::try_from(with_email).unwrap());
}

const FORMULA: &str = "=HYPERLINK(\"http://evil.example\";\"x\")";
const MARKUP: &str = "<img src=x onerror=alert(1)>&amp;";
const ESCAPE: &str = "red\u{1b}[31m\u{7}\u{202e}er";

#[tokio::test(flavor = "multi_thread")]
async fn what_buyers_write_is_text_in_files_and_on_the_terminal() {
    let desk = Desk::with(ShopPlan::Empty).await;
    desk.world.with_world(|world| {
        let spec = |color: &str, source: &str| CheckoutSpec {
            preorder_id: Some(format!("order-{}", source.len())),
            email: Some("a@example.com".to_owned()),
            color: Some(color.to_owned()),
            source: Some(source.to_owned()),
            ..CheckoutSpec::default()
        };
        for (color, source) in [
            (FORMULA, "@SUM(A1)"),
            (ESCAPE, "+1+1"),
            ("-2+3", "🎁 مرحبا"),
            ("plain", &"x".repeat(500)),
            ("wide", MARKUP),
        ] {
            world.open_checkout(spec(color, source)).unwrap();
        }
    });
    desk.add_store();
    desk.sync();
    let csv = desk.run(["export", "preorders", "--format", "csv"]).ok().out;
    assert_eq!(csv.lines().count(), 6);
    for neutral in ["\"'=HYPERLINK(\"\"http", "'@SUM(A1)", "'+1+1", "'-2+3", "🎁 مرحبا", MARKUP] {
        assert!(csv.contains(neutral), "{neutral} in {csv}");
    }
    let rows = desk.run(["preorders", "--json"]).ok().json();
    let colors: Vec<&str> =
        rows["rows"].as_array().unwrap().iter().filter_map(|row| row["color"].as_str()).collect();
    assert!(colors.contains(&FORMULA) && colors.contains(&ESCAPE), "JSON tells it as it is: {colors:?}");
    for command in
        [vec!["preorders"], vec!["overview"], vec!["funnel", "--by", "color"], vec!["preorder", "order-4"]]
    {
        let text = desk.run(&command).ok().out;
        let harmful = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!text.contains(harmful), "{command:?}: {text:?}");
        assert!(text.lines().all(|line| line.chars().count() < 400), "{command:?} is of bounded width");
    }
    assert!(desk.run(["preorders"]).ok().out.contains("reder"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_leaves_early_ends_it_quietly() {
    let desk = Desk::synced(300).await;
    for command in [["export", "events", "--format", "jsonl"], ["export", "preorders", "--format", "csv"]] {
        let mut child = desk.command(command).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = child.stdout.take().unwrap();
        let mut some = [0; 100];
        out.read_exact(&mut some).unwrap();
        drop(out);
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(0));
        let err = String::from_utf8(ended.stderr).unwrap();
        assert!(!err.contains("error") && !err.contains("panicked"), "{err}");
    }
}
