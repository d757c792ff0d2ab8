//! The command line: every command with its arguments, as people type them.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use foredeck_engine::domain::shop::ShopKind;
use foredeck_engine::domain::status::PreorderStatus;

use crate::audience_lines::AudienceCommand;
use crate::credit_lines::CreditCommand;
use crate::export_lines::ExportLine;
use crate::finding_lines::FindingCommand;
use crate::fix_lines::{AuditCommand, FixCommand, GuardCommand, PreorderCommand};
use crate::klaviyo_lines::KlaviyoCommand;
use crate::operator_lines::OperatorsCommand;
use crate::report_lines::ReportsCommand;

/// Foredeck from a script: the same operations as the window, headless.
///
/// Data goes to stdout, progress and logs to stderr. Exit status: 0 done, 1 error, 2 usage.
#[derive(Debug, Parser)]
#[command(name = "foredeckctl", version, max_term_width = 100, arg_required_else_help = true)]
pub struct Line {
    /// What every command takes.
    #[command(flatten)]
    pub common: Common,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes, anywhere on the line.
#[derive(Debug, Args)]
pub struct Common {
    /// The data folder; default the window's.
    #[arg(long, global = true, env = "FOREDECK_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// The store, by name or id; default the only one.
    #[arg(long, global = true, value_name = "NAME|ID")]
    pub store: Option<String>,
    /// Any mirror file, opened for reading: no key, no network.
    #[arg(long, global = true, value_name = "PATH", conflicts_with = "store")]
    pub file: Option<PathBuf>,
    /// Who does it. With more than one operator, what writes needs the passphrase as well.
    #[arg(long, global = true, env = "FOREDECK_OPERATOR", value_name = "NAME")]
    pub operator: Option<String>,
    /// Reads the operator's passphrase from the first line of stdin; whatever else a command reads comes after it.
    #[arg(long, global = true, requires = "operator")]
    pub passphrase_stdin: bool,
    /// One JSON document on stdout; errors as one JSON line on stderr.
    #[arg(long, global = true)]
    pub json: bool,
    /// Logs on stderr; twice for more, three times for everything.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// Every command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes, lists and removes stores, and sets their keys.
    #[command(subcommand)]
    Store(StoreCommand),
    /// Reads from Stripe what is new, once or until stopped.
    Sync(SyncLine),
    /// Says how complete and how fresh the mirror is, kind by kind.
    Status,
    /// Shows the account's webhook endpoints, and events that did not arrive or never could.
    Webhooks,
    /// Today, the last seven days, money, and what needs attention.
    Overview,
    /// Counts how far preorders came: by day, colour, locale or source.
    Funnel(FunnelLine),
    /// Lists preorders, a page at a time.
    Preorders(PreordersLine),
    /// Shows one preorder whole, or takes one for a customer.
    #[command(args_conflicts_with_subcommands = true, arg_required_else_help = true)]
    Preorder {
        /// Takes one for a customer.
        #[command(subcommand)]
        command: Option<PreorderCommand>,
        /// Its id, a former one, or the id of any of its Stripe objects or events.
        id: Option<String>,
    },
    /// What is stuck, and what is a lead.
    #[command(flatten)]
    Found(FindingCommand),
    /// Plans and runs fixes.
    #[command(subcommand)]
    Fix(FixCommand),
    /// Lists, checks and exports the audit.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Shows and sets what may be written outward, and how much of it.
    #[command(subcommand)]
    Guard(GuardCommand),
    /// Finds preorders by any id, or by a part of an e-mail.
    Search {
        /// What to look for.
        text: String,
        /// Hits at most, 1 to 100.
        #[arg(long, value_name = "N")]
        limit: Option<u32>,
    },
    /// Lists stored events, newest first.
    Events(EventsLine),
    /// Prints stored JSON as its bytes came: of an event, or the newest of an object.
    Raw {
        /// The id of the event or object.
        id: String,
    },
    /// Purchases, plans, wallets and what does not add up.
    #[command(flatten)]
    Credits(CreditCommand),
    /// Writes everything of one sort, row by row.
    Export(ExportLine),
    /// Imports a file of the shop's own rows: CSV or JSONL. A file that was imported before changes nothing.
    Import(ImportLine),
    /// Lists the batches that were imported, newest first.
    Imports,
    /// Takes a batch out of force: what older batches said of its rows holds again.
    ImportRemove {
        /// Its number.
        batch: i64,
    },
    /// Counts, lists and exports audiences.
    #[command(subcommand)]
    Audience(AudienceCommand),
    /// Connects Klaviyo, and says where it stands.
    #[command(subcommand)]
    Klaviyo(KlaviyoCommand),
    /// Reports of Klaviyo: how their syncs stand, and what they brought.
    #[command(subcommand)]
    Reports(ReportsCommand),
    /// Checks, rebuilds and copies the mirror file.
    #[command(subcommand)]
    Mirror(MirrorCommand),
    /// Shows and changes a store's settings.
    #[command(subcommand)]
    Settings(SettingsCommand),
    /// Lists and changes who may do what. Roles stop mistakes, not someone who holds the account of this machine.
    #[command(subcommand)]
    Operators(OperatorsCommand),
    /// Checks this machine, the data folder and the stores.
    Doctor(DoctorLine),
    /// Calls an operation of the api table by name; without one, lists them.
    Call {
        /// Its name.
        name: Option<String>,
        /// Its arguments as JSON; `-` reads them from stdin.
        #[arg(value_name = "JSON|-")]
        args: Option<String>,
    },
    /// Prints completions for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Prints the manual page.
    Man,
}

/// Commands on stores.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Makes a store. Needs no network. FOREDECK_STRIPE_URL, if set, is its base URL for good.
    Add {
        /// A name for people.
        name: String,
        /// Reads its Stripe key from stdin, for the keychain.
        #[arg(long)]
        key_stdin: bool,
        /// Live or test; default what the key says, else test.
        #[arg(long, value_enum)]
        mode: Option<ModeWord>,
        /// IANA time zone its days are counted in; default the machine's.
        #[arg(long, value_name = "TZ")]
        time_zone: Option<String>,
    },
    /// Lists the stores.
    List,
    /// Removes a store: its mirror file and its key.
    Remove {
        /// Its name or id.
        name: String,
        /// Says that this is meant.
        #[arg(long, required = true)]
        yes: bool,
    },
    /// Sets, checks or forgets the store's Stripe key.
    Key(KeyLine),
}

/// What to do with a key.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct KeyLine {
    /// Reads a key from stdin; it is checked against Stripe and kept only then.
    #[arg(long)]
    pub key_stdin: bool,
    /// Asks Stripe what the key may read.
    #[arg(long)]
    pub check: bool,
    /// Forgets the key.
    #[arg(long)]
    pub forget: bool,
}

/// Live or test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModeWord {
    /// Real money.
    Live,
    /// Test money.
    Test,
}

/// How to sync.
#[derive(Debug, Args)]
pub struct SyncLine {
    /// Lists everything again from the beginning.
    #[arg(long)]
    pub full: bool,
    /// Goes on until stopped (Ctrl-C), with a line for each change.
    #[arg(long)]
    pub watch: bool,
    /// Requests a second at most.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub max_rps: Option<u32>,
}

/// Which funnel.
#[derive(Debug, Args)]
pub struct FunnelLine {
    /// First day, YYYY-MM-DD; default 29 days before the last.
    #[arg(long, value_name = "DAY")]
    pub from: Option<String>,
    /// Last day; default today.
    #[arg(long, value_name = "DAY")]
    pub to: Option<String>,
    /// What a row stands for.
    #[arg(long, value_enum, default_value = "day")]
    pub by: ByWord,
}

/// What a row of the funnel stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ByWord {
    /// A day.
    Day,
    /// A colour.
    Color,
    /// A locale.
    Locale,
    /// A source.
    Source,
}

/// Which preorders.
#[derive(Debug, Args)]
pub struct PreordersLine {
    /// Only these statuses, by comma or given again.
    #[arg(long, value_delimiter = ',', value_name = "STATUS", value_parser = PossibleValuesParser::new(PreorderStatus::ALL.map(PreorderStatus::as_str)))]
    pub status: Vec<String>,
    /// Only this colour; an empty text means unknown.
    #[arg(long)]
    pub color: Option<String>,
    /// Only this locale; an empty text means unknown.
    #[arg(long)]
    pub locale: Option<String>,
    /// Only this source; an empty text means unknown.
    #[arg(long)]
    pub source: Option<String>,
    /// Started on or after this day, YYYY-MM-DD.
    #[arg(long, value_name = "DAY")]
    pub from: Option<String>,
    /// Started on or before this day.
    #[arg(long, value_name = "DAY")]
    pub to: Option<String>,
    /// Only those that reached this step of the funnel.
    #[arg(long, value_enum)]
    pub step: Option<StepWord>,
    /// Only those whose objects carry more than one preorderId, or one shared too widely.
    #[arg(long)]
    pub conflict: bool,
    /// Beginning of an e-mail, any id, or three or more letters of an e-mail.
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// The column to sort by.
    #[arg(long, value_enum)]
    pub sort: Option<SortWord>,
    /// Smallest first.
    #[arg(long)]
    pub ascending: bool,
    /// Rows a page, 1 to 500; default 100.
    #[arg(long, value_name = "N")]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[arg(long, value_name = "CURSOR")]
    pub after: Option<String>,
}

/// A step of the funnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum StepWord {
    /// Every preorder.
    Started,
    /// A checkout was opened.
    CheckoutOpened,
    /// A payment was attempted.
    PaymentAttempted,
    /// Paid.
    Paid,
    /// Paid and kept.
    Kept,
}

/// A column to sort by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SortWord {
    /// When it started.
    Started,
    /// When it was paid.
    Paid,
    /// The amount.
    Amount,
    /// The e-mail.
    Email,
}

/// Which events.
#[derive(Debug, Args)]
pub struct EventsLine {
    /// Only this type; a trailing `*` is a prefix.
    #[arg(long, value_name = "TYPE")]
    pub r#type: Option<String>,
    /// Only those about this object.
    #[arg(long, value_name = "ID")]
    pub object: Option<String>,
    /// Rows a page, 1 to 500; default 100.
    #[arg(long, value_name = "N")]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[arg(long, value_name = "CURSOR")]
    pub after: Option<String>,
}

/// What to import, and how.
#[derive(Debug, Args)]
pub struct ImportLine {
    /// The kind of its rows.
    #[arg(value_parser = PossibleValuesParser::new(ShopKind::ALL.map(ShopKind::as_str)))]
    pub kind: String,
    /// The file.
    #[arg(value_name = "FILE")]
    pub path: PathBuf,
    /// The column a field is read from, over what is saved and guessed; `FIELD=` for none. May be given again.
    #[arg(long, value_name = "FIELD=COLUMN")]
    pub map: Vec<String>,
    /// Changes nothing: says what is new, changed and bad.
    #[arg(long)]
    pub dry_run: bool,
    /// Loads the good rows of a file that has bad ones.
    #[arg(long)]
    pub accept_bad: bool,
}

/// Commands on the mirror file.
#[derive(Debug, Subcommand)]
pub enum MirrorCommand {
    /// Reads every page and every stored body.
    Verify,
    /// Makes orders, customers and counts anew from the stored facts.
    Rebuild,
    /// Copies the mirror, whole and consistent, to a new file, and checks the copy.
    Backup {
        /// The file to write; must not exist.
        #[arg(value_name = "FILE")]
        target: String,
    },
}

/// Commands on settings.
#[derive(Debug, Subcommand)]
pub enum SettingsCommand {
    /// Shows them.
    Get,
    /// Changes some: `time_zone=Europe/Berlin`, `metadata.color=color,colour`, `max_requests_per_s=none`.
    Set {
        /// Names as `settings get` shows them, lists by comma, `none` for the default.
        #[arg(required = true, value_name = "KEY=VALUE")]
        changes: Vec<String>,
    },
}

/// How far the doctor goes.
#[derive(Debug, Args)]
pub struct DoctorLine {
    /// With a test key: asks Stripe itself what its documentation leaves open.
    #[arg(long)]
    pub probe: bool,
    /// Lets the probe write: a customer made twice with one idempotency key and deleted, and a short burst of reads.
    #[arg(long, requires = "probe")]
    pub yes: bool,
}
