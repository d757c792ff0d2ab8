//! Telling the shop's report server: from the mirror, the same bytes under the same key each time, until it answers.
//!
//! That a trigger goes out is committed before it does. An attempt without an answer may have been heard; it is made again under the
//! same key, and what never got an answer ends as unknown.

use super::ReportDesk;
use crate::db::DbResult;
use crate::domain::klaviyo::ReportSyncState;
use crate::error::Problem;
use crate::facts::klaviyo::{KlaviyoConnection, Trouble};
use crate::facts::reports::due::CANCELLED;
use crate::facts::reports::records::{end_asked, list_asked, start_asked};
use crate::facts::reports::triggers::{
    Trigger, TriggerState, cancel_triggers, find_due, note_sent, queue_trigger, set_outcome,
};
use crate::http::HttpError;
use crate::report_server::{FullSync, ReportServer, ReportServerError};

/// Attempts after which a trigger is given up.
const MOST_ATTEMPTS: i64 = 10;
/// The first pause after a failure, which doubles.
const PAUSE_S: i64 = 15;
const LONGEST_PAUSE_S: i64 = 3_600;

/// What is to be told next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TriggerNext {
    /// Nothing.
    Idle,
    /// Something, at that instant.
    Wait(i64),
    /// This one, now.
    Send(Box<Trigger>),
}

/// What is wrong with telling the server, in words.
pub fn server_trouble(error: &ReportServerError) -> Trouble {
    Trouble::from(&Problem::from(error.clone()))
}

impl ReportDesk {
    /// Makes triggers of what was asked for, and says which goes out next.
    ///
    /// # Errors
    /// The mirror failed.
    pub async fn next_trigger(&self, of: &KlaviyoConnection, store_id: &str) -> DbResult<TriggerNext> {
        let now = self.clock.now();
        let asked = self.db.read(list_asked).await?;
        let fresh: Vec<_> = asked.into_iter().filter(|asked| asked.started_at.is_none()).collect();
        if !fresh.is_empty() {
            let body = FullSync {
                klaviyo_public_id: of.account.public_id.clone(),
                store_public_id: store_id.to_owned(),
                do_not_order_sync: of.metric.do_not_order_sync,
            }
            .body();
            self.db
                .write_durable(move |transaction| {
                    for asked in fresh {
                        let key = format!("foredeck-{:032x}", rand::random::<u128>());
                        queue_trigger(transaction, (Some(asked.seq), &asked.reason), &body, &key, now)?;
                        start_asked(transaction, asked.seq, now)?;
                    }
                    Ok(())
                })
                .await?;
            self.tell(true);
        }
        Ok(match self.db.read(find_due).await? {
            None => TriggerNext::Idle,
            // A clock that was set back must not hold it for long.
            Some(trigger) if trigger.next_at <= now || trigger.next_at > now + LONGEST_PAUSE_S => {
                TriggerNext::Send(Box::new(trigger))
            }
            Some(trigger) => TriggerNext::Wait(trigger.next_at),
        })
    }

    /// Sends a trigger once, and writes down what came of it. One that was called off a moment before stays unsent.
    ///
    /// # Errors
    /// The mirror failed.
    pub async fn send_trigger(&self, server: &ReportServer, trigger: &Trigger) -> DbResult<()> {
        let (now, seq) = (self.clock.now(), trigger.seq);
        if !self.db.write_durable(move |transaction| note_sent(transaction, seq, now)).await? {
            return Ok(());
        }
        self.tell(false);
        match server.full_sync(&trigger.body, &trigger.idempotency_key).await {
            Ok(status) => {
                self.settle(trigger, TriggerState::Accepted, (true, Some(status.into())), None).await
            }
            Err(error) => self.note_refusal(trigger, &error).await,
        }
    }

    /// A trigger cannot go out at all: the URL, the header or the key is wrong.
    ///
    /// # Errors
    /// The mirror failed.
    pub async fn note_refusal(&self, trigger: &Trigger, error: &ReportServerError) -> DbResult<()> {
        let answered = !error.may_be_heard();
        let status = error.status().map(i64::from);
        let trouble = server_trouble(error);
        let attempts = trigger.attempts + 1;
        if error.may_pass() && attempts < MOST_ATTEMPTS {
            let doubled = PAUSE_S.saturating_mul(1 << (attempts - 1).clamp(0, 10)).min(LONGEST_PAUSE_S);
            let pause = match error {
                ReportServerError::Http(HttpError::Throttled { wait_s, .. }) => {
                    i64::try_from(*wait_s).unwrap_or(LONGEST_PAUSE_S).clamp(doubled, 86_400)
                }
                _ => doubled,
            };
            let (now, seq) = (self.clock.now(), trigger.seq);
            self.db
                .write_durable(move |transaction| {
                    let state = (TriggerState::Queued, answered);
                    set_outcome(transaction, seq, state, (now, now + pause), (status, Some(&trouble)))
                })
                .await?;
            self.tell(true);
            return Ok(());
        }
        let doubtful = trigger.unanswered > 0 || !answered;
        let state = if doubtful && error.may_pass() { TriggerState::Unknown } else { TriggerState::Failed };
        self.settle(trigger, state, (answered, status), Some(trouble)).await
    }

    async fn settle(
        &self,
        trigger: &Trigger,
        state: TriggerState,
        (answered, status): (bool, Option<i64>),
        trouble: Option<Trouble>,
    ) -> DbResult<()> {
        let (now, seq, sync) = (self.clock.now(), trigger.seq, trigger.sync);
        let told = trouble.clone();
        let noted = self
            .db
            .write_durable(move |transaction| {
                let outcome = (status, trouble.as_ref());
                if !set_outcome(transaction, seq, (state, answered), (now, now), outcome)? {
                    return Ok(false);
                }
                if let Some(sync) = sync {
                    let accepted = state == TriggerState::Accepted;
                    let ended = if accepted { ReportSyncState::Succeeded } else { ReportSyncState::Failed };
                    end_asked(transaction, sync, ended, now, trouble.as_ref())?;
                }
                Ok(true)
            })
            .await?;
        self.tell(true);
        if noted && state != TriggerState::Accepted {
            self.alert("server", state.as_str(), told.as_ref());
        }
        Ok(())
    }

    /// Calls off what the server was not told yet; how many that was.
    ///
    /// # Errors
    /// The mirror failed.
    pub async fn cancel_triggers(&self) -> DbResult<usize> {
        let now = self.clock.now();
        let trouble = Trouble {
            code: CANCELLED.to_owned(),
            message: "somebody cancelled this report sync".to_owned(),
            hint: "Ask for it again when it is wanted.".to_owned(),
        };
        let count = self
            .db
            .write_durable(move |transaction| {
                for asked in list_asked(transaction)? {
                    end_asked(transaction, asked.seq, ReportSyncState::Skipped, now, Some(&trouble))?;
                }
                cancel_triggers(transaction, now, &trouble)
            })
            .await?;
        self.tell(true);
        Ok(count)
    }
}
