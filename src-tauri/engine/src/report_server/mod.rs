//! The shop's own report server: told to sync, by one POST.
//!
//! In: a base URL, a key and what is to be told. Out: that it was taken, or why not. Deliberately absent: the database, when it is
//! told, and trying again, which is `tasks`' work.

use reqwest::header::HeaderValue;
use serde::Serialize;

use crate::clock::SharedClock;
use crate::http::{
    Answer, BaseUrlError, Call, Dialect, Http, HttpError, Limits, Method, Priority, Unanswered,
};
use crate::secrets::ReportServerKey;

/// Where it is told to sync.
pub const PATH: &str = "/api/v1/reports/full_sync";
/// Longest text taken from an answer.
const LONGEST: usize = 200;

/// Why the report server was not told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportServerError {
    /// It was not reached, or failed.
    #[error(transparent)]
    Http(HttpError),
    /// It was sent, and no answer came: it may have been heard.
    #[error("it was sent, and no answer came: {0}")]
    Unanswered(HttpError),
    /// It refuses the key, or wants one.
    #[error("the report server refuses the key ({status})")]
    KeyRejected {
        /// HTTP status.
        status: u16,
    },
    /// It has nothing at that path.
    #[error("the report server has nothing at {PATH} ({status})")]
    NothingThere {
        /// HTTP status.
        status: u16,
    },
    /// Anything else it refuses.
    #[error("the report server refused ({status}): {detail}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The beginning of its answer.
        detail: String,
    },
    /// The base URL is refused.
    #[error("{0}")]
    BaseUrl(#[from] BaseUrlError),
    /// The key has characters that no header takes.
    #[error("the report server's key has characters that no header takes")]
    KeyMalformed,
}

impl From<Unanswered> for ReportServerError {
    fn from(of: Unanswered) -> Self {
        if of.may_be_heard { Self::Unanswered(of.error) } else { Self::Http(of.error) }
    }
}

impl ReportServerError {
    /// Whether it may have been heard all the same: it was sent, and no answer came.
    pub const fn may_be_heard(&self) -> bool {
        matches!(self, Self::Unanswered(_))
    }

    /// Whether it may pass by itself.
    pub const fn may_pass(&self) -> bool {
        match self {
            Self::Http(error) => !matches!(error, HttpError::Redirect { .. } | HttpError::Tls { .. }),
            Self::Unanswered(_) => true,
            _ => false,
        }
    }

    /// The status that was answered.
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::KeyRejected { status } | Self::NothingThere { status } | Self::Refused { status, .. } => {
                Some(*status)
            }
            Self::Http(HttpError::Server { status, .. }) => Some(*status),
            Self::Http(HttpError::Throttled { .. }) => Some(429),
            _ => None,
        }
    }
}

/// What it is told, in this order and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FullSync {
    /// The Klaviyo account's public id.
    pub klaviyo_public_id: String,
    /// The store's.
    pub store_public_id: String,
    /// Orders are not to be synced: conversions are not counted by Shopify's.
    pub do_not_order_sync: bool,
}

impl FullSync {
    /// The bytes that are sent.
    pub fn body(&self) -> String {
        serde_json::to_string(self).expect("two texts and a bool are JSON")
    }
}

/// What a look at the server found. A look tells it nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What it answered to a GET.
    pub status: u16,
    /// How long that took, milliseconds.
    pub latency_ms: i64,
}

/// A client of the report server.
pub struct ReportServer {
    http: Http,
}

impl ReportServer {
    /// Makes a client: https, or http on loopback; redirects are not followed. In `Authorization` the key goes as `Bearer`, in any
    /// other header as it is.
    ///
    /// # Errors
    /// The base URL, the header or the key is refused.
    pub fn new(
        base: &str,
        key: Option<&ReportServerKey>,
        header: &str,
        clock: SharedClock,
    ) -> Result<Self, ReportServerError> {
        let limits = Limits { per_s: 5, endpoint_per_s: 5, at_once: 1 };
        let accept = [("accept", HeaderValue::from_static("application/json"))];
        let mut http = Http::new(base, &accept, limits, clock)?.speaking(Dialect::Json);
        if let Some(key) = key {
            let bearer = header.eq_ignore_ascii_case("authorization");
            let prefix = if bearer { "Bearer " } else { "" };
            let mut value = HeaderValue::from_str(&format!("{prefix}{}", key.expose()))
                .map_err(|_| ReportServerError::KeyMalformed)?;
            value.set_sensitive(true);
            http = http.with_header(header, value)?;
        }
        Ok(Self { http })
    }

    /// Tells it to sync, once. The same bytes under the same key are one sync, to a server that minds the key.
    ///
    /// # Errors
    /// It refused, or did not answer.
    pub async fn full_sync(&self, body: &str, idempotency_key: &str) -> Result<u16, ReportServerError> {
        let answer = self.http.call_once(&call(Method::Post, Some(body), Some(idempotency_key))).await?;
        if (200..300).contains(&answer.status) { Ok(answer.status) } else { Err(refusal(&answer)) }
    }

    /// Looks whether it is there and takes the key, without telling it anything: a GET where it takes a POST.
    ///
    /// # Errors
    /// It refuses the key, has nothing there, or did not answer.
    pub async fn look(&self) -> Result<Seen, ReportServerError> {
        let answer = self.http.call_once(&call(Method::Get, None, None)).await?;
        let latency_ms = i64::try_from(answer.took.as_millis()).unwrap_or(i64::MAX);
        // That the method is not allowed says that the path is there.
        match answer.status {
            200..300 | 405 => Ok(Seen { status: answer.status, latency_ms }),
            _ => Err(refusal(&answer)),
        }
    }
}

fn call(method: Method, body: Option<&str>, idempotency_key: Option<&str>) -> Call {
    Call {
        method,
        path: PATH.to_owned(),
        endpoint: "full-sync",
        query: None,
        body: body.map(str::to_owned),
        idempotency_key: idempotency_key.map(str::to_owned),
        repeatable: false,
        priority: Priority::Normal,
    }
}

fn refusal(answer: &Answer) -> ReportServerError {
    let status = answer.status;
    match status {
        401 | 403 => ReportServerError::KeyRejected { status },
        404 | 405 => ReportServerError::NothingThere { status },
        _ => {
            let text = String::from_utf8_lossy(&answer.body);
            let words = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST);
            // A server may repeat what it was sent: what looks like an address or a key stays out.
            let word = |word: &str| if word.contains('@') || word.len() > 40 { "…" } else { word }.to_owned();
            let detail: String = words.collect();
            let detail: Vec<String> = detail.split_whitespace().map(word).collect();
            ReportServerError::Refused { status, detail: detail.join(" ") }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FullSync;

    #[test]
    fn the_body_is_what_the_server_was_built_for_byte_for_byte() {
        let sync = |do_not_order_sync| FullSync {
            klaviyo_public_id: "SbXk7Q".to_owned(),
            store_public_id: "abcdefg".to_owned(),
            do_not_order_sync,
        };
        assert_eq!(
            sync(false).body(),
            r#"{"klaviyo_public_id":"SbXk7Q","store_public_id":"abcdefg","do_not_order_sync":false}"#
        );
        assert!(sync(true).body().ends_with(r#""do_not_order_sync":true}"#));
    }
}
