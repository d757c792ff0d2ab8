//! Looks at Klaviyo: which events are there, whose they are and what people want; and holds the orders against it.

mod look;
mod people;

use std::sync::Arc;

use look::Look;
use tokio::sync::Mutex;

use crate::actions::OpensKlaviyo;
use crate::clock::SharedClock;
use crate::db::{Connection, Db, DbResult, OptionalExtension, Transaction, params};
use crate::domain::klaviyo::{EventVerdict, KlaviyoSettings, OrderEvent};
use crate::domain::settings::Settings;
use crate::error::Problem;
use crate::facts::klaviyo::{CHECKED, KlaviyoConnection, LOOKED, find_klaviyo};
use crate::facts::klaviyo_people::take_check_due;
use crate::facts::settings::InForce;
use crate::facts::state::{find_state, set_state};
use crate::projections::event_check::{CheckTerms, check_nameless, check_person, sweep};
use crate::projections::findings::rules::{event_sent_twice, started_event_missing, success_event_missing};
use crate::projections::rebuild;
use crate::projections::schema::find_version;
use crate::tasks::poll::WATERMARK;
use crate::topic::{Announcer, Topic};

const DAY: i64 = 86_400;
/// So late an order may be told by Stripe and still be new.
const TOLD_LATE_S: i64 = 120;
/// Between looks of themselves, seconds.
const LOOK_EVERY_S: i64 = 900;
/// Between looks, at least, when what is not there came due and would be called missing.
const DUE_EVERY_S: i64 = 60;
/// People held against Klaviyo in one transaction.
const STEP: usize = 100;

/// When Klaviyo was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LookedAt {
    /// The last time.
    pub at: i64,
    /// The last time as far back as is checked.
    pub whole_at: i64,
    /// The last time for the sake of what came due.
    #[serde(default)]
    pub due_at: i64,
    /// Events that were read then.
    #[serde(default)]
    pub due_events: usize,
    /// A digest of the connection and the names that were looked for: with others everything is looked at again.
    #[serde(default)]
    pub of: u64,
    /// How many days back the last look as far as is checked went.
    #[serde(default)]
    pub days: u32,
    /// How far the local clock was ahead of Klaviyo's, seconds: what came due by the one alone did not.
    #[serde(default)]
    pub ahead_s: i64,
}

impl LookedAt {
    /// Whether Klaviyo was looked at as far back as is checked, in this connection and under these names.
    fn covers(&self, of: u64, settings: &KlaviyoSettings) -> bool {
        self.of == of && self.days >= settings.check_days
    }

    /// Whether what came due may be looked for again: a look that reads much is not made each minute.
    fn may_look_for_due(&self, now: i64) -> bool {
        let read = i64::try_from(self.due_events / 10).unwrap_or(LOOK_EVERY_S);
        now - self.due_at >= read.clamp(DUE_EVERY_S, LOOK_EVERY_S) || self.due_at > now
    }
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct CheckedAt {
    at: i64,
    whole_at: i64,
    /// The look that it rests on.
    #[serde(default)]
    looked_at: i64,
    /// A digest of the settings, the account and the projections' version: with others everything is looked at again.
    by: String,
}

/// What looks.
#[derive(Clone)]
pub struct Watch {
    /// The store's public id.
    pub store: String,
    /// The mirror.
    pub db: Db,
    /// Tells the time.
    pub clock: SharedClock,
    /// Settings in force.
    pub settings: Arc<InForce>,
    /// Where changes are announced.
    pub announcer: Announcer,
    /// The way to Klaviyo.
    pub klaviyo: Arc<dyn OpensKlaviyo>,
    /// One turn of a store at a time: two would ask about each other's people.
    pub turns: Arc<Mutex<()>>,
}

impl Watch {
    fn settings(&self) -> Settings {
        self.settings.settings()
    }

    /// Looks at Klaviyo where that is due, or was asked for, then holds orders against what is known. Says whether anything was
    /// looked at.
    ///
    /// # Errors
    /// Klaviyo refuses or cannot be asked, or the mirror failed.
    pub async fn turn(&self, asked: bool) -> Result<bool, Problem> {
        let _one_at_a_time = self.turns.lock().await;
        let now = self.clock.now();
        let (connection, looked) = self
            .db
            .read(|connection| {
                Ok((
                    find_klaviyo(connection)?,
                    find_state::<LookedAt>(connection, LOOKED)?.unwrap_or_default(),
                ))
            })
            .await?;
        let Some(connection) = connection else {
            self.keep_findings().await?;
            return Ok(false);
        };
        let of = digest_of(&connection, &self.settings().klaviyo);
        let covers = looked.covers(of, &self.settings().klaviyo);
        // Nothing is called missing by what was known before it came due.
        let waits_since = self.waits_since(now - looked.ahead_s).await?;
        let by_time = asked || !covers || now - looked.at >= LOOK_EVERY_S || looked.at > now;
        let due = by_time || (waits_since.is_some() && looked.may_look_for_due(now));
        if due {
            let look = Look { asked, by_time, waits_since, digest: of, of: connection.clone() };
            self.look(now, looked, look).await?;
        }
        let checked = self.check(asked).await?;
        // Whoever asks waits for the answer: that is not held up.
        if by_time && !asked {
            self.go_round(now, &connection).await?;
        }
        if due || checked > 0 {
            self.announcer.announce(Some(&self.store), Topic::Klaviyo);
            self.announcer.announce(Some(&self.store), Topic::Findings);
        }
        Ok(due || checked > 0)
    }

    /// When the first of what came due by now happened, and was not there when it was last looked for.
    async fn waits_since(&self, now: i64) -> DbResult<Option<i64>> {
        let waited = i64::from(self.settings().klaviyo.missing_after_min) * 60;
        self.db
            .read(move |connection| {
                let mut first = connection.prepare_cached(
                    "SELECT min(happened_at) FROM event_check WHERE verdict = ?1 AND happened_at <= ?2",
                )?;
                Ok(first
                    .query_row(params![EventVerdict::Waiting.as_str(), now - waited], |row| row.get(0))?)
            })
            .await
    }

    /// Holds against Klaviyo whatever changed or came due, or everything; says of how many people.
    async fn check(&self, whole: bool) -> DbResult<usize> {
        let (settings, now) = (self.settings(), self.clock.now());
        let begun = {
            let settings = settings.clone();
            self.db.write(move |transaction| begin_check(transaction, &settings, now, whole)).await?
        };
        let Some(terms) = begun else { return Ok(0) };
        let mut people = 0;
        loop {
            let terms = terms.clone();
            let step = self
                .db
                .write(move |transaction| {
                    let emails = take_check_due(transaction, STEP)?;
                    emails.iter().try_for_each(|email| check_person(transaction, &terms, email))?;
                    Ok(emails.len())
                })
                .await?;
            people += step;
            if step < STEP {
                break;
            }
        }
        if people > 0 {
            self.keep_findings().await?;
        }
        Ok(people)
    }

    async fn keep_findings(&self) -> DbResult<()> {
        self.db
            .write(|transaction| {
                success_event_missing::keep(transaction)?;
                started_event_missing::keep(transaction)?;
                event_sent_twice::keep(transaction)
            })
            .await
    }
}

/// A digest of a connection and the names that are looked for in it.
fn digest_of(connection: &KlaviyoConnection, settings: &KlaviyoSettings) -> u64 {
    let names = OrderEvent::ALL.map(|kind| settings.names_of(kind));
    let said = (connection.connected_at, &connection.account.public_id, &connection.url, names);
    xxhash_rust::xxh3::xxh3_64(format!("{said:?}").as_bytes())
}

/// Whether it can be said that the shop's own site tells Klaviyo of orders, or does not: this connection was looked at as far back
/// as is checked, lately.
///
/// # Errors
/// The read failed.
pub fn knows_the_shop(connection: &Connection, settings: &Settings, now: i64) -> DbResult<bool> {
    let Some(there) = find_klaviyo(connection)? else { return Ok(false) };
    let looked = find_state::<LookedAt>(connection, LOOKED)?.unwrap_or_default();
    let lately = (looked.whole_at..looked.whole_at + 2 * DAY).contains(&now);
    Ok(lately && looked.covers(digest_of(&there, &settings.klaviyo), &settings.klaviyo))
}

/// Says what is to be looked at, and by which terms; None while that cannot be judged.
fn begin_check(
    transaction: &Transaction<'_>,
    settings: &Settings,
    now: i64,
    whole: bool,
) -> DbResult<Option<CheckTerms>> {
    let (Some(connection), Some(version)) = (find_klaviyo(transaction)?, find_version(transaction)?) else {
        return Ok(None);
    };
    let looked = find_state::<LookedAt>(transaction, LOOKED)?.unwrap_or_default();
    // What was never looked for, or is folded only in part, is not judged.
    let of = digest_of(&connection, &settings.klaviyo);
    if !looked.covers(of, &settings.klaviyo) || rebuild::is_due(transaction)? {
        return Ok(None);
    }
    let account = connection.account.public_id;
    let said = serde_json::to_string(&(&settings.klaviyo, &account, version)).unwrap_or_default();
    let by = format!("{:016x}", xxhash_rust::xxh3::xxh3_64(said.as_bytes()));
    let looked_at = looked.at.min(now) - looked.ahead_s;
    let terms = CheckTerms { now, looked_at, account, settings: settings.klaviyo.clone() };
    let before: Option<CheckedAt> = find_state(transaction, CHECKED)?;
    let is_whole = whole
        || before
            .as_ref()
            .is_none_or(|before| before.by != by || now - before.whole_at >= DAY || before.at > now);
    let waited = i64::from(settings.klaviyo.missing_after_min) * 60;
    let spans = match &before {
        // What happened since, as Stripe may tell it some minutes late, and what was waited for until now.
        Some(before) if !is_whole => {
            let judged = before.at.min(before.looked_at);
            vec![(before.at - TOLD_LATE_S, i64::MAX), (judged - waited - TOLD_LATE_S, now - waited + 1)]
        }
        _ => vec![(terms.since(), i64::MAX)],
    };
    for (since, until) in spans {
        for column in ["started_at", "paid_at"] {
            transaction
                .prepare_cached(&format!(
                    "INSERT OR IGNORE INTO klaviyo_check_due (email)
                     SELECT DISTINCT email FROM preorder INDEXED BY preorder_{}
                     WHERE {column} >= ?1 AND {column} < ?2 AND email IS NOT NULL AND goods = 1",
                    column.trim_end_matches("_at")
                ))?
                .execute([since, until])?;
        }
    }
    if is_whole {
        check_nameless(transaction, &terms)?;
        sweep(transaction, &terms)?;
    }
    let whole_at = if is_whole { now } else { before.map_or(now, |before| before.whole_at) };
    // Up to where Stripe's events are known: what came to be since is looked at when it is told.
    let known = find_state::<i64>(transaction, WATERMARK)?.unwrap_or(now).min(now);
    set_state(transaction, CHECKED, &CheckedAt { at: known, whole_at, looked_at, by })?;
    Ok(Some(terms))
}

/// When the shop's own site last told Klaviyo of an order, as far as it was seen since an instant.
///
/// # Errors
/// The read failed.
pub fn shop_told_since(connection: &Connection, since: i64) -> DbResult<Option<i64>> {
    Ok(connection
        .prepare_cached(
            "SELECT max(at) FROM klaviyo_seen INDEXED BY klaviyo_seen_foreign WHERE ours = 0 AND seen_at >= ?1 AND at >= ?1",
        )?
        .query_row([since], |row| row.get(0))
        .optional()?
        .flatten())
}
