//! One request, sent once: for a caller that keeps its own schedule, and has to know whether it may have been heard.

use reqwest::header::{HeaderName, HeaderValue};

use super::{Answer, BaseUrlError, Call, Http, HttpError, Rate, Told, text};

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unanswered {
    /// What went wrong.
    pub error: HttpError,
    /// It was on its way, and nothing came back: the server may have heard it.
    pub may_be_heard: bool,
}

impl Http {
    /// Sends one more header with every request from now on, by a name that settings give; mark a secret as sensitive.
    ///
    /// # Errors
    /// The name is no header's.
    pub fn with_header(mut self, name: &str, value: HeaderValue) -> Result<Self, BaseUrlError> {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| BaseUrlError::Malformed(format!("the header {name:?}")))?;
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Sends a request once, whatever comes of it.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub async fn call_once(&self, call: &Call) -> Result<Answer, Unanswered> {
        let _slot = self.limiter.admit(call.endpoint, call.priority).await;
        let started = self.clock.monotonic();
        let sent = self.request(call).send().await.map_err(|error| Unanswered {
            may_be_heard: !error.is_connect() && !error.is_builder() && !error.is_redirect(),
            error: self.classify(&error),
        })?;
        let (status, headers) = (sent.status().as_u16(), sent.headers().clone());
        let told = Told {
            retry: None,
            retry_after: text(&headers, "retry-after").and_then(|seconds| seconds.trim().parse().ok()),
        };
        let request_id = text(&headers, "request-id");
        // Whatever was answered was heard, and answered: no doubt is left.
        if let Some(error) = self.refused(status, request_id.clone(), false, &told) {
            return Err(Unanswered { error, may_be_heard: false });
        }
        let took = self.clock.monotonic().saturating_sub(started);
        let body = self.read_body(sent).await.unwrap_or_default();
        let (as_of, rate) = (self.clock.now(), Rate::read(&headers));
        Ok(Answer { status, request_id, as_of, replayed: false, version: None, took, rate, body })
    }
}
