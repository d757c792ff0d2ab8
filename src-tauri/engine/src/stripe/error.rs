//! What Stripe refuses, told apart where someone would act differently.

use serde::Deserialize;

use crate::domain::wire::{Nested, Text};
use crate::http::{Answer, HttpError};

/// An error of a request to Stripe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StripeError {
    /// There was no usable answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The key is wrong, revoked or expired.
    #[error("Stripe refuses the key")]
    KeyRejected {
        /// Stripe's request id.
        request_id: Option<String>,
    },
    /// The key may not do this.
    #[error("the key lacks the permission {permission}")]
    PermissionMissing {
        /// Stripe's name for it, such as `rak_charge_read`; empty where Stripe did not say.
        permission: String,
        /// The account Stripe named.
        account: Option<String>,
    },
    /// Stripe knows no such object (for this key).
    #[error("Stripe knows no {param}")]
    NotFound {
        /// What was asked for.
        param: String,
    },
    /// The cursor of a list is gone: older than Stripe keeps, or of another account.
    #[error("Stripe no longer knows the cursor")]
    CursorLost,
    /// Anything else Stripe refuses.
    #[error("Stripe refused the request: {message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Stripe's code.
        code: String,
        /// Stripe's message.
        message: String,
        /// Stripe's request id.
        request_id: Option<String>,
    },
    /// The answer is not what Stripe answers.
    #[error("the answer does not read as Stripe's")]
    Unexpected,
    /// The key has characters no key has.
    #[error("the key does not look like a Stripe key")]
    KeyMalformed,
    /// A live key is sent to Stripe's own host only.
    #[error("a live key is sent to Stripe's own host only")]
    LiveKeyElsewhere,
    /// The base URL is refused.
    #[error("{0}")]
    BaseUrl(String),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ErrorBody<'a> {
    #[serde(borrow)]
    error: Nested<ErrorWire<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ErrorWire<'a> {
    #[serde(borrow)]
    code: Text<'a>,
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
    #[serde(borrow)]
    param: Text<'a>,
}

impl StripeError {
    /// Reads an answer that is not 2xx (docs.stripe.com/api/errors).
    pub fn read(answer: &Answer) -> Self {
        let body: ErrorBody<'_> = serde_json::from_slice(&answer.body).unwrap_or_default();
        let error = body.error.0;
        let message = error.message.get().unwrap_or("no message").to_owned();
        let param = error.param.get().unwrap_or_default();
        let cursor = matches!(param, "starting_after" | "ending_before");
        match answer.status {
            401 => Self::KeyRejected { request_id: answer.request_id.clone() },
            403 => Self::PermissionMissing {
                permission: word_between(&message, "Having the '", "'").unwrap_or_default(),
                account: word_between(&message, "on account '", "'"),
            },
            400 | 404 if cursor || message.contains("aged out of our retention policy") => Self::CursorLost,
            404 => Self::NotFound { param: if param.is_empty() { message } else { param.to_owned() } },
            status => Self::Refused {
                status,
                code: error.code.get().or_else(|| error.kind.get()).unwrap_or_default().to_owned(),
                message,
                request_id: answer.request_id.clone(),
            },
        }
    }

    /// Stripe's request id, where there was an answer.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::KeyRejected { request_id }
            | Self::Refused { request_id, .. }
            | Self::Http(HttpError::Server { request_id, .. }) => request_id.as_deref(),
            _ => None,
        }
    }
}

/// Stripe names the permission in its message only (facts: "Having the 'rak_...' permission").
fn word_between(text: &str, before: &str, after: &str) -> Option<String> {
    let (_, rest) = text.split_once(before)?;
    let (word, _) = rest.split_once(after)?;
    let plain = word.len() <= 100 && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    plain.then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status,
            request_id: Some("req_1".into()),
            as_of: 0,
            replayed: false,
            version: None,
            took: std::time::Duration::ZERO,
            rate: None,
            body: body.to_owned().into(),
        }
    }

    #[test]
    fn refusals_are_told_apart() {
        let missing = answer(
            403,
            r#"{"error":{"type":"invalid_request_error","message":"The provided key 'rk_test_****qs8Kgd' does not have the required permissions for this endpoint on account 'acct_1'. Having the 'rak_charge_read' permission would allow this request to continue."}}"#,
        );
        assert_eq!(
            StripeError::read(&missing),
            StripeError::PermissionMissing {
                permission: "rak_charge_read".into(),
                account: Some("acct_1".into())
            }
        );
        let aged = answer(
            400,
            r#"{"error":{"type":"invalid_request_error","message":"evt_1 is no longer available because it's aged out of our retention policy","param":"starting_after"}}"#,
        );
        assert_eq!(StripeError::read(&aged), StripeError::CursorLost);
        assert!(matches!(StripeError::read(&answer(401, "{}")), StripeError::KeyRejected { .. }));
        assert!(matches!(StripeError::read(&answer(402, "{}")), StripeError::Refused { status: 402, .. }));
    }
}
