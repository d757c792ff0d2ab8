//! A file of purchases imported: how long, how much memory, and the same again.

use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use foredeck_engine::domain::shop::ShopKind;

use super::{ingest, peer};

pub async fn measure(rows: u64) {
    let mirror = ingest::open("http://127.0.0.1:9", None).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("purchases.csv");
    write_purchases(&path, rows);
    for what in ["imported", "imported again"] {
        peer::forget_peak();
        let (start, cpu) = (Instant::now(), peer::cpu_s());
        let report =
            mirror.store.import(ShopKind::Purchases, &path, std::collections::BTreeMap::new(), false, false);
        let report = report.await.unwrap();
        println!(
            "{rows} purchases {what}: {} new, {} same, {:.1} s (budget 60 for a million), {:.1} CPU-s; peak {} MB (budget 150)",
            report.new,
            report.same,
            start.elapsed().as_secs_f64(),
            peer::cpu_s() - cpu,
            peer::peak_mb(),
        );
    }
    let start = Instant::now();
    mirror.store.rebuild().await.unwrap();
    println!("{rows} purchases rebuilt: {:.1} s", start.elapsed().as_secs_f64());
    peer::forget_peak();
    let start = Instant::now();
    let report = mirror.store.remove_import(1).await.unwrap();
    let seconds = start.elapsed().as_secs_f64();
    println!("{} purchases removed: {seconds:.1} s; peak {} MB", report.removed, peer::peak_mb());
}

/// Ids are drawn, as Stripe's are: each falls on another page of every index.
fn write_purchases(path: &Path, rows: u64) {
    let mut file = BufWriter::new(std::fs::File::create(path).unwrap());
    writeln!(file, "id,payment_intent,event_id,user_id,email,plan,credits,amount,currency,status,created_at")
        .unwrap();
    let drawn = |row: u64, salt: u64| {
        let mixed = (row ^ salt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        format!("{:016x}{:08x}", mixed ^ (mixed >> 29), (mixed.rotate_left(17) & 0xffff_ffff))
    };
    for row in 0..rows {
        let user = row.wrapping_mul(7_919) % 300_007;
        writeln!(
            file,
            "pur_{row},pi_{},evt_{},user_{user},buyer{user}@example.com,pro,500,\"{},{:02}\",EUR,paid,{}",
            drawn(row, 0x51),
            drawn(row, 0xa7 << 40),
            row % 90 + 9,
            row % 100,
            1_700_000_000 + row,
        )
        .unwrap();
    }
    file.flush().unwrap();
}
