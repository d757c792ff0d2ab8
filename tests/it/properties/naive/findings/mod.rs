//! The naive rules: every one in plain words over all objects in memory, with the thresholds as they stand in the table of
//! rules.

mod goods;
mod order;
mod paying;
mod people;

use std::collections::{BTreeMap, BTreeSet};

use foredeck_engine::domain::kind::Kind;
use foredeck_engine::facts::local::FINDING;
use serde_json::{Map, Value, json};

use super::components::Group;
use super::newest::Object;
use super::{credits, orders};
use goods::{aftermath, carried, charged_twice, lacking, sold};
use order::{Order, is};
use paying::{lead_at, paying};
use people::{people, shared};

use crate::it::properties::facts::Fact;
use crate::it::properties::mirror::Rows;

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// Rules that a history can break.
pub const RULES: [&str; 19] = [
    "paid_not_completed",
    "processing_too_long",
    "expires_after_attempt",
    "payment_failed",
    "requires_action_stale",
    "async_pending_too_long",
    "authorisation_lapsing",
    "orphan_payment",
    "paid_twice",
    "several_sessions",
    "missing_color",
    "missing_email",
    "missing_address",
    "wrong_amount",
    "wrong_currency",
    "metadata_broken",
    "shared_preorder_id",
    "refund_failed",
    "dispute_open",
];

fn threshold(rule: &str) -> i64 {
    match rule {
        "paid_not_completed" | "orphan_payment" | "missing_color" | "missing_email" | "missing_address" => {
            600
        }
        "processing_too_long" | "payment_failed" | "requires_action_stale" | "several_sessions" => HOUR,
        "expires_after_attempt" => -2 * HOUR,
        "async_pending_too_long" => 7 * DAY,
        "authorisation_lapsing" => -2 * DAY,
        "metadata_broken" | "steps_out_of_order" => 60,
        _ => 0,
    }
}

/// What was found.
pub struct Found {
    pub rows: Rows,
    pub words: Rows,
    pub of_people: BTreeMap<String, i64>,
}

struct Finding {
    rule: &'static str,
    subject: String,
    order: String,
    base_at: i64,
    deadline_at: Option<i64>,
    /// Other names of the subject.
    aliases: BTreeSet<String>,
}

/// Finds everything, and completes the orders' rows by what only that knows.
pub fn find(
    facts: &[Fact],
    objects: &BTreeMap<String, Object>,
    groups: &[Group<'_>],
    rows: &mut Rows,
) -> Found {
    let mut found: Vec<Finding> = Vec::new();
    let mut of_people: BTreeMap<String, i64> = BTreeMap::new();
    for group in groups {
        let Some((id, row)) = orders::row(group, objects) else { continue };
        let of = |kind: Kind| -> Vec<&Object> {
            let living = |object: &&&Object| object.kind == kind && !object.fields.contains_key("deleted");
            group.members.iter().filter(living).copied().collect()
        };
        let order = Order {
            id: &id,
            row: &row,
            all: &group.members,
            sessions: of(Kind::Session),
            intents: of(Kind::Intent),
            charges: of(Kind::Charge),
            refunds: of(Kind::Refund),
            disputes: of(Kind::Dispute),
            locals: of(Kind::Local).len(),
            operator_linked: group.operator_linked,
        };
        let goods = !buys_credits(facts, group, objects);
        let mut own = Vec::new();
        if goods {
            own.extend(paying(&order));
            own.extend(lacking(&order, group.preorder_id.is_some()));
            own.extend(charged_twice(&order, objects));
            own.extend(carried(&order, objects));
            own.extend(sold(&order, facts, objects));
        }
        own.extend(aftermath(&order, facts));
        for finding in &mut own {
            finding.order = id.clone();
            if finding.subject == id {
                finding.aliases = group.members.iter().map(|object| object.id.clone()).collect();
            }
        }
        let full = rows.get_mut(&id).unwrap();
        full.insert("goods".to_owned(), i64::from(goods).into());
        let waiting = order.sessions.iter().filter(|session| !is(session, &["complete"])).count();
        full.insert("sessions".to_owned(), if goods { waiting } else { 0 }.into());
        full.insert("findings".to_owned(), own.len().into());
        full.extend(lead_at(&order).filter(|_| goods).map(|at| ("lead_at".to_owned(), at.into())));
        found.extend(own);
    }
    for finding in people(groups, objects, rows) {
        let email = rows[&finding.order]["email"].as_str().unwrap().to_owned();
        *of_people.entry(email).or_default() += 1;
        found.push(finding);
    }
    found.extend(shared(groups, objects));
    let words = words(facts);
    let rows = found.into_iter().map(|finding| finding_row(finding, &words)).collect();
    let words = words.into_iter().map(|(id, (_, said, at))| {
        (id, Map::from_iter([("said".to_owned(), said.into()), ("at".to_owned(), at.into())]))
    });
    Found { rows, words: words.collect(), of_people }
}

fn finding(rule: &'static str, subject: &str, base_at: i64) -> Finding {
    Finding {
        rule,
        subject: subject.to_owned(),
        order: String::new(),
        base_at,
        deadline_at: None,
        aliases: BTreeSet::new(),
    }
}

/// The newest word on each finding: its place, what it says, and when.
fn words(facts: &[Fact]) -> BTreeMap<String, (usize, String, i64)> {
    let mut words = BTreeMap::new();
    let locals =
        facts.iter().filter_map(|fact| if let Fact::Local(local) = fact { Some(local) } else { None });
    for (place, local) in locals.enumerate().filter(|(_, local)| local.kind == FINDING) {
        words.insert(local.subject.clone(), (place, local.body.clone(), local.made_at));
    }
    words
}

fn finding_row(
    finding: Finding,
    words: &BTreeMap<String, (usize, String, i64)>,
) -> (String, Map<String, Value>) {
    let id = format!("{}:{}", finding.rule, finding.subject);
    let opens_at = finding.base_at + threshold(finding.rule);
    let named = finding.aliases.iter().map(|alias| format!("{}:{alias}", finding.rule)).chain([id.clone()]);
    let newest = named.filter_map(|id| words.get(&id).map(|word| (word.0, id, &word.1))).max();
    let (mut state, mut due_at, mut of) = (0, opens_at, None);
    if let Some((_, of_id, said)) = newest {
        let said: Value = serde_json::from_str(said).unwrap();
        let holds = finding.base_at <= said["base_at"].as_i64().unwrap();
        state = match said["state"].as_str().unwrap() {
            "snoozed" => 1,
            "dismissed" if holds => 2,
            "resolved" if holds => 3,
            _ => 0,
        };
        if state == 1 {
            due_at = opens_at.max(said["until"].as_i64().unwrap());
        }
        of = (state > 0).then_some(of_id);
    }
    let said = json!({"rule": finding.rule, "subject": finding.subject, "base_at": finding.base_at, "opens_at": opens_at,
        "due_at": due_at, "state": state, "preorder": finding.order});
    let Value::Object(mut row) = said else { unreachable!("it is an object") };
    row.extend(finding.deadline_at.map(|at| ("deadline_at".to_owned(), at.into())));
    row.extend(of.map(|of| ("word".to_owned(), of.into())));
    (id, row)
}

fn buys_credits(facts: &[Fact], group: &Group<'_>, objects: &BTreeMap<String, Object>) -> bool {
    let starts = [Kind::Session, Kind::Intent, Kind::Charge, Kind::Local];
    let living = |object: &&&Object| starts.contains(&object.kind) && !object.fields.contains_key("deleted");
    let said = |object: &&Object| object.fields.contains_key("plan") || object.fields.contains_key("credits");
    if group.members.iter().filter(living).any(said) {
        return true;
    }
    let mut payments: BTreeMap<String, Vec<&Object>> = BTreeMap::new();
    for object in &group.members {
        if let Some(payment) = credits::payment_within(object, &group.members) {
            payments.entry(payment).or_default().push(object);
        }
    }
    payments.into_values().any(|members| {
        let group = Group { members, ..Group::default() };
        orders::row(&group, objects).is_some_and(|(_, row)| credits::bought(facts, &group, &row).0 == "plan")
    })
}
