//! Which objects are one order: connected components over links, cut where two preorderIds meet.
//!
//! In: the keys of nodes that changed. Out: groups of nodes, each one order (docs/decisions/0004).

use std::collections::{BTreeMap, HashMap, HashSet};

use super::nodes::{Node, find_node, list_keys};
use crate::db::{Connection, DbResult, OptionalExtension, rusqlite};
use crate::domain::ids::{MAX_EMAILS_PER_PREORDER_ID, usable_preorder_id};
use crate::domain::kind::Kind;
use crate::facts::names::{Key, get_id};

/// The objects of one order.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// Its preorderId, where one joins it.
    pub preorder_id: Option<String>,
    /// Its nodes, by (created, id).
    pub nodes: Vec<Node>,
    /// It touches another preorderId, or carries one that is shared too widely.
    pub conflict: bool,
    /// An operator's link is among its links.
    pub operator_linked: bool,
}

/// Whether the file holds any of what most shops have none of; asked once a batch, which makes none.
#[derive(Debug, Clone, Copy)]
pub struct Rare {
    operator_links: bool,
    former_ids: bool,
}

impl Rare {
    /// Looks.
    ///
    /// # Errors
    /// A read failed.
    pub fn look(connection: &Connection) -> DbResult<Self> {
        Ok(connection
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM operator_link), EXISTS (SELECT 1 FROM former_preorder_id)",
            )?
            .query_row([], |row| Ok(Self { operator_links: row.get(0)?, former_ids: row.get(1)? }))?)
    }
}

/// A preorderId that some object carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carried {
    /// It joins its carriers.
    pub usable: bool,
    /// Objects of several e-mails carry it, or more objects than were looked at.
    pub by_several: bool,
}

/// Everything that may change when some nodes did.
#[derive(Debug)]
pub struct Neighbourhood {
    rare: Rare,
    nodes: BTreeMap<Key, Node>,
    seen: HashSet<Key>,
    edges: HashMap<Key, Vec<Key>>,
    operator_edges: HashSet<Key>,
    carried: HashMap<String, Carried>,
    foreign: HashSet<Key>,
    old_orders: HashSet<i64>,
}

impl Neighbourhood {
    /// Gathers whatever is connected to these nodes now, or was when they were last folded.
    ///
    /// # Errors
    /// A read failed.
    pub fn gather(connection: &Connection, seeds: &[Key], rare: Rare) -> DbResult<Self> {
        let mut found = Self {
            rare,
            nodes: BTreeMap::new(),
            seen: HashSet::new(),
            edges: HashMap::new(),
            operator_edges: HashSet::new(),
            carried: HashMap::new(),
            foreign: HashSet::new(),
            old_orders: HashSet::new(),
        };
        let mut waiting: Vec<Key> = seeds.to_vec();
        while let Some(key) = waiting.pop() {
            if found.seen.insert(key) {
                found.visit(connection, key, &mut waiting)?;
            }
        }
        Ok(found)
    }

    /// Orders these nodes were folded into before.
    pub fn old_orders(&self) -> impl Iterator<Item = i64> + '_ {
        self.old_orders.iter().copied()
    }

    fn visit(&mut self, connection: &Connection, key: Key, waiting: &mut Vec<Key>) -> DbResult<()> {
        let node = find_node(connection, key)?;
        let named = if node.is_none() { Some(get_id(connection, key)?) } else { None };
        let is_foreign = |node: &Node| !node.kind.belongs_to_orders();
        if node.as_ref().is_some_and(is_foreign) || named.as_deref().is_some_and(names_no_order) {
            // A customer, say: what is linked to it is not one order for that.
            self.foreign.insert(key);
            return Ok(());
        }
        let kind = node.as_ref().map(|node| node.kind);
        for (linked, sql) in [
            (Kind::Intent, "SELECT key FROM node WHERE intent = ?1"),
            (Kind::Charge, "SELECT key FROM node WHERE charge = ?1"),
            (Kind::Session, "SELECT key FROM node WHERE recovered_from = ?1"),
        ] {
            if kind.is_none_or(|kind| kind == linked) {
                for other in list_keys(connection, sql, key)? {
                    self.join(key, other, waiting);
                }
            }
        }
        if self.rare.operator_links {
            for other in operator_links(connection, key)? {
                self.operator_edges.extend([key, other]);
                self.join(key, other, waiting);
            }
        }
        if let Some(preorder_id) = named.as_deref().filter(|id| usable_preorder_id(id) == Some(id)) {
            // An operator's link can end in a preorderId.
            self.visit_preorder_id(connection, preorder_id, waiting)?;
            if self.joins(preorder_id) {
                for other in list_keys(connection, CARRIERS, preorder_id)? {
                    self.join(key, other, waiting);
                }
            }
        }
        let Some(node) = node else { return Ok(()) };
        let links = node.links;
        for other in [links.intent, links.charge, links.recovered_from].into_iter().flatten() {
            self.join(key, other, waiting);
        }
        if let Some(preorder_id) = &node.state.preorder_id {
            self.visit_preorder_id(connection, preorder_id, waiting)?;
        }
        if self.rare.former_ids {
            for former in former_ids(connection, key)? {
                self.visit_preorder_id(connection, &former, waiting)?;
            }
        }
        if let Some(order) = node.preorder
            && self.old_orders.insert(order)
        {
            waiting.extend(list_keys(connection, "SELECT key FROM node WHERE preorder = ?1", order)?);
        }
        self.nodes.insert(key, node);
        Ok(())
    }

    fn join(&mut self, one: Key, other: Key, waiting: &mut Vec<Key>) {
        self.edges.entry(one).or_default().push(other);
        self.edges.entry(other).or_default().push(one);
        waiting.push(other);
    }

    fn visit_preorder_id(
        &mut self,
        connection: &Connection,
        id: &str,
        waiting: &mut Vec<Key>,
    ) -> DbResult<()> {
        if self.carried.contains_key(id) {
            return Ok(());
        }
        let few = few_carriers(connection, id)?;
        let usable = match &few {
            Some(carriers) => carriers.emails <= MAX_EMAILS_PER_PREORDER_ID,
            None => joins(connection, id)?,
        };
        let by_several = few.as_ref().is_none_or(|carriers| carriers.emails > 1);
        self.carried.insert(id.to_owned(), Carried { usable, by_several });
        match few {
            Some(carriers) if usable => waiting.extend(carriers.keys),
            None if usable => waiting.extend(list_keys(connection, CARRIERS, id)?),
            _ => {}
        }
        if self.rare.operator_links {
            waiting.extend(linked_key(connection, id)?);
        }
        // What was its order until now may fall apart, or lose the name.
        if let Some(order) = order_named(connection, id)?
            && !self.old_orders.contains(&order)
        {
            waiting.extend(list_keys(connection, "SELECT key FROM node WHERE preorder = ?1", order)?);
        }
        Ok(())
    }

    fn joins(&self, id: &str) -> bool {
        self.carried.get(id).is_some_and(|carried| carried.usable)
    }

    /// The preorderIds that its objects carry or carried.
    pub fn carried(&self) -> HashMap<String, Carried> {
        self.carried.clone()
    }

    /// Cuts the neighbourhood into orders.
    pub fn groups(mut self) -> Vec<Group> {
        let nodes = std::mem::take(&mut self.nodes);
        let mut slots: BTreeMap<(Option<String>, Key), Group> = BTreeMap::new();
        let places: Vec<Option<(Option<String>, Key, bool)>> = {
            let labels = self.labels(&nodes);
            let owned = |place: &Place<'_>| (place.label.map(str::to_owned), place.root, place.contested);
            nodes.keys().map(|key| labels.get(key).map(owned)).collect()
        };
        for ((key, node), place) in nodes.into_iter().zip(places) {
            let Some((label, root, contested)) = place else { continue };
            let slot = if label.is_some() { (label.clone(), 0) } else { (None, root) };
            let group = slots.entry(slot).or_default();
            group.conflict |= contested || self.carries_unusable(&node);
            group.operator_linked |= self.operator_edges.contains(&key);
            group.preorder_id = label;
            group.nodes.push(node);
        }
        let mut groups: Vec<Group> = slots.into_values().collect();
        for group in &mut groups {
            group.nodes.sort_by(|a, b| age(a).cmp(&age(b)));
        }
        groups
    }

    fn carries_unusable(&self, node: &Node) -> bool {
        node.state.preorder_id.as_ref().is_some_and(|id| !self.joins(id))
    }

    fn own_label<'a>(&self, node: &'a Node) -> Option<&'a str> {
        let id = node.state.preorder_id.as_deref()?;
        self.joins(id).then_some(id)
    }

    /// Gives every key the label of the nearest labelled node over structural links.
    fn labels<'a>(&self, nodes: &'a BTreeMap<Key, Node>) -> HashMap<Key, Place<'a>> {
        let mut places = HashMap::new();
        let mut done: HashSet<Key> = HashSet::new();
        for start in nodes.keys() {
            if done.contains(start) {
                continue;
            }
            let members = self.reach(*start);
            done.extend(&members);
            self.label_component(nodes, &members, &mut places);
        }
        places
    }

    fn reach(&self, start: Key) -> Vec<Key> {
        let mut seen = HashSet::from([start]);
        let mut members = vec![start];
        let mut next = 0;
        while let Some(key) = members.get(next).copied() {
            next += 1;
            for other in
                self.edges.get(&key).into_iter().flatten().filter(|other| !self.foreign.contains(other))
            {
                if seen.insert(*other) {
                    members.push(*other);
                }
            }
        }
        members
    }

    fn label_component<'a>(
        &self,
        nodes: &'a BTreeMap<Key, Node>,
        members: &[Key],
        places: &mut HashMap<Key, Place<'a>>,
    ) {
        let root = members.iter().copied().min().unwrap_or_default();
        let mut sources: Vec<(&Node, &str)> = members
            .iter()
            .filter_map(|key| nodes.get(key))
            .filter_map(|node| Some((node, self.own_label(node)?)))
            .collect();
        sources.sort_by(|a, b| age(a.0).cmp(&age(b.0)));
        let contested = sources.iter().any(|(_, label)| *label != sources[0].1);
        if !contested {
            let label = sources.first().map(|(_, label)| *label);
            places.extend(members.iter().map(|key| (*key, Place { label, root, contested })));
            return;
        }
        // Breadth first from all sources, oldest source first: the nearest wins, ties go to the oldest.
        let mut rank: HashMap<Key, usize> = HashMap::new();
        let mut level: Vec<(Key, &str, usize)> =
            sources.iter().enumerate().map(|(order, (node, label))| (node.key, *label, order)).collect();
        while !level.is_empty() {
            level.sort_by_key(|(_, _, order)| *order);
            let mut next = Vec::new();
            for (key, label, order) in level {
                if rank.contains_key(&key) {
                    continue;
                }
                rank.insert(key, order);
                places.insert(key, Place { label: Some(label), root, contested });
                for other in self.edges.get(&key).into_iter().flatten() {
                    if !rank.contains_key(other) && !self.foreign.contains(other) {
                        next.push((*other, label, order));
                    }
                }
            }
            level = next;
        }
    }
}

struct Place<'a> {
    label: Option<&'a str>,
    root: Key,
    contested: bool,
}

/// What "earliest" means: created, then id.
pub fn age(node: &Node) -> (i64, &str) {
    (node.state.created.unwrap_or(i64::MAX), &node.id)
}

/// Whether a preorderId joins: carried by at most three different e-mails.
///
/// # Errors
/// The read failed.
pub fn joins(connection: &Connection, preorder_id: &str) -> DbResult<bool> {
    let mut statement =
        connection.prepare_cached("SELECT min(email) FROM node WHERE preorder_id = ?1 AND email > ?2")?;
    let mut last = String::new();
    for _ in 0..=MAX_EMAILS_PER_PREORDER_ID {
        let next: Option<String> = statement.query_row([preorder_id, &last], |row| row.get(0))?;
        match next {
            Some(email) => last = email,
            None => return Ok(true),
        }
    }
    Ok(false)
}

/// Objects that carry a preorderId, and how many e-mails they have.
struct Carriers {
    keys: Vec<Key>,
    emails: usize,
}

/// Reads the carriers of a preorderId in one go; None where they are many.
fn few_carriers(connection: &Connection, preorder_id: &str) -> DbResult<Option<Carriers>> {
    const FEW: usize = 50;
    let mut statement =
        connection.prepare_cached("SELECT key, email FROM node WHERE preorder_id = ?1 LIMIT 51")?;
    let mut rows = statement.query([preorder_id])?;
    let mut keys = Vec::new();
    let mut emails = HashSet::new();
    while let Some(row) = rows.next()? {
        keys.push(row.get(0)?);
        emails.extend(row.get::<_, Option<String>>(1)?);
    }
    Ok((keys.len() <= FEW).then_some(Carriers { keys, emails: emails.len() }))
}

/// Objects that carry a preorderId.
const CARRIERS: &str = "SELECT key FROM node WHERE preorder_id = ?1";

/// Whether an id is one of a kind that no order is made of.
fn names_no_order(id: &str) -> bool {
    ["cus_", "prod_", "price_"].iter().any(|prefix| id.starts_with(prefix))
}

fn order_named(connection: &Connection, id: &str) -> DbResult<Option<i64>> {
    Ok(connection
        .prepare_cached("SELECT key FROM preorder WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?)
}

fn operator_links(connection: &Connection, key: Key) -> DbResult<Vec<Key>> {
    list_keys(
        connection,
        "SELECT b FROM operator_link WHERE a = ?1 UNION SELECT a FROM operator_link WHERE b = ?1",
        key,
    )
}

/// The number of a preorderId that an operator linked something to.
fn linked_key(connection: &Connection, preorder_id: &str) -> DbResult<Option<Key>> {
    Ok(connection
        .prepare_cached(
            "SELECT key FROM stripe_id WHERE id = ?1
             AND EXISTS (SELECT 1 FROM operator_link WHERE a = key UNION ALL SELECT 1 FROM operator_link WHERE b = key)",
        )?
        .query_row([preorder_id], |row| row.get(0))
        .optional()?)
}

fn former_ids(connection: &Connection, key: Key) -> DbResult<Vec<String>> {
    let mut statement =
        connection.prepare_cached("SELECT preorder_id FROM former_preorder_id WHERE node = ?1")?;
    let ids = statement.query_map([key], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(ids)
}
