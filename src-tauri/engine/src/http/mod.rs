//! HTTP outward: one client with limiter, breaker, timeouts, retries, and the server's clock read from answers.
//!
//! In: requests. Out: answers with the instant they speak of. Deliberately absent: what an answer means,
//! the database, and where keys are kept. The only room that builds an HTTP client.

mod base_url;
mod breaker;
mod clock;
mod error;
mod limiter;
mod links;
mod once;
mod pace;
mod probe;
mod rate;
mod retry;

use std::error::Error as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::clock::SharedClock;
pub use base_url::{BaseUrlError, check_base_url};
use breaker::Breaker;
use clock::ServerClock;
pub use error::HttpError;
use limiter::Limiter;
pub use limiter::{Limits, Priority};
pub use links::{NextLink, encode_segment};
pub use once::Unanswered;
pub use pace::{Pace, Paces};
pub use probe::Probed;
pub use rate::Rate;
pub use retry::{after_failure, backoff};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest wait served inside a call; longer ones go back to the caller.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// Longest that a call with an idempotency key is repeated, seconds of the wall clock.
const LONGEST_CALL_S: i64 = 600;
/// Largest answer read.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// GET, POST, PATCH or DELETE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Writes; repeated only with an idempotency key, or where the call says that it may be.
    Post,
    /// Changes; never repeated by itself.
    Patch,
    /// Deletes; never repeated by itself.
    Delete,
}

/// One request.
#[derive(Debug, Clone)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// Path below the base URL, with a leading slash.
    pub path: String,
    /// The name it is limited under.
    pub endpoint: &'static str,
    /// Encoded query.
    pub query: Option<String>,
    /// The body, in the client's dialect.
    pub body: Option<String>,
    /// Makes a POST repeatable.
    pub idempotency_key: Option<String>,
    /// A POST that changes nothing, or carries its own name, may be repeated without a key.
    pub repeatable: bool,
    /// Who goes first.
    pub priority: Priority,
}

/// How bodies are written, and which answers are answers at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Forms go out; what comes back is a JSON object, or the call failed.
    Form,
    /// JSON:API goes out; what comes back may also be empty, or a page of HTML from what stands before the server.
    JsonApi,
    /// JSON goes out; what comes back may be anything.
    Json,
}

impl Dialect {
    const fn content_type(self) -> &'static str {
        match self {
            Self::Form => "application/x-www-form-urlencoded",
            Self::JsonApi => "application/vnd.api+json",
            Self::Json => "application/json",
        }
    }
}

/// An answer, of any status but 3xx, 429 and 5xx.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// The server's name for the request.
    pub request_id: Option<String>,
    /// The instant the body speaks of at the earliest: the server's clock when the request started.
    pub as_of: i64,
    /// Whether an idempotent request was replayed.
    pub replayed: bool,
    /// The API version or revision that answered.
    pub version: Option<String>,
    /// From the request until the head of its answer.
    pub took: Duration,
    /// What is left of the endpoint's limit, where the server says so.
    pub rate: Option<Rate>,
    /// The body.
    pub body: Bytes,
}

/// Numbers since the client was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Requests sent.
    pub requests: i64,
    /// Answers 429.
    pub throttled: i64,
    /// Requests sent again.
    pub retries: i64,
    /// The breaker holds requests back.
    pub breaker_open: bool,
}

/// A client for one base URL with one set of headers.
pub struct Http {
    client: reqwest::Client,
    base: String,
    host: String,
    headers: HeaderMap,
    dialect: Dialect,
    paces: Option<Paces>,
    limiter: Limiter,
    breaker: Mutex<Breaker>,
    server: Mutex<ServerClock>,
    clock: SharedClock,
    requests: AtomicI64,
    throttled: AtomicI64,
    retries: AtomicI64,
}

impl Http {
    /// Makes a client. `headers` go with every request; mark secrets as sensitive.
    ///
    /// # Errors
    /// The base URL is refused, or TLS could not be set up.
    pub fn new(
        base: &str,
        headers: &[(&'static str, HeaderValue)],
        limits: Limits,
        clock: SharedClock,
    ) -> Result<Self, BaseUrlError> {
        let base = check_base_url(base)?;
        let malformed = |_| BaseUrlError::Malformed(base.clone());
        // A second installation of the same provider is refused, which is as good.
        let _already_installed = rustls::crypto::ring::default_provider().install_default();
        let client = build_client().map_err(malformed)?;
        let host = base.split("://").nth(1).unwrap_or(&base).to_owned();
        let headers =
            headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.clone())).collect();
        Ok(Self {
            client,
            base,
            host,
            headers,
            dialect: Dialect::Form,
            paces: None,
            limiter: Limiter::new(limits),
            breaker: Mutex::new(Breaker::default()),
            server: Mutex::new(ServerClock::default()),
            clock,
            requests: AtomicI64::new(0),
            throttled: AtomicI64::new(0),
            retries: AtomicI64::new(0),
        })
    }

    /// Speaks another dialect from now on.
    #[must_use]
    pub fn speaking(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// Keeps to the paces of single endpoints from now on, beside the limits; several clients may share them.
    #[must_use]
    pub fn at_paces(mut self, paces: Paces) -> Self {
        self.paces = Some(paces);
        self
    }

    /// Numbers since it was made.
    pub fn stats(&self) -> Stats {
        Stats {
            requests: self.requests.load(Ordering::Relaxed),
            throttled: self.throttled.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
            breaker_open: self
                .breaker
                .lock()
                .expect("no panic while held")
                .wait(self.clock.monotonic())
                .is_some(),
        }
    }

    /// The limits in force.
    pub fn limits(&self) -> Limits {
        self.limiter.limits()
    }

    /// Local wall time minus the server's, seconds; None before the first answer.
    pub fn skew_s(&self) -> Option<i64> {
        self.server.lock().expect("no panic while held").skew_s()
    }

    /// The server's clock at the earliest, unix seconds; None before the first answer.
    pub fn server_now(&self) -> Option<i64> {
        self.server.lock().expect("no panic while held").at_least(self.clock.monotonic())
    }

    /// Sends a request, again where that is safe and worth it.
    ///
    /// # Errors
    /// [`HttpError`]: there was no usable answer.
    pub async fn call(&self, call: &Call) -> Result<Answer, HttpError> {
        let (mut attempt, begun) = (0, self.clock.now());
        loop {
            self.check_breaker()?;
            let outcome = self.attempt(call).await;
            let now = self.clock.monotonic();
            let (error, wait) = match outcome {
                Ok(answer) => {
                    self.breaker.lock().expect("no panic while held").succeeded();
                    return Ok(answer);
                }
                Err(failed) => failed,
            };
            if !matches!(error, HttpError::Throttled { .. } | HttpError::Redirect { .. }) {
                self.breaker.lock().expect("no panic while held").failed(now);
            }
            let Some(pause) = after_failure(&error, call, attempt, wait) else { return Err(error) };
            // A machine that slept meanwhile may come back after the server has forgotten the key.
            let slept = self.clock.now() - begun > LONGEST_CALL_S;
            if pause > LONGEST_WAIT || (slept && call.idempotency_key.is_some()) {
                return Err(error);
            }
            attempt += 1;
            self.retries.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(pause).await;
        }
    }

    fn check_breaker(&self) -> Result<(), HttpError> {
        let wait = self.breaker.lock().expect("no panic while held").wait(self.clock.monotonic());
        wait.map_or(Ok(()), |wait| {
            Err(HttpError::HeldBack { host: self.host.clone(), wait_s: wait.as_secs() + 1 })
        })
    }

    async fn attempt(&self, call: &Call) -> Result<Answer, (HttpError, Option<Told>)> {
        if let Some(paces) = &self.paces {
            paces.admit(call.endpoint, LONGEST_WAIT).await.map_err(|wait| {
                let error = HttpError::Throttled { host: self.host.clone(), wait_s: wait.as_secs() + 1 };
                (error, Some(Told { retry: Some(false), retry_after: None }))
            })?;
        }
        let _slot = self.limiter.admit(call.endpoint, call.priority).await;
        self.requests.fetch_add(1, Ordering::Relaxed);
        let started = self.clock.monotonic();
        let sent = self.request(call).send().await.map_err(|error| (self.classify(&error), None))?;
        let status = sent.status().as_u16();
        let headers = sent.headers().clone();
        let date = text(&headers, "date").and_then(|date| httpdate::parse_http_date(&date).ok());
        let date = date
            .and_then(|date| date.duration_since(std::time::UNIX_EPOCH).ok())
            .and_then(|since| i64::try_from(since.as_secs()).ok());
        let received = self.clock.monotonic();
        let as_of =
            self.server.lock().expect("no panic while held").hear(date, started, received, self.clock.now());
        let told = Told {
            retry: text(&headers, "stripe-should-retry").map(|word| word == "true"),
            retry_after: text(&headers, "retry-after").and_then(|seconds| seconds.trim().parse().ok()),
        };
        let request_id = text(&headers, "request-id");
        let replayed = text(&headers, "idempotent-replayed").as_deref() == Some("true");
        if let Some(error) = self.refused(status, request_id.clone(), replayed, &told) {
            return Err((error, Some(told)));
        }
        let body = self.read_body(sent).await.map_err(|error| (error, None))?;
        Ok(Answer {
            status,
            request_id,
            as_of,
            replayed,
            version: text(&headers, "stripe-version").or_else(|| text(&headers, "x-klaviyo-api-revision")),
            took: received.saturating_sub(started),
            rate: Rate::read(&headers),
            body,
        })
    }

    fn request(&self, call: &Call) -> reqwest::RequestBuilder {
        let method = match call.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let query = call
            .query
            .as_deref()
            .filter(|query| !query.is_empty())
            .map(|query| format!("?{query}"))
            .unwrap_or_default();
        let mut request = self
            .client
            .request(method, format!("{}{}{query}", self.base, call.path))
            .headers(self.headers.clone());
        if let Some(key) = &call.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = &call.body {
            request = request.header("content-type", self.dialect.content_type()).body(body.clone());
        }
        request
    }

    fn refused(
        &self,
        status: u16,
        request_id: Option<String>,
        replayed: bool,
        told: &Told,
    ) -> Option<HttpError> {
        let host = self.host.clone();
        match status {
            429 => {
                self.throttled.fetch_add(1, Ordering::Relaxed);
                Some(HttpError::Throttled { host, wait_s: told.retry_after.unwrap_or(0) })
            }
            300..=399 => Some(HttpError::Redirect { host }),
            500..=599 => Some(HttpError::Server { host, status, request_id, replayed }),
            _ => None,
        }
    }

    async fn read_body(&self, mut sent: reqwest::Response) -> Result<Bytes, HttpError> {
        let bad = || HttpError::BadBody { host: self.host.clone() };
        let mut body = Vec::with_capacity(
            usize::try_from(sent.content_length().unwrap_or(0)).unwrap_or(0).min(MAX_BODY),
        );
        while let Some(chunk) = sent
            .chunk()
            .await
            .map_err(|error| if error.is_timeout() { self.classify(&error) } else { bad() })?
        {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(bad());
            }
            body.extend_from_slice(&chunk);
        }
        if self.dialect != Dialect::Form {
            return Ok(body.into());
        }
        let trimmed = body.trim_ascii();
        if trimmed.starts_with(b"{") && trimmed.ends_with(b"}") { Ok(body.into()) } else { Err(bad()) }
    }

    fn classify(&self, error: &reqwest::Error) -> HttpError {
        let host = self.host.clone();
        if let Some(tls) = tls_reason(error) {
            return HttpError::Tls { host, reason: tls };
        }
        if error.is_connect() {
            HttpError::Offline { host }
        } else if error.is_timeout() {
            HttpError::Timeout { host }
        } else if error.is_redirect() {
            HttpError::Redirect { host }
        } else {
            HttpError::Offline { host }
        }
    }
}

/// What a refusal said of trying again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// `Stripe-Should-Retry`.
    pub retry: Option<bool>,
    /// `Retry-After`, seconds.
    pub retry_after: Option<u64>,
}

#[allow(clippy::disallowed_methods, reason = "the http room builds the client")]
fn build_client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .user_agent(concat!("Foredeck/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(ATTEMPT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .pool_idle_timeout(Duration::from_secs(90))
        .tcp_nodelay(true)
        .build()
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn tls_reason(error: &reqwest::Error) -> Option<String> {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(tls) = tls_within(cause) {
            return Some(tls.to_string());
        }
        source = cause.source();
    }
    None
}

/// What an I/O error wraps is not its source: it is looked into, however often it was wrapped.
fn tls_within<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
        return Some(tls);
    }
    tls_within(cause.downcast_ref::<std::io::Error>()?.get_ref()?)
}
