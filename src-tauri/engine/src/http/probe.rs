//! One request with nothing hidden: not limited, not repeated, any status an answer. For questions a person asks of
//! the server itself; everything else goes through [`Http::call`].

use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::{Call, Http, HttpError, text};

/// Headers a probe looks at.
const LOOKED_AT: [&str; 8] = [
    "date",
    "request-id",
    "stripe-version",
    "retry-after",
    "stripe-should-retry",
    "stripe-rate-limited-reason",
    "idempotent-replayed",
    "idempotency-key",
];

/// An answer of any status.
#[derive(Debug, Clone)]
pub struct Probed {
    /// Status.
    pub status: u16,
    /// Those of the headers looked at that were there.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Bytes,
}

impl Probed {
    /// A header that was looked at.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(there, _)| *there == name).map(|(_, value)| value.as_str())
    }
}

impl Http {
    /// Sends a request once and hands back whatever comes.
    ///
    /// # Errors
    /// [`HttpError`]: there was no answer, or its body was cut or is not JSON.
    pub async fn probe(&self, call: &Call) -> Result<Probed, HttpError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let sent = self.request(call).send().await.map_err(|error| self.classify(&error))?;
        let status = sent.status().as_u16();
        let there = |name: &'static str| text(sent.headers(), name).map(|value| (name, value));
        let headers = LOOKED_AT.into_iter().filter_map(there).collect();
        let body = self.read_body(sent).await?;
        Ok(Probed { status, headers, body })
    }
}
