//! What facts take on the disk, tables and their indexes together, in whole pages.

use super::ingest::{self, Mirror};
use super::peer::Peer;

const EVENTS: &str = "SELECT (SELECT count(*) FROM stripe_event), sum(pgsize) FROM dbstat WHERE name IN
    (SELECT name FROM sqlite_master WHERE tbl_name = 'stripe_event')";
const SNAPSHOTS: &str = "SELECT (SELECT count(*) FROM stripe_snapshot), sum(pgsize) FROM dbstat WHERE name IN
    (SELECT name FROM sqlite_master WHERE tbl_name = 'stripe_snapshot')";

pub async fn measure_events() {
    let peer = Peer::with_events();
    let (_, mirror) = ingest::sync(&peer.url).await;
    print("an event", EVENTS, " (budget 450)", &mirror).await;
}

pub async fn measure_snapshots(mirror: &Mirror) {
    print("a snapshot", SNAPSHOTS, "", mirror).await;
}

async fn print(what: &str, sql: &'static str, budget: &str, mirror: &Mirror) {
    let (rows, bytes): (i64, i64) = mirror
        .store
        .db()
        .read(move |connection| Ok(connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?))
        .await
        .unwrap();
    println!("{what} with its indexes: {} bytes{budget}, of {rows}", bytes / rows.max(1));
}
