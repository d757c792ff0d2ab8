//! The shop's own rows: files as shops have them, imported into a real mirror, again, over each other, and removed.

mod files;
mod killed;
mod model;
mod overlaps;

use std::path::PathBuf;

use foredeck_engine::db::{Connection, Db, DbResult, types::ValueRef};
use foredeck_engine::domain::shop::ShopKind;
use foredeck_engine::projections::{rebuild, schema};
use foredeck_engine::shop_files::Saved;
use foredeck_engine::tasks::import::{
    self, ImportError, ImportJob, ImportPreview, ImportReport, RemovalReport,
};

use super::shop::{NOON, terms};

/// A mirror and a folder for files.
pub struct Store {
    pub db: Db,
    pub runtime: tokio::runtime::Runtime,
    folder: tempfile::TempDir,
}

impl Store {
    pub fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("a.mirror")).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let store = Self { db, runtime, folder };
        store.runtime.block_on(store.db.write(|to| schema::recreate(to, 0))).unwrap();
        store
    }

    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub fn job(&self, kind: ShopKind, bytes: impl AsRef<[u8]>) -> ImportJob {
        ImportJob {
            kind,
            path: self.file("rows.csv", bytes),
            map: Saved::new(),
            dry_run: false,
            accept_bad: false,
            zone: chrono_tz::Europe::Berlin,
            now: NOON,
        }
    }

    pub fn run(&self, job: ImportJob) -> Result<ImportReport, ImportError> {
        self.runtime.block_on(import::run(&self.db, job))
    }

    /// Imports a text that is good.
    pub fn import(&self, kind: ShopKind, bytes: impl AsRef<[u8]>) -> ImportReport {
        let report = self.run(self.job(kind, bytes)).unwrap();
        assert_eq!((report.bad, &report.errors), (0, &Vec::new()));
        report
    }

    pub fn preview(&self, kind: ShopKind, bytes: impl AsRef<[u8]>) -> Result<ImportPreview, ImportError> {
        let job = self.job(kind, bytes);
        self.runtime.block_on(import::preview(&self.db, kind, job.path, job.map, job.zone))
    }

    pub fn remove(&self, batch: i64) -> Result<RemovalReport, ImportError> {
        self.runtime.block_on(import::remove(&self.db, batch, NOON + 60))
    }

    pub fn rebuild(&self) {
        self.runtime.block_on(self.db.write(|to| rebuild::begin(to, 0))).unwrap();
        let step = |to: &foredeck_engine::db::Transaction<'_>| rebuild::step(to, &terms(), 1);
        while !self.runtime.block_on(self.db.write(step)).unwrap().finished {}
    }

    /// What a query returns, a text a row.
    pub fn rows(&self, sql: &str) -> Vec<String> {
        self.db.read_now(|connection| texts(connection, sql)).unwrap()
    }

    /// Every row in force, without its number, and how many each batch has.
    pub fn in_force(&self) -> Vec<String> {
        let tables =
            ["shop_purchase", "shop_wallet", "shop_entry", "shop_user", "shop_preorder", "shop_usage"];
        let mut all = self.rows("SELECT 'batch', batch, in_force FROM shop_batch ORDER BY batch");
        for table in tables {
            all.extend(self.rows(&format!("SELECT '{table}', * FROM {table} ORDER BY row_key")));
        }
        // The row's number and the id's own number are those of this mirror.
        all
    }
}

fn texts(connection: &Connection, sql: &str) -> DbResult<Vec<String>> {
    let mut statement = connection.prepare(sql)?;
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let mut parts = Vec::new();
        for (index, name) in names.iter().enumerate().filter(|(_, name)| *name != "key") {
            parts.push(match row.get_ref(index)? {
                ValueRef::Null => "-".to_owned(),
                ValueRef::Integer(number) if name == "object" => {
                    foredeck_engine::facts::names::get_id(connection, number)?
                }
                ValueRef::Integer(number) => number.to_string(),
                ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                other => panic!("{name} holds {other:?}"),
            });
        }
        found.push(parts.join(" "));
    }
    Ok(found)
}
