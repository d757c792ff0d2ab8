//! The parts of a sheet: people, sessions, payments, links and ids that do not join.

use std::collections::BTreeMap;

use super::sheet::{IdConflict, LinkView, ObjectLine, PaymentView, Person, SessionView};
use super::stored_json::{FailureJson, SessionJson, find_stored, line_items};
use crate::db::{Connection, DbResult, OptionalExtension};
use crate::domain::kind::Kind;
use crate::facts::names::{Key, get_id};
use crate::projections::components::joins;
use crate::projections::nodes::{Node, find_node};

/// The nodes of one order, oldest first, and the order's own fields the parts need.
pub(super) struct Parts<'a> {
    pub connection: &'a Connection,
    pub order: i64,
    pub id: &'a str,
    pub email: Option<&'a str>,
    pub name: Option<&'a str>,
    pub nodes: Vec<Node>,
}

impl Parts<'_> {
    fn of(&self, kind: Kind) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(move |node| node.kind == kind)
    }

    /// Customers the objects name, then whoever is known by e-mail only.
    pub(super) fn people(&self) -> DbResult<Vec<Person>> {
        let mut keys: Vec<Key> = Vec::new();
        for key in self.nodes.iter().filter_map(|node| node.links.customer) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let mut people = Vec::new();
        for key in keys {
            let node = find_node(self.connection, key)?;
            let state = node.as_ref().map(|node| &node.state);
            let email = state.and_then(|state| state.email.clone());
            people.push(Person {
                customer_id: Some(get_id(self.connection, key)?),
                name: state.and_then(|state| state.name.clone()),
                deleted: state.is_some_and(|state| state.deleted),
                other_orders: self.other_orders(email.as_deref())?,
                email,
            });
        }
        if let Some(email) = self.email
            && !people.iter().any(|person| person.email.as_deref() == Some(email))
        {
            people.push(Person {
                customer_id: None,
                email: Some(email.to_owned()),
                name: self.name.map(str::to_owned),
                deleted: false,
                other_orders: self.other_orders(Some(email))?,
            });
        }
        Ok(people)
    }

    fn other_orders(&self, email: Option<&str>) -> DbResult<i64> {
        let Some(email) = email else { return Ok(0) };
        let count: Option<i64> = self
            .connection
            .prepare_cached("SELECT preorders FROM person WHERE email = ?1")?
            .query_row([email], |row| row.get(0))
            .optional()?;
        Ok((count.unwrap_or(0) - i64::from(self.email == Some(email))).max(0))
    }

    pub(super) fn sessions(&self) -> DbResult<Vec<SessionView>> {
        self.of(Kind::Session).map(|node| self.session(node)).collect()
    }

    fn session(&self, node: &Node) -> DbResult<SessionView> {
        let stored = find_stored(self.connection, node.key)?;
        let text = stored.as_ref().map_or("{}", |stored| stored.json.as_str());
        let json: SessionJson<'_> = serde_json::from_str(text).unwrap_or_default();
        let recovered_from = node.links.recovered_from.map(|key| get_id(self.connection, key)).transpose()?;
        Ok(SessionView {
            id: node.id.clone(),
            status: node.state.status.clone(),
            payment_status: node.state.sub_status.clone(),
            amount_minor: node.state.amount,
            currency: node.state.currency.clone(),
            created_at: node.state.created.unwrap_or_default(),
            expires_at: node.state.expires_at,
            url: json.url.owned(),
            recovery_url: json.after_expiration.0.recovery.0.url.owned(),
            recovered_from,
            line_items: line_items(self.connection, node.key, &json)?,
        })
    }

    /// Payments by intent; charges without one are payments of their own.
    pub(super) fn payments(&self) -> DbResult<Vec<PaymentView>> {
        let mut groups: BTreeMap<Key, Vec<&Node>> = BTreeMap::new();
        for node in &self.nodes {
            if let Some(key) = self.payment_of(node) {
                groups.entry(key).or_default().push(node);
            }
        }
        let mut payments =
            groups.into_iter().map(|(key, nodes)| self.payment(key, &nodes)).collect::<DbResult<Vec<_>>>()?;
        payments
            .sort_by(|a, b| (a.created_at, &a.payment_intent_id).cmp(&(b.created_at, &b.payment_intent_id)));
        Ok(payments)
    }

    /// The intent a node's money belongs to, else its charge, else (a refund of nothing known) itself.
    fn payment_of(&self, node: &Node) -> Option<Key> {
        let charge = match node.kind {
            Kind::Intent => return Some(node.key),
            Kind::Charge => node.key,
            Kind::Refund | Kind::Dispute => node.links.charge.unwrap_or(node.key),
            _ => return None,
        };
        let of_charge = || self.of(Kind::Charge).find(|other| other.key == charge)?.links.intent;
        Some(node.links.intent.or_else(of_charge).unwrap_or(charge))
    }

    fn payment(&self, key: Key, nodes: &[&Node]) -> DbResult<PaymentView> {
        let of = |kind: Kind| nodes.iter().copied().filter(move |node| node.kind == kind);
        let lines = |kind: Kind| of(kind).map(line).collect::<Vec<_>>();
        let intent = of(Kind::Intent).next();
        let named = intent.is_some() || nodes.iter().any(|node| node.links.intent == Some(key));
        let leading = intent.or_else(|| of(Kind::Charge).next_back()).or_else(|| nodes.first().copied());
        let failed = of(Kind::Charge).rfind(|node| node.state.status.as_deref() == Some("failed"));
        let (mut code, mut message) = self.failure(intent)?;
        if code.is_none() && message.is_none() {
            (code, message) = self.failure(failed)?;
        }
        Ok(PaymentView {
            payment_intent_id: named.then(|| get_id(self.connection, key)).transpose()?,
            status: leading.and_then(|node| node.state.status.clone()),
            amount_minor: leading.and_then(|node| node.state.amount),
            currency: leading.and_then(|node| node.state.currency.clone()),
            created_at: nodes.iter().filter_map(|node| node.state.created).min().unwrap_or_default(),
            failure_code: code,
            failure_message: message,
            charges: lines(Kind::Charge),
            refunds: lines(Kind::Refund),
            disputes: lines(Kind::Dispute),
        })
    }

    fn failure(&self, node: Option<&Node>) -> DbResult<(Option<String>, Option<String>)> {
        let Some(node) = node else { return Ok((None, None)) };
        let Some(stored) = find_stored(self.connection, node.key)? else { return Ok((None, None)) };
        let json: FailureJson<'_> = serde_json::from_str(&stored.json).unwrap_or_default();
        Ok(json.said())
    }

    /// Why the objects are one order.
    pub(super) fn links(&self) -> DbResult<Vec<LinkView>> {
        let mut links = Vec::new();
        for node in &self.nodes {
            let own = &node.links;
            let named: [(Option<Key>, &str); 2] = match node.kind {
                Kind::Session => [(own.intent, "session_intent"), (own.recovered_from, "recovered_from")],
                Kind::Charge => [(own.intent, "charge_intent"), (None, "")],
                Kind::Refund => [(own.charge.or(own.intent), "refund_charge"), (None, "")],
                Kind::Dispute => [(own.charge.or(own.intent), "dispute_charge"), (None, "")],
                _ => [(None, ""), (None, "")],
            };
            for (other, rule) in named {
                if let Some(other) = other {
                    links.push(link(&node.id, get_id(self.connection, other)?, rule));
                }
            }
            for other in self.operator_links(node.key)? {
                let known =
                    links.iter().any(|link: &LinkView| link.rule == "operator_link" && link.from == other);
                if !known {
                    links.push(link(&node.id, other, "operator_link"));
                }
            }
            if let Some(preorder_id) = &node.state.preorder_id {
                links.push(link(&node.id, preorder_id.clone(), "preorder_id"));
            }
        }
        Ok(links)
    }

    fn operator_links(&self, key: Key) -> DbResult<Vec<String>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT s.id FROM (SELECT b AS other FROM operator_link WHERE a = ?1
             UNION SELECT a FROM operator_link WHERE b = ?1) JOIN stripe_id s ON s.key = other",
        )?;
        let ids = statement.query_map([key], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(ids)
    }

    /// preorderIds that the objects carry or touch and that do not join them.
    pub(super) fn conflicts(&self) -> DbResult<Vec<IdConflict>> {
        let mut found: Vec<IdConflict> = Vec::new();
        let mut add = |preorder_id: String, reason: &str| {
            if !found.iter().any(|known| known.preorder_id == preorder_id) {
                found.push(IdConflict { preorder_id, reason: reason.to_owned() });
            }
        };
        for node in &self.nodes {
            let Some(id) = &node.state.preorder_id else { continue };
            if !joins(self.connection, id)? {
                add(id.clone(), "shared_by_many");
            } else if id != self.id {
                add(id.clone(), "two_ids");
            }
        }
        let mut touching = self.connection.prepare_cached(
            "SELECT DISTINCT p.id FROM node n JOIN preorder p ON p.key = n.preorder
             WHERE n.preorder <> ?2 AND n.key IN (
               SELECT intent FROM node WHERE key = ?1 UNION SELECT charge FROM node WHERE key = ?1
               UNION SELECT recovered_from FROM node WHERE key = ?1
               UNION SELECT key FROM node WHERE intent = ?1 UNION SELECT key FROM node WHERE charge = ?1
               UNION SELECT key FROM node WHERE recovered_from = ?1
               UNION SELECT b FROM operator_link WHERE a = ?1 UNION SELECT a FROM operator_link WHERE b = ?1)",
        )?;
        for node in &self.nodes {
            let others = touching.query_map([node.key, self.order], |row| row.get(0))?;
            for other in others.collect::<Result<Vec<String>, _>>()? {
                add(other, "two_ids");
            }
        }
        Ok(found)
    }
}

fn link(from: &str, to: String, rule: &str) -> LinkView {
    LinkView { from: from.to_owned(), to, rule: rule.to_owned() }
}

fn line(node: &Node) -> ObjectLine {
    ObjectLine {
        id: node.id.clone(),
        status: node.state.status.clone(),
        amount_minor: node.state.amount,
        currency: node.state.currency.clone(),
        created_at: node.state.created.unwrap_or_default(),
        reason: node.state.detail.clone(),
    }
}
