//! The store registry: which stores there are, in one small file of the data folder. Holds no secret.

mod document;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::domain::store::{Mode, StoreRecord};
pub use document::{Document, DocumentError};

/// Letters of a public id: no vowels, nothing that is read as another letter.
const ALPHABET: &[u8] = b"23456789bcdfghjkmnpqrstvwxz";
const ID_LETTERS: usize = 7;

/// The registry of one data folder.
#[derive(Debug, Clone)]
pub struct Registry {
    folder: PathBuf,
    document: Document<Stores>,
}

/// What can go wrong with it.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The folder or file cannot be read or written.
    #[error("the data folder cannot be used: {0}")]
    Io(#[from] std::io::Error),
    /// The file is not what this program writes.
    #[error("stores.json cannot be read: {0}")]
    Malformed(String),
    /// The name is taken, empty or too long.
    #[error("a store cannot be named {0:?}")]
    BadName(String),
    /// There is no such store.
    #[error("there is no store {0:?}")]
    Unknown(String),
}

impl From<DocumentError> for RegistryError {
    fn from(error: DocumentError) -> Self {
        match error {
            DocumentError::Io(error) => Self::Io(error),
            DocumentError::Malformed { why, .. } => Self::Malformed(why),
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Stores {
    version: u32,
    stores: Vec<StoreRecord>,
}

impl Registry {
    /// Uses a data folder, made (for its owner only) when missing. Where it cannot be made, mirror files can be
    /// read all the same, and making a store says why not.
    ///
    /// # Errors
    /// The path is taken by something that is not a folder.
    pub fn open(folder: &Path) -> Result<Self, RegistryError> {
        if folder.exists() && !folder.is_dir() {
            return Err(std::io::Error::from(std::io::ErrorKind::NotADirectory).into());
        }
        if let Err(error) = document::make_folder(folder) {
            tracing::info!(%error, "the data folder cannot be made");
        }
        Ok(Self { folder: folder.to_owned(), document: Document::new(folder, "stores") })
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes a file of the archive: what is kept of a store that is gone.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn make_archive_file(&self, name: &str) -> Result<std::fs::File, RegistryError> {
        let folder = self.folder.join("archive");
        document::make_folder(&folder)?;
        Ok(document::private(&folder.join(name))?)
    }

    /// Where a store's mirror lies.
    pub fn mirror_path(&self, store: &StoreRecord) -> PathBuf {
        self.folder.join(format!("{}-{}.mirror", store.public_id, store.mode.as_str()))
    }

    /// Lists the stores in the order they were made.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn list(&self) -> Result<Vec<StoreRecord>, RegistryError> {
        Ok(self.document.find()?.map(|kept| kept.stores).unwrap_or_default())
    }

    /// Finds a store by public id or name.
    ///
    /// # Errors
    /// There is none, or the file cannot be read.
    pub fn get(&self, id_or_name: &str) -> Result<StoreRecord, RegistryError> {
        let stores = self.list()?;
        let by_id = stores.iter().find(|store| store.public_id == id_or_name);
        by_id
            .or_else(|| stores.iter().find(|store| store.name == id_or_name))
            .cloned()
            .ok_or_else(|| RegistryError::Unknown(id_or_name.to_owned()))
    }

    /// Makes a store.
    ///
    /// # Errors
    /// The name is taken or unusable, or the file cannot be written.
    pub fn add(
        &self,
        name: &str,
        mode: Mode,
        stripe_url: &str,
        now: i64,
    ) -> Result<StoreRecord, RegistryError> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 60 || name.chars().any(char::is_control) {
            return Err(RegistryError::BadName(name.chars().take(60).collect()));
        }
        self.change(|stores| {
            if stores.iter().any(|store| store.name == name) {
                return Err(RegistryError::BadName(name.to_owned()));
            }
            let taken = |id: &str| stores.iter().any(|store| store.public_id == id);
            let public_id =
                std::iter::repeat_with(random_id).find(|id| !taken(id)).expect("repeats for ever");
            let record = StoreRecord {
                public_id,
                name: name.to_owned(),
                mode,
                stripe_url: stripe_url.to_owned(),
                created_at: now,
            };
            stores.push(record.clone());
            Ok(record)
        })
    }

    /// Takes a store off the list and deletes its mirror file.
    ///
    /// # Errors
    /// There is no such store, or a file cannot be written or deleted.
    pub fn remove(&self, public_id: &str) -> Result<(), RegistryError> {
        let record = self.get(public_id)?;
        self.change(|stores| {
            stores.retain(|store| store.public_id != record.public_id);
            Ok(())
        })?;
        let mirror = self.mirror_path(&record);
        for path in [
            mirror.clone(),
            with_suffix(&mirror, "-wal"),
            with_suffix(&mirror, "-shm"),
            crate::tasks::lease::lease_path(&mirror),
            crate::tasks::lease::import_lock_path(&mirror),
        ] {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }

    /// Reads, changes and replaces the list as one step between processes.
    fn change<T>(
        &self,
        change: impl FnOnce(&mut Vec<StoreRecord>) -> Result<T, RegistryError>,
    ) -> Result<T, RegistryError> {
        self.document.change(|kept| {
            let mut kept = kept.unwrap_or(Stores { version: 1, stores: Vec::new() });
            let value = change(&mut kept.stores)?;
            Ok((kept, value))
        })
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn random_id() -> String {
    (0..ID_LETTERS).map(|_| char::from(ALPHABET[rand::random_range(0..ALPHABET.len())])).collect()
}

/// The data folder used when none is named.
pub fn default_folder() -> PathBuf {
    dirs::data_dir().unwrap_or_else(|| PathBuf::from(".")).join("foredeck")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_cannot_be_made_is_no_reason_not_to_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let registry = Registry::open(&file.join("data")).unwrap();
        assert_eq!(registry.list().unwrap(), vec![]);
        assert!(matches!(registry.add("Shop", Mode::Test, "x", 1), Err(RegistryError::Io(_))));
        assert!(matches!(Registry::open(&file), Err(RegistryError::Io(_))));
    }

    #[test]
    fn stores_are_kept_apart_and_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let registry = Registry::open(&folder.path().join("data")).unwrap();
        let live = registry.add("Shop", Mode::Live, "https://api.stripe.com", 1).unwrap();
        let test = registry.add("Shop test", Mode::Test, "https://api.stripe.com", 2).unwrap();
        assert_eq!(live.public_id.len(), 7);
        assert_ne!(registry.mirror_path(&live), registry.mirror_path(&test));
        assert!(matches!(registry.add("Shop", Mode::Test, "x", 3), Err(RegistryError::BadName(_))));
        assert!(matches!(registry.add(" ", Mode::Test, "x", 3), Err(RegistryError::BadName(_))));
        assert_eq!(registry.get("Shop").unwrap(), live);
        registry.remove(&live.public_id).unwrap();
        assert_eq!(registry.list().unwrap(), vec![test]);
    }
}
