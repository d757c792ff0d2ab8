//! The desk's loop: runs confirmed actions as they come due, also those that other processes confirmed.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::poller::Signals;
use crate::actions::{Desk, Ran};

/// How often it looks for what another process confirmed: one indexed read.
const EVERY: Duration = Duration::from_millis(500);
/// The pause after the mirror failed.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Runs actions until cancelled. A step that is under way is finished by whoever comes next.
pub async fn run_desk(desk: Desk, signals: Arc<Signals>, stop: CancellationToken) {
    loop {
        let outcome = tokio::select! {
            () = stop.cancelled() => return,
            outcome = desk.run_next() => outcome,
        };
        let pause = match outcome {
            Ok(Ran::One) => continue,
            Ok(Ran::Nothing) => EVERY,
            Err(error) => {
                tracing::warn!(store = desk.store, %error, "actions wait");
                AFTER_FAILURE
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = signals.desk_woken() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}
