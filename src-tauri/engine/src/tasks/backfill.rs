//! Backfill: every object of every kind, listed in parallel windows of `created`, each resumable.
//!
//! A window is half-open in whole seconds. Its first page shows how dense it is; a window that would take
//! long gives its older part to a new one. Cursor and objects are committed together.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::context::{Also, Context, TaskError};
use super::poll::missing_state;
use crate::db::{Connection, DbError, DbResult, Transaction, params};
use crate::domain::kind::Kind;
use crate::facts::state::{clear_state, find_state, set_state};
use crate::http::Priority;
use crate::projections::fold::fold_dirty;
use crate::projections::ingest::Prepared;
use crate::queries::health::Progress;
use crate::stripe::StripeError;

/// State document of the current or last run.
pub const BACKFILL: &str = "backfill";
/// Pages a window may take before its older part becomes a window of its own.
const PAGES_PER_WINDOW: i64 = 20;
/// Windows at most; more would not be faster.
const MAX_WINDOWS: usize = 200;
/// Windows read at a time.
const WORKERS: usize = 5;
/// Nodes folded in one transaction.
const FOLD_BATCH: usize = 2_000;
/// Pages stored in one transaction at most, and pages that may wait for theirs.
const PAGES_PER_COMMIT: usize = 16;

/// Why everything is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The mirror is new.
    First,
    /// Nobody polled for longer than Stripe keeps events.
    Away,
    /// A person asked.
    Asked,
    /// The key may now read kinds that it could not.
    Permitted,
}

/// A run as saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its number.
    pub run: i64,
    /// Why.
    pub reason: Reason,
    /// Server time at its start: objects created later come by polls.
    pub started_at: i64,
    /// Server time at its end.
    pub finished_at: Option<i64>,
    /// Where the watermark stood when it began, for the gap it heals.
    pub from_watermark: Option<i64>,
    /// What it healed was followed up.
    #[serde(default)]
    pub followed_up: bool,
}

/// Reads the current or last run.
///
/// # Errors
/// The read failed.
pub fn find_run(connection: &Connection) -> DbResult<Option<Run>> {
    find_state(connection, BACKFILL)
}

/// Starts a run over every kind, unless one is under way; that one comes back then.
///
/// # Errors
/// The write failed.
pub async fn begin(
    context: &Context,
    reason: Reason,
    started_at: i64,
    from_watermark: Option<i64>,
) -> DbResult<Run> {
    begin_kinds(context, reason, started_at, from_watermark, Kind::FOLDED.to_vec()).await
}

/// Starts a run over some kinds, unless one is under way; that one comes back then.
///
/// # Errors
/// The write failed.
pub async fn begin_kinds(
    context: &Context,
    reason: Reason,
    started_at: i64,
    from_watermark: Option<i64>,
    kinds: Vec<Kind>,
) -> DbResult<Run> {
    context
        .db
        .write(move |transaction| {
            let last = find_run(transaction)?;
            if let Some(current) = last.clone().filter(|run| run.finished_at.is_none()) {
                return Ok(current);
            }
            let run = Run {
                run: last.map_or(1, |last| last.run + 1),
                reason,
                started_at,
                finished_at: None,
                from_watermark,
                followed_up: false,
            };
            transaction.execute("DELETE FROM backfill_window", [])?;
            for kind in kinds {
                insert_window(transaction, run.run, kind, 0, started_at + 1)?;
            }
            set_state(transaction, BACKFILL, &run)?;
            Ok(run)
        })
        .await
}

fn insert_window(transaction: &Transaction<'_>, run: i64, kind: Kind, lo: i64, hi: i64) -> DbResult<()> {
    transaction
        .prepare_cached("INSERT INTO backfill_window (run, kind, lo, hi, cursor, done, objects) VALUES (?1, ?2, ?3, ?4, NULL, 0, 0)")?
        .execute(params![run, kind as u8, lo, hi])?;
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Window {
    run: i64,
    kind: Kind,
    lo: i64,
    hi: i64,
    cursor: Option<String>,
}

fn list_open(connection: &Connection, run: i64) -> DbResult<Vec<Window>> {
    let mut statement = connection.prepare_cached(
        "SELECT kind, lo, hi, cursor FROM backfill_window WHERE run = ?1 AND done = 0 ORDER BY hi DESC, kind",
    )?;
    let windows = statement
        .query_map([run], |row| {
            Ok(Window {
                run,
                kind: Kind::from_stored(row.get(0)?),
                lo: row.get(1)?,
                hi: row.get(2)?,
                cursor: row.get(3)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(windows)
}

/// Runs a backfill to its end, from wherever it stands.
///
/// Workers read windows and prepare their pages; one task stores what has gathered, many pages a transaction.
///
/// # Errors
/// Stripe or the mirror failed; it is resumed by the next call.
pub async fn advance(context: &Context, run: &Run) -> Result<(), TaskError> {
    let (pages, inbox) = mpsc::channel(PAGES_PER_COMMIT);
    let (read, stored) = tokio::join!(read_windows(context, run, pages), store_pages(context, run, inbox));
    // Where the mirror failed, that is why the readers stopped.
    stored?;
    read?;
    finish(context, run).await
}

async fn read_windows(context: &Context, run: &Run, pages: mpsc::Sender<ReadPage>) -> Result<(), TaskError> {
    let mut workers: JoinSet<(Window, Result<(), TaskError>)> = JoinSet::new();
    let mut busy: HashSet<(Kind, i64)> = HashSet::new();
    let mut failure = None;
    loop {
        let number = run.run;
        let open = context.db.read(move |connection| list_open(connection, number)).await?;
        if failure.is_none() {
            for window in open
                .iter()
                .filter(|window| !busy.contains(&(window.kind, window.hi)))
                .take(WORKERS.saturating_sub(workers.len()))
                .cloned()
                .collect::<Vec<_>>()
            {
                busy.insert((window.kind, window.hi));
                let (context, pages) = (context.clone(), pages.clone());
                let crowded = open.len() >= MAX_WINDOWS;
                workers.spawn(async move {
                    let outcome = read_window(&context, &window, crowded, &pages).await;
                    (window, outcome)
                });
            }
        }
        let Some(joined) = workers.join_next().await else { break };
        let (window, outcome) = joined.map_err(|_panicked| TaskError::Db(DbError::Stopped))?;
        busy.remove(&(window.kind, window.hi));
        if let Err(error) = outcome {
            failure = Some(error);
        }
    }
    failure.map_or(Ok(()), Err)
}

/// A page that was read, to be stored with where its window stands after it.
struct ReadPage {
    prepared: Prepared,
    objects: i64,
    kind: Kind,
    save: Also,
    /// Told once the page is committed; dropped when it is not.
    committed: Option<oneshot::Sender<()>>,
}

/// Stores pages as they come, as many a transaction as wait, until every reader is gone.
async fn store_pages(context: &Context, run: &Run, mut inbox: mpsc::Receiver<ReadPage>) -> DbResult<()> {
    let number = run.run;
    let mut done = context.db.read(move |connection| count_listed(connection, number)).await?;
    let mut waiting = Vec::new();
    while inbox.recv_many(&mut waiting, PAGES_PER_COMMIT).await > 0 {
        let mut told = Vec::new();
        let mut batch = Vec::new();
        let mut phase = None;
        for page in waiting.drain(..) {
            done += page.objects;
            phase = Some(page.kind);
            told.extend(page.committed);
            batch.push((page.prepared, page.save));
        }
        context.commit_pages(batch).await?;
        for told in told {
            let _reader_left = told.send(());
        }
        context.status.progress(phase.map(|kind| Progress {
            task: "backfill".to_owned(),
            phase: kind.as_str().to_owned(),
            done,
            total: None,
        }));
    }
    Ok(())
}

fn count_listed(connection: &Connection, run: i64) -> DbResult<i64> {
    Ok(connection
        .prepare_cached("SELECT coalesce(sum(objects), 0) FROM backfill_window WHERE run = ?1")?
        .query_row([run], |row| row.get(0))?)
}

/// Reads a window until it is done or has given its older part away.
async fn read_window(
    context: &Context,
    window: &Window,
    crowded: bool,
    pages: &mpsc::Sender<ReadPage>,
) -> Result<(), TaskError> {
    let mut window = window.clone();
    let mut asked_after = window.cursor.clone();
    loop {
        let page = context
            .stripe
            .list(window.kind, Some(window.lo), Some(window.hi), asked_after.as_deref(), Priority::Low)
            .await;
        let page = match page {
            Ok(page) => page,
            Err(StripeError::PermissionMissing { permission, .. }) => {
                return Ok(skip(context, &window, permission).await?);
            }
            Err(StripeError::CursorLost) if asked_after.is_some() => {
                asked_after = None;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let done = !page.has_more();
        let first_page = window.cursor.is_none();
        let split = if first_page && !done && !crowded { split_at(&window, page.created()) } else { None };
        let before = window.clone();
        window.cursor = page.last().map(|(id, _)| id).or(window.cursor);
        window.lo = split.unwrap_or(window.lo);
        asked_after.clone_from(&window.cursor);
        let after = window.clone();
        let objects = i64::try_from(page.len()).unwrap_or(0);
        let last = done || split.is_some();
        let (committed, heard) = oneshot::channel();
        let read = ReadPage {
            prepared: context.prepare_page(window.kind, page).await?,
            objects,
            kind: window.kind,
            save: Box::new(move |transaction| save(transaction, &before, &after, done, objects)),
            committed: last.then_some(committed),
        };
        // Storing has failed when nobody takes or answers: its own error says why.
        pages.send(read).await.map_err(|_gone| DbError::Stopped)?;
        if last {
            return Ok(heard.await.map_err(|_gone| DbError::Stopped)?);
        }
    }
}

/// Where the older part begins, when the window would take many pages at the density of its first one.
fn split_at(window: &Window, created: Option<(i64, i64)>) -> Option<i64> {
    let (newest, oldest) = created?;
    let span = (newest - oldest).max(1);
    let cut = oldest - span.saturating_mul(PAGES_PER_WINDOW);
    (cut > window.lo).then_some(cut)
}

fn save(
    transaction: &Transaction<'_>,
    before: &Window,
    after: &Window,
    done: bool,
    objects: i64,
) -> DbResult<()> {
    if after.lo != before.lo {
        // The older part first: the window's name is its lower end.
        transaction
            .prepare_cached("UPDATE backfill_window SET lo = ?4 WHERE run = ?1 AND kind = ?2 AND lo = ?3")?
            .execute(params![before.run, before.kind as u8, before.lo, after.lo])?;
        insert_window(transaction, before.run, before.kind, before.lo, after.lo)?;
    }
    // Pages of a window are stored in turn or not at all: one that follows a lost page finds another cursor.
    let found = transaction
        .prepare_cached(
            "UPDATE backfill_window SET cursor = ?4, done = ?5, objects = objects + ?6
             WHERE run = ?1 AND kind = ?2 AND lo = ?3 AND cursor IS ?7",
        )?
        .execute(params![
            after.run,
            after.kind as u8,
            after.lo,
            after.cursor,
            done,
            objects,
            before.cursor
        ])?;
    if found == 1 || !is_open(transaction, after)? {
        return Ok(());
    }
    Err(DbError::Invalid("a page arrived out of turn".to_owned()))
}

/// Whether a window is still to be read; those of a kind that the key may not list are left.
fn is_open(connection: &Connection, window: &Window) -> DbResult<bool> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM backfill_window WHERE run = ?1 AND kind = ?2 AND lo = ?3)",
        )?
        .query_row(params![window.run, window.kind as u8, window.lo], |row| row.get(0))?)
}

/// The key may not list this kind: its windows are left, the permission is named.
async fn skip(context: &Context, window: &Window, permission: String) -> DbResult<()> {
    let (run, kind) = (window.run, window.kind);
    context
        .db
        .write(move |transaction| {
            transaction.execute(
                "DELETE FROM backfill_window WHERE run = ?1 AND kind = ?2",
                params![run, kind as u8],
            )?;
            set_state(transaction, &missing_state(kind.as_str()), &permission)
        })
        .await
}

async fn finish(context: &Context, run: &Run) -> Result<(), TaskError> {
    fold_all(context).await?;
    let mut ended = run.clone();
    ended.finished_at = Some(context.server_now());
    let listed: Vec<Kind> = {
        let number = run.run;
        context.db.read(move |connection| list_done_kinds(connection, number)).await?
    };
    context
        .db
        .write(move |transaction| {
            for kind in listed {
                clear_state(transaction, &missing_state(kind.as_str()))?;
                set_state(transaction, &listed_state(kind), &ended.started_at)?;
            }
            set_state(transaction, BACKFILL, &ended)
        })
        .await?;
    context.status.progress(None);
    Ok(())
}

/// The state document that says when a kind was last listed whole (server seconds at the start).
pub fn listed_state(kind: Kind) -> String {
    format!("listed:{}", kind.as_str())
}

fn list_done_kinds(connection: &Connection, run: i64) -> DbResult<Vec<Kind>> {
    let mut statement =
        connection.prepare_cached("SELECT DISTINCT kind FROM backfill_window WHERE run = ?1 AND done = 1")?;
    let kinds =
        statement.query_map([run], |row| row.get(0).map(Kind::from_stored))?.collect::<Result<_, _>>()?;
    Ok(kinds)
}

/// Folds everything that waits, batch by batch.
///
/// # Errors
/// The mirror failed; what is left is folded by the next call.
pub async fn fold_all(context: &Context) -> DbResult<()> {
    loop {
        let folded = context.db.write_batch(|transaction| fold_dirty(transaction, FOLD_BATCH)).await?;
        if folded == 0 {
            return Ok(());
        }
        context.announcer.announce(Some(&context.store), crate::topic::Topic::Preorders);
    }
}
