//! Who is in an audience: one row a person, the newest order first.

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::consent::Consents;
use super::{Wanted, people};
use crate::db::{Connection, DbError, DbResult, OptionalExtension, rusqlite};
use crate::domain::audience::{Audience, AudienceFilter, Consent};
use crate::domain::status::PreorderStatus;
use crate::projections::rebuild::require_whole;
use crate::queries::cursor;
use crate::queries::rows::limit_of;

/// Asks for the people of an audience.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct AudiencePageArgs {
    /// Which audience.
    pub audience: Audience,
    /// Narrows it.
    #[serde(default)]
    #[ts(optional, as = "Option<AudienceFilter>")]
    pub filter: AudienceFilter,
    /// Rows a page, 1 to 500; default 100.
    #[serde(default)]
    #[ts(optional)]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(default)]
    #[ts(optional)]
    pub after: Option<String>,
}

/// One person of an audience.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AudienceRow {
    /// Normalised e-mail.
    pub email: String,
    /// Name on that order.
    pub name: Option<String>,
    /// The order that stands for them.
    pub order_id: String,
    /// Its status.
    pub status: PreorderStatus,
    /// Its colour.
    pub color: Option<String>,
    /// Its locale.
    pub locale: Option<String>,
    /// Its amount in minor units.
    pub amount_minor: Option<i64>,
    /// Lower-case currency.
    pub currency: Option<String>,
    /// When it started, unix seconds.
    pub started_at: i64,
    /// When it was paid, unix seconds.
    pub paid_at: Option<i64>,
    /// Whether they want mail.
    pub consent: Consent,
}

/// One page of an audience.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AudiencePage {
    /// Who started last first.
    pub rows: Vec<AudienceRow>,
    /// The cursor of the next page; null on the last.
    pub next: Option<String>,
}

/// Where a page ends.
type Place = (i64, i64);

/// Reads one page of an audience as it is at an instant.
///
/// # Errors
/// [`DbError::Invalid`] for a bad filter, limit or cursor; stale or half-made projections; a failed read.
pub fn page(connection: &Connection, args: &AudiencePageArgs, zone: Tz, now: i64) -> DbResult<AudiencePage> {
    require_whole(connection)?;
    let limit = limit_of(args.limit, 100, 500)?;
    let wanted = Wanted::read(&args.filter, zone, now)?;
    let plain = AudiencePageArgs { limit: None, after: None, ..args.clone() };
    let list = serde_json::to_string(&plain).map_err(|error| DbError::Corrupt(error.to_string()))?;
    let list = format!("audience {list}");
    let after: Option<Place> = args.after.as_deref().map(|text| cursor::decode(&list, text)).transpose()?;
    let consents = Consents::read(connection, now)?;
    let mut rows = Vec::new();
    let (mut last, mut next) = ((i64::MAX, i64::MAX), None);
    let mut candidates = connection.prepare_cached(CANDIDATES)?;
    let (at, key) = after.unwrap_or((i64::MAX, i64::MAX));
    let bounds = rusqlite::params![at.min(wanted.until), at, key, wanted.from];
    let mut found = candidates.query(bounds)?;
    while let Some(candidate) = found.next()? {
        let (key, started_at): (i64, i64) = (candidate.get(0)?, candidate.get(1)?);
        let looked =
            Looked { status: candidate.get(3)?, color: candidate.get(4)?, locale: candidate.get(5)? };
        if !looked.may_stand(args) {
            continue;
        }
        let email: String = candidate.get(2)?;
        let orders = people::orders_of(connection, &email)?;
        let judged = wanted.judge(args.audience, &orders, || consents.find(connection, &email))?;
        let Some(judged) = judged.filter(|judged| judged.out.is_none() && judged.order.key == key) else {
            continue;
        };
        if rows.len() == limit {
            next = Some(cursor::encode(&list, &last)?);
            break;
        }
        last = (started_at, key);
        let named: Option<(String, Option<String>)> = connection
            .prepare_cached("SELECT id, name FROM preorder WHERE key = ?1")?
            .query_row([key], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((order_id, name)) = named else { continue };
        let (order, consent) = (judged.order.clone(), judged.consent);
        rows.push(AudienceRow {
            email,
            name,
            order_id,
            status: order.status,
            color: order.color.as_deref().map(str::to_owned),
            locale: order.locale.as_deref().map(str::to_owned),
            amount_minor: order.amount,
            currency: order.currency,
            started_at,
            paid_at: order.paid_at,
            consent,
        });
    }
    Ok(AudiencePage { rows, next })
}

/// Orders that may stand for their person, the newest first.
const CANDIDATES: &str = "
    SELECT p.key, p.started_at, p.email, p.status, p.color, p.locale FROM preorder p INDEXED BY preorder_started
    WHERE p.started_at <= ?1 AND (p.started_at < ?2 OR p.key < ?3) AND p.started_at >= ?4
      AND p.email IS NOT NULL AND p.goods = 1
    ORDER BY p.started_at DESC, p.key DESC";

/// What tells at a glance that an order does not stand for anybody.
struct Looked {
    status: String,
    color: Option<String>,
    locale: Option<String>,
}

impl Looked {
    fn may_stand(&self, args: &AudiencePageArgs) -> bool {
        let is = |wanted: &Option<String>, own: &Option<String>| {
            wanted.as_deref().is_none_or(|wanted| own.as_deref().unwrap_or_default() == wanted)
        };
        let paid =
            ["completed", "partially_refunded", "refunded", "disputed"].contains(&self.status.as_str());
        paid == (args.audience == Audience::Successful)
            && is(&args.filter.color, &self.color)
            && is(&args.filter.locale, &self.locale)
    }
}
