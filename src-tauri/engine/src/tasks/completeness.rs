//! Completeness: what is known to be whole, kind by kind, and what is not. Shown, never assumed.

use super::backfill::{self, listed_state};
use super::healing::GAPS;
use super::poll::{DAILY, RETENTION_S, SESSION_WATERMARK, WATERMARK, missing_state, reach_state};
use crate::db::{Connection, DbResult};
use crate::domain::kind::Kind;
use crate::facts::state::find_state;
use crate::queries::health::{Gap, KindSync};

/// Reads the watermark and a row a kind.
///
/// # Errors
/// The read failed.
pub fn read(connection: &Connection) -> DbResult<(Option<i64>, Vec<KindSync>)> {
    Ok((find_state(connection, WATERMARK)?, kinds(connection)?))
}

fn kinds(connection: &Connection) -> DbResult<Vec<KindSync>> {
    let watermark: Option<i64> = find_state(connection, WATERMARK)?;
    let sessions: Option<i64> = find_state(connection, SESSION_WATERMARK)?;
    let run = backfill::find_run(connection)?;
    let mut rows = vec![events(connection, watermark)?];
    for kind in Kind::FOLDED {
        let listed: Option<i64> = find_state(connection, &listed_state(kind))?;
        let polled = if kind == Kind::Session { sessions } else { watermark };
        let unfinished = run.as_ref().filter(|run| run.finished_at.is_none());
        let gaps = match (listed, unfinished) {
            (_, Some(run)) => open_windows(connection, run.run, kind)?,
            (None, None) => {
                vec![Gap { from: 0, to: watermark.unwrap_or(0), reason: "not_listed_yet".to_owned() }]
            }
            (Some(_), None) => Vec::new(),
        };
        rows.push(KindSync {
            kind: kind.as_str().to_owned(),
            // Kinds other than sessions are complete as far as their events are.
            complete_up_to: listed.and(polled),
            gaps,
            missing_permission: find_state(connection, &missing_state(kind.as_str()))?,
        });
    }
    Ok(rows)
}

fn events(connection: &Connection, watermark: Option<i64>) -> DbResult<KindSync> {
    let mut gaps: Vec<Gap> = find_state(connection, GAPS)?.unwrap_or_default();
    let month: Option<i64> = find_state(connection, &reach_state(DAILY.name))?;
    if let (None, Some(watermark)) = (month, watermark) {
        gaps.push(Gap { from: watermark - RETENTION_S, to: watermark, reason: "not_listed_yet".to_owned() });
    }
    Ok(KindSync {
        kind: "event".to_owned(),
        complete_up_to: watermark,
        gaps,
        missing_permission: find_state(connection, &missing_state("event"))?,
    })
}

fn open_windows(connection: &Connection, run: i64, kind: Kind) -> DbResult<Vec<Gap>> {
    let mut statement = connection.prepare_cached(
        "SELECT lo, hi FROM backfill_window WHERE run = ?1 AND kind = ?2 AND done = 0 ORDER BY lo LIMIT 20",
    )?;
    let gaps = statement
        .query_map(crate::db::params![run, kind as u8], |row| {
            Ok(Gap { from: row.get(0)?, to: row.get(1)?, reason: "not_listed_yet".to_owned() })
        })?
        .collect::<Result<_, _>>()?;
    Ok(gaps)
}
