//! The mirror of a store as a whole: verified, made anew, copied, exported.

use std::io::{BufWriter, Write};
use std::path::Path;

use super::OpenStore;
use crate::db::{Connection, DbError, DbResult};
use crate::error::Problem;
use crate::projections::{rebuild, schema};
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

    /// Writes an export to a file; says how many rows.
    ///
    /// # Errors
    /// The file cannot be written, or the mirror not read.
    pub async fn export_to(
        &self,
        path: &str,
        export: impl FnOnce(&Connection, &mut dyn Write) -> DbResult<i64> + Send + 'static,
    ) -> Result<i64, Problem> {
        let path = path.to_owned();
        Ok(self
            .db
            .read(move |connection| {
                let failed =
                    |error: std::io::Error| DbError::Invalid(format!("{path} cannot be written: {error}"));
                let mut out = BufWriter::new(std::fs::File::create(&path).map_err(failed)?);
                let rows = export(connection, &mut out)?;
                out.flush().map_err(failed)?;
                Ok(rows)
            })
            .await?)
    }
}
