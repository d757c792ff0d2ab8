//! Another host, to which `links.next` can lead: it answers nothing of use, and notes who comes and with what key.

use axum::extract::{Request, State};
use serde::Serialize;
use std::sync::{Arc, Mutex};

/// Somebody who followed a link to another host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trapped {
    /// What they asked for.
    pub path: String,
    /// Whether they sent a key along.
    pub with_key: bool,
}

/// Where the other host is, and who came.
pub(crate) struct Trap {
    pub base: String,
    pub came: Arc<Mutex<Vec<Trapped>>>,
}

pub(crate) async fn note(State(came): State<Arc<Mutex<Vec<Trapped>>>>, request: Request) -> &'static str {
    let with_key = request.headers().contains_key("authorization");
    crate::server::shared::lock(&came).push(Trapped { path: request.uri().to_string(), with_key });
    r#"{"data":[],"links":{"next":null}}"#
}
