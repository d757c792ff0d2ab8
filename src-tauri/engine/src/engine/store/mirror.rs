//! The mirror of a store as a whole: verified, made anew, copied, exported.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::OpenStore;
use super::draft::{Draft, fill_in_place};
use crate::db::{Connection, DbError, DbResult};
use crate::error::Problem;
use crate::projections::{rebuild, schema};
use crate::tasks::lease::{import_lock_path, lease_path};
use crate::tasks::replay;
use crate::topic::Topic;

/// What a check of a mirror found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// What is wrong, a sentence each; empty when nothing is.
    pub problems: Vec<String>,
    /// Facts read back.
    pub facts: i64,
    /// Orders there are.
    pub preorders: i64,
}

/// Damage is what a check is for: it is told, and the check goes on.
fn found<T>(read: DbResult<T>, told: impl FnOnce(String) -> T) -> Result<T, Problem> {
    match read {
        Err(error @ (DbError::Damaged(_) | DbError::Corrupt(_))) => Ok(told(error.to_string())),
        other => Ok(other?),
    }
}

impl OpenStore {
    /// Checks the file and reads every stored body back.
    ///
    /// # Errors
    /// The mirror cannot be read at all.
    pub async fn verify(&self) -> Result<Verified, Problem> {
        let mut problems = found(self.db.integrity_problems().await, |words| vec![words])?;
        let read = self.db.read(rebuild::unreadable_bodies).await;
        let (facts, mut unreadable) = found(read, |words| (0, vec![words]))?;
        problems.append(&mut unreadable);
        let preorders = self
            .db
            .read(|connection| match schema::require_current(connection) {
                Ok(()) => Ok(connection.query_row("SELECT count(*) FROM preorder", [], |row| row.get(0))?),
                Err(DbError::StaleProjections { .. }) => Ok(0),
                Err(error) => Err(error),
            })
            .await;
        let (preorders, mut uncounted) =
            found(preorders.map(|count| (count, vec![])), |words| (0, vec![words]))?;
        problems.append(&mut uncounted);
        Ok(Verified { problems, facts, preorders })
    }

    /// Makes the projections anew from the facts. Loses nothing anyone did.
    ///
    /// # Errors
    /// The mirror cannot be written; the rebuild goes on when the store is opened again.
    pub async fn rebuild(&self) -> Result<(), Problem> {
        replay::replay(&self.db, self.wiring.clock.now(), |_| {}).await?;
        self.wiring.announcer.announce(Some(&self.public_id), Topic::Preorders);
        Ok(())
    }

    /// Copies the mirror to a file that does not exist yet.
    ///
    /// # Errors
    /// The file exists or cannot be written.
    pub async fn back_up(&self, target: &Path) -> Result<(), Problem> {
        Ok(self.db.backup(target.to_owned()).await?)
    }

    /// Writes an export to a file that only this account may read; says how many rows. A file that is there already is replaced once
    /// the export is whole, and not before.
    ///
    /// # Errors
    /// The file is the mirror's own or cannot be written, or the mirror not read.
    pub async fn export_to(
        &self,
        path: &str,
        export: impl FnOnce(&Connection, &mut dyn Write) -> DbResult<i64> + Send + 'static,
    ) -> Result<i64, Problem> {
        let (target, mirror) = (PathBuf::from(path), self.db.path().to_owned());
        Ok(self
            .db
            .read(move |connection| {
                if is_of_mirror(&target, &mirror) {
                    let words = format!("{} is a file of the mirror itself", target.display());
                    return Err(DbError::Invalid(words));
                }
                if std::fs::metadata(&target).is_ok_and(|there| !there.is_file()) {
                    return fill_in_place(&target, |out| export(connection, out));
                }
                let draft = Draft::over(&target);
                let rows = draft.fill(|out| export(connection, out))?;
                draft.keep()?;
                Ok(rows)
            })
            .await?)
    }
}

/// Whether a path leads to the mirror's file, or one that lies beside it and belongs to it.
fn is_of_mirror(path: &Path, mirror: &Path) -> bool {
    let place = |path: &Path| {
        std::fs::canonicalize(path).ok().or_else(|| {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = std::fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()?;
            Some(folder.join(path.file_name()?))
        })
    };
    let beside = |end: &str| {
        let mut name = mirror.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    };
    let own = [mirror.to_owned(), beside("-wal"), beside("-shm"), beside("-journal")];
    let own = own.into_iter().chain([lease_path(mirror), import_lock_path(mirror)]);
    let asked = place(path);
    asked.is_some() && own.into_iter().any(|own| place(&own) == asked)
}
