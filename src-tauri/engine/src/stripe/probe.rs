//! What Stripe's documentation leaves open, asked of Stripe itself with a test key.
//!
//! The one write outside `actions`: a customer of test mode, made and deleted at a person's word, to see how an
//! idempotency key is replayed. With a live key there is no probe at all.

use super::{Stripe, StripeError};
use crate::domain::store::Mode;
use crate::http::{Call, Method, Priority, Probed, encode_segment};

/// Asks one question at a time.
pub struct Probe<'a> {
    stripe: &'a Stripe,
}

impl Stripe {
    /// A probe; None with a live key.
    pub fn probe(&self) -> Option<Probe<'_>> {
        (self.mode == Mode::Test).then_some(Probe { stripe: self })
    }
}

impl Probe<'_> {
    /// Reads a path with a query as it stands.
    ///
    /// # Errors
    /// There was no answer.
    pub async fn get(&self, path: &str, query: &str) -> Result<Probed, StripeError> {
        self.send(Method::Get, path.to_owned(), Some(query.to_owned()), None, None).await
    }

    /// Makes a customer of no name under an idempotency key.
    ///
    /// # Errors
    /// There was no answer.
    pub async fn make_customer(&self, idempotency_key: &str) -> Result<Probed, StripeError> {
        let body = "description=Foredeck+probe%2C+deleted+at+once".to_owned();
        self.send(
            Method::Post,
            "/v1/customers".to_owned(),
            None,
            Some(body),
            Some(idempotency_key.to_owned()),
        )
        .await
    }

    /// Deletes a customer that [`Probe::make_customer`] made.
    ///
    /// # Errors
    /// There was no answer.
    pub async fn delete_customer(&self, id: &str) -> Result<Probed, StripeError> {
        self.send(Method::Delete, format!("/v1/customers/{}", encode_segment(id)), None, None, None).await
    }

    async fn send(
        &self,
        method: Method,
        path: String,
        query: Option<String>,
        body: Option<String>,
        idempotency_key: Option<String>,
    ) -> Result<Probed, StripeError> {
        let call = Call {
            method,
            path,
            endpoint: "probe",
            query,
            body,
            idempotency_key,
            repeatable: false,
            priority: Priority::Normal,
        };
        Ok(self.stripe.http.probe(&call).await?)
    }
}
