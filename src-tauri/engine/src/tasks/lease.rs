//! The lease: one process a store polls and writes outward. An OS lock beside the mirror, gone with its holder.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

/// A held lease. Dropping it lets another process take over.
#[derive(Debug)]
pub struct Lease {
    _file: File,
}

/// Where the lease of a mirror lies.
pub fn lease_path(mirror: &Path) -> PathBuf {
    mirror.with_extension("lease")
}

/// Where the lock of imports into a mirror lies.
pub fn import_lock_path(mirror: &Path) -> PathBuf {
    mirror.with_extension("import")
}

impl Lease {
    /// Takes the lease of a mirror; None while another process (or another handle here) holds it.
    ///
    /// # Errors
    /// The lock file cannot be made.
    pub fn try_take(mirror: &Path) -> std::io::Result<Option<Self>> {
        Self::try_lock(&lease_path(mirror))
    }

    /// Takes the right to import into a mirror; None while someone else has it.
    ///
    /// # Errors
    /// The lock file cannot be made.
    pub fn try_take_for_import(mirror: &Path) -> std::io::Result<Option<Self>> {
        Self::try_lock(&import_lock_path(mirror))
    }

    fn try_lock(path: &Path) -> std::io::Result<Option<Self>> {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}
