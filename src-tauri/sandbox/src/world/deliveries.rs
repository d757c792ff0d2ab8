//! Webhook endpoints and the simulated delivery of events to them.

use super::{Due, Told, World};
use crate::config::API_VERSION;
use crate::json::Metadata;
use crate::objects::{Endpoint, Health, Kind, Object};
use serde::{Deserialize, Serialize};

/// Stripe tries again after these seconds, for about three days.
const RETRY_AFTER_S: [i64; 12] =
    [60, 300, 1_800, 7_200, 18_000, 36_000, 43_200, 43_200, 43_200, 43_200, 43_200, 43_200];

/// Path of the shop's own webhook endpoint.
pub(crate) const FIRST_ENDPOINT: &str = "/api/stripe/webhook";
/// Path of the one that a shop which sells credits has beside it.
pub(crate) const SECOND_ENDPOINT: &str = "/api/payment/webhook";
const COMPLETED: &str = "checkout.session.completed";

/// Where the delivery of one event to one endpoint stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Not tried yet, or to be tried again.
    Pending,
    /// Taken.
    Delivered,
    /// Given up.
    Failed,
}

#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub endpoint: String,
    pub state: DeliveryState,
    /// This one delivery is refused whatever the endpoint's health.
    pub refused: bool,
}

impl Delivery {
    pub(super) fn new(endpoint: &str) -> Delivery {
        Delivery { endpoint: endpoint.to_owned(), state: DeliveryState::Pending, refused: false }
    }
}

impl World {
    /// Registers a webhook endpoint. Nothing is really sent to it.
    pub fn new_endpoint(&mut self, url: &str, enabled_events: &[&str]) -> String {
        let id = self.mint("we_1", 23);
        let secret = self.mint("whsec_", 32);
        self.add(Object::Endpoint(Box::new(Endpoint {
            id: id.clone(),
            created: self.now,
            url: url.to_owned(),
            enabled: true,
            enabled_events: enabled_events.iter().map(|&t| t.to_owned()).collect(),
            description: None,
            api_version: Some(API_VERSION.to_owned()),
            metadata: Metadata::new(),
            secret,
            health: Health::Healthy,
        })));
        id
    }

    /// The shop's second webhook endpoint takes completed checkouts too, as the first does: each is told twice.
    /// It is registered where there is none.
    pub fn overlap_endpoints(&mut self) -> String {
        let second = self.shelf(Kind::Endpoint).oldest_first().find_map(|object| match object {
            Object::Endpoint(e) if e.url.ends_with(SECOND_ENDPOINT) => Some(e.id.clone()),
            _ => None,
        });
        let id = second.unwrap_or_else(|| self.second_endpoint());
        if let Ok(endpoint) = self.endpoint_mut(&id)
            && !endpoint.takes(COMPLETED)
        {
            endpoint.enabled_events.push(COMPLETED.to_owned());
        }
        id
    }

    /// Registers the shop's second webhook endpoint, which takes payments and refunds.
    pub(crate) fn second_endpoint(&mut self) -> String {
        let url = format!("https://shop.example.com{SECOND_ENDPOINT}");
        self.new_endpoint(&url, &["payment_intent.succeeded", "charge.refunded"])
    }

    /// Makes the server behind an endpoint behave well or badly.
    pub fn set_endpoint_health(&mut self, id: &str, health: Health) -> Told<()> {
        self.endpoint_mut(id)?.health = health;
        Ok(())
    }

    /// Disables or enables an endpoint.
    pub fn enable_endpoint(&mut self, id: &str, enabled: bool) -> Told<()> {
        self.endpoint_mut(id)?.enabled = enabled;
        Ok(())
    }

    /// Removes an endpoint.
    pub fn delete_endpoint(&mut self, id: &str) -> Told<()> {
        self.remove(Kind::Endpoint, id)
    }

    /// Has every endpoint refuse this one event, until it is resent by hand.
    pub fn refuse_deliveries_of(&mut self, event: &str) {
        if let Some(event) = self.log_mut().get_mut(event) {
            for delivery in &mut event.deliveries {
                delivery.refused = true;
                delivery.state = DeliveryState::Pending;
            }
        }
    }

    /// Endpoints take this event again, at their next attempt.
    pub fn accept_deliveries_of(&mut self, event: &str) {
        if let Some(event) = self.log_mut().get_mut(event) {
            event.deliveries.iter_mut().for_each(|delivery| delivery.refused = false);
        }
    }

    /// Sends an event again to one endpoint, or to all that had it.
    pub fn resend(&mut self, event: &str, endpoint: Option<&str>) -> Told<()> {
        let known = self.log().get(event).filter(|e| self.shows(e));
        let Some(known) = known else { return Err(super::Refusal::no_such("notification", event)) };
        let targets: Vec<String> = known
            .deliveries
            .iter()
            .filter(|d| endpoint.is_none_or(|wanted| d.endpoint == wanted))
            .map(|d| d.endpoint.clone())
            .collect();
        if targets.is_empty() && endpoint.is_some() {
            return Err(super::Refusal::invalid(
                "The webhook endpoint did not have this event type enabled.",
            ));
        }
        if let Some(event) = self.log_mut().get_mut(event) {
            for delivery in event.deliveries.iter_mut().filter(|d| targets.contains(&d.endpoint)) {
                delivery.refused = false;
            }
        }
        for endpoint in targets {
            // Given-up attempts are over: a resend is one attempt, with no retries after it.
            let attempt = RETRY_AFTER_S.len() as u32 + 1;
            self.later(1, Due::Delivery { event: event.to_owned(), endpoint, attempt });
        }
        Ok(())
    }

    /// Endpoints that an event of this type goes to, with the seconds until the first attempt.
    pub(super) fn delivery_targets(&self, event_type: &str) -> Vec<(String, i64)> {
        self.shelf(Kind::Endpoint)
            .oldest_first()
            .filter_map(|object| match object {
                Object::Endpoint(e) if e.takes(event_type) => {
                    Some((e.id.clone(), if let Health::Slow(after_s) = e.health { after_s } else { 2 }))
                }
                _ => None,
            })
            .collect()
    }

    pub(super) fn deliver(&mut self, event: &str, endpoint: &str, attempt: u32) {
        let healthy = self.endpoint(endpoint).is_ok_and(|e| e.enabled && e.health != Health::Failing);
        let Some(known) = self.log_mut().get_mut(event) else { return };
        let Some(delivery) = known.deliveries.iter_mut().find(|d| d.endpoint == endpoint) else { return };
        if delivery.state == DeliveryState::Delivered {
            return;
        }
        if healthy && !delivery.refused {
            delivery.state = DeliveryState::Delivered;
            return;
        }
        match RETRY_AFTER_S.get(attempt as usize - 1) {
            Some(&after_s) => {
                let (event, endpoint) = (event.to_owned(), endpoint.to_owned());
                self.later(after_s, Due::Delivery { event, endpoint, attempt: attempt + 1 });
            }
            None => delivery.state = DeliveryState::Failed,
        }
    }
}
