//! A walk down a list, newest first, to a floor: saved after every page, so that it can be resumed.

use serde::{Deserialize, Serialize};

use super::context::{Context, Intake, TaskError};
use crate::db::DbResult;
use crate::domain::kind::Kind;
use crate::facts::state::{add_to_counter, clear_state, find_state, set_state};
use crate::http::Priority;
use crate::stripe::{EventQuery, SessionQuery, StripeError};

/// What is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// `GET /v1/events`
    Events,
    /// Sessions by creation, with line items.
    Sessions,
    /// Sessions that are open now.
    OpenSessions,
    /// Payment intents by creation.
    Intents,
}

/// A walk as saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    /// What is walked.
    pub stream: Stream,
    /// Created at or after, unix seconds.
    pub floor: i64,
    /// Older than this object; None at the head.
    pub cursor: Option<String>,
    /// Server time of its first page.
    pub head_at: Option<i64>,
    /// Events found below this instant are counted as found by a recount.
    pub expected_from: i64,
    /// The counter for those.
    pub counter: Option<String>,
}

/// How a walk ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Walked {
    /// Server time of its first page.
    pub head_at: i64,
    /// Pages read by this call.
    pub pages: i64,
    /// Events newly stored.
    pub new_events: i64,
    /// Objects taken in.
    pub objects: i64,
}

impl Walked {
    /// With what an earlier walk did; the head stays this one's.
    pub fn with(self, earlier: Self) -> Self {
        Self {
            head_at: self.head_at,
            pages: self.pages + earlier.pages,
            new_events: self.new_events + earlier.new_events,
            objects: self.objects + earlier.objects,
        }
    }
}

/// Name of the state document a walk is saved under.
fn state_name(name: &str) -> String {
    format!("walk:{name}")
}

/// Walks to the floor. A walk of this name that was cut short is finished first, with its own floor.
///
/// # Errors
/// Stripe or the mirror failed; what was read is kept and the walk can be resumed.
pub async fn walk(
    context: &Context,
    name: &'static str,
    fresh: Walk,
    priority: Priority,
    intake: Intake,
) -> Result<Walked, TaskError> {
    let resumed = resume(context, name, fresh.stream, priority, intake).await?;
    let walked = run(context, name, fresh, priority, intake).await?;
    Ok(resumed.map_or(walked, |resumed| walked.with(resumed)))
}

/// Finishes the walk of this name that was cut short, with its own floor; None where there is none.
///
/// # Errors
/// As [`walk`].
pub async fn resume(
    context: &Context,
    name: &'static str,
    stream: Stream,
    priority: Priority,
    intake: Intake,
) -> Result<Option<Walked>, TaskError> {
    let saved: Option<Walk> =
        context.db.read(move |connection| find_state(connection, &state_name(name))).await?;
    let Some(saved) = saved.filter(|saved| saved.cursor.is_some() && saved.stream == stream) else {
        return Ok(None);
    };
    let floor = saved.floor;
    let resumed = run(context, name, saved, priority, intake).await?;
    tracing::info!(walk = name, floor, "a walk that was cut short is finished");
    Ok(Some(resumed))
}

async fn run(
    context: &Context,
    name: &'static str,
    mut walk: Walk,
    priority: Priority,
    intake: Intake,
) -> Result<Walked, TaskError> {
    let mut walked = Walked::default();
    loop {
        let outcome = page(context, name, &mut walk, priority, intake).await;
        match outcome {
            Ok(step) => {
                walked.pages += 1;
                walked.new_events += step.new_events;
                walked.objects += step.objects;
                if step.finished {
                    walked.head_at = walk.head_at.unwrap_or_default();
                    return Ok(walked);
                }
            }
            Err(TaskError::Stripe(StripeError::CursorLost)) if walk.cursor.is_some() => {
                tracing::warn!(walk = name, "the cursor of a walk is gone; it starts again from the head");
                walk.cursor = None;
                walk.head_at = None;
            }
            Err(error) => return Err(error),
        }
    }
}

struct Step {
    finished: bool,
    new_events: i64,
    objects: i64,
}

async fn page(
    context: &Context,
    name: &'static str,
    walk: &mut Walk,
    priority: Priority,
    intake: Intake,
) -> Result<Step, TaskError> {
    let page = match walk.stream {
        Stream::Events => {
            let query = EventQuery { from: Some(walk.floor), after: walk.cursor.clone(), undelivered: false };
            context.stripe.list_events(&query, priority).await?
        }
        Stream::Sessions | Stream::OpenSessions => {
            let open = walk.stream == Stream::OpenSessions;
            let query = SessionQuery {
                from: Some(walk.floor).filter(|_| !open),
                to: None,
                after: walk.cursor.clone(),
                open,
            };
            context.stripe.list_sessions(&query, priority).await?
        }
        Stream::Intents => {
            let from = Some(walk.floor);
            context.stripe.list(Kind::Intent, from, None, walk.cursor.as_deref(), priority).await?
        }
    };
    walk.head_at.get_or_insert(page.as_of());
    let last = page.last();
    let below = last.as_ref().and_then(|(_, created)| *created).is_some_and(|created| created < walk.floor);
    let finished = !page.has_more() || (below && walk.stream != Stream::OpenSessions);
    walk.cursor = last.map(|(id, _)| id).or(walk.cursor.take());
    let saved = walk.clone();
    let late = if walk.counter.is_some() {
        page.heads()
            .into_iter()
            .filter(|(_, created)| created.is_some_and(|created| created < walk.expected_from))
            .map(|(id, _)| id)
            .collect()
    } else {
        Vec::new()
    };
    let save = move |transaction: &crate::db::Transaction<'_>| -> DbResult<()> {
        if finished {
            clear_state(transaction, &state_name(name))
        } else {
            set_state(transaction, &state_name(name), &saved)
        }
    };
    if walk.stream == Stream::Events {
        let late_new = unknown(context, late).await?;
        let counter = walk.counter.clone();
        let also = Box::new(move |transaction: &crate::db::Transaction<'_>| {
            if let Some(counter) = counter {
                add_to_counter(transaction, &counter, late_new)?;
            }
            save(transaction)
        });
        let (_, stored) = context.take_events(page, intake, also).await?;
        return Ok(Step { finished, new_events: stored.new_events, objects: 0 });
    }
    let kind = if walk.stream == Stream::Intents { Kind::Intent } else { Kind::Session };
    let stored = context.take_objects(kind, page, intake, Box::new(save)).await?;
    Ok(Step { finished, new_events: 0, objects: stored.objects })
}

/// How many of these events are not stored yet.
async fn unknown(context: &Context, ids: Vec<String>) -> DbResult<i64> {
    if ids.is_empty() {
        return Ok(0);
    }
    context
        .db
        .read(move |connection| {
            let mut missing = 0;
            for id in &ids {
                missing += i64::from(!crate::facts::events::is_stored(connection, id)?);
            }
            Ok(missing)
        })
        .await
}
