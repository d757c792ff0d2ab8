//! The mirror file: checked, rebuilt, copied.

use foredeck_engine::api::types::{MirrorBackupArgs, MirrorReport, NoArgs};
use foredeck_engine::error::Problem;

use crate::deck::Deck;
use crate::line::MirrorCommand;
use crate::plain::plain;
use crate::print::Outcome;

/// Runs a command on the mirror file. What is wrong with the file is printed, and is an error too.
pub async fn run(deck: &Deck, command: &MirrorCommand) -> Outcome {
    let report: MirrorReport = match command {
        MirrorCommand::Verify => deck.ask("mirror_verify", &NoArgs {}).await?,
        MirrorCommand::Rebuild => deck.ask("mirror_rebuild", &NoArgs {}).await?,
        MirrorCommand::Backup { target } => {
            deck.ask("mirror_backup", &MirrorBackupArgs { path: target.clone() }).await?
        }
    };
    deck.format.reply(&report, show)?;
    if report.ok {
        return Ok(());
    }
    let message = format!("the mirror file has {} problems", report.problems.len());
    let hint = "Restore a backup, or remove the store and sync again.";
    Err(Problem::new("MIRROR_DAMAGED", message, hint).into())
}

fn show(report: &MirrorReport) -> String {
    let words = if report.ok { "nothing is wrong" } else { "something is wrong" };
    let mut text = format!("{words}: {} facts, {} preorders\n", report.facts, report.preorders);
    text.extend(report.problems.iter().map(|problem| format!("  {}\n", plain(problem))));
    text
}
