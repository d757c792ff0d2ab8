//! The purchase page: filter, search, and a keyset cursor; newest first.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::payment::payments_named;
use crate::db::{Connection, DbError, DbResult, OptionalExtension, Row, params, rusqlite};
use crate::domain::purchase::{Coverage, PurchaseStatus};
use crate::projections::schema::require_current;
use crate::projections::wallets::find_owner;
use crate::queries::cursor;
use crate::queries::resolve::tidy_text;
use crate::queries::rows::{at_most, limit_of};

/// Asks for purchases. Filters are joined by "and".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(export)]
pub struct PurchasePageArgs {
    /// Only of this status.
    #[ts(optional)]
    pub status: Option<PurchaseStatus>,
    /// Only what the plan table covers so.
    #[ts(optional)]
    pub coverage: Option<Coverage>,
    /// Only of this plan.
    #[ts(optional)]
    pub plan: Option<String>,
    /// Any id of a payment, or the beginning of an owner's user id or e-mail.
    #[ts(optional)]
    pub search: Option<String>,
    /// Rows at most, 1 to 500; default 100.
    #[ts(optional)]
    pub limit: Option<u32>,
    /// The cursor of the page before.
    #[ts(optional)]
    pub after: Option<String>,
}

/// One purchase as a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PurchaseRow {
    /// The payment: its intent's id, else its session's, else its charge's.
    pub payment_id: String,
    /// Where it stands.
    pub status: PurchaseStatus,
    /// What the plan table says of it.
    pub coverage: Coverage,
    /// The plan it buys.
    pub plan: Option<String>,
    /// The rules that matched.
    pub rule: Option<String>,
    /// Credits granted; 0 until it is paid.
    pub credits: i64,
    /// Credits clawed back, without what was reversed.
    pub clawed: i64,
    /// Credits that came again after a clawback.
    pub reversed: i64,
    /// Minor units.
    pub amount_minor: Option<i64>,
    /// Lower-case currency.
    pub currency: Option<String>,
    /// Refunded, minor units.
    pub refunded_minor: i64,
    /// Normalised e-mail.
    pub email: Option<String>,
    /// The shop's user id, where the payment names one.
    pub user_id: Option<String>,
    /// Whose wallet it goes to: a user id, else an e-mail.
    pub owner: Option<String>,
    /// When it was paid, else when it started; unix seconds.
    pub at: i64,
    /// Unix seconds.
    pub paid_at: Option<i64>,
    /// The first event that proves the payment; null where it is older than Stripe keeps events.
    pub stripe_event_id: Option<String>,
    /// Its session.
    pub session_id: Option<String>,
    /// The order it belongs to.
    pub preorder_id: Option<String>,
    /// Two differing snapshots speak of its newest second; it is fetched again.
    pub unsettled: bool,
}

/// How many purchases there are of a status and a coverage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PurchaseCount {
    /// Status.
    pub status: PurchaseStatus,
    /// Coverage.
    pub coverage: Coverage,
    /// How many.
    pub count: i64,
}

/// One page of purchases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PurchasePage {
    /// Newest first.
    pub rows: Vec<PurchaseRow>,
    /// The cursor of the next page.
    pub next: Option<String>,
    /// How many there are in all, without any filter.
    pub counts: Vec<PurchaseCount>,
    /// Plans that purchases have, by name.
    pub plans: Vec<String>,
    /// Whether the store has a plan table: without one nothing is called unmapped.
    pub has_plans: bool,
}

/// A place in the list.
type Place = (i64, i64);

/// Reads one page of purchases.
///
/// # Errors
/// [`DbError::Invalid`] for a bad limit, search text or cursor; stale projections; a failed read.
pub fn page(connection: &Connection, args: &PurchasePageArgs) -> DbResult<PurchasePage> {
    require_current(connection)?;
    let limit = limit_of(args.limit, 100, 500)?;
    let plain = PurchasePageArgs { limit: None, after: None, ..args.clone() };
    let list = serde_json::to_string(&plain).map_err(|error| DbError::Corrupt(error.to_string()))?;
    let list = format!("purchases {list}");
    let after: Option<Place> = args.after.as_deref().map(|text| cursor::decode(&list, text)).transpose()?;
    let mut places = places(connection, args, after.unwrap_or((i64::MAX, i64::MAX)), limit + 1)?;
    places.sort_by(|a, b| b.cmp(a));
    places.dedup();
    let more = places.len() > limit;
    places.truncate(limit);
    let next = match places.last() {
        Some(last) if more => Some(cursor::encode(&list, last)?),
        _ => None,
    };
    let mut rows = Vec::new();
    for (_, payment) in places {
        rows.extend(find_row(connection, payment)?);
    }
    let (_, settings) = crate::facts::settings::get_settings(connection)?;
    Ok(PurchasePage {
        rows,
        next,
        counts: counts(connection)?,
        plans: plans(connection)?,
        has_plans: !settings.plans.is_empty(),
    })
}

fn places(
    connection: &Connection,
    args: &PurchasePageArgs,
    after: Place,
    limit: usize,
) -> DbResult<Vec<Place>> {
    let mut found = Vec::new();
    let (status, coverage) = (args.status.map(PurchaseStatus::as_str), args.coverage.map(Coverage::as_str));
    // Every other filter is checked on the row.
    const REST: &str =
        "(?4 IS NULL OR status = ?4) AND (?5 IS NULL OR coverage = ?5) AND (?6 IS NULL OR plan = ?6)
        AND (at, payment) < (?2, ?3) ORDER BY at DESC, payment DESC LIMIT ?7";
    let take = |from: &str, value: &dyn rusqlite::ToSql, found: &mut Vec<Place>| -> DbResult<()> {
        let sql = format!("SELECT at, payment FROM purchase {from} AND {REST}");
        let mut statement = connection.prepare_cached(&sql)?;
        let rows = statement.query_map(
            params![value, after.0, after.1, status, coverage, args.plan, at_most(limit)],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        for row in rows {
            found.push(row?);
        }
        Ok(())
    };
    if let Some(text) = &args.search {
        let text = tidy_text(text)?;
        for payment in payments_named(connection, text)? {
            take("WHERE payment = ?1", &payment, &mut found)?;
        }
        let owner = find_owner(connection, text)?;
        for prefix in [owner.as_str(), text, &text.to_lowercase()] {
            let high = format!("{prefix}\u{10ffff}");
            let sql = format!(
                "SELECT at, payment FROM purchase INDEXED BY purchase_owner WHERE owner >= ?1 AND owner < ?8 AND {REST}"
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let values = params![prefix, after.0, after.1, status, coverage, args.plan, at_most(limit), high];
            for row in statement.query_map(values, |row| Ok((row.get(0)?, row.get(1)?)))? {
                found.push(row?);
            }
        }
    } else if args.plan.is_some() {
        take("INDEXED BY purchase_plan WHERE plan = ?1", &args.plan, &mut found)?;
    } else if status.is_some() || coverage.is_some() {
        let statuses =
            PurchaseStatus::ALL.iter().filter(|one| args.status.is_none_or(|asked| asked == **one));
        for one in statuses {
            for of in Coverage::ALL.iter().filter(|of| args.coverage.is_none_or(|asked| asked == **of)) {
                let from = format!(
                    "INDEXED BY purchase_coverage WHERE coverage = '{}' AND status = ?1",
                    of.as_str()
                );
                take(&from, &one.as_str(), &mut found)?;
            }
        }
    } else {
        take("INDEXED BY purchase_at WHERE at >= ?1", &i64::MIN, &mut found)?;
    }
    Ok(found)
}

fn counts(connection: &Connection) -> DbResult<Vec<PurchaseCount>> {
    let mut statement = connection
        .prepare_cached("SELECT status, coverage, count FROM purchase_count ORDER BY status, coverage")?;
    let mut rows = statement.query([])?;
    let mut counts = Vec::new();
    while let Some(row) = rows.next()? {
        let (status, coverage): (String, String) = (row.get(0)?, row.get(1)?);
        if let (Some(status), Some(coverage)) = (PurchaseStatus::parse(&status), Coverage::parse(&coverage)) {
            counts.push(PurchaseCount { status, coverage, count: row.get(2)? });
        }
    }
    Ok(counts)
}

/// Plans by name, each found by a seek.
fn plans(connection: &Connection) -> DbResult<Vec<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT min(plan) FROM purchase INDEXED BY purchase_plan WHERE plan > ?1 AND plan IS NOT NULL",
    )?;
    let mut found: Vec<String> = Vec::new();
    while found.len() < 200 {
        let last = found.last().map_or("", String::as_str);
        match statement.query_row([last], |row| row.get(0))? {
            Some(next) => found.push(next),
            None => break,
        }
    }
    Ok(found)
}

pub(super) const SELECT: &str = "
    SELECT s.id, u.status, u.coverage, u.plan, u.rule, u.credits, u.clawed, u.reversed, u.amount, u.currency, u.refunded, u.email,
           u.user_id, u.owner, u.at, u.paid_at, e.id, c.id,
           (SELECT p.id FROM node n JOIN preorder p ON p.key = n.preorder WHERE n.payment = u.payment ORDER BY n.key LIMIT 1),
           u.unsettled
    FROM purchase u JOIN stripe_id s ON s.key = u.payment LEFT JOIN stripe_event e ON e.seq = u.event
    LEFT JOIN stripe_id c ON c.key = u.session";

pub(super) fn find_row(connection: &Connection, payment: i64) -> DbResult<Option<PurchaseRow>> {
    connection
        .prepare_cached(&format!("{SELECT} WHERE u.payment = ?1"))?
        .query_row([payment], |row| Ok(read_row(row)))
        .optional()?
        .transpose()
}

pub(super) fn read_row(row: &Row<'_>) -> DbResult<PurchaseRow> {
    let (status, coverage): (String, String) = (row.get(1)?, row.get(2)?);
    let damaged = || DbError::Corrupt(format!("purchase {status} {coverage}"));
    Ok(PurchaseRow {
        payment_id: row.get(0)?,
        status: PurchaseStatus::parse(&status).ok_or_else(damaged)?,
        coverage: Coverage::parse(&coverage).ok_or_else(damaged)?,
        plan: row.get(3)?,
        rule: row.get(4)?,
        credits: row.get(5)?,
        clawed: row.get(6)?,
        reversed: row.get(7)?,
        amount_minor: row.get(8)?,
        currency: row.get(9)?,
        refunded_minor: row.get(10)?,
        email: row.get(11)?,
        user_id: row.get(12)?,
        owner: row.get(13)?,
        at: row.get(14)?,
        paid_at: row.get(15)?,
        stripe_event_id: row.get(16)?,
        session_id: row.get(17)?,
        preorder_id: row.get(18)?,
        unsettled: row.get(19)?,
    })
}

/// Hands every purchase to `each`, oldest first; for exports.
///
/// # Errors
/// Stale projections, a failed read, or what `each` returned.
pub fn for_each(connection: &Connection, mut each: impl FnMut(PurchaseRow) -> DbResult<()>) -> DbResult<()> {
    require_current(connection)?;
    let mut statement = connection.prepare(&format!("{SELECT} ORDER BY u.at, u.payment"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        each(read_row(row)?)?;
    }
    Ok(())
}
