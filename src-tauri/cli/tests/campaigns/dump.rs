//! Everything a mirror holds, as lines that are the same for two mirrors of the same shop: facts by id, projections
//! table by table, and how complete each kind is. Numbers a file gives out by itself are replaced by the ids they
//! stand for; when and by which way something was read is left out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use foredeck_engine::db::rusqlite::types::ValueRef;
use foredeck_engine::db::{Connection, DbResult};
use foredeck_engine::facts::events::find_event;
use foredeck_engine::tasks::completeness;

use crate::mirror::Mirror;

/// Lines by table.
pub type Dump = BTreeMap<&'static str, Vec<String>>;

/// Tables compared row by row, with what is not compared of them: numbers of this file, and how a row came to be.
const TABLES: &[(&str, &[&str])] = &[
    ("node", &["key", "as_of", "rank", "class", "digest", "origin", "source_seq"]),
    ("preorder", &["key"]),
    ("person", &["key"]),
    ("rollup", &[]),
    ("revenue", &[]),
    ("status_count", &[]),
    ("source_count", &[]),
    ("facet", &[]),
    ("kind_count", &[]),
    ("former_preorder_id", &[]),
    ("operator_link", &[]),
    ("dirty", &[]),
    ("projection", &[]),
    ("stripe_event_conflict", &["seq", "seen_at", "dictionary"]),
    ("local_fact", &["seq", "made_at"]),
    ("import_batch", &[]),
    ("import_row", &[]),
    ("klaviyo_fact", &[]),
    ("session_items", &["as_of"]),
    ("sale", &["verdict"]),
    ("sale_ref", &[]),
    ("finding", &["scope"]),
    ("finding_word", &["seq", "at"]),
    ("proof", &[]),
    ("reversal", &[]),
    ("identity", &[]),
    ("dirty_email", &[]),
    ("purchase", &[]),
    ("basis", &[]),
    ("purchase_count", &[]),
    ("wallet_entry", &["key"]),
    ("wallet", &[]),
    ("shop_purchase", &["key"]),
    ("shop_wallet", &["key"]),
    ("shop_entry", &["key"]),
    ("shop_user", &["key"]),
    ("shop_preorder", &["key"]),
    ("shop_usage", &["key"]),
    ("shop_batch", &[]),
];

/// Tables read in a way of their own below, or about one file and its run only.
const OTHERS: &[&str] = &[
    "stripe_event",
    "stripe_snapshot",
    "stripe_id",
    "person_text",
    "meta",
    "settings_revision",
    "dictionary",
    "stripe_word",
    "stripe_delivery",
    "sync_state",
    "sync_log",
    "backfill_window",
    "refetch",
    "finding_changed",
    "finding_seen",
    "action",
    "action_plan",
    "action_step",
    "action_subject",
    "audit",
    "bulk",
    "klaviyo_connection",
    "klaviyo_wait",
    "klaviyo_event",
    "klaviyo_event_id",
    "klaviyo_seen",
    "klaviyo_person",
    "klaviyo_check_due",
    // What was looked at at Klaviyo, and when: these shops have none.
    "event_check",
    "report_sync",
    "report_record",
    "report_plan",
    "report_window",
    "report_call",
    "report_entity",
    "report_message_day",
    "report_segment_day",
    "report_form_day",
    "report_trigger",
];

/// Columns that name an object by its number.
const OBJECTS: &[&str] = &[
    "intent",
    "charge",
    "recovered_from",
    "customer",
    "session",
    "payment",
    "object",
    "product",
    "a",
    "b",
    "node",
];

impl Mirror<'_> {
    /// Everything in it. `snapshots` too, where both mirrors have just listed everything.
    pub fn dump(&self, with_snapshots: bool) -> Dump {
        self.read(|connection| {
            assert_nothing_is_forgotten(connection)?;
            let names = names(connection)?;
            let mut dump = Dump::new();
            for (table, apart) in TABLES {
                dump.insert(table, rows(connection, table, apart, &names)?);
            }
            dump.insert("stripe_event", events(connection)?);
            dump.insert("person_text", findable_people(connection)?);
            if with_snapshots {
                dump.insert("stripe_snapshot", newest_snapshots(connection)?);
            }
            let (watermark, kinds) = completeness::read(connection)?;
            let kinds = kinds.iter().map(|kind| format!("{kind:?}"));
            dump.insert("completeness", std::iter::once(format!("{watermark:?}")).chain(kinds).collect());
            Ok(dump)
        })
    }
}

/// Fails with the first differences of two dumps, if there are any.
#[track_caller]
pub fn assert_same(killed: &Dump, whole: &Dump) {
    for (table, truth) in whole {
        let (truth, told): (BTreeSet<_>, BTreeSet<_>) =
            (truth.iter().collect(), killed[table].iter().collect());
        let lost: Vec<_> = truth.difference(&told).take(3).collect();
        let made_up: Vec<_> = told.difference(&truth).take(3).collect();
        assert!(lost.is_empty() && made_up.is_empty(), "{table}\n  lost {lost:#?}\n  made up {made_up:#?}");
    }
    assert_eq!(killed, whole, "nothing is told twice");
}

/// A table that nobody listed here would be compared by nobody.
fn assert_nothing_is_forgotten(connection: &Connection) -> DbResult<()> {
    let mut statement = connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table'")?;
    let tables: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let known = |name: &String| {
        TABLES.iter().any(|(table, _)| table == name)
            || OTHERS.contains(&name.as_str())
            || name.starts_with("person_text_")
            || name.starts_with("sqlite_")
    };
    let unknown: Vec<&String> = tables.iter().filter(|name| !known(name)).collect();
    assert!(unknown.is_empty(), "tables that are compared nowhere: {unknown:?}");
    Ok(())
}

/// What the numbers of this file stand for: objects, orders and events.
struct Names {
    objects: HashMap<i64, String>,
    orders: HashMap<i64, String>,
    events: HashMap<i64, String>,
}

fn names(connection: &Connection) -> DbResult<Names> {
    let read = |sql: &str| -> DbResult<HashMap<i64, String>> {
        let mut statement = connection.prepare(sql)?;
        Ok(statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?)
    };
    Ok(Names {
        objects: read("SELECT key, id FROM stripe_id")?,
        orders: read("SELECT key, id FROM preorder")?,
        events: read("SELECT seq, id FROM stripe_event")?,
    })
}

fn rows(connection: &Connection, table: &str, apart: &[&str], names: &Names) -> DbResult<Vec<String>> {
    let key = if table == "node" { ", key AS node" } else { "" };
    let mut statement = connection.prepare(&format!("SELECT *{key} FROM {table}"))?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut found = statement.query([])?;
    let mut lines = Vec::new();
    while let Some(row) = found.next()? {
        let mut line = String::new();
        for (at, column) in columns.iter().enumerate().filter(|(_, column)| !apart.contains(&column.as_str()))
        {
            let told = match row.get_ref(at)? {
                ValueRef::Integer(number) if OBJECTS.contains(&column.as_str()) => {
                    names.objects.get(&number).cloned().unwrap_or_else(|| format!("nobody {number}"))
                }
                ValueRef::Integer(number) if column == "event" => {
                    names.events.get(&number).cloned().unwrap_or_else(|| format!("no event {number}"))
                }
                ValueRef::Integer(number) if column == "preorder" => {
                    names.orders.get(&number).cloned().unwrap_or_else(|| format!("no order {number}"))
                }
                ValueRef::Text(text) => format!("{:?}", String::from_utf8_lossy(text)),
                value => format!("{value:?}"),
            };
            line.push_str(&format!("{column}={told} "));
        }
        lines.push(line);
    }
    lines.sort();
    Ok(lines)
}

/// Events by id with their bytes as they came, but for the count of endpoints that wait, which goes down by itself.
fn events(connection: &Connection) -> DbResult<Vec<String>> {
    let mut statement = connection.prepare("SELECT id FROM stripe_event ORDER BY id")?;
    let ids: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let told = |id: &String| {
        let event = find_event(connection, id)?.expect("it was listed");
        let text = String::from_utf8(event.bytes).expect("JSON is text");
        let (head, tail) = text.split_once("\"pending_webhooks\":").expect("every event tells it");
        let tail = tail.trim_start_matches(|c: char| c.is_ascii_digit());
        Ok(format!("{id} {} {} {head}{tail}", event.created, event.kind))
    };
    ids.iter().map(told).collect()
}

/// The snapshot that counts for each object: its newest.
fn newest_snapshots(connection: &Connection) -> DbResult<Vec<String>> {
    let mut statement = connection.prepare(
        "SELECT i.id || ' ' || s.origin || ' ' || s.digest || ' ' || s.deleted
         FROM stripe_snapshot s JOIN stripe_id i ON i.key = s.object
         WHERE s.seq = (SELECT seq FROM stripe_snapshot n WHERE n.object = s.object
           ORDER BY n.as_of DESC, n.origin DESC, n.seq DESC LIMIT 1) ORDER BY i.id",
    )?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// People by whether a search for the beginning of their address finds them.
fn findable_people(connection: &Connection) -> DbResult<Vec<String>> {
    let mut statement = connection.prepare(
        "SELECT email || ' ' || EXISTS (SELECT 1 FROM person_text t
           WHERE t.rowid = p.key AND person_text MATCH '\"' || substr(p.email, 1, 3) || '\"') FROM person p ORDER BY email",
    )?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}
