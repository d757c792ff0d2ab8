//! The one room that writes to stdout and stderr. A reader that has gone away ends the program quietly.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use comfy_table::{CellAlignment, Table, presets};
use foredeck_engine::db::DbError;
use foredeck_engine::error::Problem;
use foredeck_engine::registry::RegistryError;
use serde::Serialize;

use crate::plain::plain;

/// Why a command ends before its end.
#[derive(Debug)]
pub enum Stop {
    /// Something went wrong: exit status 1.
    Problem(Problem),
    /// What was typed cannot be meant: exit status 2.
    Usage(String),
    /// Nobody reads our output any more.
    ReaderGone,
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<RegistryError> for Stop {
    fn from(error: RegistryError) -> Self {
        Self::Problem(error.into())
    }
}

impl From<DbError> for Stop {
    fn from(error: DbError) -> Self {
        Self::Problem(error.into())
    }
}

/// The outcome of a command.
pub type Outcome<T = ()> = Result<T, Stop>;

/// How output looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Tables for people.
    Text,
    /// One JSON document.
    Json,
}

impl Format {
    /// Prints a reply as JSON, or what `text` makes of it.
    pub fn reply<T: Serialize>(self, reply: &T, text: impl FnOnce(&T) -> String) -> Outcome {
        match self {
            Self::Json => line(&to_json(reply)?),
            Self::Text => line(text(reply).trim_end_matches('\n')),
        }
    }
}

fn to_json<T: Serialize>(reply: &T) -> Outcome<String> {
    serde_json::to_string(reply).map_err(|error| broken(&error))
}

/// JSON over several lines, for a person who asked for JSON.
pub fn pretty<T: Serialize>(reply: &T) -> Outcome<String> {
    serde_json::to_string_pretty(reply).map_err(|error| broken(&error))
}

fn broken(error: &serde_json::Error) -> Stop {
    Stop::Problem(Problem::new("INTERNAL", format!("a reply cannot be written: {error}"), "Report this."))
}

/// A line of data.
pub fn line(text: &str) -> Outcome {
    raw(text.as_bytes())?;
    raw(b"\n")
}

/// Bytes of data.
pub fn raw(bytes: &[u8]) -> Outcome {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| failed(&error))
}

/// Stored JSON as its bytes came; on a terminal, control characters as escapes, which is the same JSON.
pub fn stored_json(json: &str) -> Outcome {
    if !io::stdout().is_terminal() {
        return line(json);
    }
    let harmless = |c: char| match c {
        '\n' => c.to_string(),
        c if c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c) => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    };
    line(&json.chars().map(harmless).collect::<String>())
}

fn failed(error: &io::Error) -> Stop {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Stop::ReaderGone;
    }
    let hint = "Free some space, or write to another place.";
    Stop::Problem(Problem::new("OUTPUT", format!("the output cannot be written: {error}"), hint))
}

/// Stdout for long exports. Remembers that its reader has gone.
pub struct Stream {
    out: BufWriter<io::Stdout>,
    reader_gone: Arc<AtomicBool>,
}

impl Stream {
    /// Opens it; the flag tells afterwards whether the reader went away.
    pub fn open() -> (Self, Arc<AtomicBool>) {
        let reader_gone = Arc::<AtomicBool>::default();
        let out = BufWriter::with_capacity(64 * 1024, io::stdout());
        (Self { out, reader_gone: Arc::clone(&reader_gone) }, reader_gone)
    }

    fn noted<T>(&self, outcome: io::Result<T>) -> io::Result<T> {
        if outcome.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            self.reader_gone.store(true, Ordering::Relaxed);
        }
        outcome
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let outcome = self.out.write(bytes);
        self.noted(outcome)
    }

    fn flush(&mut self) -> io::Result<()> {
        let outcome = self.out.flush();
        self.noted(outcome)
    }
}

/// A note for the person at the terminal.
pub fn note(text: &str) {
    let _nobody_reads = writeln!(io::stderr(), "{}", plain(text));
}

/// Progress that replaces itself on a terminal, and is a line of its own elsewhere.
pub struct Progress {
    shown: std::sync::Mutex<String>,
    terminal: bool,
}

impl Progress {
    /// Shows nothing yet.
    pub fn start() -> Self {
        Self { shown: std::sync::Mutex::default(), terminal: io::stderr().is_terminal() }
    }

    /// Shows a text, unless it is what is shown.
    pub fn show(&self, text: &str) {
        let text = plain(text);
        let mut shown = self.shown.lock().expect("no panic while held");
        if *shown == text || text.is_empty() {
            return;
        }
        let (begin, end) = if self.terminal { ("\r\u{1b}[2K", "") } else { ("", "\n") };
        let _nobody_reads = write!(io::stderr(), "{begin}{text}{end}");
        *shown = text;
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        let begun = self.shown.get_mut().is_ok_and(|shown| !shown.is_empty());
        if self.terminal && begun {
            let _nobody_reads = write!(io::stderr(), "\r\u{1b}[2K");
        }
    }
}

/// Prints an error: readable, or as one JSON line.
pub fn problem(problem: &Problem, format: Format) {
    #[derive(Serialize)]
    struct Shown<'a> {
        code: &'a str,
        message: &'a str,
        hint: &'a str,
    }
    let text = match format {
        Format::Json => {
            let shown = Shown { code: problem.code, message: &problem.message, hint: &problem.hint };
            serde_json::to_string(&shown).unwrap_or_default()
        }
        Format::Text => {
            let Problem { code, message, hint } = problem;
            format!("error: {} ({code})\n  {}", plain(message), plain(hint))
        }
    };
    let _nobody_reads = writeln!(io::stderr(), "{text}");
}

/// A table without borders. Columns from `numbers_from` on are figures and stand to the right.
pub fn table(header: &[&str], numbers: &[usize], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header.iter().copied());
    for row in rows {
        table.add_row(row);
    }
    let columns = table.column_count();
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if index + 1 == columns { 0 } else { 2 }));
        if numbers.contains(&index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}
