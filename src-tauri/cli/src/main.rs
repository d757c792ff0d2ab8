//! `foredeckctl`: the operations of the api table from a script.
//!
//! In: a command line. Out: data on stdout; progress, logs and errors on stderr; 0, 1 or 2. Deliberately absent:
//! rules about orders, SQL, HTTP. Only `print` writes.

mod audience_lines;
mod audiences;
mod audits;
mod bulk_runs;
mod credit_lines;
mod credits;
mod deck;
mod doctor;
mod export_lines;
mod facts;
mod figures;
mod finding_lines;
mod findings;
mod fix_lines;
mod fixes;
mod imports;
mod klaviyo;
mod klaviyo_events;
mod klaviyo_lines;
mod line;
mod mirror;
mod operations;
mod operator_lines;
mod operators;
mod orders;
mod plain;
mod plans;
mod print;
mod probe;
mod report_lines;
mod reports;
mod settings;
mod stores;
mod sync;
mod typed;
mod webhooks;

use std::process::ExitCode;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use deck::Deck;
use fix_lines::PreorderCommand;
use line::{Command, Line};
use print::{Format, Outcome, Stop};

/// A call to a keychain or a file may hang; the program ends all the same.
const PATIENCE: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let line = match Line::try_parse() {
        Ok(line) => line,
        Err(error) => return refused(&error),
    };
    let format = if line.common.json { Format::Json } else { Format::Text };
    log(&line);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            print::note(&format!("foredeckctl cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(run(&line, format));
    runtime.shutdown_timeout(PATIENCE);
    match outcome {
        Ok(()) | Err(Stop::ReaderGone) => ExitCode::SUCCESS,
        Err(Stop::Usage(message)) => refused(&Line::command().error(ErrorKind::ValueValidation, message)),
        Err(Stop::Problem(problem)) => {
            print::problem(&problem, format);
            ExitCode::FAILURE
        }
    }
}

/// Help, the version, or what is wrong with the line.
fn refused(error: &clap::Error) -> ExitCode {
    let _nobody_reads = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// Logs of the engine go to stderr; with --json only when asked for, so that an error is easily read.
fn log(line: &Line) {
    let filter = match (line.common.verbose, line.common.json) {
        (0, true) => "off",
        (0, false) => "foredeck_engine=warn",
        (1, _) => "foredeck_engine=info",
        (2, _) => "foredeck_engine=debug",
        _ => "trace",
    };
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(filter))
        .with_writer(std::io::stderr)
        .with_target(false)
        .init();
}

async fn run(line: &Line, format: Format) -> Outcome {
    match &line.command {
        Command::Completions { shell } => return operations::completions(*shell),
        Command::Man => return operations::manual(),
        Command::Call { name: None, .. } => return operations::list(format),
        _ => {}
    }
    let max_per_s = if let Command::Sync(sync) = &line.command { sync.max_rps } else { None };
    let deck = Deck::open(&line.common, format, max_per_s)?;
    let outcome = match deck.sign_in(&line.common).await {
        Ok(()) => command(&deck, line).await,
        Err(stop) => Err(stop),
    };
    deck.engine.shutdown().await;
    outcome
}

async fn command(deck: &Deck, line: &Line) -> Outcome {
    match &line.command {
        Command::Store(command) => stores::run(deck, command).await,
        Command::Sync(line) => sync::run(deck, line).await,
        Command::Status => figures::status(deck).await,
        Command::Webhooks => webhooks::show(deck).await,
        Command::Overview => figures::overview(deck).await,
        Command::Funnel(line) => figures::funnel(deck, line).await,
        Command::Preorders(line) => orders::page(deck, line).await,
        Command::Preorder { command: Some(PreorderCommand::New(line)), .. } => {
            fixes::new_preorder(deck, line).await
        }
        Command::Preorder { id, .. } => orders::sheet(deck, id.as_deref().unwrap_or_default()).await,
        Command::Found(command) => findings::run(deck, command).await,
        Command::Fix(command) => fixes::run(deck, command).await,
        Command::Audit(command) => audits::run(deck, command).await,
        Command::Guard(command) => audits::guard(deck, command).await,
        Command::Search { text, limit } => orders::search(deck, text, *limit).await,
        Command::Events(line) => facts::events(deck, line).await,
        Command::Raw { id } => facts::raw(deck, id).await,
        Command::Credits(command) => credits::run(deck, command).await,
        Command::Export(line) => facts::export(deck, line).await,
        Command::Import(line) => imports::import(deck, line).await,
        Command::Imports => imports::list(deck).await,
        Command::ImportRemove { batch } => imports::remove(deck, *batch).await,
        Command::Audience(command) => audiences::run(deck, command).await,
        Command::Klaviyo(command) => klaviyo::run(deck, command).await,
        Command::Reports(command) => reports::run(deck, command).await,
        Command::Mirror(command) => mirror::run(deck, command).await,
        Command::Settings(command) => settings::run(deck, command).await,
        Command::Operators(command) => operators::run(deck, command).await,
        Command::Doctor(line) if line.probe => probe::run(deck, line.yes).await,
        Command::Doctor(_) => doctor::run(deck).await,
        Command::Call { name, args } => {
            operations::call(deck, name.as_deref().unwrap_or_default(), args.as_deref()).await
        }
        Command::Completions { .. } | Command::Man => Ok(()),
    }
}
