//! The command line of findings: what is stuck, what is only a lead, and the rules.

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use foredeck_engine::domain::finding::{FindingState, Severity};
use foredeck_engine::projections::findings::RULES;

/// Commands on findings.
#[derive(Debug, Subcommand)]
pub enum FindingCommand {
    /// Lists what does not add up: the worst first, then what waits longest.
    Findings(FindingsLine),
    /// Lists people who began an order and did not pay, the newest first.
    Leads(LeadsLine),
    /// Lists the rules: what each means, when it opens, and whether it is on. `settings set findings.RULE.on=false` changes that.
    Rules,
}

/// Which findings.
#[derive(Debug, Args)]
pub struct FindingsLine {
    /// Only these rules, by comma or given again.
    #[arg(long, value_delimiter = ',', value_name = "RULE", value_parser = PossibleValuesParser::new(RULES.map(|rule| rule.name)))]
    pub rule: Vec<String>,
    /// Where they stand; default open.
    #[arg(long, value_name = "STATE", value_parser = PossibleValuesParser::new(FindingState::ALL.map(FindingState::as_str)))]
    pub state: Option<String>,
    /// Only those of this order, by any id of it.
    #[arg(long, value_name = "ID")]
    pub order: Option<String>,
    /// Only this severity.
    #[arg(long, value_name = "SEVERITY", value_parser = PossibleValuesParser::new(Severity::ALL.map(Severity::as_str)))]
    pub severity: Option<String>,
    /// Beginning or part of an e-mail, or any id.
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// Rows a page, 1 to 500; default 100.
    #[arg(long, value_name = "N")]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[arg(long, value_name = "CURSOR")]
    pub after: Option<String>,
}

/// Which leads.
#[derive(Debug, Args)]
pub struct LeadsLine {
    /// Only this colour; an empty text means unknown.
    #[arg(long)]
    pub color: Option<String>,
    /// Only this locale; an empty text means unknown.
    #[arg(long)]
    pub locale: Option<String>,
    /// Worth at least so much, minor units.
    #[arg(long, value_name = "MINOR")]
    pub least: Option<i64>,
    /// Worth at most so much, minor units.
    #[arg(long, value_name = "MINOR")]
    pub most: Option<i64>,
    /// Started on or after this day, YYYY-MM-DD.
    #[arg(long, value_name = "DAY")]
    pub from: Option<String>,
    /// Started on or before this day.
    #[arg(long, value_name = "DAY")]
    pub to: Option<String>,
    /// Rows a page, 1 to 500; default 100.
    #[arg(long, value_name = "N")]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[arg(long, value_name = "CURSOR")]
    pub after: Option<String>,
}
