//! The rules as they are in force.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::db::{Connection, DbResult};
use crate::domain::action::ActionKind;
use crate::domain::finding::Severity;
use crate::projections::findings::RULES;
use crate::projections::findings::terms::Terms;

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RuleView {
    /// Its name.
    pub name: String,
    /// How much a finding of it matters.
    pub severity: Severity,
    /// Whether it is looked for.
    pub on: bool,
    /// Seconds from the instant it counts from until it opens; negative where that lies ahead.
    pub threshold_s: i64,
    /// The fewest seconds that may be set.
    pub least_s: i64,
    /// The most seconds that may be set.
    pub most_s: i64,
    /// Its own threshold, unless a store says otherwise.
    pub usual_s: i64,
    /// Seconds from that instant until it closes by itself.
    pub closes_after_s: Option<i64>,
    /// Actions that may cure a finding of it.
    pub fixes: Vec<ActionKind>,
}

/// Every rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RuleList {
    /// The worst first.
    pub rules: Vec<RuleView>,
}

/// Lists every rule with its terms.
///
/// # Errors
/// The read failed.
pub fn list(connection: &Connection) -> DbResult<RuleList> {
    let terms = Terms::read(connection)?;
    let view = |rule: &'static crate::projections::findings::Rule| {
        let set = terms.get(rule);
        RuleView {
            name: rule.name.to_owned(),
            severity: rule.severity,
            on: set.on,
            threshold_s: set.threshold_s,
            least_s: rule.bounds_s.0,
            most_s: rule.bounds_s.1,
            usual_s: rule.threshold_s,
            closes_after_s: rule.closes_after_s,
            fixes: rule.fixes.to_vec(),
        }
    };
    Ok(RuleList { rules: RULES.into_iter().map(view).collect() })
}
