//! Operations on findings and leads. What operators say of a finding goes through actions.

use super::Call;
use super::types::NoArgs;
use crate::error::Problem;
use crate::queries::findings::counts::{self, FindingCounts};
use crate::queries::findings::page::{self, FindingPage, FindingPageArgs};
use crate::queries::findings::rules::{self, RuleList};
use crate::queries::leads::{self, LeadPage, LeadPageArgs};

pub(super) async fn finding_page(call: Call, args: FindingPageArgs) -> Result<FindingPage, Problem> {
    let store = call.store().await?;
    let now = store.clock().now();
    Ok(store.db().read(move |connection| page::page(connection, &args, now)).await?)
}

pub(super) async fn finding_counts(call: Call, _: NoArgs) -> Result<FindingCounts, Problem> {
    let store = call.store().await?;
    let now = store.clock().now();
    Ok(store.db().read(move |connection| counts::counts(connection, now)).await?)
}

pub(super) async fn finding_rules(call: Call, _: NoArgs) -> Result<RuleList, Problem> {
    Ok(call.store().await?.db().read(rules::list).await?)
}

pub(super) async fn lead_page(call: Call, args: LeadPageArgs) -> Result<LeadPage, Problem> {
    let store = call.store().await?;
    let (zone, now) = (store.zone(), store.clock().now());
    Ok(store.db().read(move |connection| leads::page(connection, &args, zone, now)).await?)
}
