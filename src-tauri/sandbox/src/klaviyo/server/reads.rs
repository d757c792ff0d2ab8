//! Everything that GET answers.

use super::answer::{Asked, Denial};
use super::ask::Ask;
use super::filter::{self, Term};
use super::marketing;
use super::render;
use crate::klaviyo::account::{Account, instant, read_instant};
use crate::klaviyo::events::Event;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Answers a GET.
pub(super) fn read(account: &Account, ask: &Ask<'_>) -> Asked<Value> {
    let mut answer = match ask.segments.as_slice() {
        ["accounts"] => {
            let links = json!({ "self": format!("{}/api/accounts/", ask.base) });
            json!({ "data": [render::account(account, ask.base)], "links": links })
        }
        ["accounts", id] if *id == account.config.public_id => {
            json!({ "data": render::account(account, ask.base) })
        }
        ["accounts", id] => return Err(Denial::not_found("account", id)),
        ["metrics"] => metrics(account, ask)?,
        ["metrics", id] => {
            ask.included(&["flow-triggers"])?;
            let found = account.metrics.iter().find(|m| m.id == *id);
            let metric = found.ok_or_else(|| Denial::not_found("metric", id))?;
            json!({ "data": render::metric(metric, ask.base) })
        }
        ["custom-metrics"] => custom_metrics(account, ask)?,
        ["mapped-metrics"] => mapped_metrics(account, ask)?,
        ["events"] => events(account, ask)?,
        ["events", id] => {
            let found = account.events.iter().find(|e| e.id == *id);
            let event = found.ok_or_else(|| Denial::not_found("event", id))?;
            let mut answer = json!({ "data": render::event(account, event, ask.base) });
            let included = included(account, &[event], ask)?;
            if !included.is_null() {
                answer["included"] = included;
            }
            answer
        }
        ["profiles"] => profiles(account, ask, (0..account.profiles.len()).collect())?,
        ["profiles", id] => {
            let place = account.by_profile_id.get(*id).ok_or_else(|| Denial::not_found("profile", id))?;
            json!({ "data": render::profile(&account.profiles[*place], subscriptions(ask), ask.base) })
        }
        ["lists"] => lists(account, ask)?,
        ["lists", id] => {
            let found = account.lists.iter().find(|l| l.id == *id);
            let list = found.ok_or_else(|| Denial::not_found("list", id))?;
            json!({ "data": render::list(list, ask.wants("additional-fields[list]", "profile_count"), ask.base) })
        }
        ["segments"] => segments(account, ask)?,
        ["segments", id] => {
            let found = account.segments.iter().find(|s| s.id == *id);
            let segment = found.ok_or_else(|| Denial::not_found("segment", id))?;
            let counted = ask.wants("additional-fields[segment]", "profile_count");
            let count = counted.then(|| account.members_of(segment).len());
            json!({ "data": render::segment(segment, count, ask.base) })
        }
        ["campaigns"] => marketing::campaigns(account, ask)?,
        ["flows"] => marketing::flows(account, ask)?,
        ["forms"] => marketing::forms(account, ask)?,
        [kind, id, "profiles"] => profiles(account, ask, members(account, kind, id)?)?,
        _ => return Err(Denial::no_such_page()),
    };
    keep_fields(&mut answer, ask);
    Ok(answer)
}

pub(super) fn subscriptions(ask: &Ask<'_>) -> bool {
    ask.wants("additional-fields[profile]", "subscriptions")
}

/// Fields and the operators that each takes.
pub(super) type Allowed = &'static [(&'static str, &'static [&'static str])];
const ONE: &[&str] = &["equals"];
const ANY: &[&str] = &["any", "equals"];
const HAS: &[&str] = &["has"];
const LATER: &[&str] = &["greater-than"];
const BETWEEN: &[&str] = &["greater-than", "less-than"];
const COMPARED: &[&str] = &["greater-or-equal", "greater-than", "less-or-equal", "less-than"];

const METRIC_FILTERS: Allowed = &[("integration.name", ONE), ("integration.category", ONE)];
const EVENT_FILTERS: Allowed = &[
    ("metric_id", ONE),
    ("profile_id", ONE),
    ("profile", HAS),
    ("metric", HAS),
    ("datetime", COMPARED),
    ("timestamp", COMPARED),
];
const PROFILE_FILTERS: Allowed = &[
    ("id", ANY),
    ("profile_id", ANY),
    ("email", ANY),
    ("phone_number", ANY),
    ("external_id", ANY),
    ("created", BETWEEN),
    ("updated", BETWEEN),
    ("subscriptions.email.marketing.suppression.reason", ONE),
];
const LIST_FILTERS: Allowed = &[("name", ANY), ("id", ANY), ("created", LATER), ("updated", LATER)];
const SEGMENT_FILTERS: Allowed = &[
    ("name", ANY),
    ("id", ANY),
    ("created", LATER),
    ("updated", LATER),
    ("is_active", ANY),
    ("is_starred", ONE),
];

/// The conditions of a filter, each one that this list takes.
pub(super) fn terms(ask: &Ask<'_>, allowed: Allowed) -> Asked<Vec<Term>> {
    let terms = ask.param("filter").map_or_else(|| Ok(Vec::new()), filter::read)?;
    for term in &terms {
        let operators =
            allowed.iter().find(|(field, _)| *field == term.field).map(|(_, operators)| *operators);
        if !operators.is_some_and(|operators| operators.contains(&term.operator.as_str())) {
            let detail =
                format!("'{}' is not an allowed filter for the field '{}'.", term.operator, term.field);
            return Err(Denial::invalid(detail).parameter("filter"));
        }
        if COMPARED.contains(&term.operator.as_str()) {
            instant_of(term)?;
        }
    }
    Ok(terms)
}

fn instant_of(term: &Term) -> Asked<i64> {
    let wrong =
        || Denial::invalid(format!("'{}' is not a valid datetime.", term.value())).parameter("filter");
    read_instant(term.value()).or_else(|| term.value().parse().ok()).ok_or_else(wrong)
}

/// Whether a value stands where a comparison wants it.
fn compares(term: &Term, own: i64) -> bool {
    let Ok(wanted) = instant_of(term) else { return false };
    match term.operator.as_str() {
        "greater-than" => own > wanted,
        "greater-or-equal" => own >= wanted,
        "less-than" => own < wanted,
        _ => own <= wanted,
    }
}

fn is_one_of(term: &Term, own: Option<&str>) -> bool {
    own.is_some_and(|own| term.values.iter().any(|value| value == own))
}

fn metrics(account: &Account, ask: &Ask<'_>) -> Asked<Value> {
    ask.included(&["flow-triggers"])?;
    let mut found: Vec<_> = account.metrics.iter().collect();
    for term in terms(ask, METRIC_FILTERS)? {
        let part = term.field.trim_start_matches("integration.");
        found.retain(|m| m.integration()[part] == term.value());
    }
    let (range, links) = ask.page(&found, |m| &m.id)?;
    let data: Vec<Value> = found[range].iter().map(|m| render::metric(m, ask.base)).collect();
    Ok(json!({ "data": data, "links": links }))
}

fn custom_metrics(account: &Account, ask: &Ask<'_>) -> Asked<Value> {
    let with_metrics = ask.included(&["metrics"])?.contains(&"metrics");
    let data: Vec<Value> =
        account.custom_metrics.iter().map(|m| render::custom_metric(m, ask.base)).collect();
    let mut answer =
        json!({ "data": data, "links": { "self": format!("{}/api/custom-metrics/", ask.base) } });
    if with_metrics {
        let of = |id: &String| account.custom_metrics.iter().any(|m| m.of == *id);
        let metrics = account.metrics.iter().filter(|m| of(&m.id)).map(|m| render::metric(m, ask.base));
        answer["included"] = metrics.collect();
    }
    Ok(answer)
}

fn mapped_metrics(account: &Account, ask: &Ask<'_>) -> Asked<Value> {
    let with_metrics = ask.included(&["metric", "custom-metric"])?.contains(&"metric");
    let data =
        account.mapped.iter().map(|(name, of)| render::mapped_metric(account, name, of.as_deref(), ask.base));
    let mut answer = json!({
        "data": data.collect::<Vec<Value>>(),
        "links": { "self": format!("{}/api/mapped-metrics/", ask.base) },
    });
    if with_metrics {
        let of = |id: &String| account.mapped.iter().any(|(_, of)| of.as_ref() == Some(id));
        let metrics = account.metrics.iter().filter(|m| of(&m.id)).map(|m| render::metric(m, ask.base));
        answer["included"] = metrics.collect();
    }
    Ok(answer)
}

fn events(account: &Account, ask: &Ask<'_>) -> Asked<Value> {
    let (_, down) = ask.sorted(&["datetime", "timestamp"], "-datetime")?;
    let terms = terms(ask, EVENT_FILTERS)?;
    let profile = terms.iter().find(|t| t.field == "profile_id");
    let mut found: Vec<&Event> = match profile {
        Some(term) => {
            let place = account.by_profile_id.get(term.value());
            let places = place.and_then(|place| account.by_profile.get(place));
            places.into_iter().flatten().map(|&at| &account.events[at]).collect()
        }
        None => account.events.iter().collect(),
    };
    for term in &terms {
        match term.field.as_str() {
            "metric_id" => {
                let metric = account.metrics.iter().position(|m| m.id == term.value());
                let metric = metric.ok_or_else(|| {
                    Denial::invalid(format!("Metric IDs ['{}'] do not exist.", term.value()))
                        .parameter("filter")
                })?;
                found.retain(|e| e.metric == metric);
            }
            "datetime" | "timestamp" => {
                if instant_of(term)? > account.now {
                    let detail = format!("'{}' is in the future.", term.value());
                    return Err(Denial::invalid(detail).parameter("filter"));
                }
                found.retain(|e| compares(term, e.time));
            }
            _ => {}
        }
    }
    found.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id)));
    if down {
        found.reverse();
    }
    let (range, links) = ask.page(&found, |e| &e.id)?;
    let page = &found[range];
    let data: Vec<Value> = page.iter().map(|e| render::event(account, e, ask.base)).collect();
    let included = included(account, page, ask)?;
    let mut answer = json!({ "data": data, "links": links });
    if !included.is_null() {
        answer["included"] = included;
    }
    Ok(answer)
}

/// Metrics and profiles of events, each once; null where none are asked for.
fn included(account: &Account, events: &[&Event], ask: &Ask<'_>) -> Asked<Value> {
    let wanted = ask.included(&["metric", "profile", "attributions"])?;
    if wanted.is_empty() {
        return Ok(Value::Null);
    }
    let mut all = Vec::new();
    if wanted.contains(&"metric") {
        let metrics: BTreeSet<usize> = events.iter().map(|e| e.metric).collect();
        all.extend(metrics.into_iter().map(|at| render::metric(&account.metrics[at], ask.base)));
    }
    if wanted.contains(&"profile") {
        let profiles: BTreeSet<usize> = events.iter().map(|e| e.profile).collect();
        all.extend(profiles.into_iter().map(|at| render::profile(&account.profiles[at], false, ask.base)));
    }
    Ok(Value::Array(all))
}

fn profiles(account: &Account, ask: &Ask<'_>, among: Vec<usize>) -> Asked<Value> {
    let fields = ["created", "email", "id", "updated", "joined_group_at"];
    let (field, down) = ask.sorted(&fields, "created")?;
    let mut found = among;
    for mut term in terms(ask, PROFILE_FILTERS)? {
        if term.field == "email" {
            term.values.iter_mut().for_each(|email| *email = crate::klaviyo::profiles::plain(email));
        }
        found.retain(|&at| {
            let p = &account.profiles[at];
            match term.field.as_str() {
                "id" | "profile_id" => is_one_of(&term, Some(&p.id)),
                "email" => is_one_of(&term, p.email.as_deref()),
                "phone_number" => is_one_of(&term, p.phone_number.as_deref()),
                "external_id" => is_one_of(&term, p.external_id.as_deref()),
                "created" => compares(&term, p.created),
                "updated" => compares(&term, p.updated),
                _ => is_one_of(&term, p.consent.suppression()),
            }
        });
    }
    let key = |at: &usize| {
        let p = &account.profiles[*at];
        match field {
            "email" => (0, p.email.clone().unwrap_or_default()),
            "id" => (0, p.id.clone()),
            "updated" => (p.updated, p.id.clone()),
            _ => (p.created, p.id.clone()),
        }
    };
    found.sort_by_cached_key(key);
    if down {
        found.reverse();
    }
    let (range, links) = ask.page(&found, |at| &account.profiles[*at].id)?;
    let resource = |&at: &usize| {
        let profile = &account.profiles[at];
        let mut resource = render::profile(profile, subscriptions(ask), ask.base);
        if ask.segments.len() == 3 {
            resource["attributes"]["joined_group_at"] = json!(instant(profile.created));
        }
        resource
    };
    let data: Vec<Value> = found[range].iter().map(resource).collect();
    Ok(json!({ "data": data, "links": links }))
}

/// The profiles of a list or a segment.
fn members(account: &Account, kind: &str, id: &str) -> Asked<Vec<usize>> {
    if kind == "lists" {
        let list = account.lists.iter().find(|l| l.id == id);
        return Ok(list.ok_or_else(|| Denial::not_found("list", id))?.members.clone());
    }
    let segment = account.segments.iter().find(|s| s.id == id);
    segment.map(|s| account.members_of(s)).ok_or_else(|| Denial::not_found("segment", id))
}

fn lists(account: &Account, ask: &Ask<'_>) -> Asked<Value> {
    let terms = terms(ask, LIST_FILTERS)?;
    let mut found: Vec<_> =
        account.lists.iter().filter(|l| named(&terms, &l.id, &l.name, l.created)).collect();
    let (field, down) = ask.sorted(&["created", "id", "name", "updated"], "created")?;
    found.sort_by_key(|l| if field == "name" { l.name.clone() } else { l.id.clone() });
    if down {
        found.reverse();
    }
    let (range, links) = ask.page(&found, |l| &l.id)?;
    let data: Vec<Value> = found[range].iter().map(|l| render::list(l, false, ask.base)).collect();
    Ok(json!({ "data": data, "links": links }))
}

fn segments(account: &Account, ask: &Ask<'_>) -> Asked<Value> {
    let terms = terms(ask, SEGMENT_FILTERS)?;
    let mut found: Vec<_> =
        account.segments.iter().filter(|s| named(&terms, &s.id, s.name, s.created)).collect();
    let (field, down) = ask.sorted(&["created", "id", "name", "updated"], "created")?;
    found.sort_by_key(|s| if field == "name" { s.name.to_owned() } else { s.id.clone() });
    if down {
        found.reverse();
    }
    let (range, links) = ask.page(&found, |s| &s.id)?;
    let data: Vec<Value> = found[range].iter().map(|s| render::segment(s, None, ask.base)).collect();
    Ok(json!({ "data": data, "links": links }))
}

/// Whether a list or segment is one of those asked for. All segments are active, and none is starred.
fn named(terms: &[Term], id: &str, name: &str, created: i64) -> bool {
    terms.iter().all(|term| match term.field.as_str() {
        "id" => is_one_of(term, Some(id)),
        "name" => is_one_of(term, Some(name)),
        "is_active" => is_one_of(term, Some("true")),
        "is_starred" => is_one_of(term, Some("false")),
        _ => compares(term, created),
    })
}

/// Sparse fieldsets: of a type whose fields were named only those stay.
fn keep_fields(answer: &mut Value, ask: &Ask<'_>) {
    for (name, fields) in ask.query.pairs() {
        let Some(kind) = name.strip_prefix("fields[").and_then(|rest| rest.strip_suffix(']')) else {
            continue;
        };
        let wanted: Vec<&str> =
            fields.split(',').map(|field| field.trim().split('.').next().unwrap_or_default()).collect();
        let mut keep = |resource: &mut Value| {
            if resource["type"] == kind
                && let Some(attributes) = resource["attributes"].as_object_mut()
            {
                attributes.retain(|field, _| wanted.contains(&field.as_str()));
            }
        };
        for part in ["data", "included"] {
            match answer.get_mut(part) {
                Some(Value::Array(all)) => all.iter_mut().for_each(&mut keep),
                Some(Value::Null) | None => {}
                Some(one) => keep(one),
            }
        }
    }
}
