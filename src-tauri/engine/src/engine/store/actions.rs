//! Actions of a store: planned, confirmed, run here or by whoever holds the lease.

use std::sync::Arc;
use std::time::Duration;

use super::OpenStore;
use super::keys::other_account;
use crate::actions::{self, ActionPlan, ActionView, AllowedAction, Desk, Doer, Ground, NotPlanned, Ran};
use crate::audit::Audit;
use crate::db::DbError;
use crate::domain::action::ActionRequest;
use crate::domain::store::Mode;
use crate::error::Problem;
use crate::projections::ingest::Terms;
use crate::queries::health::SyncState;
use crate::tasks::account;
use crate::tasks::context::Context;
use crate::topic::Topic;

/// Letters of an id: none that is read as another.
const ALPHABET: &[u8] = b"23456789bcdfghjkmnpqrstvwxz";
/// How often a caller looks whether its action has ended, before it is left to go on by itself: some 25 seconds.
const MOST_LOOKS: u32 = 600;
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(40);

impl OpenStore {
    pub(super) fn is_live(&self) -> bool {
        self.record.as_ref().is_some_and(|record| record.mode == Mode::Live)
    }

    /// The audit of this store. The first call may wait for the keychain.
    pub(super) async fn audit(&self) -> Result<Audit, Problem> {
        let found = self.audit.get_or_try_init(|| async {
            let (secrets, store) = (Arc::clone(&self.wiring.secrets), self.public_id.clone());
            tokio::task::spawn_blocking(move || Audit::open(*secrets.keychain(), &store)).await
        });
        found
            .await
            .cloned()
            .map_err(|_| Problem::new("INTERNAL", "the keychain call ended badly", "Try again."))
    }

    pub(super) fn local_terms(&self) -> Terms {
        let names = self.settings().metadata;
        Terms { now: self.wiring.clock.now(), names, fold: true, refetch: false }
    }

    pub(super) async fn desk(&self, context: &Context) -> Result<Desk, Problem> {
        Ok(Desk {
            store: self.public_id.clone(),
            db: self.db.clone(),
            stripe: Arc::clone(&context.stripe),
            codec: self.codec.clone(),
            clock: Arc::clone(&self.wiring.clock),
            settings: Arc::clone(&self.settings),
            announcer: self.wiring.announcer.clone(),
            audit: self.audit().await?,
            live: self.is_live(),
            klaviyo: Arc::clone(&self.klaviyo) as Arc<dyn actions::OpensKlaviyo>,
        })
    }

    /// Draws the plan of an action and keeps it for a day. Of a file opened for reading the plan is shown, and cannot be confirmed.
    ///
    /// # Errors
    /// The action is refused, or the mirror cannot be read.
    pub async fn plan_action(&self, request: ActionRequest, doer: &Doer) -> Result<ActionPlan, Problem> {
        let (settings, live, now, tail) = (self.settings(), self.is_live(), self.wiring.clock.now(), tail());
        let drawn = self
            .db
            .read(move |connection| {
                let ground = Ground { connection, settings: &settings, live, now, tail: &tail };
                split(actions::draw(&ground, &request))
            })
            .await??;
        if !self.db.is_read_only() {
            let (plan, operator) = (drawn.plan.clone(), doer.name.clone());
            self.db
                .write_durable(move |transaction| actions::keep_plan(transaction, &plan, &operator))
                .await?;
        }
        Ok(drawn.plan)
    }

    /// Confirms a plan and sees it through: here, or by whoever holds the lease. `typed` is the amount as typed, minor
    /// units. Asking again for the same plan shows the action it became.
    ///
    /// # Errors
    /// There is no such plan, the world changed since, the guard refuses, or the mirror cannot be written. What the action came to is in
    /// the reply.
    pub async fn run_action(
        &self,
        plan: &str,
        doer: &Doer,
        typed: Option<i64>,
    ) -> Result<ActionView, Problem> {
        let record = self.own_record()?.clone();
        let id = format!("act_{}", plan.trim_start_matches("pln_"));
        if let Some(view) = self.find_action(&id).await? {
            return Ok(view);
        }
        let kept = {
            let plan = plan.to_owned();
            self.db.read(move |connection| actions::find_plan(connection, &plan)).await?
        };
        let kept = kept.ok_or_else(|| {
            let shown: String = plan.chars().take(60).collect();
            Problem::new(
                "NO_PLAN",
                format!("there is no plan {shown:?}, or it is older than a day"),
                "Make the plan again.",
            )
        })?;
        let audit = self.audit().await?;
        let (settings, live, zone, terms) =
            (self.settings(), record.mode == Mode::Live, self.zone(), self.local_terms());
        let (now, doer, chain, action) = (terms.now, doer.clone(), audit.clone(), id.clone());
        let local = self
            .db
            .write_durable(move |transaction| {
                // Another process may have confirmed the same plan a moment ago: it is one action.
                if actions::view(transaction, &action)?.is_some() {
                    return Ok(Ok(false));
                }
                let tail = kept.id.trim_start_matches("pln_");
                let ground = Ground { connection: transaction, settings: &settings, live, now, tail };
                let drawn = match split(actions::draw(&ground, &kept.request))? {
                    Ok(drawn) if drawn.plan.hash == kept.hash || drawn.plan.only_reads() => drawn,
                    Ok(_) => return Ok(Err(plan_changed("what it rests on is otherwise now"))),
                    Err(problem) => return Ok(Err(plan_changed(&problem.message))),
                };
                let confirmed =
                    actions::confirm(transaction, &chain, &drawn, (&doer, live), (now, zone), typed)?;
                if let Err(problem) = confirmed {
                    return Ok(Err(problem));
                }
                let local = drawn.plan.calls.is_empty();
                if local {
                    actions::run_local(transaction, &chain, &action, &drawn.program, &doer.name, &terms)?;
                }
                Ok(Ok(local))
            })
            .await??;
        self.db.read(move |connection| audit.keep_head(connection)).await?;
        for topic in [Topic::Actions, Topic::Preorders] {
            self.wiring.announcer.announce(Some(&self.public_id), topic);
        }
        if !local {
            self.see_through(&id).await?;
        }
        self.find_action(&id).await?.ok_or_else(|| no_action(&id))
    }

    /// Waits until an action is over, running it here where nobody else holds the lease. One that waits for Stripe is
    /// left to go on by itself.
    ///
    /// # Errors
    /// The mirror failed.
    pub async fn see_through(&self, id: &str) -> Result<(), Problem> {
        self.signals.wake_desk();
        let mut own = None;
        for _ in 0..MOST_LOOKS {
            let (named, now) = (id.to_owned(), self.wiring.clock.now());
            let over = self.db.read(move |connection| actions::is_settled(connection, &named, now)).await?;
            if over {
                return Ok(());
            }
            if own.is_none() && !self.holds_lease() {
                own = self.take_desk().await?;
            }
            match &own {
                Some((_lease, desk)) => match desk.run_next().await? {
                    Ran::One => {}
                    Ran::Nothing => tokio::time::sleep(LOOK_EVERY).await,
                },
                None => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
        Ok(())
    }

    /// A desk of this process's own, with the lease; None while somebody else holds it.
    pub(super) async fn take_desk(&self) -> Result<Option<(crate::tasks::lease::Lease, Desk)>, Problem> {
        let lease = match self.take_lease() {
            Ok(lease) => lease,
            Err(problem) if problem.code == "STORE_BUSY" => return Ok(None),
            Err(problem) => return Err(problem),
        };
        let context = self.context().await?;
        // Offline the desk says so itself; another account's key must not touch anything.
        if matches!(account::check_before_polling(&context).await, Ok(false)) {
            return Err(other_account());
        }
        let desk = self.desk(&context).await?;
        Ok(Some((lease, desk)))
    }

    /// Runs everything that is due; for whoever holds the lease in passing.
    pub(super) async fn run_due_actions(&self, context: &Context) -> Result<(), Problem> {
        let desk = self.desk(context).await?;
        while desk.run_next().await? == Ran::One {}
        Ok(())
    }

    /// An action as shown; None where there is none of that id.
    ///
    /// # Errors
    /// The mirror cannot be read.
    pub async fn find_action(&self, id: &str) -> Result<Option<ActionView>, Problem> {
        let id = id.to_owned();
        Ok(self.db.read(move |connection| actions::view(connection, &id)).await?)
    }

    /// What can be done about an order, with the reason where it cannot be done now.
    ///
    /// # Errors
    /// The mirror cannot be read.
    pub async fn allowed_actions(&self, order: String, doer: &Doer) -> Result<Vec<AllowedAction>, Problem> {
        if self.record.is_none() {
            return Ok(Vec::new());
        }
        let state = self.freshness().await?.state;
        let offline = matches!(state, SyncState::Offline | SyncState::NoKey | SyncState::KeyRejected);
        let (settings, live, now, doer) =
            (self.settings(), self.is_live(), self.wiring.clock.now(), doer.clone());
        Ok(self
            .db
            .read(move |connection| {
                let ground = Ground { connection, settings: &settings, live, now, tail: "shown" };
                actions::allowed(&ground, &order, &doer, offline)
            })
            .await?)
    }
}

pub(super) type Drew = Result<actions::Drawn, NotPlanned>;

/// A refusal apart from a failed read.
pub(super) fn split(drawn: Drew) -> Result<Result<actions::Drawn, Problem>, DbError> {
    match drawn {
        Ok(drawn) => Ok(Ok(drawn)),
        Err(NotPlanned::Refused(problem)) => Ok(Err(problem)),
        Err(NotPlanned::Db(error)) => Err(error),
    }
}

pub(super) fn plan_changed(words: &str) -> Problem {
    Problem::new(
        "PLAN_CHANGED",
        format!("the plan no longer holds: {words}"),
        "Look at a new plan, then confirm that one; nothing was done.",
    )
}

pub(super) fn no_action(id: &str) -> Problem {
    let shown: String = id.chars().take(60).collect();
    Problem::new(
        "NO_ACTION",
        format!("there is no action {shown:?}"),
        "See the audit for the actions there are.",
    )
}

pub(super) fn tail() -> String {
    (0..16).map(|_| char::from(ALPHABET[rand::random_range(0..ALPHABET.len())])).collect()
}
