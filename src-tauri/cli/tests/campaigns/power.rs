//! A power cut: what was not written through to the disk is gone. No request is acted on that the file does not know.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::MACHINE;
use crate::fixes::{assert_each_once, finish, open, plan, shop};
use crate::mirror::Mirror;

const PATIENCE: Duration = Duration::from_secs(60);

/// Builds what keeps the files as of their last fsync.
fn build(folder: &Path) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/campaigns/synced.c");
    let library = folder.join("synced.so");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(source)
        .arg("-ldl")
        .status();
    assert!(built.unwrap().success(), "the C compiler that SQLite is built with builds this too");
    library
}

#[tokio::test(flavor = "multi_thread")]
#[cfg(target_os = "linux")]
async fn a_power_cut_loses_no_request_that_was_acted_on() {
    let _shared = MACHINE.read().await;
    let (desk, requests) = shop(1).await;
    let library = build(desk.folder.path());
    let mut cut = 0;
    for (number, request) in requests.iter().enumerate() {
        if matches!(request["action"].as_str(), Some("annotate" | "refetch")) {
            continue;
        }
        let mirror = Mirror::new(&desk, &format!("cut{number}"));
        open(&mirror);
        desk.world.clear_effects();
        let planned = plan(&mirror, request).ok().json();
        let id = planned["id"].as_str().unwrap();
        desk.world.hold_effects();
        let mut command = mirror.command(["fix", "run", id, "--yes", "--json"]);
        command.env("LD_PRELOAD", &library);
        let run = mirror.start_command(command);
        let began = Instant::now();
        while desk.world.held() == 0 {
            assert!(began.elapsed() < PATIENCE, "the request never came");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(run.kill());
        // The power is gone: the files are what was written through.
        let file = mirror.file();
        let beside = |end: &str| PathBuf::from(format!("{}{end}", file.display()));
        let synced = |end: &str| PathBuf::from(format!("{}{end}.synced", file.display()));
        assert!(synced("-wal").exists() || synced("").exists(), "something was written through");
        for end in ["", "-wal"] {
            if synced(end).exists() {
                std::fs::rename(synced(end), beside(end)).unwrap();
            } else if end == "-wal" {
                std::fs::remove_file(beside(end)).unwrap();
            }
        }
        let _no_index = std::fs::remove_file(beside("-shm"));
        assert_eq!(
            mirror.count("SELECT count(*) FROM action_step WHERE state = 'intended' AND key IS NOT NULL"),
            1,
            "{request}: the file knows what is under way"
        );
        desk.world.release();
        let view = finish(&mirror, id);
        assert_eq!(view["state"], "succeeded", "{view:#}");
        assert_each_once(&desk.world.effects());
        assert_eq!(view["verified"], json!(true));
        cut += 1;
    }
    assert_eq!(cut, 9);
}
