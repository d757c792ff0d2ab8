//! The doctor: looks at this machine, the data folder and every store, and says what to do.

use std::path::Path;

use foredeck_engine::api::types::{AppInfo, NoArgs};
use foredeck_engine::db::{latest_version, schema_version};
use foredeck_engine::domain::day::parse_zone;
use foredeck_engine::domain::store::{KeySource, StoreView};
use foredeck_engine::engine::OpenStore;
use foredeck_engine::error::Problem;
use foredeck_engine::projections::schema;
use foredeck_engine::tasks::account::{self, Verdict};
use foredeck_engine::tasks::lease::Lease;
use serde::Serialize;

use crate::deck::Deck;
use crate::plain::plain;
use crate::print::{Outcome, Stop};

/// A mirror that cannot grow by this much is soon in trouble.
const LOW_SPACE: u64 = 1024 * 1024 * 1024;
/// A disk with less than this left is.
const NO_SPACE: u64 = 50 * 1024 * 1024;
/// A clock wrong by this much makes days and waiting times wrong, seconds.
const SKEW_S: i64 = 300;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Ok,
    Warn,
    Fail,
}

/// One check.
#[derive(Debug, Serialize)]
struct Check {
    /// The store it is about; null for the machine.
    store: Option<String>,
    name: &'static str,
    state: State,
    detail: String,
    /// What to do; empty when nothing is.
    hint: String,
}

#[derive(Debug, Serialize)]
struct Report {
    ok: bool,
    checks: Vec<Check>,
}

#[derive(Default)]
struct Findings {
    store: Option<String>,
    checks: Vec<Check>,
}

impl Findings {
    fn add(&mut self, name: &'static str, state: State, detail: impl Into<String>, hint: &str) {
        let hint = if state == State::Ok { String::new() } else { hint.to_owned() };
        self.checks.push(Check { store: self.store.clone(), name, state, detail: detail.into(), hint });
    }

    fn problem(&mut self, name: &'static str, problem: &Problem) {
        self.add(name, State::Fail, format!("{} ({})", problem.message, problem.code), &problem.hint);
    }

    fn ok(&mut self, name: &'static str, detail: impl Into<String>) {
        self.add(name, State::Ok, detail, "");
    }
}

/// Checks everything and prints it. A check that failed is an error too.
pub async fn run(deck: &Deck) -> Outcome {
    let mut found = Findings::default();
    folder(&mut found, deck.engine.registry().folder());
    space(&mut found, deck.engine.registry().folder());
    let info: AppInfo = deck.ask_of(None, "app_info", &NoArgs {}).await?;
    keychain(&mut found, &info);
    time_zone(&mut found, &info.time_zone);
    if deck.is_named() {
        match deck.chosen().await {
            Ok(chosen) => store(&mut found, deck, &chosen).await,
            Err(Stop::Problem(problem)) => found.problem("mirror", &problem),
            Err(other) => return Err(other),
        }
    } else {
        every_store(&mut found, deck).await;
    }
    let failed = found.checks.iter().filter(|check| check.state == State::Fail).count();
    let report = Report { ok: failed == 0, checks: found.checks };
    deck.format.reply(&report, show)?;
    if failed == 0 {
        return Ok(());
    }
    Err(Problem::new(
        "DOCTOR_FAILED",
        format!("{failed} checks failed"),
        "Follow the hints of the failed checks.",
    )
    .into())
}

fn show(report: &Report) -> String {
    let mut text = String::new();
    for check in &report.checks {
        let word = match check.state {
            State::Ok => "ok  ",
            State::Warn => "warn",
            State::Fail => "FAIL",
        };
        let about = check.store.as_deref().map(|store| format!(" [{}]", plain(store))).unwrap_or_default();
        text += &format!("{word}  {}{about}: {}\n", check.name, plain(&check.detail));
        if !check.hint.is_empty() {
            text += &format!("      {}\n", plain(&check.hint));
        }
    }
    text
}

fn folder(found: &mut Findings, folder: &Path) {
    let shown = folder.display().to_string();
    let hint = "Check the folder's owner and permissions, or name another with --data-dir.";
    if !folder.is_dir() {
        return found.add(
            "data folder",
            State::Fail,
            format!("{shown} is not there and cannot be made"),
            hint,
        );
    }
    let trial = folder.join(format!("doctor-{}.tmp", std::process::id()));
    let written = std::fs::write(&trial, b"x").and_then(|()| std::fs::remove_file(&trial));
    match written {
        Ok(()) => found.ok("data folder", format!("{shown} is writable")),
        Err(error) => {
            found.add("data folder", State::Fail, format!("{shown} cannot be written: {error}"), hint)
        }
    }
    permissions(found, folder);
}

#[cfg(unix)]
fn permissions(found: &mut Findings, folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let open_to_others = |path: &Path| {
        let mode = std::fs::metadata(path).map_or(0, |file| file.permissions().mode());
        (mode & 0o077 != 0).then(|| format!("{} has mode {:o}", path.display(), mode & 0o777))
    };
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path());
    let private =
        files.filter(|path| path.to_string_lossy().contains(".mirror") || path.ends_with("stores.json"));
    let problems: Vec<String> =
        std::iter::once(folder.to_owned()).chain(private).filter_map(|path| open_to_others(&path)).collect();
    if problems.is_empty() {
        return found.ok("permissions", "only you can read the data folder");
    }
    let hint = "Run `chmod 700` on the folder and `chmod 600` on its files.";
    found.add("permissions", State::Warn, problems.join("; "), hint);
}

#[cfg(not(unix))]
fn permissions(_: &mut Findings, _: &Path) {}

fn space(found: &mut Findings, folder: &Path) {
    let hint = "Free some space: a mirror needs about 1 GB for a million preorders.";
    match fs4::available_space(folder) {
        Ok(bytes) => {
            let state = if bytes < NO_SPACE {
                State::Fail
            } else if bytes < LOW_SPACE {
                State::Warn
            } else {
                State::Ok
            };
            found.add("disk space", state, format!("{} MB free", bytes / 1_000_000), hint);
        }
        Err(error) => found.add("disk space", State::Warn, format!("cannot be told: {error}"), hint),
    }
}

fn keychain(found: &mut Findings, info: &AppInfo) {
    match &info.keychain_problem {
        None => found.ok("keychain", "works"),
        Some(problem) => {
            let hint = "Unlock or start the keychain (Secret Service on Linux), or give keys in FOREDECK_STRIPE_KEY.";
            found.add("keychain", State::Warn, problem.clone(), hint);
        }
    }
}

fn time_zone(found: &mut Findings, zone: &str) {
    let known = parse_zone(zone).is_some();
    let hint = "Set the machine's time zone, or each store's with `settings set time_zone=...`.";
    found.add(
        "time zone",
        if known { State::Ok } else { State::Warn },
        format!("this machine is in {zone}"),
        hint,
    );
}

async fn every_store(found: &mut Findings, deck: &Deck) {
    match deck.engine.registry().list() {
        Ok(stores) if stores.is_empty() => {
            found.add("stores", State::Warn, "there are none", "Make one with `foredeckctl store add NAME`.");
        }
        Ok(stores) => {
            found.ok("stores", format!("{} stores", stores.len()));
            for record in stores {
                store(found, deck, &record.public_id).await;
            }
        }
        Err(error) => found.problem("stores", &error.into()),
    }
}

async fn store(found: &mut Findings, deck: &Deck, chosen: &str) {
    found.store = Some(chosen.to_owned());
    let store = match deck.engine.store(chosen).await {
        Ok(store) => store,
        Err(problem) => {
            found.problem("mirror", &problem);
            found.store = None;
            return;
        }
    };
    mirror(found, &store).await;
    lease(found, &store);
    match store.view().await {
        Ok(view) => {
            time_zone_of(found, &view);
            key(found, &store, &view).await;
        }
        Err(problem) => found.problem("store", &problem),
    }
    found.store = None;
}

async fn mirror(found: &mut Findings, store: &OpenStore) {
    let versions = store
        .db()
        .read(|connection| Ok((schema_version(connection)?, schema::find_version(connection)?)))
        .await;
    match versions {
        Ok((schema, projections)) => {
            found.ok("mirror", format!("opens; schema {schema} of {}", latest_version()));
            let hint = "Run `foredeckctl mirror rebuild`.";
            let detail = match projections {
                Some((version, _)) => format!("version {version}, this Foredeck reads {}", schema::VERSION),
                None => "not made yet".to_owned(),
            };
            let state = if projections.is_some_and(|(version, _)| version == schema::VERSION) {
                State::Ok
            } else {
                State::Warn
            };
            found.add("projections", state, detail, hint);
        }
        Err(error) => found.problem("mirror", &error.into()),
    }
}

fn lease(found: &mut Findings, store: &OpenStore) {
    if store.db().is_read_only() {
        return;
    }
    match Lease::try_take(store.db().path()) {
        Ok(Some(_free)) => found.ok("lease", "free: nothing syncs this store now"),
        Ok(None) => found.ok("lease", "held: another process syncs this store"),
        Err(error) => {
            let hint = "Check the data folder's permissions.";
            found.add("lease", State::Fail, format!("cannot be taken: {error}"), hint);
        }
    }
}

fn time_zone_of(found: &mut Findings, view: &StoreView) {
    let known = parse_zone(&view.time_zone).is_some();
    let hint = "Set it with `foredeckctl settings set time_zone=Europe/Berlin`.";
    let state = if known { State::Ok } else { State::Fail };
    found.add("days", state, format!("counted in {}", view.time_zone), hint);
}

async fn key(found: &mut Findings, store: &OpenStore, view: &StoreView) {
    if view.read_only {
        return;
    }
    let Some(prefix) = &view.key_prefix else {
        let hint = "Set one with `foredeckctl store key --key-stdin`, or give FOREDECK_STRIPE_KEY.";
        return found.add("key", State::Warn, "none at hand: the mirror is readable, nothing syncs", hint);
    };
    let place = match view.key_source {
        KeySource::Keychain => "in the keychain",
        KeySource::Environment => "in FOREDECK_STRIPE_KEY",
        KeySource::Session | KeySource::None => "for this run",
    };
    found.ok("key", format!("{prefix}… {place}"));
    let stripe = match store.stripe().await {
        Ok(stripe) => stripe,
        Err(problem) => return found.problem("stripe", &problem),
    };
    let url = view.stripe_url.as_deref().unwrap_or_default();
    match account::judge(&stripe, store.db()).await {
        Ok(Verdict::Other) => found.add(
            "stripe",
            State::Fail,
            format!("{url} answers, but the key is of another account than the store (OTHER_ACCOUNT)"),
            "Use a key of the store's account, or make a new store for this one.",
        ),
        Ok(Verdict::Same { account: Some(account) }) => {
            found.ok("stripe", format!("{url} answers for {account}"));
        }
        Ok(Verdict::Same { account: None }) => {
            found.ok("stripe", format!("{url} answers; the key may not read the account, which is fine"));
        }
        Err(error) => found.problem("stripe", &error.into()),
    }
    let hint = "Set this machine's clock: days and waiting times depend on it.";
    match stripe.http().skew_s() {
        Some(skew) if skew.abs() > SKEW_S => {
            found.add("clock", State::Warn, format!("{skew} s off Stripe's"), hint)
        }
        Some(skew) => found.ok("clock", format!("{skew} s off Stripe's")),
        None => found.add("clock", State::Warn, "unknown: Stripe did not tell the time", hint),
    }
}
