//! How many findings are open, by rule and by severity.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::places::Wanted;
use crate::db::{Connection, DbResult};
use crate::domain::finding::{FindingState, Severity};
use crate::projections::findings::RULES;
use crate::projections::findings::terms::Terms;
use crate::projections::schema::require_current;

/// How many findings of a rule there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RuleCount {
    /// The rule.
    pub rule: String,
    /// How much a finding of it matters.
    pub severity: Severity,
    /// Open ones.
    pub open: i64,
    /// Snoozed ones.
    pub snoozed: i64,
}

/// How many findings of a severity are open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SeverityCount {
    /// The severity.
    pub severity: Severity,
    /// Open ones.
    pub count: i64,
}

/// How many findings there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct FindingCounts {
    /// Every rule, the worst first, also those that found nothing.
    pub rules: Vec<RuleCount>,
    /// Every severity, the worst first.
    pub severities: Vec<SeverityCount>,
    /// Open ones in all.
    pub total: i64,
    /// Snoozed ones in all.
    pub snoozed: i64,
}

/// Counts findings as they stand at an instant.
///
/// # Errors
/// Stale projections; a failed read.
pub fn counts(connection: &Connection, now: i64) -> DbResult<FindingCounts> {
    require_current(connection)?;
    let terms = Terms::read(connection)?;
    let mut rules = Vec::new();
    for rule in RULES {
        let count = |state| {
            let wanted = Wanted { rules: Vec::new(), state, now, test: None };
            wanted.count_rule(connection, (rule, &terms))
        };
        rules.push(RuleCount {
            rule: rule.name.to_owned(),
            severity: rule.severity,
            open: count(FindingState::Open)?,
            snoozed: count(FindingState::Snoozed)?,
        });
    }
    let of = |severity: Severity| rules.iter().filter(move |rule: &&RuleCount| rule.severity == severity);
    let severities = Severity::ALL
        .into_iter()
        .map(|severity| SeverityCount { severity, count: of(severity).map(|rule| rule.open).sum() })
        .collect();
    let total = rules.iter().map(|rule| rule.open).sum();
    let snoozed = rules.iter().map(|rule| rule.snoozed).sum();
    Ok(FindingCounts { rules, severities, total, snoozed })
}
