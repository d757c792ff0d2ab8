//! Nodes: the newest state of each Stripe object, as rows. What changes them is in `offer`.

use super::object::ObjectState;
use crate::db::{Connection, DbResult, OptionalExtension, Row, rusqlite};
use crate::domain::kind::Kind;
use crate::facts::names::Key;

/// One node with its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Number of its Stripe id.
    pub key: Key,
    /// Its Stripe id.
    pub id: String,
    /// Its kind.
    pub kind: Kind,
    /// The instant its newest snapshot speaks of, unix seconds.
    pub as_of: i64,
    /// Two differing snapshots speak of its newest second.
    pub unsettled: bool,
    /// Earliest event that proves a payment, unix seconds.
    pub proof_at: Option<i64>,
    /// When an intent was first seen to wait for its buyer, or the event said that a session was completed, unix seconds.
    pub entered_at: Option<i64>,
    /// Latest event that says that a payment failed, unix seconds.
    pub failed_at: Option<i64>,
    /// Links by number: intent, charge, recovered from, customer.
    pub links: Links,
    /// The order it was last folded into.
    pub preorder: Option<i64>,
    /// The payment it was last part of: the number of its intent, else of its session or charge.
    pub payment: Option<Key>,
    /// Its state; link ids are empty here, see `links`.
    pub state: ObjectState,
}

/// Links of a node by number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Links {
    /// The intent it belongs to.
    pub intent: Option<Key>,
    /// The charge it belongs to.
    pub charge: Option<Key>,
    /// The session it was recovered from.
    pub recovered_from: Option<Key>,
    /// Its customer.
    pub customer: Option<Key>,
}

impl Node {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            key: row.get(0)?,
            id: row.get(1)?,
            kind: Kind::from_stored(row.get(2)?),
            unsettled: row.get(3)?,
            proof_at: row.get(4)?,
            preorder: row.get(5)?,
            links: Links {
                intent: row.get(6)?,
                charge: row.get(7)?,
                recovered_from: row.get(8)?,
                customer: row.get(9)?,
            },
            state: ObjectState {
                created: row.get(10)?,
                status: row.get(11)?,
                sub_status: row.get(12)?,
                amount: row.get(13)?,
                amount_part: row.get(14)?,
                currency: row.get(15)?,
                email: row.get(16)?,
                name: row.get(17)?,
                preorder_id: row.get(18)?,
                user_id: row.get(19)?,
                color: row.get(20)?,
                locale: row.get(21)?,
                source: row.get(22)?,
                attempted: row.get(23)?,
                detail: row.get(24)?,
                expires_at: row.get(25)?,
                deleted: row.get(26)?,
                plan: row.get(28)?,
                credits: row.get(29)?,
                address: row.get(33)?,
                ..ObjectState::default()
            },
            as_of: row.get(27)?,
            payment: row.get(30)?,
            entered_at: row.get(31)?,
            failed_at: row.get(32)?,
        })
    }
}

/// Reads a node; None when the object was only ever referred to.
///
/// # Errors
/// The read failed.
pub fn find_node(connection: &Connection, key: Key) -> DbResult<Option<Node>> {
    Ok(connection
        .prepare_cached(
            "SELECT n.key, s.id, n.kind, n.unsettled, n.proof_at, n.preorder, n.intent, n.charge, n.recovered_from, n.customer,
                    n.created, n.status, n.sub_status, n.amount, n.amount_part, n.currency, n.email, n.name, n.preorder_id,
                    n.user_id, n.color, n.locale, n.source, n.attempted, n.detail, n.expires_at, n.deleted, n.as_of,
                    n.plan, n.credits, n.payment, n.entered_at, n.failed_at, n.address
             FROM node n JOIN stripe_id s ON s.key = n.key WHERE n.key = ?1",
        )?
        .query_row([key], Node::read)
        .optional()?)
}

/// Lists a numeric column of a query with one parameter.
pub(super) fn list_keys<P: rusqlite::ToSql>(
    connection: &Connection,
    sql: &str,
    parameter: P,
) -> DbResult<Vec<Key>> {
    let mut statement = connection.prepare_cached(sql)?;
    let keys = statement.query_map([parameter], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(keys)
}
