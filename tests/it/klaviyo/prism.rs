//! Klaviyo's published specification, served by Prism, takes every request there is and its refusals are told apart.
//!
//! Prism is a peer that none of us wrote. Its npm package is where `tests/prism/install.sh` puts it, the specification where
//! `FOREDECK_DATA` says; without either this says so and stops. Between the client and Prism stands a forwarder on
//! loopback: it asks for errors (`Prefer: code=…`), and says where the next page of a list is, which Prism places at a
//! foreign host without a cursor.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::Response;
use foredeck_engine::clock::FixedClock;
use foredeck_engine::domain::action::ActionId;
use foredeck_engine::domain::day::parse_day;
use foredeck_engine::domain::klaviyo::{ReportKind, ScopeState};
use foredeck_engine::domain::report::plan::Window;
use foredeck_engine::error::Problem;
use foredeck_engine::klaviyo::{
    ENDPOINTS, Klaviyo, NewEvent, ProfileChange, REVISION, ReportRequest, report_endpoint,
};
use foredeck_sandbox::{DEFAULT_KLAVIYO_KEY, ShopPlan};
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::key;
use super::real::given;
use super::stand::Stand;
use crate::it::sync::desk::Desk;

/// How long Prism may take to read the specification: ten seconds, and many more beside other builds.
const PATIENCE: Duration = Duration::from_secs(400);
/// Where Prism says that the next page is.
const NOWHERE: &str = r#""next":"http://example.com""#;

/// A running Prism. Dropped it is ended; it ends by itself when this process does.
struct Prism {
    child: Child,
    port: u16,
}

impl Drop for Prism {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

impl Prism {
    fn start(specification: &Path) -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        let modules = target.join("prism/node_modules");
        if !modules.join("@stoplight/prism-cli").exists() {
            eprintln!("SKIPPED: Prism is not at {} (run tests/prism/install.sh)", modules.display());
            return None;
        }
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let mut child = Command::new("node")
            .arg(root.join("tests/prism/serve.cjs"))
            .arg(modules)
            .arg(port.to_string())
            .arg(specification)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let prism = Self { child, port };
        let (listens, heard) = mpsc::channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok).filter(|line| line.contains("Prism is listening")) {
                let _nobody_waits = listens.send(line);
            }
        });
        heard.recv_timeout(PATIENCE).expect("Prism listens");
        Some(prism)
    }
}

/// How requests are forwarded.
#[derive(Debug, Clone, Default)]
struct Manner {
    /// The answer that is asked for.
    code: Option<u16>,
    /// Where the next page is said to be; None leaves it as Prism says, an empty text says that there is none. `{n}` stands
    /// for a number that is another each time.
    next: Option<String>,
}

/// A request, and the status of its answer.
type Seen = (String, String, u16);

struct Forwarder {
    url: String,
    manner: Arc<Mutex<Manner>>,
    seen: Arc<Mutex<Vec<Seen>>>,
    _serving: tokio::task::JoinHandle<()>,
}

impl Forwarder {
    async fn open(port: u16) -> Self {
        let (manner, seen) = (Arc::<Mutex<Manner>>::default(), Arc::<Mutex<Vec<Seen>>>::default());
        let (how, log) = (Arc::clone(&manner), Arc::clone(&seen));
        let handle = move |request: Request| {
            let (how, log) = (how.lock().unwrap().clone(), Arc::clone(&log));
            async move {
                let method = request.method().to_string();
                let path = request.uri().path().to_owned();
                let (status, body) = forward(port, request, how.code).await;
                let number = {
                    let mut log = log.lock().unwrap();
                    log.push((method, path, status));
                    log.len()
                };
                let next = how.next.map(|next| match next.as_str() {
                    "" => r#""next":null"#.to_owned(),
                    next => format!(r#""next":"{}""#, next.replace("{n}", &number.to_string())),
                });
                let body = next.map_or(body.clone(), |next| body.replace(NOWHERE, &next));
                let answer =
                    Response::builder().status(status).header("content-type", "application/vnd.api+json");
                answer.body(Body::from(body)).unwrap()
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move {
            axum::serve(listener, Router::new().fallback(handle)).await.unwrap();
        });
        Self { url, manner, seen, _serving: serving }
    }

    fn answers(&self, code: Option<u16>, next: Option<&str>) {
        *self.manner.lock().unwrap() = Manner { code, next: next.map(str::to_owned) };
        self.seen.lock().unwrap().clear();
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    fn client(&self) -> Klaviyo {
        let clock = Arc::new(FixedClock::new(1_772_366_400));
        Klaviyo::new(&self.url, &key(DEFAULT_KLAVIYO_KEY), None, clock).unwrap()
    }
}

/// The same request over HTTP/1.0, which needs nothing but a socket.
async fn forward(port: u16, request: Request, code: Option<u16>) -> (u16, String) {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut head = format!(
        "{} {target} HTTP/1.0\r\nhost: 127.0.0.1\r\ncontent-length: {}\r\n",
        parts.method,
        body.len()
    );
    for (name, value) in &parts.headers {
        if !["host", "content-length", "connection", "accept-encoding"].contains(&name.as_str()) {
            head += &format!("{name}: {}\r\n", value.to_str().unwrap());
        }
    }
    if let Some(code) = code {
        head += &format!("prefer: code={code}\r\n");
    }
    let mut socket = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    socket.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
    socket.write_all(&body).await.unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

/// The specification that Prism can read, with the one path that was cut from it as the official one has it.
fn specification(folder: &Path) -> Option<PathBuf> {
    let mut cut = given(&format!("prism-{REVISION}.json"))?;
    let official = given(&format!("openapi-{REVISION}.json"))?;
    let path = "/api/segments/{id}";
    let mut get = official["paths"][path]["get"].clone();
    let example = json!({"data": {"type": "segment", "id": "AbC123", "attributes": {"name": "Some", "profile_count": 7}}});
    get["responses"] = json!({"200": {"description": "", "content": {"application/vnd.api+json":
        {"schema": {"type": "object"}, "example": example}}}});
    cut["paths"][path] = json!({"get": get});
    let file = folder.join("specification.json");
    std::fs::write(&file, cut.to_string()).unwrap();
    Some(file)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_specification_takes_what_we_ask_and_its_refusals_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let Some(file) = specification(folder.path()) else { return };
    let Some(prism) = Prism::start(&file) else { return };
    let forwarder = Forwarder::open(prism.port).await;
    every_request_is_accepted(&forwarder).await;
    refusals_are_told_apart(&forwarder).await;
    states_follow_refusals(&forwarder).await;
    foreign_pages_are_read_here(&forwarder).await;
}

/// An answer that is no refusal may have fewer fields than Klaviyo's own; what counts is that the request was taken.
async fn every_request_is_accepted(forwarder: &Forwarder) {
    forwarder.answers(None, Some(""));
    let client = forwarder.client();
    client.account().await.unwrap();
    client.metrics().await.unwrap();
    client.custom_metrics().await.unwrap();
    client.mapped_revenue().await.unwrap();
    client.lists().await.unwrap();
    client.events_of("AbC123", "01PROFILE").await.unwrap();
    client.events_since("AbC123", 1_772_366_400).next().await.unwrap();
    client.find_people(&["ann@example.com".to_owned(), "a\"b@example.com".to_owned()]).await.unwrap();
    client.metric_ids(&["Preorder Started"]).await.unwrap();
    client.find_profile("a+\"b\"@example.com").await.unwrap();
    assert_eq!(client.segment("AbC123").await.unwrap().count, Some(7));
    client.send_event(&act(), &event(true).document()).await.unwrap();
    client.send_event(&act(), &event(false).document()).await.unwrap();
    client.import_profile(&act(), &change().document()).await.unwrap();
    every_report_is_asked_for(&client).await;
    let scopes = client.scopes(ScopeState::Granted).await.unwrap();
    assert!(scopes.iter().all(|scope| scope.state != ScopeState::Unknown), "{scopes:?}");
    let seen = forwarder.seen();
    let refused: Vec<&Seen> = seen.iter().filter(|(_, _, status)| !(200..300).contains(status)).collect();
    assert!(refused.is_empty(), "{refused:?}");
    let asked: BTreeSet<(String, String)> = seen
        .into_iter()
        .map(|(method, path, _)| (method, path.replace("/AbC123", "/{id}").trim_end_matches('/').to_owned()))
        .collect();
    // Of reports that are told by day and as a sum only one of the two is asked for.
    let is_used = |name: &str| ReportKind::ALL.iter().any(|kind| report_endpoint(*kind).name == name);
    for endpoint in ENDPOINTS.iter().filter(|one| one.per_day.is_none() || is_used(one.name)) {
        let wanted = (endpoint.method.to_owned(), endpoint.path.to_owned());
        assert!(asked.contains(&wanted), "{endpoint:?} was not asked for: {asked:?}");
    }
    // Prism does look: a body without what the specification requires is refused.
    let broken = NewEvent { metric: String::new(), ..event(true) };
    let mut document = broken.document();
    document["data"]["attributes"].as_object_mut().unwrap().remove("metric");
    let request = Request::builder()
        .method("POST")
        .uri("/api/events")
        .header("revision", REVISION)
        .header("authorization", "Klaviyo-API-Key x")
        .header("content-type", "application/vnd.api+json")
        .body(Body::from(document.to_string()))
        .unwrap();
    assert_eq!(forwarder.status_of(request).await, 422, "a body that lacks its metric");
}

/// Each kind's list, and a report of it; what Prism makes up as an answer need not be one of the days asked for.
async fn every_report_is_asked_for(client: &Klaviyo) {
    for kind in ReportKind::ALL {
        let counted = matches!(kind, ReportKind::Campaigns | ReportKind::Flows);
        let days = if kind == ReportKind::Campaigns { 1 } else { 60 };
        let first = parse_day("2026-01-02").unwrap();
        let request = ReportRequest {
            kind,
            window: Window { first, last: first + (days - 1) },
            until_hour: (kind == ReportKind::Flows).then_some(14),
            metric: counted.then(|| "AbC123".to_owned()),
            with_value: counted,
        };
        let _made_up = client.report(&request, None).await;
        let _made_up = client.report_entities(kind).await;
    }
}

impl Forwarder {
    /// Sends a request of a test's own to Prism by way of this forwarder; says the status.
    async fn status_of(&self, request: Request) -> u16 {
        let port = self.url.rsplit(':').next().unwrap().parse().unwrap();
        forward(port, request, None).await.0
    }
}

fn act() -> ActionId {
    ActionId::new("act_test")
}

fn event(full: bool) -> NewEvent {
    let some = |name: &str, value: Value| Map::from_iter([(name.to_owned(), value)]);
    NewEvent {
        metric: "Preorder Started".to_owned(),
        email: "ann@example.com".to_owned(),
        at: 1_772_366_400,
        value: full.then(|| (129_900, "eur".to_owned())),
        unique_id: "pre_1:started".to_owned(),
        backfill: full,
        properties: if full { some("color", json!("blue")) } else { Map::new() },
        profile_properties: if full { some("yoyo_color", json!("blue")) } else { Map::new() },
    }
}

fn change() -> ProfileChange {
    ProfileChange {
        email: "ann@example.com".to_owned(),
        properties: Map::from_iter([
            ("yoyo_color".to_owned(), json!("blue")),
            ("gone".to_owned(), Value::Null),
        ]),
    }
}

async fn refusals_are_told_apart(forwarder: &Forwarder) {
    for (status, code) in [
        (400, "KLAVIYO_REFUSED"),
        (401, "KLAVIYO_KEY_REJECTED"),
        (403, "KLAVIYO_SCOPE_MISSING"),
        (404, "KLAVIYO_NOT_FOUND"),
        (409, "KLAVIYO_REFUSED"),
        (429, "KLAVIYO_THROTTLED"),
        (500, "KLAVIYO_ERROR"),
        (503, "KLAVIYO_ERROR"),
    ] {
        forwarder.answers(Some(status), None);
        // A client each: one that failed often enough is held back.
        let read = Problem::from(forwarder.client().events_of("AbC123", "01PROFILE").await.unwrap_err());
        let sent =
            Problem::from(forwarder.client().import_profile(&act(), &change().document()).await.unwrap_err());
        assert_eq!((read.code, sent.code), (code, code), "{status}: {read:?} {sent:?}");
        assert!(!read.hint.is_empty() && !read.message.contains("pk_"), "{read:?}");
        assert!(forwarder.seen().iter().all(|(_, _, told)| *told == status), "{:?}", forwarder.seen());
    }
}

async fn states_follow_refusals(forwarder: &Forwarder) {
    let desk = Desk::with_shop(ShopPlan::Empty).await;
    forwarder.answers(None, Some(""));
    let test = json!({"key": DEFAULT_KLAVIYO_KEY, "klaviyo_url": forwarder.url});
    let metric = desk.get("klaviyo_test", test.clone()).await["metrics"][0]["id"].clone();
    let mut connect = test;
    connect["metric_id"] = metric;
    desk.get("klaviyo_connect", connect).await;
    for (status, code, state) in [
        (400, "KLAVIYO_KEY_REJECTED", "disconnected"),
        (401, "KLAVIYO_KEY_REJECTED", "disconnected"),
        (403, "KLAVIYO_SCOPE_MISSING", "error"),
        (404, "KLAVIYO_NOT_FOUND", "error"),
        (409, "KLAVIYO_REFUSED", "error"),
        (429, "KLAVIYO_THROTTLED", "connected"),
        (500, "KLAVIYO_ERROR", "error"),
        (503, "KLAVIYO_ERROR", "error"),
    ] {
        forwarder.answers(Some(status), None);
        let refused = desk.ask("klaviyo_check", json!({})).await.unwrap_err();
        let told = desk.get("klaviyo_status", json!({})).await;
        assert_eq!((refused.code, told["status"].as_str()), (code, Some(state)), "{status}: {told}");
        forwarder.answers(None, Some(""));
        desk.get("klaviyo_check", json!({})).await;
        assert_eq!(desk.get("klaviyo_status", json!({})).await["status"], "connected", "it passes");
    }
}

async fn foreign_pages_are_read_here(forwarder: &Forwarder) {
    // As Prism says it: at a host of its own, and without a cursor.
    forwarder.answers(None, None);
    let client = forwarder.client();
    let problem = Problem::from(client.metrics().await.unwrap_err());
    assert_eq!(
        (problem.code, client.foreign_next().as_deref()),
        ("KLAVIYO_LIST_BROKEN", Some("example.com"))
    );
    assert_eq!(forwarder.seen().len(), 1, "nothing is asked a second time");
    // With a cursor, and another one each time: the pages end all the same.
    let elsewhere = Stand::open(|_, _| super::stand::ok(&json!({"data": []}))).await;
    forwarder.answers(None, Some(&format!("{}/api/metrics?page%5Bcursor%5D=c{{n}}", elsewhere.url)));
    let client = forwarder.client();
    let metrics = client.metrics().await.unwrap();
    assert!(!metrics.complete && forwarder.seen().len() == 25, "{} pages", forwarder.seen().len());
    let lists = client.lists().await.unwrap();
    assert!(!lists.complete && forwarder.seen().len() == 55, "{} pages", forwarder.seen().len());
    assert!(forwarder.seen().iter().all(|(_, path, status)| *status == 200 && path.starts_with("/api/")));
    assert_eq!(elsewhere.asked(), [], "the other host was never asked, with a key or without");
    // The same cursor again is no page.
    forwarder.answers(None, Some("http://example.com/?page%5Bcursor%5D=c"));
    let problem = Problem::from(forwarder.client().lists().await.unwrap_err());
    assert_eq!((problem.code, forwarder.seen().len()), ("KLAVIYO_LIST_BROKEN", 2));
}
