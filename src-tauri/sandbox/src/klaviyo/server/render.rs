//! The account's things as JSON:API resources.

use crate::klaviyo::account::{Account, instant};
use crate::klaviyo::catalogue::{CustomMetric, Metric, NamedList, Segment};
use crate::klaviyo::events::Event;
use crate::klaviyo::profiles::{Profile, TEXTS};
use serde_json::{Map, Value, json};

fn link(base: &str, path: &str) -> Value {
    json!({ "self": format!("{base}/api/{path}/") })
}

fn related(base: &str, path: &str, name: &str) -> Value {
    json!({
        "self": format!("{base}/api/{path}/relationships/{name}/"),
        "related": format!("{base}/api/{path}/{name}/"),
    })
}

pub(super) fn account(account: &Account, base: &str) -> Value {
    let config = &account.config;
    json!({
        "type": "account",
        "id": config.public_id,
        "attributes": {
            "test_account": config.test_account,
            "contact_information": {
                "default_sender_name": config.name,
                "default_sender_email": "hello@shop.example.com",
                "website_url": "https://shop.example.com",
                "organization_name": config.name,
                "street_address": {
                    "address1": "Laternenweg 12", "address2": "", "city": "Lampertsburg", "region": "",
                    "country": "DE", "zip": "10115",
                },
            },
            "industry": "Ecommerce",
            "timezone": config.timezone,
            "preferred_currency": config.currency,
            "public_api_key": config.public_id,
            "locale": "en-US",
        },
        "links": link(base, &format!("accounts/{}", config.public_id)),
    })
}

pub(super) fn metric(metric: &Metric, base: &str) -> Value {
    let path = format!("metrics/{}", metric.id);
    json!({
        "type": "metric",
        "id": metric.id,
        "attributes": {
            "name": metric.name,
            "created": instant(metric.created),
            "updated": instant(metric.created),
            "integration": metric.integration(),
        },
        "relationships": { "flow-triggers": { "links": related(base, &path, "flow-triggers") } },
        "links": link(base, &path),
    })
}

pub(super) fn custom_metric(metric: &CustomMetric, base: &str) -> Value {
    let path = format!("custom-metrics/{}", metric.id);
    json!({
        "type": "custom-metric",
        "id": metric.id,
        "attributes": {
            "name": metric.name,
            "created": instant(metric.created),
            "updated": instant(metric.created),
            "definition": {
                "aggregation_method": "count",
                "metric_groups": [{ "metric_id": metric.of, "metric_filters": null, "value_property": null }],
            },
        },
        "relationships": {
            "metrics": {
                "data": [{ "type": "metric", "id": metric.of }],
                "links": related(base, &path, "metrics"),
            },
        },
        "links": link(base, &path),
    })
}

pub(super) fn mapped_metric(account: &Account, name: &str, of: Option<&str>, base: &str) -> Value {
    let path = format!("mapped-metrics/{name}");
    let mut resource = json!({
        "type": "mapped-metric",
        "id": name,
        "attributes": { "updated": instant(account.created) },
        "relationships": {
            "metric": { "links": related(base, &path, "metric") },
            "custom-metric": { "links": related(base, &path, "custom-metric") },
        },
        "links": link(base, &path),
    });
    if let Some(id) = of {
        resource["relationships"]["metric"]["data"] = json!({ "type": "metric", "id": id });
    }
    resource
}

pub(super) fn event(account: &Account, event: &Event, base: &str) -> Value {
    let path = format!("events/{}", event.id);
    json!({
        "type": "event",
        "id": event.id,
        "attributes": {
            "timestamp": event.time,
            "event_properties": event.shown_properties(),
            "datetime": instant(event.time),
            "uuid": event.uuid,
        },
        "relationships": {
            "profile": {
                "data": { "type": "profile", "id": account.profiles[event.profile].id },
                "links": related(base, &path, "profile"),
            },
            "metric": {
                "data": { "type": "metric", "id": account.metrics[event.metric].id },
                "links": related(base, &path, "metric"),
            },
        },
        "links": link(base, &path),
    })
}

pub(super) fn profile(profile: &Profile, with_subscriptions: bool, base: &str) -> Value {
    let path = format!("profiles/{}", profile.id);
    let mut attributes = Map::new();
    attributes.insert("email".to_owned(), json!(profile.email));
    attributes.insert("phone_number".to_owned(), json!(profile.phone_number));
    attributes.insert("external_id".to_owned(), json!(profile.external_id));
    for name in TEXTS {
        attributes.insert(name.to_owned(), profile.texts.get(name).cloned().unwrap_or_default());
    }
    attributes.insert("created".to_owned(), json!(instant(profile.created)));
    attributes.insert("updated".to_owned(), json!(instant(profile.updated)));
    attributes.insert("last_event_date".to_owned(), json!(profile.last_event_at.map(instant)));
    let places = [
        "address1",
        "address2",
        "city",
        "country",
        "latitude",
        "longitude",
        "region",
        "zip",
        "timezone",
        "ip",
    ];
    let place = |name: &str| (name.to_owned(), profile.location.get(name).cloned().unwrap_or_default());
    let location: Map<String, Value> = places.into_iter().map(place).collect();
    attributes.insert("location".to_owned(), Value::Object(location));
    attributes.insert("properties".to_owned(), Value::Object(profile.properties.clone()));
    if with_subscriptions {
        attributes.insert("subscriptions".to_owned(), subscriptions(profile));
    }
    json!({
        "type": "profile",
        "id": profile.id,
        "attributes": attributes,
        "relationships": {
            "lists": { "links": related(base, &path, "lists") },
            "segments": { "links": related(base, &path, "segments") },
        },
        "links": link(base, &path),
    })
}

fn subscriptions(profile: &Profile) -> Value {
    let since = profile.consent_at.map(instant);
    let suppression: Vec<Value> = profile
        .consent
        .suppression()
        .into_iter()
        .map(|reason| json!({ "reason": reason, "timestamp": since }))
        .collect();
    let never = |can_receive: &str| json!({ "marketing": { can_receive: false, "consent": "NEVER_SUBSCRIBED", "consent_timestamp": null } });
    json!({
        "email": {
            "marketing": {
                "can_receive_email_marketing": profile.consent.can_receive(),
                "consent": profile.consent.word(),
                "consent_timestamp": since,
                "last_updated": since,
                "method": null,
                "method_detail": null,
                "custom_method_detail": null,
                "double_optin": false,
                "suppression": suppression,
                "list_suppressions": [],
            },
        },
        "sms": never("can_receive_sms_marketing"),
        "mobile_push": never("can_receive_push_marketing"),
    })
}

pub(super) fn list(list: &NamedList, with_count: bool, base: &str) -> Value {
    let path = format!("lists/{}", list.id);
    let mut resource = json!({
        "type": "list",
        "id": list.id,
        "attributes": {
            "name": list.name,
            "created": instant(list.created),
            "updated": instant(list.created),
            "opt_in_process": "double_opt_in",
        },
        "relationships": { "profiles": { "links": related(base, &path, "profiles") } },
        "links": link(base, &path),
    });
    if with_count {
        resource["attributes"]["profile_count"] = json!(list.members.len());
    }
    resource
}

pub(super) fn segment(segment: &Segment, count: Option<usize>, base: &str) -> Value {
    let path = format!("segments/{}", segment.id);
    let mut resource = json!({
        "type": "segment",
        "id": segment.id,
        "attributes": {
            "name": segment.name,
            "definition": { "condition_groups": [] },
            "created": instant(segment.created),
            "updated": instant(segment.created),
            "is_active": true,
            "is_processing": false,
            "is_starred": false,
        },
        "relationships": { "profiles": { "links": related(base, &path, "profiles") } },
        "links": link(base, &path),
    });
    if let Some(count) = count {
        resource["attributes"]["profile_count"] = json!(count);
    }
    resource
}
