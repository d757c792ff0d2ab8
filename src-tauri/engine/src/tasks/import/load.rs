//! A run: rows compared with what is in force, stored where they differ, and put into force together.

use tokio::sync::mpsc;

use super::apply::{apply, discard_all, sweep_held};
use super::check::{Checked, Chunk, check, read_rows};
use super::{ImportError, ImportJob, ImportReport, RowError, blocking, take_turn};
use crate::db::{Connection, Db, DbError, DbResult};
use crate::domain::shop::ShopKind;
use crate::facts::imports::{
    ImportRow, Source, append_row, begin_batch, is_body, note_reading, put_in_force,
};
use crate::projections::shop::{find_place, is_empty};
use crate::projections::{rebuild, shop_words};
use crate::shop_files::BadRow;
use crate::tasks::replay::replay_if_due;

/// Bad rows told one by one.
const ERRORS: usize = 200;
/// Chunks that may wait for the mirror.
const WAITING: usize = 2;

/// Imports a file, or says what an import would do.
///
/// # Errors
/// The file or the mirror cannot be read or written; then nothing of the file is in force.
pub async fn run(db: &Db, job: ImportJob) -> Result<ImportReport, ImportError> {
    let turn = if job.dry_run { None } else { Some(take_turn(db)?) };
    if !db.is_read_only() {
        // What is in force is compared with: it must be whole.
        replay_if_due(db, job.now, |_| {}).await?;
    }
    if turn.is_some() {
        sweep_held(db).await?;
    }
    let checked = check(db, job.kind, job.path.clone(), job.map.clone()).await?;
    let source = Source {
        kind: job.kind,
        file_name: job.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        file_digest: checked.file.digest().to_owned(),
        mapping: serde_json::to_string(&checked.mapping.saved())
            .map_err(|error| DbError::Corrupt(error.to_string()))?,
    };
    if job.dry_run {
        let mut loading = Loading::new(db, &job, None).await?;
        loading.take_all(checked).await?;
        return Ok(loading.report);
    }
    let now = job.now;
    let batch = db.write(move |transaction| begin_batch(transaction, now, &source)).await?;
    let mut loading = Loading::new(db, &job, Some(batch)).await?;
    let outcome = loading.take_all(checked).await;
    let mut report = loading.report;
    let refused = report.bad > 0 && !job.accept_bad;
    if outcome.is_err() || refused || report.new + report.changed == 0 {
        discard_all(db, batch).await?;
        outcome?;
        if !refused {
            let kind = job.kind;
            db.write_durable(move |transaction| {
                note_reading(transaction, kind, now)?;
                // The same rows say more now: they are younger than payments that they were too old for.
                match kind {
                    ShopKind::Preorders if !rebuild::is_due(transaction)? => {
                        shop_words::mark_orders(transaction)
                    }
                    _ => Ok(()),
                }
            })
            .await?;
        }
        return Ok(report);
    }
    let rows = report.new + report.changed;
    db.write_durable(move |transaction| put_in_force(transaction, batch, rows)).await?;
    apply(db, batch).await?;
    report.batch = Some(batch);
    report.loaded = rows;
    Ok(report)
}

struct Loading<'a> {
    db: &'a Db,
    kind: ShopKind,
    zone: chrono_tz::Tz,
    batch: Option<i64>,
    /// Nothing of the kind is in force: nothing to compare with.
    first: bool,
    accept_bad: bool,
    report: ImportReport,
}

#[derive(Default, Clone, Copy)]
struct Counts {
    new: i64,
    changed: i64,
    same: i64,
}

impl<'a> Loading<'a> {
    async fn new(db: &'a Db, job: &ImportJob, batch: Option<i64>) -> DbResult<Self> {
        let kind = job.kind;
        let first = db.read(move |connection| is_empty(connection, kind)).await?;
        let report = ImportReport {
            batch: None,
            rows: 0,
            new: 0,
            changed: 0,
            same: 0,
            bad: 0,
            loaded: 0,
            errors: Vec::new(),
        };
        Ok(Self { db, kind, zone: job.zone, batch, first, accept_bad: job.accept_bad, report })
    }

    /// Reads in a thread while the rows before are compared and stored.
    async fn take_all(&mut self, checked: Checked) -> Result<(), ImportError> {
        let (to, mut inbox) = mpsc::channel(WAITING);
        let zone = self.zone;
        let reader = tokio::spawn(blocking(move || read_rows(&checked, zone, &to)));
        while let Some(chunk) = inbox.recv().await {
            self.take(chunk).await?;
        }
        reader.await.map_err(|_panicked| DbError::Stopped)??
    }

    async fn take(&mut self, chunk: Chunk) -> DbResult<()> {
        let Chunk { rows, bad } = chunk;
        self.report.rows += i64::try_from(rows.len() + bad.len()).unwrap_or(0);
        self.report.bad += i64::try_from(bad.len()).unwrap_or(0);
        let room = ERRORS.saturating_sub(self.report.errors.len());
        self.report.errors.extend(bad.into_iter().take(room).map(told));
        // Once it is known that nothing is going to be loaded, the rest is only counted.
        let doomed = self.report.bad > 0 && !self.accept_bad;
        let (kind, first) = (self.kind, self.first);
        let counts = match self.batch.filter(|_| !doomed) {
            Some(batch) => {
                let store = move |transaction: &crate::db::Transaction<'_>| {
                    compare(transaction, kind, first, &rows, |row| append_row(transaction, batch, row))
                };
                self.db.write_batch(store).await?
            }
            None => {
                self.db.read(move |connection| compare(connection, kind, first, &rows, |_| Ok(()))).await?
            }
        };
        self.report.new += counts.new;
        self.report.changed += counts.changed;
        self.report.same += counts.same;
        Ok(())
    }
}

/// Holds rows against what is in force, and keeps those that differ.
fn compare(
    connection: &Connection,
    kind: ShopKind,
    first: bool,
    rows: &[ImportRow],
    keep: impl Fn(&ImportRow) -> DbResult<()>,
) -> DbResult<Counts> {
    let mut counts = Counts::default();
    for row in rows {
        let place = if first { None } else { find_place(connection, kind, &row.row_key)? };
        match place {
            None => counts.new += 1,
            Some(place) if is_body(connection, place, &row.body)? => {
                counts.same += 1;
                continue;
            }
            Some(_) => counts.changed += 1,
        }
        keep(row)?;
    }
    Ok(counts)
}

fn told(bad: BadRow) -> RowError {
    RowError {
        line: i64::try_from(bad.line).unwrap_or(i64::MAX),
        column: bad.column,
        code: bad.code.to_owned(),
        message: bad.message,
    }
}
