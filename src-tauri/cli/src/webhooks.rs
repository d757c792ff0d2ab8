//! Webhook health: endpoints, what is told twice, what did not arrive, and what never could.

use chrono_tz::Tz;
use foredeck_engine::api::types::NoArgs;
use foredeck_engine::queries::undeliverable::{NeverDeliverable, NeverReason};
use foredeck_engine::queries::webhooks::{
    Endpoint, EndpointProblem, LeadsTo, Overlap, UndeliveredGroups, Webhooks,
};

use crate::deck::Deck;
use crate::plain::{cell, instant, maybe, maybe_instant, plain};
use crate::print::{self, Outcome};

/// Types named in one cell before the rest is counted.
const MOST_NAMED: usize = 3;

/// Shows webhook health.
pub async fn show(deck: &Deck) -> Outcome {
    let webhooks: Webhooks = deck.ask("webhooks", &NoArgs {}).await?;
    let zone = deck.store().await?.zone();
    deck.format.reply(&webhooks, |webhooks| text(webhooks, zone))
}

fn text(webhooks: &Webhooks, zone: Tz) -> String {
    let mut text = format!("endpoints as of    {}\n", maybe_instant(webhooks.as_of, zone));
    for warning in warnings(webhooks) {
        text += &format!("warning: {warning}\n");
    }
    text += "\n";
    text += &match (webhooks.endpoints.is_empty(), webhooks.as_of) {
        (false, _) => endpoints(&webhooks.endpoints, zone),
        (true, Some(_)) => "The account has no webhook endpoints.\n".to_owned(),
        (true, None) => "The endpoints were not looked at yet.\n".to_owned(),
    };
    text += &undelivered(&webhooks.undelivered, zone);
    text + &never(&webhooks.never_deliverable, webhooks.looked_since, zone)
}

/// What someone should do something about, a sentence each.
fn warnings(webhooks: &Webhooks) -> Vec<String> {
    let mut found: Vec<String> = webhooks.missing_permission.iter().map(|name| no_permission(name)).collect();
    found.extend(webhooks.overlaps.iter().map(overlap));
    for endpoint in &webhooks.endpoints {
        if endpoint.problems.contains(&EndpointProblem::Disabled) {
            found.push(format!(
                "{} is disabled, and no other endpoint takes its payments; enable it in Stripe's dashboard",
                cell(&endpoint.path)
            ));
        }
    }
    if !webhooks.unsubscribed.is_empty() {
        let names: Vec<String> = webhooks.unsubscribed.iter().map(|name| cell(name)).collect();
        found.push(format!("no enabled endpoint takes {}", names.join(", ")));
    }
    found
}

fn no_permission(name: &str) -> String {
    let named = if name.is_empty() { "the permission".to_owned() } else { cell(name) };
    format!("the key lacks {named}, so the webhook endpoints cannot be looked at")
}

fn overlap(overlap: &Overlap) -> String {
    let paths: Vec<String> = overlap.endpoints.iter().map(|one| cell(&one.path)).collect();
    let leads_to = match overlap.leads_to {
        LeadsTo::CreditsGrantedTwice => "credits may be granted twice",
    };
    format!(
        "{} both take {}: {leads_to}; disable all but one in Stripe's dashboard",
        paths.join(" and "),
        cell(&overlap.event_type)
    )
}

fn endpoints(endpoints: &[Endpoint], zone: Tz) -> String {
    let rows = endpoints.iter().map(|one| {
        let takes = if one.takes_all { "every type".to_owned() } else { names(&one.enabled_events) };
        let problems: Vec<&str> = one.problems.iter().map(|problem| problem_word(*problem)).collect();
        vec![
            cell(&one.url),
            if one.connect { format!("{}, Connect", cell(&one.status)) } else { cell(&one.status) },
            maybe(one.api_version.as_deref()),
            maybe_instant(one.created_at, zone),
            takes,
            if problems.is_empty() { "-".to_owned() } else { problems.join(", ") },
            plain(&one.id),
        ]
    });
    print::table(&["URL", "STATUS", "VERSION", "CREATED", "TAKES", "PROBLEM", "ID"], &[], rows)
}

fn names(types: &[String]) -> String {
    let mut named: Vec<String> = types.iter().take(MOST_NAMED).map(|name| cell(name)).collect();
    if types.len() > MOST_NAMED {
        named.push(format!("{} more", types.len() - MOST_NAMED));
    }
    if named.is_empty() { "-".to_owned() } else { named.join(", ") }
}

fn problem_word(problem: EndpointProblem) -> &'static str {
    match problem {
        EndpointProblem::Overlap => "overlaps",
        EndpointProblem::Disabled => "disabled",
        EndpointProblem::Unsubscribed => "misses payments",
    }
}

fn undelivered(groups: &UndeliveredGroups, zone: Tz) -> String {
    if groups.total == 0 {
        return "\nEvery event was delivered.\n".to_owned();
    }
    let mut text = format!("\nundelivered events: {}\n", groups.total);
    let types = groups
        .by_type
        .iter()
        .map(|one| vec![cell(&one.r#type), one.count.to_string(), instant(one.oldest_at, zone)]);
    text += &print::table(&["TYPE", "EVENTS", "OLDEST"], &[1], types);
    text += "\n";
    let orders = groups.by_order.iter().map(|one| {
        let mut types: Vec<String> = one.events.iter().map(|event| event.r#type.clone()).collect();
        types.sort();
        types.dedup();
        let oldest = one.events.first().map(|event| event.created_at);
        vec![maybe(one.order.as_deref()), one.count.to_string(), maybe_instant(oldest, zone), names(&types)]
    });
    text += &print::table(&["PREORDER", "EVENTS", "OLDEST", "TYPES"], &[1], orders);
    if groups.grouped < groups.total {
        text += &format!("The groups count the {} oldest.\n", groups.grouped);
    }
    text
}

fn never(never: &NeverDeliverable, looked_since: Option<i64>, zone: Tz) -> String {
    if never.total == 0 {
        return String::new();
    }
    let mut text = format!("\nevents that could never be delivered: {}\n", never.total);
    if let Some(since) = looked_since.filter(|since| never.by_type.iter().any(|one| one.oldest_at < *since)) {
        text += &format!("An endpoint that was deleted before {} is not known.\n", instant(since, zone));
    }
    let rows = never.events.iter().map(|event| {
        let reason = match event.reason {
            NeverReason::NoEndpoint => "no known endpoint existed",
            NeverReason::NotSubscribed => "no endpoint took this type then",
            NeverReason::OnlyDisabled => "only disabled endpoints took it",
        };
        let reason = if event.unsure { format!("{reason} (changed soon after)") } else { reason.to_owned() };
        vec![
            instant(event.created_at, zone),
            cell(&event.r#type),
            maybe(event.order.as_deref()),
            reason,
            plain(&event.id),
        ]
    });
    text += &print::table(&["CREATED", "TYPE", "PREORDER", "REASON", "ID"], &[], rows);
    let shown = i64::try_from(never.events.len()).unwrap_or(0);
    if shown < never.total {
        text += &format!("and {} older ones\n", never.total - shown);
    }
    text
}
