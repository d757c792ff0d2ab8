//! Audiences: who is in them by the sandbox's own ledger, files as platforms publish their format, and Klaviyo's count.

mod files;
mod people;
mod segment;
mod stale;

use foredeck_engine::db::{DbResult, Transaction};

/// What Klaviyo said of people at an instant: e-mail, subscription, suppressed.
pub fn say_of_people(
    transaction: &Transaction<'_>,
    at: i64,
    said: &[(&str, Option<&str>, bool)],
) -> DbResult<()> {
    for (email, subscription, suppressed) in said {
        transaction.execute(
            "INSERT OR REPLACE INTO klaviyo_person (email, subscription, suppressed, properties, seen_at)
             VALUES (?1, ?2, ?3, '{}', ?4)",
            foredeck_engine::db::params![email, subscription, suppressed, at],
        )?;
    }
    Ok(())
}
