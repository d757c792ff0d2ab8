//! The people that events are of, as Klaviyo knows them, and whose orders are to be held against it again.

use super::klaviyo_events::has_events;
use crate::db::{Connection, DbResult, OptionalExtension, Transaction, params, rusqlite};

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
    /// Seen at, unix seconds; 0 where they are to be asked about anew.
    pub seen_at: i64,
}

impl Person {
    /// Whether nothing can be called missing of what came due at an instant: they have to be asked about first.
    pub fn is_unsure_of(&self, due_at: i64) -> bool {
        self.seen_at == 0 || (self.profile_id.is_none() && self.seen_at < due_at)
    }

    /// Whether they said that they want no mail, or none reaches them.
    pub fn is_unsubscribed(&self) -> bool {
        self.suppressed || self.subscription.as_deref() == Some("unsubscribed")
    }
}

/// Keeps what Klaviyo knows of people; one whose profile or wishes changed, or who has none, has their orders looked at again.
/// Who said no and has no profile any more, because it was deleted, merged or given another address, said no all the same.
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
        // Who was asked about again and has no profile still is judged by that.
        if !same || one.profile_id.is_none() || before.is_none_or(|before| before.seen_at == 0) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Db;
    use crate::domain::klaviyo::OrderEvent;
    use crate::facts::klaviyo_events::{Seen, put_seen};

    #[test]
    fn who_had_a_profile_that_was_merged_is_asked_about_anew() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("a.mirror")).unwrap();
        let told = |profile: &str| Seen {
            event_id: "e1".to_owned(),
            kind: OrderEvent::Started,
            metric: "Preorder Started".to_owned(),
            profile_id: profile.to_owned(),
            at: 1_000,
            unique_id: None,
            label: None,
            value: None,
            currency: None,
            color: None,
            ours: false,
        };
        let ann = Person {
            email: "ann@example.com".to_owned(),
            profile_id: Some("old".to_owned()),
            properties: "{}".to_owned(),
            seen_at: 2_000,
            ..Person::default()
        };
        let bob = Person { email: "bob@example.com".to_owned(), profile_id: None, ..ann.clone() };
        assert!(!ann.is_unsure_of(3_000) && bob.is_unsure_of(3_000) && !bob.is_unsure_of(2_000));
        let (before, after) = (told("old"), told("new"));
        let found = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(db.write(
            move |transaction| {
                put_people(transaction, &[ann, bob])?;
                put_seen(transaction, &[before], 2_000)?;
                let was = find_person(transaction, "ann@example.com")?;
                put_seen(transaction, &[after], 2_500)?;
                Ok((
                    was,
                    find_person(transaction, "ann@example.com")?,
                    find_person(transaction, "bob@example.com")?,
                ))
            },
        ));
        let (was, ann, bob) = found.unwrap();
        assert_eq!(was.map(|was| was.seen_at), Some(2_000));
        assert!(ann.is_some_and(|ann| ann.seen_at == 0 && ann.is_unsure_of(1_000)));
        assert_eq!(bob.map(|bob| bob.seen_at), Some(2_000));
    }
}
