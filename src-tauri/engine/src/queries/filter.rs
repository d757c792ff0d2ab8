//! Reads the filters of a preorder page: facets, days and search, and how many orders they match.

use super::leads::LeadPageArgs;
use super::people_text::{EmailTest, emails_by_part, list_by_email_prefix};
use super::preorders::{FunnelStep, PreorderPageArgs};
use super::resolve::{resolve, tidy_text};
use super::rows::{at_most, check_span, day_of_text, list_numbers};
use super::walk::Condition;
use crate::db::{Connection, DbResult, rusqlite, types::Value};
use crate::domain::day::{Day, start_of};
use crate::projections::rollups::{dim, source_bucket};

use chrono_tz::Tz;

/// What a page is narrowed to, search apart.
pub(super) struct Filter {
    /// Facets with their counts that match status, step, colour, locale and the source's bucket; None without
    /// such a filter.
    pub facets: Option<Vec<Facet>>,
    /// The source asked for.
    pub source: Option<Source>,
    /// Orders on any day that match, at most; exactly without a source.
    pub matching: i64,
    /// Orders in all.
    pub all: i64,
    /// Orders of any facet started in the days asked for; None without days.
    pub started_in_days: Option<i64>,
    from: Option<i64>,
    to: Option<i64>,
    /// Tests of each row beside.
    tests: Vec<(&'static str, Vec<Value>)>,
}

/// A combination of values that orders have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facet {
    pub key: i64,
    /// Its orders.
    pub count: i64,
    /// Its orders are paid; no order of another facet has an instant of payment.
    pub paid: bool,
}

/// A source that a page is narrowed to.
pub(super) struct Source {
    /// Its name; null for unknown.
    pub value: Value,
    /// Its orders.
    pub count: i64,
    /// Other sources fall into its bucket: rows must be looked at.
    shared: bool,
}

impl Source {
    fn test(&self) -> (&'static str, Vec<Value>) {
        ("+source IS ?", vec![self.value.clone()])
    }

    fn read(connection: &Connection, name: &str) -> DbResult<Self> {
        let bucket = source_bucket(Some(name).filter(|name| !name.is_empty()));
        let (count, shared) = connection
            .prepare_cached(
                "SELECT coalesce((SELECT count FROM source_count WHERE value = ?1), 0),
                        EXISTS (SELECT 1 FROM source_count WHERE bucket = ?2 AND value <> ?1)",
            )?
            .query_row(rusqlite::params![name, bucket], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let value = if name.is_empty() { Value::Null } else { Value::Text(name.to_owned()) };
        Ok(Self { value, count, shared })
    }
}

impl Filter {
    /// Reads the filters of leads as they are at an instant.
    ///
    /// # Errors
    /// A bad day; a read that failed.
    pub(super) fn leads(connection: &Connection, args: &LeadPageArgs, zone: Tz, now: i64) -> DbResult<Self> {
        let of_orders = PreorderPageArgs {
            color: args.color.clone(),
            locale: args.locale.clone(),
            from: args.from.clone(),
            to: args.to.clone(),
            ..PreorderPageArgs::default()
        };
        let mut filter = Self::read(connection, &of_orders, zone)?;
        let facets = list_facets(connection, &of_orders, true)?;
        filter.matching = facets.iter().flatten().map(|facet| facet.count).sum();
        filter.facets = facets;
        filter.tests.push(("+lead_at <= ?", vec![Value::Integer(now)]));
        let bounds = [("+amount >= ?", args.least_minor), ("+amount <= ?", args.most_minor)];
        let asked = bounds.into_iter().filter_map(|(test, minor)| Some((test, vec![Value::Integer(minor?)])));
        filter.tests.extend(asked);
        Ok(filter)
    }

    /// Reads the filters.
    ///
    /// # Errors
    /// A bad day; a read that failed.
    pub(super) fn read(connection: &Connection, args: &PreorderPageArgs, zone: Tz) -> DbResult<Self> {
        let first = args.from.as_deref().map(|text| day_of_text("from", text)).transpose()?;
        let last = args.to.as_deref().map(|text| day_of_text("to", text)).transpose()?;
        if let (Some(first), Some(last), Some(from), Some(to)) = (first, last, &args.from, &args.to) {
            check_span(from, to, first <= last)?;
        }
        let all: i64 = connection
            .prepare_cached("SELECT coalesce(sum(count), 0) FROM status_count")?
            .query_row([], |row| row.get(0))?;
        let facets = list_facets(connection, args, false)?;
        let source = args.source.as_deref().map(|name| Source::read(connection, name)).transpose()?;
        let of_facets = facets.as_ref().map_or(all, |facets| facets.iter().map(|facet| facet.count).sum());
        let matching = source.as_ref().map_or(of_facets, |source| source.count.min(of_facets));
        let days = (first.unwrap_or(Day::MIN), last.unwrap_or(Day::MAX));
        let started_in_days =
            (first.is_some() || last.is_some()).then(|| count_started(connection, days)).transpose()?;
        Ok(Self {
            facets,
            source,
            matching,
            all,
            started_in_days,
            from: first.map(|day| start_of(day, zone)),
            to: last.map(|day| start_of(day + 1, zone)),
            tests: if args.conflict { vec![("+conflict = 1", Vec::new())] } else { Vec::new() },
        })
    }

    pub(super) fn condition(&self) -> Condition {
        let mut tests: Vec<_> = self.source.iter().filter(|source| source.shared).map(Source::test).collect();
        tests.extend(self.tests.iter().cloned());
        let facets = self.facets.as_ref().map(|facets| facets.iter().map(|facet| facet.key).collect());
        Condition { from: self.from, to: self.to, facets, tests }
    }

    /// How many orders match, where counts tell: on all days a source alone, or any filter without a source;
    /// on some days at most a step and one of colour, locale and source.
    ///
    /// # Errors
    /// The read failed.
    pub(super) fn total(&self, connection: &Connection, args: &PreorderPageArgs) -> DbResult<Option<i64>> {
        if self.started_in_days.is_none() {
            let alone = args.status.is_empty() && args.step.is_none_or(|step| step == FunnelStep::Started);
            let alone = alone && args.color.is_none() && args.locale.is_none();
            return Ok((self.source.is_none() || alone).then_some(self.matching));
        }
        let dimensions =
            [(dim::COLOR, &args.color), (dim::LOCALE, &args.locale), (dim::SOURCE, &args.source)];
        let mut asked = dimensions.into_iter().filter_map(|(dim, value)| Some((dim, value.as_deref()?)));
        let (dimension, value) = asked.next().unwrap_or((dim::ALL, ""));
        if asked.next().is_some() || !args.status.is_empty() {
            return Ok(None);
        }
        let column = match args.step {
            None | Some(FunnelStep::Started) => "started",
            Some(FunnelStep::CheckoutOpened) => "opened",
            Some(FunnelStep::PaymentAttempted) => "attempted",
            Some(FunnelStep::Paid) => "paid",
            Some(FunnelStep::Kept) => "kept",
        };
        let bound = |text: &Option<String>, usual: Day, name: &str| {
            text.as_deref().map_or(Ok(usual), |text| day_of_text(name, text))
        };
        let (first, last) = (bound(&args.from, Day::MIN, "from")?, bound(&args.to, Day::MAX, "to")?);
        let sql = format!(
            "SELECT coalesce(sum({column}), 0) FROM rollup WHERE dim = ?1 AND day BETWEEN ?2 AND ?3 AND value = ?4"
        );
        let values = rusqlite::params![dimension, first, last, value];
        Ok(Some(connection.prepare_cached(&sql)?.query_row(values, |row| row.get(0))?))
    }
}

fn count_started(connection: &Connection, (first, last): (Day, Day)) -> DbResult<i64> {
    let sql = "SELECT coalesce(sum(started), 0) FROM rollup WHERE dim = 0 AND day BETWEEN ?1 AND ?2";
    Ok(connection.prepare_cached(sql)?.query_row([first, last], |row| row.get(0))?)
}

/// The facets that match, those of most orders first; None when nothing of the kind was asked.
fn list_facets(
    connection: &Connection,
    args: &PreorderPageArgs,
    leads: bool,
) -> DbResult<Option<Vec<Facet>>> {
    let mut sql = "SELECT key, count, reached >= 4 FROM facet WHERE count > 0".to_owned();
    let mut values = Vec::new();
    let bare = sql.len();
    if leads {
        sql.push_str(" AND lead = 1");
    }
    if !args.status.is_empty() {
        sql.push_str(&format!(" AND status IN ({})", vec!["?"; args.status.len()].join(", ")));
        values.extend(args.status.iter().map(|status| Value::Text(status.as_str().to_owned())));
    }
    if let Some(step) = args.step.filter(|step| *step != FunnelStep::Started) {
        sql.push_str(" AND reached >= ?");
        values.push(Value::Integer(step.number()));
    }
    if let Some(source) = &args.source {
        sql.push_str(" AND bucket = ?");
        values.push(Value::Integer(source_bucket(Some(source.as_str()).filter(|name| !name.is_empty()))));
    }
    for (column, wanted) in [("color", &args.color), ("locale", &args.locale)] {
        if let Some(wanted) = wanted {
            sql.push_str(&format!(" AND {column} IS ?"));
            values.push(if wanted.is_empty() { Value::Null } else { Value::Text(wanted.clone()) });
        }
    }
    if sql.len() == bare {
        return Ok(None);
    }
    sql.push_str(" ORDER BY count DESC, key");
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement
        .query_map(rusqlite::params_from_iter(values), |row| {
            Ok(Facet { key: row.get(0)?, count: row.get(1)?, paid: row.get(2)? })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Some(found))
}

/// Orders that one id may lead to, such as a preorderId that many carry.
const MOST_BY_ID: usize = 500;

/// What a page's search text leads to.
pub(super) enum Hits {
    /// No search.
    All,
    /// These orders.
    Keys(Vec<i64>),
    /// The orders of these e-mails, few in all.
    Emails(Vec<String>),
    /// Too many to list: a test of each row.
    Test(EmailTest),
}

impl Hits {
    /// Reads the search text: an id, else e-mails, else the beginning of an id. Without one conflicts are listed
    /// where they are few.
    ///
    /// # Errors
    /// A text that is too long; a read that failed.
    pub(super) fn read(connection: &Connection, args: &PreorderPageArgs, few: usize) -> DbResult<Self> {
        let Some(text) = args.search.as_deref().filter(|text| !text.trim().is_empty()) else {
            return if args.conflict { Self::conflicts(connection, few) } else { Ok(Self::All) };
        };
        let text = tidy_text(text)?;
        let by_id = resolve(connection, text, MOST_BY_ID)?;
        if !by_id.is_empty() {
            return Ok(Self::Keys(by_id.into_iter().map(|(key, _)| key).collect()));
        }
        let part = text.to_lowercase();
        let long = part.chars().count() >= 3;
        if long {
            match emails_by_part(connection, &part, few)? {
                None => return Ok(Self::Test(EmailTest::Part(part))),
                Some(emails) if !emails.is_empty() => return Ok(Self::Emails(emails)),
                Some(_none) => {}
            }
        }
        let found = if long { Vec::new() } else { list_by_email_prefix(connection, &part, few + 1)? };
        if found.len() > few {
            return Ok(Self::Test(EmailTest::Prefix(part)));
        }
        if !found.is_empty() {
            return Ok(Self::Keys(found));
        }
        let test = EmailTest::IdPrefix(text.to_owned());
        let sql = "SELECT key FROM preorder WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3";
        let [low, high] = test.bounds();
        let found = list_numbers(connection, sql, rusqlite::params![low, high, at_most(few + 1)])?;
        Ok(if found.len() > few { Self::Test(test) } else { Self::Keys(found) })
    }

    fn conflicts(connection: &Connection, few: usize) -> DbResult<Self> {
        let sql = "SELECT key FROM preorder INDEXED BY preorder_conflict WHERE conflict = 1 LIMIT ?1";
        let found = list_numbers(connection, sql, [at_most(few + 1)])?;
        Ok(if found.len() > few { Self::All } else { Self::Keys(found) })
    }
}
