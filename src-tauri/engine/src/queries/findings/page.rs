//! The list of findings: filtered, searched, in the order of triage.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::places::{Place, Wanted};
use super::{FindingRow, list_of_orders, orders_named, orders_of, rows};
use crate::db::{Connection, DbError, DbResult, params, rusqlite};
use crate::domain::finding::{FindingState, Severity};
use crate::projections::findings::rows::Finding;
use crate::projections::findings::{RULES, find_finding, find_rule, finding_id};
use crate::projections::schema::require_current;
use crate::queries::cursor;
use crate::queries::filter::Hits;
use crate::queries::people_text::EmailTest;
use crate::queries::preorders::PreorderPageArgs;
use crate::queries::resolve::tidy_text;
use crate::queries::rows::{at_most, limit_of};

/// Orders that a search is taken order by order for; of more, findings are walked and tested.
const FEW: usize = 500;

/// Asks for findings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(export)]
pub struct FindingPageArgs {
    /// Only these rules; empty means all.
    #[ts(optional, as = "Option<Vec<String>>")]
    pub rules: Vec<String>,
    /// Where they stand; open ones unless said otherwise.
    #[ts(optional, as = "Option<FindingState>")]
    pub state: FindingState,
    /// Only those of the order that an id leads to.
    #[ts(optional)]
    pub order: Option<String>,
    /// Only this severity.
    #[ts(optional)]
    pub severity: Option<Severity>,
    /// Beginning or part of an e-mail, or any id.
    #[ts(optional)]
    pub search: Option<String>,
    /// Rows a page, 1 to 500; default 100.
    #[ts(optional)]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[ts(optional)]
    pub after: Option<String>,
}

/// One page of findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct FindingPage {
    /// By severity, then by when they are due; those that are gone by when they went, the last first.
    pub rows: Vec<FindingRow>,
    /// The cursor of the next page; null on the last.
    pub next: Option<String>,
    /// How many match in all, where that is known without a scan.
    pub total: Option<i64>,
}

/// Reads one page of findings as they stand at an instant.
///
/// # Errors
/// [`DbError::Invalid`] for a rule there is not, a bad limit, search text or cursor; stale projections; a failed read.
pub fn page(connection: &Connection, args: &FindingPageArgs, now: i64) -> DbResult<FindingPage> {
    require_current(connection)?;
    let limit = limit_of(args.limit, 100, 500)?;
    if let Some(unknown) = args.rules.iter().find(|name| find_rule(name).is_none()) {
        return Err(DbError::Invalid(format!("{unknown:.60} is no rule")));
    }
    let plain = FindingPageArgs { limit: None, after: None, ..args.clone() };
    let list = serde_json::to_string(&plain).map_err(|error| DbError::Corrupt(error.to_string()))?;
    let list = format!("findings {list}");
    let after: Option<Place> = args.after.as_deref().map(|text| cursor::decode(&list, text)).transpose()?;
    if args.state == FindingState::Gone {
        return gone(connection, args, (&list, after, limit));
    }
    let wanted =
        Wanted { rules: Wanted::rules(&args.rules, args.severity), state: args.state, now, test: None };
    let (mut places, total) = match candidates(connection, args)? {
        Sought::All => (wanted.walk(connection, after.as_ref(), limit + 1)?, Some(wanted.count(connection)?)),
        Sought::Test(test) => {
            let wanted = Wanted { test: Some(&test), ..wanted };
            (wanted.walk(connection, after.as_ref(), limit + 1)?, None)
        }
        Sought::These(found) => {
            let stands = |finding: &Finding| {
                finding.stands(now) == Some(args.state)
                    && wanted.rules.iter().any(|rule| rule.name == finding.rule)
            };
            let mut places: Vec<Place> =
                found.iter().filter(|finding| stands(finding)).map(Place::of).collect();
            places.sort();
            places.dedup();
            let total = i64::try_from(places.len()).unwrap_or(i64::MAX);
            places.retain(|place| after.as_ref().is_none_or(|after| place > after));
            (places, Some(total))
        }
    };
    let more = places.len() > limit;
    places.truncate(limit);
    let next = match places.last() {
        Some(last) if more => Some(cursor::encode(&list, last)?),
        _ => None,
    };
    let ids: Vec<String> = places.into_iter().map(|place| place.id).collect();
    Ok(FindingPage { rows: rows::read(connection, &ids, now)?, next, total })
}

/// What an order or a search leads to.
enum Sought {
    All,
    These(Vec<Finding>),
    Test(EmailTest),
}

fn candidates(connection: &Connection, args: &FindingPageArgs) -> DbResult<Sought> {
    if let Some(order) = &args.order {
        let found = list_of_orders(connection, &orders_named(connection, order)?)?;
        return Ok(Sought::These(found));
    }
    let Some(text) = args.search.as_deref().filter(|text| !text.trim().is_empty()) else {
        return Ok(Sought::All);
    };
    let text = tidy_text(text)?;
    let asked = PreorderPageArgs { search: Some(text.to_owned()), ..PreorderPageArgs::default() };
    let mut found = named(connection, text)?;
    match Hits::read(connection, &asked, FEW)? {
        Hits::All => {}
        Hits::Test(test) if found.is_empty() => return Ok(Sought::Test(test)),
        Hits::Test(_) => {}
        Hits::Keys(keys) => found.extend(list_of_orders(connection, &keys)?),
        Hits::Emails(emails) => {
            for email in emails {
                found.extend(list_of_orders(connection, &orders_of(connection, &email)?)?);
            }
        }
    }
    Ok(Sought::These(found))
}

/// Findings with this id or subject, and of owners whose name begins so.
fn named(connection: &Connection, text: &str) -> DbResult<Vec<Finding>> {
    let mut ids = vec![text.to_owned()];
    ids.extend(RULES.iter().map(|rule| finding_id(rule.name, text)));
    let from = finding_id("negative_wallet", text);
    let mut statement = connection
        .prepare_cached("SELECT id FROM finding WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3")?;
    let until = format!("{from}\u{10ffff}");
    let owners = statement.query_map(params![from, until, at_most(FEW)], |row| row.get(0))?;
    ids.extend(owners.collect::<rusqlite::Result<Vec<String>>>()?);
    let mut found = Vec::new();
    for id in ids {
        found.extend(find_finding(connection, &id)?);
    }
    Ok(found)
}

/// Findings that the facts no longer have, the last first.
fn gone(
    connection: &Connection,
    args: &FindingPageArgs,
    (list, after, limit): (&str, Option<Place>, usize),
) -> DbResult<FindingPage> {
    let rules = Wanted::rules(&args.rules, args.severity);
    let orders = match (&args.order, &args.search) {
        (Some(id), _) | (None, Some(id)) if !id.trim().is_empty() => Some(orders_named(connection, id)?),
        _ => None,
    };
    let (gone_at, id) = after.map_or((i64::MAX, String::new()), |after| (after.due_at, after.id));
    let mut statement = connection.prepare_cached(
        "SELECT s.id, s.rule, s.subject, s.first_seen, s.gone_at, p.key FROM finding_seen s INDEXED BY finding_seen_gone
         LEFT JOIN preorder p ON p.id = s.order_id
         WHERE s.gone_at IS NOT NULL AND s.state = 'gone' AND (s.gone_at < ?1 OR (s.gone_at = ?1 AND s.id > ?2))
         ORDER BY s.gone_at DESC, s.id",
    )?;
    let mut found = statement.query(params![gone_at, id])?;
    let (mut shown, mut next) = (Vec::new(), None);
    while let Some(row) = found.next()? {
        let (id, rule): (String, String) = (row.get(0)?, row.get(1)?);
        let Some(rule) = rules.iter().find(|known| known.name == rule) else { continue };
        let order: Option<i64> = row.get(5)?;
        if orders.as_ref().is_some_and(|orders| !order.is_some_and(|order| orders.contains(&order))) {
            continue;
        }
        if shown.len() == limit {
            let last: &FindingRow = &shown[limit - 1];
            let place = Place { severity: 0, due_at: last.at.unwrap_or_default(), id: last.id.clone() };
            next = Some(cursor::encode(list, &place)?);
            break;
        }
        let first_seen: i64 = row.get(3)?;
        let mut line = FindingRow {
            id,
            rule: rule.name.to_owned(),
            severity: rule.severity,
            state: FindingState::Gone,
            subject: row.get(2)?,
            order_id: None,
            email: None,
            name: None,
            color: None,
            amount_minor: None,
            currency: None,
            first_seen,
            opens_at: first_seen,
            deadline_at: None,
            evidence: Vec::new(),
            fixes: Vec::new(),
            snoozed_until: None,
            note: None,
            by: None,
            at: row.get(4)?,
        };
        if let Some(order) = order {
            rows::fill_order(connection, order, &mut line)?;
        }
        shown.push(line);
    }
    Ok(FindingPage { rows: shown, next, total: None })
}
