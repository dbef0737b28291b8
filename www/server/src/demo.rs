//! What the demo page needs besides rooms: a model that reads from a script, a source of live numbers, and links that
//! break on request. Only there with `--demo`.

mod controls;
mod frame;
mod line;
mod model;
mod noise;
mod script;
mod streams;
mod ticker;

use axum::Router;
use axum::routing::{get, post};

use crate::routes::Shared;

pub(crate) use line::Lines;

/// Routes of the demo.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/demo/drop", post(controls::drop))
        .route("/demo/stall", post(controls::stall))
        .route("/demo/restart", post(controls::restart))
        .route("/demo/answer", post(streams::answer).get(streams::resumed))
        .route("/demo/readings", get(streams::readings))
        .route("/demo/readings/latest", get(streams::latest))
}
