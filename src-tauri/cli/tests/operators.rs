//! Operators from a script: one needs nothing, several say who they are, and nothing is written below its level.

use std::collections::BTreeMap;

use foredeck_engine::api::{self, VIEWER};
use foredeck_engine::domain::operator::Role;
use foredeck_sandbox::{DEFAULT_KEY, ShopPlan};
use serde_json::{Value, json};

use crate::desk::{Desk, Ran};

const OWNER: &str = "an owner's passphrase";

async fn crew() -> Desk {
    let desk = Desk::with(ShopPlan::Empty).await;
    desk.add_store();
    let me = desk.run(["call", "operator_me"]).ok().json()["name"].as_str().unwrap().to_owned();
    desk.run(["operators", "rename", &me, "owner"]).ok();
    desk.given(&[OWNER], &["operators", "passphrase"]).ok();
    for (nth, role) in ["viewer", "support", "admin"].into_iter().enumerate() {
        // The first is added by the one owner there is, the others by one of several.
        let lines = [OWNER.to_owned(), passphrase_of(role)];
        let lines: Vec<&str> = lines.iter().map(String::as_str).skip(usize::from(nth == 0)).collect();
        let mut args = vec!["operators", "add", role, "--role", role];
        if nth > 0 {
            args.extend(["--operator", "owner", "--passphrase-stdin"]);
        }
        desk.given(&lines, &args).ok();
    }
    desk
}

fn passphrase_of(name: &str) -> String {
    if name == "owner" { OWNER.to_owned() } else { format!("correct horse of {name}") }
}

impl Desk {
    fn given(&self, lines: &[&str], args: &[&str]) -> Ran {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        Ran::of(&mut self.command(args), &text)
    }

    fn run_by(&self, name: &str, args: &[&str]) -> Ran {
        let mut all = args.to_vec();
        all.extend(["--operator", name, "--passphrase-stdin", "--json"]);
        self.given(&[&passphrase_of(name)], &all)
    }

    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut found = BTreeMap::new();
        for entry in std::fs::read_dir(self.data()).unwrap() {
            let path = entry.unwrap().path();
            found.insert(path.display().to_string(), std::fs::read(&path).unwrap());
        }
        found
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_operator_needs_no_name_and_no_passphrase() {
    let desk = Desk::with(ShopPlan::Empty).await;
    desk.add_store();
    desk.given(&[OWNER], &["operators", "passphrase"]).ok();
    desk.run(["settings", "set", "poll_back_s=60"]).ok();
    let listed = desk.run(["operators", "list"]).ok();
    assert!(listed.out.contains("owner") && listed.err.contains("you are"), "{} {}", listed.out, listed.err);
    let named = desk.run(["settings", "set", "poll_back_s=61", "--operator", "Nobody", "--json"]);
    assert_eq!(named.code(), "NO_OPERATOR", "nobody signs as somebody who is not there");
    desk.run(["overview", "--operator", "Nobody"]).ok();
    assert_eq!(desk.run(["overview", "--passphrase-stdin"]).code, 2, "whose?");
    let refused = desk.given(&["short"], &["operators", "passphrase", "--json"]);
    assert_eq!(refused.code(), "BAD_PASSPHRASE");
    let nobody = desk.given(&["long enough a word"], &["operators", "add", "Ann", "--role", "king"]);
    assert_eq!(nobody.code, 2);
    assert_eq!(desk.given(&[], &["operators", "passphrase", "--json"]).code(), "INPUT");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_several_what_writes_says_who_and_what_reads_does_not() {
    let desk = crew().await;
    for read in [&["overview"][..], &["operators", "list"], &["sync"], &["store", "list"]] {
        desk.run(read).ok();
    }
    let writes: [&[&str]; 6] = [
        &["settings", "set", "poll_back_s=60"],
        &["wallet-adjust", "user_1", "5", "--reason", "goodwill"],
        &["export", "customers", "--format", "csv"],
        &["sync", "--full"],
        &["operators", "idle", "5"],
        &["doctor", "--probe", "--yes"],
    ];
    for write in writes {
        let refused = desk.run([write, &["--json"]].concat());
        if write[0] == "export" {
            assert_eq!(refused.code, 2, "--json is for one document");
            continue;
        }
        assert_eq!(refused.code(), "LOCKED", "{write:?}");
        assert!(refused.err.contains("--passphrase-stdin"), "{}", refused.err);
    }
    assert!(desk.run(["export", "customers", "--format", "csv"]).err.contains("none is signed in"));
    let wrong = [
        "wallet-adjust",
        "user_1",
        "5",
        "--reason",
        "x",
        "--operator",
        "support",
        "--passphrase-stdin",
        "--json",
    ];
    assert_eq!(desk.given(&["not the passphrase"], &wrong).code(), "WRONG_PASSPHRASE");
    let done = desk.run_by("support", &["wallet-adjust", "user_1", "5", "--reason", "goodwill"]).ok().json();
    assert_eq!(done["wallet"]["balance"], 5);
    // The name may come from the environment, the passphrase may not.
    let mut command =
        desk.command(["wallet-adjust", "user_1", "1", "--reason", "x", "--passphrase-stdin", "--json"]);
    let line = format!("{}\r\n", passphrase_of("support"));
    Ran::of(command.env("FOREDECK_OPERATOR", "support"), &line).ok();
    let mut command = desk.command(["wallet-adjust", "user_1", "1", "--reason", "x", "--json"]);
    assert_eq!(Ran::of(command.env("FOREDECK_OPERATOR", "support"), "").code(), "LOCKED");
    let csv = ["export", "wallets", "--format", "csv", "--operator", "support", "--passphrase-stdin"];
    assert_eq!(desk.given(&[&passphrase_of("support")], &csv).ok().out.lines().count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_passphrase_is_the_first_line_and_what_a_command_reads_follows() {
    let desk = crew().await;
    let mut command =
        desk.command(["store", "key", "--key-stdin", "--operator", "admin", "--passphrase-stdin", "--json"]);
    let text = format!("{}\n{DEFAULT_KEY}\n", passphrase_of("admin"));
    let view = Ran::of(command.env_remove("FOREDECK_STRIPE_KEY"), &text).ok().json();
    assert_eq!(view["key_prefix"], "sk_test");
    let args = json!({"owner": "user_1", "credits": 3, "reason": "by hand"}).to_string();
    let call = ["call", "wallet_adjust", "-", "--operator", "support", "--passphrase-stdin", "--json"];
    let sheet = desk.given(&[&passphrase_of("support"), &args], &call).ok().json();
    assert_eq!(sheet["wallet"]["balance"], 3);
    let own = ["operators", "passphrase", "--operator", "support", "--passphrase-stdin"];
    desk.given(&[&passphrase_of("support"), "another passphrase"], &own).ok();
    assert_eq!(
        desk.given(&[&passphrase_of("support"), "a third one of it"], &[&own[..], &["--json"]].concat())
            .code(),
        "WRONG_PASSPHRASE"
    );
    for (name, bytes) in desk.files() {
        for secret in ["correct horse", "another passphrase", OWNER] {
            assert!(
                !bytes.windows(secret.len()).any(|part| part == secret.as_bytes()),
                "a passphrase is in {name}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_change_the_roster_and_keep_one_of_them() {
    let desk = crew().await;
    let roles = |list: &Value| -> Vec<String> {
        list["operators"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| format!("{} {}", one["name"], one["role"]))
            .collect()
    };
    let list = desk.run_by("owner", &["operators", "role", "admin", "viewer"]).ok().json();
    assert!(roles(&list).contains(&"\"admin\" \"viewer\"".to_owned()), "{list}");
    assert_eq!(desk.run_by("admin", &["settings", "set", "poll_back_s=60"]).code(), "NOT_PERMITTED");
    assert_eq!(desk.run_by("owner", &["operators", "remove", "owner"]).code(), "LAST_OWNER");
    let list = desk.run_by("owner", &["operators", "idle", "30"]).ok().json();
    assert_eq!(list["idle_min"], 30);
    desk.run_by("owner", &["operators", "disable", "support"]).ok();
    assert_eq!(desk.run_by("support", &["overview"]).code(), "NO_OPERATOR");
    desk.run_by("owner", &["operators", "enable", "support"]).ok();
    desk.run_by("support", &["overview"]).ok();
    for name in ["viewer", "support", "admin"] {
        desk.run_by("owner", &["operators", "remove", name]).ok();
    }
    desk.run(["settings", "set", "poll_back_s=60"]).ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_called_from_a_script_writes_below_its_level() {
    let desk = crew().await;
    let before = desk.files();
    for operation in api::table().iter().filter(|operation| operation.level > VIEWER) {
        assert_eq!(desk.run(["call", operation.name, "--json"]).code(), "LOCKED", "{}", operation.name);
        // The highest role that is too low stands for those below it, which the engine's own walk takes one by one.
        let below = Role::ALL.into_iter().rev().find(|role| role.level() < operation.level).unwrap();
        let refused = desk.run_by(below.as_str(), &["call", operation.name]);
        assert_eq!(refused.code(), "NOT_PERMITTED", "{} by {below:?}", operation.name);
        let enough = Role::lowest_with(operation.level).unwrap();
        let reached = desk.run_by(enough.as_str(), &["call", operation.name, "\"no arguments\""]);
        assert_eq!(reached.code(), "BAD_ARGUMENTS", "{} by {enough:?}", operation.name);
    }
    assert_eq!(desk.files(), before);
}
