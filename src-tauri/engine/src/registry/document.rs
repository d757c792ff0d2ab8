//! One JSON document of the data folder: read whole, replaced whole, by one process at a time.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A document `NAME.json`, readable by its owner alone.
#[derive(Debug, Clone)]
pub struct Document<D> {
    folder: PathBuf,
    name: &'static str,
    holds: PhantomData<fn() -> D>,
}

/// What can go wrong with one.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The folder or file cannot be read or written.
    #[error("the data folder cannot be used: {0}")]
    Io(#[from] std::io::Error),
    /// The file is not what this program writes.
    #[error("{name}.json cannot be read: {why}")]
    Malformed {
        /// The document.
        name: &'static str,
        /// Why, without a word of what it holds.
        why: String,
    },
}

impl<D: Serialize + DeserializeOwned> Document<D> {
    /// Names a document; nothing is read or made.
    pub fn new(folder: &Path, name: &'static str) -> Self {
        Self { folder: folder.to_owned(), name, holds: PhantomData }
    }

    /// Reads it; None where there is none yet.
    ///
    /// # Errors
    /// It cannot be read, or is not what this program writes.
    pub fn find(&self) -> Result<Option<D>, DocumentError> {
        match std::fs::read_to_string(self.file("json")) {
            Ok(text) => serde_json::from_str(&text).map(Some).map_err(|error| self.malformed(&error)),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads, changes and replaces it as one step between processes. What `change` refuses leaves it as it was.
    ///
    /// # Errors
    /// `change` refused, or the document cannot be read or written.
    pub fn change<T, E: From<DocumentError>>(
        &self,
        change: impl FnOnce(Option<D>) -> Result<(D, T), E>,
    ) -> Result<T, E> {
        let _held = self.lock()?;
        let (document, value) = change(self.find()?)?;
        self.replace(&document)?;
        Ok(value)
    }

    fn lock(&self) -> Result<File, DocumentError> {
        make_folder(&self.folder)?;
        let guard = OpenOptions::new().create(true).truncate(false).write(true).open(self.file("lock"))?;
        guard.lock()?;
        Ok(guard)
    }

    fn replace(&self, document: &D) -> Result<(), DocumentError> {
        let text = serde_json::to_string_pretty(document).map_err(|error| self.malformed(&error))?;
        let fresh = self.file("json.new");
        let mut file = private(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        Ok(std::fs::rename(&fresh, self.file("json"))?)
    }

    fn file(&self, end: &str) -> PathBuf {
        self.folder.join(format!("{}.{end}", self.name))
    }

    /// The place alone: serde's own words may repeat a value.
    fn malformed(&self, error: &serde_json::Error) -> DocumentError {
        let why = format!("line {}, column {}", error.line(), error.column());
        DocumentError::Malformed { name: self.name, why }
    }
}

/// Makes the folder, for its owner only, when it is missing.
pub(super) fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

pub(super) fn private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
