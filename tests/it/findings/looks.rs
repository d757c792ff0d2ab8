//! Looking: what is told once, what is noted for good, and what the record says of it later.

use foredeck_engine::domain::action::FindingWord;
use foredeck_engine::projections::findings::words::append_finding_state;
use foredeck_engine::topic::{Alert, Topic};
use foredeck_sandbox::world::CheckoutSpec;
use serde_json::json;

use crate::it::sync::desk::Desk;

const HOUR: i64 = 3_600;

/// A desk in front of a shop where one payment was declined.
async fn desk() -> (Desk, String) {
    let desk = Desk::with_shop(foredeck_sandbox::ShopPlan::Empty).await;
    let session = desk.world.with_world(|world| {
        let spec = CheckoutSpec {
            preorder_id: Some("pre_1".to_owned()),
            email: Some("ann@example.com".to_owned()),
            color: Some("moss".to_owned()),
            ..CheckoutSpec::default()
        };
        let session = world.open_checkout(spec).unwrap();
        world.decline(&session, "insufficient_funds").unwrap();
        session
    });
    desk.sync().await;
    (desk, session)
}

fn alerted(heard: &mut tokio::sync::broadcast::Receiver<Alert>) -> Vec<(String, i64)> {
    let mut found = Vec::new();
    while let Ok(alert) = heard.try_recv() {
        if let Alert::Findings { by_rule, .. } = alert {
            found.extend(by_rule);
        }
    }
    found
}

#[tokio::test]
async fn a_finding_is_told_when_it_opens_and_once() {
    let (desk, session) = desk().await;
    let mut alerts = desk.engine.announcer().listen_alerts();
    let mut changes = desk.engine.announcer().listen();
    desk.advance(HOUR - 1);
    desk.sync().await;
    assert!(alerted(&mut alerts).is_empty());
    desk.advance(1);
    desk.sync().await;
    assert_eq!(alerted(&mut alerts), [("payment_failed".to_owned(), 1)]);
    let topics: Vec<Topic> = std::iter::from_fn(|| changes.try_recv().ok()).map(|one| one.topic).collect();
    assert!(topics.contains(&Topic::Findings));
    let page = desk.get("finding_page", json!({})).await;
    assert_eq!(page["rows"][0]["first_seen"], foredeck_sandbox::DEFAULT_START + HOUR);
    desk.advance(60);
    desk.sync().await;
    assert!(alerted(&mut alerts).is_empty(), "it was told");

    // Put off, it is told again when that ends.
    let until = foredeck_sandbox::DEFAULT_START + 3 * HOUR;
    let say = |word: FindingWord, until: Option<i64>| {
        desk.store.db().write(move |transaction| {
            append_finding_state(
                transaction,
                until.unwrap_or(0),
                "ann",
                "payment_failed:pre_1",
                word,
                until,
                None,
            )
            .map(drop)
        })
    };
    say(FindingWord::Snoozed, Some(until)).await.unwrap();
    desk.sync().await;
    assert_eq!(desk.get("finding_counts", json!({})).await["snoozed"], 1);
    desk.advance(2 * HOUR);
    desk.sync().await;
    assert_eq!(alerted(&mut alerts), [("payment_failed".to_owned(), 1)]);

    // Paid at last: it is gone, and that stays on the record, also through a rebuild.
    desk.world.with_world(|world| world.pay(&session).map(drop)).unwrap();
    desk.advance(120);
    desk.sync().await;
    assert_eq!(desk.get("finding_page", json!({})).await["total"], 0);
    let gone = desk.get("finding_page", json!({"state": "gone"})).await;
    assert_eq!(gone["rows"][0]["id"], "payment_failed:pre_1");
    assert_eq!((&gone["rows"][0]["order_id"], &gone["rows"][0]["state"]), (&json!("pre_1"), &json!("gone")));
    desk.store.rebuild().await.unwrap();
    desk.sync().await;
    assert_eq!(desk.get("finding_page", json!({"state": "gone"})).await["rows"], gone["rows"]);
    assert!(alerted(&mut alerts).is_empty());
}

#[tokio::test]
async fn a_rebuild_tells_nothing_again() {
    let (desk, _) = desk().await;
    desk.advance(HOUR);
    desk.sync().await;
    let mut alerts = desk.engine.announcer().listen_alerts();
    let before = desk.get("finding_page", json!({})).await;
    desk.store.rebuild().await.unwrap();
    desk.sync().await;
    assert!(alerted(&mut alerts).is_empty());
    assert_eq!(desk.get("finding_page", json!({})).await, before);
}

#[tokio::test]
async fn settings_show_every_rule_and_change_it_without_a_rebuild() {
    let (desk, _) = desk().await;
    desk.advance(HOUR);
    let mut settings = desk.get("settings_get", json!({})).await;
    assert_eq!(settings["findings"]["payment_failed"], json!({"on": true, "threshold_s": 3_600}));
    assert_eq!(desk.get("finding_counts", json!({})).await["total"], 1);
    settings["findings"]["payment_failed"]["threshold_s"] = json!(7_200);
    settings = desk.get("settings_set", settings).await;
    assert_eq!(desk.get("finding_counts", json!({})).await["total"], 0);
    settings["findings"]["payment_failed"] = json!({"on": false, "threshold_s": 60});
    let kept = desk.get("settings_set", settings.clone()).await;
    assert_eq!(kept["findings"], settings["findings"]);
    settings = kept;
    assert_eq!(desk.count("SELECT count(*) FROM finding WHERE rule = 'payment_failed'").await, 0);
    settings["findings"]["payment_failed"]["on"] = json!(true);
    settings = desk.get("settings_set", settings).await;
    assert_eq!(desk.get("finding_counts", json!({})).await["total"], 1);
    settings["findings"]["payment_failed"]["threshold_s"] = json!(-1);
    assert_eq!(desk.ask("settings_set", settings).await.unwrap_err().code, "BAD_SETTING");
    let rules = desk.get("finding_rules", json!({})).await;
    assert_eq!(rules["rules"].as_array().unwrap().len(), 28);
}

#[tokio::test]
async fn findings_and_leads_are_exported_as_they_stand() {
    let (desk, _) = desk().await;
    desk.advance(2 * HOUR);
    for (what, expected) in [("findings", 1), ("leads", 0)] {
        for format in ["csv", "jsonl"] {
            let path = desk.folder.path().join(format!("{what}.{format}"));
            let reply = desk.get("export", json!({"what": what, "format": format, "path": path})).await;
            assert_eq!(reply["rows"], expected, "{what} {format}");
            let text = std::fs::read_to_string(&path).unwrap();
            assert_eq!(text.contains("payment_failed:pre_1"), expected == 1);
        }
    }
    let overview = desk.get("overview", json!({})).await;
    assert_eq!(overview["stuck"][1], json!({"severity": "warning", "count": 1}));
}
