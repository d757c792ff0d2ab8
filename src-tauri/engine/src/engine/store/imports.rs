//! The shop's own rows of a store: looked at, imported, and taken out again.

use std::path::Path;

use super::OpenStore;
use crate::domain::shop::ShopKind;
use crate::error::Problem;
use crate::shop_files::Saved;
use crate::tasks::import::{self, ImportJob, ImportPreview, ImportReport, RemovalReport};
use crate::topic::Topic;

impl OpenStore {
    /// Looks at a file and says what an import would take its columns for.
    ///
    /// # Errors
    /// The file cannot be read, or a field or column that was asked for is not there.
    pub async fn preview_import(
        &self,
        kind: ShopKind,
        path: &Path,
        map: Saved,
    ) -> Result<ImportPreview, Problem> {
        Ok(import::preview(&self.db, kind, path.to_owned(), map, self.zone()).await?)
    }

    /// Imports a file, or with `dry_run` says what an import would do.
    ///
    /// # Errors
    /// The file cannot be read, or the mirror not written; then nothing of the file is in force.
    pub async fn import(
        &self,
        kind: ShopKind,
        path: &Path,
        map: Saved,
        dry_run: bool,
        accept_bad: bool,
    ) -> Result<ImportReport, Problem> {
        let job = ImportJob {
            kind,
            path: path.to_owned(),
            map,
            dry_run,
            accept_bad,
            zone: self.zone(),
            now: self.wiring.clock.now(),
        };
        let report = import::run(&self.db, job).await?;
        if report.batch.is_some() || kind == ShopKind::Preorders {
            self.fold_all().await?;
            self.wiring.announcer.announce(Some(&self.public_id), Topic::Imports);
        }
        Ok(report)
    }

    /// Takes a batch out of force.
    ///
    /// # Errors
    /// There is no such batch in force, or the mirror cannot be written.
    pub async fn remove_import(&self, batch: i64) -> Result<RemovalReport, Problem> {
        let report = import::remove(&self.db, batch, self.wiring.clock.now()).await?;
        self.fold_all().await?;
        self.wiring.announcer.announce(Some(&self.public_id), Topic::Imports);
        Ok(report)
    }
}
