//! The desk sends a write: checked just before, committed before it is sent, looked for when its answer is in doubt.

use std::time::Duration;

use serde_json::{Value, json};

use super::allowed::denied_state;
use super::execute::{Desk, Halt};
use super::guard::holds_back;
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
/// How often a request is sent that meets another one under way, the pause between, and for how many seconds in all.
const MOST_ASKED: u32 = 20;
const BETWEEN: Duration = Duration::from_millis(250);
const MOST_ASKED_S: i64 = 60;
/// For so long a request whose answer never came may still be under way at Stripe, seconds.
const UNDER_WAY_S: i64 = 120;

/// What Stripe says of what must still be so.
enum Checked {
    /// It is so.
    Same,
    /// It is otherwise, in these words.
    Otherwise(String),
    /// It could not be read.
    Unread(StripeError),
}

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
                match self.check(write).await? {
                    Checked::Same => {}
                    Checked::Otherwise(words) => return Ok(Err(changed(&words))),
                    Checked::Unread(error) => return Ok(Err(self.refusal(&error))),
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
    async fn check(&self, write: &Write) -> DbResult<Checked> {
        for check in &write.check {
            let Some(id) = &check.id else { continue };
            match self.get(&check.kind, id).await? {
                Ok(object) => {
                    let differences = check.differences(&object);
                    if !differences.is_empty() {
                        return Ok(Checked::Otherwise(format!("{id}: {}", differences.join(", "))));
                    }
                }
                Err(error) => return Ok(Checked::Unread(error)),
            }
        }
        if write.check.is_empty()
            && let Err(error) = self.stripe.list_raw("/v1/events", "limit=1").await
            && matches!(error, StripeError::Http(_))
        {
            return Ok(Checked::Unread(error));
        }
        Ok(Checked::Same)
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
        let (audit, live, zone, now) =
            (self.audit.clone(), self.live, self.settings().zone(), self.clock.now());
        let (committed, at) = (sent.clone(), (row.seq, index));
        let (id, operator) = (row.id.clone(), row.operator.clone());
        let stopped = self
            .db
            .write_durable(move |transaction| {
                if let Some(problem) = holds_back(transaction, live, at.0, (now, zone))? {
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
        self.post(row, write, (index, attempt, false), &sent).await
    }

    /// A request that may have been sent before: looked for where the world is otherwise now, for that may be its effect; the same
    /// again while its key holds; else Stripe is looked at first.
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
        if let Err(halt) = self.may_go_on().await? {
            return Ok(Err(halt));
        }
        match self.check(write).await? {
            Checked::Same => {}
            Checked::Otherwise(words) => {
                return self.found_or(row, write, index, sent, changed(&words)).await;
            }
            Checked::Unread(error) => return Ok(Err(self.later(&error))),
        }
        // Stripe was asked just now, so that its clock is right also on a machine that slept.
        let age = self.server_now().max(self.clock.now()) - sent.at;
        if age < KEY_HOLDS_S {
            return self.post(row, write, (index, step.attempt, true), sent).await;
        }
        self.look_then_again(row, write, index, step.attempt, sent).await
    }

    /// The end of a request by what is found of it; by `halt` where nothing is, once it can no longer be under way.
    async fn found_or(
        &self,
        row: &ActionRow,
        write: &Write,
        index: usize,
        sent: &Sent,
        halt: Halt,
    ) -> DbResult<Result<(), Halt>> {
        match self.find_effect(row, write, sent).await? {
            Ok(Some(object)) => {
                self.end_step(row, index, Some(object), None).await?;
                Ok(Ok(()))
            }
            Ok(None) => Ok(Err(match halt {
                Halt::Failed(_, words) if self.server_now() - sent.at < UNDER_WAY_S => {
                    Halt::Later("NO_ANSWER".to_owned(), words, 15)
                }
                halt => halt,
            })),
            Err(error) => Ok(Err(self.later(&error))),
        }
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
            Ok(None) => match self.check(write).await? {
                Checked::Same => Box::pin(self.send(row, write, index, attempt + 1, sent.post.clone())).await,
                Checked::Otherwise(words) => Ok(Err(changed(&words))),
                Checked::Unread(error) => Ok(Err(self.later(&error))),
            },
            Err(error) => Ok(Err(self.later(&error))),
        }
    }

    async fn post(
        &self,
        row: &ActionRow,
        write: &Write,
        (index, attempt, again): (usize, i64, bool),
        sent: &Sent,
    ) -> DbResult<Result<(), Halt>> {
        let (mut asked, begun) = (0, self.clock.now());
        let error = loop {
            asked += 1;
            match self.stripe.post(&ActionId::new(&row.id), &sent.post, &sent.key).await {
                Ok(answered) => {
                    self.take(row, write, index, answered).await?;
                    return Ok(Ok(()));
                }
                // Somebody else's request is under way: its end is near.
                Err(StripeError::Refused { status: 409, .. })
                    if asked < MOST_ASKED && self.clock.now() - begun < MOST_ASKED_S =>
                {
                    tokio::time::sleep(BETWEEN).await;
                }
                Err(error) => break error,
            }
        };
        match &error {
            StripeError::Refused { status: 409, code, .. } => {
                Ok(Err(Halt::Later(code.clone(), error.to_string(), 5)))
            }
            StripeError::Refused { code, .. } if code == "idempotency_error" => {
                self.key_was_used(row, write, (index, attempt), sent).await
            }
            StripeError::Http(_) | StripeError::Unexpected if matches!(write.look, Look::Never) => {
                Ok(Err(doubtful()))
            }
            // What was asked under this key is over. Any other 5xx may hide a request that is still under way.
            StripeError::Http(HttpError::Server { replayed: true, .. }) => {
                self.look_then_again(row, write, index, attempt, sent).await
            }
            StripeError::Http(_) | StripeError::Unexpected => Ok(Err(self.wait_for(&error))),
            // A refusal of the second request says nothing of the first one.
            _ if again => {
                let before_it_is_read = matches!(
                    error,
                    StripeError::KeyRejected { .. }
                        | StripeError::PermissionMissing { .. }
                        | StripeError::NotFound { .. }
                );
                let halt = if before_it_is_read { self.later(&error) } else { self.refusal(&error) };
                self.found_or(row, write, index, sent, halt).await
            }
            _ => {
                self.refuse_step(row, index, &write.post.path, &error).await?;
                Ok(Err(self.refusal(&error)))
            }
        }
    }

    /// The key was used for another request: by another desk that was here before, or for one that Stripe refused and remembers.
    async fn key_was_used(
        &self,
        row: &ActionRow,
        write: &Write,
        (index, attempt): (usize, i64),
        sent: &Sent,
    ) -> DbResult<Result<(), Halt>> {
        let elsewhere = Halt::Failed(
            "DONE_ELSEWHERE".to_owned(),
            "another desk has asked Stripe for the same just before".to_owned(),
        );
        match self.find_effect(row, write, sent).await? {
            Ok(Some(object)) => {
                self.end_step(row, index, Some(object), None).await?;
                return Ok(Ok(()));
            }
            Ok(None) => {}
            Err(error) => return Ok(Err(self.later(&error))),
        }
        match self.check(write).await? {
            Checked::Otherwise(_) => Ok(Err(elsewhere)),
            Checked::Unread(error) => Ok(Err(self.later(&error))),
            Checked::Same if self.server_now() - sent.at < UNDER_WAY_S => Ok(Err(Halt::Later(
                "NO_ANSWER".to_owned(),
                "the same is asked of Stripe already".to_owned(),
                15,
            ))),
            Checked::Same if attempt >= MOST_ATTEMPTS => Ok(Err(elsewhere)),
            // Nothing came of it. Two desks that are here take the same next key too.
            Checked::Same => Box::pin(self.send(row, write, index, attempt + 1, sent.post.clone())).await,
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

    /// The same is asked again, later: nobody can say what became of it.
    fn later(&self, error: &StripeError) -> Halt {
        match self.refusal(error) {
            Halt::Failed(code, words) if !matches!(error, StripeError::Http(_) | StripeError::Unexpected) => {
                Halt::Later(code, words, 60)
            }
            _ => self.wait_for(error),
        }
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
