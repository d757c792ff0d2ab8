//! Replay: makes projections anew from the facts in the file, without Stripe.

use crate::db::{Db, DbResult};
use crate::facts::settings::get_settings;
use crate::projections::ingest::Terms;
use crate::projections::rebuild::{self, Progress};

/// Facts replayed in one transaction.
const STEP: i64 = 2_000;

/// Makes the projections anew when they are missing, of another version, or a rebuild was cut short.
///
/// # Errors
/// The mirror failed; the next call goes on where this one stopped.
pub async fn replay_if_due(db: &Db, now: i64, progress: impl Fn(Progress)) -> DbResult<bool> {
    let due = db.read(rebuild::is_due).await?;
    if due {
        let begun = db
            .read(|connection| {
                Ok(matches!(
                    crate::projections::schema::find_version(connection)?,
                    Some((crate::projections::schema::VERSION, _))
                ))
            })
            .await?;
        if !begun {
            begin(db).await?;
        }
        advance(db, now, progress).await?;
    }
    Ok(due)
}

/// Drops the projections and makes them anew.
///
/// # Errors
/// The mirror failed; [`replay_if_due`] goes on where this stopped.
pub async fn replay(db: &Db, now: i64, progress: impl Fn(Progress)) -> DbResult<()> {
    begin(db).await?;
    advance(db, now, progress).await
}

async fn begin(db: &Db) -> DbResult<()> {
    db.write(|transaction| {
        let (revision, _) = get_settings(transaction)?;
        rebuild::begin(transaction, revision)
    })
    .await
}

async fn advance(db: &Db, now: i64, progress: impl Fn(Progress)) -> DbResult<()> {
    loop {
        let step = db
            .write(move |transaction| {
                let (_, settings) = get_settings(transaction)?;
                let terms = Terms { now, names: settings.metadata, fold: false, refetch: false };
                rebuild::step(transaction, &terms, STEP)
            })
            .await?;
        progress(step);
        if step.finished {
            return Ok(());
        }
    }
}
