//! Delivery: which events Stripe has not delivered to every endpoint, walked from its own list.

use super::context::{Context, Intake, TaskError};
use crate::db::DbResult;
use crate::domain::wire::EventWire;
use crate::facts::delivery::{resolve_unseen, upsert_pending};
use crate::facts::state::{find_state, set_state};
use crate::http::Priority;
use crate::projections::findings::rules::undelivered_event;
use crate::stripe::EventQuery;

/// State document: when the undelivered list was last walked whole (server seconds).
pub const DELIVERY: &str = "delivery_walked_at";
/// Seconds between walks.
pub const EVERY_S: i64 = 300;
/// Pages at most a walk; a shop with more undelivered events has one problem, not many.
const MAX_PAGES: usize = 200;

/// Walks the undelivered list. An event that left it is delivered (or given up).
///
/// # Errors
/// Stripe or the mirror failed; nothing is resolved by a walk that did not end.
pub async fn walk_undelivered(context: &Context) -> Result<i64, TaskError> {
    let mut query = EventQuery { from: None, after: None, undelivered: true };
    let mut started_at = None;
    let mut open = 0;
    for _ in 0..MAX_PAGES {
        let page = context.stripe.list_events(&query, Priority::Low).await?;
        let walk_started = *started_at.get_or_insert(page.as_of());
        let pending = pending_of(page.raw());
        open += i64::try_from(pending.len()).unwrap_or(0);
        query.after = page.last().map(|(id, _)| id);
        let finished = !page.has_more();
        let seen_at = walk_started;
        let also = Box::new(move |transaction: &crate::db::Transaction<'_>| -> DbResult<()> {
            for (id, created, pending) in &pending {
                upsert_pending(transaction, id, *created, *pending, seen_at)?;
            }
            if pending.is_empty() { Ok(()) } else { undelivered_event::keep(transaction) }
        });
        context.take_events(page, Intake::Live, also).await?;
        if finished {
            let now = context.clock.now();
            context
                .db
                .write(move |transaction| {
                    resolve_unseen(transaction, walk_started, now)?;
                    undelivered_event::keep(transaction)?;
                    set_state(transaction, DELIVERY, &walk_started)
                })
                .await?;
            return Ok(open);
        }
    }
    Ok(open)
}

fn pending_of<'a>(raw: impl Iterator<Item = &'a str>) -> Vec<(String, i64, i64)> {
    raw.filter_map(|raw| {
        let event: EventWire<'_> = serde_json::from_str(raw).ok()?;
        Some((event.id.owned()?, event.created.0.unwrap_or_default(), event.pending_webhooks.0.unwrap_or(1)))
    })
    .collect()
}

/// When the list was last walked.
///
/// # Errors
/// The read failed.
pub async fn last_walk(context: &Context) -> DbResult<i64> {
    context.db.read(|connection| Ok(find_state(connection, DELIVERY)?.unwrap_or(0))).await
}
