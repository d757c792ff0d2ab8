//! What the rules cost: the same events applied with every rule on and with none.

use std::time::Instant;

use foredeck_engine::db::Connection;
use foredeck_engine::domain::settings::MetadataNames;
use foredeck_engine::facts::codec::Codec;
use foredeck_engine::facts::events::get_event;
use foredeck_engine::projections::findings::terms::filled;
use foredeck_engine::projections::ingest::{Terms, prepare_events, store};

use super::ingest;
use super::peer::{self, Peer};

/// Events applied.
const EVENTS: usize = 10_000;
/// Events a transaction, as a page of the poll has them.
const PAGE: usize = 100;
const ROUNDS: usize = 7;

/// What one pass took, in seconds.
#[derive(Debug, Clone, Copy)]
struct Took {
    cpu_s: f64,
    wall_s: f64,
}

pub async fn measure() {
    let peer = Peer::with_events();
    let events = events_of(&peer.url).await;
    // The first pass warms what both use.
    let mut with = vec![apply(&peer.url, &events, true).await.0];
    let mut without = Vec::new();
    let mut found = 0;
    with.clear();
    for _ in 0..ROUNDS {
        without.push(apply(&peer.url, &events, false).await.0);
        let (took, findings) = apply(&peer.url, &events, true).await;
        with.push(took);
        found = findings;
    }
    let median = |passes: &[Took], of: fn(&Took) -> f64| {
        let mut all: Vec<f64> = passes.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    let cpu = |passes: &[Took]| median(passes, |took| took.cpu_s);
    let wall = |passes: &[Took]| median(passes, |took| took.wall_s);
    println!(
        "{} events applied, median of {ROUNDS}: with every rule {:.2} CPU-s ({:.2} s), with none {:.2} CPU-s ({:.2} s); \
         the rules cost {:.0} % CPU, {:.0} % time (budget 25); {found} findings",
        events.len(),
        cpu(&with),
        wall(&with),
        cpu(&without),
        wall(&without),
        100.0 * (cpu(&with) / cpu(&without) - 1.0),
        100.0 * (wall(&with) / wall(&without) - 1.0),
    );
}

/// The first events of a shop, oldest first.
async fn events_of(url: &str) -> Vec<String> {
    let (_, mirror) = ingest::sync(url).await;
    let read = |connection: &Connection| {
        let mut statement =
            connection.prepare("SELECT seq FROM stripe_event ORDER BY created, id LIMIT ?1")?;
        let seqs = statement
            .query_map([i64::try_from(EVENTS).unwrap()], |row| row.get(0))?
            .collect::<Result<Vec<i64>, _>>()?;
        seqs.into_iter()
            .map(|seq| Ok(String::from_utf8(get_event(connection, seq)?.bytes).expect("JSON is text")))
            .collect()
    };
    mirror.store.db().read(read).await.unwrap()
}

/// Applies events to an empty mirror; also says how many findings that leaves.
async fn apply(url: &str, events: &[String], rules: bool) -> (Took, i64) {
    let mirror = ingest::open(url, None).await;
    let mut settings = filled(mirror.store.settings());
    settings.findings.values_mut().for_each(|rule| rule.on = rules);
    mirror.store.set_settings(settings).await.unwrap();
    let codec = Codec::default();
    let zone = mirror.store.zone();
    let (started, cpu_s) = (Instant::now(), peer::cpu_s());
    for page in events.chunks(PAGE) {
        let raw: Vec<&str> = page.iter().map(String::as_str).collect();
        let prepared = prepare_events(&codec, &raw, &MetadataNames::default()).unwrap();
        let codec = codec.clone();
        let terms =
            Terms { now: 1_790_000_000, names: MetadataNames::default(), zone, fold: true, refetch: false };
        let write = move |transaction: &foredeck_engine::db::Transaction<'_>| {
            store(transaction, &codec, prepared, &terms)
        };
        mirror.store.db().write(write).await.unwrap().committed();
    }
    let took = Took { cpu_s: peer::cpu_s() - cpu_s, wall_s: started.elapsed().as_secs_f64() };
    let count = |connection: &Connection| {
        Ok(connection.query_row("SELECT count(*) FROM finding", [], |row| row.get(0))?)
    };
    (took, mirror.store.db().read(count).await.unwrap())
}
