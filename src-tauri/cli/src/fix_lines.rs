//! The command line of fixes: plans, runs, bulk runs, the guard, the audit, and orders taken for customers.

use clap::{Args, Subcommand, ValueEnum};

/// Commands on fixes. Nothing is done before a plan is shown and run by its id.
#[derive(Debug, Subcommand)]
pub enum FixCommand {
    /// Shows what a fix would change, and keeps the plan for a day.
    #[command(subcommand)]
    Plan(PlanLine),
    /// Runs a plan that was shown, once.
    Run(RunLine),
    /// Shows an action: where it stands, what was asked and answered.
    Show {
        /// Its id, `act_...`.
        id: String,
    },
    /// Lists what can be done about an order, and why not where it cannot.
    Options {
        /// Any id of the order.
        order: String,
    },
    /// One fix for many orders.
    #[command(subcommand)]
    Bulk(BulkCommand),
}

/// What to plan.
#[derive(Debug, Subcommand)]
pub enum PlanLine {
    /// The first fix that cures a finding and can be done now.
    For {
        /// The finding, `rule:subject`.
        finding: String,
    },
    /// Reads every object of an order from Stripe again.
    Refetch {
        /// Any id of the order.
        order: String,
    },
    /// Joins a payment to an order.
    LinkPayment {
        /// The payment: intent, charge or session.
        payment: String,
        /// Any id of the order.
        order: String,
    },
    /// Changes colour, e-mail, locale or shipping address.
    ChangeDetails(Box<DetailsLine>),
    /// Opens a fresh checkout with the same order data.
    NewLink {
        /// Any id of the order.
        order: String,
    },
    /// Ends an open checkout.
    ExpireSession {
        /// The session.
        session: String,
    },
    /// Takes an authorised amount.
    Capture {
        /// The payment intent.
        intent: String,
    },
    /// Lets an authorised amount go.
    CancelAuthorisation {
        /// The payment intent.
        intent: String,
    },
    /// Pays back, whole or in part.
    Refund(RefundLine),
    /// Asks Stripe to deliver an event again. Undocumented by Stripe; switch it on with `guard set resend=true`.
    ResendEvent {
        /// The event.
        event: String,
        /// The webhook endpoint, `we_...`.
        endpoint: String,
    },
    /// Takes back credits that one payment was granted twice.
    ReverseGrant {
        /// The wallet's owner.
        owner: String,
        /// The payment.
        payment: String,
        /// Credits to take back.
        credits: i64,
    },
    /// Snoozes, dismisses, resolves or opens a finding again.
    SetFinding(SetFindingLine),
    /// Writes a note on an order.
    Annotate {
        /// Any id of the order.
        order: String,
        /// The note.
        note: String,
    },
}

/// What to change.
#[derive(Debug, Args)]
pub struct DetailsLine {
    /// Any id of the order.
    pub order: String,
    /// Colour.
    #[arg(long)]
    pub color: Option<String>,
    /// E-mail.
    #[arg(long)]
    pub email: Option<String>,
    /// Locale.
    #[arg(long)]
    pub locale: Option<String>,
    /// Who it is delivered to; an address needs name, line and country.
    #[arg(long, requires_all = ["line1", "country"])]
    pub name: Option<String>,
    /// Street and number.
    #[arg(long, requires = "name")]
    pub line1: Option<String>,
    /// Flat, floor, company.
    #[arg(long, requires = "name", default_value = "")]
    pub line2: String,
    /// City.
    #[arg(long, requires = "name", default_value = "")]
    pub city: String,
    /// State or county.
    #[arg(long, requires = "name", default_value = "")]
    pub state: String,
    /// Postal code.
    #[arg(long, requires = "name", default_value = "")]
    pub postal_code: String,
    /// Country, two capital letters.
    #[arg(long, requires = "name")]
    pub country: Option<String>,
}

/// What to pay back.
#[derive(Debug, Args)]
pub struct RefundLine {
    /// The charge, or its payment intent.
    pub payment: String,
    /// How much, as in `12.50`; default all that is left.
    #[arg(long, value_name = "AMOUNT")]
    pub amount: Option<String>,
    /// Why.
    #[arg(long, value_enum, default_value = "requested_by_customer")]
    pub reason: ReasonWord,
}

/// Why money is paid back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum ReasonWord {
    /// The customer asked for it.
    RequestedByCustomer,
    /// It was paid twice.
    Duplicate,
}

/// What to say of a finding.
#[derive(Debug, Args)]
pub struct SetFindingLine {
    /// The finding.
    pub finding: String,
    /// What is said of it.
    #[arg(value_enum)]
    pub state: WordWord,
    /// Hours a snooze holds.
    #[arg(long, value_name = "HOURS", required_if_eq("state", "snoozed"))]
    pub hours: Option<u32>,
    /// Why.
    #[arg(long)]
    pub note: Option<String>,
}

/// What is said of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WordWord {
    /// It needs attention again.
    Open,
    /// Not before some time.
    Snoozed,
    /// It is not wrong.
    Dismissed,
    /// It was dealt with.
    Resolved,
}

/// Runs a plan.
#[derive(Debug, Args)]
pub struct RunLine {
    /// The plan's id, `pln_...` or, of many orders, `blk_...`.
    pub plan: String,
    /// Says that this is meant.
    #[arg(long, required = true)]
    pub yes: bool,
    /// The amount the plan shows, as in `12.50`: needed where real money moves.
    #[arg(long, value_name = "AMOUNT")]
    pub confirm_amount: Option<String>,
}

/// Commands on bulk runs.
#[derive(Debug, Subcommand)]
pub enum BulkCommand {
    /// Shows what one fix would do to many orders, whose ids are read from stdin, one a line.
    Plan(BulkPlanLine),
    /// Runs a plan for many orders; goes on where it was stopped.
    Run(RunLine),
    /// Shows a bulk run.
    Show {
        /// Its id, `blk_...`.
        id: String,
    },
    /// Lists bulk runs.
    List,
    /// Pauses a bulk run.
    Pause {
        /// Its id.
        id: String,
    },
    /// Lets a bulk run go on, and sees it through.
    Resume {
        /// Its id.
        id: String,
    },
}

/// One fix for many orders.
#[derive(Debug, Args)]
pub struct BulkPlanLine {
    /// The action, such as `refetch`, `new_link`, `expire_session`, `capture`, `cancel_authorisation`, `refund`, `send_event`, `annotate`, `set_finding`.
    #[arg(value_parser = parse_action)]
    pub action: foredeck_engine::domain::action::ActionKind,
    /// A note, of `annotate` and `set_finding`.
    #[arg(long)]
    pub note: Option<String>,
    /// What is said of findings.
    #[arg(long, value_enum)]
    pub state: Option<WordWord>,
    /// Hours a snooze holds.
    #[arg(long, value_name = "HOURS")]
    pub hours: Option<u32>,
    /// Why money is paid back.
    #[arg(long, value_enum, default_value = "requested_by_customer")]
    pub reason: ReasonWord,
    /// Lets Klaviyo's flows mail people, of `send_event`; else it is backfill.
    #[arg(long)]
    pub mail: bool,
}

fn parse_action(text: &str) -> Result<foredeck_engine::domain::action::ActionKind, String> {
    foredeck_engine::domain::action::ActionKind::parse(text)
        .ok_or_else(|| format!("there is no action {text:?}"))
}

/// Commands on one preorder.
#[derive(Debug, Subcommand)]
pub enum PreorderCommand {
    /// Takes an order for a customer and prints the payment link. Without --yes it only shows the plan.
    New(NewLine),
}

/// An order taken for a customer.
#[derive(Debug, Args)]
pub struct NewLine {
    /// Who orders.
    #[arg(long)]
    pub email: String,
    /// Their name.
    #[arg(long)]
    pub name: Option<String>,
    /// Colour.
    #[arg(long)]
    pub color: String,
    /// Locale of the payment page and of mails.
    #[arg(long)]
    pub locale: String,
    /// The price's Stripe id.
    #[arg(long)]
    pub price: String,
    /// How many.
    #[arg(long, default_value_t = 1)]
    pub quantity: i64,
    /// Says that this is meant.
    #[arg(long)]
    pub yes: bool,
}

/// Commands on the guard: what may be written outward, and how much.
#[derive(Debug, Subcommand)]
pub enum GuardCommand {
    /// Shows it, with what today has used.
    Show,
    /// Changes some: `writing=true`, `stopped=false`, `resend=true`, `daily_mails=100`, `daily_money.eur=500.00`, `support_money.eur=50.00`.
    Set {
        /// Names as `guard show` shows them.
        #[arg(required = true, value_name = "KEY=VALUE")]
        changes: Vec<String>,
    },
    /// Stops all writes of this store at once.
    Stop,
}

/// Commands on the audit.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Lists its rows, newest first.
    List(AuditLine),
    /// Checks the chain against its key and the head in the keychain; names the first broken row.
    Verify,
    /// Writes all of it, row by row, each with its hash.
    Export {
        /// In which format.
        #[arg(long, value_enum, default_value = "jsonl")]
        format: crate::export_lines::FormatWord,
        /// The file to write; default stdout.
        #[arg(long, value_name = "FILE")]
        out: Option<String>,
    },
}

/// Which rows.
#[derive(Debug, Args)]
pub struct AuditLine {
    /// Only rows of this action or bulk run.
    #[arg(long, value_name = "ID")]
    pub action: Option<String>,
    /// Only rows of this operator.
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Rows a page, 1 to 500; default 100.
    #[arg(long, value_name = "N")]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[arg(long, value_name = "ROW")]
    pub before: Option<i64>,
}
