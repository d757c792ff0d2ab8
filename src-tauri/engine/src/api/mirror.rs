//! Operations on the mirror file as a whole: checked, rebuilt, copied.

use std::path::Path;

use super::Call;
use super::types::{MirrorBackupArgs, MirrorReport, NoArgs};
use crate::engine::Verified;
use crate::error::Problem;

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
