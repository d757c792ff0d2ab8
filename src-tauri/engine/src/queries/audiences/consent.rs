//! Whether people want mail, as Klaviyo last said. Of a mirror that never asked, or is of before, nothing is known.

use crate::db::{Connection, DbResult, OptionalExtension};
use crate::domain::audience::Consent;

/// What is known of consent in this mirror.
pub(super) struct Consents {
    any: bool,
}

impl Consents {
    /// Looks whether anything is known at all.
    ///
    /// # Errors
    /// The read failed.
    pub(super) fn read(connection: &Connection) -> DbResult<Self> {
        let there = connection
            .prepare_cached("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'klaviyo_person'")?
            .exists([])?;
        let any = there && connection.prepare_cached("SELECT 1 FROM klaviyo_person LIMIT 1")?.exists([])?;
        Ok(Self { any })
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
        let said: Option<(Option<String>, Option<bool>)> = connection
            .prepare_cached("SELECT subscription, suppressed FROM klaviyo_person WHERE email = ?1")?
            .query_row([email], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(said.map_or(Consent::Unknown, |(subscription, suppressed)| {
            Consent::of(subscription.as_deref(), suppressed.unwrap_or_default())
        }))
    }
}
