//! Operations on the shop's own rows.

use std::path::Path;

use serde_json::json;

use super::Call;
use super::types::{ImportPreviewArgs, ImportRemoveArgs, ImportRunArgs, NoArgs};
use crate::error::Problem;
use crate::queries::imports::{self as import_batches, ImportList};
use crate::tasks::import::{ImportPreview, ImportReport, RemovalReport};

pub(super) async fn import_preview(call: Call, args: ImportPreviewArgs) -> Result<ImportPreview, Problem> {
    call.store().await?.preview_import(args.kind, Path::new(&args.path), args.map).await
}

pub(super) async fn import_run(call: Call, args: ImportRunArgs) -> Result<ImportReport, Problem> {
    let (path, dry_run, accept_bad) = (Path::new(&args.path), args.dry_run, args.accept_bad);
    let store = call.store().await?;
    let report = store.import(args.kind, path, args.map, dry_run, accept_bad).await?;
    if !dry_run {
        store.note_in_audit(&call.doer(), "imported", json!({"kind": args.kind, "report": report})).await?;
    }
    Ok(report)
}

pub(super) async fn import_list(call: Call, _: NoArgs) -> Result<ImportList, Problem> {
    Ok(call.store().await?.db().read(import_batches::list).await?)
}

pub(super) async fn import_remove(call: Call, args: ImportRemoveArgs) -> Result<RemovalReport, Problem> {
    let store = call.store().await?;
    let report = store.remove_import(args.batch).await?;
    store.note_in_audit(&call.doer(), "import_removed", json!({"batch": args.batch})).await?;
    Ok(report)
}
