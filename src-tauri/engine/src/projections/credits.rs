//! What a payment does to a wallet: a grant, and what refunds and lost disputes take back of it. A pure rule.
//!
//! Clawed back in all = min(granted, floor(granted x (refunds that succeeded + disputes lost) / paid)). Each step takes or gives
//! back the difference to the step before, so that roundings never add up.

use crate::domain::purchase::EntryKind;

/// One entry of a wallet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    /// Unix seconds.
    pub at: i64,
    /// Its kind.
    pub kind: EntryKind,
    /// Credits, with their sign.
    pub credits: i64,
    /// The Stripe object or local fact that caused it.
    pub cause: String,
}

/// Money that went back, or came again after it had gone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// Unix seconds.
    pub at: i64,
    /// The refund, dispute or charge it is of.
    pub cause: String,
    /// It came again: the refund failed after all, or the dispute was won.
    pub undoes: bool,
    /// Minor units, not negative.
    pub minor: i64,
}

/// Writes a payment's entries, in the order of time.
///
/// `paid` is in minor units; where it is 0 nothing can go back. A step that moves no credits is left out.
pub fn entries(granted: i64, paid: i64, (at, cause): (i64, &str), mut steps: Vec<Step>) -> Vec<Entry> {
    if granted <= 0 {
        return Vec::new();
    }
    let mut entries = vec![Entry { at, kind: EntryKind::Grant, credits: granted, cause: cause.to_owned() }];
    steps.sort();
    let mut back = 0_i64;
    let mut clawed = 0_i64;
    for step in steps {
        back = if step.undoes { back.saturating_sub(step.minor) } else { back.saturating_add(step.minor) };
        let now = clawed_total(granted, paid, back);
        let credits = clawed - now;
        clawed = now;
        if credits != 0 {
            let kind = if step.undoes { EntryKind::Reversal } else { EntryKind::Clawback };
            entries.push(Entry { at: step.at.max(at), kind, credits, cause: step.cause });
        }
    }
    entries
}

/// Credits clawed back when `back` of `paid` minor units went back.
pub fn clawed_total(granted: i64, paid: i64, back: i64) -> i64 {
    if paid <= 0 || back <= 0 || granted <= 0 {
        return 0;
    }
    let share = i128::from(granted) * i128::from(back) / i128::from(paid);
    i64::try_from(share).unwrap_or(i64::MAX).min(granted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(at: i64, cause: &str, undoes: bool, minor: i64) -> Step {
        Step { at, cause: cause.to_owned(), undoes, minor }
    }

    fn told(entries: &[Entry]) -> Vec<(&'static str, i64)> {
        entries.iter().map(|entry| (entry.kind.as_str(), entry.credits)).collect()
    }

    #[test]
    fn partial_refunds_take_their_share_and_roundings_do_not_add_up() {
        let thirds = (0..3).map(|n| step(20 + n, &format!("re_{n}"), false, 333)).collect();
        let entries = entries(100, 1_000, (10, "pi_1"), thirds);
        assert_eq!(told(&entries), [("grant", 100), ("clawback", -33), ("clawback", -33), ("clawback", -33)]);
        assert_eq!(clawed_total(100, 1_000, 999), 99);
        assert_eq!(clawed_total(7, 1_000, 142), 0);
    }

    #[test]
    fn a_refund_that_failed_after_all_gives_back_exactly_what_it_took() {
        let steps = vec![
            step(30, "re_1", false, 500),
            step(40, "du_1", false, 1_000),
            step(50, "re_1", true, 500),
            step(60, "du_1", true, 1_000),
        ];
        let entries = entries(9, 1_000, (10, "pi_1"), steps);
        assert_eq!(
            told(&entries),
            [("grant", 9), ("clawback", -4), ("clawback", -5), ("reversal", 9)],
            "the first way back is hidden by the dispute, which took all"
        );
    }

    #[test]
    fn more_back_than_was_paid_claws_no_more_than_was_granted() {
        let steps = vec![step(20, "re_1", false, 900), step(30, "du_1", false, 900)];
        let total: i64 = entries(50, 900, (10, "pi_1"), steps).iter().map(|entry| entry.credits).sum();
        assert_eq!(total, 0);
        assert_eq!(clawed_total(i64::MAX, 1, i64::MAX), i64::MAX);
        assert_eq!(entries(50, 0, (10, "cs_free"), vec![step(20, "re_1", false, 1)]).len(), 1);
    }
}
