//! `make bench`: the budgets, measured as ratios within one run where they can be.
//!
//! A sandbox in scale mode serves N preorders from a process of its own. A bare reader (pages -> JSON ->
//! SQLite, nothing folded) sets the pace of this machine; the engine must reach 0.6 of it, stored and folded.
//! Then the queries run on the mirror that was made, and events are applied to it with all rules of findings and with none.
//! Before all that the same events are applied to an empty one, and a file of a million purchases is imported
//! (`FOREDECK_BENCH_ROWS`; 0 leaves both out). `FOREDECK_BENCH_PREORDERS` sets N (default 100,000; with 0 nothing follows the
//! import), `FOREDECK_BENCH_ROUNDS` the rounds (default 5; with 0 only the engine reads). `FOREDECK_BENCH_KEEP=1` keeps the
//! mirror and says where; with `FOREDECK_BENCH_FOLDER` only the queries and the events run, on a mirror that was kept.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a bench prints what it measured"
)]

mod bare;
mod findings;
mod imports;
mod ingest;
mod limiter;
mod peer;
mod queries;
mod size;

use std::time::Instant;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(run());
}

async fn run() {
    if let Some(folder) = std::env::var_os("FOREDECK_BENCH_FOLDER") {
        let mirror = ingest::reopen(folder.as_ref()).await;
        queries::measure(&mirror).await;
        return findings::measure_on(&mirror).await;
    }
    let rows = number("FOREDECK_BENCH_ROWS", 1_000_000);
    if rows > 0 {
        findings::measure().await;
        imports::measure(rows).await;
    }
    let preorders = number("FOREDECK_BENCH_PREORDERS", 100_000);
    if preorders == 0 {
        return;
    }
    let rounds = number("FOREDECK_BENCH_ROUNDS", 5);
    let peer = peer::Peer::of_scale(preorders);
    let mut ratios = Vec::new();
    let mut last = None;
    for round in 1..=rounds {
        drop(last.take());
        let bare = bare::read_all(&peer.url).await;
        peer::forget_peak();
        let (folded, mirror) = ingest::sync(&peer.url).await;
        let peak = peer::peak_mb();
        let ratio = folded.per_s() / bare.per_s();
        println!(
            "round {round}: bare {:.0} objects/s, {bare}; stored and folded {:.0} objects/s, {folded} (budget 0.5); ratio {ratio:.2}; peak {peak} MB (budget 120)",
            bare.per_s(),
            folded.per_s(),
        );
        ratios.push(ratio);
        last = Some(mirror);
    }
    if rounds == 0 {
        let (folded, mirror) = ingest::sync(&peer.url).await;
        println!("stored and folded {:.0} objects/s; {folded}; peak {} MB", folded.per_s(), peer::peak_mb());
        last = Some(mirror);
    } else {
        ratios.sort_by(f64::total_cmp);
        println!("ingest ratio, median of {rounds}: {:.2} (budget 0.60)", ratios[ratios.len() / 2]);
    }
    limiter::measure(&peer.url).await;
    size::measure_events().await;
    if let Some(mirror) = last {
        size::measure_snapshots(&mirror).await;
        queries::measure(&mirror).await;
        findings::measure_on(&mirror).await;
        if std::env::var_os("FOREDECK_BENCH_KEEP").is_some() {
            println!("kept: {}", mirror.keep().display());
        }
    }
}

/// One measured pass.
pub struct Pass {
    pub objects: u64,
    pub wall_s: f64,
    pub cpu_s: f64,
    pub written: u64,
}

/// What the process had cost when a pass began.
pub struct Start {
    at: Instant,
    cpu_s: f64,
    written: u64,
}

impl Start {
    pub fn now() -> Self {
        Self { at: Instant::now(), cpu_s: peer::cpu_s(), written: peer::written() }
    }
}

impl std::fmt::Display for Pass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:.2} CPU-s and {} MB written per 10,000 objects",
            self.cpu_s / (self.objects as f64 / 10_000.0),
            self.written * 10_000 / self.objects.max(1) / 1_000_000,
        )
    }
}

impl Pass {
    pub fn per_s(&self) -> f64 {
        self.objects as f64 / self.wall_s
    }

    pub fn since(start: &Start, objects: u64) -> Self {
        Self {
            objects,
            wall_s: start.at.elapsed().as_secs_f64(),
            cpu_s: peer::cpu_s() - start.cpu_s,
            written: peer::written() - start.written,
        }
    }
}
