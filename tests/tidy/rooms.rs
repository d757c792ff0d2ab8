//! The room rule: which room of the engine may import which, and what only one room may touch.

use crate::none;
use crate::source::{code, files, names, read};

const SOURCE: &str = "src-tauri/engine/src/";
/// What every room stands on.
const GROUND: &[&str] = &["domain", "clock", "error", "topic"];

/// Every room, lowest first, with the rooms above the ground that it may import. A new room gets a line here.
const ROOMS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("clock", &[]),
    ("error", &[]),
    ("topic", &[]),
    ("secrets", &[]),
    ("shop_files", &[]),
    ("db", &[]),
    ("facts", &["db"]),
    // Findings too: the fold calls their rules, and those read folded nodes (docs/decisions/0013).
    ("projections", &["db", "facts"]),
    ("audit", &["db", "secrets"]),
    ("queries", &["db", "facts", "projections"]),
    ("http", &["secrets"]),
    ("stripe", &["http", "secrets"]),
    ("klaviyo", &["http", "secrets"]),
    ("report_server", &["http", "secrets"]),
    // Actions store Stripe's answers as facts, which the projections' intake folds; they write no projection themselves.
    (
        "actions",
        &["db", "facts", "projections", "queries", "audit", "http", "stripe", "klaviyo", "report_server"],
    ),
    ("tasks", ALL_BELOW),
    ("registry", &["secrets", "db", "tasks"]),
    ("operators", &["registry"]),
    ("engine", ALL_BELOW),
    (
        "api",
        &[
            "secrets",
            "audit",
            "projections",
            "queries",
            "http",
            "stripe",
            "actions",
            "tasks",
            "registry",
            "operators",
            "engine",
        ],
    ),
];

/// Every room that stands earlier in the table.
const ALL_BELOW: &[&str] = &["*"];

/// Files that may name every room: the crate's own table of contents, and the one that puts every room's errors into words.
const WIRING: &[&str] = &["lib.rs", "api/errors.rs"];

/// What only one room may name, and why.
const OWNED: &[(&str, &[&str], &str)] = &[
    (
        "db",
        &["Connection::open", "Connection::open_with_flags"],
        "pragmas, version check and file mode are set there",
    ),
    ("secrets", &["keyring", "keyring_core"], "no other room sees a key's store"),
    ("operators", &["argon2"], "no other room works on a passphrase"),
    (
        "clock",
        &["SystemTime::now", "Instant::now", "Utc::now", "Local::now"],
        "so that tests can fix the time",
    ),
    (
        "http",
        &["reqwest::Client", "reqwest::ClientBuilder", "reqwest::get", "reqwest::blocking"],
        "the limiter, timeouts and the ban on redirects are set there",
    ),
];

#[test]
fn rooms_import_only_what_lies_below_them() {
    let mut problems = Vec::new();
    for path in engine_files() {
        if WIRING.contains(&path.trim_start_matches(SOURCE)) {
            continue;
        }
        let modules = module_path(path);
        let room = modules[0];
        let Some(place) = ROOMS.iter().position(|(name, _)| *name == room) else {
            problems.push(format!(
                "{path}: `{room}` is no room: give it a line in tests/tidy/rooms.rs, or move it into one"
            ));
            continue;
        };
        for (line, other) in imports(&code(&read(path)), &modules) {
            let is_room = ROOMS.iter().any(|(name, _)| *name == other);
            if is_room && other != room && !may_import(place, &other) {
                problems.push(format!("{path}:{line}: `{room}` may not import `{other}`"));
            }
        }
    }
    none(problems);
}

#[test]
fn what_belongs_to_one_room_is_named_there_alone() {
    let mut problems = Vec::new();
    for path in engine_files() {
        let text = code(&read(path));
        for (owner, words, reason) in OWNED {
            if module_path(path)[0] == *owner {
                continue;
            }
            for (line, word) in text.lines().enumerate().flat_map(|(number, line)| {
                words.iter().filter(move |word| names(line, word)).map(move |word| (number + 1, word))
            }) {
                problems.push(format!("{path}:{line}: only `{owner}` names `{word}`: {reason}"));
            }
        }
    }
    none(problems);
}

#[test]
fn the_table_names_rooms_in_order_and_the_engine_has_the_first_ones() {
    for (place, (room, allowed)) in ROOMS.iter().enumerate() {
        let below = |other: &&str| ROOMS[..place].iter().any(|(name, _)| name == other);
        assert!(
            *allowed == ALL_BELOW || allowed.iter().all(below),
            "`{room}` names a room that does not lie below it"
        );
    }
    let found: Vec<&str> = engine_files().map(|path| module_path(path)[0]).collect();
    for room in ["domain", "clock", "db", "facts", "projections", "queries", "http", "stripe", "api"] {
        assert!(found.contains(&room), "no room `{room}` found in {SOURCE}: did the layout change?");
    }
}

#[test]
fn the_sandbox_knows_nothing_of_the_engine() {
    let sandbox =
        files().iter().filter(|path| path.starts_with("src-tauri/sandbox/") && path.ends_with(".rs"));
    let named = |path: &&String| names(&code(&read(path)), "foredeck_engine");
    let mut problems: Vec<String> = sandbox.filter(named).cloned().collect();
    if read("src-tauri/sandbox/Cargo.toml").contains("foredeck-engine") {
        problems.push("src-tauri/sandbox/Cargo.toml".to_owned());
    }
    none(
        problems
            .into_iter()
            .map(|path| format!("{path}: a practice store is no judge if it shares code"))
            .collect(),
    );
}

#[test]
fn the_page_names_tauri_in_one_folder() {
    let page = files().iter().filter(|path| path.starts_with("ui/src/") && !path.starts_with("ui/src/ipc/"));
    let named = |path: &&String| read(path).contains("@tauri-apps/");
    none(page.filter(named).map(|path| format!("{path}: only ui/src/ipc imports @tauri-apps")).collect());
}

/// Whether the room at this place of the table may import another.
fn may_import(place: usize, other: &str) -> bool {
    let (below, (_, allowed)) = (&ROOMS[..place], &ROOMS[place]);
    let lies_below = below.iter().any(|(name, _)| *name == other);
    lies_below && (GROUND.contains(&other) || *allowed == ALL_BELOW || allowed.contains(&other))
}

fn engine_files() -> impl Iterator<Item = &'static str> {
    files().iter().map(String::as_str).filter(|path| path.starts_with(SOURCE) && path.ends_with(".rs"))
}

/// `.../src/db/open.rs` is `[db, open]`, `.../src/db/mod.rs` is `[db]`.
fn module_path(path: &str) -> Vec<&str> {
    let inner = path.trim_start_matches(SOURCE).trim_end_matches(".rs");
    inner.trim_end_matches("/mod").split('/').collect()
}

/// Every first name after `crate::`, or after as many `super::` as lead there, with its line.
fn imports(text: &str, modules: &[&str]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let to_crate = "super::".repeat(modules.len());
    for prefix in ["crate::", to_crate.as_str()] {
        for (at, _) in text.match_indices(prefix) {
            let before = &text[..at];
            if before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            let line = before.matches('\n').count() + 1;
            found.extend(first_names(&text[at + prefix.len()..]).into_iter().map(|name| (line, name)));
        }
    }
    found
}

/// `db::X` is `[db]`; `{db::{A, B}, clock}` is `[db, clock]`.
fn first_names(text: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(group) = text.strip_prefix('{') else {
        return vec![word(text)];
    };
    let mut found = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' | ',' if depth == 0 => {
                found.push(word(group[start..at].trim_start()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

#[test]
fn every_way_to_name_a_room_is_seen() {
    let text = "use crate::db::X;\nuse crate::{facts::{a, b}, clock,\n api};\nfn f() { crate::stripe::go(); super::super::http::x() }\n";
    let seen: Vec<String> = imports(text, &["queries", "page"]).into_iter().map(|(_, name)| name).collect();
    assert_eq!(seen, ["db", "facts", "clock", "api", "stripe", "http"], "in the text's order, super last");
    assert!(imports("use foredeck_crate::db;", &["queries"]).is_empty(), "another crate's name");
    assert_eq!(imports("use super::db;", &["queries"]).len(), 1, "super of a room's own file is the crate");
    assert!(imports("use super::db;", &["queries", "page"]).is_empty(), "super inside a room is the room");
}
