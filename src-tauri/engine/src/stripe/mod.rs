//! Stripe: requests built by async-stripe, sent by our own transport, answers as raw bytes with their instant.
//!
//! Deliberately absent: the database. async-stripe's own client is not used (docs/decisions/0002).

mod error;
mod probe;
mod reads;
mod typed;
pub mod writes;

use reqwest::header::HeaderValue;
use stripe_client_core::{RequestBuilder, StripeMethod};

pub use error::StripeError;
pub use probe::Probe;
pub use reads::{EventQuery, Page, SessionQuery};
pub use typed::TypedError;
pub use writes::{Answered, MARK, NewSession, ObjectChange, Post};

use crate::clock::SharedClock;
use crate::domain::store::{Mode, STRIPE_URL};
use crate::http::{Answer, BaseUrlError, Call, Http, Limits, Method, Priority};
use crate::secrets::StripeKey;

/// Requests a second with a live key, unless set otherwise. Stripe allows 100 live, 25 test.
pub const LIVE_PER_S: u32 = 20;
/// Requests a second with a test key.
pub const TEST_PER_S: u32 = 10;
const AT_ONCE: u32 = 5;
/// Stripe allows 25 a second to one endpoint; the shop's own checkout shares that.
const ENDPOINT_PER_S: u32 = 22;

/// Stripe's API for one account.
pub struct Stripe {
    http: Http,
    mode: Mode,
}

impl Stripe {
    /// Makes a client for a store's base URL. The key goes no further than the request headers.
    ///
    /// # Errors
    /// The base URL is refused, or a live key would leave for another host than Stripe's.
    pub fn new(
        base: &str,
        key: &StripeKey,
        max_per_s: Option<u32>,
        clock: SharedClock,
    ) -> Result<Self, StripeError> {
        let own_host = base.trim_end_matches('/') == STRIPE_URL;
        if key.mode() == Mode::Live && !own_host {
            return Err(StripeError::LiveKeyElsewhere);
        }
        let default = if key.mode() == Mode::Live { LIVE_PER_S } else { TEST_PER_S };
        let per_s = max_per_s.unwrap_or(default);
        let endpoint_per_s = if own_host { per_s.min(ENDPOINT_PER_S) } else { per_s };
        let limits = Limits { per_s, endpoint_per_s, at_once: AT_ONCE };
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", key.expose()))
            .map_err(|_| StripeError::KeyMalformed)?;
        bearer.set_sensitive(true);
        let asked = HeaderValue::from_static(version());
        let headers = [("authorization", bearer), ("stripe-version", asked)];
        let http = Http::new(base, &headers, limits, clock)
            .map_err(|error: BaseUrlError| StripeError::BaseUrl(error.to_string()))?;
        Ok(Self { http, mode: key.mode() })
    }

    /// The transport, for its numbers and clocks.
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// Sends what async-stripe built.
    async fn send(
        &self,
        request: RequestBuilder,
        endpoint: &'static str,
        priority: Priority,
        key: Option<String>,
    ) -> Result<Answer, StripeError> {
        let method = match request.method {
            StripeMethod::Get => Method::Get,
            StripeMethod::Post => Method::Post,
            StripeMethod::Delete => Method::Delete,
        };
        let path =
            if request.path.starts_with("/v1") { request.path } else { format!("/v1{}", request.path) };
        let call = Call {
            method,
            path,
            endpoint,
            query: request.query,
            body: request.body,
            idempotency_key: key,
            repeatable: false,
            priority,
        };
        let answer = self.http.call(&call).await?;
        if (200..300).contains(&answer.status) { Ok(answer) } else { Err(StripeError::read(&answer)) }
    }
}

/// The API version our own requests ask for: the one async-stripe's types were made from.
pub fn version() -> &'static str {
    stripe_shared::version::VERSION.as_str()
}
