//! The preorder sheet: one order with its people, payments, sessions, timeline, links and facts.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::findings::{self, FindingRow};
use super::funnel::FunnelCounts;
use super::preorders::PreorderRow;
use super::resolve::{resolve, tidy_text};
use super::rows::{find_row, list_numbers};
use super::sheet_parts::Parts;
use super::stored_json::{SessionJson, find_stored, line_items};
use super::timeline::timeline;
use crate::db::{Connection, DbResult};
use crate::domain::kind::Kind;
use crate::domain::store::Mode;
use crate::facts::events::find_event;
use crate::facts::names::{Key, find_key};
use crate::facts::snapshots::Origin;
use crate::projections::nodes::{Node, find_node};
use crate::projections::schema::require_current;

/// Objects of one order that a sheet shows; an order beyond that is damage, not a purchase.
const MOST_OBJECTS: i64 = 500;

/// Reads one order whole, by its id, a former one, or the id of one of its objects or their events; of a
/// customer, the newest order. None when the id names no order.
///
/// `dashboard` is the mode of an account at Stripe's own host; None leaves `stripe_url` out.
///
/// # Errors
/// An empty or too long id; stale projections; a failed read, a damaged body.
pub fn sheet(
    connection: &Connection,
    args: &SheetArgs,
    dashboard: Option<Mode>,
    now: i64,
) -> DbResult<Option<PreorderSheet>> {
    require_current(connection)?;
    let Some((order, _)) = resolve(connection, tidy_text(&args.id)?, 1)?.first().copied() else {
        return Ok(None);
    };
    let Some(row) = find_row(connection, order)? else { return Ok(None) };
    let nodes = list_nodes(connection, order)?;
    let parts = Parts {
        connection,
        order,
        id: &row.id,
        email: row.email.as_deref(),
        name: row.name.as_deref(),
        nodes,
    };
    Ok(Some(PreorderSheet {
        steps: steps(connection, order)?,
        people: parts.people()?,
        sessions: parts.sessions()?,
        payments: parts.payments()?,
        timeline: timeline(connection, &row.id, &parts.nodes)?,
        links: parts.links()?,
        former_ids: former_ids(connection, order, &row.id)?,
        conflicts: parts.conflicts()?,
        findings: findings::of_order(connection, order, now)?,
        facts: facts(connection, order)?,
        stripe_url: dashboard.and_then(|mode| stripe_url(&row, mode)),
        row,
    }))
}

/// Finds an order by any id that ever named it: its row and its objects, oldest first.
///
/// # Errors
/// An empty or too long id; stale projections; a failed read.
pub fn find_order(connection: &Connection, id: &str) -> DbResult<Option<(PreorderRow, Vec<Node>)>> {
    require_current(connection)?;
    let Some((order, _)) = resolve(connection, tidy_text(id)?, 1)?.first().copied() else {
        return Ok(None);
    };
    let Some(row) = find_row(connection, order)? else { return Ok(None) };
    Ok(Some((row, list_nodes(connection, order)?)))
}

/// Lists what a session sells.
///
/// # Errors
/// A failed read, a damaged body.
pub fn list_line_items(connection: &Connection, session: Key) -> DbResult<Vec<LineItem>> {
    let stored = find_stored(connection, session)?;
    let text = stored.as_ref().map_or("{}", |stored| stored.json.as_str());
    let json: SessionJson<'_> = serde_json::from_str(text).unwrap_or_default();
    line_items(connection, session, &json)
}

/// The nodes of an order, oldest first.
fn list_nodes(connection: &Connection, order: i64) -> DbResult<Vec<Node>> {
    let sql = "SELECT key FROM node WHERE preorder = ?1 LIMIT ?2";
    let mut nodes = Vec::new();
    for key in list_numbers(connection, sql, [order, MOST_OBJECTS])? {
        nodes.extend(find_node(connection, key)?);
    }
    nodes.sort_by(|a, b| crate::projections::components::age(a).cmp(&crate::projections::components::age(b)));
    Ok(nodes)
}

fn steps(connection: &Connection, order: i64) -> DbResult<FunnelCounts> {
    let reached: i64 = connection
        .prepare_cached("SELECT reached FROM preorder WHERE key = ?1")?
        .query_row([order], |row| row.get(0))?;
    let flag = |step: i64| i64::from(reached >= step);
    Ok(FunnelCounts {
        started: flag(1),
        checkout_opened: flag(2),
        payment_attempted: flag(3),
        paid: flag(4),
        kept: flag(5),
    })
}

fn former_ids(connection: &Connection, order: i64, id: &str) -> DbResult<Vec<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT f.preorder_id FROM node n JOIN former_preorder_id f ON f.node = n.key
         WHERE n.preorder = ?1 AND f.preorder_id <> ?2 ORDER BY 1",
    )?;
    let found = statement.query_map((order, id), |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(found)
}

fn facts(connection: &Connection, order: i64) -> DbResult<Vec<FactLine>> {
    let mut statement = connection.prepare_cached(
        "SELECT s.id, n.kind, n.as_of, n.origin, n.unsettled, n.deleted FROM node n JOIN stripe_id s ON s.key = n.key
         WHERE n.preorder = ?1 ORDER BY n.created, s.id LIMIT ?2",
    )?;
    let found = statement
        .query_map([order, MOST_OBJECTS], |row| {
            let kind = Kind::from_stored(row.get(1)?);
            let origin = Origin::from_stored(row.get(3)?).as_str();
            Ok(FactLine {
                object_id: row.get(0)?,
                kind: kind.as_str().to_owned(),
                as_of: row.get(2)?,
                origin: if kind == Kind::Local { "local" } else { origin }.to_owned(),
                unsettled: row.get(4)?,
                deleted: row.get(5)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// The order's page in Stripe's dashboard: the payment, else the session.
fn stripe_url(row: &PreorderRow, mode: Mode) -> Option<String> {
    let test = if mode == Mode::Test { "test/" } else { "" };
    let page = match (&row.payment_intent_id, &row.session_id) {
        (Some(intent), _) => format!("payments/{intent}"),
        (None, Some(session)) => format!("checkout/sessions/{session}"),
        (None, None) => return None,
    };
    Some(format!("https://dashboard.stripe.com/{test}{page}"))
}

/// Finds stored JSON: of an event, or the newest of an object. None when nothing of that id is stored.
///
/// # Errors
/// A failed read, a damaged body.
pub fn raw_fact(connection: &Connection, id: &str) -> DbResult<Option<RawFact>> {
    let id = id.trim();
    if let Some(event) = find_event(connection, id)? {
        return Ok(Some(RawFact {
            id: id.to_owned(),
            origin: Origin::Event.as_str().to_owned(),
            as_of: event.created,
            json: String::from_utf8_lossy(&event.bytes).into_owned(),
        }));
    }
    let Some(key) = find_key(connection, id)? else { return Ok(None) };
    let stored = find_stored(connection, key)?;
    Ok(stored.map(|stored| RawFact {
        id: id.to_owned(),
        origin: stored.origin.to_owned(),
        as_of: stored.as_of,
        json: stored.json,
    }))
}

/// Asks for one order by any id that ever named it.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct SheetArgs {
    /// A preorder id, a former one, or the id of any of its Stripe objects or events.
    pub id: String,
}

/// A customer record the order refers to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Person {
    /// Stripe customer id; null for someone known by e-mail only.
    pub customer_id: Option<String>,
    /// Normalised e-mail.
    pub email: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Deleted at Stripe.
    pub deleted: bool,
    /// Other orders of this e-mail.
    pub other_orders: i64,
}

/// A Checkout Session of the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SessionView {
    /// Its id.
    pub id: String,
    /// `open`, `complete` or `expired`.
    pub status: Option<String>,
    /// `paid`, `unpaid` or `no_payment_required`.
    pub payment_status: Option<String>,
    /// Amount in minor units.
    pub amount_minor: Option<i64>,
    /// Currency.
    pub currency: Option<String>,
    /// Created, unix seconds.
    pub created_at: i64,
    /// Expires, unix seconds.
    pub expires_at: Option<i64>,
    /// The payment page, while open.
    pub url: Option<String>,
    /// Stripe's recovery link, where recovery was enabled at creation.
    pub recovery_url: Option<String>,
    /// The session it was recovered from.
    pub recovered_from: Option<String>,
    /// What was ordered.
    pub line_items: Vec<LineItem>,
}

/// A line of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct LineItem {
    /// Text shown to the customer.
    pub description: Option<String>,
    /// How many.
    pub quantity: Option<i64>,
    /// Total of the line in minor units.
    pub amount_minor: Option<i64>,
    /// Currency.
    pub currency: Option<String>,
    /// Price id.
    pub price_id: Option<String>,
    /// Product id.
    pub product_id: Option<String>,
}

/// A payment of the order: an intent (or a charge without one) and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PaymentView {
    /// The intent's id; null for a charge without one.
    pub payment_intent_id: Option<String>,
    /// Stripe's status of the intent, else of the charge.
    pub status: Option<String>,
    /// Amount in minor units.
    pub amount_minor: Option<i64>,
    /// Currency.
    pub currency: Option<String>,
    /// Created, unix seconds.
    pub created_at: i64,
    /// Why the last attempt failed, Stripe's code.
    pub failure_code: Option<String>,
    /// Why it failed, Stripe's words.
    pub failure_message: Option<String>,
    /// Its charges.
    pub charges: Vec<ObjectLine>,
    /// Its refunds.
    pub refunds: Vec<ObjectLine>,
    /// Its disputes.
    pub disputes: Vec<ObjectLine>,
}

/// A charge, refund or dispute in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ObjectLine {
    /// Its id.
    pub id: String,
    /// Stripe's status.
    pub status: Option<String>,
    /// Amount in minor units.
    pub amount_minor: Option<i64>,
    /// Currency.
    pub currency: Option<String>,
    /// Created, unix seconds.
    pub created_at: i64,
    /// Reason, failure code or network status, where there is one.
    pub reason: Option<String>,
}

/// One line of the timeline, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TimelineEntry {
    /// When it happened at Stripe (or here, for local facts), unix seconds.
    pub at: i64,
    /// An event type such as `checkout.session.completed`, or `session_created`, `intent_created`, `charge_created`,
    /// `refund_created`, `dispute_created`, `seen_in_list`, `deleted`, `local_intent`, `local_link`, `local_unlink`, `local_note`, `local_finding`.
    pub kind: String,
    /// Where it is known from: `event`, `object`, `list`, `retrieve`, `answer`, `local`.
    pub origin: String,
    /// The object it is about.
    pub object_id: String,
    /// The event's id.
    pub event_id: Option<String>,
    /// Status after it, where the object has one.
    pub status: Option<String>,
    /// Amount in minor units.
    pub amount_minor: Option<i64>,
    /// Currency.
    pub currency: Option<String>,
    /// A decline or failure code, refund reason, dispute reason.
    pub detail: Option<String>,
    /// Endpoints that have not taken the event yet; null where not an event.
    pub pending_webhooks: Option<i64>,
    /// Who did it, of what operators did.
    pub operator: Option<String>,
}

/// Why two objects are one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct LinkView {
    /// An object's id.
    pub from: String,
    /// The other's id, or a preorderId.
    pub to: String,
    /// `preorder_id`, `session_intent`, `recovered_from`, `charge_intent`, `refund_charge`, `dispute_charge`, `operator_link`.
    pub rule: String,
}

/// One stored object of the order; its JSON comes by `raw_fact`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct FactLine {
    /// The object's id.
    pub object_id: String,
    /// Its kind.
    pub kind: String,
    /// The instant its newest snapshot speaks of, unix seconds.
    pub as_of: i64,
    /// `event`, `list`, `retrieve`, `answer` or `local`.
    pub origin: String,
    /// Its newest state is being fetched again.
    pub unsettled: bool,
    /// Deleted at Stripe.
    pub deleted: bool,
}

/// A preorderId that does not join, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct IdConflict {
    /// The preorderId.
    pub preorder_id: String,
    /// `shared_by_many` (more than three e-mails) or `two_ids` (linked to an order of another preorderId).
    pub reason: String,
}

/// One order, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PreorderSheet {
    /// The row of the table.
    pub row: PreorderRow,
    /// When each step was first reached is in the timeline; these are the flags.
    pub steps: FunnelCounts,
    /// Who it is about.
    pub people: Vec<Person>,
    /// Its sessions, oldest first.
    pub sessions: Vec<SessionView>,
    /// Its payments, oldest first.
    pub payments: Vec<PaymentView>,
    /// What happened, oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// Why its objects are one order.
    pub links: Vec<LinkView>,
    /// Ids that named it before.
    pub former_ids: Vec<String>,
    /// preorderIds that do not join.
    pub conflicts: Vec<IdConflict>,
    /// What was found of it, dismissed and resolved ones too; the worst first.
    pub findings: Vec<FindingRow>,
    /// Its stored objects.
    pub facts: Vec<FactLine>,
    /// The order's page at Stripe.
    pub stripe_url: Option<String>,
}

/// Asks for stored JSON, as the bytes came.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct RawFactArgs {
    /// An event's or an object's id.
    pub id: String,
}

/// Stored JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RawFact {
    /// The id asked for.
    pub id: String,
    /// `event`, `list`, `retrieve`, `answer` or `local`.
    pub origin: String,
    /// The instant it speaks of, unix seconds.
    pub as_of: i64,
    /// The bytes as they came; invalid UTF-8 shown with replacement marks.
    pub json: String,
}
