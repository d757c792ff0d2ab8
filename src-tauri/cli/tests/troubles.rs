//! What the network and the disk do to a sync: each has a code, the mirror stays as it was and readable, and the next
//! sync goes on.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;

use foredeck_sandbox::{Faults, ShopPlan};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use crate::desk::{Desk, Ran};

impl Desk {
    /// What the mirror tells.
    fn told(&self) -> [Value; 2] {
        let [funnel, status] = ["funnel", "status"].map(|name| self.run([name, "--json"]).ok().json());
        [funnel, status["kinds"].clone()]
    }

    /// Syncs against another place with a store of its own; the code it ends with.
    fn sync_at(&self, url: &str) -> String {
        let data = self.folder.path().join("elsewhere");
        let run = |args: &[&str]| {
            let mut command = self.command(args);
            Ran::of(command.env("FOREDECK_DATA_DIR", &data).env("FOREDECK_STRIPE_URL", url), "")
        };
        run(&["store", "add", "Elsewhere", "--json"]).ok();
        let code = run(&["sync", "--json"]).code();
        // The store is there and can be read all the same.
        assert_eq!(run(&["funnel", "--json"]).ok().json()["total"]["started"], 0);
        std::fs::remove_dir_all(data).unwrap();
        code
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_does_wrong_is_named_and_nothing_is_half_applied() {
    let desk = Desk::synced(40).await;
    let before = desk.told();
    for (faults, code, state) in [
        (Faults { error_5xx_rate: 1.0, ..Faults::default() }, "STRIPE_ERROR", "stripe_error"),
        (Faults { html_rate: 1.0, ..Faults::default() }, "BAD_ANSWER", "stripe_error"),
        (Faults { cut_body_rate: 1.0, ..Faults::default() }, "BAD_ANSWER", "stripe_error"),
        (
            Faults { rate_limit_rate: 1.0, retry_after_s: Some(60), ..Faults::default() },
            "THROTTLED",
            "throttled",
        ),
        (Faults { unreachable: true, ..Faults::default() }, "OFFLINE", "offline"),
    ] {
        // The account is told; what is to be stored is not.
        let only_paths = if faults.unreachable { vec![] } else { vec!["/v1/events".to_owned()] };
        desk.world.set_faults(Faults { only_paths, ..faults });
        assert_eq!(desk.run(["sync", "--json"]).code(), code);
        assert_eq!(desk.told(), before, "after {code} the mirror is as it was");
        if code != "OFFLINE" {
            let status = desk.run(["status", "--json"]).ok().json();
            assert_eq!(said(&desk), (state.to_owned(), code.to_owned()), "{status}");
        }
    }
    desk.world.set_faults(Faults::default());
    desk.world.with_world(|world| world.new_customer(Some("later@example.com"), None));
    assert!(desk.sync()["events"].as_i64().unwrap() >= 1, "it goes on by itself");
}

/// State and code as the last sync left them in the file.
fn said(desk: &Desk) -> (String, String) {
    let db = foredeck_engine::db::Db::open_read_only(&desk.mirror()).unwrap();
    let status: Value = db
        .read_now(|connection| foredeck_engine::facts::state::find_state(connection, "status"))
        .unwrap()
        .unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&status["freshness"]["state"]), text(&status["freshness"]["error_code"]))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_answers_is_not_waited_for_for_ever() {
    let desk = Desk::synced(10).await;
    desk.world.with_world(|world| world.new_customer(Some("later@example.com"), None));
    // The patience of one attempt is half a minute; the next one is answered.
    let only_paths = vec!["/v1/events".to_owned()];
    desk.world.set_faults(Faults { hang_rate: 1.0, at_most: Some(1), only_paths, ..Faults::default() });
    let synced = desk.sync();
    assert!(synced["events"].as_i64().unwrap() >= 1, "{synced}");
    assert!((29_000..60_000).contains(&synced["duration_ms"].as_i64().unwrap()), "{synced}");
    if std::env::var("FOREDECK_LONG").is_ok_and(|value| value == "1") {
        desk.world.set_faults(Faults { hang_rate: 1.0, ..Faults::default() });
        assert_eq!(desk.run(["sync", "--json"]).code(), "TIMEOUT");
        desk.run(["funnel", "--json"]).ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_nobody_has_is_offline() {
    let desk = Desk::with(ShopPlan::Empty).await;
    // Too long for a label of the DNS: refused on this machine, so that no question leaves it.
    assert_eq!(desk.sync_at(&format!("https://{}.example", "a".repeat(64))), "OFFLINE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_vouched_for_gets_no_key() {
    let desk = Desk::with(ShopPlan::Empty).await;
    let (url, heard) = serve_tls();
    assert_eq!(desk.sync_at(&url), "TLS_REFUSED");
    assert_eq!(heard.recv().unwrap(), "", "nothing was said after the handshake");
    // One that does not speak TLS at all.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let _gone =
                connection.unwrap().write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
        }
    });
    assert_eq!(desk.sync_at(&url), "TLS_REFUSED");
    assert_eq!(desk.world.requests().len(), 0);
}

/// A server with a certificate of its own making; what it hears in clear after the handshake.
fn serve_tls() -> (String, std::sync::mpsc::Receiver<String>) {
    let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config =
        Arc::new(config.with_no_client_auth().with_single_cert(vec![own.cert.der().clone()], key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let (tell, heard) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let (connection, _) = listener.accept().unwrap();
        let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), connection);
        let mut said = Vec::new();
        let _refused = stream.read_to_end(&mut said);
        let _test_has_ended = tell.send(String::from_utf8_lossy(&said).into_owned());
    });
    (url, heard)
}

/// Runs in a namespace of its own, where a small disk can be mounted that goes away with it.
const FULL_DISK: &str = r#"
set -eu
mount -t tmpfs -o size=2m tmpfs "$FOREDECK_DATA_DIR"
"$CTL" store add Shop --json >/dev/null
status=0; "$CTL" sync --max-rps 100 --json >/dev/null 2>full.err || status=$?
echo "full $status"
status=0; "$CTL" funnel --json >full.json || status=$?
echo "funnel $status"
status=0; "$CTL" sync --max-rps 100 --json >/dev/null 2>still.err || status=$?
echo "still $status"
mount -o remount,size=500m "$FOREDECK_DATA_DIR"
"$CTL" sync --max-rps 100 --json >/dev/null
"$CTL" mirror verify --json >verified.json
"$CTL" funnel --json >after.json
echo done 0
"#;

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_said_and_nothing_stored_is_lost() {
    let desk = Desk::with_orders(400).await;
    std::fs::create_dir(desk.data()).unwrap();
    let can = Command::new("unshare").args(["-rm", "true"]).status();
    if !can.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: no namespace of its own can be had here, so no small disk (unshare -rm)");
        return;
    }
    let mut command = Command::new("unshare");
    let inner = desk.command([""; 0]);
    command.args(["-rm", "bash", "-c", FULL_DISK]).current_dir(desk.folder.path());
    command.env("CTL", inner.get_program());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let ran = Ran::of(&mut command, "").ok();
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines, ["full 1", "funnel 0", "still 1", "done 0"], "{}", ran.err);
    let file = |name: &str| std::fs::read_to_string(desk.folder.path().join(name)).unwrap();
    for name in ["full.err", "still.err"] {
        let told = file(name);
        let problem: Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
        assert_eq!(problem["code"], "DISK_FULL", "{told}");
        assert!(problem["hint"].as_str().unwrap().contains("Free some space"));
    }
    let json = |name: &str| serde_json::from_str::<Value>(&file(name)).unwrap();
    assert!(json("full.json")["total"]["started"].is_i64());
    assert_eq!(json("verified.json")["problems"], json!([]));
    assert_eq!(json("after.json")["total"]["started"], desk.world.ledger().orders.len());
}
