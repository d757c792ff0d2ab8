//! Whether people want mail, as Klaviyo last said. Of a mirror that never asked, or is of before, nothing is known. A yes is not
//! taken for one for long: people unsubscribe, and whoever did is not to be handed on. A no stands, however old it is.

use crate::db::rusqlite::{self, Rows};
use crate::db::{Connection, DbResult, OptionalExtension, Row};
use crate::domain::audience::Consent;

/// A yes that was read longer ago than this is no longer known to be one. Three days leave time to ask about many again, and for a
/// weekend on which nobody opened the store.
const YES_STANDS_S: i64 = 3 * 86_400;

/// What is known of consent in this mirror.
pub(super) struct Consents {
    any: bool,
    now: i64,
}

/// Reads subscription, suppressed and when that was seen. What was seen after now is of a clock that was wrong: nobody knows when.
fn read(row: &Row<'_>, now: i64) -> rusqlite::Result<Consent> {
    let subscription = row.get_ref(0)?.as_str_or_null()?;
    let said = Consent::of(subscription, row.get(1)?);
    let seen_at: i64 = row.get(2)?;
    let stands = (now - YES_STANDS_S..=now).contains(&seen_at);
    Ok(if said == Consent::Yes && !stands { Consent::Unknown } else { said })
}

impl Consents {
    /// Looks whether anything is known at all. `now` is when it is asked for.
    ///
    /// # Errors
    /// The read failed.
    pub(super) fn read(connection: &Connection, now: i64) -> DbResult<Self> {
        let there = connection
            .prepare_cached("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'klaviyo_person'")?
            .exists([])?;
        let any = there && connection.prepare_cached("SELECT 1 FROM klaviyo_person LIMIT 1")?.exists([])?;
        Ok(Self { any, now })
    }

    /// Whether Klaviyo was asked about anybody.
    pub(super) const fn any(&self) -> bool {
        self.any
    }

    /// What is known of one person.
    ///
    /// # Errors
    /// The read failed.
    pub(super) fn find(&self, connection: &Connection, email: &str) -> DbResult<Consent> {
        if !self.any {
            return Ok(Consent::Unknown);
        }
        let said = connection
            .prepare_cached("SELECT subscription, suppressed, seen_at FROM klaviyo_person WHERE email = ?1")?
            .query_row([email], |row| read(row, self.now))
            .optional()?;
        Ok(said.unwrap_or(Consent::Unknown))
    }

    /// Hands on what tells of people that are asked about in the order of their e-mails.
    ///
    /// # Errors
    /// The read failed, or what is done with it.
    pub(super) fn by_email<T>(
        &self,
        connection: &Connection,
        with: impl FnOnce(ByEmail<'_>) -> DbResult<T>,
    ) -> DbResult<T> {
        if !self.any {
            return with(ByEmail { rows: None, at: None, now: self.now });
        }
        let mut statement = connection.prepare_cached(
            "SELECT subscription, suppressed, seen_at, email FROM klaviyo_person ORDER BY email",
        )?;
        with(ByEmail { rows: Some(statement.query([])?), at: None, now: self.now })
    }
}

/// Everybody's consent, by e-mail.
pub(super) struct ByEmail<'a> {
    rows: Option<Rows<'a>>,
    at: Option<(String, Consent)>,
    now: i64,
}

impl ByEmail<'_> {
    /// What is known of somebody; nobody before them is asked about afterwards.
    ///
    /// # Errors
    /// The read failed.
    pub(super) fn find(&mut self, email: &str) -> DbResult<Consent> {
        while let Some(rows) = self.rows.as_mut().filter(|_| self.at.as_ref().is_none_or(|at| *at.0 < *email))
        {
            let Some(row) = rows.next()? else {
                self.rows = None;
                break;
            };
            let mut own = self.at.take().map(|at| at.0).unwrap_or_default();
            row.get_ref(3)?.as_str().unwrap_or_default().clone_into(&mut own);
            self.at = Some((own, read(row, self.now)?));
        }
        Ok(self.at.as_ref().filter(|at| at.0 == email).map_or(Consent::Unknown, |at| at.1))
    }
}
