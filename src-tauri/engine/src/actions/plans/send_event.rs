//! Tells Klaviyo of an order what it was never told: that it was started, or paid, with the time at which it was.

use serde_json::{Map, Value, json};

use super::{Draft, NotPlanned, refused};
use crate::actions::ground::{Ground, Order};
use crate::actions::plan::FieldChange;
use crate::actions::program::Move;
use crate::actions::tell::{EventTold, OUR_MARK};
use crate::db::{DbError, OptionalExtension};
use crate::domain::klaviyo::OrderEvent;
use crate::domain::money::decimal;
use crate::domain::status::PreorderStatus;
use crate::facts::klaviyo::find_klaviyo;
use crate::facts::klaviyo_events::{Choice, ChoiceState, find_choice, list_choices};
use crate::facts::klaviyo_people::find_person;
use crate::klaviyo::NewEvent;
use crate::projections::event_check::{emails_of, ids_of, standing};

pub(super) fn plan(ground: &Ground<'_>, id: &str, event: &str, mail: bool) -> Result<Draft, NotPlanned> {
    let kind = OrderEvent::parse(event).ok_or_else(|| {
        refused("BAD_VALUE", format!("{event:.40?} is no event of an order"), "Give started or success.")
    })?;
    let connection = find_klaviyo(ground.connection)?.ok_or_else(|| {
        refused("NO_KLAVIYO", "no Klaviyo account is connected to this store", "Connect Klaviyo first.")
    })?;
    let account = connection.account.public_id;
    let order = ground.order(id)?;
    let key = key_of(ground, &order)?;
    let (happened_at, email) = subject_of(&order, kind)?;
    let ids = ids_of(ground.connection, key)?;
    asked_already(ground, &order.row.id, kind)?;
    let unique_id = format!("{}:{}", order.row.id, kind.as_str());
    let chosen = chosen(ground, &account, kind, (&ids, &unique_id))?;
    let (unique_id, email) = match &chosen {
        Some(choice) => (choice.unique_id.clone(), choice.email.clone()),
        None => (unique_id, email),
    };
    let mut emails = emails_of(ground.connection, key)?;
    emails.retain(|other| *other != email);
    emails.insert(0, email.clone());
    let there = standing(ground.connection, &account, kind, (&emails, &ids), (&unique_id, happened_at))?;
    if !there.is_empty() {
        return Err(refused(
            "ALREADY_THERE",
            format!("Klaviyo has this event of {} already", order.row.id),
            "Nothing has to be sent.",
        ));
    }
    let mut draft = Draft { undo: "none", ..Draft::default() };
    let backfill = is_backfill(ground, (&order, kind), &email, mail, &mut draft)?;
    let metric = match &chosen {
        Some(choice) => choice.metric.clone(),
        None => ground.settings.klaviyo.name_of(kind).to_owned(),
    };
    let happened_at = chosen.as_ref().map_or(happened_at, |choice| choice.happened_at);
    let sent = NewEvent {
        metric: metric.clone(),
        email: email.clone(),
        at: happened_at,
        value: order.row.amount_minor.zip(order.row.currency.clone()),
        unique_id: unique_id.clone(),
        backfill,
        properties: properties(ground, &order),
        profile_properties: profile_properties(ground, &order, &email)?,
    };
    draft.changes = changes(&sent, kind);
    draft.mails = u32::from(!backfill);
    draft.moves.push(Move::Event(Box::new(EventTold {
        account,
        kind,
        order_id: order.row.id.clone(),
        ids: ids.clone(),
        unique_id,
        email: email.clone(),
        emails,
        metric,
        happened_at,
        backfill,
        document: sent.document(),
    })));
    draft.subjects = ids.into_iter().take(20).collect();
    draft.order_id = Some(order.row.id);
    draft.email = Some(email);
    Ok(draft)
}

/// The order's number; an order that buys credits is none that Klaviyo is told of.
fn key_of(ground: &Ground<'_>, order: &Order) -> Result<i64, NotPlanned> {
    let found: Option<(i64, bool)> = ground
        .connection
        .prepare_cached("SELECT key, goods FROM preorder WHERE id = ?1")
        .map_err(DbError::from)?
        .query_row([&order.row.id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
        .map_err(DbError::from)?;
    match found {
        Some((key, true)) => Ok(key),
        _ => Err(refused(
            "NOT_A_PREORDER",
            format!("{} buys credits; Klaviyo is told of preorders", order.row.id),
            "Nothing has to be sent.",
        )),
    }
}

/// When it happened, and whom it is about.
fn subject_of(order: &Order, kind: OrderEvent) -> Result<(i64, String), NotPlanned> {
    let at = match kind {
        OrderEvent::Started => Some(order.row.started_at),
        OrderEvent::Success => order.row.paid_at,
    };
    let at = at.ok_or_else(|| {
        refused("NOT_PAID", format!("{} was not paid", order.row.id), "Send its started event, or nothing.")
    })?;
    let email = order.row.email.clone().ok_or_else(|| {
        refused("NO_EMAIL", format!("{} has no e-mail", order.row.id), "Give the order an e-mail first.")
    })?;
    Ok((at, email))
}

/// What was chosen for the order before: its address and unique id are kept to. One that was sent and is not given up is none to
/// be sent again.
fn chosen(
    ground: &Ground<'_>,
    account: &str,
    kind: OrderEvent,
    (ids, unique_id): (&[String], &str),
) -> Result<Option<Choice>, NotPlanned> {
    let mut all = list_choices(ground.connection, account, kind, ids)?;
    if all.is_empty() {
        all.extend(find_choice(ground.connection, account, unique_id)?);
    }
    for choice in &all {
        let under_way = choice.state != ChoiceState::Chosen && is_under_way(ground, &choice.action)?;
        // While this very action runs, what it chose is no reason against it.
        if choice.action == ground.action_id() {
            continue;
        }
        if choice.state == ChoiceState::Confirmed || under_way {
            return Err(refused(
                "ALREADY_SENT",
                format!("{} was sent to {} already", choice.unique_id, choice.email),
                "It is never sent twice by itself; look at it in Klaviyo.",
            ));
        }
    }
    Ok(all.into_iter().next())
}

/// Refuses what an action asks for already that was confirmed before this one, and waits for its turn.
fn asked_already(ground: &Ground<'_>, order: &str, kind: OrderEvent) -> Result<(), NotPlanned> {
    let asked: Option<String> = ground
        .connection
        .prepare_cached(
            "SELECT a.id FROM action_subject s JOIN action a ON a.seq = s.action
             WHERE s.subject = ?1 AND a.order_id = ?1 AND a.kind = 'send_event' AND a.due_at IS NOT NULL AND a.id <> ?2
               AND json_extract(a.request, '$.event') = ?3
               AND a.seq < coalesce((SELECT own.seq FROM action own WHERE own.id = ?2), 9223372036854775807) LIMIT 1",
        )
        .map_err(DbError::from)?
        .query_row([order, &ground.action_id(), kind.as_str()], |row| row.get(0))
        .optional()
        .map_err(DbError::from)?;
    match asked {
        None => Ok(()),
        Some(action) => Err(refused(
            "ALREADY_ASKED",
            format!("{action} is about to send this event of {order}"),
            "Wait for it; its bulk run may be paused.",
        )),
    }
}

/// Whether an action still does something, or waits to see what it did.
fn is_under_way(ground: &Ground<'_>, action: &str) -> Result<bool, NotPlanned> {
    let found: Option<bool> = ground
        .connection
        .prepare_cached("SELECT due_at IS NOT NULL FROM action WHERE id = ?1")
        .map_err(DbError::from)?
        .query_row([action], |row| row.get(0))
        .optional()
        .map_err(DbError::from)?;
    Ok(found.unwrap_or(false))
}

/// Whether it goes out as backfill: unless a mail is wanted, and always where a mail would be wrong.
fn is_backfill(
    ground: &Ground<'_>,
    (order, kind): (&Order, OrderEvent),
    email: &str,
    mail: bool,
    draft: &mut Draft,
) -> Result<bool, NotPlanned> {
    let unsubscribed = find_person(ground.connection, email)?.is_some_and(|person| person.is_unsubscribed());
    if unsubscribed {
        draft.notices.push("unsubscribed");
    }
    if !mail {
        draft.notices.push("backfill");
        return Ok(true);
    }
    let wrong = match kind {
        OrderEvent::Started => order.is_paid().then_some("paid_meanwhile"),
        OrderEvent::Success => (order.row.status != PreorderStatus::Completed).then_some("not_kept"),
    };
    if let Some(notice) = wrong {
        draft.notices.push(notice);
    }
    // What was chosen keeps its address, which may have been corrected since: who has it did not order.
    let is_of_another = order.row.email.as_deref() != Some(email);
    let backfill = unsubscribed || wrong.is_some() || is_of_another;
    draft.notices.push(if backfill { "backfill" } else { "flows_may_mail" });
    Ok(backfill)
}

fn properties(ground: &Ground<'_>, order: &Order) -> Map<String, Value> {
    let mut all = Map::new();
    all.insert("preorder_id".to_owned(), json!(order.row.id));
    for (name, value) in
        [("color", &order.row.color), ("locale", &order.row.locale), ("source", &order.row.source)]
    {
        if let Some(value) = value {
            all.insert(name.to_owned(), json!(value));
        }
    }
    all.insert(OUR_MARK.to_owned(), json!(ground.action_id()));
    all
}

/// What the event says of the person: only by their newest order, or an older one would undo what a newer one said.
pub(in crate::actions) fn profile_properties(
    ground: &Ground<'_>,
    order: &Order,
    email: &str,
) -> Result<Map<String, Value>, NotPlanned> {
    let newest: Option<String> = ground
        .connection
        .prepare_cached(
            "SELECT id FROM preorder WHERE email = ?1 AND goods = 1 ORDER BY started_at DESC, key DESC LIMIT 1",
        )
        .map_err(DbError::from)?
        .query_row([email], |row| row.get(0))
        .optional()
        .map_err(DbError::from)?;
    if newest.as_ref() != Some(&order.row.id) {
        return Ok(Map::new());
    }
    let names = &ground.settings.klaviyo;
    let stripe_id = order.row.payment_intent_id.clone().or_else(|| order.row.session_id.clone());
    let status = if order.is_paid() { "paid" } else { "preordering" };
    let wanted = [
        (&names.color_property, order.row.color.clone()),
        (&names.order_property, stripe_id),
        (&names.status_property, Some(status.to_owned())),
    ];
    let set = wanted.into_iter().filter(|(name, _)| !name.is_empty());
    Ok(set.filter_map(|(name, value)| Some((name.clone(), json!(value?)))).collect())
}

fn changes(sent: &NewEvent, kind: OrderEvent) -> Vec<FieldChange> {
    let row = |field: &str, after: String| FieldChange {
        object: None,
        kind: "klaviyo_event".to_owned(),
        field: field.to_owned(),
        before: None,
        after: Some(after),
        currency: None,
    };
    let time = chrono::DateTime::from_timestamp(sent.at, 0).unwrap_or_default();
    let mut all = vec![
        row("event", kind.as_str().to_owned()),
        row("metric", sent.metric.clone()),
        row("email", sent.email.clone()),
        row("time", time.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
    ];
    if let Some((minor, currency)) = &sent.value {
        all.push(row("value", format!("{} {}", decimal(*minor, currency), currency.to_uppercase())));
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    all.extend(
        sent.properties
            .iter()
            .filter(|(name, _)| *name != OUR_MARK)
            .map(|(name, value)| row(&format!("properties.{name}"), text(value))),
    );
    all.extend(
        sent.profile_properties.iter().map(|(name, value)| row(&format!("profile.{name}"), text(value))),
    );
    all
}
