//! A server of fixed answers, for what the sandbox does not say by itself. It remembers who asked.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Response};
use serde_json::{Value, json};

/// Status, headers and body.
#[derive(Clone)]
pub struct Said(pub u16, pub Vec<(String, String)>, pub String);

/// Answers by path and headers.
type Answer = dyn Fn(&str, &HeaderMap) -> Said + Send + Sync;

pub struct Stand {
    pub url: String,
    asked: Arc<Mutex<Vec<(String, bool)>>>,
    _serving: tokio::task::JoinHandle<()>,
}

impl Stand {
    pub async fn open(answer: impl Fn(&str, &HeaderMap) -> Said + Send + Sync + 'static) -> Self {
        let asked = Arc::<Mutex<Vec<(String, bool)>>>::default();
        let answer: Arc<Answer> = Arc::new(answer);
        let log = Arc::clone(&asked);
        let handle = move |request: Request| {
            let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
            async move {
                let path = request.uri().path().trim_end_matches('/').to_owned();
                log.lock().unwrap().push((path.clone(), request.headers().contains_key("authorization")));
                let Said(status, headers, body) = answer(&path, request.headers());
                let mut response = Response::builder().status(status);
                for (name, value) in headers {
                    response = response.header(name, value);
                }
                response.body(Body::from(body)).unwrap()
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move {
            axum::serve(listener, Router::new().fallback(handle)).await.unwrap();
        });
        Self { url, asked, _serving: serving }
    }

    /// An account whose metrics are these, and nothing else.
    pub async fn with_metrics(metrics: Value) -> Self {
        Self::open(move |path, _| match path {
            "/api/accounts" => account("AbCdEf"),
            "/api/metrics" => ok(&json!({"data": metrics, "links": {"next": null}})),
            _ => ok(&json!({"data": []})),
        })
        .await
    }

    /// What was asked: the path, and whether with a key.
    pub fn asked(&self) -> Vec<(String, bool)> {
        self.asked.lock().unwrap().clone()
    }
}

pub fn ok(body: &Value) -> Said {
    Said(200, vec![("content-type".into(), "application/vnd.api+json".into())], body.to_string())
}

pub fn account(public_id: &str) -> Said {
    let attributes = json!({"public_api_key": public_id, "timezone": "US/Eastern", "preferred_currency": "USD",
        "test_account": false, "contact_information": {"organization_name": "A shop"}});
    ok(&json!({"data": [{"type": "account", "id": public_id, "attributes": attributes}]}))
}
