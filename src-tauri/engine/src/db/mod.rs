//! The mirror file: the only room that opens a SQLite connection.
//!
//! In: closures over a write transaction or a read snapshot. Out: their results, after the commit.
//! One writer thread, operator writes first, bulk writes grouped for at most 50 ms; readers are
//! snapshots on a blocking pool. Deliberately absent: what the tables mean.

mod error;
mod migrations;
mod open;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

pub use error::DbError;
pub use migrations::{MIGRATIONS, latest_version};
pub use open::{schema_version, sorting_in_files};
pub use rusqlite::{self, Connection, OptionalExtension, Row, Transaction, params, types};
use writer::Writer;

/// Result of a database call.
pub type DbResult<T> = Result<T, DbError>;

/// An open mirror file. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    /// Dropped before the writer: only the last connection can fold the write-ahead log into the file, and a reader may not.
    readers: Mutex<Vec<Connection>>,
    writer: Option<Writer>,
}

impl Db {
    /// Opens or makes a mirror file for reading and writing; migrates it and checks it.
    ///
    /// # Errors
    /// A newer file, a file that is not a mirror, damage, a read-only folder, a full disk.
    pub fn open(path: &Path) -> DbResult<Self> {
        let connection = open::read_write(path)?;
        Ok(Self::with(path, Some(Writer::start(connection)?)))
    }

    /// Opens a mirror file for reading only; needs no key, no lease and no write permission.
    ///
    /// # Errors
    /// As [`Db::open`]; a file whose projections are of another version says so when queried.
    pub fn open_read_only(path: &Path) -> DbResult<Self> {
        let connection = open::read_only(path)?;
        let db = Self::with(path, None);
        db.put_back(connection);
        Ok(db)
    }

    fn with(path: &Path, writer: Option<Writer>) -> Self {
        Self { inner: Arc::new(Inner { path: path.to_owned(), writer, readers: Mutex::default() }) }
    }

    /// Where the file lies.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Whether writes are possible.
    pub fn is_read_only(&self) -> bool {
        self.inner.writer.is_none()
    }

    /// Runs a bulk write (`synchronous=NORMAL`), grouped with others; resolves after the commit.
    ///
    /// # Errors
    /// What the closure returned, or that the commit failed; then nothing of it was kept.
    pub async fn write<T, F>(&self, work: F) -> DbResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> DbResult<T> + Send + 'static,
    {
        self.writer()?.run(writer::Class::Bulk, work).await
    }

    /// Runs a batch alone in a transaction (`synchronous=NORMAL`): what is large enough already needs no group,
    /// and no savepoint, which would copy every page it changes.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_batch<T, F>(&self, work: F) -> DbResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> DbResult<T> + Send + 'static,
    {
        self.writer()?.run(writer::Class::Batch, work).await
    }

    /// Runs an operator's write ahead of bulk ones, alone and with `synchronous=FULL`.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_durable<T, F>(&self, work: F) -> DbResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> DbResult<T> + Send + 'static,
    {
        self.writer()?.run(writer::Class::Durable, work).await
    }

    fn writer(&self) -> DbResult<&Writer> {
        self.inner.writer.as_ref().ok_or(DbError::ReadOnly)
    }

    /// Reads one consistent snapshot on the blocking pool.
    ///
    /// # Errors
    /// What the closure returned, or that no connection could be opened.
    pub async fn read<T, F>(&self, work: F) -> DbResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> DbResult<T> + Send + 'static,
    {
        let db = self.clone();
        tokio::task::spawn_blocking(move || db.read_now(work)).await.map_err(|_panicked| DbError::Stopped)?
    }

    /// Reads one consistent snapshot on this thread.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub fn read_now<T>(&self, work: impl FnOnce(&Connection) -> DbResult<T>) -> DbResult<T> {
        let connection = self.take()?;
        let result = (|| {
            let snapshot = connection.unchecked_transaction()?;
            let value = work(&snapshot)?;
            snapshot.finish()?;
            Ok(value)
        })();
        self.put_back(connection);
        result
    }

    fn take(&self) -> DbResult<Connection> {
        let pooled = self.inner.readers.lock().expect("no reader panics while holding the pool").pop();
        pooled.map_or_else(|| open::reader(&self.inner.path), Ok)
    }

    fn put_back(&self, connection: Connection) {
        let mut pool = self.inner.readers.lock().expect("no reader panics while holding the pool");
        if pool.len() < 4 {
            pool.push(connection);
        }
    }

    /// Copies the mirror, whole and consistent, to a new file.
    ///
    /// # Errors
    /// The target exists, or cannot be written.
    pub async fn backup(&self, target: PathBuf) -> DbResult<()> {
        let db = self.clone();
        tokio::task::spawn_blocking(move || open::backup(&db.take()?, &target))
            .await
            .map_err(|_panicked| DbError::Stopped)?
    }

    /// Runs SQLite's own check of the whole file; empty when nothing is wrong.
    ///
    /// # Errors
    /// The file cannot be read at all.
    pub async fn integrity_problems(&self) -> DbResult<Vec<String>> {
        self.read(open::integrity_problems).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.mirror");
        (folder, path)
    }

    #[tokio::test]
    async fn a_closed_mirror_is_one_whole_file() {
        let (folder, path) = folder();
        let db = Db::open(&path).unwrap();
        db.write(|to| Ok(to.execute_batch("CREATE TABLE left_here (x)")?)).await.unwrap();
        // A reader that is kept for the next question.
        db.read(schema_version).await.unwrap();
        drop(db);
        let names: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["a.mirror"]);
        let copy = folder.path().join("copy.mirror");
        std::fs::copy(&path, &copy).unwrap();
        let copied = Db::open_read_only(&copy).unwrap();
        let found = copied.read(|from| Ok(from.prepare("SELECT x FROM left_here").map(drop)?)).await;
        assert!(found.is_ok(), "{found:?}");
    }

    #[tokio::test]
    async fn a_copy_without_its_log_is_named_for_what_it_is() {
        let (folder, path) = folder();
        let _open = Db::open(&path).unwrap();
        let copy = folder.path().join("copy.mirror");
        std::fs::copy(&path, &copy).unwrap();
        assert!(matches!(Db::open_read_only(&copy), Err(DbError::Empty)));
    }
}
