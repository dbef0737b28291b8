//! The functions of the codec, in a module of its own that is loaded when they are used. They keep nothing: an instance that
//! trapped or grew is thrown away.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::codec::{v1_to_v2, v2_to_v1};
use crate::error::Misuse;
use crate::update_error::UpdateError;
use crate::web::thrown;

/// The V1 form of a Yjs update in V2.
///
/// # Errors
/// `E_UPDATE` if it is none.
#[wasm_bindgen(js_name = toV1)]
pub fn to_v1(update: &[u8]) -> Result<Vec<u8>, JsValue> {
    thrown(v2_to_v1(update).map_err(refused))
}

/// The V2 form of a Yjs update in V1.
///
/// # Errors
/// `E_UPDATE` if it is none.
#[wasm_bindgen(js_name = toV2)]
pub fn to_v2(update: &[u8]) -> Result<Vec<u8>, JsValue> {
    thrown(v1_to_v2(update).map_err(refused))
}

/// Traps on purpose, so that tests can see what an app sees then.
#[wasm_bindgen(js_name = crashForTest)]
pub fn crash_for_test() {
    std::process::abort();
}

fn refused(error: UpdateError) -> Misuse {
    Misuse::new(error.code(), error.to_string())
}
