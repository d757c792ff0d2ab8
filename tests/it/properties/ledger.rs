//! The mirror against the world's own ledger, once everything was told.

use std::collections::{BTreeMap, BTreeSet};

use foredeck_sandbox::{Known, LedgerOrder, World};
use serde_json::{Map, Value};

use super::history::History;
use super::mirror::Tables;

/// What the comparison covered.
#[derive(Debug, Default, Clone, Copy)]
pub struct Covered {
    pub compared: usize,
    /// Orders whose preorderIds conflict or are widely shared, or that an operator touched.
    pub left_out: usize,
}

pub fn compare(history: &History, tables: &Tables) -> Result<Covered, Vec<String>> {
    let mut covered = Covered::default();
    let mut problems = Vec::new();
    let mut members: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (id, node) in &tables["node"] {
        if let Some(order) = node.get("preorder").and_then(Value::as_str) {
            members.entry(order).or_default().insert(id);
        }
    }
    let touched = touched(tables);
    // The ledger asks sessions, intents and charges for their preorderId; here a refund may have one too.
    let refund_has_its_own_id = |id: &&str| {
        let object = history.world.object(id).unwrap_or_default();
        id.starts_with("re_") && object["metadata"]["preorderId"].is_string()
    };
    let book = history.world.ledger();
    let shared = widely_shared(&book.orders, &history.world);
    for order in &book.orders {
        let ids: BTreeSet<&str> = of(order).map(String::as_str).collect();
        let orders: BTreeSet<&str> =
            ids.iter().filter_map(|id| tables["node"].get(*id)?.get("preorder")?.as_str()).collect();
        let dirty = |id: &&str| {
            touched.contains(*id) || members[id].iter().any(|member| member.starts_with("local_"))
        };
        let is_named_by_refund = |id: &&str| members[id].iter().any(refund_has_its_own_id);
        let is_shared = tags(order, &history.world, "preorderId").iter().any(|id| shared.contains(id));
        if is_shared || orders.iter().any(|id| dirty(id) || is_named_by_refund(id)) {
            covered.left_out += 1;
            continue;
        }
        covered.compared += 1;
        let [id] = orders.into_iter().collect::<Vec<_>>()[..] else {
            problems.push(format!("ledger order {} is not one order here", order.id));
            continue;
        };
        if members[id] != ids {
            problems.push(format!("order {id} holds {:?}, the ledger says {ids:?}", members[id]));
            continue;
        }
        let row = &tables["preorder"][id];
        let found = differences(order, id, row, history);
        if !found.is_empty() {
            let nodes: Vec<String> = ids
                .iter()
                .map(|id| format!("{id}: {}", Value::Object(tables["node"][*id].clone())))
                .collect();
            problems.push(format!("order {id}: {}, with\n    {}", found.join(", "), nodes.join("\n    ")));
        }
    }
    if problems.is_empty() { Ok(covered) } else { Err(problems) }
}

/// Holds purchases against what the world knows of the credits it sold; says how many there were.
pub fn compare_credits(history: &History, tables: &Tables) -> Result<usize, Vec<String>> {
    let mut problems = Vec::new();
    let sold = history.world.credits(Known::Stripe).payments;
    let gone = |id: &String| tables["node"].get(id).is_some_and(|node| node["deleted"] == 1);
    for payment in &sold {
        // A tombstone is never undone, though the history told it of an object that lives.
        if gone(&payment.session_id) || payment.intent_id.as_ref().is_some_and(gone) {
            continue;
        }
        let Some(row) = tables["purchase"].get(&payment.payment_id) else {
            problems.push(format!("{} is no purchase; the ledger says {payment:?}", payment.payment_id));
            continue;
        };
        let number = |name: &str| row.get(name).and_then(Value::as_i64).unwrap_or_default();
        let back = i128::from(payment.refunded_minor + payment.lost_minor);
        let granted = number("credits");
        let share = i128::from(granted) * back / i128::from(payment.amount_minor.max(1));
        let clawed = i64::try_from(share.min(i128::from(granted))).unwrap();
        let here =
            (row["status"].as_str().unwrap(), number("refunded"), number("clawed") - number("reversed"));
        let ledger = (payment.status.word(), payment.refunded_minor, clawed);
        if here != ledger && !history.ancient {
            problems
                .push(format!("{}: {here:?}, the ledger says {ledger:?}: {payment:?}", payment.payment_id));
        }
    }
    if problems.is_empty() { Ok(sold.len()) } else { Err(problems) }
}

fn of(order: &LedgerOrder) -> impl Iterator<Item = &String> {
    [&order.session_ids, &order.intent_ids, &order.charge_ids, &order.refund_ids, &order.dispute_ids]
        .into_iter()
        .flatten()
}

/// preorderIds that more than three e-mails of any sort stand beside: whether that is too many depends on which of an
/// object's e-mails one counts, the page's or the shop's.
fn widely_shared(orders: &[LedgerOrder], world: &World) -> BTreeSet<String> {
    let mut beside: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for order in orders {
        for id in tags(order, world, "preorderId") {
            beside.entry(id).or_default().extend(emails(order, world));
        }
    }
    beside.into_iter().filter(|(_, emails)| emails.len() > 3).map(|(id, _)| id).collect()
}

/// Orders with a conflict, and those at either end of an operator's link.
fn touched(tables: &Tables) -> BTreeSet<String> {
    let conflict =
        tables["preorder"].iter().filter(|(_, row)| row["conflict"] == 1).map(|(id, _)| id.clone());
    let ends = tables["operator_link"].keys().flat_map(|key| key.split(" - "));
    let linked = ends.flat_map(|end| {
        let order = tables["node"].get(end).and_then(|node| node.get("preorder")?.as_str());
        [Some(end.to_owned()), order.map(str::to_owned)].into_iter().flatten()
    });
    conflict.chain(linked).collect()
}

fn differences(order: &LedgerOrder, id: &str, row: &Map<String, Value>, history: &History) -> Vec<String> {
    let mut found = Vec::new();
    let mut expect = |what: &str, ledger: Value| {
        let here = row.get(what).cloned().unwrap_or_default();
        if here != ledger {
            found.push(format!("{what} is {here}, the ledger says {ledger}"));
        }
    };
    expect("status", order.status.as_str().into());
    expect("started_at", order.started_at.into());
    expect("refunded", order.refunded_minor.into());
    // An old session that is complete counts as paid, whatever the bank says later.
    if !history.ancient {
        expect("paid_at", order.paid_at.into());
    }
    let reached = match () {
        () if order.kept => 5,
        () if order.paid => 4,
        () if order.payment_attempted => 3,
        () if order.checkout_opened => 2,
        () => 1,
    };
    // An attempt in the second of the opening that left no trace looks like an intent that was made with its session.
    if !(reached == 3 && pressed_at_once(order, &history.world)) {
        expect("reached", reached.into());
    }
    let values = |name: &str| tags(order, &history.world, name);
    if values("color").len() <= 1 {
        expect("color", order.color.clone().into());
    }
    if values("source").len() <= 1 {
        expect("source", order.source.clone().into());
    }
    let emails = emails(order, &history.world);
    if emails.len() == 1 {
        expect("email", order.email.as_deref().map(str::to_lowercase).into());
    }
    if order.session_ids.len() + order.intent_ids.len() <= 1 || amounts(order, &history.world).len() <= 1 {
        expect("amount", order.amount_minor.into());
        expect("currency", order.currency.as_str().into());
    }
    if id != order.id {
        found.push(format!("the ledger calls it {}", order.id));
    }
    found
}

fn starts<'a>(order: &'a LedgerOrder, world: &'a World) -> impl Iterator<Item = Value> + 'a {
    [&order.session_ids, &order.intent_ids, &order.charge_ids]
        .into_iter()
        .flatten()
        .filter_map(|id| world.object(id))
}

fn tags(order: &LedgerOrder, world: &World, name: &str) -> BTreeSet<String> {
    starts(order, world).filter_map(|object| Some(object["metadata"][name].as_str()?.to_owned())).collect()
}

fn amounts(order: &LedgerOrder, world: &World) -> BTreeSet<i64> {
    starts(order, world)
        .filter_map(|object| object["amount_total"].as_i64().or(object["amount"].as_i64()))
        .collect()
}

fn emails(order: &LedgerOrder, world: &World) -> BTreeSet<String> {
    let paths = [
        "/metadata/email",
        "/customer_details/email",
        "/customer_email",
        "/receipt_email",
        "/billing_details/email",
    ];
    starts(order, world)
        .flat_map(|object| {
            paths.map(|path| object.pointer(path).and_then(Value::as_str).map(str::to_lowercase))
        })
        .flatten()
        .collect()
}

fn pressed_at_once(order: &LedgerOrder, world: &World) -> bool {
    order.session_ids.iter().filter_map(|id| world.object(id)).any(|session| {
        let intent = session["payment_intent"].as_str().and_then(|id| world.object(id));
        intent.is_some_and(|intent| intent["created"] == session["created"])
    })
}
