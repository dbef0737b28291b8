//! Stable error codes, shared with TypeScript.

/// What went wrong, in a word that never changes. The TypeScript union `ErrorCode` lists the same words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorCode {
    /// A value the function does not take.
    InvalidArgument,
    /// The room's local copy is still loading.
    NotReady,
    /// The room or client has been left or closed.
    Disposed,
    /// The URL cannot be used.
    Url,
    /// The token is missing, expired or refused (HTTP 401, close 4401).
    Auth,
    /// The server says no for good (HTTP 403, close 4403).
    Forbidden,
    /// No such room or path (HTTP 404, close 4404).
    NotFound,
    /// The server cannot just now (HTTP 429, 503, close 1013).
    Unavailable,
    /// The server or the network ended the link.
    Connection,
    /// The counterpart sent what the protocol does not allow.
    Protocol,
    /// A frame is larger than the limit, or the server refused one as too large (close 1009).
    FrameTooLarge,
    /// An update was refused before it touched the document.
    Update,
    /// An update waits for a missing one and none came in time.
    MissingUpdates,
    /// There is no connection to send on.
    NotConnected,
    /// Too much waits to be sent.
    BufferFull,
    /// More messages than the app allows itself.
    RateLimit,
    /// Nothing was heard of something in time.
    Timeout,
    /// Somebody writes under this replica's client id; a new one was taken.
    ClientIdConflict,
    /// A presence state was refused: not JSON, too large, too many.
    Presence,
    /// The server does not speak what is asked for.
    Unsupported,
    /// A message was refused: no JSON, too large, or not allowed.
    Message,
    /// The storage quota is used up.
    Quota,
    /// Another tab blocks the database.
    IdbBlocked,
    /// Edits cannot be saved on this device.
    Storage,
    /// A stored record was damaged and set aside.
    StorageCorrupt,
    /// The server broke a stream off with an error of its own.
    Stream,
    /// A peer that is no client of ours takes only smaller frames.
    PeerLimit,
    /// The server does not take edits of this client: it may only read, or an update was refused.
    Rejected,
    /// The server's room began anew, and lacks what is here.
    Epoch,
    /// A bug of rejoin; the client keeps going.
    Internal,
}

impl ErrorCode {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidArgument => "E_INVALID_ARGUMENT",
            Self::NotReady => "E_NOT_READY",
            Self::Disposed => "E_DISPOSED",
            Self::Url => "E_URL",
            Self::Auth => "E_AUTH",
            Self::Forbidden => "E_FORBIDDEN",
            Self::NotFound => "E_NOT_FOUND",
            Self::Unavailable => "E_UNAVAILABLE",
            Self::Connection => "E_CONNECTION",
            Self::Protocol => "E_PROTOCOL",
            Self::FrameTooLarge => "E_FRAME_TOO_LARGE",
            Self::Update => "E_UPDATE",
            Self::MissingUpdates => "E_MISSING_UPDATES",
            Self::NotConnected => "E_NOT_CONNECTED",
            Self::BufferFull => "E_BUFFER_FULL",
            Self::RateLimit => "E_RATE_LIMIT",
            Self::Timeout => "E_TIMEOUT",
            Self::ClientIdConflict => "E_CLIENT_ID_CONFLICT",
            Self::Presence => "E_PRESENCE",
            Self::Unsupported => "E_UNSUPPORTED",
            Self::Message => "E_MESSAGE",
            Self::Quota => "E_QUOTA",
            Self::IdbBlocked => "E_IDB_BLOCKED",
            Self::Storage => "E_STORAGE",
            Self::StorageCorrupt => "E_STORAGE_CORRUPT",
            Self::Stream => "E_STREAM",
            Self::PeerLimit => "E_PEER_LIMIT",
            Self::Rejected => "E_REJECTED",
            Self::Epoch => "E_EPOCH",
            Self::Internal => "E_INTERNAL",
        }
    }

    /// Whether trying again, by itself or by the app, may help.
    pub fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::NotReady
                | Self::Unavailable
                | Self::Connection
                | Self::MissingUpdates
                | Self::NotConnected
                | Self::BufferFull
                | Self::RateLimit
                | Self::Timeout
                | Self::ClientIdConflict
                | Self::Quota
                | Self::IdbBlocked
                | Self::Storage
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
