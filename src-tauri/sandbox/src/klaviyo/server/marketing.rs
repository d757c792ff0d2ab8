//! The lists of campaigns, flows and forms: names and channels for what reports speak of by id.

use super::answer::{Asked, Denial};
use super::ask::Ask;
use super::reads::{Allowed, terms};
use crate::klaviyo::account::{Account, instant};
use crate::klaviyo::activity::{Counted, Reported};
use serde_json::{Value, json};

const CHANNELS: [&str; 3] = ["email", "sms", "mobile_push"];
const CAMPAIGN_FILTERS: Allowed = &[
    ("messages.channel", &["equals"]),
    ("archived", &["equals"]),
    ("status", &["any", "equals"]),
    ("id", &["any"]),
];
const FLOW_FILTERS: Allowed =
    &[("id", &["any"]), ("archived", &["equals"]), ("status", &["equals"]), ("name", &["equals"])];
const FORM_FILTERS: Allowed =
    &[("id", &["any", "equals"]), ("status", &["equals"]), ("ab_test", &["equals"])];

/// Campaigns of one channel; without saying so, those that are not archived.
pub(super) fn campaigns(account: &Account, ask: &Ask<'_>) -> Asked<Value> {
    let terms = terms(ask, CAMPAIGN_FILTERS)?;
    let value = |field: &str| terms.iter().find(|term| term.field == field).map(|term| term.value());
    let channel =
        value("messages.channel").filter(|channel| CHANNELS.contains(channel)).ok_or_else(|| {
            Denial::invalid("A channel filter is required to list campaigns.").parameter("filter")
        })?;
    let archived = value("archived") == Some("true");
    let (_, down) = ask.sorted(&["created_at", "id", "name", "scheduled_at", "updated_at"], "created_at")?;
    let mut found = account.counted(Reported::Campaigns);
    found.retain(|one| one.channel == channel && one.archived == archived);
    if down {
        found.reverse();
    }
    let resource = |one: &Counted| {
        let sent = one.sent_at.map(instant);
        let attributes = json!({
            "name": one.name, "status": one.status, "archived": one.archived,
            "created_at": instant(one.created), "updated_at": instant(one.created),
            "scheduled_at": sent, "send_time": sent,
        });
        resource("campaign", &one.id, attributes, ask)
    };
    let (range, links) = ask.page(&found, |one| &one.id)?;
    Ok(json!({ "data": found[range].iter().map(resource).collect::<Vec<_>>(), "links": links }))
}

/// Flows, each once however many messages it has.
pub(super) fn flows(account: &Account, ask: &Ask<'_>) -> Asked<Value> {
    terms(ask, FLOW_FILTERS)?;
    let mut found = account.counted(Reported::Flows);
    found.dedup_by(|one, before| one.id == before.id);
    let resource = |one: &Counted| {
        let attributes = json!({
            "name": one.name, "status": one.status, "archived": one.archived, "trigger_type": "Metric",
            "created": instant(one.created), "updated": instant(one.created),
        });
        resource("flow", &one.id, attributes, ask)
    };
    let (range, links) = ask.page(&found, |one| &one.id)?;
    Ok(json!({ "data": found[range].iter().map(resource).collect::<Vec<_>>(), "links": links }))
}

/// Forms.
pub(super) fn forms(account: &Account, ask: &Ask<'_>) -> Asked<Value> {
    terms(ask, FORM_FILTERS)?;
    let found = account.counted(Reported::Forms);
    let resource = |one: &Counted| {
        let attributes = json!({
            "name": one.name, "status": one.status, "ab_test": false,
            "created_at": instant(one.created), "updated_at": instant(one.created),
        });
        resource("form", &one.id, attributes, ask)
    };
    let (range, links) = ask.page(&found, |one| &one.id)?;
    Ok(json!({ "data": found[range].iter().map(resource).collect::<Vec<_>>(), "links": links }))
}

fn resource(kind: &str, id: &str, attributes: Value, ask: &Ask<'_>) -> Value {
    let itself = format!("{}/api/{kind}s/{id}/", ask.base);
    json!({ "type": kind, "id": id, "attributes": attributes, "links": { "self": itself } })
}
