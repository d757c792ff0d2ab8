//! How the sync of each kind stands: found or made, queued, planned, ended.

use crate::db::{Connection, DbResult, OptionalExtension, Row, Transaction, params};
use crate::domain::klaviyo::{ReportKind, ReportSyncState};
use crate::facts::klaviyo::Trouble;

/// Seconds after its last step in which a sync counts as running: a step waits a minute for its turn at most.
const RUNS_S: i64 = 180;

/// How the sync of a kind stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRecord {
    /// The account.
    pub public_id: String,
    /// The kind.
    pub kind: ReportKind,
    /// Queued, waiting, or how the last one ended; never running, see [`Self::shown`].
    pub state: ReportSyncState,
    /// Why: `connected`, `metric_changed`, `due` or `asked`.
    pub reason: String,
    /// Asked for at, unix seconds.
    pub queued_at: i64,
    /// Its first request.
    pub started_at: Option<i64>,
    /// Its windows were planned.
    pub planned_at: Option<i64>,
    /// Its last step.
    pub touched_at: Option<i64>,
    /// Its end.
    pub ended_at: Option<i64>,
    /// The end of the last one that succeeded.
    pub succeeded_at: Option<i64>,
    /// It goes on at.
    pub until: Option<i64>,
    /// Failures in a row that may pass.
    pub tries: i64,
    /// Days that it is about.
    pub days: Option<(i64, i64)>,
    /// Windows in all, done and failed.
    pub windows: (i64, i64, i64),
    /// Rows it stored.
    pub rows: i64,
    /// Why it waits, failed or was skipped.
    pub trouble: Option<Trouble>,
}

impl ReportRecord {
    /// A record of a kind that was never synced, queued now.
    pub fn new(public_id: &str, kind: ReportKind, reason: &str, now: i64) -> Self {
        Self {
            public_id: public_id.to_owned(),
            kind,
            state: ReportSyncState::Queued,
            reason: reason.to_owned(),
            queued_at: now,
            started_at: None,
            planned_at: None,
            touched_at: None,
            ended_at: None,
            succeeded_at: None,
            until: None,
            tries: 0,
            days: None,
            windows: (0, 0, 0),
            rows: 0,
            trouble: None,
        }
    }

    /// Whether it is neither ended nor was never asked for.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, ReportSyncState::Queued | ReportSyncState::Waiting)
    }

    /// The state that people see at an instant.
    pub fn shown(&self, now: i64) -> ReportSyncState {
        let touched = self.touched_at.is_some_and(|at| at <= now && now - at < RUNS_S);
        match self.state {
            ReportSyncState::Waiting if self.until.is_none_or(|until| until <= now) => {
                ReportSyncState::Queued
            }
            ReportSyncState::Queued if touched => ReportSyncState::Running,
            state => state,
        }
    }

    fn read(row: &Row<'_>) -> crate::db::rusqlite::Result<Self> {
        let (kind, state): (String, String) = (row.get("kind")?, row.get("state")?);
        let code: Option<String> = row.get("code")?;
        let (message, hint): (Option<String>, Option<String>) = (row.get("message")?, row.get("hint")?);
        let (first, last): (Option<i64>, Option<i64>) = (row.get("first_day")?, row.get("last_day")?);
        Ok(Self {
            public_id: row.get("public_id")?,
            kind: ReportKind::parse(&kind).unwrap_or(ReportKind::Campaigns),
            state: ReportSyncState::parse(&state).unwrap_or(ReportSyncState::Failed),
            reason: row.get("reason")?,
            queued_at: row.get("queued_at")?,
            started_at: row.get("started_at")?,
            planned_at: row.get("planned_at")?,
            touched_at: row.get("touched_at")?,
            ended_at: row.get("ended_at")?,
            succeeded_at: row.get("succeeded_at")?,
            until: row.get("until")?,
            tries: row.get("tries")?,
            days: first.zip(last),
            windows: (row.get("windows")?, row.get("windows_done")?, row.get("windows_failed")?),
            rows: row.get("rows")?,
            trouble: code.map(|code| Trouble {
                code,
                message: message.unwrap_or_default(),
                hint: hint.unwrap_or_default(),
            }),
        })
    }
}

/// Reads the records of an account, in the order of kinds.
///
/// # Errors
/// The read failed.
pub fn list_records(connection: &Connection, public_id: &str) -> DbResult<Vec<ReportRecord>> {
    if !super::has_tables(connection)? {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare_cached("SELECT * FROM report_record WHERE public_id = ?1")?;
    let mut records = statement.query_map([public_id], ReportRecord::read)?.collect::<Result<Vec<_>, _>>()?;
    records.sort_by_key(|record| record.kind);
    Ok(records)
}

/// Reads one record.
///
/// # Errors
/// The read failed.
pub fn find_record(
    connection: &Connection,
    public_id: &str,
    kind: ReportKind,
) -> DbResult<Option<ReportRecord>> {
    Ok(connection
        .prepare_cached("SELECT * FROM report_record WHERE public_id = ?1 AND kind = ?2")?
        .query_row([public_id, kind.as_str()], ReportRecord::read)
        .optional()?)
}

/// Writes a record, whole.
///
/// # Errors
/// The write failed.
pub fn set_record(transaction: &Transaction<'_>, of: &ReportRecord) -> DbResult<()> {
    let trouble = of.trouble.as_ref();
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO report_record (public_id, kind, state, reason, queued_at, started_at, planned_at,
               touched_at, ended_at, succeeded_at, until, tries, first_day, last_day, windows, windows_done,
               windows_failed, rows, code, message, hint)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
        )?
        .execute(params![
            of.public_id,
            of.kind.as_str(),
            of.state.as_str(),
            of.reason,
            of.queued_at,
            of.started_at,
            of.planned_at,
            of.touched_at,
            of.ended_at,
            of.succeeded_at,
            of.until,
            of.tries,
            of.days.map(|days| days.0),
            of.days.map(|days| days.1),
            of.windows.0,
            of.windows.1,
            of.windows.2,
            of.rows,
            trouble.map(|trouble| &trouble.code),
            trouble.map(|trouble| &trouble.message),
            trouble.map(|trouble| &trouble.hint)
        ])?;
    Ok(())
}

/// A request for a sync that no record has taken up, or whose kinds have not all ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its number.
    pub seq: i64,
    /// What is to be synced.
    pub kinds: Vec<ReportKind>,
    /// Why.
    pub reason: String,
    /// Asked for at, unix seconds.
    pub queued_at: i64,
    /// Records took it up at.
    pub started_at: Option<i64>,
}

/// Reads the requests that are not at their end, oldest first.
///
/// # Errors
/// The read failed.
pub fn list_asked(connection: &Connection) -> DbResult<Vec<Asked>> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, kinds, reason, queued_at, started_at FROM report_sync WHERE state = 'queued' ORDER BY seq",
    )?;
    let asked = statement.query_map([], |row| {
        let kinds: String = row.get(1)?;
        Ok(Asked {
            seq: row.get(0)?,
            kinds: kinds.split(',').filter_map(ReportKind::parse).collect(),
            reason: row.get(2)?,
            queued_at: row.get(3)?,
            started_at: row.get(4)?,
        })
    })?;
    Ok(asked.collect::<Result<_, _>>()?)
}

/// A request was taken up.
///
/// # Errors
/// The write failed.
pub fn start_asked(transaction: &Transaction<'_>, seq: i64, now: i64) -> DbResult<()> {
    transaction
        .prepare_cached("UPDATE report_sync SET started_at = ?2 WHERE seq = ?1")?
        .execute(params![seq, now])?;
    Ok(())
}

/// A request ended.
///
/// # Errors
/// The write failed.
pub fn end_asked(
    transaction: &Transaction<'_>,
    seq: i64,
    state: ReportSyncState,
    now: i64,
    trouble: Option<&Trouble>,
) -> DbResult<()> {
    transaction
        .prepare_cached(
            "UPDATE report_sync SET state = ?2, ended_at = ?3, code = ?4, message = ?5 WHERE seq = ?1",
        )?
        .execute(params![
            seq,
            state.as_str(),
            now,
            trouble.map(|trouble| &trouble.code),
            trouble.map(|trouble| &trouble.message)
        ])?;
    Ok(())
}

/// A request that some kinds have ended in is settled once the last has.
///
/// # Errors
/// The write failed.
pub fn settle_asked(transaction: &Transaction<'_>, public_id: &str, now: i64) -> DbResult<()> {
    let records = list_records(transaction, public_id)?;
    for asked in list_asked(transaction)?.into_iter().filter(|asked| asked.started_at.is_some()) {
        let own: Vec<&ReportRecord> =
            records.iter().filter(|record| asked.kinds.contains(&record.kind)).collect();
        if own.iter().any(|record| record.is_open()) {
            continue;
        }
        let all = |state| own.iter().all(|record| record.state == state);
        let state = if all(ReportSyncState::Succeeded) {
            ReportSyncState::Succeeded
        } else if all(ReportSyncState::Skipped) {
            ReportSyncState::Skipped
        } else if all(ReportSyncState::Failed) {
            ReportSyncState::Failed
        } else {
            ReportSyncState::Partial
        };
        let trouble = own.iter().find_map(|record| record.trouble.as_ref());
        end_asked(transaction, asked.seq, state, now, trouble)?;
    }
    Ok(())
}
