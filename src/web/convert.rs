//! Between the core's types and plain JavaScript values.
//!
//! Events and values cross as one JSON text: one call instead of one per property, and `JSON.parse` makes an own property
//! of a peer's `__proto__` key where assignment would replace the prototype.

use js_sys::{Array, JSON, Reflect, Uint8Array};
use serde::Serialize;
use serde_json::Value;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;

use crate::error::{ErrorCode, Misuse};
use crate::json::JsonText;
use crate::machine::AppEvent;
use crate::time::WallClock;

/// The events as an array of plain objects; bytes are in the member `attachments`.
///
/// # Errors
/// Only for a bug of ours.
pub fn events_to_js<E: AppEvent>(events: &[E], wall: WallClock) -> Result<JsValue, JsValue> {
    let mut json = JsonText::default();
    json.list(|json| {
        for event in events {
            event.write(json, wall);
        }
    });
    let objects = JSON::parse(&json.finish())?;
    for (index, event) in events.iter().enumerate() {
        attach(&objects, index as u32, event.attachments())?;
    }
    Ok(objects)
}

/// Bytes are no JSON: each becomes an `ArrayBuffer` of its own.
fn attach(objects: &JsValue, index: u32, attachments: &[Vec<u8>]) -> Result<(), JsValue> {
    if attachments.is_empty() {
        return Ok(());
    }
    let event = Reflect::get_u32(objects, index)?;
    let buffers: Array =
        attachments.iter().map(|bytes| Uint8Array::from(bytes.as_slice()).buffer()).collect();
    Reflect::set(&event, &"attachments".into(), &buffers).map(drop)
}

/// The object that an export throws.
pub fn misuse_to_js(misuse: &Misuse) -> JsValue {
    let thrown = Thrown {
        code: misuse.code.as_str(),
        message: &misuse.message,
        retryable: misuse.code.is_retryable(),
    };
    thrown.serialize(&Serializer::json_compatible()).unwrap_or_else(JsValue::from)
}

/// What an export throws.
#[derive(Serialize)]
struct Thrown<'a> {
    code: &'a str,
    message: &'a str,
    retryable: bool,
}

/// A plain object of the app.
///
/// # Errors
/// [`ErrorCode::InvalidArgument`] if it has no JSON.
pub fn from_js(what: &str, value: &JsValue) -> Result<Value, Misuse> {
    let text = JSON::stringify(value).ok().and_then(|text| text.as_string());
    let text = text.ok_or_else(|| Misuse::argument(format!("{what} must be a plain object")))?;
    from_json(what, &text)
}

/// A JSON text of the app.
///
/// # Errors
/// [`ErrorCode::InvalidArgument`] with what the parser says.
pub fn from_json(what: &str, text: &str) -> Result<Value, Misuse> {
    serde_json::from_str(text).map_err(|error| Misuse::argument(format!("{what}: {error}")))
}

/// A bug of ours, as the app sees it.
pub fn internal(message: &str) -> Misuse {
    Misuse::new(ErrorCode::Internal, message)
}

/// The name of a thrown `Error` or `DOMException`, or nothing.
pub fn error_name(thrown: &JsValue) -> String {
    Reflect::get(thrown, &"name".into()).ok().and_then(|name| name.as_string()).unwrap_or_default()
}
