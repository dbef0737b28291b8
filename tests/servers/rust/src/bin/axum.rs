//! axum 0.8: server-sent events, a stream behind POST, WebSockets.

use std::convert::Infallible;
use std::env::var;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::stream::{self, Stream, StreamExt};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::time::sleep;

#[derive(Clone)]
struct Refusals {
    sockets: Arc<AtomicI32>,
    events: Arc<AtomicI32>,
}

#[derive(Deserialize)]
struct Question {
    prompt: String,
}

#[derive(Deserialize)]
struct Access {
    token: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let refusals =
        Refusals { sockets: Arc::new(AtomicI32::new(5)), events: Arc::new(AtomicI32::new(1)) };
    let app = Router::new()
        .route("/events", get(events))
        .route("/private/events", get(private_events))
        .route("/busy/events", get(busy_events))
        .route("/stream", post(answer))
        .route("/ws", get(socket))
        .route("/private", get(private_socket))
        .route("/busy", get(busy_socket))
        .layer(from_fn(cors))
        .with_state(refusals);
    let listener = TcpListener::bind(format!("127.0.0.1:{}", var("PORT")?)).await?;
    axum::serve(listener, app).await?;
    Ok(())
}

async fn cors(request: Request, next: Next) -> Response {
    let preflight = request.method() == Method::OPTIONS;
    let mut response =
        if preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after"));
    let allowed = "last-event-id, authorization, content-type, cache-control";
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(allowed));
    response
}

fn ticks(headers: &HeaderMap) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let ticks = stream::unfold(last.unwrap_or(0_u64), async |n| {
        sleep(Duration::from_millis(20)).await;
        let n = n + 1;
        let event = Event::default().id(n.to_string()).event("tick");
        Some((Ok(event.data(format!("{{\"n\":{n}}}"))), n))
    });
    Sse::new(ticks).keep_alive(KeepAlive::default())
}

async fn events(headers: HeaderMap) -> Response {
    ticks(&headers).into_response()
}

async fn private_events(headers: HeaderMap) -> Response {
    match headers.get(header::AUTHORIZATION) {
        Some(token) if token == "Bearer secret" => ticks(&headers).into_response(),
        _ => (StatusCode::UNAUTHORIZED, "token wanted").into_response(),
    }
}

async fn busy_events(State(left): State<Refusals>, headers: HeaderMap) -> Response {
    if busy(&left.events) { unavailable() } else { ticks(&headers).into_response() }
}

async fn answer(Json(question): Json<Question>) -> impl IntoResponse {
    let mut words: Vec<_> = question
        .prompt
        .split(' ')
        .map(|word| {
            serde_json::json!({ "choices": [{ "delta": { "content": format!("{word} ") } }] })
                .to_string()
        })
        .collect();
    words.push("[DONE]".to_owned());
    Sse::new(stream::iter(words).then(async |data| {
        sleep(Duration::from_millis(5)).await;
        Ok::<_, Infallible>(Event::default().data(data))
    }))
}

async fn socket(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(echo)
}

async fn private_socket(Query(access): Query<Access>, request: Request) -> Response {
    if access.token.as_deref() != Some("secret") {
        return (StatusCode::UNAUTHORIZED, "token wanted").into_response();
    }
    upgraded(request).await
}

async fn busy_socket(State(left): State<Refusals>, request: Request) -> Response {
    if busy(&left.sockets) { unavailable() } else { upgraded(request).await }
}

async fn upgraded(request: Request) -> Response {
    use axum::extract::FromRequest;
    match WebSocketUpgrade::from_request(request, &()).await {
        Ok(upgrade) => upgrade.on_upgrade(echo),
        Err(refusal) => refusal.into_response(),
    }
}

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        let echoes = matches!(message, Message::Text(_) | Message::Binary(_));
        if echoes && socket.send(message).await.is_err() {
            return;
        }
    }
}

fn busy(left: &AtomicI32) -> bool {
    left.fetch_sub(1, Ordering::Relaxed) > 0
}

fn unavailable() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], "busy").into_response()
}
