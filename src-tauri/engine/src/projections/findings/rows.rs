//! Findings as rows: written only where they changed, so that what changed is known.

use std::collections::BTreeSet;

use super::terms::Terms;
use super::words::{self, Word};
use super::{Found, Rule, find_rule, finding_id};
use crate::db::{
    Connection, DbError, DbResult, OptionalExtension, Row as SqlRow, Transaction, params, rusqlite,
};
use crate::domain::action::FindingWord;
use crate::domain::finding::FindingState;

pub(in crate::projections) const TABLES: [&str; 3] = ["finding", "finding_word", "finding_changed"];

pub(in crate::projections) const SQL: &str = "
-- What somebody may have to look at. `scope` is what a row is kept by: its order, a person, a preorderId, a list of facts;
-- `object` leads to the order where `preorder` does not. `state` is what operators say of it: 0 nothing, 1 snoozed,
-- 2 dismissed, 3 resolved; `word` the finding it was said of. `due_at` is opens_at, or the end of a snooze after it.
CREATE TABLE finding (
  id TEXT PRIMARY KEY, rule TEXT NOT NULL, subject TEXT NOT NULL, scope TEXT NOT NULL,
  preorder INTEGER, object INTEGER,
  base_at INTEGER NOT NULL, opens_at INTEGER NOT NULL, due_at INTEGER NOT NULL, deadline_at INTEGER,
  state INTEGER NOT NULL, word TEXT, evidence TEXT NOT NULL
) STRICT, WITHOUT ROWID;
-- Time alone opens findings: those of a rule that are open, are about to be or were lie in a row here.
CREATE INDEX finding_due ON finding (rule, due_at) WHERE state < 2;
CREATE INDEX finding_state ON finding (state, rule, due_at) WHERE state > 0;
CREATE INDEX finding_scope ON finding (scope);
CREATE INDEX finding_preorder ON finding (preorder) WHERE preorder IS NOT NULL;
CREATE INDEX finding_object ON finding (object) WHERE object IS NOT NULL;

-- The newest word on each finding.
CREATE TABLE finding_word (
  id TEXT PRIMARY KEY, seq INTEGER NOT NULL, said TEXT NOT NULL, operator TEXT NOT NULL, at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Findings that came, went or count from another instant since they were last looked at.
CREATE TABLE finding_changed (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
";

/// A finding to be kept.
#[derive(Debug, Clone)]
pub(in crate::projections) struct Row {
    pub rule: &'static Rule,
    pub found: Found,
    pub scope: String,
    pub preorder: Option<i64>,
    pub object: Option<i64>,
    /// Other names of its subject: what was said of it by one of them holds too.
    pub aliases: Vec<String>,
}

impl Row {
    pub(in crate::projections) fn new(rule: &'static Rule, found: Found, scope: String) -> Self {
        Self { rule, found, scope, preorder: None, object: None, aliases: Vec::new() }
    }

    fn id(&self) -> String {
        finding_id(self.rule.name, &self.found.subject)
    }
}

/// A finding as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// `rule:subject`.
    pub id: String,
    /// Its rule's name.
    pub rule: &'static str,
    /// A Stripe id, an order's id, an owner.
    pub subject: String,
    /// The number of its order.
    pub preorder: Option<i64>,
    /// The instant it counts from, unix seconds.
    pub base_at: i64,
    /// When it opens.
    pub opens_at: i64,
    /// When it opens, or its snooze ends.
    pub due_at: i64,
    /// What operators say of it.
    pub said: FindingState,
}

impl Finding {
    /// Where it stands at an instant; None before it opens and after it closed by itself.
    pub fn stands(&self, now: i64) -> Option<FindingState> {
        let closes_after = find_rule(self.rule).and_then(|rule| rule.closes_after_s);
        let closed = closes_after.is_some_and(|after| self.base_at.saturating_add(after) <= now);
        if self.opens_at > now || closed {
            return None;
        }
        Some(match self.said {
            FindingState::Snoozed if self.due_at <= now => FindingState::Open,
            said => said,
        })
    }
}

/// The columns [`read_finding`] expects, of `finding f`.
pub const COLUMNS: &str =
    "f.id, f.rule, f.subject, coalesce(f.preorder, (SELECT n.preorder FROM node n WHERE n.key = f.object)),
    f.base_at, f.opens_at, f.due_at, f.state";

/// Reads a finding from [`COLUMNS`].
///
/// # Errors
/// A stored rule is not one of ours.
pub fn read_finding(row: &SqlRow<'_>) -> DbResult<Finding> {
    let rule: String = row.get(1)?;
    Ok(Finding {
        id: row.get(0)?,
        rule: find_rule(&rule).ok_or_else(|| DbError::Corrupt(format!("rule {rule}")))?.name,
        subject: row.get(2)?,
        preorder: row.get(3)?,
        base_at: row.get(4)?,
        opens_at: row.get(5)?,
        due_at: row.get(6)?,
        said: match row.get(7)? {
            1 => FindingState::Snoozed,
            2 => FindingState::Dismissed,
            3 => FindingState::Resolved,
            _ => FindingState::Open,
        },
    })
}

/// Finds a finding by id, open or not.
///
/// # Errors
/// The read failed.
pub fn find_finding(connection: &Connection, id: &str) -> DbResult<Option<Finding>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM finding f WHERE f.id = ?1"))?
        .query_row([id], |row| Ok(read_finding(row)))
        .optional()?
        .transpose()
}

/// What is kept of a finding, as far as it can change.
#[derive(PartialEq, Eq)]
struct Held {
    scope: String,
    preorder: Option<i64>,
    object: Option<i64>,
    base_at: i64,
    deadline_at: Option<i64>,
    evidence: String,
    opens_at: i64,
    due_at: i64,
    state: i64,
    word: Option<String>,
}

fn find_held(connection: &Connection, id: &str) -> DbResult<Option<Held>> {
    Ok(connection
        .prepare_cached(
            "SELECT scope, preorder, object, base_at, deadline_at, evidence, opens_at, due_at, state, word FROM finding WHERE id = ?1",
        )?
        .query_row([id], |row| {
            Ok(Held {
                scope: row.get(0)?,
                preorder: row.get(1)?,
                object: row.get(2)?,
                base_at: row.get(3)?,
                deadline_at: row.get(4)?,
                evidence: row.get(5)?,
                opens_at: row.get(6)?,
                due_at: row.get(7)?,
                state: row.get(8)?,
                word: row.get(9)?,
            })
        })
        .optional()?)
}

/// Keeps a finding.
///
/// # Errors
/// The write failed.
pub(in crate::projections) fn put(transaction: &Transaction<'_>, terms: &Terms, row: &Row) -> DbResult<()> {
    let id = row.id();
    let mut ids = vec![id.clone()];
    ids.extend(row.aliases.iter().map(|alias| finding_id(row.rule.name, alias)));
    let word = words::newest(transaction, &ids)?;
    let opens_at = terms.opens_at(row.rule, row.found.base_at);
    let (state, due_at, word) = stance(word, row.found.base_at, opens_at);
    let evidence =
        serde_json::to_string(&row.found.evidence).map_err(|error| DbError::Corrupt(error.to_string()))?;
    let now = Held {
        scope: row.scope.clone(),
        preorder: row.preorder,
        object: row.object,
        base_at: row.found.base_at,
        deadline_at: row.found.deadline_at,
        evidence,
        opens_at,
        due_at,
        state,
        word,
    };
    let held = find_held(transaction, &id)?;
    if held.as_ref() == Some(&now) {
        return Ok(());
    }
    let told = |held: &Held| (held.base_at, held.due_at, held.state);
    if held.as_ref().map(told) != Some(told(&now)) {
        note_changed(transaction, &id)?;
    }
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO finding (id, rule, subject, scope, preorder, object, base_at, opens_at, due_at, deadline_at,
               state, word, evidence) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
            id,
            row.rule.name,
            row.found.subject,
            now.scope,
            now.preorder,
            now.object,
            now.base_at,
            now.opens_at,
            now.due_at,
            now.deadline_at,
            now.state,
            now.word,
            now.evidence
        ])?;
    Ok(())
}

/// What a word makes of a finding: its state, when it is due, and the finding the word was said of.
fn stance(word: Option<(String, Word)>, base_at: i64, opens_at: i64) -> (i64, i64, Option<String>) {
    let Some((id, word)) = word.filter(|(_, word)| word.holds(base_at)) else { return (0, opens_at, None) };
    match word.said.state {
        FindingWord::Open => (0, opens_at, None),
        FindingWord::Snoozed => (1, opens_at.max(word.said.until.unwrap_or(opens_at)), Some(id)),
        FindingWord::Dismissed => (2, opens_at, Some(id)),
        FindingWord::Resolved => (3, opens_at, Some(id)),
    }
}

/// Makes a finding's state what the newest word on it says, where there is such a finding.
///
/// # Errors
/// The write failed.
pub(super) fn restate(transaction: &Transaction<'_>, id: &str) -> DbResult<()> {
    let Some(finding) = find_finding(transaction, id)? else { return Ok(()) };
    let word = words::newest(transaction, &[id.to_owned()])?;
    let (state, due_at, word) = stance(word, finding.base_at, finding.opens_at);
    transaction
        .prepare_cached("UPDATE finding SET state = ?2, due_at = ?3, word = ?4 WHERE id = ?1")?
        .execute(params![id, state, due_at, word])?;
    note_changed(transaction, id)
}

/// Removes a finding, where there is one.
///
/// # Errors
/// The write failed.
pub(in crate::projections) fn remove(transaction: &Transaction<'_>, id: &str) -> DbResult<()> {
    let removed = transaction.prepare_cached("DELETE FROM finding WHERE id = ?1")?.execute([id])?;
    if removed > 0 { note_changed(transaction, id) } else { Ok(()) }
}

/// Makes the findings of a scope these.
///
/// # Errors
/// The write failed.
pub(in crate::projections) fn replace(
    transaction: &Transaction<'_>,
    terms: &Terms,
    scope: &str,
    rows: Vec<Row>,
) -> DbResult<()> {
    let kept: BTreeSet<String> = rows.iter().map(Row::id).collect();
    for id in ids_of(transaction, "SELECT id FROM finding WHERE scope = ?1", scope)? {
        if !kept.contains(&id) {
            remove(transaction, &id)?;
        }
    }
    rows.iter().try_for_each(|row| put(transaction, terms, row))
}

/// Removes every finding of a rule.
///
/// # Errors
/// The write failed.
pub(super) fn remove_rule(transaction: &Transaction<'_>, rule: &Rule) -> DbResult<()> {
    let ids = ids_of(transaction, "SELECT id FROM finding WHERE rule = ?1", rule.name)?;
    ids.iter().try_for_each(|id| remove(transaction, id))
}

/// Opens the findings of a rule so many seconds after what they count from.
///
/// # Errors
/// The write failed.
pub(super) fn move_openings(transaction: &Transaction<'_>, rule: &Rule, threshold_s: i64) -> DbResult<()> {
    transaction
        .prepare_cached("INSERT OR IGNORE INTO finding_changed (id) SELECT id FROM finding WHERE rule = ?1")?
        .execute([rule.name])?;
    transaction
        .prepare_cached(
            "UPDATE finding SET opens_at = base_at + ?2,
               due_at = max(base_at + ?2, CASE WHEN state = 1 AND due_at > opens_at THEN due_at ELSE base_at + ?2 END)
             WHERE rule = ?1",
        )?
        .execute(params![rule.name, threshold_s])?;
    Ok(())
}

pub(super) fn ids_of(connection: &Connection, sql: &str, value: &str) -> DbResult<Vec<String>> {
    let mut statement = connection.prepare_cached(sql)?;
    let ids = statement.query_map([value], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(ids)
}

fn note_changed(transaction: &Transaction<'_>, id: &str) -> DbResult<()> {
    transaction.prepare_cached("INSERT OR IGNORE INTO finding_changed (id) VALUES (?1)")?.execute([id])?;
    Ok(())
}

/// Ids of findings that changed since they were last taken, `limit` at most.
///
/// # Errors
/// The read failed.
pub fn list_changed(connection: &Connection, limit: i64) -> DbResult<Vec<String>> {
    let mut statement = connection.prepare_cached("SELECT id FROM finding_changed ORDER BY id LIMIT ?1")?;
    let ids = statement.query_map([limit], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(ids)
}

/// A piece of the index of a rule's findings: those due after one instant and by another.
const DUE: &str = "SELECT id FROM finding INDEXED BY finding_due WHERE rule = ?1 AND state < 2 AND due_at > ?2 AND due_at <= ?3";

/// Findings of a rule that came due, or closed, after one instant and by another.
///
/// # Errors
/// The read failed.
pub fn list_due(connection: &Connection, rule: &Rule, since: i64, now: i64) -> DbResult<Vec<String>> {
    let mut statement = connection.prepare_cached(DUE)?;
    let mut span = |from: i64, to: i64| -> DbResult<Vec<String>> {
        let rows = statement.query_map(params![rule.name, from, to], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    };
    let mut ids = span(since, now)?;
    if let Some(closes_after) = rule.closes_after_s {
        // It closes so long after what it counts from, and opens its threshold after that.
        let wait = Terms::read(connection)?.opens_at(rule, 0).saturating_sub(closes_after);
        ids.extend(span(since.saturating_add(wait), now.saturating_add(wait))?);
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_due_is_found_by_a_seek() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(SQL).unwrap();
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {DUE}")).unwrap();
        let lines: Vec<String> = statement
            .query_map(params!["a", 1, 2], |row| row.get(3))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let sought = "SEARCH finding USING INDEX finding_due (rule=? AND due_at>? AND due_at<?)";
        assert_eq!(lines, [sought]);
    }
}
