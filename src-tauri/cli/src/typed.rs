//! What is typed or piped in and shown nowhere: keys and passphrases.

use std::io::{BufRead, IsTerminal, Read, stdin};

use foredeck_engine::error::Problem;
use foredeck_engine::operators::Passphrase;

use crate::print::{self, Outcome};

/// Longest text read as a key or a passphrase; no key is longer than 255.
const LONGEST: u64 = 4_096;

/// Reads a key: all that is left of stdin.
pub fn key() -> Outcome<String> {
    if stdin().is_terminal() {
        print::note("Paste the key (it shows), then Enter and Ctrl-D:");
    }
    let mut text = String::new();
    stdin().lock().take(LONGEST).read_to_string(&mut text).map_err(|_not_text| {
        Problem::new("BAD_KEY", "stdin does not hold a key", "Give the key alone, as text.")
    })?;
    Ok(text)
}

/// Reads a passphrase: the next line of stdin.
pub fn passphrase(whose: &str) -> Outcome<Passphrase> {
    Ok(Passphrase::new(line(whose)?))
}

/// Reads the next line of stdin without its end.
pub fn line(what: &str) -> Outcome<String> {
    if stdin().is_terminal() {
        print::note(&format!("Type {what} (it shows), then Enter:"));
    }
    // Read here and nowhere before: one buffer holds all of stdin, so that what follows the line is still there.
    let mut text = String::with_capacity(usize::try_from(LONGEST).unwrap_or_default());
    let read = stdin().lock().take(LONGEST).read_line(&mut text);
    let ended = text.strip_suffix('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).map(str::len);
    match (read, ended) {
        (Ok(1..), end) => {
            text.truncate(end.unwrap_or(text.len()));
            Ok(text)
        }
        _ => {
            let hint = "Give it as a line of text on stdin.";
            Err(Problem::new("INPUT", format!("stdin does not hold {what}"), hint).into())
        }
    }
}
