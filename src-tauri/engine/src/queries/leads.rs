//! Leads: people who began an order and did not pay, and of whom nothing is wrong but that. Ordinary abandonment.

use std::io::Write;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::cursor;
use super::export::{ExportFormat, Sink, instant};
use super::filter::{Filter, Hits};
use super::plan::{self, Thresholds};
use super::preorders::PreorderSort;
use super::rows::{at_most, limit_of};
use super::stored_json::{SessionJson, find_stored};
use super::walk::{Order, Place, Top};
use crate::db::{Connection, DbError, DbResult, OptionalExtension, params, rusqlite};
use crate::domain::money::decimal;
use crate::domain::status::PreorderStatus;
use crate::projections::schema::require_current;

/// Asks for leads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(export)]
pub struct LeadPageArgs {
    /// Only this colour; `""` means unknown.
    #[ts(optional)]
    pub color: Option<String>,
    /// Only this locale; `""` means unknown.
    #[ts(optional)]
    pub locale: Option<String>,
    /// Worth at least so much, minor units.
    #[ts(optional)]
    pub least_minor: Option<i64>,
    /// Worth at most so much, minor units.
    #[ts(optional)]
    pub most_minor: Option<i64>,
    /// Started on or after this day, `YYYY-MM-DD` in the store's time zone.
    #[ts(optional)]
    pub from: Option<String>,
    /// Started on or before this day.
    #[ts(optional)]
    pub to: Option<String>,
    /// Rows a page, 1 to 500; default 100.
    #[ts(optional)]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[ts(optional)]
    pub after: Option<String>,
}

/// One lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct LeadRow {
    /// The order.
    pub order_id: String,
    /// Its status: `processing` while its checkout stands open.
    pub status: PreorderStatus,
    /// Normalised e-mail.
    pub email: String,
    /// Name.
    pub name: Option<String>,
    /// Colour.
    pub color: Option<String>,
    /// Locale.
    pub locale: Option<String>,
    /// Source.
    pub source: Option<String>,
    /// Amount in minor units.
    pub amount_minor: Option<i64>,
    /// Lower-case currency.
    pub currency: Option<String>,
    /// When it started, unix seconds.
    pub started_at: i64,
    /// From when on it is a lead, unix seconds.
    pub lead_at: i64,
    /// Its newest session.
    pub session_id: Option<String>,
    /// The link that opens an expired checkout again, where it was made with one.
    pub recovery_url: Option<String>,
    /// The link of a checkout that is still open.
    pub url: Option<String>,
}

/// One page of leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct LeadPage {
    /// The newest first.
    pub rows: Vec<LeadRow>,
    /// The cursor of the next page; null on the last.
    pub next: Option<String>,
    /// How many match in all; null where a value or days are asked for.
    pub total: Option<i64>,
}

/// Reads one page of leads as they are at an instant.
///
/// # Errors
/// [`DbError::Invalid`] for a bad day, limit or cursor; stale projections; a failed read.
pub fn page(connection: &Connection, args: &LeadPageArgs, zone: Tz, now: i64) -> DbResult<LeadPage> {
    page_with(connection, args, zone, now, &Thresholds::default())
}

/// The same with other thresholds; every choice finds the same page.
///
/// # Errors
/// As [`page`].
pub fn page_with(
    connection: &Connection,
    args: &LeadPageArgs,
    zone: Tz,
    now: i64,
    thresholds: &Thresholds,
) -> DbResult<LeadPage> {
    require_current(connection)?;
    let limit = limit_of(args.limit, 100, 500)?;
    let filter = Filter::leads(connection, args, zone, now)?;
    let plain = LeadPageArgs { limit: None, after: None, ..args.clone() };
    let list = serde_json::to_string(&plain).map_err(|error| DbError::Corrupt(error.to_string()))?;
    let list = format!("leads {list}");
    let after: Option<Place> = args.after.as_deref().map(|text| cursor::decode(&list, text)).transpose()?;
    let hits = of_rare_amount(connection, &filter, args, thresholds.few)?;
    let places = walk(connection, (&filter, &hits, thresholds), after, limit + 1)?;
    let more = places.len() > limit;
    let next = match places.get(limit - 1) {
        Some(last) if more => Some(cursor::encode(&list, last)?),
        _ => None,
    };
    let rows =
        places.iter().take(limit).map(|place| read(connection, place.key)).collect::<DbResult<Vec<_>>>()?;
    let narrowed =
        args.least_minor.is_some() || args.most_minor.is_some() || filter.started_in_days.is_some();
    let total = if narrowed { None } else { Some(count(connection, &filter, now)?) };
    Ok(LeadPage { rows: rows.into_iter().flatten().collect(), next, total })
}

fn walk(
    connection: &Connection,
    (filter, hits, thresholds): (&Filter, &Hits, &Thresholds),
    after: Option<Place>,
    limit: usize,
) -> DbResult<Vec<Place>> {
    let order = Order { sort: PreorderSort::Started, ascending: false };
    let mut top = Top::new(order, limit, after);
    plan::fill(connection, (filter, hits), thresholds, &mut top)?;
    Ok(top.into_places())
}

/// The leads of the amounts asked for where they are few: met one by one among all others they are far apart.
fn of_rare_amount(
    connection: &Connection,
    filter: &Filter,
    args: &LeadPageArgs,
    few: usize,
) -> DbResult<Hits> {
    if args.least_minor.is_none() && args.most_minor.is_none() {
        return Ok(Hits::All);
    }
    let (least, most) = (args.least_minor.unwrap_or(i64::MIN), args.most_minor.unwrap_or(i64::MAX));
    let mut statement = connection.prepare_cached(
        "SELECT key FROM preorder INDEXED BY preorder_facet_amount WHERE facet = ?1 AND amount BETWEEN ?2 AND ?3 LIMIT ?4",
    )?;
    let mut keys: Vec<i64> = Vec::new();
    for facet in filter.facets.iter().flatten() {
        let rest = at_most(few + 1 - keys.len());
        let found = statement.query_map(params![facet.key, least, most, rest], |row| row.get(0))?;
        for key in found {
            keys.push(key?);
        }
        if keys.len() > few {
            return Ok(Hits::All);
        }
    }
    Ok(Hits::Keys(keys))
}

/// Orders of the facets of leads, less those that are none yet.
fn count(connection: &Connection, filter: &Filter, now: i64) -> DbResult<i64> {
    let facets = filter.facets.as_deref().unwrap_or_default();
    let mut statement = connection.prepare_cached(
        "SELECT facet FROM preorder INDEXED BY preorder_lead WHERE lead_at > started_at AND lead_at > ?1",
    )?;
    let waiting = statement.query_map([now], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
    let counted: std::collections::HashSet<i64> = facets.iter().map(|facet| facet.key).collect();
    let waiting = waiting.iter().filter(|facet| counted.contains(*facet)).count();
    Ok(filter.matching - i64::try_from(waiting).unwrap_or(i64::MAX))
}

fn read(connection: &Connection, key: i64) -> DbResult<Option<LeadRow>> {
    let found = connection
        .prepare_cached(
            "SELECT p.id, p.status, p.email, p.name, p.color, p.locale, p.source, p.amount, p.currency, p.started_at, p.lead_at,
                    p.session, s.id
             FROM preorder p LEFT JOIN stripe_id s ON s.key = p.session WHERE p.key = ?1",
        )?
        .query_row([key], |row| {
            let status: String = row.get(1)?;
            let session: Option<i64> = row.get(11)?;
            let lead = LeadRow {
                order_id: row.get(0)?,
                status: PreorderStatus::parse(&status).unwrap_or(PreorderStatus::Expired),
                email: row.get::<_, Option<String>>(2)?.unwrap_or_default(),
                name: row.get(3)?,
                color: row.get(4)?,
                locale: row.get(5)?,
                source: row.get(6)?,
                amount_minor: row.get(7)?,
                currency: row.get(8)?,
                started_at: row.get(9)?,
                lead_at: row.get::<_, Option<i64>>(10)?.unwrap_or_default(),
                session_id: row.get(12)?,
                recovery_url: None,
                url: None,
            };
            Ok((lead, session))
        })
        .optional()?;
    let Some((mut lead, session)) = found else { return Ok(None) };
    if let Some(stored) = session.map(|session| find_stored(connection, session)).transpose()?.flatten() {
        let json: SessionJson<'_> = serde_json::from_str(&stored.json).unwrap_or_default();
        lead.recovery_url = json.after_expiration.0.recovery.0.url.owned();
        lead.url = json.url.owned();
    }
    Ok(Some(lead))
}

/// Writes every lead, the newest first; says how many. JSONL lines are [`LeadRow`].
///
/// # Errors
/// Stale projections; a failed read; a failed write.
pub fn export_leads(
    connection: &Connection,
    now: i64,
    format: ExportFormat,
    out: &mut dyn Write,
) -> DbResult<i64> {
    require_current(connection)?;
    let mut sink = Sink::new(format, out, &COLUMNS)?;
    let filter = Filter::leads(connection, &LeadPageArgs::default(), Tz::UTC, now)?;
    let thresholds = Thresholds::default();
    let mut after: Option<Place> = None;
    loop {
        let places = walk(connection, (&filter, &Hits::All, &thresholds), after.take(), CHUNK)?;
        for place in &places {
            let Some(lead) = read(connection, place.key)? else { continue };
            match format {
                ExportFormat::Jsonl => sink.document(&lead)?,
                ExportFormat::Csv => sink.row(&cells(lead))?,
            }
        }
        after = places.into_iter().nth(CHUNK - 1);
        if after.is_none() {
            return sink.finish();
        }
    }
}

/// Leads read at a time.
const CHUNK: usize = 500;

const COLUMNS: [&str; 13] = [
    "order_id",
    "status",
    "email",
    "name",
    "color",
    "locale",
    "source",
    "amount",
    "currency",
    "started_at",
    "lead_since",
    "recovery_url",
    "url",
];

fn cells(lead: LeadRow) -> [String; 13] {
    let text = Option::unwrap_or_default;
    let currency = lead.currency.unwrap_or_default();
    [
        lead.order_id,
        lead.status.as_str().to_owned(),
        lead.email,
        text(lead.name),
        text(lead.color),
        text(lead.locale),
        text(lead.source),
        lead.amount_minor.map(|minor| decimal(minor, &currency)).unwrap_or_default(),
        currency,
        instant(Some(lead.started_at)),
        instant(Some(lead.lead_at)),
        text(lead.recovery_url),
        text(lead.url),
    ]
}
