//! Operations on the connection to Klaviyo.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Call;
use super::types::NoArgs;
use crate::domain::klaviyo::{KlaviyoCheck, KlaviyoTest, ReportKind};
use crate::error::Problem;
use crate::queries::klaviyo::{DisconnectPreview, KlaviyoView};
use crate::secrets::KlaviyoKey;

/// Tests a key before it is kept, or the one there is.
#[derive(Clone, Default, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(export)]
pub struct KlaviyoTestArgs {
    /// The key; left out, the store's own.
    #[ts(optional)]
    pub key: Option<String>,
    /// Base URL of a new connection; default `FOREDECK_KLAVIYO_URL`, else Klaviyo's. https, or http on loopback.
    #[ts(optional)]
    pub klaviyo_url: Option<String>,
}

/// Connects the store to Klaviyo.
#[derive(Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct KlaviyoConnectArgs {
    /// The key; left out, the environment's, which is not kept.
    #[ts(optional)]
    #[serde(default)]
    pub key: Option<String>,
    /// The id of the metric that conversions are counted by.
    pub metric_id: String,
    /// Base URL, fixed for as long as it is connected; default `FOREDECK_KLAVIYO_URL`, else Klaviyo's.
    #[ts(optional)]
    #[serde(default)]
    pub klaviyo_url: Option<String>,
}

/// Gives the connection another key.
#[derive(Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct KlaviyoRotateArgs {
    /// The key, of the same account.
    pub key: String,
}

/// Counts conversions by another metric.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct KlaviyoMetricArgs {
    /// Its id.
    pub metric_id: String,
}

/// The connection with its new metric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct KlaviyoMetricReply {
    /// Where it stands.
    pub view: KlaviyoView,
    /// Reports that are synced anew; none where the metric is the one it was.
    pub resyncs: Vec<ReportKind>,
}

fn key_of(text: Option<&str>) -> Result<Option<KlaviyoKey>, Problem> {
    Ok(text.map(KlaviyoKey::parse).transpose()?)
}

pub(super) async fn klaviyo_status(call: Call, _: NoArgs) -> Result<KlaviyoView, Problem> {
    call.store().await?.klaviyo_view().await
}

pub(super) async fn klaviyo_test(call: Call, args: KlaviyoTestArgs) -> Result<KlaviyoTest, Problem> {
    let key = key_of(args.key.as_deref())?;
    call.store().await?.test_klaviyo(key, args.klaviyo_url.as_deref()).await
}

pub(super) async fn klaviyo_connect(call: Call, args: KlaviyoConnectArgs) -> Result<KlaviyoView, Problem> {
    let (store, key) = (call.store().await?, key_of(args.key.as_deref())?);
    store.connect_klaviyo(key, &args.metric_id, args.klaviyo_url.as_deref(), &call.doer()).await?;
    store.klaviyo_view().await
}

pub(super) async fn klaviyo_rotate(call: Call, args: KlaviyoRotateArgs) -> Result<KlaviyoView, Problem> {
    let (store, key) = (call.store().await?, KlaviyoKey::parse(&args.key)?);
    store.rotate_klaviyo_key(key, &call.doer()).await?;
    store.klaviyo_view().await
}

pub(super) async fn klaviyo_set_metric(
    call: Call,
    args: KlaviyoMetricArgs,
) -> Result<KlaviyoMetricReply, Problem> {
    let store = call.store().await?;
    let set = store.set_klaviyo_metric(&args.metric_id, &call.doer()).await?;
    Ok(KlaviyoMetricReply { view: store.klaviyo_view().await?, resyncs: set.resyncs })
}

pub(super) async fn klaviyo_check(call: Call, _: NoArgs) -> Result<KlaviyoCheck, Problem> {
    call.store().await?.check_klaviyo().await
}

pub(super) async fn klaviyo_disconnect_preview(call: Call, _: NoArgs) -> Result<DisconnectPreview, Problem> {
    call.store().await?.klaviyo_disconnect_preview().await
}

pub(super) async fn klaviyo_disconnect(call: Call, _: NoArgs) -> Result<KlaviyoView, Problem> {
    let store = call.store().await?;
    store.disconnect_klaviyo(&call.doer()).await?;
    store.klaviyo_view().await
}
