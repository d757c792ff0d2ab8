//! What a bulk run sends of an order: the events that were looked for and are not there.

use super::bulk::BulkArgs;
use super::ground::Ground;
use super::plans::NotPlanned;
use crate::db::{Connection, DbError, DbResult, params, rusqlite};
use crate::domain::action::ActionRequest;
use crate::domain::klaviyo::{EventPolicy, EventVerdict, OrderEvent};

/// The events that an order lacks, of those asked for. Only who tells Klaviyo alone does not wait for what the shop may still tell.
pub(super) fn requests(
    ground: &Ground<'_>,
    order: &str,
    args: &BulkArgs,
) -> Result<Vec<ActionRequest>, NotPlanned> {
    let mail = args.mail;
    let alone = mail && ground.settings.klaviyo.policy == EventPolicy::SendAll;
    let missing: Vec<String> = ground
        .connection
        .prepare_cached(
            "SELECT c.kind FROM event_check c JOIN preorder p ON p.key = c.preorder
             WHERE p.id = ?1 AND (c.verdict = ?2 OR (c.verdict = ?3 AND ?4)) AND c.happened_at >= ?5 AND c.happened_at < ?6
             ORDER BY c.happened_at",
        )
        .map_err(DbError::from)?
        .query_map(
            params![
                order,
                EventVerdict::Missing.as_str(),
                EventVerdict::Waiting.as_str(),
                alone,
                args.happened_from.unwrap_or(i64::MIN),
                args.happened_until.unwrap_or(i64::MAX)
            ],
            |row| row.get(0),
        )
        .and_then(Iterator::collect::<rusqlite::Result<_>>)
        .map_err(DbError::from)?;
    let wanted = missing.into_iter().filter(|kind| args.event.is_none_or(|event| event.as_str() == kind));
    Ok(wanted.map(|event| ActionRequest::SendEvent { order: order.to_owned(), event, mail }).collect())
}

/// An event of an order that the policy sent in vain since `?1`: Klaviyo refused it, and would again.
const IN_VAIN: &str = "
    EXISTS (SELECT 1 FROM action_subject s JOIN action a ON a.seq = s.action
      WHERE s.subject = p.id AND a.operator = '(policy)' AND a.kind = 'send_event' AND a.state = 'failed'
        AND a.error_code = 'KLAVIYO_REFUSED' AND a.ended_at > ?1 AND json_extract(a.request, '$.event') = c.kind)";

/// Orders with an event of since then that is not there, missing or not: whoever tells Klaviyo alone does not wait. People who want
/// no mail are left to backfill, and what was refused since `in_vain` is not sent again.
///
/// # Errors
/// The read failed.
pub fn list_fresh(
    connection: &Connection,
    (since, in_vain): (i64, i64),
    most: usize,
) -> DbResult<Vec<String>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT p.id FROM event_check c JOIN preorder p ON p.key = c.preorder
         WHERE c.verdict IN ('missing', 'waiting') AND c.happened_at >= ?2 AND c.unsubscribed = 0 AND NOT {IN_VAIN}
         GROUP BY p.id ORDER BY min(c.happened_at), p.id LIMIT ?3"
    ))?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![in_vain, since, most], |row| row.get(0))?;
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
    /// Leave out what the policy sent since then, and Klaviyo refused.
    pub in_vain: Option<i64>,
    /// At most so many orders.
    pub most: usize,
}

/// The orders that lack an event, those that lack one for the longest first.
///
/// # Errors
/// The read failed.
pub fn list_gaps(connection: &Connection, gaps: &Gaps) -> DbResult<Vec<String>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT p.id FROM event_check c JOIN preorder p ON p.key = c.preorder
         WHERE c.verdict = 'missing' AND (?2 IS NULL OR c.kind = ?2) AND c.happened_at >= ?3 AND c.happened_at < ?4
           AND (?5 = 0 OR c.unsubscribed = 0) AND (?1 IS NULL OR NOT {IN_VAIN})
         GROUP BY p.id ORDER BY min(c.happened_at), p.id LIMIT ?6"
    ))?;
    let rows = statement.query_map(
        params![
            gaps.in_vain,
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
