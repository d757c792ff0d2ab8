//! The api table by name, and what describes this command line to a shell and to a reader.

use std::io::{self, Read, Write};

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;
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
            io::stdin().read_to_string(&mut text).map_err(|error| {
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
    let made = Man::new(command.clone()).render(&mut page).and_then(|()| chapters(&command, &mut page));
    made.map_err(|error| {
        Problem::new("OUTPUT", format!("the manual page cannot be made: {error}"), "Report this.")
    })?;
    print::raw(&page)
}

/// A chapter for each command that does something. What every command takes stands at the top alone.
fn chapters(command: &clap::Command, page: &mut Vec<u8>) -> io::Result<()> {
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        if below.has_subcommands() {
            chapters(below, page)?;
            continue;
        }
        let name = below.get_bin_name().unwrap_or(below.get_name()).to_owned();
        let plain = below.clone().mut_args(|arg| if arg.is_global_set() { arg.hide(true) } else { arg });
        let man = Man::new(plain);
        let mut chapter = Vec::new();
        man.render_description_section(&mut chapter)?;
        man.render_synopsis_section(&mut chapter)?;
        man.render_options_section(&mut chapter)?;
        writeln!(page, ".SH \"{}\"", name.to_uppercase())?;
        page.extend(String::from_utf8_lossy(&chapter).replace(".SH ", ".SS ").as_bytes());
    }
    Ok(())
}
