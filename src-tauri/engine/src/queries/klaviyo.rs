//! The Klaviyo page: where the connection stands, since when and why; and what disconnecting would clear.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::db::{Connection, DbResult};
use crate::domain::klaviyo::{KLAVIYO_URL, KlaviyoAccount, KlaviyoMetric, KlaviyoStatus, ReportSyncState};
use crate::domain::store::KeySource;
use crate::facts::klaviyo::{find_disconnected, find_klaviyo, list_waits, report_syncs};
use crate::facts::reports::count_rows;
use crate::facts::reports::records::list_records;

/// A wait that Klaviyo asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct KlaviyoWait {
    /// The endpoint, by Klaviyo's name.
    pub endpoint: String,
    /// Nothing is asked of it before then, unix seconds.
    pub until: i64,
}

/// Where a store stands with Klaviyo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct KlaviyoView {
    /// Where it stands.
    pub status: KlaviyoStatus,
    /// Since when, unix seconds; null where nobody saw it begin.
    pub since: Option<i64>,
    /// Why it is not connected: a code of the api, or `DISCONNECTED`; null where it is connected, or never was.
    pub code: Option<String>,
    /// The same in a sentence.
    pub message: Option<String>,
    /// What to do, in one imperative sentence.
    pub hint: Option<String>,
    /// The account; null where none is connected.
    pub account: Option<KlaviyoAccount>,
    /// Base URL of the connection.
    pub url: Option<String>,
    /// Whether that is Klaviyo's own host.
    pub is_klaviyo: bool,
    /// Connected at, unix seconds.
    pub connected_at: Option<i64>,
    /// Who connected it.
    pub connected_by: Option<String>,
    /// The last answer that said something of the connection, unix seconds.
    pub checked_at: Option<i64>,
    /// The metric that conversions are counted by.
    pub metric: Option<KlaviyoMetric>,
    /// What was chosen with it: the report server does not sync orders.
    pub do_not_order_sync: Option<bool>,
    /// The end of the last report sync that succeeded, unix seconds.
    pub last_sync: Option<i64>,
    /// The newest report sync; null where none was asked for.
    pub sync_status: Option<ReportSyncState>,
    /// What Klaviyo asked to be waited for.
    pub waits: Vec<KlaviyoWait>,
    /// Where the key comes from.
    pub key_source: KeySource,
    /// At most the key's first seven characters.
    pub key_prefix: Option<String>,
    /// The revision of Klaviyo's API that requests ask for.
    pub revision: String,
}

/// The key as it is at hand now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyAtHand {
    /// Where it comes from.
    pub source: KeySource,
    /// Its first characters.
    pub prefix: Option<String>,
    /// Why it cannot be used, where the environment gives a bad one.
    pub problem: Option<String>,
}

/// Says where the store stands with Klaviyo.
///
/// # Errors
/// The read failed.
pub fn view(connection: &Connection, key: &KeyAtHand, now: i64, revision: &str) -> DbResult<KlaviyoView> {
    let mut syncs = report_syncs(connection)?;
    if syncs.state == Some(ReportSyncState::Queued)
        && let Some(found) = find_klaviyo(connection)?
    {
        // What was asked for is taken up kind by kind: the liveliest of them is what is seen.
        let records = list_records(connection, &found.account.public_id)?;
        let open = records.iter().filter(|record| record.is_open()).map(|record| record.shown(now));
        syncs.state = open.min_by_key(|state| *state != ReportSyncState::Running).or(syncs.state);
    }
    let waits = list_waits(connection)?.into_iter();
    let waits = waits
        .filter(|(_, (told_at, until))| *told_at <= now && now < *until)
        .map(|(endpoint, (_, until))| KlaviyoWait { endpoint, until })
        .collect();
    let none = KlaviyoView {
        status: KlaviyoStatus::NotConfigured,
        since: None,
        code: None,
        message: None,
        hint: None,
        account: None,
        url: None,
        is_klaviyo: true,
        connected_at: None,
        connected_by: None,
        checked_at: None,
        metric: None,
        do_not_order_sync: None,
        last_sync: syncs.last_sync,
        sync_status: syncs.state,
        waits,
        key_source: key.source,
        key_prefix: key.prefix.clone(),
        revision: revision.to_owned(),
    };
    let Some(found) = find_klaviyo(connection)? else {
        let Some((at, by)) = find_disconnected(connection)? else { return Ok(none) };
        return Ok(KlaviyoView {
            since: Some(at),
            code: Some("DISCONNECTED".to_owned()),
            message: Some(format!("{by} disconnected Klaviyo")),
            hint: Some("Connect it again with a private key.".to_owned()),
            ..none
        });
    };
    let trouble = found.trouble.as_ref();
    let mut shown = KlaviyoView {
        status: found.status,
        since: Some(found.since),
        code: trouble.map(|trouble| trouble.code.clone()),
        message: trouble.map(|trouble| trouble.message.clone()),
        hint: trouble.map(|trouble| trouble.hint.clone()),
        is_klaviyo: found.url == KLAVIYO_URL,
        url: Some(found.url),
        account: Some(found.account),
        connected_at: Some(found.connected_at),
        connected_by: Some(found.connected_by),
        checked_at: Some(found.checked_at),
        do_not_order_sync: Some(found.metric.do_not_order_sync),
        metric: Some(found.metric),
        ..none
    };
    if key.source == KeySource::None {
        // Nobody saw the key go: since when is not known.
        shown.since = None;
        shown.status = KlaviyoStatus::Disconnected;
        shown.code =
            Some(if key.problem.is_some() { "BAD_KLAVIYO_KEY" } else { "NO_KLAVIYO_KEY" }.to_owned());
        shown.message = Some(
            key.problem.clone().unwrap_or_else(|| "no Klaviyo key is at hand for this store".to_owned()),
        );
        shown.hint = Some("Set a key of the connected account, or give FOREDECK_KLAVIYO_KEY.".to_owned());
    }
    Ok(shown)
}

/// Something that disconnecting clears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum KlaviyoCleared {
    /// The account and its metric.
    Connection,
    /// The key, in the keychain or held for this run.
    Key,
    /// Report syncs, done and queued.
    ReportSyncs,
    /// Waits that Klaviyo asked for.
    Waits,
    /// What reports told, a row a day and thing.
    Reports,
}

/// How much of it there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ClearedCount {
    /// What.
    pub what: KlaviyoCleared,
    /// How much.
    pub count: i64,
}

/// What disconnecting would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DisconnectPreview {
    /// The account; null where none is connected, and nothing would be done.
    pub account: Option<KlaviyoAccount>,
    /// What is cleared.
    pub clears: Vec<ClearedCount>,
    /// Preorders that stay, as everything of Stripe and of the shop does.
    pub preorders_kept: i64,
    /// A key in the environment stays there.
    pub environment_key_stays: bool,
}

/// Says what disconnecting would clear.
///
/// # Errors
/// The read failed.
pub fn disconnect_preview(connection: &Connection, key: &KeyAtHand) -> DbResult<DisconnectPreview> {
    let account = find_klaviyo(connection)?.map(|found| found.account);
    let held = matches!(key.source, KeySource::Keychain | KeySource::Session);
    let counts = [
        (KlaviyoCleared::Connection, i64::from(account.is_some())),
        (KlaviyoCleared::Key, i64::from(held)),
        (KlaviyoCleared::ReportSyncs, report_syncs(connection)?.count),
        (KlaviyoCleared::Waits, i64::try_from(list_waits(connection)?.len()).unwrap_or(i64::MAX)),
        (KlaviyoCleared::Reports, count_rows(connection)?),
    ];
    let clears = if account.is_some() { counts.as_slice() } else { &[] };
    Ok(DisconnectPreview {
        account,
        clears: clears.iter().map(|(what, count)| ClearedCount { what: *what, count: *count }).collect(),
        preorders_kept: connection.query_row("SELECT count(*) FROM preorder", [], |row| row.get(0))?,
        environment_key_stays: key.source == KeySource::Environment,
    })
}
