//! The desk sends a write: checked just before, committed before it is sent, looked for when its answer is in doubt.

use std::time::Duration;

use serde_json::{Value, json};

use super::allowed::denied_state;
use super::execute::{Desk, Halt};
use super::guard::stops;
use super::program::{Look, Write};
use super::rows::ActionRow;
use super::step::{self, Sent, Step, StepState};
use crate::audit::Entry;
use crate::db::{DbResult, params};
use crate::domain::action::ActionId;
use crate::domain::kind::Kind;
use crate::facts::snapshots::Origin;
use crate::facts::state::set_state;
use crate::http::HttpError;
use crate::projections::ingest::{prepare_objects, store};
use crate::stripe::{Answered, Post, StripeError};

/// Stripe keeps idempotency keys for 24 hours at least; beyond this age it is looked at first.
const KEY_HOLDS_S: i64 = 20 * 3_600;
/// New keys taken for one step after answers that may or may not have been effects.
const MOST_ATTEMPTS: i64 = 6;
/// How often a request is sent that meets another one under way, and the pause between.
const MOST_ASKED: u32 = 20;
const BETWEEN: Duration = Duration::from_millis(250);

impl Desk {
    pub(super) async fn write_step(
        &self,
        row: &ActionRow,
        write: &Write,
        steps: &[Step],
        index: usize,
    ) -> DbResult<Result<(), Halt>> {
        if let Some(other) = write.unless.and_then(|at| steps.get(at)).and_then(|step| step.object.clone()) {
            self.end_step(row, index, Some(other), None).await?;
            return Ok(Ok(()));
        }
        let step = &steps[index];
        match (step.state, &step.sent) {
            (StepState::Intended, Some(sent)) => self.resume(row, write, index, step, sent).await,
            _ => {
                if let Some(halt) = self.check(write).await? {
                    return Ok(Err(halt));
                }
                let mut post = write.post.clone();
                if let Some((name, at)) = &write.fill
                    && let Some(object) = steps.get(*at).and_then(|step| step.object.as_deref())
                {
                    post = post.with(name, object);
                }
                self.send(row, write, index, 1, post).await
            }
        }
    }

    /// Reads what must still be so. Where there is nothing to check Stripe is asked for anything at all, so that offline nothing is
    /// committed that could go out later, unlooked for.
    async fn check(&self, write: &Write) -> DbResult<Option<Halt>> {
        for check in &write.check {
            let Some(id) = &check.id else { continue };
            match self.get(&check.kind, id).await? {
                Ok(object) => {
                    let differences = check.differences(&object);
                    if !differences.is_empty() {
                        return Ok(Some(changed(&format!("{id}: {}", differences.join(", ")))));
                    }
                }
                Err(error) => return Ok(Some(self.refusal(&error))),
            }
        }
        if write.check.is_empty()
            && let Err(error) = self.stripe.list_raw("/v1/events", "limit=1").await
            && matches!(error, StripeError::Http(_))
        {
            return Ok(Some(self.refusal(&error)));
        }
        Ok(None)
    }

    /// Commits a request, then sends it.
    async fn send(
        &self,
        row: &ActionRow,
        write: &Write,
        index: usize,
        attempt: i64,
        post: Post,
    ) -> DbResult<Result<(), Halt>> {
        let key = match (&write.key, attempt) {
            (Some(key), 1) => key.clone(),
            (Some(key), _) => format!("{key}-{attempt}"),
            (None, _) => format!("foredeck-{}-{index}-{attempt}", row.id),
        };
        let sent = Sent { post, key, at: self.server_now() };
        let (audit, live, now) = (self.audit.clone(), self.live, self.clock.now());
        let (committed, at) = (sent.clone(), (row.seq, index));
        let (id, operator) = (row.id.clone(), row.operator.clone());
        let stopped = self
            .db
            .write_durable(move |transaction| {
                if let Some(problem) = stops(transaction, live, true)? {
                    return Ok(Some(problem));
                }
                step::intend(transaction, at, attempt, &committed)?;
                transaction
                    .prepare_cached("UPDATE action SET state = 'running' WHERE seq = ?1")?
                    .execute([at.0])?;
                let body = json!({"step": index, "path": committed.post.path, "body": committed.post.body,
                    "idempotency_key": committed.key});
                let entry =
                    Entry { at: now, operator: &operator, action: Some(&id), event: "intended", body: &body };
                audit.append(transaction, &entry)?;
                Ok(None)
            })
            .await?;
        if let Some(problem) = stopped {
            return Ok(Err(Halt::Later(problem.code.to_owned(), problem.message, 15)));
        }
        self.post(row, write, index, attempt, &sent).await
    }

    /// A request that may have been sent before: the same again while its key holds, else Stripe is looked at first.
    async fn resume(
        &self,
        row: &ActionRow,
        write: &Write,
        index: usize,
        step: &Step,
        sent: &Sent,
    ) -> DbResult<Result<(), Halt>> {
        if matches!(write.look, Look::Never) {
            return Ok(Err(doubtful()));
        }
        if self.stripe.http().server_now().is_none()
            && let Err(error) = self.stripe.list_raw("/v1/events", "limit=1").await
            && matches!(error, StripeError::Http(_))
        {
            return Ok(Err(self.wait_for(&error)));
        }
        if self.server_now() - sent.at < KEY_HOLDS_S {
            return self.post(row, write, index, step.attempt, sent).await;
        }
        self.look_then_again(row, write, index, step.attempt, sent).await
    }

    async fn look_then_again(
        &self,
        row: &ActionRow,
        write: &Write,
        index: usize,
        attempt: i64,
        sent: &Sent,
    ) -> DbResult<Result<(), Halt>> {
        match self.find_effect(row, write, sent).await? {
            Ok(Some(object)) => {
                self.end_step(row, index, Some(object), None).await?;
                Ok(Ok(()))
            }
            Ok(None) if matches!(write.look, Look::Never) || attempt >= MOST_ATTEMPTS => Ok(Err(doubtful())),
            Ok(None) => {
                if let Some(halt) = self.check(write).await? {
                    return Ok(Err(halt));
                }
                Box::pin(self.send(row, write, index, attempt + 1, sent.post.clone())).await
            }
            Err(error) => Ok(Err(self.wait_for(&error))),
        }
    }

    async fn post(
        &self,
        row: &ActionRow,
        write: &Write,
        index: usize,
        attempt: i64,
        sent: &Sent,
    ) -> DbResult<Result<(), Halt>> {
        let mut asked = 0;
        let error = loop {
            asked += 1;
            match self.stripe.post(&ActionId::new(&row.id), &sent.post, &sent.key).await {
                Ok(answered) => {
                    self.take(row, write, index, answered).await?;
                    return Ok(Ok(()));
                }
                // Somebody else's request is under way: its end is near.
                Err(StripeError::Refused { status: 409, .. }) if asked < MOST_ASKED => {
                    tokio::time::sleep(BETWEEN).await;
                }
                Err(error) => break error,
            }
        };
        match &error {
            StripeError::Refused { status: 409, code, .. } => {
                Ok(Err(Halt::Later(code.clone(), error.to_string(), 5)))
            }
            // The key was used for another request: another desk was here before.
            StripeError::Refused { code, .. } if code == "idempotency_error" => {
                match self.find_effect(row, write, sent).await? {
                    Ok(Some(object)) => {
                        self.end_step(row, index, Some(object), None).await?;
                        Ok(Ok(()))
                    }
                    Ok(None) => Ok(Err(Halt::Failed(
                        "DONE_ELSEWHERE".to_owned(),
                        "another desk has asked Stripe for the same just before".to_owned(),
                    ))),
                    Err(error) => Ok(Err(self.wait_for(&error))),
                }
            }
            StripeError::Http(HttpError::Server { .. }) => {
                self.look_then_again(row, write, index, attempt, sent).await
            }
            StripeError::Http(_) | StripeError::Unexpected if matches!(write.look, Look::Never) => {
                Ok(Err(doubtful()))
            }
            StripeError::Http(_) | StripeError::Unexpected => Ok(Err(self.wait_for(&error))),
            _ => {
                self.refuse_step(row, index, &write.post.path, &error).await?;
                Ok(Err(self.refusal(&error)))
            }
        }
    }

    /// Keeps an answer as a fact, with the end of its step.
    async fn take(&self, row: &ActionRow, write: &Write, index: usize, answered: Answered) -> DbResult<()> {
        let kind = Kind::parse(&write.kind);
        let object: Value = serde_json::from_str(answered.object.get()).unwrap_or_default();
        let id = object["id"].as_str().map(str::to_owned).or_else(|| write.object.clone());
        let terms = self.terms();
        let prepared = match kind {
            Kind::Other => None,
            kind => Some(prepare_objects(
                &self.codec,
                kind,
                &[answered.object.get()],
                (Origin::Answer, answered.as_of),
                &terms.names,
            )?),
        };
        let body = json!({"step": index, "request_id": answered.request_id, "object": id, "replayed": answered.replayed,
            "status": object["status"]});
        let link = object["url"].as_str().filter(|_| kind == Kind::Session).map(str::to_owned);
        let (codec, audit, now) = (self.codec.clone(), self.audit.clone(), self.clock.now());
        let (at, action, operator) = ((row.seq, index), row.id.clone(), row.operator.clone());
        let stored = self
            .db
            .write_durable(move |transaction| {
                let stored = match prepared {
                    Some(prepared) => Some(store(transaction, &codec, prepared, &terms)?),
                    None => None,
                };
                step::end(transaction, at, StepState::Done, id.as_deref(), answered.request_id.as_deref())?;
                if let Some(link) = &link {
                    transaction
                        .prepare_cached("UPDATE action SET result = ?2 WHERE seq = ?1")?
                        .execute(params![at.0, link])?;
                }
                let entry = Entry {
                    at: now,
                    operator: &operator,
                    action: Some(&action),
                    event: "answered",
                    body: &body,
                };
                audit.append(transaction, &entry)?;
                Ok(stored)
            })
            .await?;
        if let Some(mut stored) = stored {
            stored.committed();
        }
        Ok(())
    }

    async fn refuse_step(
        &self,
        row: &ActionRow,
        index: usize,
        path: &str,
        error: &StripeError,
    ) -> DbResult<()> {
        let (at, request_id) = ((row.seq, index), error.request_id().map(str::to_owned));
        let denied = match error {
            StripeError::PermissionMissing { permission, .. } => {
                Some((denied_state(path), permission.clone()))
            }
            _ => None,
        };
        self.db
            .write_durable(move |transaction| {
                if let Some((name, permission)) = &denied {
                    set_state(transaction, name, permission)?;
                }
                step::end(transaction, at, StepState::Failed, None, request_id.as_deref())
            })
            .await
    }

    /// What a definite refusal means: nothing happened, and nothing will.
    pub(super) fn refusal(&self, error: &StripeError) -> Halt {
        let code = match error {
            StripeError::Http(_) => "OFFLINE",
            StripeError::KeyRejected { .. } => "KEY_REJECTED",
            StripeError::PermissionMissing { .. } => "PERMISSION_MISSING",
            _ => "STRIPE_REFUSED",
        };
        Halt::Failed(code.to_owned(), error.to_string())
    }

    /// What an answer that never came means: the same is asked again, later.
    fn wait_for(&self, error: &StripeError) -> Halt {
        let wait = match error {
            StripeError::Http(HttpError::Throttled { wait_s, .. } | HttpError::HeldBack { wait_s, .. }) => {
                i64::try_from(*wait_s).unwrap_or(60).clamp(1, 300)
            }
            _ => 3,
        };
        Halt::Later("NO_ANSWER".to_owned(), error.to_string(), wait)
    }
}

pub(super) fn changed(words: &str) -> Halt {
    Halt::Failed("PLAN_CHANGED".to_owned(), format!("nothing was done: {words}"))
}

fn doubtful() -> Halt {
    Halt::Unknown("whether Stripe did it cannot be found out; look at it in Stripe's dashboard".to_owned())
}
