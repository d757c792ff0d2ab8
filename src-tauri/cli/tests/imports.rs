//! The shop's own rows from the command line: looked at, refused, loaded, listed and removed.

use foredeck_sandbox::ShopPlan;
use serde_json::{Value, json};

use crate::desk::Desk;

const ROWS: &str = "No.;Käufer;Intent;Credits;Betrag;Currency\n\
    a1;u1;pi_1;500;1.234,56;EUR\n\
    a2;u2;pi_2;100;9,00;EUR\n\
    a3;u3;pi_3;viele;9,00;EUR\n\
    a2;u2;pi_2;100;9,00;EUR\n";
const MAP: [&str; 8] = [
    "--map",
    "id=No.",
    "--map",
    "user_id=Käufer",
    "--map",
    "payment_intent=Intent",
    "--map",
    "amount=Betrag",
];

impl Desk {
    fn file(&self, text: &str) -> String {
        let path = self.folder.path().join("rows.csv");
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

fn counts(report: &Value) -> [i64; 6] {
    ["rows", "new", "changed", "same", "bad", "loaded"].map(|name| report[name].as_i64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_rows_stop_a_file_until_someone_agrees() {
    let desk = Desk::with(ShopPlan::Empty).await;
    desk.add_store();
    let file = desk.file(ROWS);
    let import = |more: &[&str]| desk.run([&["import", "purchases", &file], &MAP[..], more].concat());

    let refused = desk.run(["import", "purchases", &file, "--json"]);
    assert_eq!((refused.code, refused.code().as_str()), (1, "FIELD_MISSING"));
    for more in [&["--dry-run", "--json"][..], &["--json"]] {
        let stopped = import(more);
        assert_eq!((stopped.code, stopped.code().as_str()), (1, "BAD_ROWS"));
        let report = stopped.json();
        assert_eq!((counts(&report), &report["batch"]), ([4, 2, 0, 0, 2, 0], &Value::Null));
        assert_eq!(
            (&report["errors"][0]["line"], &report["errors"][0]["column"]),
            (&json!(4), &json!("Credits"))
        );
        assert_eq!(
            (&report["errors"][1]["line"], &report["errors"][1]["code"]),
            (&json!(5), &json!("TWICE"))
        );
    }
    let text = import(&[]);
    assert_eq!(text.code, 1);
    assert!(text.out.contains("NOT_A_NUMBER") && text.out.contains("nothing was loaded"), "{}", text.out);
    assert!(text.err.contains("id=No.") && text.err.contains("--accept-bad"), "{}", text.err);

    let agreed = import(&["--accept-bad", "--json"]).ok().json();
    assert_eq!((counts(&agreed), &agreed["batch"]), ([4, 2, 0, 0, 2, 2], &json!(1)));
    // The columns are known from now on.
    let again = desk.run(["import", "purchases", &file, "--accept-bad", "--json"]).ok().json();
    assert_eq!((counts(&again), &again["batch"]), ([4, 0, 0, 2, 2, 0], &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_listed_and_removed_and_a_copy_is_for_reading() {
    let desk = Desk::with(ShopPlan::Empty).await;
    desk.add_store();
    let file = desk.file("user_id,balance\nu1,5\nu2,6\n");
    let args = json!({"kind": "wallets", "path": file}).to_string();
    let loaded = desk.run(["call", "import_run", &args, "--json"]).ok().json();
    assert_eq!((&loaded["batch"], &loaded["loaded"]), (&json!(1), &json!(2)));
    assert!(desk.run(["import", "wallets", &file]).ok().out.contains("nothing changed"));
    let file = desk.file("user_id,balance\nu1,7\n");
    let changed = desk.run(["import", "wallets", &file, "--json"]).ok().json();
    assert_eq!(counts(&changed), [1, 0, 1, 0, 0, 1]);
    let in_force = || {
        let list = desk.run(["imports", "--json"]).ok().json();
        let batches = list["batches"].as_array().unwrap().clone();
        batches.iter().map(|batch| batch["in_force"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(in_force(), [1, 1]);
    let gone = desk.run(["import-remove", "2", "--json"]).ok().json();
    assert_eq!(gone, json!({"batch": 2, "removed": 1, "restored": 1}));
    assert_eq!(in_force(), [0, 2]);
    assert!(desk.run(["imports"]).ok().out.contains("rows.csv"));
    assert_eq!(desk.run(["import-remove", "2", "--json"]).code(), "NO_BATCH");

    let copy = desk.folder.path().join("copy.mirror");
    let copy = copy.to_str().unwrap();
    desk.run(["mirror", "backup", copy, "--json"]).ok();
    let dry = desk.run(["--file", copy, "import", "wallets", &file, "--dry-run", "--json"]).ok().json();
    assert_eq!(counts(&dry), [1, 0, 1, 0, 0, 0]);
    assert_eq!(desk.run(["--file", copy, "import", "wallets", &file, "--json"]).code(), "READ_ONLY");
    assert_eq!(desk.run(["--file", copy, "import-remove", "1", "--json"]).code(), "READ_ONLY");
    assert_eq!(desk.run(["import", "gadgets", &file]).code, 2);
    assert_eq!(desk.run(["import", "wallets", &file, "--map", "balance"]).code, 2);
}
