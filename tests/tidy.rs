//! Rules of the tree that no compiler holds: rooms, generated types, forgotten tests, released migrations, file sizes.
//! Each test lists everything that breaks its rule, with the cure.

#[path = "tidy/forgotten.rs"]
mod forgotten;
#[path = "tidy/rooms.rs"]
mod rooms;
#[path = "tidy/source.rs"]
mod source;
#[path = "tidy/types.rs"]
mod types;

use sha2::{Digest, Sha256};
use source::{files, read, root};

/// Lines that a source file may have. Past 300 ask why; past this, split it.
const LINES: usize = 450;

/// Files that may be longer, each with its reason.
const LONG_FILES: &[(&str, &str)] = &[];

#[test]
fn no_file_grows_past_what_a_reader_can_hold() {
    let mut problems = Vec::new();
    for path in files() {
        let counted = [".rs", ".ts", ".tsx"].iter().any(|end| path.ends_with(end));
        if !counted || path.contains("/generated/") || LONG_FILES.iter().any(|(long, _)| *long == path) {
            continue;
        }
        let lines = read(path).lines().count();
        if lines > LINES {
            problems
                .push(format!("{path}: {lines} lines, {LINES} at most: split it by what changes together"));
        }
    }
    none(problems);
}

#[test]
fn long_files_that_are_excused_are_still_long() {
    let short = |path: &&str| !root().join(path).exists() || read(path).lines().count() <= LINES;
    let excused = LONG_FILES.iter().map(|(path, _)| path);
    none(excused.filter(|path| short(path)).map(|path| format!("{path}: take it off LONG_FILES")).collect());
}

#[test]
fn no_file_names_a_folder_of_one_machine() {
    let mut problems = Vec::new();
    for path in files() {
        for (number, line) in read(path).lines().enumerate() {
            if names_a_machine(line) {
                problems.push(format!("{path}:{}: a path of one machine: {}", number + 1, line.trim()));
            }
        }
    }
    none(problems);
}

#[test]
fn released_migrations_did_not_change() {
    let list = read("migrations/checksums.txt");
    let known_to_engine = read("src-tauri/engine/src/db/migrations.rs");
    let mut problems = Vec::new();
    let mut listed = Vec::new();
    for line in list.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let &[hash, name, state] = words.as_slice() else {
            problems.push(format!("migrations/checksums.txt: not `sha256  NAME RELEASED|open`: {line}"));
            continue;
        };
        listed.push(name.to_owned());
        let path = format!("migrations/{name}");
        if !root().join(&path).exists() {
            problems.push(format!("{path}: listed but not there"));
        } else if state == "RELEASED" && sha256(&path) != hash {
            problems.push(format!("{path}: released, so it may not change; write a new migration instead"));
        } else if state != "RELEASED" && state != "open" {
            problems.push(format!("{path}: is `{state}`; it must be RELEASED or open"));
        }
    }
    for path in files().iter().filter(|path| path.starts_with("migrations/") && path.ends_with(".sql")) {
        let name = path.trim_start_matches("migrations/");
        if !listed.iter().any(|known| known == name) {
            let hash = sha256(path);
            problems.push(format!("{path}: add `{hash}  {name} open` to migrations/checksums.txt"));
        }
        if !known_to_engine.contains(&format!("\"{name}\"")) {
            problems.push(format!("{path}: the engine does not run it: add it to db/migrations.rs"));
        }
    }
    if !listed.is_sorted() {
        problems.push("migrations/checksums.txt: list them in order".to_owned());
    }
    none(problems);
}

#[test]
fn decisions_are_short_and_numbered_without_a_gap() {
    let records = files().iter().filter(|path| path.starts_with("docs/decisions/"));
    let mut problems = Vec::new();
    for (number, path) in records.enumerate() {
        if !path.starts_with(&format!("docs/decisions/{number:04}-")) {
            problems.push(format!("{path}: is the record {number:04} of the folder"));
        }
        if read(path).lines().count() > 40 {
            problems.push(format!("{path}: more than 40 lines"));
        }
    }
    none(problems);
}

/// Fails with every problem of a rule at once.
#[track_caller]
pub fn none(problems: Vec<String>) {
    assert!(problems.is_empty(), "\n  {}\n", problems.join("\n  "));
}

fn sha256(path: &str) -> String {
    let bytes = std::fs::read(root().join(path)).unwrap_or_default();
    Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn names_a_machine(line: &str) -> bool {
    let starts_a_path =
        |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-/*}".contains(c));
    let named = |needle: &str| line.match_indices(needle).any(|(at, _)| starts_a_path(at));
    let home = concat!("/ho", "me/");
    let somebody = |at: usize| {
        let rest = &line[at + home.len()..];
        let name = rest.find('/').map_or("", |end| &rest[..end]);
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    named(concat!("/wo", "rk/"))
        || named(concat!("/Us", "ers/"))
        || line.match_indices(home).any(|(at, _)| starts_a_path(at) && somebody(at))
}

#[test]
fn a_machine_path_is_told_from_a_web_address() {
    let there = |parts: [&str; 2]| names_a_machine(&parts.concat());
    assert!(there(["see /wo", "rk/main/x"]), "a path of its own");
    assert!(there(["\"/ho", "me/ada/code\""]), "somebody's home");
    assert!(there(["cd /Us", "ers/ada"]), "a Mac's home");
    assert!(!there(["https://example.com/wo", "rk/x"]), "part of an address");
    assert!(!there(["mkdir -p \"$dir/ho", "me/x\"/y"]), "below a variable: no home of a person");
}
