//! A file that is written beside its place and moved there when it is whole: what was there before stays until then.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::db::{DbError, DbResult};

/// A file being written beside its place. Dropped before it is kept, nothing of it stays.
pub(super) struct Draft {
    target: PathBuf,
    beside: PathBuf,
    /// The place itself was made, to hold it.
    holds: bool,
    kept: bool,
}

impl Draft {
    /// Takes the place of a file that does not exist yet.
    ///
    /// # Errors
    /// [`DbError::Exists`]; the place cannot be written.
    pub(super) fn of_new(target: &Path) -> DbResult<Self> {
        private(OpenOptions::new().create_new(true)).open(target).map_err(|error| failed(target, &error))?;
        Ok(Self::at(target.to_owned(), true))
    }

    /// Writes over a file, or a new one. What a link leads to is written over, not the link.
    pub(super) fn over(target: &Path) -> Self {
        Self::at(fs::canonicalize(target).unwrap_or_else(|_new| target.to_owned()), false)
    }

    fn at(target: PathBuf, holds: bool) -> Self {
        let mut beside = OsString::from(&target);
        beside.push(format!(".{:08x}.part", rand::random::<u32>()));
        Self { target, beside: beside.into(), holds, kept: false }
    }

    /// Writes it, for this account alone to read, and waits until the disk has it.
    ///
    /// # Errors
    /// It cannot be written, or what writes it failed.
    pub(super) fn fill<T>(&self, write: impl FnOnce(&mut dyn Write) -> DbResult<T>) -> DbResult<T> {
        let failed = |error: std::io::Error| failed(&self.target, &error);
        let file = private(OpenOptions::new().create_new(true)).open(&self.beside).map_err(failed)?;
        let mut out = BufWriter::new(file);
        let done = write(&mut out)?;
        out.into_inner().map_err(|error| failed(error.into_error()))?.sync_all().map_err(failed)?;
        Ok(done)
    }

    /// Puts it into its place.
    ///
    /// # Errors
    /// It cannot be moved there.
    pub(super) fn keep(mut self) -> DbResult<()> {
        fs::rename(&self.beside, &self.target).map_err(|error| failed(&self.target, &error))?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.kept {
            let _gone = fs::remove_file(&self.beside);
        }
        if !self.kept && self.holds {
            let _gone = fs::remove_file(&self.target);
        }
    }
}

/// Writes what is no file, a pipe or a terminal: nothing can be moved there.
///
/// # Errors
/// It cannot be written, or what writes it failed.
pub(super) fn fill_in_place<T>(
    target: &Path,
    write: impl FnOnce(&mut dyn Write) -> DbResult<T>,
) -> DbResult<T> {
    let failed = |error: std::io::Error| failed(target, &error);
    let mut out = BufWriter::new(OpenOptions::new().write(true).open(target).map_err(failed)?);
    let done = write(&mut out)?;
    out.flush().map_err(failed)?;
    Ok(done)
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
