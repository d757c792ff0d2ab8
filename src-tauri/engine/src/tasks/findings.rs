//! Looks at findings that changed or came due: notes when each was first seen open and when it was gone, and says which are
//! newly open.
//!
//! What is open follows from the facts and the clock alone; this is for people who are told, and for the record.

use std::collections::{BTreeMap, BTreeSet};

use super::backfill::{self, Reason};
use super::context::Context;
use super::poll::WATERMARK;
use crate::db::{Connection, DbResult, OptionalExtension, Transaction};
use crate::domain::action::FindingWord;
use crate::domain::finding::FindingState;
use crate::facts::seen::{Seen, find_seen, note_seen};
use crate::facts::state::{find_state, set_state};
use crate::projections::findings::rows::list_due;
use crate::projections::findings::rules::{fix_without_effect, funnel_fall};
use crate::projections::findings::{Finding, RULES, find_finding, list_changed, words};
use crate::projections::rebuild;
use crate::topic::{Alert, Topic};

/// State document: the instant up to which what came due was looked at (local clock).
pub const LOOKED_AT: &str = "findings_looked_at";
/// State document: the last full hour that the funnel was looked at for, and the version of the projections it was.
const FUNNEL_AT: &str = "findings_funnel_at";
/// Findings that changed, taken in one transaction.
const STEP: i64 = 2_000;
const HOUR: i64 = 3_600;

/// Findings that are newly open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opened {
    /// How many, by rule; rules with none are left out.
    pub by_rule: BTreeMap<&'static str, i64>,
}

impl Opened {
    /// How many in all.
    pub fn total(&self) -> i64 {
        self.by_rule.values().sum()
    }

    fn count(&mut self, rule: &'static str) {
        *self.by_rule.entry(rule).or_default() += 1;
    }
}

/// Looks at what changed and what came due since the last look, and tells whoever listens. Nothing is looked at while facts
/// wait to be folded or the account is copied for the first time: half a copy finds what is not there.
///
/// # Errors
/// The mirror failed; the next call looks again.
pub async fn look(context: &Context) -> DbResult<Opened> {
    let now = context.clock.now();
    let mut opened = Opened::default();
    let mut any = false;
    loop {
        let looked = context.db.write(move |transaction| look_once(transaction, now)).await?;
        let Some(looked) = looked else { break };
        any |= looked.seen > 0;
        for (rule, count) in looked.opened.by_rule {
            *opened.by_rule.entry(rule).or_default() += count;
        }
        if !looked.more {
            break;
        }
    }
    if any {
        context.announcer.announce(Some(&context.store), Topic::Findings);
    }
    if opened.total() > 0 && context.settings().notify {
        let by_rule = opened.by_rule.iter().map(|(rule, count)| ((*rule).to_owned(), *count)).collect();
        context.announcer.alert(Alert::Findings { store: context.store.clone(), by_rule });
    }
    Ok(opened)
}

struct Looked {
    opened: Opened,
    seen: usize,
    more: bool,
}

fn look_once(transaction: &Transaction<'_>, now: i64) -> DbResult<Option<Looked>> {
    if is_half(transaction)? {
        return Ok(None);
    }
    look_beside(transaction)?;
    let changed = list_changed(transaction, STEP)?;
    let last: Option<i64> = find_state(transaction, LOOKED_AT)?;
    // A clock that went back must not make it look at nothing for as long.
    let since = last.map_or(i64::MIN, |last| last.min(now));
    let mut ids: BTreeSet<String> = changed.iter().cloned().collect();
    for rule in RULES {
        ids.extend(list_due(transaction, rule, since, now)?);
    }
    let mut opened = Opened::default();
    for id in &ids {
        note(transaction, id, now, &mut opened)?;
    }
    for id in &changed {
        transaction.prepare_cached("DELETE FROM finding_changed WHERE id = ?1")?.execute([id])?;
    }
    if last != Some(now) {
        set_state(transaction, LOOKED_AT, &now)?;
    }
    let more = i64::try_from(changed.len()).unwrap_or(0) == STEP;
    Ok(Some(Looked { opened, seen: ids.len(), more }))
}

/// Whether projections are being made, wait for a fold, or are of a copy that is not whole yet.
fn is_half(connection: &Connection) -> DbResult<bool> {
    if rebuild::is_due(connection)? {
        return Ok(true);
    }
    let waiting: bool = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM dirty) OR EXISTS (SELECT 1 FROM dirty_email)")?
        .query_row([], |row| row.get(0))?;
    let run = backfill::find_run(connection)?;
    let copying = run
        .is_some_and(|run| run.finished_at.is_none() && matches!(run.reason, Reason::First | Reason::Away));
    Ok(waiting || copying)
}

/// Brings findings up to date that no fold keeps: of our own actions, and of the funnel's hours.
fn look_beside(transaction: &Transaction<'_>) -> DbResult<()> {
    fix_without_effect::keep(transaction)?;
    let Some(watermark) = find_state::<i64>(transaction, WATERMARK)? else { return Ok(()) };
    let hour = watermark - watermark.rem_euclid(HOUR);
    if find_state::<i64>(transaction, FUNNEL_AT)? != Some(hour) {
        funnel_fall::keep(transaction, hour)?;
        set_state(transaction, FUNNEL_AT, &hour)?;
    }
    Ok(())
}

/// Notes where a finding stands.
fn note(transaction: &Transaction<'_>, id: &str, now: i64, opened: &mut Opened) -> DbResult<()> {
    let finding = find_finding(transaction, id)?;
    let stands = finding.as_ref().and_then(|finding| finding.stands(now));
    let before = find_seen(transaction, id)?;
    match (finding, stands, before) {
        (Some(finding), Some(state), before) => {
            let was = before.as_ref().filter(|seen| seen.gone_at.is_none()).map(|seen| seen.state);
            if state == FindingState::Open
                && was != Some(FindingState::Open)
                && !was_reopened(transaction, id)?
            {
                opened.count(finding.rule);
            }
            let first_seen = before.map_or(now, |seen| seen.first_seen);
            let order_id = order_of(transaction, &finding)?;
            note_seen(
                transaction,
                &Seen {
                    id: finding.id,
                    rule: finding.rule.to_owned(),
                    subject: finding.subject,
                    order_id,
                    first_seen,
                    gone_at: None,
                    state,
                },
            )
        }
        (_, None, Some(before)) if before.gone_at.is_none() => {
            let state = match before.state {
                said @ (FindingState::Dismissed | FindingState::Resolved) => said,
                _ => FindingState::Gone,
            };
            note_seen(transaction, &Seen { gone_at: Some(now), state, ..before })
        }
        _ => Ok(()),
    }
}

/// Whether an operator's newest word opened it again: they need not be told.
fn was_reopened(connection: &Connection, id: &str) -> DbResult<bool> {
    let newest = words::newest(connection, &[id.to_owned()])?;
    Ok(newest.is_some_and(|(_, word)| word.said.state == FindingWord::Open))
}

fn order_of(connection: &Connection, finding: &Finding) -> DbResult<Option<String>> {
    let Some(order) = finding.preorder else { return Ok(None) };
    Ok(connection
        .prepare_cached("SELECT id FROM preorder WHERE key = ?1")?
        .query_row([order], |row| row.get(0))
        .optional()?)
}
