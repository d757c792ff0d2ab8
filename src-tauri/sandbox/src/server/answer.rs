//! Answers in Stripe's shape: objects, lists, errors.

use crate::json::Json;
use crate::world::Refusal;

/// One answer, before the transport dresses it.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
    pub headers: Vec<(&'static str, String)>,
}

impl Answer {
    pub(crate) fn ok(body: Vec<u8>) -> Answer {
        Answer { status: 200, body, headers: Vec::new() }
    }

    pub(crate) fn refused(refusal: &Refusal, request_id: &str) -> Answer {
        let mut j = Json::with_capacity(512);
        j.object(|j| {
            j.nest("error", |j| {
                if let Some(code) = refusal.code {
                    j.text("code", code);
                    j.text(
                        "doc_url",
                        &format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-")),
                    );
                }
                j.text("message", &refusal.message);
                if let Some(param) = &refusal.param {
                    j.text("param", param);
                }
                j.text("request_log_url", &format!("https://dashboard.stripe.com/test/logs/{request_id}"));
                j.text("type", refusal.kind);
            });
        });
        Answer { status: refusal.status, body: j.into_bytes(), headers: Vec::new() }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Answer {
        self.headers.push((name, value.into()));
        self
    }
}

/// Stripe's own failure.
pub(crate) fn api_error(status: u16) -> Refusal {
    Refusal {
        status,
        kind: "api_error",
        ..Refusal::invalid(
            "An unknown error occurred. Please try again; if it persists, contact us at https://support.stripe.com/.",
        )
    }
}

/// A 429.
pub(crate) fn rate_limited() -> Refusal {
    Refusal::invalid("Request rate limit exceeded. You can learn more about rate limits here https://stripe.com/docs/rate-limits.")
        .code("rate_limit")
        .status(429)
}
