//! What was asked of the sandbox, for tests to look at.

use serde::Serialize;
use std::collections::VecDeque;

/// Older requests are forgotten beyond this many.
const KEPT: usize = 200_000;

/// One request to the API. Requests to `/_sandbox/` are not logged.
#[derive(Debug, Clone, Serialize)]
pub struct RequestLog {
    /// World time of arrival.
    pub at: i64,
    /// Milliseconds of real time since the sandbox started.
    pub since_start_ms: u64,
    /// `GET`, `POST` or `DELETE`.
    pub method: String,
    /// For example `/v1/events`.
    pub path: String,
    /// As sent, without `?`.
    pub query: String,
    /// Decoded body parameters.
    pub body: Vec<(String, String)>,
    /// The key, masked.
    pub key: String,
    /// The idempotency key, if one was sent.
    pub idempotency_key: Option<String>,
    /// `req_…`
    pub request_id: String,
    /// HTTP status; 0 when no whole answer was sent (connection dropped, cut, or hung).
    pub status: u16,
    /// Answered from the idempotency store.
    pub replayed: bool,
    /// A write that took effect in the world, whatever was answered.
    pub applied: bool,
    /// The planted fault it met, if any.
    pub fault: Option<String>,
    /// Requests in flight at its arrival, itself included.
    pub in_flight: u32,
    /// Peer port: one TCP connection keeps one.
    pub peer_port: u16,
}

#[derive(Default)]
pub(crate) struct RequestBook {
    entries: VecDeque<RequestLog>,
}

impl RequestBook {
    pub(crate) fn add(&mut self, entry: RequestLog) {
        if self.entries.len() == KEPT {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    pub(crate) fn all(&self) -> Vec<RequestLog> {
        self.entries.iter().cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }
}
