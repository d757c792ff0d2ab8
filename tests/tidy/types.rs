//! The TypeScript in ui/src/ipc/generated is what the engine's types say today.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::none;
use crate::source::root;

const GENERATED: &str = "ui/src/ipc/generated";

#[test]
fn generated_typescript_is_fresh() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    // The selection is that of `make test`, so that cargo has it built already.
    let exported = Command::new(env!("CARGO"))
        .args(["test", "--profile", "quick", "--workspace", "--features", "foredeck/custom-protocol"])
        .args(["--lib", "--quiet", "export_bindings"])
        .env("TS_RS_EXPORT_DIR", folder.path())
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(exported.status.success(), "the export failed: {}", String::from_utf8_lossy(&exported.stderr));

    let fresh = typescript(folder.path());
    let kept = typescript(&root().join(GENERATED));
    assert!(!fresh.is_empty(), "the engine exported no type at all");
    let mut problems = Vec::new();
    for name in fresh.keys().filter(|name| !kept.contains_key(*name)) {
        problems.push(format!("{GENERATED}/{name} is missing"));
    }
    for (name, text) in &kept {
        match fresh.get(name) {
            None => problems.push(format!("{GENERATED}/{name} is left over")),
            Some(now) if now != text => problems.push(format!("{GENERATED}/{name} is out of date")),
            Some(_) => {}
        }
    }
    if !problems.is_empty() {
        problems.push("run `make types` and commit what it writes".to_owned());
    }
    none(problems);
}

fn typescript(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    collect(folder, folder, &mut found);
    found
}

fn collect(top: &Path, folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(top, &path, found);
        } else if path.extension().is_some_and(|end| end == "ts")
            && let Ok(name) = path.strip_prefix(top)
        {
            found.insert(name.to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap_or_default());
        }
    }
}
