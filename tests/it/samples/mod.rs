//! Real events of 35 API versions, as other projects' tests captured them: stored as served, none refused, read right.
//!
//! The samples are no part of the project. `FOREDECK_DATA` names the folder that holds `stripe-events`; without it they
//! are looked for beside the workspace, and where they are not, this says so and stops.

mod expect;
mod served;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use foredeck_engine::db::{Db, rusqlite};
use foredeck_engine::domain::settings::MetadataNames;
use foredeck_engine::facts::codec::Codec;
use foredeck_engine::facts::events::find_event;
use foredeck_engine::projections::ingest::{Terms, prepare_events, store};
use foredeck_engine::projections::rebuild;
use serde_json::{Map, Value};

pub use expect::expected;

/// One sample, made servable.
pub struct Sample {
    pub file: String,
    pub event_id: String,
    pub type_: String,
    /// A core type in a capture good enough to hold the mirror to: qualities A, A-php and B.
    pub is_held_to: bool,
    pub event: Value,
}

/// The samples. Event and object ids repeat among them (most are placeholders), so each sample gets ids of its own;
/// links are left as they are. A missing `created` is filled in.
pub fn samples() -> Option<Vec<Sample>> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("FOREDECK_DATA").map_or_else(beside, PathBuf::from).join("stripe-events");
    let manifest = match std::fs::read_to_string(folder.join("MANIFEST.json")) {
        Ok(text) => text,
        Err(_) => {
            eprintln!("SKIPPED: the sample events are not at {} (set FOREDECK_DATA)", folder.display());
            return None;
        }
    };
    let entries: Vec<Value> = serde_json::from_str(&manifest).unwrap();
    let read = |(number, entry): (usize, &Value)| {
        let file = entry["file"].as_str().unwrap();
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let good = ["A", "A-php", "B"].iter().any(|quality| entry["quality"] == *quality);
        sample(number, file, serde_json::from_str(&text).unwrap(), good && entry["core"] == true)
    };
    Some(entries.iter().enumerate().map(read).collect())
}

fn sample(number: usize, file: &str, mut event: Value, is_held_to: bool) -> Sample {
    let event_id = format!("evt_sample{number:04}");
    event["id"] = event_id.clone().into();
    if event["created"].is_null() {
        event["created"] = 1_600_000_000.into();
    }
    if let Some(id) = event.pointer("/data/object/id").and_then(Value::as_str) {
        event["data"]["object"]["id"] = format!("{id}_{number:04}").into();
    }
    let type_ = event["type"].as_str().unwrap_or("(no type)").to_owned();
    Sample { file: file.to_owned(), event_id, type_, is_held_to, event }
}

#[test]
fn real_events_of_every_version_are_stored_as_served_and_read_right() {
    let Some(samples) = samples() else { return };
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&folder.path().join("samples.mirror")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let write = |raw: Vec<String>| {
        let codec = Codec::default();
        let names = MetadataNames::default();
        let raws: Vec<&str> = raw.iter().map(String::as_str).collect();
        let prepared = prepare_events(&codec, &raws, &names).unwrap();
        let terms = Terms { now: 1_800_000_000, names, fold: true, refetch: false };
        runtime.block_on(db.write(move |transaction| store(transaction, &codec, prepared, &terms))).unwrap()
    };
    runtime.block_on(db.write(|transaction| rebuild::begin(transaction, 0))).unwrap();

    let served: Vec<String> = samples.iter().map(|sample| sample.event.to_string()).collect();
    let stored = write(served.clone());
    assert_eq!(stored.new_events, i64::try_from(samples.len()).unwrap(), "none is refused");
    assert_eq!(write(served.clone()).new_events, 0, "told again they are known");

    db.read_now(|connection| {
        for (sample, served) in samples.iter().zip(&served) {
            let event = find_event(connection, &sample.event_id)?.expect("every event is stored");
            assert_eq!(event.bytes, served.as_bytes(), "{}", sample.file);
        }
        let counted = counted(connection)?;
        let nodes = nodes(connection)?;
        report(&samples, &counted, nodes.len());
        let skipped: i64 = counted.values().sum();
        assert_eq!(
            skipped + i64::try_from(nodes.len()).unwrap(),
            stored.new_events,
            "each is folded, skipped or counted"
        );
        hold(&samples, &nodes);
        Ok(())
    })
    .unwrap();
}

/// How many events were not folded, by the name they are counted under.
fn counted(connection: &rusqlite::Connection) -> rusqlite::Result<BTreeMap<String, i64>> {
    let mut statement = connection.prepare(
        "SELECT name, value FROM sync_state WHERE name LIKE 'skipped:%' OR name LIKE 'unreadable:%'",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?.parse().unwrap())))?;
    rows.collect()
}

fn nodes(connection: &rusqlite::Connection) -> rusqlite::Result<BTreeMap<String, Map<String, Value>>> {
    let mut statement = connection.prepare(
        "SELECT s.id, n.status, n.sub_status, n.amount, n.amount_part, n.currency, n.email, n.deleted, i.id AS intent,
           c.id AS charge, u.id AS customer
         FROM node n JOIN stripe_id s ON s.key = n.key LEFT JOIN stripe_id i ON i.key = n.intent
         LEFT JOIN stripe_id c ON c.key = n.charge LEFT JOIN stripe_id u ON u.key = n.customer",
    )?;
    let text = |row: &rusqlite::Row<'_>, name: &str| row.get::<_, Option<String>>(name).map(Value::from);
    let number = |row: &rusqlite::Row<'_>, name: &str| row.get::<_, Option<i64>>(name).map(Value::from);
    let rows = statement.query_map([], |row| {
        let mut node = Map::new();
        for name in ["status", "sub_status", "currency", "email", "intent", "charge", "customer"] {
            node.insert(name.to_owned(), text(row, name)?);
        }
        for name in ["amount", "amount_part", "deleted"] {
            node.insert(name.to_owned(), number(row, name)?);
        }
        Ok((row.get(0)?, node))
    })?;
    rows.collect()
}

fn report(samples: &[Sample], counted: &BTreeMap<String, i64>, folded: usize) {
    let types: std::collections::BTreeSet<&str> =
        samples.iter().map(|sample| sample.type_.as_str()).collect();
    eprintln!("{} samples of {} types: {folded} folded", samples.len(), types.len());
    for (name, count) in counted {
        eprintln!("  {count:>4}  {name}");
    }
}

/// Holds the nodes of the core types to what their files say.
fn hold(samples: &[Sample], nodes: &BTreeMap<String, Map<String, Value>>) {
    let mut problems = Vec::new();
    let mut held = BTreeMap::new();
    for sample in samples.iter().filter(|sample| sample.is_held_to) {
        let Some((id, expected)) = expected(&sample.type_, &sample.event["data"]["object"]) else { continue };
        *held.entry(sample.event["data"]["object"]["object"].to_string()).or_insert(0) += 1;
        let Some(node) = nodes.get(&id) else {
            problems.push(format!("{}: was not folded", sample.file));
            continue;
        };
        for (name, value) in expected {
            if node[name] != value {
                problems.push(format!("{}: {name} is {}, the file says {value}", sample.file, node[name]));
            }
        }
    }
    eprintln!("held to their files: {held:?}");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(held.values().sum::<i32>() > 150, "enough samples are held to their files");
}
