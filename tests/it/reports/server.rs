//! The shop's report server: told byte for byte, once, whatever it does; and never in the way of connecting.

use foredeck_engine::clock::Clock;
use foredeck_engine::engine::ReportStep;
use foredeck_engine::secrets::ReportServerKey;
use foredeck_sandbox::{KlaviyoConfig, Manner, ReportServer};
use serde_json::{Value, json};

use super::Press;

const KEY: &str = "the-shops-own-key";

/// A store that was connected and has a report server to tell.
struct Told {
    press: Press,
    server: ReportServer,
}

impl Told {
    async fn open(integration: &str) -> Self {
        let press = Press::by_metric(KlaviyoConfig::default(), integration).await;
        let server = ReportServer::open(KEY, 0).await.unwrap();
        let told = Self { press, server };
        told.use_server(&told.server.base_url()).await;
        told.hold_key();
        told
    }

    async fn use_server(&self, url: &str) {
        let url = url.to_owned();
        self.press
            .set(move |reports| {
                reports["engine"] = json!("server");
                reports["server_url"] = json!(url);
            })
            .await;
    }

    fn hold_key(&self) {
        let key = ReportServerKey::parse(KEY).unwrap();
        let keys = self.press.desk.engine.secrets().report_server();
        let _held = keys.keep(self.press.desk.store.public_id(), &self.server.base_url(), &key);
    }

    async fn trigger(&self) -> Value {
        self.press.get("reports_status", json!({})).await["server"]["triggers"][0].clone()
    }
}

#[tokio::test]
async fn it_is_told_byte_for_byte_in_both_cases_of_the_metric() {
    for (integration, do_not) in [("shopify", "false"), ("api", "true")] {
        let told = Told::open(integration).await;
        told.press.ask().await;
        told.press.run().await;
        let requests = told.server.requests();
        assert_eq!(requests.len(), 1);
        let request = &requests[0];
        let wanted = format!(
            r#"{{"klaviyo_public_id":"SbXk7Q","store_public_id":"{}","do_not_order_sync":{do_not}}}"#,
            told.press.desk.store.public_id()
        );
        assert_eq!(String::from_utf8(request.body.clone()).unwrap(), wanted);
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/api/v1/reports/full_sync"));
        assert_eq!(request.header("authorization"), Some("Bearer the-shops-own-key"));
        assert_eq!(request.header("content-type"), Some("application/json"));
        assert!(request.header("idempotency-key").is_some_and(|key| key.len() > 20));
        let trigger = told.trigger().await;
        assert_eq!((&trigger["state"], &trigger["attempts"]), (&json!("accepted"), &json!(1)), "{trigger}");
        assert_eq!(told.press.asked().len(), 0, "Foredeck itself reads no reports then");
    }
}

#[tokio::test]
async fn the_key_goes_in_another_header_where_the_settings_say_so() {
    let told = Told::open("shopify").await;
    told.press.set(|reports| reports["server_key_header"] = json!("X-Api-Key")).await;
    told.press.ask().await;
    told.press.run().await;
    let requests = told.server.requests();
    assert_eq!((requests[0].header("x-api-key"), requests[0].header("authorization")), (Some(KEY), None));
    assert_eq!(requests[0].status, 202);
}

#[tokio::test]
async fn a_server_that_is_down_or_fails_is_told_later_and_once() {
    for manner in [None, Some(Manner::Reject(500)), Some(Manner::Reject(503))] {
        let mut told = Told::open("shopify").await;
        match &manner {
            None => told.server.set_down(true),
            Some(manner) => told.server.set_manner(manner.clone()),
        }
        told.press.ask().await;
        let mut waits = Vec::new();
        for _ in 0..3 {
            assert_eq!(told.press.step().await, ReportStep::Did);
            let ReportStep::Wait(at) = told.press.step().await else { panic!("it goes out again") };
            waits.push(at - told.press.now());
            told.press.advance_to(at);
            // What is queued outlives the process.
            told.press.restart().await;
            told.hold_key();
        }
        assert_eq!(waits, [15, 30, 60], "{manner:?}");
        let trigger = told.trigger().await;
        assert_eq!((&trigger["state"], &trigger["attempts"]), (&json!("queued"), &json!(3)), "{trigger}");
        assert_eq!(trigger["unanswered"], 0, "nobody heard it, or said so: {trigger}");
        told.server.set_down(false);
        told.server.set_manner(Manner::Accept);
        told.press.run().await;
        assert_eq!(told.trigger().await["state"], "accepted", "{manner:?}");
        assert_eq!(told.server.syncs(), 1);
        let keys: std::collections::BTreeSet<_> = told
            .server
            .requests()
            .iter()
            .map(|one| one.header("idempotency-key").map(str::to_owned))
            .collect();
        assert_eq!(keys.len(), 1, "one key each time");
    }
}

#[tokio::test]
async fn what_it_refuses_is_said_and_not_repeated() {
    for (manner, code) in [
        (Manner::Reject(401), "REPORT_SERVER_KEY_REJECTED"),
        (Manner::Reject(403), "REPORT_SERVER_KEY_REJECTED"),
        (Manner::Reject(404), "REPORT_SERVER_NOT_THERE"),
        (Manner::Reject(422), "REPORT_SERVER_REFUSED"),
        (Manner::Redirect("http://127.0.0.1:9/elsewhere".to_owned()), "REDIRECT_REFUSED"),
    ] {
        let told = Told::open("shopify").await;
        told.server.set_manner(manner.clone());
        told.press.ask().await;
        told.press.run().await;
        let trigger = told.trigger().await;
        assert_eq!(
            (&trigger["state"], &trigger["code"]),
            (&json!("failed"), &json!(code)),
            "{manner:?} {trigger}"
        );
        assert_eq!(told.server.requests().len(), 1, "{manner:?}");
        assert!(!trigger["message"].as_str().unwrap().contains(KEY));
    }
}

#[tokio::test]
async fn a_crash_before_the_answer_is_told_again_under_the_same_key_and_shown() {
    let mut told = Told::open("shopify").await;
    told.server.set_manner(Manner::Hold);
    told.press.ask().await;
    tokio::select! {
        step = told.press.desk.store.report_step() => panic!("it was held: {step:?}"),
        () = told.server.until_asked(1) => {}
    }
    told.press.restart().await;
    told.hold_key();
    told.server.set_manner(Manner::Accept);
    told.server.release();
    let trigger = told.trigger().await;
    assert_eq!((&trigger["state"], &trigger["unanswered"]), (&json!("queued"), &json!(1)), "{trigger}");
    told.press.run().await;
    let trigger = told.trigger().await;
    assert_eq!((&trigger["state"], &trigger["attempts"]), (&json!("accepted"), &json!(2)));
    assert_eq!(trigger["unanswered"], 1, "the first may have been heard, and that is shown");
    assert_eq!((told.server.requests().len(), told.server.syncs()), (2, 1), "and was one sync all the same");
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up_and_told_again_under_the_same_key() {
    let told = Told::open("shopify").await;
    told.server.set_manner(Manner::Hang);
    told.press.ask().await;
    assert_eq!(told.press.step().await, ReportStep::Did);
    let trigger = told.trigger().await;
    assert_eq!((&trigger["state"], &trigger["unanswered"]), (&json!("queued"), &json!(1)), "{trigger}");
    assert_eq!(trigger["code"], "REPORT_SERVER_NO_ANSWER", "{trigger}");
    told.server.set_manner(Manner::Accept);
    let ReportStep::Wait(at) = told.press.step().await else { panic!("it goes out again") };
    told.press.advance_to(at);
    told.press.run().await;
    let trigger = told.trigger().await;
    assert_eq!((&trigger["state"], &trigger["unanswered"]), (&json!("accepted"), &json!(1)), "{trigger}");
    assert_eq!((told.server.requests().len(), told.server.syncs()), (2, 1), "one sync, under one key");
}

#[tokio::test]
async fn connecting_does_not_wait_for_a_server_that_is_gone() {
    let told = Told::open("shopify").await;
    told.server.set_down(true);
    let metric = told.press.metric.clone();
    told.press.get("klaviyo_disconnect", json!({})).await;
    let url = told.press.klaviyo.base_url();
    let key = foredeck_sandbox::DEFAULT_KLAVIYO_KEY;
    let view =
        told.press.get("klaviyo_connect", json!({"key": key, "klaviyo_url": url, "metric_id": metric})).await;
    assert_eq!((&view["status"], &view["sync_status"]), (&json!("connected"), &json!("queued")));
    told.press.step().await;
    assert_eq!(told.trigger().await["code"], "REPORT_SERVER_OFFLINE");
    assert_eq!(
        told.press.get("klaviyo_status", json!({})).await["status"],
        "connected",
        "the connection stands"
    );
}

#[tokio::test]
async fn a_test_tells_it_nothing_and_says_what_is_wrong() {
    let told = Told::open("shopify").await;
    let seen = told.press.get("report_test", json!({})).await;
    assert_eq!((&seen["status"], &seen["url"]), (&json!(405), &json!(told.server.base_url())));
    assert_eq!((told.server.syncs(), told.server.requests()[0].method.as_str()), (0, "GET"));
    for (manner, code) in [
        (Manner::Reject(401), "REPORT_SERVER_KEY_REJECTED"),
        (Manner::Reject(404), "REPORT_SERVER_NOT_THERE"),
    ] {
        told.server.set_manner(manner);
        assert_eq!(told.press.desk.ask("report_test", json!({})).await.unwrap_err().code, code);
    }
    told.server.set_down(true);
    assert_eq!(
        told.press.desk.ask("report_test", json!({})).await.unwrap_err().code,
        "REPORT_SERVER_OFFLINE"
    );
}

#[tokio::test]
async fn only_https_or_this_machine_is_told_anything() {
    let told = Told::open("shopify").await;
    for url in ["http://reports.example.com", "ftp://127.0.0.1", "127.0.0.1:8001", "https://a:b@example.com"]
    {
        let mut settings = told.press.get("settings_get", json!({})).await;
        settings["reports"]["server_url"] = json!(url);
        let refused = told.press.desk.ask("settings_set", settings).await.unwrap_err();
        assert_eq!(refused.code, "BAD_URL", "{url}");
    }
}

#[tokio::test]
async fn changing_who_syncs_calls_off_what_the_other_had_begun() {
    let told = Told::open("shopify").await;
    told.server.set_down(true);
    told.press.ask().await;
    told.press.step().await;
    told.press.get("reports_engine_set", json!({"engine": "local"})).await;
    let trigger = told.trigger().await;
    assert_eq!(
        (&trigger["state"], &trigger["code"]),
        (&json!("failed"), &json!("REPORTS_CANCELLED")),
        "{trigger}"
    );
    told.server.set_down(false);
    let stop = told.press.desk.clock.now() + 60;
    told.press.run().await;
    assert!(told.press.now() >= stop - 60 && told.server.syncs() == 0);
    assert_eq!(told.press.kind("forms").await["state"], "succeeded", "Foredeck reads them itself now");
    let audit = told.press.get("audit_page", json!({})).await.to_string();
    assert!(audit.contains("report_engine_set"), "{audit}");
}

#[tokio::test]
async fn what_was_cancelled_while_it_was_out_does_not_go_out_again() {
    let told = Told::open("shopify").await;
    told.server.set_manner(Manner::Hang);
    told.press.ask().await;
    let cancelled = async {
        told.server.until_asked(1).await;
        told.press.get("reports_cancel", json!({})).await;
    };
    let (step, ()) = tokio::join!(told.press.step(), cancelled);
    assert_eq!(step, ReportStep::Did, "it gave the server up");
    let trigger = told.trigger().await;
    assert_eq!((&trigger["state"], &trigger["unanswered"]), (&json!("unknown"), &json!(1)), "{trigger}");
    assert_eq!(trigger["code"], "REPORTS_CANCELLED", "{trigger}");
    assert_eq!(told.press.step().await, ReportStep::Idle(None));
    // An answer that comes after all is the truth.
    told.server.set_manner(Manner::Hold);
    told.press.ask().await;
    let cancelled = async {
        told.server.until_asked(2).await;
        told.press.get("reports_cancel", json!({})).await;
        told.server.release();
    };
    let (step, ()) = tokio::join!(told.press.step(), cancelled);
    assert_eq!(step, ReportStep::Did);
    let trigger = told.trigger().await;
    assert_eq!((&trigger["state"], &trigger["unanswered"]), (&json!("accepted"), &json!(0)), "{trigger}");
}
