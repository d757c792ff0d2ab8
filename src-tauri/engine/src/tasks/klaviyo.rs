//! Looks at Klaviyo: which events are there, whose they are and what people want; and holds the orders against it.

mod people;

use std::sync::Arc;

use people::{ROUND, next_of_round, unknown_people};

use crate::actions::{Opened, OpensKlaviyo, people_of, seen_of};
use crate::clock::SharedClock;
use crate::db::{Connection, Db, DbResult, OptionalExtension, Transaction, params};
use crate::domain::klaviyo::{EventVerdict, KlaviyoSettings, OrderEvent};
use crate::domain::settings::Settings;
use crate::error::Problem;
use crate::facts::klaviyo::{CHECKED, KlaviyoConnection, LOOKED, find_klaviyo};
use crate::facts::klaviyo_events::{keep_seen_named, list_sent_names, put_people, put_seen, take_check_due};
use crate::facts::settings::InForce;
use crate::facts::state::{find_state, set_state};
use crate::klaviyo::{KlaviyoError, PEOPLE_AT_ONCE};
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
/// What the shop's clock may say earlier than Stripe's.
const EARLY_S: i64 = 600;
/// What happened so long ago can still show at Klaviyo without having been seen: a shop tells late.
const OVERLAP_S: i64 = DAY;
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
        let waits_since = self.waits_since(now).await?;
        let by_time = asked || !covers || now - looked.at >= LOOK_EVERY_S || looked.at > now;
        let due = by_time || (waits_since.is_some() && looked.may_look_for_due(now));
        if due {
            self.look(now, looked, Look { asked, by_time, waits_since, of }).await?;
        }
        let checked = self.check(asked).await?;
        // Whoever asks waits for the answer: that is not held up.
        if by_time && !asked {
            self.go_round(now).await?;
        }
        if due || checked > 0 {
            self.announcer.announce(Some(&self.store), Topic::Klaviyo);
            self.announcer.announce(Some(&self.store), Topic::Findings);
        }
        Ok(due || checked > 0)
    }

    /// When the first of what came due happened, and was not there when it was last looked for.
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

    /// Looks as far back as a look goes of itself, or for what waits, and never less far than what waits.
    async fn look(&self, now: i64, looked: LookedAt, look: Look) -> Result<(), Problem> {
        let Look { asked, by_time, waits_since, of } = look;
        let opened = self.klaviyo.open().await?;
        let settings = self.settings();
        let horizon = now - i64::from(settings.klaviyo.check_days) * DAY;
        let covers = looked.covers(of, &settings.klaviyo);
        let whole = asked || !covers || now - looked.whole_at >= DAY || looked.whole_at > now;
        let since = if whole {
            horizon
        } else {
            let overlap = if by_time { OVERLAP_S } else { EARLY_S };
            (looked.at - overlap).min(waits_since.map_or(i64::MAX, |first| first - EARLY_S))
        };
        // Whoever asks wants to know what people want now, and not yesterday.
        let stale = now - if asked { 30 } else { DAY };
        let waited = now - i64::from(settings.klaviyo.missing_after_min) * 60;
        let times = Times { now, since: since.max(horizon), horizon, stale, waited };
        let events = match self.look_since(&opened, &settings, times).await? {
            Ok(events) => events,
            Err(error) => {
                self.klaviyo.note(&opened, &error).await;
                return Err(error.into());
            }
        };
        self.klaviyo.note_answered(&opened).await;
        let whole_at = if whole { now } else { looked.whole_at };
        let (due_at, due_events) = if by_time { (looked.due_at, looked.due_events) } else { (now, events) };
        let days = if whole { settings.klaviyo.check_days } else { looked.days };
        let state = LookedAt { at: now, whole_at, due_at, due_events, of, days };
        self.db.write(move |transaction| set_state(transaction, LOOKED, &state)).await?;
        Ok(())
    }

    /// Every name that events of a kind stand under, or were sent under before names were changed.
    async fn names_of(
        &self,
        opened: &Opened,
        settings: &Settings,
        kind: OrderEvent,
    ) -> DbResult<Vec<String>> {
        let account = opened.account.clone();
        let sent = self.db.read(move |connection| list_sent_names(connection, &account, kind)).await?;
        let mut names: Vec<String> = settings.klaviyo.names_of(kind).into_iter().map(str::to_owned).collect();
        let others = OrderEvent::ALL.into_iter().filter(|other| *other != kind);
        let taken: Vec<&str> = others.flat_map(|other| settings.klaviyo.names_of(other)).collect();
        names.extend(sent.into_iter().filter(|name| !taken.contains(&name.as_str())));
        Ok(names)
    }

    async fn look_since(
        &self,
        opened: &Opened,
        settings: &Settings,
        times: Times,
    ) -> DbResult<Result<usize, KlaviyoError>> {
        let now = times.now;
        loop {
            let emails = self.db.read(move |connection| unknown_people(connection, times)).await?;
            if emails.is_empty() {
                break;
            }
            if let Err(error) = self.ask_about(opened, &emails, now).await? {
                return Ok(Err(error));
            }
        }
        let mut read = 0;
        for kind in OrderEvent::ALL {
            let names = self.names_of(opened, settings, kind).await?;
            let asked: Vec<&str> = names.iter().map(String::as_str).collect();
            let metrics = match opened.client.metric_ids(&asked).await {
                Ok(metrics) => metrics,
                Err(error) => return Ok(Err(error)),
            };
            for (name, metric) in metrics {
                let mut pages = opened.client.events_since(&metric, times.since);
                loop {
                    let page = match pages.next().await {
                        Ok(Some(page)) => page,
                        Ok(None) => break,
                        Err(error) => return Ok(Err(error)),
                    };
                    read += page.len();
                    let seen: Vec<_> =
                        page.iter().filter_map(|one| seen_of(one, kind, &name, settings)).collect();
                    self.db.write(move |transaction| put_seen(transaction, &seen, now)).await?;
                }
            }
            if times.since == times.horizon {
                self.db.write(move |transaction| keep_seen_named(transaction, kind, &names)).await?;
            }
        }
        Ok(Ok(read))
    }

    /// Asks what people want, and keeps it.
    async fn ask_about(
        &self,
        opened: &Opened,
        emails: &[String],
        now: i64,
    ) -> DbResult<Result<(), KlaviyoError>> {
        for emails in emails.chunks(PEOPLE_AT_ONCE) {
            let found = match opened.client.find_people(emails).await {
                Ok(found) => found,
                Err(error) => return Ok(Err(error)),
            };
            let people = people_of(emails, &found, now);
            self.db.write(move |transaction| put_people(transaction, &people)).await?;
        }
        Ok(Ok(()))
    }

    /// Goes on asking about people of orders of any age: what they want changes long after their orders are held against Klaviyo.
    async fn go_round(&self, now: i64) -> Result<(), Problem> {
        let next = self.db.read(move |connection| next_of_round(connection, now)).await?;
        if !next.emails.is_empty() {
            let opened = self.klaviyo.open().await?;
            if let Err(error) = self.ask_about(&opened, &next.emails, now).await? {
                self.klaviyo.note(&opened, &error).await;
                return Err(error.into());
            }
        }
        Ok(self.db.write(move |transaction| set_state(transaction, ROUND, &next.after)).await?)
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

/// Why Klaviyo is looked at.
#[derive(Debug, Clone, Copy)]
struct Look {
    /// Somebody asked.
    asked: bool,
    /// It is time, or somebody asked; else only for what came due.
    by_time: bool,
    /// When the first of what came due happened, unix seconds.
    waits_since: Option<i64>,
    /// A digest of the connection and the names that are looked for.
    of: u64,
}

/// The instants that a look goes by, unix seconds.
#[derive(Debug, Clone, Copy)]
struct Times {
    now: i64,
    /// Events are read from then on.
    since: i64,
    /// Orders are looked at from then on.
    horizon: i64,
    /// People known since before are asked for again.
    stale: i64,
    /// What happened until then would be called missing.
    waited: i64,
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
    let looked_at = looked.at.min(now);
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
