//! The one writer: a thread that owns the writing connection.
//!
//! Durable jobs run first, each alone; so do batches, in their turn. Bulk jobs share a transaction for at most 50 ms, each in its own
//! savepoint, and hear of their success only after the commit.

use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::{DbError, DbResult};
use crate::clock::{Clock, SystemClock};

const GROUP_FOR: Duration = Duration::from_millis(50);
/// Without a write for this long the log is written back to the file.
const IDLE_AFTER: Duration = Duration::from_secs(2);

/// How a write is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// An operator's: first, alone, synchronous=FULL.
    Durable,
    /// Grouped with others.
    Bulk,
    /// Alone, and its transaction is its own.
    Batch,
}

/// What remains to be done once the commit's outcome is known.
type Finish = Box<dyn FnOnce(Result<(), &DbError>) + Send>;
/// Runs in the transaction; with None, where none could begin, it only hands back the way to answer.
type Work = Box<dyn FnOnce(Option<&Transaction<'_>>) -> Ran + Send>;

struct Ran {
    failed: bool,
    finish: Finish,
}

struct Job {
    class: Class,
    work: Work,
}

pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> DbResult<Self> {
        let (jobs, inbox) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("mirror-writer".to_owned())
            .spawn(move || {
                Desk { connection, inbox, waiting: Vec::new(), clock: SystemClock::default() }.serve()
            })
            .map_err(|error| DbError::Invalid(format!("the writer thread cannot start: {error}")))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    pub(super) async fn run<T, F>(&self, class: Class, work: F) -> DbResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> DbResult<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let work: Work = Box::new(move |transaction| {
            let result = transaction.map(|transaction| match class {
                Class::Batch => work(transaction),
                Class::Durable | Class::Bulk => in_savepoint(transaction, work),
            });
            let failed = matches!(result, Some(Err(_)));
            let finish: Finish = Box::new(move |commit| {
                let outcome = match (commit, result) {
                    (Ok(()), Some(result)) => result,
                    (Err(_), Some(Err(error))) => Err(error),
                    (Err(reason), _) => Err(told_again(reason)),
                    (Ok(()), None) => Err(DbError::Stopped),
                };
                let _caller_left = answer.send(outcome);
            });
            Ran { failed, finish }
        });
        let jobs = self.jobs.as_ref().ok_or(DbError::Stopped)?;
        jobs.send(Job { class, work }).map_err(|_gone| DbError::Stopped)?;
        answered.await.map_err(|_gone| DbError::Stopped)?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs.take();
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

/// One failed commit is told to every job in it.
fn told_again(reason: &DbError) -> DbError {
    match reason {
        DbError::DiskFull => DbError::DiskFull,
        DbError::ReadOnly => DbError::ReadOnly,
        DbError::Damaged(words) => DbError::Damaged(words.clone()),
        other => DbError::Invalid(other.to_string()),
    }
}

fn in_savepoint<T>(
    transaction: &Transaction<'_>,
    work: impl FnOnce(&Transaction<'_>) -> DbResult<T>,
) -> DbResult<T> {
    transaction.execute_batch("SAVEPOINT job")?;
    match work(transaction) {
        Ok(value) => {
            transaction.execute_batch("RELEASE job")?;
            Ok(value)
        }
        Err(error) => {
            // A full disk may have rolled the whole transaction back already.
            let _already_gone = transaction.execute_batch("ROLLBACK TO job; RELEASE job");
            Err(error)
        }
    }
}

struct Desk {
    connection: Connection,
    inbox: mpsc::Receiver<Job>,
    waiting: Vec<Job>,
    clock: SystemClock,
}

impl Desk {
    fn serve(mut self) {
        while let Some(job) = self.next() {
            if job.class == Class::Durable {
                self.commit_durable(job);
            } else {
                self.commit(job);
            }
        }
        let _best_effort = self.connection.execute_batch("PRAGMA optimize");
    }

    /// Waits for the next job, durable ones first; None once every sender is gone.
    fn next(&mut self) -> Option<Job> {
        while let Ok(job) = self.inbox.try_recv() {
            self.waiting.push(job);
        }
        if let Some(index) = self.waiting.iter().position(|job| job.class == Class::Durable) {
            return Some(self.waiting.remove(index));
        }
        if !self.waiting.is_empty() {
            return Some(self.waiting.remove(0));
        }
        match self.inbox.recv_timeout(IDLE_AFTER) {
            Ok(job) => return Some(job),
            Err(mpsc::RecvTimeoutError::Disconnected) => return None,
            Err(mpsc::RecvTimeoutError::Timeout) => self.tidy_up(),
        }
        self.inbox.recv().ok()
    }

    /// With nothing to do the log is written back, so that a copy of the one file holds what the mirror holds.
    fn tidy_up(&self) {
        let _best_effort = self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    }

    fn commit_durable(&mut self, job: Job) {
        if let Err(error) = self.connection.pragma_update(None, "synchronous", "FULL") {
            tracing::error!(%error, "an operator's write could not be made durable");
            return ((job.work)(None).finish)(Err(&error.into()));
        }
        self.commit(job);
        if let Err(error) = self.connection.pragma_update(None, "synchronous", "NORMAL") {
            tracing::warn!(%error, "bulk writes stay slower than they need to be");
        }
    }

    /// Commits a job, and with a bulk job those that wait behind it.
    fn commit(&mut self, first: Job) {
        let class = first.class;
        let mut next = Some(first);
        let started = self.clock.monotonic();
        let mut finishes = Vec::new();
        let mut undone = false;
        let outcome = match Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate) {
            Err(error) => {
                finishes.extend(next.take().map(|job| (job.work)(None).finish));
                Err(error)
            }
            Ok(transaction) => {
                while let Some(job) = next.take() {
                    let ran = (job.work)(Some(&transaction));
                    finishes.push(ran.finish);
                    undone |= ran.failed && class == Class::Batch;
                    if class == Class::Bulk && self.clock.monotonic().saturating_sub(started) < GROUP_FOR {
                        next = next_bulk(&self.inbox, &mut self.waiting);
                    }
                }
                if undone { transaction.rollback() } else { transaction.commit() }
            }
        };
        let outcome = outcome.map_err(DbError::from);
        for finish in finishes {
            finish(outcome.as_ref().copied());
        }
    }
}

/// The next bulk job, if nothing durable waits.
fn next_bulk(inbox: &mpsc::Receiver<Job>, waiting: &mut Vec<Job>) -> Option<Job> {
    if waiting.iter().any(|job| job.class == Class::Durable) {
        return None;
    }
    if let Some(index) = waiting.iter().position(|job| job.class == Class::Bulk) {
        return Some(waiting.remove(index));
    }
    match inbox.try_recv() {
        Ok(job) if job.class == Class::Bulk => Some(job),
        Ok(job) => {
            waiting.push(job);
            None
        }
        Err(_) => None,
    }
}
