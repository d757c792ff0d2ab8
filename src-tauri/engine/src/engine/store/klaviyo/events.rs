//! Events about orders: looked for, held against orders, and sent by the store's policy.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::OpenStore;
use crate::actions::{self, BulkArgs, BulkPlan, Doer, Gaps, OpensKlaviyo, POLICY};
use crate::db::{Connection, DbResult, Transaction};
use crate::domain::action::{ActionKind, RefundReason};
use crate::domain::klaviyo::{EventPolicy, OrderEvent};
use crate::domain::settings::Settings;
use crate::error::Problem;
use crate::facts::klaviyo::LOOKED;
use crate::facts::state::{find_state, set_state};
use crate::queries::klaviyo_events::{
    self, EventStand, EventStandPage, EventStandPageArgs, EventsAround, EventsView,
};
use crate::tasks::klaviyo::{LookedAt, Watch, knows_the_shop, shop_told_since};

/// State document: since when the policy is in force.
const POLICY_SINCE: &str = "klaviyo_policy_since";
/// Why nobody is mailed today any more.
const CAPPED: &str = "CAP_REACHED";
/// The level it is done with.
const LEVEL: u8 = 80;
/// Orders of one run of the policy.
const MOST: usize = 200;
/// Orders of one run that an operator asks for.
const MOST_ASKED: usize = 10_000;
/// An event older than this mails nobody by policy.
const FRESH_S: i64 = 86_400;
/// What Klaviyo refused is left alone by policy for so long.
const REFUSED_S: i64 = 86_400;
/// A shop whose site told of an order so recently still tells of them.
const SHOP_QUIET_S: i64 = 86_400;
/// Between turns.
const EVERY: Duration = Duration::from_secs(20);
const MONTH: i64 = 30 * 86_400;

impl OpenStore {
    fn watch(&self) -> Watch {
        Watch {
            store: self.public_id.clone(),
            db: self.db.clone(),
            clock: Arc::clone(&self.wiring.clock),
            settings: Arc::clone(&self.settings),
            announcer: self.wiring.announcer.clone(),
            klaviyo: Arc::clone(&self.klaviyo) as Arc<dyn OpensKlaviyo>,
            turns: Arc::clone(&self.klaviyo.turns),
        }
    }

    /// Where the store stands with telling Klaviyo of its orders.
    ///
    /// # Errors
    /// The mirror cannot be read.
    pub async fn klaviyo_events(&self) -> Result<EventsView, Problem> {
        let (settings, live, now, zone) =
            (self.settings(), self.is_live(), self.wiring.clock.now(), self.zone());
        Ok(self
            .db
            .read(move |connection| {
                let since = find_state::<i64>(connection, POLICY_SINCE)?;
                let around = EventsAround {
                    policy: settings.klaviyo.policy,
                    policy_since: since,
                    held: held(connection, &settings, live, (now, zone))?,
                    looked_at: find_state::<LookedAt>(connection, LOOKED)?.map(|looked| looked.at),
                    shop_told_at: if crate::facts::klaviyo_events::has_events(connection)? {
                        shop_told_since(connection, now - MONTH)?
                    } else {
                        None
                    },
                    check_days: settings.klaviyo.check_days,
                };
                klaviyo_events::view(connection, around)
            })
            .await?)
    }

    /// One page of orders' events as they stand at Klaviyo.
    ///
    /// # Errors
    /// The mirror cannot be read.
    pub async fn klaviyo_event_page(&self, args: EventStandPageArgs) -> Result<EventStandPage, Problem> {
        Ok(self.db.read(move |connection| klaviyo_events::page(connection, &args)).await?)
    }

    /// How the events of one order stand.
    ///
    /// # Errors
    /// The mirror cannot be read.
    pub async fn klaviyo_order_events(&self, order: String) -> Result<Vec<EventStand>, Problem> {
        Ok(self.db.read(move |connection| klaviyo_events::of_order(connection, &order)).await?)
    }

    /// Looks at Klaviyo now, as far back as is checked, and holds every order against it.
    ///
    /// # Errors
    /// The store is not connected, Klaviyo refuses or cannot be asked, or the mirror failed.
    pub async fn check_klaviyo_events(&self) -> Result<EventsView, Problem> {
        self.own_record()?;
        self.get_klaviyo().await?;
        self.watch().turn(true).await?;
        self.klaviyo_events().await
    }

    /// Plans to send what is missing, for as many orders as one run takes; what it mails is in the plan.
    ///
    /// # Errors
    /// The store is not connected, nothing is missing, or the mirror cannot be written.
    pub async fn plan_fill(&self, fill: Fill, doer: &Doer) -> Result<BulkPlan, Problem> {
        self.own_record()?;
        self.get_klaviyo().await?;
        let gaps = Gaps {
            event: fill.event,
            since: fill.since,
            until: fill.until,
            only_subscribed: fill.mail,
            in_vain: None,
            most: MOST_ASKED,
        };
        let targets = self.db.read(move |connection| actions::list_gaps(connection, &gaps)).await?;
        if targets.is_empty() {
            return Err(Problem::new(
                "NOTHING_MISSING",
                "no event is missing at Klaviyo, as far as was looked",
                "Look again with `klaviyo events check`, or look further back.",
            ));
        }
        self.plan_bulk(send(targets, fill), doer).await
    }

    /// Looks and sends by the policy until cancelled.
    pub(in crate::engine) async fn keep_told(&self, stop: CancellationToken) {
        loop {
            let outcome = tokio::select! {
                () = stop.cancelled() => return,
                outcome = self.tell_once() => outcome,
            };
            if let Err(problem) = outcome {
                tracing::debug!(store = self.public_id, code = problem.code, "Klaviyo was not looked at");
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    /// Looks where that is due, and sends what the policy sends.
    ///
    /// # Errors
    /// Klaviyo refuses or cannot be asked, or the mirror failed.
    pub async fn tell_once(&self) -> Result<(), Problem> {
        self.look_for_settings();
        // Klaviyo may be out of reach while orders are not: what is known is acted on.
        let looked = self.watch().turn(false).await;
        self.send_by_policy().await?;
        looked.map(drop)
    }

    async fn send_by_policy(&self) -> Result<(), Problem> {
        let (settings, live, now, zone) =
            (self.settings(), self.is_live(), self.wiring.clock.now(), self.zone());
        let policy = settings.klaviyo.policy;
        let connection = self.klaviyo_connection().await?.filter(|_| policy != EventPolicy::Observe);
        let Some(of) = connection else { return Ok(()) };
        let due = self
            .db
            .read(move |connection| {
                let Some(since) = find_state::<i64>(connection, POLICY_SINCE)? else { return Ok(None) };
                // A reached cap keeps mails back, and no backfill.
                let is_held =
                    held(connection, &settings, live, (now, zone))?.is_some_and(|why| why != CAPPED);
                if is_held || is_busy(connection)? {
                    return Ok(None);
                }
                let guard = actions::view_guard(connection, live, now, zone)?;
                let mails = guard.guard.daily_mails.saturating_sub(guard.mails_today);
                // What another account was told of is none of this one's.
                let span = (since.max(of.connected_at), now);
                Ok(Some(due_by_policy(connection, policy, span, usize::try_from(mails).unwrap_or(0))?))
            })
            .await?;
        let Some(due) = due else { return Ok(()) };
        let mut refused = None;
        for (targets, fill) in due {
            // One list that is refused keeps no other back.
            if let Err(problem) = self.send_due(targets, fill).await {
                tracing::warn!(
                    store = self.public_id,
                    code = problem.code,
                    "the policy's events were refused"
                );
                refused = Some(problem);
            }
        }
        refused.map_or(Ok(()), Err)
    }

    async fn send_due(&self, targets: Vec<String>, fill: Fill) -> Result<(), Problem> {
        if targets.is_empty() {
            return Ok(());
        }
        let doer = Doer { name: POLICY.to_owned(), level: LEVEL };
        let plan = self.plan_bulk(send(targets, fill), &doer).await?;
        let sent = if plan.count > 0 { self.run_bulk(&plan.id, &doer, None).await.map(drop) } else { Ok(()) };
        if plan.count == 0 || sent.is_err() {
            self.db.write(move |transaction| actions::forget_plan(transaction, &plan.id)).await?;
        }
        sent
    }
}

/// Says why a policy may not be set; and from when on it holds, where it is another.
pub(in crate::engine) fn note_policy(
    transaction: &Transaction<'_>,
    before: &Settings,
    after: &Settings,
    now: i64,
) -> DbResult<Result<(), Problem>> {
    if let Err(why) = after.klaviyo.check() {
        let hint = "See the names and limits under Klaviyo in Settings.";
        return Ok(Err(Problem::new("BAD_SETTING", why, hint)));
    }
    if before.klaviyo.policy == after.klaviyo.policy {
        return Ok(Ok(()));
    }
    if after.klaviyo.policy == EventPolicy::SendAll {
        if shop_told_since(transaction, now - SHOP_QUIET_S)?.is_some() {
            return Ok(Err(Problem::new(
                "SHOP_SENDS_EVENTS",
                "the shop's own site told Klaviyo of an order within the last day: people would be mailed twice",
                "Switch its events off first, then wait for a day; or let Foredeck fill gaps.",
            )));
        }
        if !knows_the_shop(transaction, after, now)? {
            return Ok(Err(Problem::new(
                "KLAVIYO_NOT_LOOKED_AT",
                "whether the shop's own site tells Klaviyo of orders is not known yet: people could be mailed twice",
                "Connect Klaviyo and look with `klaviyo events check`, or Look now; then choose again.",
            )));
        }
    }
    set_state(transaction, POLICY_SINCE, &now)?;
    Ok(Ok(()))
}

/// Which events are to be sent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fill {
    /// Of this kind alone.
    pub event: Option<OrderEvent>,
    /// Flows may mail people; else it is backfill.
    pub mail: bool,
    /// What happened from then on, unix seconds.
    pub since: Option<i64>,
    /// What happened before then.
    pub until: Option<i64>,
}

fn send(targets: Vec<String>, fill: Fill) -> BulkArgs {
    BulkArgs {
        action: ActionKind::SendEvent,
        targets,
        note: None,
        state: None,
        until: None,
        reason: RefundReason::default(),
        event: fill.event,
        mail: fill.mail,
        happened_from: fill.since,
        happened_until: fill.until,
    }
}

/// Why nothing is sent by the policy now.
fn held(
    connection: &Connection,
    settings: &Settings,
    live: bool,
    (now, zone): (i64, chrono_tz::Tz),
) -> DbResult<Option<String>> {
    let policy = settings.klaviyo.policy;
    if policy == EventPolicy::Observe {
        return Ok(None);
    }
    let view = actions::view_guard(connection, live, now, zone)?;
    let code = if view.guard.stopped {
        Some("WRITES_STOPPED")
    } else if !view.guard.writing {
        Some("WRITING_OFF")
    } else if policy == EventPolicy::SendAll {
        if shop_told_since(connection, quiet_since(connection, now)?)?.is_some() {
            Some("SHOP_SENDS_EVENTS")
        } else if !knows_the_shop(connection, settings, now)? {
            Some("KLAVIYO_NOT_LOOKED_AT")
        } else if view.mails_today >= view.guard.daily_mails {
            Some(CAPPED)
        } else {
            None
        }
    } else {
        None
    };
    Ok(code.map(str::to_owned))
}

/// Since when the shop has to be quiet. What it told before the policy was set counts until Klaviyo was looked at under it: another name
/// may have been set with it.
fn quiet_since(connection: &Connection, now: i64) -> DbResult<i64> {
    let since = find_state::<i64>(connection, POLICY_SINCE)?.unwrap_or(now);
    let looked = find_state::<LookedAt>(connection, LOOKED)?.unwrap_or_default();
    let quiet = now - SHOP_QUIET_S;
    Ok(if looked.whole_at > since { quiet.max(since) } else { quiet })
}

/// Whether what the policy sent before is still under way.
fn is_busy(connection: &Connection) -> DbResult<bool> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM action WHERE due_at IS NOT NULL AND operator = ?1 LIMIT 1")?
        .exists([POLICY])?)
}

/// Orders whose events are due, and which of their events; at most so many people are mailed because of them.
fn due_by_policy(
    connection: &Connection,
    policy: EventPolicy,
    (since, now): (i64, i64),
    mails: usize,
) -> DbResult<Vec<(Vec<String>, Fill)>> {
    // What Klaviyo refused is not sent again and again: it would be refused again, until somebody corrects something.
    let in_vain = now - REFUSED_S;
    let gaps = Gaps { since: Some(since), in_vain: Some(in_vain), most: MOST, ..Gaps::default() };
    let all = Fill { since: Some(since), ..Fill::default() };
    if policy == EventPolicy::FillGaps {
        return Ok(vec![(actions::list_gaps(connection, &gaps)?, all)]);
    }
    let fresh = since.max(now - FRESH_S);
    let old = Gaps { until: Some(fresh), ..gaps };
    Ok(vec![
        // An order is a mail at most: a started event of what was paid mails nobody.
        (
            actions::list_fresh(connection, (fresh, in_vain), MOST.min(mails))?,
            Fill { mail: true, since: Some(fresh), ..all },
        ),
        (actions::list_gaps(connection, &old)?, Fill { until: Some(fresh), ..all }),
    ])
}
