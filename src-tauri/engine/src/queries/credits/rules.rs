//! What does not add up about one payment or one wallet. Pure rules; what they are asked about is read in `reconcile`.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::domain::purchase::Coverage;

/// The kind of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum DifferenceKind {
    /// Paid, and no row of the shop says that it was applied.
    PaidNotApplied,
    /// Two or more rows of the shop applied one payment.
    AppliedTwice,
    /// The row's credits are not the plan's.
    WrongCredits,
    /// Money went back, and the shop took too few credits back.
    NotClawed,
    /// The shop's wallet is not the sum of its entries.
    WalletNotSum,
    /// A row of the shop says it was applied, and there is no such payment or it was never paid.
    PurchaseWithoutPayment,
    /// A user of a purchase or wallet is not among the shop's users.
    UserMissing,
}

impl DifferenceKind {
    /// Every kind, in the order they are listed.
    pub const ALL: [Self; 7] = [
        Self::PaidNotApplied,
        Self::AppliedTwice,
        Self::WrongCredits,
        Self::NotClawed,
        Self::WalletNotSum,
        Self::PurchaseWithoutPayment,
        Self::UserMissing,
    ];

    /// The word as it stands in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PaidNotApplied => "paid_not_applied",
            Self::AppliedTwice => "applied_twice",
            Self::WrongCredits => "wrong_credits",
            Self::NotClawed => "not_clawed",
            Self::WalletNotSum => "wallet_not_sum",
            Self::PurchaseWithoutPayment => "purchase_without_payment",
            Self::UserMissing => "user_missing",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A difference: its kind, what should be, what is, and a code that says why.
pub(super) type Verdict = (DifferenceKind, i64, i64, &'static str);

/// A paid purchase and what the shop's rows say of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paid {
    pub coverage: Coverage,
    pub credits: i64,
    /// Clawed back, less what was reversed.
    pub clawed: i64,
    /// Paid before the shop's rows were taken.
    pub in_time: bool,
    /// Rows that applied it.
    pub rows: i64,
    /// Credits of those rows; None where none of them says.
    pub row_credits: Option<i64>,
    /// The most credits of one of them.
    pub row_most: Option<i64>,
    /// Credits the rows say were taken back; None where they do not say.
    pub row_clawed: Option<i64>,
    /// A row's own status says that it was refunded.
    pub row_refunded: bool,
    /// Credits taken back by the shop's wallet entries for it; None where no entries were imported.
    pub entry_clawed: Option<i64>,
}

/// Judges a paid purchase.
pub(super) fn judge_payment(paid: &Paid) -> Vec<Verdict> {
    let mapped = paid.coverage != Coverage::Unmapped;
    if paid.rows == 0 {
        // What was wholly taken back again is owed no more.
        let owed = paid.coverage == Coverage::Plan && paid.credits > paid.clawed;
        return if owed && paid.in_time {
            vec![(DifferenceKind::PaidNotApplied, paid.credits, 0, "no_row")]
        } else {
            Vec::new()
        };
    }
    let mut found = Vec::new();
    let said = paid.row_credits.unwrap_or_default();
    if paid.rows > 1 {
        let once = if mapped { paid.credits } else { paid.row_most.unwrap_or_default() };
        found.push((DifferenceKind::AppliedTwice, once, said, "several_rows"));
    } else if mapped && paid.row_credits.is_some_and(|credits| credits != paid.credits) {
        let why = if paid.coverage == Coverage::NoCredits { "buys_no_credits" } else { "not_the_plans" };
        found.push((DifferenceKind::WrongCredits, paid.credits, said, why));
    }
    let says_nothing = paid.row_clawed.is_none() && paid.entry_clawed.is_none();
    if paid.clawed > 0 && !(says_nothing && paid.row_refunded) {
        let taken = paid.row_clawed.unwrap_or_default().max(paid.entry_clawed.unwrap_or_default());
        if taken < paid.clawed {
            let why = if says_nothing { "not_marked" } else { "too_few_taken_back" };
            found.push((DifferenceKind::NotClawed, paid.clawed, taken, why));
        }
    }
    found
}

/// The wallets of one owner, as the shop has them and as they should add up.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Held {
    /// Balance of the shop's wallets; None where it has none for this owner.
    pub balance: Option<i64>,
    /// Lifetime grants by the shop's wallet.
    pub granted: Option<i64>,
    /// The sum of all the shop's entries of this owner; None where none were imported at all.
    pub entries: Option<i64>,
    /// Whether the shop's entries hold its grants too.
    pub entries_hold_grants: bool,
    /// Credits that the shop's rows applied, less what they say was taken back; None where no purchases were imported.
    pub applied: Option<i64>,
    /// Credits that the rows applied, before anything was taken back.
    pub applied_gross: i64,
    /// Our own grants, less clawbacks.
    pub net_granted: i64,
    /// Adjusted here, by operators.
    pub ours: i64,
}

/// Judges a wallet.
pub(super) fn judge_wallet(held: &Held) -> Option<Verdict> {
    let found = held.balance.unwrap_or_default();
    let differs = |expected: i64, why| {
        // What an operator noted here explains it.
        let explained = expected == found || expected.saturating_add(held.ours) == found;
        (!explained).then_some((DifferenceKind::WalletNotSum, expected, found, why))
    };
    if let Some(entries) = held.entries {
        let why = if held.balance.is_none() { "no_wallet" } else { "not_the_sum" };
        return if held.entries_hold_grants {
            differs(entries, why)
        } else {
            differs(held.applied.unwrap_or(held.net_granted).saturating_add(entries), why)
        };
    }
    held.balance?;
    if let Some(granted) = held.granted {
        let expected = if held.applied.is_some() { held.applied_gross } else { held.net_granted };
        return (expected != granted && expected.saturating_add(held.ours) != granted).then_some((
            DifferenceKind::WalletNotSum,
            expected,
            granted,
            "spending_not_known_grants",
        ));
    }
    let most = held.applied.unwrap_or(held.net_granted).saturating_add(held.ours.max(0));
    (found > most).then_some((
        DifferenceKind::WalletNotSum,
        most,
        found,
        "spending_not_known_more_than_granted",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Paid = Paid {
        coverage: Coverage::Plan,
        credits: 100,
        clawed: 0,
        in_time: true,
        rows: 1,
        row_credits: Some(100),
        row_most: Some(100),
        row_clawed: None,
        row_refunded: false,
        entry_clawed: None,
    };

    fn kinds(paid: &Paid) -> Vec<&'static str> {
        judge_payment(paid).iter().map(|(kind, ..)| kind.as_str()).collect()
    }

    #[test]
    fn a_payment_applied_once_with_the_plans_credits_is_right() {
        assert!(judge_payment(&PLAIN).is_empty());
        assert!(judge_payment(&Paid { row_credits: None, ..PLAIN }).is_empty(), "credits not said");
        let unmapped = Paid { coverage: Coverage::Unmapped, credits: 0, ..PLAIN };
        assert!(judge_payment(&unmapped).is_empty(), "nobody knows what it should be");
    }

    #[test]
    fn each_fault_of_a_payment_is_named() {
        let missing = Paid { rows: 0, row_credits: None, row_most: None, ..PLAIN };
        assert_eq!(kinds(&missing), ["paid_not_applied"]);
        assert!(kinds(&Paid { in_time: false, ..missing }).is_empty(), "paid after the rows were taken");
        assert!(kinds(&Paid { clawed: 100, ..missing }).is_empty(), "all of it went back");
        assert_eq!(kinds(&Paid { rows: 2, row_credits: Some(200), ..PLAIN }), ["applied_twice"]);
        assert_eq!(kinds(&Paid { row_credits: Some(99), ..PLAIN }), ["wrong_credits"]);
        let free = Paid { coverage: Coverage::NoCredits, credits: 0, ..PLAIN };
        assert_eq!(kinds(&free), ["wrong_credits"]);
        let back = Paid { clawed: 50, ..PLAIN };
        assert_eq!(kinds(&back), ["not_clawed"]);
        assert!(kinds(&Paid { row_refunded: true, ..back }).is_empty());
        assert_eq!(kinds(&Paid { row_refunded: true, entry_clawed: Some(0), ..back }), ["not_clawed"]);
        assert!(kinds(&Paid { row_clawed: Some(50), ..back }).is_empty());
    }

    #[test]
    fn a_wallet_is_its_entries_or_explained_by_an_adjustment_of_ours() {
        let held =
            Held { balance: Some(70), entries: Some(70), entries_hold_grants: true, ..Held::default() };
        assert_eq!(judge_wallet(&held), None);
        let drifted = Held { balance: Some(80), ..held };
        assert!(matches!(judge_wallet(&drifted), Some((_, 70, 80, "not_the_sum"))));
        assert_eq!(judge_wallet(&Held { ours: 10, ..drifted }), None);
        assert!(matches!(judge_wallet(&Held { balance: None, ..held }), Some((_, 70, 0, "no_wallet"))));
        let only_spending =
            Held { balance: Some(70), entries: Some(-30), applied: Some(100), ..Held::default() };
        assert_eq!(judge_wallet(&only_spending), None);
    }

    #[test]
    fn without_spending_only_grants_are_compared() {
        let held = Held { balance: Some(70), applied: Some(100), applied_gross: 100, ..Held::default() };
        assert_eq!(judge_wallet(&held), None, "thirty may have been spent");
        assert!(judge_wallet(&Held { balance: Some(101), ..held }).is_some());
        assert_eq!(judge_wallet(&Held { granted: Some(100), ..held }), None);
        assert!(judge_wallet(&Held { granted: Some(200), ..held }).is_some());
    }
}
