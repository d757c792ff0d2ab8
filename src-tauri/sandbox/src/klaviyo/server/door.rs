//! What every request passes on its way in: trouble, key, revision, scope, limits, then the account.

use super::Desk;
use super::answer::{Asked, Denial, html};
use super::ask::Ask;
use super::limits::Room;
use super::routes::{self, Found, Route};
use super::{reads, reports, writes};
use crate::clock::http_date;
use crate::server::aim::WriteTrouble;
use crate::server::answer::Answer;
use crate::server::form::Form;
use crate::server::shared::lock;
use crate::server::transport::{Delivery, PeerPort, response};
use crate::server::trouble::Trouble;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The largest body that is taken.
const LARGEST_BODY: usize = 5 << 20;
/// Older requests are forgotten beyond this many.
const KEPT: usize = 200_000;
/// How long a hung request stays open.
const HANG: Duration = Duration::from_secs(120);
const JSON_API: &str = "application/vnd.api+json";

/// One request that was made, for tests to look at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KlaviyoRequest {
    /// World time of arrival.
    pub at: i64,
    /// `GET`, `POST` or `PATCH`.
    pub method: String,
    /// For example `/api/events`.
    pub path: String,
    /// Decoded parameters.
    pub query: Vec<(String, String)>,
    /// The body, if it was JSON; else null.
    pub body: Value,
    /// The key, masked.
    pub key: String,
    /// The revision asked for.
    pub revision: Option<String>,
    /// HTTP status; 0 when no whole answer was sent.
    pub status: u16,
    /// A write that was accepted, whatever was answered.
    pub applied: bool,
    /// The trouble it met, if any.
    pub fault: Option<String>,
    /// Requests in flight at its arrival, itself included.
    pub in_flight: u32,
}

/// A request, read.
struct Call {
    method: String,
    path: String,
    query: String,
    body: Vec<u8>,
    authorization: Option<String>,
    revision: Option<String>,
    opted_out: bool,
    content_type: String,
}

impl Call {
    fn writes(&self) -> bool {
        self.method != "GET"
    }

    fn segments(&self) -> Option<Vec<&str>> {
        let below = self.path.strip_prefix("/api")?;
        let segments: Vec<&str> = below.split('/').filter(|s| !s.is_empty()).collect();
        (!segments.is_empty()).then_some(segments)
    }

    /// The private key, if the header has the form of one.
    fn key(&self) -> Option<&str> {
        self.authorization.as_deref()?.strip_prefix("Klaviyo-API-Key ").map(str::trim)
    }
}

/// How a call went.
#[derive(Default)]
struct Trace {
    applied: bool,
    served: Option<String>,
    room: Option<Room>,
}

/// Answers any request.
pub(crate) async fn answer(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let in_flight = desk.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
    let guard = InFlight(Arc::clone(&desk));
    let call = read(request).await;
    let aimed = if call.writes() { lock(&desk.aims).meet(&call.path) } else { None };
    let serving = serve(guard, call, in_flight, aimed);
    if !aimed.is_some_and(WriteTrouble::holds) {
        return serving.await;
    }
    // Who is held was heard: the write goes on even if its client goes away meanwhile.
    match tokio::spawn(serving).await {
        Ok(response) => response,
        Err(_) => response(Answer::ok(Vec::new()), Delivery::Drop, &[]),
    }
}

struct InFlight(Arc<Desk>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn read(request: Request) -> Call {
    let (parts, body) = request.into_parts();
    debug_assert!(parts.extensions.get::<PeerPort>().is_some(), "the transport marks every request");
    let body = to_bytes(body, LARGEST_BODY + 1).await.unwrap_or_default().to_vec();
    let header = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    Call {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        body,
        authorization: header("authorization"),
        revision: header("revision"),
        opted_out: header("x-klaviyo-revision-fall-forward-opt-out").is_some_and(|v| v == "1"),
        content_type: header("content-type").unwrap_or_default(),
    }
}

async fn serve(guard: InFlight, call: Call, in_flight: u32, aimed: Option<WriteTrouble>) -> Response {
    let desk = Arc::clone(&guard.0);
    let trouble = match aimed {
        Some(aimed) => aimed.into(),
        None => lock(&desk.troubles).draw(call.writes(), false, &call.path),
    };
    let mut pending = PendingLog { desk: &desk, entry: Some(draft(&desk, &call, in_flight, trouble)) };
    let mut trace = Trace::default();
    let answer = handle(&desk, &call, trouble, &mut trace).await;
    let delivery = match trouble {
        Trouble::DropBefore | Trouble::DropAfter => Delivery::Drop,
        Trouble::CutBody => Delivery::Cut,
        _ => Delivery::Whole,
    };
    if let Some(entry) = &mut pending.entry {
        entry.status = if delivery == Delivery::Whole { answer.status } else { 0 };
        entry.applied = trace.applied;
    }
    drop(pending);
    dress(&desk, answer, delivery, &trace)
}

fn draft(desk: &Desk, call: &Call, in_flight: u32, trouble: Trouble) -> KlaviyoRequest {
    KlaviyoRequest {
        at: desk.stripe.world().now(),
        method: call.method.clone(),
        path: call.path.clone(),
        query: Form::parse(&call.query).pairs().to_vec(),
        body: serde_json::from_slice(&call.body).unwrap_or_default(),
        key: call.key().map(masked).unwrap_or_default(),
        revision: call.revision.clone(),
        status: 0,
        applied: false,
        fault: trouble.word().map(str::to_owned),
        in_flight,
    }
}

/// Writes its entry to the log when the request ends, also when the client went away in the middle.
struct PendingLog<'a> {
    desk: &'a Desk,
    entry: Option<KlaviyoRequest>,
}

impl Drop for PendingLog<'_> {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            let mut requests = lock(&self.desk.requests);
            if requests.len() == KEPT {
                requests.pop_front();
            }
            requests.push_back(entry);
        }
    }
}

fn masked(key: &str) -> String {
    let tail: String = key.chars().skip(key.chars().count().saturating_sub(4)).collect();
    format!("pk_****{tail}")
}

fn dress(desk: &Desk, answer: Answer, delivery: Delivery, trace: &Trace) -> Response {
    let account = desk.account();
    let (date, cid) = (http_date(account.now), account.config.public_id.clone());
    drop(account);
    let served = trace.served.as_deref().unwrap_or_default();
    let mut headers =
        vec![("content-type", JSON_API), ("date", &date), ("cid", &cid), ("server", "cloudflare")];
    if !served.is_empty() {
        headers.push(("x-klaviyo-api-revision", served));
    }
    let (limit, remaining, reset);
    if let Some(room) = trace.room.filter(|_| answer.status != 429) {
        limit = format!("{}, {};w=1, {};w=60", room.burst, room.burst, room.steady);
        (remaining, reset) = (room.remaining.to_string(), room.reset_s.to_string());
        headers.extend([
            ("ratelimit-limit", limit.as_str()),
            ("ratelimit-remaining", remaining.as_str()),
            ("ratelimit-reset", reset.as_str()),
        ]);
    }
    response(answer, delivery, &headers)
}

async fn handle(desk: &Desk, call: &Call, trouble: Trouble, trace: &mut Trace) -> Answer {
    let number = desk.next_request.fetch_add(1, Ordering::Relaxed);
    let id = format!("{number:08x}-0000-4000-8000-{:012x}", desk.stripe.seed & 0xffff_ffff_ffff);
    let (retry_after_s, latency_ms) = {
        let troubles = lock(&desk.troubles);
        (troubles.faults.retry_after_s, troubles.faults.latency_ms)
    };
    match trouble {
        Trouble::Html => return html(403, "Forbidden").header("cf-mitigated", "challenge"),
        Trouble::Unavailable(status @ (502 | 503)) => return html(status, "Service Unavailable"),
        Trouble::Unavailable(status) => return Denial::failed(status).answer(&id),
        Trouble::RateLimit => {
            let answer = Denial::throttled(retry_after_s.map_or(0, i64::from)).answer(&id);
            return match retry_after_s {
                Some(seconds) => answer.header("retry-after", seconds.to_string()),
                None => answer,
            };
        }
        _ => {}
    }
    // A header that no HTTP server should pass on is stopped before Klaviyo.
    if call.authorization.as_deref().is_some_and(|a| a.contains(['\r', '\n', '\t'])) {
        return html(400, "Bad Request");
    }
    if latency_ms > 0 {
        tokio::time::sleep(Duration::from_millis(latency_ms)).await;
    }
    let route = match admit(desk, call, trace) {
        Ok(route) => route,
        Err(Refused::Denied(denial)) => return denial.answer(&id),
        Err(Refused::Wait(seconds)) => {
            return Denial::throttled(seconds).answer(&id).header("retry-after", seconds.to_string());
        }
    };
    match trouble {
        Trouble::Hang => {
            tokio::time::sleep(HANG).await;
            return Denial::failed(504).answer(&id);
        }
        Trouble::DropBefore | Trouble::Stored500 { applied: false } => {
            return Denial::failed(500).answer(&id);
        }
        Trouble::HeldBefore => desk.gate.wait().await,
        _ => {}
    }
    let done = execute(desk, call, route, trace);
    if trouble == (Trouble::Stored500 { applied: true }) {
        return Denial::failed(500).answer(&id);
    }
    let answer = match done {
        Ok((status, body)) => {
            let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
            Answer { status, body, headers: Vec::new() }
        }
        Err(denial) => denial.answer(&id),
    };
    if trouble == Trouble::HeldAfter {
        desk.gate.wait().await;
    }
    answer
}

/// Why a request comes no further than the door.
enum Refused {
    Denied(Denial),
    /// It may come again in so many seconds.
    Wait(i64),
}

impl From<Denial> for Refused {
    fn from(denial: Denial) -> Refused {
        Refused::Denied(denial)
    }
}

fn admit(desk: &Desk, call: &Call, trace: &mut Trace) -> Result<&'static Route, Refused> {
    let key = call.key().ok_or_else(Denial::not_authenticated)?;
    let keys = lock(&desk.keys);
    let known = keys.iter().find(|k| k.key == key && !k.revoked).ok_or_else(Denial::wrong_key)?;
    trace.served = Some(lock(&desk.revisions).served(call.revision.as_deref(), call.opted_out)?);
    let segments = call.segments().ok_or_else(Denial::no_such_page)?;
    let route = match routes::find(&call.method, &segments) {
        Found::Route(route) => route,
        Found::OtherMethod => return Err(Denial::not_allowed(&call.method).into()),
        Found::Nothing => return Err(Denial::no_such_page().into()),
    };
    // The profiles of a list or segment need the scope of the list or segment too.
    let beside = (segments.len() == 3).then(|| format!("{}:read", segments[0]));
    let needed = route.scopes.iter().copied().chain(beside.as_deref());
    if let Some(missing) = needed.into_iter().find(|scope| !known.scopes.iter().any(|own| own == scope)) {
        return Err(Denial::no_scope(missing).into());
    }
    let limits = routes::limits(route, &call.query);
    let now = desk.stripe.world().now();
    let endpoint = if call.writes() { route.path } else { endpoint_of(route) };
    let admitted = lock(&desk.limiter).admit(endpoint, &call.path, limits, desk.counts, now);
    trace.room = Some(admitted.map_err(Refused::Wait)?);
    if call.writes() && !call.content_type.contains("json") {
        return Err(Denial::media_type(&call.content_type).into());
    }
    if call.body.len() > LARGEST_BODY {
        return Err(Denial::invalid("The request body is larger than 5 MB.").at("/data").into());
    }
    Ok(route)
}

/// Reading and writing one path are two endpoints, each with its own limits.
fn endpoint_of(route: &'static Route) -> &'static str {
    match route.path {
        "events" => "read events",
        "profiles" => "read profiles",
        "profiles/{id}" => "read profile",
        path => path,
    }
}

fn execute(desk: &Desk, call: &Call, route: &'static Route, trace: &mut Trace) -> Asked<writes::Done> {
    let ask = Ask {
        route,
        segments: call.segments().unwrap_or_default(),
        query: Form::parse(&call.query),
        body: &call.body,
        revision: trace.served.clone().unwrap_or_default(),
        base: &desk.base,
        next_base: desk.trap.as_ref().map_or(&desk.base, |trap| &trap.base),
    };
    ask.check_query()?;
    let mut account = desk.account();
    if route.daily.is_some() {
        return reports::report(&account, &ask).map(|body| (200, Some(body)));
    }
    if !call.writes() {
        return reads::read(&account, &ask).map(|body| (200, Some(body)));
    }
    let done = writes::write(&mut account, &ask);
    trace.applied = done.is_ok();
    done
}
