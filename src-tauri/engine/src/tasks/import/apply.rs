//! What follows from a batch that came into force or left it, in steps that can be taken again.

use super::{ImportError, RemovalReport, take_turn};
use crate::db::{Connection, Db, DbError, DbResult, Transaction};
use crate::domain::shop::ShopKind;
use crate::facts::imports::{
    Batch, BatchState, discard, find_batch, forget_reading, list_batches, list_rows, set_state,
    take_out_of_force,
};
use crate::projections::rebuild;
use crate::projections::shop::{
    Rule, count_in_force, delete_rows, make, missing, prepare, prepare_deletion, put_rows,
};
use crate::projections::shop_words;
use crate::projections::wallets;
use crate::tasks::lease::Lease;
use crate::tasks::replay::replay_if_due;

/// Rows put into force in one transaction: enough that a page of an index gains several at a time.
const STEP: i64 = 25_000;
/// Rows looked at in one transaction where few of them change anything.
const GLANCE: i64 = 50_000;

/// The last transaction of an import or a removal: the tables of the shop's rows say what holds from now on, and what
/// follows from them is brought up to date here.
fn settle(transaction: &Transaction<'_>, batch: &Batch, state: BatchState) -> DbResult<()> {
    if !rebuild::is_due(transaction)? {
        match batch.kind {
            ShopKind::Users => wallets::mark_users(transaction)?,
            ShopKind::WalletEntries => wallets::refresh_all(transaction)?,
            ShopKind::Preorders => shop_words::mark_orders(transaction)?,
            ShopKind::Purchases | ShopKind::Wallets | ShopKind::UsageDaily => {}
        }
    }
    set_state(transaction, batch.batch, state)
}

/// Makes the projections of a batch in force.
pub(super) async fn apply(db: &Db, number: i64) -> DbResult<()> {
    let batch = db.read(move |connection| find(connection, number)).await?;
    let (kind, rows) = (batch.kind, batch.rows);
    db.write_batch(move |transaction| match rebuild::is_due(transaction)? {
        true => Ok(()),
        false => prepare(transaction, kind, rows),
    })
    .await?;
    let mut after = 0;
    loop {
        let next = db
            .write_batch(move |transaction| {
                // A rebuild that began meanwhile takes the rows in itself.
                if rebuild::is_due(transaction)? {
                    return Ok(None);
                }
                let rows = list_rows(transaction, number, after, STEP)?;
                let last = rows.last().map(|row| row.line);
                put_rows(transaction, kind, number, rows, Rule::Newest)?;
                Ok(last)
            })
            .await?;
        let Some(last) = next else { break };
        after = last;
    }
    make_indexes(db, kind).await?;
    db.write_batch(move |transaction| settle(transaction, &batch, BatchState::Loaded)).await
}

async fn make_indexes(db: &Db, kind: ShopKind) -> DbResult<()> {
    loop {
        let made = db
            .write_batch(move |transaction| {
                if rebuild::is_due(transaction)? {
                    return Ok(false);
                }
                let Some(index) = missing(transaction, kind)?.first().copied() else { return Ok(false) };
                make(transaction, index)?;
                Ok(true)
            })
            .await?;
        if !made {
            return Ok(());
        }
    }
}

fn find(connection: &Connection, batch: i64) -> DbResult<Batch> {
    find_batch(connection, batch)?.ok_or_else(|| DbError::Corrupt(format!("batch {batch} is gone")))
}

/// Takes a batch out of force: what older batches said of its rows holds again.
///
/// # Errors
/// There is no such batch in force, or the mirror cannot be written; what was begun goes on with the next call.
pub async fn remove(db: &Db, number: i64, now: i64) -> Result<RemovalReport, ImportError> {
    let _turn = take_turn(db)?;
    replay_if_due(db, now, |_| {}).await?;
    sweep_held(db).await?;
    let found = db.read(move |connection| find_batch(connection, number)).await?;
    let batch = found.filter(|batch| batch.state.is_in_force()).ok_or(ImportError::NoBatch(number))?;
    let removed = db.read(move |connection| count_in_force(connection, number)).await?;
    let kind = batch.kind;
    db.write_durable(move |transaction| {
        forget_reading(transaction, kind)?;
        take_out_of_force(transaction, number, now)
    })
    .await?;
    let restored = undo(db, batch).await?;
    Ok(RemovalReport { batch: number, removed, restored })
}

/// Unmakes the projections of a batch that is out of force: older rows first, newest batch first, then what is left.
async fn undo(db: &Db, batch: Batch) -> DbResult<i64> {
    let (number, kind) = (batch.batch, batch.kind);
    // Where this goes on after a kill, the indexes may be gone.
    make_indexes(db, kind).await?;
    let batches = db.read(list_batches).await?;
    let older = batches
        .into_iter()
        .rev()
        .filter(|other| other.kind == kind && other.batch < number && other.state.is_in_force());
    let mut restored = 0;
    for other in older.map(|other| other.batch) {
        let mut after = 0;
        loop {
            let (put, last) = db
                .write_batch(move |transaction| {
                    if rebuild::is_due(transaction)? || count_in_force(transaction, number)? == 0 {
                        return Ok((0, None));
                    }
                    let rows = list_rows(transaction, other, after, GLANCE)?;
                    let last = rows.last().map(|row| row.line);
                    Ok((put_rows(transaction, kind, other, rows, Rule::InsteadOf(number))?, last))
                })
                .await?;
            restored += put;
            let Some(last) = last else { break };
            after = last;
        }
    }
    db.write_batch(move |transaction| match rebuild::is_due(transaction)? {
        true => Ok(()),
        false => prepare_deletion(transaction, kind, number),
    })
    .await?;
    let mut after = 0;
    loop {
        let next = db
            .write_batch(move |transaction| {
                if rebuild::is_due(transaction)? || count_in_force(transaction, number)? == 0 {
                    return Ok(None);
                }
                delete_rows(transaction, kind, number, after, GLANCE)
            })
            .await?;
        let Some(last) = next else { break };
        after = last;
    }
    make_indexes(db, kind).await?;
    db.write_batch(move |transaction| settle(transaction, &batch, BatchState::Removed)).await?;
    Ok(restored)
}

/// Deletes a batch that never came into force.
pub(super) async fn discard_all(db: &Db, batch: i64) -> DbResult<()> {
    while !db.write_batch(move |transaction| discard(transaction, batch, GLANCE)).await? {}
    Ok(())
}

/// Ends what a killed import or removal left, unless one is under way: rows in no force are deleted, the rest goes on.
///
/// # Errors
/// The mirror cannot be read or written.
pub async fn sweep(db: &Db) -> Result<(), ImportError> {
    if db.is_read_only() || db.read(unfinished).await?.is_empty() {
        return Ok(());
    }
    match take_turn(db) {
        Ok(turn) => {
            sweep_held(db).await?;
            drop::<Lease>(turn);
            Ok(())
        }
        Err(ImportError::Busy) => Ok(()),
        Err(error) => Err(error),
    }
}

fn unfinished(connection: &Connection) -> DbResult<Vec<Batch>> {
    let mut batches = list_batches(connection)?;
    batches.retain(|batch| !matches!(batch.state, BatchState::Loaded | BatchState::Removed));
    Ok(batches)
}

/// As [`sweep`], by who has the right to import.
pub(super) async fn sweep_held(db: &Db) -> DbResult<()> {
    for batch in db.read(unfinished).await? {
        let number = batch.batch;
        let ended = match batch.state {
            BatchState::Loading => discard_all(db, number).await,
            // Projections of another version are made anew as a whole.
            _ if db.read(rebuild::is_due).await? => Ok(()),
            BatchState::Applying => apply(db, number).await,
            BatchState::Removing => undo(db, batch.clone()).await.map(drop),
            BatchState::Loaded | BatchState::Removed => Ok(()),
        };
        match ended {
            // Uses are told as far as they can be: nothing else waits for them.
            Err(error) if batch.kind == ShopKind::UsageDaily => {
                tracing::warn!(batch = number, %error, "an import of uses could not be ended");
            }
            other => other?,
        }
        tracing::info!(
            batch = number,
            state = batch.state.as_str(),
            "an import that was cut short was ended"
        );
    }
    Ok(())
}
