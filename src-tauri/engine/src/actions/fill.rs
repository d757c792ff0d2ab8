//! What a bulk run sends of an order: the events that were looked for and are not there.

use super::ground::Ground;
use super::plans::NotPlanned;
use crate::db::{Connection, DbError, DbResult, params, rusqlite};
use crate::domain::action::ActionRequest;
use crate::domain::klaviyo::{EventPolicy, EventVerdict, OrderEvent};

/// Who confirms what a policy sends. No operator can be called so.
pub const POLICY: &str = "(policy)";

/// Whether what somebody confirmed is still to be sent: what a policy confirmed only while the policy in force sends it.
pub(super) fn still_sends(operator: &str, request: &ActionRequest, policy: EventPolicy) -> bool {
    operator != POLICY
        || match policy {
            EventPolicy::Observe => false,
            EventPolicy::FillGaps => !matches!(request, ActionRequest::SendEvent { mail: true, .. }),
            EventPolicy::SendAll => true,
        }
}

/// The events that an order lacks, of this kind or of both.
pub(super) fn requests(
    ground: &Ground<'_>,
    order: &str,
    event: Option<OrderEvent>,
    mail: bool,
) -> Result<Vec<ActionRequest>, NotPlanned> {
    let missing: Vec<String> = ground
        .connection
        .prepare_cached(
            "SELECT c.kind FROM event_check c JOIN preorder p ON p.key = c.preorder
             WHERE p.id = ?1 AND (c.verdict = ?2 OR (c.verdict = ?3 AND ?4)) ORDER BY c.happened_at",
        )
        .map_err(DbError::from)?
        .query_map(
            params![order, EventVerdict::Missing.as_str(), EventVerdict::Waiting.as_str(), mail],
            |row| row.get(0),
        )
        .and_then(Iterator::collect::<rusqlite::Result<_>>)
        .map_err(DbError::from)?;
    let wanted = missing.into_iter().filter(|kind| event.is_none_or(|event| event.as_str() == kind));
    Ok(wanted.map(|event| ActionRequest::SendEvent { order: order.to_owned(), event, mail }).collect())
}

/// Orders with an event of since then that is not there, missing or not: whoever tells Klaviyo alone does not wait. People who want
/// no mail are left to backfill.
///
/// # Errors
/// The read failed.
pub fn list_fresh(connection: &Connection, since: i64, most: usize) -> DbResult<Vec<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT p.id FROM event_check c JOIN preorder p ON p.key = c.preorder
         WHERE c.verdict IN ('missing', 'waiting') AND c.happened_at >= ?1 AND c.unsubscribed = 0
         GROUP BY p.id ORDER BY min(c.happened_at), p.id LIMIT ?2",
    )?;
    let rows =
        statement.query_map(params![since, i64::try_from(most).unwrap_or(i64::MAX)], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Which orders lack events.
#[derive(Debug, Clone, Default)]
pub struct Gaps {
    /// Of this kind alone.
    pub event: Option<OrderEvent>,
    /// Happened from then on, unix seconds.
    pub since: Option<i64>,
    /// Happened before then.
    pub until: Option<i64>,
    /// Leave out people who want no mail.
    pub only_subscribed: bool,
    /// At most so many orders.
    pub most: usize,
}

/// The orders that lack an event, those that lack one for the longest first.
///
/// # Errors
/// The read failed.
pub fn list_gaps(connection: &Connection, gaps: &Gaps) -> DbResult<Vec<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT p.id FROM event_check c JOIN preorder p ON p.key = c.preorder
         WHERE c.verdict = 'missing' AND (?1 IS NULL OR c.kind = ?1) AND c.happened_at >= ?2 AND c.happened_at < ?3
           AND (?4 = 0 OR c.unsubscribed = 0)
         GROUP BY p.id ORDER BY min(c.happened_at), p.id LIMIT ?5",
    )?;
    let rows = statement.query_map(
        params![
            gaps.event.map(OrderEvent::as_str),
            gaps.since.unwrap_or(i64::MIN),
            gaps.until.unwrap_or(i64::MAX),
            gaps.only_subscribed,
            i64::try_from(gaps.most).unwrap_or(i64::MAX)
        ],
        |row| row.get(0),
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
