//! Findings: what does not add up, by named rules, one file each in `rules`.
//!
//! In: folded orders, people, preorderIds, deliveries, wallets and what operators said. Out: `finding` rows, each with the
//! instant it counts from (`base_at`) and the one it opens at. Whether one is open is asked with a clock and never stored, so
//! that time alone opens and closes them. A row stands for something somebody may have to look at; a healthy order has none.

mod case;
pub mod goods;
mod keep;
pub mod rows;
pub mod rules;
pub mod terms;
mod told;
pub mod words;

pub(super) use keep::{Findings, Looked};
pub use rows::{Finding, find_finding, list_changed};
pub(super) use rows::{SQL, TABLES};
pub use rules::{RULES, find_rule};

use crate::domain::action::ActionKind;
use crate::domain::finding::{Evidence, Severity};
use case::Case;

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Its name, as it is stored, shown in JSON and typed.
    pub name: &'static str,
    /// How much a finding of it matters.
    pub severity: Severity,
    /// Actions that may cure one.
    pub fixes: &'static [ActionKind],
    /// Seconds from `base_at` until it opens, unless a store says otherwise; negative where it counts back from a deadline.
    pub threshold_s: i64,
    /// The fewest and the most seconds that a store may say.
    pub bounds_s: (i64, i64),
    /// Seconds from `base_at` until it closes by itself.
    pub closes_after_s: Option<i64>,
    /// What it finds of one order; None where it looks at something else, or at more than one.
    of_order: Option<fn(&Case<'_>) -> Vec<Found>>,
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// What a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// A Stripe id, or the order's id.
    pub subject: String,
    /// The instant in the facts it counts from, unix seconds.
    pub base_at: i64,
    /// Until when something can be done, unix seconds.
    pub deadline_at: Option<i64>,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
}

impl Found {
    fn new(subject: &str, base_at: i64, evidence: Vec<Evidence>) -> Self {
        Self { subject: subject.to_owned(), base_at, deadline_at: None, evidence }
    }
}

/// The id of a finding.
pub fn finding_id(rule: &str, subject: &str) -> String {
    format!("{rule}:{subject}")
}

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;
/// Bounds of a threshold that counts on from something that happened.
const ON: (i64, i64) = (0, 60 * DAY);
/// Bounds of a threshold that counts back from a deadline.
const BACK: (i64, i64) = (-6 * DAY, 0);
