//! `/_sandbox/` of the Klaviyo: its control surface over HTTP, for practice and for tests in other languages. No key is asked.

use crate::config::Faults;
use crate::klaviyo::{Consent, KlaviyoControl};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

/// Its routes, to stand beside the API's door.
pub(crate) fn surface(control: KlaviyoControl) -> Router {
    Router::new()
        .route("/_sandbox/truth", get(truth))
        .route("/_sandbox/requests", get(requests).delete(clear_requests))
        .route("/_sandbox/shop_sends", post(shop_sends))
        .route("/_sandbox/consents", post(consents))
        .route("/_sandbox/faults", post(faults))
        .route("/_sandbox/lose_next", post(lose_next))
        .with_state(control)
}

/// Events that exist, those on their way, and the mails that went out.
async fn truth(State(control): State<KlaviyoControl>) -> Response {
    Json(control.truth()).into_response()
}

async fn requests(State(control): State<KlaviyoControl>) -> Response {
    Json(json!({ "requests": control.requests() })).into_response()
}

async fn clear_requests(State(control): State<KlaviyoControl>) -> StatusCode {
    control.clear_requests();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShopSends {
    metric: String,
    email: String,
    /// When it happened, unix seconds.
    time: i64,
}

async fn shop_sends(State(control): State<KlaviyoControl>, Json(sent): Json<ShopSends>) -> StatusCode {
    control.shop_sends(&sent.metric, &sent.email, sent.time);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Consents {
    email: String,
    consent: Consent,
}

async fn consents(State(control): State<KlaviyoControl>, Json(said): Json<Consents>) -> StatusCode {
    control.consents(&said.email, said.consent);
    StatusCode::NO_CONTENT
}

async fn faults(State(control): State<KlaviyoControl>, Json(faults): Json<Faults>) -> StatusCode {
    control.set_faults(faults);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lost {
    events: u32,
}

async fn lose_next(State(control): State<KlaviyoControl>, Json(lost): Json<Lost>) -> StatusCode {
    control.lose_next(lost.events);
    StatusCode::NO_CONTENT
}
