//! What Klaviyo was told of orders: how many stand how, what is missing and whom that mails, and the list of them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::cursor;
use super::preorders::PreorderRow;
use super::rows::{find_row, limit_of};
use crate::db::{Connection, DbError, DbResult, params, rusqlite};
use crate::domain::klaviyo::{EventPolicy, EventVerdict, OrderEvent};
use crate::facts::klaviyo_events::has_events;
use crate::projections::schema::require_current;

/// How many events of a kind stand so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct EventCount {
    /// What they tell.
    pub kind: OrderEvent,
    /// How they stand.
    pub verdict: EventVerdict,
    /// How many.
    #[ts(type = "number")]
    pub count: i64,
}

/// What is missing at Klaviyo.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct EventGaps {
    /// Events.
    #[ts(type = "number")]
    pub events: i64,
    /// Orders that lack one or both.
    #[ts(type = "number")]
    pub orders: i64,
    /// People they are of.
    #[ts(type = "number")]
    pub people: i64,
    /// Of these, people who want no mail: they are never mailed.
    #[ts(type = "number")]
    pub unsubscribed: i64,
}

/// What Foredeck sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct EventsSent {
    /// Sent, and not seen there yet.
    #[ts(type = "number")]
    pub sent: i64,
    /// Seen there.
    #[ts(type = "number")]
    pub confirmed: i64,
    /// Sent again and again, and never seen.
    #[ts(type = "number")]
    pub lost: i64,
}

/// Where a store stands with telling Klaviyo of its orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct EventsView {
    /// Who tells.
    pub policy: EventPolicy,
    /// Since when, unix seconds; what happened before is left to an operator.
    #[ts(type = "number | null")]
    pub policy_since: Option<i64>,
    /// Why nothing is sent by the policy now: `SHOP_SENDS_EVENTS`, `WRITES_STOPPED`, `WRITING_OFF`, `CAP_REACHED`; null where it is.
    pub held: Option<String>,
    /// Klaviyo was last looked at, unix seconds.
    #[ts(type = "number | null")]
    pub looked_at: Option<i64>,
    /// The shop's own site last told of an order, unix seconds, as far as was seen in the last 30 days.
    #[ts(type = "number | null")]
    pub shop_told_at: Option<i64>,
    /// How events stand, those with none left out.
    pub counts: Vec<EventCount>,
    /// What is missing.
    pub gaps: EventGaps,
    /// Orders whose person's properties say something else.
    #[ts(type = "number")]
    pub drifted: i64,
    /// What was sent from here.
    pub sent: EventsSent,
    /// Days back that orders are looked at.
    pub check_days: u32,
}

/// What the engine knows beside the mirror.
#[derive(Debug, Clone, Default)]
pub struct EventsAround {
    /// Who tells.
    pub policy: EventPolicy,
    /// Since when.
    pub policy_since: Option<i64>,
    /// Why nothing is sent.
    pub held: Option<String>,
    /// When Klaviyo was last looked at.
    pub looked_at: Option<i64>,
    /// When the shop last told.
    pub shop_told_at: Option<i64>,
    /// Days back.
    pub check_days: u32,
}

/// Says where the store stands.
///
/// # Errors
/// Stale projections; a failed read.
pub fn view(connection: &Connection, around: EventsAround) -> DbResult<EventsView> {
    require_current(connection)?;
    let counts = connection
        .prepare_cached("SELECT kind, verdict, count(*) FROM event_check GROUP BY kind, verdict")?
        .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<Vec<(String, String, i64)>>>()?;
    let mut counts: Vec<EventCount> = counts
        .into_iter()
        .filter_map(|(kind, verdict, count)| {
            let (kind, verdict) = (OrderEvent::parse(&kind)?, EventVerdict::parse(&verdict)?);
            Some(EventCount { kind, verdict, count })
        })
        .collect();
    let rank = |verdict: EventVerdict| EventVerdict::ALL.iter().position(|one| *one == verdict);
    counts.sort_by_key(|one| (rank(one.verdict), one.kind));
    let gaps = connection
        .prepare_cached(
            "SELECT count(*), count(DISTINCT preorder), count(DISTINCT email),
                    count(DISTINCT CASE WHEN unsubscribed = 1 THEN email END) FROM event_check WHERE verdict = 'missing'",
        )?
        .query_row([], |row| {
            Ok(EventGaps {
                events: row.get(0)?,
                orders: row.get(1)?,
                people: row.get(2)?,
                unsubscribed: row.get(3)?,
            })
        })?;
    let drifted = connection
        .prepare_cached("SELECT count(DISTINCT preorder) FROM event_check WHERE drift IS NOT NULL")?
        .query_row([], |row| row.get(0))?;
    Ok(EventsView {
        policy: around.policy,
        policy_since: around.policy_since,
        held: around.held,
        looked_at: around.looked_at,
        shop_told_at: around.shop_told_at,
        counts,
        gaps,
        drifted,
        sent: sent(connection)?,
        check_days: around.check_days,
    })
}

fn sent(connection: &Connection) -> DbResult<EventsSent> {
    if !has_events(connection)? {
        return Ok(EventsSent::default());
    }
    Ok(connection
        .prepare_cached(
            "SELECT count(*) FILTER (WHERE state = 'sent'), count(*) FILTER (WHERE state = 'confirmed'),
                    count(*) FILTER (WHERE state = 'lost') FROM klaviyo_event",
        )?
        .query_row([], |row| {
            Ok(EventsSent { sent: row.get(0)?, confirmed: row.get(1)?, lost: row.get(2)? })
        })?)
}

/// Asks for orders' events as they stand at Klaviyo.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(export)]
pub struct EventStandPageArgs {
    /// Only those that stand so; left out, all.
    #[ts(optional)]
    pub verdict: Option<EventVerdict>,
    /// Only this kind.
    #[ts(optional)]
    pub kind: Option<OrderEvent>,
    /// Only those whose person's properties say something else.
    #[ts(optional, as = "Option<bool>")]
    pub drifted: bool,
    /// Rows a page, 1 to 500; default 100.
    #[ts(optional)]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[ts(optional)]
    pub after: Option<String>,
}

/// An order's event as it stands at Klaviyo.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct EventStand {
    /// The order.
    pub order: PreorderRow,
    /// What the event tells.
    pub kind: OrderEvent,
    /// How it stands.
    pub verdict: EventVerdict,
    /// When it happened, unix seconds.
    #[ts(type = "number")]
    pub happened_at: i64,
    /// How many there are.
    #[ts(type = "number")]
    pub count: i64,
    /// The first of them.
    pub event_id: Option<String>,
    /// What it says where that is wrong; the ids of doubles.
    pub detail: Option<String>,
    /// Profile properties that say something else, by comma.
    pub drift: Option<String>,
    /// The person wants no mail.
    pub unsubscribed: bool,
    /// Sent from here at, unix seconds; null where it was not.
    #[ts(type = "number | null")]
    pub sent_at: Option<i64>,
}

/// One page of orders' events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct EventStandPage {
    /// The newest first.
    pub rows: Vec<EventStand>,
    /// The cursor of the next page; null on the last.
    pub next: Option<String>,
}

/// Reads one page.
///
/// # Errors
/// [`DbError::Invalid`] for a bad limit or cursor; stale projections; a failed read.
pub fn page(connection: &Connection, args: &EventStandPageArgs) -> DbResult<EventStandPage> {
    require_current(connection)?;
    let limit = limit_of(args.limit, 100, 500)?;
    let plain = EventStandPageArgs { limit: None, after: None, ..args.clone() };
    let list = serde_json::to_string(&plain).map_err(|error| DbError::Corrupt(error.to_string()))?;
    let list = format!("klaviyo events {list}");
    let after: Option<(i64, i64, String)> =
        args.after.as_deref().map(|text| cursor::decode(&list, text)).transpose()?;
    let (at, key, kind) = after.unwrap_or((i64::MAX, i64::MAX, "~".to_owned()));
    let mut statement = connection.prepare_cached(
        "SELECT c.preorder, c.kind, c.verdict, c.happened_at, c.count, c.event_id, c.detail, c.drift, c.unsubscribed
         FROM event_check c WHERE (?1 IS NULL OR c.verdict = ?1) AND (?2 IS NULL OR c.kind = ?2)
           AND (?3 = 0 OR c.drift IS NOT NULL) AND (c.happened_at, c.preorder, c.kind) < (?4, ?5, ?6)
         ORDER BY c.happened_at DESC, c.preorder DESC, c.kind DESC LIMIT ?7",
    )?;
    let most = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![
        args.verdict.map(EventVerdict::as_str),
        args.kind.map(OrderEvent::as_str),
        args.drifted,
        at,
        key,
        kind,
        most
    ])?;
    let (mut found, mut places) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next()? {
        let (key, kind, verdict): (i64, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        places.push((row.get::<_, i64>(3)?, key, kind.clone()));
        let known = OrderEvent::parse(&kind).zip(EventVerdict::parse(&verdict));
        let (kind, verdict) = known.ok_or_else(|| DbError::Corrupt(format!("event {kind} {verdict}")))?;
        let Some(order) = find_row(connection, key)? else { continue };
        found.push(EventStand {
            sent_at: sent_at(connection, &order.id, kind)?,
            order,
            kind,
            verdict,
            happened_at: row.get(3)?,
            count: row.get(4)?,
            event_id: row.get(5)?,
            detail: row.get(6)?,
            drift: row.get(7)?,
            unsubscribed: row.get(8)?,
        });
    }
    let more = places.len() > limit;
    places.truncate(limit);
    found.truncate(limit);
    let next = match places.last() {
        Some(last) if more => Some(cursor::encode(&list, last)?),
        _ => None,
    };
    Ok(EventStandPage { rows: found, next })
}

fn sent_at(connection: &Connection, order: &str, kind: OrderEvent) -> DbResult<Option<i64>> {
    if !has_events(connection)? {
        return Ok(None);
    }
    Ok(connection
        .prepare_cached(
            "SELECT max(e.sent_at) FROM klaviyo_event_id i JOIN klaviyo_event e ON e.seq = i.event WHERE i.id = ?1 AND i.kind = ?2",
        )?
        .query_row(params![order, kind.as_str()], |row| row.get(0))?)
}

/// How the events of one order stand.
///
/// # Errors
/// Stale projections; a failed read.
pub fn of_order(connection: &Connection, id: &str) -> DbResult<Vec<EventStand>> {
    require_current(connection)?;
    let key: Option<i64> = crate::db::OptionalExtension::optional(
        connection
            .prepare_cached("SELECT key FROM preorder WHERE id = ?1")?
            .query_row([id], |row| row.get(0)),
    )?;
    let Some(order) = key.map(|key| find_row(connection, key)).transpose()?.flatten() else {
        return Ok(Vec::new());
    };
    let mut statement = connection.prepare_cached(
        "SELECT kind, verdict, happened_at, count, event_id, detail, drift, unsubscribed FROM event_check WHERE preorder = ?1
         ORDER BY happened_at, kind",
    )?;
    let mut rows = statement.query([key])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (kind, verdict): (String, String) = (row.get(0)?, row.get(1)?);
        let Some((kind, verdict)) = OrderEvent::parse(&kind).zip(EventVerdict::parse(&verdict)) else {
            continue;
        };
        found.push(EventStand {
            sent_at: sent_at(connection, &order.id, kind)?,
            order: order.clone(),
            kind,
            verdict,
            happened_at: row.get(2)?,
            count: row.get(3)?,
            event_id: row.get(4)?,
            detail: row.get(5)?,
            drift: row.get(6)?,
            unsubscribed: row.get(7)?,
        });
    }
    Ok(found)
}
