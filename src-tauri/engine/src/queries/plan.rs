//! Chooses how to find the first places of a list, by counts that are known without a scan.
//!
//! Few matching orders are taken whole and sorted; a filter of few facets is merged from their bands; a
//! broad one walks the index of all orders and skips what does not match.

use super::filter::{Facet, Filter, Hits};
use super::preorders::PreorderSort;
use super::rows::{at_most, list_numbers};
use super::walk::{Band, Cell, Condition, LATE_AFTER_S, Order, Part, Place, Source, Top, read_place, walk};
use crate::db::{Connection, DbResult, rusqlite, types::Value};

/// Where one way of finding a page gives way to another. Every choice finds the same page; tests lower them
/// to walk each way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// Orders that are taken whole and sorted rather than walked to: about as many rows as a page may cost.
    pub few: usize,
    /// Bands that are merged; more of them cost more than skipping rows of a broad filter.
    pub bands: usize,
    /// A filter that keeps at least one order in this many is broad.
    pub broad: i64,
    /// Amounts whose orders of some days are sought one amount after the other.
    pub amounts: usize,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { few: 3_000, bands: 1_500, broad: 20, amounts: 64 }
    }
}

/// Fills `top` with the first places of the list.
///
/// # Errors
/// The read failed.
pub(super) fn fill(
    connection: &Connection,
    (filter, hits): (&Filter, &Hits),
    thresholds: &Thresholds,
    top: &mut Top,
) -> DbResult<()> {
    if filter.facets.as_ref().is_some_and(Vec::is_empty) {
        return Ok(());
    }
    let mut condition = filter.condition();
    match hits {
        Hits::Keys(keys) => sort_few(connection, BY_KEY, keys, &condition, top),
        Hits::Emails(emails) => sort_few(connection, BY_EMAIL, emails, &condition, top),
        Hits::All => Plan { connection, filter, condition, thresholds }.fill(top, None),
        Hits::Test(test) => {
            condition.tests.push((test.sql(), test.values()));
            Plan { connection, filter, condition, thresholds }.fill(top, test.email_bounds())
        }
    }
}

/// Bands of which rows are tested cost so many times as much.
const TESTED: usize = 50;
const BY_KEY: &str = "preorder WHERE key = ?";
const BY_EMAIL: &str = "preorder INDEXED BY preorder_email WHERE email = ?";

/// Looks orders up, those of each value with one seek, and keeps those that match.
fn sort_few<V: Clone + Into<Value>>(
    connection: &Connection,
    place: &str,
    sought: &[V],
    condition: &Condition,
    top: &mut Top,
) -> DbResult<()> {
    let mut sql = format!("SELECT {}, started_at, key, facet FROM {place}", top.order().column());
    let mut values = vec![Value::Null];
    for (test, of_test) in &condition.tests {
        sql.push_str(&format!(" AND {test}"));
        values.extend(of_test.iter().cloned());
    }
    let mut statement = connection.prepare_cached(&sql)?;
    for value in sought {
        values[0] = value.clone().into();
        let mut rows = statement.query(rusqlite::params_from_iter(&values))?;
        while let Some(row) = rows.next()? {
            let (facet, place): (i64, Place) = (row.get(3)?, read_place(row)?);
            let started = place.started_at;
            let in_days = condition.from.is_none_or(|from| started >= from)
                && condition.to.is_none_or(|to| started < to);
            if in_days && condition.facets.as_ref().is_none_or(|facets| facets.contains(&facet)) {
                top.offer(place);
            }
        }
    }
    Ok(())
}

struct Plan<'a> {
    connection: &'a Connection,
    filter: &'a Filter,
    condition: Condition,
    thresholds: &'a Thresholds,
}

impl Plan<'_> {
    fn fill(&self, top: &mut Top, email: Option<(Cell, Cell)>) -> DbResult<()> {
        let facets = self.facets(|_| true, |_| true);
        let source = facets.as_deref().map_or(Source::All, Source::Facets);
        if let Some(keys) = self.of_rare_source()? {
            return sort_few(self.connection, BY_KEY, &keys, &self.condition, top);
        }
        if top.order().sort != PreorderSort::Started
            && let Some(keys) = self.few(source)?
        {
            return sort_few(self.connection, BY_KEY, &keys, &self.condition, top);
        }
        self.walk_parts(top, source, email)
    }

    /// The orders of the source asked for, when they are few.
    fn of_rare_source(&self) -> DbResult<Option<Vec<i64>>> {
        let rare = |source: &&super::filter::Source| source.count <= at_most(self.thresholds.few);
        let Some(source) = self.filter.source.as_ref().filter(rare) else { return Ok(None) };
        let known = source.value != Value::Null;
        let sql = format!(
            "SELECT key FROM preorder INDEXED BY preorder_source WHERE source {}",
            if known { "= ?1" } else { "IS NULL" }
        );
        let value = known.then_some(&source.value);
        list_numbers(self.connection, &sql, rusqlite::params_from_iter(value)).map(Some)
    }

    /// The facets to merge, of those that are kept; None where walking all orders costs less. Walking is the
    /// better the more of what it meets counts, and where rows are tested: every band would be tested until it fills a page.
    fn facets(&self, keep: fn(&Facet) -> bool, counts: fn(&Facet) -> bool) -> Option<Vec<i64>> {
        let facets: Vec<&Facet> = self.filter.facets.as_ref()?.iter().filter(|facet| keep(facet)).collect();
        let met: i64 = facets.iter().filter(|facet| counts(facet)).map(|facet| facet.count).sum();
        let broad = met.saturating_mul(self.thresholds.broad) >= self.filter.all;
        let tested = !self.condition.tests.is_empty();
        let bands = if tested { self.thresholds.bands / TESTED } else { self.thresholds.bands };
        let merge = facets.len() <= bands || !broad;
        merge.then(|| facets.iter().map(|facet| facet.key).collect())
    }

    fn walk(&self, top: &mut Top, source: Source<'_>, part: &Part) -> DbResult<()> {
        let (order, after) = (top.order(), top.after().cloned());
        let band = Band { source, part, condition: &self.condition };
        walk(self.connection, (order, after.as_ref()), band, usize::MAX, &mut |place| top.offer(place))?;
        Ok(())
    }

    /// The matching orders, when they are few; else None, found out without reading more than a few.
    fn few(&self, source: Source<'_>) -> DbResult<Option<Vec<i64>>> {
        let filter = self.filter;
        let in_days = filter.started_in_days.unwrap_or(filter.all);
        let expected = i128::from(filter.matching) * i128::from(in_days) / i128::from(filter.all.max(1));
        let narrowed = filter.facets.is_some() || filter.started_in_days.is_some();
        if !narrowed || expected > self.thresholds.few as i128 {
            return Ok(None);
        }
        let order = Order { sort: PreorderSort::Started, ascending: false };
        let band = Band { source, part: &Part::ByStart, condition: &self.condition };
        let mut keys = Vec::new();
        let complete = walk(self.connection, (order, None), band, 2 * self.thresholds.few, &mut |place| {
            keys.push(place.key);
            true
        })?;
        Ok(complete.then_some(keys))
    }

    /// Walks the parts of the list in order until enough is found.
    fn walk_parts(&self, top: &mut Top, source: Source<'_>, email: Option<(Cell, Cell)>) -> DbResult<()> {
        let beyond_values = top.after().is_some_and(|after| after.value.is_none());
        match top.order().sort {
            PreorderSort::Started => return self.walk(top, source, &Part::ByStart),
            _ if beyond_values => {}
            PreorderSort::Paid => self.walk_paid(top)?,
            PreorderSort::Amount => self.walk_amounts(top, source)?,
            PreorderSort::Email => {
                let bounded = email.is_some();
                let (low, high) = email.map_or((None, None), |(low, high)| (Some(low), Some(high)));
                // One index carries the facets of all.
                self.walk(top, Source::All, &Part::Values(low, high))?;
                if bounded {
                    return Ok(());
                }
            }
        }
        if top.is_full() {
            return Ok(());
        }
        let unpaid;
        let source = match top.order().sort {
            PreorderSort::Email => Source::All,
            PreorderSort::Paid => {
                // Orders without an instant of payment are the unpaid ones, and odd ones among the paid.
                unpaid = self.facets(|_| true, |facet| !facet.paid);
                unpaid.as_deref().map_or(Source::All, Source::Facets)
            }
            _ => source,
        };
        self.walk(top, source, &Part::Pinned(None))
    }

    /// Orders of some days were paid within two days of them, or are among the late ones.
    fn walk_paid(&self, top: &mut Top) -> DbResult<()> {
        let facets = self.facets(|facet| facet.paid, |_| true);
        let source = facets.as_deref().map_or(Source::All, Source::Facets);
        if source == Source::Facets(&[]) {
            return Ok(());
        }
        let all = Part::Values(None, None);
        if !self.condition.has_days() {
            return self.walk(top, source, &all);
        }
        let low = self.condition.from.map(Cell::Int);
        let high = self.condition.to.map(|to| Cell::Int(to.saturating_add(LATE_AFTER_S + 1)));
        self.walk(top, source, &Part::Values(low, high))?;
        self.walk(top, Source::Late, &all)
    }

    /// Shops have few prices: orders of some days are sought amount by amount.
    fn walk_amounts(&self, top: &mut Top, source: Source<'_>) -> DbResult<()> {
        if !self.condition.has_days() {
            return self.walk(top, source, &Part::Values(None, None));
        }
        let bands = if let Source::Facets(facets) = source { facets.len() } else { 1 };
        let ascending = top.order().ascending;
        let mut amount = match top.after().and_then(|after| after.value.clone()) {
            Some(Cell::Int(amount)) => Some(amount),
            _ => self.next_amount(ascending, None)?,
        };
        for _ in 0..(self.thresholds.amounts / bands.clamp(1, 32)).max(2) {
            let Some(at) = amount else { return Ok(()) };
            self.walk(top, source, &Part::Pinned(Some(Cell::Int(at))))?;
            if top.is_full() {
                return Ok(());
            }
            amount = self.next_amount(ascending, Some(at))?;
        }
        let Some(at) = amount else { return Ok(()) };
        let part = if ascending {
            Part::Values(Some(Cell::Int(at)), None)
        } else {
            Part::Values(None, Some(Cell::Int(at.saturating_add(1))))
        };
        self.walk(top, source, &part)
    }

    fn next_amount(&self, ascending: bool, beyond: Option<i64>) -> DbResult<Option<i64>> {
        let sql = if ascending {
            "SELECT min(amount) FROM preorder INDEXED BY preorder_amount WHERE amount > ?1"
        } else {
            "SELECT max(amount) FROM preorder INDEXED BY preorder_amount WHERE amount < ?1"
        };
        let start = if ascending { i64::MIN } else { i64::MAX };
        Ok(self.connection.prepare_cached(sql)?.query_row([beyond.unwrap_or(start)], |row| row.get(0))?)
    }
}
