//! `sync --watch`: changes as they come, one poller at a time, and a quick end.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use foredeck_sandbox::world::CheckoutSpec;
use serde_json::Value;

use crate::desk::{Desk, Ran};

/// A slow machine is waited for; a hung program is not.
const PATIENCE: Duration = Duration::from_secs(60);

struct Watch {
    child: Child,
    lines: Receiver<String>,
}

impl Watch {
    fn start(desk: &Desk, args: &[&str]) -> Self {
        let mut command = desk.command(["sync", "--watch", "--max-rps", "100"]);
        let mut child = command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (said, lines) = channel();
        let out: ChildStdout = child.stdout.take().unwrap();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines() {
                let Ok(line) = line else { return };
                let _nobody_waits = said.send(line);
            }
        });
        Self { child, lines }
    }

    #[track_caller]
    fn wait_for(&self, words: &str) -> String {
        let until = Instant::now() + PATIENCE;
        let mut seen = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            if line.contains(words) {
                return line;
            }
            seen.push(line);
        }
        panic!("{words:?} never came, only {seen:#?}");
    }

    /// Sends a signal; what it printed last, what it said on stderr, how it ended and how long that took.
    fn stop(mut self, signal: &str) -> (String, String, Option<i32>, Duration) {
        let began = Instant::now();
        Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        let status = self.child.wait().unwrap();
        let took = began.elapsed();
        let mut err = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        let last = self.lines.iter().last().unwrap_or_default();
        (last, err, status.code(), took)
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn one_watches_others_follow_or_are_told() {
    let desk = Desk::with_orders(30).await;
    desk.add_store();
    desk.run(["settings", "set", "poll_back_s=5"]).ok();
    let first = Watch::start(&desk, &[]);
    first.wait_for("live");

    assert_eq!(desk.run(["sync", "--json"]).code(), "STORE_BUSY");
    assert_eq!(desk.run(["store", "remove", "Shop", "--yes", "--json"]).code(), "STORE_BUSY");
    let second = Watch::start(&desk, &[]);
    desk.world.with_world(|world| {
        let session = world
            .open_checkout(CheckoutSpec {
                email: Some("new@example.com".to_owned()),
                ..CheckoutSpec::default()
            })
            .unwrap();
        world.pay(&session).unwrap();
    });
    first.wait_for("events");
    second.wait_for("events");
    let status = desk.run(["overview", "--json"]).ok().json();
    assert_eq!(status["latest"][0]["email"], "new@example.com", "others read meanwhile");

    let keys = desk.world.requests().len();
    let (last, err, code, took) = second.stop("-INT");
    assert_eq!(code, Some(0), "{err}");
    assert!(err.contains("following"), "{err}");
    assert!(last.contains(", 0 requests"), "it asked nothing itself: {last}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    let (last, err, code, took) = first.stop("-TERM");
    assert_eq!(code, Some(0), "{err}");
    assert!(last.contains("requests") && took < Duration::from_secs(5), "{last} after {took:?}");
    assert!(keys <= desk.world.requests().len());
    desk.run(["sync", "--max-rps", "100", "--json"]).ok();
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn with_json_the_end_is_one_document() {
    let desk = Desk::with_orders(10).await;
    desk.add_store();
    let mut watch = Watch::start(&desk, &["--json"]);
    let mut err = BufReader::new(watch.child.stderr.take().unwrap()).lines();
    err.find(|line| line.as_ref().is_ok_and(|line| line.contains("live"))).unwrap().unwrap();
    watch.child.stderr = None;
    Command::new("kill").args(["-INT", &watch.child.id().to_string()]).status().unwrap();
    assert_eq!(watch.child.wait().unwrap().code(), Some(0));
    let out: Vec<String> = watch.lines.iter().collect();
    let summary: Value = serde_json::from_str(&out.join("\n")).unwrap();
    assert_eq!(summary["events"], desk.world.with_world(|world| world.events().len()));
    assert!(summary["requests"].as_u64().unwrap() > 0);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_is_interrupted_goes_on_next_time() {
    let desk = Desk::with_orders(400).await;
    desk.add_store();
    let mut command = desk.command(["sync", "--max-rps", "4", "--json"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let until = Instant::now() + PATIENCE;
    while desk.world.requests().len() < 6 {
        assert!(Instant::now() < until, "it never began");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!(ran.code(), "INTERRUPTED");
    desk.sync();
    let funnel = desk.run(["funnel", "--json"]).ok().json();
    assert_eq!(funnel["total"]["started"], desk.world.ledger().orders.len());
}
