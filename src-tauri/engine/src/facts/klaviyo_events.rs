//! Events about orders as facts: what was chosen to be sent, what was seen at Klaviyo, and the people they are of.

use crate::db::{Connection, DbError, DbResult, OptionalExtension, Row, Transaction, params, rusqlite};
use crate::domain::klaviyo::OrderEvent;

/// How far a chosen event came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChoiceState {
    /// It was never sent.
    Chosen,
    /// It was sent, or may have been.
    Sent,
    /// It was seen there.
    Confirmed,
    /// It was sent again and again, and never seen.
    Lost,
}

impl ChoiceState {
    const ALL: [Self; 4] = [Self::Chosen, Self::Sent, Self::Confirmed, Self::Lost];

    /// The word as it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chosen => "chosen",
            Self::Sent => "sent",
            Self::Confirmed => "confirmed",
            Self::Lost => "lost",
        }
    }
}

/// An event that was chosen to be sent. What it says of whom, when and under which name never changes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Its unique id at Klaviyo.
    pub unique_id: String,
    /// What it tells.
    pub kind: OrderEvent,
    /// The order's id then.
    pub order_id: String,
    /// Whom it is about.
    pub email: String,
    /// The metric's name.
    pub metric: String,
    /// When it happened, unix seconds.
    pub happened_at: i64,
    /// No flow fires.
    pub backfill: bool,
    /// The action that sends it.
    pub action: String,
    /// How far it came.
    pub state: ChoiceState,
    /// First sent at, unix seconds.
    pub sent_at: Option<i64>,
    /// Seen there at, unix seconds.
    pub confirmed_at: Option<i64>,
}

const CHOICE: &str =
    "e.unique_id, e.kind, e.order_id, e.email, e.metric, e.happened_at, e.backfill, e.action, e.state,
    e.sent_at, e.confirmed_at";

fn read_choice(row: &Row<'_>) -> DbResult<Choice> {
    let (kind, state): (String, String) = (row.get(1)?, row.get(8)?);
    let known = ChoiceState::ALL.into_iter().find(|one| one.as_str() == state);
    Ok(Choice {
        unique_id: row.get(0)?,
        kind: OrderEvent::parse(&kind).ok_or_else(|| DbError::Corrupt(format!("event {kind}")))?,
        order_id: row.get(2)?,
        email: row.get(3)?,
        metric: row.get(4)?,
        happened_at: row.get(5)?,
        backfill: row.get(6)?,
        action: row.get(7)?,
        state: known.ok_or_else(|| DbError::Corrupt(format!("event {state}")))?,
        sent_at: row.get(9)?,
        confirmed_at: row.get(10)?,
    })
}

/// Whether the file has these tables: one opened for reading may be of before.
///
/// # Errors
/// The read failed.
pub fn has_events(connection: &Connection) -> DbResult<bool> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'klaviyo_event'")?
        .exists([])?)
}

/// The choices of a kind that an order of these ids has, those that were sent first.
///
/// # Errors
/// The read failed.
pub fn list_choices(
    connection: &Connection,
    account: &str,
    kind: OrderEvent,
    ids: &[String],
) -> DbResult<Vec<Choice>> {
    if !has_events(connection)? {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT DISTINCT {CHOICE} FROM klaviyo_event_id i JOIN klaviyo_event e ON e.seq = i.event
         WHERE i.id = ?1 AND i.kind = ?2 AND e.account = ?3"
    );
    let mut found: Vec<Choice> = Vec::new();
    for id in ids {
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params![id, kind.as_str(), account])?;
        while let Some(row) = rows.next()? {
            let one = read_choice(row)?;
            if !found.iter().any(|known| known.unique_id == one.unique_id) {
                found.push(one);
            }
        }
    }
    found.sort_by_key(|one| (one.state == ChoiceState::Chosen, one.sent_at, one.unique_id.clone()));
    Ok(found)
}

/// The choice of a unique id.
///
/// # Errors
/// The read failed.
pub fn find_choice(connection: &Connection, account: &str, unique_id: &str) -> DbResult<Option<Choice>> {
    if !has_events(connection)? {
        return Ok(None);
    }
    connection
        .prepare_cached(&format!(
            "SELECT {CHOICE} FROM klaviyo_event e WHERE e.account = ?1 AND e.unique_id = ?2"
        ))?
        .query_row([account, unique_id], |row| Ok(read_choice(row)))
        .optional()?
        .transpose()
}

/// Chooses an event for good, for an order of these ids. One of that unique id that was never sent is taken over by the
/// action; its address, time and name stay.
///
/// # Errors
/// The write failed.
pub fn choose(
    transaction: &Transaction<'_>,
    account: &str,
    choice: &Choice,
    ids: &[String],
    now: i64,
) -> DbResult<()> {
    transaction
        .prepare_cached(
            "INSERT INTO klaviyo_event (account, unique_id, kind, order_id, email, metric, happened_at, backfill, action, state,
               chosen_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'chosen', ?10)
             ON CONFLICT (account, unique_id) DO UPDATE SET action = excluded.action, backfill = excluded.backfill,
               chosen_at = excluded.chosen_at WHERE state = 'chosen'",
        )?
        .execute(params![
            account,
            choice.unique_id,
            choice.kind.as_str(),
            choice.order_id,
            choice.email,
            choice.metric,
            choice.happened_at,
            choice.backfill,
            choice.action,
            now
        ])?;
    let seq: i64 = transaction
        .prepare_cached("SELECT seq FROM klaviyo_event WHERE account = ?1 AND unique_id = ?2")?
        .query_row([account, &choice.unique_id], |row| row.get(0))?;
    for id in ids {
        transaction
            .prepare_cached("INSERT OR IGNORE INTO klaviyo_event_id (id, kind, event) VALUES (?1, ?2, ?3)")?
            .execute(params![id, choice.kind.as_str(), seq])?;
    }
    Ok(())
}

/// Notes how far a chosen event came. What was confirmed stays so.
///
/// # Errors
/// The write failed.
pub fn note_choice(
    transaction: &Transaction<'_>,
    (account, unique_id): (&str, &str),
    state: ChoiceState,
    event_id: Option<&str>,
    now: i64,
) -> DbResult<()> {
    transaction
        .prepare_cached(
            "UPDATE klaviyo_event SET state = ?3, event_id = coalesce(?4, event_id),
               sent_at = CASE WHEN ?3 = 'sent' THEN coalesce(sent_at, ?5) ELSE sent_at END,
               confirmed_at = CASE WHEN ?3 = 'confirmed' THEN coalesce(confirmed_at, ?5) ELSE confirmed_at END
             WHERE account = ?1 AND unique_id = ?2 AND state <> 'confirmed'",
        )?
        .execute(params![account, unique_id, state.as_str(), event_id, now])?;
    Ok(())
}

/// An event seen at Klaviyo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its id.
    pub event_id: String,
    /// What it tells.
    pub kind: OrderEvent,
    /// The name of its metric.
    pub metric: String,
    /// Whose it is.
    pub profile_id: String,
    /// When it happened, unix seconds.
    pub at: i64,
    /// Its unique id, where Klaviyo shows it.
    pub unique_id: Option<String>,
    /// The order it names.
    pub label: Option<String>,
    /// Its value as written there, major units.
    pub value: Option<String>,
    /// The value's currency, lower case.
    pub currency: Option<String>,
    /// Its colour.
    pub color: Option<String>,
    /// Foredeck sent it.
    pub ours: bool,
}

/// Keeps events that were seen as they are now, and asks for the orders of the people they are and were of to be looked at. The
/// same event can be otherwise: its profile was merged into another, or its metric or property means something else here.
///
/// # Errors
/// The write failed.
pub fn put_seen(transaction: &Transaction<'_>, seen: &[Seen], now: i64) -> DbResult<()> {
    for one in seen {
        let was_of: Option<String> = transaction
            .prepare_cached("SELECT profile_id FROM klaviyo_seen WHERE event_id = ?1")?
            .query_row([&one.event_id], |row| row.get(0))
            .optional()?;
        let changed = transaction
            .prepare_cached(
                "INSERT INTO klaviyo_seen (event_id, kind, metric, profile_id, at, unique_id, label, value, currency, color, ours,
                   seen_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
                 ON CONFLICT (event_id) DO UPDATE SET kind = excluded.kind, metric = excluded.metric,
                   profile_id = excluded.profile_id, at = excluded.at, unique_id = excluded.unique_id, label = excluded.label,
                   value = excluded.value, currency = excluded.currency, color = excluded.color
                 WHERE (kind, metric, profile_id, at, unique_id, label, value, currency, color)
                   IS NOT (excluded.kind, excluded.metric, excluded.profile_id, excluded.at, excluded.unique_id,
                     excluded.label, excluded.value, excluded.currency, excluded.color)",
            )?
            .execute(params![
                one.event_id,
                one.kind.as_str(),
                one.metric,
                one.profile_id,
                one.at,
                one.unique_id,
                one.label,
                one.value,
                one.currency,
                one.color,
                one.ours,
                now
            ])?;
        if changed > 0 {
            transaction
                .prepare_cached(
                    "INSERT OR IGNORE INTO klaviyo_check_due (email)
                     SELECT email FROM klaviyo_person WHERE profile_id IN (?1, ?2)",
                )?
                .execute([Some(&one.profile_id), was_of.as_ref()])?;
        }
    }
    Ok(())
}

/// Forgets events seen under names that mean nothing here any more.
///
/// # Errors
/// The write failed.
pub fn keep_seen_named(transaction: &Transaction<'_>, kind: OrderEvent, names: &[String]) -> DbResult<()> {
    let known = vec!["?"; names.len()].join(", ");
    let values = std::iter::once(kind.as_str()).chain(names.iter().map(String::as_str));
    transaction
        .prepare(&format!("DELETE FROM klaviyo_seen WHERE kind = ? AND metric NOT IN ({known})"))?
        .execute(rusqlite::params_from_iter(values))?;
    Ok(())
}

/// Names of metrics that events of a kind were sent under to an account, whatever they are called now.
///
/// # Errors
/// The read failed.
pub fn list_sent_names(connection: &Connection, account: &str, kind: OrderEvent) -> DbResult<Vec<String>> {
    let mut statement = connection
        .prepare_cached("SELECT DISTINCT metric FROM klaviyo_event WHERE account = ?1 AND kind = ?2")?;
    Ok(statement.query_map([account, kind.as_str()], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// The events of a kind that were seen of a person.
///
/// # Errors
/// The read failed.
pub fn list_seen(connection: &Connection, profile: &str, kind: OrderEvent) -> DbResult<Vec<Seen>> {
    let mut statement = connection.prepare_cached(
        "SELECT event_id, metric, at, unique_id, label, value, currency, color, ours FROM klaviyo_seen
         WHERE profile_id = ?1 AND kind = ?2 ORDER BY at, event_id",
    )?;
    let rows = statement.query_map(params![profile, kind.as_str()], |row| {
        Ok(Seen {
            event_id: row.get(0)?,
            kind,
            metric: row.get(1)?,
            profile_id: profile.to_owned(),
            at: row.get(2)?,
            unique_id: row.get(3)?,
            label: row.get(4)?,
            value: row.get(5)?,
            currency: row.get(6)?,
            color: row.get(7)?,
            ours: row.get(8)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A person as Klaviyo knows them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// Their address, normalised.
    pub email: String,
    /// Their profile; None where Klaviyo knows none.
    pub profile_id: Option<String>,
    /// `subscribed`, `unsubscribed` or `never_subscribed`; None where it was not told.
    pub subscription: Option<String>,
    /// Klaviyo mails them nothing.
    pub suppressed: bool,
    /// Their own properties, as JSON.
    pub properties: String,
    /// Seen at, unix seconds.
    pub seen_at: i64,
}

impl Person {
    /// Whether they said that they want no mail, or none reaches them.
    pub fn is_unsubscribed(&self) -> bool {
        self.suppressed || self.subscription.as_deref() == Some("unsubscribed")
    }
}

/// Keeps what Klaviyo knows of people; one whose profile or wishes changed has their orders looked at again. Who said no and has
/// no profile any more, because it was deleted, merged or given another address, said no all the same.
///
/// # Errors
/// The write failed.
pub fn put_people(transaction: &Transaction<'_>, people: &[Person]) -> DbResult<()> {
    for one in people {
        let before = find_person(transaction, &one.email)?;
        let refused = before.as_ref().filter(|before| one.profile_id.is_none() && before.is_unsubscribed());
        let one = &match refused {
            Some(before) => Person {
                subscription: before.subscription.clone(),
                suppressed: before.suppressed,
                ..one.clone()
            },
            None => one.clone(),
        };
        let same =
            before.as_ref().is_some_and(|before| Person { seen_at: one.seen_at, ..before.clone() } == *one);
        transaction
            .prepare_cached(
                "INSERT INTO klaviyo_person (email, profile_id, subscription, suppressed, properties, seen_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (email) DO UPDATE SET profile_id = excluded.profile_id, subscription = excluded.subscription,
                   suppressed = excluded.suppressed, properties = excluded.properties, seen_at = excluded.seen_at",
            )?
            .execute(params![
                one.email,
                one.profile_id,
                one.subscription,
                one.suppressed,
                one.properties,
                one.seen_at
            ])?;
        if !same {
            mark_check(transaction, &one.email)?;
        }
    }
    Ok(())
}

/// What Klaviyo knows of an address; None where it was not asked.
///
/// # Errors
/// The read failed.
pub fn find_person(connection: &Connection, email: &str) -> DbResult<Option<Person>> {
    if !has_events(connection)? {
        return Ok(None);
    }
    Ok(connection
        .prepare_cached(
            "SELECT profile_id, subscription, suppressed, properties, seen_at FROM klaviyo_person WHERE email = ?1",
        )?
        .query_row([email], |row| {
            Ok(Person {
                email: email.to_owned(),
                profile_id: row.get(0)?,
                subscription: row.get(1)?,
                suppressed: row.get(2)?,
                properties: row.get(3)?,
                seen_at: row.get(4)?,
            })
        })
        .optional()?)
}

/// Asks for the orders of an address to be held against Klaviyo again.
///
/// # Errors
/// The write failed.
pub fn mark_check(transaction: &Transaction<'_>, email: &str) -> DbResult<()> {
    transaction
        .prepare_cached("INSERT OR IGNORE INTO klaviyo_check_due (email) VALUES (?1)")?
        .execute([email])?;
    Ok(())
}

/// Takes addresses whose orders are to be looked at.
///
/// # Errors
/// The write failed.
pub fn take_check_due(transaction: &Transaction<'_>, most: usize) -> DbResult<Vec<String>> {
    let mut statement = transaction.prepare_cached("SELECT email FROM klaviyo_check_due LIMIT ?1")?;
    let emails: Vec<String> = statement
        .query_map([i64::try_from(most).unwrap_or(i64::MAX)], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for email in &emails {
        transaction.prepare_cached("DELETE FROM klaviyo_check_due WHERE email = ?1")?.execute([email])?;
    }
    Ok(emails)
}

/// Forgets what was seen at Klaviyo; what was sent there stays, so that nobody is told twice.
///
/// # Errors
/// The write failed.
pub fn clear_seen(transaction: &Transaction<'_>) -> DbResult<()> {
    transaction.execute_batch(
        "DELETE FROM klaviyo_seen; DELETE FROM klaviyo_person; DELETE FROM klaviyo_check_due;",
    )?;
    Ok(())
}
