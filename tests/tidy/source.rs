//! Reads the tree: which files count, and Rust text without what is not code.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The top of the repository.
pub fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let engine = Path::new(env!("CARGO_MANIFEST_DIR"));
        engine.ancestors().nth(2).expect("the engine lies two folders down").to_owned()
    })
}

/// Every file that is part of the project, relative to the top with `/`: what git tracks or would, else what lies there.
pub fn files() -> &'static [String] {
    static FILES: OnceLock<Vec<String>> = OnceLock::new();
    FILES.get_or_init(|| {
        let listed = Command::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard"])
            .current_dir(root())
            .output();
        let mut found: Vec<String> = match listed {
            Ok(out) if out.status.success() => {
                String::from_utf8_lossy(&out.stdout).lines().map(str::to_owned).collect()
            }
            _ => Vec::new(),
        };
        if found.is_empty() {
            walk(root(), &mut found);
        }
        found.retain(|path| root().join(path).is_file());
        found.sort();
        assert!(found.len() > 20, "only {} files found below {}", found.len(), root().display());
        found
    })
}

fn walk(folder: &Path, found: &mut Vec<String>) {
    const BUILT: &[&str] = &[".git", "target", "gen", "node_modules", "dist", "__pycache__", ".venv"];
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() && !BUILT.contains(&name.as_str()) {
            walk(&path, found);
        } else if path.is_file()
            && let Ok(relative) = path.strip_prefix(root())
        {
            found.push(relative.to_string_lossy().replace('\\', "/"));
        }
    }
}

/// The text of a file; empty for one that is no text.
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_default()
}

/// Rust source with comments, strings and everything under `#[cfg(test)]` blanked; lines stay where they are.
pub fn code(text: &str) -> String {
    without_test_items(&without_comments_and_strings(text))
}

fn without_comments_and_strings(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let end = match skipped(bytes, at) {
            Some(end) => end,
            None => {
                out.push(bytes[at]);
                at += 1;
                continue;
            }
        };
        out.extend(bytes[at..end].iter().map(|&byte| if byte == b'\n' { b'\n' } else { b' ' }));
        at = end;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Where the comment or literal that starts here ends.
fn skipped(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at..];
    let until = |needle: &[u8], from: usize| {
        rest[from..]
            .windows(needle.len())
            .position(|part| part == needle)
            .map(|found| from + found + needle.len())
    };
    let length = if rest.starts_with(b"//") {
        until(b"\n", 0).map_or(rest.len(), |end| end - 1)
    } else if rest.starts_with(b"/*") {
        until(b"*/", 2).unwrap_or(rest.len())
    } else if rest.starts_with(b"r#\"") {
        until(b"\"#", 3).unwrap_or(rest.len())
    } else if rest.starts_with(b"r\"") && !word_before(bytes, at) {
        until(b"\"", 2).unwrap_or(rest.len())
    } else if rest[0] == b'"' {
        let mut end = 1;
        while end < rest.len() && rest[end] != b'"' {
            end += if rest[end] == b'\\' { 2 } else { 1 };
        }
        (end + 1).min(rest.len())
    } else if rest.starts_with(b"'\\") {
        until(b"'", 3).unwrap_or(rest.len())
    } else if rest.len() > 2 && rest[0] == b'\'' && rest[2] == b'\'' {
        3
    } else {
        return None;
    };
    Some(at + length)
}

fn word_before(bytes: &[u8], at: usize) -> bool {
    at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_')
}

fn without_test_items(text: &str) -> String {
    let mut out = text.to_owned();
    while let Some(start) = out.find("#[cfg(test)]") {
        let end = start + item_length(&out[start..]);
        let blank: String = out[start..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        out.replace_range(start..end, &blank);
    }
    out
}

/// From an attribute to the end of its item: the matching brace, or the semicolon if that comes first.
fn item_length(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth <= 1 => return at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Whether `word` stands in `text` on its own, and not as part of a longer name.
pub fn names(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let after = &text[at + word.len()..];
        !text[..at].ends_with(part) && (!word.ends_with(part) || !after.starts_with(part))
    })
}

#[test]
fn what_is_no_code_is_blanked_and_lines_stay() {
    let text = "a // crate::db\n/* crate::db */ b \"crate::db \\\" x\" 'c' '\\'' r#\"crate::db\"#\n\
                #[cfg(test)]\nmod tests { use crate::db; fn f() {} }\nfn after() {}\n";
    let left = code(text);
    assert!(!left.contains("crate::db"), "left: {left}");
    assert!(left.contains('b') && left.contains("fn after"), "left: {left}");
    assert_eq!(left.lines().count(), text.lines().count(), "line numbers hold");
}

#[test]
fn a_name_counts_only_whole() {
    assert!(names("x(Utc::now())", "Utc::now"), "a call");
    assert!(!names("MyUtc::now()", "Utc::now"), "the end of a longer name");
    assert!(!names("Utc::now_or", "Utc::now"), "the start of a longer name");
}
