//! The sandbox in a process of its own, and what this process costs.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

pub struct Peer {
    child: Child,
    pub url: String,
}

impl Peer {
    /// A shop of that many preorders over 90 days, rendered as fast as anyone reads; no events.
    pub fn of_scale(preorders: u64) -> Self {
        Self::start(&["--virtual", "1790000000", "--days", "90", "--scale", &preorders.to_string()])
    }

    /// A shop that lived through 25 days, with its events.
    pub fn with_events() -> Self {
        Self::start(&["--days", "25", "--orders", "4000"])
    }

    fn start(shop: &[&str]) -> Self {
        let binary =
            std::env::var("FOREDECK_SANDBOX_BIN").expect("scripts/bench.sh names the sandbox binary");
        let mut child = Command::new(binary)
            .args(["--port", "0", "--limits", "none"])
            .args(shop)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().rsplit(' ').next().unwrap().to_owned();
        Self { child, url }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// CPU seconds of this process so far (Linux; 0 elsewhere).
pub fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let field = |index: usize| {
        after.split_whitespace().nth(index).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0)
    };
    (field(11) + field(12)) / 100.0
}

/// Forgets the peak so far, so that the next one is of what comes (Linux).
pub fn forget_peak() {
    let _unsupported = std::fs::write("/proc/self/clear_refs", "5");
}

/// Peak resident memory of this process since [`forget_peak`] (Linux; 0 elsewhere).
pub fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// Bytes this process has handed to the disk so far (Linux; 0 elsewhere).
pub fn written() -> u64 {
    let io = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    let line = io.lines().find(|line| line.starts_with("write_bytes:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|bytes| bytes.parse().ok()).unwrap_or(0)
}
