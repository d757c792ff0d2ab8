//! Operations on purchases, plans and wallets.

use super::Call;
use super::operations::not_found;
use super::types::{NoArgs, PlanSetArgs, WalletAdjustArgs};
use crate::engine::Adjust;
use crate::error::Problem;
use crate::queries::credits::catalogue::{Catalogue, catalogue};
use crate::queries::credits::payment::{self, PurchaseSheet, PurchaseSheetArgs};
use crate::queries::credits::plans::{self, PlanList, PlanPreview, PlanPreviewArgs};
use crate::queries::credits::purchases::{self, PurchasePage, PurchasePageArgs};
use crate::queries::credits::reconcile::{self as reconciliation, ReconcileArgs, Reconciliation};
use crate::queries::credits::status::{self, PurchaseAnswer, PurchaseStatusArgs};
use crate::queries::credits::wallets::{self, WalletPage, WalletPageArgs, WalletSheet, WalletSheetArgs};

pub(super) async fn plan_list(call: Call, _: NoArgs) -> Result<PlanList, Problem> {
    Ok(call.store().await?.db().read(plans::list).await?)
}

pub(super) async fn plan_catalogue(call: Call, _: NoArgs) -> Result<Catalogue, Problem> {
    Ok(call.store().await?.db().read(catalogue).await?)
}

pub(super) async fn plan_preview(call: Call, args: PlanPreviewArgs) -> Result<PlanPreview, Problem> {
    call.store().await?.preview_plans(args.rules).await
}

pub(super) async fn plan_set(call: Call, args: PlanSetArgs) -> Result<PlanPreview, Problem> {
    let operator = call.operator()?.name;
    let store = call.store().await?;
    store.set_plans(args.rules, args.revision, &operator).await
}

pub(super) async fn purchase_page(call: Call, args: PurchasePageArgs) -> Result<PurchasePage, Problem> {
    Ok(call.store().await?.db().read(move |connection| purchases::page(connection, &args)).await?)
}

pub(super) async fn purchase_sheet(call: Call, args: PurchaseSheetArgs) -> Result<PurchaseSheet, Problem> {
    let shown: String = args.id.chars().take(100).collect();
    let found = call.store().await?.db().read(move |connection| payment::sheet(connection, &args)).await?;
    found.ok_or_else(|| not_found(&shown))
}

/// Reads only: it is given a read handle, and grants nothing.
pub(super) async fn purchase_status(call: Call, args: PurchaseStatusArgs) -> Result<PurchaseAnswer, Problem> {
    Ok(call.store().await?.db().read(move |connection| status::answer(connection, &args)).await?)
}

pub(super) async fn wallet_page(call: Call, args: WalletPageArgs) -> Result<WalletPage, Problem> {
    Ok(call.store().await?.db().read(move |connection| wallets::page(connection, &args)).await?)
}

pub(super) async fn wallet_sheet(call: Call, args: WalletSheetArgs) -> Result<WalletSheet, Problem> {
    let shown: String = args.owner.chars().take(100).collect();
    let found = call.store().await?.db().read(move |connection| wallets::sheet(connection, &args)).await?;
    found.ok_or_else(|| not_found(&shown))
}

pub(super) async fn wallet_adjust(call: Call, args: WalletAdjustArgs) -> Result<WalletSheet, Problem> {
    let owner = args.owner.clone();
    let operator = call.operator()?.name;
    let adjust = Adjust { owner: args.owner, credits: args.credits, reason: args.reason, operator };
    call.store().await?.adjust_wallet(adjust).await?;
    wallet_sheet(call, WalletSheetArgs { owner }).await
}

pub(super) async fn reconcile(call: Call, args: ReconcileArgs) -> Result<Reconciliation, Problem> {
    Ok(call.store().await?.db().read(move |connection| reconciliation::reconcile(connection, &args)).await?)
}
