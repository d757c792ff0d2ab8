//! What keeps a call from having an answer.

/// What kept a call from having an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// No connection: no network, no such host, nothing listening.
    #[error("no connection to {host}")]
    Offline {
        /// The host.
        host: String,
    },
    /// The server's certificate or handshake was refused.
    #[error("no trusted connection to {host}: {reason}")]
    Tls {
        /// The host.
        host: String,
        /// rustls's words.
        reason: String,
    },
    /// No answer in time.
    #[error("no answer from {host} in time")]
    Timeout {
        /// The host.
        host: String,
    },
    /// The answer was cut, too large, or not JSON.
    #[error("the answer of {host} was cut or is not JSON")]
    BadBody {
        /// The host.
        host: String,
    },
    /// The server sent us elsewhere; not followed.
    #[error("{host} answered with a redirect, which is not followed")]
    Redirect {
        /// The host.
        host: String,
    },
    /// Told to slow down for longer than a call waits.
    #[error("{host} asks to slow down for {wait_s} s")]
    Throttled {
        /// The host.
        host: String,
        /// Seconds to wait.
        wait_s: u64,
    },
    /// Too many failures lately: held back here.
    #[error("requests to {host} are held back for {wait_s} s after repeated failures")]
    HeldBack {
        /// The host.
        host: String,
        /// Seconds left.
        wait_s: u64,
    },
    /// The server failed.
    #[error("{host} answered {status}")]
    Server {
        /// The host.
        host: String,
        /// Its status, 500 to 599.
        status: u16,
        /// Its request id.
        request_id: Option<String>,
        /// It is what a request under the same idempotency key came to before: that one is over.
        replayed: bool,
    },
}
