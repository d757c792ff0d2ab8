//! Pages of lists: newest first by (created, insertion), cursors both ways, `created` ranges.

use super::shelf::{FIRST_ORDINARY, Key};
use super::{Event, Kind, World};
use crate::objects::Object;
use crate::scale::Scale;

/// Creation seconds, both inclusive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub lowest: i64,
    pub highest: i64,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds { lowest: 0, highest: i64::MAX - 1 }
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Start {
    Head,
    /// `starting_after`: what is older than this.
    After(Key),
    /// `ending_before`: what is newer than this, nearest first.
    Before(Key),
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct PageQuery {
    pub limit: usize,
    pub start: Start,
    pub bounds: Bounds,
}

/// One page, newest first.
pub(crate) struct Page<T> {
    pub items: Vec<T>,
    pub has_more: bool,
}

/// An entry of an object list.
#[derive(Clone, Copy)]
pub(crate) enum Found<'a> {
    Ordinary(&'a Object),
    /// The number of a scale order.
    Scale(u64),
}

impl World {
    /// The place of an object in its list, for a cursor.
    pub(crate) fn key_of(&self, id: &str) -> Option<Key> {
        let kind = Kind::of_id(id)?;
        self.shelf(kind).key_of(id).or_else(|| {
            let scale = self.scale.as_ref()?;
            let order = scale.find(id)?;
            Some((scale.created(kind, order), order))
        })
    }

    /// One page of the objects of a kind that pass both filters.
    pub(crate) fn page<'a>(
        &'a self,
        kind: Kind,
        query: &PageQuery,
        ordinary: impl Fn(&Object) -> bool,
        in_scale: impl Fn(&Scale, u64) -> bool,
    ) -> Page<Found<'a>> {
        let shelf = self.shelf(kind);
        let scale = self.scale.as_ref();
        let scale_position = |key: Key| scale.map_or(0, |s| s.position(kind, key));
        let (low, high) = edges(query);
        let (mut a, b) = (shelf.position(low), shelf.position(high));
        let (mut c, d) = (scale_position(low), scale_position(high));
        let (mut b, mut d) = (b.max(a), d.max(c));
        let upward = matches!(query.start, Start::Before(_));
        let mut items = Vec::with_capacity(query.limit + 1);
        while items.len() <= query.limit && (a < b || c < d) {
            let ordinary_key = (a < b).then(|| shelf.at(if upward { a } else { b - 1 }).0);
            let scale_key = scale.filter(|_| c < d).map(|s| s.key_at(kind, if upward { c } else { d - 1 }));
            let take_ordinary = match (ordinary_key, scale_key) {
                (Some(x), Some(y)) => (x < y) == upward,
                (x, _) => x.is_some(),
            };
            if take_ordinary {
                let at = if upward { a } else { b - 1 };
                if upward {
                    a += 1
                } else {
                    b -= 1
                }
                items.extend(shelf.at(at).1.filter(|o| ordinary(o)).map(Found::Ordinary));
            } else {
                let at = if upward { c } else { d - 1 };
                if upward {
                    c += 1
                } else {
                    d -= 1
                }
                let Some(scale) = scale else { break };
                let order = scale.key_at(kind, at).1;
                if !scale.is_taken(order) && in_scale(scale, order) {
                    items.push(Found::Scale(order));
                }
            }
        }
        finish(items, query)
    }

    /// One page of the events that are visible now, not aged out, and pass the filter.
    pub(crate) fn page_events(&self, query: &PageQuery, wanted: impl Fn(&Event) -> bool) -> Page<&Event> {
        let log = self.log();
        let (low, high) = edges(query);
        let low = low.max((self.now - super::event_log::RETENTION_S, 0));
        let (a, b) = (log.position(low), log.position(high));
        let positions = a..b.max(a);
        let wanted = |position: &usize| {
            let event = log.at(*position);
            self.shows(event) && wanted(event)
        };
        let found: Vec<usize> = match query.start {
            Start::Before(_) => positions.filter(wanted).take(query.limit + 1).collect(),
            _ => positions.rev().filter(wanted).take(query.limit + 1).collect(),
        };
        finish(found.into_iter().map(|position| log.at(position)).collect(), query)
    }
}

/// The half-open key range that a query can touch.
fn edges(query: &PageQuery) -> (Key, Key) {
    let low = (query.bounds.lowest, 0);
    let high = (query.bounds.highest.saturating_add(1), 0);
    match query.start {
        Start::Head => (low, high),
        Start::After(key) => (low, high.min(key)),
        Start::Before(key) => (low.max((key.0, key.1 + 1)), high),
    }
}

fn finish<T>(mut items: Vec<T>, query: &PageQuery) -> Page<T> {
    let has_more = items.len() > query.limit;
    items.truncate(query.limit);
    if matches!(query.start, Start::Before(_)) {
        items.reverse();
    }
    Page { items, has_more }
}

const _: () =
    assert!(FIRST_ORDINARY > u32::MAX as u64, "scale orders come before ordinary objects of their second");
