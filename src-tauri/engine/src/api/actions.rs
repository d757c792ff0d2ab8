//! Operations on actions, bulk runs, the guard and the audit.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Call;
use super::operations::not_found;
use super::types::NoArgs;
use crate::actions::{ActionPlan, ActionView, AllowedAction, BulkArgs, BulkPlan, BulkView, Guard, GuardView};
use crate::audit::AuditVerdict;
use crate::domain::action::ActionRequest;
use crate::error::Problem;
use crate::queries::audit::{self as audit_rows, AuditPage, AuditPageArgs};

/// Confirms a plan.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct ActionRunArgs {
    /// The plan's id.
    pub plan: String,
    /// The amount as typed, minor units; needed where the plan says so.
    #[serde(default)]
    #[ts(type = "number | null")]
    pub confirm_amount: Option<i64>,
}

/// Asks for one action, bulk run or order by its id.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct ActionIdArgs {
    /// The id.
    pub id: String,
}

/// Pauses a bulk run, or lets it go on.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct BulkPauseArgs {
    /// The bulk run.
    pub id: String,
    /// Pause, or go on.
    pub paused: bool,
}

/// What can be done about an order, and what was.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OrderActions {
    /// What can be done, with the reason where it cannot be done now.
    pub allowed: Vec<AllowedAction>,
    /// What was done or is under way, newest first.
    pub done: Vec<ActionView>,
}

/// Every bulk run, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BulkList {
    /// The runs.
    pub runs: Vec<BulkView>,
}

pub(super) async fn action_plan(call: Call, args: ActionRequest) -> Result<ActionPlan, Problem> {
    call.store().await?.plan_action(args, &call.doer()).await
}

pub(super) async fn action_run(call: Call, args: ActionRunArgs) -> Result<ActionView, Problem> {
    call.store().await?.run_action(&args.plan, &call.doer(), args.confirm_amount).await
}

pub(super) async fn action_get(call: Call, args: ActionIdArgs) -> Result<ActionView, Problem> {
    let found = call.store().await?.find_action(&args.id).await?;
    found.ok_or_else(|| not_found(&args.id.chars().take(100).collect::<String>()))
}

pub(super) async fn order_actions(call: Call, args: ActionIdArgs) -> Result<OrderActions, Problem> {
    let store = call.store().await?;
    let id = args.id.clone();
    let subjects = store
        .db()
        .read(move |connection| {
            let found = crate::queries::sheet::find_order(connection, &id)?;
            let mut subjects = vec![id];
            if let Some((row, nodes)) = found {
                subjects.push(row.id);
                subjects.extend(nodes.into_iter().map(|node| node.id));
            }
            Ok(subjects)
        })
        .await?;
    let done =
        store.db().read(move |connection| crate::actions::list_of_order(connection, &subjects)).await?;
    Ok(OrderActions { allowed: store.allowed_actions(args.id, &call.doer()).await?, done })
}

pub(super) async fn bulk_plan(call: Call, args: BulkArgs) -> Result<BulkPlan, Problem> {
    call.store().await?.plan_bulk(args, &call.doer()).await
}

pub(super) async fn bulk_run(call: Call, args: ActionRunArgs) -> Result<BulkView, Problem> {
    call.store().await?.run_bulk(&args.plan, &call.doer(), args.confirm_amount).await
}

pub(super) async fn bulk_get(call: Call, args: ActionIdArgs) -> Result<BulkView, Problem> {
    let found = call.store().await?.find_bulk(&args.id).await?;
    found.ok_or_else(|| not_found(&args.id.chars().take(100).collect::<String>()))
}

pub(super) async fn bulk_list(call: Call, _: NoArgs) -> Result<BulkList, Problem> {
    let runs = call.store().await?.db().read(crate::actions::list_bulk).await?;
    Ok(BulkList { runs })
}

pub(super) async fn bulk_pause(call: Call, args: BulkPauseArgs) -> Result<BulkView, Problem> {
    call.store().await?.pause_bulk(&args.id, args.paused, &call.doer()).await
}

pub(super) async fn guard_get(call: Call, _: NoArgs) -> Result<GuardView, Problem> {
    call.store().await?.guard().await
}

pub(super) async fn guard_set(call: Call, args: Guard) -> Result<GuardView, Problem> {
    call.store().await?.set_guard(args, &call.doer()).await
}

/// Stops all writes; starting again is for an admin, by `guard_set`.
pub(super) async fn writes_stop(call: Call, _: NoArgs) -> Result<GuardView, Problem> {
    call.store().await?.stop_writes(&call.doer()).await
}

pub(super) async fn audit_page(call: Call, args: AuditPageArgs) -> Result<AuditPage, Problem> {
    Ok(call.store().await?.db().read(move |connection| audit_rows::page(connection, &args)).await?)
}

pub(super) async fn audit_verify(call: Call, _: NoArgs) -> Result<AuditVerdict, Problem> {
    call.store().await?.verify_audit().await
}
