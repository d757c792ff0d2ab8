//! What the sync is doing, in memory for its own process and in the mirror for the others.

use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::http::HttpError;
use crate::queries::health::{Freshness, LimiterHealth, Progress, SyncState};
use crate::stripe::StripeError;

/// Name of the state document that other processes read.
pub const STATUS: &str = "status";

/// The status as stored. `at` says how old it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct StoredStatus {
    /// Written at, local unix seconds.
    pub at: i64,
    /// What the sync was doing.
    pub freshness: Freshness,
    /// The limiter's numbers.
    pub limiter: LimiterHealth,
    /// Local clock minus Stripe's, seconds.
    pub clock_skew_s: Option<i64>,
}

/// The running sync's status.
#[derive(Debug, Default)]
pub struct Status {
    now: Mutex<Freshness>,
}

impl Status {
    /// Reads it.
    pub fn get(&self) -> Freshness {
        self.now.lock().expect("no panic while held").clone()
    }

    /// Changes it.
    pub fn set(&self, change: impl FnOnce(&mut Freshness)) {
        change(&mut self.now.lock().expect("no panic while held"));
    }

    /// A step succeeded.
    pub fn succeeded(&self, state: SyncState, at: i64) {
        self.set(|now| {
            now.state = state;
            now.last_success_at = Some(at);
            now.error_code = None;
            now.error_message = None;
            now.error_hint = None;
        });
    }

    /// A step failed.
    pub fn failed(&self, error: &StripeError) {
        let (state, code) = verdict(error);
        self.set(|now| {
            now.state = state;
            now.error_code = Some(code.to_owned());
            now.error_message = Some(error.to_string());
            now.error_hint = Some(hint(error).to_owned());
        });
    }

    /// Shows or hides a task's progress.
    pub fn progress(&self, progress: Option<Progress>) {
        self.set(|now| now.progress = progress);
    }
}

/// The state and code an error puts the sync in.
pub fn verdict(error: &StripeError) -> (SyncState, &'static str) {
    match error {
        StripeError::Http(HttpError::Offline { .. }) => (SyncState::Offline, "OFFLINE"),
        StripeError::Http(HttpError::Tls { .. }) => (SyncState::Offline, "TLS_REFUSED"),
        StripeError::Http(HttpError::Timeout { .. }) => (SyncState::Offline, "TIMEOUT"),
        StripeError::Http(HttpError::Throttled { .. }) => (SyncState::Throttled, "THROTTLED"),
        StripeError::Http(HttpError::HeldBack { .. }) => (SyncState::Offline, "HELD_BACK"),
        StripeError::Http(HttpError::Redirect { .. }) => (SyncState::StripeError, "REDIRECT_REFUSED"),
        StripeError::Http(HttpError::BadBody { .. }) => (SyncState::StripeError, "BAD_ANSWER"),
        StripeError::Http(HttpError::Server { .. }) => (SyncState::StripeError, "STRIPE_ERROR"),
        StripeError::KeyRejected { .. } => (SyncState::KeyRejected, "KEY_REJECTED"),
        StripeError::PermissionMissing { .. } => (SyncState::KeyRejected, "PERMISSION_MISSING"),
        StripeError::LiveKeyElsewhere => (SyncState::KeyRejected, "LIVE_KEY_ELSEWHERE"),
        StripeError::KeyMalformed => (SyncState::KeyRejected, "KEY_MALFORMED"),
        StripeError::NotFound { .. }
        | StripeError::CursorLost
        | StripeError::Refused { .. }
        | StripeError::BaseUrl(_) => (SyncState::StripeError, "STRIPE_REFUSED"),
        StripeError::Unexpected => (SyncState::StripeError, "BAD_ANSWER"),
    }
}

/// What a person can do about an error, one sentence.
pub fn hint(error: &StripeError) -> &'static str {
    match error {
        StripeError::Http(HttpError::Offline { .. } | HttpError::HeldBack { .. }) => {
            "Check the network; the mirror stays readable and syncs by itself when Stripe answers again."
        }
        StripeError::Http(HttpError::Tls { .. }) => "Check the machine's clock, proxy and certificates.",
        StripeError::Http(HttpError::Timeout { .. }) => "Wait: it is tried again by itself.",
        StripeError::Http(HttpError::Throttled { .. }) => {
            "Wait, or lower the requests a second in Settings: the shop's checkout shares them."
        }
        StripeError::Http(HttpError::Redirect { .. }) => {
            "Check the store's base URL and any proxy between here and Stripe."
        }
        StripeError::KeyRejected { .. } => "Make a new key in the Stripe Dashboard and set it in Settings.",
        StripeError::PermissionMissing { .. } => {
            "Give the restricted key this permission in the Stripe Dashboard."
        }
        StripeError::LiveKeyElsewhere => {
            "Use a test key with this store, or make a store for the real Stripe."
        }
        StripeError::KeyMalformed => "Paste the key again, whole.",
        _ => "Wait: it is tried again by itself; see Health if it stays.",
    }
}
