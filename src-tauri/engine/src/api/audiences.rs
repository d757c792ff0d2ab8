//! Operations on audiences: counted, listed, written to a file, and held against Klaviyo's own count.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Call;
use super::types::NoArgs;
use crate::domain::audience::{Audience, AudienceFilter};
use crate::domain::customer_list::AudienceFormat;
use crate::error::Problem;
use crate::queries::audiences::export::AudienceFile;
use crate::queries::audiences::{AudienceCount, AudienceList, AudiencePage, AudiencePageArgs, counts, page};

/// Writes an audience to a file.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct AudienceExportArgs {
    /// Which audience.
    pub audience: Audience,
    /// Narrows it.
    #[serde(default)]
    #[ts(optional, as = "Option<AudienceFilter>")]
    pub filter: AudienceFilter,
    /// In which format.
    pub format: AudienceFormat,
    /// Of a platform's list: values as they are, for the platform to hash. The plain table is never hashed.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub plain: bool,
    /// Of a platform's list: one more column, `consent`, that the platform does not know. The plain table always has it.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub consent_column: bool,
    /// The file to write; must not exist.
    pub path: String,
}

/// How an export went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AudienceExportReply {
    /// Who is in the file, and who was left out.
    pub count: AudienceCount,
    /// The file.
    pub path: String,
}

/// Compares an audience with a segment of Klaviyo's.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct AudienceSegmentArgs {
    /// Which audience.
    pub audience: Audience,
    /// Narrows it.
    #[serde(default)]
    #[ts(optional, as = "Option<AudienceFilter>")]
    pub filter: AudienceFilter,
    /// Klaviyo's id of the segment.
    pub segment_id: String,
}

/// A segment of the Klaviyo account, by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SegmentName {
    /// Klaviyo's id of it.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// The segments that an audience can be compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SegmentNames {
    /// All of the account, by name.
    pub segments: Vec<SegmentName>,
}

/// Both counts, and when each was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AudienceSegment {
    /// The audience.
    pub audience: Audience,
    /// People in it, by this mirror.
    pub ours: i64,
    /// When that was counted, unix seconds.
    pub ours_at: i64,
    /// Klaviyo's id of the segment.
    pub segment_id: String,
    /// Its name.
    pub segment_name: String,
    /// Profiles in it, by Klaviyo; null where it does not say.
    pub theirs: Option<i64>,
    /// When Klaviyo said so, unix seconds.
    pub theirs_at: i64,
    /// Klaviyo is still working the segment out: its count is that of before.
    pub is_processing: bool,
}

pub(super) async fn audience_list(call: Call, filter: AudienceFilter) -> Result<AudienceList, Problem> {
    let store = call.store().await?;
    let (zone, now) = (store.zone(), store.clock().now());
    Ok(store.db().read(move |connection| counts::list(connection, &filter, zone, now)).await?)
}

pub(super) async fn audience_page(call: Call, args: AudiencePageArgs) -> Result<AudiencePage, Problem> {
    let store = call.store().await?;
    let (zone, now) = (store.zone(), store.clock().now());
    Ok(store.db().read(move |connection| page::page(connection, &args, zone, now)).await?)
}

pub(super) async fn audience_export(
    call: Call,
    args: AudienceExportArgs,
) -> Result<AudienceExportReply, Problem> {
    let AudienceExportArgs { audience, filter, format, plain, consent_column, path } = args;
    let is_table = format == AudienceFormat::Csv;
    let file = AudienceFile {
        audience,
        filter,
        format,
        hashed: !plain && !is_table,
        consent_column: consent_column || is_table,
    };
    let count = call.store().await?.export_audience(file, &path, &call.doer()).await?;
    Ok(AudienceExportReply { count, path })
}

pub(super) async fn audience_segments(call: Call, _: NoArgs) -> Result<SegmentNames, Problem> {
    let listed = call.store().await?.klaviyo_segments().await?;
    let mut segments: Vec<SegmentName> =
        listed.into_iter().map(|one| SegmentName { id: one.id, name: one.name }).collect();
    segments.sort_by_cached_key(|one| (one.name.to_lowercase(), one.id.clone()));
    Ok(SegmentNames { segments })
}

pub(super) async fn audience_segment(
    call: Call,
    args: AudienceSegmentArgs,
) -> Result<AudienceSegment, Problem> {
    let store = call.store().await?;
    let seen = store.klaviyo_segment(&args.segment_id).await?;
    let theirs_at = store.clock().now();
    let counted = audience_list(call, args.filter).await?;
    let ours = counted.audiences.iter().find(|count| count.audience == args.audience);
    Ok(AudienceSegment {
        audience: args.audience,
        ours: ours.map_or(0, |count| count.count),
        ours_at: counted.at,
        segment_id: seen.id,
        segment_name: seen.name,
        theirs: seen.count,
        theirs_at,
        is_processing: seen.is_processing,
    })
}
