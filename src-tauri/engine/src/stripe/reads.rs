//! Reads: lists page by page, and single objects, as bytes with the instant they speak of.

use std::ops::Range;

use serde_json::value::RawValue;
use stripe_client_core::{RequestBuilder, StripeMethod, StripeRequest};
use stripe_types::{RangeBoundsTs, RangeQueryTs};

use super::{Stripe, StripeError};
use crate::domain::kind::Kind;
use crate::domain::wire::{HeadWire, ListWire};
use crate::http::{Answer, Priority, encode_segment};

/// Objects a page.
const PAGE: i64 = 100;

/// One page of a list. Its text is read once; objects are kept as spans of the body.
pub struct Page {
    answer: Answer,
    has_more: bool,
    spans: Vec<Range<usize>>,
}

impl Page {
    fn read(answer: Answer) -> Result<Self, StripeError> {
        let body = std::str::from_utf8(&answer.body).map_err(|_| StripeError::Unexpected)?;
        let list: ListWire<'_> = serde_json::from_str(body).map_err(|_| StripeError::Unexpected)?;
        let start = |raw: &RawValue| raw.get().as_ptr() as usize - body.as_ptr() as usize;
        let spans = list.data.iter().map(|raw| start(raw)..start(raw) + raw.get().len()).collect();
        let has_more = list.has_more;
        Ok(Self { answer, has_more, spans })
    }

    /// The objects, newest first, as they came.
    pub fn raw(&self) -> impl DoubleEndedIterator<Item = &str> {
        // Spans of a body that was read as text begin and end where its values do.
        self.spans.iter().map(|span| std::str::from_utf8(&self.answer.body[span.clone()]).unwrap_or_default())
    }

    /// Ids and instants of creation, newest first.
    pub fn heads(&self) -> Vec<(String, Option<i64>)> {
        self.raw().map(head).collect()
    }

    /// The youngest and the oldest object's instants of creation.
    pub fn created(&self) -> Option<(i64, i64)> {
        let mut raw = self.raw();
        let newest = head(raw.next()?).1?;
        Some((newest, raw.next_back().map_or(Some(newest), |raw| head(raw).1)?))
    }

    /// The oldest object's id and creation: the cursor of the next page.
    pub fn last(&self) -> Option<(String, Option<i64>)> {
        let (id, created) = head(self.raw().next_back()?);
        (!id.is_empty()).then_some((id, created))
    }

    /// Whether there are older ones.
    pub fn has_more(&self) -> bool {
        self.has_more && !self.spans.is_empty()
    }

    /// How many objects.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The instant the page speaks of.
    pub fn as_of(&self) -> i64 {
        self.answer.as_of
    }
}

/// Which events to list.
#[derive(Debug, Clone, Default)]
pub struct EventQuery {
    /// Created at or after, unix seconds.
    pub from: Option<i64>,
    /// Older than this event.
    pub after: Option<String>,
    /// Only those not delivered to every endpoint.
    pub undelivered: bool,
}

/// Which sessions to list.
#[derive(Debug, Clone, Default)]
pub struct SessionQuery {
    /// Created at or after, unix seconds.
    pub from: Option<i64>,
    /// Created before, unix seconds.
    pub to: Option<i64>,
    /// Older than this session.
    pub after: Option<String>,
    /// Only open ones.
    pub open: bool,
}

fn head(object: &str) -> (String, Option<i64>) {
    let head: HeadWire<'_> = serde_json::from_str(object).unwrap_or_default();
    (head.id.owned().unwrap_or_default(), head.created.0)
}

fn between(from: Option<i64>, to: Option<i64>) -> Option<RangeQueryTs> {
    (from.is_some() || to.is_some()).then_some(RangeQueryTs::Bounds(RangeBoundsTs {
        gt: None,
        gte: from,
        lt: to,
        lte: None,
    }))
}

impl Stripe {
    /// Lists events, newest first.
    ///
    /// # Errors
    /// [`StripeError`]; `CursorLost` when `after` is gone.
    pub async fn list_events(&self, query: &EventQuery, priority: Priority) -> Result<Page, StripeError> {
        let mut request = stripe_core::event::ListEvent::new().limit(PAGE);
        if let Some(range) = between(query.from, None) {
            request = request.created(range);
        }
        if let Some(after) = &query.after {
            request = request.starting_after(after.clone());
        }
        if query.undelivered {
            request = request.delivery_success(false);
        }
        Page::read(self.send(request.build(), "events", priority, None).await?)
    }

    /// Lists sessions with their line items, newest first.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn list_sessions(&self, query: &SessionQuery, priority: Priority) -> Result<Page, StripeError> {
        let mut request = stripe_checkout::checkout_session::ListCheckoutSession::new()
            .limit(PAGE)
            .expand(vec!["data.line_items".to_owned()]);
        if let Some(range) = between(query.from, query.to) {
            request = request.created(range);
        }
        if let Some(after) = &query.after {
            request = request.starting_after(after.clone());
        }
        if query.open {
            request = request.status(stripe_shared::CheckoutSessionStatus::Open);
        }
        Page::read(self.send(request.build(), Kind::Session.as_str(), priority, None).await?)
    }

    /// Lists objects of a kind created in `[from, to)`, newest first.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn list(
        &self,
        kind: Kind,
        from: Option<i64>,
        to: Option<i64>,
        after: Option<&str>,
        priority: Priority,
    ) -> Result<Page, StripeError> {
        if kind == Kind::Session {
            let query = SessionQuery { from, to, after: after.map(str::to_owned), open: false };
            return self.list_sessions(&query, priority).await;
        }
        let request = list_request(kind, between(from, to), after).ok_or(StripeError::Unexpected)?;
        Page::read(self.send(request, kind.as_str(), priority, None).await?)
    }

    /// Lists the account's webhook endpoints, newest first. A list never carries their signing secrets.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn list_endpoints(&self, after: Option<&str>, priority: Priority) -> Result<Page, StripeError> {
        let mut request = stripe_misc::webhook_endpoint::ListWebhookEndpoint::new().limit(PAGE);
        if let Some(after) = after {
            request = request.starting_after(after);
        }
        Page::read(self.send(request.build(), Kind::Endpoint.as_str(), priority, None).await?)
    }

    /// Lists a path with a query as it stands, newest first.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn list_raw(&self, path: &str, query: &str) -> Result<Page, StripeError> {
        let mut request = RequestBuilder::new(StripeMethod::Get, path);
        request.query = Some(query.to_owned());
        Page::read(self.send(request, "look", Priority::Normal, None).await?)
    }

    /// Retrieves one object; its bytes and the instant they speak of.
    ///
    /// # Errors
    /// [`StripeError`]; `NotFound` when Stripe knows none.
    pub async fn retrieve(
        &self,
        kind: Kind,
        id: &str,
        priority: Priority,
    ) -> Result<(Box<RawValue>, i64), StripeError> {
        let path = format!("{}/{}", kind.list_path(), encode_segment(id));
        let mut request = RequestBuilder::new(StripeMethod::Get, path);
        if kind == Kind::Session {
            request.query = Some("expand[0]=line_items".to_owned());
        }
        raw(self.send(request, "retrieve", priority, None).await?)
    }

    /// The account behind the key: `(id, name)`. Restricted keys may not be allowed to ask.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn account(&self) -> Result<String, StripeError> {
        let answer = self
            .send(RequestBuilder::new(StripeMethod::Get, "/v1/account"), "account", Priority::Normal, None)
            .await?;
        let head: HeadWire<'_> = serde_json::from_slice(&answer.body).map_err(|_| StripeError::Unexpected)?;
        head.id.owned().ok_or(StripeError::Unexpected)
    }
}

fn raw(answer: Answer) -> Result<(Box<RawValue>, i64), StripeError> {
    let object: Box<RawValue> = serde_json::from_slice(&answer.body).map_err(|_| StripeError::Unexpected)?;
    Ok((object, answer.as_of))
}

fn list_request(kind: Kind, range: Option<RangeQueryTs>, after: Option<&str>) -> Option<RequestBuilder> {
    macro_rules! list {
        ($request:expr) => {{
            let mut request = $request.limit(PAGE);
            if let Some(range) = range {
                request = request.created(range);
            }
            if let Some(after) = after {
                request = request.starting_after(after);
            }
            Some(request.build())
        }};
    }
    match kind {
        Kind::Intent => list!(stripe_core::payment_intent::ListPaymentIntent::new()),
        Kind::Charge => list!(stripe_core::charge::ListCharge::new()),
        Kind::Refund => list!(stripe_core::refund::ListRefund::new()),
        Kind::Dispute => list!(stripe_core::dispute::ListDispute::new()),
        Kind::Customer => list!(stripe_core::customer::ListCustomer::new()),
        Kind::Product => list!(stripe_product::product::ListProduct::new()),
        Kind::Price => list!(stripe_product::price::ListPrice::new()),
        Kind::Session | Kind::Endpoint | Kind::Local | Kind::Other => None,
    }
}
