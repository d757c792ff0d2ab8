//! The audit: whatever is done to it is caught and named.

use foredeck_engine::audit::{Damage, verify};
use foredeck_engine::db::Connection;
use foredeck_engine::secrets::{AuditHead, AuditKey, Keychain, hex};
use serde_json::json;

use super::desk::desk;

/// A key and the audit of some actions, as in a file that was opened by somebody.
struct Tampered {
    key: AuditKey,
    head: AuditHead,
    connection: Connection,
}

async fn audited() -> Tampered {
    let (desk, _) = desk().await;
    let store = format!("test-{}", desk.store.public_id());
    let audit = foredeck_engine::audit::Audit::open(Keychain::System, &store);
    let key = AuditKey::find_or_make(Keychain::System, &store);
    let chain = audit.clone();
    desk.store
        .db()
        .write_durable(move |transaction| {
            for number in 0..20 {
                let body = json!({"n": number});
                let action = format!("act_{}", number / 4);
                let entry = foredeck_engine::audit::Entry {
                    at: 1_000 + number,
                    operator: "ann",
                    action: Some(&action),
                    event: "intended",
                    body: &body,
                };
                chain.append(transaction, &entry)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let kept = audit.clone();
    desk.store.db().read(move |connection| kept.keep_head(connection)).await.unwrap();
    let copy = desk.folder.path().join("copy.mirror");
    desk.store.back_up(&copy).await.unwrap();
    let head = if key.is_some() {
        AuditHead::find(Keychain::System, &store).unwrap()
    } else {
        eprintln!("SKIPPED: no keychain runs here, so the audit has no key; its chain alone is checked");
        let hash = desk
            .store
            .db()
            .read(|connection| {
                Ok(connection.query_row("SELECT hash FROM audit ORDER BY seq DESC LIMIT 1", [], |row| {
                    row.get::<_, Vec<u8>>(0)
                })?)
            })
            .await
            .unwrap();
        AuditHead { count: 20, hash: hex(&hash) }
    };
    Keychain::System.delete(&format!("audit:{store}"));
    Keychain::System.delete(&format!("audit-head:{store}"));
    let connection = Connection::open(&copy).unwrap();
    std::mem::forget(desk.folder);
    Tampered { key, head, connection }
}

fn damage(tampered: &Tampered) -> Option<(i64, Damage)> {
    let verdict = verify(&tampered.connection, &tampered.key, Some(&tampered.head)).unwrap();
    assert_eq!(verdict.ok, verdict.problem.is_none());
    verdict.problem.map(|problem| (problem.row, problem.damage))
}

#[tokio::test]
async fn whatever_is_done_to_the_audit_is_caught_and_named() {
    let whole = audited().await;
    assert_eq!(damage(&whole), None);
    let cases: [(&str, &str, (i64, Damage)); 8] = [
        ("edited", "UPDATE audit SET body = '{\"n\":99}' WHERE seq = 7", (7, Damage::Changed)),
        ("edited operator", "UPDATE audit SET operator = 'eve' WHERE seq = 20", (20, Damage::Changed)),
        ("edited time", "UPDATE audit SET at = at + 1 WHERE seq = 1", (1, Damage::Changed)),
        ("deleted", "DELETE FROM audit WHERE seq = 5", (5, Damage::Missing)),
        (
            "reordered",
            "UPDATE audit SET seq = -1 WHERE seq = 8; UPDATE audit SET seq = 8 WHERE seq = 9; UPDATE audit SET seq = 9 WHERE seq = -1",
            (8, Damage::Moved),
        ),
        ("cut", "DELETE FROM audit WHERE seq > 15", (16, Damage::CutShort)),
        ("emptied", "DELETE FROM audit", (1, Damage::CutShort)),
        ("key dropped", "UPDATE audit SET key_id = 'none' WHERE seq = 20", (20, Damage::KeyDropped)),
    ];
    for (name, sql, expected) in cases {
        if !whole.key.is_some() && expected.1 == Damage::KeyDropped {
            continue;
        }
        whole.connection.execute_batch(&format!("SAVEPOINT try; {sql}")).unwrap();
        assert_eq!(damage(&whole), Some(expected), "{name}");
        whole.connection.execute_batch("ROLLBACK TO try; RELEASE try").unwrap();
    }
    assert_eq!(damage(&whole), None, "the file is as it was");
}

#[tokio::test]
async fn an_audit_computed_anew_without_the_key_is_caught() {
    let tampered = audited().await;
    if !tampered.key.is_some() {
        return;
    }
    // Whoever has the file and no key chains it anew, row by row, with another key of their own.
    let other = AuditKey::find_or_make(Keychain::Off, "anybody");
    tampered.connection.execute_batch("UPDATE audit SET body = '{\"n\":0}' WHERE seq = 3").unwrap();
    let mut before: Vec<u8> = Vec::new();
    for seq in 1..=20_i64 {
        let (at, operator, action, event, body, key_id): (
            i64,
            String,
            Option<String>,
            String,
            String,
            String,
        ) = tampered
            .connection
            .query_row(
                "SELECT at, operator, action, event, body, key_id FROM audit WHERE seq = ?1",
                [seq],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?)),
            )
            .unwrap();
        let hash = other.tag(&[
            &before,
            &seq.to_le_bytes(),
            &at.to_le_bytes(),
            operator.as_bytes(),
            &[u8::from(action.is_none())],
            action.unwrap_or_default().as_bytes(),
            event.as_bytes(),
            body.as_bytes(),
            key_id.as_bytes(),
        ]);
        tampered
            .connection
            .execute("UPDATE audit SET hash = ?2 WHERE seq = ?1", (seq, hash.as_slice()))
            .unwrap();
        before = hash.to_vec();
    }
    assert_eq!(damage(&tampered), Some((1, Damage::Changed)));
    // As rows without a key the chain holds in itself; the head in the keychain is of another.
    tampered.connection.execute_batch("UPDATE audit SET key_id = 'none'").unwrap();
    let problem = damage(&tampered).unwrap();
    assert!(matches!(problem.1, Damage::Changed | Damage::Forked | Damage::KeyDropped), "{problem:?}");
}

#[tokio::test]
async fn an_old_file_put_back_is_caught_also_once_more_was_written_to_it() {
    let mut tampered = audited().await;
    tampered.connection.execute_batch("DELETE FROM audit WHERE seq > 12").unwrap();
    assert_eq!(damage(&tampered), Some((13, Damage::CutShort)));
    // It is used on, with the right key: twelve old rows and ten new ones.
    let transaction = tampered.connection.transaction().unwrap();
    let store = "forked";
    let audit = foredeck_engine::audit::Audit::open(Keychain::Off, store);
    for number in 0..10 {
        let body = json!({"n": number});
        let entry = foredeck_engine::audit::Entry {
            at: 5_000,
            operator: "eve",
            action: None,
            event: "intended",
            body: &body,
        };
        audit.append(&transaction, &entry).unwrap();
    }
    transaction.commit().unwrap();
    let problem = damage(&tampered).unwrap();
    let expected = if tampered.key.is_some() { (13, Damage::KeyDropped) } else { (20, Damage::Forked) };
    assert_eq!(problem, expected);
}

#[tokio::test]
async fn the_audit_of_actions_holds_and_is_exported_with_its_hashes() {
    let (desk, orders) = desk().await;
    desk.fix(json!({"action": "refund", "payment": orders.paid_charge, "amount_minor": 100})).await;
    desk.fix(json!({"action": "annotate", "order": "pre_paid", "note": "=1+1"})).await;
    let verdict = desk.get("audit_verify", json!({})).await;
    assert_eq!(verdict["ok"], true, "{verdict:#}");
    assert_eq!(verdict["rows"], verdict["unkeyed"], "this desk has no keychain, and says so");
    let out = desk.folder.path().join("audit.csv");
    let args = json!({"what": "audit", "format": "csv", "path": out.display().to_string()});
    let reply = desk.get("export", args).await;
    assert_eq!(reply["rows"], verdict["rows"]);
    let text = std::fs::read_to_string(&out).unwrap();
    assert!(text.contains(verdict["head"].as_str().unwrap()), "the head is in the export");
    assert!(!text.contains(foredeck_sandbox::DEFAULT_KEY));
}

#[tokio::test]
async fn a_store_that_is_removed_leaves_its_audit() {
    let (desk, orders) = desk().await;
    desk.fix(json!({"action": "refund", "payment": orders.paid_charge, "amount_minor": 100})).await;
    let verdict = desk.get("audit_verify", json!({})).await;
    let id = desk.store.public_id().to_owned();
    desk.get("store_remove", json!({"confirm_name": "Shop"})).await;
    let archive = std::fs::read_dir(desk.folder.path().join("archive")).unwrap().next().unwrap().unwrap();
    assert!(archive.file_name().to_string_lossy().starts_with(&format!("audit-{id}-")));
    let text = std::fs::read_to_string(archive.path()).unwrap();
    assert_eq!(i64::try_from(text.lines().count()).unwrap(), verdict["rows"].as_i64().unwrap());
    assert!(text.lines().last().unwrap().contains(verdict["head"].as_str().unwrap()));
}
