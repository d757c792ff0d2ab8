//! Queries on the mirror that was made: each the median of many, in milliseconds.

use std::time::Instant;

use foredeck_engine::api::{self, Call};
use serde_json::{Value, json};

use super::ingest::Mirror;

pub async fn measure(mirror: &Mirror) {
    let rows = mirror
        .store
        .db()
        .read(|connection| {
            Ok(connection.query_row("SELECT count(*) FROM preorder", [], |row| row.get::<_, i64>(0))?)
        })
        .await
        .unwrap();
    println!("queries on {rows} preorders (budget 10 ms each):");
    let call = Call::new(mirror.engine.clone(), Some("Bench".to_owned()));
    let page = api::call(call.clone(), "preorder_page", json!({ "limit": 3 })).await.unwrap();
    let row = page["rows"][1].clone();
    let email = row["email"].as_str().unwrap_or("a@example.com").to_owned();
    let part: String = email.chars().skip(2).take(5).collect();
    let id_start: String = row["id"].as_str().unwrap_or("pre_").chars().take(5).collect();
    let asked: Vec<(&str, &str, Value)> = vec![
        (
            "funnel, 90 days by colour",
            "funnel",
            json!({"by": "color", "from": "2026-06-23", "to": "2026-09-21"}),
        ),
        ("funnel, 90 days by day", "funnel", json!({"by": "day", "from": "2026-06-23", "to": "2026-09-21"})),
        ("overview", "overview", json!({})),
        ("page, newest", "preorder_page", json!({})),
        ("page, by amount", "preorder_page", json!({"sort": "amount"})),
        ("page, by e-mail", "preorder_page", json!({"sort": "email", "ascending": true})),
        ("page, paid in a colour", "preorder_page", json!({"status": ["completed"], "color": row["color"]})),
        ("page, expired by amount", "preorder_page", json!({"status": ["expired"], "sort": "amount"})),
        ("page, a locale by paid", "preorder_page", json!({"locale": row["locale"], "sort": "paid"})),
        (
            "page, three filters",
            "preorder_page",
            json!({"status": ["completed"], "color": row["color"], "source": row["source"], "sort": "email"}),
        ),
        ("page, part of an e-mail", "preorder_page", json!({"search": part})),
        ("page, common part by amount", "preorder_page", json!({"search": "example", "sort": "amount"})),
        ("page, common part by e-mail", "preorder_page", json!({"search": "example", "sort": "email"})),
        ("page, ids that begin alike", "preorder_page", json!({"search": id_start, "sort": "paid"})),
        ("events of a type", "event_page", json!({"type": "charge.dispute.created"})),
        ("search, e-mail prefix", "search", json!({"text": email.chars().take(6).collect::<String>()})),
        ("search, part of an e-mail", "search", json!({"text": part})),
        ("search, session id", "search", json!({"text": row["session_id"]})),
        ("findings, all open", "finding_page", json!({})),
        ("findings, critical", "finding_page", json!({"severity": "critical"})),
        ("findings, one rule", "finding_page", json!({"rules": ["payment_failed"]})),
        ("findings, part of an e-mail", "finding_page", json!({"search": part})),
        ("findings, counts", "finding_counts", json!({})),
        ("leads", "lead_page", json!({})),
        ("leads of a colour", "lead_page", json!({"color": row["color"]})),
        ("leads worth much", "lead_page", json!({"least_minor": 20_000})),
        ("audiences, counts", "audience_list", json!({})),
        ("audiences of a colour", "audience_list", json!({"color": row["color"]})),
        ("abandoned, newest", "audience_page", json!({"audience": "abandoned"})),
        (
            "successful of a colour",
            "audience_page",
            json!({"audience": "successful", "filter": {"color": row["color"]}}),
        ),
        ("sheet", "preorder_sheet", json!({"id": row["id"]})),
        ("health", "health", json!({})),
    ];
    for (title, name, args) in asked {
        let mut times = Vec::new();
        for _ in 0..21 {
            let started = Instant::now();
            api::call(call.clone(), name, args.clone()).await.unwrap();
            times.push(started.elapsed().as_secs_f64() * 1_000.0);
        }
        times.sort_by(f64::total_cmp);
        let over = if times[10] > 10.0 { "  OVER BUDGET" } else { "" };
        println!("  {title:<28} {:>8.2} ms (worst {:.2}){over}", times[10], times[20]);
    }
}
