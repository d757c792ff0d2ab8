//! The shop's own site: it tells Klaviyo of preorders started and paid, late, and not always as one would wish.

use super::account::Account;
use super::catalogue::{STARTED, SUCCESS};
use super::config::{ShopSender, Spelling};
use super::events::{SentBy, Submitted};
use super::profiles::Given;
use crate::world::World;
use serde_json::{Map, Value, json};
use std::collections::HashSet;

/// How far the shop has told.
#[derive(Debug, Default)]
pub(crate) struct Shop {
    sessions: usize,
    events: usize,
    /// Preorders of which the start was told: a recovered checkout starts nothing new.
    started: HashSet<String>,
}

/// What happened to a preorder.
struct Happening<'a> {
    session: &'a str,
    names: &'a [&'static str; 2],
    time: i64,
}

impl Account {
    /// Looks at what is new in the shop, and puts on the way what its site will send.
    pub(super) fn shop_looks(&mut self, world: &World) {
        let Some(sender) = self.config.shop.clone() else { return };
        let sessions = world.sessions_from(self.shop.sessions);
        self.shop.sessions += sessions.len();
        for session in sessions {
            self.tell(world, &sender, &Happening { session: &session, names: &STARTED, time: 0 });
        }
        let paid = world.events().get(self.shop.events..).unwrap_or_default();
        self.shop.events = world.events().len();
        for event in paid {
            let words = ["checkout.session.completed", "checkout.session.async_payment_succeeded"];
            if words.contains(&event.type_.as_str()) {
                // Of a debit the first event says that nothing was paid yet, whatever is so by now.
                let unpaid = event.json()["data"]["object"]["payment_status"] == "unpaid";
                let happening = Happening { session: &event.object_id, names: &SUCCESS, time: event.created };
                if !unpaid {
                    self.tell(world, &sender, &happening);
                }
            }
        }
    }

    fn tell(&mut self, world: &World, sender: &ShopSender, happening: &Happening<'_>) {
        let Some(session) = world.object(happening.session) else { return };
        let tag = |key: &str| session["metadata"][key].as_str().map(str::to_owned);
        let paid = happening.names == &SUCCESS;
        // Credits are no preorders, and without e-mail there is nobody to tell about.
        let preorder = ["plan", "planId"].iter().all(|key| session["metadata"][key].is_null());
        let (Some(id), Some(email), true) = (tag("preorderId"), tag("email"), preorder) else { return };
        if !paid && !self.shop.started.insert(id.clone()) {
            return;
        }
        let draw = |purpose: u64| share_of(&id, purpose + if paid { 100 } else { 0 });
        if draw(1) >= sender.share {
            return;
        }
        let branded = match sender.spelling {
            Spelling::Plain => false,
            Spelling::Branded => true,
            Spelling::Mixed => draw(2) < 0.5,
        };
        let time = if paid { happening.time } else { session["created"].as_i64().unwrap_or_default() };
        let (soonest, latest) = sender.late_s;
        let late_s = |drawn: f64| soonest + ((latest - soonest).max(0) as f64 * drawn) as i64;
        let mut sent_at = vec![time + late_s(draw(3))];
        if draw(4) < sender.twice_share {
            sent_at.push(time + late_s(draw(3)) + 1 + late_s(draw(5)));
        }
        let currency = session["currency"].as_str().unwrap_or_default().to_owned();
        let minor = session["amount_total"].as_i64().unwrap_or_default();
        let wrong = draw(6) < sender.wrong_value_share;
        let value = if wrong { minor as f64 } else { major(minor, &currency) };
        for received_at in sent_at {
            let submitted = Submitted {
                metric: happening.names[usize::from(branded)].to_owned(),
                person: Given { email: Some(email.clone()), ..Given::default() },
                attributes: Map::new(),
                properties: properties(&session, &id),
                time,
                value: Some(value),
                currency: Some(currency.to_ascii_uppercase()),
                // Each send is its own to the shop's site: that is how one thing comes to be told twice.
                unique_id: Some(format!("site-{id}-{received_at}")),
                backfill: false,
                by: SentBy::Shop,
                received_at,
            };
            self.queue(received_at.max(self.now) + self.config.visible_after_s, submitted);
        }
    }
}

fn properties(session: &Value, preorder_id: &str) -> Map<String, Value> {
    let mut all = Map::new();
    for key in ["color", "locale", "source"] {
        if let Some(value) = session["metadata"][key].as_str() {
            all.insert(key.to_owned(), json!(value));
        }
    }
    all.insert("preorder_id".to_owned(), json!(preorder_id));
    all
}

/// An amount in the currency's own units.
fn major(minor: i64, currency: &str) -> f64 {
    let exponent = match currency {
        "jpy" | "krw" | "vnd" | "clp" => 0,
        "kwd" | "bhd" | "jod" | "omr" | "tnd" => 3,
        _ => 2,
    };
    minor as f64 / 10_f64.powi(exponent)
}

/// A number from 0 to 1 that follows from a preorder.
fn share_of(preorder_id: &str, purpose: u64) -> f64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325 ^ purpose.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    for byte in preorder_id.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash ^= hash >> 29;
    hash = hash.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    hash ^= hash >> 32;
    (hash >> 11) as f64 / (1_u64 << 53) as f64
}
