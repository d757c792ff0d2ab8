//! How actions end: local facts told, objects read again, outcomes noted and audited.

use serde_json::{Value, json};

use super::execute::{Desk, Halt};
use super::program::{Check, Move, Program};
use super::rows::ActionRow;
use super::step::{self, Step, StepState};
use super::tell::There;
use crate::audit::{Audit, Entry};
use crate::db::{DbResult, Transaction, params};
use crate::facts::klaviyo_events::forget_choice;
use crate::facts::local::{LocalFact, append_local};
use crate::projections::fold::fold_dirty;
use crate::projections::ingest::Terms;
use crate::projections::local::take_local;
use crate::stripe::StripeError;

/// Nodes folded with an answer.
const FOLD_NOW: usize = 2_000;

impl Desk {
    /// Reads the objects again and says whether they are as they should be.
    pub(super) async fn verify(&self, row: &ActionRow, program: &Program, steps: &[Step]) -> DbResult<()> {
        let mut differences: Vec<String> = Vec::new();
        for (index, (one, step)) in program.moves.iter().zip(steps).enumerate() {
            let there = match one {
                Move::Event(told) => self.is_there(row, told, index, step).await?,
                Move::Profile(told) => self.are_so(row, told).await?,
                _ => There::Yes,
            };
            match there {
                There::Yes => {}
                There::NotYet(due) => return self.set_due(row.seq, Some(due)).await,
                There::No(words) => differences.push(words),
            }
            let Move::Write(write) = one else { continue };
            if write.unless.is_some_and(|at| steps[at].object.is_some()) {
                continue;
            }
            for check in &write.expect {
                let Some(id) = check.id.as_ref().or(step.object.as_ref()) else { continue };
                match self.get(&check.kind, id).await? {
                    Ok(object) => differences.extend(said(check, &object, id)),
                    Err(StripeError::Http(_)) => {
                        let due = self.clock.now() + 30;
                        return self.set_due(row.seq, Some(due)).await;
                    }
                    Err(error) => differences.push(format!("{id}: {error}")),
                }
            }
        }
        let verified = differences.is_empty();
        let (audit, now, seq) = (self.audit.clone(), self.clock.now(), row.seq);
        let (id, operator) = (row.id.clone(), row.operator.clone());
        self.db
            .write_durable(move |transaction| {
                let said = (!verified).then(|| differences.join("; "));
                transaction
                    .prepare_cached("UPDATE action SET verified = ?2, due_at = NULL, error = ?3, error_code = ?4 WHERE seq = ?1")?
                    .execute(params![seq, verified, said, said.as_ref().map(|_| "NOT_VERIFIED")])?;
                let event = if verified { "verified" } else { "not_verified" };
                let body = json!({"differences": differences});
                audit.append(transaction, &Entry { at: now, operator: &operator, action: Some(&id), event, body: &body })?;
                Ok(())
            })
            .await
    }

    async fn set_due(&self, seq: i64, due: Option<i64>) -> DbResult<()> {
        self.db
            .write_durable(move |transaction| {
                transaction
                    .prepare_cached("UPDATE action SET due_at = ?2 WHERE seq = ?1")?
                    .execute(params![seq, due])?;
                Ok(())
            })
            .await
    }

    pub(super) async fn succeed(&self, row: &ActionRow, program: &Program, steps: &[Step]) -> DbResult<()> {
        let verifies = program.moves.iter().any(Move::is_verified);
        let (audit, now, seq) = (self.audit.clone(), self.clock.now(), row.seq);
        let (id, operator, objects) = (row.id.clone(), row.operator.clone(), objects_of(steps));
        self.db
            .write_durable(move |transaction| {
                finish(transaction, &audit, (seq, &id, &operator), &objects, verifies, now)
            })
            .await
    }

    pub(super) async fn halt(&self, row: &ActionRow, halt: Halt) -> DbResult<()> {
        let (audit, now, seq) = (self.audit.clone(), self.clock.now(), row.seq);
        let (id, operator) = (row.id.clone(), row.operator.clone());
        self.db
            .write_durable(move |transaction| {
                let (state, code, words, due) = match &halt {
                    Halt::Failed(code, words) | Halt::Untold(code, words, _) => ("failed", code.as_str(), words, None),
                    Halt::Unknown(words) => ("unknown", "UNKNOWN", words, None),
                    Halt::Later(code, words, wait) => ("", code.as_str(), words, Some(now + wait)),
                };
                if due.is_some() {
                    transaction
                        .prepare_cached("UPDATE action SET due_at = ?2, error_code = ?3, error = ?4 WHERE seq = ?1")?
                        .execute(params![seq, due, code, words])?;
                    return Ok(());
                }
                transaction
                    .prepare_cached(
                        "UPDATE action SET state = ?2, due_at = NULL, error_code = ?3, error = ?4, ended_at = ?5 WHERE seq = ?1",
                    )?
                    .execute(params![seq, state, code, words, now])?;
                transaction
                    .prepare_cached(
                        "UPDATE action_step SET state = ?2 WHERE action = ?1 AND state = 'intended'",
                    )?
                    .execute(params![seq, state])?;
                if let Halt::Untold(_, _, told) = &halt {
                    forget_choice(transaction, (&told.account, &told.unique_id), &id, &told.ids)?;
                }
                let body = json!({"code": code, "message": words});
                audit.append(transaction, &Entry { at: now, operator: &operator, action: Some(&id), event: state, body: &body })?;
                Ok(())
            })
            .await
    }
}

fn said(check: &Check, object: &Value, id: &str) -> Vec<String> {
    check.differences(object).into_iter().map(|difference| format!("{id}: {difference}")).collect()
}

pub(super) fn objects_of(steps: &[Step]) -> Vec<Option<String>> {
    steps.iter().map(|step| step.object.clone()).collect()
}

/// Appends the local fact of a move and folds it.
pub(super) fn tell(
    transaction: &Transaction<'_>,
    audit: &Audit,
    (seq, id, operator): (i64, &str, &str),
    (index, one): (usize, &Move),
    objects: &[Option<String>],
    terms: &Terms,
) -> DbResult<()> {
    let Move::Fact { kind, subject, object, body } = one else { return Ok(()) };
    let other = match object.as_deref().and_then(|text| text.strip_prefix('$')) {
        Some(number) => number.parse().ok().and_then(|at: usize| objects.get(at).cloned().flatten()),
        None => object.clone(),
    };
    let body = body.to_string();
    let fact_seq = append_local(transaction, terms.now, operator, kind, (subject, other.as_deref()), &body)?;
    let fact = LocalFact {
        seq: fact_seq,
        made_at: terms.now,
        operator: operator.to_owned(),
        kind: kind.clone(),
        subject: subject.clone(),
        object: other,
        body,
    };
    take_local(transaction, &fact, terms)?;
    fold_dirty(transaction, FOLD_NOW)?;
    step::end(transaction, (seq, index), StepState::Done, None, None)?;
    let body = json!({"step": index, "fact": kind, "subject": subject});
    audit.append(
        transaction,
        &Entry { at: terms.now, operator, action: Some(id), event: "noted", body: &body },
    )?;
    Ok(())
}

fn finish(
    transaction: &Transaction<'_>,
    audit: &Audit,
    (seq, id, operator): (i64, &str, &str),
    objects: &[Option<String>],
    verifies: bool,
    now: i64,
) -> DbResult<()> {
    let due = verifies.then_some(now);
    transaction
        .prepare_cached(
            "UPDATE action SET state = 'succeeded', ended_at = ?2, due_at = ?3, error_code = NULL, error = NULL,
               verified = CASE WHEN ?3 IS NULL THEN 1 END WHERE seq = ?1",
        )?
        .execute(params![seq, now, due])?;
    let made: Vec<&String> = objects.iter().flatten().collect();
    let subjects = made.iter().take(20);
    for subject in subjects {
        transaction
            .prepare_cached("INSERT OR IGNORE INTO action_subject (subject, action) VALUES (?1, ?2)")?
            .execute(params![subject, seq])?;
    }
    let body = json!({"objects": made});
    audit.append(
        transaction,
        &Entry { at: now, operator, action: Some(id), event: "succeeded", body: &body },
    )?;
    Ok(())
}

/// Runs an action of local facts alone, in the transaction that confirms it: no network, no lease.
///
/// # Errors
/// The write failed.
pub fn run_local(
    transaction: &Transaction<'_>,
    audit: &Audit,
    id: &str,
    program: &Program,
    operator: &str,
    terms: &Terms,
) -> DbResult<()> {
    let Some(seq) = super::rows::find_seq(transaction, id)? else { return Ok(()) };
    for (index, one) in program.moves.iter().enumerate() {
        tell(transaction, audit, (seq, id, operator), (index, one), &[], terms)?;
    }
    finish(transaction, audit, (seq, id, operator), &[], false, terms.now)
}
