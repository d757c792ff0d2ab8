//! What plans are drawn from: one snapshot of the mirror, the settings, and the id the plan will have.

use serde_json::Value;

use super::plans::{NotPlanned, refused};
use crate::db::Connection;
use crate::domain::finding::FindingState;
use crate::domain::kind::Kind;
use crate::domain::settings::Settings;
use crate::facts::names::find_key;
use crate::projections::findings::find_finding;
use crate::projections::nodes::{Node, find_node};
use crate::queries::preorders::{PreorderRow, find_row};
use crate::queries::sheet::{find_order, raw_fact};

/// What a plan is drawn from.
pub struct Ground<'a> {
    /// A snapshot of the mirror.
    pub connection: &'a Connection,
    /// Settings in force.
    pub settings: &'a Settings,
    /// Whether real money moves.
    pub live: bool,
    /// Now, unix seconds.
    pub now: i64,
    /// The tail of the plan's id; what is made carries it.
    pub tail: &'a str,
}

/// An order and its objects, oldest first.
pub struct Order {
    /// Its row.
    pub row: PreorderRow,
    /// Its objects.
    pub nodes: Vec<Node>,
}

impl Order {
    /// Its objects of a kind, oldest first, those deleted left out.
    pub fn of(&self, kind: Kind) -> impl DoubleEndedIterator<Item = &Node> {
        self.nodes.iter().filter(move |node| node.kind == kind && !node.state.deleted)
    }

    /// Whether it was paid.
    pub fn is_paid(&self) -> bool {
        self.row.paid_at.is_some()
    }
}

impl Ground<'_> {
    /// The id of the action that this plan becomes.
    pub fn action_id(&self) -> String {
        format!("act_{}", self.tail)
    }

    /// The order an id names.
    ///
    /// # Errors
    /// It names none.
    pub fn order(&self, id: &str) -> Result<Order, NotPlanned> {
        let found = find_order(self.connection, id)?;
        let Some((row, nodes)) = found else {
            return Err(unknown(id));
        };
        Ok(Order { row, nodes })
    }

    /// The object of an id, of one of these kinds.
    ///
    /// # Errors
    /// The mirror has none, or it is of another kind.
    pub fn node(&self, id: &str, kinds: &[Kind]) -> Result<Node, NotPlanned> {
        let id = id.trim();
        let node = match find_key(self.connection, id)? {
            Some(key) => find_node(self.connection, key)?,
            None => None,
        };
        let node = node.filter(|node| !node.state.deleted).ok_or_else(|| unknown(id))?;
        if kinds.contains(&node.kind) {
            return Ok(node);
        }
        let wanted: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
        Err(refused(
            "OTHER_KIND",
            format!("{id:?} is a {}, not a {}", node.kind.as_str(), wanted.join(" or a ")),
            "Give the id of such an object; the order's page lists them.",
        ))
    }

    /// The finding of an id.
    ///
    /// # Errors
    /// There is none that stands now.
    pub fn finding(&self, id: &str) -> Result<KnownFinding, NotPlanned> {
        let id = id.trim();
        let found = find_finding(self.connection, id)?;
        let stands = found.and_then(|found| Some((found.stands(self.now)?, found)));
        let (state, found) = stands.ok_or_else(|| unknown(id))?;
        let order = match found.preorder {
            Some(key) => find_row(self.connection, key)?.map(|row| (row.id, row.email)),
            None => None,
        };
        Ok(KnownFinding { id: found.id, state, base_at: found.base_at, order })
    }

    /// The newest JSON of an object; null where the mirror has none.
    ///
    /// # Errors
    /// The read failed.
    pub fn json(&self, id: &str) -> Result<Value, NotPlanned> {
        let stored = raw_fact(self.connection, id)?;
        Ok(stored.and_then(|stored| serde_json::from_str(&stored.json).ok()).unwrap_or(Value::Null))
    }

    /// What an object's metadata says under the first of these names, and the name to write it under.
    pub fn metadata<'j>(object: &'j Value, names: &[String]) -> (String, Option<&'j str>) {
        let found = names.iter().find_map(|name| Some((name, object["metadata"][name.as_str()].as_str()?)));
        match found {
            Some((name, text)) => (name.clone(), Some(text)),
            None => (names.first().cloned().unwrap_or_default(), None),
        }
    }
}

/// A finding as plans see it.
pub struct KnownFinding {
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub state: FindingState,
    /// What it counts from, unix seconds.
    pub base_at: i64,
    /// The order it is about, and its e-mail.
    pub order: Option<(String, Option<String>)>,
}

fn unknown(id: &str) -> NotPlanned {
    let shown: String = id.chars().take(100).collect();
    refused(
        "NOT_FOUND",
        format!("nothing in this mirror is called {shown:?}"),
        "Check the id, or search by e-mail; a new order shows after the next poll.",
    )
}
