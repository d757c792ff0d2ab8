//! A report server on loopback, as shops run one: it is told to sync, by `POST /api/v1/reports/full_sync`.
//!
//! It keeps every request as it came, byte by byte, and behaves as it is told to: it accepts, rejects, hangs, sends elsewhere, or
//! is down. One idempotency key is one sync, however often it comes.

use crate::server::shared::lock;
use crate::server::transport;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

/// Where it is told to sync.
const PATH: &str = "/api/v1/reports/full_sync";
/// How long a hung request stays open.
const HANG: Duration = Duration::from_secs(120);
const LARGEST_BODY: usize = 1 << 20;

/// How it behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manner {
    /// 202, and the sync is noted.
    Accept,
    /// This status, and nothing is noted.
    Reject(u16),
    /// The sync is noted, and no answer comes until it is released.
    Hold,
    /// The sync is noted, and no answer comes for as long as anybody waits.
    Hang,
    /// A redirect to this address.
    Redirect(String),
}

/// One request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRequest {
    /// `POST` or `GET`.
    pub method: String,
    /// The path.
    pub path: String,
    /// Headers by lower-case name, in order.
    pub headers: Vec<(String, String)>,
    /// The bytes of the body.
    pub body: Vec<u8>,
    /// What was answered; 0 where nothing was.
    pub status: u16,
}

impl ReportRequest {
    /// A header, by lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

struct Shared {
    key: String,
    manner: Mutex<Manner>,
    requests: Mutex<Vec<ReportRequest>>,
    syncs: Mutex<BTreeSet<String>>,
    arrived: watch::Sender<usize>,
    release: watch::Sender<u32>,
}

/// A running report server. Dropping it stops it.
pub struct ReportServer {
    shared: Arc<Shared>,
    base: String,
    unreachable: watch::Sender<bool>,
    stop: watch::Sender<bool>,
}

impl ReportServer {
    /// Opens one that wants this key, on a port of 127.0.0.1; 0 takes any free one.
    ///
    /// # Errors
    /// The port is taken.
    pub async fn open(key: &str, port: u16) -> io::Result<ReportServer> {
        let listener = transport::bind(port).await?;
        let base = format!("http://127.0.0.1:{}", listener.local_addr()?.port());
        let (unreachable, stop) = (watch::Sender::new(false), watch::Sender::new(false));
        let shared = Arc::new(Shared {
            key: key.to_owned(),
            manner: Mutex::new(Manner::Accept),
            requests: Mutex::default(),
            syncs: Mutex::default(),
            arrived: watch::Sender::new(0),
            release: watch::Sender::new(0),
        });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        tokio::spawn(transport::serve(listener, router, unreachable.subscribe(), stop.subscribe()));
        Ok(ReportServer { shared, base, unreachable, stop })
    }

    /// Where it listens.
    pub fn base_url(&self) -> String {
        self.base.clone()
    }

    /// From now on it behaves so.
    pub fn set_manner(&self, manner: Manner) {
        *lock(&self.shared.manner) = manner;
    }

    /// From now on nothing is there, or it is there again.
    pub fn set_down(&self, down: bool) {
        let _ = self.unreachable.send_replace(down);
    }

    /// Every request so far, oldest first.
    pub fn requests(&self) -> Vec<ReportRequest> {
        lock(&self.shared.requests).clone()
    }

    /// How many syncs it was told to do: each idempotency key counts once.
    pub fn syncs(&self) -> usize {
        lock(&self.shared.syncs).len()
    }

    /// Waits until this many requests came.
    pub async fn until_asked(&self, requests: usize) {
        let mut arrived = self.shared.arrived.subscribe();
        let _ = arrived.wait_for(|came| *came >= requests).await;
    }

    /// Answers what is held now.
    pub fn release(&self) {
        self.shared.release.send_modify(|times| *times += 1);
    }
}

impl Drop for ReportServer {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LARGEST_BODY).await.unwrap_or_default().to_vec();
    let headers = parts.headers.iter();
    let headers = headers
        .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned()))
        .collect();
    let request = ReportRequest {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        headers,
        body,
        status: 0,
    };
    let manner = lock(&shared.manner).clone();
    let status = judged(&shared, &request, &manner);
    let place = {
        let mut requests = lock(&shared.requests);
        requests.push(request);
        requests.len() - 1
    };
    // Subscribed before anybody hears of it: a release that comes at once is not missed.
    let mut released = shared.release.subscribe();
    shared.arrived.send_replace(place + 1);
    match &manner {
        Manner::Hang => tokio::time::sleep(HANG).await,
        Manner::Hold => {
            let _ = released.changed().await;
        }
        _ => {}
    }
    lock(&shared.requests)[place].status = status;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let text = r#"{"message":"full sync"}"#;
    match manner {
        Manner::Redirect(to) => (status, [(header::LOCATION, to)], Body::empty()).into_response(),
        _ => (status, [(header::CONTENT_TYPE, "application/json".to_owned())], text).into_response(),
    }
}

/// The status of the answer; a sync that it accepts is noted.
fn judged(shared: &Shared, request: &ReportRequest, manner: &Manner) -> u16 {
    match manner {
        Manner::Reject(status) => return *status,
        Manner::Redirect(_) => return 307,
        _ => {}
    }
    let named = [format!("Bearer {}", shared.key), shared.key.clone()];
    if !request.headers.iter().any(|(_, value)| named.contains(value)) {
        return 401;
    }
    if request.path != PATH {
        return 404;
    }
    if request.method != "POST" {
        return 405;
    }
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let whole = body["klaviyo_public_id"].is_string()
        && body["store_public_id"].is_string()
        && body["do_not_order_sync"].is_boolean()
        && body.as_object().is_some_and(|fields| fields.len() == 3);
    if !whole {
        return 422;
    }
    let number = lock(&shared.requests).len();
    let key = request.header("idempotency-key").map_or_else(|| format!("none {number}"), str::to_owned);
    lock(&shared.syncs).insert(key);
    202
}
