//! What IndexedDB throws → [`StorageError`].

use wasm_bindgen::JsValue;

use crate::io::StorageError;
use crate::web::convert::error_name;

/// Why a database could not be opened.
pub(super) fn of_open(thrown: &JsValue) -> StorageError {
    match error_name(thrown).as_str() {
        "VersionError" => StorageError::Version,
        "QuotaExceededError" => StorageError::Quota,
        // Firefox's private mode once said InvalidStateError; opaque origins and blocked cookies say SecurityError.
        "InvalidStateError" | "SecurityError" | "NotSupportedError" | "TypeError" => {
            StorageError::Unavailable
        }
        _ => StorageError::Aborted,
    }
}

/// Why a transaction failed that we did not abort. A forced close aborts it; WebKit says `UnknownError` when its
/// database process went away.
pub(super) fn of_transaction(thrown: &JsValue) -> StorageError {
    match error_name(thrown).as_str() {
        "QuotaExceededError" => StorageError::Quota,
        "InvalidStateError" | "AbortError" | "UnknownError" => StorageError::Closed,
        _ => StorageError::Aborted,
    }
}
