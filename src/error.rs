//! Stable error codes, shared with TypeScript.

use serde::Serialize;

/// What went wrong, in a word that never changes. The TypeScript union `ErrorCode` lists the same words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum ErrorCode {
    /// A value the function does not take.
    #[serde(rename = "E_INVALID_ARGUMENT")]
    InvalidArgument,
    /// The room's local copy is still loading.
    #[serde(rename = "E_NOT_READY")]
    NotReady,
    /// The room or client has been left or closed.
    #[serde(rename = "E_DISPOSED")]
    Disposed,
    /// The URL cannot be used.
    #[serde(rename = "E_URL")]
    Url,
    /// The token is missing, expired or refused (HTTP 401, close 4401).
    #[serde(rename = "E_AUTH")]
    Auth,
    /// The server says no for good (HTTP 403, close 4403).
    #[serde(rename = "E_FORBIDDEN")]
    Forbidden,
    /// No such room or path (HTTP 404, close 4404).
    #[serde(rename = "E_NOT_FOUND")]
    NotFound,
    /// The server cannot just now (HTTP 429, 503, close 1013).
    #[serde(rename = "E_UNAVAILABLE")]
    Unavailable,
    /// The server or the network ended the link.
    #[serde(rename = "E_CONNECTION")]
    Connection,
    /// The counterpart sent what the protocol does not allow.
    #[serde(rename = "E_PROTOCOL")]
    Protocol,
    /// A frame is larger than the limit, or the server refused one as too large (close 1009).
    #[serde(rename = "E_FRAME_TOO_LARGE")]
    FrameTooLarge,
    /// An update was refused before it touched the document.
    #[serde(rename = "E_UPDATE")]
    Update,
    /// An update waits for a missing one and none came in time.
    #[serde(rename = "E_MISSING_UPDATES")]
    MissingUpdates,
    /// Somebody writes under this replica's client id; a new one was taken.
    #[serde(rename = "E_CLIENT_ID_CONFLICT")]
    ClientIdConflict,
    /// A presence state was refused: not JSON, too large, too many.
    #[serde(rename = "E_PRESENCE")]
    Presence,
    /// The storage quota is used up.
    #[serde(rename = "E_QUOTA")]
    Quota,
    /// Another tab blocks the database.
    #[serde(rename = "E_IDB_BLOCKED")]
    IdbBlocked,
    /// Edits cannot be saved on this device.
    #[serde(rename = "E_STORAGE")]
    Storage,
    /// A stored record was damaged and set aside.
    #[serde(rename = "E_STORAGE_CORRUPT")]
    StorageCorrupt,
    /// A bug of rejoin; the client keeps going.
    #[serde(rename = "E_INTERNAL")]
    Internal,
}

impl ErrorCode {
    /// Whether trying again, by itself or by the app, may help.
    pub fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::NotReady
                | Self::Unavailable
                | Self::Connection
                | Self::MissingUpdates
                | Self::ClientIdConflict
                | Self::Quota
                | Self::IdbBlocked
        )
    }
}

/// What a call of the app gets back when it fails. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Misuse {
    /// Stable code.
    pub code: ErrorCode,
    /// What happened and what to do.
    pub message: String,
}

impl Misuse {
    /// A misuse with its words.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// An argument the function does not take.
    pub fn argument(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidArgument, message)
    }
}
