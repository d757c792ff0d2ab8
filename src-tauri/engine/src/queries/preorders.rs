//! The preorder page: filter, sort, and a keyset cursor.

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::cursor;
use super::filter::{Filter, Hits};
use super::plan::{self, Thresholds};
pub use super::rows::find_row;
use super::rows::{limit_of, list_rows};
use super::walk::{Order, Place, Top};
use crate::db::{Connection, DbError, DbResult};
use crate::domain::status::PreorderStatus;
use crate::projections::preorder::Step;
use crate::projections::schema::require_current;

/// Reads one page of preorders.
///
/// Equal values are ordered by start, then by number, in the direction of the sort; orders without a value
/// come last both ways. `total` is null for a search or conflicts, and for days together with a status or with two of
/// colour, locale and source.
///
/// # Errors
/// [`DbError::Invalid`] for a bad day, limit, search text or cursor; stale projections; a failed read.
pub fn page(connection: &Connection, args: &PreorderPageArgs, zone: Tz) -> DbResult<PreorderPage> {
    page_with(connection, args, zone, &Thresholds::default())
}

/// As [`page`], with other thresholds between the ways to find it.
///
/// # Errors
/// As [`page`].
pub fn page_with(
    connection: &Connection,
    args: &PreorderPageArgs,
    zone: Tz,
    thresholds: &Thresholds,
) -> DbResult<PreorderPage> {
    require_current(connection)?;
    let limit = limit_of(args.limit, 100, 500)?;
    let filter = Filter::read(connection, args, zone)?;
    let hits = Hits::read(connection, args, thresholds.few)?;
    let list = list_name(args)?;
    let after: Option<Place> = args.after.as_deref().map(|text| cursor::decode(&list, text)).transpose()?;
    let order = Order { sort: args.sort, ascending: args.ascending };
    let mut top = Top::new(order, limit + 1, after);
    plan::fill(connection, (&filter, &hits), thresholds, &mut top)?;
    let mut places = top.into_places();
    let more = places.len() > limit;
    places.truncate(limit);
    let next = match places.last() {
        Some(last) if more => Some(cursor::encode(&list, last)?),
        _ => None,
    };
    let total = match hits {
        Hits::All if !args.conflict => filter.total(connection, args)?,
        Hits::All => None,
        Hits::Keys(_) | Hits::Emails(_) | Hits::Test(_) => None,
    };
    let rows = list_rows(connection, places.iter().map(|place| place.key))?;
    Ok(PreorderPage { rows, next, total })
}

/// A list is named by everything but the page: a cursor of other filters or another sort is foreign.
fn list_name(args: &PreorderPageArgs) -> DbResult<String> {
    let plain = PreorderPageArgs { limit: None, after: None, ..args.clone() };
    let name = serde_json::to_string(&plain).map_err(|error| DbError::Corrupt(error.to_string()))?;
    Ok(format!("preorders {name}"))
}

/// Names the column a preorder page is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum PreorderSort {
    /// When the preorder started.
    #[default]
    Started,
    /// When it was paid; unpaid ones last.
    Paid,
    /// The amount in minor units.
    Amount,
    /// The e-mail, unknown ones last.
    Email,
}

impl PreorderSort {
    /// The word as it stands in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Paid => "paid",
            Self::Amount => "amount",
            Self::Email => "email",
        }
    }
}

/// Names a step of the funnel, to list the orders that reached it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum FunnelStep {
    /// Every preorder.
    Started,
    /// A checkout was opened.
    CheckoutOpened,
    /// A payment was attempted.
    PaymentAttempted,
    /// Paid.
    Paid,
    /// Paid and kept.
    Kept,
}

impl FunnelStep {
    /// The step's number as projected.
    pub const fn number(self) -> i64 {
        let step = match self {
            Self::Started => Step::Started,
            Self::CheckoutOpened => Step::CheckoutOpened,
            Self::PaymentAttempted => Step::PaymentAttempted,
            Self::Paid => Step::Paid,
            Self::Kept => Step::Kept,
        };
        step as i64
    }
}

/// Asks for one page of preorders.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(export)]
pub struct PreorderPageArgs {
    /// Only these statuses; empty means any.
    #[ts(optional, as = "Option<Vec<PreorderStatus>>")]
    pub status: Vec<PreorderStatus>,
    /// Only this colour; `""` means unknown.
    #[ts(optional)]
    pub color: Option<String>,
    /// Only this locale; `""` means unknown.
    #[ts(optional)]
    pub locale: Option<String>,
    /// Only this source; `""` means unknown.
    #[ts(optional)]
    pub source: Option<String>,
    /// Started on or after this day, `YYYY-MM-DD` in the store's time zone.
    #[ts(optional)]
    pub from: Option<String>,
    /// Started on or before this day.
    #[ts(optional)]
    pub to: Option<String>,
    /// Only orders that reached this step.
    #[ts(optional)]
    pub step: Option<FunnelStep>,
    /// Only orders whose objects carry more than one preorderId, or one shared too widely.
    #[ts(optional, as = "Option<bool>")]
    pub conflict: bool,
    /// E-mail prefix, any Stripe or preorder id, or three or more letters of an e-mail.
    #[ts(optional)]
    pub search: Option<String>,
    /// The sort column.
    #[ts(optional, as = "Option<PreorderSort>")]
    pub sort: PreorderSort,
    /// Ascending instead of descending.
    #[ts(optional, as = "Option<bool>")]
    pub ascending: bool,
    /// Rows a page, 1 to 500; default 100.
    #[ts(optional)]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[ts(optional)]
    pub after: Option<String>,
}

/// One preorder as a table row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PreorderRow {
    /// The preorder's id (DESIGN words: preorderId, else session, else intent).
    pub id: String,
    /// Its status.
    pub status: PreorderStatus,
    /// Normalised e-mail.
    pub email: Option<String>,
    /// The customer's name as given at checkout.
    pub name: Option<String>,
    /// Colour.
    pub color: Option<String>,
    /// Locale.
    pub locale: Option<String>,
    /// Source.
    pub source: Option<String>,
    /// Amount in minor units of `currency`.
    pub amount_minor: Option<i64>,
    /// Lower-case ISO 4217 code.
    pub currency: Option<String>,
    /// Refunded so far, in minor units.
    pub refunded_minor: i64,
    /// Unix seconds.
    pub started_at: i64,
    /// Unix seconds; null while unpaid.
    pub paid_at: Option<i64>,
    /// The session that counts (the paid one, else the latest).
    pub session_id: Option<String>,
    /// The payment intent that counts.
    pub payment_intent_id: Option<String>,
    /// Which rule made its objects one order: `preorder_id`, `operator_link`, `recovered_from`, `session`, `payment_intent`, `charge` or `local_intent`.
    pub matched_by: String,
    /// A newest state is being fetched again because two differ.
    pub unsettled: bool,
    /// Objects of this order carry more than one preorderId, or a preorderId shared too widely.
    pub conflict: bool,
}

/// One page of preorders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PreorderPage {
    /// The rows, in the order asked for.
    pub rows: Vec<PreorderRow>,
    /// The cursor of the next page; null on the last.
    pub next: Option<String>,
    /// How many match in all, where that is known without a scan.
    pub total: Option<i64>,
}
