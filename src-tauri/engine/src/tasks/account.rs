//! Whose key it is: a store belongs to one Stripe account, and another account's key must not touch it.

use super::context::{Context, TaskError};
use crate::db::{Connection, Db, DbResult, OptionalExtension, params};
use crate::domain::kind::Kind;
use crate::http::Priority;
use crate::stripe::{Stripe, StripeError};

/// `meta` row: the account the mirror belongs to.
const ACCOUNT: &str = "account";

/// What is known of a key against a mirror.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The account is the mirror's, or the mirror had none yet.
    Same {
        /// The account, where Stripe told it.
        account: Option<String>,
    },
    /// The key is of another account.
    Other,
}

/// Reads the account a mirror belongs to.
///
/// # Errors
/// The read failed.
pub fn find_account(connection: &Connection) -> DbResult<Option<String>> {
    Ok(connection
        .query_row("SELECT value FROM meta WHERE name = ?1", [ACCOUNT], |row| row.get(0))
        .optional()?)
}

/// Asks Stripe whose key this is. Where the key may not read the account, its name is taken from Stripe's
/// refusal, else an object of the mirror must be retrievable.
///
/// # Errors
/// Stripe or the mirror failed.
pub async fn judge(stripe: &Stripe, db: &Db) -> Result<Verdict, TaskError> {
    let known = db.read(find_account).await?;
    let account = match stripe.account().await {
        Ok(account) => Some(account),
        Err(StripeError::PermissionMissing { account, .. }) => account,
        Err(StripeError::NotFound { .. } | StripeError::Refused { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    match (known, account) {
        (Some(known), Some(account)) if known != account => Ok(Verdict::Other),
        (_, Some(account)) => Ok(Verdict::Same { account: Some(account) }),
        (known, None) => Ok(if can_read_the_mirror(stripe, db).await? {
            Verdict::Same { account: known }
        } else {
            Verdict::Other
        }),
    }
}

/// Retrieves the newest object of each kind until one answers. An empty mirror may be anybody's.
async fn can_read_the_mirror(stripe: &Stripe, db: &Db) -> Result<bool, TaskError> {
    for kind in [Kind::Session, Kind::Intent, Kind::Charge, Kind::Customer, Kind::Product] {
        let newest: Option<String> = db
            .read(move |connection| {
                Ok(connection
                    .query_row(
                        "SELECT id FROM stripe_id WHERE key = (SELECT max(object) FROM stripe_snapshot
                         WHERE object IN (SELECT key FROM stripe_id WHERE kind = ?1 ORDER BY key DESC LIMIT 50) AND deleted = 0)",
                        [kind as u8],
                        |row| row.get(0),
                    )
                    .optional()?)
            })
            .await?;
        let Some(id) = newest else { continue };
        match stripe.retrieve(kind, &id, Priority::Normal).await {
            Ok(_) => return Ok(true),
            Err(StripeError::NotFound { .. }) => return Ok(false),
            Err(StripeError::PermissionMissing { .. } | StripeError::Refused { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(true)
}

/// Notes the account of a mirror that had none.
///
/// # Errors
/// The write failed.
pub async fn adopt(db: &Db, account: String) -> DbResult<()> {
    db.write_durable(move |transaction| {
        transaction
            .execute("INSERT OR IGNORE INTO meta (name, value) VALUES (?1, ?2)", params![ACCOUNT, account])?;
        Ok(())
    })
    .await
}

/// Before the first poll of a process: refuses to go on with another account's key.
///
/// # Errors
/// Stripe or the mirror failed.
pub async fn check_before_polling(context: &Context) -> Result<bool, TaskError> {
    match judge(&context.stripe, &context.db).await? {
        Verdict::Other => Ok(false),
        Verdict::Same { account } => {
            if let Some(account) = account {
                adopt(&context.db, account).await?;
            }
            Ok(true)
        }
    }
}
