//! One look at Klaviyo: people, then events, each kept as it is read, while the connection it is read in is the one there is.

use super::people::{ROUND, next_of_round, unknown_people};
use super::{DAY, LookedAt, Watch};
use crate::actions::{Opened, people_of, seen_of};
use crate::db::{DbError, DbResult, Transaction};
use crate::domain::klaviyo::OrderEvent;
use crate::domain::settings::Settings;
use crate::error::Problem;
use crate::facts::klaviyo::{KlaviyoConnection, LOOKED, find_klaviyo};
use crate::facts::klaviyo_events::{keep_seen_named, list_sent_names, put_seen};
use crate::facts::klaviyo_people::put_people;
use crate::facts::state::set_state;
use crate::klaviyo::{KlaviyoError, PEOPLE_AT_ONCE};

/// What the shop's clock may say earlier than Stripe's.
const EARLY_S: i64 = 600;
/// What happened so long ago can still show at Klaviyo without having been seen: a shop tells late.
const OVERLAP_S: i64 = DAY;

/// Why Klaviyo is looked at.
#[derive(Debug, Clone)]
pub(super) struct Look {
    /// Somebody asked.
    pub(super) asked: bool,
    /// It is time, or somebody asked; else only for what came due.
    pub(super) by_time: bool,
    /// When the first of what came due happened, unix seconds.
    pub(super) waits_since: Option<i64>,
    /// A digest of the connection and the names that are looked for.
    pub(super) digest: u64,
    /// The connection that is looked at.
    pub(super) of: KlaviyoConnection,
}

/// The instants that a look goes by, unix seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// It began.
    pub(super) now: i64,
    /// Events are read from then on.
    pub(super) since: i64,
    /// Orders are looked at from then on.
    pub(super) horizon: i64,
    /// People known since before are asked for again.
    pub(super) stale: i64,
    /// What happened until then would be called missing.
    pub(super) waited: i64,
}

/// Why a look stops.
enum Stop {
    Db(DbError),
    Klaviyo(KlaviyoError),
    /// The connection was ended meanwhile; there may be another.
    Ended,
}

impl From<DbError> for Stop {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

impl From<KlaviyoError> for Stop {
    fn from(error: KlaviyoError) -> Self {
        Self::Klaviyo(error)
    }
}

impl Watch {
    /// Looks as far back as a look goes of itself, or for what waits, and never less far than what waits.
    pub(super) async fn look(&self, now: i64, looked: LookedAt, look: Look) -> Result<(), Problem> {
        let opened = self.klaviyo.open().await?;
        let settings = self.settings();
        let horizon = now - i64::from(settings.klaviyo.check_days) * DAY;
        let covers = looked.covers(look.digest, &settings.klaviyo);
        let whole = look.asked || !covers || now - looked.whole_at >= DAY || looked.whole_at > now;
        let since = if whole {
            horizon
        } else {
            let overlap = if look.by_time { OVERLAP_S } else { EARLY_S };
            (looked.at - overlap).min(look.waits_since.map_or(i64::MAX, |first| first - EARLY_S))
        };
        // Whoever asks wants to know what people want now, and not yesterday.
        let stale = now - if look.asked { 30 } else { DAY };
        let waited = now - i64::from(settings.klaviyo.missing_after_min) * 60;
        let times = Times { now, since: since.max(horizon), horizon, stale, waited };
        let events = match self.look_since(&opened, &look.of, &settings, times).await {
            Ok(events) => events,
            Err(stop) => return Err(self.stopped(&opened, stop).await),
        };
        self.klaviyo.note_answered(&opened).await;
        let whole_at = if whole { now } else { looked.whole_at };
        let (due_at, due_events) =
            if look.by_time { (looked.due_at, looked.due_events) } else { (now, events) };
        let days = if whole { settings.klaviyo.check_days } else { looked.days };
        let ahead_s = opened.client.http().skew_s().unwrap_or(0).max(0);
        let state = LookedAt { at: now, whole_at, due_at, due_events, of: look.digest, days, ahead_s };
        match self.keep(&look.of, move |transaction| set_state(transaction, LOOKED, &state)).await {
            Ok(()) => Ok(()),
            Err(stop) => Err(self.stopped(&opened, stop).await),
        }
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
        of: &KlaviyoConnection,
        settings: &Settings,
        times: Times,
    ) -> Result<usize, Stop> {
        if opened.account != of.account.public_id {
            return Err(Stop::Ended);
        }
        self.ask_about_unknown(opened, of, times).await?;
        let mut read = 0;
        for kind in OrderEvent::ALL {
            let names = self.names_of(opened, settings, kind).await?;
            let asked: Vec<&str> = names.iter().map(String::as_str).collect();
            for (name, metric) in opened.client.metric_ids(&asked).await? {
                let mut pages = opened.client.events_since(&metric, times.since);
                while let Some(page) = pages.next().await? {
                    read += page.len();
                    let seen: Vec<_> =
                        page.iter().filter_map(|one| seen_of(one, kind, &name, settings)).collect();
                    let now = self.clock.now();
                    self.keep(of, move |transaction| put_seen(transaction, &seen, now)).await?;
                }
            }
            if times.since == times.horizon {
                self.keep(of, move |transaction| keep_seen_named(transaction, kind, &names)).await?;
            }
        }
        // Whose events turned out to be another profile's now.
        self.ask_about_unknown(opened, of, times).await?;
        Ok(read)
    }

    async fn ask_about_unknown(
        &self,
        opened: &Opened,
        of: &KlaviyoConnection,
        times: Times,
    ) -> Result<(), Stop> {
        loop {
            let now = self.clock.now().max(times.now);
            let emails = self.db.read(move |connection| unknown_people(connection, times, now)).await?;
            if emails.is_empty() {
                return Ok(());
            }
            self.ask_about(opened, of, &emails, times.now).await?;
        }
    }

    /// Asks what people want, and keeps it: seen when they were asked about, and not before the look began.
    async fn ask_about(
        &self,
        opened: &Opened,
        of: &KlaviyoConnection,
        emails: &[String],
        began: i64,
    ) -> Result<(), Stop> {
        for emails in emails.chunks(PEOPLE_AT_ONCE) {
            let now = self.clock.now().max(began);
            let found = opened.client.find_people(emails).await?;
            let people = people_of(emails, &found, now);
            self.keep(of, move |transaction| put_people(transaction, &people)).await?;
        }
        Ok(())
    }

    /// Goes on asking about people of orders of any age: what they want changes long after their orders are held against Klaviyo.
    pub(super) async fn go_round(&self, now: i64, of: &KlaviyoConnection) -> Result<(), Problem> {
        let next = self.db.read(move |connection| next_of_round(connection, now)).await?;
        let opened = self.klaviyo.open().await?;
        let asked = async {
            if opened.account != of.account.public_id {
                return Err(Stop::Ended);
            }
            self.ask_about(&opened, of, &next.emails, now).await?;
            self.keep(of, move |transaction| set_state(transaction, ROUND, &next.after)).await
        };
        match asked.await {
            Ok(()) => Ok(()),
            Err(stop) => Err(self.stopped(&opened, stop).await),
        }
    }

    /// Writes what was read, unless the connection it was read in has ended meanwhile.
    async fn keep(
        &self,
        of: &KlaviyoConnection,
        work: impl FnOnce(&Transaction<'_>) -> DbResult<()> + Send + 'static,
    ) -> Result<(), Stop> {
        let (connected_at, public_id) = (of.connected_at, of.account.public_id.clone());
        let kept = self
            .db
            .write(move |transaction| {
                let is_still = find_klaviyo(transaction)?.is_some_and(|there| {
                    there.connected_at == connected_at && there.account.public_id == public_id
                });
                if is_still {
                    work(transaction)?;
                }
                Ok(is_still)
            })
            .await?;
        if kept { Ok(()) } else { Err(Stop::Ended) }
    }

    /// What a look that stopped says; a refusal is noted with the connection.
    async fn stopped(&self, opened: &Opened, stop: Stop) -> Problem {
        match stop {
            Stop::Db(error) => error.into(),
            Stop::Klaviyo(error) => {
                self.klaviyo.note(opened, &error).await;
                error.into()
            }
            Stop::Ended => Problem::new(
                "KLAVIYO_NOT_CONNECTED",
                "the connection to Klaviyo was ended while it was looked at",
                "Connect it again, then look again.",
            ),
        }
    }
}
