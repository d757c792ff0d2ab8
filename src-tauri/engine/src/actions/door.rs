//! The way to Klaviyo: actions ask for a client when they need one, since a connection and its key may change while they wait.

use std::pin::Pin;
use std::sync::Arc;

use crate::error::Problem;
use crate::klaviyo::{Klaviyo, KlaviyoError};

/// A future of a trait's method.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A client of the account that the store is connected to.
#[derive(Clone)]
pub struct Opened {
    /// The client.
    pub client: Arc<Klaviyo>,
    /// The account's public id.
    pub account: String,
}

/// What opens it.
pub trait OpensKlaviyo: Send + Sync {
    /// A client with the store's own key.
    fn open(&self) -> Later<'_, Result<Opened, Problem>>;

    /// Notes what a refusal to this client says of the connection, and until when Klaviyo asks to wait.
    fn note<'a>(&'a self, opened: &'a Opened, error: &'a KlaviyoError) -> Later<'a, ()>;

    /// Notes that it answered this client as it should: a trouble that passes has passed.
    fn note_answered<'a>(&'a self, opened: &'a Opened) -> Later<'a, ()>;
}
