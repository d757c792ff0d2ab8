//! The rules that a stuck shop breaks, and how long each of them waits.

use std::collections::BTreeMap;

/// Rules and the seconds from the instant a finding counts from to the instant it opens. Negative seconds count back from
/// a deadline.
const RULES: [(&str, i64); 22] = [
    ("paid_not_completed", 600),
    ("processing_too_long", 3_600),
    ("expires_after_attempt", -7_200),
    ("payment_failed", 3_600),
    ("requires_action_stale", 3_600),
    ("async_pending_too_long", 604_800),
    ("authorisation_lapsing", -172_800),
    ("orphan_payment", 600),
    ("paid_twice", 0),
    ("several_sessions", 3_600),
    ("missing_color", 600),
    ("missing_email", 600),
    ("missing_address", 600),
    ("wrong_amount", 0),
    ("wrong_currency", 0),
    ("metadata_broken", 60),
    ("shared_preorder_id", 0),
    ("partial_refund_completed", 86_400),
    ("refund_failed", 0),
    ("dispute_open", 0),
    ("undelivered_event", 900),
    ("steps_out_of_order", 60),
];

/// How long each rule waits, in seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thresholds(BTreeMap<&'static str, i64>);

impl Default for Thresholds {
    fn default() -> Self {
        Thresholds(RULES.into_iter().collect())
    }
}

impl Thresholds {
    /// The rules that a stuck shop has faults for.
    pub fn rules() -> impl Iterator<Item = &'static str> {
        RULES.into_iter().map(|(rule, _)| rule)
    }

    /// How long a rule waits; zero for a rule that is not known here.
    pub fn of(&self, rule: &str) -> i64 {
        self.0.get(rule).copied().unwrap_or_default()
    }

    /// The same, but this rule waits so long. A rule that is not known here changes nothing.
    #[must_use]
    pub fn with(mut self, rule: &str, seconds: i64) -> Thresholds {
        if let Some(waits) = self.0.get_mut(rule) {
            *waits = seconds;
        }
        self
    }
}
