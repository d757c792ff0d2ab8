//! The rules of stuck orders, read plainly off what the world serves: slow, without any knowledge of how it was made.
//!
//! Only which objects belong to one order is taken from the ledger.

use foredeck_sandbox::LedgerOrder;
use foredeck_sandbox::backoffice::{Books, Faults};
use foredeck_sandbox::shop::{Needs, Thresholds};
use foredeck_sandbox::world::{Kind, World};
use serde_json::Value;
use std::collections::BTreeMap;

const DAY_S: i64 = 86_400;

/// A finding as the rules have it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    pub rule: &'static str,
    pub subject: String,
    pub needs: Needs,
    pub opens_at: i64,
    pub closes_at: Option<i64>,
}

/// Everything about one order, as the API shows it.
struct Order<'a> {
    ledger: &'a LedgerOrder,
    sessions: Vec<Value>,
    intents: Vec<Value>,
    charges: Vec<Value>,
    refunds: Vec<Value>,
    disputes: Vec<Value>,
    credits: bool,
}

struct Reader<'a> {
    world: &'a World,
    thresholds: &'a Thresholds,
    rows: BTreeMap<String, String>,
    found: Vec<Found>,
}

fn at(object: &Value) -> i64 {
    object["created"].as_i64().unwrap()
}

fn is(object: &Value, field: &str, word: &str) -> bool {
    object[field].as_str() == Some(word)
}

fn usable(metadata: &Value) -> Option<&str> {
    metadata["preorderId"].as_str().filter(|id| !["", "undefined", "null"].contains(&id.trim()))
}

fn plain(email: &str) -> String {
    email.trim().to_lowercase()
}

/// All findings that the rules see in a world, whenever they are open.
pub fn read(world: &World, thresholds: &Thresholds) -> Vec<Found> {
    let ledger = world.ledger();
    let books = Books::of(world, &Faults::none());
    let rows = books.preorders.into_iter().map(|row| (row.id, row.status)).collect();
    let mut reader = Reader { world, thresholds, rows, found: Vec::new() };
    let mut line_items: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let orders: Vec<Order> = ledger
        .orders
        .iter()
        .map(|order| {
            let all =
                |ids: &[String]| -> Vec<Value> { ids.iter().map(|id| world.object(id).unwrap()).collect() };
            let sessions = all(&order.session_ids);
            for session in &order.session_ids {
                let items = world.line_items(session).unwrap()["data"].as_array().unwrap().clone();
                line_items.insert(session.clone(), items);
            }
            let intents = all(&order.intent_ids);
            let tagged = sessions
                .iter()
                .chain(&intents)
                .any(|o| ["plan", "planId", "credits"].iter().any(|key| !o["metadata"][key].is_null()));
            Order {
                ledger: order,
                sessions,
                intents,
                charges: all(&order.charge_ids),
                refunds: all(&order.refund_ids),
                disputes: all(&order.dispute_ids),
                credits: order.plan.is_some() || tagged,
            }
        })
        .collect();
    for order in &orders {
        reader.aftermath(order);
        if !order.credits {
            reader.paying(order);
            reader.missing(order);
            reader.metadata(order);
            reader.sums(order, &line_items);
            reader.steps(order);
        }
    }
    let orders: Vec<&Order> = orders.iter().filter(|o| !o.credits).collect();
    reader.people(&orders);
    reader.shared(&orders);
    reader.deliveries();
    reader.found
}

impl Order<'_> {
    fn charges_of(&self, intent: &Value) -> Vec<&Value> {
        self.charges.iter().filter(|c| c["payment_intent"] == intent["id"]).collect()
    }

    fn taken(&self, intent: &Value) -> Option<&Value> {
        self.charges_of(intent).into_iter().find(|c| is(c, "status", "succeeded") && c["captured"] == true)
    }

    fn session_of(&self, intent: &Value) -> Option<&Value> {
        self.sessions.iter().find(|s| s["payment_intent"] == intent["id"])
    }

    fn kept_payments(&self) -> Vec<&Value> {
        self.intents.iter().filter(|i| self.taken(i).is_some_and(|c| c["refunded"] == false)).collect()
    }
}

impl Reader<'_> {
    fn find(&mut self, rule: &'static str, subject: &Value, base: i64) {
        self.find_with(rule, subject, base, None, Needs::Stripe);
    }

    fn find_with(
        &mut self,
        rule: &'static str,
        subject: &Value,
        base: i64,
        lasts_s: Option<i64>,
        needs: Needs,
    ) {
        let subject = subject.as_str().unwrap().to_owned();
        let (opens_at, closes_at) = (base + self.thresholds.of(rule), lasts_s.map(|lasts_s| base + lasts_s));
        self.found.push(Found { rule, subject, needs, opens_at, closes_at });
    }

    /// The instant of the newest event of a type about an object.
    fn event(&self, object: &Value, types: &[&str]) -> Option<i64> {
        let id = object["id"].as_str()?;
        let of = |e: &&foredeck_sandbox::world::Event| e.object_id == id && types.contains(&e.type_.as_str());
        self.world.events().iter().rev().find(of).map(|e| e.created)
    }

    fn paid_at(&self, intent: &Value) -> i64 {
        self.event(intent, &["payment_intent.succeeded"]).unwrap()
    }

    fn paying(&mut self, order: &Order) {
        let id = Value::from(order.ledger.id.as_str());
        let paid = order.ledger.paid;
        for intent in &order.intents {
            let session = order.session_of(intent);
            if let Some(charge) = order.taken(intent).filter(|c| c["refunded"] == false) {
                let paid_at = self.paid_at(intent);
                let open = |s: &Value| {
                    is(s, "status", "open")
                        || (is(s, "status", "complete") && is(s, "payment_status", "unpaid"))
                };
                let row = self.rows.get(&order.ledger.id).cloned().unwrap_or_default();
                let row_paid =
                    ["paid", "completed", "refunded", "partially_refunded"].contains(&row.as_str());
                if session.is_some_and(open) {
                    self.find("paid_not_completed", &id, paid_at);
                } else if !row_paid {
                    self.find_with("paid_not_completed", &id, paid_at, None, Needs::ShopRows);
                }
                if order.sessions.is_empty() && usable(&intent["metadata"]).is_none() {
                    self.find("orphan_payment", &charge["id"], paid_at);
                }
            }
            if is(intent, "status", "requires_capture") {
                let charge =
                    order.charges_of(intent).into_iter().find(|c| is(c, "status", "succeeded")).unwrap();
                let before = charge["payment_method_details"]["card"]["capture_before"].as_i64().unwrap();
                self.find("authorisation_lapsing", &id, before);
            }
            if paid {
                continue;
            }
            let declined =
                !intent["last_payment_error"].is_null() && is(intent, "status", "requires_payment_method");
            let asked = is(intent, "status", "requires_action");
            let processing = is(intent, "status", "processing");
            match session {
                Some(s) if is(s, "status", "open") => {
                    if declined || asked {
                        self.find("expires_after_attempt", &s["id"], s["expires_at"].as_i64().unwrap());
                    } else {
                        self.find("processing_too_long", &id, at(intent));
                    }
                }
                Some(s) if processing => {
                    let completed = self.event(s, &["checkout.session.completed"]).unwrap();
                    self.find("async_pending_too_long", &id, completed);
                }
                None if processing => self.find("processing_too_long", &id, at(intent)),
                _ => {}
            }
            if asked {
                let since = self.event(intent, &["payment_intent.requires_action"]).unwrap();
                self.find("requires_action_stale", &id, since);
            }
        }
        let in_flight = |i: &Value| {
            ["requires_action", "processing", "requires_capture"].contains(&i["status"].as_str().unwrap())
        };
        let newest = order.charges.iter().max_by_key(|c| at(c)).filter(|c| is(c, "status", "failed"));
        if let Some(charge) = newest
            && !paid
            && !order.intents.iter().any(in_flight)
        {
            let failed = self.event(charge, &["charge.failed"]).unwrap();
            self.find_with("payment_failed", &id, failed, Some(30 * DAY_S), Needs::Stripe);
        }
    }

    fn missing(&mut self, order: &Order) {
        let id = Value::from(order.ledger.id.as_str());
        let all = || order.sessions.iter().chain(&order.intents).chain(&order.charges);
        let has = |found: &dyn Fn(&Value) -> bool| all().any(found);
        let customer_email = all().any(|o| {
            let customer = o["customer"].as_str().and_then(|id| self.world.object(id));
            customer.is_some_and(|c| c["email"].is_string())
        });
        let email = customer_email
            || has(&|o| {
                o["metadata"]["email"].is_string()
                    || o["customer_email"].is_string()
                    || o["customer_details"]["email"].is_string()
                    || o["receipt_email"].is_string()
                    || o["billing_details"]["email"].is_string()
            });
        let color = has(&|o| o["metadata"]["color"].is_string());
        let address = has(&|o| {
            o["shipping"]["address"]["line1"].is_string()
                || o["collected_information"]["shipping_details"]["address"]["line1"].is_string()
        });
        let attempt = order.intents.iter().map(at).min();
        if let Some(base) = order.ledger.paid_at.or(attempt)
            && !email
        {
            self.find("missing_email", &id, base);
        }
        if let Some(paid_at) = order.ledger.paid_at {
            if !color {
                self.find("missing_color", &id, paid_at);
            }
            if !address {
                self.find("missing_address", &id, paid_at);
            }
        }
    }

    fn metadata(&mut self, order: &Order) {
        for session in &order.sessions {
            let own = usable(&session["metadata"]);
            let intent = session["payment_intent"].as_str().and_then(|id| self.world.object(id));
            let other = intent.as_ref().and_then(|i| i["metadata"]["preorderId"].as_str());
            let differ = own.is_some_and(|own| other.is_some_and(|other| other != own));
            if own.is_none() || differ {
                self.find("metadata_broken", &session["id"], at(session));
            } else if session["metadata"]["userId"].is_null() {
                self.find_with("metadata_broken", &session["id"], at(session), None, Needs::UserIds);
            }
        }
    }

    fn sums(&mut self, order: &Order, line_items: &BTreeMap<String, Vec<Value>>) {
        let prices = self.world.objects(Kind::Price);
        for session in &order.sessions {
            let items = &line_items[session["id"].as_str().unwrap()];
            let listed = |item: &Value| prices.iter().find(|p| p["id"] == item["price"]["id"]);
            let discounted = session["discounts"].as_array().is_some_and(|d| !d.is_empty());
            if items.iter().all(|item| listed(item).is_some()) {
                let sum: i64 = items
                    .iter()
                    .map(|i| {
                        listed(i).unwrap()["unit_amount"].as_i64().unwrap() * i["quantity"].as_i64().unwrap()
                    })
                    .sum();
                if !discounted && session["amount_total"].as_i64() != Some(sum) {
                    self.find("wrong_amount", &session["id"], at(session));
                }
            }
            for item in items {
                let active: Vec<&Value> = prices
                    .iter()
                    .filter(|p| p["product"] == item["price"]["product"] && p["active"] == true)
                    .collect();
                let same: Vec<&&Value> =
                    active.iter().filter(|p| p["currency"] == session["currency"]).collect();
                if !active.is_empty() && same.is_empty() {
                    self.find("wrong_currency", &session["id"], at(session));
                }
                let made_up = listed(item).is_none();
                if made_up
                    && !same.is_empty()
                    && !same.iter().any(|p| p["unit_amount"] == item["price"]["unit_amount"])
                {
                    self.find("wrong_amount", &session["id"], at(session));
                }
            }
        }
    }

    fn steps(&mut self, order: &Order) {
        let Some(paid_at) = order.ledger.paid_at else { return };
        if let Some(session) = order.sessions.iter().find(|s| at(s) > paid_at) {
            self.find("steps_out_of_order", &session["id"], at(session));
        }
    }

    fn aftermath(&mut self, order: &Order) {
        let id = Value::from(order.ledger.id.as_str());
        for dispute in &order.disputes {
            if ["needs_response", "under_review"].contains(&dispute["status"].as_str().unwrap()) {
                self.find("dispute_open", &dispute["id"], at(dispute));
            }
        }
        for charge in &order.charges {
            let refunds: Vec<&Value> = order.refunds.iter().filter(|r| r["charge"] == charge["id"]).collect();
            let Some(newest) = refunds.iter().max_by_key(|r| at(r)) else { continue };
            if is(newest, "status", "failed") || is(newest, "status", "canceled") {
                let base = self.event(newest, &["refund.failed"]).unwrap_or(at(newest));
                self.find("refund_failed", &newest["id"], base);
            }
            let done: Vec<&&Value> = refunds.iter().filter(|r| is(r, "status", "succeeded")).collect();
            let sum: i64 = done.iter().map(|r| r["amount"].as_i64().unwrap()).sum();
            let row = self.rows.get(&order.ledger.id).map(String::as_str);
            if sum > 0
                && Some(sum) < charge["amount_captured"].as_i64()
                && matches!(row, Some("completed" | "paid"))
                && !order.credits
            {
                let base = done.iter().map(|r| at(r)).max().unwrap();
                self.find_with("partial_refund_completed", &id, base, None, Needs::ShopRows);
            }
        }
    }

    fn people(&mut self, orders: &[&Order]) {
        let mut by_person: BTreeMap<String, Vec<&Order>> = BTreeMap::new();
        for order in orders {
            if let Some(email) = &order.ledger.email {
                by_person.entry(plain(email)).or_default().push(order);
            }
        }
        for orders in by_person.values() {
            let mut by_color: BTreeMap<&str, Vec<&&Order>> = BTreeMap::new();
            for order in orders.iter().filter(|o| o.ledger.kept) {
                by_color.entry(order.ledger.color.as_deref().unwrap_or_default()).or_default().push(order);
            }
            for (color, kept) in by_color {
                if !color.is_empty() && kept.len() > 1 {
                    let later = kept.iter().max_by_key(|o| o.ledger.paid_at).unwrap();
                    let id = Value::from(later.ledger.id.as_str());
                    self.find("paid_twice", &id, later.ledger.paid_at.unwrap());
                }
            }
        }
        let mut sessions: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
        for session in orders.iter().flat_map(|o| &o.sessions) {
            if let Some(email) = session["metadata"]["email"].as_str() {
                sessions.entry(plain(email)).or_default().push(session);
            }
        }
        for (email, sessions) in sessions {
            self.several(sessions, by_person.get(&email).map_or(&[], Vec::as_slice));
        }
        for order in orders {
            let kept = order.kept_payments();
            if kept.len() > 1 {
                let later = kept.iter().map(|i| self.paid_at(i)).max().unwrap();
                self.find("paid_twice", &Value::from(order.ledger.id.as_str()), later);
            }
        }
    }

    fn several(&mut self, mut sessions: Vec<&Value>, orders: &[&Order]) {
        sessions.sort_by_key(|s| at(s));
        for three in sessions.windows(3) {
            let first = at(three[0]);
            let complete = sessions.iter().any(|s| at(s) >= first && is(s, "status", "complete"));
            let paid = orders.iter().any(|o| o.ledger.paid_at.is_some_and(|paid| paid >= first));
            if at(three[2]) - first <= 7 * DAY_S && !complete && !paid {
                let (id, base) = (&three[2]["id"], at(three[2]));
                self.find_with("several_sessions", id, base, Some(14 * DAY_S), Needs::Stripe);
            }
        }
    }

    fn shared(&mut self, orders: &[&Order]) {
        let mut first: BTreeMap<String, BTreeMap<String, (i64, Value)>> = BTreeMap::new();
        for order in orders {
            for object in order.sessions.iter().chain(&order.intents) {
                let Some(id) = usable(&object["metadata"]) else { continue };
                let Some(email) = object["metadata"]["email"].as_str() else { continue };
                let entry = first.entry(id.to_owned()).or_default();
                let here = (at(object), Value::from(order.ledger.id.as_str()));
                let there = entry.entry(plain(email)).or_insert_with(|| here.clone());
                there.0 = there.0.min(here.0);
            }
        }
        for people in first.into_values().filter(|people| people.len() > 1) {
            let (base, id) = people.into_values().max_by_key(|(at, _)| *at).unwrap();
            self.find("shared_preorder_id", &id, base);
        }
    }

    fn deliveries(&mut self) {
        let pending: Vec<(String, i64)> = self
            .world
            .events()
            .iter()
            .filter(|e| e.pending_webhooks() > 0)
            .map(|e| (e.id.clone(), e.created))
            .collect();
        for (id, base) in pending {
            self.find("undelivered_event", &Value::from(id), base);
        }
    }
}
