//! What operators say of findings: local facts, of which the newest holds.
//!
//! Dismissed and resolved stand for what was found then: the same rule finding the same again, but counting from later, is
//! another matter and opens anew. A snooze ends by itself.

use serde::{Deserialize, Serialize};

use super::super::fold::mark_dirty;
use super::rows;
use crate::db::{Connection, DbError, DbResult, OptionalExtension, Transaction, params};
use crate::domain::action::FindingWord;
use crate::facts::local::{FINDING, LocalFact, append_local};
use crate::facts::names::find_key;

/// What is said of a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The word.
    pub state: FindingWord,
    /// Until when a snooze holds, unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What the finding counted from when this was said, unix seconds; None where that was not known.
    #[serde(default)]
    pub base_at: Option<i64>,
}

/// A word on a finding, with who said it and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Number of the local fact.
    pub seq: i64,
    /// What was said.
    pub said: Said,
    /// Who said it.
    pub operator: String,
    /// When, unix seconds.
    pub at: i64,
}

impl Word {
    /// Whether it still speaks of a finding that counts from this instant.
    pub(super) fn holds(&self, base_at: i64) -> bool {
        match self.said.state {
            FindingWord::Open => false,
            FindingWord::Snoozed => self.said.until.is_some(),
            FindingWord::Dismissed | FindingWord::Resolved => base_at <= self.said.base_at.unwrap_or(self.at),
        }
    }
}

/// Stores what an operator says of a finding, and shows it; the number of the fact comes back. None where there is no
/// such finding.
///
/// # Errors
/// The write failed.
pub fn append_finding_state(
    transaction: &Transaction<'_>,
    now: i64,
    operator: &str,
    finding_id: &str,
    state: FindingWord,
    until: Option<i64>,
    note: Option<&str>,
) -> DbResult<Option<i64>> {
    let Some(finding) = rows::find_finding(transaction, finding_id)? else { return Ok(None) };
    let said = Said { state, until, note: note.map(str::to_owned), base_at: Some(finding.base_at) };
    let body = serde_json::to_string(&said).map_err(|error| DbError::Corrupt(error.to_string()))?;
    let seq = append_local(transaction, now, operator, FINDING, (finding_id, None), &body)?;
    let fact = LocalFact {
        seq,
        made_at: now,
        operator: operator.to_owned(),
        kind: FINDING.to_owned(),
        subject: finding_id.to_owned(),
        object: None,
        body,
    };
    take(transaction, &fact)?;
    Ok(Some(seq))
}

/// Takes a stored word.
pub(in crate::projections) fn take(transaction: &Transaction<'_>, fact: &LocalFact) -> DbResult<()> {
    transaction
        .prepare_cached(
            "INSERT INTO finding_word (id, seq, said, operator, at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, said = excluded.said, operator = excluded.operator,
               at = excluded.at WHERE excluded.seq > seq",
        )?
        .execute(params![fact.subject, fact.seq, fact.body, fact.operator, fact.made_at])?;
    rows::restate(transaction, &fact.subject)?;
    // The order it speaks of may have another id by now.
    let subject = fact.subject.split_once(':').map_or("", |(_, subject)| subject);
    match find_key(transaction, subject)? {
        Some(key) => mark_dirty(transaction, key),
        None => Ok(()),
    }
}

/// The newest word on any of these findings, with the id it was said of.
///
/// # Errors
/// The read failed, or a stored word is damaged.
pub fn newest(connection: &Connection, ids: &[String]) -> DbResult<Option<(String, Word)>> {
    let mut statement =
        connection.prepare_cached("SELECT seq, said, operator, at FROM finding_word WHERE id = ?1")?;
    let mut newest: Option<(String, Word)> = None;
    for id in ids {
        let found: Option<(i64, String, String, i64)> = statement
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .optional()?;
        let Some((seq, said, operator, at)) = found else { continue };
        if newest.as_ref().is_none_or(|(_, word)| word.seq < seq) {
            let said = serde_json::from_str(&said)
                .map_err(|error| DbError::Corrupt(format!("what was said of {id}: {error}")))?;
            newest = Some((id.clone(), Word { seq, said, operator, at }));
        }
    }
    Ok(newest)
}
