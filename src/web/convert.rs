//! Between the core's types and plain JavaScript values.
//!
//! Everything crosses as one JSON text: one call instead of one per property, and `JSON.parse` makes an own property
//! of a peer's `__proto__` key where assignment would replace the prototype.

use js_sys::{JSON, Reflect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;

use crate::error::{ErrorCode, Misuse};
use crate::event::{Event, EventKind, Problem};

/// The events as an array of plain objects; `nextRetryAt` becomes milliseconds since 1970.
///
/// # Errors
/// Only for a bug of ours.
pub fn events_to_js(events: Vec<Event>, epoch_offset: f64) -> Result<JsValue, JsValue> {
    let events: Vec<Event> =
        events.into_iter().map(|event| on_wall_clock(event, epoch_offset)).collect();
    to_js(&events)
}

/// The object that an export throws.
pub fn misuse_to_js(misuse: &Misuse) -> JsValue {
    let problem = Problem::new(misuse.code, misuse.message.as_str());
    to_js(&problem).unwrap_or_else(|bug| bug)
}

/// A plain object of the app.
///
/// # Errors
/// [`ErrorCode::InvalidArgument`] with what serde says.
pub fn from_js<T: DeserializeOwned>(what: &str, value: &JsValue) -> Result<T, Misuse> {
    let text = JSON::stringify(value).ok().and_then(|text| text.as_string());
    let text = text.ok_or_else(|| Misuse::argument(format!("{what} must be a plain object")))?;
    from_json(what, &text)
}

/// A JSON text of the app.
///
/// # Errors
/// [`ErrorCode::InvalidArgument`] with what serde says.
pub fn from_json<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, Misuse> {
    serde_json::from_str(text).map_err(|error| Misuse::argument(format!("{what}: {error}")))
}

/// JSON text.
///
/// # Errors
/// Only for a bug of ours.
pub fn to_json<T: Serialize>(value: &T) -> Result<String, Misuse> {
    serde_json::to_string(value).map_err(|error| internal(&error.to_string()))
}

/// A bug of ours, as the app sees it.
pub fn internal(message: &str) -> Misuse {
    Misuse::new(ErrorCode::Internal, message)
}

/// The name of a thrown `Error` or `DOMException`, or nothing.
pub fn error_name(thrown: &JsValue) -> String {
    Reflect::get(thrown, &"name".into()).ok().and_then(|name| name.as_string()).unwrap_or_default()
}

fn to_js<T: Serialize>(value: &T) -> Result<JsValue, JsValue> {
    let text = to_json(value).map_err(|misuse| JsValue::from(misuse.message))?;
    JSON::parse(&text)
}

fn on_wall_clock(mut event: Event, epoch_offset: f64) -> Event {
    if let EventKind::Connection(state) = &mut event.kind {
        state.next_retry_at =
            state.next_retry_at.map(|at| (at as f64 + epoch_offset).round() as u64);
    }
    event
}
