//! Keys leave no trace: a whole life of a store with keys that can be recognised, everything going wrong that can, and
//! logs of everything; then every byte that was written or said is searched.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use foredeck_engine::db::Db;
use foredeck_engine::facts::snapshots::list_snapshots;
use foredeck_sandbox::{ClockMode, Config, DEFAULT_ACCOUNT, Faults, KeySpec, ShopPlan};
use serde_json::Value;

use crate::MACHINE;
use crate::desk::Desk;

/// In every key below: whatever holds a part of a key holds this, or the end.
const MARK: &str = "Xq7MaRKeD9zW";
const END: &str = "k4TaIL";

fn key(prefix: &str) -> String {
    format!("{prefix}_5{MARK}00000000{END}")
}

/// What is never to be found: a middle, an end, and the middle as Basic authorization would carry it.
fn traces() -> Vec<Vec<u8>> {
    let mut traces: Vec<Vec<u8>> = [MARK, END].iter().map(|text| text.as_bytes().to_vec()).collect();
    traces.extend((0..3).map(|shift| base64(&MARK.as_bytes()[shift..shift + 9])));
    traces
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |three: &[u8]| {
        let bits = u32::from(three[0]) << 16 | u32::from(three[1]) << 8 | u32::from(three[2]);
        [18, 12, 6, 0].map(|shift| LETTERS[(bits >> shift & 63) as usize])
    };
    bytes.chunks_exact(3).flat_map(group).collect()
}

#[track_caller]
fn assert_no_trace(bytes: &[u8], place: &str) {
    for trace in traces() {
        if let Some(at) = bytes.windows(trace.len()).position(|window| window == trace) {
            let around = &bytes[at.saturating_sub(120)..(at + 60).min(bytes.len())];
            panic!("a part of a key is in {place}: {}", String::from_utf8_lossy(around));
        }
    }
}

/// Every file below a folder, as it lies there. How many.
fn assert_no_trace_below(folder: &Path) -> usize {
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += assert_no_trace_below(&path);
        } else if let Ok(bytes) = std::fs::read(&path) {
            assert_no_trace(&bytes, &path.display().to_string());
            files += 1;
        }
    }
    files
}

/// A shop that knows the marked keys.
async fn desk() -> Desk {
    let spec = |prefix: &str, denied: &[&str], revoked: bool| KeySpec {
        key: key(prefix),
        account: DEFAULT_ACCOUNT.to_owned(),
        livemode: false,
        denied: denied.iter().map(|name| (*name).to_owned()).collect(),
        revoked,
    };
    let keys = vec![
        spec("sk_test", &[], false),
        spec("rk_test", &["rak_charge_read", "rak_accounts_kyc_basic_read"], false),
        spec("sk_test_old", &[], true),
        KeySpec { account: "acct_stranger".to_owned(), ..spec("sk_test_other", &[], false) },
    ];
    let shop = ShopPlan::History { orders: 60, days: 5, faults: 0.0 };
    Desk::open(Config { seed: 11, clock: ClockMode::Real, shop, keys, ..Config::default() }).await
}

/// Runs the program with a key and logs of everything; nothing it says may hold a part of a key.
#[track_caller]
fn run(desk: &Desk, given: &str, args: &[&str]) -> (Option<i32>, String, String) {
    ran(desk.command(args).args(["-vvv"]).env("FOREDECK_STRIPE_KEY", given), "")
}

#[track_caller]
fn ran(command: &mut Command, stdin: &str) -> (Option<i32>, String, String) {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let _not_read = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert_no_trace(out.as_bytes(), &format!("stdout of {command:?}").replace(MARK, "..."));
    assert_no_trace(err.as_bytes(), "stderr");
    (output.status.code(), out, err)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_in_no_file_no_log_and_no_word_of_the_program() {
    let _shared = MACHINE.read().await;
    let desk = desk().await;
    let good = key("sk_test");
    let (code, ..) = ran(
        desk.command(["store", "add", "Shop", "--key-stdin", "-vvv"]).env_remove("FOREDECK_STRIPE_KEY"),
        &good,
    );
    assert_eq!(code, Some(0));
    // Everything goes wrong that can, with logs of every crate.
    for faults in [
        Faults { error_5xx_rate: 1.0, ..Faults::default() },
        Faults { html_rate: 1.0, ..Faults::default() },
        Faults { cut_body_rate: 1.0, ..Faults::default() },
        Faults { rate_limit_rate: 1.0, retry_after_s: Some(60), ..Faults::default() },
        Faults { unreachable: true, ..Faults::default() },
    ] {
        desk.world.set_faults(faults.clone());
        let (code, _, err) = run(&desk, &good, &["sync"]);
        assert_eq!(code, Some(1), "{faults:?}");
        assert!(err.contains("TRACE"), "logs of everything were asked for");
    }
    desk.world.set_faults(Faults { error_5xx_rate: 0.2, cut_body_rate: 0.1, ..Faults::default() });
    for _ in 0..3 {
        run(&desk, &good, &["sync", "--max-rps", "100"]);
    }
    desk.world.set_faults(Faults::default());
    for (given, code) in [
        ("sk_test_old", "KEY_REJECTED"),
        ("sk_test_other", "OTHER_ACCOUNT"),
        ("sk_test_new", "KEY_REJECTED"),
        ("sk_live", "KEY_MODE"),
        ("pk_test", "BAD_KEY"),
        ("whsec", "BAD_KEY"),
    ] {
        let (status, _, err) = run(&desk, &key(given), &["sync", "--json"]);
        assert!(status == Some(1) && err.contains(code), "{given} is {code}: {err}");
        run(&desk, &key(given), &["doctor", "--json"]);
        ran(
            desk.command(["store", "key", "--key-stdin", "-vvv"]).env_remove("FOREDECK_STRIPE_KEY"),
            &key(given),
        );
    }
    let (code, _, err) = run(&desk, &key("rk_test"), &["sync", "--full", "--max-rps", "100"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(err.contains("the key lacks rak_charge_read"), "what it may not read is named");

    // A whole life of the store.
    let copy = desk.folder.path().join("copy.mirror").display().to_string();
    let export = desk.folder.path().join("events.jsonl").display().to_string();
    for args in [
        &["sync", "--full", "--max-rps", "100"][..],
        &["store", "key", "--check"],
        &["doctor", "--probe", "--yes"],
        &["store", "list", "--json"],
        &["status", "--json"],
        &["overview", "--json"],
        &["call", "health"],
        &["preorders", "--json"],
        &["export", "events", "--format", "jsonl", "--out", &export],
        &["mirror", "rebuild"],
        &["mirror", "backup", &copy],
    ] {
        let (code, _, err) = run(&desk, &good, args);
        assert_eq!(code, Some(0), "{args:?}: {err}");
    }
    watched(&desk, &good).await;
    assert!(assert_no_trace_below(desk.folder.path()) >= 6, "the mirror, its copy, the export, the logs");
    assert_no_trace_in_bodies(&desk.mirror());
    let asked = desk.world.requests().iter().filter(|request| request.key.contains(END)).count();
    assert!(asked > 50, "the marked key was really used: {asked}");
}

/// A watching process has its files open, and its write-ahead log not yet put away.
async fn watched(desk: &Desk, given: &str) {
    let log = std::fs::File::create(desk.folder.path().join("watch.log")).unwrap();
    let mut command = desk.command(["sync", "--watch", "-vvv", "--max-rps", "100"]);
    command.env("FOREDECK_STRIPE_KEY", given).stdin(Stdio::null());
    let mut child = command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
    let before = desk.world.requests().len();
    // Whose key it is, events, sessions: then it waits for the next poll.
    while desk.world.requests().len() < before + 4 || desk.world.in_flight() > 0 {
        assert!(child.try_wait().unwrap().is_none(), "it watches until it is killed");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let with_log = assert_no_trace_below(desk.folder.path());
    child.kill().unwrap();
    child.wait().unwrap();
    // Killed, it leaves its write-ahead log behind.
    let wal = std::fs::read_dir(desk.data())
        .unwrap()
        .any(|file| file.unwrap().path().to_string_lossy().ends_with("-wal"));
    assert!(wal && with_log > 0, "the write-ahead log was searched too");
}

/// Bodies are packed in the file, so that a search of its bytes says nothing of them.
fn assert_no_trace_in_bodies(mirror: &Path) {
    let bodies = Db::open_read_only(mirror).unwrap().read_now(|connection| {
        let mut statement = connection.prepare("SELECT DISTINCT object FROM stripe_snapshot")?;
        let objects: Vec<i64> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let mut bodies = Vec::new();
        for object in objects {
            bodies
                .extend(list_snapshots(connection, object, None)?.into_iter().map(|snapshot| snapshot.bytes));
        }
        Ok(bodies)
    });
    let bodies = bodies.unwrap();
    assert!(bodies.len() > 100);
    bodies.iter().for_each(|body| assert_no_trace(body, "a stored body"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_refused_and_the_key_is_sent_to_nobody_else() {
    let _shared = MACHINE.read().await;
    let desk = desk().await;
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = elsewhere.local_addr().unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answering = std::thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            let mut asked = [0; 4_096];
            let length = connection.read(&mut asked).unwrap();
            let head = format!(
                "HTTP/1.1 {status}\r\nlocation: http://{target}/v1/account\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            );
            connection.write_all(head.as_bytes()).unwrap();
            String::from_utf8_lossy(&asked[..length]).contains(MARK)
        });
        let data = desk.folder.path().join(&status[..3]);
        let mut add = desk.command(["store", "add", "Detour"]);
        assert_eq!(ran(add.env("FOREDECK_DATA_DIR", &data).env("FOREDECK_STRIPE_URL", &url), "").0, Some(0));
        let mut sync = desk.command(["sync", "-vvv"]);
        let (code, _, err) =
            ran(sync.env("FOREDECK_DATA_DIR", &data).env("FOREDECK_STRIPE_KEY", key("sk_test")), "");
        assert!(code == Some(1) && err.contains("REDIRECT_REFUSED"), "{status}: {err}");
        assert!(answering.join().unwrap(), "the one it was made for got the key");
    }
    assert!(elsewhere.accept().is_err(), "nobody came to the other place");
    assert_no_trace_below(desk.folder.path());
}

/// `scripts/with-keyring.sh` starts a Secret Service of its own for this.
#[tokio::test(flavor = "multi_thread")]
async fn a_real_keychain_keeps_the_key_between_runs_and_forgets_it() {
    let _shared = MACHINE.read().await;
    if std::env::var("FOREDECK_TEST_KEYRING").is_err() {
        eprintln!("SKIPPED: no Secret Service for tests; scripts/with-keyring.sh COMMAND starts one");
        return;
    }
    let desk = desk().await;
    let with_keychain = |args: &[&str], stdin: &str| {
        let mut command = desk.command(args);
        ran(command.env_remove("FOREDECK_STRIPE_KEY").env_remove("FOREDECK_KEYCHAIN"), stdin)
    };
    let (code, out, err) = with_keychain(&["store", "add", "Shop", "--key-stdin", "--json"], &key("sk_test"));
    assert_eq!(code, Some(0), "{err}");
    let view: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&view["key_source"], &view["key_prefix"]), (&"keychain".into(), &"sk_test".into()));
    let (code, out, err) = with_keychain(&["doctor", "--json"], "");
    assert_eq!(code, Some(0), "{out} {err}");
    let (code, _, err) = with_keychain(&["sync", "--max-rps", "100", "-vvv"], "");
    assert_eq!(code, Some(0), "another process finds it: {err}");
    assert!(desk.world.requests().iter().all(|request| request.key.contains(END)));
    assert_no_trace_below(&desk.data());

    // Forgotten, it is gone for every process; removed with its store, too.
    assert_eq!(with_keychain(&["store", "key", "--forget"], "").0, Some(0));
    let (code, _, err) = with_keychain(&["sync", "--json"], "");
    assert!(code == Some(1) && err.contains("NO_KEY"), "{err}");
    assert_eq!(with_keychain(&["store", "key", "--key-stdin"], &key("rk_test")).0, Some(0));
    let (_, out, _) = with_keychain(&["store", "list", "--json"], "");
    let public_id =
        serde_json::from_str::<Value>(&out).unwrap()["stores"][0]["public_id"].as_str().unwrap().to_owned();
    let entry = format!("stripe:{public_id}:{}", desk.url);
    let keychain = foredeck_engine::secrets::Keychain::System;
    assert_eq!(
        keychain.get(&entry),
        Some(key("rk_test")),
        "it lies under the name of the store and its server"
    );
    assert_eq!(keychain.get(&format!("stripe:{public_id}")), None, "and not where the real Stripe's would");
    assert_eq!(with_keychain(&["store", "remove", "Shop", "--yes"], "").0, Some(0));
    assert_eq!(keychain.get(&entry), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_keychain_it_starts_reads_and_says_so() {
    let _shared = MACHINE.read().await;
    let desk = desk().await;
    let nowhere = format!("unix:path={}", desk.folder.path().join("no-bus").display());
    let without = |args: &[&str], given: Option<&str>, stdin: &str| {
        let mut command = desk.command(args);
        command.env_remove("FOREDECK_KEYCHAIN").env_remove("FOREDECK_STRIPE_KEY");
        command.env("DBUS_SESSION_BUS_ADDRESS", &nowhere).env_remove("XDG_RUNTIME_DIR").env_remove("DISPLAY");
        if let Some(given) = given {
            command.env("FOREDECK_STRIPE_KEY", given);
        }
        ran(&mut command, stdin)
    };
    let (code, _, err) = without(&["store", "add", "Shop", "--key-stdin"], None, &key("sk_test"));
    assert_eq!(code, Some(0), "{err}");
    assert!(err.contains("for this run only"), "{err}");
    assert_eq!(without(&["sync", "--max-rps", "100"], Some(&key("sk_test")), "").0, Some(0));
    let (code, out, _) = without(&["doctor", "--json"], None, "");
    assert_eq!(code, Some(0), "{out}");
    let report: Value = serde_json::from_str(&out).unwrap();
    let check =
        report["checks"].as_array().unwrap().iter().find(|check| check["name"] == "keychain").unwrap();
    assert_eq!(check["state"], "warn", "{check}");
    let (code, out, _) = without(&["overview", "--json"], None, "");
    assert!(code == Some(0) && out.contains("by_status"), "the mirror is read all the same");
    let (code, _, err) = without(&["sync", "--json"], None, "");
    assert!(code == Some(1) && err.contains("NO_KEY"), "{err}");
    assert_no_trace_below(desk.folder.path());
}
