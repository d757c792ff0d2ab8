//! The API's door: each request passes key, limits, permission, idempotency, then meets the world.

use super::aim::WriteTrouble;
use super::answer::{Answer, api_error, rate_limited};
use super::effects::{self, Before, Effect};
use super::form::Form;
use super::idempotency::Admission;
use super::journal::{Act, Entry};
use super::request_log::RequestLog;
use super::shared::{Reservation, Shared};
use super::transport::{Delivery, dress};
use super::trouble::Trouble;
use super::{keys, reads, writes};
use crate::config::KeySpec;
use crate::world::{Origin, Refusal, Told};
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::Response;
use hyper::Method;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Stripe's requests are small.
const LARGEST_BODY: usize = 1 << 20;
/// How long a hung request stays open.
const HANG: Duration = Duration::from_secs(120);

/// A request, read.
struct Call {
    method: Method,
    path: String,
    query: String,
    body: Form,
    key: Option<String>,
    idempotency_key: Option<String>,
    version: Option<String>,
    request_id: String,
    peer_port: u16,
}

impl Call {
    fn writes(&self) -> bool {
        self.method != Method::GET
    }

    fn segments(&self) -> Vec<&str> {
        self.path.trim_start_matches("/v1").split('/').filter(|s| !s.is_empty()).collect()
    }

    /// What endpoint limits count by: ids are not part of an operation.
    fn operation(&self) -> String {
        let plain = |s: &&str| crate::objects::Kind::of_id(s).is_none() && !s.starts_with("evt_");
        format!("{} {}", self.method, self.segments().into_iter().filter(plain).collect::<Vec<_>>().join("/"))
    }
}

/// Counts a request as in flight until it is dropped.
struct InFlight(Arc<Shared>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How a call went, for the log.
#[derive(Default)]
struct Trace {
    applied: bool,
    replayed: bool,
    trouble: Option<Trouble>,
}

/// Answers any request that is not the sandbox's own.
pub(super) async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let in_flight = shared.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
    let guard = InFlight(Arc::clone(&shared));
    let call = read(&shared, request).await;
    let aimed = if call.writes() { shared.aims().meet(&call.path) } else { None };
    let serving = serve(guard, call, in_flight, aimed);
    if !aimed.is_some_and(WriteTrouble::holds) {
        return serving.await;
    }
    // Who is held was heard: the write goes on even if its client goes away meanwhile.
    match tokio::spawn(serving).await {
        Ok(response) => response,
        Err(_) => dress(Answer::ok(Vec::new()), Delivery::Drop, "", None, None, shared.now()),
    }
}

async fn serve(guard: InFlight, call: Call, in_flight: u32, aimed: Option<WriteTrouble>) -> Response {
    let shared = Arc::clone(&guard.0);
    let trouble = match aimed {
        Some(aimed) => aimed.into(),
        None => shared.troubles().draw(call.writes(), call.idempotency_key.is_some(), &call.path),
    };
    let mut trace = Trace { trouble: Some(trouble).filter(|t| *t != Trouble::None), ..Trace::default() };
    let mut pending = PendingLog { shared: &shared, call: &call, in_flight, entry: None };
    pending.entry = Some(pending.draft());
    let answer = handle(&shared, &call, in_flight, trouble, &mut trace).await;
    let delivery = match trace.trouble {
        Some(Trouble::DropBefore | Trouble::DropAfter) => Delivery::Drop,
        Some(Trouble::CutBody) => Delivery::Cut,
        _ => Delivery::Whole,
    };
    if let Some(entry) = &mut pending.entry {
        entry.status = if delivery == Delivery::Whole { answer.status } else { 0 };
        entry.applied = trace.applied;
        entry.replayed = trace.replayed;
        entry.fault = trace.trouble.and_then(Trouble::word).map(str::to_owned);
    }
    drop(pending);
    let now = shared.now();
    dress(answer, delivery, &call.request_id, call.version.as_deref(), call.idempotency_key.as_deref(), now)
}

/// Writes its entry to the log when the request ends, also when the client went away in the middle.
struct PendingLog<'a> {
    shared: &'a Shared,
    call: &'a Call,
    in_flight: u32,
    entry: Option<RequestLog>,
}

impl PendingLog<'_> {
    fn draft(&self) -> RequestLog {
        RequestLog {
            at: self.shared.now(),
            since_start_ms: self.shared.started.elapsed().as_millis() as u64,
            method: self.call.method.to_string(),
            path: self.call.path.clone(),
            query: self.call.query.clone(),
            body: self.call.body.pairs().to_vec(),
            key: self.call.key.as_deref().map(keys::masked).unwrap_or_default(),
            idempotency_key: self.call.idempotency_key.clone(),
            request_id: self.call.request_id.clone(),
            status: 0,
            replayed: false,
            applied: false,
            fault: Some("gone".to_owned()),
            in_flight: self.in_flight,
            peer_port: self.call.peer_port,
        }
    }
}

impl Drop for PendingLog<'_> {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            self.shared.requests().add(entry);
        }
    }
}

async fn read(shared: &Shared, request: Request) -> Call {
    let peer_port = request.extensions().get::<super::transport::PeerPort>().map_or(0, |port| port.0);
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LARGEST_BODY).await.unwrap_or_default();
    let header = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    Call {
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        body: Form::parse(&String::from_utf8_lossy(&body)),
        key: keys::key_in(header("authorization").as_deref()),
        idempotency_key: header("idempotency-key").filter(|_| parts.method == Method::POST),
        version: header("stripe-version"),
        request_id: shared.next_request_id(),
        peer_port,
        method: parts.method,
    }
}

async fn handle(shared: &Shared, call: &Call, in_flight: u32, trouble: Trouble, trace: &mut Trace) -> Answer {
    let refused = |refusal: &Refusal| Answer::refused(refusal, &call.request_id);
    let latency_ms = shared.troubles().faults.latency_ms;
    match trouble {
        Trouble::Html => {
            return Answer::ok(
                b"<!doctype html><html><body><h1>We'll be right back</h1></body></html>".to_vec(),
            )
            .header("content-type", "text/html; charset=utf-8");
        }
        Trouble::Unavailable(status) => return refused(&api_error(status)),
        Trouble::RateLimit => return too_many(shared, refused(&rate_limited()), "global-rate"),
        _ => {}
    }
    let key = match keys::known(&shared.keys, call.key.as_deref()) {
        Ok(key) => key,
        Err(refusal) => return refused(&refusal).header("www-authenticate", "Basic realm=\"Stripe\""),
    };
    let limited = shared.limiter().refuses(&call.operation(), in_flight);
    if let Some(reason) = limited {
        return too_many(shared, refused(&rate_limited()), reason);
    }
    if let Err(refusal) = keys::permitted(key, keys::resource(&call.segments()), call.writes()) {
        return refused(&refusal);
    }
    let reservation = match admit(shared, call, key) {
        Ok(Ok(reservation)) => reservation,
        Ok(Err(replay)) => {
            trace.replayed = true;
            return replay.header("idempotent-replayed", "true");
        }
        Err(refusal) if refusal.status == 409 => {
            return refused(&refusal).header("stripe-should-retry", "true");
        }
        Err(refusal) => return refused(&refusal),
    };
    if latency_ms > 0 {
        tokio::time::sleep(Duration::from_millis(latency_ms)).await;
    }
    match trouble {
        Trouble::Hang => {
            tokio::time::sleep(HANG).await;
            return refused(&api_error(504));
        }
        Trouble::DropBefore => return refused(&api_error(500)),
        Trouble::HeldBefore => shared.gate.wait().await,
        Trouble::Stored500 { applied: false } => return store_500(reservation, refused(&api_error(500))),
        _ => {}
    }
    let told = execute(shared, call, key, trace);
    let answer = match &told {
        Ok(body) => Answer::ok(body.clone()),
        Err(refusal) => refused(refusal),
    };
    if let Trouble::Stored500 { applied: true } = trouble {
        return store_500(reservation, refused(&api_error(500)));
    }
    if let Some(reservation) = &reservation
        && told.as_ref().err().is_none_or(executed)
    {
        let original = answer.clone().header("original-request", call.request_id.clone());
        reservation.store(&original);
    }
    if trouble == Trouble::HeldAfter {
        shared.gate.wait().await;
    }
    answer
}

fn too_many(shared: &Shared, answer: Answer, reason: &str) -> Answer {
    let answer = answer.header("stripe-rate-limited-reason", reason);
    match shared.troubles().faults.retry_after_s {
        Some(seconds) => answer.header("retry-after", seconds.to_string()),
        None => answer,
    }
}

fn store_500(reservation: Option<Reservation<'_>>, answer: Answer) -> Answer {
    if let Some(reservation) = &reservation {
        reservation.store(&answer);
    }
    answer
}

/// Whether a refusal came from executing, and not from looking at the parameters: only then it is kept.
fn executed(refusal: &Refusal) -> bool {
    refusal.status == 400
        && refusal.param.is_none()
        && !refusal.code.is_some_and(|c| c.starts_with("parameter"))
}

/// A reservation to execute under, none for a request without key, or the answer to replay.
fn admit<'a>(
    shared: &'a Shared,
    call: &Call,
    key: &KeySpec,
) -> Told<Result<Option<Reservation<'a>>, Answer>> {
    let Some(given) = &call.idempotency_key else { return Ok(Ok(None)) };
    let now = shared.now();
    let admission =
        shared.idempotency().admit(&key.account, given, &call.path, &call.body.fingerprint(), now)?;
    Ok(match admission {
        Admission::Execute => {
            Ok(Some(Reservation { shared, account: key.account.clone(), key: given.clone() }))
        }
        Admission::Replay(answer) => Err(answer),
    })
}

fn execute(shared: &Shared, call: &Call, key: &KeySpec, trace: &mut Trace) -> Told<Vec<u8>> {
    let segments = call.segments();
    let mut world = shared.world();
    if key.account != world.account || key.livemode != world.livemode {
        return super::elsewhere::answer(&world, key, call.writes(), &segments, &Form::parse(&call.query));
    }
    if ![Method::GET, Method::POST, Method::DELETE].contains(&call.method) {
        return Err(reads::unknown_url(call.method.as_str(), &segments));
    }
    if !call.writes() {
        return reads::read(&world, &segments, &Form::parse(&call.query));
    }
    world.asked_by(Some(Origin {
        request_id: Some(call.request_id.clone()),
        idempotency_key: call.idempotency_key.clone(),
    }));
    let before = Before::of(&world, &segments);
    let told = writes::write(&mut world, call.method == Method::DELETE, &segments, &call.body);
    world.asked_by(None);
    trace.applied = told.is_ok();
    if let Ok(answer) = &told
        && before.changed(&world)
    {
        shared.effects().push(Effect {
            at: world.now(),
            method: call.method.to_string(),
            path: call.path.clone(),
            params: call.body.pairs().to_vec(),
            idempotency_key: call.idempotency_key.clone(),
            request_id: call.request_id.clone(),
            object: effects::object_in(answer),
        });
    }
    if told.is_ok()
        && let Some(journal) = shared.journal().as_mut()
    {
        journal.append(&Entry {
            at: world.now(),
            act: Act::Http {
                delete: call.method == Method::DELETE,
                path: call.path.clone(),
                params: call.body.pairs().to_vec(),
                account: key.account.clone(),
                request_id: call.request_id.clone(),
                idempotency_key: call.idempotency_key.clone(),
            },
        });
    }
    told
}
