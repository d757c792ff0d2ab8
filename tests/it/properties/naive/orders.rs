//! One order from its objects: status, money, steps and the fields people look for.

use std::collections::BTreeMap;

use foredeck_engine::domain::kind::Kind;
use serde_json::{Map, Value};

use super::components::{Group, age};
use super::newest::Object;

/// The objects of an order by kind, each oldest first, without deleted ones.
struct Order<'a> {
    group: &'a Group<'a>,
}

fn word<'a>(object: &'a Object, name: &str) -> &'a str {
    object.fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn number(object: &Object, name: &str) -> i64 {
    object.fields.get(name).and_then(Value::as_i64).unwrap_or_default()
}

fn attempted(object: &Object) -> bool {
    object.fields.get("attempted").is_some_and(|value| value == true)
}

fn is_paid(object: &Object) -> bool {
    match object.kind {
        Kind::Session => {
            ["paid", "no_payment_required"].contains(&word(object, "sub_status"))
                && !["open", "expired"].contains(&word(object, "status"))
        }
        Kind::Intent => word(object, "status") == "succeeded",
        Kind::Charge => word(object, "status") == "succeeded" && word(object, "sub_status") == "captured",
        _ => false,
    }
}

/// The order's row, keyed by its id; None where nothing in it starts an order.
pub fn row(group: &Group<'_>, objects: &BTreeMap<String, Object>) -> Option<(String, Map<String, Value>)> {
    let order = Order { group };
    let starts = order.starts();
    let first = starts.first()?;
    let by_weight = order.by_weight();
    let field = |name: &str| by_weight.iter().find_map(|object| object.fields.get(name)).cloned();
    let customers = starts.iter().filter_map(|object| objects.get(word(object, "customer")));
    let own_email = field("email");
    let email = own_email
        .clone()
        .or_else(|| customers.filter_map(|customer| customer.fields.get("email")).next().cloned());
    let priced = by_weight.iter().find(|object| object.fields.contains_key("amount"));
    let amount = priced.map(|object| object.fields["amount"].clone());
    let currency =
        priced.and_then(|object| object.fields.get("currency").cloned()).or_else(|| field("currency"));

    let paid = starts.iter().any(|object| is_paid(object));
    let refunded = if paid { order.refunded() } else { 0 };
    let paid_charges = || order.of(Kind::Charge).into_iter().filter(|charge| is_paid(charge));
    let charged: i64 = paid_charges().map(|charge| number(charge, "amount")).sum();
    let taken =
        if charged > 0 { charged } else { amount.as_ref().and_then(Value::as_i64).unwrap_or_default() };
    let wholly = refunded > 0 && refunded >= taken;
    let disputes = order.of(Kind::Dispute);
    let lost = disputes.iter().any(|dispute| word(dispute, "status") == "lost");
    let reached = if paid && !wholly && !lost {
        5
    } else if paid {
        4
    } else if order.attempted() {
        3
    } else if !order.of(Kind::Session).is_empty() {
        2
    } else {
        1
    };
    let open = ["needs_response", "under_review", "warning_needs_response", "warning_under_review"];
    let status = if lost || disputes.iter().any(|dispute| open.contains(&word(dispute, "status"))) {
        "disputed"
    } else if wholly {
        "refunded"
    } else if refunded > 0 {
        "partially_refunded"
    } else if paid {
        "completed"
    } else {
        order.unpaid_status()
    };
    let (session, intent) = (order.main_session(), order.main_intent());
    let mut row = Map::new();
    let mut put =
        |name: &str, value: Option<Value>| drop(value.map(|value| row.insert(name.to_owned(), value)));
    put("status", Some(status.into()));
    put("email", email);
    for name in ["name", "color", "locale", "source", "user_id"] {
        put(name, field(name));
    }
    put("amount", amount);
    put("currency", currency);
    put("refunded", Some(refunded.into()));
    put("started_at", Some(first.fields.get("created").cloned().unwrap_or(first.as_of.into())));
    put("paid_at", if paid { order.paid_at().map(Value::from) } else { None });
    put("session", session.map(|session| session.id.clone().into()));
    let linked = session.and_then(|session| session.fields.get("intent").cloned());
    put("intent", intent.map(|intent| intent.id.clone().into()).or(linked));
    put("matched_by", Some(order.matched_by().into()));
    put("reached", Some(reached.into()));
    put("unsettled", Some(i64::from(group.members.iter().any(|object| object.unsettled)).into()));
    put("conflict", Some(i64::from(group.conflict).into()));
    put("borrows_email", Some(i64::from(own_email.is_none()).into()));
    Some((order.id()?, row))
}

impl<'a> Order<'a> {
    fn of(&self, kind: Kind) -> Vec<&'a Object> {
        let living = |object: &&&Object| object.kind == kind && !object.fields.contains_key("deleted");
        self.group.members.iter().filter(living).copied().collect()
    }

    fn starts(&self) -> Vec<&'a Object> {
        let mut all: Vec<&Object> = [Kind::Session, Kind::Intent, Kind::Charge, Kind::Local]
            .into_iter()
            .flat_map(|kind| self.of(kind))
            .collect();
        all.sort_by(|one, other| age(one).cmp(&age(other)));
        all
    }

    fn id(&self) -> Option<String> {
        let earliest = |kind| self.of(kind).first().map(|object| object.id.clone());
        let kinds = [Kind::Session, Kind::Intent, Kind::Charge, Kind::Local];
        self.group.preorder_id.clone().or_else(|| kinds.into_iter().find_map(earliest))
    }

    fn matched_by(&self) -> &'static str {
        let sessions = self.of(Kind::Session);
        match () {
            () if self.group.preorder_id.is_some() => "preorder_id",
            () if self.group.operator_linked => "operator_link",
            () if sessions.iter().any(|session| session.fields.contains_key("recovered_from")) => {
                "recovered_from"
            }
            () if !sessions.is_empty() => "session",
            () if !self.of(Kind::Intent).is_empty() => "payment_intent",
            () if !self.of(Kind::Charge).is_empty() => "charge",
            () => "local_intent",
        }
    }

    /// The first paid session, else the newest.
    fn main_session(&self) -> Option<&'a Object> {
        let sessions = self.of(Kind::Session);
        sessions.iter().find(|session| is_paid(session)).or(sessions.last()).copied()
    }

    /// The intent of the main session, unless another one is what paid; else the first that paid, else the newest.
    fn main_intent(&self) -> Option<&'a Object> {
        let intents = self.of(Kind::Intent);
        let session = self.main_session();
        let own =
            intents.iter().find(|intent| session.is_some_and(|session| word(session, "intent") == intent.id));
        let paid = intents.iter().find(|intent| is_paid(intent));
        let unpaid_session = session.is_some_and(|session| !is_paid(session));
        let chosen = if unpaid_session { paid.or(own) } else { own.or(paid) };
        chosen.or(intents.last()).copied()
    }

    /// The main session and intent, the charges of that intent, then each kind; newest first.
    fn by_weight(&self) -> Vec<&'a Object> {
        let main = self.main_intent();
        let mut ordered: Vec<&Object> = self.main_session().into_iter().chain(main).collect();
        let charges = self.of(Kind::Charge);
        ordered.extend(
            charges
                .iter()
                .rev()
                .filter(|charge| main.is_some_and(|intent| word(charge, "intent") == intent.id)),
        );
        for kind in [Kind::Session, Kind::Intent, Kind::Charge, Kind::Local] {
            ordered.extend(self.of(kind).into_iter().rev());
        }
        ordered
    }

    /// Refunds that succeeded, and what a paid charge says was refunded beyond all refunds known.
    fn refunded(&self) -> i64 {
        let refunds = self.of(Kind::Refund);
        let done = refunds.iter().filter(|refund| word(refund, "status") == "succeeded");
        let done: i64 = done.map(|refund| number(refund, "amount")).sum();
        let mut unseen = 0;
        for charge in self.of(Kind::Charge).into_iter().filter(|charge| is_paid(charge)) {
            let of_this = |refund: &&&Object| match word(refund, "charge") {
                "" => !word(refund, "intent").is_empty() && word(refund, "intent") == word(charge, "intent"),
                id => id == charge.id,
            };
            let known: i64 = refunds.iter().filter(of_this).map(|refund| number(refund, "amount")).sum();
            unseen += (number(charge, "amount_part") - known).max(0);
        }
        done + unseen
    }

    fn attempted(&self) -> bool {
        let pressed = |session: &&Object| {
            let intents = self.of(Kind::Intent);
            let intent = intents.iter().find(|intent| word(session, "intent") == intent.id);
            let opened = session.fields.get("created").and_then(Value::as_i64);
            intent.is_some_and(|intent| opened.is_some_and(|opened| number(intent, "created") > opened))
        };
        let sessions = self.of(Kind::Session);
        self.starts().into_iter().any(attempted)
            || sessions.iter().any(|session| word(session, "status") == "complete")
            || sessions.iter().any(pressed)
    }

    /// The first event that proves a payment; else the creation of the oldest charge, intent or session that is paid.
    fn paid_at(&self) -> Option<i64> {
        let proven = self.starts().into_iter().filter_map(|object| object.proof_at).min();
        let made = |kind| {
            self.of(kind)
                .into_iter()
                .filter(|object| is_paid(object))
                .filter_map(|object| object.fields.get("created")?.as_i64())
                .min()
        };
        proven.or_else(|| made(Kind::Charge)).or_else(|| made(Kind::Intent)).or_else(|| made(Kind::Session))
    }

    fn unpaid_status(&self) -> &'static str {
        let (sessions, intents, charges) =
            (self.of(Kind::Session), self.of(Kind::Intent), self.of(Kind::Charge));
        let any = |objects: &[&Object], words: &[&str]| {
            objects.iter().any(|object| words.contains(&word(object, "status")))
        };
        let held = |charge: &&&Object| {
            let canceled = intents
                .iter()
                .any(|intent| intent.id == word(charge, "intent") && word(intent, "status") == "canceled");
            let hold = word(charge, "status") == "succeeded"
                && word(charge, "sub_status") == "uncaptured"
                && number(charge, "amount_part") == 0;
            (hold || word(charge, "status") == "pending") && !canceled
        };
        let under_way = any(&intents, &["processing", "requires_action", "requires_capture"])
            || charges.iter().any(|charge| held(&charge));
        let declined = intents.iter().any(|intent| word(intent, "sub_status") == "declined")
            || intents
                .iter()
                .any(|intent| attempted(intent) && word(intent, "status") == "requires_payment_method")
            || any(&charges, &["failed"]);
        let canceled = any(&intents, &["canceled"]);
        let fresh = intents.iter().any(|intent| !attempted(intent) && word(intent, "status") != "canceled");
        match () {
            () if any(&sessions, &["open"]) || under_way => "processing",
            () if any(&sessions, &["complete"]) && !declined && !canceled => "processing",
            () if sessions.is_empty() && fresh => "initiated",
            () if declined => "failed",
            () if canceled && !any(&sessions, &["expired"]) => "canceled",
            () if any(&sessions, &["expired"]) => "expired",
            () => "initiated",
        }
    }
}
