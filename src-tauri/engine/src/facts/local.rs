//! Local facts: what operators did here. Append only.

use crate::db::{Connection, DbResult, Row, Transaction, params};

/// The kind of an operator's link between an object and another object or preorderId.
pub const LINK: &str = "link";
/// The kind that takes a link back.
pub const UNLINK: &str = "unlink";
/// The kind of an order taken by support, before anything was opened at Stripe.
pub const INTENT: &str = "intent";
/// The kind of a note.
pub const NOTE: &str = "note";
/// The kind of an adjustment of a wallet; its subject is the owner.
pub const ADJUSTMENT: &str = "adjustment";
/// The kind of a change of the plan table; its subject is the settings revision.
pub const PLANS: &str = "plans";

/// The kind of a correction of what an order says of its buyer; its subject is one of the order's objects.
pub const CORRECTION: &str = "correction";
/// The kind of what an operator says of a finding; its subject is the finding's id.
pub const FINDING: &str = "finding";

/// One local fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalFact {
    /// Its number.
    pub seq: i64,
    /// Made at, unix seconds.
    pub made_at: i64,
    /// Who made it.
    pub operator: String,
    /// `link`, `unlink`, `intent`, `note`, `adjustment`, `plans`, `correction`, `finding`.
    pub kind: String,
    /// What it is about: an object's id or a preorderId.
    pub subject: String,
    /// The other end of a link.
    pub object: Option<String>,
    /// JSON of the kind's own fields.
    pub body: String,
}

impl LocalFact {
    fn read(row: &Row<'_>) -> crate::db::rusqlite::Result<Self> {
        Ok(Self {
            seq: row.get("seq")?,
            made_at: row.get("made_at")?,
            operator: row.get("operator")?,
            kind: row.get("kind")?,
            subject: row.get("subject")?,
            object: row.get("object")?,
            body: row.get("body")?,
        })
    }
}

/// Lists local facts of a kind in the order they were made.
///
/// # Errors
/// The read failed.
pub fn list_local(connection: &Connection, kind: &str) -> DbResult<Vec<LocalFact>> {
    let mut statement = connection.prepare_cached("SELECT * FROM local_fact WHERE kind = ?1 ORDER BY seq")?;
    let facts = statement.query_map([kind], LocalFact::read)?.collect::<Result<_, _>>()?;
    Ok(facts)
}

/// Appends a local fact; its number comes back.
///
/// # Errors
/// The write failed.
pub fn append_local(
    transaction: &Transaction<'_>,
    made_at: i64,
    operator: &str,
    kind: &str,
    (subject, object): (&str, Option<&str>),
    body: &str,
) -> DbResult<i64> {
    transaction
        .prepare_cached("INSERT INTO local_fact (made_at, operator, kind, subject, object, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute(params![made_at, operator, kind, subject, object, body])?;
    Ok(transaction.last_insert_rowid())
}
