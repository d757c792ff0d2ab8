//! What the rules cost: the same events applied with every rule on and with none, to an empty mirror and to a full one.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use foredeck_engine::actions::Doer;
use foredeck_engine::db::{Connection, DbError};
use foredeck_engine::domain::settings::MetadataNames;
use foredeck_engine::facts::codec::Codec;
use foredeck_engine::facts::events::get_event;
use foredeck_engine::facts::settings::{append_settings, get_settings};
use foredeck_engine::projections::findings::terms::filled;
use foredeck_engine::projections::ingest::{Terms, prepare_events, store};

use super::ingest::{self, Mirror};
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
    tell(&format!("{} events applied", events.len()), &with, &without, found);
}

/// The same on a mirror that holds a shop already: each pass is one transaction that is given up, so that the next one finds
/// the mirror as it was.
pub async fn measure_on(mirror: &Mirror) {
    let peer = Peer::with_events();
    let events: Arc<[String]> = events_of(&peer.url).await.into();
    apply_and_give_up(mirror, &events, true).await;
    let (mut with, mut without, mut found) = (Vec::new(), Vec::new(), 0);
    for _ in 0..ROUNDS {
        without.push(apply_and_give_up(mirror, &events, false).await.0);
        let (took, findings) = apply_and_give_up(mirror, &events, true).await;
        with.push(took);
        found = findings;
    }
    let orders = |connection: &Connection| {
        Ok(connection.query_row("SELECT count(*) FROM preorder", [], |row| row.get::<_, i64>(0))?)
    };
    let orders = mirror.store.db().read(orders).await.unwrap();
    tell(&format!("{} events applied to {orders} preorders", events.len()), &with, &without, found);
}

fn tell(what: &str, with: &[Took], without: &[Took], found: i64) {
    let median = |passes: &[Took], of: fn(&Took) -> f64| {
        let mut all: Vec<f64> = passes.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    let cpu = |passes: &[Took]| median(passes, |took| took.cpu_s);
    let wall = |passes: &[Took]| median(passes, |took| took.wall_s);
    println!(
        "{what}, median of {}: with every rule {:.2} CPU-s ({:.2} s), with none {:.2} CPU-s ({:.2} s); \
         the rules cost {:.0} % CPU, {:.0} % time (budget 25); {found} findings",
        with.len(),
        cpu(with),
        wall(with),
        cpu(without),
        wall(without),
        100.0 * (cpu(with) / cpu(without) - 1.0),
        100.0 * (wall(with) / wall(without) - 1.0),
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
    mirror.store.set_settings(settings, None, &Doer { name: "bench".to_owned(), level: 100 }).await.unwrap();
    let codec = Codec::default();
    let (started, cpu_s) = (Instant::now(), peer::cpu_s());
    for page in events.chunks(PAGE) {
        let raw: Vec<&str> = page.iter().map(String::as_str).collect();
        let prepared = prepare_events(&codec, &raw, &MetadataNames::default()).unwrap();
        let codec = codec.clone();
        let terms = Terms { now: 1_790_000_000, names: MetadataNames::default(), fold: true, refetch: false };
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

/// Applies events to a mirror and takes everything back; also says how many findings there were at the end.
async fn apply_and_give_up(mirror: &Mirror, events: &Arc<[String]>, rules: bool) -> (Took, i64) {
    let events = Arc::clone(events);
    let codec = mirror.store.db().read(Codec::load).await.unwrap();
    let took = Arc::new(Mutex::new(None));
    let told = Arc::clone(&took);
    let work = move |transaction: &foredeck_engine::db::Transaction<'_>| {
        let mut settings = filled(get_settings(transaction)?.1);
        settings.findings.values_mut().for_each(|rule| rule.on = rules);
        let terms = Terms { now: 1_790_000_000, names: MetadataNames::default(), fold: true, refetch: false };
        append_settings(transaction, terms.now, &settings)?;
        let (started, cpu_s) = (Instant::now(), peer::cpu_s());
        for page in events.chunks(PAGE) {
            let raw: Vec<&str> = page.iter().map(String::as_str).collect();
            let prepared = prepare_events(&codec, &raw, &MetadataNames::default()).unwrap();
            store(transaction, &codec, prepared, &terms)?.committed();
        }
        let passed = Took { cpu_s: peer::cpu_s() - cpu_s, wall_s: started.elapsed().as_secs_f64() };
        let found = transaction.query_row("SELECT count(*) FROM finding", [], |row| row.get(0))?;
        *told.lock().unwrap() = Some((passed, found));
        Err::<(), _>(DbError::ReadOnly)
    };
    mirror.store.db().write_batch(work).await.unwrap_err();
    took.lock().unwrap().take().unwrap()
}
