//! The naive rules: every one in plain words over all objects in memory, with the thresholds as they stand in the table of
//! rules.

use std::collections::{BTreeMap, BTreeSet};

use foredeck_engine::domain::kind::Kind;
use foredeck_engine::domain::settings::MetadataNames;
use foredeck_engine::facts::local::FINDING;
use foredeck_engine::projections::object::read_object;
use serde_json::{Map, Value, json};

use super::components::{Group, age};
use super::newest::Object;
use super::{credits, orders};
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

fn word<'a>(object: &'a Object, name: &str) -> &'a str {
    object.fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn int(object: &Object, name: &str) -> Option<i64> {
    object.fields.get(name).and_then(Value::as_i64)
}

fn made(object: &Object) -> i64 {
    int(object, "created").unwrap_or(object.as_of)
}

fn is(object: &Object, words: &[&str]) -> bool {
    words.contains(&word(object, "status"))
}

fn captured(charge: &Object) -> bool {
    is(charge, &["succeeded"]) && word(charge, "sub_status") == "captured"
}

const UNDER_WAY: [&str; 3] = ["processing", "requires_action", "requires_capture"];

/// One order with its objects, those that are deleted left out.
struct Order<'a> {
    id: &'a str,
    row: &'a Map<String, Value>,
    all: &'a [&'a Object],
    sessions: Vec<&'a Object>,
    intents: Vec<&'a Object>,
    charges: Vec<&'a Object>,
    refunds: Vec<&'a Object>,
    disputes: Vec<&'a Object>,
    locals: usize,
    operator_linked: bool,
}

impl<'a> Order<'a> {
    fn reached(&self) -> i64 {
        self.row["reached"].as_i64().unwrap()
    }

    fn unpaid(&self) -> bool {
        self.reached() < 4
    }

    fn kept(&self) -> bool {
        self.reached() == 5
    }

    fn paid_at(&self) -> i64 {
        self.row.get("paid_at").unwrap_or(&self.row["started_at"]).as_i64().unwrap()
    }

    fn has(&self, name: &str) -> bool {
        self.row.contains_key(name)
    }

    fn intent_of(&self, session: &Object) -> Option<&'a Object> {
        self.intents.iter().find(|intent| intent.id == word(session, "intent")).copied()
    }

    fn charges_of(&self, intent: &str) -> Vec<&'a Object> {
        self.charges.iter().filter(|charge| word(charge, "intent") == intent).copied().collect()
    }

    /// Took money of which not all went back.
    fn took(&self, charge: &Object) -> bool {
        let mine = |refund: &&&Object| match word(refund, "charge") {
            "" => !word(refund, "intent").is_empty() && word(refund, "intent") == word(charge, "intent"),
            id => id == charge.id,
        };
        let done = self.refunds.iter().filter(mine).filter(|refund| is(refund, &["succeeded"]));
        let sum: i64 = done.map(|refund| int(refund, "amount").unwrap_or_default()).sum();
        let returned = sum.max(int(charge, "amount_part").unwrap_or_default());
        captured(charge) && returned < int(charge, "amount").unwrap_or(1).max(1)
    }

    fn is_under_way(&self) -> bool {
        let pending = |charge: &&&Object| {
            let canceled = self
                .intents
                .iter()
                .any(|intent| intent.id == word(charge, "intent") && is(intent, &["canceled"]));
            let held = is(charge, &["succeeded"])
                && word(charge, "sub_status") == "uncaptured"
                && int(charge, "amount_part").unwrap_or_default() <= 0;
            (held || is(charge, &["pending"])) && !canceled
        };
        self.intents.iter().any(|intent| is(intent, &UNDER_WAY))
            || self.charges.iter().any(|charge| pending(&charge))
    }
}

fn attempted(object: &Object) -> bool {
    object.fields.get("attempted").is_some_and(|value| value == true)
}

fn declined(intent: &Object) -> bool {
    let ended = is(intent, &UNDER_WAY) || is(intent, &["succeeded"]);
    let gave_up = attempted(intent) && is(intent, &["requires_payment_method"]);
    !ended && (word(intent, "sub_status") == "declined" || gave_up)
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
    if group.members.iter().filter(living).any(|object| said(object)) {
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

fn failure(order: &Order<'_>) -> Option<i64> {
    if !order.unpaid() || order.is_under_way() {
        return None;
    }
    let known = |charge: &&&Object| order.intents.iter().any(|intent| intent.id == word(charge, "intent"));
    let tried = order.intents.iter().filter(|intent| attempted(intent));
    let newest =
        tried.chain(order.charges.iter().filter(|charge| !known(charge))).max_by_key(|object| age(object))?;
    if newest.kind == Kind::Charge {
        return is(newest, &["failed"]).then(|| newest.failed_at.max(Some(made(newest))).unwrap());
    }
    if !declined(newest) {
        return None;
    }
    let charges = order.charges_of(&newest.id);
    let sessions = order.sessions.iter().filter(|session| word(session, "intent") == newest.id);
    let told = charges.iter().chain(sessions).chain([newest]).filter_map(|object| object.failed_at);
    let last = charges.iter().rfind(|charge| is(charge, &["failed"])).map(|charge| made(charge));
    Some(told.chain(last).max().unwrap_or(made(newest)))
}

fn paying(order: &Order<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let open = |session: &&&Object| is(session, &["open"]);
    let complete_unpaid =
        |session: &Object| is(session, &["complete"]) && word(session, "sub_status") == "unpaid";
    let stuck = order.sessions.iter().any(|session| {
        let intent = word(session, "intent");
        let charges = order.charges_of(intent);
        let took = charges.iter().any(|charge| order.took(charge));
        let charged = charges.iter().any(|charge| captured(charge));
        let succeeded = order.intent_of(session).is_some_and(|intent| is(intent, &["succeeded"]));
        (is(session, &["open"]) || complete_unpaid(session))
            && !intent.is_empty()
            && (took || (!charged && succeeded))
    });
    if stuck {
        found.push(finding("paid_not_completed", order.id, order.paid_at()));
    }
    if order.unpaid() {
        let pressed = order.sessions.iter().filter(open).filter_map(|session| {
            let intent = order.intent_of(session)?;
            let pressed = attempted(intent) || int(intent, "created") > int(session, "created");
            let other = declined(intent)
                || is(intent, &["requires_action", "requires_capture", "succeeded", "canceled"]);
            (pressed && !other).then(|| made(intent))
        });
        let alone = order.intents.iter().filter(|intent| {
            is(intent, &["processing"])
                && !order.sessions.iter().any(|session| word(session, "intent") == intent.id)
        });
        let oldest = pressed.chain(alone.map(|intent| made(intent))).min();
        found.extend(oldest.map(|at| finding("processing_too_long", order.id, at)));
        let tried = order.sessions.iter().filter(open).filter(|session| {
            order
                .intent_of(session)
                .is_some_and(|intent| declined(intent) || is(intent, &["requires_action"]))
        });
        let first = tried.filter_map(|session| int(session, "expires_at")).min();
        found.extend(
            first.map(|at| Finding {
                deadline_at: Some(at),
                ..finding("expires_after_attempt", order.id, at)
            }),
        );
        let asked = order.intents.iter().filter(|intent| is(intent, &["requires_action"]));
        let since = asked.map(|intent| intent.entered_at.unwrap_or(made(intent))).min();
        found.extend(since.map(|at| finding("requires_action_stale", order.id, at)));
    }
    found.extend(failure(order).map(|at| finding("payment_failed", order.id, at)));
    let pending = order.sessions.iter().filter_map(|session| {
        let intent = order.intent_of(session)?;
        let waits = complete_unpaid(session) && is(intent, &["processing"]);
        waits.then(|| session.entered_at.unwrap_or(made(intent)))
    });
    found.extend(pending.min().map(|at| finding("async_pending_too_long", order.id, at)));
    for intent in order.intents.iter().filter(|intent| is(intent, &["requires_capture"])) {
        let charges = order.charges_of(&intent.id);
        let charge = charges.last();
        let ends = charge.and_then(|charge| int(charge, "expires_at"));
        let at = ends.unwrap_or_else(|| charge.map_or(made(intent), |charge| made(charge)) + 7 * DAY);
        found.push(Finding { deadline_at: Some(at), ..finding("authorisation_lapsing", &intent.id, at) });
    }
    found
}

fn lacking(order: &Order<'_>, has_preorder_id: bool) -> Vec<Finding> {
    let mut found = Vec::new();
    let known = !order.sessions.is_empty()
        || order.locals > 0
        || order.operator_linked
        || has_preorder_id
        || order.all.iter().any(|object| object.fields.contains_key("preorder_id"));
    let payment = order
        .intents
        .iter()
        .find(|intent| is(intent, &["succeeded"]))
        .or(order.charges.iter().find(|charge| captured(charge)));
    if order.kept() {
        let lacks = |rule| finding(rule, order.id, order.paid_at());
        found.extend(
            payment.filter(|_| !known).map(|payment| finding("orphan_payment", &payment.id, order.paid_at())),
        );
        found.extend((!order.has("color")).then(|| lacks("missing_color")));
        let starts = order.sessions.iter().chain(&order.intents).chain(&order.charges);
        let sent = starts.clone().any(|object| object.fields.contains_key("address"));
        found.extend((!sent).then(|| lacks("missing_address")));
        let late = order.sessions.iter().find(|session| {
            int(session, "created").is_some_and(|at| order.has("paid_at") && at > order.paid_at())
        });
        found.extend(late.map(|session| finding("steps_out_of_order", order.id, made(session))));
    }
    if order.reached() >= 3 && (order.unpaid() || order.kept()) && !order.has("email") {
        let tried = order.intents.iter().chain(&order.charges).filter(|object| attempted(object));
        let at = if order.unpaid() {
            tried
                .map(|object| made(object))
                .min()
                .or_else(|| order.sessions.iter().filter_map(|session| session.entered_at).min())
                .or_else(|| order.sessions.iter().map(|session| made(session)).min())
                .unwrap_or(order.paid_at())
        } else {
            order.paid_at()
        };
        found.push(finding("missing_email", order.id, at));
    }
    found
}

fn charged_twice(order: &Order<'_>, objects: &BTreeMap<String, Object>) -> Option<Finding> {
    let mut payments: BTreeMap<&str, i64> = BTreeMap::new();
    for charge in order.charges.iter().filter(|charge| order.took(charge)) {
        let near = objects.get(word(charge, "intent")).filter(|intent| intent.kind == Kind::Intent);
        if let Some(intent) = near {
            payments.entry(&intent.id).or_insert(charge.proof_at.unwrap_or(made(charge)));
        }
    }
    let later = payments.iter().map(|(id, at)| (*at, *id)).max()?;
    (payments.len() > 1).then(|| finding("paid_twice", later.1, later.0))
}

fn carried(order: &Order<'_>, objects: &BTreeMap<String, Object>) -> Vec<Finding> {
    let broken = order.sessions.iter().filter(|session| {
        let own = word(session, "preorder_id");
        let other = objects
            .get(word(session, "intent"))
            .filter(|intent| intent.kind.belongs_to_orders() && !intent.fields.contains_key("deleted"))
            .map(|intent| word(intent, "preorder_id"))
            .unwrap_or_default();
        own.is_empty() || (!other.is_empty() && own != other)
    });
    broken.map(|session| finding("metadata_broken", &session.id, made(session))).collect()
}

fn sold(order: &Order<'_>, facts: &[Fact], objects: &BTreeMap<String, Object>) -> Vec<Finding> {
    let mut found = Vec::new();
    let prices = || {
        objects.values().filter(|object| object.kind == Kind::Price && !object.fields.contains_key("deleted"))
    };
    for session in &order.sessions {
        let told = facts.iter().filter_map(|fact| match fact {
            Fact::Seen { id, as_of, object, raw, .. } if *id == session.id => {
                let items = object["line_items"]["data"].as_array().filter(|items| !items.is_empty())?;
                // Which of two in one second holds is the engine's own affair.
                let sale = read_object(raw, None, &MetadataNames::default()).unwrap().sale.unwrap();
                Some(((*as_of, sale.key()), object, items))
            }
            _ => None,
        });
        let Some((_, object, items)) = told.max_by_key(|(place, ..)| *place) else { continue };
        let currency = object["currency"].as_str().unwrap();
        let (mut sum, mut amount_is_wrong, mut currency_is_wrong) = (Some(0), false, false);
        for item in items {
            let listed = prices().find(|price| item["price"]["id"] == price.id.as_str());
            let product = item["price"]["product"].as_str().unwrap();
            let active: Vec<&Object> = prices()
                .filter(|price| word(price, "product") == product && is(price, &["active"]))
                .collect();
            let same: Vec<i64> = active
                .iter()
                .filter(|price| word(price, "currency") == currency)
                .filter_map(|price| int(price, "amount"))
                .collect();
            currency_is_wrong |= !active.is_empty() && same.is_empty();
            let unit = listed
                .filter(|price| word(price, "currency") == currency)
                .and_then(|price| int(price, "amount"));
            sum = sum.zip(unit).map(|(sum, unit)| sum + unit * item["quantity"].as_i64().unwrap());
            let asked = item["price"]["unit_amount"].as_i64().unwrap();
            amount_is_wrong |= listed.is_none() && !same.is_empty() && !same.contains(&asked);
        }
        let discounted = object["total_details"]["amount_discount"].as_i64() > Some(0);
        let total = object["amount_total"].as_i64();
        amount_is_wrong |= !discounted && sum.is_some() && total.is_some() && sum != total;
        if amount_is_wrong {
            found.push(finding("wrong_amount", &session.id, made(session)));
        }
        if currency_is_wrong {
            found.push(finding("wrong_currency", &session.id, made(session)));
        }
    }
    found
}

fn aftermath(order: &Order<'_>, facts: &[Fact]) -> Vec<Finding> {
    let mut found = Vec::new();
    for dispute in &order.disputes {
        let waits = is(dispute, &["needs_response", "warning_needs_response"]);
        if waits || is(dispute, &["under_review", "warning_under_review"]) {
            let deadline_at = if waits { int(dispute, "expires_at") } else { None };
            found.push(Finding { deadline_at, ..finding("dispute_open", &dispute.id, made(dispute)) });
        }
    }
    let mut by_charge: BTreeMap<&str, Vec<&Object>> = BTreeMap::new();
    for refund in &order.refunds {
        let parent = [word(refund, "charge"), word(refund, "intent")].into_iter().find(|id| !id.is_empty());
        by_charge.entry(parent.unwrap_or_default()).or_default().push(refund);
    }
    for refunds in by_charge.values() {
        let newest = refunds.iter().max_by_key(|refund| age(refund)).unwrap();
        if is(newest, &["failed", "canceled"]) {
            let told = facts.iter().filter_map(|fact| match fact {
                Fact::Event { object, created, .. } if object["id"] == newest.id.as_str() => {
                    (object["status"] == "failed" || object["status"] == "canceled").then_some(*created)
                }
                _ => None,
            });
            found.push(finding("refund_failed", &newest.id, told.min().unwrap_or(made(newest))));
        }
    }
    found
}

fn lead_at(order: &Order<'_>) -> Option<i64> {
    if !order.unpaid() || !order.has("email") || order.sessions.is_empty() {
        return None;
    }
    if let Some(failed) = failure(order) {
        return Some(failed + 30 * DAY);
    }
    if order.is_under_way() || order.sessions.iter().any(|session| is(session, &["complete"])) {
        return None;
    }
    match order.sessions.iter().filter(|session| is(session, &["open"])).map(|session| made(session)).max() {
        Some(opened) => (order.reached() < 3).then_some(opened + HOUR),
        None => order.row["started_at"].as_i64(),
    }
}

fn people(groups: &[Group<'_>], objects: &BTreeMap<String, Object>, rows: &Rows) -> Vec<Finding> {
    let mut found = Vec::new();
    let goods: Vec<(&String, &Map<String, Value>)> =
        rows.iter().filter(|(_, row)| row["goods"] == 1).collect();
    let mut emails: BTreeMap<&str, Vec<(&String, &Map<String, Value>)>> = BTreeMap::new();
    for (id, row) in goods {
        if let Some(email) = row.get("email") {
            emails.entry(email.as_str().unwrap()).or_default().push((id, row));
        }
    }
    for orders in emails.values() {
        let mut by_color: BTreeMap<&str, Vec<(i64, &str)>> = BTreeMap::new();
        for (id, row) in orders {
            if let (Some(color), Some(paid_at), true) =
                (row.get("color"), row.get("paid_at"), row["reached"] == 5)
            {
                by_color.entry(color.as_str().unwrap()).or_default().push((paid_at.as_i64().unwrap(), id));
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
            for session in own {
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

fn shared(groups: &[Group<'_>], objects: &BTreeMap<String, Object>) -> Vec<Finding> {
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
