//! The api table by name, and what describes this command line to a shell and to a reader.

use std::io::Read;

use clap::CommandFactory;
use clap_complete::Shell;
use foredeck_engine::api;
use foredeck_engine::error::Problem;
use serde::Serialize;
use serde_json::Value;

use crate::deck::Deck;
use crate::line::Line;
use crate::print::{self, Format, Outcome, Stop};

/// Calls an operation with JSON and prints its reply.
pub async fn call(deck: &Deck, name: &str, args: Option<&str>) -> Outcome {
    let text = match args {
        Some("-") => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map_err(|error| {
                let hint = "Give UTF-8 text, or the JSON as an argument.";
                Problem::new("INPUT", format!("stdin cannot be read: {error}"), hint)
            })?;
            text
        }
        other => other.unwrap_or("{}").to_owned(),
    };
    // The text may hold a key: it is not repeated.
    let args: Value = serde_json::from_str(&text).map_err(|error| {
        Stop::Usage(format!("the arguments are not JSON (line {}, column {})", error.line(), error.column()))
    })?;
    let store = deck.perhaps_chosen().await?;
    let reply = deck.call(store, name, args).await?;
    match deck.format {
        Format::Json => deck.format.reply(&reply, |_| String::new()),
        Format::Text => print::line(&print::pretty(&reply)?),
    }
}

#[derive(Serialize)]
struct Listed {
    name: &'static str,
    args: &'static str,
    reply: &'static str,
    level: u8,
}

/// Lists the operations there are.
pub fn list(format: Format) -> Outcome {
    let listed: Vec<Listed> = api::table()
        .iter()
        .map(|operation| Listed {
            name: operation.name,
            args: operation.args,
            reply: operation.reply,
            level: operation.level.0,
        })
        .collect();
    format.reply(&listed, |listed| {
        let row = |one: &Listed| vec![one.name.to_owned(), one.args.to_owned(), one.reply.to_owned()];
        print::table(&["NAME", "ARGUMENTS", "REPLY"], &[], listed.iter().map(row))
    })
}

/// Prints completions for a shell.
pub fn completions(shell: Shell) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Line::command(), "foredeckctl", &mut script);
    print::raw(&script)
}

/// Prints the manual page, with every command in it.
pub fn manual() -> Outcome {
    let mut command = Line::command();
    command.build();
    let mut page = Vec::new();
    render(&command, &mut page)?;
    print::raw(&page)
}

fn render(command: &clap::Command, page: &mut Vec<u8>) -> Outcome {
    let failed = |error: std::io::Error| {
        Stop::Problem(Problem::new(
            "OUTPUT",
            format!("the manual page cannot be made: {error}"),
            "Report this.",
        ))
    };
    let man = clap_mangen::Man::new(command.clone());
    man.render(page).map_err(failed)
}
