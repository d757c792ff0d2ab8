//! Operations on what Klaviyo is told of orders.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Call;
use super::actions::ActionIdArgs;
use super::types::NoArgs;
use crate::actions::BulkPlan;
use crate::domain::klaviyo::OrderEvent;
use crate::engine::Fill;
use crate::error::Problem;
use crate::queries::klaviyo_events::{EventStand, EventStandPage, EventStandPageArgs, EventsView};

/// Plans to send events that are missing at Klaviyo.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(export)]
pub struct KlaviyoFillArgs {
    /// Of this kind alone; left out, both.
    #[ts(optional)]
    pub event: Option<OrderEvent>,
    /// Flows may mail people; else it is backfill and nobody is mailed.
    #[ts(optional, as = "Option<bool>")]
    pub mail: bool,
    /// What happened from then on, unix seconds.
    #[ts(optional, type = "number")]
    pub since: Option<i64>,
    /// What happened before then, unix seconds.
    #[ts(optional, type = "number")]
    pub until: Option<i64>,
}

/// How the events of one order stand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OrderEvents {
    /// Those that were looked at.
    pub events: Vec<EventStand>,
}

pub(super) async fn klaviyo_events(call: Call, _: NoArgs) -> Result<EventsView, Problem> {
    call.store().await?.klaviyo_events().await
}

pub(super) async fn klaviyo_event_page(
    call: Call,
    args: EventStandPageArgs,
) -> Result<EventStandPage, Problem> {
    call.store().await?.klaviyo_event_page(args).await
}

pub(super) async fn klaviyo_order_events(call: Call, args: ActionIdArgs) -> Result<OrderEvents, Problem> {
    Ok(OrderEvents { events: call.store().await?.klaviyo_order_events(args.id).await? })
}

pub(super) async fn klaviyo_events_check(call: Call, _: NoArgs) -> Result<EventsView, Problem> {
    call.store().await?.check_klaviyo_events().await
}

pub(super) async fn klaviyo_events_fill(call: Call, args: KlaviyoFillArgs) -> Result<BulkPlan, Problem> {
    let fill = Fill { event: args.event, mail: args.mail, since: args.since, until: args.until };
    let store = call.store().await?;
    store.plan_fill(fill, &call.doer()).await
}
