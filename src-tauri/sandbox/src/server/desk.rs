//! `/_sandbox/`: the control surface over HTTP, for practice and for tests in other languages. No key is asked.

use super::aim::WriteTrouble;
use super::control::Control;
use super::journal::{Act, Entry};
use super::shared::Shared;
use super::{door, stories};
use crate::backoffice::{self, Table};
use crate::config::Faults;
use crate::world::{Refusal, Told, World};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// All routes: the desk's own, and the API's door for everything else.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    let control = Control { shared: Arc::clone(&shared) };
    let desk = Router::new()
        .route("/_sandbox/health", get(health))
        .route("/_sandbox/ledger", get(ledger))
        .route("/_sandbox/books/{file}", get(books))
        .route("/_sandbox/requests", get(requests).delete(clear_requests))
        .route("/_sandbox/advance", post(advance))
        .route("/_sandbox/faults", post(faults))
        .route("/_sandbox/aim", post(aim).delete(call_off))
        .route("/_sandbox/release", post(release))
        .route("/_sandbox/effects", get(effects).delete(clear_effects))
        .route("/_sandbox/order", post(order))
        .route("/_sandbox/story", post(story))
        .with_state(control);
    Router::new().fallback(door::answer).with_state(shared).merge(desk)
}

async fn health(State(control): State<Control>) -> Json<Value> {
    let world = control.shared.world();
    Json(json!({
        "seed": control.shared.seed,
        "now": world.now(),
        "account": world.account,
        "livemode": world.livemode,
        "events": world.events().len(),
    }))
}

async fn ledger(State(control): State<Control>) -> Response {
    Json(control.ledger()).into_response()
}

async fn requests(State(control): State<Control>) -> Response {
    Json(json!({ "requests": control.requests() })).into_response()
}

async fn clear_requests(State(control): State<Control>) -> StatusCode {
    control.clear_requests();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct BookFaults {
    faults: Option<String>,
}

/// One table of the shop's own, or `planted.jsonl`.
async fn books(
    State(control): State<Control>,
    Path(file): Path<String>,
    Query(asked): Query<BookFaults>,
) -> Response {
    let faults = match asked.faults.as_deref() {
        None | Some("none" | "") => backoffice::Faults::none(),
        Some(seed) => match seed.parse() {
            Ok(seed) => backoffice::Faults::seeded(seed),
            Err(_) => {
                return refused(&Refusal::invalid("faults is a number or 'none'.").param("faults"));
            }
        },
    };
    let (name, form) = file.rsplit_once('.').unwrap_or((&file, ""));
    let text = match (Table::named(name), form) {
        (Some(table), "csv") => control.books(&faults).csv(table),
        (Some(table), "jsonl") => control.books(&faults).jsonl(table),
        (None, "jsonl") if name == "planted" => control.books(&faults).planted_jsonl(),
        _ => return refused(&Refusal::invalid(format!("There is no book '{file}'.")).status(404)),
    };
    let type_ = if form == "csv" { "text/csv; charset=utf-8" } else { "application/x-ndjson" };
    ([(CONTENT_TYPE, type_)], text).into_response()
}

#[derive(Deserialize)]
struct Advance {
    seconds: i64,
}

async fn advance(State(control): State<Control>, Json(by): Json<Advance>) -> Json<Value> {
    control.advance(by.seconds);
    Json(json!({ "now": control.now() }))
}

async fn faults(State(control): State<Control>, Json(faults): Json<Faults>) -> StatusCode {
    control.set_faults(faults);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Aimed {
    trouble: WriteTrouble,
    #[serde(default)]
    path: String,
    #[serde(default)]
    nth: u32,
}

async fn aim(State(control): State<Control>, Json(aimed): Json<Aimed>) -> StatusCode {
    control.on_write(&aimed.path, aimed.nth, aimed.trouble);
    StatusCode::NO_CONTENT
}

async fn call_off(State(control): State<Control>) -> StatusCode {
    control.call_off();
    StatusCode::NO_CONTENT
}

/// Answers how many were held until now.
async fn release(State(control): State<Control>) -> Json<Value> {
    let held = control.held();
    control.release();
    Json(json!({ "released": held }))
}

async fn effects(State(control): State<Control>) -> Json<Value> {
    Json(json!({ "effects": control.effects() }))
}

async fn clear_effects(State(control): State<Control>) -> StatusCode {
    control.clear_effects();
    StatusCode::NO_CONTENT
}

async fn order(State(control): State<Control>, Json(order): Json<Value>) -> Response {
    write(&control, |world| stories::place_order(world, &order), || Act::Order(order.clone()))
}

#[derive(Deserialize)]
struct Story {
    op: String,
    #[serde(default)]
    args: Value,
}

async fn story(State(control): State<Control>, Json(story): Json<Story>) -> Response {
    let act = || Act::Story { op: story.op.clone(), args: story.args.clone() };
    write(&control, |world| stories::tell(world, &story.op, &story.args), act)
}

fn write(
    control: &Control,
    tell: impl FnOnce(&mut World) -> Told<Value>,
    act: impl FnOnce() -> Act,
) -> Response {
    let mut world = control.shared.world();
    match tell(&mut world) {
        Ok(made) => {
            if let Some(journal) = control.shared.journal().as_mut() {
                journal.append(&Entry { at: world.now(), act: act() });
            }
            Json(made).into_response()
        }
        Err(refusal) => refused(&refusal),
    }
}

fn refused(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
    (status, Json(json!({ "error": refusal }))).into_response()
}
