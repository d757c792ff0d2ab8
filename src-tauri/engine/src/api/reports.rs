//! Operations on report syncs and what they brought.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Call;
use super::types::NoArgs;
use crate::domain::klaviyo::ReportKind;
use crate::domain::report::ReportEngine;
use crate::error::Problem;
use crate::queries::reports::{
    ReportPage, ReportPageArgs, ReportSeries, ReportSeriesArgs, ReportsView, page, series,
};
use crate::secrets::ReportServerKey;

/// Which kinds of reports.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(export)]
pub struct ReportKindsArgs {
    /// The kinds; none for all of them.
    pub kinds: Vec<ReportKind>,
}

/// Who syncs reports.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct ReportEngineArgs {
    /// Who does it from now on.
    pub engine: ReportEngine,
}

/// Sets or forgets the report server's key.
#[derive(Clone, Default, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(export)]
pub struct ReportServerKeyArgs {
    /// The key; left out, it is forgotten.
    #[ts(optional)]
    pub key: Option<String>,
}

/// What a look at the report server found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReportServerTest {
    /// Its base URL.
    pub url: String,
    /// What it answered; 405 says that the path is there and takes a POST.
    pub status: u16,
    /// How long that took.
    pub latency_ms: i64,
}

pub(super) async fn reports_status(call: Call, _: NoArgs) -> Result<ReportsView, Problem> {
    call.store().await?.reports_view().await
}

pub(super) async fn reports_sync(call: Call, args: ReportKindsArgs) -> Result<ReportsView, Problem> {
    let store = call.store().await?;
    store.ask_for_reports(&args.kinds).await?;
    store.reports_view().await
}

pub(super) async fn reports_cancel(call: Call, args: ReportKindsArgs) -> Result<ReportsView, Problem> {
    let store = call.store().await?;
    store.cancel_reports(&args.kinds).await?;
    store.reports_view().await
}

pub(super) async fn reports_engine_set(call: Call, args: ReportEngineArgs) -> Result<ReportsView, Problem> {
    let store = call.store().await?;
    store.set_report_engine(args.engine, &call.doer()).await?;
    store.reports_view().await
}

pub(super) async fn report_server_key(call: Call, args: ReportServerKeyArgs) -> Result<ReportsView, Problem> {
    let key = args.key.as_deref().map(ReportServerKey::parse).transpose()?;
    let store = call.store().await?;
    store.set_report_server_key(key, &call.doer()).await?;
    store.reports_view().await
}

pub(super) async fn report_test(call: Call, _: NoArgs) -> Result<ReportServerTest, Problem> {
    let (url, seen) = call.store().await?.test_report_server().await?;
    Ok(ReportServerTest { url, status: seen.status, latency_ms: seen.latency_ms })
}

pub(super) async fn report_page(call: Call, args: ReportPageArgs) -> Result<ReportPage, Problem> {
    let store = call.store().await?;
    let now = store.clock().now();
    Ok(store.db().read(move |connection| page(connection, &args, now)).await?)
}

pub(super) async fn report_series(call: Call, args: ReportSeriesArgs) -> Result<ReportSeries, Problem> {
    let store = call.store().await?;
    let now = store.clock().now();
    Ok(store.db().read(move |connection| series(connection, &args, now)).await?)
}
