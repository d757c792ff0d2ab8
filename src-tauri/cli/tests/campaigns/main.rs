//! Campaigns against the program itself: killed, late, overrun, doubled and listened to. `FOREDECK_LONG=1` runs the
//! full counts, `FOREDECK_SEED=N` repeats a run.
#![cfg(unix)]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests fail by panicking, wait for processes by the machine's own clock, and say what they did"
)]

#[path = "../desk.rs"]
#[allow(dead_code, reason = "shared with the other tests of the program, which use all of it")]
mod desk;
mod dump;
mod fixes;
mod kill;
mod late;
mod launch;
mod lease;
mod mirror;
mod power;
mod secrets;
mod told;
mod truth;

use std::time::{SystemTime, UNIX_EPOCH};

/// What measures time has the machine to itself; everything else shares it.
static MACHINE: tokio::sync::RwLock<()> = tokio::sync::RwLock::const_new(());

/// The small count, or the full one.
fn count(small: usize, full: usize) -> usize {
    if is_long() { full } else { small }
}

fn is_long() -> bool {
    std::env::var("FOREDECK_LONG").is_ok_and(|value| value == "1")
}

/// The given seed, a new one in a long run, else always the same.
fn seed() -> u64 {
    let given = std::env::var("FOREDECK_SEED").ok().and_then(|text| text.parse().ok());
    let drawn = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos().into();
    let seed = given.unwrap_or_else(|| if is_long() { drawn() } else { 20_261_121 });
    eprintln!("seed: FOREDECK_SEED={seed}");
    seed
}

/// Unix seconds now.
fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// Numbers that look drawn and are the same for the same seed.
struct Dice(u64);

impl Dice {
    fn draw(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below.max(1)
    }
}
