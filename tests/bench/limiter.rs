//! How full the default limiter is while there is enough to read.

use std::time::{Duration, Instant};

use foredeck_engine::stripe::TEST_PER_S;

use super::ingest::open;

const SECONDS: u64 = 20;

pub async fn measure(url: &str) {
    let mirror = open(url, None).await;
    mirror.store.start_sync();
    // What a bucket holds at the start is not the pace.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let requests = || mirror.store.stats().map_or(0, |stats| stats.requests);
    let (started, before) = (Instant::now(), requests());
    tokio::time::sleep(Duration::from_secs(SECONDS)).await;
    let per_s = (requests() - before) as f64 / started.elapsed().as_secs_f64();
    mirror.store.stop_sync().await;
    let full = 100.0 * per_s / f64::from(TEST_PER_S);
    println!("default limits: {per_s:.2} requests/s, the limiter is {full:.0} % full (budget 95)");
}
