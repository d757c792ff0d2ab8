//! People and roll-ups: what funnel and overview add up, over rows of orders.

use chrono::{DateTime, NaiveDate};
use chrono_tz::Tz;
use foredeck_engine::projections::rollups::source_bucket;
use serde_json::{Map, Value, json};

use crate::it::properties::mirror::{Rows, Tables};

fn day(instant: &Value, zone: Tz) -> i64 {
    let instant = DateTime::from_timestamp(instant.as_i64().unwrap(), 0).unwrap().with_timezone(&zone);
    (instant.date_naive() - NaiveDate::from_ymd_opt(1970, 1, 1).unwrap()).num_days()
}

fn add(rows: &mut Rows, key: String, by: &[(&str, i64)]) {
    let row = rows.entry(key).or_default();
    for (name, by) in by {
        let before = row.get(*name).and_then(Value::as_i64).unwrap_or_default();
        row.insert((*name).to_owned(), (before + by).into());
    }
}

pub fn add_up(orders: &Rows, zone: Tz, tables: &mut Tables) {
    let text = |row: &Map<String, Value>, name: &str| {
        row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let (mut rollup, mut revenue, mut statuses) = (Rows::new(), Rows::new(), Rows::new());
    let (mut facets, mut sources) = (Rows::new(), Rows::new());
    for row in orders.values() {
        let reached = row["reached"].as_i64().unwrap();
        let steps: Vec<(&str, i64)> = ["started", "opened", "attempted", "paid", "kept"]
            .into_iter()
            .zip(1..)
            .map(|(name, step)| (name, i64::from(reached >= step)))
            .collect();
        let started = day(&row["started_at"], zone);
        let dimensions = [String::new(), text(row, "color"), text(row, "locale"), text(row, "source")];
        for (number, value) in dimensions.into_iter().enumerate() {
            add(&mut rollup, format!("{number} {started} {value}"), &steps);
        }
        if let (Some(paid_at), Some(currency)) = (row.get("paid_at"), row.get("currency")) {
            let by = [
                ("paid", row.get("amount").and_then(Value::as_i64).unwrap_or_default()),
                ("refunded", row["refunded"].as_i64().unwrap()),
                ("orders", 1),
            ];
            add(&mut revenue, format!("{} {}", day(paid_at, zone), currency.as_str().unwrap()), &by);
        }
        add(&mut statuses, text(row, "status"), &[("count", 1)]);
        let quote = |name: &str| {
            row.get(name).map_or("NULL".to_owned(), |value| format!("'{}'", value.as_str().unwrap()))
        };
        let lead = i64::from(row.contains_key("lead_at"));
        // Which bucket a source falls into is the engine's own affair.
        let bucket = source_bucket(row.get("source").and_then(Value::as_str));
        let key = format!(
            "{} {reached} {} {} {bucket} {lead} {}",
            text(row, "status"),
            quote("color"),
            quote("locale"),
            row["goods"]
        );
        add(&mut facets, key, &[("count", 1)]);
        add(&mut sources, text(row, "source"), &[("count", 1)]);
        sources.get_mut(&text(row, "source")).unwrap().insert("bucket".to_owned(), bucket.into());
    }
    tables.extend([("rollup", rollup), ("revenue", revenue), ("status_count", statuses)]);
    tables.extend([("facet", facets), ("source_count", sources)]);
    let people = people(orders);
    tables.insert("searchable", people.keys().map(|email| (email.clone(), Map::new())).collect());
    tables.insert("person", people);
}

fn people(orders: &Rows) -> Rows {
    let mut people = Rows::new();
    let emails: std::collections::BTreeSet<&str> =
        orders.values().filter_map(|row| row.get("email")?.as_str()).collect();
    for email in emails {
        let mut own: Vec<(i64, &String, &Map<String, Value>)> = orders
            .iter()
            .filter(|(_, row)| row.get("email").is_some_and(|value| value == email))
            .map(|(id, row)| (row["started_at"].as_i64().unwrap(), id, row))
            .collect();
        own.sort_by_key(|(started_at, id, _)| (*started_at, *id));
        let paid = own.iter().filter(|(_, _, row)| row["reached"].as_i64() >= Some(4)).count();
        let said = json!({"preorders": own.len(), "paid": paid, "first_at": own[0].0, "last_at": own[own.len() - 1].0, "findings": 0});
        let Value::Object(mut row) = said else { unreachable!("it is an object") };
        if let Some(name) = own.iter().rev().find_map(|(_, _, row)| row.get("name")) {
            row.insert("name".to_owned(), name.clone());
        }
        people.insert(email.to_owned(), row);
    }
    people
}
