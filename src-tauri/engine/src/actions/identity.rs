//! Identity: who a customer is to the shop. A connector answers for an e-mail; the one there is reads the shop's
//! imported users.

use crate::db::{Connection, DbResult};

/// Tells the shop's user id of an e-mail.
pub trait Identity {
    /// The user id; None where the shop knows nobody, or several, of that e-mail.
    ///
    /// # Errors
    /// The read failed.
    fn find_user(&self, connection: &Connection, email: &str) -> DbResult<Option<String>>;
}

/// The users of the shop's imported file; where none was imported nobody is known.
pub struct ImportedUsers;

impl Identity for ImportedUsers {
    fn find_user(&self, connection: &Connection, email: &str) -> DbResult<Option<String>> {
        let mut statement = connection.prepare_cached(
            "SELECT DISTINCT user_id FROM shop_user WHERE email = ?1 AND user_id IS NOT NULL LIMIT 2",
        )?;
        let found: Vec<String> = statement.query_map([email], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(if let [only] = found.as_slice() { Some(only.clone()) } else { None })
    }
}
