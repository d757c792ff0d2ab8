//! The wire: HTTP/1.1 on loopback, Stripe's headers, and connections that die when they are told to.

use super::answer::Answer;
use crate::clock::http_date;
use crate::config::API_VERSION;
use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::response::Response;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::header::{HeaderName, HeaderValue};
use hyper_util::rt::TokioIo;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower::ServiceExt;

/// The port of the client's end of the connection.
#[derive(Clone, Copy)]
pub(crate) struct PeerPort(pub u16);

/// How much of an answer arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    Whole,
    /// Half of the body, then the connection is gone.
    Cut,
    /// Nothing: the connection is gone.
    Drop,
}

/// Marks a response that is never to be sent.
#[derive(Clone)]
struct NeverSent;

/// Gives an answer Stripe's headers.
pub(super) fn dress(
    answer: Answer,
    delivery: Delivery,
    request_id: &str,
    version: Option<&str>,
    idempotency_key: Option<&str>,
    now: i64,
) -> Response {
    let date = http_date(now);
    let mut headers = vec![
        ("content-type", "application/json"),
        ("request-id", request_id),
        ("stripe-version", version.unwrap_or(API_VERSION)),
        ("date", &date),
        ("cache-control", "no-cache, no-store"),
    ];
    headers.extend(idempotency_key.map(|key| ("idempotency-key", key)));
    response(answer, delivery, &headers)
}

/// An answer as it goes over the wire. Its own headers win over those that every answer has.
pub(crate) fn response(answer: Answer, delivery: Delivery, everywhere: &[(&'static str, &str)]) -> Response {
    let body = match delivery {
        Delivery::Whole => Body::from(answer.body),
        _ => Body::new(CutBody::of(answer.body)),
    };
    let mut response = Response::new(body);
    *response.status_mut() =
        hyper::StatusCode::from_u16(answer.status).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    let mut put = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    for (name, value) in everywhere {
        put(name, value);
    }
    for (name, value) in &answer.headers {
        put(name, value);
    }
    if delivery == Delivery::Drop {
        response.extensions_mut().insert(NeverSent);
    }
    response
}

/// Promises a whole body and breaks off after half.
struct CutBody {
    half: Option<Bytes>,
    promised: u64,
    /// The half needs a moment to leave before the connection dies.
    pause: Pin<Box<tokio::time::Sleep>>,
}

impl CutBody {
    fn of(body: Vec<u8>) -> CutBody {
        let promised = body.len() as u64;
        let half = Some(Bytes::from(body).slice(..promised as usize / 2));
        CutBody { half, promised, pause: Box::pin(tokio::time::sleep(Duration::from_millis(20))) }
    }
}

impl HttpBody for CutBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(half) = self.half.take() {
            return Poll::Ready(Some(Ok(Frame::data(half))));
        }
        self.pause.as_mut().poll(cx).map(|()| Some(Err(io::ErrorKind::ConnectionAborted.into())))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised)
    }
}

/// Accepts connections until told to stop; refuses them while unreachable.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    mut unreachable: watch::Receiver<bool>,
    mut stop: watch::Receiver<bool>,
) {
    let for_connections = stop.clone();
    let Ok(address) = listener.local_addr() else { return };
    let mut listening = Some(listener);
    loop {
        let gone = *unreachable.borrow_and_update();
        if gone {
            listening = None;
        } else if listening.is_none() {
            listening = bind(address.port()).await.ok();
        }
        let accept = async {
            match &listening {
                Some(listener) => listener.accept().await.ok(),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            changed = unreachable.changed() => if changed.is_err() { break },
            accepted = accept => if let Some((stream, peer)) = accepted {
                tokio::spawn(connection(stream, peer, router.clone(), for_connections.clone(), unreachable.clone()));
            },
        }
    }
}

pub(crate) async fn bind(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    mut stop: watch::Receiver<bool>,
    mut unreachable: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let router = router.clone();
        async move {
            let mut request: Request = request.map(Body::new);
            request.extensions_mut().insert(PeerPort(peer.port()));
            let Ok(response) = router.oneshot(request).await;
            match response.extensions().get::<NeverSent>() {
                Some(NeverSent) => Err(io::Error::from(io::ErrorKind::ConnectionAborted)),
                None => Ok(response),
            }
        }
    });
    let served = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        result = served => if let Err(error) = result {
            tracing::debug!(%error, "A connection ended early.");
        },
        _ = stop.wait_for(|stop| *stop) => {}
        _ = unreachable.wait_for(|gone| *gone) => {}
    }
}
