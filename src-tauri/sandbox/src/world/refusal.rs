//! Stripe's refusals: what an operation answers when it cannot be done.

use serde::Serialize;

/// An error in Stripe's shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// `invalid_request_error`, `card_error`, `idempotency_error` or `api_error`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Stripe's error code, if it has one.
    pub code: Option<&'static str>,
    /// The sentence.
    pub message: String,
    /// The parameter at fault, if one is.
    pub param: Option<String>,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.message, self.status)
    }
}

impl std::error::Error for Refusal {}

impl Refusal {
    /// A 400.
    pub(crate) fn invalid(message: impl Into<String>) -> Refusal {
        Refusal {
            status: 400,
            kind: "invalid_request_error",
            code: None,
            message: message.into(),
            param: None,
        }
    }

    pub(crate) fn no_such(kind: &str, id: &str) -> Refusal {
        Refusal {
            status: 404,
            code: Some("resource_missing"),
            param: Some(if kind == "checkout.session" { "session" } else { "id" }.to_owned()),
            ..Refusal::invalid(format!("No such {kind}: '{id}'"))
        }
    }

    pub(crate) fn missing(param: &str) -> Refusal {
        Refusal::invalid(format!("Missing required param: {param}.")).code("parameter_missing").param(param)
    }

    pub(crate) fn code(mut self, code: &'static str) -> Refusal {
        self.code = Some(code);
        self
    }

    pub(crate) fn param(mut self, param: &str) -> Refusal {
        self.param = Some(param.to_owned());
        self
    }

    pub(crate) fn status(mut self, status: u16) -> Refusal {
        self.status = status;
        self
    }
}
