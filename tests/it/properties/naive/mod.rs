//! The naive reference fold: DESIGN.md's words done the most obvious way, over all facts in memory.

mod components;
mod credits;
mod findings;
mod newest;
mod orders;
mod read;
mod totals;

use std::collections::BTreeMap;

use chrono_tz::Tz;
use serde_json::{Map, Value};

pub use findings::RULES;

use super::facts::Fact;
use super::mirror::{Rows, Tables};

/// What the fold makes of facts in any order; what operators did must be in the order they did it.
pub fn fold(facts: &[Fact], zone: Tz) -> Tables {
    let objects = newest::newest(facts);
    let links = components::operator_links(facts);
    let groups = components::groups(&objects, &links);
    let mut preorders = Rows::new();
    let mut order_of: BTreeMap<&str, String> = BTreeMap::new();
    for group in &groups {
        if let Some((id, row)) = orders::row(group, &objects) {
            order_of.extend(group.members.iter().map(|object| (object.id.as_str(), id.clone())));
            assert!(preorders.insert(id.clone(), row).is_none(), "two orders are {id}");
        }
    }
    let mut tables = Tables::new();
    let found = findings::find(facts, &objects, &groups, &mut preorders);
    totals::add_up(&preorders, zone, &mut tables);
    for (email, count) in &found.of_people {
        let person = tables.get_mut("person").unwrap().get_mut(email).unwrap();
        person.insert("findings".to_owned(), (*count).into());
    }
    tables.insert("finding", found.rows);
    tables.insert("finding_word", found.words);
    tables.insert("preorder", preorders);
    tables.insert(
        "node",
        objects.values().map(|object| (object.id.clone(), node(object, &order_of))).collect(),
    );
    let keys = |keys: Vec<String>| keys.into_iter().map(|key| (key, Map::new())).collect::<Rows>();
    tables
        .insert("operator_link", keys(links.iter().map(|(one, other)| format!("{one} - {other}")).collect()));
    let former = objects.values().flat_map(|object| {
        let current = object.fields.get("preorder_id");
        let gone = object.carried.iter().filter(move |id| Some(*id) != current);
        gone.map(move |id| format!("{} of {}", id.as_str().unwrap(), object.id))
    });
    tables.insert("former_preorder_id", keys(former.collect()));
    let mut kinds = Rows::new();
    for object in objects.values() {
        let count = kinds.entry((object.kind as u8).to_string()).or_default();
        let before = count.get("count").and_then(Value::as_i64).unwrap_or_default();
        count.insert("count".to_owned(), (before + 1).into());
    }
    tables.insert("kind_count", kinds);
    credits::add_up(facts, &objects, &mut tables);
    tables
}

fn node(object: &newest::Object, order_of: &BTreeMap<&str, String>) -> Map<String, Value> {
    let mut row: Map<String, Value> =
        object.fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let flag = |row: &Map<String, Value>, name: &str| {
        Value::from(i64::from(row.get(name).is_some_and(|value| value == true)))
    };
    for name in ["deleted", "attempted", "address"] {
        let value = flag(&row, name);
        row.insert(name.to_owned(), value);
    }
    row.insert("kind".to_owned(), (object.kind as u8).into());
    row.insert("as_of".to_owned(), object.as_of.into());
    row.insert("unsettled".to_owned(), i64::from(object.unsettled).into());
    for (name, at) in
        [("proof_at", object.proof_at), ("entered_at", object.entered_at), ("failed_at", object.failed_at)]
    {
        row.extend(at.map(|at| (name.to_owned(), at.into())));
    }
    row.extend(order_of.get(object.id.as_str()).map(|order| ("preorder".to_owned(), order.clone().into())));
    row
}
