//! Audiences from a script: counted, listed, written to files that are never overwritten, and compared.

use foredeck_sandbox::{DEFAULT_KLAVIYO_KEY, KlaviyoConfig};
use serde_json::{Value, json};

use crate::desk::{Desk, Ran};

#[tokio::test(flavor = "multi_thread")]
async fn an_audience_is_counted_listed_and_exported() {
    let desk = Desk::synced(120).await;
    let list = desk.run(["audience", "list", "--json"]).ok().json();
    let counts: Vec<i64> =
        list["audiences"].as_array().unwrap().iter().map(|one| one["count"].as_i64().unwrap()).collect();
    assert!(counts.iter().all(|count| *count > 5), "{list}");
    let ran = desk.run(["audience", "list"]).ok();
    assert!(ran.out.contains(&format!("abandoned    {} people", counts[0])), "{}", ran.out);
    assert!(
        ran.out.contains("left out:") && ran.err.contains("nobody asked Klaviyo"),
        "{} {}",
        ran.out,
        ran.err
    );

    let page = desk.run(["audience", "show", "successful", "--limit", "3", "--json"]).ok().json();
    assert_eq!(page["rows"].as_array().unwrap().len(), 3);
    let email = page["rows"][0]["email"].as_str().unwrap();
    let shown = desk.run(["audience", "show", "successful", "--limit", "3"]).ok();
    assert!(shown.out.contains(email) && shown.err.contains("--after"), "{} {}", shown.out, shown.err);
    let color = page["rows"][0]["color"].as_str().unwrap();
    let narrowed = desk
        .run(["audience", "show", "successful", "--color", color, "--limit", "500", "--json"])
        .ok()
        .json();
    assert!(narrowed["rows"].as_array().unwrap().iter().all(|row| row["color"] == color), "{narrowed}");

    let file = desk.folder.path().join("people.csv");
    let out = file.to_str().unwrap();
    for (format, header) in [
        ("csv", "email,first_name,last_name,color,locale,country,value,currency,status,started_at,consent"),
        ("meta", "email,phone,fn,ln,zip,country"),
        ("google", "Email,Phone,First Name,Last Name,Country,Zip"),
        ("tiktok", "Email_SHA256,Phone_SHA256"),
    ] {
        let command = ["audience", "export", "successful", "--format", format, "--out", out, "--json"];
        let reply = desk.run(command).ok().json();
        assert_eq!((&reply["count"]["count"], &reply["path"]), (&json!(counts[1]), &json!(out)));
        let text = std::fs::read_to_string(&file).unwrap();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some(header));
        assert_eq!(lines.count() as i64, counts[1]);
        assert_eq!(text.contains('@'), format == "csv", "{format} is hashed");
        assert_eq!(desk.run(command).code(), "FILE_EXISTS");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text, "nothing is overwritten");
        std::fs::remove_file(&file).unwrap();
    }
    let plain = desk.run([
        "audience",
        "export",
        "abandoned",
        "--format",
        "google",
        "--plain",
        "--consent-column",
        "--out",
        out,
    ]);
    assert!(plain.ok().out.contains("written to"));
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(
        text.starts_with("Email,Phone,First Name,Last Name,Country,Zip,consent\r\n") && text.contains('@')
    );
    let told = desk.run(["audit", "list", "--json"]).ok().json();
    let exports: Vec<&Value> =
        told["rows"].as_array().unwrap().iter().filter(|row| row["event"] == "audience_exported").collect();
    assert_eq!(exports.len(), 5, "{told}");

    assert_eq!(desk.run(["audience", "export", "abandoned", "--format", "csv"]).code, 2, "--out is needed");
    assert_eq!(desk.run(["audience", "list", "--least", "5"]).code, 2, "a value needs its currency");
    assert_eq!(desk.run(["audience", "list", "--from", "x", "--json"]).code(), "INVALID");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audience_is_compared_with_a_segment() {
    let desk = Desk::synced(60).await;
    let klaviyo = desk.sandbox.as_ref().unwrap().open_klaviyo(KlaviyoConfig::default()).await.unwrap();
    let metric = klaviyo.control().metric_id("Placed Order", "shopify").unwrap();
    let segment = klaviyo.control().segment_id("Preorder successful").unwrap();
    let run = |args: &[&str]| {
        let mut command = desk.command(args);
        command
            .env("FOREDECK_KLAVIYO_URL", klaviyo.base_url())
            .env("FOREDECK_KLAVIYO_KEY", DEFAULT_KLAVIYO_KEY);
        Ran::of(&mut command, "")
    };
    let compare = ["audience", "compare", "successful", "--segment", &segment];
    assert_eq!(run(&[&compare[..], &["--json"]].concat()).code(), "KLAVIYO_NOT_CONNECTED");
    run(&["klaviyo", "connect", "--metric", &metric]).ok();
    let both = run(&[&compare[..], &["--json"]].concat()).ok().json();
    assert_eq!((&both["theirs"], &both["segment_name"]), (&json!(0), &json!("Preorder successful")));
    assert!(both["ours"].as_i64().unwrap() > 5, "{both}");
    let shown = run(&compare).ok().out;
    assert!(shown.contains("here") && shown.contains("Klaviyo    0 (Preorder successful"), "{shown}");
}
