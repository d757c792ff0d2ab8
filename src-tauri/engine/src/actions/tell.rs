//! The desk tells Klaviyo of an order's event, once.
//!
//! Just before an event is sent the person is looked at again: what the shop's own site told meanwhile is not told twice. What is sent
//! is committed first, with its unique id and address; sent again after a crash it is the same event. That it arrived is read back.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::door::Opened;
use super::execute::{Desk, Halt};
use super::guard::holds_back;
use super::rows::ActionRow;
use super::seen::{people_of, seen_of};
use super::step::{self, Sent, Step, StepState};
use crate::audit::Entry;
use crate::db::{DbResult, Transaction};
use crate::domain::action::ActionId;
use crate::domain::klaviyo::OrderEvent;
use crate::error::Problem;
use crate::facts::klaviyo::find_klaviyo;
use crate::facts::klaviyo_events::{Choice, ChoiceState, choose, list_choices, note_choice, put_seen};
use crate::facts::klaviyo_people::{find_person, mark_check, put_people};
use crate::klaviyo::KlaviyoError;
use crate::projections::event_check::standing;
use crate::stripe::Post;
use crate::topic::Topic;

/// Property by which an event of ours is known.
pub(super) const OUR_MARK: &str = "foredeck_action";
/// When an event that was accepted is first looked for, seconds.
const FIRST_LOOK_S: i64 = 5;
/// Not to be seen for so long, it is sent again under its unique id.
const SEEN_WITHIN_S: i64 = 600;
/// Times that an event is sent before it is called lost.
const MOST_SENT: i64 = 3;
/// Between tries while the key is no good, seconds: another one is set by a person.
const KEY_WAIT_S: i64 = 900;

/// An event to be told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventTold {
    /// The account's public id.
    pub account: String,
    /// What it tells.
    pub kind: OrderEvent,
    /// The order.
    pub order_id: String,
    /// Its id and those of its objects.
    pub ids: Vec<String>,
    /// Its unique id, for good.
    pub unique_id: String,
    /// Whom it is about, for good.
    pub email: String,
    /// Every address that the order ever had; under each of them the shop may have told of it.
    pub emails: Vec<String>,
    /// The metric's name.
    pub metric: String,
    /// When it happened, unix seconds.
    pub happened_at: i64,
    /// No flow fires.
    pub backfill: bool,
    /// The document that is sent.
    pub document: Value,
}

impl Eq for EventTold {}

/// Whether what was told is there.
pub(super) enum There {
    Yes,
    /// Looked for again then.
    NotYet(i64),
    No(String),
}

impl There {
    /// What it means for what was told that it cannot be looked for, or sent again.
    pub(super) fn after(halt: Halt, now: i64) -> Self {
        match halt {
            Halt::Later(_, _, wait) => Self::NotYet(now + wait),
            Halt::Failed(_, words) | Halt::Untold(_, words, _) | Halt::Unknown(words) => Self::No(words),
        }
    }
}

impl Desk {
    pub(super) async fn event_step(
        &self,
        row: &ActionRow,
        told: &EventTold,
        steps: &[Step],
        index: usize,
    ) -> DbResult<Result<(), Halt>> {
        if let Some(halt) = self.is_behind(told).await? {
            return Ok(Err(halt));
        }
        let opened = match self.opened(&told.account).await {
            Ok(opened) => opened,
            Err(halt) => return Ok(Err(halt)),
        };
        // What may have been sent is looked for too: hours may lie between, in which the shop told of it, or the person left.
        let there = match self.look_for(&opened, told).await? {
            Ok(there) => there,
            Err(error) => return Ok(Err(self.klaviyo_halt(&opened, &error).await)),
        };
        if there.ended {
            return Ok(Err(ended()));
        }
        if let Some(event) = there.events.first() {
            self.end_step(row, index, Some(event.clone()), None).await?;
            return Ok(Ok(()));
        }
        if let Some(halt) = self.is_wrong_now(row, told, there.unsubscribed).await? {
            return Ok(Err(halt));
        }
        let document = self.document_now(told).await?;
        let step = &steps[index];
        let is_first = step.state != StepState::Intended;
        let same = !is_first && step.says(&document)?;
        let committed = match same {
            // Committed before: the same bytes again, unless all writes were stopped meanwhile.
            true => self.may_go_on().await?,
            false => self.commit_told(row, told, &document, (index, step.attempt.max(1))).await?,
        };
        if let Err(halt) = committed {
            return Ok(Err(halt));
        }
        match self.send_told(row, told, &document, &opened, index).await? {
            // Of what was never sent before it is certain that it was not taken: nothing was chosen by it.
            Err(Halt::Untold(code, words, _)) if !is_first => Ok(Err(Halt::Failed(code, words))),
            outcome => Ok(outcome),
        }
    }

    pub(super) async fn opened(&self, account: &str) -> Result<Opened, Halt> {
        let opened = self.klaviyo.open().await.map_err(not_open)?;
        if opened.account == account {
            return Ok(opened);
        }
        let words = "nothing was sent: the store is connected to another Klaviyo account now";
        Err(Halt::Failed("OTHER_KLAVIYO_ACCOUNT".to_owned(), words.to_owned()))
    }

    /// Chooses the event for good and commits what is about to be sent.
    async fn commit_told(
        &self,
        row: &ActionRow,
        told: &EventTold,
        document: &Value,
        (index, attempt): (usize, i64),
    ) -> DbResult<Result<(), Halt>> {
        let sent = Sent {
            post: Post { path: "/api/events".to_owned(), body: document.to_string() },
            key: told.unique_id.clone(),
            at: self.clock.now(),
        };
        let (audit, live, now, at) = (self.audit.clone(), self.live, self.clock.now(), (row.seq, index));
        let (id, operator, told, zone) =
            (row.id.clone(), row.operator.clone(), told.clone(), self.settings().zone());
        self.db
            .write_durable(move |transaction| {
                if let Some(problem) = holds_back(transaction, live, at.0, (now, zone))? {
                    return Ok(Err(Halt::Later(problem.code.to_owned(), problem.message, 15)));
                }
                let others = list_choices(transaction, &told.account, told.kind, &told.ids)?;
                if let Some(other) = others.iter().find(|one| one.unique_id != told.unique_id) {
                    let words = format!("nothing was sent: {} was told of this order already", other.email);
                    return Ok(Err(Halt::Failed("ALREADY_SENT".to_owned(), words)));
                }
                choose(transaction, &told.account, &choice_of(&told, &id), &told.ids, now)?;
                let of = (told.account.as_str(), told.unique_id.as_str());
                note_choice(transaction, of, ChoiceState::Sent, None, now)?;
                step::intend(transaction, at, attempt, &sent)?;
                transaction
                    .prepare_cached("UPDATE action SET state = 'running' WHERE seq = ?1 AND state = 'queued'")?
                    .execute([at.0])?;
                let body = json!({"step": at.1, "path": sent.post.path, "body": sent.post.body, "unique_id": sent.key});
                let entry =
                    Entry { at: now, operator: &operator, action: Some(&id), event: "intended", body: &body };
                audit.append(transaction, &entry)?;
                Ok(Ok(()))
            })
            .await
    }

    async fn send_told(
        &self,
        row: &ActionRow,
        told: &EventTold,
        document: &Value,
        opened: &Opened,
        index: usize,
    ) -> DbResult<Result<(), Halt>> {
        if let Err(error) = opened.client.send_event(&ActionId::new(&row.id), document).await {
            let halt = self.klaviyo_halt(opened, &error).await;
            let is_definite = matches!(error, KlaviyoError::Refused { status: 400..=499, .. });
            return Ok(Err(match halt {
                Halt::Failed(code, words) if is_definite => Halt::Untold(code, words, Box::new(told.clone())),
                other => other,
            }));
        }
        let (audit, now, at) = (self.audit.clone(), self.clock.now(), (row.seq, index));
        let (id, operator, email) = (row.id.clone(), row.operator.clone(), told.email.clone());
        let unique_id = told.unique_id.clone();
        self.db
            .write_durable(move |transaction| {
                step::end(transaction, at, StepState::Done, None, None)?;
                mark_check(transaction, &email)?;
                let body = json!({"step": at.1, "accepted": unique_id});
                let entry =
                    Entry { at: now, operator: &operator, action: Some(&id), event: "answered", body: &body };
                audit.append(transaction, &entry)?;
                Ok(())
            })
            .await?;
        Ok(Ok(()))
    }

    /// Whether an event that was accepted is there. One that is not for long is sent again: under its unique id it is one.
    pub(super) async fn is_there(
        &self,
        row: &ActionRow,
        told: &EventTold,
        index: usize,
        step: &Step,
    ) -> DbResult<There> {
        if step.object.is_some() {
            return Ok(There::Yes);
        }
        let now = self.clock.now();
        let sent_at = step.sent.as_ref().map_or(now, |sent| sent.at);
        if now < sent_at + FIRST_LOOK_S {
            return Ok(There::NotYet(sent_at + FIRST_LOOK_S));
        }
        let opened = match self.opened(&told.account).await {
            Ok(opened) => opened,
            Err(halt) => return Ok(There::after(halt, now)),
        };
        let found = match self.look_for(&opened, told).await? {
            Ok(found) => found,
            Err(error) => return Ok(There::after(self.klaviyo_halt(&opened, &error).await, now)),
        };
        if found.ended {
            return Ok(There::after(ended(), now));
        }
        let of = (told.account.clone(), told.unique_id.clone());
        if let Some(event) = found.events.first().cloned() {
            let (at, object) = ((row.seq, index), event.clone());
            self.note_told(of, ChoiceState::Confirmed, Some(event), move |transaction| {
                step::end(transaction, at, StepState::Done, Some(&object), None)
            })
            .await?;
            return Ok(There::Yes);
        }
        let age = now - sent_at;
        if age < SEEN_WITHIN_S {
            return Ok(There::NotYet(now + (age / 2).clamp(FIRST_LOOK_S, 120)));
        }
        if step.attempt >= MOST_SENT {
            self.note_told(of, ChoiceState::Lost, None, |_| Ok(())).await?;
            return Ok(There::No(format!("{}: Klaviyo took it and does not show it", told.unique_id)));
        }
        if let Some(halt) = self.is_behind(told).await? {
            return Ok(There::after(halt, now));
        }
        if let Some(halt) = self.is_wrong_now(row, told, found.unsubscribed).await? {
            return Ok(match There::after(halt, now) {
                There::No(words) => {
                    self.note_told(of, ChoiceState::Lost, None, |_| Ok(())).await?;
                    There::No(format!("{}: it is not to be seen, and {words}", told.unique_id))
                }
                other => other,
            });
        }
        let document = self.document_now(told).await?;
        if let Err(halt) = self.commit_told(row, told, &document, (index, step.attempt + 1)).await? {
            return Ok(There::after(halt, now));
        }
        if let Err(halt) = self.send_told(row, told, &document, &opened, index).await? {
            return Ok(There::after(halt, now));
        }
        Ok(There::NotYet(now + FIRST_LOOK_S))
    }

    async fn note_told(
        &self,
        (account, unique_id): (String, String),
        state: ChoiceState,
        event: Option<String>,
        more: impl FnOnce(&Transaction<'_>) -> DbResult<()> + Send + 'static,
    ) -> DbResult<()> {
        let now = self.clock.now();
        self.db
            .write_durable(move |transaction| {
                note_choice(transaction, (&account, &unique_id), state, event.as_deref(), now)?;
                more(transaction)
            })
            .await
    }

    /// Looks what there is of an order's event, under every name it may have and every address the order ever had.
    async fn look_for(&self, opened: &Opened, told: &EventTold) -> DbResult<Result<Found, KlaviyoError>> {
        let settings = self.settings();
        let (mut seen, mut people) = (Vec::new(), Vec::new());
        let looked = async {
            let found = opened.client.find_people(&told.emails).await?;
            // Under another name it may have been sent before names were changed.
            let mut names = settings.klaviyo.names_of(told.kind);
            if !names.contains(&told.metric.as_str()) {
                names.push(&told.metric);
            }
            let metrics = opened.client.metric_ids(&names).await?;
            for person in &found {
                for (name, metric) in &metrics {
                    let events = opened.client.events_of(metric, &person.id).await?;
                    seen.extend(
                        events.rows.iter().filter_map(|one| seen_of(one, told.kind, name, &settings)),
                    );
                }
            }
            people = people_of(&told.emails, &found, self.clock.now());
            Ok(())
        };
        if let Err(error) = looked.await {
            return Ok(Err(error));
        }
        let (told, now) = (told.clone(), self.clock.now());
        let found = self
            .db
            .write(move |transaction| {
                // Nothing is kept of an account that was disconnected meanwhile, and nothing told to it.
                if find_klaviyo(transaction)?.is_none_or(|there| there.account.public_id != told.account) {
                    return Ok(None);
                }
                put_people(transaction, &people)?;
                put_seen(transaction, &seen, now)?;
                let own = (told.unique_id.as_str(), told.happened_at);
                let events = standing(transaction, &told.account, told.kind, (&told.emails, &told.ids), own)?;
                // As it is kept: a no outlives its profile.
                let person = find_person(transaction, &told.email)?;
                Ok(Some((events, person.is_some_and(|person| person.is_unsubscribed()))))
            })
            .await?;
        self.announcer.announce(Some(&self.store), Topic::Klaviyo);
        let ended = found.is_none();
        let (events, unsubscribed) = found.unwrap_or_default();
        Ok(Ok(Found { events, unsubscribed, ended }))
    }

    /// What a refusal of Klaviyo's means for an action.
    pub(super) async fn klaviyo_halt(&self, opened: &Opened, error: &KlaviyoError) -> Halt {
        self.klaviyo.note(opened, error).await;
        let words = error.to_string();
        let now = self.clock.now();
        match error {
            KlaviyoError::Throttled { until, .. } => {
                let wait = until.map_or(60, |until| (until - now).max(1));
                Halt::Later("KLAVIYO_THROTTLED".to_owned(), words, wait)
            }
            KlaviyoError::Http(_) | KlaviyoError::Unexpected => Halt::Later("NO_ANSWER".to_owned(), words, 5),
            KlaviyoError::Blocked { .. } | KlaviyoError::MetricNotFound { .. } => {
                Halt::Later("KLAVIYO_BLOCKED".to_owned(), words, 60)
            }
            // Another key of the account cures these: what was asked for goes on with it.
            KlaviyoError::KeyRejected | KlaviyoError::KeyMalformed => {
                Halt::Later("KLAVIYO_KEY_REJECTED".to_owned(), words, KEY_WAIT_S)
            }
            KlaviyoError::ScopeMissing { .. } => Halt::Later("KLAVIYO_SCOPE".to_owned(), words, KEY_WAIT_S),
            _ => Halt::Failed("KLAVIYO_REFUSED".to_owned(), words),
        }
    }
}

/// What it means for an action that there is no client.
fn not_open(problem: Problem) -> Halt {
    let wait = match problem.code {
        "OTHER_KLAVIYO_ACCOUNT" | "KLAVIYO_NOT_CONNECTED" => None,
        "NO_KLAVIYO_KEY" | "BAD_KLAVIYO_KEY" | "KLAVIYO_KEY_REJECTED" | "KLAVIYO_SCOPE_MISSING" => {
            Some(KEY_WAIT_S)
        }
        _ => Some(60),
    };
    let code = problem.code.to_owned();
    match wait {
        Some(wait) => Halt::Later(code, problem.message, wait),
        None => Halt::Failed(code, problem.message),
    }
}

fn ended() -> Halt {
    let words = "nothing was sent: Klaviyo was disconnected meanwhile";
    Halt::Failed("KLAVIYO_NOT_CONNECTED".to_owned(), words.to_owned())
}

struct Found {
    events: Vec<String>,
    unsubscribed: bool,
    /// The connection was ended meanwhile.
    ended: bool,
}

fn choice_of(told: &EventTold, action: &str) -> Choice {
    Choice {
        unique_id: told.unique_id.clone(),
        kind: told.kind,
        order_id: told.order_id.clone(),
        email: told.email.clone(),
        metric: told.metric.clone(),
        happened_at: told.happened_at,
        backfill: told.backfill,
        action: action.to_owned(),
        state: ChoiceState::Chosen,
        sent_at: None,
        confirmed_at: None,
    }
}
