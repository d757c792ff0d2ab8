//! Every operation, one thin function each.

use std::path::Path;

use serde_json::json;

use super::actions::{
    ActionIdArgs, ActionRunArgs, BulkList, BulkPauseArgs, OrderActions, action_get, action_plan, action_run,
    audit_page, audit_verify, bulk_get, bulk_list, bulk_pause, bulk_plan, bulk_run, guard_get, guard_set,
    order_actions, writes_stop,
};
use super::audiences::{
    AudienceExportArgs, AudienceExportReply, AudienceSegment, AudienceSegmentArgs, SegmentNames,
    audience_export, audience_list, audience_page, audience_segment, audience_segments,
};
use super::credits::{
    plan_catalogue, plan_list, plan_preview, plan_set, purchase_page, purchase_sheet, purchase_status,
    reconcile, wallet_adjust, wallet_page, wallet_sheet,
};
use super::exports::export;
use super::findings::{finding_counts, finding_page, finding_rules, lead_page};
use super::imports::{import_list, import_preview, import_remove, import_run};
use super::klaviyo::{
    KlaviyoConnectArgs, KlaviyoMetricArgs, KlaviyoMetricReply, KlaviyoRotateArgs, KlaviyoTestArgs,
    klaviyo_check, klaviyo_connect, klaviyo_disconnect, klaviyo_disconnect_preview, klaviyo_rotate,
    klaviyo_set_metric, klaviyo_status, klaviyo_test,
};
use super::klaviyo_events::{
    KlaviyoFillArgs, OrderEvents, klaviyo_event_page, klaviyo_events, klaviyo_events_check,
    klaviyo_events_fill, klaviyo_order_events,
};
use super::mirror::{mirror_backup, mirror_rebuild, mirror_verify};
use super::operators::{
    OperatorAddArgs, OperatorArgs, OperatorDisabledArgs, OperatorIdleArgs, OperatorList, OperatorMe,
    OperatorPassphraseArgs, OperatorRenameArgs, OperatorRoleArgs, OperatorUnlockArgs, operator_add,
    operator_list, operator_lock, operator_me, operator_remove, operator_rename, operator_set_disabled,
    operator_set_idle, operator_set_passphrase, operator_set_role, operator_touch, operator_unlock,
};
use super::reports::{
    ReportEngineArgs, ReportKindsArgs, ReportServerKeyArgs, ReportServerTest, report_page, report_series,
    report_server_key, report_test, reports_cancel, reports_engine_set, reports_status, reports_sync,
};
use super::types::{
    AppInfo, ExportArgs, ExportReply, FileOpenArgs, ImportPreviewArgs, ImportRemoveArgs, ImportRunArgs,
    KeyCheck, KeyPermission, MirrorBackupArgs, MirrorReport, NoArgs, PlanSetArgs, SettingsDocument,
    StoreAddArgs, StoreKeyArgs, StoreList, StoreRemoveArgs, SyncNowArgs, WalletAdjustArgs, WindowFocusArgs,
};
use super::{ADMIN, Call, OWNER, Operation, SUPPORT, VIEWER, read_args, write_reply};
use crate::actions::{ActionPlan, ActionView, BulkArgs, BulkPlan, BulkView, Guard, GuardView};
use crate::audit::AuditVerdict;
use crate::domain::action::ActionRequest;
use crate::domain::audience::AudienceFilter;
use crate::domain::kind::Kind;
use crate::domain::klaviyo::{KlaviyoCheck, KlaviyoTest};
use crate::domain::operator::MANAGE_INTEGRATIONS;
use crate::domain::store::{Mode, STRIPE_URL, StoreView};
use crate::engine::machine_zone;
use crate::error::Problem;
use crate::http::Priority;
use crate::projections::findings::terms;
use crate::queries::audiences::{AudienceList, AudiencePage, AudiencePageArgs};
use crate::queries::audit::{AuditPage, AuditPageArgs};
use crate::queries::credits::catalogue::Catalogue;
use crate::queries::credits::payment::{PurchaseSheet, PurchaseSheetArgs};
use crate::queries::credits::plans::{PlanList, PlanPreview, PlanPreviewArgs};
use crate::queries::credits::purchases::{PurchasePage, PurchasePageArgs};
use crate::queries::credits::reconcile::{ReconcileArgs, Reconciliation};
use crate::queries::credits::status::{PurchaseAnswer, PurchaseStatusArgs};
use crate::queries::credits::wallets::{WalletPage, WalletPageArgs, WalletSheet, WalletSheetArgs};
use crate::queries::events::{EventPage, EventPageArgs};
use crate::queries::findings::counts::FindingCounts;
use crate::queries::findings::rules::RuleList;
use crate::queries::findings::{FindingPage, FindingPageArgs};
use crate::queries::funnel::{Funnel, FunnelArgs};
use crate::queries::health::{Freshness, Health};
use crate::queries::imports::ImportList;
use crate::queries::klaviyo::{DisconnectPreview, KlaviyoView};
use crate::queries::klaviyo_events::{EventStandPage, EventStandPageArgs, EventsView};
use crate::queries::leads::{LeadPage, LeadPageArgs};
use crate::queries::overview::Overview;
use crate::queries::preorders::{PreorderPage, PreorderPageArgs};
use crate::queries::reports::{ReportPage, ReportPageArgs, ReportSeries, ReportSeriesArgs, ReportsView};
use crate::queries::search::{SearchArgs, SearchReply};
use crate::queries::sheet::{PreorderSheet, RawFact, RawFactArgs, SheetArgs};
use crate::queries::webhooks::Webhooks;
use crate::queries::{
    events as event_log, funnel as funnels, health as sync_health, overview as overviews, preorders,
    search as searches, sheet, webhooks as hooks,
};
use crate::secrets::StripeKey;
use crate::stripe::StripeError;
use crate::tasks::import::{ImportPreview, ImportReport, RemovalReport};
use crate::tasks::refresh;

macro_rules! table {
    ($($name:ident: $args:ident -> $reply:ident, $level:expr;)*) => {
        pub(super) static TABLE: &[Operation] = &[$(Operation {
            name: stringify!($name),
            level: $level,
            args: stringify!($args),
            reply: stringify!($reply),
            run: |call, args| Box::pin(async move {
                let args: $args = read_args(stringify!($name), args)?;
                let reply: $reply = $name(call, args).await?;
                write_reply(&reply)
            }),
        }),*];
    };
}

table! {
    app_info: NoArgs -> AppInfo, VIEWER;
    store_list: NoArgs -> StoreList, VIEWER;
    store_add: StoreAddArgs -> StoreView, ADMIN;
    store_remove: StoreRemoveArgs -> StoreList, OWNER;
    store_set_key: StoreKeyArgs -> StoreView, ADMIN;
    store_forget_key: NoArgs -> StoreView, ADMIN;
    store_check_key: NoArgs -> KeyCheck, VIEWER;
    file_open: FileOpenArgs -> StoreView, VIEWER;
    settings_get: NoArgs -> SettingsDocument, VIEWER;
    settings_set: SettingsDocument -> SettingsDocument, ADMIN;
    sync_now: SyncNowArgs -> Freshness, VIEWER;
    window_focus: WindowFocusArgs -> NoArgs, VIEWER;
    overview: NoArgs -> Overview, VIEWER;
    funnel: FunnelArgs -> Funnel, VIEWER;
    preorder_page: PreorderPageArgs -> PreorderPage, VIEWER;
    search: SearchArgs -> SearchReply, VIEWER;
    preorder_sheet: SheetArgs -> PreorderSheet, VIEWER;
    finding_page: FindingPageArgs -> FindingPage, VIEWER;
    finding_counts: NoArgs -> FindingCounts, VIEWER;
    finding_rules: NoArgs -> RuleList, VIEWER;
    lead_page: LeadPageArgs -> LeadPage, VIEWER;
    audience_list: AudienceFilter -> AudienceList, VIEWER;
    audience_page: AudiencePageArgs -> AudiencePage, VIEWER;
    audience_export: AudienceExportArgs -> AudienceExportReply, SUPPORT;
    raw_fact: RawFactArgs -> RawFact, VIEWER;
    event_page: EventPageArgs -> EventPage, VIEWER;
    health: NoArgs -> Health, VIEWER;
    webhooks: NoArgs -> Webhooks, VIEWER;
    mirror_verify: NoArgs -> MirrorReport, VIEWER;
    mirror_rebuild: NoArgs -> MirrorReport, ADMIN;
    mirror_backup: MirrorBackupArgs -> MirrorReport, SUPPORT;
    export: ExportArgs -> ExportReply, SUPPORT;
    plan_list: NoArgs -> PlanList, VIEWER;
    plan_catalogue: NoArgs -> Catalogue, VIEWER;
    plan_preview: PlanPreviewArgs -> PlanPreview, VIEWER;
    plan_set: PlanSetArgs -> PlanPreview, ADMIN;
    purchase_page: PurchasePageArgs -> PurchasePage, VIEWER;
    purchase_sheet: PurchaseSheetArgs -> PurchaseSheet, VIEWER;
    purchase_status: PurchaseStatusArgs -> PurchaseAnswer, VIEWER;
    wallet_page: WalletPageArgs -> WalletPage, VIEWER;
    wallet_sheet: WalletSheetArgs -> WalletSheet, VIEWER;
    wallet_adjust: WalletAdjustArgs -> WalletSheet, SUPPORT;
    reconcile: ReconcileArgs -> Reconciliation, VIEWER;
    import_preview: ImportPreviewArgs -> ImportPreview, VIEWER;
    import_run: ImportRunArgs -> ImportReport, ADMIN;
    import_list: NoArgs -> ImportList, VIEWER;
    import_remove: ImportRemoveArgs -> RemovalReport, ADMIN;
    action_plan: ActionRequest -> ActionPlan, SUPPORT;
    action_run: ActionRunArgs -> ActionView, SUPPORT;
    action_get: ActionIdArgs -> ActionView, VIEWER;
    order_actions: ActionIdArgs -> OrderActions, VIEWER;
    bulk_plan: BulkArgs -> BulkPlan, SUPPORT;
    bulk_run: ActionRunArgs -> BulkView, SUPPORT;
    bulk_get: ActionIdArgs -> BulkView, VIEWER;
    bulk_list: NoArgs -> BulkList, VIEWER;
    bulk_pause: BulkPauseArgs -> BulkView, SUPPORT;
    guard_get: NoArgs -> GuardView, VIEWER;
    guard_set: Guard -> GuardView, ADMIN;
    writes_stop: NoArgs -> GuardView, SUPPORT;
    audit_page: AuditPageArgs -> AuditPage, VIEWER;
    audit_verify: NoArgs -> AuditVerdict, VIEWER;
    klaviyo_status: NoArgs -> KlaviyoView, VIEWER;
    klaviyo_test: KlaviyoTestArgs -> KlaviyoTest, MANAGE_INTEGRATIONS;
    klaviyo_connect: KlaviyoConnectArgs -> KlaviyoView, MANAGE_INTEGRATIONS;
    klaviyo_rotate: KlaviyoRotateArgs -> KlaviyoView, MANAGE_INTEGRATIONS;
    klaviyo_set_metric: KlaviyoMetricArgs -> KlaviyoMetricReply, MANAGE_INTEGRATIONS;
    klaviyo_check: NoArgs -> KlaviyoCheck, SUPPORT;
    audience_segments: NoArgs -> SegmentNames, SUPPORT;
    audience_segment: AudienceSegmentArgs -> AudienceSegment, SUPPORT;
    klaviyo_events: NoArgs -> EventsView, VIEWER;
    klaviyo_event_page: EventStandPageArgs -> EventStandPage, VIEWER;
    klaviyo_order_events: ActionIdArgs -> OrderEvents, VIEWER;
    klaviyo_events_check: NoArgs -> EventsView, SUPPORT;
    klaviyo_events_fill: KlaviyoFillArgs -> BulkPlan, SUPPORT;
    klaviyo_disconnect_preview: NoArgs -> DisconnectPreview, VIEWER;
    klaviyo_disconnect: NoArgs -> KlaviyoView, MANAGE_INTEGRATIONS;
    reports_status: NoArgs -> ReportsView, VIEWER;
    reports_sync: ReportKindsArgs -> ReportsView, SUPPORT;
    reports_cancel: ReportKindsArgs -> ReportsView, SUPPORT;
    reports_engine_set: ReportEngineArgs -> ReportsView, ADMIN;
    report_server_key: ReportServerKeyArgs -> ReportsView, MANAGE_INTEGRATIONS;
    report_test: NoArgs -> ReportServerTest, SUPPORT;
    report_page: ReportPageArgs -> ReportPage, VIEWER;
    report_series: ReportSeriesArgs -> ReportSeries, VIEWER;
    operator_list: NoArgs -> OperatorList, VIEWER;
    operator_me: NoArgs -> OperatorMe, VIEWER;
    operator_unlock: OperatorUnlockArgs -> OperatorMe, VIEWER;
    operator_lock: NoArgs -> OperatorMe, VIEWER;
    operator_touch: NoArgs -> OperatorMe, VIEWER;
    operator_set_passphrase: OperatorPassphraseArgs -> OperatorList, VIEWER;
    operator_add: OperatorAddArgs -> OperatorList, OWNER;
    operator_remove: OperatorArgs -> OperatorList, OWNER;
    operator_rename: OperatorRenameArgs -> OperatorList, OWNER;
    operator_set_role: OperatorRoleArgs -> OperatorList, OWNER;
    operator_set_disabled: OperatorDisabledArgs -> OperatorList, OWNER;
    operator_set_idle: OperatorIdleArgs -> OperatorList, OWNER;
}

async fn app_info(call: Call, _: NoArgs) -> Result<AppInfo, Problem> {
    let keychain = *call.engine.secrets().keychain();
    let problem = tokio::task::spawn_blocking(move || keychain.probe()).await.ok().and_then(Result::err);
    Ok(AppInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        data_dir: call.engine.registry().folder().display().to_string(),
        keychain_available: problem.is_none(),
        keychain_problem: problem.map(|problem| problem.to_string()),
        time_zone: machine_zone(),
    })
}

async fn store_list(call: Call, _: NoArgs) -> Result<StoreList, Problem> {
    let mut stores = Vec::new();
    for record in call.engine.registry().list()? {
        match call.engine.store(&record.public_id).await {
            Ok(store) => stores.push(store.view().await?),
            // One damaged mirror must not hide the other stores.
            Err(problem) => {
                tracing::warn!(store = record.public_id, code = problem.code, "a store cannot be opened")
            }
        }
    }
    for file in call.engine.files_open() {
        stores.push(file.view().await?);
    }
    Ok(StoreList { stores })
}

async fn store_add(call: Call, args: StoreAddArgs) -> Result<StoreView, Problem> {
    let key = args.key.as_deref().map(StripeKey::parse).transpose()?;
    let mode = match (&key, args.mode) {
        (Some(key), Some(mode)) if key.mode() != mode => {
            return Err(Problem::new(
                "KEY_MODE",
                "the key is not of the mode that was asked for",
                "Leave the mode out: the key says it.",
            ));
        }
        (Some(key), _) => key.mode(),
        (None, mode) => mode.unwrap_or(Mode::Test),
    };
    let url = args.stripe_url.as_deref().unwrap_or(STRIPE_URL);
    if mode == Mode::Live && url.trim_end_matches('/') != STRIPE_URL {
        return Err(StripeError::LiveKeyElsewhere.into());
    }
    let store = call.engine.add_store(&args.name, mode, url, args.time_zone.as_deref()).await?;
    if let Some(key) = key {
        store.keep_key_unchecked(key).await?;
    }
    store.view().await
}

async fn store_remove(call: Call, args: StoreRemoveArgs) -> Result<StoreList, Problem> {
    let named = call.store.clone().unwrap_or_default();
    let record = call.engine.registry().get(&named)?;
    if record.name != args.confirm_name {
        return Err(Problem::new(
            "NOT_CONFIRMED",
            "the name typed is not the store's",
            "Type the store's name to remove it.",
        ));
    }
    call.engine.remove_store(&record.public_id).await?;
    store_list(call, NoArgs {}).await
}

async fn store_set_key(call: Call, args: StoreKeyArgs) -> Result<StoreView, Problem> {
    let key = StripeKey::parse(&args.key)?;
    let store = call.store().await?;
    store.set_key(key).await?;
    store.note_in_audit(&call.doer(), "key_set", json!({})).await?;
    store.view().await
}

async fn store_forget_key(call: Call, _: NoArgs) -> Result<StoreView, Problem> {
    let store = call.store().await?;
    store.forget_key().await?;
    store.note_in_audit(&call.doer(), "key_forgotten", json!({})).await?;
    store.view().await
}

async fn store_check_key(call: Call, _: NoArgs) -> Result<KeyCheck, Problem> {
    let store = call.store().await?;
    let stripe = store.stripe().await?;
    let mut permissions = Vec::new();
    for kind in Kind::FOLDED {
        let outcome = stripe.list(kind, None, None, None, Priority::Normal).await.map(|_| ());
        permissions.push(permission(kind.as_str(), outcome)?);
    }
    let events =
        stripe.list_events(&crate::stripe::EventQuery::default(), Priority::Normal).await.map(|_| ());
    permissions.insert(0, permission("event", events)?);
    let endpoints = stripe.list_endpoints(None, Priority::Normal).await.map(|_| ());
    permissions.push(permission(Kind::Endpoint.as_str(), endpoints)?);
    let account_id = match stripe.account().await {
        Ok(account) => Some(account),
        Err(StripeError::PermissionMissing { account, .. }) => account,
        Err(error) => return Err(error.into()),
    };
    Ok(KeyCheck { account_id, permissions })
}

fn permission(kind: &str, outcome: Result<(), StripeError>) -> Result<KeyPermission, Problem> {
    let missing_permission = match outcome {
        Ok(()) => None,
        Err(StripeError::PermissionMissing { permission, .. }) => Some(permission),
        Err(error) => return Err(error.into()),
    };
    Ok(KeyPermission { kind: kind.to_owned(), readable: missing_permission.is_none(), missing_permission })
}

async fn file_open(call: Call, args: FileOpenArgs) -> Result<StoreView, Problem> {
    call.engine.open_file(Path::new(&args.path)).await?.view().await
}

async fn settings_get(call: Call, _: NoArgs) -> Result<SettingsDocument, Problem> {
    let (revision, settings) = call.store().await?.settings_in_force();
    Ok(SettingsDocument { revision: Some(revision), settings: terms::filled(settings) })
}

async fn settings_set(call: Call, args: SettingsDocument) -> Result<SettingsDocument, Problem> {
    let store = call.store().await?;
    let set = store.set_settings(args.settings, args.revision, &call.doer()).await?;
    Ok(SettingsDocument { revision: Some(set.revision), settings: terms::filled(set.after) })
}

async fn sync_now(call: Call, args: SyncNowArgs) -> Result<Freshness, Problem> {
    let store = call.store().await?;
    if args.full {
        // A poll is anyone's; listing everything again takes its time from the shop's own quota.
        call.engine.permit(SUPPORT, "listing everything again")?;
        refresh::ask_for_full(store.db(), store.clock().now()).await?;
    }
    store.signals().sync_now();
    store.freshness().await
}

async fn window_focus(call: Call, args: WindowFocusArgs) -> Result<NoArgs, Problem> {
    call.store().await?.signals().set_in_front(args.front);
    Ok(NoArgs {})
}

async fn overview(call: Call, _: NoArgs) -> Result<Overview, Problem> {
    let store = call.store().await?;
    let (zone, now, sync) = (store.zone(), store.clock().now(), store.sync_facts().await?);
    Ok(store.db().read(move |connection| overviews::overview(connection, zone, now, &sync)).await?)
}

async fn funnel(call: Call, args: FunnelArgs) -> Result<Funnel, Problem> {
    let store = call.store().await?;
    let (zone, now) = (store.zone(), store.clock().now());
    Ok(store.db().read(move |connection| funnels::funnel(connection, &args, zone, now)).await?)
}

async fn preorder_page(call: Call, args: PreorderPageArgs) -> Result<PreorderPage, Problem> {
    let store = call.store().await?;
    let zone = store.zone();
    Ok(store.db().read(move |connection| preorders::page(connection, &args, zone)).await?)
}

async fn search(call: Call, args: SearchArgs) -> Result<SearchReply, Problem> {
    Ok(call.store().await?.db().read(move |connection| searches::search(connection, &args)).await?)
}

async fn preorder_sheet(call: Call, args: SheetArgs) -> Result<PreorderSheet, Problem> {
    let store = call.store().await?;
    let now = store.clock().now();
    let dashboard = store.record().filter(|record| record.stripe_url == STRIPE_URL).map(|record| record.mode);
    let shown: String = args.id.chars().take(100).collect();
    let found = store.db().read(move |connection| sheet::sheet(connection, &args, dashboard, now)).await?;
    let found = found.ok_or_else(|| not_found(&shown))?;
    if store.holds_lease() {
        // An order someone looks at is fetched again when it is older than a minute.
        let objects = found.facts.iter().map(|fact| fact.object_id.clone()).collect();
        refresh::ask_for_objects(store.db(), objects, store.clock().now()).await?;
        store.signals().wake_steward();
    }
    Ok(found)
}

pub(super) fn not_found(id: &str) -> Problem {
    Problem::new(
        "NOT_FOUND",
        format!("nothing in this mirror is called {id:?}"),
        "Check the id, or search by e-mail; a new order shows after the next poll.",
    )
}

async fn raw_fact(call: Call, args: RawFactArgs) -> Result<RawFact, Problem> {
    let shown: String = args.id.chars().take(100).collect();
    let found =
        call.store().await?.db().read(move |connection| sheet::raw_fact(connection, &args.id)).await?;
    found.ok_or_else(|| not_found(&shown))
}

async fn event_page(call: Call, args: EventPageArgs) -> Result<EventPage, Problem> {
    Ok(call.store().await?.db().read(move |connection| event_log::page(connection, &args)).await?)
}

async fn health(call: Call, _: NoArgs) -> Result<Health, Problem> {
    let store = call.store().await?;
    let (now, sync) = (store.clock().now(), store.sync_facts().await?);
    Ok(store.db().read(move |connection| sync_health::health(connection, now, &sync)).await?)
}

async fn webhooks(call: Call, _: NoArgs) -> Result<Webhooks, Problem> {
    let store = call.store().await?;
    let now = store.clock().now();
    Ok(store.db().read(move |connection| hooks::webhooks(connection, now)).await?)
}
