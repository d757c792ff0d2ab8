//! The command line of exports.

use clap::{Args, ValueEnum};

/// What to export, and where to.
#[derive(Debug, Args)]
pub struct ExportLine {
    /// What.
    #[arg(value_enum)]
    pub what: ExportWord,
    /// In which format; of events, JSONL lines are the bytes as they came.
    #[arg(long, value_enum)]
    pub format: FormatWord,
    /// The file to write; default stdout.
    #[arg(long, value_name = "FILE")]
    pub out: Option<String>,
}

/// What can be exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportWord {
    /// Every preorder.
    Preorders,
    /// Every event.
    Events,
    /// Everyone whose e-mail is on a preorder.
    Customers,
    /// Every purchase.
    Purchases,
    /// Every wallet.
    Wallets,
    /// Everything that does not add up.
    Differences,
    /// Every finding that stands.
    Findings,
    /// Every lead.
    Leads,
    /// The audit, with the hash of each row.
    Audit,
    /// What campaigns came to, day by day.
    Campaigns,
    /// What flows came to, day by day.
    Flows,
    /// How segments changed, day by day.
    Segments,
    /// What forms came to, day by day.
    Forms,
}

/// The format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormatWord {
    /// Comma-separated, for spreadsheets; formulas are neutralised.
    Csv,
    /// One JSON document a line.
    Jsonl,
}
