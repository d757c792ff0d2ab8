//! The audit: who did what, with which answer, in rows chained by HMAC.
//!
//! In: what an action is about to do and what came of it, in the transaction that does it. Out: a verdict on the
//! chain. The key and the chain's head are in the keychain: whoever edits the file cannot edit those.
//! Deliberately absent: keys, request headers, bodies of answers.

mod verify;

use std::sync::Arc;

use crate::db::{Connection, DbResult, OptionalExtension, Transaction, params};
use crate::secrets::{AuditHead, AuditKey, Keychain, hex};

pub use verify::{AuditProblem, AuditVerdict, Damage, verify};

/// Writes the audit of one store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Audit {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    store: String,
    keychain: Keychain,
    key: AuditKey,
    key_id: String,
}

/// What a row says.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// Unix seconds.
    pub at: i64,
    /// Who.
    pub operator: &'a str,
    /// The action it belongs to, if any.
    pub action: Option<&'a str>,
    /// What happened: `confirmed`, `intended`, `answered`, `succeeded`, `failed`, `unknown`, `verified`, ...
    pub event: &'a str,
    /// The rest as JSON.
    pub body: &'a serde_json::Value,
}

impl Audit {
    /// Opens the audit of a store: finds or makes its key. May wait for the keychain.
    pub fn open(keychain: Keychain, store: &str) -> Self {
        let key = AuditKey::find_or_make(keychain, store);
        let key_id = key.id();
        Self { inner: Arc::new(Inner { store: store.to_owned(), keychain, key, key_id }) }
    }

    /// Appends a row in the transaction of what it tells of; its number.
    ///
    /// # Errors
    /// The write failed.
    pub fn append(&self, transaction: &Transaction<'_>, entry: &Entry<'_>) -> DbResult<i64> {
        let (last, before) = head_of(transaction)?.unwrap_or((0, Vec::new()));
        let body = entry.body.to_string();
        let row = Link {
            seq: last + 1,
            at: entry.at,
            operator: entry.operator,
            action: entry.action,
            event: entry.event,
            body: &body,
            key_id: &self.inner.key_id,
        };
        let hash = row.tag(&self.inner.key, &before);
        transaction
            .prepare_cached(
                "INSERT INTO audit (seq, at, operator, action, event, body, key_id, hash)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                row.seq,
                row.at,
                row.operator,
                row.action,
                row.event,
                row.body,
                row.key_id,
                hash.as_slice()
            ])?;
        Ok(row.seq)
    }

    /// Keeps the head of what is committed in the keychain. May wait for it: call it off the runtime.
    ///
    /// # Errors
    /// The read failed.
    pub fn keep_head(&self, connection: &Connection) -> DbResult<()> {
        if let (true, Some((count, hash))) = (self.inner.key.is_some(), head_of(connection)?) {
            AuditHead { count, hash: hex(&hash) }.keep(self.inner.keychain, &self.inner.store);
        }
        Ok(())
    }

    /// Checks the whole chain against the key and the head in the keychain. May wait for it.
    ///
    /// # Errors
    /// The read failed.
    pub fn verify(&self, connection: &Connection) -> DbResult<AuditVerdict> {
        verify(connection, &self.inner.key, AuditHead::find(self.inner.keychain, &self.inner.store).as_ref())
    }
}

/// What a row's hash covers.
struct Link<'a> {
    seq: i64,
    at: i64,
    operator: &'a str,
    action: Option<&'a str>,
    event: &'a str,
    body: &'a str,
    key_id: &'a str,
}

impl Link<'_> {
    fn tag(&self, key: &AuditKey, before: &[u8]) -> [u8; 32] {
        let none = self.action.is_none();
        key.tag(&[
            before,
            &self.seq.to_le_bytes(),
            &self.at.to_le_bytes(),
            self.operator.as_bytes(),
            &[u8::from(none)],
            self.action.unwrap_or_default().as_bytes(),
            self.event.as_bytes(),
            self.body.as_bytes(),
            self.key_id.as_bytes(),
        ])
    }
}

/// The number and hash of the last row.
fn head_of(connection: &Connection) -> DbResult<Option<(i64, Vec<u8>)>> {
    Ok(connection
        .prepare_cached("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}
