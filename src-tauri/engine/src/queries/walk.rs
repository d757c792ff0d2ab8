//! Walks indexes of orders in page order: bands of an index, merged, each read only as far as it is needed.
//!
//! A place in a list is (column, started_at, key), orders without a value last. A band is a piece of an
//! index that already lies in that order; `schema.rs` has one index a sort for all orders and one by facet.

use std::cmp::Ordering;
use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::preorders::PreorderSort;
use crate::db::{Connection, DbResult, Row, rusqlite, types::Value};

/// Orders paid later than this after their start are in the index `preorder_late`.
pub(super) const LATE_AFTER_S: i64 = 172_800;

/// A value that a list is sorted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Cell {
    Int(i64),
    Text(String),
}

impl Cell {
    fn value(&self) -> Value {
        match self {
            Self::Int(number) => Value::Integer(*number),
            Self::Text(text) => Value::Text(text.clone()),
        }
    }
}

/// Where an order stands in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    pub value: Option<Cell>,
    pub started_at: i64,
    pub key: i64,
}

/// How a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Order {
    pub sort: PreorderSort,
    pub ascending: bool,
}

impl Order {
    pub(super) const fn column(self) -> &'static str {
        match self.sort {
            PreorderSort::Started => "started_at",
            PreorderSort::Paid => "paid_at",
            PreorderSort::Amount => "amount",
            PreorderSort::Email => "email",
        }
    }

    /// Which of two places comes first; a missing value comes last both ways.
    pub(super) fn compare(self, one: &Place, other: &Place) -> Ordering {
        let turn = |order: Ordering| if self.ascending { order } else { order.reverse() };
        let by_value = match (&one.value, &other.value) {
            (Some(one), Some(other)) => turn(one.cmp(other)),
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
        };
        by_value.then_with(|| turn((one.started_at, one.key).cmp(&(other.started_at, other.key))))
    }

    const fn word(self) -> &'static str {
        if self.ascending { "ASC" } else { "DESC" }
    }

    const fn beyond(self) -> char {
        if self.ascending { '>' } else { '<' }
    }
}

/// The first places of a list, as many as are wanted, filled from bands in any order.
pub(super) struct Top {
    order: Order,
    wanted: usize,
    after: Option<Place>,
    places: Vec<Place>,
}

impl Top {
    pub(super) fn new(order: Order, wanted: usize, after: Option<Place>) -> Self {
        Self { order, wanted, after, places: Vec::new() }
    }

    pub(super) fn order(&self) -> Order {
        self.order
    }

    pub(super) fn after(&self) -> Option<&Place> {
        self.after.as_ref()
    }

    pub(super) fn is_full(&self) -> bool {
        self.places.len() >= self.wanted
    }

    /// Takes a place in; false when it and whatever follows it in its band comes too late. Places that differ
    /// by their number alone may come in any order.
    pub(super) fn offer(&mut self, place: Place) -> bool {
        if self.is_full()
            && let Some(last) = self.places.last()
            && self.order.compare(&place, last).is_gt()
        {
            return (&place.value, place.started_at) == (&last.value, last.started_at);
        }
        let before_start = self.after.as_ref().is_some_and(|after| self.order.compare(&place, after).is_le());
        if !before_start {
            let at = self.places.partition_point(|known| self.order.compare(known, &place).is_lt());
            self.places.insert(at, place);
            self.places.truncate(self.wanted);
        }
        true
    }

    pub(super) fn into_places(self) -> Vec<Place> {
        self.places
    }
}

/// What a row must satisfy beyond lying in a band.
#[derive(Debug, Clone, Default)]
pub(super) struct Condition {
    /// Started at or after this instant.
    pub from: Option<i64>,
    /// Started before this instant.
    pub to: Option<i64>,
    /// Has one of these facets.
    pub facets: Option<HashSet<i64>>,
    /// Tests of the row in SQL with their values, such as one of the e-mail.
    pub tests: Vec<(&'static str, Vec<Value>)>,
}

/// Which index is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source<'a> {
    /// All orders; facets are checked row by row.
    All,
    /// The orders of each of these facets; the condition's facets are met by that.
    Facets(&'a [i64]),
    /// Orders paid late; facets are checked row by row.
    Late,
}

/// Which part of the list is walked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Sorted by start: everything.
    ByStart,
    /// Orders with a value, by value; with bounds: at or above the first, below the second.
    Values(Option<Cell>, Option<Cell>),
    /// Orders of one value, or of none, by start.
    Pinned(Option<Cell>),
}

/// A statement with its values.
pub(super) struct Sql {
    pub text: String,
    pub values: Vec<Value>,
}

impl Sql {
    fn and(&mut self, condition: &str, values: impl IntoIterator<Item = Value>) {
        self.text.push_str(if self.text.contains(" WHERE ") { " AND " } else { " WHERE " });
        self.text.push_str(condition);
        self.values.extend(values);
    }
}

/// Writes the statement that walks one part; with facets its first value is the facet.
pub(super) fn statement(order: Order, band: Band<'_>, after: Option<&Place>) -> Sql {
    let Band { source, part, condition } = band;
    let column = order.column();
    let index = match source {
        Source::Late => "late",
        Source::Facets(_) => &format!("facet_{}", order.sort.as_str()),
        Source::All => order.sort.as_str(),
    };
    let facet = if source == Source::All && condition.facets.is_none() { "NULL" } else { "facet" };
    let mut sql = Sql {
        text: format!("SELECT {column}, started_at, key, {facet} FROM preorder INDEXED BY preorder_{index}"),
        values: Vec::new(),
    };
    if matches!(source, Source::Facets(_)) {
        sql.and("facet = ?", [Value::Null]);
    }
    match source {
        Source::Late => sql.and("paid_at NOT BETWEEN started_at AND started_at + 172800", []),
        _ if matches!(part, Part::Values(_, _))
            && order.sort == PreorderSort::Paid
            && condition.has_days() =>
        {
            // The others come from the late ones.
            sql.and("+paid_at BETWEEN started_at AND started_at + 172800", []);
        }
        _ => {}
    }
    match part {
        Part::ByStart => bound_start(&mut sql, order, condition, after),
        Part::Pinned(None) => {
            sql.and(&format!("{column} IS NULL"), []);
            bound_start(&mut sql, order, condition, after);
        }
        Part::Pinned(Some(cell)) => {
            sql.and(&format!("{column} = ?"), [cell.value()]);
            bound_start(&mut sql, order, condition, after);
        }
        Part::Values(low, high) => {
            bound_values(&mut sql, order, (low.as_ref(), high.as_ref()), after);
            for (compare, instant) in [(">=", condition.from), ("<", condition.to)] {
                if let Some(instant) = instant {
                    sql.and(&format!("+started_at {compare} ?"), [Value::Integer(instant)]);
                }
            }
        }
    }
    for (test, values) in &condition.tests {
        sql.and(test, values.iter().cloned());
    }
    let word = order.word();
    let sorted =
        if matches!(part, Part::Values(_, _)) { format!("{column} {word}, ") } else { String::new() };
    // These two indexes carry the facet before the number: sorting by it too would sort every tie.
    let numbered = order.sort != PreorderSort::Email && source != Source::Late;
    let last = if numbered { format!(", key {word}") } else { String::new() };
    sql.text.push_str(&format!(" ORDER BY {sorted}started_at {word}{last}"));
    sql
}

/// Bounds a walk by start. The cursor takes the place of the bound on its side: it lies inside of it.
fn bound_start(sql: &mut Sql, order: Order, condition: &Condition, after: Option<&Place>) {
    let reached = after.map(|place| [Value::Integer(place.started_at), Value::Integer(place.key)]);
    match (reached, condition.from, order.ascending) {
        (Some(place), _, true) => sql.and("(started_at, key) > (?, ?)", place),
        (_, Some(from), _) => sql.and("started_at >= ?", [Value::Integer(from)]),
        _ => {}
    }
    let reached = after.map(|place| [Value::Integer(place.started_at), Value::Integer(place.key)]);
    match (reached, condition.to, order.ascending) {
        (Some(place), _, false) => sql.and("(started_at, key) < (?, ?)", place),
        (_, Some(to), _) => sql.and("started_at < ?", [Value::Integer(to)]),
        _ => {}
    }
}

/// Bounds a walk by value; the lower bound also keeps it from orders without one.
fn bound_values(
    sql: &mut Sql,
    order: Order,
    (low, high): (Option<&Cell>, Option<&Cell>),
    after: Option<&Place>,
) {
    let column = order.column();
    let lowest =
        if order.sort == PreorderSort::Email { Value::Text(String::new()) } else { Value::Integer(i64::MIN) };
    let reached = after.and_then(|place| {
        Some([place.value.as_ref()?.value(), Value::Integer(place.started_at), Value::Integer(place.key)])
    });
    let beyond = format!("({column}, started_at, key) {} (?, ?, ?)", order.beyond());
    let (from_cursor, to_cursor) = if order.ascending { (reached, None) } else { (None, reached) };
    match from_cursor {
        Some(place) => sql.and(&beyond, place),
        None => sql.and(&format!("{column} >= ?"), [low.map_or(lowest, Cell::value)]),
    }
    match (to_cursor, high) {
        (Some(place), _) => sql.and(&beyond, place),
        (None, Some(high)) => sql.and(&format!("{column} < ?"), [high.value()]),
        (None, None) => {}
    }
}

impl Condition {
    pub(super) fn has_days(&self) -> bool {
        self.from.is_some() || self.to.is_some()
    }

    fn takes(&self, facet: Option<i64>) -> bool {
        match (&self.facets, facet) {
            (Some(facets), Some(facet)) => facets.contains(&facet),
            _ => true,
        }
    }
}

/// Where a walk goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Band<'a> {
    pub source: Source<'a>,
    pub part: &'a Part,
    pub condition: &'a Condition,
}

/// Walks a band from a place on and hands out what it meets; a `false` ends the walk of one facet. Looks at
/// `most` rows; false when that was not enough.
///
/// # Errors
/// The read failed.
pub(super) fn walk(
    connection: &Connection,
    (order, after): (Order, Option<&Place>),
    band: Band<'_>,
    most: usize,
    take: &mut dyn FnMut(Place) -> bool,
) -> DbResult<bool> {
    let mut sql = statement(order, band, after.filter(|place| band.part.holds(place)));
    let mut prepared = connection.prepare_cached(&sql.text)?;
    let facets = match band.source {
        Source::Facets(facets) => facets.iter().copied().map(Some).collect(),
        Source::All | Source::Late => vec![None],
    };
    let mut left = most;
    for facet in facets {
        if let (Some(facet), Some(first)) = (facet, sql.values.first_mut()) {
            *first = Value::Integer(facet);
        }
        let mut rows = prepared.query(rusqlite::params_from_iter(&sql.values))?;
        while let Some(row) = rows.next()? {
            if left == 0 {
                return Ok(false);
            }
            left -= 1;
            if (facet.is_some() || band.condition.takes(row.get(3)?)) && !take(read_place(row)?) {
                break;
            }
        }
    }
    Ok(true)
}

impl Part {
    /// Whether a place lies in this part, so that the walk can start from it.
    fn holds(&self, place: &Place) -> bool {
        match self {
            Self::ByStart => true,
            Self::Values(_, _) => place.value.is_some(),
            Self::Pinned(value) => *value == place.value,
        }
    }
}

/// Reads value, started_at and key from the first three columns.
pub(super) fn read_place(row: &Row<'_>) -> DbResult<Place> {
    let value = match row.get(0)? {
        Value::Integer(number) => Some(Cell::Int(number)),
        Value::Text(text) => Some(Cell::Text(text)),
        _ => None,
    };
    Ok(Place { value, started_at: row.get(1)?, key: row.get(2)? })
}
