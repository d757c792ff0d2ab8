//! A mirror for each order of arrival: feeds it, folds it, rebuilds it, and writes its projections out.

use std::collections::BTreeMap;
use std::path::Path;

use chrono_tz::Tz;
use foredeck_engine::db::{Connection, Db, DbResult, Transaction, types::ValueRef};
use foredeck_engine::domain::plan::{PlanBy, PlanRule};
use foredeck_engine::domain::settings::{MetadataNames, Settings};
use foredeck_engine::facts::codec::Codec;
use foredeck_engine::facts::local::append_local;
use foredeck_engine::facts::names::intern_id;
use foredeck_engine::facts::settings::append_settings;
use foredeck_engine::projections::fold::{count_dirty, fold_dirty};
use foredeck_engine::projections::ingest::{
    Prepared, Terms, prepare_events, prepare_objects, store, store_tombstone,
};
use foredeck_engine::projections::local::take_local;
use foredeck_engine::projections::rebuild;
use serde_json::{Map, Value};

use super::chance::Chance;
use super::facts::{Fact, Local};

/// A row by column; a table by its rows' keys.
pub type Rows = BTreeMap<String, Map<String, Value>>;
pub type Tables = BTreeMap<&'static str, Rows>;

/// Two mirrors of one worker. They are emptied for each order of arrival, not opened anew: preparing SQL costs more
/// than a small history does. A rebuild makes the tables anew, which costs that again, so it has its own mirror.
pub struct Bench {
    plain: Db,
    rebuilt: Db,
    runtime: tokio::runtime::Runtime,
    _folder: tempfile::TempDir,
}

impl Bench {
    pub fn make() -> Self {
        let shared_memory = Path::new("/dev/shm");
        let folder =
            if shared_memory.is_dir() { tempfile::tempdir_in(shared_memory) } else { tempfile::tempdir() };
        let folder = folder.unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let open = |name: &str| Db::open(&folder.path().join(name)).unwrap();
        let bench = Self { plain: open("plain"), rebuilt: open("rebuilt"), runtime, _folder: folder };
        for db in [&bench.plain, &bench.rebuilt] {
            bench.on(db).rebuild(&mut Chance::new(0));
        }
        bench
    }

    fn on<'a>(&'a self, db: &'a Db) -> Mirror<'a> {
        Mirror { db, codec: Codec::default(), refetch: false, runtime: &self.runtime }
    }

    /// An empty mirror.
    pub fn mirror(&self, zone: Tz) -> Mirror<'_> {
        let mirror = self.on(&self.plain);
        mirror.write(move |transaction| empty(transaction, zone));
        mirror
    }

    /// An empty mirror that is going to be rebuilt.
    pub fn mirror_to_rebuild(&self, zone: Tz) -> Mirror<'_> {
        let mirror = self.on(&self.rebuilt);
        mirror.write(move |transaction| empty(transaction, zone));
        mirror
    }
}

fn empty(transaction: &Transaction<'_>, zone: Tz) -> DbResult<()> {
    let mut tables = transaction.prepare_cached(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'person_text%'
         AND name <> 'projection'",
    )?;
    let names: Vec<String> = tables.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for name in names {
        transaction.prepare_cached(&format!("DELETE FROM {name}"))?.execute([])?;
    }
    transaction.prepare_cached("INSERT INTO person_text (person_text) VALUES ('delete-all')")?.execute([])?;
    let settings = Settings { plans: plans(), time_zone: zone.name().to_owned(), ..Settings::default() };
    append_settings(transaction, 0, &settings)?;
    Ok(())
}

/// The plan table of every mirror. Prices are minted by each world, so lookup keys stand for them.
fn plans() -> Vec<PlanRule> {
    let rule = |by, value: &str, plan: Option<&str>, credits| PlanRule {
        by,
        value: value.to_owned(),
        plan: plan.map(str::to_owned),
        credits,
    };
    vec![
        rule(PlanBy::LookupKey, "credits_starter_eur", Some("starter"), Some(100)),
        rule(PlanBy::LookupKey, "credits_pro_eur", Some("pro"), Some(500)),
        rule(PlanBy::LookupKey, "credits_starter_jpy", Some("starter"), Some(101)),
        rule(PlanBy::LookupKey, "credits_studio_kwd", Some("studio"), Some(2_003)),
        rule(PlanBy::LookupKey, "preorder_eur", None, None),
        rule(PlanBy::Plan, "pro", Some("pro by name"), Some(7)),
        rule(PlanBy::Credits, "", Some("as said"), None),
        rule(PlanBy::Amount, "1000 usd", Some("ten dollars"), Some(9)),
    ]
}

pub struct Mirror<'a> {
    db: &'a Db,
    codec: Codec,
    pub refetch: bool,
    runtime: &'a tokio::runtime::Runtime,
}

enum Job {
    Store(Prepared),
    Gone { kind: foredeck_engine::domain::kind::Kind, id: String, as_of: i64 },
    Local(Local),
}

impl Mirror<'_> {
    fn terms(&self, fold: bool) -> Terms {
        Terms { now: 1_790_000_000, names: MetadataNames::default(), fold, refetch: self.refetch }
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> DbResult<T> + Send + 'static,
    ) -> T {
        self.runtime.block_on(self.db.write(work)).unwrap()
    }

    /// Takes the facts in, in batches of random size, folding after each or later.
    pub fn take(&self, facts: &[Fact], chance: &mut Chance) {
        let most = *chance.pick(&[1, 6, 25, 25, 60, 60, 60, 400]);
        let folds = *chance.pick(&[0, 50, 100]);
        let mut rest = facts;
        while !rest.is_empty() {
            let (batch, later) = rest.split_at((1 + chance.below(most)).min(rest.len()));
            rest = later;
            let fold = chance.percent(folds);
            self.take_batch(batch, fold);
            if fold && chance.percent(10) {
                self.fold_some(1 + chance.below(3));
            }
        }
        let limit = *chance.pick(&[2, 50, 50, 1_000]);
        while self.fold_some(limit) > 0 {}
    }

    fn take_batch(&self, batch: &[Fact], fold: bool) {
        let jobs = self.prepare(batch);
        let (codec, terms) = (self.codec.clone(), self.terms(fold));
        let mut stored = self.write(move |transaction| {
            let mut all = Vec::new();
            for job in jobs {
                match job {
                    Job::Store(prepared) => all.push(store(transaction, &codec, prepared, &terms)?),
                    Job::Gone { kind, id, as_of } => {
                        let key = intern_id(transaction, &id, kind)?;
                        store_tombstone(transaction, key, as_of, &terms)?;
                    }
                    Job::Local(local) => take_local_fact(transaction, local, &terms)?,
                }
            }
            if terms.fold {
                fold_dirty(transaction, 10_000)?;
            }
            Ok(all)
        });
        stored.iter_mut().for_each(foredeck_engine::projections::ingest::Stored::committed);
    }

    /// Neighbouring events go in together, as one page.
    fn prepare(&self, batch: &[Fact]) -> Vec<Job> {
        let names = MetadataNames::default();
        let mut jobs = Vec::new();
        let mut events: Vec<&str> = Vec::new();
        for fact in batch {
            if let Fact::Event { raw, .. } = fact {
                events.push(raw);
                continue;
            }
            if !events.is_empty() {
                jobs.push(Job::Store(
                    prepare_events(&self.codec, &std::mem::take(&mut events), &names).unwrap(),
                ));
            }
            jobs.push(match fact {
                Fact::Seen { kind, origin, as_of, raw, .. } => Job::Store(
                    prepare_objects(&self.codec, *kind, &[raw], (*origin, *as_of), &names).unwrap(),
                ),
                Fact::Gone { kind, id, as_of } => Job::Gone { kind: *kind, id: id.clone(), as_of: *as_of },
                Fact::Local(local) => Job::Local(local.clone()),
                Fact::Event { .. } => unreachable!("taken above"),
            });
        }
        if !events.is_empty() {
            jobs.push(Job::Store(prepare_events(&self.codec, &events, &names).unwrap()));
        }
        jobs
    }

    fn fold_some(&self, limit: usize) -> usize {
        self.write(move |transaction| fold_dirty(transaction, limit))
    }

    /// Drops the projections and makes them anew from the stored facts.
    pub fn rebuild(&self, chance: &mut Chance) {
        self.write(|transaction| rebuild::begin(transaction, 0));
        loop {
            let (terms, limit) = (self.terms(false), *chance.pick(&[3, 50, 50, 1_000]));
            if self.write(move |transaction| rebuild::step(transaction, &terms, limit)).finished {
                return;
            }
        }
    }

    /// Every projection, with ids in place of the mirror's own numbers.
    pub fn projections(&self) -> Tables {
        self.db
            .read_now(|connection| {
                assert_eq!(count_dirty(connection)?, 0, "everything is folded");
                TABLES.iter().map(|(name, sql)| Ok((*name, rows(connection, sql)?))).collect()
            })
            .unwrap()
    }
}

fn take_local_fact(transaction: &Transaction<'_>, local: Local, terms: &Terms) -> DbResult<()> {
    let ends = (local.subject.as_str(), local.object.as_deref());
    let seq = append_local(transaction, local.made_at, "ann", local.kind, ends, &local.body)?;
    let fact = foredeck_engine::facts::local::LocalFact {
        seq,
        made_at: local.made_at,
        operator: "ann".to_owned(),
        kind: local.kind.to_owned(),
        subject: local.subject,
        object: local.object,
        body: local.body,
    };
    take_local(transaction, &fact, terms)
}

/// The first column is the row's key. What the naive fold cannot know (`rank`, `class`, `digest`, `facet`)
/// is left out when it is asked.
const TABLES: [(&str, &str); 19] = [
    (
        "node",
        "SELECT s.id AS id, n.kind, n.as_of, n.rank, n.class, n.digest, n.unsettled, n.deleted, n.attempted, n.created,
           n.proof_at, n.status, n.sub_status, n.amount, n.amount_part, n.currency, n.email, n.name, n.preorder_id, n.user_id,
           n.color, n.locale, n.source, n.detail, n.expires_at, i.id AS intent, c.id AS charge, r.id AS recovered_from,
           u.id AS customer, p.id AS preorder, n.plan, n.credits, y.id AS payment,
           n.entered_at, n.failed_at, n.address, o.id AS product
         FROM node n JOIN stripe_id s ON s.key = n.key LEFT JOIN stripe_id i ON i.key = n.intent
         LEFT JOIN stripe_id c ON c.key = n.charge LEFT JOIN stripe_id r ON r.key = n.recovered_from
         LEFT JOIN stripe_id u ON u.key = n.customer LEFT JOIN preorder p ON p.key = n.preorder
         LEFT JOIN stripe_id y ON y.key = n.payment LEFT JOIN stripe_id o ON o.key = n.product",
    ),
    (
        "former_preorder_id",
        "SELECT f.preorder_id || ' of ' || s.id AS key FROM former_preorder_id f JOIN stripe_id s ON s.key = f.node",
    ),
    (
        "operator_link",
        "SELECT min(a.id, b.id) || ' - ' || max(a.id, b.id) AS key
         FROM operator_link l JOIN stripe_id a ON a.key = l.a JOIN stripe_id b ON b.key = l.b",
    ),
    (
        "preorder",
        "SELECT p.id, p.status, p.email, p.name, p.color, p.locale, p.source, p.user_id, p.amount, p.currency, p.refunded,
           p.started_at, p.paid_at, s.id AS session, i.id AS intent, p.matched_by, p.reached, p.unsettled, p.conflict,
           p.borrows_email, p.goods, p.sessions, p.findings, p.lead_at, p.facet
         FROM preorder p LEFT JOIN stripe_id s ON s.key = p.session LEFT JOIN stripe_id i ON i.key = p.intent",
    ),
    ("person", "SELECT email, name, preorders, paid, first_at, last_at, findings FROM person"),
    ("searchable", "SELECT p.email FROM person_text t JOIN person p ON p.key = t.rowid"),
    (
        "rollup",
        "SELECT dim || ' ' || day || ' ' || value AS key, started, opened, attempted, paid, kept FROM rollup",
    ),
    ("revenue", "SELECT day || ' ' || currency AS key, paid, refunded, orders FROM revenue"),
    ("status_count", "SELECT status, count FROM status_count"),
    (
        "facet",
        "SELECT status || ' ' || reached || ' ' || quote(color) || ' ' || quote(locale) || ' ' || bucket || ' ' || lead || ' ' || goods AS key, count
         FROM facet",
    ),
    ("source_count", "SELECT value, bucket, count FROM source_count"),
    ("kind_count", "SELECT CAST(kind AS TEXT) AS kind, count FROM kind_count"),
    (
        "purchase",
        "SELECT d.id, u.status, u.coverage, u.plan, u.rule, u.credits, u.clawed, u.reversed, u.amount, u.currency, u.refunded,
           u.email, u.user_id, u.owner, u.at, u.paid_at, e.id AS event, s.id AS session, u.borrows_email, u.unsettled
         FROM purchase u JOIN stripe_id d ON d.key = u.payment LEFT JOIN stripe_event e ON e.seq = u.event
         LEFT JOIN stripe_id s ON s.key = u.session",
    ),
    (
        "wallet_entry",
        "SELECT d.id || ' ' || w.kind || ' ' || w.cause AS key, w.owner, w.email, w.at, w.credits
         FROM wallet_entry w JOIN stripe_id d ON d.key = w.payment",
    ),
    (
        "wallet",
        "SELECT owner, granted, clawed, reversed, spent, adjusted, balance, entries, first_at, last_at FROM wallet",
    ),
    ("identity", "SELECT email, user_id FROM identity"),
    (
        "finding",
        "SELECT f.id, f.rule, f.subject, f.base_at, f.opens_at, f.due_at, f.deadline_at, f.state, f.word, p.id AS preorder, f.evidence
         FROM finding f LEFT JOIN preorder p ON p.key = f.preorder",
    ),
    ("finding_word", "SELECT id, said, at FROM finding_word"),
    ("purchase_count", "SELECT status || ' ' || coverage AS key, count FROM purchase_count"),
];

fn rows(connection: &Connection, sql: &str) -> DbResult<Rows> {
    let mut statement = connection.prepare_cached(sql)?;
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut found = statement.query([])?;
    let mut table = Rows::new();
    while let Some(row) = found.next()? {
        let mut columns = Map::new();
        for (index, name) in names.iter().enumerate().skip(1) {
            let value = match row.get_ref(index)? {
                ValueRef::Null => continue,
                ValueRef::Integer(number) => number.into(),
                ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned().into(),
                other => panic!("a projection holds {other:?}"),
            };
            columns.insert(name.clone(), value);
        }
        let key: String = row.get(0)?;
        assert!(table.insert(key.clone(), columns).is_none(), "two rows are {key}");
    }
    Ok(table)
}

/// What differs between two sets of tables, in words; empty when nothing does.
pub fn differences(one: &Tables, other: &Tables) -> Vec<String> {
    let mut found = Vec::new();
    for (name, rows) in one {
        let others = &other[name];
        let keys: std::collections::BTreeSet<&String> = rows.keys().chain(others.keys()).collect();
        for key in keys {
            match (rows.get(key), others.get(key)) {
                (Some(a), Some(b)) if a == b => {}
                (Some(a), Some(b)) => found.push(format!("{name} {key}: {}", columns_that_differ(a, b))),
                (Some(a), None) => {
                    found.push(format!("{name} {key}: only in the first: {}", Value::Object(a.clone())))
                }
                (None, Some(b)) => {
                    found.push(format!("{name} {key}: only in the second: {}", Value::Object(b.clone())))
                }
                (None, None) => {}
            }
        }
    }
    found
}

fn columns_that_differ(a: &Map<String, Value>, b: &Map<String, Value>) -> String {
    let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let show = |value: Option<&Value>| value.map_or("null".to_owned(), Value::to_string);
    let differing = names.into_iter().filter(|name| a.get(*name) != b.get(*name));
    differing
        .map(|name| format!("{name} {} / {}", show(a.get(name)), show(b.get(name))))
        .collect::<Vec<_>>()
        .join(", ")
}
