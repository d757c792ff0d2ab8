//! The command line of credits: plans, purchases, wallets and reconciliation.

use clap::{Args, Subcommand};
use foredeck_engine::domain::plan::PlanBy;
use foredeck_engine::domain::purchase::{Coverage, PurchaseStatus};
use foredeck_engine::queries::credits::reconcile::DifferenceKind;

/// Commands on credits.
#[derive(Debug, Subcommand)]
pub enum CreditCommand {
    /// Shows and changes the plan table: which payment buys which plan, and how many credits.
    #[command(subcommand)]
    Plans(PlansCommand),
    /// Lists purchases, newest first.
    Purchases(PurchasesLine),
    /// Shows one purchase with everything that claims its payment.
    Purchase {
        /// Any id of it: payment intent, session, charge, refund, event, preorder.
        id: String,
    },
    /// Answers as a shop's success page asks: paid, pending or not_found. It only reads.
    PurchaseStatus {
        /// Any id of it: session, payment intent, charge, event, preorder.
        id: String,
    },
    /// Lists wallets.
    Wallets(WalletsLine),
    /// Shows one owner's wallet with its ledger.
    Wallet {
        /// A user id or an e-mail.
        owner: String,
    },
    /// Gives an owner credits or takes them, here in the mirror alone: nothing is sent anywhere.
    WalletAdjust(AdjustLine),
    /// Holds Stripe's payments, the shop's purchases and its wallets against each other.
    Reconcile(ReconcileLine),
}

/// Commands on the plan table. Each change prints what it does to the payments there are.
#[derive(Debug, Subcommand)]
pub enum PlansCommand {
    /// Lists the rules and how many payments each covers, then what no rule covers.
    List,
    /// Adds a rule, or changes the one of the same kind and value.
    Set(PlanLine),
    /// Removes a rule.
    Remove {
        /// What the rule looks at.
        #[arg(value_parser = parse_by)]
        by: PlanBy,
        /// The value it matches; left out for credits.
        #[arg(default_value = "")]
        value: String,
        #[command(flatten)]
        change: ChangeLine,
    },
    /// Adds the rules that the account's prices suggest by their metadata; or takes a whole table from a JSON file.
    Import {
        /// A JSON list of rules `{by, value, plan, credits}`; `-` reads stdin. Without one the account's prices are looked at.
        file: Option<String>,
        #[command(flatten)]
        change: ChangeLine,
    },
}

/// How a change is made.
#[derive(Debug, Args)]
pub struct ChangeLine {
    /// Says what would change, and changes nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// One rule.
#[derive(Debug, Args)]
pub struct PlanLine {
    /// What it looks at: price, lookup_key, product, plan, credits or amount.
    #[arg(value_parser = parse_by)]
    pub by: PlanBy,
    /// The value it matches, such as price_123 or "1234 eur"; left out for credits.
    #[arg(default_value = "")]
    pub value: String,
    /// The plan's name.
    #[arg(long, value_name = "NAME", required_unless_present = "no_credits")]
    pub plan: Option<String>,
    /// Credits for each one bought; left out, the payment's credits metadata says it.
    #[arg(long, value_name = "N", conflicts_with = "no_credits")]
    pub credits: Option<i64>,
    /// Such a payment buys no credits.
    #[arg(long, conflicts_with = "plan")]
    pub no_credits: bool,
    #[command(flatten)]
    pub change: ChangeLine,
}

/// Filters of the purchase list.
#[derive(Debug, Args)]
pub struct PurchasesLine {
    /// pending, paid, refunded, partially_refunded or disputed.
    #[arg(long, value_parser = parse_status)]
    pub status: Option<PurchaseStatus>,
    /// plan, no_credits or unmapped.
    #[arg(long, value_parser = parse_coverage)]
    pub coverage: Option<Coverage>,
    /// Only of this plan.
    #[arg(long)]
    pub plan: Option<String>,
    /// Any id of a payment, or the beginning of an owner's user id or e-mail.
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// Rows at most, 1 to 500.
    #[arg(long, value_name = "N")]
    pub limit: Option<u32>,
    /// The cursor of the page before.
    #[arg(long, value_name = "CURSOR")]
    pub after: Option<String>,
}

/// Filters of the wallet list.
#[derive(Debug, Args)]
pub struct WalletsLine {
    /// The beginning of an owner's user id or e-mail.
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// Only wallets below zero.
    #[arg(long)]
    pub negative: bool,
    /// Largest balance first.
    #[arg(long)]
    pub by_balance: bool,
    /// With --by-balance: smallest first.
    #[arg(long, requires = "by_balance")]
    pub ascending: bool,
    /// Rows at most, 1 to 500.
    #[arg(long, value_name = "N")]
    pub limit: Option<u32>,
    /// The cursor of the page before.
    #[arg(long, value_name = "CURSOR")]
    pub after: Option<String>,
}

/// An adjustment.
#[derive(Debug, Args)]
pub struct AdjustLine {
    /// A user id or an e-mail.
    pub owner: String,
    /// Credits with their sign, such as 50 or -50.
    #[arg(allow_negative_numbers = true)]
    pub credits: i64,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

/// Filters of the reconciliation.
#[derive(Debug, Args)]
pub struct ReconcileLine {
    /// Only differences of this kind.
    #[arg(long, value_parser = parse_kind)]
    pub kind: Option<DifferenceKind>,
    /// Only of this owner: a user id or an e-mail.
    #[arg(long)]
    pub owner: Option<String>,
    /// Rows at most, 1 to 5000.
    #[arg(long, value_name = "N")]
    pub limit: Option<u32>,
    /// Rows to pass over.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub offset: u32,
}

fn one_of<T: Copy>(all: &[T], word: fn(T) -> &'static str, text: &str) -> Result<T, String> {
    all.iter()
        .copied()
        .find(|one| word(*one) == text)
        .ok_or_else(|| format!("one of {}", all.iter().map(|one| word(*one)).collect::<Vec<_>>().join(", ")))
}

fn parse_by(text: &str) -> Result<PlanBy, String> {
    one_of(&PlanBy::ALL, PlanBy::as_str, text)
}

fn parse_status(text: &str) -> Result<PurchaseStatus, String> {
    one_of(&PurchaseStatus::ALL, PurchaseStatus::as_str, text)
}

fn parse_coverage(text: &str) -> Result<Coverage, String> {
    one_of(&Coverage::ALL, Coverage::as_str, text)
}

fn parse_kind(text: &str) -> Result<DifferenceKind, String> {
    one_of(&DifferenceKind::ALL, DifferenceKind::as_str, text)
}
