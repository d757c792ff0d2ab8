//! async-stripe's typed requests over our transport: for answers whose API version we asked for ourselves.

use bytes::Bytes;
use stripe_client_core::{CustomizedStripeRequest, RequestStrategy, StripeClient, StripeClientErr};

use super::{Stripe, StripeError};
use crate::http::Priority;

/// An error of a typed request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TypedError {
    /// The request failed.
    #[error(transparent)]
    Stripe(#[from] StripeError),
    /// The answer came and does not fit the type; its bytes are what they are.
    #[error("the answer does not fit the type: {0}")]
    Shape(String),
}

impl StripeClientErr for TypedError {
    fn deserialize_err(msg: impl std::fmt::Display) -> Self {
        Self::Shape(msg.to_string())
    }
}

impl StripeClient for Stripe {
    type Err = TypedError;

    async fn execute(&self, request: CustomizedStripeRequest) -> Result<Bytes, TypedError> {
        let (request, config) = request.into_pieces();
        let key = match config.request_strategy {
            Some(RequestStrategy::Idempotent(key)) => Some(key.as_str().to_owned()),
            _ => None,
        };
        Ok(self.send(request, "typed", Priority::Normal, key).await?.body)
    }
}
