//! Nothing lies in the tree that no build and no test run ever reaches.

use std::collections::BTreeSet;

use crate::none;
use crate::source::{code, files, names, read, root};

#[test]
fn every_rust_file_belongs_to_a_target() {
    let mut reached = BTreeSet::new();
    for target in targets() {
        follow(&target, &mut reached);
    }
    let rust = files().iter().filter(|path| path.ends_with(".rs"));
    let lost = rust.filter(|path| !reached.contains(path.as_str()));
    none(lost.map(|path| format!("{path}: no `mod` leads to it, so it is never compiled")).collect());
}

#[test]
fn every_test_of_the_page_is_run() {
    let config = ["ui/vitest.config.ts", "ui/vite.config.ts"].map(read).concat();
    let patterns = strings_after(&config, "include:");
    let mut problems = Vec::new();
    let page = files().iter().filter(|path| path.starts_with("ui/"));
    for path in page.filter(|path| [".ts", ".tsx"].iter().any(|end| path.ends_with(end))) {
        let named = path.ends_with(".test.ts") || path.ends_with(".test.tsx");
        let text = read(path);
        let tests = ["describe(", "it(", "test(", "it.each", "test.each"]
            .iter()
            .any(|call| text.lines().any(|line| line.trim_start().starts_with(call)));
        if tests && !named {
            problems.push(format!("{path}: holds tests, so name it *.test.ts or *.test.tsx"));
        }
        if named && !tests {
            problems.push(format!("{path}: is named a test and has none"));
        }
        let below =
            |pattern: &String| path["ui/".len()..].starts_with(pattern.split('*').next().unwrap_or(""));
        if named && !patterns.is_empty() && !patterns.iter().any(below) {
            problems.push(format!("{path}: outside of vitest's include {patterns:?}"));
        }
    }
    none(problems);
}

#[test]
fn every_script_is_called() {
    let is_script = |path: &&String| {
        let place = path.starts_with("tests/") || path.starts_with("scripts/");
        place && [".sh", ".py", ".mjs", ".js", ".ts", ".awk"].iter().any(|end| path.ends_with(end))
    };
    let mut waiting: Vec<&String> = files().iter().filter(is_script).collect();
    let mut called = [read("Makefile"), read(".ci/run"), read("CONTRIBUTING.md")].concat();
    loop {
        let (now, later): (Vec<&String>, Vec<&String>) =
            waiting.iter().partition(|path| is_named(&called, path));
        if now.is_empty() {
            break;
        }
        called.extend(now.iter().map(|path| read(path)));
        waiting = later;
    }
    none(waiting.iter().map(|path| format!("{path}: nothing that `make` runs calls it")).collect());
}

/// A script is named by its file name, by its folder for `run.sh`, or by the stem in an import.
fn is_named(text: &str, path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    let stem = file.split('.').next().unwrap_or(file);
    if file.starts_with("run.") {
        return text.contains(path);
    }
    names(text, file) || names(text, &format!("import {stem}")) || names(text, &format!("from {stem}"))
}

/// The root file of every lib, bin, test, bench and build script of the workspace.
fn targets() -> Vec<String> {
    let mut found = Vec::new();
    for manifest in files().iter().filter(|path| path.ends_with("Cargo.toml")) {
        let folder = manifest.trim_end_matches("Cargo.toml");
        for usual in ["build.rs", "src/lib.rs", "src/main.rs"] {
            found.push(format!("{folder}{usual}"));
        }
        let text = read(manifest);
        if !text.contains("autotests = false") {
            found.extend(files().iter().filter(|path| is_usual_test(path, folder)).cloned());
        }
        for line in text.lines() {
            let path = line.split_once('=').filter(|(key, _)| matches!(key.trim(), "path" | "build"));
            if let Some((_, value)) = path {
                found.push(normal(&format!("{folder}{}", value.trim().trim_matches('"'))));
            }
        }
    }
    found.retain(|path| path.ends_with(".rs") && root().join(path).is_file());
    found
}

/// `tests/name.rs` or `tests/name/main.rs` of a package: cargo finds these by itself.
fn is_usual_test(path: &str, folder: &str) -> bool {
    let inner = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix("tests/"));
    inner.is_some_and(|rest| {
        !rest.contains('/') || rest.ends_with("/main.rs") && rest.matches('/').count() == 1
    })
}

fn follow(path: &str, reached: &mut BTreeSet<String>) {
    if !reached.insert(path.to_owned()) {
        return;
    }
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = file.trim_end_matches(".rs");
    let is_root = stem == "mod" || targets().iter().any(|target| target == path);
    let inner = if is_root { folder.to_owned() } else { format!("{folder}/{stem}") };
    for declared in modules(&read(path)) {
        let candidates = match declared {
            Declared::At(other) => vec![format!("{folder}/{other}")],
            Declared::Named(name) => vec![format!("{inner}/{name}.rs"), format!("{inner}/{name}/mod.rs")],
        };
        for candidate in candidates {
            let candidate = normal(&candidate);
            if root().join(&candidate).is_file() {
                follow(&candidate, reached);
            }
        }
    }
}

enum Declared {
    /// `mod name;`, with the inline modules around it as folders.
    Named(String),
    /// `#[path = "..."] mod name;`
    At(String),
}

fn modules(text: &str) -> Vec<Declared> {
    let code = code(&text.replace("#[cfg(test)]", ""));
    let mut found = Vec::new();
    let mut around: Vec<Option<String>> = Vec::new();
    let mut path = None;
    for (line, raw) in code.lines().zip(text.lines()) {
        if let Some((_, given)) = raw.trim().strip_prefix("#[path").and_then(|rest| rest.split_once('"')) {
            path = given.split('"').next().map(str::to_owned);
        }
        let name = module_name(line);
        if let Some(name) = &name
            && line.contains(';')
            && !line.contains('{')
        {
            let folders = around.iter().flatten().map(|folder| format!("{folder}/")).collect::<String>();
            found.push(path.take().map_or_else(|| Declared::Named(format!("{folders}{name}")), Declared::At));
        }
        for c in line.chars() {
            match c {
                '{' => around.push(name.clone()),
                '}' => drop(around.pop()),
                _ => {}
            }
        }
    }
    found
}

fn module_name(line: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let at = words.iter().position(|word| *word == "mod")?;
    let visible = words[..at].iter().all(|word| word.starts_with("pub") || word.starts_with("#["));
    let name = words.get(at + 1)?.trim_end_matches([';', '{']);
    visible.then(|| name.to_owned())
}

/// `a/b/../c` is `a/c`.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

/// The quoted strings of the first list after a key.
fn strings_after(text: &str, key: &str) -> Vec<String> {
    let Some((_, rest)) = text.split_once(key) else { return Vec::new() };
    let list = rest.split(']').next().unwrap_or("");
    list.split(['"', '\'']).skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn modules_are_found_inline_by_path_and_by_name() {
    let text = "mod it {\n    pub mod late;\n}\n#[path = \"x/y.rs\"]\nmod z;\n#[cfg(test)]\nmod tests;\n// mod no;\n";
    let found: Vec<String> = modules(text)
        .into_iter()
        .map(|declared| match declared {
            Declared::Named(name) => name,
            Declared::At(path) => format!("at {path}"),
        })
        .collect();
    assert_eq!(found, ["it/late", "at x/y.rs", "tests"], "and nothing from a comment");
    assert_eq!(normal("src-tauri/engine/../../tests/main.rs"), "tests/main.rs", "paths of manifests lead up");
}
