//! A practice shop, a data folder of its own, and the program run beside them.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use foredeck_sandbox::{ClockMode, Config, Control, DEFAULT_KEY, KeySpec, Limits, Sandbox, ShopPlan};
use serde_json::Value;
use tempfile::TempDir;

/// A restricted key without the right to read charges.
pub const NO_CHARGES: &str = "rk_test_nochargesnochargesnocharges";
/// A restricted key without the right to read events.
pub const NO_EVENTS: &str = "rk_test_noeventsnoeventsnoevents00";
/// A key that was good once.
pub const REVOKED: &str = "sk_test_revokedrevokedrevoked0000";
/// A good key of somebody else's account.
pub const STRANGER: &str = "sk_test_strangerstrangerstranger0";
/// A live key, which no practice shop may ever see.
pub const LIVE: &str = "sk_live_livelivelivelivelivelive0";

/// A shop and a data folder.
pub struct Desk {
    pub sandbox: Option<Sandbox>,
    pub world: Control,
    pub url: String,
    pub folder: TempDir,
}

impl Desk {
    /// A healthy shop with a past of so many orders. What becomes of broken ones is for the engine's tests.
    pub async fn with_orders(orders: u32) -> Self {
        Self::with(ShopPlan::History { orders, days: 20, faults: 0.0 }).await
    }

    /// A shop of a plan, behind several keys. Its clock is the machine's, as the program's is.
    pub async fn with(shop: ShopPlan) -> Self {
        Self::with_limits(shop, Limits::default()).await
    }

    pub async fn with_limits(shop: ShopPlan, limits: Limits) -> Self {
        Self::open(Config { seed: 11, clock: ClockMode::Real, shop, limits, ..Config::default() }).await
    }

    /// Any shop, behind the usual keys unless it brings its own.
    pub async fn open(mut config: Config) -> Self {
        let denied = |key: &str, permission: &str| KeySpec {
            key: key.to_owned(),
            denied: vec![permission.to_owned(), "rak_accounts_kyc_basic_read".to_owned()],
            ..KeySpec::standard()
        };
        let usual = [
            KeySpec::standard(),
            denied(NO_CHARGES, "rak_charge_read"),
            denied(NO_EVENTS, "rak_event_read"),
            KeySpec { key: REVOKED.to_owned(), revoked: true, ..KeySpec::standard() },
            KeySpec { key: STRANGER.to_owned(), account: "acct_stranger".to_owned(), ..KeySpec::standard() },
        ];
        if config.keys.is_empty() {
            config.keys.extend(usual);
        }
        let sandbox = Sandbox::start(config).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        Self { world: sandbox.control(), url: sandbox.base_url(), sandbox: Some(sandbox), folder }
    }

    /// A shop whose store is made and synced.
    pub async fn synced(orders: u32) -> Self {
        let desk = Self::with_orders(orders).await;
        desk.add_store();
        desk.sync();
        desk
    }

    pub fn add_store(&self) -> Value {
        self.run(["store", "add", "Shop", "--time-zone", "Europe/Berlin", "--json"]).ok().json()
    }

    pub fn sync(&self) -> Value {
        self.run(["sync", "--max-rps", "100", "--json"]).ok().json()
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The one mirror file there is.
    pub fn mirror(&self) -> PathBuf {
        let files = std::fs::read_dir(self.data()).unwrap().map(|file| file.unwrap().path());
        let mut mirrors = files.filter(|path| path.extension() == Some(OsStr::new("mirror")));
        let only = mirrors.next().expect("a mirror");
        assert_eq!(mirrors.next(), None);
        only
    }

    /// The program with its surroundings: this shop, its key, no keychain, and nothing of the shell's.
    pub fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        self.command_of(env!("CARGO_BIN_EXE_foredeckctl"), args)
    }

    /// As [`Self::command`], of a copy of the program.
    pub fn command_of<S: AsRef<OsStr>>(
        &self,
        program: impl AsRef<OsStr>,
        args: impl IntoIterator<Item = S>,
    ) -> Command {
        let mut command = Command::new(program);
        command
            .args(args)
            .env_remove("XDG_DATA_HOME")
            .env_remove("FOREDECK_STRIPE_KEY")
            .env("HOME", self.folder.path())
            .env("FOREDECK_DATA_DIR", self.data())
            .env("FOREDECK_STRIPE_URL", &self.url)
            .env("FOREDECK_STRIPE_KEY", DEFAULT_KEY)
            .env("FOREDECK_KEYCHAIN", "off");
        command
    }

    pub fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ran {
        Ran::of(&mut self.command(args), "")
    }

    /// Runs with another key, or with none.
    pub fn run_as<S: AsRef<OsStr>>(&self, key: Option<&str>, args: impl IntoIterator<Item = S>) -> Ran {
        let mut command = self.command(args);
        match key {
            Some(key) => command.env("FOREDECK_STRIPE_KEY", key),
            None => command.env_remove("FOREDECK_STRIPE_KEY"),
        };
        Ran::of(&mut command, "")
    }

    /// Runs without a key of the environment, with text on stdin.
    pub fn run_given<S: AsRef<OsStr>>(&self, text: &str, args: impl IntoIterator<Item = S>) -> Ran {
        Ran::of(self.command(args).env_remove("FOREDECK_STRIPE_KEY"), text)
    }

    /// What the shop serves at a path, read by hand.
    pub fn served(&self, path: &str) -> Value {
        let mut connection = TcpStream::connect(self.url.trim_start_matches("http://")).unwrap();
        let head = format!(
            "GET {path} HTTP/1.1\r\nhost: shop\r\nauthorization: Bearer {DEFAULT_KEY}\r\nconnection: close\r\n\r\n"
        );
        connection.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    /// Every event the shop serves, by id.
    pub fn served_events(&self) -> BTreeMap<String, Value> {
        let mut found = BTreeMap::new();
        let mut path = "/v1/events?limit=100".to_owned();
        loop {
            let page = self.served(&path);
            for event in page["data"].as_array().unwrap() {
                let id = event["id"].as_str().unwrap();
                path = format!("/v1/events?limit=100&starting_after={id}");
                found.insert(id.to_owned(), event.clone());
            }
            if page["has_more"] == false {
                return found;
            }
        }
    }

    /// Stops the shop: nothing listens any more.
    pub async fn close_shop(&mut self) {
        self.sandbox.take().expect("open until now").shutdown().await;
    }

    /// Fails when one of the keys lies anywhere below the folder.
    pub fn assert_no_key_in_files(&self) {
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    assert_no_key(&std::fs::read(&path).unwrap(), &path.display().to_string());
                }
            }
        }
    }
}

/// How a run ended.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Runs a command to its end. Whatever it was, no key may show.
    pub fn of(command: &mut Command, stdin: &str) -> Self {
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        // A program that does not read its stdin may have closed it.
        let _not_read = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        Self::from(child.wait_with_output().unwrap())
    }

    /// Done: 0.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "stdout: {}\nstderr: {}", self.out, self.err);
        self
    }

    /// Stdout as exactly one JSON document.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{error}\nstdout: {}\nstderr: {}", self.out, self.err))
    }

    /// An error: 1, with `{code, message, hint}` as the last line of stderr. Its code.
    #[track_caller]
    pub fn code(&self) -> String {
        assert_eq!(self.code, 1, "stdout: {}\nstderr: {}", self.out, self.err);
        let last = self.err.lines().last().unwrap_or_default();
        let problem: Value =
            serde_json::from_str(last).unwrap_or_else(|_| panic!("no problem: {}", self.err));
        let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
        assert!(!text("message").is_empty() && !text("hint").is_empty(), "{last}");
        text("code")
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        assert_no_key(&output.stdout, "stdout");
        assert_no_key(&output.stderr, "stderr");
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

#[track_caller]
fn assert_no_key(bytes: &[u8], place: &str) {
    for key in [DEFAULT_KEY, NO_CHARGES, NO_EVENTS, REVOKED, STRANGER, LIVE] {
        let found = bytes.windows(key.len()).any(|window| window == key.as_bytes());
        assert!(!found, "a key is in {place}");
    }
}

/// Writes bytes into a copy of a file at an offset.
pub fn patched(file: &Path, copy: &Path, at: usize, bytes: &[u8]) {
    let mut content = std::fs::read(file).unwrap();
    content[at..at + bytes.len()].copy_from_slice(bytes);
    std::fs::write(copy, content).unwrap();
}
