//! Sockets made of HTTP: events down, requests up, on the path where the WebSocket would be (see PROTOCOL.md).
//! To the hub such a client is a member like any other.

mod live;
mod reader;
mod registry;
pub mod session;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::StreamExt;

use crate::access::{self, Refusal};
use crate::routes::{Shared, admit};

pub(crate) use live::Live;
pub(crate) use registry::Registry;

use session::TakeError;

/// What a body may have on top of the largest frame.
const OVERHEAD: usize = 512 << 10;

/// What a request wants of a tunnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    /// Name of the session, none for a new one.
    session: Option<String>,
    /// Whether the answer is to end as soon as there is something in it.
    polls: bool,
}

impl Wish {
    /// Reads it from the query; `None` if the request has nothing to do with tunnels.
    pub(crate) fn of(uri: &Uri) -> Option<Self> {
        let session = access::query(uri, "tunnel")?;
        let session = (session != "new").then_some(session);
        Some(Self { session, polls: access::query(uri, "poll").is_some() })
    }
}

/// Answers a request about a tunnel.
pub(crate) async fn answer(shared: Shared, wish: Wish, request: Request<Body>) -> Response {
    let answered = match (request.method(), wish.session) {
        (&Method::OPTIONS, _) => Ok(preflight(request.headers())),
        (&Method::GET, None) => open(shared, wish.polls, request).await,
        (&Method::GET, Some(session)) => resume(&shared, &session, wish.polls, &request),
        (&Method::POST, Some(session)) => take(shared, &session, request).await,
        _ => Ok(StatusCode::METHOD_NOT_ALLOWED.into_response()),
    };
    answered.unwrap_or_else(IntoResponse::into_response)
}

async fn open(shared: Shared, polls: bool, request: Request<Body>) -> Result<Response, Refusal> {
    let (room, permit) = admit(&shared, request.uri(), request.headers()).await?;
    let live = Live::start(&shared, room, permit).ok_or(Refusal::Full)?;
    Ok(stream(&live, 0, polls, true, &shared))
}

fn resume(
    shared: &Shared,
    session: &str,
    polls: bool,
    request: &Request<Body>,
) -> Result<Response, Refusal> {
    let live = find(shared, session, request)?;
    let received = request.headers().get("last-event-id").and_then(|id| id.to_str().ok());
    let received = received.and_then(|id| id.parse().ok()).unwrap_or(0);
    if !live.may_attach() || !live.resume(received) {
        return Err(Refusal::NoSession);
    }
    Ok(stream(&live, received, polls, false, shared))
}

async fn take(shared: Shared, session: &str, request: Request<Body>) -> Result<Response, Refusal> {
    let live = find(&shared, session, &request)?;
    let limit = shared.config.hub.max_frame + OVERHEAD;
    let reading = live.begin_upload().ok_or(Refusal::Full)?;
    let body = tokio::select! {
        biased;
        () = live.over() => return Err(Refusal::NoSession),
        body = upload(&live, request.into_body(), limit) => body.map_err(|_| Refusal::TooLarge)?,
    };
    // A client that gives up on its request must not leave half of it undone.
    let hub = shared.hub.clone();
    let max_frame = shared.config.hub.max_frame;
    let taken = tokio::spawn(async move {
        // Nor may it go on reading others while this one is in memory.
        let _reading = reading;
        tokio::select! {
            biased;
            taken = live.take(&hub, &body, max_frame) => taken.map_err(Refusal::from),
            () = live.over() => Err(Refusal::NoSession),
        }
    });
    taken.await.unwrap_or(Err(Refusal::Full))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

impl From<TakeError> for Refusal {
    fn from(error: TakeError) -> Self {
        match error {
            TakeError::Gap(_) => Self::Gap,
            TakeError::TooLarge => Self::TooLarge,
            TakeError::Body(error) => Self::BadBody(error.to_string()),
        }
    }
}

/// The whole body. A client whose upload takes long is heard with every piece of it.
async fn upload(live: &Arc<Live>, body: Body, limit: usize) -> Result<Bytes, axum::Error> {
    live.hear();
    let live = Arc::clone(live);
    let pieces = body.into_data_stream().inspect(move |_| live.hear());
    to_bytes(Body::from_stream(pieces), limit).await
}

/// The name of a session is known to its client alone, so it stands for the token from the opening on.
fn find(shared: &Shared, session: &str, request: &Request<Body>) -> Result<Arc<Live>, Refusal> {
    access::check_origin(&shared.config.access, request.headers())?;
    let room = access::room_of(request.uri())?;
    shared.tunnels.find(session).filter(|live| live.room() == &room).ok_or(Refusal::NoSession)
}

fn stream(live: &Arc<Live>, cursor: u64, polls: bool, opens: bool, shared: &Shared) -> Response {
    let times = shared.config.tunnel;
    let body = Body::from_stream(reader::read(Arc::clone(live), cursor, polls, opens, times));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform")),
        (header::HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (headers, body).into_response()
}

/// What a browser asks before it sends a header that is none of the usual ones (Fetch §4.8).
fn preflight(headers: &HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let answer = response.headers_mut();
    let allowed = "authorization, last-event-id, content-type";
    let asked = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned();
    let allowed = asked.unwrap_or_else(|| HeaderValue::from_static(allowed));
    answer.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    answer.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    answer.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    response
}
