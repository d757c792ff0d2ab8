//! The naive ledger of credits: every payment, what it grants by the plan table, what went back, and whose it is.

use std::collections::{BTreeMap, BTreeSet};

use foredeck_engine::domain::kind::Kind;
use serde_json::{Map, Value};

use super::components::{Group, age};
use super::newest::Object;
use super::orders;
use crate::it::properties::facts::Fact;
use crate::it::properties::mirror::{Rows, Tables};

type Objects = BTreeMap<String, Object>;

fn word<'a>(object: &'a Object, name: &str) -> &'a str {
    object.fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn number(object: &Object, name: &str) -> i64 {
    object.fields.get(name).and_then(Value::as_i64).unwrap_or_default()
}

/// Adds purchases, wallets and owners to the tables; and to each node the payment it is part of.
pub fn add_up(facts: &[Fact], objects: &Objects, tables: &mut Tables) {
    let users = users(objects);
    let mut payments: BTreeMap<String, Vec<&Object>> = BTreeMap::new();
    for object in objects.values() {
        if let Some(payment) = payment_of(object, objects) {
            let node = tables.get_mut("node").unwrap().get_mut(&object.id).unwrap();
            node.insert("payment".to_owned(), payment.clone().into());
            payments.entry(payment).or_default().push(object);
        }
    }
    let (mut purchases, mut entries, mut counts) = (Rows::new(), Rows::new(), Rows::new());
    let mut wallets: BTreeMap<String, Vec<(i64, String, i64)>> = BTreeMap::new();
    for (id, mut members) in payments {
        members.sort_by(|one, other| age(one).cmp(&age(other)));
        let group = Group { members, ..Group::default() };
        let Some((_, order)) = orders::row(&group, objects) else { continue };
        let Some(mut purchase) = purchase(facts, &group, &order) else { continue };
        let text = |name: &str| order.get(name).and_then(Value::as_str).map(str::to_owned);
        let (user, email) = (text("user_id"), text("email"));
        let owner = user.clone().or_else(|| {
            let email = email.clone()?;
            Some(users.get(&email).cloned().unwrap_or(email))
        });
        let mut steps = Vec::new();
        if let (Some(owner), Some(paid_at)) = (&owner, order.get("paid_at").and_then(Value::as_i64)) {
            steps = ledger(facts, &group, purchase["credits"].as_i64().unwrap(), paid_at, &order, &id);
            purchase.insert("owner".to_owned(), owner.clone().into());
        }
        purchase.extend(owner.clone().map(|owner| ("owner".to_owned(), owner.into())));
        let total =
            |kind: &str| -> i64 { steps.iter().filter(|step| step.1 == kind).map(|step| step.2.abs()).sum() };
        purchase.insert("clawed".to_owned(), total("clawback").into());
        purchase.insert("reversed".to_owned(), total("reversal").into());
        for (at, kind, credits, cause) in steps {
            let owner = owner.clone().unwrap();
            let mut entry = Map::new();
            entry.insert("owner".to_owned(), owner.clone().into());
            if let (None, Some(email)) = (&user, &email) {
                entry.insert("email".to_owned(), email.clone().into());
            }
            entry.insert("at".to_owned(), at.into());
            entry.insert("credits".to_owned(), credits.into());
            entries.insert(format!("{id} {kind} {cause}"), entry);
            wallets.entry(owner).or_default().push((at, kind.to_owned(), credits));
        }
        let of =
            format!("{} {}", purchase["status"].as_str().unwrap(), purchase["coverage"].as_str().unwrap());
        let count = counts.entry(of).or_default();
        let before = count.get("count").and_then(Value::as_i64).unwrap_or_default();
        count.insert("count".to_owned(), (before + 1).into());
        purchases.insert(id, purchase);
    }
    tables.insert("purchase", purchases);
    tables.insert("wallet_entry", entries);
    tables.insert("purchase_count", counts);
    tables.insert("wallet", wallets.into_iter().map(|(owner, entries)| (owner, wallet(&entries))).collect());
    let identity = |(email, user): (String, String)| {
        (email, Map::from_iter([("user_id".to_owned(), Value::from(user))]))
    };
    tables.insert("identity", users.into_iter().map(identity).collect());
}

/// E-mails that objects name beside one user and no other.
fn users(objects: &Objects) -> BTreeMap<String, String> {
    let mut beside: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for object in objects.values() {
        let (email, user) = (word(object, "email"), word(object, "user_id"));
        if !email.is_empty() && !user.is_empty() {
            beside.entry(email).or_default().insert(user);
        }
    }
    beside
        .into_iter()
        .filter(|(_, users)| users.len() == 1)
        .map(|(email, users)| (email.to_owned(), users.into_iter().next().unwrap().to_owned()))
        .collect()
}

/// The payment of an object as far as the objects of its own order tell.
pub fn payment_within(object: &Object, members: &[&Object]) -> Option<String> {
    let charge = members.iter().find(|one| one.kind == Kind::Charge && one.id == word(object, "charge"));
    let own = |object: &Object| match word(object, "intent") {
        "" => object.id.clone(),
        intent => intent.to_owned(),
    };
    match object.kind {
        Kind::Intent => Some(object.id.clone()),
        Kind::Session | Kind::Charge => Some(own(object)),
        Kind::Refund | Kind::Dispute => charge.map(|charge| own(charge)).or_else(|| {
            let named = [word(object, "intent"), word(object, "charge")];
            named.iter().find(|id| !id.is_empty()).map(|id| (*id).to_owned())
        }),
        _ => None,
    }
}

pub fn payment_of(object: &Object, objects: &Objects) -> Option<String> {
    let or_own = |object: &Object| match word(object, "intent") {
        "" => object.id.clone(),
        intent => intent.to_owned(),
    };
    match object.kind {
        Kind::Intent => Some(object.id.clone()),
        Kind::Session | Kind::Charge => Some(or_own(object)),
        Kind::Refund | Kind::Dispute => {
            let charge = objects.get(word(object, "charge")).filter(|charge| charge.kind == Kind::Charge);
            let own = [word(object, "intent"), word(object, "charge")];
            charge.map(or_own).or_else(|| own.iter().find(|id| !id.is_empty()).map(|id| (*id).to_owned()))
        }
        _ => None,
    }
}

fn purchase(facts: &[Fact], group: &Group<'_>, order: &Map<String, Value>) -> Option<Map<String, Value>> {
    let status = match order["status"].as_str().unwrap() {
        "completed" => "paid",
        "processing" | "initiated" => "pending",
        back @ ("disputed" | "refunded" | "partially_refunded") => back,
        _ => return None,
    };
    let mut row = Map::new();
    for name in [
        "amount",
        "currency",
        "refunded",
        "email",
        "user_id",
        "paid_at",
        "session",
        "borrows_email",
        "unsettled",
    ] {
        row.extend(order.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    row.insert("status".to_owned(), status.into());
    row.insert("at".to_owned(), order.get("paid_at").unwrap_or(&order["started_at"]).clone());
    let (coverage, plan, credits, rule) = bought(facts, group, order);
    row.insert("coverage".to_owned(), coverage.into());
    row.extend(plan.map(|plan| ("plan".to_owned(), plan.into())));
    row.extend(rule.map(|rule| ("rule".to_owned(), rule.into())));
    let granted = if order.contains_key("paid_at") { credits } else { 0 };
    row.insert("credits".to_owned(), granted.into());
    let proofs = facts.iter().filter_map(|fact| {
        let Fact::Event { object, created, raw, .. } = fact else { return None };
        let ours = group.members.iter().any(|member| object["id"] == member.id.as_str());
        let raw: Value = serde_json::from_str(raw).unwrap();
        (ours && proves(&raw)).then(|| (*created, raw["id"].as_str().unwrap().to_owned()))
    });
    row.extend(proofs.min().map(|(_, id)| ("event".to_owned(), id.into())));
    Some(row)
}

/// Whether an event says that its object was paid.
fn proves(event: &Value) -> bool {
    let object = &event["data"]["object"];
    // Versions that had no payment status completed a session by its payment.
    let paid = ["paid", "no_payment_required"].iter().any(|word| object["payment_status"] == *word)
        || object["payment_status"].is_null();
    match event["type"].as_str().unwrap() {
        "payment_intent.succeeded" | "checkout.session.async_payment_succeeded" => true,
        "checkout.session.completed" => paid,
        "charge.succeeded" | "charge.captured" => {
            object["status"] == "succeeded" && object["captured"] != false
        }
        _ => false,
    }
}

pub type Bought = (&'static str, Option<String>, i64, Option<String>);

/// The plan table of the mirrors, in plain words.
pub fn bought(facts: &[Fact], group: &Group<'_>, order: &Map<String, Value>) -> Bought {
    let session = order.get("session").and_then(Value::as_str).unwrap_or_default();
    let listed = facts.iter().filter_map(|fact| match fact {
        Fact::Seen { id, as_of, object, .. } if id == session => {
            Some((*as_of, object["line_items"]["data"].as_array()?))
        }
        _ => None,
    });
    let items = listed.max_by_key(|(as_of, _)| *as_of).map(|(_, items)| items);
    let plan = |name: &str, credits: i64, rule: &str| -> Bought {
        ("plan", Some(name.to_owned()), credits, Some(rule.to_owned()))
    };
    // Every session of the sandbox sells one thing.
    if let Some(item) = items.and_then(|items| items.first()) {
        let key = item["price"]["lookup_key"].as_str().unwrap_or_default();
        let of = |name, each: i64| {
            plan(name, each * item["quantity"].as_i64().unwrap(), &format!("lookup_key {key}"))
        };
        match key {
            "credits_starter_eur" => return of("starter", 100),
            "credits_pro_eur" => return of("pro", 500),
            "credits_starter_jpy" => return of("starter", 101),
            "credits_studio_kwd" => return of("studio", 2_003),
            "preorder_eur" => return ("no_credits", None, 0, Some("lookup_key preorder_eur".to_owned())),
            _ => {}
        }
    }
    let said = |name: &str| {
        let newest = |kind| group.members.iter().rev().filter(move |object| object.kind == kind);
        let main = newest(Kind::Session).find(|object| object.id == session);
        let sessions = main.into_iter().chain(newest(Kind::Session).filter(|object| object.id != session));
        sessions
            .chain(newest(Kind::Intent))
            .chain(newest(Kind::Charge))
            .find_map(|object| object.fields.get(name).cloned())
    };
    if said("plan").is_some_and(|name| name == "pro") {
        return plan("pro by name", 7, "plan pro");
    }
    if let Some(credits) = said("credits").and_then(|credits| credits.as_i64()) {
        return if credits < 0 { ("unmapped", None, 0, None) } else { plan("as said", credits, "credits") };
    }
    let is = |name: &str, value: Value| order.get(name) == Some(&value);
    if is("amount", 1_000.into()) && is("currency", "usd".into()) {
        return plan("ten dollars", 9, "amount 1000 usd");
    }
    ("unmapped", None, 0, None)
}

/// What was granted, and what each thing that happened to the money took or gave back: (at, kind, credits, cause).
fn ledger(
    facts: &[Fact],
    group: &Group<'_>,
    granted: i64,
    paid_at: i64,
    order: &Map<String, Value>,
    id: &str,
) -> Vec<(i64, &'static str, i64, String)> {
    if granted == 0 {
        return Vec::new();
    }
    let of = |kind| group.members.iter().filter(move |object| object.kind == kind);
    let taken =
        |charge: &&&Object| word(charge, "status") == "succeeded" && word(charge, "sub_status") == "captured";
    let charged: i64 = of(Kind::Charge).filter(taken).map(|charge| number(charge, "amount")).sum();
    let paid = if charged > 0 { charged } else { order.get("amount").and_then(Value::as_i64).unwrap_or(0) };
    // (at, cause, came back, minor units)
    let mut moves: Vec<(i64, &str, bool, i64)> = Vec::new();
    for object in of(Kind::Refund).chain(of(Kind::Dispute)) {
        let (gone, back): (&[&str], &[&str]) = match object.kind {
            Kind::Refund => (&["succeeded"], &["failed", "canceled"]),
            _ => (&["lost"], &["won", "warning_closed"]),
        };
        let told = |words: &[&str], events_only: bool| -> Vec<i64> {
            facts
                .iter()
                .filter_map(|fact| match fact {
                    Fact::Event { object: said, created, .. } => Some((said, *created)),
                    Fact::Seen { object: said, .. } if !events_only => Some((said, 0)),
                    _ => None,
                })
                .filter(|(said, _)| said["id"] == object.id.as_str())
                .filter(|(said, _)| words.iter().any(|word| said["status"] == *word))
                .map(|(_, at)| at)
                .collect()
        };
        if told(gone, false).is_empty() {
            continue;
        }
        let minor = number(object, "amount");
        let made = object.fields.get("created").and_then(Value::as_i64).unwrap_or(paid_at);
        let at = told(gone, true).into_iter().min().unwrap_or(made);
        moves.push((at, &object.id, false, minor));
        if !gone.contains(&word(object, "status")) {
            let undone = told(back, true).into_iter().min().unwrap_or(at).max(at);
            moves.push((undone, &object.id, true, minor));
        }
    }
    for charge in of(Kind::Charge).filter(taken) {
        let is_of = |refund: &&&Object| match word(refund, "charge") {
            "" => !word(refund, "intent").is_empty() && word(refund, "intent") == word(charge, "intent"),
            other => other == charge.id,
        };
        let known: i64 = of(Kind::Refund).filter(is_of).map(|refund| number(refund, "amount")).sum();
        let unseen = number(charge, "amount_part") - known;
        if unseen > 0 {
            moves.push((paid_at, &charge.id, false, unseen));
        }
    }
    moves.sort_unstable();
    let share = |back: i64| {
        if paid <= 0 || back <= 0 {
            return 0;
        }
        let exact = i128::from(granted) * i128::from(back) / i128::from(paid);
        i64::try_from(exact.min(i128::from(granted))).unwrap()
    };
    let mut steps = vec![(paid_at, "grant", granted, id.to_owned())];
    let mut back = 0;
    for (at, cause, undoes, minor) in moves {
        let before = share(back);
        back += if undoes { -minor } else { minor };
        let credits = before - share(back);
        if credits != 0 {
            let kind = if undoes { "reversal" } else { "clawback" };
            steps.push((at.max(paid_at), kind, credits, cause.to_owned()));
        }
    }
    let clawed: i64 = steps[1..].iter().map(|step| step.2).sum();
    assert!((-granted..=0).contains(&clawed), "never more than was granted, never less than nothing");
    steps
}

fn wallet(entries: &[(i64, String, i64)]) -> Map<String, Value> {
    let sum =
        |kind: &str| -> i64 { entries.iter().filter(|entry| entry.1 == kind).map(|entry| entry.2).sum() };
    let all = [
        ("granted", sum("grant")),
        ("clawed", -sum("clawback")),
        ("reversed", sum("reversal")),
        ("spent", 0),
        ("adjusted", 0),
        ("balance", entries.iter().map(|entry| entry.2).sum()),
        ("entries", i64::try_from(entries.len()).unwrap()),
        ("first_at", entries.iter().map(|entry| entry.0).min().unwrap()),
        ("last_at", entries.iter().map(|entry| entry.0).max().unwrap()),
    ];
    all.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
}
