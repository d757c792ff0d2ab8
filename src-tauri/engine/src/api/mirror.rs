//! Operations on the mirror file as a whole: checked, rebuilt, copied, exported.

use std::path::Path;

use super::Call;
use super::types::{ExportArgs, ExportKind, ExportReply, MirrorBackupArgs, MirrorReport, NoArgs};
use crate::engine::Verified;
use crate::error::Problem;
use crate::queries::audit as audit_rows;
use crate::queries::credits::export as credit_exports;
use crate::queries::export as exports;
use crate::queries::findings::export::export_findings;
use crate::queries::leads::export_leads;

pub(super) async fn mirror_verify(call: Call, _: NoArgs) -> Result<MirrorReport, Problem> {
    Ok(report(call.store().await?.verify().await?))
}

fn report(found: Verified) -> MirrorReport {
    MirrorReport {
        ok: found.problems.is_empty(),
        problems: found.problems,
        facts: found.facts,
        preorders: found.preorders,
    }
}

pub(super) async fn mirror_rebuild(call: Call, _: NoArgs) -> Result<MirrorReport, Problem> {
    let store = call.store().await?;
    store.rebuild().await?;
    Ok(report(store.verify().await?))
}

pub(super) async fn mirror_backup(call: Call, args: MirrorBackupArgs) -> Result<MirrorReport, Problem> {
    let target = Path::new(&args.path);
    call.store().await?.back_up(target).await?;
    let copy = call.engine.open_file(target).await?;
    let found = copy.verify().await;
    call.engine.close_file(copy.public_id());
    Ok(report(found?))
}

pub(super) async fn export(call: Call, args: ExportArgs) -> Result<ExportReply, Problem> {
    let store = call.store().await?;
    let (what, format) = (args.what, args.format);
    let now = store.clock().now();
    let rows = store
        .export_to(&args.path, move |connection, out| match what {
            ExportKind::Preorders => exports::export_preorders(connection, format, out),
            ExportKind::Events => exports::export_events(connection, format, out),
            ExportKind::Customers => exports::export_customers(connection, format, out),
            ExportKind::Purchases => credit_exports::export_purchases(connection, format, out),
            ExportKind::Wallets => credit_exports::export_wallets(connection, format, out),
            ExportKind::Audit => audit_rows::export_audit(connection, format, out),
            ExportKind::Differences => credit_exports::export_differences(connection, format, out),
            ExportKind::Findings => export_findings(connection, now, format, out),
            ExportKind::Leads => export_leads(connection, now, format, out),
        })
        .await?;
    Ok(ExportReply { rows, path: args.path })
}
