//! Lists, a page at a time. That there is a next page, `links.next` says; its cursor alone is taken from it, and asked of this
//! very endpoint with the same filter, wherever the link leads.

use std::collections::BTreeSet;

use super::endpoints::Endpoint;
use super::reads::SeenEvent;
use super::{Klaviyo, KlaviyoError, Resource};
use crate::http::encode_segment;

/// What a list held.
#[derive(Debug)]
pub struct Listed<T> {
    /// What was read.
    pub rows: Vec<T>,
    /// Nothing was left out.
    pub complete: bool,
}

/// A list that is being read.
pub(super) struct Pages<'a> {
    client: &'a Klaviyo,
    endpoint: &'static Endpoint,
    query: String,
    /// What asks for the page that comes next; None after the last.
    asks: Option<String>,
    followed: BTreeSet<String>,
}

impl<'a> Pages<'a> {
    /// Nothing is asked yet.
    pub(super) fn new(client: &'a Klaviyo, endpoint: &'static Endpoint, query: String) -> Self {
        let asks = Some(query.clone());
        Self { client, endpoint, query, asks, followed: BTreeSet::new() }
    }

    /// The next page; None after the last.
    ///
    /// # Errors
    /// Klaviyo refused, could not be asked, or leads round in a circle.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Resource>>, KlaviyoError> {
        let Some(asks) = self.asks.take() else { return Ok(None) };
        let page = self.client.get(self.endpoint, asks).await?;
        if let Some(link) = &page.next {
            let cursor = self.client.cursor_of(self.endpoint, link)?;
            let joint = if self.query.is_empty() { "" } else { "&" };
            self.asks = Some(format!("{}{joint}page%5Bcursor%5D={}", self.query, encode_segment(&cursor)));
            if !self.followed.insert(cursor) {
                return Err(KlaviyoError::ListBroken { endpoint: self.endpoint.name, repeated: true });
            }
        }
        Ok(Some(page.data))
    }
}

/// Events of a metric that are being read: many, so that nobody holds more than a page of them.
pub struct EventPages<'a>(pub(super) Pages<'a>);

impl EventPages<'_> {
    /// The next page; None after the last.
    ///
    /// # Errors
    /// Klaviyo refused, or could not be asked.
    pub async fn next(&mut self) -> Result<Option<Vec<SeenEvent>>, KlaviyoError> {
        let page = self.0.next().await?;
        Ok(page.map(|rows| rows.iter().map(SeenEvent::read).collect()))
    }
}

impl Klaviyo {
    /// Reads a list, so many pages of it at most.
    pub(super) async fn list(
        &self,
        endpoint: &'static Endpoint,
        query: String,
        most: usize,
    ) -> Result<Listed<Resource>, KlaviyoError> {
        let mut pages = Pages::new(self, endpoint, query);
        let mut rows = Vec::new();
        for _ in 0..most {
            let Some(mut page) = pages.next().await? else { break };
            rows.append(&mut page);
        }
        Ok(Listed { rows, complete: pages.asks.is_none() })
    }

    fn cursor_of(&self, endpoint: &'static Endpoint, link: &str) -> Result<String, KlaviyoError> {
        let next = self.http.next_link(link);
        if let Some(host) = next.foreign {
            self.told.lock().expect("no panic while held").foreign_next.get_or_insert(host);
        }
        next.cursor.ok_or(KlaviyoError::ListBroken { endpoint: endpoint.name, repeated: false })
    }
}
