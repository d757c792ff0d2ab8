//! Bulk runs of a store.

use super::OpenStore;
use super::actions::{LOOK_EVERY, no_action, plan_changed, tail};
use crate::actions::{self, BulkArgs, BulkPlan, BulkView, Doer, Ran};
use crate::db::DbError;
use crate::domain::store::Mode;
use crate::error::Problem;
use crate::topic::Topic;

impl OpenStore {
    /// Plans one action for many orders and keeps the plan for a day.
    ///
    /// # Errors
    /// There are too many, or the mirror cannot be written.
    pub async fn plan_bulk(&self, args: BulkArgs, doer: &Doer) -> Result<BulkPlan, Problem> {
        let (settings, live, now) = (self.settings(), self.is_live(), self.wiring.clock.now());
        let plan = self
            .db
            .read(move |connection| actions::plan_bulk(connection, &settings, live, now, &tail(), &args))
            .await?;
        if !self.db.is_read_only() {
            let (kept, operator) = (plan.clone(), doer.name.clone());
            self.db
                .write_durable(move |transaction| actions::keep_bulk_plan(transaction, &kept, &operator))
                .await?;
        }
        Ok(plan)
    }

    /// Confirms a plan for many orders. It runs on by itself; here it is only begun.
    ///
    /// # Errors
    /// There is no such plan, the world changed since, the guard refuses, or the mirror cannot be written.
    pub async fn run_bulk(&self, plan: &str, doer: &Doer, typed: Option<i64>) -> Result<BulkView, Problem> {
        let record = self.own_record()?.clone();
        if let Some(view) = self.find_bulk(plan).await? {
            return Ok(view);
        }
        let wanted = plan.to_owned();
        let kept = self.db.read(move |connection| actions::find_bulk_plan(connection, &wanted)).await?;
        let kept = kept.ok_or_else(|| {
            Problem::new(
                "NO_PLAN",
                "there is no such plan, or it is older than a day",
                "Make the plan again.",
            )
        })?;
        let audit = self.audit().await?;
        let (settings, live, zone, terms) =
            (self.settings(), record.mode == Mode::Live, self.zone(), self.local_terms());
        let (now, doer, chain) = (terms.now, doer.clone(), audit.clone());
        self.db
            .write_durable(move |transaction| {
                // Another process may have confirmed the same plan a moment ago: it is one run.
                if actions::find_bulk(transaction, &kept.id)?.is_some() {
                    return Ok(Ok(()));
                }
                let drawn = match kept.draw(transaction, &settings, live, now) {
                    Ok(drawn) if kept.is_of(&drawn) => drawn,
                    Ok(_) => return Ok(Err(plan_changed("some of its orders are otherwise now"))),
                    Err(DbError::Invalid(words)) => return Ok(Err(plan_changed(&words))),
                    Err(error) => return Err(error),
                };
                let confirmed = actions::confirm_bulk(
                    transaction,
                    &chain,
                    &kept,
                    &drawn,
                    (&doer, live),
                    (now, zone),
                    typed,
                )?;
                if let Err(problem) = confirmed {
                    return Ok(Err(problem));
                }
                for one in drawn.iter().filter(|one| one.plan.calls.is_empty()) {
                    let id = format!("act_{}", one.plan.id.trim_start_matches("pln_"));
                    actions::run_local(transaction, &chain, &id, &one.program, &doer.name, &terms)?;
                }
                Ok(Ok(()))
            })
            .await??;
        self.db.read(move |connection| audit.keep_head(connection)).await?;
        self.wiring.announcer.announce(Some(&self.public_id), Topic::Actions);
        self.signals.wake_desk();
        self.find_bulk(plan).await?.ok_or_else(|| no_action(plan))
    }

    /// Waits until a bulk run is over or paused, running it here where nobody else holds the lease; `each` hears of progress.
    ///
    /// # Errors
    /// There is no such run, or the mirror failed.
    pub async fn see_bulk_through(&self, id: &str, each: impl Fn(&BulkView)) -> Result<BulkView, Problem> {
        let mut own = None;
        loop {
            let view = self.find_bulk(id).await?.ok_or_else(|| no_action(id))?;
            each(&view);
            if view.paused || (view.waiting == 0 && view.unverified == 0) {
                return Ok(view);
            }
            if own.is_none() && !self.holds_lease() {
                own = self.take_desk().await?;
            }
            let mut turns = 0;
            if let Some((_lease, desk)) = &own {
                while turns < 20 && desk.run_next().await? == Ran::One {
                    turns += 1;
                }
            }
            if turns == 0 {
                tokio::time::sleep(LOOK_EVERY * 5).await;
            }
        }
    }

    /// A bulk run as shown; None where there is none of that id.
    ///
    /// # Errors
    /// The mirror cannot be read.
    pub async fn find_bulk(&self, id: &str) -> Result<Option<BulkView>, Problem> {
        let id = id.to_owned();
        Ok(self.db.read(move |connection| actions::find_bulk(connection, &id)).await?)
    }

    /// Pauses a bulk run, or lets it go on.
    ///
    /// # Errors
    /// There is none of that id, or the mirror cannot be written.
    pub async fn pause_bulk(&self, id: &str, paused: bool, doer: &Doer) -> Result<BulkView, Problem> {
        let (audit, now, operator, named) =
            (self.audit().await?, self.wiring.clock.now(), doer.name.clone(), id.to_owned());
        self.db
            .write_durable(move |transaction| {
                actions::pause_bulk(transaction, &audit, (&named, paused), &operator, now)
            })
            .await?;
        self.wiring.announcer.announce(Some(&self.public_id), Topic::Actions);
        self.signals.wake_desk();
        self.find_bulk(id).await?.ok_or_else(|| no_action(id))
    }

    /// The currency that a plan moves; None where it moves none, or several.
    ///
    /// # Errors
    /// The mirror cannot be read.
    pub async fn plan_currency(&self, plan: &str) -> Result<Option<String>, Problem> {
        let plan = plan.to_owned();
        Ok(self
            .db
            .read(move |connection| {
                if let Some(bulk) = actions::find_bulk_plan(connection, &plan)? {
                    let mut named = bulk.money.into_keys();
                    let first = named.next();
                    return Ok(first.filter(|_| named.next().is_none()));
                }
                let found = actions::find_plan(connection, &plan)?;
                Ok(found.and_then(|plan| plan.money).map(|money| money.currency))
            })
            .await?)
    }
}
