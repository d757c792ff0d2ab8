//! Looks at the account's webhook endpoints: once when the sync starts, every ten minutes, and when a person asks.
//!
//! No event tells of an endpoint, so each look is a fact. An endpoint the list no longer has becomes a tombstone.

use std::sync::atomic::Ordering;

use super::context::{Context, TaskError};
use super::poll::{is_due, permitted};
use crate::db::DbResult;
use crate::domain::kind::Kind;
use crate::domain::wire::HeadWire;
use crate::facts::endpoints::{FIRST_READ_AT, READ_AT, append_look, list_present};
use crate::facts::state::{Level, find_state, set_state};
use crate::http::Priority;
use crate::stripe::StripeError;
use crate::topic::Topic;

/// Seconds between looks.
const EVERY_S: i64 = 600;
/// Pages at most a look; Stripe allows 16 endpoints, which is one page.
const MAX_PAGES: usize = 20;

/// Makes the next call of [`look_if_due`] look.
pub fn make_due(context: &Context) {
    context.endpoints_asked_at.store(0, Ordering::Relaxed);
}

/// Looks when that is due. A key that may not is noted with the permission Stripe names.
///
/// An answer that only this list gives (a proxy's 404, say) is logged and never holds up what else is to be done.
///
/// # Errors
/// Stripe cannot be reached, refuses the key, or the mirror failed.
pub async fn look_if_due(context: &Context) -> Result<(), TaskError> {
    let now = context.server_now();
    if !is_due(now, context.endpoints_asked_at.load(Ordering::Relaxed), EVERY_S) {
        return Ok(());
    }
    match permitted(context, Kind::Endpoint.as_str(), look(context)).await {
        Ok(_) => {}
        Err(TaskError::Stripe(
            error @ (StripeError::NotFound { .. } | StripeError::Refused { .. } | StripeError::Unexpected),
        )) => {
            let message = format!("the webhook endpoints cannot be listed: {error}");
            let request_id = error.request_id().map(str::to_owned);
            context.log(Level::Error, super::status::verdict(&error).1, message, request_id).await?;
        }
        Err(error) => return Err(error),
    }
    context.endpoints_asked_at.store(now, Ordering::Relaxed);
    Ok(())
}

/// Lists every endpoint and notes what it told.
///
/// # Errors
/// Stripe or the mirror failed; a list that was not read to its end is not kept.
pub async fn look(context: &Context) -> Result<(), TaskError> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut seen_at = None;
    let mut after = None;
    let mut whole = false;
    for _ in 0..MAX_PAGES {
        let page = context.stripe.list_endpoints(after.as_deref(), Priority::Low).await?;
        seen_at.get_or_insert(page.as_of());
        found.extend(page.raw().filter_map(|raw| {
            let head: HeadWire<'_> = serde_json::from_str(raw).ok()?;
            Some((head.id.owned().filter(|id| id.len() <= 255)?, raw.to_owned()))
        }));
        after = page.last().map(|(id, _)| id);
        if !page.has_more() || after.is_none() {
            whole = true;
            break;
        }
    }
    let seen_at = seen_at.unwrap_or_default();
    let changed = context.db.write(move |transaction| keep(transaction, &found, whole, seen_at)).await?;
    if changed {
        context.announcer.announce(Some(&context.store), Topic::Sync);
    }
    Ok(())
}

fn keep(
    transaction: &crate::db::Transaction<'_>,
    found: &[(String, String)],
    whole: bool,
    seen_at: i64,
) -> DbResult<bool> {
    let mut changed = false;
    for (id, body) in found {
        changed |= append_look(transaction, id, Some(body), seen_at)?;
    }
    if whole {
        for id in list_present(transaction)? {
            if !found.iter().any(|(listed, _)| *listed == id) {
                changed |= append_look(transaction, &id, None, seen_at)?;
            }
        }
        if find_state::<i64>(transaction, FIRST_READ_AT)?.is_none() {
            set_state(transaction, FIRST_READ_AT, &seen_at)?;
            changed = true;
        }
        set_state(transaction, READ_AT, &seen_at)?;
    }
    Ok(changed)
}
