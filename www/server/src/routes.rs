//! HTTP: a WebSocket handshake on any path joins the room of that name; everything else is health, the
//! demo's controls, the page's files, or the status a handshake here would get.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, FromRequestParts, State, WebSocketUpgrade};
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio_util::task::TaskTracker;

use crate::access::{self, Permit, Refusal};
use crate::assets;
use crate::config::Config;
use crate::demo;
use crate::hub::RoomName;
use crate::line::Traffic;
use crate::pump::{Health, HubHandle};
use crate::socket;
use crate::store::Storage;
use crate::tunnel::{self, Registry, Wish};
use crate::users::Users;

/// Subprotocol of our own clients.
const PROTOCOL: &str = "rejoin";

/// What every request needs.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) hub: HubHandle,
    pub(crate) config: Arc<Config>,
    pub(crate) users: Users,
    pub(crate) sockets: TaskTracker,
    pub(crate) lines: demo::Lines,
    pub(crate) tunnels: Registry,
}

impl Shared {
    /// What is served of this hub.
    pub(crate) fn new(hub: HubHandle, config: Config) -> Self {
        Self {
            hub,
            users: Users::new(config.users),
            config: Arc::new(config),
            sockets: TaskTracker::new(),
            lines: demo::Lines::default(),
            tunnels: Registry::default(),
        }
    }
}

/// All routes.
pub(crate) fn router(shared: Shared) -> Router {
    let mut router = Router::new().route("/health", get(health));
    if shared.config.demo {
        router = router.merge(demo::routes());
    }
    router
        .fallback(file_or_status)
        .layer(from_fn_with_state(shared.clone(), rooms_first))
        .layer(from_fn(allow_reading))
        .layer(from_fn(begin))
        .with_state(shared)
}

/// A request is whole as far as its head goes.
async fn begin(request: Request<Body>, next: Next) -> Response {
    if let Some(ConnectInfo(traffic)) = request.extensions().get::<ConnectInfo<Traffic>>() {
        traffic.begin();
    }
    next.run(request).await
}

/// Any page may read answers: a browser hides the status of a refused handshake, and a page that asks again
/// by `fetch` shall learn it. Clients ask with cookies, as the handshake goes with them, and then a browser
/// takes no `*` (Fetch §3.3.5). No answer depends on cookies.
async fn allow_reading(request: Request<Body>, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let reader = origin.unwrap_or_else(|| HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, reader);
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after"));
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    response
}

async fn rooms_first(State(shared): State<Shared>, request: Request<Body>, next: Next) -> Response {
    let upgrade = request.headers().get(header::UPGRADE).and_then(|value| value.to_str().ok());
    if !upgrade.is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket")) {
        return match Wish::of(request.uri()) {
            Some(wish) => tunnel::answer(shared, wish, request).await,
            None => next.run(request).await,
        };
    }
    let (mut parts, _) = request.into_parts();
    if shared.config.access.no_websocket {
        return Refusal::NoWebSocket.into_response();
    }
    let (room, permit) = match admit(&shared, &parts.uri, &parts.headers).await {
        Ok(entry) => entry,
        Err(refusal) => return refusal.into_response(),
    };
    let traffic = parts.extensions.get::<ConnectInfo<Traffic>>();
    let traffic = traffic.map(|ConnectInfo(traffic)| traffic.clone()).unwrap_or_default();
    match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => join(shared, room, permit, traffic, upgrade),
        Err(rejection) => rejection.into_response(),
    }
}

fn join(
    shared: Shared,
    room: RoomName,
    permit: Permit,
    traffic: Traffic,
    upgrade: WebSocketUpgrade,
) -> Response {
    let max_frame = shared.config.hub.max_frame;
    let upgrade =
        upgrade.protocols([PROTOCOL]).max_message_size(max_frame).max_frame_size(max_frame);
    upgrade.on_upgrade(async move |socket| {
        let sockets = shared.sockets.clone();
        sockets.track_future(socket::serve(socket, room, permit, traffic, shared)).await;
    })
}

/// Which room a request may join, and as whom.
pub(crate) async fn admit(
    shared: &Shared,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<(RoomName, Permit), Refusal> {
    let (room, permit) = check(shared, uri, headers).await?;
    // Last, since it may end another connection of the user's: not for one that gets no place.
    match &permit.user {
        Some(user) if !shared.users.has_room(user).await => Err(Refusal::TooMany),
        _ => Ok((room, permit)),
    }
}

/// The same as far as it can be told without asking the user's other connections whether they are alive.
async fn check(
    shared: &Shared,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<(RoomName, Permit), Refusal> {
    let room = access::room_of(uri)?;
    let permit = access::check(&shared.config.access, uri, headers, &room)?;
    if shared.hub.has_space(room.clone()).await { Ok((room, permit)) } else { Err(Refusal::Full) }
}

/// A file of the page; failing that, what a handshake on this path would be answered.
async fn file_or_status(State(shared): State<Shared>, request: Request<Body>) -> Response {
    let (method, uri, headers) =
        (request.method().clone(), request.uri().clone(), request.headers().clone());
    if let Some(directory) = &shared.config.assets
        && let Some(response) = assets::serve(directory, request).await
    {
        return response;
    }
    if method != Method::GET && method != Method::HEAD {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let refusal = match check(&shared, &uri, &headers).await {
        Ok((_, Permit { user: Some(user), .. })) if shared.users.is_full(&user) => Refusal::TooMany,
        Ok(_) => Refusal::NoUpgrade,
        Err(refusal) => refusal,
    };
    refusal.into_response()
}

async fn health(State(shared): State<Shared>) -> Response {
    match shared.hub.health().await {
        Some(health) => {
            let health = Health { tunnels: shared.tunnels.len(), ..health };
            (status_of(health.storage), axum::Json(health)).into_response()
        }
        None => Refusal::Full.into_response(),
    }
}

/// A server that stores nothing is of no use to whoever asks a balancer for one.
fn status_of(storage: Storage) -> StatusCode {
    match storage {
        Storage::Ok => StatusCode::OK,
        Storage::Failed => StatusCode::SERVICE_UNAVAILABLE,
    }
}
