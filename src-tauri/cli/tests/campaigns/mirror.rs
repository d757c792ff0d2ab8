//! A data folder of its own for the same shop, and the program run on it.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use foredeck_engine::db::{Connection, Db, DbResult};
use foredeck_engine::facts::state::find_state;
use serde_json::Value;

use crate::desk::{Desk, Ran};

/// A data folder with one store.
pub struct Mirror<'a> {
    desk: &'a Desk,
    folder: PathBuf,
}

impl<'a> Mirror<'a> {
    /// Makes the store; asks nobody.
    pub fn new(desk: &'a Desk, name: &str) -> Self {
        let mirror = Self { desk, folder: desk.folder.path().join(name) };
        mirror.run(["store", "add", "Shop", "--time-zone", "Europe/Berlin", "--json"]).ok();
        mirror
    }

    /// The data folder.
    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    pub fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.desk.command(args);
        command.env("FOREDECK_DATA_DIR", &self.folder);
        command
    }

    pub fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ran {
        Ran::of(&mut self.command(args), "")
    }

    /// Syncs to the end.
    #[track_caller]
    pub fn sync(&self) -> Value {
        self.run(["sync", "--max-rps", "100", "--json"]).ok().json()
    }

    /// Starts the program and lets it run.
    pub fn start(&self, args: &[&str]) -> Started {
        self.start_command(self.command(args))
    }

    /// Starts a command of [`Self::command`], in silence, and lets it run.
    pub fn start_command(&self, mut command: Command) -> Started {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Started(command.spawn().unwrap())
    }

    /// The mirror file.
    pub fn file(&self) -> PathBuf {
        let files = std::fs::read_dir(&self.folder).unwrap().map(|file| file.unwrap().path());
        files.into_iter().find(|path| path.extension() == Some(OsStr::new("mirror"))).expect("a mirror")
    }

    /// Opens the file for reading, beside whatever else has it open.
    pub fn db(&self) -> Db {
        Db::open_read_only(&self.file()).unwrap()
    }

    pub fn read<T>(&self, work: impl FnOnce(&Connection) -> DbResult<T>) -> T {
        self.db().read_now(work).unwrap()
    }

    pub fn count(&self, sql: &str) -> i64 {
        self.read(|connection| Ok(connection.query_row(sql, [], |row| row.get(0))?))
    }

    /// Whether a walk of this name was cut short and waits to go on.
    pub fn has_walk(&self, name: &str) -> bool {
        self.read(|connection| find_state::<Value>(connection, &format!("walk:{name}"))).is_some()
    }

    /// Fails unless every page and every body of the file reads back.
    #[track_caller]
    pub fn verify(&self) {
        let verified = self.run(["mirror", "verify", "--json"]).ok().json();
        assert_eq!(verified["problems"], serde_json::json!([]), "{verified}");
    }
}

/// A process that is ended with its handle, whatever happens.
pub struct Started(Child);

impl Started {
    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    /// Kills it with SIGKILL; whether that is what ended it.
    pub fn kill(mut self) -> bool {
        use std::os::unix::process::ExitStatusExt;
        let _ended_by_itself = self.0.kill();
        self.0.wait().unwrap().signal() == Some(9)
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ended_already = self.0.kill();
        let _reaped_already = self.0.wait();
    }
}
