//! What one person did over several orders, and several people under one name.

use std::collections::{BTreeMap, BTreeSet};

use foredeck_engine::domain::kind::Kind;
use serde_json::{Map, Value};

use super::super::components::Group;
use super::super::newest::Object;
use super::super::{credits, orders};
use super::order::{int, is, made, word};
use super::{DAY, Finding, finding};
use crate::it::properties::mirror::Rows;

/// An object with its id.
type Named<'a> = (&'a String, &'a Map<String, Value>);

pub fn people(groups: &[Group<'_>], objects: &BTreeMap<String, Object>, rows: &Rows) -> Vec<Finding> {
    let mut found = Vec::new();
    let goods: Vec<(&String, &Map<String, Value>)> =
        rows.iter().filter(|(_, row)| row["goods"] == 1).collect();
    let mut emails: BTreeMap<&str, Vec<Named<'_>>> = BTreeMap::new();
    for (id, row) in goods {
        if let Some(email) = row.get("email") {
            emails.entry(email.as_str().unwrap()).or_default().push((id, row));
        }
    }
    for orders in emails.values() {
        let mut by_color: BTreeMap<&str, Vec<(i64, &str)>> = BTreeMap::new();
        let mut paid: Vec<(i64, &String, &Map<String, Value>)> = orders
            .iter()
            .filter(|(_, row)| row.contains_key("color") && row["reached"] == 5)
            .filter_map(|(id, row)| Some((row.get("paid_at")?.as_i64()?, *id, *row)))
            .collect();
        paid.sort_by_key(|(at, id, _)| (*at, *id));
        let mut payments: BTreeSet<(&str, &str)> = BTreeSet::new();
        for (at, id, row) in paid {
            let color = row["color"].as_str().unwrap();
            if row.get("intent").is_none_or(|intent| payments.insert((color, intent.as_str().unwrap()))) {
                by_color.entry(color).or_default().push((at, id));
            }
        }
        for paid in by_color.into_values().filter(|paid| paid.len() > 1) {
            let (at, id) = paid.into_iter().max().unwrap();
            found.push(Finding { order: id.to_owned(), ..finding("paid_twice", id, at) });
        }
        let mut sessions: Vec<(i64, &str, &str, bool)> = Vec::new();
        for group in groups {
            let Some((id, _)) = orders::row(group, objects) else { continue };
            let Some((id, _)) = orders.iter().find(|(known, _)| **known == id) else { continue };
            let own = group
                .members
                .iter()
                .filter(|object| object.kind == Kind::Session && !object.fields.contains_key("deleted"));
            let email = rows[id.as_str()]["email"].as_str().unwrap();
            for session in own.filter(|session| ["", email].contains(&word(session, "email"))) {
                if let Some(created) = int(session, "created") {
                    sessions.push((created, &session.id, id, is(session, &["complete"])));
                }
            }
        }
        sessions.sort_unstable();
        let waiting = orders.iter().map(|(_, row)| row["sessions"].as_i64().unwrap()).sum::<i64>();
        let paid = orders.iter().filter_map(|(_, row)| row.get("paid_at")?.as_i64()).max();
        let complete = sessions.iter().filter(|session| session.3).map(|session| session.0).max();
        sessions.retain(|session| !session.3 && Some(session.0) > paid.max(complete));
        let mut last = None;
        let mut from = 0;
        while let Some(at) = (from..sessions.len().saturating_sub(2))
            .find(|at| sessions[at + 2].0 - sessions[*at].0 <= 7 * DAY)
        {
            last = Some(sessions[at + 2]);
            let ends = sessions[at + 2].0 + 14 * DAY;
            from = sessions.iter().position(|session| session.0 >= ends).unwrap_or(sessions.len());
        }
        if let Some((at, id, order, _)) = last.filter(|_| waiting >= 3) {
            found.push(Finding { order: order.to_owned(), ..finding("several_sessions", id, at) });
        }
    }
    found
}

pub fn shared(groups: &[Group<'_>], objects: &BTreeMap<String, Object>) -> Vec<Finding> {
    let mut carriers: BTreeMap<&str, Vec<&Object>> = BTreeMap::new();
    for object in objects.values().filter(|object| object.kind.belongs_to_orders()) {
        if let Some(id) = object.fields.get("preorder_id") {
            carriers.entry(id.as_str().unwrap()).or_default().push(object);
        }
    }
    let order_of = |object: &Object| {
        let group =
            groups.iter().find(|group| group.members.iter().any(|member| member.id == object.id)).unwrap();
        orders::row(group, objects).map(|(id, _)| id)
    };
    let mut found = Vec::new();
    for (id, carriers) in carriers {
        let emails: BTreeSet<&str> =
            carriers.iter().map(|object| word(object, "email")).filter(|email| !email.is_empty()).collect();
        let buys =
            |object: &&Object| object.fields.contains_key("plan") || object.fields.contains_key("credits");
        let mut people: Vec<&Object> = if carriers.len() > 50 {
            // Of very many, the oldest of each of the first e-mails.
            let oldest = |email: &&str| {
                carriers
                    .iter()
                    .filter(|object| word(object, "email") == *email)
                    .min_by_key(|object| (made(object), &object.id))
                    .copied()
            };
            emails.iter().take(20).filter_map(oldest).collect()
        } else {
            // One for each payment: the session's word before the intent's and the charge's.
            let rank = |object: &Object| match object.kind {
                Kind::Session => 0,
                Kind::Intent => 1,
                Kind::Charge => 2,
                _ => 3,
            };
            let mut payments: BTreeMap<String, &Object> = BTreeMap::new();
            for object in
                carriers.iter().copied().filter(|object| object.fields.contains_key("email") && !buys(object))
            {
                let payment = credits::payment_of(object, objects).unwrap_or(object.id.clone());
                let held = payments.entry(payment).or_insert(object);
                if (rank(object), made(object), &object.id) < (rank(held), made(held), &held.id) {
                    *held = object;
                }
            }
            payments.into_values().collect()
        };
        people.sort_by_key(|object| (made(object), &object.id));
        let Some(first) = people.first() else { continue };
        if let Some(later) = people.iter().find(|object| word(object, "email") != word(first, "email")) {
            let order = order_of(later).unwrap_or_default();
            found.push(Finding { order, ..finding("shared_preorder_id", id, made(later)) });
        }
    }
    found
}
