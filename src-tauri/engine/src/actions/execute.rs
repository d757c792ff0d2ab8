//! The desk: runs confirmed actions, one after the other, each effect once.
//!
//! Whoever holds the store's lease has a desk. A step's request is committed before it is sent, under a key of its own;
//! after a crash the same bytes go out under the same key, or, when Stripe may have forgotten the key, Stripe is looked at first.

use std::sync::Arc;

use serde_json::Value;

use super::door::OpensKlaviyo;
use super::ground::Ground;
use super::guard::stops;
use super::outcome::{objects_of, tell};
use super::plans::{NotPlanned, draw};
use super::program::{Move, Program};
use super::rows::{ActionRow, ActionState, from_json, get, next_due};
use super::send::changed;
use super::step::{self, Step, StepState};
use super::tell::EventTold;
use crate::audit::Audit;
use crate::clock::SharedClock;
use crate::db::{Db, DbResult};
use crate::domain::kind::Kind;
use crate::domain::settings::Settings;
use crate::facts::codec::Codec;
use crate::facts::settings::InForce;
use crate::facts::snapshots::Origin;
use crate::http::Priority;
use crate::projections::ingest::{Stored, Terms, prepare_objects, store};
use crate::projections::rebuild;
use crate::stripe::{Post, Stripe, StripeError};
use crate::topic::{Announcer, Topic};

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
    pub settings: Arc<InForce>,
    /// Where changes are announced.
    pub announcer: Announcer,
    /// The audit.
    pub audit: Audit,
    /// Whether real money moves.
    pub live: bool,
    /// The way to Klaviyo.
    pub klaviyo: Arc<dyn OpensKlaviyo>,
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
    /// As that, and what was chosen to be told was certainly not taken.
    Untold(String, String, Box<EventTold>),
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
        // Half-made projections would say of every plan that its world has changed.
        if self.db.read(rebuild::is_due).await? {
            let words = "orders are being made anew from what is stored";
            return self.halt(&row, Halt::Later("MIRROR_BEHIND".to_owned(), words.to_owned(), 15)).await;
        }
        let begun = steps.iter().any(|step| step.state != StepState::Waiting);
        // What only reads does no harm in another world.
        let writes = program.moves.iter().any(Move::goes_out);
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
        self.settings.settings()
    }

    pub(super) fn terms(&self) -> Terms {
        Terms { now: self.clock.now(), names: self.settings().metadata, fold: true, refetch: true }
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
            Move::Read { kind, id } => {
                let wrote = program
                    .moves
                    .iter()
                    .zip(&*steps)
                    .take(index)
                    .any(|(one, step)| one.goes_out() && step.state == StepState::Done);
                self.read_step(row, index, (kind, id), wrote).await
            }
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
            Move::Event(told) => self.event_step(row, told, steps, index).await,
            Move::Profile(told) => self.profile_step(row, told, steps, index).await,
        }
    }

    async fn read_step(
        &self,
        row: &ActionRow,
        index: usize,
        (kind, id): (&str, &str),
        wrote: bool,
    ) -> DbResult<Result<(), Halt>> {
        let found = match self.get(kind, id).await? {
            Ok(_) => Some(id.to_owned()),
            Err(StripeError::NotFound { .. }) => None,
            // What was done is done, whether or not it can be read again.
            Err(error @ StripeError::Http(_)) if wrote => {
                return Ok(Err(Halt::Later("OFFLINE".to_owned(), error.to_string(), 15)));
            }
            Err(_) if wrote => None,
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

    pub(super) async fn end_step(
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
}
