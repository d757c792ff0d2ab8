//! Every report request held against Klaviyo's own specification of the pinned revision.
//!
//! It is not part of the project. `FOREDECK_DATA` names the folder that holds `klaviyo`; where it is not there, this says so and stops.

use std::path::{Path, PathBuf};

use foredeck_engine::domain::klaviyo::ReportKind;
use foredeck_engine::domain::report::budget::CALLS_A_DAY;
use foredeck_engine::domain::report::plan::Window;
use foredeck_engine::domain::report::{endpoint_name, scope_of};
use foredeck_engine::klaviyo::{ReportRequest, report_endpoint};
use serde_json::Value;

fn specification() -> Option<Value> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("FOREDECK_DATA").map_or_else(beside, PathBuf::from).join("klaviyo");
    match std::fs::read_to_string(folder.join("openapi-2026-07-15.json")) {
        Ok(text) => Some(serde_json::from_str(&text).unwrap()),
        Err(_) => {
            eprintln!("SKIPPED: the specification is not at {} (set FOREDECK_DATA)", folder.display());
            None
        }
    }
}

/// A schema with what it refers to put in its place.
fn whole(schema: &Value, all: &Value) -> Value {
    match schema {
        Value::Object(fields) => match fields.get("$ref").and_then(Value::as_str) {
            Some(name) => whole(&all["components"]["schemas"][name.rsplit('/').next().unwrap()], all),
            None => fields.iter().map(|(name, value)| (name.clone(), whole(value, all))).collect(),
        },
        Value::Array(items) => items.iter().map(|item| whole(item, all)).collect(),
        other => other.clone(),
    }
}

/// Fails where a value is not of the schema: fields it does not know, those it requires, and words that are none of its own.
fn hold(value: &Value, schema: &Value, place: &str) {
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{place}: {value} is none of {words:?}");
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let known = |choice: &&Value| {
            value.as_object().unwrap().keys().all(|name| choice["properties"].get(name).is_some())
        };
        let choice = choices.iter().find(known).unwrap_or_else(|| panic!("{place}: {value} fits nothing"));
        return hold(value, choice, place);
    }
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let field = schema["properties"].get(name);
                let field = field.unwrap_or_else(|| panic!("{place}: there is no field {name}"));
                hold(value, field, &format!("{place}/{name}"));
            }
            for name in schema["required"].as_array().into_iter().flatten() {
                assert!(fields.contains_key(name.as_str().unwrap()), "{place}: {name} is required");
            }
        }
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(at, item)| hold(item, &schema["items"], &format!("{place}/{at}")));
        }
        _ => {}
    }
}

#[test]
fn every_report_request_is_one_that_the_specification_has() {
    let Some(all) = specification() else { return };
    for kind in ReportKind::ALL {
        let endpoint = report_endpoint(kind);
        assert_eq!((endpoint.name, endpoint.scope), (endpoint_name(kind), scope_of(kind)));
        let operation = &all["paths"][endpoint.path]["post"];
        assert_eq!(operation["x-klaviyo-ratelimit"]["daily"], format!("{CALLS_A_DAY}/d"));
        let content = &operation["requestBody"]["content"]["application/vnd.api+json"]["schema"];
        let schema = whole(content, &all);
        assert!(schema["properties"]["data"].is_object(), "{schema}");
        for with_value in [true, false] {
            for until_hour in [None, Some(7)] {
                let metric = ReportKind::BY_METRIC.contains(&kind).then(|| "RESQ6t".to_owned());
                let window = Window { first: 20_500, last: 20_500 };
                let request = ReportRequest { kind, window, until_hour, metric, with_value };
                hold(&request.document(), &schema, endpoint.name);
            }
        }
    }
}
