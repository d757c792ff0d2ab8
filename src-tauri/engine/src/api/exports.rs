//! Exports to a file.

use super::Call;
use super::types::{ExportArgs, ExportKind, ExportReply};
use crate::domain::klaviyo::ReportKind;
use crate::error::Problem;
use crate::queries::audit as audit_rows;
use crate::queries::credits::export as credit_exports;
use crate::queries::export as exports;
use crate::queries::findings::export::export_findings;
use crate::queries::leads::export_leads;
use crate::queries::reports::export_reports;

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
            ExportKind::Campaigns => export_reports(connection, ReportKind::Campaigns, format, out),
            ExportKind::Flows => export_reports(connection, ReportKind::Flows, format, out),
            ExportKind::Segments => export_reports(connection, ReportKind::Segments, format, out),
            ExportKind::Forms => export_reports(connection, ReportKind::Forms, format, out),
        })
        .await?;
    Ok(ExportReply { rows, path: args.path })
}
