//! The mirror file itself: verified, rebuilt, copied, opened elsewhere; and everything that can be wrong with it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::desk::{Desk, Ran, patched};

/// `PRAGMA user_version` in the header of a SQLite file (sqlite.org/fileformat2.html).
const USER_VERSION: usize = 60;
/// `PRAGMA application_id`.
const APPLICATION_ID: usize = 68;

impl Desk {
    /// A backup of the mirror, as another person gets it.
    fn backup(&self) -> PathBuf {
        let copy = self.folder.path().join("copy.mirror");
        self.run([OsStr::new("mirror"), OsStr::new("backup"), copy.as_os_str(), OsStr::new("--json")]).ok();
        copy
    }

    /// Runs on a file, with no key, no network and no data folder.
    fn run_on(&self, file: &Path, args: &[&str]) -> Ran {
        let mut command = self.command(["--file", file.to_str().unwrap(), "--json"]);
        command.args(args).env_remove("FOREDECK_STRIPE_KEY").env_remove("FOREDECK_STRIPE_URL");
        command.env("FOREDECK_DATA_DIR", self.folder.path().join("elsewhere"));
        Ran::of(&mut command, "")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_tells_the_same_without_key_and_network() {
    let mut desk = Desk::synced(60).await;
    let verified = desk.run(["mirror", "verify", "--json"]).ok().json();
    assert_eq!((&verified["ok"], &verified["problems"]), (&json!(true), &json!([])));
    assert_eq!(verified["preorders"], desk.world.ledger().orders.len());
    let before = desk.run(["preorders", "--limit", "500", "--json"]).ok().json();
    let rebuilt = desk.run(["mirror", "rebuild", "--json"]).ok().json();
    assert_eq!(rebuilt, verified);
    assert_eq!(
        desk.run(["preorders", "--limit", "500", "--json"]).ok().json(),
        before,
        "rebuilt, it tells the same"
    );

    let copy = desk.backup();
    assert_eq!(desk.run(["mirror", "backup", copy.to_str().unwrap(), "--json"]).code(), "FILE_EXISTS");
    let mine = ["funnel", "overview", "status"].map(|command| desk.run([command, "--json"]).ok().json());
    desk.close_shop().await;
    std::fs::remove_dir_all(desk.data()).unwrap();
    let [funnel, overview, status] =
        ["funnel", "overview", "status"].map(|command| desk.run_on(&copy, &[command]).ok().json());
    assert_eq!(funnel, mine[0]);
    assert_eq!((&overview["by_status"], &status["kinds"]), (&mine[1]["by_status"], &mine[2]["kinds"]));
    assert_eq!(status["freshness"]["state"], "read_only");
    assert_eq!(desk.run_on(&copy, &["preorders", "--limit", "500"]).ok().json(), before);
    let events = Ran::of(
        desk.command(["--file", copy.to_str().unwrap(), "export", "events", "--format", "jsonl"])
            .env_remove("FOREDECK_STRIPE_KEY"),
        "",
    )
    .ok();
    assert_eq!(events.out.lines().count() as u64, mine[2]["kinds"][0]["count"].as_u64().unwrap());
    desk.run_on(&copy, &["mirror", "verify"]).ok();

    // Reading is all that can be done with it.
    for write in
        [&["sync"][..], &["sync", "--watch"], &["mirror", "rebuild"], &["settings", "set", "poll_back_s=9"]]
    {
        assert_eq!(desk.run_on(&copy, write).code(), "READ_ONLY", "{write:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_good_is_named_for_what_it_is() {
    let desk = Desk::synced(60).await;
    let (copy, bad) = (desk.backup(), desk.folder.path().join("bad.mirror"));
    let status = |file: &Path| desk.run_on(file, &["status"]).code();

    patched(&copy, &bad, USER_VERSION, &99_u32.to_be_bytes());
    assert_eq!(status(&bad), "MIRROR_NEWER");
    patched(&copy, &bad, APPLICATION_ID, &7_u32.to_be_bytes());
    assert_eq!(status(&bad), "NOT_A_MIRROR");
    std::fs::write(&bad, "Dear diary,\n".repeat(1_000)).unwrap();
    assert_eq!(status(&bad), "NOT_A_MIRROR");
    std::fs::write(&bad, "").unwrap();
    assert_eq!(status(&bad), "NOT_A_MIRROR");
    assert_eq!(status(&desk.folder.path().join("nowhere.mirror")), "INVALID");
    assert_eq!(status(desk.folder.path()), "INVALID");

    // The list of tables is gone.
    patched(&copy, &bad, 100, &[0xff; 800]);
    assert_eq!(status(&bad), "MIRROR_DAMAGED");
    // Pages in the middle are gone: it opens, and a check finds it.
    let middle = usize::try_from(std::fs::metadata(&copy).unwrap().len()).unwrap() / 2 / 8_192 * 8_192;
    patched(&copy, &bad, middle, &[0x5a; 3 * 8_192]);
    let verified = desk.run_on(&bad, &["mirror", "verify"]);
    assert_eq!(verified.code(), "MIRROR_DAMAGED");
    assert!(!verified.json()["problems"].as_array().unwrap().is_empty());
    // Half a file.
    std::fs::write(&bad, &std::fs::read(&copy).unwrap()[..middle]).unwrap();
    assert_eq!(desk.run_on(&bad, &["mirror", "verify"]).code(), "MIRROR_DAMAGED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_mirror_in_the_data_folder_is_left_as_it_is() {
    let desk = Desk::synced(20).await;
    let (good, mirror) = (desk.backup(), desk.mirror());
    for (at, bytes, code) in [(USER_VERSION, 99_u32, "MIRROR_NEWER"), (APPLICATION_ID, 7, "NOT_A_MIRROR")] {
        for suffix in ["-wal", "-shm"] {
            let _none_is_fine = std::fs::remove_file(format!("{}{suffix}", mirror.display()));
        }
        patched(&good, &mirror, at, &bytes.to_be_bytes());
        let before = std::fs::read(&mirror).unwrap();
        for command in [["status", "--json"], ["sync", "--json"], ["overview", "--json"]] {
            assert_eq!(desk.run(command).code(), code, "{command:?}");
        }
        assert!(std::fs::read(&mirror).unwrap() == before, "the file of {code} is untouched");
        let doctor = desk.run(["doctor", "--json"]);
        assert_eq!(doctor.code(), "DOCTOR_FAILED");
        assert!(doctor.out.contains(code), "{}", doctor.out);
    }
    desk.run(["store", "remove", "Shop", "--yes", "--json"]).ok();
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_file_and_a_folder_that_cannot_be_written_are_readable() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    let desk = Desk::synced(20).await;
    let mirror = desk.mirror();
    let set = |path: &Path, mode: u32| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap()
    };
    // Permissions do not bind the superuser: then the program runs as nobody, from where nobody may go.
    let program = desk.folder.path().join("foredeckctl");
    std::fs::copy(env!("CARGO_BIN_EXE_foredeckctl"), &program).unwrap();
    let run = |args: &[&str]| {
        let mut command = desk.command_of(&program, args);
        if std::fs::metadata(desk.folder.path()).unwrap().uid() == 0 {
            command.uid(65_534).gid(65_534);
        }
        Ran::of(&mut command, "")
    };
    set(desk.folder.path(), 0o755);
    for file in std::fs::read_dir(desk.data()).unwrap() {
        set(&file.unwrap().path(), 0o444);
    }
    set(&desk.data(), 0o555);
    assert_eq!(run(&["sync", "--json"]).code(), "DATA_FOLDER", "not even the lease can be taken");
    assert_eq!(run(&["settings", "set", "poll_back_s=9", "--json"]).code(), "READ_ONLY");
    assert_eq!(run(&["mirror", "rebuild", "--json"]).code(), "READ_ONLY");
    run(&["overview", "--json"]).ok();
    let shown = run(&["--file", mirror.to_str().unwrap(), "funnel", "--json"]).ok().json();
    assert_eq!(shown["total"]["started"], desk.world.ledger().orders.len());
    assert_eq!(run(&["store", "add", "Other", "--json"]).code(), "DATA_FOLDER");
    assert_eq!(run(&["export", "events", "--format", "csv", "--out", "/nowhere/x.csv", "--json"]).code, 1);
    set(&desk.data(), 0o700);
}
