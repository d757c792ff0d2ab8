//! The command line of reports.

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand, ValueEnum};
use foredeck_engine::domain::klaviyo::ReportKind;

/// Commands on reports of Klaviyo.
#[derive(Debug, Subcommand)]
pub enum ReportsCommand {
    /// Says how the sync of each kind stands, what is left of the day's calls, and what the report server was told.
    Status,
    /// Asks for a sync, and goes on with it here as far as it goes without a long wait; running it again goes on from there.
    Sync {
        /// The kinds; default all.
        #[command(flatten)]
        kinds: KindsLine,
        /// Asks for it alone: whoever syncs the store does it.
        #[arg(long)]
        queue: bool,
        /// Asks for nothing: only what is due or was begun is gone on with.
        #[arg(long, conflicts_with_all = ["queue", "kinds"])]
        due: bool,
    },
    /// Ends syncs that are under way; what was read stays.
    Cancel {
        /// The kinds; default all.
        #[command(flatten)]
        kinds: KindsLine,
    },
    /// Says who syncs reports from now on: Foredeck itself, or the shop's report server, which is told.
    Engine {
        /// Who.
        #[arg(value_enum)]
        engine: EngineWord,
    },
    /// Looks whether the report server is there and takes the key. It is told nothing by it.
    Test,
    /// Sets or forgets the report server's key; its address is FOREDECK_REPORT_SERVER or the setting reports.server_url.
    Key(ReportKeyLine),
    /// Lists what campaigns, flows, segments or forms came to over some days.
    Show(ShowLine),
}

/// Some kinds.
#[derive(Debug, Args)]
pub struct KindsLine {
    /// Kinds of reports.
    #[arg(value_name = "KIND", value_parser = PossibleValuesParser::new(ReportKind::ALL.map(ReportKind::as_str)))]
    pub kinds: Vec<String>,
}

impl KindsLine {
    /// The kinds that are named.
    pub fn kinds(&self) -> Vec<ReportKind> {
        self.kinds.iter().filter_map(|word| ReportKind::parse(word)).collect()
    }
}

/// Who syncs reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EngineWord {
    /// Foredeck.
    Local,
    /// The shop's report server.
    Server,
}

/// What to do with the report server's key.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct ReportKeyLine {
    /// Reads the key from stdin, for the keychain.
    #[arg(long)]
    pub key_stdin: bool,
    /// Forgets it.
    #[arg(long)]
    pub forget: bool,
}

/// What to show.
#[derive(Debug, Args)]
pub struct ShowLine {
    /// The kind.
    #[arg(value_parser = PossibleValuesParser::new(ReportKind::ALL.map(ReportKind::as_str)))]
    pub kind: String,
    /// First day, YYYY-MM-DD; default 29 days before the last.
    #[arg(long, value_name = "DAY")]
    pub from: Option<String>,
    /// Last day; default today, in the account's time zone.
    #[arg(long, value_name = "DAY")]
    pub to: Option<String>,
    /// Day by day instead of thing by thing.
    #[arg(long)]
    pub by_day: bool,
    /// A statistic to sort by, or value, name, sent_at.
    #[arg(long, conflicts_with = "by_day")]
    pub sort: Option<String>,
    /// Smallest first.
    #[arg(long, conflicts_with = "by_day")]
    pub ascending: bool,
    /// Rows, 1 to 500; default 100.
    #[arg(long, value_name = "N", conflicts_with = "by_day")]
    pub limit: Option<u32>,
}
