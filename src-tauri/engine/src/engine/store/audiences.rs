//! An audience written to a file, and into the audit with it: who took how many people out, and by which filter.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::OpenStore;
use crate::actions::Doer;
use crate::db::{DbError, DbResult};
use crate::error::Problem;
use crate::queries::audiences::AudienceCount;
use crate::queries::audiences::export::{AudienceFile, export_audience};

impl OpenStore {
    /// Writes an audience to a new file that only this account may read. Its audit row is written before the file stands
    /// under its name: no list of people is there that the audit does not know.
    ///
    /// # Errors
    /// The store is an opened file, the target exists or cannot be written, the filter is bad, or the mirror cannot be read.
    pub async fn export_audience(
        &self,
        file: AudienceFile,
        path: &str,
        doer: &Doer,
    ) -> Result<AudienceCount, Problem> {
        self.own_record()?;
        let draft = Draft::open(Path::new(path)).map_err(Problem::from)?;
        let (zone, now) = (self.zone(), self.wiring.clock.now());
        let body = json!({"audience": file.audience, "filter": file.filter, "format": file.format,
            "hashed": file.hashed, "consent_column": file.consent_column});
        let (draft, count) = self
            .db
            .read(move |connection| {
                let count = draft.fill(|out| export_audience(connection, &file, (zone, now), out))?;
                Ok((draft, count))
            })
            .await?;
        let mut body = body;
        body["rows"] = count.count.into();
        body["left_out"] = json!(count.left_out);
        self.note_in_audit(doer, "audience_exported", body).await?;
        draft.keep().map_err(Problem::from)?;
        Ok(count)
    }
}

/// A file being written beside its place, which is held for it. Dropped before it is kept, nothing stays.
struct Draft {
    target: PathBuf,
    beside: PathBuf,
    kept: bool,
}

impl Draft {
    /// Takes the place of a file that does not exist yet.
    fn open(target: &Path) -> DbResult<Self> {
        let mut beside = target.as_os_str().to_owned();
        beside.push(".part");
        private(OpenOptions::new().create_new(true)).open(target).map_err(|error| failed(target, &error))?;
        Ok(Self { target: target.to_owned(), beside: beside.into(), kept: false })
    }

    fn fill<T>(&self, write: impl FnOnce(&mut dyn Write) -> DbResult<T>) -> DbResult<T> {
        let failed = |error: std::io::Error| failed(&self.beside, &error);
        let file: File =
            private(OpenOptions::new().create(true).truncate(true)).open(&self.beside).map_err(failed)?;
        let mut out = BufWriter::new(file);
        let done = write(&mut out)?;
        out.into_inner().map_err(|error| failed(error.into_error()))?.sync_all().map_err(failed)?;
        Ok(done)
    }

    fn keep(mut self) -> DbResult<()> {
        fs::rename(&self.beside, &self.target).map_err(|error| failed(&self.target, &error))?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.kept {
            let _gone = fs::remove_file(&self.beside);
            let _gone = fs::remove_file(&self.target);
        }
    }
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.write(true)
}

fn failed(path: &Path, error: &std::io::Error) -> DbError {
    match error.kind() {
        ErrorKind::AlreadyExists => DbError::Exists(path.display().to_string()),
        ErrorKind::StorageFull => DbError::DiskFull,
        _ => DbError::Invalid(format!("{} cannot be written: {error}", path.display())),
    }
}
