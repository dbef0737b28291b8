//! The browser's side of the crate: the exported classes [`core::Core`] and [`links::Links`], and the driver behind them.
//!
//! Exports convert, nothing else. They are synchronous, take `&self` and throw `{ code, message, retryable }`.

pub mod clock;
pub mod convert;
#[cfg(feature = "documents")]
pub mod core;
pub mod driver;
pub mod environment;
pub mod event_source;
pub mod fetch;
pub mod host;
#[cfg(feature = "documents")]
pub mod indexed_db;
#[cfg(feature = "links")]
pub mod links;
pub mod listener;
pub mod preflight;
pub mod remains;
#[cfg(feature = "documents")]
pub mod reply;
pub mod timer;
pub mod web_socket;

#[cfg(feature = "documents")]
pub use core::Core;
#[cfg(feature = "links")]
pub use links::Links;

use wasm_bindgen::JsValue;

use crate::connection::EndpointFailure;
use crate::error::Misuse;
use crate::web::convert::misuse_to_js;

fn endpoint_failure(word: &str) -> Result<EndpointFailure, Misuse> {
    match word {
        "unauthorized" => Ok(EndpointFailure::Unauthorized),
        "unavailable" => Ok(EndpointFailure::Unavailable),
        other => Err(Misuse::argument(format!(
            "expected `unauthorized` or `unavailable`, got `{other}`"
        ))),
    }
}

/// What an export throws.
fn thrown<T>(result: Result<T, Misuse>) -> Result<T, JsValue> {
    result.map_err(|misuse| misuse_to_js(&misuse))
}
