//! The desk: runs confirmed actions, one after the other, each effect once.
//!
//! Whoever holds the store's lease has a desk. A step's request is committed before it is sent, under a key of its own;
//! after a crash the same bytes go out under the same key, or, when Stripe may have forgotten the key, Stripe is looked at first.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use chrono_tz::Tz;
use serde_json::{Value, json};

use super::allowed::denied_state;
use super::ground::Ground;
use super::guard::stops;
use super::plans::{NotPlanned, draw};
use super::program::{Check, Look, Move, Program, Write};
use super::rows::{ActionRow, ActionState, from_json, get, next_due};
use super::step::{self, Sent, Step, StepState};
use crate::audit::{Audit, Entry};
use crate::clock::SharedClock;
use crate::db::{Db, DbResult, Transaction, params};
use crate::domain::action::ActionId;
use crate::domain::day::parse_zone;
use crate::domain::kind::Kind;
use crate::domain::settings::Settings;
use crate::facts::codec::Codec;
use crate::facts::local::{LocalFact, append_local};
use crate::facts::snapshots::Origin;
use crate::facts::state::set_state;
use crate::http::{HttpError, Priority};
use crate::projections::fold::fold_dirty;
use crate::projections::ingest::{Stored, Terms, prepare_objects, store};
use crate::projections::local::take_local;
use crate::stripe::{Answered, Post, Stripe, StripeError};
use crate::topic::{Announcer, Topic};

/// Stripe keeps idempotency keys for 24 hours at least; beyond this age it is looked at first.
const KEY_HOLDS_S: i64 = 20 * 3_600;
/// New keys taken for one step after answers that may or may not have been effects.
const MOST_ATTEMPTS: i64 = 6;
/// How often a request is sent that meets another one under way, and the pause between.
const MOST_ASKED: u32 = 20;
const BETWEEN: Duration = Duration::from_millis(250);
/// Nodes folded with an answer.
const FOLD_NOW: usize = 2_000;

/// What runs actions. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    /// The store's public id.
    pub store: String,
    /// The mirror.
    pub db: Db,
    /// Stripe.
    pub stripe: Arc<Stripe>,
    /// Packs bodies.
    pub codec: Codec,
    /// Tells the time.
    pub clock: SharedClock,
    /// Settings in force.
    pub settings: Arc<RwLock<Settings>>,
    /// Where changes are announced.
    pub announcer: Announcer,
    /// The audit.
    pub audit: Audit,
    /// Whether real money moves.
    pub live: bool,
}

/// What a turn at the desk did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ran {
    /// One action was taken as far as it goes now.
    One,
    /// None was due.
    Nothing,
}

/// How an action stops before its end.
pub(super) enum Halt {
    /// It is refused, for good.
    Failed(String, String),
    /// It cannot be known whether it happened.
    Unknown(String),
    /// It is tried again later.
    Later(String, String, i64),
}

impl Desk {
    /// Runs the next due action.
    ///
    /// # Errors
    /// The mirror failed; what was committed is resumed by the next call.
    pub async fn run_next(&self) -> DbResult<Ran> {
        let now = self.clock.now();
        let Some(seq) = self.db.read(move |connection| next_due(connection, now)).await? else {
            return Ok(Ran::Nothing);
        };
        self.run(seq).await?;
        let audit = self.audit.clone();
        self.db.read(move |connection| audit.keep_head(connection)).await?;
        for topic in [Topic::Actions, Topic::Preorders] {
            self.announcer.announce(Some(&self.store), topic);
        }
        Ok(Ran::One)
    }

    async fn run(&self, seq: i64) -> DbResult<()> {
        let (row, steps) =
            self.db.read(move |connection| Ok((get(connection, seq)?, step::list(connection, seq)?))).await?;
        let program: Program = from_json(&row.program)?;
        if row.state == ActionState::Succeeded {
            return self.verify(&row, &program, &steps).await;
        }
        let begun = steps.iter().any(|step| step.state != StepState::Waiting);
        // What only reads does no harm in another world.
        let writes = program.moves.iter().any(|one| matches!(one, Move::Write(_)));
        if !begun
            && writes
            && let Some(halt) = self.no_longer_holds(&row).await?
        {
            return self.halt(&row, halt).await;
        }
        let mut steps = steps;
        for index in 0..program.moves.len() {
            if steps[index].state.is_over() {
                continue;
            }
            if let Err(halt) = self.step(&row, &program, &mut steps, index).await? {
                return self.halt(&row, halt).await;
            }
            let renewed = self.db.read(move |connection| step::list(connection, seq)).await?;
            steps = renewed;
        }
        self.succeed(&row, &program, &steps).await?;
        self.verify(&row, &program, &steps).await
    }

    /// The plan is drawn again: what was confirmed is done, or nothing.
    async fn no_longer_holds(&self, row: &ActionRow) -> DbResult<Option<Halt>> {
        let (request, hash, live) = (row.request.clone(), row.plan.hash.clone(), self.live);
        let (settings, now) = (self.settings(), self.clock.now());
        let tail = row.id.trim_start_matches("act_").to_owned();
        self.db
            .read(move |connection| {
                if let Some(problem) = stops(connection, live, true)? {
                    return Ok(Some(Halt::Later(problem.code.to_owned(), problem.message, 15)));
                }
                let ground = Ground { connection, settings: &settings, live, now, tail: &tail };
                match draw(&ground, &request) {
                    Ok(drawn) if drawn.plan.hash == hash => Ok(None),
                    Ok(_) => Ok(Some(changed("what the plan rests on has changed since"))),
                    Err(NotPlanned::Refused(problem)) => Ok(Some(changed(&problem.message))),
                    Err(NotPlanned::Db(error)) => Err(error),
                }
            })
            .await
    }

    pub(super) fn settings(&self) -> Settings {
        self.settings.read().expect("no panic while held").clone()
    }

    fn terms(&self) -> Terms {
        let settings = self.settings();
        Terms {
            now: self.clock.now(),
            zone: parse_zone(&settings.time_zone).unwrap_or(Tz::UTC),
            names: settings.metadata,
            fold: true,
            refetch: true,
        }
    }

    pub(super) fn server_now(&self) -> i64 {
        self.stripe.http().server_now().unwrap_or_else(|| self.clock.now())
    }

    async fn step(
        &self,
        row: &ActionRow,
        program: &Program,
        steps: &mut [Step],
        index: usize,
    ) -> DbResult<Result<(), Halt>> {
        match &program.moves[index] {
            Move::Read { kind, id } => self.read_step(row, index, kind, id).await,
            Move::FindCustomer { email } => self.find_customer(row, index, email).await,
            Move::Fact { .. } => {
                let (terms, audit, objects) = (self.terms(), self.audit.clone(), objects_of(steps));
                let (one, row_) =
                    (program.moves[index].clone(), (row.seq, row.id.clone(), row.operator.clone()));
                self.db
                    .write_durable(move |transaction| {
                        tell(transaction, &audit, (row_.0, &row_.1, &row_.2), (index, &one), &objects, &terms)
                    })
                    .await?;
                Ok(Ok(()))
            }
            Move::Write(write) => self.write_step(row, write, steps, index).await,
        }
    }

    async fn read_step(
        &self,
        row: &ActionRow,
        index: usize,
        kind: &str,
        id: &str,
    ) -> DbResult<Result<(), Halt>> {
        let found = match self.get(kind, id).await? {
            Ok(_) => Some(id.to_owned()),
            Err(StripeError::NotFound { .. }) => None,
            Err(error) => return Ok(Err(self.refusal(&error))),
        };
        self.end_step(row, index, found, None).await?;
        Ok(Ok(()))
    }

    async fn find_customer(&self, row: &ActionRow, index: usize, email: &str) -> DbResult<Result<(), Halt>> {
        let query = Post { path: String::new(), body: "limit=1".to_owned() }.with("email", email).body;
        let found = match self.stripe.list_raw("/v1/customers", &query).await {
            Ok(page) => page,
            Err(error) => return Ok(Err(self.refusal(&error))),
        };
        let mut id = None;
        if let Some(raw) = found.raw().next() {
            let object: Value = serde_json::from_str(raw).unwrap_or_default();
            id = object["id"].as_str().map(str::to_owned);
            self.keep(Kind::Customer, raw, (Origin::List, found.as_of())).await?;
        }
        self.end_step(row, index, id, None).await?;
        Ok(Ok(()))
    }

    async fn write_step(
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

    /// Reads an object and keeps it as a fact.
    pub(super) async fn get(&self, kind: &str, id: &str) -> DbResult<Result<Value, StripeError>> {
        let kind = Kind::parse(kind);
        match self.stripe.retrieve(kind, id, Priority::Normal).await {
            Ok((raw, as_of)) => {
                self.keep(kind, raw.get(), (Origin::Retrieve, as_of)).await?;
                Ok(Ok(serde_json::from_str(raw.get()).unwrap_or_default()))
            }
            Err(error) => Ok(Err(error)),
        }
    }

    pub(super) async fn keep(&self, kind: Kind, raw: &str, from: (Origin, i64)) -> DbResult<()> {
        let terms = self.terms();
        let prepared = prepare_objects(&self.codec, kind, &[raw], from, &terms.names)?;
        let codec = self.codec.clone();
        let mut stored: Stored =
            self.db.write(move |transaction| store(transaction, &codec, prepared, &terms)).await?;
        stored.committed();
        Ok(())
    }

    async fn end_step(
        &self,
        row: &ActionRow,
        index: usize,
        object: Option<String>,
        request_id: Option<String>,
    ) -> DbResult<()> {
        let at = (row.seq, index);
        self.db
            .write_durable(move |transaction| {
                step::end(transaction, at, StepState::Done, object.as_deref(), request_id.as_deref())
            })
            .await
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

    /// Reads the objects again and says whether they are as they should be.
    async fn verify(&self, row: &ActionRow, program: &Program, steps: &[Step]) -> DbResult<()> {
        let mut differences: Vec<String> = Vec::new();
        for (one, step) in program.moves.iter().zip(steps) {
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

    async fn succeed(&self, row: &ActionRow, program: &Program, steps: &[Step]) -> DbResult<()> {
        let verifies =
            program.moves.iter().any(|one| matches!(one, Move::Write(write) if !write.expect.is_empty()));
        let (audit, now, seq) = (self.audit.clone(), self.clock.now(), row.seq);
        let (id, operator, objects) = (row.id.clone(), row.operator.clone(), objects_of(steps));
        self.db
            .write_durable(move |transaction| {
                finish(transaction, &audit, (seq, &id, &operator), &objects, verifies, now)
            })
            .await
    }

    async fn halt(&self, row: &ActionRow, halt: Halt) -> DbResult<()> {
        let (audit, now, seq) = (self.audit.clone(), self.clock.now(), row.seq);
        let (id, operator) = (row.id.clone(), row.operator.clone());
        self.db
            .write_durable(move |transaction| {
                let (state, code, words, due) = match &halt {
                    Halt::Failed(code, words) => ("failed", code.as_str(), words, None),
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
                let body = json!({"code": code, "message": words});
                audit.append(transaction, &Entry { at: now, operator: &operator, action: Some(&id), event: state, body: &body })?;
                Ok(())
            })
            .await
    }

    /// What a definite refusal means: nothing happened, and nothing will.
    fn refusal(&self, error: &StripeError) -> Halt {
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

fn changed(words: &str) -> Halt {
    Halt::Failed("PLAN_CHANGED".to_owned(), format!("nothing was done: {words}"))
}

fn doubtful() -> Halt {
    Halt::Unknown("whether Stripe did it cannot be found out; look at it in Stripe's dashboard".to_owned())
}

fn said(check: &Check, object: &Value, id: &str) -> Vec<String> {
    check.differences(object).into_iter().map(|difference| format!("{id}: {difference}")).collect()
}

fn objects_of(steps: &[Step]) -> Vec<Option<String>> {
    steps.iter().map(|step| step.object.clone()).collect()
}

/// Appends the local fact of a move and folds it.
fn tell(
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
    fold_dirty(transaction, terms.zone, FOLD_NOW)?;
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
