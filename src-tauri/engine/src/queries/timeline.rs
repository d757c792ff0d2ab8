//! The timeline of an order, computed when it is read (docs/decisions/0005).
//!
//! Events of its objects; creations and changes that no event tells; what operators did.

use crate::db::{Connection, DbResult, params};
use crate::domain::kind::Kind;
use crate::domain::settings::MetadataNames;
use crate::facts::codec::Unpackers;
use crate::facts::settings::get_settings;
use crate::facts::snapshots::Origin;
use crate::projections::findings::{RULES, finding_id};
use crate::projections::nodes::Node;
use crate::projections::object::{ObjectState, read_object};
use crate::projections::offer::event_parts;
use crate::projections::precedence::digest;

use super::rows::at_most;
use super::sheet::TimelineEntry;

/// Entries of one timeline; of a longer one the newest are shown.
const MOST: usize = 500;
/// Seconds between a change seen in a list and the event that tells of it, at most.
const SAME_CHANGE_S: i64 = 120;

/// An entry and its place among those of its second.
struct Entry {
    rank: u8,
    seq: i64,
    line: TimelineEntry,
}

/// Lists what happened to an order, oldest first, 500 entries at most.
///
/// # Errors
/// The read failed, or a body is damaged.
pub(super) fn timeline(
    connection: &Connection,
    order_id: &str,
    nodes: &[Node],
) -> DbResult<Vec<TimelineEntry>> {
    let names = get_settings(connection)?.1.metadata;
    let mut teller = Teller { connection, names, unpackers: Unpackers::default(), entries: Vec::new() };
    for node in nodes.iter().filter(|node| node.kind != Kind::Local) {
        teller.tell(node)?;
    }
    teller.tell_local(order_id, nodes)?;
    let mut entries = teller.entries;
    entries.sort_by(|a, b| {
        let place = |entry: &Entry| (entry.line.at, entry.rank, entry.seq);
        place(a).cmp(&place(b)).then_with(|| a.line.object_id.cmp(&b.line.object_id))
    });
    let surplus = entries.len().saturating_sub(MOST);
    Ok(entries.into_iter().skip(surplus).map(|entry| entry.line).collect())
}

struct Teller<'a> {
    connection: &'a Connection,
    names: MetadataNames,
    unpackers: Unpackers,
    entries: Vec<Entry>,
}

/// A state an object was in at some instant.
struct Moment {
    at: i64,
    told_by_event: bool,
    digest: i64,
}

impl Teller<'_> {
    fn tell(&mut self, node: &Node) -> DbResult<()> {
        let first = self.entries.len();
        let mut moments = self.tell_events(node)?;
        let kinds: Vec<&str> = self.entries[first..].iter().map(|entry| entry.line.kind.as_str()).collect();
        if let (Some(kind), Some(created)) = (creation_of(node.kind, &kinds), node.state.created) {
            let state = ObjectState {
                amount: node.state.amount,
                currency: node.state.currency.clone(),
                ..ObjectState::default()
            };
            let line = entry_of(created, kind, "object", &node.id, &state);
            self.entries.push(Entry { rank: 0, seq: 0, line });
        }
        self.tell_snapshots(node, &mut moments)
    }

    fn tell_events(&mut self, node: &Node) -> DbResult<Vec<Moment>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT e.seq, e.id, w.word, e.created, e.dictionary, e.body, d.pending
             FROM stripe_event e INDEXED BY stripe_event_object CROSS JOIN stripe_word w ON w.key = e.type
             LEFT JOIN stripe_delivery d ON d.event_id = e.id
             WHERE e.object = ?1 ORDER BY e.created DESC, e.seq DESC LIMIT ?2",
        )?;
        let mut rows = statement.query(params![node.key, at_most(MOST)])?;
        let mut moments = Vec::new();
        while let Some(row) = rows.next()? {
            let (event_id, kind, at): (String, String, i64) = (row.get(1)?, row.get(2)?, row.get(3)?);
            let bytes = self.unpackers.unpack(self.connection, row.get(4)?, &row.get::<_, Vec<u8>>(5)?)?;
            let parts = event_parts(&bytes);
            let read =
                parts.as_ref().and_then(|(object, _)| read_object(object, Some(&kind), &self.names).ok());
            let mut state = read.map(|read| read.state).unwrap_or_default();
            moments.push(Moment { at, told_by_event: true, digest: digest(&state) });
            if kind == "charge.refunded" {
                state.amount =
                    parts.as_ref().and_then(|(object, former)| paid_back(object, former.as_deref()));
            }
            let rank = rank_of(&kind);
            let line = TimelineEntry {
                event_id: Some(event_id),
                pending_webhooks: Some(row.get::<_, Option<i64>>(6)?.unwrap_or(0)),
                ..entry_of(at, &kind, "event", &node.id, &state)
            };
            self.entries.push(Entry { rank, seq: row.get(0)?, line });
        }
        Ok(moments)
    }

    /// Snapshots that show a state no event tells of.
    fn tell_snapshots(&mut self, node: &Node, moments: &mut Vec<Moment>) -> DbResult<()> {
        let mut statement = self.connection.prepare_cached(
            "SELECT seq, origin, first_as_of, deleted, dictionary, body FROM stripe_snapshot
             WHERE object = ?1 ORDER BY first_as_of DESC, seq DESC LIMIT ?2",
        )?;
        let mut rows = statement.query(params![node.key, at_most(MOST)])?;
        let mut seen = Vec::new();
        while let Some(row) = rows.next()? {
            let (seq, at): (i64, i64) = (row.get(0)?, row.get(2)?);
            let origin = Origin::from_stored(row.get(1)?);
            let body: Vec<u8> = row.get(5)?;
            let mut state = ObjectState { deleted: true, ..ObjectState::default() };
            if !body.is_empty() {
                let bytes = self.unpackers.unpack(self.connection, row.get(4)?, &body)?;
                let Ok(read) = read_object(&String::from_utf8_lossy(&bytes), None, &self.names) else {
                    continue;
                };
                state = read.state;
                state.deleted |= row.get::<_, bool>(3)?;
            }
            moments.push(Moment { at, told_by_event: false, digest: digest(&state) });
            seen.push((at, seq, origin, state));
        }
        moments.sort_by_key(|moment| (moment.at, !moment.told_by_event));
        seen.sort_by_key(|(at, seq, ..)| (*at, *seq));
        let mut last = None;
        for (at, seq, origin, state) in seen {
            let now = digest(&state);
            let before = moments
                .iter()
                .rev()
                .find(|moment| moment.at < at || (moment.at == at && moment.told_by_event));
            let before = before.map(|moment| moment.digest).or(last);
            let told = moments.iter().any(|moment| {
                moment.told_by_event && moment.digest == now && (moment.at - at).abs() <= SAME_CHANGE_S
            });
            // The first sight of an object is no change: its creation stands for it.
            let changed = before.is_some_and(|before| before != now) && last != Some(now);
            last = Some(now);
            if changed && !told {
                let kind = if state.deleted { "deleted" } else { "seen_in_list" };
                let line = entry_of(at, kind, origin.as_str(), &node.id, &state);
                self.entries.push(Entry { rank: 8, seq, line });
            }
        }
        Ok(())
    }

    /// What operators said about the order or one of its objects.
    fn tell_local(&mut self, order_id: &str, nodes: &[Node]) -> DbResult<()> {
        let mut about: Vec<&str> = vec![order_id];
        let carried = nodes.iter().filter_map(|node| node.state.preorder_id.as_deref());
        for id in nodes.iter().map(|node| node.id.as_str()).chain(carried) {
            if !about.contains(&id) {
                about.push(id);
            }
        }
        let mut statement = self.connection.prepare_cached(
            "SELECT seq, made_at, kind, subject, coalesce(object, json_extract(body, '$.note'), json_extract(body, '$.email')),
               operator FROM local_fact
             WHERE kind IN ('intent', 'link', 'unlink', 'note', 'adjustment', 'correction') AND subject = ?1
             UNION SELECT seq, made_at, kind, subject, object, operator FROM local_fact
             WHERE kind IN ('link', 'unlink') AND object = ?1 ORDER BY 1 LIMIT 100",
        )?;
        let mut told: Vec<i64> = Vec::new();
        for id in about.iter().copied() {
            let mut rows = statement.query([id])?;
            while let Some(row) = rows.next()? {
                let (seq, at, kind): (i64, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
                if told.contains(&seq) {
                    continue;
                }
                told.push(seq);
                let subject: String = row.get(3)?;
                let mut line =
                    entry_of(at, &format!("local_{kind}"), "local", &subject, &ObjectState::default());
                line.detail = row.get(4)?;
                line.operator = row.get(5)?;
                self.entries.push(Entry { rank: 9, seq, line });
            }
        }
        self.tell_findings(&about)?;
        self.tell_actions(&about)
    }

    /// What operators said of findings about the order or one of its objects.
    fn tell_findings(&mut self, about: &[&str]) -> DbResult<()> {
        let any: bool = self
            .connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM local_fact WHERE kind = 'finding')")?
            .query_row([], |row| row.get(0))?;
        if !any {
            return Ok(());
        }
        let mut statement = self.connection.prepare_cached(
            "SELECT seq, made_at, json_extract(body, '$.state'), json_extract(body, '$.note'), operator FROM local_fact
             WHERE kind = 'finding' AND subject = ?1 ORDER BY seq DESC LIMIT 20",
        )?;
        for subject in about {
            for rule in RULES {
                let id = finding_id(rule.name, subject);
                let mut rows = statement.query([&id])?;
                while let Some(row) = rows.next()? {
                    let state =
                        ObjectState { status: row.get(2)?, detail: row.get(3)?, ..ObjectState::default() };
                    let mut line = entry_of(row.get(1)?, "local_finding", "local", &id, &state);
                    line.operator = row.get(4)?;
                    self.entries.push(Entry { rank: 9, seq: row.get(0)?, line });
                }
            }
        }
        Ok(())
    }

    /// What operators did at Stripe from here: an entry where each action was confirmed, with what it came to.
    fn tell_actions(&mut self, about: &[&str]) -> DbResult<()> {
        let mut statement = self.connection.prepare_cached(
            "SELECT a.seq, a.confirmed_at, a.kind, a.id, a.state, a.operator, a.money, a.currency, a.error
             FROM action_subject s JOIN action a ON a.seq = s.action
             WHERE s.subject = ?1 AND a.kind NOT IN ('annotate', 'set_finding') ORDER BY a.seq DESC LIMIT 100",
        )?;
        let mut told: Vec<i64> = Vec::new();
        for id in about.iter().copied() {
            let mut rows = statement.query([id])?;
            while let Some(row) = rows.next()? {
                let (seq, at, kind): (i64, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
                if told.contains(&seq) {
                    continue;
                }
                told.push(seq);
                let action: String = row.get(3)?;
                let money: i64 = row.get(6)?;
                let state = ObjectState {
                    status: row.get(4)?,
                    amount: (money > 0).then_some(money),
                    currency: row.get(7)?,
                    detail: row.get(8)?,
                    ..ObjectState::default()
                };
                let mut line = entry_of(at, &format!("action_{kind}"), "local", &action, &state);
                line.operator = row.get(5)?;
                self.entries.push(Entry { rank: 9, seq, line });
            }
        }
        Ok(())
    }
}

fn entry_of(at: i64, kind: &str, origin: &str, object_id: &str, state: &ObjectState) -> TimelineEntry {
    TimelineEntry {
        at,
        kind: kind.to_owned(),
        origin: origin.to_owned(),
        object_id: object_id.to_owned(),
        event_id: None,
        status: state.status.clone(),
        amount_minor: state.amount,
        currency: state.currency.clone(),
        detail: state.detail.clone(),
        pending_webhooks: None,
        operator: None,
    }
}

/// What a `charge.refunded` paid back, minor units: what is refunded by now less what was before, else the newest of the refunds that
/// older versions list in the charge, else all that is refunded.
fn paid_back(charge: &str, former: Option<&str>) -> Option<i64> {
    let read = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap_or_default();
    let charge = read(charge);
    let refunded = charge["amount_refunded"].as_i64()?;
    let before = former.and_then(|former| read(former)["amount_refunded"].as_i64());
    let listed = charge["refunds"]["data"].as_array().into_iter().flatten();
    let newest = listed.max_by_key(|refund| refund["created"].as_i64());
    let amount = match before {
        Some(before) => refunded.saturating_sub(before),
        None => newest.and_then(|refund| refund["amount"].as_i64()).unwrap_or(refunded),
    };
    (amount > 0).then_some(amount)
}

/// The entry for an object's creation, where no event tells of it. A charge, refund or dispute that has
/// events was made by the first of them.
fn creation_of(kind: Kind, events: &[&str]) -> Option<&'static str> {
    match kind {
        Kind::Session => Some("session_created"),
        Kind::Intent => (!events.contains(&"payment_intent.created")).then_some("intent_created"),
        Kind::Charge => events.is_empty().then_some("charge_created"),
        Kind::Refund => events.is_empty().then_some("refund_created"),
        Kind::Dispute => events.is_empty().then_some("dispute_created"),
        _ => None,
    }
}

/// The order of things that share a second: made, under way, failed, charged, paid, completed, the rest.
fn rank_of(event_type: &str) -> u8 {
    match event_type {
        "charge.pending" | "payment_intent.processing" | "payment_intent.requires_action" => 1,
        "charge.failed" => 2,
        "payment_intent.payment_failed" => 3,
        "charge.succeeded" | "charge.captured" => 4,
        "payment_intent.succeeded" => 5,
        "checkout.session.completed" => 6,
        _ if event_type.ends_with(".created")
            && !event_type.starts_with("refund")
            && !event_type.starts_with("charge.dispute") =>
        {
            0
        }
        _ => 7,
    }
}
