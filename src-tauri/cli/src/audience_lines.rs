//! The command line of audiences.

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use foredeck_engine::domain::audience::Audience;
use foredeck_engine::domain::customer_list::AudienceFormat;

/// Commands on audiences: people who left a preorder, and people who have one.
#[derive(Debug, Subcommand)]
pub enum AudienceCommand {
    /// Counts both audiences, and says who was left out and why.
    List(FilterLine),
    /// Lists the people of one, who started last first.
    Show(ShowLine),
    /// Writes one to a new file: a table, or a customer list as Meta, Google or TikTok take it. Written to the audit.
    Export(AudienceExportLine),
    /// Holds one against the count of a segment of Klaviyo's.
    Compare(CompareLine),
}

/// Which of an audience.
#[derive(Debug, Args)]
pub struct FilterLine {
    /// Only this colour; an empty text means unknown.
    #[arg(long)]
    pub color: Option<String>,
    /// Only this locale; an empty text means unknown.
    #[arg(long)]
    pub locale: Option<String>,
    /// Started on or after this day, YYYY-MM-DD.
    #[arg(long, value_name = "DAY")]
    pub from: Option<String>,
    /// Started on or before this day.
    #[arg(long, value_name = "DAY")]
    pub to: Option<String>,
    /// Started at least so many days ago.
    #[arg(long, value_name = "DAYS")]
    pub least_days: Option<u32>,
    /// Started at most so many days ago.
    #[arg(long, value_name = "DAYS")]
    pub most_days: Option<u32>,
    /// Worth at least so much, minor units.
    #[arg(long, value_name = "MINOR", requires = "currency")]
    pub least: Option<i64>,
    /// Worth at most so much, minor units.
    #[arg(long, value_name = "MINOR", requires = "currency")]
    pub most: Option<i64>,
    /// Only orders in this currency.
    #[arg(long, value_name = "CODE")]
    pub currency: Option<String>,
    /// How old an unpaid order is at least, seconds; default 3600.
    #[arg(long, value_name = "SECONDS")]
    pub abandoned_after: Option<u32>,
    /// Counts orders refunded in part as successful.
    #[arg(long)]
    pub with_partially_refunded: bool,
    /// Keeps those whose orders were refunded in whole.
    #[arg(long)]
    pub with_refunded: bool,
    /// Keeps those whose orders are disputed.
    #[arg(long)]
    pub with_disputed: bool,
    /// Keeps those who unsubscribed or are suppressed.
    #[arg(long)]
    pub with_unsubscribed: bool,
}

/// Whom to list.
#[derive(Debug, Args)]
pub struct ShowLine {
    /// Which audience.
    #[arg(value_parser = PossibleValuesParser::new(Audience::ALL.map(Audience::as_str)))]
    pub audience: String,
    /// Narrows it.
    #[command(flatten)]
    pub filter: FilterLine,
    /// Rows a page, 1 to 500; default 100.
    #[arg(long, value_name = "N")]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[arg(long, value_name = "CURSOR")]
    pub after: Option<String>,
}

/// What to write, and where to.
#[derive(Debug, Args)]
pub struct AudienceExportLine {
    /// Which audience.
    #[arg(value_parser = PossibleValuesParser::new(Audience::ALL.map(Audience::as_str)))]
    pub audience: String,
    /// Narrows it.
    #[command(flatten)]
    pub filter: FilterLine,
    /// In which format.
    #[arg(long, value_parser = PossibleValuesParser::new(AudienceFormat::ALL.map(AudienceFormat::as_str)))]
    pub format: String,
    /// Of a platform's list: values as they are, for the platform to hash.
    #[arg(long)]
    pub plain: bool,
    /// Of a platform's list: one more column, `consent`, that the platform does not know.
    #[arg(long)]
    pub consent_column: bool,
    /// The file to write; must not exist.
    #[arg(long, value_name = "FILE")]
    pub out: String,
}

/// What to hold against what.
#[derive(Debug, Args)]
pub struct CompareLine {
    /// Which audience.
    #[arg(value_parser = PossibleValuesParser::new(Audience::ALL.map(Audience::as_str)))]
    pub audience: String,
    /// Narrows it.
    #[command(flatten)]
    pub filter: FilterLine,
    /// Klaviyo's id of the segment.
    #[arg(long, value_name = "ID")]
    pub segment: String,
}
