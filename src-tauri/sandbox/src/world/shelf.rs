//! Keeps the objects of one kind: by id, and in order of (created, insertion).

use crate::objects::Object;
use std::collections::HashMap;

/// Place in a list: creation second, then insertion.
pub(crate) type Key = (i64, u64);

/// Insertion numbers of ordinary objects start here; scale objects of the same second come before them.
pub(crate) const FIRST_ORDINARY: u64 = 1 << 40;

#[derive(Default)]
pub(crate) struct Shelf {
    slots: Vec<(Key, Option<Object>)>,
    order: Vec<(Key, u32)>,
    by_id: HashMap<String, u32>,
    living: usize,
}

impl Shelf {
    pub(crate) fn len(&self) -> usize {
        self.living
    }

    pub(crate) fn add(&mut self, object: Object) {
        let slot = self.slots.len() as u32;
        let key = (object.created(), FIRST_ORDINARY + u64::from(slot));
        self.by_id.insert(object.id().to_owned(), slot);
        self.slots.push((key, Some(object)));
        let at = self.order.partition_point(|(other, _)| *other < key);
        self.order.insert(at, (key, slot));
        self.living += 1;
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Object> {
        self.slots[*self.by_id.get(id)? as usize].1.as_ref()
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut Object> {
        self.slots[*self.by_id.get(id)? as usize].1.as_mut()
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<Object> {
        let gone = self.slots[*self.by_id.get(id)? as usize].1.take()?;
        self.living -= 1;
        Some(gone)
    }

    /// The place of an object, a deleted one included.
    pub(crate) fn key_of(&self, id: &str) -> Option<Key> {
        Some(self.slots[*self.by_id.get(id)? as usize].0)
    }

    pub(crate) fn oldest_first(&self) -> impl Iterator<Item = &Object> {
        self.order.iter().filter_map(|(_, slot)| self.slots[*slot as usize].1.as_ref())
    }

    /// Living objects that were added after so many others. Sessions are never removed.
    pub(crate) fn added_from(&self, first: usize) -> impl Iterator<Item = &Object> {
        self.slots.iter().skip(first).filter_map(|(_, object)| object.as_ref())
    }

    /// Position of the first key that is not below `key`.
    pub(crate) fn position(&self, key: Key) -> usize {
        self.order.partition_point(|(other, _)| *other < key)
    }

    pub(crate) fn at(&self, position: usize) -> (Key, Option<&Object>) {
        let (key, slot) = self.order[position];
        (key, self.slots[slot as usize].1.as_ref())
    }
}
