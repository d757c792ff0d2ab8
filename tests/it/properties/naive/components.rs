//! Which objects are one order: components over links, cut where preorderIds meet (docs/decisions/0004).

use std::collections::{BTreeMap, BTreeSet};

use foredeck_engine::facts::local::{LINK, UNLINK};

use super::newest::Object;
use super::read::preorder_id;
use crate::it::properties::facts::Fact;
use crate::it::properties::history::kind_of;

/// The objects of one order.
#[derive(Default)]
pub struct Group<'a> {
    pub preorder_id: Option<String>,
    pub members: Vec<&'a Object>,
    pub conflict: bool,
    pub operator_linked: bool,
}

/// Links in force, both ends by id.
pub fn operator_links(facts: &[Fact]) -> BTreeSet<(String, String)> {
    let mut links = BTreeSet::new();
    for fact in facts {
        let Fact::Local(local) = fact else { continue };
        let Some(object) = &local.object else { continue };
        let ends = (local.subject.clone().min(object.clone()), local.subject.clone().max(object.clone()));
        match local.kind {
            LINK => drop(links.insert(ends)),
            UNLINK => drop(links.remove(&ends)),
            _ => {}
        }
    }
    links
}

pub fn groups<'a>(
    objects: &'a BTreeMap<String, Object>,
    links: &BTreeSet<(String, String)>,
) -> Vec<Group<'a>> {
    let text =
        |object: &Object, name: &str| object.fields.get(name).map(|value| value.as_str().unwrap().to_owned());
    let in_orders: Vec<&Object> = objects.values().filter(|object| object.kind.belongs_to_orders()).collect();

    // A preorderId on more than three e-mails joins nothing.
    let mut carriers: BTreeMap<String, Vec<&Object>> = BTreeMap::new();
    for object in &in_orders {
        if let Some(id) = text(object, "preorder_id") {
            carriers.entry(id).or_default().push(object);
        }
    }
    let people = |carriers: &[&Object]| {
        carriers.iter().filter_map(|object| text(object, "email")).collect::<BTreeSet<_>>().len()
    };
    let usable = |id: &str| carriers.get(id).is_some_and(|carriers| people(carriers) <= 3);
    let label = |object: &Object| text(object, "preorder_id").filter(|id| usable(id));

    // Structural links between ids, seen or not.
    let mut edges: Vec<(String, String)> = Vec::new();
    for object in &in_orders {
        for name in ["intent", "charge", "recovered_from"] {
            edges.extend(text(object, name).map(|other| (object.id.clone(), other)));
        }
    }
    let is_order_end = |id: &str| {
        let foreign = kind_of(id).is_some_and(|kind| !kind.belongs_to_orders());
        !foreign && objects.get(id).is_none_or(|object| object.kind.belongs_to_orders())
    };
    for (one, other) in links {
        if is_order_end(one) && is_order_end(other) {
            edges.push((one.clone(), other.clone()));
        }
        for end in [one, other] {
            if kind_of(end).is_none() && preorder_id(&end.as_str().into()).is_some() && usable(end) {
                edges.extend(carriers[end].iter().map(|carrier| (end.clone(), carrier.id.clone())));
            }
        }
    }
    let neighbours = |id: &str| -> BTreeSet<String> {
        edges
            .iter()
            .filter_map(|(one, other)| {
                if one == id {
                    Some(other)
                } else if other == id {
                    Some(one)
                } else {
                    None
                }
            })
            .cloned()
            .collect()
    };

    // The label of each object: its own, else that of the nearest source; the older source at equal distance.
    let mut groups: BTreeMap<(Option<String>, String), Group<'a>> = BTreeMap::new();
    for object in &in_orders {
        let mut reached: BTreeMap<String, usize> = BTreeMap::from([(object.id.clone(), 0)]);
        let mut waiting = std::collections::VecDeque::from([object.id.clone()]);
        while let Some(id) = waiting.pop_front() {
            let far = reached[&id] + 1;
            for other in neighbours(&id) {
                if !reached.contains_key(&other) {
                    reached.insert(other.clone(), far);
                    waiting.push_back(other);
                }
            }
        }
        let mut sources: Vec<(usize, (i64, &str), String)> = reached
            .iter()
            .filter_map(|(id, far)| objects.get(id).map(|source| (source, *far)))
            .filter_map(|(source, far)| Some((far, age(source), label(source)?)))
            .collect();
        sources.sort();
        let labels: BTreeSet<&String> = sources.iter().map(|(_, _, label)| label).collect();
        let unusable = text(object, "preorder_id").is_some_and(|id| !usable(&id));
        let own = sources.first().map(|(_, _, label)| label.clone());
        let first = reached.keys().next().unwrap().clone();
        let slot = if own.is_some() { (own.clone(), String::new()) } else { (None, first) };
        let group = groups.entry(slot).or_default();
        group.preorder_id = own;
        group.conflict |= labels.len() > 1 || unusable;
        group.operator_linked |= links.iter().any(|(one, other)| *one == object.id || *other == object.id);
        group.members.push(object);
    }
    let mut groups: Vec<Group<'a>> = groups.into_values().collect();
    for group in &mut groups {
        group.members.sort_by(|one, other| age(one).cmp(&age(other)));
    }
    groups
}

/// What "earliest" means: created, then id.
pub fn age(object: &Object) -> (i64, &str) {
    (object.fields.get("created").map_or(i64::MAX, |created| created.as_i64().unwrap()), &object.id)
}
