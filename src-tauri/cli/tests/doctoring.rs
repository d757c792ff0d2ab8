//! The doctor and its probe.

use foredeck_sandbox::{Limits, ShopPlan};
use serde_json::Value;

use crate::desk::{Desk, NO_EVENTS, REVOKED, STRANGER};

fn check<'a>(report: &'a Value, name: &str) -> &'a Value {
    report["checks"].as_array().unwrap().iter().find(|check| check["name"] == name).unwrap_or(&Value::Null)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_machine_passes_and_a_sick_one_is_told_what_to_do() {
    let mut desk = Desk::synced(10).await;
    let report = desk.run(["doctor", "--json"]).ok().json();
    assert_eq!(report["ok"], true, "{report}");
    for name in [
        "data folder",
        "permissions",
        "disk space",
        "time zone",
        "stores",
        "mirror",
        "projections",
        "lease",
        "days",
        "key",
        "stripe",
        "clock",
    ] {
        assert!(check(&report, name)["state"].is_string(), "{name} in {report}");
    }
    assert_eq!(check(&report, "keychain")["state"], "warn", "it is off in tests");
    assert_eq!(check(&report, "key")["detail"], "sk_test… in FOREDECK_STRIPE_KEY");
    let text = desk.run(["doctor"]).ok().out;
    assert!(text.contains("ok    mirror") && text.contains("warn  keychain"), "{text}");

    let revoked = desk.run_as(Some(REVOKED), ["doctor", "--json"]);
    assert_eq!(revoked.code(), "DOCTOR_FAILED");
    assert_eq!(check(&revoked.json(), "stripe")["state"], "fail");
    let stranger = desk.run_as(Some(STRANGER), ["doctor", "--json"]);
    assert_eq!(stranger.code(), "DOCTOR_FAILED");
    assert!(check(&stranger.json(), "stripe")["detail"].as_str().unwrap().contains("OTHER_ACCOUNT"));
    desk.close_shop().await;
    let offline = desk.run(["doctor", "--json"]);
    assert_eq!(offline.code(), "DOCTOR_FAILED");
    assert!(check(&offline.json(), "stripe")["detail"].as_str().unwrap().contains("OFFLINE"));
    let without = desk.run_as(None, ["doctor", "--json"]).ok().json();
    assert_eq!(check(&without, "key")["state"], "warn");
    assert_eq!(check(&without, "stripe"), &Value::Null, "nobody is asked without a key");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_open_to_others_is_noticed() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::synced(5).await;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&desk.data()), mode(&desk.mirror())), (0o700, 0o600));
    std::fs::set_permissions(desk.data(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let report = desk.run(["doctor", "--json"]).ok().json();
    assert_eq!(check(&report, "permissions")["state"], "warn");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_probe_asks_what_is_open_and_writes_only_when_allowed() {
    let desk = Desk::with_limits(ShopPlan::Empty, Limits::stripe()).await;
    desk.add_store();
    let report = desk.run(["doctor", "--probe", "--json"]).ok().json();
    let answer = |report: &Value, part: &str| {
        let answers = report["answers"].as_array().unwrap().iter();
        answers.clone().find(|one| one["question"].as_str().unwrap().contains(part)).unwrap().clone()
    };
    assert_eq!(answer(&report, "headers")["answered"], true);
    assert!(
        answer(&report, "unknown `ending_before`")["detail"].as_str().unwrap().starts_with("4"),
        "{report}"
    );
    assert_eq!(answer(&report, "permission")["answered"], false, "a secret key cannot tell");
    assert_eq!(answer(&report, "Idempotent-Replayed")["answered"], false);
    assert!(desk.world.requests().iter().all(|request| request.method == "GET"));

    let restricted = desk.run_as(Some(NO_EVENTS), ["doctor", "--probe", "--json"]).ok();
    assert!(answer(&restricted.json(), "permission")["detail"].as_str().unwrap().contains("rak_event_read"));
    assert!(
        !restricted.out.contains(&NO_EVENTS[NO_EVENTS.len() - 6..]),
        "not even the last letters Stripe leaves"
    );

    let written = desk.run(["doctor", "--probe", "--yes", "--json"]).ok().json();
    let replay = answer(&written, "Idempotent-Replayed");
    assert!(replay["detail"].as_str().unwrap().contains("the same customer, header true"), "{replay}");
    assert!(answer(&written, "429")["detail"].as_str().unwrap().contains("Retry-After absent"), "{written}");
    let methods: Vec<String> = desk.world.requests().iter().map(|request| request.method.clone()).collect();
    assert_eq!(methods.iter().filter(|method| *method == "POST").count(), 2);
    assert_eq!(methods.iter().filter(|method| *method == "DELETE").count(), 1);
    assert_eq!(desk.world.with_world(|world| world.tombstones().len()), 1, "it is deleted");
    assert!(desk.run(["doctor", "--probe"]).ok().out.contains("(open)"));
}
