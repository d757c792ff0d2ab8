//! The note of the practice store: what its world was begun with, and when its shop was closed.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use foredeck_engine::clock::SharedClock;
use serde::{Deserialize, Serialize};

/// How often the note says that the shop is open, and how far ahead: a process that is killed leaves the latter behind.
const KEPT_OPEN_EVERY: Duration = Duration::from_secs(30);
const OPEN_AHEAD_S: i64 = 60;

/// What the world was begun with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Note {
    /// Public id of its store.
    pub store: String,
    pub port: u16,
    pub seed: u64,
    /// World time at which its past begins, unix seconds.
    pub since: i64,
    pub history_orders: u32,
    pub days: u32,
    pub per_minute: f64,
    pub faults: f64,
    /// Credits are sold too. Absent in notes of before they were: such a world goes on as it began.
    #[serde(default)]
    pub credits: bool,
    /// The shop is open until here.
    pub open_until: i64,
    /// When it was closed: from, to.
    pub closed: Vec<(i64, i64)>,
}

impl Note {
    /// Reads the note of a data folder.
    pub fn find(folder: &Path) -> Option<Self> {
        serde_json::from_str(&std::fs::read_to_string(path(folder)).ok()?).ok()
    }

    /// Opens the shop now; it was closed since it was last known to be open.
    pub fn open(&mut self, now: i64) {
        if self.open_until < now {
            self.closed.push((self.open_until, now));
            self.open_until = now;
        }
    }

    /// Writes it into a data folder, whole or not at all.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let fresh = folder.join("practice.json.new");
        std::fs::write(&fresh, serde_json::to_vec_pretty(self)?)?;
        std::fs::rename(fresh, path(folder))
    }

    /// Deletes the note of a data folder.
    ///
    /// # Errors
    /// There is one and it cannot be deleted.
    pub fn forget(folder: &Path) -> io::Result<()> {
        remove_if_there(&path(folder))
    }

    /// Writes it where that is possible; else the next start plays another recent past than the mirror has seen.
    pub fn keep_in(&self, folder: &Path) {
        if let Err(error) = self.write(folder) {
            tracing::warn!(%error, "The practice store's note could not be written.");
        }
    }
}

/// Writes again and again that the shop is open, until the task is ended.
pub(super) async fn keep_open(mut note: Note, folder: PathBuf, clock: SharedClock) {
    loop {
        note.open_until = clock.now() + OPEN_AHEAD_S;
        note.keep_in(&folder);
        tokio::time::sleep(KEPT_OPEN_EVERY).await;
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join("practice.json")
}

/// Deletes a file; nothing happens when there is none.
pub(super) fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shop_is_closed_while_nobody_watches() {
        let mut note = Note {
            store: "k7m2qxa".to_owned(),
            port: 1,
            seed: 1,
            since: 0,
            history_orders: 1,
            days: 1,
            per_minute: 1.0,
            faults: 0.0,
            credits: false,
            open_until: 1_000,
            closed: Vec::new(),
        };
        note.open(1_000);
        assert_eq!(note.closed, [], "begun this second");
        note.open_until = 1_060;
        note.open(1_030);
        assert_eq!(
            note.closed,
            [],
            "killed and started again at once: the minute ahead is played as it was promised"
        );
        note.open(5_000);
        assert_eq!(note.closed, [(1_060, 5_000)]);
        assert_eq!(serde_json::from_str::<Note>(&serde_json::to_string(&note).unwrap()).unwrap(), note);
    }
}
