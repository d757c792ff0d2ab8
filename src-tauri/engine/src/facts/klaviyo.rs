//! The connection to Klaviyo: one row, the waits Klaviyo asked for, and the report syncs that were asked for.

use std::collections::BTreeMap;

use super::klaviyo_people::clear_seen;
use crate::db::{Connection, DbResult, OptionalExtension, Row, Transaction, params};
use crate::domain::klaviyo::{
    KlaviyoAccount, KlaviyoIntegration, KlaviyoMetric, KlaviyoStatus, ReportKind, ReportSyncState,
};
use crate::error::Problem;
use crate::facts::reports::clear_reports;
use crate::facts::state::clear_state;

/// State document: when Klaviyo was last looked at, and when as far back as is checked (local clock).
pub const LOOKED: &str = "klaviyo_looked_at";
/// State document: up to when orders were held against it, and with which settings.
pub const CHECKED: &str = "klaviyo_checked";
/// `meta` row: when and by whom the last connection was ended.
const DISCONNECTED: &str = "klaviyo_disconnected";

/// The connection as it is stored. The key is in the keychain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KlaviyoConnection {
    /// What the last answer said of it.
    pub status: KlaviyoStatus,
    /// Since when, unix seconds.
    pub since: i64,
    /// Why it is not `connected`.
    pub trouble: Option<Trouble>,
    /// Base URL, fixed while it is connected.
    pub url: String,
    /// The account.
    pub account: KlaviyoAccount,
    /// The metric that conversions are counted by.
    pub metric: KlaviyoMetric,
    /// Connected at, unix seconds.
    pub connected_at: i64,
    /// Who connected it.
    pub connected_by: String,
    /// The last answer that said something of it, unix seconds.
    pub checked_at: i64,
}

/// Why the last request failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// A code of the api.
    pub code: String,
    /// What could not be done.
    pub message: String,
    /// What a person can do.
    pub hint: String,
}

impl From<&Problem> for Trouble {
    fn from(problem: &Problem) -> Self {
        Self { code: problem.code.to_owned(), message: problem.message.clone(), hint: problem.hint.clone() }
    }
}

impl KlaviyoConnection {
    fn read(row: &Row<'_>) -> crate::db::rusqlite::Result<Self> {
        let custom: bool = row.get("metric_custom")?;
        let integration = KlaviyoIntegration {
            id: row.get("integration_id")?,
            key: row.get("integration_key")?,
            name: row.get("integration_name")?,
            category: row.get("integration_category")?,
        };
        let integration = (integration != KlaviyoIntegration::default()).then_some(integration);
        let code: Option<String> = row.get("code")?;
        let (message, hint): (Option<String>, Option<String>) = (row.get("message")?, row.get("hint")?);
        let trouble = code.map(|code| Trouble {
            code,
            message: message.unwrap_or_default(),
            hint: hint.unwrap_or_default(),
        });
        Ok(Self {
            status: KlaviyoStatus::parse(&row.get::<_, String>("status")?),
            since: row.get("since")?,
            trouble,
            url: row.get("url")?,
            account: KlaviyoAccount {
                public_id: row.get("public_id")?,
                name: row.get("account_name")?,
                time_zone: row.get("time_zone")?,
                currency: row.get("currency")?,
                test_account: row.get("test_account")?,
            },
            metric: KlaviyoMetric {
                do_not_order_sync: row.get("do_not_order_sync")?,
                ..KlaviyoMetric::new(row.get("metric_id")?, row.get("metric_name")?, integration, custom)
            },
            connected_at: row.get("connected_at")?,
            connected_by: row.get("connected_by")?,
            checked_at: row.get("checked_at")?,
        })
    }
}

/// Whether the file has these tables: one opened for reading may be of before.
fn has_tables(connection: &Connection) -> DbResult<bool> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'klaviyo_connection'")?
        .exists([])?)
}

/// Reads the connection; None where there is none.
///
/// # Errors
/// The read failed.
pub fn find_klaviyo(connection: &Connection) -> DbResult<Option<KlaviyoConnection>> {
    if !has_tables(connection)? {
        return Ok(None);
    }
    Ok(connection
        .prepare_cached("SELECT * FROM klaviyo_connection")?
        .query_row([], KlaviyoConnection::read)
        .optional()?)
}

/// Writes the connection, whole.
///
/// # Errors
/// The write failed.
pub fn set_klaviyo(transaction: &Transaction<'_>, of: &KlaviyoConnection) -> DbResult<()> {
    let none = KlaviyoIntegration::default();
    let from = of.metric.integration.as_ref().unwrap_or(&none);
    let trouble = of.trouble.as_ref();
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO klaviyo_connection (id, status, since, code, message, hint, url, public_id,
               account_name, time_zone, currency, test_account, metric_id, metric_name, metric_custom, integration_id,
               integration_key, integration_name, integration_category, do_not_order_sync, connected_at, connected_by,
               checked_at)
             VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
               ?22)",
        )?
        .execute(params![
            of.status.as_str(),
            of.since,
            trouble.map(|trouble| &trouble.code),
            trouble.map(|trouble| &trouble.message),
            trouble.map(|trouble| &trouble.hint),
            of.url,
            of.account.public_id,
            of.account.name,
            of.account.time_zone,
            of.account.currency,
            of.account.test_account,
            of.metric.id,
            of.metric.name,
            of.metric.custom,
            from.id,
            from.key,
            from.name,
            from.category,
            of.metric.do_not_order_sync,
            of.connected_at,
            of.connected_by,
            of.checked_at
        ])?;
    transaction.prepare_cached("DELETE FROM meta WHERE name = ?1")?.execute([DISCONNECTED])?;
    Ok(())
}

/// When and by whom the last connection was ended; None where there is one, or never was.
///
/// # Errors
/// The read failed.
pub fn find_disconnected(connection: &Connection) -> DbResult<Option<(i64, String)>> {
    let text: Option<String> = connection
        .prepare_cached("SELECT value FROM meta WHERE name = ?1")?
        .query_row([DISCONNECTED], |row| row.get(0))
        .optional()?;
    Ok(text.and_then(|text| {
        let (at, by) = text.split_once(' ')?;
        Some((at.parse().ok()?, by.to_owned()))
    }))
}

/// Clears everything of Klaviyo's: the connection, its waits, its report syncs and what was seen there.
///
/// # Errors
/// The write failed.
pub fn clear_klaviyo(transaction: &Transaction<'_>, at: i64, by: &str) -> DbResult<()> {
    transaction.execute_batch(
        "DELETE FROM klaviyo_connection; DELETE FROM klaviyo_wait; DELETE FROM report_sync;",
    )?;
    clear_reports(transaction)?;
    clear_seen(transaction)?;
    for name in [LOOKED, CHECKED] {
        clear_state(transaction, name)?;
    }
    transaction
        .prepare_cached("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)")?
        .execute(params![DISCONNECTED, format!("{at} {by}")])?;
    Ok(())
}

/// The waits there are, by endpoint: told at, and until.
///
/// # Errors
/// The read failed.
pub fn list_waits(connection: &Connection) -> DbResult<BTreeMap<String, (i64, i64)>> {
    if !has_tables(connection)? {
        return Ok(BTreeMap::new());
    }
    let mut statement = connection.prepare_cached("SELECT endpoint, told_at, until FROM klaviyo_wait")?;
    let waits = statement
        .query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?
        .collect::<Result<_, _>>()?;
    Ok(waits)
}

/// Keeps these waits beside those that other clients were told of, the one told last for each endpoint, and none that is over.
///
/// # Errors
/// The write failed.
pub fn add_waits(
    transaction: &Transaction<'_>,
    waits: &BTreeMap<String, (i64, i64)>,
    now: i64,
) -> DbResult<()> {
    transaction
        .prepare_cached("DELETE FROM klaviyo_wait WHERE until <= ?1 OR told_at > ?1")?
        .execute([now])?;
    for (endpoint, (told_at, until)) in waits {
        transaction
            .prepare_cached(
                "INSERT INTO klaviyo_wait (endpoint, told_at, until) VALUES (?1, ?2, ?3)
                 ON CONFLICT (endpoint) DO UPDATE SET told_at = excluded.told_at, until = excluded.until
                 WHERE excluded.told_at >= told_at",
            )?
            .execute(params![endpoint, told_at, until])?;
    }
    Ok(())
}

/// Asks for a report sync of these kinds: a new row, or the kinds added to the one that waits already.
///
/// # Errors
/// The write failed.
pub fn queue_report_sync(
    transaction: &Transaction<'_>,
    now: i64,
    kinds: &[ReportKind],
    reason: &str,
) -> DbResult<()> {
    let waiting: Option<(i64, String)> = transaction
        .prepare_cached("SELECT seq, kinds FROM report_sync WHERE state = 'queued' AND started_at IS NULL ORDER BY seq LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let there = waiting.as_ref().map_or("", |(_, kinds)| kinds.as_str());
    let all = ReportKind::ALL
        .into_iter()
        .filter(|kind| kinds.contains(kind) || there.split(',').any(|word| word == kind.as_str()));
    let words: Vec<&str> = all.map(ReportKind::as_str).collect();
    let words = words.join(",");
    match waiting {
        Some((seq, _)) => transaction
            .prepare_cached("UPDATE report_sync SET kinds = ?2 WHERE seq = ?1")?
            .execute(params![seq, words])?,
        None => transaction
            .prepare_cached(
                "INSERT INTO report_sync (kinds, reason, state, queued_at) VALUES (?1, ?2, 'queued', ?3)",
            )?
            .execute(params![words, reason, now])?,
    };
    Ok(())
}

/// What is known of report syncs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportSyncs {
    /// Rows.
    pub count: i64,
    /// The state of the newest.
    pub state: Option<ReportSyncState>,
    /// The end of the last one that succeeded.
    pub last_sync: Option<i64>,
}

/// Sums up the report syncs.
///
/// # Errors
/// The read failed.
pub fn report_syncs(connection: &Connection) -> DbResult<ReportSyncs> {
    if !has_tables(connection)? {
        return Ok(ReportSyncs::default());
    }
    Ok(connection
        .prepare_cached(
            "SELECT count(*), (SELECT state FROM report_sync ORDER BY seq DESC LIMIT 1),
                    max(ended_at) FILTER (WHERE state = 'succeeded') FROM report_sync",
        )?
        .query_row([], |row| {
            let state: Option<String> = row.get(1)?;
            let state = state.as_deref().and_then(ReportSyncState::parse);
            Ok(ReportSyncs { count: row.get(0)?, state, last_sync: row.get(2)? })
        })?)
}
