//! Links that break on request.

use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::line::Order;
use crate::hub::{HubInput, RoomName};
use crate::pump::SocketOrder;
use crate::routes::Shared;

/// Longest stall the demo plays.
const MAX_STALL: u64 = 300_000;

/// Which links, and for how long.
#[derive(Debug, Deserialize)]
pub(super) struct Target {
    room: String,
    #[serde(default)]
    ms: u64,
    /// `streams`: leave the sockets alone.
    #[serde(default)]
    only: Option<Only>,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Only {
    Streams,
}

impl Target {
    fn name(&self) -> RoomName {
        RoomName::from(self.room.as_str())
    }
}

/// Cuts the sockets and streams of a room without a goodbye.
pub(super) async fn drop(State(shared): State<Shared>, Query(target): Query<Target>) -> Response {
    shared.lines.order(Some(&target.room), Order::Cut);
    let sockets = match target.only {
        Some(Only::Streams) => 0,
        None => shared.hub.order(target.name(), SocketOrder::Cut).await,
    };
    axum::Json(json!({ "sockets": sockets })).into_response()
}

/// Silences the sockets and streams of a room for a while.
pub(super) async fn stall(State(shared): State<Shared>, Query(target): Query<Target>) -> Response {
    let time = Duration::from_millis(target.ms.min(MAX_STALL));
    shared.lines.order(Some(&target.room), Order::Stall(time));
    let sockets = shared.hub.order(target.name(), SocketOrder::Stall(time)).await;
    axum::Json(json!({ "sockets": sockets })).into_response()
}

/// Cuts every socket and stream; rooms start again from the disk.
pub(super) async fn restart(State(shared): State<Shared>) -> StatusCode {
    shared.lines.order(None, Order::Cut);
    shared.hub.input(HubInput::Restart);
    StatusCode::NO_CONTENT
}
