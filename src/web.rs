//! The browser's side of the crate: the exported classes [`core::Core`], [`links::Links`] and
//! [`peers::Peers`], and the driver behind them.
//!
//! Exports convert, nothing else. They are synchronous, take `&self` and throw `{ code, message, retryable }`.

#[cfg(feature = "documents")]
pub mod adapter;
pub mod clock;
#[cfg(feature = "codec")]
pub mod codec;
pub mod convert;
#[cfg(feature = "documents")]
pub mod core;
pub mod driver;
pub mod environment;
#[cfg(any(feature = "documents", feature = "links"))]
pub mod event_source;
#[cfg(any(feature = "documents", feature = "links"))]
pub mod fetch;
pub mod host;
#[cfg(feature = "documents")]
pub mod indexed_db;
#[cfg(feature = "links")]
pub mod links;
pub mod listener;
#[cfg(feature = "peers")]
pub mod peer_connection;
#[cfg(feature = "peers")]
pub mod peers;
#[cfg(any(feature = "documents", feature = "links"))]
pub mod preflight;
pub mod remains;
#[cfg(feature = "documents")]
pub mod reply;
pub mod timer;
#[cfg(any(feature = "documents", feature = "links"))]
pub mod web_socket;

#[cfg(feature = "documents")]
pub use core::Core;
#[cfg(feature = "links")]
pub use links::Links;
#[cfg(feature = "peers")]
pub use peers::Peers;

use wasm_bindgen::JsValue;

#[cfg(feature = "links")]
use crate::connection::EndpointFailure;
use crate::error::Misuse;
use crate::web::convert::misuse_to_js;

#[cfg(feature = "links")]
fn endpoint_failure(word: &str) -> Result<EndpointFailure, Misuse> {
    match word {
        "unauthorized" => Ok(EndpointFailure::Unauthorized),
        "unavailable" => Ok(EndpointFailure::Unavailable),
        _ => Err(Misuse::argument("expected `unauthorized` or `unavailable`")),
    }
}

/// What an export throws.
fn thrown<T>(result: Result<T, Misuse>) -> Result<T, JsValue> {
    result.map_err(|misuse| misuse_to_js(&misuse))
}
