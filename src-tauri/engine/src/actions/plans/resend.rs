//! Asks Stripe to deliver an event again, as its command line does. Stripe does not document it, so it is off until
//! someone switches it on, and what became of it after a crash cannot be known.

use super::{Draft, NotPlanned, refused};
use crate::actions::ground::Ground;
use crate::actions::guard::read_guard;
use crate::actions::plan::FieldChange;
use crate::actions::program::{Look, Move, Write};
use crate::facts::events::find_event;
use crate::stripe::writes;

/// Stripe keeps events for 30 days.
const KEPT_S: i64 = 30 * 86_400;

pub(super) fn plan(ground: &Ground<'_>, event: &str, endpoint: &str) -> Result<Draft, NotPlanned> {
    if !read_guard(ground.connection, ground.live)?.resend {
        return Err(refused(
            "RESEND_OFF",
            "asking Stripe to deliver an event again is switched off: Stripe does not document it",
            "Switch it on under Safety in Settings.",
        ));
    }
    let event = event.trim();
    let found = find_event(ground.connection, event)?.ok_or_else(|| {
        refused(
            "NOT_FOUND",
            "the mirror has no such event",
            "Choose an event of the list of undelivered ones.",
        )
    })?;
    if ground.now - found.created > KEPT_S {
        return Err(refused(
            "TOO_OLD",
            format!("{event} is older than Stripe keeps events"),
            "Repair the order itself.",
        ));
    }
    if !endpoint.starts_with("we_")
        || !endpoint.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    {
        return Err(refused(
            "BAD_ENDPOINT",
            "that is no webhook endpoint's id",
            "Choose one of the endpoints in Health.",
        ));
    }
    let order = ground.order(event).ok();
    let change = FieldChange {
        object: Some(event.to_owned()),
        kind: "event".to_owned(),
        field: "delivery".to_owned(),
        before: None,
        after: Some(endpoint.to_owned()),
        currency: None,
    };
    let write = Write {
        post: writes::retry_event(event, endpoint),
        kind: "event".to_owned(),
        object: Some(event.to_owned()),
        key: None,
        check: Vec::new(),
        look: Look::Never,
        expect: Vec::new(),
        fill: None,
        unless: None,
    };
    Ok(Draft {
        order_id: order.as_ref().map(|order| order.row.id.clone()),
        email: order.and_then(|order| order.row.email),
        changes: vec![change],
        moves: vec![Move::Write(Box::new(write))],
        notices: vec!["undocumented"],
        undo: "none",
        subjects: vec![event.to_owned()],
        ..Draft::default()
    })
}
