//! What is only asked or told again changes no row.

use foredeck_sandbox::backoffice::Faults;
use serde_json::{Value, json};

use super::books::desk;

/// Every table of the mirror, whole.
const TABLES: &str = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'person_text%' ORDER BY name";

async fn everything(desk: &crate::it::sync::desk::Desk) -> Vec<(String, String)> {
    desk.store
        .db()
        .read(|connection| {
            let mut names = connection.prepare(TABLES)?;
            let names: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            let mut all = Vec::new();
            for name in names {
                let mut statement = connection.prepare(&format!("SELECT * FROM {name}"))?;
                let columns = statement.column_count();
                let mut rows = statement.query([])?;
                let mut digests = Vec::new();
                while let Some(row) = rows.next()? {
                    let mut text = String::new();
                    for column in 0..columns {
                        text.push_str(&format!("{:?}|", row.get_ref(column)?));
                    }
                    digests.push(sha(&text));
                }
                digests.sort();
                all.push((name, sha(&digests.concat())));
            }
            Ok(all)
        })
        .await
        .unwrap()
}

fn sha(text: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn ten_thousand_finalize_look_ups_change_nothing() {
    let desk = desk(21, 50).await;
    desk.take_suggested_plans().await;
    desk.import(&desk.books(&Faults::seeded(21))).await;
    let ids: Vec<String> = desk
        .rows(&[("ids", "SELECT id FROM stripe_id UNION ALL SELECT id FROM stripe_event")])
        .await
        .remove("ids")
        .unwrap();
    let before = everything(&desk).await;
    let mut answers = [0; 3];
    for number in 0..10_000_usize {
        let id = if number % 50 == 0 { "cs_test_nobody".to_owned() } else { ids[number % ids.len()].clone() };
        let answer = desk.get("purchase_status", json!({"id": id})).await;
        let at = ["paid", "pending", "not_found"].iter().position(|word| answer["status"] == *word).unwrap();
        answers[at] += 1;
        assert!(answer["purchaseApplied"].is_boolean(), "purchases were imported: {answer}");
        let fields = answer.as_object().unwrap().keys();
        assert!(
            fields.into_iter().all(|name| ["status", "wallet", "purchaseApplied"].contains(&name.as_str()))
        );
    }
    assert!(answers.iter().all(|count| *count > 0), "{answers:?}");
    assert_eq!(before, everything(&desk).await);
}

#[tokio::test]
async fn the_finalize_look_up_holds_a_handle_that_cannot_write() {
    let desk = desk(22, 40).await;
    let refused = desk
        .store
        .db()
        .read(|connection| Ok(connection.execute("UPDATE purchase SET credits = 1", [])?))
        .await;
    assert!(refused.is_err());
}

#[tokio::test]
async fn without_imported_rows_the_answer_speaks_of_none() {
    let desk = desk(23, 40).await;
    desk.take_suggested_plans().await;
    let page = desk.get("purchase_page", json!({"status": "paid"})).await;
    let id = &page["rows"][0]["payment_id"];
    assert_eq!(desk.get("purchase_status", json!({"id": id})).await, json!({"status": "paid"}));
    let pending = desk.get("purchase_page", json!({"status": "pending"})).await;
    let id = &pending["rows"][0]["payment_id"];
    assert_eq!(desk.get("purchase_status", json!({"id": id})).await, json!({"status": "pending"}));
    let nothing = desk.get("purchase_status", json!({"id": "cs_test_nobody"})).await;
    assert_eq!(nothing, json!({"status": "not_found"}));
    let refused = desk.ask("purchase_status", json!({"id": "  "})).await;
    assert!(refused.is_err());
}

#[tokio::test]
async fn telling_every_event_again_changes_no_purchase() {
    let desk = desk(24, 50).await;
    desk.take_suggested_plans().await;
    desk.import(&desk.books(&Faults::none())).await;
    let before = desk.credits().await;
    assert!(before["purchase"].len() > 40 && before["wallet"].len() > 20);
    desk.store.sync_once(true, |_| {}).await.unwrap();
    assert_eq!(before, desk.credits().await, "everything was listed once more");
    desk.store.rebuild().await.unwrap();
    assert_eq!(before, desk.credits().await, "every fact was told once more");
    let page: Value = desk.get("purchase_page", json!({"limit": 500})).await;
    let mut events: Vec<&str> =
        page["rows"].as_array().unwrap().iter().filter_map(|row| row["stripe_event_id"].as_str()).collect();
    let all = events.len();
    events.sort_unstable();
    events.dedup();
    assert_eq!(events.len(), all, "no event proves two purchases");
}
